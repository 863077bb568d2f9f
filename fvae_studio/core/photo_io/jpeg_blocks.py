"""The segments of a JPEG file: what it declares, what it carries beside the pixels, and whether it is complete.

References: ITU-T T.81 (JPEG), annex B; ICC.1:2022, annex B.4 (profiles in JPEG); XMP part 3, section 1.1.3.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from fvae_studio.core.photo_io.metadata_blocks import PHOTOSHOP_HEADER, join_photoshop, split_photoshop

EXIF_HEADER = b"Exif\x00\x00"
XMP_HEADER = b"http://ns.adobe.com/xap/1.0/\x00"
_EXTENDED_XMP_HEADER = b"http://ns.adobe.com/xmp/extension/\x00"
_ICC_HEADER = b"ICC_PROFILE\x00"
MAX_PAYLOAD = 65533
"""Bytes that a segment can hold."""

MAX_SCANS = 500
"""Progressive files have about ten; thousands are made to keep a decoder busy."""

_START_OF_FRAME = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_STANDALONE = {0x01, *range(0xD0, 0xD9)}
_START_OF_SCAN, _END = 0xDA, 0xD9
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
# fmt: off
_ZIGZAG = (
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5,
    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
)
# fmt: on
_SUBSAMPLINGS = {(1, 1): "4:4:4", (2, 1): "4:2:2", (2, 2): "4:2:0"}


class MalformedJpegError(ValueError):
    """The segments make no sense or end before the picture starts."""


@dataclass(frozen=True)
class JpegHeader:
    """What a JPEG file says before its first scan.

    Attributes:
        width: pixels per row.
        height: rows.
        num_components: 1 grey, 3 colour, 4 CMYK.
        precision: bits per sample.
        tables: quantisation tables in the order of the components that use them, each in natural (not zigzag) order.
        subsampling: "4:4:4", "4:2:2", "4:2:0" or "" for another one.
        density: dots per inch (x, y) as JFIF tells.
        exif: EXIF block.
        xmp: XMP packet.
        icc: ICC profile.
        iptc: IPTC records.
        carried: further segments that stay true after an edit, as (name, payload).
        scan_offset: where the first scan starts.
    """

    width: int
    height: int
    num_components: int
    precision: int
    tables: Mapping[int, tuple[int, ...]]
    subsampling: str
    density: tuple[float, float] | None
    exif: bytes | None
    xmp: bytes | None
    icc: bytes | None
    iptc: bytes | None
    carried: tuple[tuple[str, bytes], ...]
    scan_offset: int


@dataclass
class _Found:
    """What the walk over the segments has met so far."""

    frame: tuple[int, int, int, tuple[tuple[int, int, int], ...]] | None = None  # precision, height, width, components
    raw_tables: dict[int, tuple[int, ...]] = field(default_factory=dict)
    density: tuple[float, float] | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    icc_parts: dict[int, bytes] = field(default_factory=dict)
    num_icc_parts: int = 0
    photoshop: bytes = b""
    carried: list[tuple[str, bytes]] = field(default_factory=list)


def read_header(content: bytes) -> JpegHeader:
    """Read all segments up to the first scan.

    Raises:
        MalformedJpegError: they make no sense.
    """
    found = _Found()
    for marker, start, payload in _segments(content):
        if marker == _START_OF_SCAN:
            return _header_of(found, start - 4)
        _take(found, marker, payload)
    raise MalformedJpegError("no scan")


def is_complete(content: bytes, scan_offset: int) -> bool:
    """Whether the scans are followed by the end marker.

    What comes behind it (further pictures, a film) does not matter; an end marker inside a thumbnail does not count.

    Raises:
        MalformedJpegError: there are absurdly many scans.
    """
    position, num_scans = scan_offset, 0
    while match := _NEXT_MARKER.search(content, position):
        marker = content[match.start() + 1]
        if marker == _END:
            return True
        if marker == _START_OF_SCAN:
            num_scans += 1
            if num_scans > MAX_SCANS:
                raise MalformedJpegError(f"more than {MAX_SCANS} scans")
        position = match.end()
        if marker not in _STANDALONE:
            position += int.from_bytes(content[position : position + 2], "big")
    return False


def leading_segments(content: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(marker, offset of the payload, payload) of each segment before the first scan.

    Raises:
        MalformedJpegError: one reaches beyond the file.
    """
    for marker, start, payload in _segments(content):
        if marker == _START_OF_SCAN:
            return
        yield marker, start, payload


