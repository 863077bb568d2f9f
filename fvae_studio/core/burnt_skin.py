"""Skin that is burnt out in one photo alone: its colour is what another photo shows there.

Skin is burnt out in red first. In the other photo's darker colours such places would be grey, or green.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.face_parts import part_mask
from fvae_studio.core.geometry import Points
from fvae_studio.core.registration import burnt_out, face_hull, spread_colour

_NEARBY_PX: Final = 3.0
"""Crop pixels over which colours are averaged: what is added is colour, no detail."""

_EDGE_PX: Final = 1.0

_APART: Final = 0.25
"""Differences of values in [0, 1] that are colour: where they are larger, the two show other things."""

_PARTS_PX: Final = 2.0
"""Around lips and eyes, whose teeth and whites may well be white."""


def fit_burnt_skin(
    crop: NDArray[np.uint8], coloured: NDArray[np.uint8], first: NDArray[np.uint8], landmarks: Points | None
) -> NDArray[np.float32]:
    """What burnt-out skin of one crop lacks to have another one's colours.

    Args:
        crop: (CROP_SIZE, CROP_SIZE, 3), as it was photographed.
        coloured: likewise, in the other one's colours.
        first: the other one, moved to lie on it.
        landmarks: (478, 2) of the crop's face in crop pixels; None: what is no skin is not known, so nothing is added.

    Returns:
        (CROP_SIZE, CROP_SIZE, 3) to be added, values in [-1, 1]; 0 where nothing is burnt out.
    """
    burnt = burnt_out(crop)
    if landmarks is None or not burnt.any():
        return np.zeros((CROP_SIZE, CROP_SIZE, 3), np.float32)
    lips, eyes = (part_mask(landmarks, part, grow_px=_PARTS_PX, feather_px=_PARTS_PX) for part in ("mouth", "eyes"))
    skin = (burnt * face_hull(landmarks, CROP_SIZE) * (1 - lips) * (1 - eyes)).astype(np.float32)
    lacking = (first.astype(np.float32) - coloured) / 255
    alike = skin * np.exp(-np.square(np.abs(lacking).max(axis=2) / _APART))
    amount = cv2.GaussianBlur(skin, (0, 0), _EDGE_PX)
    return spread_colour(lacking, alike, amount, sigma=_NEARBY_PX)
