"""Flows that do not fold: measuring the Jacobian of p + flow(p), and mending a flow where it is not positive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.flow_spline import (
    EDGE_SLOPE,
    border_is_zero,
    check_flow,
    control_points,
    edge_width,
    fade_to_border,
    sample_flow,
)

MIN_JACOBIAN = 0.05
"""What `unfold` leaves at least: a square of the photo is shrunk to no less than a twentieth of its area."""

_SAMPLES_PER_CELL = 4
_MAX_ROUNDS = 40
_GENTLE_ROUNDS = 4
"""Before the wider ones. Most folds are ripples beside a steep step and go with a touch. More than that blurs a lid's
step: an eye that the network had closed by three quarters came out closed by 60 %."""
_REACH = 3
"""Rings of control points that are added around a flow; more than the windows reach."""
_ROUNDING = 1e-4
"""What bounds are lowered by."""

_Cells: TypeAlias = tuple[slice, slice]
"""Rows and columns."""


def jacobian(flow: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Determinant of the Jacobian of p -> p + flow(p), on the spline that the warp follows.

    Each value is the smallest of a patch of the finer grid on which the spline is read: the determinant of a bilinear
    patch is smallest in one of its corners, so a positive value means that no point of the patch is folded.

    Args:
        flow: (h, w, 2), crop pixels, on a grid of any size over the crop.

    Returns:
        (4 h - 1, 4 w - 1): negative where the picture is mirrored (folded), 0 where it collapses, 1 where still.
    """
    return _jacobian(check_flow(flow))


def fold_share(flow: NDArray[np.floating[Any]]) -> float:
    """Share of the crop, in [0, 1], where the Jacobian is not positive."""
    return float(np.mean(jacobian(flow) <= 0))


