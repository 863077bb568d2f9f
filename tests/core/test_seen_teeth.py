"""Where the teeth that a photo shows end."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.contours import contour_height, curve_at
from fvae_studio.core.lips import LOWER_INNER, UPPER_INNER
from fvae_studio.core.mouth_light import to_linear
from fvae_studio.core.seen_teeth import SEEN_SIZE, see_teeth
from tests.helpers.mouths import SEAM, mouth
from tests.helpers.teeth import DARK, GAP, LIP, SKIN, TONGUE, TOOTH, drawn

BELOW = {"the dark of the mouth": DARK, "the tongue": TONGUE}
MIDDLE = np.linspace(58, 69, 12, dtype=np.float32)


@pytest.mark.parametrize("below", BELOW.values(), ids=BELOW)
@pytest.mark.parametrize("ends", [80.0, 83.0])
def test_teeth_end_where_something_else_begins(below, ends):
    seen = see_teeth(drawn(ends=ends, below=below), mouth(GAP))

    assert seen is not None
    np.testing.assert_allclose(curve_at(seen.edge, MIDDLE), ends, atol=0.6)


def test_a_tooth_that_is_longer_than_its_neighbours_keeps_its_point():
    plain, pixels = drawn(ends=80.0), drawn(ends=84.0)
    x = (np.arange(SEEN_SIZE) + 0.5) * 128 / SEEN_SIZE - 0.5
    elsewhere = np.abs(x - 62.5) > 1.2
    pixels[:, elsewhere] = plain[:, elsewhere]
    seen = see_teeth(pixels, mouth(GAP))

    assert seen is not None
    long, short = np.array([62.5], np.float32), np.array([57.5, 68.5], np.float32)
    assert (curve_at(seen.below, long) > 83.3).all()
    assert (curve_at(seen.edge, long) < 82.5).all()
    np.testing.assert_allclose(curve_at(seen.below, short), curve_at(seen.edge, short), atol=0.3)


def test_upper_teeth_end_at_the_dark_line_above_lower_ones():
    seen = see_teeth(drawn(ends=82.0, line=0.7), mouth(GAP))

    assert seen is not None
    np.testing.assert_allclose(curve_at(seen.edge, MIDDLE), 82.3, atol=0.7)


def test_teeth_that_fill_the_mouth_end_behind_the_lower_lip():
    points = mouth(GAP)
    seen = see_teeth(drawn(), points)

    assert seen is not None
    columns = np.linspace(52, 75, 24, dtype=np.float32)
    lip = contour_height(points[list(LOWER_INNER)], columns)
    np.testing.assert_allclose(curve_at(seen.edge, columns), lip, atol=0.3)
    np.testing.assert_allclose(seen.white, to_linear(np.array(TOOTH) / 255), rtol=0.1)


@pytest.mark.parametrize("light", [0.25, 0.5])
def test_darker_light_changes_nothing(light):
    seen = see_teeth(np.round(drawn(ends=82.0) * light).astype(np.uint8), mouth(GAP))

    assert seen is not None
    np.testing.assert_allclose(curve_at(seen.edge, MIDDLE), 82.0, atol=0.6)


@pytest.mark.parametrize(
    ("pixels", "gap"),
    [(drawn(tooth=DARK), GAP), (drawn(tooth=TONGUE), GAP), (drawn(tooth=LIP), GAP), (drawn(), 0.0)],
    ids=["the dark of the mouth alone", "the tongue alone", "lips alone", "a closed mouth"],
)
def test_without_teeth_nothing_is_told(pixels, gap):
    assert see_teeth(pixels, mouth(gap)) is None


def test_the_dark_is_no_darker_than_the_darkest_of_the_face():
    sharp = drawn(ends=82.0)
    hazy = np.clip(sharp.astype(np.float32) * 0.75 + 60, 0, 255).astype(np.uint8)
    blacks = []
    for pixels in (sharp, hazy, drawn(tooth=TOOTH, ends=82.0, below=SKIN)):
        seen = see_teeth(pixels, mouth(GAP))
        assert seen is not None
        blacks.append(seen.black)
        assert (seen.black <= 0.1 * seen.white + 1e-6).all()

    np.testing.assert_allclose(blacks[0], to_linear(np.array(DARK) / 255), atol=1e-3)
    assert (blacks[1] > 3 * blacks[0]).all()


def test_a_soft_photo_is_known_as_soft():
    sharp, soft = (see_teeth(cv2.GaussianBlur(drawn(ends=82.0), (0, 0), sigma), mouth(GAP)) for sigma in (0.3, 4.0))
    assert sharp is not None
    assert soft is not None

    assert sharp.softness < 0.3
    assert 0.8 < soft.softness < 2.0


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), spread=st.floats(0, 6))
@example(seed=160, spread=3.0)  # its lower lip rises so steeply that a mean of what is free reached above the upper one
def test_any_picture_gives_an_edge_between_the_lips(seed, spread):
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (48, 48, 3), dtype=np.uint8)
    points = mouth(GAP) + rng.normal(0, spread, (478, 2)).astype(np.float32)
    seen = see_teeth(np.kron(coarse, np.ones((8, 8, 1), np.uint8)), points)

    if seen is not None:
        assert np.isfinite(seen.edge).all()
        assert np.isfinite(seen.white).all()
        assert (seen.below >= seen.edge).all()
        assert seen.below.max() <= points[list(LOWER_INNER), 1].max() + 0.5
        assert seen.edge.min() >= points[[*LOWER_INNER, *UPPER_INNER], 1].min() - 0.5


def test_seam_is_where_the_helpers_say():
    assert contour_height(mouth(GAP)[list(UPPER_INNER)], np.array([63.5]))[0] == pytest.approx(SEAM - GAP / 2, abs=0.1)
