"""What is kept when a photo is written, and what is never overwritten."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from fvae_studio.core.photo_io import WriteOptions, read_photo, write_photo
from fvae_studio.core.types import Photo
from fvae_studio.errors import OverwriteError, PhotoWriteError
from tests.helpers import photo_files as files

VALID = files.valid_files()
SUFFIXES = {"jpeg": ".jpg", "png": ".png", "tiff": ".tif", "webp": ".webp", "heic": ".heic", "avif": ".avif"}


def _edited(photo: Photo) -> Photo:
    """One pixel is changed, alike in all channels."""
    pixels = photo.pixels.copy()
    pixels[5, 5] = pixels.max() - pixels[5, 5]
    return photo.with_pixels(pixels)


def _read(folder: Path, name: str, content: bytes) -> Photo:
    return read_photo(files.put(folder, name, content))


# The file that is not edited.


@pytest.mark.parametrize("name", sorted(VALID))
def test_unedited_photo_is_copied_byte_for_byte(tmp_path: Path, name: str) -> None:
    photo = _read(tmp_path, "source", VALID[name])
    suffix = {"heif": ".heic"}.get(photo.metadata.format.lower(), "." + photo.metadata.format.lower())
    write_photo(photo, tmp_path / f"out{suffix}", source=photo)

    assert (tmp_path / f"out{suffix}").read_bytes() == VALID[name]


def test_edit_that_changed_nothing_is_copied_byte_for_byte(tmp_path: Path) -> None:
    photo = _read(tmp_path, "source.jpg", VALID["jpeg"])
    write_photo(photo.with_pixels(photo.pixels.copy()), tmp_path / "out.jpg", source=photo)

    assert (tmp_path / "out.jpg").read_bytes() == VALID["jpeg"]


@pytest.mark.parametrize("target", ["out.png", "out.tif", "out.webp", "out.heic"])
def test_unedited_photo_keeps_every_pixel_in_another_format(tmp_path: Path, target: str) -> None:
    photo = _read(tmp_path, "source.jpg", VALID["jpeg"])
    written = read_photo(write_photo(photo, tmp_path / target, source=photo))

    np.testing.assert_array_equal(written.pixels, photo.pixels)


def test_source_that_was_replaced_since_it_was_read_is_not_copied(tmp_path: Path) -> None:
    photo = _read(tmp_path, "source.png", VALID["png"])
    files.put(tmp_path, "source.png", files.encoded(files.colours(50, 50), "PNG"))
    written = read_photo(write_photo(photo, tmp_path / "out.png", source=photo))

    np.testing.assert_array_equal(written.pixels, photo.pixels)


@pytest.mark.parametrize(
    "options", [WriteOptions(quality=50), WriteOptions(keep_metadata=False)], ids=["quality", "metadata"]
)
def test_option_that_asks_for_something_else_is_heeded_without_an_edit(tmp_path: Path, options: WriteOptions) -> None:
    photo = _read(tmp_path, "source.jpg", VALID["jpeg"])
    write_photo(photo, tmp_path / "out.jpg", source=photo, options=options)

    assert (tmp_path / "out.jpg").read_bytes() != VALID["jpeg"]


# Pixels.


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_depth_channels_and_every_pixel_survive_an_edit(tmp_path: Path, suffix: str, bits: int, channels: int) -> None:
    samples = files.colours(channels=channels, bits=bits)
    settings = {"photometric": "rgb" if channels > 2 else "minisblack", "planarconfig": "contig"}
    settings["extrasamples"] = ["unassalpha"] if channels in (2, 4) else None  # type: ignore[assignment]
    if channels == 1:
        settings.pop("planarconfig")
    edited = _edited(_read(tmp_path, "source.tif", files.tiff(samples, **settings)))
    written = read_photo(write_photo(edited, tmp_path / f"out{suffix}"))

    np.testing.assert_array_equal(written.pixels, edited.pixels)
    assert written.pixels.dtype == samples.dtype
    assert written.metadata.mode == edited.metadata.mode == {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels]
    assert written.metadata.bit_depth == bits
    if edited.alpha is None:
        assert written.alpha is None
    else:
        np.testing.assert_array_equal(written.alpha, edited.alpha)


def test_grey_source_with_a_coloured_edit_becomes_rgb(tmp_path: Path) -> None:
    photo = _read(tmp_path, "source.png", files.encoded(files.colours(channels=1), "PNG"))
    pixels = photo.pixels.copy()
    pixels[3, 3] = (250, 20, 30)
    written = read_photo(write_photo(photo.with_pixels(pixels), tmp_path / "out.png"))

    np.testing.assert_array_equal(written.pixels, pixels)


def test_grey_jpeg_stays_grey(tmp_path: Path) -> None:
    photo = _read(tmp_path, "source.jpg", VALID["jpeg-grey"])
    written = read_photo(write_photo(_edited(photo), tmp_path / "out.jpg"))

    assert written.metadata.mode == "L"
    assert written.metadata.jpeg_tables == photo.metadata.jpeg_tables


def test_16_bit_photo_is_rounded_to_the_nearest_of_256_steps(tmp_path: Path) -> None:
    pixels = np.array([0, 128, 129, 257 * 100 + 128, 257 * 100 + 129, 65535], np.uint16)
    photo = Photo(np.repeat(pixels[None, :, None], 3, axis=2))
    written = read_photo(write_photo(photo, tmp_path / "out.png", options=WriteOptions(bit_depth=8)))

    assert written.pixels[0, :, 0].tolist() == [0, 0, 1, 100, 101, 255]


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_bit_depth_can_be_chosen(tmp_path: Path, suffix: str) -> None:
    pixels = files.colours()
    deep = read_photo(write_photo(Photo(pixels), tmp_path / f"16{suffix}", options=WriteOptions(bit_depth=16)))
    back = read_photo(write_photo(deep, tmp_path / f"8{suffix}", options=WriteOptions(bit_depth=8)))

    np.testing.assert_array_equal(deep.pixels, pixels.astype(np.uint16) * 257)
    np.testing.assert_array_equal(back.pixels, pixels)


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".heic", ".avif"])
def test_16_bits_where_the_format_has_none_are_refused(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(PhotoWriteError, match="16 bits"):
        write_photo(Photo(files.colours()), tmp_path / f"x{suffix}", options=WriteOptions(bit_depth=16))

    assert not list(tmp_path.iterdir())


def test_16_bit_photo_as_heic_keeps_ten_bits(tmp_path: Path) -> None:
    pixels = np.full((32, 32, 3), 40_000, np.uint16)
    written = read_photo(write_photo(Photo(pixels), tmp_path / "x.heic", options=WriteOptions(quality=95)))

    assert written.metadata.bit_depth == 10
    np.testing.assert_allclose(written.pixels.astype(int), 40_000, atol=3 * 64)


@pytest.mark.parametrize("suffix", [".webp", ".heic", ".avif"])
def test_alpha_survives(tmp_path: Path, suffix: str) -> None:
    alpha = np.zeros((32, 48), np.uint8)
    alpha[:, 24:] = 255
    photo = Photo(np.full((32, 48, 3), 128, np.uint8), alpha)
    written = read_photo(write_photo(photo, tmp_path / f"x{suffix}"))

    assert written.alpha is not None
    np.testing.assert_allclose(written.alpha[:, [2, 45]].astype(int), alpha[:, [2, 45]], atol=2)


def test_transparent_photo_as_jpeg_lies_on_white(tmp_path: Path) -> None:
    photo = Photo(np.zeros((32, 32, 3), np.uint8), np.zeros((32, 32), np.uint8))
    written = read_photo(write_photo(photo, tmp_path / "x.jpg"))

    assert written.pixels.min() > 250


@pytest.mark.parametrize(("suffix", "atol"), [(".jpg", 12), (".webp", 16), (".heic", 16), (".avif", 16)])
def test_lossy_formats_stay_close(tmp_path: Path, suffix: str, atol: int) -> None:
    photo = Photo(files.corners())
    written = read_photo(write_photo(photo, tmp_path / f"x{suffix}"))

    # Away from the edges of the flat quarters.
    for rows, columns in ((slice(4, 20), slice(4, 28)), (slice(28, 44), slice(36, 60))):
        np.testing.assert_allclose(
            written.pixels[rows, columns].astype(int), photo.pixels[rows, columns].astype(int), atol=atol
        )


# JPEG's own settings.


def _tables(path: Path) -> dict[int, list[int]]:
    with Image.open(path) as image:
        return dict(image.quantization)  # type: ignore[attr-defined]


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("quality", [35, 80, 98])
def test_jpeg_keeps_tables_and_subsampling_of_its_source(tmp_path: Path, quality: int, subsampling: str) -> None:
    photo = _read(
        tmp_path, "source.jpg", files.encoded(files.corners(), "JPEG", quality=quality, subsampling=subsampling)
    )
    path = write_photo(_edited(photo), tmp_path / "out.jpg", source=photo)

    assert _tables(path) == _tables(tmp_path / "source.jpg")
    assert read_photo(path).metadata.jpeg_subsampling == subsampling


def test_unedited_blocks_of_a_jpeg_hardly_change(tmp_path: Path) -> None:
    # With the same tables and no chroma subsampling, quantising again gives the same numbers but for rounding.
    source = files.encoded(files.colours(64, 64), "JPEG", quality=90, subsampling="4:4:4")
    photo = _read(tmp_path, "source.jpg", source)
    written = read_photo(write_photo(_edited(photo), tmp_path / "out.jpg", source=photo))

    assert np.abs(written.pixels[16:].astype(int) - photo.pixels[16:]).mean() < 0.5


def test_quality_overrides_the_tables(tmp_path: Path) -> None:
    photo = _read(tmp_path, "source.jpg", VALID["jpeg"])
    small = write_photo(_edited(photo), tmp_path / "small.jpg", options=WriteOptions(quality=10))
    large = write_photo(_edited(photo), tmp_path / "large.jpg", options=WriteOptions(quality=100))

    assert sum(_tables(small)[0]) > 10 * sum(_tables(large)[0])


# Colour.


@pytest.mark.parametrize("suffix", SUFFIXES.values())
def test_profile_goes_along_and_says_what_it_said(tmp_path: Path, suffix: str) -> None:
    # 200 kB: more than three segments of a JPEG.
    profile = files.SRGB + bytes(200_000)
    photo = Photo(files.colours(), metadata=replace(Photo(files.colours()).metadata, icc=profile))
    written = read_photo(write_photo(photo, tmp_path / f"x{suffix}", options=WriteOptions(keep_metadata=False)))

    assert written.metadata.icc == profile


def test_grey_profile_is_converted_where_the_format_has_no_grey(tmp_path: Path) -> None:
    grey = np.full((16, 16), 128, np.uint8)
    photo = _read(tmp_path, "source.png", files.encoded(grey, "PNG"))
    linear = _grey_profile(gamma=1.0)
    photo = replace(photo, metadata=replace(photo.metadata, icc=linear))
    written = read_photo(write_photo(photo, tmp_path / "x.webp"))

    # Half of the light is 188 in sRGB.
    np.testing.assert_allclose(written.pixels.astype(int), 188, atol=1)
    assert written.metadata.icc is not None
    assert written.metadata.icc[16:20] == b"RGB "
    assert read_photo(write_photo(photo, tmp_path / "x.png")).metadata.icc == linear


def _grey_profile(gamma: float) -> bytes:
    """The smallest valid ICC profile of a grey scale, by ICC.1:2010, section 8.5 (monochrome input)."""

    def tagged(kind: bytes, payload: bytes) -> bytes:
        return (kind + bytes(4) + payload).ljust(-(-(8 + len(payload)) // 4) * 4, b"\0")

    fixed = lambda value: round(value * 65536).to_bytes(4, "big")  # noqa: E731
    white = b"".join(fixed(value) for value in (0.9642, 1.0, 0.8249))
    text = b"grey\0"
    description = len(text).to_bytes(4, "big") + text + bytes(78)
    curve = (1).to_bytes(4, "big") + round(gamma * 256).to_bytes(2, "big")
    tags = [
        (b"desc", tagged(b"desc", description)),
        (b"cprt", tagged(b"text", b"none\0")),
        (b"wtpt", tagged(b"XYZ ", white)),
        (b"kTRC", tagged(b"curv", curve)),
    ]
    table, body = len(tags).to_bytes(4, "big"), b""
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags:
        table += name + (start + len(body)).to_bytes(4, "big") + len(content).to_bytes(4, "big")
        body += content
    header = bytearray(128)
    header[0:4] = (start + len(body)).to_bytes(4, "big")
    header[8:12], header[12:16], header[16:20], header[20:24] = b"\x02\x10\0\0", b"scnr", b"GRAY", b"XYZ "
    header[36:40], header[68:80] = b"acsp", white
    profile = bytes(header) + table + body
    assert ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile.xcolor_space == "GRAY"
    return profile


# What may be overwritten.


def test_existing_file_needs_the_flag(tmp_path: Path) -> None:
    path = files.put(tmp_path, "there.png", b"old")
    with pytest.raises(OverwriteError):
        write_photo(Photo(files.colours()), path)

    assert path.read_bytes() == b"old"
    write_photo(Photo(files.colours()), path, options=WriteOptions(overwrite=True))
    np.testing.assert_array_equal(read_photo(path).pixels, files.colours())


def test_source_needs_its_own_flag(tmp_path: Path) -> None:
    photo = _read(tmp_path, "source.png", VALID["png"])
    assert photo.path is not None
    for options in (WriteOptions(), WriteOptions(overwrite=True)):
        with pytest.raises(OverwriteError, match="the photo itself"):
            write_photo(_edited(photo), photo.path, options=options)

    assert photo.path.read_bytes() == VALID["png"]
    write_photo(_edited(photo), photo.path, options=WriteOptions(overwrite_source=True), source=photo)
    np.testing.assert_array_equal(read_photo(photo.path).pixels, _edited(photo).pixels)


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
@pytest.mark.parametrize("make", [Path.symlink_to, Path.hardlink_to])
def test_source_is_recognised_under_another_name(tmp_path: Path, make: object) -> None:
    photo = _read(tmp_path, "source.png", VALID["png"])
    make(tmp_path / "other.png", tmp_path / "source.png")  # type: ignore[operator]
    with pytest.raises(OverwriteError, match="the photo itself"):
        write_photo(_edited(photo), tmp_path / "other.png", options=WriteOptions(overwrite=True))


def test_flag_for_the_source_allows_no_other_file(tmp_path: Path) -> None:
    photo = _read(tmp_path, "source.png", VALID["png"])
    other = files.put(tmp_path, "other.png", b"old")
    with pytest.raises(OverwriteError):
        write_photo(photo, other, options=WriteOptions(overwrite_source=True), source=photo)


# Formats.


@pytest.mark.parametrize("name", ["x", "x.xyz", "x.gif", "x.bmp"])
def test_format_that_cannot_be_written_is_refused_with_advice(tmp_path: Path, name: str) -> None:
    with pytest.raises(PhotoWriteError, match=r"png|PNG"):
        write_photo(Photo(files.colours()), tmp_path / name)

    assert not list(tmp_path.iterdir())


def test_format_can_be_told_against_the_suffix(tmp_path: Path) -> None:
    path = write_photo(Photo(files.colours()), tmp_path / "x.data", options=WriteOptions(format="tiff"))

    assert read_photo(path).metadata.format == "TIFF"


def test_photo_too_large_for_webp_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PhotoWriteError, match="16383"):
        write_photo(Photo(np.zeros((1, 16_384, 3), np.uint8)), tmp_path / "x.webp")


@pytest.mark.parametrize("quality", [0, 101])
def test_quality_out_of_range_is_refused(quality: int) -> None:
    with pytest.raises(PhotoWriteError, match="1 to 100"):
        WriteOptions(quality=quality)


def test_encoder_that_fails_leaves_no_file_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> bytes:
        raise RuntimeError("the encoder is unwell")

    monkeypatch.setattr("imagecodecs.png_encode", fail)
    with pytest.raises(PhotoWriteError, match="unwell"):
        write_photo(Photo(files.colours()), tmp_path / "x.png")

    assert not list(tmp_path.iterdir())
