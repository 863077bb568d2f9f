"""Image files that no camera would write, made by code from small valid ones; the same ones for the same seed."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from tests.helpers import photo_files as files

_SIZES = (0, 1, 2, 7, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFE, 0xFFFF_FFFF)
_SIDES = (0, 1, 30_000, 65_535, 1_000_000, 0x7FFF_FFFF, 0xFFFF_FFFF)


@dataclass(frozen=True)
class BadFile:
    """One file of the corpus.

    Attributes:
        kind: which reader it is for: "image", "project", "recipe", ...
        family: what was done to it, for the table.
        name: tells how to make it again.
        content: its bytes.
        suffix: of its name.
    """

    kind: str
    family: str
    name: str
    content: bytes
    suffix: str = ""


Mutation = Callable[[bytes, random.Random], bytes]


def image_files(*, per_family: int, seed: int = 0) -> Iterator[BadFile]:
    """For each valid file and each family of mutations, some bad ones; then those that are made from nothing.

    Args:
        per_family: of each valid file.
        seed: of all choices.
    """
    for base, content in sorted(_valid().items()):
        for family, mutate in MUTATIONS.items():
            for number in range(per_family):
                name = f"{base}, {family}, {number}, {seed}"
                yield BadFile("image", family, name, mutate(content, random.Random(name)))
    yield from _made_from_nothing()


@cache
def _valid() -> dict[str, bytes]:
    return files.valid_files()


def truncate(content: bytes, choose: random.Random) -> bytes:
    """Cut it anywhere, more often near the ends."""
    size = len(content)
    return content[
        : choose.choice((choose.randrange(size), choose.randrange(min(size, 64)), size - 1 - choose.randrange(9)))
    ]


def flip_bits(content: bytes, choose: random.Random) -> bytes:
    """Some bits anywhere, or near the start, where decoders go astray."""
    damaged = bytearray(content)
    reach = choose.choice((len(content), min(len(content), 512)))
    for _ in range(choose.choice((1, 1, 3, 30))):
        damaged[choose.randrange(reach)] ^= 1 << choose.randrange(8)
    return bytes(damaged)


def lie_about_length(content: bytes, choose: random.Random) -> bytes:
    """A length, a count or an offset that is not true: 2, 4 or 8 bytes, either order."""
    damaged = bytearray(content)
    code = choose.choice((">H", "<H", ">L", "<L", ">Q", "<Q"))
    place = choose.randrange(2, max(3, min(len(content) - 8, 700)))
    struct.pack_into(code, damaged, place, choose.choice(_SIZES) & (256 ** struct.calcsize(code) - 1))
    return bytes(damaged)


def claim_huge_size(content: bytes, choose: random.Random) -> bytes:
    """Width and height that need more memory than there is; checksums are made to fit."""
    damaged = bytearray(content)
    width, height = choose.choice(_SIDES), choose.choice(_SIDES)
    if content.startswith(b"\x89PNG"):
        struct.pack_into(">LL", damaged, 16, width, height)
        struct.pack_into(">L", damaged, 29, zlib.crc32(damaged[12:29]))
    elif content.startswith(b"\xff\xd8"):
        frame = next(
            place for place in range(len(content) - 9) if content[place] == 0xFF and content[place + 1] in (0xC0, 0xC2)
        )
        struct.pack_into(">HH", damaged, frame + 5, height & 0xFFFF, width & 0xFFFF)
    elif content.startswith(b"BM"):
        struct.pack_into("<LL", damaged, 18, width, height)
    elif content.startswith(b"GIF"):
        struct.pack_into("<HH", damaged, 6, width & 0xFFFF, height & 0xFFFF)
        image = content.index(b"\x2c\0\0\0\0")
        struct.pack_into("<HH", damaged, image + 5, width & 0xFFFF, height & 0xFFFF)
    elif (box := content.find(b"ispe")) > 0:
        struct.pack_into(">LL", damaged, box + 8, width, height)
    elif (chunk := content.find(b"VP8X")) > 0:
        struct.pack_into("<LL", damaged, chunk + 12, width & 0xFF_FFFF, height & 0xFF_FFFF)
    else:
        order = "<" if content.startswith(b"II") else ">"
        for tag, value in ((256, width), (257, height)):
            place = content.find(struct.pack(order + "H", tag), 4)
            if 0 < place < len(content) - 12:
                struct.pack_into(order + "HL", damaged, place + 2, 4, 1)
                struct.pack_into(order + "L", damaged, place + 8, value)
    return bytes(damaged)


def cut_out(content: bytes, choose: random.Random) -> bytes:
    """A piece is missing, is there twice, or is nothing but zeros."""
    first = choose.randrange(len(content))
    last = min(len(content), first + choose.choice((1, 4, 12, 100, 1000)))
    piece = content[first:last]
    return content[:first] + choose.choice((b"", piece * 2, bytes(len(piece)), b"\xff" * len(piece))) + content[last:]


def graft(content: bytes, choose: random.Random) -> bytes:
    """The head of one file with the rest of another one."""
    other = _valid()[choose.choice(sorted(_valid()))]
    return content[: choose.randrange(4, len(content))] + other[choose.randrange(len(other)) :]


def add_behind(content: bytes, choose: random.Random) -> bytes:
    """Something behind its end: a film, another photo, noise."""
    other = _valid()[choose.choice(sorted(_valid()))]
    return content + choose.choice((other, choose.randbytes(500), bytes(5000), content))


MUTATIONS: dict[str, Mutation] = {
    "truncated": truncate,
    "flipped bits": flip_bits,
    "wrong lengths": lie_about_length,
    "huge sizes": claim_huge_size,
    "pieces cut out": cut_out,
    "two files in one": graft,
    "more behind": add_behind,
}


def _made_from_nothing() -> Iterator[BadFile]:
    makers = {
        "nested metadata": _nested_metadata,
        "odd profiles": _odd_profiles,
        "odd segments": _odd_segments,
    }
    for family, make in makers.items():
        for name, content in make():
            yield BadFile("image", family, name, content)


def _jpeg_with(*segments: bytes) -> bytes:
    plain = files.encoded(files.corners(), "JPEG")
    return plain[:2] + b"".join(segments) + plain[2:]


def _segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", min(len(payload) + 2, 0xFFFF)) + payload[:65533]


def _png_with(*chunks: tuple[bytes, bytes]) -> bytes:
    plain = files.encoded(files.corners(), "PNG")
    packed = b"".join(
        struct.pack(">L", len(body)) + kind + body + struct.pack(">L", zlib.crc32(kind + body)) for kind, body in chunks
    )
    return plain[:33] + packed + plain[33:]


def _exif_loops() -> Iterator[tuple[str, bytes]]:
    """Directories that point to themselves, to each other, out of the block, or that hold 65535 entries."""
    for order, mark in (("<", b"II*\0"), (">", b"MM\0*")):
        for tag in (0x8769, 0x8825, 0xA005, 0x014A):
            for target in (8, 0, 4, 26, 0xFFFF_FFFF):
                entry = struct.pack(order + "HHLL", tag, 4, 1, target)
                yield (
                    f"{tag:x} to {target}",
                    mark + struct.pack(order + "LH", 8, 1) + entry + struct.pack(order + "L", target),
                )
        yield "many entries", mark + struct.pack(order + "LH", 8, 65535) + bytes(200)
        deep = b""
        for level in range(300):
            deep += struct.pack(order + "HHHLLL", 1, 0x8769, 4, 1, 8 + 18 * (level + 1), 0)
        yield "300 deep", mark + struct.pack(order + "L", 8) + deep
        for kind in (0, 3, 5, 7, 12, 13, 99):
            for count in (0, 1, 0x4000_0000, 0xFFFF_FFFF):
                entry = struct.pack(order + "HHLL", 274, kind, count, 6)
                yield (
                    f"orientation of type {kind}, {count} times",
                    mark + struct.pack(order + "LH", 8, 1) + entry + bytes(4),
                )


def _nested_metadata() -> Iterator[tuple[str, bytes]]:
    for number, (name, block) in enumerate(_exif_loops()):
        yield f"exif {name} in a JPEG", _jpeg_with(_segment(0xE1, b"Exif\0\0" + block))
        if number % 3 == 0:
            yield f"exif {name} in a PNG", _png_with((b"eXIf", block))
            yield f"exif {name} in a WebP", files.encoded(files.corners(), "WEBP", exif=b"Exif\0\0" + block)
            # An EXIF block is a TIFF without pixels.
            yield f"exif {name} as a TIFF", block
    header = b"http://ns.adobe.com/xap/1.0/\0"
    for name, packet in {
        "deep": b"<a>" * 10_000 + b"</a>" * 10_000,
        "laughing": b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + b'<!ENTITY b "&a;&a;&a;">' * 500 + b"]><x>&b;</x>",
        "open": b"<xmp:Thumbnails" * 3000,
        "entities": b"&" * 60_000,
        "half": files.XMP[:90],
        "histories": b"<x:History><rdf:Seq>" * 2000 + b"</rdf:Seq></x:History>" * 2000 + b"</rdf:RDF>",
        "not text": bytes(range(256)) * 200,
        "utf-16": files.XMP.decode().encode("utf-16"),
    }.items():
        yield f"xmp {name} in a JPEG", _jpeg_with(_segment(0xE1, header + packet))
        yield f"xmp {name} in a PNG", _png_with((b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet))
        yield f"xmp {name} in a WebP", files.encoded(files.corners(), "WEBP", xmp=packet)
    for size in (0, 1, 3, 0x7FFF_FFFF, 0xFFFF_FFFF):
        record = b"8BIM" + struct.pack(">HHL", 0x0404, 0, size) + b"\x1c\x02\x05"
        yield f"iptc of {size} bytes", _jpeg_with(_segment(0xED, b"Photoshop 3.0\0" + record))
    bomb = zlib.compress(bytes(64 << 20), 9)
    for kind, start in ((b"zTXt", b"Comment\0\0"), (b"iTXt", b"Comment\0\1\0\0\0"), (b"iCCP", b"profile\0\0")):
        yield f"bomb in {kind.decode()}", _png_with((kind, start + bomb))
        yield f"no zlib in {kind.decode()}", _png_with((kind, start + b"nonsense"))
        yield f"nothing in {kind.decode()}", _png_with((kind, b""))
    yield "2000 texts", _png_with(*((b"tEXt", b"key %d\0value" % number) for number in range(2000)))


def _odd_profiles() -> Iterator[tuple[str, bytes]]:
    good = files.SRGB
    profiles = {
        "empty": b"",
        "short": good[:100],
        "half": good[: len(good) // 2],
        "noise": random.Random(1).randbytes(3000),
        "of ink": good[:16] + b"CMYK" + good[20:],
        "of Lab": good[:16] + b"Lab " + good[20:],
        "of grey": good[:16] + b"GRAY" + good[20:],
        "of nothing": good[:16] + b"\0\0\0\0" + good[20:],
        "no signature": good[:36] + b"nope" + good[40:],
        "many tags": good[:128] + b"\xff\xff\xff\xff" + good[132:],
        "tags far away": good[:132]
        + b"".join(good[132 + 12 * k : 136 + 12 * k] + b"\x7f\xff\xff\xff\0\0\0\4" for k in range(9)),
        "says it is longer": struct.pack(">L", 0x7FFF_FFFF) + good[4:],
        "large": good + bytes(3 << 20),
        **{
            f"one byte, {place}": good[:place] + b"\xff" + good[place + 1 :]
            for place in range(128, min(len(good), 560), 24)
        },
    }
    rgb, grey = files.corners(), files.colours(channels=1)
    ink = files.Image.fromarray(rgb).convert("CMYK")
    for name, profile in profiles.items():
        yield f"profile {name} in a JPEG", files.encoded(rgb, "JPEG", icc_profile=profile)
        yield f"profile {name} in a grey JPEG", files.encoded(grey, "JPEG", icc_profile=profile)
        yield f"profile {name} in an ink JPEG", files.encoded(ink, "JPEG", icc_profile=profile)
        yield f"profile {name} in a PNG", files.encoded(rgb, "PNG", icc_profile=profile)
        yield f"profile {name} in a WebP", files.encoded(rgb, "WEBP", icc_profile=profile)
        yield f"profile {name} in a TIFF", files.tiff(rgb, photometric="rgb", iccprofile=profile or None)
        yield f"profile {name} in an ink TIFF", files.encoded(ink, "TIFF", icc_profile=profile)


def _odd_segments() -> Iterator[tuple[str, bytes]]:
    """JPEG files whose tables, frames and scans contradict each other."""
    plain = files.encoded(files.colours(40, 40), "JPEG", subsampling="4:2:0")
    frame = plain.index(b"\xff\xc0")
    scan = plain.index(b"\xff\xda")
    yield "two frames", plain[:frame] + plain[frame:scan] * 2 + plain[scan:]
    yield "no tables", plain[:2] + plain[frame:]
    yield "no scan", plain[:scan] + b"\xff\xd9"
    yield "600 scans", plain[:-2] + plain[scan:-2] * 600 + b"\xff\xd9"
    yield "end in a comment", plain[:2] + _segment(0xFE, b"\xff\xd9") + plain[2:-2]
    yield "fill bytes", plain[:2] + b"\xff" * 70_000 + plain[2:]
    for marker in (*range(0xC1, 0xD0),):
        yield f"frame {marker:x}", plain[: frame + 1] + bytes((marker,)) + plain[frame + 2 :]
    for factors in (0x00, 0x11, 0x12, 0x14, 0x41, 0x22, 0x33, 0x44, 0xFF):
        for component in range(3):
            damaged = bytearray(plain)
            damaged[frame + 11 + 3 * component] = factors
            yield f"factors {factors:x} of {component}", bytes(damaged)
    for components in (0, 1, 2, 4, 255):
        yield f"{components} components", plain[: frame + 9] + bytes((components,)) + plain[frame + 10 :]
    for interval in (1, 7, 65535):
        yield f"restart each {interval}", plain[:scan] + b"\xff\xdd\0\4" + struct.pack(">H", interval) + plain[scan:]
    for table in range(4):
        yield f"table {table} of zeros", plain[:scan] + _segment(0xDB, bytes((table,)) + bytes(64)) + plain[scan:]
        yield (
            f"Huffman table {table} of nothing",
            plain[:scan] + _segment(0xC4, bytes((table,)) + bytes(16)) + plain[scan:],
        )
        full = bytes((table,)) + b"\xff" * 16
        yield f"Huffman table {table} too full", plain[:scan] + _segment(0xC4, full) + plain[scan:]
    for number in range(0, 256, 5):
        yield f"ids {number}", plain[: frame + 10] + bytes((number,)) + plain[frame + 11 :]
    for count in (0, 1, 2, 255):
        parts = [b"ICC_PROFILE\0" + bytes((part, count)) + files.SRGB[:99] for part in (1, 1, 3, 0)]
        yield f"profile in {count} parts", _jpeg_with(*(_segment(0xE2, part) for part in parts))
