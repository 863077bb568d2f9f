"""EXIF blocks and the directories inside TIFF files: the same structure, read and patched byte by byte.

Blocks are patched in place and never rewritten where that can be avoided: the makers' notes hold offsets into the block
that only the camera's maker understands, and a rewrite would break them.

Reference: CIPA DC-008 (EXIF 2.32), section 4.6; TIFF 6.0, section 2.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass

ORIENTATION = 274
EXIF_POINTER, GPS_POINTER, INTEROP_POINTER = 34665, 34853, 40965
_THUMBNAIL_OFFSET, _THUMBNAIL_LENGTH = 513, 514
_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT = 282, 283, 296
_PIXEL_WIDTH, _PIXEL_HEIGHT = 40962, 40963
_SHORT, _LONG, _IFD = 3, 4, 13
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_MAX_ENTRIES = 4096

DESCRIPTIVE_TAGS = frozenset({270, 271, 272, 305, 306, 315, 316, 18246, 18249, 33432, *range(40091, 40096)})
"""Tags of the first directory that describe the photo and not the layout of its pixels in a TIFF file."""

ReadAt = Callable[[int, int], bytes]
"""Bytes at (offset, size); raises an exception where the block ends before."""


class MalformedExifError(ValueError):
    """The block is no EXIF structure; never leaves this package: such a block is carried along unread."""


@dataclass(frozen=True)
class Entry:
    """One tag.

    Attributes:
        tag: number.
        kind: TIFF's field type, 1..13.
        count: number of values.
        data: the values as found, in the byte order of the block.
        position: where the values lie in the block.
    """

    tag: int
    kind: int
    count: int
    data: bytes
    position: int = 0


@dataclass(frozen=True)
class ExifTree:
    """The directories of a block that tell about the photo.

    Attributes:
        order: "<" or ">".
        root: first directory (the descriptive tags only, when it is going to be packed).
        exif: directory of the exposure.
        gps: directory of the place.
        interop: directory of interoperability (the colour space of DCF).
    """

    order: str
    root: tuple[Entry, ...] = ()
    exif: tuple[Entry, ...] = ()
    gps: tuple[Entry, ...] = ()
    interop: tuple[Entry, ...] = ()


def block_reader(block: bytes | bytearray) -> ReadAt:
    """Reads from a block in memory."""

    def read_at(offset: int, size: int) -> bytes:
        if offset < 0 or size < 0 or offset + size > len(block):
            raise MalformedExifError(f"{size} bytes at {offset} lie beyond {len(block)}")
        return bytes(block[offset : offset + size])

    return read_at


def read_tree(read_at: ReadAt) -> ExifTree:
    """All directories but the thumbnail's; a damaged sub-directory is left out.

    Raises:
        MalformedExifError: no such structure, or its first directory is damaged.
    """
    order, offset = _header(read_at)
    root, _ = read_directory(read_at, offset, order)
    exif = _sub_directory(read_at, root, EXIF_POINTER, order)
    return ExifTree(
        order,
        root,
        exif,
        _sub_directory(read_at, root, GPS_POINTER, order),
        _sub_directory(read_at, exif, INTEROP_POINTER, order),
    )


def read_directory(read_at: ReadAt, offset: int, order: str) -> tuple[tuple[Entry, ...], int]:
    """Entries of one directory and the offset of the next (0: none). Entries that cannot be read are left out."""
    (count,) = struct.unpack(order + "H", read_at(offset, 2))
    if count > _MAX_ENTRIES:
        raise MalformedExifError(f"a directory of {count} entries")
    entries = []
    for index in range(count):
        position = offset + 2 + 12 * index
        tag, kind, values = struct.unpack(order + "HHL", read_at(position, 8))
        size = _TYPE_BYTES.get(kind, 0) * values
        if size == 0:
            continue
        try:
            place = position + 8 if size <= 4 else struct.unpack(order + "L", read_at(position + 8, 4))[0]
            entries.append(Entry(tag, kind, values, read_at(place, size), place))
        except (ValueError, OSError):
            continue
    try:
        (following,) = struct.unpack(order + "L", read_at(offset + 2 + 12 * count, 4))
    except (ValueError, OSError):
        following = 0
    return tuple(entries), following


def orientation_of(block: bytes) -> int:
    """Orientation 1..8; 1 where the block tells none or nonsense."""
    try:
        tree = read_tree(block_reader(block))
    except (ValueError, struct.error):
        return 1
    value = _number(tree.root, ORIENTATION, tree.order)
    return int(value) if value is not None and value in range(1, 9) else 1


def resolution_of(block: bytes) -> tuple[float, float] | None:
    """Dots per inch (x, y), if told."""
    try:
        tree = read_tree(block_reader(block))
    except (ValueError, struct.error):
        return None
    x, y = _number(tree.root, _X_RESOLUTION, tree.order), _number(tree.root, _Y_RESOLUTION, tree.order)
    if not x or not y:
        return None
    per_inch = 2.54 if _number(tree.root, _RESOLUTION_UNIT, tree.order) == 3 else 1.0
    return x * per_inch, y * per_inch


def edited_exif(block: bytes, width: int, height: int, *, orientation: int = 1) -> bytes:
    """The block for an edited photo.

    Only these bytes change: orientation and size are updated, and the thumbnail is blanked (it would show the photo
    before the edit) and unlinked. A block that is no EXIF structure is returned as it is.

    Args:
        block: as found.
        width: of the picture as the new file stores it.
        height: likewise.
        orientation: that the new file needs; 1 where its pixels stand upright.
    """
    patched = bytearray(block)
    try:
        read_at = block_reader(patched)
        order, offset = _header(read_at)
        root, following = read_directory(read_at, offset, order)
        for entry in root:
            if entry.tag == ORIENTATION:
                _patch(patched, entry, orientation, order)
        for entry in _sub_directory(read_at, root, EXIF_POINTER, order):
            if entry.tag in (_PIXEL_WIDTH, _PIXEL_HEIGHT):
                _patch(patched, entry, width if entry.tag == _PIXEL_WIDTH else height, order)
        if following:
            (count,) = struct.unpack(order + "H", read_at(offset, 2))
            _blank_thumbnail(patched, read_at, following, order)
            struct.pack_into(order + "L", patched, offset + 2 + 12 * count, 0)
    except (ValueError, struct.error):
        pass
    return bytes(patched)


def orientation_exif(orientation: int) -> bytes:
    """A block that tells the orientation and nothing else."""
    return struct.pack("<4sLHHHLHHL", b"II*\x00", 8, 1, ORIENTATION, _SHORT, 1, orientation, 0, 0)


def pack_tree(tree: ExifTree) -> bytes:
    """A block of its own: header, directories, no thumbnail. Makers' notes are carried, their inner offsets are not."""
    header = (b"II*\x00" if tree.order == "<" else b"MM\x00*") + struct.pack(tree.order + "L", 8)
    base = 8
    pointers, body = pack_sub_directories(tree, base + _directory_size(tree.root, 2 * bool(tree.exif or tree.gps)))
    root = [entry for entry in tree.root if entry.tag not in (EXIF_POINTER, GPS_POINTER)] + pointers
    # The space reserved above must be what the root takes: the sub-directories' offsets depend on it.
    packed = _pack_directory(root, base, tree.order)
    reserved = _directory_size(tree.root, 2 * bool(tree.exif or tree.gps))
    return header + packed.ljust(reserved, b"\0") + body


