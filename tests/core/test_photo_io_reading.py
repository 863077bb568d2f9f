"""What comes out of each kind of file."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageCms

from fvae_studio.core.photo_io import read_photo
from tests.helpers import photo_files as files


@pytest.mark.parametrize("name", ["PNG", "TIFF", "BMP", "WEBP"])
def test_lossless_8_bit_rgb_is_read_exactly(tmp_path: Path, name: str) -> None:
    rgb = files.colours()
    settings = {"lossless": True} if name == "WEBP" else {}
    photo = read_photo(files.put(tmp_path, "x", files.encoded(rgb, name, **settings)))

    np.testing.assert_array_equal(photo.pixels, rgb)
    assert photo.pixels.dtype == np.uint8
    assert photo.alpha is None
    assert photo.metadata.format == name
    assert photo.metadata.is_lossless


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("kind", ["png", "tiff", "tiff big-endian", "tiff planes"])
def test_every_depth_and_channel_count_is_read_exactly(tmp_path: Path, kind: str, bits: int, channels: int) -> None:
    samples = files.colours(channels=channels, bits=bits)
    if kind == "png":
        content = bytes(imagecodecs.png_encode(samples))
    else:
        in_planes = kind == "tiff planes" and channels > 1
        content = files.tiff(
            np.moveaxis(samples, -1, 0) if in_planes else samples,
            photometric="rgb" if channels > 2 else "minisblack",
            planarconfig=None if channels == 1 else "separate" if in_planes else "contig",
            extrasamples=["unassalpha"] if channels in (2, 4) else None,
            byteorder=">" if kind == "tiff big-endian" else "<",
        )
    photo = read_photo(files.put(tmp_path, "x", content))
    layers = samples[..., None] if channels == 1 else samples

    for channel in range(3):
        np.testing.assert_array_equal(photo.pixels[..., channel], layers[..., channel if channels > 2 else 0])
    if channels in (2, 4):
        np.testing.assert_array_equal(photo.alpha, layers[..., -1])
    else:
        assert photo.alpha is None
    assert photo.metadata.mode == {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels]
    assert photo.metadata.bit_depth == bits
    assert photo.pixels.dtype == samples.dtype


@pytest.mark.parametrize("name", ["PNG", "GIF", "BMP", "TIFF"])
def test_palette_becomes_its_colours(tmp_path: Path, name: str) -> None:
    image = Image.fromarray(files.colours()).quantize(30)
    photo = read_photo(files.put(tmp_path, "x", files.encoded(image, name)))

    np.testing.assert_array_equal(photo.pixels, np.asarray(image.convert("RGB")))
    assert photo.metadata.mode == "P"


def test_transparent_palette_entry_becomes_alpha(tmp_path: Path) -> None:
    image = Image.fromarray(files.colours()).quantize(30)
    photo = read_photo(files.put(tmp_path, "x", files.encoded(image, "PNG", transparency=3)))

    assert photo.alpha is not None
    np.testing.assert_array_equal(photo.alpha == 0, np.asarray(image) == 3)


@pytest.mark.parametrize("name", ["PNG", "TIFF"])
def test_bilevel_becomes_black_and_white(tmp_path: Path, name: str) -> None:
    image = Image.fromarray(files.colours(channels=1)).convert("1")
    photo = read_photo(files.put(tmp_path, "x", files.encoded(image, name)))

    np.testing.assert_array_equal(photo.pixels[..., 0], np.where(np.asarray(image), 255, 0))


def test_white_is_zero_tiff_is_inverted(tmp_path: Path) -> None:
    grey = files.colours(channels=1, bits=16)
    photo = read_photo(files.put(tmp_path, "x", files.tiff(grey, photometric="miniswhite")))

    np.testing.assert_array_equal(photo.pixels[..., 0], 65535 - grey)


def test_premultiplied_tiff_is_divided_by_alpha(tmp_path: Path) -> None:
    rgba = np.full((4, 4, 4), (50, 100, 20, 128), np.uint8)
    rgba[0] = (9, 8, 7, 255)
    photo = read_photo(files.put(tmp_path, "x", files.tiff(rgba, photometric="rgb", extrasamples=["assocalpha"])))

    np.testing.assert_array_equal(photo.pixels[0, 0], (9, 8, 7))
    np.testing.assert_array_equal(photo.pixels[1, 0], (100, 199, 40))


@pytest.mark.parametrize("compression", ["lzw", "adobe_deflate", "packbits", "lzma", "zstd"])
def test_packed_and_tiled_tiff_is_read_exactly(tmp_path: Path, compression: str) -> None:
    rgb = files.colours(50, 70, bits=16)
    content = files.tiff(rgb, photometric="rgb", compression=compression, tile=(32, 32))

    np.testing.assert_array_equal(read_photo(files.put(tmp_path, "x", content)).pixels, rgb)


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_equals_pillows_decoding_and_tells_how_it_was_coded(
    tmp_path: Path, subsampling: str, progressive: bool
) -> None:
    content = files.encoded(files.corners(45, 67), "JPEG", quality=83, subsampling=subsampling, progressive=progressive)
    photo = read_photo(files.put(tmp_path, "x.jpg", content))
    by_pillow = Image.open(io.BytesIO(content))

    np.testing.assert_array_equal(photo.pixels, np.asarray(by_pillow))
    assert photo.metadata.jpeg_subsampling == subsampling
    assert photo.metadata.jpeg_tables is not None
    assert {i: list(table) for i, table in photo.metadata.jpeg_tables.items()} == by_pillow.quantization


@pytest.mark.parametrize("name", ["JPEG", "TIFF"])
def test_ink_is_converted_through_its_profile_to_srgb(tmp_path: Path, name: str) -> None:
    ink = Image.new("CMYK", (32, 24), (0, 200, 200, 10))
    photo = read_photo(
        files.put(tmp_path, "x", files.encoded(ink, name, **({"quality": 100} if name == "JPEG" else {})))
    )

    red, green, blue = photo.pixels[10, 10].astype(int)
    assert red > 200
    assert max(green, blue) < 80
    assert photo.metadata.mode == "CMYK"
    assert photo.metadata.icc is not None
    assert "sRGB" in ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(photo.metadata.icc)))


def _expected(upright_from_stored: int, stored: np.ndarray) -> np.ndarray:
    turned = Image.fromarray(stored)
    method = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }.get(upright_from_stored)
    return np.asarray(turned if method is None else turned.transpose(method))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_all_eight_orientations_come_upright(tmp_path: Path, name: str, orientation: int) -> None:
    picture = files.corners()
    settings = {"WEBP": {"lossless": True}, "JPEG": {"quality": 95, "subsampling": "4:4:4"}}.get(name, {})
    exif: Image.Exif | bytes = b"Exif\0\0" + files.exif_block(orientation)
    if name == "TIFF":
        exif = Image.Exif()
        exif[274] = orientation
    photo = read_photo(files.put(tmp_path, "x", files.encoded(picture, name, exif=exif, **settings)))

    # JPEG moves flat colours by a few steps.
    np.testing.assert_allclose(
        photo.pixels.astype(int), _expected(orientation, picture), atol=12 if name == "JPEG" else 0
    )
    assert photo.metadata.orientation == orientation


def test_rotation_of_a_heic_container_is_applied_once(tmp_path: Path) -> None:
    # The writer stores EXIF orientation 6 as a rotation of the container, as phones do.
    photo = read_photo(files.put(tmp_path, "x", files.heic(files.corners(), exif=files.exif_block(6))))

    np.testing.assert_array_equal(photo.pixels, _expected(6, files.corners()))
    assert photo.metadata.orientation == 1


def test_rotation_of_an_avif_container_is_applied_once(tmp_path: Path) -> None:
    content = files.encoded(
        files.corners(), "AVIF", quality=100, subsampling="4:4:4", exif=b"Exif\0\0" + files.exif_block(6)
    )
    photo = read_photo(files.put(tmp_path, "x", content))

    # Lossy.
    np.testing.assert_allclose(photo.pixels.astype(int), _expected(6, files.corners()), atol=12)


@pytest.mark.parametrize(("bits", "settings"), [(10, {}), (12, {"bit_depth": 12})])
def test_deep_heic_keeps_its_bits_in_16(tmp_path: Path, bits: int, settings: dict[str, int]) -> None:
    rgb = files.colours(bits=16)
    rgb[0, 0] = 65535
    photo = read_photo(files.put(tmp_path, "x", files.heic(rgb, **settings)))

    assert photo.pixels.dtype == np.uint16
    assert photo.metadata.bit_depth == bits
    np.testing.assert_array_equal(photo.pixels >> (16 - bits), rgb >> (16 - bits))
    assert tuple(photo.pixels[0, 0]) == (65535,) * 3


@pytest.mark.parametrize("bits", [10, 12])
def test_deep_avif_keeps_its_bits_in_16(tmp_path: Path, bits: int) -> None:
    rgb = files.colours(bits=16) >> (16 - bits)
    content = bytes(imagecodecs.avif_encode(rgb, level=100, bitspersample=bits))
    photo = read_photo(files.put(tmp_path, "x", content))

    np.testing.assert_array_equal(photo.pixels >> (16 - bits), rgb)
    assert photo.metadata.bit_depth == bits


def test_profile_is_kept_and_the_numbers_are_not_touched(tmp_path: Path) -> None:
    # Any other profile than sRGB would do: a made-up profile cannot be applied by accident.
    profile = b"\0" * 128 + b"some profile"
    rgb = files.colours()
    photo = read_photo(files.put(tmp_path, "x", files.encoded(rgb, "PNG", icc_profile=profile)))

    np.testing.assert_array_equal(photo.pixels, rgb)
    assert photo.metadata.icc == profile


def test_mislabelled_file_is_read_by_content(tmp_path: Path) -> None:
    rgb = files.colours()
    photo = read_photo(files.put(tmp_path, "photo.jpg", files.encoded(rgb, "PNG")))

    np.testing.assert_array_equal(photo.pixels, rgb)
    assert photo.metadata.format == "PNG"


def test_first_frame_of_a_moving_picture_is_read(tmp_path: Path) -> None:
    first, second = (Image.fromarray(files.colours(seed=seed)) for seed in (0, 1))
    for name, settings in (("WEBP", {"lossless": True}), ("PNG", {}), ("TIFF", {})):
        content = files.encoded(first, name, save_all=True, append_images=[second], **settings)

        np.testing.assert_array_equal(read_photo(files.put(tmp_path, name, content)).pixels, np.asarray(first))


def test_jpeg_followed_by_other_data_is_whole(tmp_path: Path) -> None:
    content = files.encoded(files.corners(), "JPEG")
    photo = read_photo(files.put(tmp_path, "x", content + b"\0\0\0\x18ftypmp42 a film follows" * 50))

    assert photo.pixels.shape == (48, 64, 3)


def test_pixels_are_read_only_and_contiguous(tmp_path: Path) -> None:
    for name, content in files.valid_files().items():
        photo = read_photo(files.put(tmp_path, name, content))

        assert not photo.pixels.flags.writeable, name
        assert photo.pixels.flags.c_contiguous, name
        assert photo.path == tmp_path / name


def test_importing_the_module_loads_no_codec() -> None:
    program = (
        "import sys, fvae_studio.core.photo_io\n"
        "print([m for m in ('cv2', 'PIL', 'tifffile', 'imagecodecs', 'pillow_heif') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
