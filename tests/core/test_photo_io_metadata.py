"""EXIF, XMP, IPTC, resolution and texts: kept, made true for upright pixels, and without the old thumbnail."""

from __future__ import annotations

import struct
import warnings
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fvae_studio.core.photo_io import (
    WriteOptions,
    exif,
    jpeg_blocks,
    metadata_blocks,
    png_chunks,
    read_photo,
    write_photo,
)
from fvae_studio.core.types import Photo, PhotoMetadata
from tests.helpers import photo_files as files

SUFFIXES = [".jpg", ".png", ".tif", ".webp", ".heic", ".avif"]


def _edited(photo: Photo) -> Photo:
    return photo.with_pixels(255 - photo.pixels)


def _with_everything(pixels: np.ndarray) -> Photo:
    metadata = PhotoMetadata(
        icc=files.SRGB,
        exif=files.exif_block(6),
        xmp=files.XMP,
        iptc=files.IPTC,
        resolution=(300.0, 200.0),
        text={"Comment": "a ß", "Title": "写真"},
    )
    return Photo(pixels, metadata=metadata)


def _tags(block: bytes | None) -> Image.Exif:
    parsed = Image.Exif()
    parsed.load(b"Exif\0\0" + (block or b""))
    return parsed


# All formats.


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("order", ["<", ">"])
def test_exif_is_kept_with_orientation_1(tmp_path: Path, suffix: str, order: str) -> None:
    photo = _with_everything(files.corners())
    photo = replace(photo, metadata=replace(photo.metadata, exif=files.exif_block(6, order=order)))
    written = read_photo(write_photo(photo, tmp_path / f"x{suffix}"))
    tags = _tags(written.metadata.exif)

    assert tags[271] == "Camera maker"
    # TIFF keeps it in its own directory.
    assert tags.get(274, 1) == 1
    assert written.metadata.orientation == 1
    assert tags.get_ifd(0x8769)[0x9003] == "2020:01:02 03:04:05"
    assert tags.get_ifd(0x8769)[0x927C] == files.MAKER_NOTE
    assert tags.get_ifd(0x8825)[1] == "N"
    assert tags.get_ifd(0x8825)[2] == (52.0, 30.0, 0.0)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_other_readers_find_the_exif(tmp_path: Path, suffix: str) -> None:
    path = write_photo(_with_everything(files.corners()), tmp_path / f"x{suffix}")
    if suffix == ".heic":
        import pillow_heif

        block = pillow_heif.open_heif(path).info["exif"]
        tags = _tags(block.removeprefix(b"Exif\0\0"))
        found = (tags[271], tags.get_ifd(0x8825)[1], tags.get_ifd(0x8769)[0x927C])
    else:
        with Image.open(path) as image:
            tags = image.getexif()
            found = (tags[271], tags.get_ifd(0x8825)[1], tags.get_ifd(0x8769)[0x927C])

    assert found == ("Camera maker", "N", files.MAKER_NOTE)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_thumbnail_of_the_old_face_is_left(tmp_path: Path, suffix: str) -> None:
    path = write_photo(_with_everything(files.corners()), tmp_path / f"x{suffix}")

    assert b"old face" not in path.read_bytes()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_xmp_is_kept_with_orientation_1(tmp_path: Path, suffix: str) -> None:
    written = read_photo(write_photo(_with_everything(files.corners()), tmp_path / f"x{suffix}"))

    assert written.metadata.xmp == files.XMP.replace(b'tiff:Orientation="6"', b'tiff:Orientation="1"')


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_iptc_is_kept(tmp_path: Path, suffix: str) -> None:
    written = read_photo(write_photo(_with_everything(files.corners()), tmp_path / f"x{suffix}"))

    assert written.metadata.iptc == files.IPTC


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_resolution_is_kept(tmp_path: Path, suffix: str) -> None:
    written = read_photo(write_photo(_with_everything(files.corners()), tmp_path / f"x{suffix}"))

    # PNG counts dots per metre in whole numbers.
    assert written.metadata.resolution == pytest.approx((300.0, 200.0), abs=0.02)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_metadata_can_be_left_out_but_the_profile_stays(tmp_path: Path, suffix: str) -> None:
    options = WriteOptions(keep_metadata=False)
    written = read_photo(write_photo(_with_everything(files.corners()), tmp_path / f"x{suffix}", options=options))

    assert written.metadata.icc == files.SRGB
    assert written.metadata.xmp is None
    assert written.metadata.iptc is None
    assert not written.metadata.text
    assert b"Camera maker" not in (tmp_path / f"x{suffix}").read_bytes()


