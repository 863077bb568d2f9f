"""Grain and softness of pictures that are made with known grain and softness."""

from __future__ import annotations

import numpy as np
import pytest

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.geometry import Rect
from fvae_studio.core.photo_texture import add_grain, measure_grain, measure_softness


def blots(*, blur: float = 0.0) -> np.ndarray:
    """Hard-edged blots, one pixel soft as in a sharp photo, then blurred."""
    noise = cv2.GaussianBlur(np.random.default_rng(3).standard_normal((160, 240)).astype(np.float32), (0, 0), 8)
    edges = cv2.GaussianBlur((noise > 0).astype(np.float32), (0, 0), 1.0)
    soft = cv2.GaussianBlur(edges, (0, 0), blur) if blur else edges
    return np.repeat(0.3 + 0.4 * soft[..., None], 3, axis=2)


def test_sharp_picture_has_no_softness():
    assert measure_softness(blots()) == pytest.approx(0, abs=0.3)


@pytest.mark.parametrize("blur", [2.0, 3.0, 4.0])
def test_softness_is_the_blur(blur):
    assert measure_softness(blots(blur=blur)) == pytest.approx(blur, rel=0.25)


def test_flat_picture_and_tiny_picture_are_sharp():
    assert measure_softness(np.full((40, 40, 3), 0.5, np.float32)) == 0
    assert measure_softness(np.zeros((4, 4, 3), np.float32)) == 0


def test_grain_grows_with_the_noise():
    rng = np.random.default_rng(5)
    levels = [
        measure_grain(np.clip(0.5 + rng.normal(0, sigma, (80, 80, 1)) * np.ones(3), 0, 1)) for sigma in (0, 0.005, 0.01)
    ]

    assert levels[0] == 0
    assert levels[2] == pytest.approx(2 * levels[1], rel=0.15)


def test_added_grain_is_measured_again():
    flat = np.full((120, 120, 3), 0.5, np.float32)
    grainy = add_grain(flat, 0.012, Rect(0, 0, 120, 120))

    assert measure_grain(grainy) == pytest.approx(0.012, rel=0.5)
    assert grainy.mean() == pytest.approx(0.5, abs=0.002)


def test_grain_stays_where_it_is():
    large, small = Rect(100, 500, 60, 40), Rect(120, 510, 20, 20)
    first = add_grain(np.full((40, 60, 3), 0.4, np.float32), 0.02, large)
    second = add_grain(np.full((20, 20, 3), 0.4, np.float32), 0.02, small)

    np.testing.assert_array_equal(first[10:30, 20:40], second)
