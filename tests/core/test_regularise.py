import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.flow_spline import border_is_zero, control_points, fade_to_border, sample_flow
from fvae_studio.core.geometry import Rect, SimilarityTransform
from fvae_studio.core.regularise import (
    MIN_JACOBIAN,
    _folded_cells,
    _least_jacobian,
    _ringed,
    _steepest,
    fold_share,
    jacobian,
    prepare_flow,
    unfold,
)
from fvae_studio.core.warp import flow_roi, upsample_flow
from fvae_studio.errors import GeometryError


def random_flow(seed: int, size: int, smoothness: float, strength: float) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=(size, size, 2))
    smooth = cv2.GaussianBlur(noise, (0, 0), smoothness)
    return (smooth * (strength / np.abs(smooth).max())).astype(np.float32)


wild_flows = st.builds(
    random_flow, st.integers(0, 10_000), st.sampled_from([16, 64, 128]), st.floats(0.5, 10), st.floats(0.1, 60)
)


def dense_jacobian(displacement: np.ndarray) -> np.ndarray:
    """Determinant from differences of neighbouring pixels."""
    along_x, along_y = np.diff(displacement, axis=1)[:-1], np.diff(displacement, axis=0)[:, :-1]
    return (1 + along_x[..., 0]) * (1 + along_y[..., 1]) - along_x[..., 1] * along_y[..., 0]


@given(wild_flows)
@settings(max_examples=25, deadline=None)
def test_unfold_leaves_no_fold(flow):
    assert jacobian(unfold(flow)).min() > MIN_JACOBIAN


