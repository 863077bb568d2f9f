"""A small OpenEXR file: named float channels of one part, by scanlines. No library of that format is needed.

Written after "The OpenEXR File Layout" (openexr.com): 32-bit channels, ZIP compression. Read: 16- and 32-bit float
channels without compression or with ZIP or ZIPS, which is what compositing programs write for flows and depths.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.errors import GeometryError

_MAGIC: Final = 20000630
_ROWS_PER_CHUNK: Final = {0: 1, 2: 1, 3: 16}
"""By compression: none, ZIPS, ZIP."""
_DTYPES: Final[dict[int, np.dtype[Any]]] = {1: np.dtype("<f2"), 2: np.dtype("<f4")}
_MAX_SIDE: Final = 16384


@dataclass(frozen=True, eq=False)
class ExrImage:
    """Channels of one size.

    Attributes:
        channels: (h, w) float32 by name.
        texts: attributes of type string, such as "comments".
    """

    channels: Mapping[str, NDArray[np.float32]]
    texts: Mapping[str, str] = field(default_factory=dict)


def encode_exr(image: ExrImage) -> bytes:
    """The file's bytes; channels as 32-bit float, bit by bit."""
    names = sorted(image.channels)
    height, width = image.channels[names[0]].shape
    channel_list = b"".join(name.encode() + b"\0" + struct.pack("<iB3xii", 2, 0, 1, 1) for name in names) + b"\0"
    box = struct.pack("<4i", 0, 0, width - 1, height - 1)
    header = struct.pack("<ii", _MAGIC, 2)
    for name, kind, value in (
        ("channels", "chlist", channel_list),
        ("compression", "compression", b"\3"),
        ("dataWindow", "box2i", box),
        ("displayWindow", "box2i", box),
        ("lineOrder", "lineOrder", b"\0"),
        ("pixelAspectRatio", "float", struct.pack("<f", 1)),
        ("screenWindowCenter", "v2f", struct.pack("<2f", 0, 0)),
        ("screenWindowWidth", "float", struct.pack("<f", 1)),
        *((name, "string", text.encode()) for name, text in image.texts.items()),
    ):
        header += name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<i", len(value)) + value
    header += b"\0"
    # Each scanline holds all of its first channel, then all of the next.
    lines = np.stack([np.ascontiguousarray(image.channels[name], "<f4") for name in names], axis=1)
    chunks = []
    for y in range(0, height, 16):
        raw = lines[y : y + 16].tobytes()
        packed = _pack(raw)
        body = packed if len(packed) < len(raw) else raw
        chunks.append(struct.pack("<ii", y, len(body)) + body)
    start = len(header) + 8 * len(chunks)
    offsets = [start + sum(map(len, chunks[:number])) for number in range(len(chunks))]
    return header + struct.pack(f"<{len(offsets)}Q", *offsets) + b"".join(chunks)


def decode_exr(data: bytes) -> ExrImage:
    """Read what `encode_exr` and other programs write.

    Raises:
        GeometryError: no EXR file, one of a kind that is not supported, or a damaged one.
    """
    try:
        return _decode(data)
    except (struct.error, ValueError, IndexError, zlib.error, KeyError, UnicodeDecodeError) as error:
        if isinstance(error, GeometryError):
            raise
        raise GeometryError(f"the EXR file is damaged or cut short ({error})") from error


