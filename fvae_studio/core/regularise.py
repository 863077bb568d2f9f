"""Flows that do not fold: measuring the Jacobian of p + flow(p), and mending a flow where it is not positive."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.flow_spline import border_is_zero, check_flow, fade_to_border, sample_flow

MIN_JACOBIAN = 0.05
"""What `unfold` leaves at least: a square of the photo is shrunk to no less than a twentieth of its area."""

_SAMPLES_PER_CELL = 4
_MAX_ROUNDS = 40


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

    Around the folds the flow is blended with a smoothed copy of itself, in ever wider neighbourhoods, until none is
    left. Should that not suffice, the flow is scaled down around them, and at last everywhere. A zero border stays
    zero.

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
    for round_ in range(_MAX_ROUNDS):
        folded = _folded_cells(current, min_jacobian)
        if not folded.any():
            return current
        radius, sigma = 2 + round_ // 2, 0.8 + 0.15 * round_
        weight = _neighbourhood(folded, radius) * free
        smooth = cv2.GaussianBlur(current, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
        if round_ > _MAX_ROUNDS // 2:
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


def _jacobian(flow: NDArray[np.float32]) -> NDArray[np.float32]:
    height, width = flow.shape[:2]
    rows, columns = _SAMPLES_PER_CELL * height, _SAMPLES_PER_CELL * width
    dense = sample_flow(flow, (rows, columns))
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
    height, width = flow.shape[:2]
    folded = np.zeros((_SAMPLES_PER_CELL * height, _SAMPLES_PER_CELL * width), np.uint8)
    folded[:-1, :-1] = _jacobian(flow) <= min_jacobian
    cells: NDArray[np.uint8] = folded.reshape(height, _SAMPLES_PER_CELL, width, _SAMPLES_PER_CELL).max(axis=(1, 3))
    return cells


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
