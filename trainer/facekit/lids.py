"""Closing eyes, from the photo's own lid contours.

FaceKit's blink slides skin that is folded away in an open eye, so a photo warped by it shows a smear of lashes. In a
photo, a closing lid is better made by stretching what lies between brow and lashes over the eye: a shift along the
columns, known exactly from the contours of the lids.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.eye_motion import EYES

MEETING: Final = 0.82
"""Where closed lids meet, from the upper lid (0) to the lower lid (1)."""

LASHES: Final = 0.35
"""Crop pixels above the upper contour that still belong to the lash line and move with it."""


@dataclass(frozen=True, eq=False)
class LidShift:
    """A backward shift along y.

    Attributes:
        shift: (S, S) float32: the target pixel (x, y) samples (x, y + shift).
        visible: (S, S) bool: whether the source shows it.
    """

    shift: NDArray[np.float32]
    visible: NDArray[np.bool_]


def lid_shift(
    landmarks: NDArray[np.float32], closing: dict[Literal["L", "R"], float], *, size: int, reverse: bool = False
) -> LidShift:
    """Shift that closes eyes by a share in [0, 1], or (reverse) opens eyes that were closed by that share.

    Args:
        landmarks: (478, 2) of the photo with open eyes, in pixels of a grid of this `size`.
        closing: by the person's own side.
        size: of the grid.
        reverse: the source is the photo with closed eyes, the target the one with open eyes.
    """
    shift = np.zeros((size, size), np.float32)
    visible = np.ones((size, size), np.bool_)
    rows = np.arange(size, dtype=np.float32)
    for side, share in closing.items():
        if share <= 0:
            continue
        upper, lower, brow = (
            _curve(landmarks, points) for points in (EYES[side].upper, EYES[side].lower, EYES[side].brow)
        )
        low, high = upper[0][0], upper[0][-1]
        for x in range(max(0, int(np.ceil(low))), min(size - 1, int(high)) + 1):
            top = float(np.interp(x, *upper)) - LASHES
            bottom = max(float(np.interp(x, *lower)), top + 0.05)
            above = min(float(np.interp(x, *brow)), top - 1.0)
            # Between the brow's lower edge and here nothing moves.
            still = top - 0.75 * (top - above)
            below = bottom + 0.7 * (bottom - top) + 1.0
            meeting = top + MEETING * (bottom - top)
            lid, under = top + share * (meeting - top), bottom - share * (bottom - meeting)
            if reverse:
                # Open from closed: what the lids covered is stretched from their rims.
                sample = np.interp(
                    rows, [still, top, lid, under, bottom, below], [still, lid, lid, under, under, below]
                )
                visible[:, x] &= ~((rows > top) & (rows < bottom) & ((rows < lid) | (rows > under)))
            else:
                sample = np.where(
                    rows <= lid,
                    np.interp(rows, [still, lid], [still, top]),
                    np.where(rows >= under, np.interp(rows, [under, below], [bottom, below]), rows),
                )
            moving = (rows > still) & (rows < below)
            shift[moving, x] = (sample - rows)[moving]
    # Neighbouring columns differ a little by rounding only.
    return LidShift(cv2.GaussianBlur(shift, (5, 1), 0.8), visible)


def compose(outer: NDArray[np.float32], inner: LidShift) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """First close the lids in the photo, then move the face: p samples p + F(p) + B(p + F(p)).

    Args:
        outer: (S, S, 2) F.
        inner: B.

    Returns:
        The whole flow (S, S, 2), and (S, S) float32 what of it B sees.
    """
    size = outer.shape[0]
    ys, xs = np.mgrid[0:size, 0:size].astype(np.float32)
    x, y = xs + outer[..., 0], ys + outer[..., 1]
    flow = outer.copy()
    flow[..., 1] += cv2.remap(inner.shift, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    seen = cv2.remap(inner.visible.astype(np.float32), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return flow, seen


def compose_reverse(outer: NDArray[np.float32], inner: LidShift) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """First move the face back, then open the lids: p samples q + G(q) with q = p + B(p).

    Args:
        outer: (S, S, 2) G, from the photo's frame into the moved picture.
        inner: B, from open eyes to closed ones.
    """
    size = outer.shape[0]
    ys, xs = np.mgrid[0:size, 0:size].astype(np.float32)
    moved = cv2.remap(outer, xs, ys + inner.shift, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    flow = moved.copy()
    flow[..., 1] += inner.shift
    return flow, inner.visible.astype(np.float32)


def _curve(landmarks: NDArray[np.float32], indices: tuple[int, ...]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    points = landmarks[list(indices)]
    order = np.argsort(points[:, 0])
    return points[order, 0], points[order, 1]
