from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.geometry import SimilarityTransform
from fvae_studio.core.regularise import prepare_flow
from fvae_studio.core.types import FlowField, Photo
from fvae_studio.core.warp import warp_photo
from tests.helpers.prepared_faces import crop_landmarks
from trainer.facekit.landmarks import MOUTH_POINTS
from trainer.metrics import (
    LARGEST_PSNR,
    STABLE_POINTS,
    area_under_curve,
    calibration_error,
    flow_at,
    landmark_motion,
    laplacian_variance,
    mouth_error,
    mouth_error_share,
    psnr,
    register,
)

EVERYWHERE = np.ones((16, 16), np.bool_)


def wavy_flow(size: int = 64, *, longest_px: float = 3.0, seed: int = 0) -> np.ndarray:
    """A smooth flow that ends at the border and does not fold."""
    noise = np.random.default_rng(seed).normal(size=(size, size, 2)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), size / 12)
    return prepare_flow(smooth * (longest_px / np.abs(smooth).max()))


def test_psnr_of_a_tenth_is_20_db():
    black = np.zeros((16, 16, 3), np.float32)

    assert psnr(black + np.float32(0.1), black, EVERYWHERE) == pytest.approx(20, abs=1e-4)


def test_psnr_sees_only_its_region():
    image, target = np.zeros((16, 16, 3)), np.zeros((16, 16, 3))
    image[:8] = 1
    lower = EVERYWHERE.copy()
    lower[:8] = False

    assert psnr(image, target, lower) == LARGEST_PSNR
    assert psnr(image, target, ~lower) == pytest.approx(0)


def test_ramp_has_no_sharpness_and_blur_takes_some():
    ramp = np.repeat(np.linspace(0, 1, 16, dtype=np.float32)[None, :, None], 16, axis=0).repeat(3, axis=2)
    inner = np.zeros_like(EVERYWHERE)
    inner[2:-2, 2:-2] = True
    noise = np.random.default_rng(0).random((16, 16, 3)).astype(np.float32)

    assert laplacian_variance(ramp, inner) == pytest.approx(0, abs=1e-10)
    assert laplacian_variance(cv2.GaussianBlur(noise, (3, 3), 0), inner) < 0.5 * laplacian_variance(noise, inner)


@pytest.mark.parametrize("shape", [(128, 128), (64, 64), (32, 16)])
def test_flow_is_read_exactly_where_it_is_linear(shape):
    rows, columns = shape
    x = (np.arange(columns) + 0.5) * CROP_SIZE / columns - 0.5
    y = (np.arange(rows) + 0.5) * CROP_SIZE / rows - 0.5
    flow = np.stack(np.meshgrid(0.1 * x + 1, 0.05 * y - 2), axis=-1).astype(np.float32)
    points = np.random.default_rng(0).uniform(8, 119, (50, 2)).astype(np.float32)

    expected = np.stack([0.1 * points[:, 0] + 1, 0.05 * points[:, 1] - 2], axis=-1)
    np.testing.assert_allclose(flow_at(flow, points), expected, atol=1e-4)


def test_flow_goes_on_beyond_the_outermost_cells():
    flow = np.arange(8, dtype=np.float32).reshape(2, 2, 2)

    np.testing.assert_array_equal(flow_at(flow, np.float32([[-50, -50], [500, 500]])), [[0, 1], [6, 7]])


def test_landmarks_move_against_a_constant_backward_flow():
    points = crop_landmarks()
    flow = np.full((64, 64, 2), 2.5, np.float32)

    np.testing.assert_allclose(landmark_motion(points, flow), points - 2.5, atol=1e-3)


def test_landmarks_of_an_identity_flow_stay_bit_for_bit():
    points = crop_landmarks()

    np.testing.assert_array_equal(landmark_motion(points, np.zeros((32, 32, 2), np.float32)), points)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 1000), longest_px=st.floats(0.1, 6.0))
