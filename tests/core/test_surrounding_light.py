"""Light around a face: what two photos' backgrounds differ by goes, the face stays, other things are no light."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.geometry import SimilarityTransform
from fvae_studio.core.registration import add_light, fit_surrounding_light
from tests.helpers.prepared_faces import crop_landmarks

FACE = np.s_[48:90, 44:84]
RING = np.s_[56:72, 8:16]
"""Rows and columns of the crop in the face's hull, and beside the head."""


@pytest.fixture
def crop() -> NDArray[np.uint8]:
    rng = np.random.default_rng(0)
    return rng.integers(90, 110, (CROP_SIZE, CROP_SIZE, 3), np.uint8)


def test_photos_in_one_light_lack_nothing(crop):
    assert not fit_surrounding_light(crop, crop, crop_landmarks()).any()


def test_another_background_is_evened_out_and_the_face_is_left(crop):
    other = crop - np.uint8(12)
    light = fit_surrounding_light(other, crop, crop_landmarks())
    lit = add_light(other, light, SimilarityTransform.identity())

    np.testing.assert_array_equal(lit[FACE], other[FACE])
    np.testing.assert_allclose(lit[RING], crop[RING].astype(float), atol=1)


def test_what_lies_elsewhere_is_not_taken_for_light(crop):
    other = crop.copy()
    other[40:80, 4:10] = 10  # hair
    light = fit_surrounding_light(other, crop, crop_landmarks())

    assert np.abs(light).max() < 6 / 255


def test_a_burnt_out_background_may_have_been_anything_lighter(crop):
    other = crop - np.uint8(12)
    burnt = np.zeros((CROP_SIZE, CROP_SIZE), bool)
    burnt[40:88, :24] = True
    other[burnt] = crop[burnt] - 90
    unknown, known = (
        fit_surrounding_light(other, crop, crop_landmarks(), burnt=each)[RING].mean() for each in (burnt, None)
    )

    assert unknown == pytest.approx(90 / 255, rel=0.15)
    assert known < 30 / 255


def test_light_passes_into_the_face_without_an_edge(crop):
    light = fit_surrounding_light(crop - np.uint8(20), crop, crop_landmarks())

    assert light.max() == pytest.approx(20 / 255, rel=0.05)
    for axis in (0, 1):
        assert np.abs(np.diff(light, axis=axis)).max() < 0.35 * light.max()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_light_lies_right_on_a_larger_picture_of_any_depth(crop, dtype):
    light = fit_surrounding_light(crop - np.uint8(12), crop, crop_landmarks())
    limit = np.iinfo(dtype).max
    picture = np.full((3 * CROP_SIZE, 3 * CROP_SIZE, 3), limit // 2, dtype)
    lit = add_light(picture, light, SimilarityTransform.resize(CROP_SIZE, 3 * CROP_SIZE))
    added = (lit.astype(float) - picture)[1::3, 1::3] / limit

    np.testing.assert_allclose(added[1:-1, 1:-1], light[1:-1, 1:-1], atol=1 / limit + 1e-6)


def test_without_landmarks_the_middle_keeps_its_light(crop):
    light = fit_surrounding_light(crop - np.uint8(12), crop, None)

    assert not light[56:72, 56:72].any()
    assert light[2, 2].min() > 6 / 255
