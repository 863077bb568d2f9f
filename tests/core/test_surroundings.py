"""Beyond the face, small motions are none and large ones stay."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvae_studio.core.surroundings import FADES_PX, STILL, keep_background, keep_surroundings

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


WIDTH = 20.0
"""Half of a person's, who stands upright in the middle of the crop."""


def person(size: int = 128) -> np.ndarray:
    axis = (np.arange(size) + 0.5) * (128 / size) - 0.5 - MIDDLE
    return np.broadcast_to((np.abs(axis) < WIDTH).astype(np.float32), (size, size))


def aside(px: float, size: int = 128) -> np.ndarray:
    """Everything moves to the right, and fades towards the left and right border."""
    axis = (np.arange(size) + 0.5) * (128 / size) - 0.5 - MIDDLE
    fade = np.clip(1.5 - np.abs(axis) / 40, 0, 1)
    flow = np.zeros((size, size, 2), np.float32)
    flow[..., 0] = -px * fade
    return flow


@pytest.mark.parametrize("size", [64, 128])
@pytest.mark.parametrize("px", [1.0, 3.0])
def test_what_is_behind_a_person_stays_where_it_is(size, px):
    axis = (np.arange(size) + 0.5) * (128 / size) - 0.5 - MIDDLE
    flow = aside(px, size)

    kept = keep_background(flow, person(size))

    moved = np.abs(kept[size // 2, :, 0])
    # Where the person was, and where they come to be.
    np.testing.assert_array_equal(kept[:, np.abs(axis) < WIDTH - 1], flow[:, np.abs(axis) < WIDTH - 1])
    assert not moved[axis < -WIDTH - FADES_PX - 2 * px - 2].any()
    assert not moved[axis > WIDTH + px + FADES_PX + 2 * px + 2].any()
    # Nothing folds on the side that the person leaves.
    places = axis + kept[size // 2, :, 0]
    assert np.diff(places).min() > 0.1 * 128 / size


def test_a_person_who_does_not_move_leaves_everything_alone():
    still = np.zeros((128, 128, 2), np.float32)

    np.testing.assert_array_equal(keep_background(still, person()), still)


def test_it_is_asked_who_is_person_only_where_a_head_moves():
    asked = []

    def find():
        asked.append(1)
        return np.ones((256, 256), np.float32)

    keep_surroundings(even(0.5), face(), find)
    assert not asked
    # All is person: nothing is behind.
    np.testing.assert_array_equal(keep_surroundings(even(6.0), face(), find), keep_surroundings(even(6.0), face()))
    assert len(asked) == 1


@pytest.mark.parametrize("mask", [None, np.zeros((256, 256), np.float32), np.eye(256, dtype=np.float32)])
def test_a_mask_without_the_face_is_not_believed(mask):
    kept = keep_surroundings(even(6.0), face(), lambda: mask)

    np.testing.assert_array_equal(kept, keep_surroundings(even(6.0), face()))


def test_beside_the_head_nothing_moves():
    head = (beyond(256) < 10).astype(np.float32)

    kept = keep_surroundings(even(3.0), face(), lambda: head)

    assert not kept[beyond() > 10 + FADES_PX + 3 * 3.0 + 2].any()
    inside = beyond() < 9
    np.testing.assert_array_equal(kept[inside], keep_surroundings(even(3.0), face())[inside])
