"""Teeth that a photo shows stay as they are; lips slide over them.

A flow moves what is between open lips as if it were skin: where a smile is calmed, teeth become lower, where lips are
pursed, narrower, where the mouth opens, longer. Teeth do none of this. The upper ones belong to the skull. Here what
is between the lips is a layer of its own that moves with the nose, and lips cover as much of it as they come to lie
over. Where they leave more free than the photo shows, upper teeth end where they end, what lies below them goes with
the jaw, and between both it is dark. Only where no teeth are seen, what lies next to the lips is drawn out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.contours import (
    cell_centres,
    contour_height,
    curve_at,
    moved_points,
)
from fvae_studio.core.flow_spline import passage
from fvae_studio.core.geometry import Points
from fvae_studio.core.lips import LOWER_INNER, UPPER_INNER, moved_gap, opening
from fvae_studio.core.opened_gap import LipEdges, OpenedGap, open_gap
from fvae_studio.core.seen_teeth import SeenTeeth
from fvae_studio.core.types import FloatMap

OPEN_PX: Final = (1.6, 2.8)
"""Gap between the lips in the photo, crop pixels: from the first one on teeth are held a little, from the second on
all the way."""

MOVED_PX: Final = (0.2, 0.5)
"""How far a flow moves what is between the lips against the nose, crop pixels: less than the first is left to it."""

_NOSE: Final = (197, 195, 5, 4, 2)
"""MediaPipe's points down the ridge of the nose: where the skull goes, they go."""

_MARGIN_PX: Final = 3.0
_EDGE_PX: Final = 0.3
"""What is not shown beside the photo's lips, crop pixels: it is lip already."""

_DRAWN: Final = 3.0
"""Over so many times what is missing it is drawn out."""

_OPENED_PX: Final = (0.1, 1.5)
"""From the first one on, crop pixels, a mouth opens further than the photo shows, and teeth are looked for; from the
second on they keep to the nose, whatever the lower lip does."""


@dataclass(frozen=True, eq=False)
class StillTeeth:
    """What lies between open lips. Curves hold y in crop pixels of the edited crop, see `contours.CURVE_STEP`.

    Attributes:
        inside: (h, w, 2) backward flow of it, crop pixels; away from the mouth that of the face.
        top: inner contour of the upper lip.
        bottom: of the lower one; nowhere above `top`.
        corners: x of the corners of the mouth, left and right.
        share: in (0, 1], of the layer in what is shown.
        gap: the dark that has come to be seen; None where there is none.
    """

    inside: NDArray[np.float32]
    top: FloatMap
    bottom: FloatMap
    corners: tuple[float, float]
    share: float
    gap: OpenedGap | None = None

    @property
    def flows(self) -> dict[str, NDArray[np.float32]]:
        """Those that are laid over the face."""
        return {"inside": self.inside}


