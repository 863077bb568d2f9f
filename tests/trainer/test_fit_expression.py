"""The code of an expression, fitted to people's landmarks through a network whose answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from fvae_studio.model.config import FlowVaeConfig
from tests.helpers.prepared_faces import SMILE_MOTION, make_prepared
from tests.helpers.synthetic_face import EXPRESSION_NAMES
from trainer.facekit.landmarks import JAW_POINTS, LID_POINTS, MOUTH_POINTS
from trainer.fit_expression import RANGE, fit_direction, fit_expression

NAMES = (*EXPRESSION_NAMES, "yaw", "pitch", "roll")
PEOPLE = tuple((name, "train") for name in "abcdef")


class UniformFlow(nn.Module):
    """A network whose latent is a displacement of the whole crop."""

    config = FlowVaeConfig(latent_channels=2)

    def encode(self, target):
        return torch.full((len(target), 2, 1, 1), 7.0), None

    def source_features(self, source, mean=None):  # noqa: ARG002 (the networks' own signature)
        return (source,)

    def decode(self, features, latent):
        return latent.expand(len(features[0]), 2, 1, 1).expand(-1, -1, 16, 16)


def axes(**shapes: tuple[float, float]) -> np.ndarray:
    """W: for each shape, both sides together give this backward flow."""
    found = np.zeros((len(NAMES), 2, 1, 1), np.float32)
    for stem, flow in shapes.items():
        for side in "LR":
            found[NAMES.index(f"{stem}_{side}"), :, 0, 0] = np.array(flow) / 2
    return found


@pytest.fixture
def prepared():
    """People whose outline moves with their lips."""
    made = make_prepared(PEOPLE)
    landmarks = made.landmarks.copy()
    for row, face in enumerate(made.faces):
        landmarks[row, JAW_POINTS] += SMILE_MOTION * (face.label == "smile")
    return replace(made, landmarks=landmarks)


def fit(prepared, weights, start):
    return fit_expression(UniformFlow(), weights, NAMES, prepared, prepared.pairs("neutral", "smile"), start)


def test_code_that_moves_lips_to_the_real_ones_is_found(prepared):
    # A backward flow: what is shown at p comes from p + flow, so lips move by minus the flow.
    code = fit(prepared, axes(mouthSmile=tuple(-SMILE_MOTION / 0.8)), {"mouthSmile_L": 0.3, "mouthSmile_R": 0.3})

    assert code["mouthSmile_L"] == code["mouthSmile_R"] == pytest.approx(0.8, abs=0.08)


def test_shapes_that_do_not_reach_the_lips_keep_their_weights(prepared):
    start = {"mouthSmile_L": 0.3, "mouthSmile_R": 0.3, "browInnerUp_L": 0.2, "browInnerUp_R": 0.2}
    code = fit(prepared, axes(mouthSmile=tuple(-SMILE_MOTION), browInnerUp=tuple(-SMILE_MOTION)), start)

    assert code["browInnerUp_L"] == code["browInnerUp_R"] == pytest.approx(0.2)
    assert not set(code) & {"yaw", "pitch", "roll", "eyeBlink_L"}


def test_weights_stay_where_shapes_were_rendered(prepared):
    code = fit(prepared, axes(mouthSmile=tuple(-SMILE_MOTION / 5)), {})

    assert code["mouthSmile_L"] <= RANGE[1]


def test_direction_is_moved_to_what_brings_people_there_and_back(prepared):
    # Half of what is needed, and something sideways that helps neither way.
    wanted = -SMILE_MOTION
    start = np.array([[[wanted[0] / 2]], [[wanted[1] / 2 + 1.0]]], np.float32)
    found = fit_direction(UniformFlow(), start, prepared, prepared.pairs("neutral", "smile"))

    before, after = (np.hypot(*(each[:, 0, 0] - wanted)) for each in (start, found))
    assert after < 0.35 * before


def test_direction_that_is_right_stays(prepared):
    start = np.array(-SMILE_MOTION, np.float32)[:, None, None]
    found = fit_direction(UniformFlow(), start, prepared, prepared.pairs("neutral", "smile"))

    np.testing.assert_allclose(found, start, atol=0.1)


class HalvesFlow(UniformFlow):
    """A network whose latent is one displacement of the crop's upper half and one of its lower half."""

    config = FlowVaeConfig(latent_channels=4)

    def encode(self, target):
        return torch.full((len(target), 4, 1, 1), 7.0), None

    def decode(self, features, latent):
        upper, lower = (part.expand(len(features[0]), 2, 8, 16) for part in latent.split(2, dim=1))
        return torch.cat([upper, lower], dim=2)


