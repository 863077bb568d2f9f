from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.colour import transfer_colour

PICTURES = hnp.arrays(np.uint8, (12, 10, 3))


def lab(image):
    return cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB).reshape(-1, 3)


def picture(seed: int):
    noise = np.random.default_rng(seed).normal(size=(64, 64, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 4)
    return np.clip(130 + 25 * smooth / smooth.std(), 0, 255).astype(np.uint8)


def test_own_colours_change_nothing():
    photo = picture(0)

    # Rounding in and out of Lab.
    np.testing.assert_allclose(transfer_colour(photo, photo).astype(int), photo, atol=1)


def test_result_has_the_targets_mean_and_spread():
    source, target = picture(1), np.clip(picture(2) * 0.8 + np.array([30, 10, 0]), 0, 255).astype(np.uint8)

    moved = lab(transfer_colour(source, target))

    np.testing.assert_allclose(moved.mean(axis=0), lab(target).mean(axis=0), atol=0.6)
    np.testing.assert_allclose(moved.std(axis=0), lab(target).std(axis=0), rtol=0.1)
    assert np.abs(lab(source).mean(axis=0) - lab(target).mean(axis=0)).max() > 3


def test_relit_photo_comes_back():
    photo = picture(3)
    relit = np.clip(photo * 0.85 + np.array([12, 4, -6]), 0, 255).astype(np.uint8)

    # Light acts on RGB, the statistics are Lab's: close, not equal.
    before, after = (np.abs(image.astype(int) - photo).mean() for image in (relit, transfer_colour(relit, photo)))
    assert before > 8
    assert after < 2


def test_statistics_are_taken_inside_the_region_only():
    source, target = picture(4), picture(5)
    region = np.zeros((64, 64), bool)
    region[16:48, 16:48] = True
    spoiled = target.copy()
    spoiled[~region] = 255, 0, 255

    np.testing.assert_array_equal(
        transfer_colour(source, spoiled, region=region), transfer_colour(source, target, region=region)
    )


def test_flat_photo_takes_the_mean_and_gains_no_noise():
    flat = np.full((64, 64, 3), 90, np.uint8)

    moved = transfer_colour(flat, picture(6))

    assert np.ptp(moved.reshape(-1, 3), axis=0).max() == 0
    np.testing.assert_allclose(lab(moved)[0], lab(picture(6)).mean(axis=0), atol=0.6)


@pytest.mark.parametrize("level", [0, 255])
def test_black_and_white_stay_in_range(level):
    shown = transfer_colour(picture(7), np.full((64, 64, 3), level, np.uint8))

    assert shown.dtype == np.uint8
    assert abs(float(shown.mean()) - level) < 25


@settings(max_examples=40)
@given(PICTURES, PICTURES)
def test_any_two_pictures_give_a_picture(source, target):
    shown = transfer_colour(source, target)

    assert shown.shape == source.shape
    assert shown.dtype == np.uint8
