"""Pixels and blocks into the bytes of one format. What may be written where is decided in `writing`."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np

from fvae_studio.core.photo_io.pixels import Samples

DEFAULT_QUALITY = {"JPEG": 95, "WEBP": 92, "HEIF": 90, "AVIF": 90}
"""Where the source tells none: steps that are hard to see at full size."""

_FULL_CHROMA_FROM = 90
_PNG_LEVEL = 3
_JFIF_BYTES = 20
_AVIF_SPEED = 8
_HEIF_PRESET = "fast"
"""Of x265: 2.5 times as fast as its default, for files 4 % larger."""


@dataclass(frozen=True)
class Blocks:
    """What goes beside the pixels: ready for upright, edited pixels (see `PhotoMetadata` for each)."""

    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    resolution: tuple[float, float] | None = None
    text: Mapping[str, str] = field(default_factory=dict)
    carried: tuple[tuple[str, bytes], ...] = ()


def write_jpeg(
    file: BinaryIO,
    samples: Samples,
    blocks: Blocks,
    *,
    quality: int | None,
    tables: Mapping[int, tuple[int, ...]] | None,
    subsampling: str,
) -> None:
    """Baseline JPEG of grey or RGB, 8 bit.

    Args:
        file: where to.
        samples: (H, W) or (H, W, 3) uint8.
        blocks: what goes beside the pixels.
        quality: 1..100; None for the given tables, or the default without tables.
        tables: quantisation tables by component.
        subsampling: of chroma; "" chooses by quality.
    """
    from PIL import Image

    from fvae_studio.core.photo_io.jpeg_blocks import metadata_segments

    settings: dict[str, Any] = {"quality": quality or DEFAULT_QUALITY["JPEG"]}
    if quality is None and tables:
        used = [list(tables[index]) for index in sorted(tables)]
        settings = {"qtables": used if samples.ndim == 3 else used[:1]}
    if samples.ndim == 3:
        full_chroma = quality is None or quality >= _FULL_CHROMA_FROM
        settings["subsampling"] = subsampling or ("4:4:4" if full_chroma else "4:2:0")
    if blocks.resolution:
        settings["dpi"] = tuple(min(max(round(value), 1), 65535) for value in blocks.resolution)
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(samples)).save(buffer, "JPEG", **settings)
    encoded = buffer.getbuffer()
    segments = metadata_segments(
        exif=blocks.exif, xmp=blocks.xmp, icc=blocks.icc, iptc=blocks.iptc, carried=blocks.carried
    )
    # Behind the start and the JFIF segment that libjpeg always writes.
    file.write(encoded[:_JFIF_BYTES])
    file.write(segments)
    file.write(encoded[_JFIF_BYTES:])


def write_png(file: BinaryIO, samples: Samples, blocks: Blocks) -> None:
    """PNG of any channels, 8 or 16 bit."""
    from imagecodecs import png_encode

    from fvae_studio.core.photo_io.png_chunks import metadata_chunks, with_metadata

    chunks = metadata_chunks(
        exif=blocks.exif,
        xmp=blocks.xmp,
        icc=blocks.icc,
        iptc=blocks.iptc,
        resolution=blocks.resolution,
        text=blocks.text,
        carried=blocks.carried,
    )
    encoded = png_encode(samples, level=_PNG_LEVEL)
    for piece in with_metadata(encoded, chunks):
        file.write(piece)


def write_webp(file: BinaryIO, samples: Samples, blocks: Blocks, *, quality: int | None) -> None:
    """WebP of RGB or RGBA, 8 bit; without loss where `quality` is None."""
    from PIL import Image

    # For the lossless coder `quality` is the effort: this is the knee, three times as fast as the default.
    settings: dict[str, Any] = {"lossless": True, "quality": 20, "method": 1, "exact": True}
    if quality is not None:
        settings = {"quality": quality, "method": 3}
    image = Image.fromarray(np.ascontiguousarray(samples))
    image.save(file, "WEBP", **settings, **_pillow_blocks(blocks))


def write_avif(file: BinaryIO, samples: Samples, blocks: Blocks, *, quality: int | None) -> None:
    """AVIF of RGB or RGBA, 8 bit (Pillow's limit), with full chroma."""
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(samples))
    settings = {"quality": quality or DEFAULT_QUALITY["AVIF"], "subsampling": "4:4:4", "speed": _AVIF_SPEED}
    image.save(file, "AVIF", **settings, **_pillow_blocks(blocks))


def write_heif(
    file: BinaryIO, samples: Samples, blocks: Blocks, *, quality: int | None, lossless: bool, bit_depth: int
) -> None:
    """HEIC of grey or RGB, with or without alpha.

    Args:
        file: where to.
        samples: 8 bit, or 16 bit to be stored as `bit_depth`.
        blocks: what goes beside the pixels.
        quality: 1..100 or None for the default.
        lossless: every pixel as it is; with full chroma, which some phones cannot show.
        bit_depth: 10 or 12 for 16-bit samples.
    """
    import pillow_heif

    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[1 if samples.ndim == 2 else samples.shape[2]]
    if samples.dtype == np.uint16:
        mode = "I;16" if mode == "L" else f"{mode};16"
    height, width = samples.shape[:2]
    picture = pillow_heif.from_bytes(mode=mode, size=(width, height), data=np.ascontiguousarray(samples).tobytes())
    settings: dict[str, Any] = {"quality": quality or DEFAULT_QUALITY["HEIF"]}
    if lossless:
        settings = {"quality": -1, "chroma": 444, "matrix_coefficients": 0}
    picture.info.update({name: value for name, value in _pillow_blocks(blocks).items() if name == "icc_profile"})
    if "icc_profile" in picture.info:
        picture.info["icc_profile_type"] = "prof"
    if samples.dtype == np.uint16:
        settings["bit_depth"] = bit_depth
    picture.save(file, exif=blocks.exif, xmp=blocks.xmp, enc_params={"preset": _HEIF_PRESET}, **settings)


def _pillow_blocks(blocks: Blocks) -> dict[str, bytes]:
    found = {"icc_profile": blocks.icc, "exif": blocks.exif, "xmp": blocks.xmp}
    return {name: value for name, value in found.items() if value}
