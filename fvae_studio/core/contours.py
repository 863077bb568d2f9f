"""Contours of a face in a flow's frame: curves along x, and where a contour of the photo has moved to."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.geometry import Points
from fvae_studio.core.types import FloatMap

CURVE_STEP: Final = 1 / 16
"""Crop pixels between the values of a curve along lips or lids, which begins at x = 0."""

_ALL: Final = slice(None)

_MOST_STEPS: Final = 12
_SURE_PX: Final = 0.002
"""Crop pixels: steps towards a moved point, how many and until when."""


def curve_at(curve: FloatMap, x: NDArray[np.floating[Any]]) -> FloatMap:
    """Read a curve at any x, crop pixels."""
    position = np.clip(x / CURVE_STEP, 0, len(curve) - 1.001).astype(np.float32)
    first = position.astype(np.int32)
    part = position - first
    value: FloatMap = (curve[first] * (1 - part) + curve[first + 1] * part).astype(np.float32)
    return value


def curve_through(points: Points) -> FloatMap:
    """A curve through points (N, 2) in crop pixels, level beyond the first and the last."""
    return smooth_curve(contour_height(points, curve_columns()))


def curves_between(x: FloatMap, top: FloatMap, bottom: FloatMap) -> tuple[FloatMap, FloatMap]:
    """Heights (w,) at x (w,) as two curves, crop pixels; the second is nowhere above the first."""
    at = curve_columns()
    first, second = (smooth_curve(np.interp(at, x, heights)) for heights in (top, bottom))
    return first, np.maximum(first, second)


def first_crossing(flow: NDArray[np.float32], contour: Points, columns: slice = _ALL) -> FloatMap:
    """(w,) y, in the edited crop, where every column shows a contour (N, 2) of the photo: the topmost such place.

    Args:
        flow: (h, w, 2), crop pixels.
        contour: from left to right or back.
        columns: that are wanted.
    """
    difference = _below(flow, contour, columns)
    return _smooth_rows(zero_row(difference, first=(difference > 0).argmax(axis=0)))


def last_crossing(flow: NDArray[np.float32], contour: Points, columns: slice = _ALL) -> FloatMap:
    """The same, the lowest such place."""
    difference = _below(flow, contour, columns)
    height = len(difference)
    return _smooth_rows(zero_row(difference, first=height - (difference <= 0)[::-1].argmax(axis=0)))


def _below(flow: NDArray[np.float32], contour: Points, columns: slice) -> FloatMap:
    """(h, w): how far below the photo's contour the flow samples, crop pixels."""
    height, width = flow.shape[:2]
    part = flow[:, columns]
    x, y = cell_centres(width)[columns] + part[..., 0], cell_centres(height)[:, None] + part[..., 1]
    below: FloatMap = y - contour_height(contour, x)
    return below


def zero_row(difference: FloatMap, *, first: NDArray[np.intp]) -> FloatMap:
    """(w,) y where each column goes through zero between rows `first - 1` and `first`."""
    height, width = difference.shape
    first = np.clip(first, 1, height - 1)
    columns = np.arange(width)
    before, after = difference[first - 1, columns], difference[first, columns]
    part = np.clip(-before / np.maximum(after - before, 1e-6), 0, 1)
    cell = CROP_SIZE / height
    zero: FloatMap = ((first - 1 + part + 0.5) * cell - 0.5).astype(np.float32)
    return zero


def at_rows(flow: NDArray[np.float32], rows: FloatMap) -> FloatMap:
    """(w, 2) the flow at one y of every column."""
    height, width = flow.shape[:2]
    position = np.clip((rows + 0.5) * (height / CROP_SIZE) - 0.5, 0, height - 1.001)
    first = position.astype(np.int64)
    part = (position - first)[:, None]
    columns = np.arange(width)
    value: FloatMap = (flow[first, columns] * (1 - part) + flow[first + 1, columns] * part).astype(np.float32)
    return value


def moved_points(flow: NDArray[np.float32], points: Points) -> NDArray[np.float64]:
    """(N, 2): where points (N, 2) of the photo have moved to, crop pixels; found by following the backward flow."""
    height, width = flow.shape[:2]
    cells, last = flow.reshape(-1, 2), np.array([width - 1, height - 1])
    wanted = points.astype(np.float64)
    places = wanted
    for _ in range(_MOST_STEPS):
        at = np.minimum(np.maximum((places + 0.5) * ((last + 1) / CROP_SIZE) - 0.5, 0), last)
        first = np.minimum(at.astype(np.int64), last - 1)
        (part_x, part_y), cell = (at - first).T[..., None], first[:, 1] * width + first[:, 0]
        above = cells[cell] * (1 - part_x) + cells[cell + 1] * part_x
        below = cells[cell + width] * (1 - part_x) + cells[cell + width + 1] * part_x
        step = 0.7 * (wanted - (above * (1 - part_y) + below * part_y) - places)
        places = places + step
        if np.abs(step).max() < _SURE_PX:
            break
    return places


def contour_height(contour: Points, x: NDArray[np.floating[Any]]) -> FloatMap:
    """Y of the line through points (N, 2) at any x, crop pixels; level beyond the first and the last."""
    order = np.argsort(contour[:, 0])
    heights: FloatMap = np.interp(x, contour[order, 0], contour[order, 1]).astype(np.float32)
    return heights


def _smooth_rows(rows: FloatMap) -> FloatMap:
    smooth: FloatMap = cv2.GaussianBlur(rows[None], (0, 0), 1.0, borderType=cv2.BORDER_REPLICATE)[0]
    return smooth


def smooth_curve(curve: NDArray[np.floating[Any]]) -> FloatMap:
    """A curve without corners."""
    # A polygon over whole crop pixels would show its corners in a large photo.
    sigma = 0.6 / CURVE_STEP
    smooth: FloatMap = cv2.GaussianBlur(curve.astype(np.float32)[None], (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)[
        0
    ]
    return smooth


def curve_columns() -> FloatMap:
    """X of a curve's values, crop pixels."""
    x: FloatMap = np.arange(0, CROP_SIZE, CURVE_STEP, dtype=np.float32)
    return x


def cell_centres(count: int) -> FloatMap:
    """Where the cells of a grid of that many lie along the crop, crop pixels."""
    centres: FloatMap = ((np.arange(count) + 0.5) * (CROP_SIZE / count) - 0.5).astype(np.float32)
    return centres
