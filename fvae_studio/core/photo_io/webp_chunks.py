"""The chunks of a WebP file. Reference: RFC 9649, section 2."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import BinaryIO

from fvae_studio.core.photo_io.source_file import SourceFile, damaged, truncated

_MAX_BLOCK_BYTES = 64 << 20
_HAS_XMP = 4


@dataclass(frozen=True)
class WebpHeader:
    """What a WebP file says beside its pixels.

    Attributes:
        width: pixels per row, of the canvas.
        height: rows.
        is_lossless: the (first) picture is coded without loss.
        is_animated: there are frames; only the first will be read.
        icc: ICC profile.
        exif: EXIF block.
        xmp: XMP packet.
    """

    width: int
    height: int
    is_lossless: bool
    is_animated: bool
    icc: bytes | None
    exif: bytes | None
    xmp: bytes | None


def read_header(source: SourceFile) -> WebpHeader:
    """Walk over the chunks.

    Raises:
        PhotoDamagedError: the file ends early or holds no picture.
    """
    end = 8 + int.from_bytes(source.read_at(4, 4), "little")
    if end > source.size:
        raise truncated(source.path)
    size: tuple[int, int] | None = None
    is_lossless = is_animated = False
    blocks: dict[bytes, bytes] = {}
    position = 12
    while position + 8 <= end:
        name, length = struct.unpack("<4sL", source.read_at(position, 8))
        start = position + 8
        if start + length > end:
            raise truncated(source.path)
        if name == b"VP8X" and length >= 10:
            flags, *dimensions = struct.unpack("<B3x3s3s", source.read_at(start, 10))
            size = size or (_plus_one(dimensions[0]), _plus_one(dimensions[1]))
            is_animated = bool(flags & 2)
        elif name in (b"VP8 ", b"VP8L"):
            is_lossless = name == b"VP8L"
            size = size or _bitstream_size(source, name, start, length)
        elif name == b"ANMF" and length >= 24:
            is_lossless = is_lossless or source.read_at(start + 16, 4) == b"VP8L"
        elif name in (b"ICCP", b"EXIF", b"XMP ") and length <= _MAX_BLOCK_BYTES:
            blocks.setdefault(name, source.read_at(start, length))
        position = start + length + (length & 1)
    if size is None:
        raise damaged(source.path)
    exif = blocks.get(b"EXIF", b"").removeprefix(b"Exif\0\0") or None
    return WebpHeader(*size, is_lossless, is_animated, blocks.get(b"ICCP"), exif, blocks.get(b"XMP "))


def add_xmp(file: BinaryIO, packet: bytes) -> None:
    """Put an XMP packet at the end of an extended WebP file, such as an animation; others stay as they are.

    Args:
        file: the whole file, open for reading and writing; it holds no packet yet.
        packet: see there.
    """
    file.seek(0)
    head = file.read(30)
    if head[8:16] != b"WEBPVP8X":
        return
    chunk = b"XMP " + struct.pack("<L", len(packet)) + packet + b"\0" * (len(packet) & 1)
    end = file.seek(0, os.SEEK_END)
    file.write(chunk)
    file.seek(20)
    file.write(bytes([head[20] | _HAS_XMP]))
    file.seek(4)
    file.write(struct.pack("<L", end + len(chunk) - 8))


def _plus_one(three_bytes: bytes) -> int:
    return 1 + int.from_bytes(three_bytes, "little")


def _bitstream_size(source: SourceFile, name: bytes, start: int, length: int) -> tuple[int, int]:
    if length < 10:
        raise truncated(source.path)
    head = source.read_at(start, 10)
    if name == b"VP8L":
        bits = int.from_bytes(head[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack_from("<HH", head, 6)
    return width & 0x3FFF, height & 0x3FFF
