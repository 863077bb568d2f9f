"""Parting closed lips without stretching them: the upper lip moves with what is above it, the lower with what is below.

A flow that opens a closed mouth is right outside the lips and wrong between them: it draws the lips over the gap. Here
the motion of the lips' outer contours is carried inwards unchanged, once from above and once from below. Each of the
two layers keeps its lip's height; between their edges a gap is left that something else has to fill (`mouth_inside`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.contours import (
    CURVE_STEP,
    at_rows,
    cell_centres,
    contour_height,
    curve_at,
    curve_columns,
    first_crossing,
    last_crossing,
    moved_points,
    smooth_curve,
    zero_row,
)
from fvae_studio.core.flow_spline import border_is_zero, check_flow, fade_to_border, passage
from fvae_studio.core.geometry import Points
from fvae_studio.core.lips import (
    CLOSED_PX,
    LOWER_INNER,
    LOWER_OUTER,
    UPPER_INNER,
    UPPER_OUTER,
    limit_lip_stretch,
    opening,
)
from fvae_studio.core.regularise import prepare_flow
from fvae_studio.core.types import FloatMap

PARTING_PX: Final = (0.3, 1.5)
"""Gaps, in crop pixels, between which the lips go over from closed to parted: nothing pops when a mouth opens."""

_SEAM_REACH_PX: Final = 1.2
"""How far from the landmarks the line between closed lips is looked for."""


@dataclass(frozen=True, eq=False)
class PartedLips:
    """A flow that opens a closed mouth, in two layers.

    Curves hold y in crop pixels at x = 0, `CURVE_STEP`, 2 `CURVE_STEP`, ... of the edited crop.

    Attributes:
        flow: (h, w, 2) the flow outside the lips, without folds; over lips and gap it is stretched evenly.
        upper: (h, w, 2) flow of the upper layer, right down to `top`.
        lower: (h, w, 2) flow of the lower layer, right from `bottom` on.
        top: lower edge of the upper lip.
        bottom: upper edge of the lower lip; nowhere above `top`.
        upper_end, lower_end: outer contours of the lips; beyond them the layers do not differ from `flow`.
        corners: x of the corners of the mouth, left and right.
    """

    flow: NDArray[np.float32]
    upper: NDArray[np.float32]
    lower: NDArray[np.float32]
    top: FloatMap
    bottom: FloatMap
    upper_end: FloatMap
    lower_end: FloatMap
    corners: tuple[float, float]

    @property
    def gap(self) -> float:
        """The largest distance between the lips, crop pixels."""
        return float((self.bottom - self.top).max())


def find_seam(crop: NDArray[np.uint8], landmarks: Points) -> FloatMap:
    """The dark line between closed lips, near the landmarks of their inner contours.

    Args:
        crop: (S, S, 3) aligned crop of any size.
        landmarks: (478, 2), crop pixels.

    Returns:
        A curve: y in crop pixels at every `CURVE_STEP`, of the photo's crop.
    """
    x = curve_columns()
    start = (contour_height(landmarks[list(UPPER_INNER)], x) + contour_height(landmarks[list(LOWER_INNER)], x)) / 2
    left, right = landmarks[UPPER_INNER[0], 0], landmarks[UPPER_INNER[-1], 0]
    if right - left < 4:
        return start
    # Rows of the strip: offsets from the landmarks' line.
    offsets = np.arange(-_SEAM_REACH_PX, _SEAM_REACH_PX + 1e-6, 0.1, dtype=np.float32)
    inside = x[(x > left) & (x < right)][:: round(0.25 / CURVE_STEP)]
    line = np.interp(inside, x, start)
    scale = crop.shape[0] / CROP_SIZE
    grey = cv2.GaussianBlur(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 0.15 * scale)
    at_x = np.broadcast_to(inside, (len(offsets), len(inside)))
    at_y = line[None] + offsets[:, None]
    strip = cv2.remap(
        grey, ((at_x + 0.5) * scale - 0.5).astype(np.float32), ((at_y + 0.5) * scale - 0.5).astype(np.float32),
        cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    contrast = max(float(strip.max() - strip.min()), 1.0)
    # Near the corners the landmarks are surer than the picture, where folds of skin run on.
    near_end = np.minimum(inside - left, right - inside)
    pull = 0.08 + 1.0 * np.exp(-near_end / 1.5)
    cost = strip / contrast + pull[None] * offsets[:, None] ** 2
    found = offsets[_cheapest_path(cost, step_cost=0.15)]
    found = cv2.GaussianBlur(found[None].astype(np.float32), (0, 0), 2.0, borderType=cv2.BORDER_REPLICATE)[0]
    ends = np.interp(x, [left, left + 1, right - 1, right], [0, 1, 1, 0])
    seam: FloatMap = (start + np.interp(x, inside, found) * ends).astype(np.float32)
    return seam


def part_lips(flow: NDArray[np.floating[Any]], landmarks: Points, seam: FloatMap) -> PartedLips | None:
    """Let a flow part closed lips.

    Args:
        flow: (h, w, 2) as predicted, crop pixels.
        landmarks: (478, 2) of the photo's face, crop pixels.
        seam: from `find_seam`.

    Returns:
        None where the mouth stays closed, or is open in the photo: then `limit_lip_stretch` is right.
    """
    flow = check_flow(flow)
    if not border_is_zero(flow):
        flow = fade_to_border(flow)
    closed = float(np.clip(2 - opening(landmarks) / CLOSED_PX, 0, 1))
    if closed == 0:
        return None
    upper_row = first_crossing(flow, landmarks[list(UPPER_OUTER)])
    lower_row = last_crossing(flow, landmarks[list(LOWER_OUTER)])
    lower_row = np.maximum(lower_row, upper_row)
    ends_upper, ends_lower = at_rows(flow, upper_row), at_rows(flow, lower_row)
    gap = _seam_row(ends_lower, seam) - _seam_row(ends_upper, seam)
    # Away from the corners: there the two contours are one, and their difference is noise.
    left, right = landmarks[UPPER_OUTER[0], 0], landmarks[UPPER_OUTER[-1], 0]
    columns = cell_centres(flow.shape[1])
    within = (columns + ends_upper[:, 0] > left + 3) & (columns + ends_upper[:, 0] < right - 3)
    widest = float(gap[within].max()) if within.any() else 0.0
    share = passage(widest, PARTING_PX) * closed
    if share <= 0:
        return None
    even = _stretched_evenly(flow, upper_row, lower_row, ends_upper, ends_lower)
    settled = limit_lip_stretch(flow, landmarks)
    base = prepare_flow(settled + np.float32(share) * (even - settled))
    return _layers(base, upper_row, lower_row, share, landmarks, seam)


def _layers(
    base: NDArray[np.float32],
    upper_row: FloatMap,
    lower_row: FloatMap,
    share: float,
    landmarks: Points,
    seam: FloatMap,
) -> PartedLips:
    rows = cell_centres(base.shape[0])[:, None]
    held_upper = np.where((rows > upper_row)[..., None], at_rows(base, upper_row)[None], base)
    held_lower = np.where((rows < lower_row)[..., None], at_rows(base, lower_row)[None], base)
    upper = (base + np.float32(share) * (held_upper - base)).astype(np.float32)
    lower = (base + np.float32(share) * (held_lower - base)).astype(np.float32)
    top, bottom = _crossing(upper, seam, last=False), _crossing(lower, seam, last=True)
    middle = (top + bottom) / 2
    gap = np.maximum(bottom - top, 0)
    left, right = (float(x) for x in moved_points(base, landmarks[[UPPER_INNER[0], UPPER_INNER[-1]]])[:, 0])
    columns = cell_centres(base.shape[1])
    inside = np.clip(np.minimum(columns - left, right - columns) / 1.5, 0, 1)
    gap *= inside * (2 - inside)
    x = curve_columns()
    fine = [
        smooth_curve(np.interp(x, columns, values))
        for values in (middle - gap / 2, middle + gap / 2, upper_row, lower_row)
    ]
    top, bottom = fine[0], np.maximum(fine[0], fine[1])
    return PartedLips(base, upper, lower, top, bottom, fine[2], fine[3], (left, right))


def _stretched_evenly(
    flow: NDArray[np.float32], upper_row: FloatMap, lower_row: FloatMap, above: FloatMap, below: FloatMap
) -> NDArray[np.float32]:
    """The flow with everything between the two rows of each column interpolated: smooth, and free of folds there."""
    rows = cell_centres(flow.shape[0])[:, None]
    length = np.maximum(lower_row - upper_row, 1e-3)
    along = (rows - upper_row) / length
    between = (along > 0) & (along < 1)
    part = np.clip(along, 0, 1)[..., None]
    result: NDArray[np.float32] = np.where(between[..., None], above + part * (below - above), flow).astype(np.float32)
    return result


def _crossing(flow: NDArray[np.float32], seam: FloatMap, *, last: bool) -> FloatMap:
    """(w,) y, in the edited crop, at which every column samples the seam."""
    height, width = flow.shape[:2]
    x, y = cell_centres(width)[None] + flow[..., 0], cell_centres(height)[:, None] + flow[..., 1]
    difference = y - curve_at(seam, x)
    first = height - (difference <= 0)[::-1].argmax(axis=0) if last else (difference > 0).argmax(axis=0)
    return zero_row(difference, first=first)


def _seam_row(ends: FloatMap, seam: FloatMap) -> FloatMap:
    """(w,) where the seam comes to lie if it moves with these displacements (w, 2)."""
    row: FloatMap = curve_at(seam, cell_centres(len(ends)) + ends[:, 0]) - ends[:, 1]
    return row


def _cheapest_path(cost: NDArray[np.floating[Any]], *, step_cost: float) -> NDArray[np.intp]:
    """One row for every column, by dynamic programming; a step to another row costs `step_cost` a row."""
    rows = np.arange(len(cost))
    steps = step_cost * np.abs(rows[:, None] - rows[None])
    total, came = cost[:, 0].copy(), []
    for column in range(1, cost.shape[1]):
        options = total[None] + steps
        came.append(options.argmin(axis=1))
        total = cost[:, column] + options.min(axis=1)
    path = [int(total.argmin())]
    for before in reversed(came):
        path.append(int(before[path[-1]]))
    return np.array(path[::-1], np.intp)
