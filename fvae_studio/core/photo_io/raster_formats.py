"""Reading JPEG, PNG and WebP: our own look at the container, then one call that decodes straight into an array."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import JpegImagePlugin

from fvae_studio.core.photo_io import jpeg_blocks, png_chunks, webp_chunks
from fvae_studio.core.photo_io.colour_profiles import srgb_profile, to_srgb
from fvae_studio.core.photo_io.decoding import Decoded, ReadLimits
from fvae_studio.core.photo_io.exif import orientation_of, resolution_of
from fvae_studio.core.photo_io.pillow_formats import array_of, quiet_pillow
from fvae_studio.core.photo_io.pixels import Samples
from fvae_studio.core.photo_io.source_file import SourceFile, damaged, truncated
from fvae_studio.core.types import PhotoMetadata
from fvae_studio.errors import PhotoFormatError

_PNG_MODES = {0: "L", 2: "RGB", 3: "P", 4: "LA", 6: "RGBA"}


def read_jpeg(source: SourceFile, limits: ReadLimits) -> Decoded:
    """Grey, colour, and ink (through its profile, to sRGB). Of several pictures in a file, the first.

    Damage inside the compressed pixels can go unseen: a JPEG file has no checksum (nor have WebP and HEIC).
    """
    limits.check_loaded(source)
    content = source.read_all()
    header = jpeg_blocks.read_header(content)
    limits.check_size(source, header.width, header.height)
    if header.precision != 8:
        raise PhotoFormatError(
            f"{source.path.name} is a JPEG of {header.precision} bits per channel, of which only 8 are read. "
            "Export it as PNG or TIFF."
        )
    icc = header.icc
    # libjpeg fills what is missing with grey and calls it a warning. Every block of 8 x 8 takes at least one bit.
    num_blocks = -(-header.width // 8) * -(-header.height // 8)
    is_plausible = 8 * (len(content) - header.scan_offset) >= num_blocks
    if not is_plausible or not jpeg_blocks.is_complete(content, header.scan_offset):
        raise truncated(source.path)
    if header.num_components == 4:
        samples, icc = _decode_ink(content, icc), srgb_profile()
    else:
        samples = _decode_jpeg(content)
    metadata = PhotoMetadata(
        icc=icc,
        exif=header.exif,
        xmp=header.xmp,
        iptc=header.iptc,
        orientation=orientation_of(header.exif) if header.exif else 1,
        resolution=header.density or (resolution_of(header.exif) if header.exif else None),
        format="JPEG",
        jpeg_tables=header.tables or None,
        jpeg_subsampling=header.subsampling,
        mode={1: "L", 4: "CMYK"}.get(header.num_components, "RGB"),
        carried=header.carried,
    )
    return Decoded(samples, metadata)


def _decode_jpeg(content: bytes) -> Samples:
    from imagecodecs import jpeg8_decode

    samples: Samples = jpeg8_decode(content)
    return samples


def _decode_ink(content: bytes, icc: bytes | None) -> Samples:
    """Through Pillow, which knows that Adobe's programs store ink inverted."""
    with quiet_pillow():
        image = JpegImagePlugin.JpegImageFile(io.BytesIO(content))
    image.load()
    return array_of(to_srgb(image, icc))


def read_png(source: SourceFile, limits: ReadLimits) -> Decoded:
    """All colour types and depths; a transparent colour or palette entry becomes an alpha channel."""
    from imagecodecs import png_decode

    limits.check_loaded(source)
    header = png_chunks.read_header(source)
    limits.check_size(source, header.width, header.height)
    samples = png_decode(source.read_all())
    metadata = PhotoMetadata(
        icc=header.icc,
        exif=header.exif,
        xmp=header.xmp,
        iptc=header.iptc,
        orientation=orientation_of(header.exif) if header.exif else 1,
        resolution=header.resolution,
        format="PNG",
        mode=_PNG_MODES.get(header.colour_type, "RGB"),
        bit_depth=header.bit_depth,
        is_lossless=True,
        text=header.text,
        carried=header.carried,
    )
    return Decoded(_native(samples), metadata)


def read_webp(source: SourceFile, limits: ReadLimits) -> Decoded:
    """With or without loss, with or without alpha; of a moving picture the first frame."""
    from imagecodecs import webp_decode

    limits.check_loaded(source)
    header = webp_chunks.read_header(source)
    limits.check_size(source, header.width, header.height)
    samples = webp_decode(source.read_all())
    if samples.shape[:2] != (header.height, header.width):
        raise damaged(source.path)
    metadata = PhotoMetadata(
        icc=header.icc,
        exif=header.exif,
        xmp=header.xmp,
        orientation=orientation_of(header.exif) if header.exif else 1,
        resolution=resolution_of(header.exif) if header.exif else None,
        format="WEBP",
        mode="RGBA" if samples.shape[2] == 4 else "RGB",
        is_lossless=header.is_lossless,
    )
    return Decoded(samples, metadata)


def _native(samples: Any) -> Samples:
    return np.ascontiguousarray(samples, dtype=samples.dtype.newbyteorder("="))