@pytest.mark.parametrize("keeps_blocks", [True, False])
def test_turned_photo_is_not_turned_again(tmp_path: Path, keeps_blocks: bool) -> None:
    content = files.encoded(files.corners(), "JPEG", quality=95, exif=b"Exif\0\0" + files.exif_block(6))
    photo = read_photo(files.put(tmp_path, "source.jpg", content))
    options = WriteOptions(keep_blocks=keeps_blocks)
    written = read_photo(write_photo(_edited(photo), tmp_path / "out.jpg", options=options, source=photo))

    assert written.pixels.shape == photo.pixels.shape == (64, 48, 3)
    # The size in EXIF is that of the picture as it lies in the file: with the source's blocks, it is not turned.
    details = _tags(written.metadata.exif).get_ifd(0x8769)
    assert (details[0xA002], details[0xA003]) == ((64, 48) if keeps_blocks else (48, 64))
    assert written.metadata.orientation == (6 if keeps_blocks else 1)


# JPEG.


def test_jpeg_keeps_comments_resources_and_split_xmp_but_not_photoshops_thumbnail(tmp_path: Path) -> None:
    def resource(number: int, payload: bytes) -> bytes:
        return b"8BIM" + struct.pack(">HHL", number, 0, len(payload)) + payload + bytes(len(payload) & 1)

    resources = resource(0x0404, files.IPTC) + resource(0x040C, b"old face") + resource(0x03F3, b"print flags")
    extended = b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 40 + b"the rest of the packet"
    plain = files.encoded(files.corners(), "JPEG")
    content = (
        plain[:20]
        + jpeg_blocks.segment(0xED, b"Photoshop 3.0\0" + resources)
        + jpeg_blocks.segment(0xE1, extended)
        + jpeg_blocks.segment(0xFE, b"a comment")
        + plain[20:]
    )
    photo = read_photo(files.put(tmp_path, "source.jpg", content))
    written = write_photo(_edited(photo), tmp_path / "out.jpg", source=photo).read_bytes()

    assert photo.metadata.iptc == files.IPTC
    for kept in (files.IPTC, b"print flags", extended, b"a comment"):
        assert kept in written
    assert b"old face" not in written


def test_exif_of_a_jpeg_comes_right_behind_jfif(tmp_path: Path) -> None:
    content = write_photo(_with_everything(files.corners()), tmp_path / "x.jpg").read_bytes()

    assert content[2:4] == b"\xff\xe0"
    assert content[20:22] == b"\xff\xe1"
    assert content[24:30] == b"Exif\0\0"


def test_picture_pointers_of_several_pictures_in_one_file_are_dropped(tmp_path: Path) -> None:
    first, second = Image.fromarray(files.corners()), Image.fromarray(files.corners())
    content = files.encoded(first, "MPO", save_all=True, append_images=[second])
    photo = read_photo(files.put(tmp_path, "source.jpg", content))
    written = write_photo(_edited(photo), tmp_path / "out.jpg", source=photo)

    assert b"MPF\0" in content
    assert b"MPF\0" not in written.read_bytes()
    assert photo.metadata.format == "JPEG"


# PNG.


def test_png_keeps_texts_in_any_script(tmp_path: Path) -> None:
    photo = _with_everything(files.corners())
    path = write_photo(photo, tmp_path / "x.png")

    assert read_photo(path).metadata.text == photo.metadata.text
    with Image.open(path) as image:
        assert image.text == photo.metadata.text | {  # type: ignore[attr-defined]
            "XML:com.adobe.xmp": image.text["XML:com.adobe.xmp"],  # type: ignore[attr-defined]
            "Raw profile type iptc": image.text["Raw profile type iptc"],  # type: ignore[attr-defined]
        }


def test_png_keeps_its_gamma_where_it_has_no_profile(tmp_path: Path) -> None:
    plain = files.encoded(files.colours(), "PNG")
    gamma = png_chunks.chunk("gAMA", struct.pack(">L", 100_000))
    photo = read_photo(files.put(tmp_path, "source.png", plain[:33] + gamma + plain[33:]))
    written = write_photo(_edited(photo), tmp_path / "out.png", source=photo)

    assert gamma in written.read_bytes()


# The EXIF block.


