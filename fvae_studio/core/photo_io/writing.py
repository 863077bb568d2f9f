"""`write_photo`: a `Photo` into a file, keeping all that the format can keep."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np

from fvae_studio.core.photo_io import encoding, pixels
from fvae_studio.core.photo_io.atomic import atomic_write
from fvae_studio.core.photo_io.encoding import Blocks
from fvae_studio.core.photo_io.exif import edited_exif, orientation_exif
from fvae_studio.core.photo_io.jpeg_to_jpeg import BlocksNotKeptError, PatchedJpeg, patched_source, write_patched
from fvae_studio.core.photo_io.metadata_blocks import edited_xmp
from fvae_studio.core.photo_io.pixels import Samples
from fvae_studio.core.photo_io.several_pictures import num_pictures
from fvae_studio.core.photo_io.source_file import stamp_of
from fvae_studio.core.types import Photo, PhotoMetadata
from fvae_studio.errors import FvaeStudioError, OverwriteError, PhotoWriteError

__all__ = ["WriteOptions", "WrittenPhoto", "write_and_report", "write_photo"]

_SUFFIXES = {
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif"), "JPEG"),
    ".png": "PNG",
    **dict.fromkeys((".tif", ".tiff"), "TIFF"),
    ".webp": "WEBP",
    **dict.fromkeys((".heic", ".heif", ".hif"), "HEIF"),
    ".avif": "AVIF",
    ".bmp": "BMP",
    ".gif": "GIF",
}
_ALIASES = {"JPG": "JPEG", "TIF": "TIFF", "HEIC": "HEIF"}
_WRITABLE = ("JPEG", "PNG", "TIFF", "WEBP", "HEIF", "AVIF")
_LOSSLESS = {"PNG", "TIFF", "BMP", "GIF"}
_WITH_16_BIT = {"PNG", "TIFF"}
_WITH_ALPHA = {"PNG", "TIFF", "WEBP", "HEIF", "AVIF"}
_WITH_GREY = {"JPEG", "PNG", "TIFF", "HEIF"}
_LARGEST_SIDE = {"JPEG": 65535, "WEBP": 16383, "AVIF": 65535, "HEIF": 65535}
_GREY_MODES = {"1", "L", "LA"}


@dataclass(frozen=True)
class WriteOptions:
    """How a photo is written.

    Attributes:
        format: "JPEG", "PNG", "TIFF", "WEBP", "HEIF" or "AVIF"; None goes by the suffix.
        quality: 1..100 for formats with loss. None: a JPEG keeps the quantisation tables of its JPEG source; WebP and
            HEIC store an unedited photo, and WebP any photo that came from a lossless file, without loss; else
            `encoding.DEFAULT_QUALITY`.
        bit_depth: bits per channel; "keep" writes 16 where the photo has them and the format can, else 8 (HEIC: 10, or
            12 if the source had more than 10).
        keep_metadata: EXIF, XMP, IPTC and texts go along. The colour profile always does.
        keep_blocks: a JPEG from a JPEG keeps the coefficients of all blocks that the edit does not touch, where
            `quality` is None and the size stays; False encodes all of it anew.
        sign: takes the file and the name of its format, and gives it back with Content Credentials
            (`core.credentials.signing`); a photo that is copied because nothing changed is not signed.
        overwrite: another file of that name may be replaced.
        overwrite_source: the file that the photo was read from may be replaced.
    """

    format: str | None = None
    quality: int | None = None
    bit_depth: Literal["keep", 8, 16] = "keep"
    keep_metadata: bool = True
    keep_blocks: bool = True
    sign: Callable[[bytes, str], bytes] | None = None
    overwrite: bool = False
    overwrite_source: bool = False

    def __post_init__(self) -> None:
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise PhotoWriteError(f"The quality {self.quality} is out of range; give 1 to 100.")
        if self.bit_depth not in ("keep", 8, 16):
            raise PhotoWriteError(f"A photo cannot be written with {self.bit_depth} bits; give 8 or 16.")


_DEFAULT_OPTIONS = WriteOptions()


@dataclass(frozen=True)
class WrittenPhoto:
    """What was written, for reports.

    Attributes:
        path: of the file.
        kept_share: of a JPEG from a JPEG: which share of its blocks has the very coefficients of the source, in [0, 1];
            None for all others, and for a copy.
        note: why a JPEG from a JPEG was encoded anew as a whole, though nobody asked for that: a sentence, or "".
    """

    path: Path
    kept_share: float | None = None
    note: str = ""


def write_photo(
    photo: Photo, path: Path | str, *, options: WriteOptions = _DEFAULT_OPTIONS, source: Photo | None = None
) -> Path:
    """As `write_and_report`; the path alone."""
    return write_and_report(photo, path, options=options, source=source).path


def write_and_report(
    photo: Photo, path: Path | str, *, options: WriteOptions = _DEFAULT_OPTIONS, source: Photo | None = None
) -> WrittenPhoto:
    """Write a photo so that the path holds either the old file or the new one, whole.

    A photo that equals its source is not encoded again: the file's bytes are copied, if the format stays and no option
    asks for something else. From JPEG to JPEG, blocks that are the same keep their coefficients, and the picture stays
    turned as it was stored. Otherwise the pixels are written upright (orientation 1), grey if the source was grey and
    the channels still agree, with profile, EXIF, XMP and IPTC where the format has a place for them, and without the
    embedded thumbnail, which would show the photo before the edit. Formats without transparency get a white ground.

    Args:
        photo: what to write.
        path: where to; the suffix tells the format unless `options.format` does.
        options: see there.
        source: the photo as it was read, if there is one.

    Returns:
        The path, and what became of a JPEG's blocks.

    Raises:
        OverwriteError: the file exists, or is the source, and that was not allowed; or the source holds more pictures
            than the one that was read.
        PhotoWriteError: unknown or unsuitable format, no such folder, no permission, full disk.
    """
    path = Path(path)
    name = _format_for(path, options)
    is_source_file = _is_source_file(path, photo, source)
    if is_source_file and not options.overwrite_source:
        raise OverwriteError(
            f"{path} is the photo itself. Choose another name, or ask for the source to be overwritten."
        )
    unedited = source is not None and _is_unedited(photo, source)
    may_overwrite = options.overwrite or is_source_file
    try:
        may_copy = source is not None and unedited and _may_copy(photo, source, name, options)
        if source is not None and may_copy and (is_source_file or _copy(source, path, overwrite=may_overwrite)):
            return WrittenPhoto(path)
        _require_writable(photo, name, path, options)
        if is_source_file and (count := num_pictures(path)) > 1:
            raise OverwriteError(
                f"{path} holds {count} pictures, of which only the first would be left. Choose another name."
            )
        patched, note = _patch(photo, source, name, path, options)
        with atomic_write(path, overwrite=may_overwrite) as file:
            if patched is not None:
                turned, keeps = photo.metadata.orientation, options.keep_metadata
                blocks = _blocks_for(photo, photo.metadata.icc, keep_metadata=keeps, orientation=turned)
                write_patched(file, patched, blocks)
            else:
                _encode(photo, file, name, options, unedited=unedited)
            if options.sign is not None:
                file.seek(0)
                signed = options.sign(file.read(), name)
                file.seek(0)
                file.truncate()
                file.write(signed)
    except FvaeStudioError:
        raise
    except MemoryError as error:
        raise PhotoWriteError(f"There is not enough memory to write {path}. Close other programs.") from error
    except Exception as error:
        # Encoders raise what they like; the old file is whole, and the user needs a sentence.
        raise PhotoWriteError(
            f"Cannot write {path} as {name}: the encoder failed ({error}). Try another format, such as PNG."
        ) from error
    return WrittenPhoto(path, None if patched is None else patched.num_kept / max(patched.num_blocks, 1), note)


def _format_for(path: Path, options: WriteOptions) -> str:
    if options.format is not None:
        name = options.format.upper()
        name = _ALIASES.get(name, name)
        if name not in _SUFFIXES.values():
            raise PhotoWriteError(f"There is no format {options.format!r}; choose one of {', '.join(_WRITABLE)}.")
        return name
    if path.suffix.lower() not in _SUFFIXES:
        found = f"has the unknown suffix {path.suffix!r}" if path.suffix else "has no suffix"
        raise PhotoWriteError(f"{path.name} {found}. End the name in .jpg, .png, .tif, .webp, .heic or .avif.")
    return _SUFFIXES[path.suffix.lower()]


def _is_source_file(path: Path, photo: Photo, source: Photo | None) -> bool:
    for origin in (photo.path, source.path if source else None):
        if origin is None:
            continue
        try:
            # The same file may have several names: links, letter case, short names on Windows.
            if origin.exists() and path.exists() and path.samefile(origin):
                return True
        except (OSError, ValueError):
            continue
    return False


def _is_unedited(photo: Photo, source: Photo) -> bool:
    if photo is source:
        return True
    if (photo.alpha is None) != (source.alpha is None) or photo.pixels.dtype != source.pixels.dtype:
        return False
    if photo.metadata is not source.metadata and vars(photo.metadata) != vars(source.metadata):
        return False
    return (photo.pixels is source.pixels or np.array_equal(photo.pixels, source.pixels)) and (
        photo.alpha is source.alpha or np.array_equal(photo.alpha, source.alpha)  # type: ignore[arg-type]
    )


def _may_copy(photo: Photo, source: Photo, name: str, options: WriteOptions) -> bool:
    bits = 8 * photo.pixels.itemsize
    return (
        source.path is not None
        and source.metadata.format == name
        and options.keep_metadata
        and (options.quality is None or name in _LOSSLESS)
        and options.bit_depth in ("keep", bits)
    )


def _copy(source: Photo, path: Path, *, overwrite: bool) -> bool:
    """Copy the source's bytes; False where the file is gone or is not the one that was read any more."""
    assert source.path is not None
    try:
        original = source.path.open("rb")
    except OSError:
        return False
    with original:
        if stamp_of(os.fstat(original.fileno())) != source.metadata.file_stamp:
            return False
        with atomic_write(path, overwrite=overwrite) as file:
            shutil.copyfileobj(original, file, 1 << 20)
    return True


