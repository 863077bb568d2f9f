"""What is known of the glasses in a photo: where their frames are, and what is next to what they hide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE, EYE_CENTER, EYE_DISTANCE
from fvae_studio.core.types import FloatMap

MAP_SIZE: Final = 2 * CROP_SIZE
"""Cells along the crop's side of the maps that tell what is frame: finer than a flow."""

LEAST_ROUND: Final = 0.55
"""Share of the directions from each eye in which a frame has to be seen, or it is none: brows, hair and dark lids are
seen in a few. A frame without a lower rim is seen in a little more than half."""

LEAST_SURE: Final = 0.75
"""What is found has to be at least so likely on average: where brows and lids are taken for a frame, edits of eyes and
brows suffer; where a frame is missed, it bends, as it did before."""

_RING_PX: Final = (7.0, 24.0)
_RING_STEPS: Final = 36
_RING_DOWN_PX: Final = 2.0
"""Crop pixels from the middle of a lens in which its frame is looked for, in so many directions; how far that middle
lies below the eye."""

HIDDEN_PX: Final = 1.2
"""Crop pixels beside a frame that count as hidden: more than its layer shows, so that no rim is seen twice."""

_MIRRORED_PX: Final = 10.0
"""Crop pixels from its edges that what is hidden is at most: a dark lens has no other side."""

_MIRRORED: Final = {"beyond": 0.7, "through": 0.15}
"""How far from the frame the image of what it hid is taken, in distances from there: beyond it, and through the lens,
where lashes are near and the skin above them is smooth."""

_LENS_PX: Final = 0.52 * EYE_DISTANCE
"""Crop pixels beside an eye up to which what is found is its lens's frame, and not a temple or a bridge."""

_LEAST_LENS_PX: Final = 40.0
"""Square crop pixels that a rim surrounds at least, if it is closed."""

_FILLED: Final = 0.7
"""Share of a lens's outline from which on what is found is a dark lens."""


@dataclass(frozen=True, eq=False)
class WornGlasses:
    """What is known of a photo's glasses. Maps are (MAP_SIZE, MAP_SIZE) over its crop, lengths in crop pixels.

    Attributes:
        beside: distance to the frame; 0 in it.
        beyond: (..., 2) from each place that is hidden to its image beyond the frame.
        through: likewise, to that which is seen through the lens.
        in_lens: how much nearer the latter is.
    """

    beside: FloatMap
    beyond: NDArray[np.float32]
    through: NDArray[np.float32]
    in_lens: FloatMap

    @staticmethod
    def of(found: FloatMap) -> WornGlasses | None:
        """Of what was found, (h, w) in [0, 1] over the crop; None where that is no pair of glasses."""
        fine = cv2.resize(found, (MAP_SIZE, MAP_SIZE), interpolation=cv2.INTER_CUBIC)
        frame = np.asarray(fine > 0.5, np.uint8)
        if min(_roundness(frame)) < LEAST_ROUND or float(found[found > 0.5].mean()) < LEAST_SURE:
            return None
        beside = _distance(frame)
        hidden = beside <= HIDDEN_PX
        lenses = _lenses(frame) & ~hidden
        to_outside, to_lens = _distance(~hidden & ~lenses), _distance(lenses)
        beyond, through = (
            _mirrored(to, _MIRRORED[name]) for to, name in ((to_outside, "beyond"), (to_lens, "through"))
        )
        return WornGlasses(beside, beyond, through, to_outside - to_lens)


def _roundness(frame: NDArray[np.uint8]) -> tuple[float, float]:
    """Of both eyes: in which share of the directions around it something is found."""
    cell = CROP_SIZE / MAP_SIZE
    rows, columns = np.nonzero(frame)
    shares = []
    for side in (-1, 1):
        across = columns * cell - (EYE_CENTER[0] + side * EYE_DISTANCE / 2)
        down = rows * cell - (EYE_CENTER[1] + _RING_DOWN_PX)
        length = np.hypot(across, down)
        near = (length > _RING_PX[0]) & (length < _RING_PX[1])
        turn = np.arctan2(down[near], across[near]) / (2 * np.pi) + 0.5
        shares.append(len(np.unique((turn * _RING_STEPS).astype(int) % _RING_STEPS)) / _RING_STEPS)
    return shares[0], shares[1]


def _lenses(frame: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """(MAP_SIZE, MAP_SIZE): what rims surround; where one is open below, what its outline would hold."""
    cell = CROP_SIZE / MAP_SIZE
    # What is not connected with the crop's corner. A gap of a cell is none.
    closed = cv2.dilate(frame, np.ones((3, 3), np.uint8))
    _, parts = cv2.connectedComponents(1 - closed, connectivity=4)
    surrounded = (closed == 0) & (parts != parts[0, 0])
    lenses: NDArray[np.bool_] = np.zeros(frame.shape, np.bool_)
    for side in (-1, 1):
        eye = EYE_CENTER[0] + side * EYE_DISTANCE / 2
        near = slice(*(round((eye + reach) / cell) for reach in (-_LENS_PX, _LENS_PX)))
        if surrounded[:, near].sum() * cell**2 > _LEAST_LENS_PX:
            lenses[:, near] |= surrounded[:, near]
            continue
        rows, columns = np.nonzero(frame[:, near])
        if len(rows) > 2:
            hull = cv2.convexHull(np.stack([columns + near.start, rows], axis=1).astype(np.int32))
            outline = np.zeros_like(frame)
            cv2.fillConvexPoly(outline, hull, 1)
            # A dark lens fills its outline: there is nothing to be seen through.
            if len(rows) < _FILLED * outline.sum():
                lenses |= outline > 0
    return lenses


def _distance(place: NDArray[Any]) -> FloatMap:
    """(MAP_SIZE, MAP_SIZE) crop pixels from each cell to the nearest of the place, without steps; 0 in it."""
    if not place.any():
        return np.full(place.shape, CROP_SIZE, np.float32)
    cell = CROP_SIZE / MAP_SIZE
    away = cv2.distanceTransform(np.asarray(place == 0, np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(cv2.GaussianBlur(away, (0, 0), 1.0) * cell, np.float32)


def _mirrored(distance: FloatMap, beyond: float) -> NDArray[np.float32]:
    """(MAP_SIZE, MAP_SIZE, 2) crop pixels: from a place to its image at the edge it is so far from.

    Args:
        distance: (MAP_SIZE, MAP_SIZE), crop pixels.
        beyond: how far the image is from the edge, in distances.
    """
    cell = CROP_SIZE / MAP_SIZE
    down, across = np.gradient(cv2.GaussianBlur(distance, (0, 0), 1.0), cell)
    length = -(1 + beyond) * np.minimum(distance, _MIRRORED_PX) / np.maximum(np.hypot(down, across), 0.5)
    return np.asarray(np.stack([length * across, length * down], axis=-1), np.float32)
