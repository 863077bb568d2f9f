"""In-betweens by general optical flow: each picture follows its own flow part of the way, then both are blended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from trainer.baselines.dis import dis_flow
from trainer.baselines.morph import Ends, mix, pixel_positions, sample

ROUNDS: Final = 12
"""Of the fixed point below; flows of a face settle within a few."""


class FlowMorph:
    """Dense flow both ways; DIS by default.

    A point x of the first picture that goes to x + g(x) in the second is, at t, at x + t g(x). The picture at t needs
    the x that arrives at its pixel p: x = p - t g(x), found by repetition. The second picture goes the other way.
    """

    def __init__(
        self,
        ends: Ends,
        flow: Callable[[NDArray[np.uint8], NDArray[np.uint8]], NDArray[np.float32]] = dis_flow,
    ) -> None:
        self._ends = ends
        # A backward flow makes its source look like its target: at the target's pixel it points into the source.
        self._first_to_second = flow(ends.second, ends.first)
        self._second_to_first = flow(ends.first, ends.second)

    def at(self, t: float) -> NDArray[np.uint8]:
        """See `Morph.at`."""
        first = sample(self._ends.first, arriving(self._first_to_second, t))
        second = sample(self._ends.second, arriving(self._second_to_first, 1 - t))
        return mix(first, second, t)


def arriving(flow: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    """(S, S, 2): for each pixel p the position x with x + share * flow(x) = p."""
    grid = pixel_positions(flow.shape[0])
    at = grid
    for _ in range(ROUNDS if share else 0):
        seen = cv2.remap(flow, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        at = grid - np.float32(share) * seen
    return at