def _patch(
    photo: Photo, source: Photo | None, name: str, path: Path, options: WriteOptions
) -> tuple[PatchedJpeg | None, str]:
    """A JPEG that keeps its source's blocks, or None and why it is not one."""
    if name != "JPEG" or not options.keep_blocks or source is None or source.metadata.format != "JPEG":
        return None, ""
    try:
        return patched_source(photo, source, quality=options.quality), ""
    except BlocksNotKeptError as reason:
        return None, f"All of {path.name} was encoded anew, because {reason}."


def _require_writable(photo: Photo, name: str, path: Path, options: WriteOptions) -> None:
    if name not in _WRITABLE:
        raise PhotoWriteError(f"{path.name}: an edited photo cannot be written as {name}. Choose PNG instead.")
    if options.bit_depth == 16 and name not in _WITH_16_BIT:
        raise PhotoWriteError(f"{path.name}: {name} cannot hold 16 bits per channel. Choose PNG or TIFF.")
    largest = _LARGEST_SIDE.get(name)
    if largest and max(photo.width, photo.height) > largest:
        raise PhotoWriteError(
            f"{path.name}: {name} cannot hold more than {largest} pixels per side, and the photo has {photo.width} x "
            f"{photo.height}. Choose TIFF."
        )


def _encode(photo: Photo, file: BinaryIO, name: str, options: WriteOptions, *, unedited: bool) -> None:
    metadata = photo.metadata
    samples, icc = _samples_for(photo, name, options)
    blocks = _blocks_for(photo, icc, keep_metadata=options.keep_metadata)
    quality = options.quality
    if name == "JPEG":
        tables = metadata.jpeg_tables if metadata.mode != "CMYK" else None
        subsampling = metadata.jpeg_subsampling if metadata.mode != "CMYK" else ""
        encoding.write_jpeg(file, samples, blocks, quality=quality, tables=tables, subsampling=subsampling)
    elif name == "PNG":
        encoding.write_png(file, samples, blocks)
    elif name == "TIFF":
        from fvae_studio.core.photo_io.tiff_writing import write_tiff

        write_tiff(file, samples, blocks)
    elif name == "WEBP":
        lossless = quality is None and (unedited or metadata.is_lossless)
        encoding.write_webp(
            file, samples, blocks, quality=None if lossless else quality or encoding.DEFAULT_QUALITY["WEBP"]
        )
    elif name == "HEIF":
        bits = 12 if metadata.format == "HEIF" and metadata.bit_depth > 10 else 10
        lossless = unedited and quality is None and samples.dtype == np.uint8
        encoding.write_heif(file, samples, blocks, quality=quality, lossless=lossless, bit_depth=bits)
    else:
        encoding.write_avif(file, samples, blocks, quality=quality)


