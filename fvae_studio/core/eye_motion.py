"""How eyes move in a flow: where their lids' contours come to lie, and what of their opening is closed."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.contours import at_rows, cell_centres, contour_height, first_crossing, last_crossing, moved_points
from fvae_studio.core.flow_spline import passage
from fvae_studio.core.geometry import Points
from fvae_studio.core.types import FloatMap

Side: TypeAlias = Literal["L", "R"]
"""The person's own; "R" is on the left of the photo."""


class EyeContours(NamedTuple):
    """MediaPipe's points along lids, corners included, and under the brow, from the photo's left to its right.

    `iris` is its middle; the four points after it lie around it.
    """

    side: Side
    upper: tuple[int, ...]
    lower: tuple[int, ...]
    brow: tuple[int, ...]
    iris: int

    @property
    def outline(self) -> tuple[int, ...]:
        """All around the eye, each point once."""
        return self.upper + self.lower[-2:0:-1]


_RIGHT: Final = EyeContours(
    "R",
    upper=(33, 246, 161, 160, 159, 158, 157, 173, 133),
    lower=(33, 7, 163, 144, 145, 153, 154, 155, 133),
    brow=(46, 53, 52, 65, 55),
    iris=468,
)
_LEFT: Final = EyeContours(
    "L",
    upper=(362, 398, 384, 385, 386, 387, 388, 466, 263),
    lower=(362, 382, 381, 380, 374, 373, 390, 249, 263),
    brow=(285, 295, 282, 283, 276),
    iris=473,
)
EYES: Final[dict[Side, EyeContours]] = {"R": _RIGHT, "L": _LEFT}

OPEN_PX: Final = (2.6, 3.4)
"""Mean of the middle of an eye, crop pixels: up to the first an eye counts as closed in the photo, from the second on
as open. Open ones of 81 neutral and smiling people measure 3.3 to 7.5, closed ones, by the same detector, 2.1 at the
median."""

WIDEST_PX: Final = 16.0
"""What is open wider is no eye."""

LASHES_PX: Final = 0.35
"""What belongs to the upper lid beyond its contour, crop pixels: seen with it, there is no white above the lashes."""

WET_PX: Final = 0.7
"""The lower lid's wet edge, crop pixels: it lies below the contour, and between closed lids it is hidden."""

CORNER_PX: Final = 2.0
"""Beyond the corners, crop pixels: over these what is drawn of an eye passes into the flow."""

REACH_PX: Final = 6.0
"""Crop pixels beyond the corners in which an eye is looked at: more than `CORNER_PX`, for curves to be smooth there."""

STILL: Final = 0.05
"""Of an eye's opening: eyes whose rows move less apart or together are not looked at."""


class EyeMotion(NamedTuple):
    """An eye in a flow.

    Attributes:
        columns: of the flow, w in all, that an eye can be seen in.
        upper, lower: (w,) rows, in the edited crop, where these show the contours of the lids, crop pixels.
        corners: (2, 2), in the edited crop.
        closed: of the eye's opening: 0 nothing, 1 all, below 0 it opens; 0 for what is no open eye.
        is_open: in [0, 1]: whether the eye is open in the photo.
    """

    columns: slice
    upper: FloatMap
    lower: FloatMap
    corners: NDArray[np.float64]
    closed: float
    is_open: float


def measure_eye(flow: NDArray[np.float32], landmarks: Points, contours: EyeContours) -> EyeMotion:
    """Follow an eye's lids and corners through a flow.

    Args:
        flow: (h, w, 2) backward flow without folds, crop pixels.
        landmarks: (478, 2) of the photo's face, crop pixels.
        contours: of the eye.
    """
    upper_line, lower_line = with_lashes(landmarks, contours)
    corners = moved_points(flow, landmarks[[contours.upper[0], contours.upper[-1]]])
    left, right = corners[:, 0]
    columns = cell_centres(flow.shape[1])
    near = slice(*np.searchsorted(columns, (left - REACH_PX, right + REACH_PX)))
    if near.stop - near.start < 2:
        nowhere = np.zeros(0, np.float32)
        return EyeMotion(near, nowhere, nowhere, corners, 0.0, 0.0)
    upper = first_crossing(flow, upper_line, near)
    lower = np.maximum(last_crossing(flow, lower_line, near), upper)
    columns = columns[near]
    # Of the middle of the eye: at the corners nothing is left to measure.
    middle = (columns > 0.75 * left + 0.25 * right) & (columns < 0.25 * left + 0.75 * right)
    source_x = columns[middle] + at_rows(flow[:, near], upper)[middle, 0]
    opening = contour_height(lower_line, source_x) - contour_height(upper_line, source_x)
    closed, is_open = 0.0, 0.0
    if middle.any() and OPEN_PX[0] < opening.mean() <= WIDEST_PX:
        closed = 1 - float((lower - upper)[middle].sum() / opening.sum())
        is_open = passage(float(opening.mean()), OPEN_PX)
    return EyeMotion(near, upper, lower, corners, closed, is_open)


def is_moving(flow: NDArray[np.float32], landmarks: Points, contours: EyeContours) -> bool:
    """Whether rows of an eye move apart or together at all; much quicker than `measure_eye`."""
    scale = np.array(flow.shape[1::-1], np.float32) / CROP_SIZE
    lids = [landmarks[list(lid[3:-3])] for lid in (contours.upper, contours.lower)]
    (left, top), (right, bottom) = (edge(np.concatenate(lids), axis=0) * scale for edge in (np.min, np.max))
    x, y, x_end, y_end = (max(0, int(edge)) for edge in (left, top, right + 2, bottom + 2))
    vertical = flow[y:y_end, x:x_end, 1]
    opening = float((lids[1] - lids[0])[:, 1].mean())
    return vertical.size > 0 and float(vertical.max() - vertical.min()) > STILL * opening


def with_lashes(landmarks: Points, contours: EyeContours) -> tuple[Points, Points]:
    """The lids' contours, moved outwards to where skin and lashes begin; the corners stay."""
    lines = []
    for indices, outwards in ((contours.upper, -LASHES_PX), (contours.lower, WET_PX)):
        line = landmarks[list(indices)].astype(np.float32)
        line[1:-1, 1] += outwards
        lines.append(line)
    return lines[0], lines[1]


def carried(columns: FloatMap, landmarks: Points, contours: EyeContours, motion: EyeMotion) -> FloatMap:
    """(w,) what an eye is carried down by where it goes with its corners, as a backward flow along y, crop pixels."""
    left, right = motion.corners[:, 0]
    rise = landmarks[[contours.upper[0], contours.upper[-1]], 1] - motion.corners[:, 1]
    height: FloatMap = np.interp(columns, [left, max(right, left + 1e-3)], rise).astype(np.float32)
    return height
