"""Photos of nobody with faces at known places, and a detector that finds them without looking."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fvae_studio.core.alignment import ANCHOR_INDICES, CROP_SIZE, TEMPLATE
from fvae_studio.core.geometry import Points, Rect, SimilarityTransform
from fvae_studio.core.types import NUM_LANDMARKS, Face, Photo, number_faces
from fvae_studio.pipeline.detector import EARS


def make_photo(width: int = 640, height: int = 480, *, bits: int = 8, seed: int = 1) -> Photo:
    """Smooth random colours: every warp of them shows."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width] / 24.0
    channels = [
        0.5 + 0.2 * np.sin(rows * a + b) + 0.2 * np.cos(columns * c + d) for a, b, c, d in rng.uniform(0.5, 2.0, (3, 4))
    ]
    values = np.stack(channels, axis=-1)
    if bits == 16:
        return Photo(np.round(values * 65535).astype(np.uint16))
    return Photo(np.round(values * 255).astype(np.uint8))


def make_face(center: tuple[float, float], *, crop_px: float, angle: float = 0.0) -> Face:
    """A face whose aligned crop is `crop_px` photo pixels wide, centred on `center`."""
    scale = crop_px / CROP_SIZE
    a, b = scale * np.cos(angle), scale * np.sin(angle)
    middle = (CROP_SIZE - 1) / 2
    crop_to_photo = SimilarityTransform(a, b, center[0] - (a - b) * middle, center[1] - (b + a) * middle)
    return Face(1, Rect.around(crop_to_photo.apply(_crop_landmarks())), crop_to_photo.apply(_crop_landmarks()), 0.99)


class FakeDetector:
    """Finds the given faces in every photo, and counts how often it was asked."""

    def __init__(self, faces: Sequence[Face]) -> None:
        self.faces = number_faces(faces)
        self.calls = 0
        self.rests = 0
        self.is_closed = False

    def detect(self, photo: Photo) -> tuple[Face, ...]:  # noqa: ARG002 (it does not look)
        self.calls += 1
        return self.faces

    def rest(self) -> None:
        self.rests += 1

    def close(self) -> None:
        self.is_closed = True


def _crop_landmarks() -> Points:
    # A sunflower of points fills the face's oval; only anchors and ears have to lie where a face has them.
    index = np.arange(NUM_LANDMARKS)
    radius, turn = np.sqrt((index + 0.5) / NUM_LANDMARKS), index * np.pi * (3 - np.sqrt(5))
    points = np.stack([63.5 + 38 * radius * np.cos(turn), 62 + 48 * radius * np.sin(turn)], axis=-1)
    points[list(ANCHOR_INDICES)] = TEMPLATE
    points[list(EARS)] = (23, 58), (104, 58)
    return points.astype(np.float32)
