from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.types import Photo
from tests.helpers.fake_faces import make_face
from trainer.photo_checks import Checks, blurred, duplicates, not_editable, unclear_face, wrong_labels

SIZE = 256


def crop(seed: int = 0) -> np.ndarray:  # type: ignore[type-arg]
    """Detail at all scales, as skin and hair have it."""
    rng = np.random.default_rng(seed)
    layers = [
        cv2.resize(rng.uniform(0, 255, (size, size, 3)).astype(np.float32), (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
        for size in (8, 96, 128, 256)
    ]
    mean = np.average(layers, axis=0, weights=(4, 1, 1, 0.5))
    return np.clip(128 + 3 * (mean - 128), 0, 255).astype(np.uint8)


def landmarks(seed: int = 0) -> np.ndarray:  # type: ignore[type-arg]
    return np.random.default_rng(seed).uniform(10, 118, (478, 2)).astype(np.float32)


def test_sharp_crop_passes_and_a_blurred_one_does_not():
    assert blurred(crop(), Checks()) is None
    assert "blurred" in (blurred(cv2.GaussianBlur(crop(), (0, 0), 6), Checks()) or "")


def test_two_faces_alike_are_unclear_and_a_small_one_behind_is_not():
    large, small = make_face((200, 200), crop_px=200), make_face((60, 60), crop_px=80)

    assert unclear_face([large], Checks()) is None
    assert unclear_face([small, large], Checks()) is None
    assert "2 faces" in (unclear_face([large, make_face((500, 200), crop_px=190)], Checks()) or "")


def test_faces_that_the_program_refuses_are_refused_here():
    photo = Photo(np.zeros((400, 400, 3), np.uint8))
    face = make_face((200, 200), crop_px=200)

    assert not_editable(face, photo) is None
    assert "turned away" in (not_editable(replace(face, yaw=60.0), photo) or "")
    assert "too small" in (not_editable(make_face((200, 200), crop_px=40), photo) or "")


def test_copy_is_found_and_another_photo_is_not():
    first, other = crop(1), crop(2)
    _, coded = cv2.imencode(".jpg", cv2.resize(first, (200, 200)), [cv2.IMWRITE_JPEG_QUALITY, 60])
    copy = cv2.resize(cv2.imdecode(coded, cv2.IMREAD_COLOR), (SIZE, SIZE))
    points = np.stack([landmarks(1), landmarks(2), landmarks(1) + 0.05])

    assert duplicates([first, other, copy], points, Checks()) == {2: 0}


def test_another_expression_of_the_same_face_is_no_copy():
    points = np.stack([landmarks(1), landmarks(1)])
    points[1, :100] += 3

    assert duplicates([crop(1), crop(1)], points, Checks()) == {}


def people(count: int) -> tuple[list[str], list[str], np.ndarray]:  # type: ignore[type-arg]
    """Neutral and smile of everybody: the same motion, by different amounts."""
    rng = np.random.default_rng(0)
    motion = rng.normal(0, 1, (478, 2)).astype(np.float32)
    persons, labels, points = [], [], []
    for number in range(count):
        neutral = landmarks(number)
        persons += [f"p{number}"] * 2
        labels += ["neutral", "smile"]
        points += [neutral, neutral + rng.uniform(0.5, 1.5) * motion]
    return persons, labels, np.stack(points)


def test_labels_that_fit_are_left_alone():
    assert wrong_labels(*people(8), Checks()) == {}


def test_swapped_labels_are_found_on_both_photos():
    persons, labels, points = people(8)
    labels[6], labels[7] = labels[7], labels[6]

    wrong = wrong_labels(persons, labels, points, Checks())

    assert sorted(wrong) == [6, 7]
    assert "swapped" in wrong[7]


def test_photo_without_its_expression_is_found():
    persons, labels, points = people(8)
    points[5] = points[4]

    assert sorted(wrong_labels(persons, labels, points, Checks())) == [5]


def test_few_people_have_no_mean():
    persons, labels, points = people(4)
    labels[0], labels[1] = labels[1], labels[0]

    assert wrong_labels(persons, labels, points, Checks()) == {}


@pytest.mark.parametrize("checks", [Checks(min_sharpness=0, second_face=0, same_hash=0)])
def test_checks_can_be_switched_off(checks):
    flat = np.full((SIZE, SIZE, 3), 128, np.uint8)
    face = make_face((200, 200), crop_px=200)

    assert blurred(flat, checks) is None
    assert unclear_face([face, face], checks) is None
    assert duplicates([flat, flat], np.stack([landmarks(), landmarks()]), checks) == {}
