"""Reading through Pillow: BMP, GIF, ink JPEGs, and whatever else needs a Pillow image."""

from __future__ import annotations

import contextlib
import threading
import warnings
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import BmpImagePlugin, GifImagePlugin, Image, ImageFile

from fvae_studio.core.photo_io.decoding import Decoded, ReadLimits
from fvae_studio.core.photo_io.source_file import SourceFile
from fvae_studio.core.types import PhotoMetadata

_STRIP_ROWS = 256
_QUIET = threading.Lock()


@contextlib.contextmanager
def quiet_pillow() -> Iterator[None]:
    """Keep Pillow's warnings about odd files to ourselves: what matters becomes an error of ours.

    Python's warning filters belong to the whole process, so only one thread may change them at a time.
    """
    with _QUIET, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def array_of(image: Image.Image) -> NDArray[np.uint8]:
    """Pixels of an image of 8 bits per channel, by strips: numpy's own way needs three copies at once."""
    num_channels = len(image.getbands())
    shape = (image.height, image.width) if num_channels == 1 else (image.height, image.width, num_channels)
    samples = np.empty(shape, np.uint8)
    for top in range(0, image.height, _STRIP_ROWS):
        bottom = min(top + _STRIP_ROWS, image.height)
        samples[top:bottom] = np.asarray(image.crop((0, top, image.width, bottom)))
    return samples


def read_bmp(source: SourceFile, limits: ReadLimits) -> Decoded:
    """Palette, RGB, RGBA; always as 8 bits."""
    return _read(source, limits, BmpImagePlugin.BmpImageFile)


def read_gif(source: SourceFile, limits: ReadLimits) -> Decoded:
    """The first frame."""
    limits.check_loaded(source)
    return _read(source, limits, GifImagePlugin.GifImageFile)


def _read(source: SourceFile, limits: ReadLimits, opener: type[ImageFile.ImageFile]) -> Decoded:
    source.handle.seek(0)
    with quiet_pillow():
        image: Image.Image = opener(source.handle)
        limits.check_size(source, *image.size)
        found_mode = image.mode
        image.load()
        if image.mode == "P" or "transparency" in image.info:
            image = image.convert("RGBA" if "transparency" in image.info else "RGB")
        elif image.mode not in ("L", "LA", "RGB", "RGBA"):
            image = image.convert("L" if image.mode == "1" else "RGB")
        samples = array_of(image)
    dpi = image.info.get("dpi")
    resolution = (float(dpi[0]), float(dpi[1])) if dpi and dpi[0] and dpi[1] else None
    metadata = PhotoMetadata(format=source.format, mode=found_mode, resolution=resolution, is_lossless=True)
    return Decoded(samples, metadata)
