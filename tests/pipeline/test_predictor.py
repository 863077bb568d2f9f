"""Strengths to flows, with a tiny random model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from fvae_studio.core.alignment import TEMPLATE_ID
from fvae_studio.core.geometry import SimilarityTransform
from fvae_studio.core.still_teeth import OPEN_PX
from fvae_studio.core.types import AlignedCrop, FlowField
from fvae_studio.errors import DeviceError, EditError, GeometryError
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.model.directions import OPEN_MOUTH, DirectionSet, ExpressionGauge
from fvae_studio.model.flow_vae import FlowVae
from fvae_studio.model.preprocess import to_tensor
from fvae_studio.model.torch_networks import TorchNetworks
from fvae_studio.pipeline.predictor import FlowPredictor
from tests.helpers.tiny_model import make_parting_model, make_tiny_model

SIZE = 128
TOLERANCE_PX = 1e-3
"""Between computations that differ in batch size or memory layout only."""


def make_crop(seed: int) -> AlignedCrop:
    pixels = np.random.default_rng(seed).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
    return AlignedCrop(pixels, SimilarityTransform.identity(), TEMPLATE_ID)


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return make_tiny_model()


@pytest.fixture
def predictor(model: LoadedModel) -> FlowPredictor:
    predictor = FlowPredictor(model, device="cpu")
    predictor.set_crop(make_crop(1))
    return predictor


def assert_same_field(field: FlowField, expected: FlowField) -> None:
    np.testing.assert_allclose(field.flow, expected.flow, rtol=0, atol=TOLERANCE_PX)
    np.testing.assert_allclose(field.confidence, expected.confidence, rtol=0, atol=1e-4)


@pytest.mark.parametrize("strengths", [{}, {"smile": 0.0}, {"smile": 0, "close_eye_left": -0.0}])
def test_zero_strength_moves_nothing_and_asks_no_network(
    predictor: FlowPredictor, strengths: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(type(predictor._networks), "flows", forbidden)
    monkeypatch.setattr(type(predictor._networks), "confidences", forbidden)
    field = predictor.predict(strengths)

    assert not field.flow.any()
    assert (field.confidence == 1).all()
    assert field.flow.shape == (SIZE, SIZE, 2)


def test_shown_flow_is_the_difference_to_the_photos_own(predictor: FlowPredictor, model: LoadedModel) -> None:
    field = predictor.predict({"smile": 0.8})
    image = to_tensor([make_crop(1).pixels])
    with torch.inference_mode():
        mean, _ = model.vae.encode(image)
        edited = mean + 0.8 * torch.from_numpy(model.directions["smile"].vector.copy())
        features = model.vae.source_features(image)
        decoded = model.vae.decode(features, edited)
        flow = decoded - model.vae.decode(features, mean)
        confidence = torch.sigmoid(model.confidence(image, edited, decoded))

    np.testing.assert_allclose(field.flow, flow[0].permute(1, 2, 0).numpy(), rtol=0, atol=TOLERANCE_PX)
    np.testing.assert_allclose(field.confidence, confidence[0, 0].numpy(), rtol=0, atol=1e-4)
    assert np.abs(field.flow).max() > 0.1
    assert field.flow.dtype == field.confidence.dtype == np.float32


def test_faces_are_independent_of_each_other(model: LoadedModel, predictor: FlowPredictor) -> None:
    group = FlowPredictor(model, device="cpu")
    group.set_crops([make_crop(2), make_crop(1)])
    still, moved = group.predict([{}, {"smile": 1.0}])

    assert not still.flow.any()
    # Bit for bit: a face must not change when another enters the photo.
    np.testing.assert_array_equal(moved.flow, predictor.predict({"smile": 1.0}).flow)


def test_many_edits_of_one_face_equal_one_by_one(predictor: FlowPredictor) -> None:
    edits = [{"smile": 0.5}, {}, {"smile": -1.0, "close_eye_left": 2.0}]
    together = predictor.predict_many(edits)

    assert not together[1].flow.any()
    for field, edit in zip(together, edits, strict=True):
        assert_same_field(field, predictor.predict(edit))


def test_predicting_latents_equals_predicting_strengths(predictor: FlowPredictor) -> None:
    offset = predictor.model.directions.combine({"smile": 0.7})
    (field,) = predictor.predict_latents((predictor.latent() + offset)[None])

    assert_same_field(field, predictor.predict({"smile": 0.7}))


def test_a_gauge_reads_the_face_that_is_edited() -> None:
    model = make_tiny_model()
    shape = model.directions.latent_shape
    predictor = FlowPredictor(model, device="cpu")
    predictor.set_crops([make_crop(seed=1), make_crop(seed=2)])
    latents = [predictor.latent(face) for face in (0, 1)]
    # Reads 0.75 of the first face and 1.25 of the second.
    apart = latents[1] - latents[0]
    weights = apart * np.float32(0.5 / np.vdot(apart, apart))
    gauge = ExpressionGauge(weights, 0.75 - float(np.vdot(weights, latents[0])))
    smile = replace(model.directions["smile"], gauge=gauge)
    gauged = FlowPredictor(replace(model, directions=DirectionSet([smile], latent_shape=shape)), device="cpu")
    gauged.set_crops([make_crop(seed=1), make_crop(seed=2)])

    for face, reading in ((0, 0.75), (1, 1.25)):
        back, forth = gauged.predict_many([{"smile": -0.8}, {"smile": 0.8}], face=face)
        same, plain = predictor.predict_many([{"smile": -0.8 * reading}, {"smile": 0.8}], face=face)
        np.testing.assert_allclose(back.flow, same.flow, atol=1e-3)
        np.testing.assert_array_equal(forth.flow, plain.flow)
        assert np.abs(back.flow - predictor.predict_many([{"smile": -0.8}], face=face)[0].flow).max() > 0.01


def test_lips_that_are_open_need_not_part_to_smile() -> None:
    predictor = FlowPredictor(make_parting_model(), device="cpu")
    predictor.set_crops([replace(make_crop(1), gap=gap) for gap in (0.0, OPEN_PX[0], OPEN_PX[1], 20.0)])
    closed, slit, opened, wide = (predictor.predict_many([{"smile": 0.8}], face=face)[0] for face in range(4))
    (less,) = predictor.predict_many([{"smile": 0.8, OPEN_MOUTH: -0.4}], face=0)

    assert_same_field(closed, slit)
    assert_same_field(opened, wide)
    np.testing.assert_allclose(opened.flow, less.flow, atol=1e-3)
    assert np.abs(opened.flow - closed.flow).max() > 0.05
    # Another predictor on the same networks has looked at no mouth.
    fork = predictor.fork()
    fork.set_crop(make_crop(1))
    assert_same_field(fork.predict({"smile": 0.8}), closed)


def test_the_photos_own_latent_moves_nothing(predictor: FlowPredictor) -> None:
    own = predictor.latent()
    fields = predictor.predict_latents(np.stack([own + 1, own, own - 1]))

    assert [field.flow.any() for field in fields] == [True, False, True]


def test_raw_flow_keeps_the_photos_own_motion(predictor: FlowPredictor) -> None:
    own = predictor.latent()
    shown = predictor.predict_latents(own[None] + 1)[0].flow

    assert np.abs(predictor.raw_flow(own)).max() > 0.1
    np.testing.assert_allclose(predictor.raw_flow(own + 1) - predictor.raw_flow(own), shown, rtol=0, atol=TOLERANCE_PX)


def test_without_confidence_its_network_is_spared(predictor: FlowPredictor, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = predictor.predict({"smile": 1.0})
    monkeypatch.delattr(type(predictor._networks), "confidences")
    field = predictor.predict({"smile": 1.0}, with_confidence=False)

    np.testing.assert_array_equal(field.flow, expected.flow)
    assert (field.confidence == 1).all()


def test_a_fork_has_faces_of_its_own(predictor: FlowPredictor) -> None:
    expected = predictor.predict({"smile": 1.0})
    fork = predictor.fork()
    fork.set_crops([make_crop(5), make_crop(6)])

    assert (predictor.num_faces, fork.num_faces) == (1, 2)
    np.testing.assert_array_equal(predictor.predict({"smile": 1.0}).flow, expected.flow)


def test_the_loaded_model_is_left_as_it_was(model: LoadedModel) -> None:
    before = {key: value.copy() for key, value in model.weights().tensors.items()}
    predictor = FlowPredictor(model, device="cpu")
    predictor.set_crop(make_crop(1))
    predictor.predict({"smile": 1.0})

    for key, value in model.weights().tensors.items():
        np.testing.assert_array_equal(value, before[key])


def test_the_latent_is_a_copy(predictor: FlowPredictor) -> None:
    latent = predictor.latent()
    latent += 100

    assert np.abs(predictor.latent() - latent).min() > 99


@pytest.mark.parametrize("strengths", [[], [{}, {}]])
def test_one_mapping_per_face_is_needed(predictor: FlowPredictor, strengths: list[dict[str, float]]) -> None:
    with pytest.raises(EditError, match=f"{len(strengths)} faces, but 1 are set"):
        predictor.predict(strengths)


def test_a_wrong_name_strength_face_or_latent_is_refused(predictor: FlowPredictor) -> None:
    with pytest.raises(EditError, match="Did you mean smile"):
        predictor.predict({"smlie": 1.0})
    with pytest.raises(EditError, match="strength of smile"):
        predictor.predict({"smile": float("nan")})
    for face in (-1, 1):
        with pytest.raises(EditError, match=f"no face {face}"):
            predictor.latent(face)
    with pytest.raises(EditError, match="latents must be"):
        predictor.predict_latents(np.zeros((1, 3, 4, 4), np.float32))
    with pytest.raises(EditError, match="finite"):
        predictor.predict_latents(np.full((1, 4, 4, 4), np.inf, np.float32))


def test_a_foreign_crop_is_refused(predictor: FlowPredictor) -> None:
    with pytest.raises(GeometryError, match="'other-1'"):
        predictor.set_crop(replace(make_crop(1), template_id="other-1"))
    with pytest.raises(GeometryError, match=r"\(64, 64, 3\)"):
        predictor.set_crop(replace(make_crop(1), pixels=np.zeros((64, 64, 3), np.uint8)))


def test_an_absent_device_is_refused(model: LoadedModel) -> None:
    with pytest.raises(DeviceError):
        FlowPredictor(model, device="abacus")


@pytest.mark.parametrize(
    "ask",
    [
        lambda one: one.predict({"smile": 1.0}),
        lambda one: one.predict_latents(np.zeros((1, 4, 4, 4), np.float32)),
        lambda one: one.set_crop(make_crop(2)),
    ],
)
def test_failing_device_is_told_apart_from_other_failures(model: LoadedModel, monkeypatch, ask) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise RuntimeError("CUDA error: out of memory\nCompile with TORCH_USE_CUDA_DSA")

    monkeypatch.setattr(FlowVae, "encode", fail)
    monkeypatch.setattr(TorchNetworks, "_there", lambda _self, values: torch.from_numpy(values))
    for device, wanted in (("cpu", "^CUDA error"), ("cuda", r"The device cuda failed .CUDA error: out of memory.;")):
        # PyTorch's networks on the processor, which believe to be elsewhere.
        networks = TorchNetworks(model.weights(), "cpu")
        predictor = FlowPredictor(model, device="cpu")
        predictor.set_crop(make_crop(1))
        monkeypatch.setattr(networks._vae, "decode", fail)
        networks.device = device
        predictor._networks = networks
        with pytest.raises(RuntimeError, match=wanted) as failure:
            ask(predictor)
        assert isinstance(failure.value, DeviceError) is (device == "cuda")
