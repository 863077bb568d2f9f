"""ICC profiles where a photo cannot keep its own: ink (CMYK), and grey photos in formats without grey."""

from __future__ import annotations

import io

from PIL import Image, ImageCms

_COLOUR_SPACES = {"CMYK": "CMYK", "L": "GRAY", "RGB": "RGB"}


def colour_space(icc: bytes) -> str:
    """The profile's colour space: "RGB", "GRAY", "CMYK", "Lab", or "" for none that can be told."""
    if len(icc) < 128 or icc[36:40] != b"acsp":
        return ""
    return icc[16:20].decode("latin-1").strip()


def srgb_profile() -> bytes:
    """An sRGB profile."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


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
