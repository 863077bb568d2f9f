"""From JPEG to JPEG: what an edit does not touch keeps its coefficients, bit by bit."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from fvae_studio.core.photo_io import WriteOptions, pixels, read_photo, write_and_report
from fvae_studio.core.photo_io.jpeg_blocks import read_header
from fvae_studio.core.photo_io.jpeg_coefficients import CoefficientError, JpegCoefficients, read_coefficients
from fvae_studio.core.types import Photo
from tests.helpers import photo_files as files

SUBSAMPLINGS = {"4:4:4": (1, 1), "4:2:2": (2, 1), "4:2:0": (2, 2)}


def picture(height: int, width: int, channels: int = 3, seed: int = 0) -> NDArray[np.uint8]:
    """Smooth colours with fine grain, as a photo has them."""
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / 9 + k) + np.cos(y / 11 - k) for k in range(channels)]
    grain = np.random.default_rng(seed).normal(0, 6, (height, width, channels))
    made: NDArray[np.uint8] = np.clip(128 + 45 * np.stack(waves, axis=-1) + grain, 0, 255).astype(np.uint8)
    return made


def jpeg(samples: NDArray[np.uint8], **options: Any) -> bytes:
    buffer = io.BytesIO()
    image = Image.fromarray(samples[..., 0] if samples.shape[2] == 1 else samples)
    image.save(buffer, "JPEG", **({"quality": 88} | options))
    return buffer.getvalue()


def opened(folder: Path, content: bytes) -> Photo:
    return read_photo(files.put(folder, "source.jpg", content))


def edited(photo: Photo, box: tuple[int, int, int, int], shift: int = 40) -> Photo:
    """Other colours inside (top, left, bottom, right)."""
    top, left, bottom, right = box
    changed = photo.pixels.astype(np.int16)
    changed[top:bottom, left:right] += np.where(changed[top:bottom, left:right] > 128, -shift, shift).astype(np.int16)
    return photo.with_pixels(changed.clip(0, 255).astype(np.uint8))


def write(photo: Photo, source: Photo, folder: Path, **options: Any) -> tuple[bytes, float | None, str]:
    settings = WriteOptions(overwrite=True, **options)
    written = write_and_report(photo, folder / "out.jpg", options=settings, source=source)
    return written.path.read_bytes(), written.kept_share, written.note


def unequal_blocks(one: JpegCoefficients, other: JpegCoefficients) -> list[NDArray[np.bool_]]:
    return [(a != b).any(axis=(2, 3)) for a, b in zip(one.blocks, other.blocks, strict=True)]


def touched_blocks(photo: Photo, source: Photo, found: JpegCoefficients) -> list[NDArray[np.bool_]]:
    """By component: blocks that stand for a pixel that changed, worked out pixel by pixel."""
    changed = pixels.stored((photo.pixels != source.pixels).any(axis=2), source.metadata.orientation)
    touched = []
    for blocks, (x, y) in zip(found.blocks, found.factors, strict=True):
        grid = np.zeros(blocks.shape[:2], bool)
        for row, column in zip(*np.nonzero(changed), strict=True):
            grid[row // (8 * y), column // (8 * x)] = True
        touched.append(grid)
    return touched


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_only_blocks_of_changed_pixels_have_other_coefficients(tmp_path: Path, data: st.DataObject) -> None:
    height, width = data.draw(st.integers(1, 70)), data.draw(st.integers(1, 70))
    is_grey = data.draw(st.booleans())
    options = {
        "quality": data.draw(st.sampled_from([30, 75, 95, 100])),
        "optimize": data.draw(st.booleans()),
        "progressive": data.draw(st.booleans()),
        "restart_marker_blocks": data.draw(st.sampled_from([0, 1, 3])),
        "exif": b"Exif\0\0" + files.exif_block(data.draw(st.integers(1, 8))),
    }
    if not is_grey:
        options["subsampling"] = data.draw(st.sampled_from(sorted(SUBSAMPLINGS)))
    content = jpeg(picture(height, width, 1 if is_grey else 3), **options)
    source = opened(tmp_path, content)
    top, left = data.draw(st.integers(0, source.height - 1)), data.draw(st.integers(0, source.width - 1))
    bottom, right = data.draw(st.integers(top, source.height)), data.draw(st.integers(left, source.width))
    photo = edited(source, (top, left, bottom, right), data.draw(st.sampled_from([1, 12, 90])))
    out, share, note = write(replace(photo, metadata=replace(photo.metadata, text={"a": "b"})), source, tmp_path)
    before, after = read_coefficients(content), read_coefficients(out)
    unequal, touched = unequal_blocks(before, after), touched_blocks(photo, source, before)

    assert note == ""
    assert share == pytest.approx(1 - sum(map(np.sum, unequal)) / before.num_blocks)
    for component, (differs, may_differ) in enumerate(zip(unequal, touched, strict=True)):
        assert not (differs & ~may_differ).any(), f"component {component}"
    for old, new in zip(before.tables, after.tables, strict=True):
        np.testing.assert_array_equal(old, new)
    assert before.factors == after.factors


@pytest.mark.parametrize("subsampling", sorted(SUBSAMPLINGS))
@pytest.mark.parametrize("orientation", range(1, 9))
def test_edit_is_seen_where_it_was_made(tmp_path: Path, subsampling: str, orientation: int) -> None:
    exif = b"Exif\0\0" + files.exif_block(orientation)
    source = opened(tmp_path, jpeg(picture(90, 120), quality=95, subsampling=subsampling, exif=exif))
    photo = edited(source, (30, 20, 62, 71))
    out, _, _ = write(photo, source, tmp_path)
    seen = opened(tmp_path, out)
    errors = np.abs(seen.pixels.astype(int) - photo.pixels)

    assert seen.metadata.orientation == orientation
    assert seen.pixels.shape == source.pixels.shape
    anew, _, _ = write(photo, source, tmp_path, keep_blocks=False)
    # Subsampled colour cannot hold all of it; encoding everything again is no nearer to what was asked for.
    assert errors.mean() < 5
    assert (
        errors[30:62, 20:71].mean()
        < 1.02 * np.abs(opened(tmp_path, anew).pixels.astype(int) - photo.pixels)[30:62, 20:71].mean()
    )
    far = np.ones(errors.shape[:2], bool)
    far[14:80, 4:90] = False
    assert not errors[far].any()


def test_many_edits_in_a_row_leave_the_rest_of_the_photo_as_it_was(tmp_path: Path) -> None:
    content = jpeg(picture(96, 96), quality=70, subsampling="4:2:0")
    first = source = opened(tmp_path, content)
    for step in range(10):
        out, _, _ = write(edited(source, (32, 32, 64, 64), 3 + step), source, tmp_path)
        source = opened(tmp_path, out)

    np.testing.assert_array_equal(source.pixels[:, :30], first.pixels[:, :30])
    np.testing.assert_array_equal(source.pixels[66:], first.pixels[66:])


def test_photo_of_which_only_the_metadata_changes_keeps_every_block(tmp_path: Path) -> None:
    content = jpeg(picture(40, 56), quality=80, exif=b"Exif\0\0" + files.exif_block(6))
    source = opened(tmp_path, content)
    out, share, _ = write(source, source, tmp_path, keep_metadata=False)

    assert share == 1
    assert not any(differs.any() for differs in unequal_blocks(read_coefficients(content), read_coefficients(out)))
    np.testing.assert_array_equal(opened(tmp_path, out).pixels, source.pixels)
    assert b"Camera maker" not in out


def test_tables_made_for_the_source_alone_are_made_anew_for_the_edit(tmp_path: Path) -> None:
    # Flat: its Huffman tables have next to no symbols.
    flat = np.full((64, 64, 3), 90, np.uint8)
    source = opened(tmp_path, jpeg(flat, optimize=True, subsampling="4:4:4"))
    noisy = source.pixels.copy()
    noisy[8:56, 8:56] = files.colours(48, 48)
    out, _, note = write(source.with_pixels(noisy), source, tmp_path)

    assert note == ""
    assert np.abs(opened(tmp_path, out).pixels.astype(int) - noisy).mean() < 12


@pytest.mark.parametrize("subsampling", ["440", "411"])
def test_rarer_subsamplings_are_kept(tmp_path: Path, subsampling: str) -> None:
    content = imagecodecs.jpeg8_encode(picture(50, 75), level=90, subsampling=subsampling)
    source = opened(tmp_path, content)
    out, share, note = write(edited(source, (10, 12, 30, 40)), source, tmp_path)

    assert note == ""
    assert share is not None
    assert 0.3 < share < 1
    assert read_coefficients(out).factors == read_coefficients(content).factors


def test_restart_markers_stay(tmp_path: Path) -> None:
    source = opened(tmp_path, jpeg(picture(64, 64), restart_marker_blocks=2))
    out, _, _ = write(edited(source, (8, 8, 20, 20)), source, tmp_path)

    assert b"\xff\xdd\x00\x04\x00\x02" in out


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda photo: (photo, {"quality": 60}), "a quality was asked for"),
        (lambda photo: (Photo(photo.pixels[:-8], None, photo.metadata), {}), "its size was changed"),
        (
            lambda photo: (replace(photo, metadata=replace(photo.metadata, icc=files.SRGB)), {}),
            "colours were converted",
        ),
    ],
)
def test_where_blocks_cannot_be_kept_a_sentence_tells_why(tmp_path: Path, change: Any, reason: str) -> None:
    source = opened(tmp_path, jpeg(picture(40, 56)))
    photo, options = change(edited(source, (0, 0, 9, 9)))
    out, share, note = write(photo, source, tmp_path, **options)

    assert share is None
    assert reason in note
    assert note.startswith("All of out.jpg was encoded anew, because ")
    assert opened(tmp_path, out).height == photo.height


def test_ink_is_encoded_anew(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.fromarray(picture(40, 56)).convert("CMYK").save(buffer, "JPEG")
    source = opened(tmp_path, buffer.getvalue())
    out, _, note = write(edited(source, (0, 0, 9, 9)), source, tmp_path)

    assert "ink" in note
    assert read_header(out).num_components == 3


def test_grey_photo_that_gets_colours_is_encoded_anew(tmp_path: Path) -> None:
    source = opened(tmp_path, jpeg(picture(40, 56, 1)))
    red = source.pixels.copy()
    red[4:9, 4:9] = (200, 10, 10)
    out, _, note = write(source.with_pixels(red), source, tmp_path)

    assert "brought colours" in note
    assert read_header(out).num_components == 3


@pytest.mark.parametrize("action", ["change", "remove"])
def test_without_the_original_file_all_is_encoded_anew(tmp_path: Path, action: str) -> None:
    source = opened(tmp_path, jpeg(picture(40, 56)))
    assert source.path is not None
    if action == "change":
        source.path.write_bytes(jpeg(picture(40, 56, seed=5)))
    else:
        source.path.unlink()
    out, _, note = write(edited(source, (0, 0, 9, 9)), source, tmp_path)

    assert "changed or removed" in note
    assert np.abs(opened(tmp_path, out).pixels.astype(int) - source.pixels)[12:].mean() < 3


def test_the_photo_itself_can_be_replaced(tmp_path: Path) -> None:
    content = jpeg(picture(64, 64))
    source = opened(tmp_path, content)
    assert source.path is not None
    photo = edited(source, (0, 0, 16, 16))
    written = write_and_report(photo, source.path, options=WriteOptions(overwrite_source=True), source=source)
    unequal = unequal_blocks(read_coefficients(content), read_coefficients(written.path.read_bytes()))

    assert [int(grid.sum()) for grid in unequal] == [4, 1, 1]


def test_it_can_be_turned_off(tmp_path: Path) -> None:
    content = jpeg(picture(64, 64))
    source = opened(tmp_path, content)
    out, share, note = write(edited(source, (0, 0, 16, 16)), source, tmp_path, keep_blocks=False)

    assert (share, note) == (None, "")
    assert unequal_blocks(read_coefficients(content), read_coefficients(out))[1][2:].any()


def test_other_formats_tell_nothing_of_blocks(tmp_path: Path) -> None:
    source = opened(tmp_path, jpeg(picture(20, 20)))
    written = write_and_report(edited(source, (0, 0, 9, 9)), tmp_path / "out.png", source=source)

    assert (written.kept_share, written.note) == (None, "")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_stored_is_the_reverse_of_upright(orientation: int) -> None:
    samples = files.colours(5, 7)

    np.testing.assert_array_equal(pixels.stored(pixels.upright(samples, orientation), orientation), samples)


@pytest.mark.parametrize("content", [b"", b"\xff\xd8", b"\xff\xd8\xff\xd9", jpeg(picture(20, 20))[:300]])
def test_streams_that_are_none_are_refused(content: bytes) -> None:
    with pytest.raises((CoefficientError, ValueError)):
        read_coefficients(content)