def _samples_for(photo: Photo, name: str, options: WriteOptions) -> tuple[Samples, bytes | None]:
    """The array to encode, and the profile that fits it."""
    colours: Samples = photo.pixels
    alpha: Samples | None = photo.alpha
    if options.bit_depth == 8 or name not in (*_WITH_16_BIT, "HEIF"):
        colours, alpha = pixels.to_8_bit(colours), None if alpha is None else pixels.to_8_bit(alpha)
    elif options.bit_depth == 16:
        colours, alpha = pixels.to_16_bit(colours), None if alpha is None else pixels.to_16_bit(alpha)
    if alpha is not None and name not in _WITH_ALPHA:
        colours, alpha = pixels.on_white(colours, alpha), None
    icc = photo.metadata.icc
    is_grey = photo.metadata.mode in _GREY_MODES and pixels.is_grey(colours)
    if is_grey and name in _WITH_GREY and _grey_may_keep(photo.metadata, name):
        return pixels.join(np.ascontiguousarray(colours[..., 0]), alpha), icc
    if icc is not None:
        colours, icc = _without_grey_profile(colours, icc, is_grey=is_grey)
    return pixels.join(colours, alpha), icc


def _grey_may_keep(metadata: PhotoMetadata, name: str) -> bool:
    """Whether a grey file of that format may carry the photo's profile: a grey one, or as it was found."""
    if metadata.icc is None or name == metadata.format:
        return True
    from fvae_studio.core.photo_io.colour_profiles import colour_space

    return colour_space(metadata.icc) == "GRAY"


