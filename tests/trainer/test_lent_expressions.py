"""What two photos of one person differ by, on another person's photo."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.lips import LOWER_INNER, UPPER_INNER
from fvae_studio.core.residual import shifted
from tests.helpers.synthetic_face import make_fits, mediapipe_landmarks, pose
from trainer.lent_expressions import Lending, completed, lend
from trainer.photo_pairs import lent_pairs
from trainer.prepare import load_prepared
from trainer.render import render
from trainer.shards import LENT

SIZE = 128


def smooth_photo(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 1, (SIZE, SIZE, 3)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 4)
    return np.clip(128 + 60 * soft / soft.std(), 20, 235).astype(np.uint8)


def push(x: float, y: float, by: tuple[float, float]) -> np.ndarray:
    """Backward flow that shifts what lies about (x, y) by minus `by`."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    bump = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 10.0**2))
    return np.stack([bump * by[0], bump * by[1]], axis=-1).astype(np.float32)


@pytest.fixture
def landmarks(facekit) -> np.ndarray:
    return mediapipe_landmarks(facekit, pose(facekit, make_fits([{}], np.zeros((1, 5), np.float32)), 0))


@pytest.fixture
def still(landmarks) -> Lending:
    photo = smooth_photo(1)
    nothing, everywhere = np.zeros((SIZE, SIZE, 2), np.float32), np.ones((SIZE, SIZE), np.float32)
    return Lending(photo, photo, landmarks, landmarks, nothing, everywhere)


def test_nothing_lent_leaves_the_photo(still, landmarks):
    photo = smooth_photo(2)

    pair = lend(still, photo, landmarks * 1.05 - 3)

    np.testing.assert_array_equal(pair.made, photo)
    np.testing.assert_array_equal(pair.flow, 0)
    assert pair.seen.min() == pair.seen_back.min() == 1


def test_motion_arrives_at_the_same_place_of_another_face(still, landmarks):
    place, offset = landmarks[UPPER_INNER[0]], np.array([6.0, -4.0], np.float32)
    flow = push(*place, (5.0, -2.0))
    lending = replace(still, flow=flow, second=shifted(still.first, flow).astype(np.uint8))

    pair = lend(lending, smooth_photo(2), landmarks + offset)

    strongest = np.unravel_index(np.hypot(*np.moveaxis(pair.flow, -1, 0)).argmax(), (SIZE, SIZE))
    np.testing.assert_allclose(strongest[::-1], place + offset, atol=2)
    np.testing.assert_allclose(pair.flow[strongest], (5.0, -2.0), atol=0.3)


def test_flow_makes_what_was_made_and_leads_back(still, landmarks):
    photo, flow = smooth_photo(2), push(64, 80, (4.0, 3.0))
    lending = replace(still, flow=flow, second=np.clip(np.rint(shifted(still.first, flow)), 0, 255).astype(np.uint8))

    pair = lend(lending, photo, landmarks)

    # The lender's light is the same but for rounding.
    np.testing.assert_allclose(pair.made, shifted(photo.astype(np.float32), pair.flow), atol=4)
    again = shifted(pair.made.astype(np.float32), pair.back)
    assert (pair.seen_back > 0.99).mean() > 0.98
    assert np.abs(again - photo)[pair.seen_back > 0.99].mean() < 2
    assert np.abs(pair.made.astype(np.float32) - photo).max() > 30


def test_light_is_lent_but_no_motion(still, landmarks):
    shade = np.linspace(0.8, 1.2, SIZE, dtype=np.float32)[None, :, None]
    lending = replace(still, second=np.clip(still.first * shade, 0, 255).astype(np.uint8))
    photo = smooth_photo(2)

    pair = lend(lending, photo, landmarks)

    ratio = (pair.made.astype(np.float32) / photo).mean(axis=(0, 2))
    np.testing.assert_allclose(ratio, shade[0, :, 0], atol=0.06)
    np.testing.assert_array_equal(pair.flow, 0)


def test_light_is_not_lent_where_nothing_is_known(still, landmarks):
    lending = replace(still, second=np.full_like(still.first, 250), known=np.zeros((SIZE, SIZE), np.float32))

    np.testing.assert_array_equal(lend(lending, smooth_photo(2), landmarks).made, smooth_photo(2))


def test_what_shows_between_lips_that_part_is_not_the_photos_own(still, landmarks):
    smiling = landmarks.copy()
    smiling[list(UPPER_INNER[1:-1]), 1] -= 4
    smiling[list(LOWER_INNER[1:-1]), 1] += 4
    middle = tuple(np.rint(smiling[[UPPER_INNER[5], LOWER_INNER[5]]].mean(axis=0)).astype(int)[::-1])
    second = still.first.copy()
    second[middle[0] - 2 : middle[0] + 3, middle[1] - 2 : middle[1] + 3] = 255

    pair = lend(replace(still, second=second, second_landmarks=smiling), smooth_photo(2), landmarks)

    assert pair.seen[middle] < 0.05
    assert pair.seen_back[middle] < 0.05
    assert pair.seen[20, 20] == 1
    assert pair.made[middle].min() > pair.made[middle[0], middle[1] - 20].min() + 30


def test_unknown_flow_follows_from_around():
    flow = np.full((SIZE, SIZE, 2), 2.0, np.float32)
    known = np.ones((SIZE, SIZE), np.float32)
    known[40:60, 40:60] = 0
    flow[40:60, 40:60] = 50.0

    np.testing.assert_allclose(completed(flow, known), 2.0, atol=1e-3)


def test_photo_pair_is_reduced_with_its_flow_in_smaller_pixels(still, landmarks):
    lending = replace(still, flow=push(64, 80, (4.0, 4.0)))

    whole = lend(lending, smooth_photo(2), landmarks)
    half = whole.reduced(SIZE // 2)

    assert half.made.shape == (SIZE // 2, SIZE // 2, 3)
    assert half.flow.max() == pytest.approx(whole.flow.max() / 2, rel=0.02)


def test_people_are_lent_expressions_within_their_split(workplace):
    prepared = load_prepared(workplace.prepared)

    borrowers = [prepared.faces[row] for row, _ in lent_pairs(prepared, per_pair=5, seed=1)]

    # Two people to train on lend to each other; the one held out has nobody.
    assert [(face.person, face.label) for face in borrowers] == [("people/b", "neutral"), ("people/a", "neutral")]


def test_shard_holds_lent_pairs_both_ways(workplace, tmp_path):
    shard = render(
        workplace.prepared,
        workplace.fits,
        workplace.folder / "facekit.npz",
        tmp_path / "lent",
        expressions_per_photo=1,
        seed=1,
        lent=1,
        workers=1,
    )
    rows = np.flatnonzero(shard.kind == LENT)

    assert len(rows) == 4
    assert not shard.held_out[rows].any()
    assert not shard.code[rows].any()
    np.testing.assert_array_equal(shard.source[rows[::2]], shard.target[rows[1::2]])
    for row in rows[::2]:
        made = shifted(shard.images[shard.source[row]], shard.flows[row].astype(np.float32))
        error = np.abs(made - shard.images[shard.target[row]]).mean(axis=-1)
        assert np.median(error[shard.visible[row] == 255]) < 6
