"""Drawn eyes: landmarks, flows that close them, and faces that have them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fvae_studio.core.alignment import EYE_CENTER, EYE_DISTANCE, estimate_alignment
from fvae_studio.core.eye_motion import EYES, Side
from fvae_studio.core.types import Face
from tests.helpers.fake_faces import make_face

ROW = EYE_CENTER[1]
MIDDLES: dict[Side, float] = {"R": EYE_CENTER[0] - EYE_DISTANCE / 2, "L": EYE_CENTER[0] + EYE_DISTANCE / 2}
HALF_WIDTH, RISE, FALL, BROW = 7.875, 3.0, 2.5, 11.0
"""An eye's, crop pixels: how far lids rise above and fall below its corners, and how far above them the brow is."""


IRIS = 2.4
"""Its radius; its middle lies between the corners."""


def eyes(*, opening: float = 1.0) -> np.ndarray:
    """(478, 2) landmarks of two eyes, crop pixels; `opening` times as open as usual."""
    landmarks = np.zeros((478, 2), np.float32)
    across = np.linspace(-1, 1, 9)
    arch = 1 - across**2
    for side, middle in MIDDLES.items():
        contours, x = EYES[side], middle + HALF_WIDTH * across
        landmarks[list(contours.upper)] = np.stack([x, ROW - opening * RISE * arch], axis=1)
        landmarks[list(contours.lower)] = np.stack([x, ROW + opening * FALL * arch], axis=1)
        brow = np.linspace(-1, 1, len(contours.brow))
        landmarks[list(contours.brow)] = np.stack([middle + HALF_WIDTH * brow, np.full(len(brow), ROW - BROW)], axis=1)
        around = np.array([[0, 0], [1, 0], [0, -1], [-1, 0], [0, 1]], np.float32)
        landmarks[contours.iris : contours.iris + 5] = np.array([middle, ROW]) + IRIS * around
    return landmarks


def closing_flow(amount: float, sides: Sequence[Side] = ("R", "L")) -> np.ndarray:
    """Closes eyes by a share of their opening, below 0 opens them: what is between the lids is squeezed."""
    flow = np.zeros((128, 128, 2), np.float32)
    rows = np.arange(128.0)
    for side in sides:
        for x in range(128):
            across = (x - MIDDLES[side]) / HALF_WIDTH
            arch = 1 - across**2
            if arch <= 0:
                continue
            top, bottom = ROW - RISE * arch, ROW + FALL * arch
            lid, rim = top + 0.8 * amount * (bottom - top), bottom - 0.2 * amount * (bottom - top)
            shown = np.interp(rows, [ROW - BROW, lid, rim, ROW + 8], [ROW - BROW, top, bottom, ROW + 8])
            inside = (rows > ROW - BROW) & (rows < ROW + 8)
            flow[inside, x, 1] = (shown - rows)[inside]
    return flow


def face_with_eyes(center: tuple[float, float], *, crop_px: float, angle: float = 0.0) -> Face:
    """A face like those of `make_face`, with these eyes."""
    face = make_face(center, crop_px=crop_px, angle=angle)
    to_crop = estimate_alignment(face.landmarks)
    points, drawn = to_crop.apply(face.landmarks), eyes()
    known = np.flatnonzero(drawn.any(axis=1))
    points[known] = drawn[known]
    return Face(face.index, face.box, to_crop.inverse.apply(points), face.score)
