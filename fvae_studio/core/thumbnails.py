"""Small pictures of photos and of faces, for strips and cards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.geometry import Rect
from fvae_studio.core.types import Face, Photo, RgbImage, read_only

PHOTO_PX: Final = 288
FACE_PX: Final = 176


@dataclass(frozen=True, eq=False)
class Thumbnail:
    """A small picture in 8 bit, encoded as its photo's ICC profile says.

    Attributes:
        pixels: (h, w, 3) uint8.
        icc: the photo's profile, or None for sRGB.
    """

    pixels: NDArray[np.uint8]
    icc: bytes | None = None

    def __post_init__(self) -> None:
        read_only(self.pixels)


def photo_thumbnail(photo: Photo, size: int = PHOTO_PX) -> Thumbnail:
    """The whole photo, its longer side `size` pixels at most."""
    return Thumbnail(_fit(photo.pixels, size), photo.metadata.icc)


def face_window(face: Face, photo: Photo) -> Rect:
    """The square around a face's box with some air, inside the photo as far as that goes."""
    side = round(1.35 * max(face.box.width, face.box.height))
    x, y = face.box.center
    return Rect(round(x - side / 2), round(y - side / 2), side, side).intersect(photo.bounds)


def level_for_window(window: Rect, size: int = FACE_PX) -> int:
    """The highest level at which a window still has `size` pixels."""
    level = 0
    while max(window.width, window.height) >> (level + 1) >= size:
        level += 1
    return level


def face_thumbnail(
    photo: Photo, window: Rect, patches: Sequence[tuple[int, Rect, RgbImage]], size: int = FACE_PX
) -> Thumbnail:
    """A window of a photo with edited patches of one level in it.

    Args:
        photo: the source.
        window: photo pixels, inside the photo.
        patches: (level, region in pixels of that level, pixels).
        size: longer side of the result.
    """
    level = patches[0][0] if patches else level_for_window(window, size)
    factor = 2**level
    part = Rect(window.x // factor, window.y // factor, max(1, window.width // factor), max(1, window.height // factor))
    source = photo.pixels[
        part.y * factor : (part.y + part.height) * factor, part.x * factor : (part.x + part.width) * factor
    ]
    pixels: NDArray[Any] = source.copy()
    if factor > 1:
        pixels = cv2.resize(source, (part.width, part.height), interpolation=cv2.INTER_AREA)
    for _, roi, edited in patches:
        common = roi.intersect(part)
        if not common.is_empty:
            pixels[common.within(part)] = edited[common.within(roi)]
    return Thumbnail(_fit(pixels, size), photo.metadata.icc)


def _fit(pixels: NDArray[Any], size: int) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    scale = min(1.0, size / max(height, width))
    target = max(1, round(width * scale)), max(1, round(height * scale))
    small = pixels if scale == 1 else cv2.resize(pixels, target, interpolation=cv2.INTER_AREA)
    if small.dtype == np.uint16:
        small = np.round(small.astype(np.float32) / 257)
    eight: NDArray[np.uint8] = np.array(small, np.uint8, order="C")
    return eight
