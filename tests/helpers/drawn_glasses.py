"""Sample portraits that wear drawn glasses."""

from __future__ import annotations

import numpy as np

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.types import Face, Photo

COLOUR = (25, 22, 20)


def with_frames(photo: Photo, face: Face) -> tuple[Photo, np.ndarray]:  # type: ignore[type-arg]
    """The photo with round dark frames before the eyes, and (H, W) bool: where these are."""
    marks = face.landmarks
    left, right = (marks[[outer, inner]].mean(axis=0) for outer, inner in ((33, 133), (263, 362)))
    unit = float(np.hypot(*(right - left)))
    drawn = np.zeros(photo.pixels.shape[:2], np.uint8)
    width, radius = max(2, round(0.06 * unit)), round(0.34 * unit)
    along = (right - left) / unit
    for eye, away in ((left, -along), (right, along)):
        middle = eye + np.array([-along[1], along[0]]) * 0.06 * unit
        cv2.circle(drawn, tuple(int(v) for v in middle), radius, 255, width, cv2.LINE_AA)
        ends = (middle + away * radius, middle + away * (radius + 0.14 * unit))
        cv2.line(drawn, *(tuple(int(v) for v in end) for end in ends), 255, width, cv2.LINE_AA)
    ends = (left + along * (radius + 0.02 * unit), right - along * (radius + 0.02 * unit))
    cv2.line(drawn, *(tuple(int(v) for v in end) for end in ends), 255, width, cv2.LINE_AA)
    share = drawn[..., None] / 255
    pixels = photo.pixels + (np.array(COLOUR) - photo.pixels) * share
    return photo.with_pixels(pixels.astype(np.uint8)), drawn > 254
