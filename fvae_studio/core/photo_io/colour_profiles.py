"""ICC profiles where a photo cannot keep its own: ink (CMYK), grey in formats without grey, another photo's pixels."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
_COLOUR_SPACES = {"CMYK": "CMYK", "L": "GRAY", "RGB": "RGB"}


def colour_space(icc: bytes) -> str:
    """The profile's colour space: "RGB", "GRAY", "CMYK", "Lab", or "" for none that can be told."""
    if len(icc) < 128 or icc[36:40] != b"acsp":
        return ""
    return icc[16:20].decode("latin-1").strip()


def srgb_profile() -> bytes:
    """An sRGB profile."""
    return _SRGB


def convert_colours(pixels: NDArray[Any], source: bytes | None, target: bytes | None) -> NDArray[Any]:
    """The same colours in the encoding of another profile, at the same depth.

    Args:
        pixels: (H, W, 3) uint8 or uint16.
        source: ICC profile of the pixels; None: sRGB.
        target: ICC profile that is wanted; None: sRGB.

    Returns:
        The very array where the two are the same, or where one of them is no usable RGB profile.
    """
    source, target = source or _SRGB, target or _SRGB
    if source == target or any(colour_space(profile) != "RGB" for profile in (source, target)):
        return pixels
    import imagecodecs  # here: half a second that few photos need

    try:
        converted = imagecodecs.cms_transform(np.ascontiguousarray(pixels), source, target, colorspace="rgb")
    except (imagecodecs.CmsError, ValueError):
        return pixels
    return np.ascontiguousarray(converted)


def screen_pixels(pixels: NDArray[Any], icc: bytes | None) -> NDArray[np.uint8]:
    """Pixels as a video holds them: 8 bits, in sRGB. The very array where they are that already.

    Args:
        pixels: (H, W, 3) uint8 or uint16.
        icc: their profile; None: sRGB.
    """
    converted = convert_colours(pixels, icc, None)
    if converted.dtype == np.uint16:
        converted = np.round(converted.astype(np.float32) / 257)
    return converted.astype(np.uint8, copy=False)


def to_srgb(image: Image.Image, icc: bytes | None) -> Image.Image:
    """An image of mode "CMYK" or "L" in the encoding of a profile, converted to sRGB (perceptually).

    Without a profile, or with one that does not fit, ink is converted by Pillow's plain formula and grey is taken as
    sRGB's own.
    """
    if icc and colour_space(icc) == _COLOUR_SPACES[image.mode]:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            converted = None
        if converted is not None:
            return converted
    return image.convert("RGB")
