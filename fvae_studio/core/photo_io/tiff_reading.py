"""Reading TIFF: the first page, by tifffile, strip by strip from the file into one array."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import numpy as np
import tifffile
from PIL import Image

from fvae_studio.core.photo_io.colour_profiles import srgb_profile, to_srgb
from fvae_studio.core.photo_io.decoding import Decoded, ReadLimits
from fvae_studio.core.photo_io.exif import DESCRIPTIVE_TAGS, pack_tree, read_tree
from fvae_studio.core.photo_io.metadata_blocks import split_photoshop
from fvae_studio.core.photo_io.pillow_formats import array_of
from fvae_studio.core.photo_io.pixels import Samples, straight_alpha, to_8_bit, widen
from fvae_studio.core.photo_io.source_file import SourceFile, damaged, truncated
from fvae_studio.core.types import PhotoMetadata
from fvae_studio.errors import PhotoFormatError

ICC, XMP, IPTC, PHOTOSHOP = 34675, 700, 33723, 34377
_ORIENTATION, _X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT = 274, 282, 283, 296
_SUB_IFDS, _DNG_VERSION = 330, 50706
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _INK, _YCBCR = 0, 1, 2, 3, 5, 6
_MODES = {_WHITE_IS_ZERO: "L", _BLACK_IS_ZERO: "L", _RGB: "RGB", _PALETTE: "P", _INK: "CMYK", _YCBCR: "RGB"}
_RAW_PHOTOMETRICS = {32803, 34892}
_COLOUR_CHANNELS = {_RGB: 3, _YCBCR: 3, _INK: 4}
_JPEG_COMPRESSIONS = {6, 7, 34892, 33007}
_LOSSY_COMPRESSIONS = _JPEG_COMPRESSIONS | {50001, 50002, 33003, 33004, 33005, 34712}
_PREMULTIPLIED = 1
_MAX_CHANNELS = 8
_MAX_BLOCK_BYTES = 64 << 20
_READ_AHEAD_BYTES = 16 << 20

# It reports through logging what becomes an error of ours, or does not matter.
logging.getLogger("tifffile").setLevel(logging.CRITICAL)


def read_tiff(source: SourceFile, limits: ReadLimits) -> Decoded:
    """Bilevel, grey, palette, RGB, ink; 1 to 16 bits per channel; all that imagecodecs can unpack; strips or tiles."""
    source.handle.seek(0)
    with tifffile.TiffFile(source.handle, name=source.path.name) as file:
        page = file.pages.first
        _require_supported(page, source, limits)
        samples = _channels_last(page.asarray(maxworkers=2, buffersize=_READ_AHEAD_BYTES), page, source)
        blocks = _blocks_of(page, source)
    photometric, bits = int(page.photometric), int(page.bitspersample)
    extra = tuple(int(kind) for kind in page.extrasamples)
    metadata = replace(
        blocks, mode=_MODES[photometric] + ("A" if extra and photometric <= _RGB else ""), bit_depth=bits
    )
    if photometric == _PALETTE:
        return Decoded(_through_palette(samples, page), metadata)
    if 1 < bits < 8:
        samples = (samples.astype(np.uint16) * 255 // ((1 << bits) - 1)).astype(np.uint8)
    elif bits == 1:
        samples = samples.astype(np.uint8) * np.uint8(255)
    elif 8 < bits < 16:
        samples = widen(samples.astype(np.uint16), bits)
    if photometric == _WHITE_IS_ZERO:
        samples = np.iinfo(samples.dtype).max - samples
    if photometric == _INK:
        ink = np.ascontiguousarray(to_8_bit(samples)[..., :4])
        image = Image.frombuffer("CMYK", (ink.shape[1], ink.shape[0]), ink, "raw", "CMYK", 0, 1)
        converted = array_of(to_srgb(image, metadata.icc))
        return Decoded(converted, replace(metadata, icc=srgb_profile(), is_lossless=False))
    if extra and samples.ndim == 3:
        samples = np.ascontiguousarray(samples[..., : _COLOUR_CHANNELS.get(photometric, 1) + 1])
        if extra[0] == _PREMULTIPLIED:
            samples = straight_alpha(samples)
    return Decoded(samples, metadata)


def _require_supported(page: Any, source: SourceFile, limits: ReadLimits) -> None:
    limits.check_size(source, int(page.imagewidth), int(page.imagelength))
    photometric = int(page.photometric) if page.photometric is not None else -1
    is_preview_of_raw = bool(int(page.subfiletype) & 1) and _SUB_IFDS in page.tags
    if photometric in _RAW_PHOTOMETRICS or _DNG_VERSION in page.tags or is_preview_of_raw:
        raise PhotoFormatError(f"{source.path.name} is a camera raw file. Develop it and export it as TIFF or JPEG.")
    bits = page.bitspersample
    is_plain_ycbcr = photometric == _YCBCR and int(page.compression) not in _JPEG_COMPRESSIONS
    if photometric not in _MODES or is_plain_ycbcr or int(page.imagedepth) != 1 or page.samplesperpixel > _MAX_CHANNELS:
        raise PhotoFormatError(
            f"{source.path.name} is a TIFF of a colour space or a layout that is not read. Export it as plain RGB."
        )
    if int(page.sampleformat) != 1 or not isinstance(bits, int) or not 1 <= bits <= 16:
        raise PhotoFormatError(
            f"{source.path.name} is a TIFF of signed, floating-point or more than 16-bit values, which are not read. "
            "Export it with 8 or 16 bits per channel."
        )
    if page.samplesperpixel < _COLOUR_CHANNELS.get(photometric, 1):
        raise damaged(source.path)
    if page.tilewidth * page.tilelength > max(4 * page.imagewidth * page.imagelength, 1 << 22):
        raise damaged(source.path)
    _require_complete(page, source)


def _require_complete(page: Any, source: SourceFile) -> None:
    """Every strip or tile must be there and lie in the file; tifffile fills what is missing with black."""
    planes = page.samplesperpixel if int(page.planarconfig) == 2 else 1
    if page.tilewidth:
        pieces = -(-page.imagewidth // page.tilewidth) * -(-page.imagelength // page.tilelength)
    else:
        pieces = -(-page.imagelength // min(page.rowsperstrip or page.imagelength, page.imagelength))
    if len(page.dataoffsets) < pieces * planes or len(page.databytecounts) < pieces * planes:
        raise truncated(source.path)
    for offset, size in zip(page.dataoffsets, page.databytecounts, strict=False):
        if offset <= 0 or size <= 0 or offset + size > source.size:
            raise truncated(source.path)
    if int(page.compression) == 1:
        row_bytes = -(-page.imagewidth * page.bitspersample * page.samplesperpixel // planes // 8)
        if not page.tilewidth and sum(page.databytecounts) < row_bytes * page.imagelength * planes:
            raise truncated(source.path)


def _channels_last(samples: Samples, page: Any, source: SourceFile) -> Samples:
    """(H, W) or (H, W, C) in the machine's byte order."""
    if int(page.planarconfig) == 2 and samples.ndim == 3:
        samples = np.moveaxis(samples, 0, -1)
    if samples.ndim not in (2, 3) or samples.shape[:2] != (page.imagelength, page.imagewidth):
        raise damaged(source.path)
    if samples.dtype == np.bool_:
        samples = samples.view(np.uint8)
    return np.ascontiguousarray(samples, dtype=samples.dtype.newbyteorder("="))


