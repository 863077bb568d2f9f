"""What one person's two photos differ by, lent to another person's photo: pairs with the light of real expressions.

Two photos of a person show what rendered pairs lack: folds that a smile draws, cheeks that catch the light, heads that
did not stay quite still. There are few such people. The flow between their photos, carried over by landmarks, moves
anybody else's photo the same way, and the ratio of light between the moved and the taken photo shades it alike (the
idea of expression ratio images: Liu, Shan and Zhang, "Expressive Expression Mapping with Ratio Images", SIGGRAPH 2001).
What the moved photo is made with is known, so these pairs have an exact flow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.colour import transfer_colour
from fvae_studio.core.lips import LOWER_INNER, UPPER_INNER
from fvae_studio.core.residual import shifted

_GRID_STEP: Final = 4
_SMOOTHING: Final = 0.02
_LIGHT_PX: Final = 1.5
"""Of 256: finer differences of light between two photos are noise, and what does not quite match."""
_MOST_LIGHT: Final = 1.6
_OPEN_PX: Final = 2.5
"""Of 128: what is between lips that are nearer than this is not carried over."""
_NEAR_TO_FAR: Final = ((0.7, 1.0), (2.0, 1e-2), (5.0, 1e-4), (12.0, 1e-6))
"""Widths in pixels of 128 with their weights: what is known near by outweighs what is known further off."""
_ROUNDS: Final = 12
_ASTRAY_PX: Final = 0.3

Field = NDArray[np.float32]
"""(S, S, 2) backward flow or map, pixels."""


@dataclass(frozen=True, eq=False)
class Lending:
    """Two photos of one person, S pixels wide; what leads from the first to the second is lent.

    Attributes:
        first, second: (S, S, 3) uint8; the first in the second one's colours.
        first_landmarks, second_landmarks: (478, 2), pixels of these crops.
        flow: (S, S, 2), the second photo's pixel p is the first one's p + flow(p).
        known: (S, S) in [0, 1]: where this can be believed.
    """

    first: NDArray[np.uint8]
    second: NDArray[np.uint8]
    first_landmarks: Field
    second_landmarks: Field
    flow: Field
    known: Field


@dataclass(frozen=True, eq=False)
class LentPair:
    """A photo and what was made of it; the flow both ways.

    Attributes:
        made: (S, S, 3) uint8, the photo with the lent expression.
        flow, seen: made pixel p is the photo's p + flow(p), where `seen` (S, S) is 1.
        back, seen_back: the photo's pixel p is `made`'s p + back(p), likewise.
    """

    made: NDArray[np.uint8]
    flow: Field
    seen: Field
    back: Field
    seen_back: Field

    def reduced(self, size: int) -> LentPair:
        """The pair at `size` pixels, averaged."""
        scale = np.float32(size / len(self.made))

        def small(values: NDArray[Any]) -> NDArray[Any]:
            averaged: NDArray[Any] = cv2.resize(values, (size, size), interpolation=cv2.INTER_AREA)
            return averaged

        flow, back = small(self.flow) * scale, small(self.back) * scale
        return LentPair(small(self.made), flow, small(self.seen), back, small(self.seen_back))


def lend(lending: Lending, photo: NDArray[np.uint8], landmarks: Field) -> LentPair:
    """Give the photo of one person the other's change of expression.

    Args:
        lending: whose expression.
        photo: (S, S, 3) uint8 of somebody whose face looks about as in `lending.first`.
        landmarks: (478, 2) in it.
    """
    to_lender = carried(landmarks, lending.first_landmarks, len(photo))
    from_lender = carried(lending.first_landmarks, landmarks, len(photo))
    arrived = to_lender + _sample(lending.flow, to_lender)
    # The two maps are inverse but for their smoothing: the difference leaves still what is still with the lender.
    flow = (_sample(from_lender, arrived) - _sample(from_lender, to_lender)).astype(np.float32)
    seen = np.ones(flow.shape[:2], np.float32)
    made = shifted(photo.astype(np.float32), flow) * _sample(_light(lending), to_lender)[..., None]
    opened = _sample(_opening(lending), to_lender)
    if opened.any():
        inside = transfer_colour(lending.second, photo).astype(np.float32)
        made += opened[..., None] * (_sample(inside, to_lender) - made)
        seen -= opened
    back, found = _inverse(flow)
    return LentPair(np.clip(np.rint(made), 0, 255).astype(np.uint8), flow, seen, back, found * shifted(seen, back))


def completed(flow: Field, known: Field) -> Field:
    """A flow (S, S, 2) as it is where `known` (S, S) is 1; elsewhere it follows from what is known around."""
    kept = cv2.erode(known, np.ones((3, 3), np.uint8))
    total, weight = np.zeros_like(flow), np.full(kept.shape, 1e-12, np.float32)
    for sigma, share in _NEAR_TO_FAR:
        total += share * cv2.GaussianBlur(flow * kept[..., None], (0, 0), sigma)
        weight += share * cv2.GaussianBlur(kept, (0, 0), sigma)
    return np.asarray(total / weight[..., None], np.float32)


def carried(at: Field, to: Field, size: int) -> Field:
    """(S, S, 2) map that takes the points `at` to `to`, smoothly, and leaves the far corners where they are."""
    far = np.array([[-1, -1], [2, -1], [-1, 2], [2, 2]], np.float32) * size
    spline = RBFInterpolator(
        np.concatenate([at, far]) / CROP_SIZE,
        np.concatenate([to - at, np.zeros((4, 2), np.float32)]),
        kernel="thin_plate_spline",
        smoothing=_SMOOTHING,
    )
    cells = -(-size // _GRID_STEP) + 1
    places = np.stack(np.meshgrid(np.arange(cells), np.arange(cells)), axis=-1).reshape(-1, 2) * _GRID_STEP
    coarse = spline(places / CROP_SIZE).reshape(cells, cells, 2).astype(np.float32)
    grid = _grid(size)
    moved = cv2.remap(coarse, grid[..., 0] / _GRID_STEP, grid[..., 1] / _GRID_STEP, cv2.INTER_CUBIC)
    return np.asarray(grid + moved, np.float32)


def _light(lending: Lending) -> Field:
    """(S, S): the second photo's light over that of the first one, moved."""
    moved = shifted(lending.first.astype(np.float32), lending.flow)
    there, here = (
        cv2.GaussianBlur(image.astype(np.float32).mean(axis=-1), (0, 0), _LIGHT_PX) + 4.0
        for image in (lending.second, moved)
    )
    ratio = np.log(np.clip(there / here, 1 / _MOST_LIGHT, _MOST_LIGHT))
    known = cv2.GaussianBlur(lending.known, (0, 0), 2 * _LIGHT_PX)
    return np.asarray(np.exp(ratio * known), np.float32)


