"""The canonical frame, and crops that show what their transform says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvae_studio.core.alignment import (
    ANCHOR_INDICES,
    CROP_SIZE,
    EYE_CENTER,
    EYE_DISTANCE,
    TEMPLATE,
    TEMPLATE_ID,
    crop_region,
    estimate_alignment,
    extract_crop,
    eye_distance,
)
from fvae_studio.core.geometry import Points, Rect, SimilarityTransform
from fvae_studio.core.types import NUM_LANDMARKS, Photo
from fvae_studio.errors import GeometryError

MIRRORED = {33: 263, 133: 362, 168: 168, 362: 133, 263: 33}


def landmarks_at(crop_to_photo: SimilarityTransform) -> Points:
    """Landmarks whose anchors lie on the template, seen in the photo."""
    in_crop = np.full((NUM_LANDMARKS, 2), CROP_SIZE / 2)
    in_crop[list(ANCHOR_INDICES)] = TEMPLATE
    return crop_to_photo.apply(in_crop)


def ramp(width: int, height: int, *, top: int = 255, dtype: type = np.uint8) -> Photo:
    """Red grows with the column, green with the row."""
    rows, columns = np.mgrid[0:height, 0:width]
    pixels = np.stack([columns * top / (width - 1), rows * top / (height - 1), 0 * rows], axis=-1)
    return Photo(np.round(pixels).astype(dtype))


def test_the_template_is_symmetric_and_centred_between_the_eyes() -> None:
    at = dict(zip(ANCHOR_INDICES, TEMPLATE, strict=True))

    for index, other in MIRRORED.items():
        np.testing.assert_allclose(at[index] + at[other], [2 * EYE_CENTER[0], 2 * at[index][1]])
    np.testing.assert_allclose((at[33] + at[133] + at[362] + at[263]) / 4, EYE_CENTER)
    np.testing.assert_allclose((at[362] + at[263] - at[33] - at[133]) / 2, [EYE_DISTANCE, 0])


@given(st.floats(0.05, 40), st.floats(-np.pi, np.pi), st.floats(-3000, 3000), st.floats(-3000, 3000))
def test_alignment_brings_a_face_at_any_place_to_the_template(scale: float, angle: float, x: float, y: float) -> None:
    crop_to_photo = SimilarityTransform(scale * np.cos(angle), scale * np.sin(angle), x, y)
    landmarks = landmarks_at(crop_to_photo)

    moved = estimate_alignment(landmarks).apply(landmarks[list(ANCHOR_INDICES)])

    # The landmarks are float32, at up to 3000 px; a face of 0.05 photo px per crop px shows their rounding.
    np.testing.assert_allclose(moved, TEMPLATE, atol=2e-3 / scale + 1e-3)
    assert eye_distance(landmarks) == pytest.approx(scale * EYE_DISTANCE, rel=1e-3, abs=1e-2)


def test_anchors_in_one_place_are_refused() -> None:
    with pytest.raises(GeometryError):
        estimate_alignment(np.full((NUM_LANDMARKS, 2), 7.0, np.float32))


def test_points_that_are_no_anchors_do_not_move_the_alignment() -> None:
    landmarks = landmarks_at(SimilarityTransform(2.0, 0.5, 30.0, 40.0))
    smiling = landmarks.copy()
    smiling[[61, 291, 13, 14, 152]] += 9.0

    assert estimate_alignment(smiling) == estimate_alignment(landmarks)


def test_the_identity_cuts_the_photo_itself() -> None:
    photo = ramp(CROP_SIZE, CROP_SIZE)

    crop = extract_crop(photo, SimilarityTransform.identity())

    np.testing.assert_array_equal(crop.pixels, photo.pixels)
    assert crop.template_id == TEMPLATE_ID
    assert not crop.pixels.flags.writeable


@pytest.mark.parametrize("size", [64, 128, 192, 300])
@pytest.mark.parametrize("scale", [0.5, 1.0, 1.9, 3.4, 6.0])
def test_a_crop_shows_the_photo_where_the_transform_says(scale: float, size: int) -> None:
    photo = ramp(1000, 1000)
    angle = 0.4
    a, b = scale * np.cos(angle), scale * np.sin(angle)
    middle = (CROP_SIZE - 1) / 2
    crop_to_photo = SimilarityTransform(a, b, 500 - (a - b) * middle, 500 - (b + a) * middle)

    crop = extract_crop(photo, crop_to_photo.inverse, size=size)

    rows, columns = np.mgrid[0:size, 0:size]
    grid = SimilarityTransform.resize(size, CROP_SIZE).then(crop_to_photo).apply(np.stack([columns, rows], axis=-1))
    inside = ((grid > 8) & (grid < 991)).all(axis=-1)
    # One grey level is four photo pixels.
    off = np.abs(crop.pixels[..., :2].astype(float) - grid * 255 / 999)[inside]
    assert off.max() < 1.3
    assert off.mean() < 0.5
    assert crop.photo_to_crop == crop_to_photo.inverse


@pytest.mark.parametrize("factor", [1, 3, 8])
def test_a_crop_beyond_the_photo_is_padded_by_its_edge(factor: int) -> None:
    photo = ramp(60 * factor, 50 * factor)
    # The photo's corner lies in the middle of the crop.
    photo_to_crop = SimilarityTransform(1 / factor, 0.0, 64.0, 64.0)

    pixels = extract_crop(photo, photo_to_crop).pixels

    assert pixels[:60, :60, :2].max() <= 4
    np.testing.assert_array_equal(pixels[70, :60], np.broadcast_to(pixels[70, 60], (60, 3)))
    assert pixels[127, 127, :2].min() > 240


@pytest.mark.parametrize("place", [(5000.0, 5000.0), (-5000.0, 20.0)])
def test_a_crop_that_misses_the_photo_shows_its_nearest_edge(place: tuple[float, float]) -> None:
    photo = ramp(100, 80)

    pixels = extract_crop(photo, SimilarityTransform(1.0, 0.0, -place[0], -place[1])).pixels

    column = 99 if place[0] > 0 else 0
    assert (pixels[..., 0] == photo.pixels[0, column, 0]).all()


def test_a_16_bit_photo_gives_the_crop_of_its_8_bit_copy() -> None:
    shallow = ramp(300, 300)
    deep = Photo(shallow.pixels.astype(np.uint16) * 257)
    photo_to_crop = SimilarityTransform(0.5, 0.1, 5.0, -8.0)

    a, b = extract_crop(shallow, photo_to_crop).pixels, extract_crop(deep, photo_to_crop).pixels

    assert b.dtype == np.uint8
    assert np.abs(a.astype(int) - b).max() <= 1


def test_a_strong_reduction_averages_instead_of_skipping() -> None:
    # Single black columns, 16 apart: linear sampling would show them or not by chance.
    pixels = np.full((1600, 1600, 3), 240, np.uint8)
    pixels[:, ::16] = 0
    photo_to_crop = SimilarityTransform(1 / 10, 0.0, -10.0, -10.0)

    crop = extract_crop(Photo(pixels), photo_to_crop).pixels

    # 225 on average; linear sampling ranges over 0..240.
    assert crop.mean() == pytest.approx(225, abs=3)
    assert crop.min() > 190


@given(st.floats(0.1, 20), st.floats(-np.pi, np.pi), st.floats(-500, 500))
def test_crop_region_contains_every_pixel_of_the_crop(scale: float, angle: float, offset: float) -> None:
    crop_to_photo = SimilarityTransform(scale * np.cos(angle), scale * np.sin(angle), offset, -offset)
    region = crop_region(crop_to_photo.inverse)
    rim = np.array([[0.0, 0.0], [CROP_SIZE - 1, 0], [0, CROP_SIZE - 1], [CROP_SIZE - 1, CROP_SIZE - 1], [60, 0]])
    seen = crop_to_photo.apply(rim)

    assert region.intersect(Rect.around(seen)) == Rect.around(seen)
