"""Lids slide over the eye as one piece each, and meet where an eye closes.

A flow on cells as wide as a few lashes cannot jump from the upper lid to the lower one: what lies between is the whole
eye, squeezed into a slit. Eyes do not do this. Where an edit closes an eye, the lids are taken apart into layers, each
of them smooth: the upper lid down to its rim, the lower one up to its rim, and between them the eye, as it is.
What the flow says of how far an eye closes is kept, but for the last part of the way, which it cannot go.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.contours import (
    at_rows,
    cell_centres,
    contour_height,
    curve_columns,
    first_crossing,
    last_crossing,
    moved_point,
    smooth_curve,
)
from fvae_studio.core.flow_spline import smoothstep
from fvae_studio.core.geometry import Points
from fvae_studio.core.types import FloatMap

Side: TypeAlias = Literal["L", "R"]
"""The person's own; "R" is on the left of the photo."""


class EyeContours(NamedTuple):
    """MediaPipe's points along lids, corners included, and under the brow, from the photo's left to its right."""

    upper: tuple[int, ...]
    lower: tuple[int, ...]
    brow: tuple[int, ...]


EYES: Final[dict[Side, EyeContours]] = {
    "R": EyeContours(
        (33, 246, 161, 160, 159, 158, 157, 173, 133), (33, 7, 163, 144, 145, 153, 154, 155, 133), (46, 53, 52, 65, 55)
    ),
    "L": EyeContours(
        (362, 398, 384, 385, 386, 387, 388, 466, 263),
        (362, 382, 381, 380, 374, 373, 390, 249, 263),
        (285, 295, 282, 283, 276),
    ),
}

LAYERED: Final = (0.08, 0.18)
"""Shares of an eye's opening that are closed: at the first one lids begin to be layers, at the second one they are."""

MEETING: Final = (0.31, 0.56)
"""Likewise: from the first one on, lids close further than the flow says, at the second one they meet. Flows of
`close_eyes` at 1 close 53 to 77 % of 48 eyes of held-out people, those of squints and grimaces up to 37 %."""

TOGETHER: Final = (0.2, 0.35)
"""Likewise, of the eye that closes less: from the second one on, the eyes' mean says how far both outdo the flow."""

UPPER_SHARE: Final = 0.82
"""Of what is left of the way, the upper lid's."""

OPENING_PX: Final = (1.5, 16.0)
"""Crop pixels: an eye that is open no wider is closed in the photo, and what is open wider is no eye."""

LASHES_PX: Final = 0.35
"""What belongs to a lid beyond its contour, crop pixels."""

_BROW_SHARE: Final = 0.5
"""Of the skin between brow and lashes, what is stretched over the eye."""

_LOWER_REACH_PX: Final = 2.5
CORNER_PX: Final = 2.0
"""Beyond the corners, crop pixels: over these the layers pass into the flow."""

_MARGIN_PX: Final = 3.0
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


@dataclass(frozen=True, eq=False)
class ClosingLids:
    """A flow that closes eyes, in three layers; backward flows (h, w, 2) in crop pixels.

    Attributes:
        upper: right down to `ClosingEye.lid`.
        eye: right between `lid` and `rim`.
        lower: right from `rim` on.
        eyes: those that close.
    """

    upper: NDArray[np.float32]
    eye: NDArray[np.float32]
    lower: NDArray[np.float32]
    eyes: tuple[ClosingEye, ...]


def close_lids(flow: NDArray[np.float32], landmarks: Points) -> ClosingLids | None:
    """Take the lids apart where a flow closes eyes.

    Args:
        flow: (h, w, 2) backward flow without folds, crop pixels.
        landmarks: (478, 2) of the photo's face, crop pixels.

    Returns:
        None where no eye closes by more than the first of `LAYERED`.
    """
    # Most edits leave eyes open: a glance at the lids tells.
    if not any(_may_close(flow, landmarks, contours) for contours in EYES.values()):
        return None
    measured = [_measure(flow, landmarks, contours) for contours in EYES.values()]
    if max(each.closed for each in measured) <= LAYERED[0]:
        return None
    # Eyes that close together meet together: half closed, two eyes of one face may differ by a fifth.
    together = _passage(min(each.closed for each in measured), TOGETHER)
    mean = float(np.mean([each.closed for each in measured]))
    layers = ClosingLids(flow.copy(), flow.copy(), flow.copy(), ())
    eyes = []
    for contours, each in zip(EYES.values(), measured, strict=True):
        share = _passage(each.closed, LAYERED)
        if share > 0:
            meeting = _passage(each.closed + together * (mean - each.closed), MEETING)
            eyes.append(_draw_eye(flow, landmarks, contours, each, share, meeting, layers))
    return replace(layers, eyes=tuple(eyes))


def closed_shares(flow: NDArray[np.float32], landmarks: Points) -> dict[Side, float]:
    """What of each eye's opening a flow closes as it is shown: 0 nothing, 1 all, below 0 it opens.

    Args:
        flow: (h, w, 2) backward flow without folds, crop pixels.
        landmarks: (478, 2) of the photo's face, crop pixels.
    """
    shares = {side: _measure(flow, landmarks, contours).closed for side, contours in EYES.items()}
    lids = close_lids(flow, landmarks)
    return shares if lids is None else shares | {eye.side: eye.closed for eye in lids.eyes}


