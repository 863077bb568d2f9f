"""Faces read straight from their photo: exact where nothing moves, the same as a still's warp where something does."""

from __future__ import annotations

import numpy as np
import pytest

from fvae_studio.core.alignment import CROP_SIZE, crop_region
from fvae_studio.core.cutout import blend_pixels, cut_face, read_cutout, spread_over
from fvae_studio.core.geometry import Rect, SimilarityTransform
from fvae_studio.core.levels import shrink_photo
from fvae_studio.core.types import FlowField, Photo
from fvae_studio.core.warp import warp_photo
from tests.helpers.fake_faces import make_photo

TO_CROP = SimilarityTransform(0.45, 0.03, -70.0, -50.0)


def bump(size: int = 64, height: float = 5.0) -> FlowField:
    rows, columns = np.mgrid[0:size, 0:size] / (size - 1) - 0.5
    flow = np.exp(-(rows**2 + columns**2) / 0.03) * height
    flow *= np.clip(6 * (0.46 - np.maximum(abs(rows), abs(columns))), 0, 1)
    return FlowField(np.stack([0.4 * flow, flow], axis=-1).astype(np.float32), np.ones((size, size), np.float32))


@pytest.fixture(params=[8, 16])
def photo(request) -> Photo:
    return make_photo(bits=request.param)


def region_of(photo: Photo) -> Rect:
    return crop_region(TO_CROP).intersect(photo.bounds)


def test_still_cutout_is_the_photo_bit_by_bit(photo):
    region = region_of(photo)
    pixels, alpha = read_cutout(cut_face(photo, TO_CROP), FlowField.identity((64, 64)), TO_CROP, region)

    np.testing.assert_array_equal(pixels, photo.pixels[region.slices])
    assert alpha is None


@pytest.mark.parametrize("kernel", ["sinc", "bicubic"])
def test_moved_cutout_is_what_a_still_shows(photo, kernel):
    region = region_of(photo)
    pixels, _ = read_cutout(cut_face(photo, TO_CROP), bump(), TO_CROP, region, kernel=kernel)
    wanted = warp_photo(photo, bump(), TO_CROP, roi=region, kernel=kernel).pixels
    step = photo.max_value / 255

    # The flow is read off fewer samples: a fiftieth of a pixel, on waves of twelve pixels and more.
    assert np.abs(pixels.astype(float) - wanted).max() <= 3 * step
    assert np.abs(pixels.astype(float) - wanted).mean() < 0.2 * step


def test_quick_reading_leaves_a_still_cutout_bit_by_bit(photo):
    region = region_of(photo)
    cutout = cut_face(photo, TO_CROP).for_quick_reading()
    pixels, _ = read_cutout(cutout, FlowField.identity((64, 64)), TO_CROP, region, kernel="bicubic")

    assert cutout.fine is not None
    np.testing.assert_array_equal(pixels, photo.pixels[region.slices])


def test_quick_reading_shows_the_same_places(photo):
    region = region_of(photo)
    cutout = cut_face(photo, TO_CROP)
    best, _ = read_cutout(cutout, bump(), TO_CROP, region, kernel="sinc")
    quick, _ = read_cutout(cutout.for_quick_reading(), bump(), TO_CROP, region, kernel="bicubic")

    # On a picture as smooth as this, what is left is the rounding of the pixels between.
    assert np.sqrt(((quick.astype(float) - best) ** 2).mean()) < 0.4 * photo.max_value / 255


def test_alpha_is_not_read_quickly():
    photo = make_photo()
    cutout = cut_face(Photo(photo.pixels, np.full(photo.pixels.shape[:2], 128, np.uint8)), TO_CROP)

    assert cutout.for_quick_reading() is cutout


def test_what_is_not_wanted_is_not_read(photo):
    region = region_of(photo)
    share = np.zeros((region.height, region.width), np.float32)
    share[40:70, 50:90] = 0.5
    pixels, _ = read_cutout(cut_face(photo, TO_CROP), bump(), TO_CROP, region, share=share)
    whole, _ = read_cutout(cut_face(photo, TO_CROP), bump(), TO_CROP, region)

    np.testing.assert_array_equal(pixels[40:70, 50:90], whole[40:70, 50:90])
    assert not pixels[:, :50].any()
    assert not pixels[:, 90:].any()