@pytest.mark.parametrize("order", ["<", ">"])
def test_patching_changes_only_what_must_change(order: str) -> None:
    # Camera files keep the thumbnail at the end; the maker's note with its offsets stays where it is.
    block = files.exif_block(6, order=order)
    patched = exif.edited_exif(block, 48, 64)
    changed = [i for i, (old, new) in enumerate(zip(block, patched, strict=False)) if old != new]

    # Orientation, width, height, the pointer to the thumbnail: at most two bytes each.
    assert 1 <= len(changed) <= 8
    assert patched.index(files.MAKER_NOTE) == block.index(files.MAKER_NOTE)
    assert len(block) - len(patched) == len(b"\xff\xd8old face\xff\xd9")


def test_thumbnail_in_the_middle_is_blanked_in_place() -> None:
    block = files.exif_block(1) + b"something behind it"
    patched = exif.edited_exif(block, 64, 48)

    assert len(patched) == len(block)
    assert b"old face" not in patched
    assert patched.endswith(b"something behind it")


@pytest.mark.parametrize("order", ["<", ">"])
def test_packed_tree_reads_back_the_same(order: str) -> None:
    tree = exif.read_tree(exif.block_reader(files.exif_block(3, order=order)))
    again = exif.read_tree(exif.block_reader(exif.pack_tree(tree)))

    def values(entries: tuple[exif.Entry, ...]) -> list[tuple[int, int, int, bytes]]:
        pointers = (exif.EXIF_POINTER, exif.GPS_POINTER, exif.INTEROP_POINTER)
        return [(e.tag, e.kind, e.count, e.data) for e in entries if e.tag not in pointers]

    assert values(again.root) == values(tree.root)
    assert values(again.exif) == values(tree.exif)
    assert values(again.gps) == values(tree.gps)
    assert values(tree.gps)


@given(block=st.one_of(st.binary(max_size=64), st.binary(max_size=64).map(lambda tail: b"II*\0\x08\0\0\0" + tail)))
def test_wild_exif_is_carried_and_never_fails(block: bytes) -> None:
    assert exif.orientation_of(block) in range(1, 9)
    assert isinstance(exif.edited_exif(block, 10, 10), bytes)


@given(place=st.integers(0, 10_000), value=st.integers(0, 255))
def test_damaged_exif_is_patched_or_carried(place: int, value: int) -> None:
    block = bytearray(files.exif_block(6))
    block[place % len(block)] = value

    assert exif.orientation_of(bytes(block)) in range(1, 9)
    assert len(exif.edited_exif(bytes(block), 10, 10)) <= len(block)


def test_nonsense_for_exif_stays_with_the_photo(tmp_path: Path) -> None:
    content = files.encoded(files.corners(), "JPEG", exif=b"Exif\0\0no EXIF at all")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        photo = read_photo(files.put(tmp_path, "x.jpg", content))

    assert photo.metadata.exif == b"no EXIF at all"


# XMP and Photoshop's resources.


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'tiff:Orientation="8"', b'tiff:Orientation="1"'),
        (b"tiff:Orientation='3'", b"tiff:Orientation='1'"),
        (b"<tiff:Orientation>6</tiff:Orientation>", b"<tiff:Orientation>1</tiff:Orientation>"),
        (b"a<xmp:Thumbnails><rdf:Alt>old\nface</rdf:Alt></xmp:Thumbnails>b", b"ab"),
        (b'crs:Orientation="6"', b'crs:Orientation="6"'),
    ],
)
def test_xmp_is_made_true_for_upright_pixels(before: bytes, after: bytes) -> None:
    assert metadata_blocks.edited_xmp(before) == after


def test_photoshop_resources_split_and_join() -> None:
    other = b"8BIM" + struct.pack(">HHL", 0x03F3, 0, 3) + b"abc\0"
    joined = metadata_blocks.join_photoshop(files.IPTC, other)

    assert metadata_blocks.split_photoshop(joined) == (files.IPTC, other)
    assert metadata_blocks.split_photoshop(joined[:-2]) == (files.IPTC, b"")
    assert metadata_blocks.split_photoshop(b"") == (None, b"")


def test_inflating_stops_at_bombs_and_damage() -> None:
    assert metadata_blocks.inflate(zlib.compress(b"text")) == b"text"
    assert metadata_blocks.inflate(zlib.compress(b"text")[:-5]) is None
    assert metadata_blocks.inflate(zlib.compress(bytes(100 << 20))) is None
    assert metadata_blocks.inflate(b"no zlib") is None