@given(
    st.integers(0, 10_000),
    st.sampled_from([2, 3, 5, 16, 64]),
    st.sampled_from([2, 4, 16, 128]),
    st.floats(0.3, 6),
    st.floats(0.1, 60),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_fold_is_found_where_sampling_everywhere_finds_it(seed, height, width, smoothness, strength, is_faded):
    noise = np.random.default_rng(seed).normal(size=(height, width, 2))
    flow = cv2.GaussianBlur(noise, (0, 0), smoothness)
    flow = (flow * (strength / np.abs(flow).max())).astype(np.float32)
    flow = fade_to_border(flow) if is_faded else flow
    everywhere = np.full((4 * height, 4 * width), np.inf, np.float32)
    everywhere[:-1, :-1] = jacobian(flow)
    smallest = everywhere.reshape(height, 4, width, 4).min(axis=(1, 3))

    # A part of the samples is computed by other sums than all of them: rounding may tip what lies on the limit.
    clear = np.abs(smallest - MIN_JACOBIAN) > 1e-4
    np.testing.assert_array_equal(_folded_cells(flow, MIN_JACOBIAN)[clear], (smallest <= MIN_JACOBIAN)[clear])
    ringed, whole = _ringed(control_points(flow)), (slice(0, height), slice(0, width))
    assert (_least_jacobian(ringed, flow, whole) <= smallest).all()
    steepest = _steepest(ringed, flow)
    assert (1 - 2 * steepest[steepest < 1] - 1e-4 <= smallest[steepest < 1]).all()


def test_even_motion_is_known_to_be_free_of_folds_without_sampling():
    flow = fade_to_border(random_flow(3, 128, 10, 1))

    ringed = _ringed(control_points(flow))
    assert _least_jacobian(ringed, flow, (slice(0, 128), slice(0, 128))).min() > MIN_JACOBIAN


@given(wild_flows)
@settings(max_examples=15, deadline=None)
def test_prepared_flow_has_a_zero_border_and_no_fold(flow):
    prepared = prepare_flow(flow)

    assert border_is_zero(prepared)
    assert fold_share(prepared) == 0


@pytest.mark.parametrize("angle", [0.0, 0.3])
@pytest.mark.parametrize("face_px", [200, 1500])
def test_unfolded_flow_stays_unfolded_in_the_photo(face_px, angle):
    flow = random_flow(3, 64, 3, 12)
    scale = 128 / face_px
    placed = SimilarityTransform(scale * np.cos(angle), scale * np.sin(angle), 11.3, 7.9)
    assert fold_share(fade_to_border(flow)) > 0.02

    rect = flow_roi(prepare_flow(flow), placed, Rect(-4000, -4000, 8000, 8000))
    displacement = upsample_flow(prepare_flow(flow), placed, rect)

    assert dense_jacobian(displacement).min() > 0


def test_flow_without_folds_is_unchanged():
    flow = random_flow(1, 64, 6, 2)

    np.testing.assert_array_equal(unfold(flow), flow)


def test_unfold_is_local():
    flow = np.zeros((64, 64, 2), np.float32)
    y, x = np.mgrid[:64, :64]
    bump = np.exp(-((x - 16) ** 2 + (y - 16) ** 2) / (2 * 2.0**2))
    flow[..., 0] = 14 * bump
    gentle = np.exp(-((x - 46) ** 2 + (y - 46) ** 2) / (2 * 6.0**2))
    flow[..., 1] = 4 * gentle
    assert fold_share(flow) > 0

    mended = unfold(flow)

    np.testing.assert_array_equal(mended[40:, 40:], flow[40:, 40:])
    assert np.abs(mended[10:22, 10:22]).max() > 1


def test_unfold_keeps_the_step_of_a_closing_lid():
    # Above the line everything comes from further and further up, below it nothing moves: the spline ripples there.
    rows = np.arange(128, dtype=np.float32)
    lid = np.where(rows < 64, -np.clip(rows - 54, 0, None) * 0.42, 0)
    eye = np.clip(3 - np.abs(rows - 60) / 6, 0, 1)
    flow = np.zeros((128, 128, 2), np.float32)
    flow[..., 1] = lid[:, None] * eye[None]

    mended = unfold(flow)

    assert jacobian(flow).min() < 0
    assert jacobian(mended).min() > MIN_JACOBIAN
    before, after = (np.diff(each[..., 1], axis=0)[:, 60].max() for each in (flow, mended))
    assert after > 0.7 * before


def test_jacobian_of_a_linear_flow_is_its_determinant():
    y, x = np.mgrid[:32, :32] * 4 + 1.5
    flow = np.stack([0.2 * x - 0.1 * y, 0.1 * x - 0.3 * y], axis=-1).astype(np.float32)

    np.testing.assert_allclose(jacobian(flow), 1.2 * 0.7 + 0.1 * 0.1, atol=1e-4)


def test_identity_does_not_fold():
    flow = np.zeros((64, 64, 2), np.float32)

    assert fold_share(flow) == 0
    np.testing.assert_array_equal(jacobian(flow), 1)


def test_mirroring_flow_folds():
    y, x = np.mgrid[:64, :64] * 2.0
    flow = np.stack([-2 * (x - 63.5), 0 * y], axis=-1).astype(np.float32)

    assert fold_share(flow) == 1


def test_fade_ends_at_zero_and_leaves_the_middle():
    flow = np.full((64, 64, 2), 3, np.float32)

    faded = fade_to_border(flow)

    assert not faded[:2].any()
    assert not faded[:, -2:].any()
    np.testing.assert_array_equal(faded[6:-6, 6:-6], 3)


def test_spline_meets_the_cells():
    flow = random_flow(5, 16, 1, 5)

    # 5 samples to a cell: the third lies at its centre.
    dense = sample_flow(flow, (80, 80))

    np.testing.assert_allclose(dense[2::5, 2::5], flow, atol=1e-5)


def test_spline_takes_grids_of_any_shape():
    flow = np.zeros((1, 3, 2), np.float32)

    assert sample_flow(flow, (10, 20)).shape == (10, 20, 2)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e6])
def test_malformed_flows_are_geometry_errors(value):
    flow = np.zeros((8, 8, 2), np.float32)
    flow[3, 3, 0] = value

    with pytest.raises(GeometryError):
        unfold(flow)
    with pytest.raises(GeometryError):
        jacobian(flow[..., 0])


def test_part_of_the_samples_is_the_part_of_all_samples():
    flow = fade_to_border(random_flow(4, 32, 2, 5))
    part = (slice(17, 60), slice(90, 128))

    np.testing.assert_allclose(sample_flow(flow, (128, 128), part=part), sample_flow(flow, (128, 128))[part], atol=1e-5)


def test_control_points_are_those_of_the_sampled_spline():
    flow = random_flow(5, 16, 1.5, 5)
    points = control_points(flow)

    middle = (points[:-2] + 4 * points[1:-1] + points[2:]) / 6
    middle = (middle[:, :-2] + 4 * middle[:, 1:-1] + middle[:, 2:]) / 6

    np.testing.assert_allclose(middle, flow[1:-1, 1:-1], atol=1e-5)
