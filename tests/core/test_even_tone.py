"""Photos that are compared are brought onto one tone curve first."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.even_tone import fit_tone, in_tone
from tests.core.test_even_light import LIGHTS, SIZE, relit

across = np.linspace(-1, 1, SIZE, dtype=np.float32)


def face(seed: int = 0) -> np.ndarray:
    """Skin that is shaded, with marks as dark and as large as features."""
    rng = np.random.default_rng(seed)
    marks = cv2.GaussianBlur(rng.normal(0, 1, (SIZE, SIZE)).astype(np.float32), (0, 0), 2.5)
    features = np.clip((marks - 0.12) * 6, 0, 1)
    skin = 185 - 30 * across[None] ** 2 - 25 * across[:, None] ** 2
    colours = np.array([1.0, 0.82, 0.7], np.float32)
    return np.round((skin * (1 - 0.75 * features))[..., None] * colours).astype(np.uint8)


def curved(picture: np.ndarray, curve: str) -> np.ndarray:
    values = picture.astype(np.float32) / 255
    bent = {
        "gamma 1.7": values**1.7,
        "gamma 0.6": values**0.6,
        "S": values + 0.12 * np.sin(2 * np.pi * (values - 0.5)),
        "fog": 0.25 + 0.7 * values,
        "levels": np.clip(1.25 * (values - 0.12), 0, 1),
    }[curve]
    return np.round(255 * bent).astype(np.uint8)


CURVES = ("gamma 1.7", "gamma 0.6", "S", "fog", "levels")
MIDDLE = np.s_[24:104, 24:104]


def apart(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(float) - other)[MIDDLE].mean())


@pytest.mark.parametrize("curve", CURVES)
def test_a_photo_takes_on_the_others_curve(curve):
    plain = face()
    bent = curved(plain, curve)

    for here, there in ((plain, bent), (bent, plain)):
        even = in_tone(here, fit_tone(here, there))
        assert apart(even, there) < max(2.5, 0.25 * apart(here, there))


@pytest.mark.parametrize("factors", [(0.5, 0.5, 0.5), (1.0, 0.9, 0.7), (1.2, 1.2, 1.2)])
def test_more_light_or_other_colours_are_no_curve(factors):
    plain = face()
    other = np.clip(np.round(plain * np.array(factors)), 0, 255).astype(np.uint8)

    assert fit_tone(plain, other) is None
    assert fit_tone(other, plain) is None
    assert in_tone(plain, None) is plain


@pytest.mark.parametrize("light", LIGHTS.values(), ids=LIGHTS)
def test_shadows_are_no_curve(light):
    plain = face()
    dark = relit(plain, light)

    assert fit_tone(dark, plain) is None
    assert fit_tone(plain, dark) is None


def test_what_moves_is_no_curve():
    here, there = face(), np.roll(face(), 1, axis=0)
    here[80:90, 48:78] = (150, 60, 60)
    there[78:94, 46:80] = (40, 15, 15)
    there[80:86, 50:76] = (230, 225, 210)

    assert fit_tone(here, there) is None


def test_a_curve_is_found_beside_light_from_one_side():
    plain = face()
    slope = relit(curved(plain, "gamma 1.7"), LIGHTS["from one side"])
    even = in_tone(slope, fit_tone(slope, plain))

    # Contrasts beside those of the photo on the straight curve: as a factor.
    wanted, found, given = (_contrast(each) for each in (plain, even, slope))
    assert given > 1.4 * wanted
    assert abs(found / wanted - 1) < 0.15


def _contrast(picture: np.ndarray) -> float:
    values = np.log(picture.astype(np.float32).mean(axis=2) + 2)
    return float((values - cv2.GaussianBlur(values, (0, 0), 10))[MIDDLE].std())


@pytest.mark.parametrize("curve", CURVES)
def test_deep_pictures_get_the_same_curve(curve):
    plain = face()
    tone = fit_tone(plain, curved(plain, curve))

    shallow, deep = in_tone(plain, tone), in_tone(plain.astype(np.uint16) * 257, tone)
    assert deep.dtype == np.uint16
    assert np.abs(deep / 257 - shallow).max() <= 0.51
    assert len(np.unique(in_tone(np.arange(2**16, dtype=np.uint16)[None, :, None].repeat(3, 2), tone))) > 2**14


@pytest.mark.parametrize("curve", CURVES)
def test_what_is_darker_than_any_skin_goes_with_the_rest(curve):
    plain = face()
    tone = fit_tone(plain, curved(plain, curve))
    dark = tone.of(np.arange(40) / 255)

    # Pupils and hair are not torn into black and grey.
    assert np.diff(dark).max() < 0.02


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), black=st.floats(0, 1), white=st.floats(0, 1), smooth=st.floats(0.3, 20))
def test_any_two_pictures_have_a_curve_that_only_rises(seed, black, white, smooth):
    rng = np.random.default_rng(seed)
    here, there = (
        cv2.GaussianBlur(
            np.where(rng.random((SIZE, SIZE, 3)) < share, value, rng.integers(0, 256, (SIZE, SIZE, 3))).astype(
                np.uint8
            ),
            (0, 0),
            smooth,
        )
        for share, value in ((black, 0), (white, 255))
    )
    tone = fit_tone(here, there)
    if tone is not None:
        values = tone.of(np.linspace(0, 1, 1025))
        assert np.isfinite(values).all()
        assert (np.diff(values) >= 0).all()
        assert values[0] >= 0
        assert values[-1] <= 1
    ramp = np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, 2)
    assert in_tone(ramp, tone).dtype == np.uint8
