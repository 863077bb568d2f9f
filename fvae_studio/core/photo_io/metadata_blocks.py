"""XMP packets, Photoshop resources (with IPTC inside) and compressed text: the blocks that several formats share."""

from __future__ import annotations

import re
import struct
import zlib

PHOTOSHOP_HEADER = b"Photoshop 3.0\x00"
_IPTC_RESOURCE = 0x0404
_STALE_RESOURCES = {0x0409, 0x040C, 0x0425}
"""Thumbnails (two generations of them) and the digest of the IPTC block."""

_MAX_INFLATED = 64 << 20
"""Bytes; a real profile or packet is far smaller, a bomb is larger."""

_ORIENTATION_ATTRIBUTE = re.compile(rb"""(tiff:Orientation\s*=\s*["'])\s*[2-8]\s*(["'])""")
_ORIENTATION_ELEMENT = re.compile(rb"(<tiff:Orientation[^>]*>)\s*[2-8]\s*(</tiff:Orientation\s*>)")
_THUMBNAILS = re.compile(rb"<(xmp|xap):Thumbnails\b.*?</\1:Thumbnails\s*>", re.DOTALL)


def edited_xmp(packet: bytes, *, orientation: int = 1) -> bytes:
    """The packet for an edited photo: the orientation that its file has, and no thumbnail of the photo before."""
    told = rb"\g<1>%d\g<2>" % orientation
    packet = _ORIENTATION_ATTRIBUTE.sub(told, packet)
    packet = _ORIENTATION_ELEMENT.sub(told, packet)
    return _THUMBNAILS.sub(b"", packet)


def split_photoshop(resources: bytes) -> tuple[bytes | None, bytes]:
    """IPTC records and the other resources (8BIM ...) that stay true after an edit.

    A list that breaks off gives what came before.
    """
    iptc, others = None, b""
    position = 0
    while resources[position : position + 4] == b"8BIM":
        try:
            (number,) = struct.unpack_from(">H", resources, position + 4)
            name_bytes = resources[position + 6] + 1
            start = position + 6 + name_bytes + (name_bytes & 1)
            (size,) = struct.unpack_from(">L", resources, start)
        except (struct.error, IndexError):
            break
        end = start + 4 + size
        if end > len(resources):
            break
        if number == _IPTC_RESOURCE:
            iptc = resources[start + 4 : end]
        elif number not in _STALE_RESOURCES:
            others += resources[position:end] + bytes(size & 1)
        position = end + (size & 1)
    return iptc, others


def join_photoshop(iptc: bytes | None, others: bytes) -> bytes:
    """Photoshop resources from IPTC records and other resources; empty if there is neither."""
    if not iptc:
        return others
    record = b"8BIM" + struct.pack(">HHL", _IPTC_RESOURCE, 0, len(iptc)) + iptc + bytes(len(iptc) & 1)
    return record + others


def inflate(packed: bytes) -> bytes | None:
    """Uncompressed zlib data; None where it is damaged or absurdly large."""
    try:
        stream = zlib.decompressobj()
        plain = stream.decompress(packed, _MAX_INFLATED)
    except zlib.error:
        return None
    return plain if stream.eof else None
