"""Parts of a face as soft masks on the aligned crop."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, get_args

import numpy as np

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.contours import cell_centres, curve_at
from fvae_studio.core.eye_motion import EYES
from fvae_studio.core.geometry import Points
from fvae_studio.core.lips import LOWER_INNER, LOWER_OUTER, UPPER_INNER, UPPER_OUTER
from fvae_studio.core.types import FloatMap

Part: TypeAlias = Literal["mouth", "eyes"]
PARTS: Final[tuple[Part, ...]] = get_args(Part)

Region: TypeAlias = Part | Literal["best"]
"""What can be borrowed from another photo: a part of the face, or everything that the other photo is surer of."""

RIGHT_EYE: Final = EYES["R"].outline
LEFT_EYE: Final = EYES["L"].outline
_HULLS: Final[dict[Part, tuple[tuple[int, ...], ...]]] = {
    "mouth": (UPPER_OUTER + LOWER_OUTER,),
    "eyes": (RIGHT_EYE, LEFT_EYE),
}
"""MediaPipe's points around each piece of a part."""

_FINE: Final = 4
"""Masks are drawn this much larger and then reduced: their edges do not jump by pixels."""


def part_mask(landmarks: Points, part: Part, *, grow_px: float, feather_px: float) -> FloatMap:
    """1 on a part of the face and `grow_px` around it, falling smoothly to 0 over about two `feather_px` beyond.

    Args:
        landmarks: (478, 2), crop pixels.
        part: which.
        grow_px: crop pixels.
        feather_px: crop pixels.

    Returns:
        (CROP_SIZE, CROP_SIZE) in [0, 1], 0 along the border.
    """
    side = CROP_SIZE * _FINE
    inside = np.zeros((side, side), np.uint8)
    for indices in _HULLS[part]:
        hull = cv2.convexHull(landmarks[list(indices)].astype(np.float32))
        cv2.fillConvexPoly(inside, np.round((hull + 0.5) * _FINE - 0.5).astype(np.int32), 1)
    distance = cv2.distanceTransform(1 - inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) / _FINE - grow_px
    share = np.clip(1 - distance / (2 * feather_px), 0, 1)
    smooth = (share * share * (3 - 2 * share)).astype(np.float32)
    mask: FloatMap = cv2.resize(smooth, (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_AREA)
    axis = np.minimum(np.arange(CROP_SIZE), np.arange(CROP_SIZE)[::-1]).astype(np.float32)
    border = np.clip(np.minimum(axis[:, None], axis[None, :]) / 4, 0, 1)
    return mask * border


def gap_depth(top: FloatMap, bottom: FloatMap, corners: tuple[float, float], *, size: int) -> FloatMap:
    """How deep between two curves along the lips a position lies.

    Args:
        top: y of the upper lip's edge, a curve in crop pixels (`contours.CURVE_STEP`).
        bottom: of the lower one's.
        corners: x of the corners of the mouth, left and right.
        size: side of the map.

    Returns:
        (size, size) over the crop: crop pixels to the nearest of them, positive between the lips, negative elsewhere.
    """
    axis = cell_centres(size)
    across = np.minimum(axis - corners[0], corners[1] - axis)
    above, below = axis[:, None] - curve_at(top, axis), curve_at(bottom, axis) - axis[:, None]
    depth: FloatMap = np.minimum(np.minimum(above, below), across).astype(np.float32)
    return depth


def mouth_depth(landmarks: Points, *, size: int) -> FloatMap:
    """How deep in the gap between the lips a position lies.

    Args:
        landmarks: (478, 2), crop pixels.
        size: side of the map.

    Returns:
        (size, size) over the crop: crop pixels to the inner lips' edge, positive between the lips, negative elsewhere.
    """
    side = CROP_SIZE * _FINE
    outline = landmarks[[*UPPER_INNER, *LOWER_INNER[::-1]]]
    drawn = np.zeros((side, side), np.uint8)
    cv2.fillPoly(drawn, [np.round((outline + 0.5) * _FINE - 0.5).astype(np.int32)], 1)
    outside, inside = (cv2.distanceTransform(part, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) for part in (1 - drawn, drawn))
    depth: FloatMap = cv2.resize((inside - outside) / _FINE, (size, size), interpolation=cv2.INTER_AREA)
    return depth