def hold_teeth(
    flow: NDArray[np.float32], landmarks: Points, see: Callable[[], SeenTeeth | None] = lambda: None
) -> StillTeeth | None:
    """Take what lies between the lips apart from a flow.

    Args:
        flow: (h, w, 2) backward flow without folds, crop pixels.
        landmarks: (478, 2) of the photo's face, crop pixels.
        see: finds the teeth that the photo shows; asked where the mouth opens further.

    Returns:
        None where the mouth is closed in the photo, or hardly moves.
    """
    is_open = passage(opening(landmarks), OPEN_PX)
    if is_open == 0:
        return None
    if (between := moved_gap(flow, landmarks)) is None:
        return None
    near, top, bottom, (left, right) = between
    upper, lower = (landmarks[list(lip)] for lip in (UPPER_INNER, LOWER_INNER))
    x, rows = cell_centres(flow.shape[1])[near], cell_centres(flow.shape[0])[:, None]
    nose = landmarks[list(_NOSE)]
    across, down = (nose - moved_points(flow, nose)).mean(axis=0)
    inner_left, inner_right = float(upper[0, 0]), float(upper[-1, 0])
    edges_x, free_x = (left + _EDGE_PX, right - _EDGE_PX), (inner_left + _EDGE_PX, inner_right - _EDGE_PX)
    # Teeth that move as one are less of a surprise than teeth that grow: they follow a lip rather than be drawn out.
    most_left, most_right = free_x[0] - edges_x[0], free_x[1] - edges_x[1]
    # Where the mouth becomes wider, to both sides alike; no teeth move to one of them for that.
    across = _within(across, most_left, most_right) if most_left <= most_right else (most_left + most_right) / 2
    sampled_x = _slid(x, across, edges_x, free_x)
    edge_top, free_top = top + _EDGE_PX, contour_height(upper, sampled_x) + _EDGE_PX
    edge_bottom = np.maximum(bottom - _EDGE_PX, edge_top)
    free_bottom = np.maximum(contour_height(lower, sampled_x) - _EDGE_PX, free_top)
    middle = (x > 0.75 * left + 0.25 * right) & (x < 0.25 * left + 0.75 * right)
    if not middle.any():
        return None
    most_up, most_down = float((free_top - edge_top)[middle].max()), float((free_bottom - edge_bottom)[middle].min())
    following, gap = _within(down, most_up, most_down), None
    shown, free = (edge_top, edge_bottom), (free_top, free_bottom)
    # Open further than in the photo: no shift of what that shows would fill it.
    if most_up - most_down > _OPENED_PX[0] and (seen := see()) is not None:
        # Where it may become dark below them, teeth need not follow the lower lip.
        let_go = passage(most_up - most_down, _OPENED_PX)
        down = following + let_go * (max(down, most_up) - following)
        as_one = _slid(rows, down, shown, (free_top, np.maximum(free_bottom, edge_bottom + down)))
        ends, begins = (np.clip(curve_at(each, sampled_x), free_top, free_bottom) for each in (seen.edge, seen.below))
        edges = LipEdges(x, edge_top, edge_bottom, free_bottom, ends, begins, between.corners)
        sampled_y, gap = open_gap(as_one, rows, down, edges, seen)
    else:
        sampled_y = _slid(rows, following, shown, free)
    part = flow[:, near]
    is_shown = (rows > top - _MARGIN_PX) & (rows < bottom + _MARGIN_PX)
    moved = np.stack([np.broadcast_to(sampled_x - x, part.shape[:2]), sampled_y - rows], axis=-1).astype(np.float32)
    within = (rows > top) & (rows < bottom) & (x > left) & (x < right)
    if not within.any():
        return None
    share = is_open * passage(float(np.linalg.norm(moved - part, axis=-1)[within].max()), MOVED_PX)
    if share == 0:
        return None
    inside = flow.copy()
    np.copyto(inside[:, near], moved, where=is_shown[..., None])
    return StillTeeth(inside, *between.curves(flow.shape[1]), between.corners, share, gap)


def _within(value: float, low: float, high: float) -> float:
    """As near to `value` as the limits allow; where they contradict each other, the first one counts."""
    return max(min(value, high), low)


def _slid(
    places: NDArray[np.float32],
    shift: float,
    shown: tuple[FloatMap | float, FloatMap | float],
    free: tuple[FloatMap | float, FloatMap | float],
) -> NDArray[np.float32]:
    """Where places between two edges sample, along one axis: shifted, but at the edges no further than is free.

    Args:
        places: crop pixels of the edited crop.
        shift: from there to the photo.
        shown: the edges there.
        free: those in the photo.
    """
    length = np.maximum(np.subtract(shown[1], shown[0]), 1e-3)
    missing = [np.maximum(free[0] - np.add(shown[0], shift), 0), np.maximum(np.add(shown[1], shift) - free[1], 0)]
    drawn = [np.minimum(_DRAWN * each, length) for each in missing]
    # Where both ends would need all of it, all of it is drawn out evenly.
    much = np.maximum((drawn[0] + drawn[1]) / length, 1)
    drawn = [each / much for each in drawn]
    sampled = places + shift
    sampled = sampled + missing[0] * np.clip((shown[0] + drawn[0] - places) / np.maximum(drawn[0], 1e-3), 0, 1)
    sampled = sampled - missing[1] * np.clip((places - shown[1] + drawn[1]) / np.maximum(drawn[1], 1e-3), 0, 1)
    result: NDArray[np.float32] = np.asarray(sampled, np.float32)
    return result
