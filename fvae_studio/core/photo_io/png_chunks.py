"""The chunks of a PNG file: checked without decoding, and put around freshly encoded pixels.

Reference: PNG specification, third edition (W3C 2025), sections 5 and 11.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from fvae_studio.core.photo_io.metadata_blocks import inflate
from fvae_studio.core.photo_io.source_file import SourceFile, damaged, truncated

SIGNATURE_BYTES = 8
XMP_KEYWORD = "XML:com.adobe.xmp"
_COLOUR_CHUNKS = {"gAMA", "cHRM", "sRGB", "cICP", "mDCV", "cLLI"}
"""How the numbers are meant where there is no profile: carried along untouched."""

_CRITICAL = {"IHDR", "PLTE", "IDAT", "IEND"}
_READ_BYTES = 1 << 20
_MAX_TEXT_BYTES = 64 << 20
_INCHES_PER_METRE = 1 / 0.0254
_RAW_PROFILE = re.compile(r"\s*\w+\s+(\d+)\s+([0-9a-fA-F\s]*)$")


@dataclass(frozen=True)
class PngHeader:
    """What a PNG file says beside its pixels.

    Attributes:
        width: pixels per row.
        height: rows.
        bit_depth: 1, 2, 4, 8 or 16 per sample.
        colour_type: 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGBA.
        has_transparency: a tRNS chunk makes one colour, or palette entries, transparent.
        icc: ICC profile.
        exif: EXIF block.
        xmp: XMP packet.
        iptc: IPTC records.
        resolution: dots per inch (x, y).
        text: other text chunks.
        carried: colour chunks as (name, payload).
    """

    width: int
    height: int
    bit_depth: int
    colour_type: int
    has_transparency: bool
    icc: bytes | None
    exif: bytes | None
    xmp: bytes | None
    iptc: bytes | None
    resolution: tuple[float, float] | None
    text: Mapping[str, str]
    carried: tuple[tuple[str, bytes], ...]


def read_header(source: SourceFile) -> PngHeader:
    """Walk over all chunks of a file; pixel data is summed for its check and not kept.

    Raises:
        PhotoDamagedError: the file ends early, or a chunk that matters does not fit its checksum.
    """
    chunks: list[tuple[str, bytes]] = []
    kept_bytes = 0
    position, has_pixels = SIGNATURE_BYTES, False
    while True:
        size, name = struct.unpack(">L4s", source.read_at(position, 8))
        kind = name.decode("latin-1")
        if position + 12 + size > source.size:
            raise truncated(source.path)
        kept_bytes += 0 if kind == "IDAT" else size
        if kept_bytes > _MAX_TEXT_BYTES:
            raise damaged(source.path)
        payload = _checked_payload(source, position, size, kind)
        has_pixels |= kind == "IDAT"
        if kind == "IEND":
            break
        chunks.append((kind, payload))
        position += 12 + size
    if not has_pixels or chunks[0][0] != "IHDR" or len(chunks[0][1]) != 13:
        raise damaged(source.path)
    return _header_of(chunks)


def _checked_payload(source: SourceFile, position: int, size: int, kind: str) -> bytes:
    if kind != "IDAT":
        payload = source.read_at(position + 8, size)
        checksum = zlib.crc32(payload, zlib.crc32(kind.encode("latin-1")))
    else:
        payload, checksum = b"", zlib.crc32(b"IDAT")
        for start in range(0, size, _READ_BYTES):
            checksum = zlib.crc32(source.read_at(position + 8 + start, min(_READ_BYTES, size - start)), checksum)
    # A wrong sum in a comment is no reason to refuse the picture.
    if kind in _CRITICAL and checksum != int.from_bytes(source.read_at(position + 8 + size, 4), "big"):
        raise damaged(source.path)
    return payload


def _header_of(chunks: list[tuple[str, bytes]]) -> PngHeader:
    width, height, bit_depth, colour_type = struct.unpack_from(">LLBB", chunks[0][1])
    icc = exif = xmp = iptc = None
    resolution = None
    text: dict[str, str] = {}
    carried = []
    for kind, payload in chunks:
        if kind == "iCCP":
            # name, a zero, compression method 0, zlib data
            icc = inflate(payload.partition(b"\0")[2][1:]) or icc
        elif kind == "eXIf":
            exif = payload
        elif kind == "pHYs" and len(payload) == 9:
            x, y, unit = struct.unpack(">LLB", payload)
            resolution = (x / _INCHES_PER_METRE, y / _INCHES_PER_METRE) if unit == 1 and x and y else None
        elif kind in _COLOUR_CHUNKS:
            carried.append((f"png:{kind}", payload))
        elif kind in ("tEXt", "zTXt", "iTXt"):
            keyword, value = _text_of(kind, payload)
            if keyword == XMP_KEYWORD:
                xmp = value
            elif keyword in ("Raw profile type exif", "Raw profile type APP1"):
                exif = exif or _raw_profile(value, b"Exif\0\0")
            elif keyword == "Raw profile type iptc":
                iptc = _raw_profile(value)
            elif keyword and value is not None:
                text[keyword] = value.decode("utf-8" if kind == "iTXt" else "latin-1", "replace")
    has_transparency = any(kind == "tRNS" for kind, _ in chunks)
    return PngHeader(
        width, height, bit_depth, colour_type, has_transparency, icc, exif, xmp, iptc, resolution, text, tuple(carried)
    )


def _text_of(kind: str, payload: bytes) -> tuple[str, bytes | None]:
    raw_keyword, _, rest = payload.partition(b"\0")
    keyword = raw_keyword.decode("latin-1")
    if kind == "tEXt":
        return keyword, rest
    if kind == "zTXt":
        return keyword, inflate(rest[1:])
    is_packed = rest[:1] == b"\x01"
    value = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    return keyword, inflate(value) if is_packed else value


def _raw_profile(value: bytes | None, prefix: bytes = b"") -> bytes | None:
    """A block that ImageMagick and others keep as hexadecimal text."""
    match = _RAW_PROFILE.match((value or b"").decode("latin-1"))
    if not match:
        return None
    try:
        block = bytes.fromhex(match.group(2))
    except ValueError:
        return None
    if prefix and not block.startswith(prefix):
        return None
    return block.removeprefix(prefix) or None


def chunk(kind: str, payload: bytes) -> bytes:
    """One chunk as it lies in a file."""
    name = kind.encode("ascii")
    return struct.pack(">L", len(payload)) + name + payload + struct.pack(">L", zlib.crc32(payload, zlib.crc32(name)))


def metadata_chunks(
    *,
    exif: bytes | None,
    xmp: bytes | None,
    icc: bytes | None,
    iptc: bytes | None,
    resolution: tuple[float, float] | None,
    text: Mapping[str, str],
    carried: tuple[tuple[str, bytes], ...],
) -> bytes:
    """All chunks that carry these blocks; they belong behind IHDR and before the pixels."""
    parts = [chunk(name.removeprefix("png:"), payload) for name, payload in carried if name.startswith("png:")]
    if icc:
        parts.append(chunk("iCCP", b"ICC profile\0\0" + zlib.compress(icc)))
    if resolution:
        x, y = (min(round(value * _INCHES_PER_METRE), 0x7FFFFFFF) for value in resolution)
        parts.append(chunk("pHYs", struct.pack(">LLB", x, y, 1)))
    if exif:
        parts.append(chunk("eXIf", exif))
    if xmp:
        parts.append(chunk("iTXt", XMP_KEYWORD.encode() + bytes(5) + xmp))
    if iptc:
        hexadecimal = f"\niptc\n{len(iptc):8d}\n{iptc.hex()}\n".encode()
        parts.append(chunk("zTXt", b"Raw profile type iptc\0\0" + zlib.compress(hexadecimal)))
    for keyword, value in text.items():
        name = keyword.encode("latin-1", "replace")[:79]
        try:
            parts.append(chunk("tEXt", name + b"\0" + value.encode("latin-1")))
        except UnicodeEncodeError:
            parts.append(chunk("iTXt", name + bytes(5) + value.encode("utf-8")))
    return b"".join(parts)


def with_metadata(encoded: bytes | bytearray, chunks: bytes) -> tuple[memoryview, bytes, memoryview]:
    """The pieces of a file with `chunks` behind its IHDR, without a copy of the pixels."""
    view = memoryview(encoded)
    behind_header = SIGNATURE_BYTES + 25
    return view[:behind_header], chunks, view[behind_header:]
