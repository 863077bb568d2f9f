"""A photo that came from a JPEG file into a JPEG file again: when its untouched blocks can stay, and why not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

import numpy as np

from fvae_studio.core.photo_io import jpeg_blocks
from fvae_studio.core.photo_io.encoding import Blocks
from fvae_studio.core.photo_io.exif import orientation_of
from fvae_studio.core.photo_io.source_file import stamp_of
from fvae_studio.core.photo_io.untouched_blocks import BlocksNotKeptError, PatchedJpeg, patch_jpeg
from fvae_studio.core.types import Photo

__all__ = ["BlocksNotKeptError", "PatchedJpeg", "patched_source", "write_patched"]


def patched_source(photo: Photo, source: Photo, *, quality: int | None) -> PatchedJpeg:
    """The source's stream with the edit in it, turned as the source's file is turned.

    Args:
        photo: edited.
        source: as read from its JPEG file.
        quality: that was asked for; None for the source's.

    Raises:
        BlocksNotKeptError: all of the photo has to be encoded anew.
    """
    if quality is not None:
        raise BlocksNotKeptError("a quality was asked for")
    if photo.pixels.shape != source.pixels.shape:
        raise BlocksNotKeptError("its size was changed")
    if source.metadata.mode == "CMYK":
        raise BlocksNotKeptError("the original holds ink (CMYK)")
    if photo.metadata.icc != source.metadata.icc or photo.pixels.dtype != np.uint8 or photo.alpha is not None:
        raise BlocksNotKeptError("its colours were converted")
    orientation = source.metadata.orientation
    if photo.metadata.exif is not None and orientation_of(photo.metadata.exif) != orientation:
        raise BlocksNotKeptError("its EXIF block was replaced")
    return patch_jpeg(_content_of(source), source.pixels, photo.pixels, orientation)


def write_patched(file: BinaryIO, patched: PatchedJpeg, blocks: Blocks) -> None:
    """The stream behind the segments that every exported JPEG has; `blocks` are those of a turned file."""
    file.write(b"\xff\xd8" + jpeg_blocks.jfif_segment(blocks.resolution))
    file.write(
        jpeg_blocks.metadata_segments(
            exif=blocks.exif, xmp=blocks.xmp, icc=blocks.icc, iptc=blocks.iptc, carried=blocks.carried
        )
    )
    file.write(patched.stream)


def _content_of(source: Photo) -> bytes:
    path: Path | None = source.path
    try:
        if path is not None:
            with path.open("rb") as file:
                if stamp_of(os.fstat(file.fileno())) == source.metadata.file_stamp:
                    return file.read()
    except OSError:
        pass
    raise BlocksNotKeptError("the original file was changed or removed since it was opened")
