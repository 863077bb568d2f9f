"""Pixels of a photo as pictures of the screen, and back: the only place where numpy and QImage meet.

What comes out is sRGB, whatever the photo's profile is. Everything here may be called in any thread.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColorSpace, QImage

from fvae_studio.core.types import GreyMask, RgbImage


def to_qimage(pixels: RgbImage, icc: bytes | None = None, alpha: GreyMask | None = None) -> QImage:
    """A picture that owns its memory.

    Args:
        pixels: (H, W, 3) uint8 or uint16; need not lie in one piece.
        icc: the profile of the pixels; None, or one that Qt cannot use, is taken as sRGB.
        alpha: (H, W) of the same depth, or None for an opaque picture.

    Returns:
        Format RGB32, or ARGB32 premultiplied with an alpha: what a QPainter draws fastest.
    """
    eight = _as_8bit(pixels)
    height, width = eight.shape[:2]
    if alpha is None:
        image = QImage(np.ascontiguousarray(eight).data, width, height, 3 * width, QImage.Format.Format_RGB888)
    else:
        four = np.ascontiguousarray(np.dstack([eight, _as_8bit(alpha)]))
        image = QImage(four.data, width, height, 4 * width, QImage.Format.Format_RGBA8888)
    space = _colour_space(icc) if icc else None
    if space is not None:
        image.setColorSpace(space)
        image = image.convertedToColorSpace(QColorSpace(QColorSpace.NamedColorSpace.SRgb))
    opaque, translucent = QImage.Format.Format_RGB32, QImage.Format.Format_ARGB32_Premultiplied
    # A conversion copies, so nothing points into numpy's memory any more.
    return image.convertToFormat(opaque if alpha is None else translucent)


def to_pixels(image: QImage) -> NDArray[np.uint8]:
    """(H, W, 3) uint8, a copy; transparent pixels over black."""
    rgb = image.convertToFormat(QImage.Format.Format_RGB888)
    rows: NDArray[np.uint8] = np.frombuffer(rgb.constBits(), np.uint8).reshape(rgb.height(), rgb.bytesPerLine())
    return rows[:, : 3 * rgb.width()].reshape(rgb.height(), rgb.width(), 3).copy()


def to_alpha(image: QImage) -> NDArray[np.uint8] | None:
    """(H, W) uint8, a copy; None for a picture without an alpha channel."""
    if not image.hasAlphaChannel():
        return None
    rgba = image.convertToFormat(QImage.Format.Format_RGBA8888)
    rows: NDArray[np.uint8] = np.frombuffer(rgba.constBits(), np.uint8).reshape(rgba.height(), rgba.bytesPerLine())
    return rows[:, : 4 * rgba.width()].reshape(rgba.height(), rgba.width(), 4)[..., 3].copy()


def _as_8bit(values: NDArray[Any]) -> NDArray[np.uint8]:
    if values.dtype == np.uint8:
        return values
    # 65535 / 257 = 255: white stays white.
    return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)


@lru_cache(maxsize=16)
def _colour_space(icc: bytes) -> QColorSpace | None:
    """The profile as Qt knows it; None where there is nothing to convert."""
    # Qt writes a warning about what is no profile at all; the signature and the size tell.
    if len(icc) < 128 or icc[36:40] != b"acsp" or int.from_bytes(icc[:4], "big") > len(icc):
        return None
    space = QColorSpace.fromIccProfile(icc)
    if not space.isValid() or space == QColorSpace(QColorSpace.NamedColorSpace.SRgb):
        return None
    if space.colorModel() != QColorSpace.ColorModel.Rgb:
        return None
    return space
