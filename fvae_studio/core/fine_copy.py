"""Finer copies of the parts of a photo that are read again and again: of a face whose slider moves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from fvae_studio.core.geometry import Rect
from fvae_studio.core.resample import KERNEL_REACH, refined
from fvae_studio.core.types import Photo, RgbImage

MAX_FINE_PIXELS: Final = 4_500_000
"""Of what is copied, so that copies do not take all memory: each pixel takes 12 bytes (a face of 1600 pixels 55 MB)."""


@dataclass(frozen=True, eq=False)
class FineCopy:
    """A part of a photo with one pixel between each two.

    Attributes:
        rect: photo pixels.
        pixels: `refined` pixels of it.
    """

    rect: Rect
    pixels: RgbImage

    @staticmethod
    def around(photo: Photo, region: Rect) -> FineCopy:
        """A copy from which whatever is seen in a region, and moves a few pixels only, can be read."""
        rect = region.grow(2 * KERNEL_REACH).intersect(photo.bounds)
        return FineCopy(rect, refined(photo.pixels[rect.slices]))

    def part(self, window: Rect) -> RgbImage | None:
        """Refined pixels of a window of the photo; None if it is not covered."""
        if window.intersect(self.rect) != window:
            return None
        x, y = 2 * (window.x - self.rect.x), 2 * (window.y - self.rect.y)
        return self.pixels[y : y + 2 * window.height - 1, x : x + 2 * window.width - 1]


def part_of(copies: Iterable[FineCopy], window: Rect) -> RgbImage | None:
    """A window of the first copy that covers it."""
    return next((part for copy in copies if (part := copy.part(window)) is not None), None)
