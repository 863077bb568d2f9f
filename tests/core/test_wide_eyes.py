"""Eyes that open wider show what is there, and above it its mirror image."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvae_studio.core.contours import curve_at
from fvae_studio.core.eye_layers import EyeLayers, closed_shares, layer_eyes
from fvae_studio.core.eye_motion import EYES
from fvae_studio.core.wide_eyes import WideEye
from tests.helpers.eyes import FALL, IRIS, MIDDLES, RISE, ROW, closing_flow, eyes

rows = np.arange(128, dtype=np.float32)


def opening(amount: float = 0.35) -> EyeLayers:
    layers = layer_eyes(closing_flow(-amount), eyes())
    assert layers is not None
    return layers


def at_middle(eye: WideEye, curve: np.ndarray) -> float:
    return float(curve_at(curve, np.array(MIDDLES[eye.side])))


@pytest.mark.parametrize("amount", [0.15, 0.35, 0.6])
def test_eye_is_where_it_was(amount):
    layers = opening(amount)

    assert [eye.side for eye in layers.wide] == ["R", "L"]
    assert not layers.closing
    for eye in layers.wide:
        shown = (rows > at_middle(eye, eye.lid)) & (rows < at_middle(eye, eye.rim))
        np.testing.assert_allclose(layers.eye[shown, round(MIDDLES[eye.side]), 1], 0, atol=0.05)
        assert at_middle(eye, eye.top) == pytest.approx(ROW - RISE, abs=0.4)
        assert at_middle(eye, eye.bottom) == pytest.approx(ROW + FALL, abs=0.4)


def test_what_the_lid_covered_is_the_mirror_image_of_what_is_below():
    layers = opening()

    for side, middle in MIDDLES.items():
        iris = eyes()[EYES[side].iris, 1]
        above = rows[(rows < iris) & (rows > iris - 1.2)]
        for image in (layers.left, layers.right):
            sampled = above + image[above.astype(int), round(middle), 1]
            np.testing.assert_allclose(sampled, 2 * iris - above, atol=0.15)


@settings(max_examples=20, deadline=None)
@given(amount=st.floats(0.2, 0.8))
def test_lower_lid_is_never_mirrored(amount):
    layers = opening(amount)

    for eye in layers.wide:
        seen = (rows > at_middle(eye, eye.lid)) & (rows < at_middle(eye, eye.top))
        for image in (layers.left, layers.right):
            sampled = (rows + image[:, round(MIDDLES[eye.side]), 1])[seen]
            assert (sampled < ROW + FALL - 0.5).all()


@pytest.mark.parametrize("amount", [0.35, 0.6])
def test_rings_of_the_iris_stay_rings(amount):
    layers = opening(amount)

    for eye in layers.wide:
        middle = MIDDLES[eye.side]
        columns = np.arange(round(middle) - 3, round(middle) + 4)
        above = rows[(rows > at_middle(eye, eye.lid)) & (rows < ROW - 1)].astype(int)
        x, y = np.meshgrid(columns, above)
        for image, side in ((layers.left, -1), (layers.right, 1)):
            flow = image[y, x]
            before = np.hypot(x - middle, y - ROW)
            sampled_x, sampled_y = x + flow[..., 0] - middle, y + flow[..., 1] - ROW
            # What lies behind the lower lid is turned; between there and the mirror image the way is not quite round.
            far = (before > FALL + 1) & (side * (x - middle) >= 0)
            np.testing.assert_allclose(np.hypot(sampled_x, sampled_y)[far], before[far], atol=0.1)
            assert (side * sampled_x[far] >= 0).all()


@pytest.mark.parametrize("lift", [-6.0, 6.0])
def test_eye_whose_iris_is_hidden_is_left_to_its_flow(lift):
    landmarks = eyes()
    for contours in EYES.values():
        landmarks[contours.iris : contours.iris + 5, 1] += lift

    assert layer_eyes(closing_flow(-0.3), landmarks) is None


@pytest.mark.parametrize("radius", [0.0, 0.3, 20.0])
def test_iris_of_no_size_that_eyes_have_is_not_relied_on(radius):
    landmarks = eyes()
    for contours in EYES.values():
        around = landmarks[contours.iris : contours.iris + 5]
        around[:] = around[0] + (around - around[0]) * radius / IRIS

    assert layer_eyes(closing_flow(-0.3), landmarks) is None


def test_one_eye_may_open_while_the_other_one_closes():
    flow = closing_flow(-0.3, ["R"]) + closing_flow(0.8, ["L"])
    layers = layer_eyes(flow, eyes())

    assert layers is not None
    assert [eye.side for eye in layers.wide] == ["R"]
    assert [eye.side for eye in layers.closing] == ["L"]
    assert set(layers.flows) == {"upper", "eye", "lower", "left", "right"}
    shares = closed_shares(flow, eyes())
    assert shares["L"] == 1
    assert shares["R"] < -0.2


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), amount=st.floats(-1.0, -0.05))
def test_wild_irises_give_flows_that_can_be_warped(seed, amount):
    landmarks = eyes()
    rng = np.random.default_rng(seed)
    for contours in EYES.values():
        landmarks[contours.iris : contours.iris + 5] += rng.normal(0, 3, (5, 2)).astype(np.float32)
    layers = layer_eyes(closing_flow(amount), landmarks)

    if layers is not None:
        for flow in layers.flows.values():
            assert np.isfinite(flow).all()
            assert np.abs(flow).max() < 64