def test_moved_landmarks_sample_where_they_came_from(seed, longest_px):
    flow = wavy_flow(longest_px=longest_px, seed=seed)
    points = crop_landmarks()
    moved = landmark_motion(points, flow)

    np.testing.assert_allclose(moved + flow_at(flow, moved), points, atol=2e-3)


def test_moved_landmark_is_where_the_warp_shows_it():
    flow, at = wavy_flow(longest_px=4.0), np.float32([[70, 80]])
    dot = np.zeros((CROP_SIZE, CROP_SIZE, 3), np.uint8)
    cv2.circle(dot, (70, 80), 4, (255, 255, 255), cv2.FILLED)
    dot = cv2.GaussianBlur(dot, (0, 0), 1.5)
    field = FlowField(flow.copy(), np.ones(flow.shape[:2], np.float32))

    warped = warp_photo(Photo(dot), field, SimilarityTransform.identity(), roi=Photo(dot).bounds).pixels
    weight = warped[..., 0].astype(np.float64)
    rows, columns = np.indices(weight.shape)
    center = np.array([(weight * columns).sum(), (weight * rows).sum()]) / weight.sum()
    assert np.hypot(*(center - at[0])) > 0.5
    np.testing.assert_allclose(landmark_motion(at, flow)[0], center, atol=0.3)


def test_registration_undoes_a_similarity():
    points = crop_landmarks()
    moved = SimilarityTransform(0.9, 0.2, 5.0, -3.0).apply(points)

    np.testing.assert_allclose(register(moved, points), points, atol=1e-3)


def test_registration_ignores_points_that_move():
    points = crop_landmarks()
    smiling = points.copy()
    loose = [index for index in MOUTH_POINTS if index not in STABLE_POINTS]
    smiling[loose] += 3

    np.testing.assert_allclose(register(smiling, points)[loose] - points[loose], 3, atol=1e-4)


def test_mouth_error_is_in_eye_distances():
    points = crop_landmarks()
    smiling = points.copy()
    smiling[MOUTH_POINTS] += np.float32([3.5, 0])

    assert mouth_error(points, smiling, points) == pytest.approx(0.1, abs=1e-4)  # the template's eyes are 35 px apart


@settings(deadline=None)
@given(share=st.floats(0, 1))
def test_going_part_of_the_way_leaves_the_rest_of_the_error(share):
    points = crop_landmarks()
    smiling, between = points.copy(), points.copy()
    smiling[MOUTH_POINTS] += np.float32([2, -4])
    between[MOUTH_POINTS] += np.float32([2, -4]) * np.float32(share)

    assert mouth_error_share(between, points, smiling) == pytest.approx(1 - share, abs=1e-3)


@settings(deadline=None)
@given(
    scores=hnp.arrays(np.float64, st.integers(2, 30), elements=st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 1.0])),
    seed=st.integers(0, 99),
)
def test_area_under_curve_counts_won_comparisons(scores, seed):
    is_true = np.random.default_rng(seed).random(len(scores)) < 0.5
    wins = [1.0 if t > f else 0.5 if t == f else 0.0 for t in scores[is_true] for f in scores[~is_true]]

    area = area_under_curve(scores, is_true)
    assert np.isnan(area) if not wins else area == pytest.approx(np.mean(wins))


def test_calibration_compares_mean_confidence_with_mean_outcome_per_bin():
    confidences = np.array([0.81, 0.83, 0.85, 0.87, 0.11, 0.13])
    outcomes = np.array([1.0, 1.0, 0.0, 0.0, 0.0, 0.0])

    # Four in 0.8..0.9: mean 0.84 against 0.5; two in 0.1..0.2: 0.12 against 0.
    assert calibration_error(confidences, outcomes) == pytest.approx((4 * 0.34 + 2 * 0.12) / 6)


def test_full_confidence_falls_in_the_last_bin():
    assert calibration_error(np.ones(5), np.ones(5)) == 0
