"""Lips part along the line between them, keep their height, and leave a gap."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvae_studio.core.contours import CURVE_STEP, curve_at, curve_through
from fvae_studio.core.lips import CLOSED_PX
from fvae_studio.core.parting import find_seam, part_lips
from fvae_studio.core.regularise import fold_share
from tests.helpers.mouths import HEIGHT, SEAM, mouth, parting_flow

MIDDLE = 63


def seam() -> np.ndarray:
    return np.full(round(128 / CURVE_STEP), SEAM, np.float32)


def parted(up: float = 3.0, down: float = 3.0, *, size: int = 128):
    lips = part_lips(parting_flow(up, down, size=size), mouth(), seam())
    assert lips is not None
    return lips


def at_middle(curve: np.ndarray) -> float:
    return float(curve_at(curve, np.array(float(MIDDLE))))


@pytest.mark.parametrize("size", [64, 128])
def test_gap_is_as_wide_as_the_lips_were_moved_apart(size):
    lips = parted(size=size)

    # The flow fades away from the seam: where the outer contours come to lie, 7.5 pixels off, it is 2.48.
    assert lips.gap == pytest.approx(4.96, abs=0.4)
    assert at_middle(lips.top) == pytest.approx(SEAM - 2.48, abs=0.25)
    assert at_middle(lips.bottom) == pytest.approx(SEAM + 2.48, abs=0.25)


def test_lips_keep_their_height():
    lips = parted()
    rows = np.arange(128, dtype=np.float32)
    upper, lower = (rows + layer[:, MIDDLE, 1] for layer in (lips.upper, lips.lower))
    top, bottom = at_middle(lips.top), at_middle(lips.bottom)

    # From the seam's new place upwards, row by row the photo's rows.
    assert np.interp(top, rows, upper) == pytest.approx(SEAM, abs=0.2)
    assert np.interp(top - HEIGHT, rows, upper) == pytest.approx(SEAM - HEIGHT, abs=0.3)
    assert np.interp(bottom, rows, lower) == pytest.approx(SEAM, abs=0.2)
    assert np.interp(bottom + HEIGHT, rows, lower) == pytest.approx(SEAM + HEIGHT, abs=0.3)


def test_layers_are_the_flow_around_the_lips():
    lips = parted()
    above, below = round(at_middle(lips.upper_end)) - 1, round(at_middle(lips.lower_end)) + 2

    np.testing.assert_array_equal(lips.upper[:above, MIDDLE], lips.flow[:above, MIDDLE])
    np.testing.assert_array_equal(lips.lower[below:, MIDDLE], lips.flow[below:, MIDDLE])


def test_flow_around_the_lips_is_the_predicted_one():
    flow = parting_flow()
    lips = parted()

    np.testing.assert_allclose(lips.flow[20:70, 10:118], flow[20:70, 10:118], atol=0.02)
    np.testing.assert_allclose(lips.flow[95:115, 10:118], flow[95:115, 10:118], atol=0.02)


def test_flow_has_no_folds():
    assert fold_share(parted(5, 6).flow) == 0


def test_gap_closes_at_the_corners():
    lips = parted()
    left, right = lips.corners
    beyond = np.array([left - 2, left, right, right + 2])

    assert left == pytest.approx(48, abs=1.5)
    assert right == pytest.approx(79, abs=1.5)
    assert np.abs(curve_at(lips.bottom, beyond) - curve_at(lips.top, beyond)).max() < 0.5


@pytest.mark.parametrize(
    "flow",
    [np.zeros((128, 128, 2), np.float32), -parting_flow(), parting_flow(0.1, 0.1)],
    ids=["still", "pressing", "hardly"],
)
def test_mouth_that_is_not_opened_stays_closed(flow):
    assert part_lips(flow, mouth(), seam()) is None


def test_mouth_that_is_open_in_the_photo_shows_its_own_teeth():
    assert part_lips(parting_flow(), mouth(gap=2.5 * CLOSED_PX), seam()) is None


def test_opening_mouth_opens_without_a_jump():
    gaps = []
    for strength in np.linspace(0, 1, 41):
        lips = part_lips(parting_flow(3 * strength, 3 * strength), mouth(), seam())
        gaps.append(0.0 if lips is None else lips.gap)

    assert gaps[0] == 0
    assert np.diff(gaps).min() >= -1e-3
    # Two and a half times an even growth, while lips go over from closed to parted.
    assert np.diff(gaps).max() < 2.5 * gaps[-1] / 40


def test_edge_of_a_lip_never_passes_the_other():
    lips = parted(4, -1)

    assert (lips.bottom >= lips.top).all()


def test_seam_is_the_dark_line_near_the_landmarks():
    crop = np.full((512, 512, 3), 170, np.uint8)
    columns = np.arange(512)
    at = SEAM + 0.7 * np.sin(np.linspace(0, np.pi, 512))
    for column, y in zip(columns, at, strict=True):
        row = round((y + 0.5) * 4 - 0.5)
        crop[row - 1 : row + 2, column] = 60
    found = find_seam(crop, mouth())
    inner = np.arange(54, 74, dtype=np.float32)

    np.testing.assert_allclose(curve_at(found, inner), np.interp((inner + 0.5) * 4 - 0.5, columns, at), atol=0.25)


def test_seam_without_a_dark_line_is_that_of_the_landmarks():
    found = find_seam(np.full((256, 256, 3), 120, np.uint8), mouth())

    np.testing.assert_allclose(found, SEAM, atol=0.05)


def test_curve_goes_through_its_points():
    points = np.array([[40, 70], [60, 80], [80, 70]], np.float32)
    curve = curve_through(points)

    np.testing.assert_allclose(curve_at(curve, np.array([20.0, 50.0, 100.0])), [70, 75, 70], atol=0.05)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.5, 10.0))
def test_any_flow_gives_finite_layers_or_none(seed, scale):
    rng = np.random.default_rng(seed)
    flow = (rng.normal(size=(64, 64, 2)) * scale).astype(np.float32)
    lips = part_lips(flow, mouth(), seam())
    if lips is None:
        return

    for values in (lips.flow, lips.upper, lips.lower, lips.top, lips.bottom):
        assert np.isfinite(values).all()
    assert fold_share(lips.flow) == 0
    assert (lips.bottom >= lips.top).all()