def test_picture_in_another_frame_is_read_in_one_go(photo):
    # Twice the crop's size and upright: what the crop's own positions show.
    side = 2 * CROP_SIZE
    to_crop = SimilarityTransform.resize(side, CROP_SIZE)
    pixels, _ = read_cutout(cut_face(photo, TO_CROP), FlowField.identity((8, 8)), to_crop, Rect(0, 0, side, side))
    center = SimilarityTransform.resize(CROP_SIZE, side).apply(TO_CROP.apply(np.array([[300.0, 200.0]])))[0]
    x, y = np.round(center).astype(int)
    step = photo.max_value / 255

    assert np.abs(pixels[y, x].astype(float) - photo.pixels[200, 300]).max() < 6 * step


def test_cutout_is_reduced_for_smaller_pictures(photo):
    cutout = cut_face(photo, TO_CROP)
    small = cutout.reduced(cutout.from_crop.scale / 4)

    assert small.pixels.shape[0] == round(cutout.pixels.shape[0] / 4)
    assert small.from_crop.scale == pytest.approx(cutout.from_crop.scale / 4)
    assert cutout.reduced(cutout.from_crop.scale) is cutout


def test_alpha_moves_along():
    photo = make_photo()
    alpha = np.full(photo.pixels.shape[:2], 128, np.uint8)
    see_through = Photo(photo.pixels.copy(), alpha)
    region = region_of(photo)
    _, moved = read_cutout(cut_face(see_through, TO_CROP), bump(), TO_CROP, region)

    assert moved is not None
    assert (moved == 128).all()


def test_face_beyond_the_photo_is_filled_with_its_edge(photo):
    far = SimilarityTransform(0.45, 0.0, -2000.0, -2000.0)
    cutout = cut_face(photo, far)
    pixels, _ = read_cutout(
        cutout, FlowField.identity((8, 8)), SimilarityTransform.identity(), Rect(0, 0, CROP_SIZE, CROP_SIZE)
    )

    assert (pixels == photo.pixels[-1, -1]).all()


def test_values_are_spread_over_the_picture():
    x = np.arange(CROP_SIZE, dtype=np.float32)
    values = np.tile(x / CROP_SIZE, (CROP_SIZE, 1))
    region = Rect(200, 180, 60, 50)
    spread = spread_over(values, TO_CROP, region)
    grid = np.stack(np.meshgrid(np.arange(200, 260), np.arange(180, 230)), axis=-1)

    np.testing.assert_allclose(spread, TO_CROP.apply(grid)[..., 0] / CROP_SIZE, atol=2e-3)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_blend_keeps_a_picture_whose_share_is_one(dtype):
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, np.iinfo(dtype).max, (20, 30, 3), dtype, endpoint=True) for _ in range(3)]
    shares = [np.zeros((20, 30), np.float32) for _ in range(3)]
    for number, share in enumerate(shares):
        share[:, number * 10 : number * 10 + 10] = 1
    blended = blend_pixels(pictures, shares)

    for number, picture in enumerate(pictures):
        columns = slice(number * 10, number * 10 + 10)
        np.testing.assert_array_equal(blended[:, columns], picture[:, columns])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_blend_weighs_pictures_by_their_shares(dtype):
    limit = np.iinfo(dtype).max
    pictures = [np.full((4, 5, 3), value, dtype) for value in (0, limit // 2, limit)]
    shares = [np.full((4, 5), share, np.float32) for share in (0.2, 0.3, 0.5)]

    assert np.abs(blend_pixels(pictures, shares).astype(float) - 0.65 * limit).max() <= 1.5


@pytest.mark.parametrize("size", [(640, 480), (641, 480), (333, 500)])
def test_shrunk_photo_shows_the_same_places(size):
    photo = make_photo(*size)
    small, to_small = shrink_photo(photo, 200)
    y, x = 150, 120
    there = to_small.inverse.apply(np.array([[float(x), float(y)]]) * 0.5)[0]
    here = small.pixels[y // 2, x // 2].astype(float)
    columns, rows = np.floor(there).astype(int)

    assert max(small.width, small.height) == 200
    assert np.abs(photo.pixels[rows : rows + 2, columns : columns + 2].mean(axis=(0, 1)) - here).max() < 6
    assert shrink_photo(photo, 5000)[0] is photo