def unfold(flow: NDArray[np.floating[Any]], *, min_jacobian: float = MIN_JACOBIAN) -> NDArray[np.float32]:
    """Mend a flow where it folds; elsewhere it stays as it is.

    Around the folds the flow is blended with a smoothed copy of itself, hardly at first, then in ever wider
    neighbourhoods, until none is left. Should that not suffice, the flow is scaled down around them, and at last
    everywhere. A zero border stays zero.

    Args:
        flow: (h, w, 2), crop pixels.
        min_jacobian: the smallest determinant to accept, in (0, 1).

    Returns:
        A flow with `jacobian(...).min() > min_jacobian`: a copy, also where there is nothing to mend.

    Raises:
        GeometryError: malformed flow.
    """
    flow = check_flow(flow)
    current = flow.copy()
    if not 0 < min_jacobian < 1:
        raise ValueError(f"min_jacobian must lie in (0, 1), not {min_jacobian}")
    free = _free_cells(flow)
    for round_ in range(_GENTLE_ROUNDS + _MAX_ROUNDS):
        folded = _folded_cells(current, min_jacobian)
        if not folded.any():
            return current
        wider = round_ - _GENTLE_ROUNDS
        radius, sigma = (2 + wider // 2, 0.8 + 0.15 * wider) if wider >= 0 else (1, 0.45)
        weight = _neighbourhood(folded, radius) * free
        smooth = cv2.GaussianBlur(current, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
        if wider > _MAX_ROUNDS // 2:
            # Smoothing alone has stalled, e.g. against a border that may not move.
            smooth *= 0.85
        current += weight[..., None] * (smooth - current)
    while _folded_cells(current, min_jacobian).any():
        current *= 0.9
    return current


def prepare_flow(flow: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """What a predicted flow needs before it may move a photo: a border at zero, and no folds."""
    flow = check_flow(flow)
    return unfold(flow if border_is_zero(flow) else fade_to_border(flow))


def _jacobian(flow: NDArray[np.float32], cells: _Cells | None = None) -> NDArray[np.float32]:
    """`jacobian`; with `cells`, only the patches that begin in these rows and columns of cells."""
    height, width = flow.shape[:2]
    rows, columns = _SAMPLES_PER_CELL * height, _SAMPLES_PER_CELL * width
    # One sample more than the cells hold: each patch needs the next one.
    part = tuple(slice(_SAMPLES_PER_CELL * each.start, _SAMPLES_PER_CELL * each.stop + 1) for each in cells or ())
    dense = sample_flow(flow, (rows, columns), part=(part[0], part[1]) if part else None)
    along_x = np.diff(dense, axis=1) * np.float32(columns / CROP_SIZE)
    along_y = np.diff(dense, axis=0) * np.float32(rows / CROP_SIZE)
    xx, yx = 1 + along_x[..., 0], along_x[..., 1]
    xy, yy = along_y[..., 0], 1 + along_y[..., 1]
    smallest: NDArray[np.float32] | None = None
    for top in (slice(None, -1), slice(1, None)):
        for left in (slice(None, -1), slice(1, None)):
            corner = xx[top] * yy[:, left] - yx[top] * xy[:, left]
            smallest = corner if smallest is None else np.minimum(smallest, corner, out=smallest)
    assert smallest is not None
    return smallest


def _folded_cells(flow: NDArray[np.float32], min_jacobian: float) -> NDArray[np.uint8]:
    """(h, w): 1 where a patch that begins in the cell has a Jacobian of at most `min_jacobian`."""
    folded = np.zeros(flow.shape[:2], np.uint8)
    # Most cells move so evenly that a glance at the control points rules a fold out, most of the others a closer look
    # at them; only the rest is sampled.
    ringed = _ringed(control_points(flow))
    cells = _box_of(_steepest(ringed, flow) >= (1 - min_jacobian) / 2 - _ROUNDING)
    if cells is not None:
        doubtful = _least_jacobian(ringed, flow, cells) <= min_jacobian
        cells = _box_of(doubtful, offset=(cells[0].start, cells[1].start))
    if cells is None:
        return folded
    height, width = (each.stop - each.start for each in cells)
    samples = np.zeros((_SAMPLES_PER_CELL * height, _SAMPLES_PER_CELL * width), np.uint8)
    small = _jacobian(flow, cells) <= min_jacobian
    samples[: small.shape[0], : small.shape[1]] = small
    folded[cells] = samples.reshape(height, _SAMPLES_PER_CELL, width, _SAMPLES_PER_CELL).max(axis=(1, 3))
    return folded


def _box_of(chosen: NDArray[np.bool_], *, offset: tuple[int, int] = (0, 0)) -> _Cells | None:
    """The smallest rows and columns that hold all chosen cells, counted from `offset`; None if none is chosen."""
    x, y, width, height = cv2.boundingRect(chosen.view(np.uint8))
    if width == 0:
        return None
    row, column = offset[0] + y, offset[1] + x
    return slice(row, row + height), slice(column, column + width)


def _steepest(ringed: NDArray[np.float32], flow: NDArray[np.float32]) -> NDArray[np.float32]:
    """(h, w): no partial derivative of the spline is larger in a patch that begins in the cell.

    Where it is s < 1, the Jacobian is at least (1 - s)^2 - s^2 = 1 - 2 s.
    """
    height, width = flow.shape[:2]
    along_x, along_y = (np.abs(each) for each in _differences(ringed, (height, width)))
    # Of each control point, the differences to its neighbours on the right and below.
    steep = np.maximum(_larger(along_x)[:-1], _larger(along_y)[:, :-1])
    window = np.ones((5, 5), np.uint8)
    around: NDArray[np.float32] = cv2.dilate(steep, window, borderType=cv2.BORDER_REPLICATE)[_REACH:, _REACH:]
    around = around[:height, :width]
    edges = edge_width(flow)
    if all(edges):
        moved = cv2.dilate(_larger(np.abs(ringed)), window)[_REACH : _REACH + height, _REACH : _REACH + width]
        for strip in _rim(height, width, *edges):
            around[strip] += moved[strip] * np.float32(EDGE_SLOPE)
    return around


def _least_jacobian(ringed: NDArray[np.float32], flow: NDArray[np.float32], cells: _Cells) -> NDArray[np.float32]:
    """(rows, columns) of `cells`: no patch that begins there has a smaller Jacobian; often far below the true one.

    Interval arithmetic: over such a patch each partial derivative lies between the smallest and the largest difference
    of the control points that the spline takes part of there (`control_points`).
    """
    size = (flow.shape[0], flow.shape[1])
    rows, columns = cells
    height, width = rows.stop - rows.start, columns.stop - columns.start
    ringed = ringed[rows.start : rows.stop + 2 * _REACH, columns.start : columns.stop + 2 * _REACH]
    along_x, along_y = _differences(ringed, size)
    # Samples of a patch lie from 3/8 of a cell before its centre to 5/8 behind it: control points up to two cells away
    # take part, and the differences between them.
    inside = (slice(_REACH, _REACH + height), slice(_REACH, _REACH + width))
    x_low, x_high = (each[inside].copy() for each in _range_around(along_x, (5, 4), (2, 2)))
    y_low, y_high = (each[inside].copy() for each in _range_around(along_y, (4, 5), (2, 2)))
    edges = edge_width(flow)
    if all(edges):
        # There the spline is multiplied by a fade: (e f)' lies within e f' and e' f.
        largest = cv2.dilate(np.abs(ringed), np.ones((5, 5), np.uint8))[inside] * np.float32(EDGE_SLOPE)
        is_rim = np.zeros(size, np.bool_)
        for strip in _rim(*size, *edges):
            is_rim[strip] = True
        rim = is_rim[cells]
        for low, high in ((x_low, x_high), (y_low, y_high)):
            low[rim] = np.minimum(low[rim], 0) - largest[rim]
            high[rim] = np.maximum(high[rim], 0) + largest[rim]
    xx_low, xx_high, yy_low, yy_high = 1 + x_low[..., 0], 1 + x_high[..., 0], 1 + y_low[..., 1], 1 + y_high[..., 1]
    diagonal = np.minimum(
        np.minimum(xx_low * yy_low, xx_low * yy_high), np.minimum(xx_high * yy_low, xx_high * yy_high)
    )
    across = np.maximum(np.abs(x_low[..., 1]), np.abs(x_high[..., 1]))
    across *= np.maximum(np.abs(y_low[..., 0]), np.abs(y_high[..., 0]))
    least: NDArray[np.float32] = diagonal - across - np.float32(_ROUNDING)
    return least


def _larger(pairs: NDArray[np.float32]) -> NDArray[np.float32]:
    # Many times faster than `max(axis=2)`.
    larger: NDArray[np.float32] = np.maximum(pairs[..., 0], pairs[..., 1])
    return larger


def _differences(ringed: NDArray[np.float32], size: tuple[int, ...]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What the flow grows by from one control point to the next, along x and y, per crop pixel."""
    per_pixel = np.array([size[1], size[0]], np.float32) / CROP_SIZE
    return np.diff(ringed, axis=1) * per_pixel[0], np.diff(ringed, axis=0) * per_pixel[1]


def _rim(height: int, width: int, rows: int, columns: int) -> Iterator[tuple[slice, slice]]:
    """The outermost rows and columns, as four rectangles that do not overlap."""
    rows, columns = min(rows, (height + 1) // 2), min(columns, (width + 1) // 2)
    middle = slice(rows, max(height - rows, rows))
    yield slice(0, rows), slice(None)
    yield slice(middle.stop, None), slice(None)
    yield middle, slice(0, columns)
    yield middle, slice(max(width - columns, columns), None)


def _ringed(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """`_REACH` more control points on each side."""
    return np.ascontiguousarray(_straight_on(_straight_on(points).transpose(1, 0, 2)).transpose(1, 0, 2))


def _straight_on(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """`_REACH` more rows above and below, each as far from its neighbour as the two outermost are."""
    steps = np.arange(_REACH, 0, -1, dtype=np.float32)[:, None, None]
    second, second_last = min(1, len(points) - 1), max(len(points) - 2, 0)
    above = points[0] + steps * (points[0] - points[second])
    below = points[-1] + steps[::-1] * (points[-1] - points[second_last])
    return np.concatenate([above, points, below])


def _range_around(
    values: NDArray[np.float32], size: tuple[int, int], before: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Smallest and largest value in a window of `size` rows and columns that begins `before` each place."""
    window = np.ones(size, np.uint8)
    anchor = (before[1], before[0])
    return (
        cv2.erode(values, window, anchor=anchor, borderType=cv2.BORDER_REPLICATE),
        cv2.dilate(values, window, anchor=anchor, borderType=cv2.BORDER_REPLICATE),
    )


def _neighbourhood(cells: NDArray[np.uint8], radius: int) -> NDArray[np.float32]:
    # 1 within `radius` of the cells, falling smoothly to exactly 0 at twice that.
    distance = cv2.distanceTransform(1 - cells, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    fall = np.clip(2 - distance / radius, 0, 1)
    weight: NDArray[np.float32] = (fall * fall * (3 - 2 * fall)).astype(np.float32)
    return weight


def _free_cells(flow: NDArray[np.float32]) -> NDArray[np.float32]:
    # Rings of zero cells along the border must stay zero, or the warp would no longer end inside the crop.
    free = np.ones(flow.shape[:2], np.float32)
    for ring in range(min(flow.shape[:2]) // 2):
        inner = flow[ring : flow.shape[0] - ring, ring : flow.shape[1] - ring]
        if not border_is_zero(inner) or not inner.any():
            break
        free[ring], free[-1 - ring], free[:, ring], free[:, -1 - ring] = 0, 0, 0, 0
        if ring == 1:
            break
    return free
