"""Lips that are closed in the photo stay closed, and teeth that it shows do not grow.

A flow that parts closed lips has nothing to put between them: no pixel of the photo shows teeth. What it does instead
is to stretch the lips over the gap, to twice their height. The same expression with closed lips looks like a photo:
the lower lip and the chin follow the upper lip. Teeth have to come from another photo. A mouth that is open may open
further, but not by drawing out the teeth.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.contours import (
    cell_centres,
    contour_height,
    curves_between,
    first_crossing,
    last_crossing,
    moved_points,
)
from fvae_studio.core.geometry import Points
from fvae_studio.core.types import AlignedCrop, FloatMap

UPPER_OUTER: Final = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
LOWER_OUTER: Final = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
UPPER_INNER: Final = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LOWER_INNER: Final = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
"""MediaPipe's points along the lips, from the photo's left to its right."""

CLOSED_PX: Final = 0.8
"""Up to this gap between the lips, in crop pixels, the mouth is closed; at twice that it counts as open."""

LEAST_SLOPE: Final = 0.8
"""Rows of the photo that a row of the edited lips shows at least: closed lips grow by a quarter at most."""

LEAST_SLOPE_SAME_WIDTH: Final = 0.97
"""The same for closed lips of a mouth that stays as wide as it was."""

LEAST_SLOPE_OPEN: Final = 0.68
"""The same for a mouth that is open in the photo: its inside grows by half at most."""

_GROWTH_BY_WIDTH = 1.5
"""Closed lips may grow in height by this power of what their width changes by: up to the least slope at a smile."""

_MARGIN_PX = 3.0
_SOFT_PX = 1.5
_SMOOTH_COLUMNS = (5.0, 1.5)


def opening(landmarks: Points) -> float:
    """The largest gap between the lips, in units of the landmarks."""
    gap = landmarks[list(LOWER_INNER), 1] - landmarks[list(UPPER_INNER), 1]
    return float(max(gap.max(), 0.0))


def with_gap(crop: AlignedCrop, landmarks: Points) -> AlignedCrop:
    """The crop, with what is known of its mouth.

    Args:
        crop: of a face.
        landmarks: (478, 2) of the face, photo pixels.
    """
    return replace(crop, gap=opening(crop.photo_to_crop.apply(landmarks)))


class MovedGap(NamedTuple):
    """What a flow makes of the gap between the lips of a photo, in the edited crop.

    Attributes:
        near: columns of the flow that show it, or what is close to it.
        top: (w,) y of the upper lip's inner contour in these columns, crop pixels.
        bottom: of the lower one's; nowhere above `top`.
        corners: x of the corners of the mouth, left and right.
    """

    near: slice
    top: FloatMap
    bottom: FloatMap
    corners: tuple[float, float]

    def curves(self, width: int) -> tuple[FloatMap, FloatMap]:
        """`top` and `bottom` as curves (`contours.CURVE_STEP`); `width` of the flow."""
        return curves_between(cell_centres(width)[self.near], self.top, self.bottom)


def moved_gap(flow: NDArray[np.float32], landmarks: Points) -> MovedGap | None:
    """Where the inner contours of the lips have moved to.

    Args:
        flow: (h, w, 2) backward flow without folds, crop pixels.
        landmarks: (478, 2) of the photo's face, crop pixels.

    Returns:
        None where the mouth has no width.
    """
    upper, lower = (landmarks[list(lip)] for lip in (UPPER_INNER, LOWER_INNER))
    corners = moved_points(flow, upper[[0, -1]])[:, 0]
    left, right = float(corners[0]), float(corners[1])
    near = slice(*np.searchsorted(cell_centres(flow.shape[1]), (left - _MARGIN_PX, right + _MARGIN_PX)))
    if right - left < 2 or near.stop - near.start < 2:
        return None
    top = first_crossing(flow, upper, near)
    return MovedGap(near, top, np.maximum(last_crossing(flow, lower, near), top), (left, right))


def limit_lip_stretch(flow: NDArray[np.floating[Any]], landmarks: Points) -> NDArray[np.float32]:
    """Take out of a flow what parts closed lips, or draws out what an open mouth shows.

    Column by column: wherever a row of the edited lips shows less than `LEAST_SLOPE` rows of the photo's
    (`LEAST_SLOPE_OPEN` where the mouth is open), everything below is shifted up by what is missing. The shift ends
    where the flow had pressed rows together to make room for the opened mouth. Closed lips that become neither wider,
    as in a smile, nor narrower, as for a kiss, hardly grow at all: higher alone, they pout.

    Args:
        flow: (h, w, 2) backward flow, crop pixels.
        landmarks: (478, 2) of the photo's face, crop pixels.

    Returns:
        A flow of the same size; the very same values where nothing was stretched.
    """
    flow = np.array(flow, np.float32)
    closed = float(np.clip(2 - opening(landmarks) / CLOSED_PX, 0, 1))
    least = LEAST_SLOPE_OPEN
    if closed > 0:
        least = closed * _least_slope_closed(flow, landmarks) + (1 - closed) * LEAST_SLOPE_OPEN
    # The first pass also takes the corners of the mouth along, which hang where the jaw had dropped; blurred as widely
    # as that, it leaves a rest in the middle for the second.
    for smooth_columns in _SMOOTH_COLUMNS:
        shift = _shift(flow, landmarks, least)
        if not shift.any():
            break
        flow[..., 1] += cv2.GaussianBlur(shift, (0, 0), smooth_columns, sigmaY=0.5, borderType=cv2.BORDER_REPLICATE)
    return flow


def _least_slope_closed(flow: NDArray[np.float32], landmarks: Points) -> float:
    """Between `LEAST_SLOPE` and `LEAST_SLOPE_SAME_WIDTH`, by how a flow changes the width of the mouth."""
    corners = landmarks[[UPPER_OUTER[0], UPPER_OUTER[-1]]]
    before, after = (float(np.hypot(*(right - left))) for left, right in (corners, moved_points(flow, corners)))
    change = abs(np.log(max(after, 1.0) / max(before, 1.0)))
    return float(max(LEAST_SLOPE, LEAST_SLOPE_SAME_WIDTH * np.exp(-_GROWTH_BY_WIDTH * change)))


def _shift(flow: NDArray[np.float32], landmarks: Points, least_slope: float) -> NDArray[np.float32]:
    """(h, w): what is to be added to the flow along y, crop pixels."""
    height, width = flow.shape[:2]
    cell = CROP_SIZE / height
    shift_everywhere = np.zeros((height, width), np.float32)
    rows, columns = cell_centres(height), cell_centres(width)
    # Most columns show nothing of the lips.
    left, right = landmarks[UPPER_OUTER[0], 0] - _SOFT_PX, landmarks[UPPER_OUTER[-1], 0] + _SOFT_PX
    source_x = columns + flow[..., 0]
    shown = np.flatnonzero(((source_x > left) & (source_x < right)).any(axis=0))
    if len(shown) == 0:
        return shift_everywhere
    part = slice(int(shown[0]), int(shown[-1]) + 1)
    flow, columns = flow[:, part], columns[part]
    source_x, source_y = columns[None, :] + flow[..., 0], rows[:, None] + flow[..., 1]
    upper, lower = (contour_height(landmarks[list(lip)], source_x) for lip in (UPPER_OUTER, LOWER_OUTER))
    left, right = landmarks[UPPER_OUTER[0], 0], landmarks[UPPER_OUTER[-1], 0]
    within = _soft_step(source_x - left) * _soft_step(right - source_x)
    on_lips = _soft_step(source_y - upper) * _soft_step(lower - source_y) * within
    slope = np.ones_like(source_y)
    slope[1:] = np.diff(source_y, axis=0) / cell
    shift = np.cumsum(on_lips * np.maximum(0, least_slope - slope) * cell, axis=0)
    total = shift[-1:]
    # Below the lips, the shift is given back where rows are pressed together; what is left over, evenly.
    below = _soft_step(source_y - lower) * (rows[:, None] < CROP_SIZE - 6)
    pressed = below * np.maximum(0, slope - 1) * cell
    room = pressed.sum(axis=0, keepdims=True)
    even = below / np.maximum(below.sum(axis=0, keepdims=True), 1e-6)
    giving = pressed * np.minimum(1, total / np.maximum(room, 1e-6)) + even * np.maximum(0, total - room)
    shift_everywhere[:, part] = shift - np.cumsum(giving, axis=0)
    return shift_everywhere


def _soft_step(distance: NDArray[np.float32]) -> NDArray[np.float32]:
    # 0 outside, 1 inside, over a pixel and a half on either side of the edge.
    step: NDArray[np.float32] = np.clip(distance / (2 * _SOFT_PX) + 0.5, 0, 1)
    return step
