from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvae_studio.core.eye_motion import EYES
from tests.helpers.synthetic_face import make_facekit, make_fits, mediapipe_landmarks, pose
from trainer.facekit.lids import LidShift, compose, compose_reverse, lid_shift

SIZE = 128
_FACEKIT = make_facekit()
LANDMARKS = mediapipe_landmarks(_FACEKIT, pose(_FACEKIT, make_fits([{}], np.zeros((1, 5), np.float32)), 0))
ROWS = np.arange(SIZE, dtype=np.float32)


def eye(side):
    """Columns of the middle half of an eye, with the rows of its upper and lower contour."""
    upper, lower = (LANDMARKS[list(points)] for points in (EYES[side].upper, EYES[side].lower))
    upper, lower = upper[np.argsort(upper[:, 0])], lower[np.argsort(lower[:, 0])]
    low, high = upper[0, 0], upper[-1, 0]
    columns = np.arange(int(low + (high - low) / 4) + 1, int(high - (high - low) / 4))
    return columns, np.interp(columns, *upper.T), np.interp(columns, *lower.T)


def test_share_of_zero_moves_nothing():
    shift = lid_shift(LANDMARKS, {"L": 0.0, "R": 0.0}, size=SIZE)

    assert not shift.shift.any()
    assert shift.visible.all()


@pytest.mark.parametrize("side", ["L", "R"])
def test_closed_eye_shows_none_of_its_opening(side):
    shift = lid_shift(LANDMARKS, {side: 1.0}, size=SIZE)

    for x, top, bottom in zip(*eye(side), strict=True):
        sampled = ROWS + shift.shift[:, x]
        # Rounding between columns apart, no row reads the eyeball.
        assert not ((sampled > top + 0.75) & (sampled < bottom - 0.75)).any(), x


def test_only_the_eye_that_closes_moves():
    shift = lid_shift(LANDMARKS, {"L": 1.0}, size=SIZE).shift

    # The person's own left eye is on the photo's right.
    assert np.abs(shift[:, 64:]).max() > 1
    assert not shift[:, :64].any()


@given(share=st.floats(0, 1), side=st.sampled_from(["L", "R"]), reverse=st.booleans())
def test_lids_never_fold(share, side, reverse):
    shift = lid_shift(LANDMARKS, {side: share}, size=SIZE, reverse=reverse).shift

    assert np.diff(ROWS[:, None] + shift, axis=0).min() >= -1e-3


@pytest.mark.parametrize("share", [0.3, 0.7, 1.0])
def test_opening_again_undoes_closing_outside_the_gap(share):
    closed = lid_shift(LANDMARKS, {"L": share, "R": share}, size=SIZE)
    opened = lid_shift(LANDMARKS, {"L": share, "R": share}, size=SIZE, reverse=True)

    for side in ("L", "R"):
        for x, top, bottom in zip(*eye(side), strict=True):
            at = ROWS + opened.shift[:, x]
            back = at + np.interp(at, ROWS, closed.shift[:, x])
            seen = opened.visible[:, x] & ((top - 1 > ROWS) | (bottom + 1 < ROWS))
            # Read between rows of a shift that has a kink at each lid.
            assert np.abs(back - ROWS)[seen].max() < 0.5
            assert np.abs(back - ROWS)[seen].mean() < 0.05


def test_what_a_lid_covered_is_not_visible_when_it_opens():
    opened = lid_shift(LANDMARKS, {"R": 1.0}, size=SIZE, reverse=True)

    for x, top, bottom in zip(*eye("R"), strict=True):
        assert not opened.visible[int(top) + 1 : int(bottom), x].any()
    assert opened.visible[:, 64:].all()


def test_closing_is_wholly_visible():
    assert lid_shift(LANDMARKS, {"L": 0.8, "R": 0.4}, size=SIZE).visible.all()


def test_composing_with_no_shift_keeps_the_flow():
    flow = np.random.default_rng(0).normal(size=(SIZE, SIZE, 2)).astype(np.float32)
    nothing = LidShift(np.zeros((SIZE, SIZE), np.float32), np.ones((SIZE, SIZE), bool))

    for composed, seen in (compose(flow, nothing), compose_reverse(flow, nothing)):
        np.testing.assert_allclose(composed, flow, atol=1e-5)
        assert seen.min() == 1


def test_composing_reads_the_shift_where_the_flow_leads():
    shift = np.zeros((SIZE, SIZE), np.float32)
    shift[60:80, 60:80] = 2.0
    visible = np.ones((SIZE, SIZE), bool)
    visible[60:80, 60:80] = False
    flow = np.zeros((SIZE, SIZE, 2), np.float32)
    flow[...] = 10, 0

    composed, seen = compose(flow, LidShift(shift, visible))

    assert composed[70, 60].tolist() == [10, 2]
    assert composed[70, 75].tolist() == [10, 0]
    assert seen[70, 60] == 0
    assert seen[70, 75] == 1


def test_reverse_composition_reads_the_flow_where_the_shift_leads():
    shift = np.full((SIZE, SIZE), 3.0, np.float32)
    flow = np.zeros((SIZE, SIZE, 2), np.float32)
    flow[43] = 1, 5

    composed, _ = compose_reverse(flow, LidShift(shift, np.ones((SIZE, SIZE), bool)))

    assert composed[40, 50].tolist() == [1, 8]
    assert composed[41, 50].tolist() == [0, 3]