def pack_sub_directories(tree: ExifTree, base: int) -> tuple[list[Entry], bytes]:
    """The sub-directories as they lie from offset `base` on, and the entries that point to them."""
    body = b""
    pointers = []
    exif = [entry for entry in tree.exif if entry.tag != INTEROP_POINTER]
    if tree.interop and exif:
        exif.append(_pointer(INTEROP_POINTER, base, tree.order))
        body += _pack_directory(tree.interop, base, tree.order)
    for tag, entries in ((EXIF_POINTER, exif), (GPS_POINTER, tree.gps)):
        if entries:
            pointers.append(_pointer(tag, base + len(body), tree.order))
            body += _pack_directory(entries, base + len(body), tree.order)
    return pointers, body


def _header(read_at: ReadAt) -> tuple[str, int]:
    mark = read_at(0, 4)
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(mark)
    if order is None:
        raise MalformedExifError(f"starts with {mark!r}")
    return order, struct.unpack(order + "L", read_at(4, 4))[0]


def _sub_directory(read_at: ReadAt, entries: Iterable[Entry], tag: int, order: str) -> tuple[Entry, ...]:
    offset = _number(entries, tag, order)
    if not offset:
        return ()
    try:
        return read_directory(read_at, int(offset), order)[0]
    except (ValueError, OSError, struct.error):
        return ()


def _number(entries: Iterable[Entry], tag: int, order: str) -> float | None:
    for entry in entries:
        if entry.tag == tag:
            if entry.kind in (_SHORT, _LONG, _IFD):
                code = "H" if entry.kind == _SHORT else "L"
                return float(struct.unpack_from(order + code, entry.data)[0])
            if entry.kind == 5:
                above, below = struct.unpack_from(order + "LL", entry.data)
                return above / below if below else None
    return None


def _patch(block: bytearray, entry: Entry, value: int, order: str) -> None:
    if entry.kind in (_SHORT, _LONG, _IFD) and value < 1 << (16 if entry.kind == _SHORT else 32):
        struct.pack_into(order + ("H" if entry.kind == _SHORT else "L"), block, entry.position, value)


def _blank_thumbnail(block: bytearray, read_at: ReadAt, offset: int, order: str) -> None:
    try:
        entries, _ = read_directory(read_at, offset, order)
    except (ValueError, struct.error):
        return
    start, length = _number(entries, _THUMBNAIL_OFFSET, order), _number(entries, _THUMBNAIL_LENGTH, order)
    if not start or not length:
        return
    first, end = int(start), int(start) + int(length)
    if first <= 8 or first >= len(block):
        return
    if end >= len(block):
        del block[first:]
    else:
        block[first:end] = bytes(end - first)


def _pointer(tag: int, offset: int, order: str) -> Entry:
    return Entry(tag, _LONG, 1, struct.pack(order + "L", offset))


def _padded(size: int) -> int:
    return size + (size & 1)


def _directory_size(entries: Iterable[Entry], extra_pointers: int) -> int:
    kept = [entry for entry in entries if entry.tag not in (EXIF_POINTER, GPS_POINTER)]
    values = sum(_padded(len(entry.data)) for entry in kept if len(entry.data) > 4)
    return 2 + 12 * (len(kept) + extra_pointers) + 4 + values


def _pack_directory(entries: Iterable[Entry], base: int, order: str) -> bytes:
    ordered = sorted(entries, key=lambda entry: entry.tag)
    place = base + 2 + 12 * len(ordered) + 4
    table, values = struct.pack(order + "H", len(ordered)), b""
    for entry in ordered:
        table += struct.pack(order + "HHL", entry.tag, entry.kind, entry.count)
        if len(entry.data) <= 4:
            table += entry.data.ljust(4, b"\0")
        else:
            table += struct.pack(order + "L", place + len(values))
            values += entry.data.ljust(_padded(len(entry.data)), b"\0")
    return table + bytes(4) + values
