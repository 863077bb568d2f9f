"""What teeth would look like in a photo that shows none: the colour of its light, told by eyes and skin."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.face_parts import LEFT_EYE, RIGHT_EYE
from fvae_studio.core.geometry import Points

LUMINANCE: Final = np.array([0.2126, 0.7152, 0.0722], np.float32)

_IRISES: Final = (468, 473)
_CHEEKS: Final = (50, 280, 205, 425)

# Over 80 people of the London set, who stand in one light, the luminance of the whites of the eyes has a standard
# deviation of 0.26 and that of the skin one of 0.5 (natural logarithms); teeth of the 19 who show theirs have 0.1. Each
# witness is weighed by its variance; the third is that portraits are well exposed, taken to be right to 0.45.
_SCLERA_TO_TEETH: Final = 0.59
_SKIN_TO_TEETH: Final = 0.72
_USUAL: Final = 0.56
_WEIGHTS: Final = (0.62, 0.2, 0.18)
_SCLERA_COLOUR: Final = np.array([1.141, 0.964, 0.94], np.float32)
"""Of the whites of the eyes in neutral light, over their luminance: the lids' reflections make them warm."""

_RANGE: Final = (0.03, 0.68)
_COLOUR_TRUST: Final = 0.45


def to_linear(values: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """From sRGB in [0, 1] to linear light."""
    linear: NDArray[np.float32] = np.where(
        values <= 0.04045, values / 12.92, (np.maximum(values, 0) / 1.055 + 0.055 / 1.055) ** 2.4
    ).astype(np.float32)
    return linear


def to_srgb(values: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """From linear light to sRGB in [0, 1]."""
    clipped = np.clip(values, 0, 1)
    encoded: NDArray[np.float32] = np.where(
        clipped <= 0.0031308, clipped * 12.92, 1.055 * np.power(clipped, 1 / 2.4) - 0.055
    ).astype(np.float32)
    return encoded


def mean_colour(crop: NDArray[np.uint8], points: Points, side: int) -> NDArray[np.float32]:
    """(3,) linear: of squares of `side` pixels around points (N, 2), pixels of the crop (S, S, 3)."""
    patches = [cv2.getRectSubPix(crop, (side, side), tuple(map(float, point))) for point in points]
    return to_linear(np.mean(patches, axis=(0, 1, 2)) / 255)


def estimate_white(crop: NDArray[np.uint8], landmarks: Points) -> NDArray[np.float32]:
    """The colour that neutral white teeth would have in this photo.

    Args:
        crop: (S, S, 3) aligned crop, large enough to show the whites of the eyes; taken to be sRGB.
        landmarks: (478, 2), crop pixels.

    Returns:
        (3,) linear.
    """
    points = (landmarks + 0.5) * (crop.shape[0] / CROP_SIZE) - 0.5
    skin = _skin(crop, points)
    sclera = _sclera(crop, points)
    if sclera is None:
        sclera = skin
    light_sclera, light_skin = (max(float(colour @ LUMINANCE), 1e-3) for colour in (sclera, skin))
    told = (_SCLERA_TO_TEETH + np.log(light_sclera), _SKIN_TO_TEETH + np.log(light_skin), np.log(_USUAL))
    luminance = np.exp(np.dot(_WEIGHTS, told))
    tint = sclera / light_sclera / _SCLERA_COLOUR
    tint = np.clip(tint, 0.5, 1.6) ** _COLOUR_TRUST
    tint /= float(tint @ LUMINANCE)
    white: NDArray[np.float32] = (np.clip(luminance, *_RANGE) * tint).astype(np.float32)
    return white


def _skin(crop: NDArray[np.uint8], points: Points) -> NDArray[np.float32]:
    return mean_colour(crop, points[list(_CHEEKS)], max(3, crop.shape[0] // 26))


def _sclera(crop: NDArray[np.uint8], points: Points) -> NDArray[np.float32] | None:
    """Mean of the lighter half of the eyes without irises and glints; None where the eyes are shut."""
    mask = np.zeros(crop.shape[:2], np.uint8)
    for eye in (RIGHT_EYE, LEFT_EYE):
        cv2.fillPoly(mask, [np.rint(points[list(eye)] * 16).astype(np.int32)], 1, shift=4)
    mask = cv2.erode(mask, np.ones((3, 3), np.uint8))
    radius = 0.26 * float(np.hypot(*(points[33] - points[133])))
    for iris in _IRISES:
        cv2.circle(mask, tuple(np.rint(points[iris]).astype(int).tolist()), round(radius), 0, -1)
    found = to_linear(crop[mask > 0].astype(np.float32) / 255)
    if len(found) < 40:
        return None
    luminance = found @ LUMINANCE
    low, high = np.percentile(luminance, (60, 95))
    mean: NDArray[np.float32] = found[(luminance >= low) & (luminance <= high)].mean(axis=0)
    return mean
