"""Lids slide over the eye as one piece each, and meet where an eye closes.

A flow on cells as wide as a few lashes cannot jump from the upper lid to the lower one: what lies between is the whole
eye, squeezed into a slit. Eyes do not do this. Where an edit closes an eye, the lids are taken apart into layers, each
of them smooth: the upper lid down to its rim, the lower one up to its rim, and between them the eye, as it is.
What the flow says of how far an eye closes is kept, but for the last part of the way, which it cannot go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.contours import (
    at_rows,
    cell_centres,
    contour_height,
    curve_columns,
    first_crossing,
    smooth_curve,
)
from fvae_studio.core.eye_motion import CORNER_PX, WIDEST_PX, EyeContours, EyeMotion, Side, carried, with_lashes
from fvae_studio.core.geometry import Points
from fvae_studio.core.types import FloatMap

LAYERED: Final = (0.15, 0.25)
"""Shares of an eye's opening that are closed: at the first one lids begin to be layers, at the second one they are."""

MEETING: Final = (0.31, 0.54)
"""Likewise: from the first one on, lids close further than the flow says, at the second one they meet. Flows of
`close_eyes` at 1 close 53 to 74 % of 48 eyes of held-out people, those of squints and grimaces up to 37 %."""

TOGETHER: Final = (0.2, 0.35)
"""Likewise, of the eye that closes less: from the second one on, the eyes' mean says how far both outdo the flow."""

UPPER_SHARE: Final = 0.82
"""Of what is left of the way, the upper lid's."""

_BROW_SHARE: Final = 0.5
"""Of the skin between brow and lashes, what is stretched over the eye."""

_LOWER_REACH_PX: Final = 2.5

MARGIN_PX: Final = 3.0
"""Crop pixels beyond what is shown of a layer: the spline through its cells rings where it ends."""


@dataclass(frozen=True, eq=False)
class ClosingEye:
    """Where an eye's layers meet. Curves hold y in crop pixels of the edited crop, see `contours.CURVE_STEP`.

    Attributes:
        lid: rim of the upper lid.
        rim: of the lower one; nowhere above `lid`.
        upper_end, lower_end: beyond them the layers are the flow itself.
        corners: x of the eye's corners, left and right.
        share: in (0, 1], of the layers in what is shown.
        side: the person's own.
        closed: of the eye's opening, what the layers close; up to 1.
    """

    lid: FloatMap
    rim: FloatMap
    upper_end: FloatMap
    lower_end: FloatMap
    corners: tuple[float, float]
    share: float
    side: Side
    closed: float


def close_eye(
    flow: NDArray[np.float32],
    landmarks: Points,
    contours: EyeContours,
    motion: EyeMotion,
    share: float,
    meeting: float,
    layers: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]],
) -> ClosingEye:
    """Write an eye's part of the crop into the layers.

    Args:
        flow: (h, w, 2) backward flow without folds, crop pixels.
        landmarks: (478, 2) of the photo's face, crop pixels.
        contours: of the eye.
        motion: of it in the flow.
        share: in (0, 1], of the layers in what is shown.
        meeting: in [0, 1], of the way that the flow leaves open, what the lids go.
        layers: copies of the flow, written to: upper lid, eye, lower lid.
    """
    part = flow[:, motion.columns]
    upper, eye, lower = (layer[:, motion.columns] for layer in layers)
    gap = motion.lower - motion.upper
    lid = motion.upper + np.float32(meeting * UPPER_SHARE) * gap
    rim = np.maximum(motion.lower - np.float32(meeting * (1 - UPPER_SHARE)) * gap, lid)
    upper_line, lower_line = with_lashes(landmarks, contours)
    skin = contour_height(landmarks[list(contours.brow)], upper_line[:, 0]) - upper_line[:, 1]
    stretched_from = upper_line + np.stack([np.zeros_like(skin), _BROW_SHARE * skin], axis=1)
    upper_end = np.minimum(first_crossing(flow, stretched_from, motion.columns), motion.upper - 1)
    lower_end = rim + _LOWER_REACH_PX

    columns, rows = cell_centres(flow.shape[1])[motion.columns], cell_centres(flow.shape[0])[:, None]
    left, right = motion.corners[:, 0]
    near = (columns > left - CORNER_PX) & (columns < right + CORNER_PX)
    near = near & (rows > upper_end - MARGIN_PX) & (rows < lower_end + MARGIN_PX)
    for layer, moves, end, edge, row, line in (
        (upper, near & (rows > upper_end), upper_end, lid, motion.upper, upper_line),
        (lower, near & (rows < lower_end), lower_end, rim, motion.lower, lower_line),
    ):
        shown_line = contour_height(line, columns + at_rows(part, row)[:, 0])
        added = _drawn(part, rows, end, edge, shown_line) - rows - part[..., 1]
        np.copyto(layer[..., 1], part[..., 1] + np.clip(added, -WIDEST_PX, WIDEST_PX), where=moves)
    np.copyto(eye[..., 1], carried(columns, landmarks, contours, motion)[None], where=near)

    x = curve_columns()
    curves = [smooth_curve(np.interp(x, columns, values)) for values in (lid, rim, upper_end, lower_end)]
    return ClosingEye(
        lid=curves[0],
        rim=np.maximum(curves[0], curves[1]),
        upper_end=curves[2],
        lower_end=curves[3],
        corners=(float(left), float(right)),
        share=share,
        side=contours.side,
        closed=1 - (1 - motion.closed) * (1 - meeting),
    )


def _drawn(
    flow: NDArray[np.float32], rows: NDArray[np.float32], end: FloatMap, edge: FloatMap, line: FloatMap
) -> NDArray[np.float32]:
    """(h, w): what rows sample, y in crop pixels, where the skin between `end` and a lid's rim is drawn to `edge`.

    Smooth at `end`, of its own size at the rim, where lashes grow, and so on beyond it.

    Args:
        flow: (h, w, 2).
        rows: (h, 1), crop pixels.
        end: (w,) rows where it begins.
        edge: (w,) where the rim goes.
        line: (w,) y of the rim in the photo.
    """
    start = end + at_rows(flow, end)[:, 1]
    slope = 1 + at_rows(flow, end + 0.5)[:, 1] - at_rows(flow, end - 0.5)[:, 1]
    length, skin = edge - end, line - start
    skin = np.where(np.abs(skin) < 0.1, np.copysign(np.float32(0.1), length), skin)
    # Slopes of a cubic from 0 to 1: it rises everywhere if both are at most 3.
    first, last = np.clip(slope * length / skin, 0.3, 2.0), np.clip(length / skin, 0.5, 2.0)
    t = (rows - end) / length
    inside = np.clip(t, 0, 1)
    rise = inside * (1 - inside) ** 2 * first + inside**2 * (3 - 2 * inside) - inside**2 * (1 - inside) * last
    beyond = np.maximum(t - 1, 0) * last
    sampled: NDArray[np.float32] = (start + skin * (rise + beyond)).astype(np.float32)
    return sampled