def jfif_segment(resolution: tuple[float, float] | None) -> bytes:
    """The segment that says that luma and colour differences are stored, and how many dots an inch has."""
    x, y = (1, 1) if resolution is None else (min(max(round(value), 1), 65535) for value in resolution)
    return segment(0xE0, b"JFIF\x00\x01\x01" + struct.pack(">BHHBB", resolution is not None, x, y, 0, 0))


def segment(marker: int, payload: bytes) -> bytes:
    """One segment as it lies in a file."""
    return bytes((0xFF, marker)) + struct.pack(">H", len(payload) + 2) + payload


def _segments(content: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(marker, offset of the payload, payload) of each segment."""
    position = 2
    while True:
        position = content.find(b"\xff", position)
        if position < 0 or position + 4 > len(content):
            return
        marker = content[position + 1]
        if marker == 0xFF:  # a fill byte
            position += 1
            continue
        if marker == 0 or marker in _STANDALONE:
            position += 2
            continue
        size = int.from_bytes(content[position + 2 : position + 4], "big")
        if size < 2 or position + 2 + size > len(content):
            raise MalformedJpegError("a segment reaches beyond the file")
        yield marker, position + 4, content[position + 4 : position + 2 + size]
        position += 2 + size


def _take(found: _Found, marker: int, payload: bytes) -> None:
    if marker in _START_OF_FRAME and found.frame is None:
        found.frame = _frame_of(payload)
    elif marker == 0xDB:
        _take_tables(found, payload)
    elif marker == 0xE0 and payload.startswith(b"JFIF\x00") and len(payload) >= 12:
        unit, x, y = payload[7], *struct.unpack_from(">HH", payload, 8)
        if unit in (1, 2) and x and y:
            per_inch = 2.54 if unit == 2 else 1.0
            found.density = (x * per_inch, y * per_inch)
    elif marker == 0xE1 and payload.startswith(EXIF_HEADER):
        found.exif = found.exif or payload[len(EXIF_HEADER) :]
    elif marker == 0xE1 and payload.startswith(XMP_HEADER):
        found.xmp = found.xmp or payload[len(XMP_HEADER) :]
    elif marker == 0xE1 and payload.startswith(_EXTENDED_XMP_HEADER):
        found.carried.append(("jpeg:APP1", payload))
    elif marker == 0xE2 and payload.startswith(_ICC_HEADER) and len(payload) > 14:
        found.icc_parts[payload[12]] = payload[14:]
        found.num_icc_parts = payload[13]
    elif marker == 0xED and payload.startswith(PHOTOSHOP_HEADER):
        # Several segments hold one list of resources.
        found.photoshop += payload[len(PHOTOSHOP_HEADER) :]
    elif marker == 0xFE:
        found.carried.append(("jpeg:COM", payload))


def _frame_of(payload: bytes) -> tuple[int, int, int, tuple[tuple[int, int, int], ...]]:
    if len(payload) < 6 or len(payload) < 6 + 3 * payload[5]:
        raise MalformedJpegError("a frame header is too short")
    precision, height, width, num_components = struct.unpack_from(">BHHB", payload)
    components = tuple(
        (payload[7 + 3 * i] >> 4, payload[7 + 3 * i] & 15, payload[8 + 3 * i]) for i in range(num_components)
    )
    return precision, height, width, components


def _take_tables(found: _Found, payload: bytes) -> None:
    position = 0
    while position < len(payload):
        wide, number = payload[position] >> 4, payload[position] & 15
        size = 128 if wide else 64
        values = payload[position + 1 : position + 1 + size]
        if len(values) < size:
            raise MalformedJpegError("a quantisation table is too short")
        zigzag = struct.unpack(">64H", values) if wide else tuple(values)
        natural = [0] * 64
        for place, value in zip(_ZIGZAG, zigzag, strict=True):
            natural[place] = value
        found.raw_tables[number] = tuple(natural)
        position += 1 + size


def _header_of(found: _Found, scan_offset: int) -> JpegHeader:
    if found.frame is None:
        raise MalformedJpegError("no frame header")
    precision, height, width, components = found.frame
    parts = found.icc_parts
    icc_complete = bool(parts) and sorted(parts) == list(range(1, found.num_icc_parts + 1))
    iptc, resources = split_photoshop(found.photoshop)
    if resources:
        found.carried.append(("photoshop", resources))
    return JpegHeader(
        width=width,
        height=height,
        num_components=len(components),
        precision=precision,
        tables=_tables_by_component(components, found.raw_tables),
        subsampling=_subsampling_of(components),
        density=found.density,
        exif=found.exif,
        xmp=found.xmp,
        icc=b"".join(parts[i] for i in sorted(parts)) if icc_complete else None,
        iptc=iptc,
        carried=tuple(found.carried),
        scan_offset=scan_offset,
    )


def _tables_by_component(
    components: tuple[tuple[int, int, int], ...], raw_tables: Mapping[int, tuple[int, ...]]
) -> dict[int, tuple[int, ...]]:
    """Tables of luma, blue and red difference; one that repeats the one before at the end is left out."""
    used = [raw_tables[number] for _, _, number in components if number in raw_tables]
    if len(used) < len(components):
        return {}
    while len(used) > 1 and used[-1] == used[-2]:
        used.pop()
    return dict(enumerate(used))


def _subsampling_of(components: tuple[tuple[int, int, int], ...]) -> str:
    if len(components) != 3:
        return ""
    (luma_h, luma_v, _), *chroma = components
    if any((h, v) != (1, 1) for h, v, _ in chroma):
        return ""
    return _SUBSAMPLINGS.get((luma_h, luma_v), "")


def metadata_segments(
    *,
    exif: bytes | None,
    xmp: bytes | None,
    icc: bytes | None,
    iptc: bytes | None,
    carried: tuple[tuple[str, bytes], ...],
) -> bytes:
    """All segments that carry these blocks, in the usual order. A block that does not fit is left out (see below).

    EXIF and XMP have one segment of 64 kB each; larger blocks come only from other formats. A profile is split.
    """
    parts = []
    if exif and len(exif) + len(EXIF_HEADER) <= MAX_PAYLOAD:
        parts.append(segment(0xE1, EXIF_HEADER + exif))
    if xmp and len(xmp) + len(XMP_HEADER) <= MAX_PAYLOAD:
        parts.append(segment(0xE1, XMP_HEADER + xmp))
    parts += [segment(0xE1, payload) for name, payload in carried if name == "jpeg:APP1"]
    if icc:
        room = MAX_PAYLOAD - len(_ICC_HEADER) - 2
        pieces = [icc[i : i + room] for i in range(0, len(icc), room)]
        if len(pieces) < 256:
            for number, piece in enumerate(pieces, start=1):
                parts.append(segment(0xE2, _ICC_HEADER + bytes((number, len(pieces))) + piece))
    resources = join_photoshop(iptc, b"".join(payload for name, payload in carried if name == "photoshop"))
    room = MAX_PAYLOAD - len(PHOTOSHOP_HEADER)
    parts += [segment(0xED, PHOTOSHOP_HEADER + resources[i : i + room]) for i in range(0, len(resources), room)]
    parts += [segment(0xFE, payload) for name, payload in carried if name == "jpeg:COM"]
    return b"".join(parts)
