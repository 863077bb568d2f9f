"""Moments of a sequence: exact at the photos, rising in between."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvae_studio.core.easing import EASINGS, eased, moments, photo_weights
from fvae_studio.errors import EditError


@pytest.mark.parametrize("easing", EASINGS)
def test_easing_goes_from_0_to_1_and_never_back(easing):
    values = [eased(step / 50, easing) for step in range(51)]

    assert values[0] == 0
    assert values[-1] == 1
    assert all(later > earlier for earlier, later in pairwise(values))


def test_easings_differ_where_they_should():
    assert eased(0.1, "ease-in") < eased(0.1, "linear") < eased(0.1, "ease-out")
    assert eased(0.1, "ease") < 0.1
    assert eased(0.9, "ease") > 0.9
    assert eased(0.5, "ease") == 0.5


def test_linear_moments_of_two_photos_are_equal_steps():
    assert moments(2, 5, "linear") == (0, 0.25, 0.5, 0.75, 1)


@given(st.integers(2, 6), st.integers(0, 60), st.sampled_from(EASINGS))
def test_moments_begin_and_end_on_photos_and_rise(num_photos, more, easing):
    found = moments(num_photos, num_photos + more, easing)

    assert len(found) == num_photos + more
    assert (found[0], found[-1]) == (0, num_photos - 1)
    assert list(found) == sorted(found)


def test_ping_pong_comes_back_without_showing_an_end_twice():
    assert moments(2, 4, "linear", ping_pong=True) == pytest.approx((0, 1 / 3, 2 / 3, 1, 2 / 3, 1 / 3))


@given(st.integers(2, 6), st.floats(0, 1))
def test_weights_belong_to_the_two_neighbours(num_photos, share):
    position = share * (num_photos - 1)
    weights = photo_weights(position, num_photos)

    assert sum(weights) == pytest.approx(1)
    assert min(weights) >= 0
    assert sum(weight * photo for photo, weight in enumerate(weights)) == pytest.approx(position)
    assert sum(weight > 0 for weight in weights) <= 2


@pytest.mark.parametrize(("photos", "frames"), [(1, 5), (3, 2)])
def test_too_few_photos_or_frames_are_refused(photos, frames):
    with pytest.raises(EditError, match="at least"):
        moments(photos, frames)


@pytest.mark.parametrize("position", [-0.01, 2.01])
def test_position_beyond_the_photos_is_refused(position):
    with pytest.raises(EditError, match="beyond"):
        photo_weights(position, 3)