def _without_grey_profile(colours: Samples, icc: bytes, *, is_grey: bool) -> tuple[Samples, bytes | None]:
    """A profile for grey means nothing in a file of colours: convert, so that the look stays."""
    from fvae_studio.core.photo_io.colour_profiles import colour_space, srgb_profile, to_srgb

    if colour_space(icc) != "GRAY":
        return colours, icc
    if not is_grey or colours.dtype != np.uint8:
        return colours, None
    from PIL import Image

    from fvae_studio.core.photo_io.pillow_formats import array_of

    return array_of(to_srgb(Image.fromarray(np.ascontiguousarray(colours[..., 0])), icc)), srgb_profile()


def _blocks_for(photo: Photo, icc: bytes | None, *, keep_metadata: bool, orientation: int = 1) -> Blocks:
    """What goes beside the pixels, which lie in the new file as `orientation` says."""
    metadata = photo.metadata
    exif = metadata.exif if keep_metadata else None
    if exif:
        size = (photo.width, photo.height) if orientation < 5 else (photo.height, photo.width)
        exif = edited_exif(exif, *size, orientation=orientation)
    elif orientation != 1:
        exif = orientation_exif(orientation)
    if not keep_metadata:
        colour_only = tuple(block for block in metadata.carried if block[0].startswith("png:"))
        return Blocks(icc=icc, exif=exif, resolution=metadata.resolution, carried=colour_only)
    return Blocks(
        icc=icc,
        exif=exif,
        xmp=edited_xmp(metadata.xmp, orientation=orientation) if metadata.xmp else None,
        iptc=metadata.iptc,
        resolution=metadata.resolution,
        text=metadata.text,
        carried=metadata.carried,
    )
