"""Feature-based morphing on facial feature lines: Beier and Neely, "Feature-Based Image Metamorphosis" (SIGGRAPH 1992).

It stands where the paper has a face morphing [29] of which there is no implementation to use: both move a face's
features along and blend the two pictures.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.geometry import Points
from trainer.baselines.morph import Ends, mix, pixel_positions, sample
from trainer.facekit.landmarks import MEDIAPIPE_TO_IBUG

_OPEN: Final = (range(0, 17), range(17, 22), range(22, 27), range(27, 31), range(31, 36))
"""Jaw line, brows, nose: runs of iBUG's 68 points."""

_CLOSED: Final = (range(36, 42), range(42, 48), range(48, 60), range(60, 68))
"""Eyes, outer and inner lips."""

NEARNESS: Final = 0.004
"""The paper's a, as a share of the picture's side: how exactly points on a line follow it."""
FALLOFF: Final = 2.0
"""The paper's b: how fast a line's influence fades with the distance."""
LENGTH_POWER: Final = 0.5
"""The paper's p: how much more a long line counts."""

GRID_STEP: Final = 4
"""Pixels between the positions at which the field is computed; between them it is linear."""


class FieldMorph:
    """Both pictures pulled to the in-between's feature lines, and blended by (1 - t, t)."""

    def __init__(self, ends: Ends) -> None:
        self._ends = ends
        self._first, self._second = (
            feature_lines(points, ends.size) for points in (ends.first_landmarks, ends.second_landmarks)
        )

    def at(self, t: float) -> NDArray[np.uint8]:
        """See `Morph.at`."""
        lines = (1 - t) * self._first + t * self._second
        first, second = (
            sample(picture, field_positions(lines, wanted, self._ends.size))
            for picture, wanted in ((self._ends.first, self._first), (self._ends.second, self._second))
        )
        return mix(first, second, t)


def feature_lines(landmarks: Points, size: int) -> NDArray[np.float64]:
    """(L, 2, 2) start and end of the face's feature lines, and the four sides of the picture.

    Args:
        landmarks: (478, 2), pixels of the picture.
        size: of the picture.
    """
    marks = landmarks[MEDIAPIPE_TO_IBUG]
    pairs = [pair for run in _OPEN for pair in pairwise(run)]
    pairs += [pair for loop in _CLOSED for pair in pairwise([*loop, loop[0]])]
    end = size - 1.0
    corners = [(0.0, 0.0), (end, 0.0), (end, end), (0.0, end)]
    sides = [(corners[i], corners[(i + 1) % 4]) for i in range(4)]
    return np.concatenate([marks[np.array(pairs)].astype(np.float64), np.array(sides)])


def field_positions(lines: NDArray[np.float64], wanted: NDArray[np.float64], size: int) -> NDArray[np.float32]:
    """(S, S, 2): where each pixel of a picture with these lines lies in the picture whose lines are `wanted`."""
    cells = -(-(size - 1) // GRID_STEP) + 1
    coarse = pixel_positions(cells).reshape(-1, 2).astype(np.float64) * GRID_STEP
    total = np.zeros_like(coarse)
    weights = np.zeros((len(coarse), 1))
    for (start, end), (there_start, there_end) in zip(lines, wanted, strict=True):
        along, along_there = end - start, there_end - there_start
        length, length_there = max(float(np.hypot(*along)), 1e-3), max(float(np.hypot(*along_there)), 1e-3)
        across = np.array([-along[1], along[0]]) / length
        across_there = np.array([-along_there[1], along_there[0]]) / length_there
        u = (coarse - start) @ along / length**2
        v = (coarse - start) @ across
        position = there_start + u[:, None] * along_there + v[:, None] * across_there
        outside = np.minimum(np.hypot(*(coarse - start).T), np.hypot(*(coarse - end).T))
        distance = np.where((u >= 0) & (u <= 1), np.abs(v), outside)
        weight = (length**LENGTH_POWER / (NEARNESS * size + distance)) ** FALLOFF
        total += weight[:, None] * (position - coarse)
        weights += weight[:, None]
    field = (total / weights).reshape(cells, cells, 2).astype(np.float32)
    grid = pixel_positions(size)
    at = grid / GRID_STEP
    shift = cv2.remap(field, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(grid + shift, np.float32)
