"""Smaller copies of a photo: level k is the photo made smaller by 2^k, level 0 the photo itself.

A pixel of level k is the mean of exactly 2^k x 2^k photo pixels, so positions stay exact: its pixel q stands for the
photo position (q + 0.5) 2^k - 0.5. What is left over at the right and lower edge belongs to no pixel.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.geometry import SimilarityTransform
from fvae_studio.core.types import Photo


def level_to_photo(level: int) -> SimilarityTransform:
    """Pixels of a level -> photo pixels."""
    return SimilarityTransform.resize(1, 2**level)


def highest_level(photo: Photo) -> int:
    """The last level that still has a pixel in both directions."""
    return min(photo.width, photo.height).bit_length() - 1


def reduce_photo(photo: Photo, level: int) -> Photo:
    """The photo at a level, without path; the very photo at level 0.

    Args:
        photo: 8 or 16 bit, with or without alpha.
        level: 0 to `highest_level`; higher ones are taken as that.
    """
    level = min(level, highest_level(photo))
    if level <= 0:
        return photo
    alpha = None if photo.alpha is None else _reduce(photo.alpha, 2**level)
    return Photo(_reduce(photo.pixels, 2**level), alpha, photo.metadata)


def _reduce(pixels: NDArray[Any], factor: int) -> NDArray[Any]:
    width, height = pixels.shape[1] // factor, pixels.shape[0] // factor
    whole = pixels[: height * factor, : width * factor]
    reduced: NDArray[Any] = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(reduced)
