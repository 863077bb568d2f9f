"""A flow between its grid cells: the cubic spline through them, and the fade towards the crop's border.

Both the warp and the fold test sample a flow here, so that what is tested is what is rendered.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.errors import GeometryError

FADE_MARGIN_PX = 8.0
"""Default width of the fade towards the crop's border, in crop pixels."""

_EDGE_PX = 3.0
"""Width of the last fade of `sample_flow`, in crop pixels."""


def check_flow(flow: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """The flow as a contiguous float32 array.

    Args:
        flow: (h, w, 2) displacement (dx, dy) in pixels of a `CROP_SIZE` crop.

    Raises:
        GeometryError: another shape, NaN or infinite values, or displacements longer than the crop.
    """
    if flow.ndim != 3 or flow.shape[2] != 2 or min(flow.shape) == 0:
        raise GeometryError(f"a flow needs the shape (h, w, 2); this one has {flow.shape}")
    checked = np.ascontiguousarray(flow, dtype=np.float32)
    largest = float(np.abs(checked).max())
    if not largest <= CROP_SIZE:  # also true for NaN
        raise GeometryError(
            f"a flow may move at most {CROP_SIZE} crop pixels (the crop's side); this one moves {largest:g}"
        )
    return checked


def smoothstep(values: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """0 below 0, 1 above 1, 3 v^2 - 2 v^3 between: no kink at either end."""
    clipped = np.clip(values, 0, 1)
    return (clipped * clipped * (3 - 2 * clipped)).astype(np.float32)


def rise(values: NDArray[np.floating[Any]], between: tuple[float, float]) -> NDArray[np.float32]:
    """`smoothstep` from 0 at the first to 1 at the second; it falls where the first is the larger one."""
    return smoothstep((values - between[0]) / (between[1] - between[0]))


def passage(value: float, between: tuple[float, float]) -> float:
    """0 up to the first, 1 from the second on."""
    return float(rise(np.array(value), between))


def border_is_zero(flow: NDArray[np.floating[Any]]) -> bool:
    """Whether the outermost cells move nothing."""
    return not (flow[0].any() or flow[-1].any() or flow[:, 0].any() or flow[:, -1].any())


def fade_to_border(flow: NDArray[np.float32], *, margin_px: float = FADE_MARGIN_PX) -> NDArray[np.float32]:
    """Let a flow end at exactly zero at the crop's border.

    The two outermost rings of cells become zero; from there a smoothstep rises to 1. A fade is a slope of its own: a
    flow of many pixels that is faded out within few can fold, so `unfold` belongs after this, not before.

    Args:
        flow: (h, w, 2), crop pixels.
        margin_px: where the flow is whole again, in crop pixels from the crop's edge; at least 4.5 grid cells.
    """
    flow = check_flow(flow)
    rows, columns = (_border_weights(size, margin_px) for size in flow.shape[:2])
    faded: NDArray[np.float32] = flow * rows[:, None, None] * columns[None, :, None]
    return faded


def sample_flow(
    flow: NDArray[np.float32],
    num_samples: tuple[int, int],
    *,
    part: tuple[slice, slice] | None = None,
) -> NDArray[np.float32]:
    """Sample the flow's spline on a finer grid over the same crop.

    The natural interpolating cubic B-spline: it meets the cells' values, has continuous second derivatives (no ripples
    on straight lines, as bicubic convolution leaves), and reproduces linear flows exactly. Where the outermost cells
    are zero, so are the outermost samples: the spline's last ripples are faded out over `_EDGE_PX` crop pixels.

    Args:
        flow: (h, w, 2), crop pixels.
        num_samples: rows and columns; sample (k, l) stands for the crop position ((l + 0.5) CROP_SIZE / columns - 0.5,
            (k + 0.5) CROP_SIZE / rows - 0.5).
        part: which of these rows and columns are wanted; None for all.

    Returns:
        (*num_samples, 2), or the part of it, in the unit of `flow`.
    """
    height, width = flow.shape[:2]
    rows, columns = num_samples
    ends_at_zero = border_is_zero(flow)
    row_part, column_part = part or (slice(None), slice(None))
    to_rows = _upsampling(height, rows, ends_at_zero)[row_part]
    tall = (to_rows @ flow.reshape(height, width * 2)).reshape(-1, width, 2)
    # One matrix product per component: (rows, width) x (width, columns).
    to_columns = _upsampling(width, columns, ends_at_zero)[column_part].T
    dense = np.empty((len(to_rows), to_columns.shape[1], 2), np.float32)
    for component in range(2):
        dense[..., component] = np.ascontiguousarray(tall[..., component]) @ to_columns
    return dense


def control_points(flow: NDArray[np.float32]) -> NDArray[np.float32]:
    """The control points of the spline through the cells, (h, w, 2); beyond the edges they go straight on.

    Between two cells the spline's derivative is a weighted mean, with weights that are not negative, of differences
    between neighbouring control points: they bound it.
    """
    height, width = flow.shape[:2]
    tall = (_fit_inverse(height) @ flow.reshape(height, width * 2)).reshape(height, width, 2)
    # Columns first, so that the other axis is one product of two matrices as well.
    turned = np.ascontiguousarray(tall.transpose(1, 0, 2)).reshape(width, height * 2)
    points = (_fit_inverse(width) @ turned).reshape(width, height, 2)
    return np.ascontiguousarray(points.transpose(1, 0, 2), np.float32)


def edge_width(flow: NDArray[np.float32]) -> tuple[int, int]:
    """How many cells along the upper and lower, and along the left and right edge `sample_flow` fades."""
    if not border_is_zero(flow):
        return 0, 0
    rows, columns = (math.ceil((_EDGE_PX + 1) * size / CROP_SIZE) + 1 for size in flow.shape[:2])
    return rows, columns


EDGE_SLOPE = 1.5 / _EDGE_PX
"""The steepest slope of that fade, per crop pixel."""


def _border_weights(num_cells: int, margin_px: float) -> NDArray[np.float32]:
    cell = CROP_SIZE / num_cells
    centers = (np.arange(num_cells) + 0.5) * cell
    distance = np.minimum(centers, CROP_SIZE - centers)
    start = 1.5 * cell
    # The tiny number keeps the second ring at exactly zero in spite of rounding.
    return smoothstep((distance - start - 1e-6) / (max(margin_px, 4.5 * cell) - start))


@lru_cache(maxsize=32)
def _upsampling(num_cells: int, num_samples: int, ends_at_zero: bool) -> NDArray[np.float32]:
    """(num_samples, num_cells): values at the cells -> values of the spline, faded at the edge if it ends at zero."""
    positions = (np.arange(num_samples) + 0.5) * num_cells / num_samples - 0.5
    sample = CROP_SIZE / num_samples
    centers = (np.arange(num_samples) + 0.5) * sample
    distance = np.minimum(centers, CROP_SIZE - centers)
    edge = smoothstep((distance - 0.5 * sample - 1e-6) / _EDGE_PX)
    matrix = _spline_matrix(num_cells, positions).astype(np.float32)
    if ends_at_zero:
        matrix *= edge[:, None]
    matrix.flags.writeable = False
    return matrix


def _spline_matrix(num_cells: int, positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """(len(positions), num_cells), positions in cells; straight on beyond the outermost cell centres."""
    if num_cells == 1:
        return np.ones((len(positions), 1))
    first = np.floor(positions).astype(int) - 1
    t = positions - np.floor(positions)
    weights = np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3], axis=1) / 6
    basis = np.zeros((len(positions), num_cells))
    samples = np.arange(len(positions))
    last = num_cells - 1
    for tap in range(4):
        index, weight = first + tap, weights[:, tap]
        low, high = np.maximum(-index, 0), np.maximum(index - last, 0)
        # c[-k] = (1 + k) c[0] - k c[1], and alike at the other end.
        beyond = low + high
        inside = np.clip(index, 0, last)
        np.add.at(basis, (samples, inside), weight * (1 + beyond))
        neighbour = np.where(low > 0, min(1, last), np.where(high > 0, max(last - 1, 0), inside))
        np.add.at(basis, (samples, neighbour), -weight * beyond)
    solved: NDArray[np.float64] = np.linalg.solve(_fit(num_cells).T, basis.T).T
    return solved


def _fit(num_cells: int) -> NDArray[np.float64]:
    # Control points c solve (c[i-1] + 4 c[i] + c[i+1]) / 6 = f[i]; the natural end, c[-1] = 2 c[0] - c[1], gives
    # c[0] = f[0].
    fit = np.eye(num_cells)
    for i in range(1, num_cells - 1):
        fit[i, i - 1 : i + 2] = 1 / 6, 4 / 6, 1 / 6
    return fit


@lru_cache(maxsize=8)
def _fit_inverse(num_cells: int) -> NDArray[np.float32]:
    inverse = np.linalg.inv(_fit(num_cells)).astype(np.float32)
    inverse.flags.writeable = False
    return inverse
