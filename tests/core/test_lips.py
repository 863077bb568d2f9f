"""Closed lips stay closed, and nothing else is changed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvae_studio.core.contours import moved_points
from fvae_studio.core.lips import (
    CLOSED_PX,
    LEAST_SLOPE,
    LEAST_SLOPE_OPEN,
    LEAST_SLOPE_SAME_WIDTH,
    UPPER_OUTER,
    limit_lip_stretch,
    opening,
)
from fvae_studio.core.regularise import fold_share, prepare_flow
from tests.helpers.mouths import mouth, parting_flow


def slope(flow: np.ndarray, column: int = 63) -> np.ndarray:
    cell = 128 / len(flow)
    return 1 + np.diff(flow[:, column // int(cell), 1]) / cell


@pytest.mark.parametrize("size", [64, 128])
def test_parted_lips_are_closed(size):
    flow = parting_flow(size=size)
    assert slope(flow).min() < 0.3

    closed = limit_lip_stretch(flow, mouth())

    assert slope(closed).min() > LEAST_SLOPE
    assert fold_share(prepare_flow(closed)) == 0


def mouth_width(flow: np.ndarray) -> float:
    left, right = moved_points(flow, mouth()[[UPPER_OUTER[0], UPPER_OUTER[-1]]])
    return float(right[0] - left[0])


@pytest.mark.parametrize("widened", [0.2, -0.2])
def test_lips_that_change_their_width_may_grow_and_others_pout(widened):
    alone = parting_flow()
    # The face around the mouth is drawn apart, or together, about its middle.
    middle = mouth()[list(UPPER_OUTER), 0].mean()
    also_wider = alone + np.stack([(np.arange(128.0) - middle) * (1 / (1 + widened) - 1), np.zeros(128)], axis=1)[None]
    assert mouth_width(also_wider) == pytest.approx((1 + widened) * mouth_width(alone), rel=0.02)

    pouting, grown = (slope(limit_lip_stretch(flow, mouth()), round(middle)).min() for flow in (alone, also_wider))

    assert LEAST_SLOPE < pouting < LEAST_SLOPE_SAME_WIDTH
    assert LEAST_SLOPE - 0.1 < grown < pouting - 0.05


def test_upper_lip_goes_where_the_flow_put_it():
    flow = parting_flow()
    closed = limit_lip_stretch(flow, mouth())

    np.testing.assert_allclose(closed[:68], flow[:68], atol=0.05)
    # The lower lip follows it: it is sampled lower down than the flow had said.
    assert closed[86, 63, 1] > flow[86, 63, 1] + 2


def test_shift_ends_above_the_crops_border():
    flow = parting_flow()
    closed = limit_lip_stretch(flow, mouth())

    np.testing.assert_allclose(closed[-4:], flow[-4:], atol=1e-3)


@pytest.mark.parametrize("flow", [np.zeros((128, 128, 2), np.float32), -parting_flow()], ids=["still", "pressing"])
def test_flow_that_parts_nothing_is_returned_as_it_is(flow):
    np.testing.assert_array_equal(limit_lip_stretch(flow, mouth()), flow)


def test_mouth_that_is_open_in_the_photo_opens_further_but_its_teeth_do_not_grow():
    flow = parting_flow()
    open_mouth, closed_mouth = (limit_lip_stretch(flow, mouth(gap)) for gap in (4 * CLOSED_PX, 0.0))

    assert LEAST_SLOPE_OPEN - 0.1 < slope(open_mouth).min() < LEAST_SLOPE - 0.05
    assert flow[86, 63, 1] + 0.5 < open_mouth[86, 63, 1] < closed_mouth[86, 63, 1] - 0.3


def test_gentle_opening_of_an_open_mouth_is_left_alone():
    flow = parting_flow(up=0.8, down=0.8)
    assert slope(flow).min() > LEAST_SLOPE_OPEN

    np.testing.assert_array_equal(limit_lip_stretch(flow, mouth(gap=4 * CLOSED_PX)), flow)


def test_cheeks_and_brows_are_left_alone():
    flow = parting_flow()
    flow[20:30, 40:90, 1] += 3
    closed = limit_lip_stretch(flow, mouth())

    np.testing.assert_allclose(closed[:60], flow[:60], atol=1e-4)
    np.testing.assert_allclose(closed[:, :25], flow[:, :25], atol=1e-3)


def test_input_is_not_changed():
    flow = parting_flow()
    before = flow.copy()
    limit_lip_stretch(flow, mouth())

    np.testing.assert_array_equal(flow, before)


def test_opening_is_the_largest_gap():
    assert opening(mouth()) == 0
    assert opening(mouth(gap=3.0)) == pytest.approx(3.0, abs=1e-3)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.0, 12.0))
def test_any_flow_stays_finite_and_no_longer_than_the_crop(seed, scale):
    rng = np.random.default_rng(seed)
    flow = (rng.normal(size=(64, 64, 2)) * scale).astype(np.float32)
    landmarks = rng.uniform(-20, 150, (478, 2)).astype(np.float32)
    closed = limit_lip_stretch(flow, landmarks)

    assert np.isfinite(closed).all()
    assert np.abs(closed).max() <= np.abs(flow).max() + 2 * 128
