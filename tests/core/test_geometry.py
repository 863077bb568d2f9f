"""Rectangles of whole pixels and similarity transforms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvae_studio.core.geometry import Rect, SimilarityTransform
from fvae_studio.errors import GeometryError

COORDINATES = st.integers(-500, 500)
RECTS = st.builds(Rect, COORDINATES, COORDINATES, st.integers(0, 300), st.integers(0, 300))
OFFSETS = st.floats(-2000, 2000)


@st.composite
def transforms(draw: st.DrawFn) -> SimilarityTransform:
    scale, angle = draw(st.floats(0.02, 50)), draw(st.floats(-math.pi, math.pi))
    return SimilarityTransform(scale * math.cos(angle), scale * math.sin(angle), draw(OFFSETS), draw(OFFSETS))


def pixels_of(rect: Rect) -> set[tuple[int, int]]:
    return {(x, y) for x in range(rect.x, rect.right) for y in range(rect.y, rect.bottom)}


POINTS = np.array([[0.0, 0.0], [100.0, 0.0], [30.0, -70.0], [-15.0, 44.0]])


class TestRect:
    @given(
        st.builds(Rect, *[st.integers(-6, 6)] * 2, *[st.integers(0, 8)] * 2),
        st.builds(Rect, *[st.integers(-6, 6)] * 2, *[st.integers(0, 8)] * 2),
    )
    def test_intersect_holds_the_pixels_of_both(self, a: Rect, b: Rect) -> None:
        assert pixels_of(a.intersect(b)) == pixels_of(a) & pixels_of(b)

    @given(RECTS, RECTS)
    def test_rects_that_do_not_meet_have_an_empty_intersection(self, a: Rect, b: Rect) -> None:
        moved = Rect(a.right + 1, b.y, b.width, b.height)

        assert a.intersect(moved).is_empty

    @given(st.lists(st.tuples(OFFSETS, OFFSETS), min_size=1, max_size=10))
    def test_around_contains_the_points_and_no_column_to_spare(self, points: list[tuple[float, float]]) -> None:
        array = np.array(points)
        rect = Rect.around(array)

        assert rect.x <= array[:, 0].min() < rect.x + 1
        assert rect.right - 2 < array[:, 0].max() <= rect.right - 1
        assert rect.y <= array[:, 1].min() < rect.y + 1
        assert rect.bottom - 2 < array[:, 1].max() <= rect.bottom - 1

    def test_slices_pick_its_pixels(self) -> None:
        image = np.arange(12).reshape(3, 4)

        np.testing.assert_array_equal(image[Rect(1, 0, 2, 3).slices], [[1, 2], [5, 6], [9, 10]])

    def test_center_of_one_pixel_is_that_pixel(self) -> None:
        assert Rect(7, 3, 1, 1).center == (7.0, 3.0)

    def test_grow_adds_the_margin_on_every_side(self) -> None:
        assert Rect(5, 6, 2, 3).grow(2) == Rect(3, 4, 6, 7)


class TestSimilarityTransform:
    @given(transforms())
    def test_inverse_takes_every_point_back(self, transform: SimilarityTransform) -> None:
        back = transform.inverse.apply(transform.apply(POINTS).astype(np.float64))

        # Points travel as float32: some ten-thousandths of the largest coordinate are lost, seen at the input's scale.
        tolerance = 1e-6 * (2000 + 100 * transform.scale) / transform.scale + 1e-4
        np.testing.assert_allclose(back, POINTS, atol=tolerance)

    @given(transforms(), transforms())
    def test_then_is_one_after_the_other(self, first: SimilarityTransform, second: SimilarityTransform) -> None:
        both = np.vstack([second.matrix, [0, 0, 1]]) @ np.vstack([first.matrix, [0, 0, 1]])

        np.testing.assert_allclose(first.then(second).matrix, both[:2], rtol=1e-9, atol=1e-6)

    @given(transforms())
    def test_apply_is_its_matrix(self, transform: SimilarityTransform) -> None:
        expected = POINTS @ transform.matrix[:, :2].T + transform.matrix[:, 2]

        np.testing.assert_allclose(transform.apply(POINTS), expected, rtol=1e-5, atol=1e-2)
        np.testing.assert_allclose(transform.apply_linear(POINTS), POINTS @ transform.linear.T, rtol=1e-5, atol=1e-2)

    @given(transforms())
    def test_fit_finds_the_transform_that_made_the_points(self, transform: SimilarityTransform) -> None:
        target = POINTS @ transform.linear.T + [transform.tx, transform.ty]
        fitted = SimilarityTransform.fit(POINTS, target)

        np.testing.assert_allclose(fitted.matrix, transform.matrix, rtol=1e-6, atol=1e-6)

    @given(transforms(), st.integers(0, 1000))
    def test_no_nearby_transform_fits_noisy_points_better(self, transform: SimilarityTransform, seed: int) -> None:
        rng = np.random.default_rng(seed)
        target = POINTS @ transform.linear.T + [transform.tx, transform.ty] + rng.normal(0, transform.scale * 5, (4, 2))

        def misfit(a: float, b: float, tx: float, ty: float) -> float:
            moved = POINTS @ np.array([[a, -b], [b, a]]).T + [tx, ty]
            return float(((moved - target) ** 2).sum())

        fitted = SimilarityTransform.fit(POINTS, target)
        best = fitted.a, fitted.b, fitted.tx, fitted.ty
        step = 1e-2 * fitted.scale
        for index, unit in enumerate((step, step, 50 * step, 50 * step)):
            for sign in (1, -1):
                other = list(best)
                other[index] += sign * unit
                assert misfit(*other) > misfit(*best)

    def test_a_mirrored_target_is_never_met_by_a_reflection(self) -> None:
        fitted = SimilarityTransform.fit(POINTS, POINTS * [-1, 1])

        assert np.linalg.det(fitted.linear) > 0

    def test_resize_keeps_the_outer_edges(self) -> None:
        resize = SimilarityTransform.resize(128, 256)

        np.testing.assert_allclose(
            resize.apply(np.array([[-0.5, -0.5], [127.5, 127.5]])), [[-0.5, -0.5], [255.5, 255.5]]
        )

    def test_angle_is_positive_from_x_to_y(self) -> None:
        quarter = SimilarityTransform(0.0, 2.0, 0.0, 0.0)

        assert quarter.angle == pytest.approx(math.pi / 2)
        assert quarter.scale == pytest.approx(2.0)
        np.testing.assert_allclose(quarter.apply(np.array([1.0, 0.0])), [0.0, 2.0])

    def test_identity_moves_nothing_and_equal_transforms_share_a_hash(self) -> None:
        np.testing.assert_array_equal(SimilarityTransform.identity().apply(POINTS), POINTS.astype(np.float32))
        assert hash(SimilarityTransform(1, 2, 3, 4)) == hash(SimilarityTransform(1.0, 2.0, 3.0, 4.0))

    @pytest.mark.parametrize("values", [(0, 0, 1, 1), (math.nan, 0, 0, 0), (1, 0, math.inf, 0)])
    def test_a_singular_or_infinite_transform_is_refused(self, values: tuple[float, ...]) -> None:
        with pytest.raises(GeometryError, match="not a similarity"):
            SimilarityTransform(*values)

    @pytest.mark.parametrize(
        ("source", "target"),
        [
            (POINTS[:1], POINTS[:1]),
            (POINTS, POINTS[:3]),
            (np.ones((5, 2)), POINTS[[0, 1, 2, 3, 0]]),
            (POINTS[0], POINTS[0]),
        ],
    )
    def test_points_that_do_not_tell_a_transform_are_refused(self, source: np.ndarray, target: np.ndarray) -> None:
        with pytest.raises(GeometryError, match="similarity"):
            SimilarityTransform.fit(source, target)
