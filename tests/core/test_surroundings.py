"""Beyond the face, small motions are none and large ones stay."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvae_studio.core.surroundings import STILL, keep_surroundings

MIDDLE, RADIUS = 63.5, 35.0


def face() -> np.ndarray:
    """Landmarks that fill a disc."""
    index = np.arange(478)
    radius, turn = RADIUS * np.sqrt((index + 0.5) / 478), index * np.pi * (3 - np.sqrt(5))
    return np.stack([MIDDLE + radius * np.cos(turn), MIDDLE + radius * np.sin(turn)], axis=1).astype(np.float32)


def beyond(size: int = 128) -> np.ndarray:
    axis = (np.arange(size) + 0.5) * (128 / size) - 0.5 - MIDDLE
    return np.hypot(axis[:, None], axis[None]) - RADIUS


def even(length: float, size: int = 128) -> np.ndarray:
    return np.full((size, size, 2), length / np.sqrt(2), np.float32)


@pytest.mark.parametrize("size", [64, 128])
@pytest.mark.parametrize("length", [0.02, 0.5, 3.0])
def test_face_moves_as_before(size, length):
    inside = beyond(size) < STILL[0][0] - 2.5

    np.testing.assert_array_equal(keep_surroundings(even(length, size), face())[inside], even(length, size)[inside])


@pytest.mark.parametrize("size", [64, 128])
@pytest.mark.parametrize("length", [0.02, 0.3, STILL[1][1]])
def test_what_hardly_moves_far_from_the_face_is_still(size, length):
    far = beyond(size) > STILL[1][0] + 2.5

    assert not keep_surroundings(even(length, size), face())[far].any()


@pytest.mark.parametrize("length", [2 * STILL[2][1], 6.0])
def test_heads_that_turn_take_their_hair_along(length):
    np.testing.assert_allclose(keep_surroundings(even(length), face()), even(length), rtol=1e-5)


@settings(max_examples=40, deadline=None)
@given(length=st.floats(0, 4))
def test_nothing_is_moved_further_and_nothing_jumps(length):
    kept = np.hypot(*np.moveaxis(keep_surroundings(even(length), face()), -1, 0))

    assert (kept <= length + 1e-5).all()
    for axis in (0, 1):
        # By a whole pixel from one to the next, it would fold.
        assert np.abs(np.diff(kept, axis=axis)).max() < 0.75


def test_more_motion_is_never_less():
    kept = [np.hypot(*np.moveaxis(keep_surroundings(even(length), face()), -1, 0)) for length in np.linspace(0, 2, 41)]

    assert (np.diff(kept, axis=0) >= -1e-5).all()
