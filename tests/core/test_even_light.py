"""Photos that are compared are brought into one light first."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.even_light import in_light, light_lacking

SIZE = 128
across = np.linspace(-1, 1, SIZE, dtype=np.float32)


def face(seed: int = 0) -> np.ndarray:
    """Skin with marks as large as features."""
    rng = np.random.default_rng(seed)
    marks = cv2.GaussianBlur(rng.normal(0, 1, (SIZE, SIZE, 3)).astype(np.float32), (0, 0), 2)
    return np.clip(165 + 160 * marks, 30, 230).astype(np.uint8)


LIGHTS = {
    "half in shadow": 0.4 + 0.6 / (1 + np.exp(-across * 30)),
    "from one side": np.exp(0.55 * across) / np.exp(0.55),
    "from the other, hard": 1 - 0.5 / (1 + np.exp(-across * 60)),
}


def relit(picture: np.ndarray, light: np.ndarray) -> np.ndarray:
    return np.round(picture * light[None, :, None]).astype(np.uint8)


@pytest.mark.parametrize("light", LIGHTS.values(), ids=LIGHTS)
def test_a_shadow_is_filled_in_the_photo_that_it_falls_on(light):
    lit = face()
    dark = relit(lit, light)

    even = in_light(dark, light_lacking(dark, lit))
    middle = np.s_[30:112, 28:100]
    assert np.abs(even.astype(float) - lit)[middle].mean() < 4
    assert np.abs(dark.astype(float) - lit)[middle].mean() > 15
    # The other photo has all the light there is.
    np.testing.assert_allclose(light_lacking(lit, dark), 0, atol=0.05)


def test_photos_in_one_light_stay_as_they_are():
    one, other = face(), np.roll(face(), 2, axis=0)

    for there in (one, other, np.round(other * 0.6).astype(np.uint8)):
        lacking = light_lacking(one, there)
        assert not lacking.any()
        assert in_light(one, lacking) is one


def test_what_moves_is_no_light():
    here, there = face(), face()
    # A mouth that opens, teeth that appear, brows that go up.
    here[80:90, 48:78] = (150, 60, 60)
    there[78:94, 46:80] = (40, 15, 15)
    there[80:86, 50:76] = (230, 225, 210)

    assert not light_lacking(here, there).any()


def test_light_fits_pictures_of_any_size():
    lit = face()
    dark = relit(lit, LIGHTS["half in shadow"])
    lacking = light_lacking(dark, lit)
    double = [cv2.resize(each, (2 * SIZE, 2 * SIZE), interpolation=cv2.INTER_LINEAR) for each in (dark, lit)]

    even = in_light(double[0], lacking)
    assert np.abs(even.astype(float) - double[1])[60:224, 56:200].mean() < 5
    assert np.abs(cv2.resize(light_lacking(*double), (SIZE, SIZE)) - lacking).mean() < 0.06


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), black=st.floats(0, 1), white=st.floats(0, 1))
def test_any_two_pictures_have_a_light_between_them(seed, black, white):
    rng = np.random.default_rng(seed)
    here, there = (
        np.where(rng.random((SIZE, SIZE, 3)) < share, value, rng.integers(0, 256, (SIZE, SIZE, 3))).astype(np.uint8)
        for share, value in ((black, 0), (white, 255))
    )
    lacking = light_lacking(here, there)

    assert np.isfinite(lacking).all()
    assert lacking.min() >= 0
    assert lacking.max() <= 1.7
    even = in_light(here, lacking)
    assert even.dtype == np.uint8
    assert (even >= here).all()
