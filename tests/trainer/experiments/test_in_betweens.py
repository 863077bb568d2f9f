"""Algorithm 2 as Figure 6 runs it: between the very pictures that all methods get."""

from __future__ import annotations

import numpy as np
import pytest

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.geometry import Points, Rect, SimilarityTransform
from fvae_studio.core.registration import usable_share
from fvae_studio.pipeline.predictor import FlowPredictor
from tests.helpers.prepared_faces import crop_landmarks
from tests.helpers.tiny_model import make_tiny_model
from trainer.baselines.morph import Ends
from trainer.experiments.in_betweens import FvaeMorph

SIZE = 2 * CROP_SIZE


def square_landmarks() -> Points:
    return SimilarityTransform.resize(CROP_SIZE, SIZE).apply(crop_landmarks())


@pytest.fixture(scope="module")
def ends() -> Ends:
    """One texture, and again a little beside it, as two photos of a clip lie after their registration."""
    noise = np.random.default_rng(0).normal(size=(SIZE, SIZE, 3)).astype(np.float32)
    texture = np.clip(128 + cv2.GaussianBlur(noise, (0, 0), 3) * 400, 0, 255).astype(np.uint8)
    beside = np.float32([[1, 0, 1.3], [0, 1, -0.7]])
    moved = cv2.warpAffine(texture, beside, (SIZE, SIZE), borderMode=cv2.BORDER_REFLECT)
    return Ends(texture, moved, square_landmarks(), square_landmarks() + np.float32([1.3, -0.7]))


def test_ends_are_the_pictures_that_all_methods_get(ends):
    morph = FvaeMorph(ends, FlowPredictor(make_tiny_model(), device="cpu"))
    solid = (
        usable_share(SimilarityTransform.identity(), Rect(-CROP_SIZE, -CROP_SIZE, 3 * CROP_SIZE, 3 * CROP_SIZE)) == 1
    )
    face = cv2.resize(cv2.erode(solid.astype(np.uint8), np.ones((3, 3))), (SIZE, SIZE)) == 1

    assert face.mean() > 0.3
    np.testing.assert_array_equal(morph.at(0.0), ends.first)
    np.testing.assert_array_equal(morph.at(1.0)[face], ends.second[face])
