from __future__ import annotations

import numpy as np
import pytest

from trainer.structural_similarity import multi_scale_ssim, ssim


@pytest.fixture
def pair() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    image = rng.random((48, 40, 3))
    return image, np.clip(image + rng.normal(0, 0.2, image.shape), 0, 1)


def test_equal_pictures_are_wholly_similar(pair):
    image, _ = pair

    assert ssim(image, image) == pytest.approx(1)
    assert multi_scale_ssim(image, image) == pytest.approx(1)


def test_agrees_with_scikit_image(pair):
    # structural_similarity(a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1,
    # channel_axis=-1) of scikit-image 0.26
    assert ssim(*pair) == pytest.approx(0.8227267820279979, abs=1e-9)


def test_is_symmetric(pair):
    image, other = pair

    assert ssim(image, other) == pytest.approx(ssim(other, image))
    assert multi_scale_ssim(image, other) == pytest.approx(multi_scale_ssim(other, image))


def test_one_scale_only_is_the_plain_index():
    rng = np.random.default_rng(0)
    image, other = rng.random((2, 20, 20, 3))  # half of it would be smaller than the window

    assert multi_scale_ssim(image, other) == pytest.approx(max(ssim(image, other), 0))


def test_fine_noise_matters_less_at_coarse_scales(pair):
    image, noisy = pair

    assert multi_scale_ssim(image, noisy) > ssim(image, noisy)


def test_pictures_that_contradict_each_other_have_no_similarity(pair):
    image, _ = pair

    assert multi_scale_ssim(image, 1 - image) == 0