def _may_close(flow: NDArray[np.float32], landmarks: Points, contours: EyeContours) -> bool:
    """Whether rows of an eye move apart or together by half of what begins to matter; much quicker than `_measure`."""
    scale = np.array(flow.shape[1::-1], np.float32) / CROP_SIZE
    lids = [landmarks[list(lid[3:-3])] for lid in (contours.upper, contours.lower)]
    (left, top), (right, bottom) = (edge(np.concatenate(lids), axis=0) * scale for edge in (np.min, np.max))
    x, y, x_end, y_end = (max(0, int(edge)) for edge in (left, top, right + 2, bottom + 2))
    vertical = flow[y:y_end, x:x_end, 1]
    opening = float((lids[1] - lids[0])[:, 1].mean())
    return vertical.size > 0 and float(vertical.max() - vertical.min()) > 0.5 * LAYERED[0] * opening


class _Measured(NamedTuple):
    """Rows (w,) of the lids' contours and the corners (2, 2), in the edited crop, and how far the eye is closed."""

    upper: FloatMap
    lower: FloatMap
    corners: NDArray[np.float64]
    closed: float


def _measure(flow: NDArray[np.float32], landmarks: Points, contours: EyeContours) -> _Measured:
    upper_line, lower_line = _with_lashes(landmarks, contours)
    upper = first_crossing(flow, upper_line)
    lower = np.maximum(last_crossing(flow, lower_line), upper)
    corners = np.array([moved_point(flow, landmarks[index]) for index in (contours.upper[0], contours.upper[-1])])
    columns = cell_centres(flow.shape[1])
    left, right = corners[:, 0]
    # Of the middle of the eye: at the corners nothing is left to measure.
    middle = (columns > 0.75 * left + 0.25 * right) & (columns < 0.25 * left + 0.75 * right)
    source_x = columns[middle] + at_rows(flow, upper)[middle, 0]
    opening = contour_height(lower_line, source_x) - contour_height(upper_line, source_x)
    closed = 0.0
    if middle.any() and OPENING_PX[0] <= opening.mean() <= OPENING_PX[1]:
        closed = 1 - float((lower - upper)[middle].sum() / opening.sum())
    return _Measured(upper, lower, corners, closed)


def _with_lashes(landmarks: Points, contours: EyeContours) -> tuple[Points, Points]:
    """The lids' contours, moved outwards to where the lashes grow; the corners stay."""
    lines = []
    for indices, outwards in ((contours.upper, -LASHES_PX), (contours.lower, LASHES_PX)):
        line = landmarks[list(indices)].astype(np.float32)
        line[1:-1, 1] += outwards
        lines.append(line)
    return lines[0], lines[1]


def _draw_eye(
    flow: NDArray[np.float32],
    landmarks: Points,
    contours: EyeContours,
    measured: _Measured,
    share: float,
    meeting: float,
    layers: ClosingLids,
) -> ClosingEye:
    """Write an eye's part of the crop into the layers."""
    gap = measured.lower - measured.upper
    lid = measured.upper + np.float32(meeting * UPPER_SHARE) * gap
    rim = np.maximum(measured.lower - np.float32(meeting * (1 - UPPER_SHARE)) * gap, lid)
    upper_line, lower_line = _with_lashes(landmarks, contours)
    skin = contour_height(landmarks[list(contours.brow)], upper_line[:, 0]) - upper_line[:, 1]
    stretched_from = upper_line + np.stack([np.zeros_like(skin), _BROW_SHARE * skin], axis=1)
    upper_end = np.minimum(first_crossing(flow, stretched_from), measured.upper - 1)
    lower_end = rim + _LOWER_REACH_PX

    columns, rows = cell_centres(flow.shape[1]), cell_centres(flow.shape[0])[:, None]
    left, right = measured.corners[:, 0]
    near = (columns > left - CORNER_PX) & (columns < right + CORNER_PX)
    near = near & (rows > upper_end - _MARGIN_PX) & (rows < lower_end + _MARGIN_PX)
    for layer, moves, end, edge, row, line in (
        (layers.upper, near & (rows > upper_end), upper_end, lid, measured.upper, upper_line),
        (layers.lower, near & (rows < lower_end), lower_end, rim, measured.lower, lower_line),
    ):
        shown_line = contour_height(line, columns + at_rows(flow, row)[:, 0])
        added = _drawn(flow, rows, end, edge, shown_line) - rows - flow[..., 1]
        np.copyto(layer[..., 1], flow[..., 1] + np.clip(added, -OPENING_PX[1], OPENING_PX[1]), where=moves)
    # The eye itself neither rises nor falls, but with its corners.
    before, after = landmarks[[contours.upper[0], contours.upper[-1]], 1], measured.corners[:, 1]
    still = np.interp(columns, [left, max(right, left + 1e-3)], before - after).astype(np.float32)
    np.copyto(layers.eye[..., 1], still[None], where=near)

    x = curve_columns()
    curves = [smooth_curve(np.interp(x, columns, values)) for values in (lid, rim, upper_end, lower_end)]
    return ClosingEye(
        lid=curves[0],
        rim=np.maximum(curves[0], curves[1]),
        upper_end=curves[2],
        lower_end=curves[3],
        corners=(float(left), float(right)),
        share=share,
        side="R" if contours is EYES["R"] else "L",
        closed=1 - (1 - measured.closed) * (1 - meeting),
    )


def _passage(value: float, between: tuple[float, float]) -> float:
    """0 up to the first, 1 from the second on."""
    low, high = between
    return float(smoothstep(np.array((value - low) / (high - low))))


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
