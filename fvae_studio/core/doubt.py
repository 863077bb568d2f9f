"""Which part of a face makes an edit doubtful."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import numpy as np

from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.geometry import Points
from fvae_studio.core.trust import LEAST_MOTION
from fvae_studio.core.types import FlowField

FacePart: TypeAlias = Literal["mouth", "eyes", "brows", "outline"]

_PARTS: Final[dict[FacePart, tuple[tuple[int, ...], ...]]] = {
    "mouth": ((61, 291, 0, 17, 37, 267, 84, 314),),
    "eyes": ((33, 133, 159, 145), (263, 362, 386, 374)),
    "brows": ((70, 63, 105, 66, 107), (300, 293, 334, 296, 336)),
}
"""MediaPipe's points at the ends of each part; everything else is "outline"."""

_MARGIN: Final = 3.0
"""Crop pixels around them: doubt lies where lips and lids go to."""


def most_doubtful_part(field: FlowField, landmarks: Points) -> FacePart:
    """The part with the largest share of the motion that the confidence does not vouch for.

    Args:
        field: flow in crop pixels, with its confidence.
        landmarks: (478, 2), crop pixels.
    """
    length = np.hypot(field.flow[..., 0], field.flow[..., 1])
    doubt = np.where(length > LEAST_MOTION, length, 0) * (1 - np.clip(field.confidence, 0, 1))
    height, width = doubt.shape
    left = float(doubt.sum())
    shares: dict[FacePart, float] = {}
    for part, pieces in _PARTS.items():
        shares[part] = 0.0
        for points in pieces:
            low = landmarks[list(points)].min(axis=0) - _MARGIN
            high = landmarks[list(points)].max(axis=0) + _MARGIN
            rows = slice(_cell(low[1], height), _cell(high[1], height) + 1)
            columns = slice(_cell(low[0], width), _cell(high[0], width) + 1)
            shares[part] += float(doubt[rows, columns].sum())
            doubt[rows, columns] = 0
        left -= shares[part]
    shares["outline"] = left
    return max(shares, key=lambda part: shares[part])


def _cell(position: float, count: int) -> int:
    return min(max(int((position + 0.5) * count / CROP_SIZE), 0), count - 1)
