"""Drawn mouths: landmarks, flows that part them, faces that have one, and an engine whose every edit opens it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias, cast

import numpy as np

from fvae_studio.core.alignment import estimate_alignment
from fvae_studio.core.edits import EditState
from fvae_studio.core.lips import LOWER_INNER, LOWER_OUTER, UPPER_INNER, UPPER_OUTER
from fvae_studio.core.types import AlignedCrop, Face, FlowField, Photo
from fvae_studio.pipeline.clip import ClipRenderer
from fvae_studio.pipeline.engine import Engine
from fvae_studio.pipeline.lazy import Lazy
from fvae_studio.pipeline.predictor import FlowPredictor
from tests.helpers.fake_faces import FakeDetector, make_face

SEAM = 82.0
HEIGHT = 5.0


def mouth(gap: float = 0.0) -> np.ndarray:
    """A mouth between x = 48 and 79, its lips 5 px high in the middle, parted by `gap`."""
    landmarks = np.zeros((478, 2), np.float32)
    x = np.linspace(48, 79, len(UPPER_OUTER))
    bow = np.sin(np.linspace(0, np.pi, len(x)))
    for indices, y in (
        (UPPER_INNER, SEAM - gap / 2 * bow),
        (LOWER_INNER, SEAM + gap / 2 * bow),
        (UPPER_OUTER, SEAM - (HEIGHT + gap / 2) * bow),
        (LOWER_OUTER, SEAM + (HEIGHT + gap / 2) * bow),
    ):
        landmarks[list(indices)] = np.stack([x, y], axis=1)
    return landmarks


def parting_flow(up: float = 3.0, down: float = 3.0, *, size: int = 128) -> np.ndarray:
    """Raises everything above the seam and lowers everything below it, as an opened mouth does."""
    cell = 128 / size
    axis = (np.arange(size, dtype=np.float32) + 0.5) * cell - 0.5
    x, y = axis[None, :], axis[:, None]
    across = np.exp(-0.5 * ((x - 63.5) / 9) ** 2)
    above = up * np.exp(-0.5 * (np.minimum(y - SEAM, 0) / 12) ** 2)
    below = -down * np.exp(-0.5 * (np.maximum(y - SEAM, 0) / 12) ** 2)
    part = np.clip((y - SEAM) / 8 + 0.5, 0, 1)
    flow = np.zeros((size, size, 2), np.float32)
    flow[..., 1] = across * (above * (1 - part) + below * part)
    return flow


def face_with_mouth(center: tuple[float, float], *, crop_px: float, gap: float = 0.0, angle: float = 0.0) -> Face:
    """A face like those of `make_face`, with the mouth above; `gap` between its lips in crop pixels."""
    face = make_face(center, crop_px=crop_px, angle=angle)
    to_crop = estimate_alignment(face.landmarks)
    points, lips = to_crop.apply(face.landmarks), mouth(gap)
    known = np.flatnonzero(lips.any(axis=1))
    points[known] = lips[known]
    return Face(face.index, face.box, to_crop.inverse.apply(points), face.score)


FlowOf: TypeAlias = Callable[[float], np.ndarray]
"""(128, 128, 2) flow by how much there is of it."""


def parted(amount: float) -> np.ndarray:
    """`parting_flow`, that much of it."""
    return amount * parting_flow()


class OpeningEngine(Engine):
    """Needs no model: an edit parts the lips by its summed strengths times what `parting_flow` gives.

    Args:
        faces: are found in every photo.
        flow: another flow of an edit's summed strengths.
    """

    def __init__(self, *faces: Face, flow: FlowOf | None = None) -> None:
        super().__init__(detector=FakeDetector(faces))
        self._flow = flow or parted
        predictor = cast(FlowPredictor, OpeningPredictor(self._flow))
        self._clips = Lazy(lambda: ClipRenderer(self, predictor))

    def check(self, state: EditState) -> None:
        """Every direction is known."""

    def _predict(self, photo: Photo, faces: Sequence[Face], strengths: Sequence[Mapping[str, float]]) -> Any:  # noqa: ARG002
        # Tests also lend this method to engines of the program.
        flow_of = getattr(self, "_flow", parted)
        flows = [flow_of(sum(wanted.values())) for wanted in strengths]
        return [FlowField(flow.astype(np.float32), np.ones(flow.shape[:2], np.float32)) for flow in flows]


class OpeningPredictor:
    """Stands in for `FlowPredictor` in clips: a latent is a number, by which the lips part; each photo's own is 0."""

    def __init__(self, flow: FlowOf) -> None:
        self._flow = flow
        self.is_tracking = False

    def fork(self) -> OpeningPredictor:
        """It remembers nothing."""
        return self

    def set_crops(self, crops: Sequence[AlignedCrop]) -> None:
        """It does not look."""

    def latent(self, _face: int = 0) -> np.ndarray:
        """Closed."""
        return _latent(())

    def edited_latent(self, strengths: Mapping[str, float], latent: np.ndarray, *, face: int = 0) -> np.ndarray:  # noqa: ARG002
        """Further open by the sum."""
        return latent + _latent(strengths.values())

    def latent_gradient(self, latent: np.ndarray, slope: np.ndarray, *, face: int = 0) -> np.ndarray:  # noqa: ARG002
        """Nothing to fit: the photos' flows are as decoded."""
        return np.zeros_like(latent)

    def predict_latents(
        self,
        latents: np.ndarray,
        *,
        face: int = 0,  # noqa: ARG002
        with_confidence: bool = True,  # noqa: ARG002
    ) -> tuple[FlowField, ...]:
        """As `OpeningEngine`."""
        flows = [self._flow(float(latent.sum())) for latent in latents]
        return tuple(FlowField(flow.astype(np.float32), np.ones(flow.shape[:2], np.float32)) for flow in flows)


def _latent(values: Iterable[float]) -> np.ndarray:
    return np.full((1, 1, 1), sum(values), np.float32)
