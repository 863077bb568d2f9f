from __future__ import annotations

import numpy as np
import pytest

from fvae_studio.core.levels import highest_level, level_to_photo, reduce_photo
from fvae_studio.core.types import Photo
from tests.helpers.fake_faces import make_photo


def test_level_zero_is_the_very_photo():
    photo = make_photo()

    assert reduce_photo(photo, 0) is photo


@pytest.mark.parametrize("bits", [8, 16])
def test_pixel_of_a_level_is_the_mean_of_its_photo_pixels(bits):
    photo = make_photo(70, 51, bits=bits)
    reduced = reduce_photo(photo, 2)
    mean = photo.pixels[4:8, 8:12].reshape(-1, 3).mean(axis=0)

    assert reduced.pixels.shape == (12, 17, 3)
    assert reduced.pixels.dtype == photo.pixels.dtype
    np.testing.assert_allclose(reduced.pixels[1, 2], mean, atol=0.51)


def test_position_on_a_level_is_the_middle_of_its_photo_pixels():
    np.testing.assert_allclose(level_to_photo(2).apply(np.array([[0.0, 1.0]])), [[1.5, 5.5]])


def test_alpha_is_reduced_too():
    alpha = np.zeros((8, 8), np.uint8)
    alpha[:2, :2] = 200
    photo = Photo(np.zeros((8, 8, 3), np.uint8), alpha)

    reduced = reduce_photo(photo, 1)
    assert reduced.alpha is not None
    assert reduced.alpha[0, 0] == 200
    assert reduced.alpha[1:].max() == 0


def test_levels_end_where_a_pixel_is_left():
    photo = make_photo(100, 9)

    assert highest_level(photo) == 3
    assert reduce_photo(photo, 9).pixels.shape == (1, 12, 3)
