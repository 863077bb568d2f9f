"""What one person's two photos differ by, lent to another person's photo: pairs with the light of real expressions.

Two photos of a person show what rendered pairs lack: folds that a smile draws, cheeks that catch the light, heads that
did not stay quite still. There are few such people. The flow between their photos, carried over by landmarks, moves
anybody else's photo the same way, and the ratio of light between the moved and the taken photo shades it alike (the
idea of expression ratio images: Liu, Shan and Zhang, "Expressive Expression Mapping with Ratio Images", SIGGRAPH 2001).
What the moved photo is made with is known, so these pairs have an exact flow.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.colour import transfer_colour
from fvae_studio.core.crop_places import shifted
from fvae_studio.core.lips import LOWER_INNER, UPPER_INNER, opening
from trainer.dense_maps import pixel_grid, remap, smooth_field

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

    @cached_property
    def light(self) -> Field:
        """(S, S): the second photo's light over that of the first one, moved."""
        moved = shifted(self.first.astype(np.float32), self.flow)
        there, here = (
            cv2.GaussianBlur(image.astype(np.float32).mean(axis=-1), (0, 0), _LIGHT_PX) + 4.0
            for image in (self.second, moved)
        )
        ratio = np.log(np.clip(there / here, 1 / _MOST_LIGHT, _MOST_LIGHT))
        known = cv2.GaussianBlur(self.known, (0, 0), 2 * _LIGHT_PX)
        return np.asarray(np.exp(ratio * known), np.float32)

    @cached_property
    def opened(self) -> Field:
        """(S, S) in [0, 1]: between the lips of the second photo, where they part further than in the first."""
        size = len(self.second)
        between = np.zeros((size, size), np.float32)
        if opening(self.second_landmarks) > opening(self.first_landmarks) + _OPEN_PX * size / CROP_SIZE:
            outline = np.round(self.second_landmarks[[*UPPER_INNER, *LOWER_INNER[::-1]]] * 8).astype(np.int32)
            cv2.fillPoly(between, [outline], 1.0, cv2.LINE_AA, 3)
            between = cv2.GaussianBlur(between, (0, 0), 1.0)
        return np.asarray(between, np.float32)


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
    arrived = to_lender + remap(lending.flow, to_lender)
    # The two maps are inverse but for their smoothing: the difference leaves still what is still with the lender.
    flow = (remap(from_lender, arrived) - remap(from_lender, to_lender)).astype(np.float32)
    seen = np.ones(flow.shape[:2], np.float32)
    made = shifted(photo.astype(np.float32), flow) * remap(lending.light, to_lender)[..., None]
    opened = remap(lending.opened, to_lender)
    if opened.any():
        inside = transfer_colour(lending.second, photo).astype(np.float32)
        made += opened[..., None] * (remap(inside, to_lender) - made)
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
    field = smooth_field(at, to - at, size, unit=CROP_SIZE, smoothing=_SMOOTHING, step=_GRID_STEP)
    return np.asarray(pixel_grid(size) + field, np.float32)


def _inverse(flow: Field) -> tuple[Field, Field]:
    """The flow back, and (S, S) 1 where it arrives."""
    back = -flow
    for _ in range(_ROUNDS):
        back = -shifted(flow, back)
    return back, leads_back(back, flow, within_px=_ASTRAY_PX)


def leads_back(flow: Field, back: Field, *, within_px: float) -> Field:
    """(S, S) 1 where the way there by `flow` and back by the other one ends where it began, else 0."""
    astray = np.linalg.norm(flow + shifted(back, flow), axis=-1)
    return np.asarray(astray < within_px, np.float32)
