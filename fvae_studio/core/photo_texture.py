"""How grainy and how soft a photo is, so that what is put into it can be made alike."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.geometry import Rect
from fvae_studio.core.types import FloatMap

_TILE: Final = 256
_MOST_GRAIN: Final = 0.03

_SHARP: Final = 1.3
"""What the measure of softness gives for a sharp photo: edges of lips are no steps. 0.6 to 1.35 in eight portraits."""


def measure_softness(pixels: NDArray[np.floating[Any]]) -> float:
    """Standard deviation of the blur in a picture, in its pixels; 0 for a sharp one.

    Edges that are soft already lose little of their slope when they are blurred once more: of a step blurred by s,
    one pixel more leaves s / sqrt(s^2 + 1) of it. Measured on portraits blurred by 1, 2 and 4: 0.9 to 1.5, 1.8 to 2.4
    and 3.7 to 4.7.

    Args:
        pixels: (H, W, 3), values in [0, 1].
    """
    grey = np.ascontiguousarray(pixels.mean(axis=2), dtype=np.float32)
    if min(grey.shape) < 8:
        return 0.0
    own, blurred = _slopes(grey), _slopes(cv2.GaussianBlur(grey, (0, 0), 1.0))
    steepest = own >= np.percentile(own, 95)
    total = float(own[steepest].sum())
    if total < 1e-6:
        return 0.0
    left = min(math.sqrt(float(blurred[steepest].sum()) / total), 0.999)
    found = left / math.sqrt(1 - left * left)
    return math.sqrt(max(found * found - _SHARP * _SHARP, 0))


def measure_grain(pixels: NDArray[np.floating[Any]]) -> float:
    """Standard deviation of the noise over the square root of the brightness, in a picture with values in [0, 1].

    Args:
        pixels: (H, W, 3).
    """
    grey = np.ascontiguousarray(pixels.mean(axis=2), dtype=np.float32)
    fine = np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 1.0))
    # The calmest part tells the grain, the rest is texture.
    calm = float(np.percentile(cv2.blur(fine, (9, 9)), 25))
    return min(1.25 * calm / math.sqrt(max(float(grey.mean()), 0.02)), _MOST_GRAIN)


def add_grain(pixels: FloatMap, level: float, place: Rect) -> FloatMap:
    """Put noise over a picture; it is the same at the same pixel of the photo, whatever is shown there.

    Args:
        pixels: (place.height, place.width, 3), values in [0, 1].
        level: from `measure_grain`.
        place: where it lies in the photo.
    """
    rows, columns = np.arange(place.y, place.bottom) % _TILE, np.arange(place.x, place.right) % _TILE
    brightness = np.sqrt(np.clip(pixels.mean(axis=2), 0.02, 1))
    grainy: FloatMap = pixels + (level * _noise()[np.ix_(rows, columns)] * brightness)[..., None].astype(np.float32)
    return grainy


def _slopes(grey: FloatMap) -> FloatMap:
    slopes: FloatMap = cv2.Sobel(grey, cv2.CV_32F, 1, 0) ** 2 + cv2.Sobel(grey, cv2.CV_32F, 0, 1) ** 2
    return slopes


@lru_cache(maxsize=1)
def _noise() -> FloatMap:
    noise = np.random.default_rng(7).standard_normal((_TILE, _TILE)).astype(np.float32)
    # Cameras and JPEG leave no noise between neighbouring pixels; around the border it goes on on the other side.
    smooth = cv2.GaussianBlur(np.tile(noise, (3, 3)), (0, 0), 0.6)[_TILE : 2 * _TILE, _TILE : 2 * _TILE]
    tile: FloatMap = smooth / smooth.std()
    tile.flags.writeable = False
    return tile
