"""`read_photo`: any file in, a `Photo` or an error for the user out."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from fvae_studio.core.photo_io import pixels
from fvae_studio.core.photo_io.decoding import Decoded, ReadLimits
from fvae_studio.core.photo_io.source_file import SourceFile, damaged, open_source
from fvae_studio.core.types import Photo
from fvae_studio.errors import FvaeStudioError, PhotoFormatError, PhotoTooLargeError, PhotoUnreadableError

__all__ = ["ReadLimits", "read_photo"]

log = logging.getLogger(__name__)

_DISK_ERRORS = {errno.EIO, errno.EACCES, errno.EPERM, errno.ESTALE} if hasattr(errno, "ESTALE") else {errno.EIO}

_DEFAULT_LIMITS = ReadLimits()


def read_photo(path: Path | str, *, limits: ReadLimits = _DEFAULT_LIMITS) -> Photo:
    """Read a photo: JPEG, PNG, TIFF, WebP, BMP, GIF (first frame), HEIC/HEIF or AVIF, told apart by content.

    The pixels come upright and in the file's own encoding and ICC profile; nothing is converted, except:
        ink (CMYK) becomes sRGB through its profile, in 8 bits, and `metadata.icc` is then the sRGB profile;
        palettes and pictures of 1, 2 or 4 bits become 8 bits per channel;
        10 and 12 bits become 16, by repeating the high bits;
        colours multiplied with alpha are divided by it.
    Grey comes as three equal channels. Of several pictures or pages in a file, the first (HEIF: the primary) is read.

    Args:
        path: an ordinary file; pipes and devices are refused.
        limits: what is refused before memory is taken for it.

    Raises:
        PhotoNotFoundError: nothing there, or a folder.
        PhotoUnreadableError: the system does not let it be read.
        PhotoFormatError: empty, no image, or a kind that is not supported.
        PhotoDamagedError: incomplete or corrupt.
        PhotoTooLargeError: beyond the limits, or the memory does not suffice.
    """
    path = Path(path)
    with open_source(path) as source, _explained(source):
        decoded = _reader_of(source.format)(source, limits)
        samples = pixels.upright(decoded.samples, decoded.metadata.orientation)
        colours, alpha = pixels.split(samples)
        if colours.dtype not in (np.uint8, np.uint16) or 0 in colours.shape:
            raise damaged(path)
        metadata = replace(decoded.metadata, file_stamp=source.stamp)
        return Photo(pixels=colours, alpha=alpha, metadata=metadata, path=path)


def _reader_of(name: str) -> Callable[[SourceFile, ReadLimits], Decoded]:
    # Imported when needed: most photos are JPEG, and starting the program must not wait for the rest.
    if name in ("JPEG", "PNG", "WEBP"):
        from fvae_studio.core.photo_io import raster_formats

        return {
            "JPEG": raster_formats.read_jpeg,
            "PNG": raster_formats.read_png,
            "WEBP": raster_formats.read_webp,
        }[name]
    if name == "TIFF":
        from fvae_studio.core.photo_io.tiff_reading import read_tiff

        return read_tiff
    if name in ("HEIF", "AVIF"):
        from fvae_studio.core.photo_io import heif_formats

        return heif_formats.read_heif if name == "HEIF" else heif_formats.read_avif
    from fvae_studio.core.photo_io import pillow_formats

    return pillow_formats.read_gif if name == "GIF" else pillow_formats.read_bmp


@contextmanager
def _explained(source: SourceFile) -> Iterator[None]:
    """Turn whatever a decoder raises into an error with a sentence.

    The decoders raise nearly everything on wild input (SyntaxError, struct.error, IndexError, RuntimeError ...), so
    this is the one place that catches every exception.
    """
    try:
        yield
    except FvaeStudioError:
        raise
    except MemoryError as error:
        raise PhotoTooLargeError(
            f"There is not enough memory for {source.path.name}. Close other programs or scale the photo down."
        ) from error
    except ImportError as error:
        raise PhotoFormatError(
            f"{source.path.name} is a {source.format} image, and the library that reads it is missing or broken "
            f"({error.name}). Install the program again, or export the photo as JPEG."
        ) from error
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _DISK_ERRORS:
            raise PhotoUnreadableError(
                f"{source.path} cannot be read: the system says '{error.strerror}'. Check the disk."
            ) from error
        log.debug("%s cannot be decoded", source.path, exc_info=True)
        raise damaged(source.path) from error
