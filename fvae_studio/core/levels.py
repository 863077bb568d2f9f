"""Smaller copies of a photo: level k is the photo made smaller by 2^k, level 0 the photo itself.

A pixel of level k is the mean of exactly 2^k x 2^k photo pixels, so positions stay exact: its pixel q stands for the
photo position (q + 0.5) 2^k - 0.5. What is left over at the right and lower edge belongs to no pixel.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

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


def shrink_photo(photo: Photo, longer_side: int) -> tuple[Photo, SimilarityTransform]:
    """The photo made smaller to any size, without path.

    Args:
        photo: 8 or 16 bit, with or without alpha.
        longer_side: in pixels; a photo that is no longer stays itself.

    Returns:
        The smaller photo, and photo pixels -> its pixels: exactly one factor in both directions, for which up to one
        pixel is left out at the right or lower edge.
    """
    factor = longer_side / max(photo.width, photo.height)
    if factor >= 1:
        return photo, SimilarityTransform.identity()
    size = max(1, int(photo.width * factor + 1e-6)), max(1, int(photo.height * factor + 1e-6))
    alpha = None if photo.alpha is None else _shrink(photo.alpha, size, factor)
    shift = (factor - 1) / 2
    small = Photo(_shrink(photo.pixels, size, factor), alpha, photo.metadata)
    return small, SimilarityTransform(factor, 0.0, shift, shift)


def _shrink(pixels: NDArray[Any], size: tuple[int, int], factor: float) -> NDArray[Any]:
    if pixels.dtype == np.uint8:
        # Sharper than averaging; Pillow has no colours of 16 bits.
        box = (0.0, 0.0, min(size[0] / factor, pixels.shape[1]), min(size[1] / factor, pixels.shape[0]))
        return np.array(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS, box=box))
    smaller: NDArray[Any] = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(smaller[: size[1], : size[0]])


def _reduce(pixels: NDArray[Any], factor: int) -> NDArray[Any]:
    width, height = pixels.shape[1] // factor, pixels.shape[0] // factor
    whole = pixels[: height * factor, : width * factor]
    reduced: NDArray[Any] = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(reduced)
