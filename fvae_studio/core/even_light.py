"""One light for two photos of a face: where a shadow falls on one of them alone, it is filled.

What compares photos to find out what moved takes the edge of a shadow for something that moved. So does a fit, which
would bend a face until its lit half covers the dark one. What the networks and the fit see is therefore each photo in
the light of whichever is lighter.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.flow_spline import passage
from fvae_studio.core.geometry import SimilarityTransform
from fvae_studio.core.mouth_light import LUMINANCE
from fvae_studio.core.registration import light_rows
from fvae_studio.core.trust import FACE
from fvae_studio.core.types import FloatMap, RgbImage

DIFFERS: Final = (0.06, 0.12)
"""Standard deviation over the face, in natural logarithms, of what one photo is lighter by: up to the first number two
photos are in one light, from the second on they are not. The London set's 81 pairs, in one light, have 0.057 at most,
video frames of a head that turns 0.01 to 0.11; a slope of 1 : 3 from one side to the other 0.17, half of a face in
shadow 0.4."""

_BLACK: Final = 0.003
"""Added to what is in [0, 1] before its logarithm is taken. With ten times as much a shadow on dark hair and skin is
taken for less than it is, and fits of what was filled go astray by 3 dB."""

_MEDIAN_PX: Final = 25
"""Crop pixels of the square over which the median is taken: an eye, a mouth and what moves are less than half of it,
and the straight edge of a shadow survives."""

_MOST: Final = 1.6
"""Natural logarithm of the largest factor between two lights."""

_EDGE_PX: Final = 1.0
_REST: Final = 0.03
_REST_PX: Final = 8.0
"""What the median's 256 steps leave, at most so much, is taken from a mean over these crop pixels."""


def light_lacking(here: NDArray[np.uint8], there: NDArray[np.uint8]) -> FloatMap:
    """By how much another photo is lighter, place by place.

    Args:
        here: (S, S, 3), an aligned crop.
        there: (S, S, 3), another one, moved to lie on it.

    Returns:
        (S, S), natural logarithm of the factor; nowhere below 0: a shadow is filled in the photo that it falls on. 0
        everywhere where both are in one light (`DIFFERS`).
    """
    light = light_between(here, there)
    scale = here.shape[0] / CROP_SIZE
    left, top, right, bottom = (round(scale * side) for side in FACE)
    spread = float(light[top:bottom, left:right].std())
    lacking: FloatMap = np.asarray(np.float32(passage(spread, DIFFERS)) * np.maximum(light, 0), np.float32)
    return lacking


def light_between(here: NDArray[np.uint8], there: NDArray[np.uint8]) -> FloatMap:
    """(S, S), natural logarithm of the factor by which the second of two crops is lighter, apart from what moves."""
    apart = _luminance(there) - _luminance(here)
    scale = here.shape[0] / CROP_SIZE
    steps = np.clip(np.round((apart / _MOST + 1) * 127.5), 0, 255).astype(np.uint8)
    coarse = cv2.medianBlur(steps, 2 * round(_MEDIAN_PX * scale / 2) + 1).astype(np.float32)
    light = cv2.GaussianBlur((coarse / 127.5 - 1) * np.float32(_MOST), (0, 0), _EDGE_PX * scale)
    rest = np.clip(apart - light, -_REST, _REST)
    light += cv2.GaussianBlur(rest, (0, 0), _REST_PX * scale)
    return np.asarray(light, np.float32)


def in_light(picture: NDArray[np.uint8], light: FloatMap) -> NDArray[np.uint8]:
    """A crop (S, S, 3) in other light: its natural logarithm, of any size; the same object where that is 0."""
    if not light.any():
        return picture
    size = (picture.shape[1], picture.shape[0])
    lit = lit_pixels(picture, light if light.shape[::-1] == size else cv2.resize(light, size))
    return lit.astype(np.uint8, copy=False)


def photo_in_light(pixels: RgbImage, light: FloatMap, from_crop: SimilarityTransform) -> RgbImage:
    """A picture in other light, in its own depth.

    Args:
        pixels: (h, w, 3).
        light: (S, S), natural logarithm, for the aligned crop; beyond it nothing changes.
        from_crop: crop pixels -> pixels of the picture.
    """
    if not light.any():
        return pixels
    result = np.empty_like(pixels)
    for rows, factor in light_rows(light, from_crop, (pixels.shape[0], pixels.shape[1])):
        result[rows] = lit_pixels(pixels[rows], factor)
    return result


def lit_pixels(pixels: RgbImage, light: FloatMap) -> RgbImage:
    """Pixels (h, w, 3), each in its own light (h, w), natural logarithm."""
    limit = np.float32(np.iinfo(pixels.dtype).max)
    black = np.float32(_BLACK) * limit
    lit = (pixels.astype(np.float32) + black) * np.exp(light)[..., None] - black
    result: RgbImage = np.clip(np.round(lit), 0, limit).astype(pixels.dtype)
    return result


def _luminance(picture: NDArray[np.uint8]) -> FloatMap:
    """Natural logarithm of that of the encoded channels, (S, S)."""
    luminance = picture.astype(np.float32) / 255 @ LUMINANCE
    return np.asarray(np.log(luminance + np.float32(_BLACK)), np.float32)