@pytest.fixture
def faces(prepared):
    """Lids in the upper half of the crop, lips and outline in the lower one; lids do not move in smiles."""
    return moved_halves(prepared, LID_POINTS, np.concatenate([MOUTH_POINTS, JAW_POINTS]))


def moved_halves(prepared, upper, lower):
    """The people with these points in the halves of the crop; those in the lower one rise in smiles."""
    landmarks = prepared.landmarks.copy()
    landmarks[:, upper, 1] = 40
    landmarks[:, lower, 1] = 90
    for row, face in enumerate(prepared.faces):
        landmarks[row, lower, 1] += SMILE_MOTION[1] * (face.label == "smile")
    return replace(prepared, landmarks=landmarks)


def test_lids_go_where_people_have_them(faces):
    # Lips as they should move; lids move in the start, and people's do not.
    start = np.array([0.0, -1.5, *(-SMILE_MOTION)], np.float32)[:, None, None]
    found = fit_direction(HalvesFlow(), start, faces, faces.pairs("neutral", "smile"))

    assert np.hypot(*found[:2, 0, 0]) < 0.4
    np.testing.assert_allclose(found[2:], start[2:], atol=0.1)


@pytest.fixture
def uneven(faces):
    """One of six smiles four times as broadly: half as much again on average, and as everybody else for most."""
    landmarks = faces.landmarks.copy()
    _, smile = faces.pairs("neutral", "smile")[0]
    landmarks[smile, np.concatenate([MOUTH_POINTS, JAW_POINTS])] += 3 * SMILE_MOTION
    return replace(faces, landmarks=landmarks)


def test_people_are_moved_as_they_move_on_average(uneven):
    weights = np.zeros((len(NAMES), 4, 1, 1), np.float32)
    for side in "LR":
        weights[NAMES.index(f"mouthSmile_{side}"), :, 0, 0] = (0.0, 0.0, *(-SMILE_MOTION / 2))
    start = {"mouthSmile_L": 1.2, "mouthSmile_R": 1.2}

    code = fit_expression(HalvesFlow(), weights, NAMES, uneven, uneven.pairs("neutral", "smile"), start)

    assert code["mouthSmile_L"] == pytest.approx(1.5, abs=0.1)


def test_a_direction_goes_where_people_are_on_average(uneven):
    # On the way back, which has half of the say, most people have no more to give than before.
    start = np.array([0.0, 0.0, *(-1.3 * SMILE_MOTION)], np.float32)[:, None, None]

    found = fit_direction(HalvesFlow(), start, uneven, uneven.pairs("neutral", "smile"))

    assert np.hypot(*found[2:, 0, 0]) > 1.2 * np.hypot(*SMILE_MOTION)


def test_outline_goes_where_people_have_it(prepared):
    # Nothing but outlines above, and people's do not move there; sideways they do.
    people = moved_halves(prepared, JAW_POINTS, np.concatenate([MOUTH_POINTS, LID_POINTS]))
    start = np.array([0.0, -1.5, *(-SMILE_MOTION)], np.float32)[:, None, None]
    found = fit_direction(HalvesFlow(), start, people, people.pairs("neutral", "smile"))

    assert found[0, 0, 0] == pytest.approx(-SMILE_MOTION[0], abs=0.4)
    assert abs(found[1, 0, 0]) < 0.4


def test_squint_is_fitted_to_lids(faces):
    weights = np.zeros((len(NAMES), 4, 1, 1), np.float32)
    for side in "LR":
        weights[NAMES.index(f"eyeSquint_{side}"), :, 0, 0] = (0.0, -1.5, 0.0, 0.0)
        weights[NAMES.index(f"mouthSmile_{side}"), :, 0, 0] = (0.0, 0.0, *(-SMILE_MOTION / 2))
    start = {f"{stem}_{side}": 0.5 for stem in ("eyeSquint", "mouthSmile") for side in "LR"}

    code = fit_expression(HalvesFlow(), weights, NAMES, faces, faces.pairs("neutral", "smile"), start)

    assert code.get("eyeSquint_L", 0.0) < 0.2
    assert code["mouthSmile_L"] > 0.8