def _through_palette(indices: Samples, page: Any) -> Samples:
    # The table holds 16-bit values whose high byte is the colour, whether the writer scaled by 256 or by 257.
    table = (np.asarray(page.colormap).T >> 8).astype(np.uint8)
    colours: Samples = table[np.minimum(indices, len(table) - 1)]
    return colours


def _blocks_of(page: Any, source: SourceFile) -> PhotoMetadata:
    iptc, resources = split_photoshop(_block(page, source, PHOTOSHOP) or b"")
    orientation = _value(page, _ORIENTATION, 1)
    return PhotoMetadata(
        icc=_block(page, source, ICC),
        exif=_exif_of(source),
        xmp=_block(page, source, XMP),
        iptc=_block(page, source, IPTC) or iptc,
        orientation=orientation if orientation in range(1, 9) else 1,
        resolution=_resolution_of(page),
        format="TIFF",
        is_lossless=int(page.compression) not in _LOSSY_COMPRESSIONS,
        carried=(("photoshop", resources),) if resources else (),
    )


def _block(page: Any, source: SourceFile, code: int) -> bytes | None:
    tag = page.tags.get(code)
    if tag is None or not 0 < tag.valuebytecount <= _MAX_BLOCK_BYTES:
        return None
    try:
        return source.read_at(tag.valueoffset, tag.valuebytecount)
    except ValueError:
        return None


def _value(page: Any, code: int, default: int) -> int:
    tag = page.tags.get(code)
    try:
        return int(tag.value) if tag is not None else default
    except (TypeError, ValueError):
        return default


def _resolution_of(page: Any) -> tuple[float, float] | None:
    unit = _value(page, _RESOLUTION_UNIT, 2)
    per_inch = {2: 1.0, 3: 2.54}.get(unit)
    x, y = (_ratio(page.tags.get(code)) for code in (_X_RESOLUTION, _Y_RESOLUTION))
    return (x * per_inch, y * per_inch) if x and y and per_inch else None


def _ratio(tag: Any) -> float | None:
    value = tag.value if tag is not None else None
    if not isinstance(value, tuple) or len(value) != 2 or not value[1]:
        return None
    return float(value[0]) / float(value[1])


def _exif_of(source: SourceFile) -> bytes | None:
    """The descriptive tags and the EXIF directories of the file as a block of their own (not from a BigTIFF)."""
    try:
        tree = read_tree(source.read_at)
    except ValueError:
        return None
    tree = replace(tree, root=tuple(entry for entry in tree.root if entry.tag in DESCRIPTIVE_TAGS))
    return pack_tree(tree) if tree.root or tree.exif or tree.gps else None
