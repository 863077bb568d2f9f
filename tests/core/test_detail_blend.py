"""Blends that keep texture: as lively as the pictures, no livelier, and untouched where one alone is seen."""

from __future__ import annotations

import numpy as np
import pytest

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.cutout import blend_pixels
from fvae_studio.core.detail_blend import blend_detailed, detail_reach_px

SIZE = 160
SCALE = 4.0


def grain(seed: int, dtype=np.uint8, *, level: float = 120.0, amount: float = 8.0):
    rng = np.random.default_rng(seed)
    noise = np.repeat(cv2.GaussianBlur(rng.normal(size=(SIZE, SIZE)), (0, 0), 0.7)[..., None], 3, axis=-1)
    unit = np.iinfo(dtype).max / 255
    return np.round((level + amount * noise / noise.std()) * unit).astype(dtype)


def even(*shares: float):
    return [np.full((SIZE, SIZE), share, np.float32) for share in shares]


def liveliness(picture) -> float:
    return float(cv2.Laplacian(picture[..., 1].astype(np.float32), cv2.CV_32F)[8:-8, 8:-8].std())


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.3, 0.7), (0.9, 0.1)])
def test_textures_that_do_not_match_stay_as_lively_as_they_are(dtype, shares):
    pictures = [grain(seed, dtype) for seed in range(2)]
    blended = blend_detailed(pictures, even(*shares), scale=SCALE)

    assert blended.dtype == dtype
    assert liveliness(blended) == pytest.approx(liveliness(pictures[0]), rel=0.08)
    if shares == (0.5, 0.5):
        assert liveliness(blend_pixels(pictures, even(*shares))) < 0.75 * liveliness(pictures[0])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_equal_pictures_are_not_overdriven(dtype):
    picture = grain(0, dtype)
    blended = blend_detailed([picture, picture.copy()], even(0.5, 0.5), scale=SCALE)

    assert np.abs(blended.astype(int) - picture).max() <= 1


def test_three_textures_stay_lively_up_to_the_limit():
    # Three that do not match lose a factor of 1.73, of which 1.45 comes back.
    pictures = [grain(seed) for seed in range(3)]
    blended = blend_detailed(pictures, even(1 / 3, 1 / 3, 1 / 3), scale=SCALE)

    assert 0.78 < liveliness(blended) / liveliness(pictures[0]) < 0.95


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_light_passes_over_by_the_shares(dtype):
    pictures = [grain(0, dtype, level=80), grain(1, dtype, level=160)]
    unit = np.iinfo(dtype).max / 255
    for second in (0.2, 0.5, 0.7):
        blended = blend_detailed(pictures, even(1 - second, second), scale=SCALE)

        assert blended.mean() / unit == pytest.approx(80 + 80 * second, abs=0.7)


def test_edges_pass_over_sooner_than_light():
    # A line that only the first picture has, at a third of its share.
    first, second = np.full((SIZE, SIZE, 3), 120, np.uint8), np.full((SIZE, SIZE, 3), 120, np.uint8)
    first[:, SIZE // 2] = 40
    heights = []
    for share in (0.25, 0.75):
        blended = blend_detailed([first, second], even(share, 1 - share), scale=SCALE)
        heights.append(120 - int(blended[SIZE // 2, SIZE // 2, 1]))

    assert heights[0] < 0.25 * 80
    assert heights[1] > 0.75 * 80


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_picture_that_is_seen_alone_is_kept_bit_by_bit(dtype):
    pictures = [grain(seed, dtype, level=60 + 100 * seed) for seed in range(2)]
    ramp = np.clip((np.arange(SIZE, dtype=np.float32) - 60) / 40, 0, 1)
    second = np.tile(ramp, (SIZE, 1))
    shares = [1 - second, second]
    # What is not seen is not there either, beyond the reach.
    reach = detail_reach_px(SCALE)
    pictures[1][:, : max(0, 60 - reach)] = 0
    blended = blend_detailed(pictures, shares, scale=SCALE)

    for picture, share in zip(pictures, shares, strict=True):
        alone = share == 1
        assert alone.any()
        np.testing.assert_array_equal(blended[alone], picture[alone])


def test_one_picture_is_itself():
    picture = grain(0)

    assert blend_detailed([picture], even(1.0), scale=SCALE) is picture
    np.testing.assert_array_equal(blend_detailed([picture, grain(1)], even(1.0, 0.0), scale=SCALE), picture)