def _opening(lending: Lending) -> Field:
    """(S, S) in [0, 1]: between the lips of the second photo, where they part further than in the first."""
    size = len(lending.second)
    opened = np.zeros((size, size), np.float32)
    gaps = [
        float((at[list(LOWER_INNER), 1] - at[list(UPPER_INNER), 1]).max())
        for at in (lending.first_landmarks, lending.second_landmarks)
    ]
    if gaps[1] > max(gaps[0], 0) + _OPEN_PX * size / CROP_SIZE:
        outline = np.round(lending.second_landmarks[[*UPPER_INNER, *LOWER_INNER[::-1]]] * 8).astype(np.int32)
        cv2.fillPoly(opened, [outline], 1.0, cv2.LINE_AA, 3)
        opened = cv2.GaussianBlur(opened, (0, 0), 1.0)
    return np.asarray(opened, np.float32)


def _inverse(flow: Field) -> tuple[Field, Field]:
    """The flow back, and (S, S) 1 where it arrives."""
    back = -flow
    for _ in range(_ROUNDS):
        back = -shifted(flow, back)
    astray = np.linalg.norm(back + shifted(flow, back), axis=-1)
    return back, (astray < _ASTRAY_PX).astype(np.float32)


def _sample(values: Field, at: Field) -> Field:
    sampled: Field = cv2.remap(values, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return sampled


def _grid(size: int) -> Field:
    return np.asarray(np.stack(np.meshgrid(np.arange(size), np.arange(size)), axis=-1), np.float32)
