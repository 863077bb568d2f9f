"""Prepared faces of nobody: smooth colours with landmarks where a face's oval would be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.geometry import Points
from tests.helpers.fake_faces import make_face, make_photo
from trainer.facekit.landmarks import MOUTH_POINTS
from trainer.prepare import PREPARED_SIZE, PreparedFace, PreparedFaces

SMILE_MOTION = np.float32([1.5, -2.0])
"""What the mouth's landmarks of the smiling photos moved by, crop pixels."""


def crop_landmarks() -> Points:
    """(478, 2) on a crop."""
    middle = (CROP_SIZE - 1) / 2
    return make_face((middle, middle), crop_px=CROP_SIZE).landmarks.copy()


def make_prepared(
    people: Sequence[tuple[str, str]] = (("a", "held_out"), ("b", "held_out"), ("c", "train")),
) -> PreparedFaces:
    """A neutral and a smiling photo of everybody: the second is the first, shifted a little; its mouth moved more.

    Args:
        people: name and split.
    """
    faces, crops, landmarks = [], [], []
    for number, (name, split) in enumerate(people):
        pixels = make_photo(PREPARED_SIZE, PREPARED_SIZE, seed=number).pixels
        for label in ("neutral", "smile"):
            faces.append(PreparedFace(f"london/{name}_{label}", f"london/{name}", label, "london", split))
            points = crop_landmarks()
            if label == "smile":
                points[MOUTH_POINTS] += SMILE_MOTION
                shift = np.float32([[1, 0, 3], [0, 1, 2]])
                pixels = cv2.warpAffine(pixels, shift, (PREPARED_SIZE, PREPARED_SIZE), borderMode=cv2.BORDER_REPLICATE)
            crops.append(pixels)
            landmarks.append(points)
    return PreparedFaces(tuple(faces), np.stack(crops), np.stack(landmarks))
