"""Photos whose heads are turned, and expressions on them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fvae_studio.core._cv2 import cv2
from fvae_studio.model.preprocess import normalise
from fvae_studio.model.warp import warp
from trainer.dataset import PairTable
from trainer.facekit.expressions import NUM_POSE, expression_code
from trainer.facekit.fit import FaceFits
from trainer.facekit.render import FittedFace, exact_flow
from trainer.prepare import load_prepared
from trainer.render import render
from trainer.shards import RENDERED, RENDERED_REVERSE, TURNED, TURNED_REVERSE
from trainer.turned_heads import EXPRESSIONS_PER_TURN, MAX_YAW, TurnedHead, turned_heads

NUM_TURNED = 4


@pytest.fixture(scope="module")
def photo(workplace, facekit):
    """The first photo: its fitted face, crop and landmarks."""
    prepared = load_prepared(workplace.prepared)
    return FittedFace.of(facekit, FaceFits.load(workplace.fits), 0), prepared.crops[0], prepared.landmarks[0]


@pytest.fixture(scope="module")
def shard(workplace, tmp_path_factory):
    return render(
        workplace.prepared,
        workplace.fits,
        workplace.folder / "facekit.npz",
        tmp_path_factory.mktemp("turned") / "shard",
        expressions_per_photo=1,
        turned=NUM_TURNED,
        seed=5,
        workers=1,
    )


def test_head_that_is_not_turned_is_the_photo(photo):
    face, crop, landmarks = photo

    head = TurnedHead.of(face, crop, yaw=0.0)

    np.testing.assert_array_equal(head.picture, crop)
    np.testing.assert_array_equal(head.scene.vertices, face.pose())
    np.testing.assert_allclose(head.carried(landmarks), landmarks, atol=0.02)


@pytest.mark.parametrize("yaw", [-20.0, 20.0])
def test_turned_head_keeps_its_eyes_in_place_and_moves_its_nose(facekit, photo, yaw):
    face, crop, _ = photo

    head = TurnedHead.of(face, crop, yaw=yaw)

    motion = (head.scene.vertices - face.pose())[facekit.landmark_vertices, :2]
    assert np.linalg.norm(motion[[36, 39, 42, 45]].mean(axis=0)) < 1.0
    assert motion[30, 0] * np.sign(yaw) > 2.0
    assert head.picture.shape == crop.shape


def test_landmarks_are_carried_to_where_the_picture_shows_them(photo):
    face, crop, landmarks = photo
    # Brightness tells where something was: no texture, so that a bilinear look is exact enough.
    ramp = np.repeat(np.linspace(20, 235, crop.shape[1])[None, :, None], crop.shape[0], axis=0).astype(np.uint8)
    ramp = np.repeat(ramp, 3, axis=2)
    head = TurnedHead.of(face, ramp, yaw=15.0)

    def look(picture, points):
        at = (points * (crop.shape[0] / 128) + 0.5).astype(np.float32)[:, None]
        return cv2.remap(picture.astype(np.float32), at, None, cv2.INTER_LINEAR)[:, 0, 0]

    inner = np.linalg.norm(landmarks - landmarks.mean(axis=0), axis=1) < 25
    there = head.carried(landmarks)[inner]
    assert np.abs(there - landmarks[inner]).max() > 1.0
    np.testing.assert_allclose(look(head.picture, there), look(ramp, landmarks[inner]), atol=2.0)


def test_expression_moves_a_turned_head_and_its_pose_does_not_count(facekit, photo):
    face, crop, _ = photo
    head = TurnedHead.of(face, crop, yaw=15.0, pitch=-5.0)
    code = expression_code(facekit, {"mouthSmile_L": 1.0, "mouthSmile_R": 1.0})
    posed = np.concatenate([code[:-NUM_POSE], np.ones(NUM_POSE, np.float32)])

    still = exact_flow(head.scene_of(np.zeros_like(code)), head.scene).flow
    moved, same = (exact_flow(head.scene_of(one), head.scene).flow for one in (code, posed))

    assert np.abs(still).max() < 1e-3
    assert np.abs(moved).max() > 1.0
    np.testing.assert_array_equal(moved, same)


def test_heads_are_turned_to_both_sides_as_often_as_expressions_need(photo):
    face, crop, _ = photo

    heads = list(turned_heads(face, crop, count=7 * EXPRESSIONS_PER_TURN + 1, rng=np.random.default_rng(1)))

    yaws = np.array([head.pose_code[0] for head in heads]) * 10
    assert len(heads) == 8
    assert yaws.min() < -MAX_YAW / 4
    assert yaws.max() > MAX_YAW / 4
    assert np.abs(yaws).max() <= MAX_YAW


def test_shard_holds_turned_heads_both_ways_beside_the_photos(shard):
    for kind in (TURNED, TURNED_REVERSE):
        rows = np.flatnonzero(shard.kind == kind)
        assert len(rows) == 6 * NUM_TURNED
        assert not shard.code[rows, -NUM_POSE:].any()
        # Both ends were made: neither is one of the six photos.
        assert min(shard.source[rows].min(), shard.target[rows].min()) >= 6
    forward = np.flatnonzero(shard.kind == TURNED)
    np.testing.assert_array_equal(shard.target[forward + 1], shard.source[forward])
    np.testing.assert_array_equal(shard.code[forward + 1], -shard.code[forward])
    # Three expressions of four share a picture.
    assert len(np.unique(shard.source[forward])) == 6 * 2
    # People of the photos: the third one's are held out.
    assert (shard.held_out[forward] == (shard.person[forward] == 2)).all()


def test_flow_makes_the_target_of_the_turned_head(shard):
    rows = np.flatnonzero(shard.kind == TURNED)
    source, target = (
        normalise(torch.from_numpy(shard.images[ends[rows]]).permute(0, 3, 1, 2))
        for ends in (shard.source, shard.target)
    )
    flow = torch.from_numpy(shard.flows[rows].astype(np.float32)).permute(0, 3, 1, 2)
    seen = torch.from_numpy(shard.visible[rows])[:, None] > 254

    def db(images):
        error = ((images - target) / 2).square().mean(dim=1, keepdim=True)
        return np.median([-10 * torch.log10(error[i][seen[i]].mean()).item() for i in range(len(rows))])

    assert db(warp(source, flow)) > 34.0
    assert db(warp(source, flow)) > db(source) + 3.0


def test_turned_heads_are_trained_on_and_are_no_photos(shard):
    table = PairTable([shard], held_out=False)

    photos = {int(shard.kind[row]) for _, row in table.of_photos}
    assert photos == {RENDERED, RENDERED_REVERSE}
    assert {int(shard.kind[row]) for _, row in table.rendered} == photos | {TURNED, TURNED_REVERSE}
