"""Every face lies whole in some tile, and positions survive the way from tile to photo."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fvae_studio.core.geometry import SimilarityTransform
from fvae_studio.core.types import Photo
from fvae_studio.pipeline.face_search import (
    Candidate,
    PhotoPyramid,
    Tile,
    crop_around,
    from_eyes,
    merge,
    plan_tiles,
    quarter_turn,
    tile_pixels,
    to_photo,
)

SIDES = st.integers(1, 20_000)


def ramp_photo(width: int, height: int, *, bits: int = 8) -> Photo:
    """Red grows by 1 per 4 columns, green by 1 per 4 rows."""
    rows, columns = np.mgrid[0:height, 0:width] / 4.0
    pixels = np.stack([columns, rows, np.zeros_like(rows)], axis=-1)
    return Photo(np.round(pixels).astype(np.uint8) if bits == 8 else np.round(pixels * 257).astype(np.uint16))


@given(SIDES, SIDES)
def test_the_number_of_tiles_is_bounded_whatever_the_photo(width: int, height: int) -> None:
    # A ribbon needs more tiles per pixel than a photo of common shape.
    limit = 110 if max(width, height) <= 3 * min(width, height) else 400

    assert 3 <= len(plan_tiles(width, height)) <= limit


@given(st.integers(200, 6000), st.integers(200, 4000), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
@example(2195, 2389, 0.0, 0.6015625, 0.21875).via("the level above the last one had counted on one more")
def test_every_face_lies_whole_in_a_tile_that_shows_it_large_enough(
    width: int, height: int, right: float, down: float, size: float
) -> None:
    smallest, largest = 48.0, 0.9 * min(width, height)
    ears = smallest * (largest / smallest) ** size
    half = 0.6 * ears
    center = half + right * max(0.0, width - 2 * half), half + down * max(0.0, height - 2 * half)

    def shows(tile: Tile) -> bool:
        corners = [(center[i] - side * half) / tile.factor for i in (0, 1) for side in (1, -1)]
        inside = all(
            start - 1 <= corner <= start + tile.size + 1
            for corner, start in zip(corners, (tile.x, tile.x, tile.y, tile.y), strict=True)
        )
        least = 10 if tile.net == "full" else 14
        return inside and ears / tile.factor >= 0.95 * least

    assert any(shows(tile) for tile in plan_tiles(width, height))


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("factor", [1.0, 2.0, 3.3, 4.0, 7.0])
def test_a_tile_shows_the_photo_where_it_says(factor: float, bits: int) -> None:
    pyramid = PhotoPyramid(ramp_photo(901, 703, bits=bits))
    tile = Tile(10, 7, factor, "full", 64)

    pixels = tile_pixels(pyramid, tile)

    assert pixels is not None
    assert pixels.shape == (64, 64, 3)
    for column, row in ((0, 0), (20, 40), (63, 63)):
        x, y = to_photo(tile, (column, row))
        assert pixels[row, column, 0] == pytest.approx(x / 4, abs=1.1)
        assert pixels[row, column, 1] == pytest.approx(y / 4, abs=1.1)


def test_a_tile_beyond_the_photo_is_black_there() -> None:
    pyramid = PhotoPyramid(ramp_photo(100, 60))

    pixels = tile_pixels(pyramid, Tile(-20, -30, 1.0, "full", 192))

    assert pixels is not None
    assert not pixels[:30].any()
    assert not pixels[:, :20].any()
    assert not pixels[90:].any()
    np.testing.assert_array_equal(pixels[30:90, 20:120], pyramid.reduced(1.0))


def test_a_flat_tile_is_not_looked_at() -> None:
    pyramid = PhotoPyramid(Photo(np.full((300, 300, 3), 77, np.uint8)))

    assert tile_pixels(pyramid, Tile(0, 0, 1.0, "full", 192)) is None


@pytest.mark.parametrize("size", [24, 120])
@pytest.mark.parametrize("bits", [8, 16])
def test_a_cut_shows_what_the_transform_says(size: int, bits: int) -> None:
    pyramid = PhotoPyramid(ramp_photo(800, 800, bits=bits))
    to_crop = SimilarityTransform(size / 300, size / 900, -40.0 * size / 120, -60.0 * size / 120)

    pixels = pyramid.cut(to_crop, size)

    # Each halving of 8 bits rounds up to half a level.
    tolerance = 0.6 + (1.5 if bits == 8 else 0.0)
    for column, row in ((size // 4, size // 3), (size // 2, size // 2)):
        x, y = to_crop.inverse.apply(np.array([column, row]))
        assert pixels[row, column, 0] == pytest.approx(x / 4, abs=tolerance)
        assert pixels[row, column, 1] == pytest.approx(y / 4, abs=tolerance)


@pytest.mark.parametrize("turns", range(4))
def test_quarter_turn_follows_numpy(turns: int) -> None:
    square = np.arange(25).reshape(5, 5)
    turned = np.rot90(square, turns)

    for row in range(5):
        for column in range(5):
            x, y = np.round(quarter_turn(turns, 5).apply(np.array([column, row]))).astype(int)
            assert turned[y, x] == square[row, column]


def test_crop_around_puts_the_candidate_in_the_middle() -> None:
    to_square = crop_around(Candidate(0.9, (200.0, 100.0), 50.0), 128, widths=2.0)

    np.testing.assert_allclose(to_square.apply(np.array([200.0, 100.0])), [63.5, 63.5], atol=1e-4)
    assert to_square.scale == pytest.approx(1.28)


@given(st.floats(-3.1, 3.1), st.floats(2, 500))
def test_from_eyes_levels_the_eyes(angle: float, distance: float) -> None:
    left = np.array([300.0, 200.0])
    eyes = np.stack([left, left + distance * np.array([np.cos(angle), np.sin(angle)])]).astype(np.float32)

    moved = from_eyes(eyes, least_distance=1.0, size=192).apply(eyes)

    np.testing.assert_allclose(moved[1] - moved[0], [48.0, 0.0], atol=0.05)
    np.testing.assert_allclose(moved.mean(axis=0), [95.5, 67.5], atol=0.05)


def test_from_eyes_does_not_zoom_into_a_profile() -> None:
    eyes = np.array([[100.0, 100.0], [101.0, 100.0]], np.float32)

    assert from_eyes(eyes, least_distance=48.0, size=192).scale == pytest.approx(1.0)


def test_merge_keeps_the_surest_of_one_face_and_all_of_two() -> None:
    weak, sure = Candidate(0.5, (100.0, 100.0), 50.0), Candidate(0.9, (105.0, 98.0), 60.0)
    neighbour, tiny = Candidate(0.7, (170.0, 100.0), 50.0), Candidate(0.6, (100.0, 100.0), 15.0)

    kept = merge([weak, sure, neighbour, tiny])

    assert kept == (sure, neighbour, tiny)
    assert merge([tiny, neighbour, sure, weak]) == kept
