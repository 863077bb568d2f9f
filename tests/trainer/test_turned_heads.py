"""Photos whose heads are turned, and expressions on them."""

from __future__ import annotations

from dataclasses import replace

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
from trainer.render import render, render_on_turned_heads
from trainer.shards import RENDERED, RENDERED_REVERSE, TURNED, TURNED_REVERSE
from trainer.turned_heads import EXPRESSIONS_PER_TURN, MAX_YAW, TurnedHead, lent_shape, turned_heads

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


def broader_face(facekit, photo):
    """A shape whose jaw is a tenth broader, as identity weights of a face model that has it."""
    face, _, _ = photo
    wide = (facekit.neutral * np.array([1.1, 1, 1]) - facekit.neutral)[None]
    identity = np.concatenate([wide, facekit.identity[1:]]).astype(np.float32)
    weights = np.zeros(len(identity), np.float32)
    weights[0] = 1
    return replace(face, facekit=replace(facekit, identity=identity)), weights


def test_a_head_takes_another_persons_shape_and_keeps_its_eyes_in_place(facekit, photo):
    face, identity = broader_face(facekit, photo)

    shape = lent_shape(face, identity, 1.0)
    head = TurnedHead.of(face, photo[1], yaw=0.0, shape=shape)

    np.testing.assert_allclose(shape, face.facekit.neutral * [1.1, 1, 1], atol=1e-4)
    np.testing.assert_allclose(lent_shape(face, identity, 0.0), face.shape, atol=1e-6)
    before, after = (vertices[facekit.landmark_vertices, :2] for vertices in (face.pose(), head.scene.vertices))
    assert np.linalg.norm((after - before)[[36, 39, 42, 45]].mean(axis=0)) < 1.0
    # Eyes are brought to where they were, so what is broader comes out lower.
    assert np.ptp(after[:, 1]) / np.ptp(after[:, 0]) < 0.98 * np.ptp(before[:, 1]) / np.ptp(before[:, 0])
    assert np.abs(head.picture.astype(float) - photo[1]).mean() > 1


def test_expressions_move_the_head_in_the_shape_it_took(facekit, photo):
    face, identity = broader_face(facekit, photo)
    head = TurnedHead.of(face, photo[1], yaw=10.0, shape=lent_shape(face, identity, 0.8))
    still = np.zeros(len(face.code) + NUM_POSE, np.float32)

    np.testing.assert_allclose(head.scene_of(still).vertices, head.scene.vertices, atol=1e-4)
    np.testing.assert_array_equal(head.face.shape, lent_shape(face, identity, 0.8))


def test_shapes_are_lent_as_often_as_asked_and_turns_stay_what_they_were(photo):
    face, crop, _ = photo
    identities = np.ones((3, len(face.facekit.identity)), np.float32)

    def heads(**options):
        rng = np.random.default_rng(2)
        return list(turned_heads(face, crop, count=12 * EXPRESSIONS_PER_TURN, rng=rng, **options))

    own, none, some, every = (
        [head.face.shape is face.shape for head in heads(**options)]
        for options in (
            {},
            {"identities": identities},
            {"identities": identities, "reshaped": 0.5},
            {"identities": identities, "reshaped": 1.0},
        )
    )
    assert all(own)
    assert all(none)
    assert 2 < sum(some) < 10
    assert not any(every)
    np.testing.assert_array_equal(
        [head.pose_code for head in heads()], [head.pose_code for head in heads(identities=identities)]
    )


def test_shapes_are_of_people_who_are_trained_on_and_lent_to_them_alone(workplace, facekit, monkeypatch):
    prepared, fits = load_prepared(workplace.prepared), FaceFits.load(workplace.fits)
    code = np.zeros(len(facekit.expression_names) + NUM_POSE, np.float32)
    asked = {}

    def heads(*_, **options):
        asked[row] = options["identities"], options["reshaped"]
        return iter(())

    monkeypatch.setattr("trainer.render.turned_heads", heads)
    for row in range(len(prepared.faces)):
        rng = np.random.default_rng(0)
        list(render_on_turned_heads(facekit, fits, prepared, row, [code], rng=rng, reshaped=0.5))

    trained_on = [row for row, face in enumerate(prepared.faces) if face.split == "train"]
    for row, (identities, reshaped) in asked.items():
        assert reshaped == 0.5
        if row in trained_on:
            np.testing.assert_array_equal(identities, fits.identity[trained_on])
        else:
            assert identities is None
    assert 0 < len(trained_on) < len(asked)


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
