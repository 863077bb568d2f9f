"""Faces brought onto each other, and whether they are one person's."""

from __future__ import annotations

import numpy as np
import pytest

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE, estimate_alignment, extract_crop
from fvae_studio.core.edits import EditState, FaceEdit
from fvae_studio.core.face_match import (
    _STEADY,
    _STEADY_SIZE,
    FINE_SIZE,
    LIKENESS_LIMIT,
    MAX_REFINEMENT_PX,
    light_difference,
    match_faces,
    refine_registration,
    shape_distance,
)
from fvae_studio.core.geometry import SimilarityTransform
from fvae_studio.core.photo_io import read_photo
from fvae_studio.core.types import Photo
from fvae_studio.paths import data_dir, samples_dir
from fvae_studio.pipeline.detector import MediaPipeFaceDetector
from fvae_studio.pipeline.engine import Engine


@pytest.fixture(scope="module")
def detector():
    detector = MediaPipeFaceDetector()
    yield detector
    detector.close()


@pytest.fixture(scope="module")
def ada(detector):
    """Photo and landmarks of one sample, neutral and smiling."""
    photos = [read_photo(samples_dir() / f"ada_{label}.jpg") for label in ("neutral", "smile")]
    return [(photo, detector.detect(photo)[0].landmarks) for photo in photos]


def moved(picture, shift, degrees=0.0):
    """The fine crop turned and shifted, so that crop position p is seen at T(p)."""
    middle = (CROP_SIZE - 1) / 2
    a, b = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    to_moved = SimilarityTransform(a, b, middle - (a - b) * middle + shift[0], middle - (b + a) * middle + shift[1])
    to_fine = SimilarityTransform.resize(CROP_SIZE, FINE_SIZE)
    fine = to_fine.inverse.then(to_moved).then(to_fine)
    turned = cv2.warpAffine(picture, fine.matrix, (FINE_SIZE, FINE_SIZE), borderMode=cv2.BORDER_REPLICATE)
    return turned, to_moved


@pytest.mark.parametrize(("shift", "degrees"), [((0.0, 0.0), 0.0), ((0.6, -0.4), 0.0), ((0.3, 0.2), 0.7)])
def test_small_displacement_is_found_in_another_light(ada, shift, degrees):
    photo, landmarks = ada[0]
    crop = extract_crop(photo, estimate_alignment(landmarks), size=FINE_SIZE).pixels
    other, to_moved = moved(crop, shift, degrees)
    darker = np.clip(other * 0.7 + 20, 0, 255).astype(np.uint8)
    back = refine_registration(darker, crop)
    eyes = np.array([[46.0, 45.0], [81.0, 45.0]])

    np.testing.assert_allclose(back.apply(to_moved.apply(eyes)), eyes, atol=0.1)


def test_what_lies_too_far_apart_is_left_to_the_landmarks(ada):
    photo, landmarks = ada[0]
    crop = extract_crop(photo, estimate_alignment(landmarks), size=FINE_SIZE).pixels
    other, _ = moved(crop, (3 * MAX_REFINEMENT_PX, 0))

    assert refine_registration(other, crop) == SimilarityTransform.identity()
    assert refine_registration(np.zeros_like(crop), crop) == SimilarityTransform.identity()


def test_neutral_and_smile_of_one_face_fit(ada):
    (neutral, its_points), (smile, other_points) = ada
    match = match_faces(smile, other_points, neutral, its_points)

    assert match.residual_px < 1
    assert match.light_difference < 5
    assert not match.may_be_another_person


def test_shape_does_not_depend_on_where_and_how_large_the_face_is(ada):
    landmarks = ada[0][1]
    elsewhere = SimilarityTransform(0.5, 0.3, 100.0, -40.0).apply(landmarks)

    assert shape_distance(landmarks, elsewhere) < 0.02
    assert shape_distance(ada[0][1], ada[1][1]) == pytest.approx(shape_distance(ada[1][1], ada[0][1]))


def test_closed_eyes_are_the_same_persons(ada, detector):
    photo, landmarks = ada[0]
    face = detector.detect(photo)[0]
    state = EditState(None, (FaceEdit.of({"close_eyes": 1.0}, face=face.index),))
    blinking = Engine(detector=detector).render(photo, state).photo
    (seen,) = detector.detect(blinking)

    assert shape_distance(landmarks, seen.landmarks) < 0.7 * LIKENESS_LIMIT


def test_stretched_face_is_another_persons(ada):
    landmarks = ada[0][1]
    longer = (landmarks * [1, 1.25]).astype(np.float32)

    assert shape_distance(landmarks, longer) > LIKENESS_LIMIT


@pytest.mark.parametrize(("yaw", "pitch"), [(15, 0), (-12, 0), (0, 10), (8, -8)])
def test_a_head_that_turns_is_the_same_persons(ada, yaw, pitch):
    landmarks = ada[0][1].astype(np.float64)
    size = np.sqrt(np.square(landmarks - landmarks.mean(axis=0)).sum(axis=1).mean())
    steady, depth = list(_STEADY), np.array([row[1] for row in _STEADY.values()]) * size / _STEADY_SIZE
    turned = landmarks.copy()
    turned[steady] += np.sin(np.radians([yaw, pitch])) * depth[:, None]
    wider = landmarks * [1.12, 1]

    assert shape_distance(landmarks, turned) < 0.6 * LIKENESS_LIMIT
    assert shape_distance(wider, turned) > LIKENESS_LIMIT


def test_light_is_told_apart(ada):
    photo, landmarks = ada[0]
    dark = Photo((photo.pixels * 0.6).astype(np.uint8))

    assert match_faces(dark, landmarks, photo, landmarks).light_difference > 10
    crop = extract_crop(photo, estimate_alignment(landmarks)).pixels
    assert light_difference(crop, crop) == 0


def test_people_of_the_london_set_are_told_apart(detector):
    data = data_dir()
    if data is None or not (data / "frl_london").is_dir():
        pytest.skip("the London photos are not there (FVAE_DATA)")
    folder = data / "frl_london"
    names = ["002", "012", "018"]
    neutral, smiling = (
        [detector.detect(read_photo(folder / place / f"{name}_{number}.jpg"))[0].landmarks for name in names]
        for place, number in (("neutral_front", "03"), ("smiling_front", "08"))
    )
    distances = np.array([[shape_distance(one, other) for other in smiling] for one in neutral])
    same = np.eye(len(names), dtype=bool)

    assert distances[same].max() < LIKENESS_LIMIT
    assert distances[same].max() < distances[~same].min()
