"""Pixels of a photo as pictures of the screen, and back: the only place where numpy and QImage meet.

What comes out is sRGB, or has the screen's profile, whatever the photo's is. Everything here may be called in any
thread. It works in strips of rows: Qt's conversions hold Python's lock, and a whole photo in one call would stop the
window.
"""

from __future__ import annotations

import threading
import time
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColorSpace, QImage

from fvae_studio.core.types import GreyMask, RgbImage

_STRIP_PIXELS: Final = 32 * 1024
"""Half a millisecond of work, with a profile."""

_PLAIN_STRIP_PIXELS: Final = 512 * 1024
"""The same where only the order of bytes changes: every call from a busy window waits for the lock anew."""

_BREATH_S: Final = 0.0003


def to_qimage(
    pixels: RgbImage, icc: bytes | None = None, alpha: GreyMask | None = None, *, screen: bytes | None = None
) -> QImage:
    """A picture that owns its memory.

    Args:
        pixels: (H, W, 3) uint8 or uint16; need not lie in one piece.
        icc: the profile of the pixels, of colours or of greys; None, or one that Qt cannot use, is taken as sRGB.
        alpha: (H, W) of the same depth, or None for an opaque picture.
        screen: the profile of the screen for which it is made; None, or one that cannot be used, makes it sRGB.

    Returns:
        Format RGB32, or ARGB32 premultiplied with an alpha: what a QPainter draws fastest.
    """
    height, width = pixels.shape[:2]
    opaque, translucent = QImage.Format.Format_RGB32, QImage.Format.Format_ARGB32_Premultiplied
    image = QImage(width, height, opaque if alpha is None else translucent)
    rows: NDArray[np.uint8] = np.frombuffer(image.bits(), np.uint8).reshape(height, image.bytesPerLine())
    is_plain = not icc and not screen and pixels.dtype == np.uint8
    step = max(1, (_PLAIN_STRIP_PIXELS if is_plain else _STRIP_PIXELS) // width)
    for top in range(0, height, step):
        part = slice(top, top + step)
        strip = _converted(pixels[part], icc, None if alpha is None else alpha[part], image.format(), screen)
        source: NDArray[np.uint8] = np.frombuffer(strip.constBits(), np.uint8)
        rows[part] = source.reshape(strip.height(), strip.bytesPerLine())
        if part.stop < height and threading.current_thread() is not threading.main_thread():
            # Only a thread that sleeps leaves Python's lock to the window's thread for sure.
            time.sleep(_BREATH_S)
    return image


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


def _converted(
    pixels: RgbImage, icc: bytes | None, alpha: GreyMask | None, target: QImage.Format, screen: bytes | None
) -> QImage:
    """A strip in the screen's colours and the target's format."""
    srgb = QColorSpace(QColorSpace.NamedColorSpace.SRgb)
    space, shown = _colour_space(icc) if icc else None, _screen_space(screen) if screen else None
    if space is not None and space.colorModel() == QColorSpace.ColorModel.Gray:
        pixels, space = _grey_table(icc or b"")[_as_8bit(pixels)], None
    if shown is not None:
        space = None if space == shown else space or srgb
    height, width = pixels.shape[:2]
    if space is not None and pixels.dtype == np.uint16:
        # Wide profiles at 8 bit would show steps in a sky that 16 bit hold smoothly: reduced after the conversion.
        wide = np.empty((height, width, 4), np.uint16)
        wide[..., :3] = pixels
        wide[..., 3] = 65535 if alpha is None else alpha
        deep = QImage.Format.Format_RGBX64 if alpha is None else QImage.Format.Format_RGBA64
        image = QImage(wide.data, width, height, 8 * width, deep)
    elif alpha is None:
        eight = np.ascontiguousarray(_as_8bit(pixels))
        image = QImage(eight.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    else:
        four = np.empty((height, width, 4), np.uint8)
        four[..., :3] = _as_8bit(pixels)
        four[..., 3] = _as_8bit(alpha)
        image = QImage(four.data, width, height, 4 * width, QImage.Format.Format_RGBA8888)
    if space is not None:
        image.setColorSpace(space)
        image = image.convertedToColorSpace(shown or srgb)
    # A conversion to another format copies, so nothing points into numpy's memory any more.
    return image.convertToFormat(target)


def _as_8bit(values: NDArray[Any]) -> NDArray[np.uint8]:
    if values.dtype == np.uint8:
        return values
    # round(values / 257), without a division: white stays white.
    return ((values.astype(np.uint32) * 255 + 32895) >> 16).astype(np.uint8)


@lru_cache(maxsize=16)
def _colour_space(icc: bytes) -> QColorSpace | None:
    """The profile as Qt knows it; None where there is nothing to convert."""
    # Qt writes a warning about what is no profile at all; the signature and the size tell.
    if len(icc) < 128 or icc[36:40] != b"acsp" or int.from_bytes(icc[:4], "big") > len(icc):
        return None
    space = QColorSpace.fromIccProfile(icc)
    if not space.isValid() or space == QColorSpace(QColorSpace.NamedColorSpace.SRgb):
        return None
    return space if space.colorModel() in (QColorSpace.ColorModel.Rgb, QColorSpace.ColorModel.Gray) else None


@lru_cache(maxsize=4)
def _screen_space(icc: bytes) -> QColorSpace | None:
    """The screen's profile, if colours can be converted to it."""
    space = _colour_space(icc)
    is_usable = space is not None and space.colorModel() == QColorSpace.ColorModel.Rgb and space.isValidTarget()
    return space if is_usable else None


@lru_cache(maxsize=16)
def _grey_table(icc: bytes) -> NDArray[np.uint8]:
    """(256,): what a grey value of this profile is in sRGB."""
    greys = np.arange(256, dtype=np.uint8)
    image = QImage(greys.data, 256, 1, 256, QImage.Format.Format_Grayscale8)
    image.setColorSpace(_colour_space(icc) or QColorSpace(QColorSpace.NamedColorSpace.SRgb))
    image = image.convertedToColorSpace(QColorSpace(QColorSpace.NamedColorSpace.SRgb), QImage.Format.Format_RGB888)
    return to_pixels(image)[0, :, 1].copy()