def _decode(data: bytes) -> ExrImage:
    magic, version = struct.unpack_from("<ii", data)
    if magic != _MAGIC:
        raise GeometryError("this is no EXR file: its first bytes are of another kind")
    if version & 0x1A00:
        raise GeometryError("the EXR file is tiled, deep or of several parts; save it as a single scanline image")
    attributes, position = _read_attributes(data)
    compression = attributes["compression"][1][0]
    if compression not in _ROWS_PER_CHUNK:
        raise GeometryError("the EXR file's compression is not supported; save it uncompressed or with ZIP")
    x0, y0, x1, y1 = struct.unpack("<4i", attributes["dataWindow"][1])
    width, height = x1 - x0 + 1, y1 - y0 + 1
    if not (0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE):
        raise GeometryError(f"the EXR file claims a size of {width} x {height}; up to {_MAX_SIDE} is read")
    kinds = _read_channel_list(attributes["channels"][1])
    bytes_per_row = sum(kind.itemsize for kind in kinds.values()) * width
    rows_per_chunk = _ROWS_PER_CHUNK[compression]
    num_chunks = -(-height // rows_per_chunk)
    raw_lines = bytearray()
    for number, offset in enumerate(struct.unpack_from(f"<{num_chunks}Q", data, position)):
        y, size = struct.unpack_from("<ii", data, offset)
        rows = min(rows_per_chunk, height - number * rows_per_chunk)
        body = data[offset + 8 : offset + 8 + size]
        if y != y0 + number * rows_per_chunk or size < 0 or len(body) != size:
            raise GeometryError("the EXR file is damaged or cut short: a block of rows is not where it should be")
        # A block that would not have become smaller is stored as it is.
        raw = body if compression == 0 or size == bytes_per_row * rows else _unpack(body, bytes_per_row * rows)
        if len(raw) != bytes_per_row * rows:
            raise GeometryError("the EXR file is damaged: a block of rows has the wrong length")
        raw_lines += raw
    lines = np.frombuffer(bytes(raw_lines), np.uint8).reshape(height, bytes_per_row)
    channels, start = {}, 0
    for name, kind in kinds.items():
        end = start + kind.itemsize * width
        channels[name] = np.ascontiguousarray(lines[:, start:end]).view(kind).astype(np.float32)
        start = end
    texts = {name: value.decode() for name, (kind_name, value) in attributes.items() if kind_name == "string"}
    return ExrImage(channels, texts)


def _read_attributes(data: bytes) -> tuple[dict[str, tuple[str, bytes]], int]:
    attributes: dict[str, tuple[str, bytes]] = {}
    position = 8
    while data[position] != 0:
        name, position = _read_name(data, position)
        kind, position = _read_name(data, position)
        (size,) = struct.unpack_from("<i", data, position)
        value = data[position + 4 : position + 4 + size]
        if size < 0 or len(value) != size:
            raise GeometryError("the EXR file is damaged or cut short: its header breaks off")
        attributes[name] = kind, value
        position += 4 + size
    return attributes, position + 1


def _read_channel_list(value: bytes) -> dict[str, np.dtype[Any]]:
    kinds: dict[str, np.dtype[Any]] = {}
    position = 0
    while value[position] != 0:
        name, position = _read_name(value, position)
        kind, _, x_step, y_step = struct.unpack_from("<iB3xii", value, position)
        if kind not in _DTYPES or (x_step, y_step) != (1, 1):
            raise GeometryError(
                f"channel {name!r} of the EXR file is of integers or subsampled; 16- or 32-bit float is read"
            )
        kinds[name] = _DTYPES[kind]
        position += 16
    if not kinds:
        raise GeometryError("the EXR file has no channels")
    return kinds


def _read_name(data: bytes, position: int) -> tuple[str, int]:
    end = data.index(b"\0", position)
    return data[position:end].decode(), end + 1


def _pack(raw: bytes) -> bytes:
    # Bytes of even and odd places apart, then differences to the byte before: what zlib packs best in floats.
    values = np.frombuffer(raw, np.uint8)
    ordered = np.concatenate([values[0::2], values[1::2]]).astype(np.int16)
    differences = ordered.copy()
    differences[1:] += 128 - ordered[:-1]
    return zlib.compress((differences & 255).astype(np.uint8).tobytes())


def _unpack(body: bytes, size: int) -> bytes:
    # Bounded: a damaged or hostile block may claim to unpack into anything.
    values = np.frombuffer(zlib.decompressobj().decompress(body, size + 1), np.uint8)
    if len(values) != size:
        raise GeometryError("the EXR file is damaged: a block of rows has the wrong length")
    shifted = values.astype(np.int64)
    shifted[1:] -= 128
    ordered = (np.cumsum(shifted) & 255).astype(np.uint8)
    half = (size + 1) // 2
    raw = np.empty(size, np.uint8)
    raw[0::2], raw[1::2] = ordered[:half], ordered[half:]
    return raw.tobytes()
