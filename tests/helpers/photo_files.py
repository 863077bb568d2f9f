"""Small photo files of every kind, made by libraries other than the code under test where that is possible."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pillow_heif
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageCms

MAKER_NOTE = b"MAKER\x00\x01\x02 offsets that nobody else understands " * 2
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = (
    b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    b'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6" tiff:Make="Test"/></rdf:RDF></x:xmpmeta>'
    b'<?xpacket end="w"?>'
)
IPTC = b"\x1c\x02\x05\x00\x05Title\x1c\x02\x78\x00\x07Caption"


def colours(height: int = 24, width: int = 32, *, channels: int = 3, bits: int = 8, seed: int = 0) -> NDArray[Any]:
    """Random samples; smooth enough in the first rows to be told apart after a lossy codec."""
    dtype = np.uint8 if bits == 8 else np.uint16
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.random.default_rng(seed).integers(0, 1 << bits, shape, dtype=dtype)


def corners(height: int = 48, width: int = 64) -> NDArray[np.uint8]:
    """Four flat quarters of different colours: shows how a picture is turned, even after JPEG."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2] = (250, 10, 10)
    picture[: height // 2, width // 2 :] = (10, 250, 10)
    picture[height // 2 :, : width // 2] = (10, 10, 250)
    picture[height // 2 :, width // 2 :] = (240, 240, 240)
    return picture


def exif_block(orientation: int = 1, *, thumbnail: bytes = b"\xff\xd8old face\xff\xd9", order: str = ">") -> bytes:
    """An EXIF block with a maker's note, a place and a thumbnail, packed by Pillow (the thumbnail by hand)."""
    exif = Image.Exif()
    exif.endian = order
    exif[271], exif[274], exif[306] = "Camera maker", orientation, "2020:01:02 03:04:05"
    exif.get_ifd(0x8769).update({0x9003: "2020:01:02 03:04:05", 0x927C: MAKER_NOTE, 0xA002: 64, 0xA003: 48})
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 30.0, 0.0)})
    block = bytearray(exif.tobytes().removeprefix(b"Exif\0\0"))
    (first,) = struct.unpack_from(order + "L", block, 4)
    (count,) = struct.unpack_from(order + "H", block, first)
    struct.pack_into(order + "L", block, first + 2 + 12 * count, len(block))
    place = len(block) + 2 + 2 * 12 + 4
    block += struct.pack(order + "H", 2)
    block += struct.pack(order + "HHLL", 513, 4, 1, place) + struct.pack(order + "HHLL", 514, 4, 1, len(thumbnail))
    block += bytes(4) + thumbnail
    return bytes(block)


def encoded(picture: NDArray[Any] | Image.Image, name: str, **settings: Any) -> bytes:
    """A file of Pillow's format `name`."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    buffer = io.BytesIO()
    image.save(buffer, name, **settings)
    return buffer.getvalue()


def tiff(picture: NDArray[Any], **settings: Any) -> bytes:
    """A TIFF file by tifffile."""
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer, byteorder=settings.pop("byteorder", "<")) as writer:
        writer.write(picture, metadata=None, **settings)
    return buffer.getvalue()


def heic(picture: NDArray[Any], **settings: Any) -> bytes:
    """A HEIC file without loss (10 or 12 bits for 16-bit samples)."""
    mode = "RGB" if picture.shape[2] == 3 else "RGBA"
    mode += ";16" if picture.dtype == np.uint16 else ""
    data = np.ascontiguousarray(picture).tobytes()
    image = pillow_heif.from_bytes(mode=mode, size=(picture.shape[1], picture.shape[0]), data=data)
    buffer = io.BytesIO()
    image.save(buffer, quality=-1, chroma=444, matrix_coefficients=0, **settings)
    return buffer.getvalue()


def valid_files() -> dict[str, bytes]:
    """One small valid file of each kind that the reader knows, by a name for the test."""
    rgb, rgba, grey = colours(), colours(channels=4), colours(channels=1)
    ink = Image.fromarray(rgb).convert("CMYK")
    palette = Image.fromarray(rgb).quantize(16)
    blocks = {"exif": b"Exif\0\0" + exif_block(6), "icc_profile": SRGB}
    return {
        "jpeg": encoded(corners(), "JPEG", quality=80, xmp=XMP, **blocks),
        "jpeg-grey": encoded(grey, "JPEG"),
        "jpeg-progressive": encoded(rgb, "JPEG", progressive=True),
        "jpeg-ink": encoded(ink, "JPEG"),
        "png": encoded(rgb, "PNG", **blocks),
        "png-palette": encoded(palette, "PNG", transparency=0),
        "png-16": bytes(imagecodecs.png_encode(colours(channels=4, bits=16))),
        "tiff": tiff(rgb, photometric="rgb", compression="adobe_deflate", predictor=True, iccprofile=SRGB),
        "tiff-lzw-16": tiff(colours(bits=16), photometric="rgb", compression="lzw", byteorder=">"),
        "tiff-tiles": tiff(rgb, photometric="rgb", tile=(16, 16), compression="packbits"),
        "tiff-ink": encoded(ink, "TIFF"),
        "tiff-palette": encoded(palette, "TIFF"),
        "tiff-jpeg": tiff(rgb, photometric="rgb", compression="jpeg"),
        "webp": encoded(rgba, "WEBP", quality=80, **blocks),
        "webp-lossless": encoded(rgb, "WEBP", lossless=True),
        "bmp": encoded(rgb, "BMP"),
        "bmp-palette": encoded(palette, "BMP"),
        "gif": encoded(palette, "GIF"),
        "heic": heic(rgb, exif=exif_block(6)),
        "heic-10": heic(colours(bits=16)),
        "avif": encoded(rgba, "AVIF", quality=80, **blocks),
        "avif-10": bytes(imagecodecs.avif_encode(colours(bits=16) >> 6, level=100, bitspersample=10)),
    }


def put(folder: Path, name: str, content: bytes) -> Path:
    """A file with that content."""
    path = folder / name
    path.write_bytes(content)
    return path
