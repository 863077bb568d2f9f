"""The head turns about the neck: with a network whose answer is known, and on a sample with the shipped one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from fvae_studio import paths
from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.photo_io import read_photo
from fvae_studio.errors import DataError
from fvae_studio.model.config import FlowVaeConfig
from fvae_studio.model.registry import load_model
from fvae_studio.pipeline.engine import Engine
from fvae_studio.pipeline.predictor import FlowPredictor
from tests.helpers.prepared_faces import crop_landmarks, make_prepared
from trainer.crops import face_region
from trainer.head_motion import about_the_neck, shift_axis
from trainer.prepare import PREPARED_SIZE

PEOPLE = (("a", "train"), ("b", "train"), ("c", "held_out"))
TURN = np.float32([0, 0, 1, 0])[:, None, None]
NOD = np.float32([0, 0, 0, 1])[:, None, None]
FACE = face_region(crop_landmarks())
NOSE_TIP = 4
"""MediaPipe's number."""


class Heads(nn.Module):
    """A latent of four numbers: where the bright spot is (x, y), how far the head is turned, how far it is nodded.

    A turn moves the face by 2 px and everything else by 3 px the other way, as FaceKit's does.
    """

    config = FlowVaeConfig(latent_channels=4)

    def encode(self, target):
        weight = (target.mean(dim=1) + 1).clamp_min(0)
        axis = torch.arange(target.shape[-1], dtype=torch.float32)
        total = weight.sum(dim=(1, 2))
        x, y = (weight * axis).sum(dim=(1, 2)) / total, (weight * axis[:, None]).sum(dim=(1, 2)) / total
        still = torch.zeros_like(x)
        return torch.stack([x, y, still, still], dim=1)[:, :, None, None], None

    def source_features(self, source, mean=None):  # noqa: ARG002 (the networks' own signature)
        return (source,)

    def decode(self, features, latent):
        where = torch.from_numpy(np.where(FACE, -2.0, 3.0).astype(np.float32))
        return -(latent[:, :2] - self.encode(features[0])[0][:, :2]) + latent[:, 2:] * where


@pytest.fixture
def prepared():
    found = make_prepared(PEOPLE)
    spot = np.zeros((PREPARED_SIZE, PREPARED_SIZE), np.float32)
    cv2.circle(spot, (120, 140), 20, 255, -1)
    spot = cv2.GaussianBlur(spot, None, 4)
    return replace(found, crops=np.repeat(spot.astype(np.uint8)[None, :, :, None], 3, -1).repeat(len(found.faces), 0))


@pytest.mark.parametrize(("side", "expected"), [("x", (1, 0, 0, 0)), ("y", (0, 1, 0, 0))])
def test_shift_axis_is_what_a_crop_pixel_does_to_the_latent(prepared, side, expected):
    axis = shift_axis(Heads(), prepared, [0, 2], side=side)

    np.testing.assert_allclose(axis[:, 0, 0], expected, atol=0.02)


@pytest.mark.parametrize(("vector", "side", "component"), [(TURN, "x", 0), (NOD, "y", 1)])
def test_what_is_beside_the_face_stays_and_the_face_moves_further(prepared, vector, side, component):
    found = about_the_neck(Heads(), vector, prepared, side=side)

    image = torch.zeros(1, 3, CROP_SIZE, CROP_SIZE)
    network = Heads()
    flow = network.decode((image,), network.encode(image)[0] + torch.from_numpy(found))[0]
    assert flow[component][~torch.from_numpy(FACE)].abs().mean() < 0.1
    assert flow[component][torch.from_numpy(FACE)].mean() == pytest.approx(-5, abs=0.1)
    assert flow[1 - component].abs().max() < 0.1


def test_network_that_knows_no_shift_keeps_its_rotation(prepared):
    class Still(Heads):
        def decode(self, features, latent):
            return super().decode(features, latent) * 0

    np.testing.assert_array_equal(about_the_neck(Still(), TURN, prepared, side="x"), TURN)


def test_only_training_people_count(prepared):
    nobody = replace(prepared, faces=tuple(replace(face, split="held_out") for face in prepared.faces))

    with pytest.raises(DataError, match="training person"):
        about_the_neck(Heads(), TURN, nobody, side="x")


@pytest.mark.parametrize(("name", "component"), [("turn_head", 0), ("nod", 1)])
def test_shipped_head_turns_on_a_still_neck(name, component):
    engine = Engine(load_model(), device="cpu")
    try:
        photo = read_photo(paths.samples_dir() / "ada_neutral.jpg")
        face = engine.detect(photo)[0]
        crop = engine.crop(photo, face)
    finally:
        engine.close()
    predictor = FlowPredictor(engine.model, device="cpu")
    predictor.set_crop(crop)
    landmarks = crop.photo_to_crop.apply(face.landmarks)
    region = face_region(landmarks)
    across, down = np.round(landmarks[NOSE_TIP]).astype(int)
    for strength in (-1.0, 1.0):
        flow = predictor.predict({name: strength}).flow
        moved = -strength * flow[..., component]
        # The nose goes to the right of the picture (the person's own left), or down; the neck and the crop's rim stay.
        assert moved[down, across] > 3.5
        assert moved[region].mean() > 1.5
        assert np.abs(flow[-6:]).mean() < 0.5
        assert np.abs(flow[:, :6]).mean() < 0.3
        assert np.abs(flow[:, -6:]).mean() < 0.3
        assert np.abs(flow[..., 1 - component][region]).mean() < 0.35 * moved[region].mean()
