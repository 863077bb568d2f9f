"""Lids slide over the eye, which stays as it is, and meet."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.contours import curve_at
from fvae_studio.core.eye_layers import EyeLayers, closed_shares, layer_eyes
from fvae_studio.core.eye_motion import EYES, LASHES_PX, WET_PX
from fvae_studio.core.lids import LAYERED, ClosingEye
from tests.helpers.eyes import FALL, HALF_WIDTH, MIDDLES, RISE, ROW, closing_flow, eyes

rows = np.arange(128, dtype=np.float32)


def closing(amount: float, **kwargs) -> EyeLayers:
    lids = layer_eyes(closing_flow(amount, **kwargs), eyes())
    assert lids is not None
    return lids


def rims(eye: ClosingEye) -> tuple[float, float]:
    """Upper and lower rim in the middle of an eye."""
    middle = np.array(MIDDLES[eye.side])
    return float(curve_at(eye.lid, middle)), float(curve_at(eye.rim, middle))


def lids_at_middle(lids: EyeLayers) -> Iterator[tuple[np.ndarray, np.ndarray, float, float]]:
    """What the rows of each eye's middle column sample by the upper and by the lower lid's layer, and its rims."""
    for eye in lids.closing:
        column = round(MIDDLES[eye.side])
        yield rows + lids.upper[:, column, 1], rows + lids.lower[:, column, 1], *rims(eye)


@pytest.mark.parametrize("amount", [-0.02, 0.0, 0.03])
def test_eyes_that_hardly_move_are_left_to_their_flow(amount):
    assert layer_eyes(closing_flow(amount), eyes()) is None


@pytest.mark.parametrize("amount", [0.75, 0.9, 1.0])
def test_lids_meet_where_the_flow_closes_most_of_an_eye(amount):
    lids = closing(amount)

    assert {eye.side for eye in lids.closing} == {"L", "R"}
    for eye in lids.closing:
        np.testing.assert_array_equal(eye.lid, eye.rim)
        assert eye.closed == 1
        assert eye.share == 1


def test_lids_go_where_the_flow_takes_them_while_an_eye_is_open():
    (right, left) = closing(0.25).closing

    for eye in (right, left):
        lid, rim = rims(eye)
        opening = RISE + FALL
        assert lid == pytest.approx(ROW - RISE + 0.8 * 0.25 * opening, abs=0.7)
        assert rim == pytest.approx(ROW + FALL - 0.2 * 0.25 * opening, abs=1.0)
        assert eye.closed == pytest.approx(0.25, abs=0.08)


@pytest.mark.parametrize("amount", [0.3, 0.5, 0.7])
def test_eye_is_covered_not_squeezed(amount):
    lids = closing(amount)

    for eye in lids.closing:
        column = round(MIDDLES[eye.side])
        lid, rim = rims(eye)
        seen = (rows > lid) & (rows < rim)
        np.testing.assert_allclose(lids.eye[seen, column, 1], 0, atol=0.05)


@pytest.mark.parametrize("amount", [0.3, 0.5, 0.7, 1.0])
def test_lids_show_skin_alone(amount):
    lids = closing(amount)

    for upper, lower, lid, rim in lids_at_middle(lids):
        assert (upper[rows <= lid] <= ROW - RISE - LASHES_PX + 0.2).all()
        assert (lower[rows >= rim] >= ROW + FALL + WET_PX - 0.2).all()


@pytest.mark.parametrize("amount", [0.3, 0.5, 0.7, 1.0])
def test_no_layer_folds_where_it_is_shown(amount):
    lids = closing(amount)

    for upper, lower, lid, rim in lids_at_middle(lids):
        assert (np.diff(upper[rows <= lid + 1]) > 0).all()
        assert (np.diff(lower[rows >= rim - 1]) > 0).all()


def test_layers_are_the_flow_away_from_the_eyes():
    flow = closing_flow(0.8)
    lids = layer_eyes(flow, eyes())

    assert lids is not None
    away = np.ones((128, 128), np.bool_)
    for middle in MIDDLES.values():
        columns = slice(int(middle - HALF_WIDTH) - 3, int(middle + HALF_WIDTH) + 4)
        away[round(ROW) - 14 : round(ROW) + 10, columns] = False
    for layer in (lids.upper, lids.eye, lids.lower):
        np.testing.assert_array_equal(layer[away], flow[away])


def test_wink_leaves_the_other_eye():
    flow = closing_flow(0.8, ["L"])
    lids = layer_eyes(flow, eyes())

    assert lids is not None
    assert [eye.side for eye in lids.closing] == ["L"]
    np.testing.assert_array_equal(lids.upper[:, :60], flow[:, :60])
    shares = closed_shares(flow, eyes())
    assert shares["L"] == 1
    assert shares["R"] == pytest.approx(0, abs=0.02)


def test_eyes_that_close_unevenly_go_beyond_their_flow_together():
    flow = closing_flow(0.4, ["R"]) + closing_flow(0.55, ["L"])
    apart = [layer_eyes(closing_flow(amount), eyes()) for amount in (0.4, 0.55)]
    lids = layer_eyes(flow, eyes())

    assert lids is not None
    assert None not in apart
    shown, alone = (
        [eye.closed for eye in lids.closing],
        [
            next(eye.closed for eye in each.closing if eye.side == side)
            for each, side in zip(apart, ("R", "L"), strict=True)
        ],
    )
    assert abs(shown[0] - shown[1]) < 0.5 * abs(alone[0] - alone[1])


def test_eye_that_is_closed_in_the_photo_is_left():
    assert layer_eyes(closing_flow(0.9), eyes(opening=0.1)) is None


@settings(max_examples=30, deadline=None)
@given(low=st.floats(0, 0.9), more=st.floats(0.01, 0.3))
def test_more_of_a_flow_never_opens_eyes(low, more):
    shares = [closed_shares(closing_flow(amount), eyes()) for amount in (low, min(low + more, 1.0))]

    for side in EYES:
        assert shares[1][side] >= shares[0][side] - 0.02


@settings(max_examples=30, deadline=None)
@given(amount=st.floats(0, 1))
def test_nothing_jumps_as_a_slider_moves(amount):
    first, second = (closed_shares(closing_flow(amount + step), eyes()) for step in (0.0, 0.01))

    for side in EYES:
        assert abs(second[side] - first[side]) < 0.06


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), amount=st.floats(-1.5, 1.5))
def test_wild_landmarks_give_flows_that_can_be_warped(seed, amount):
    rng = np.random.default_rng(seed)
    landmarks = rng.uniform(-20, 150, (478, 2)).astype(np.float32)
    lids = layer_eyes(closing_flow(amount), landmarks)

    if lids is not None:
        for layer in (lids.upper, lids.eye, lids.lower):
            assert np.isfinite(layer).all()
            assert np.abs(layer).max() <= CROP_SIZE


def test_layers_come_in_gradually():
    amounts = np.linspace(0.02, 0.4, 20)
    shares = [
        0.0 if lids is None else lids.closing[0].share
        for lids in (layer_eyes(closing_flow(amount), eyes()) for amount in amounts)
    ]

    assert shares[0] == 0
    assert shares[-1] == 1
    assert any(LAYERED[0] < amount and 0 < share < 1 for amount, share in zip(amounts, shares, strict=True))
    assert max(np.diff(shares)) < 0.5
