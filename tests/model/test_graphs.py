"""The ONNX graphs compute what the trained networks do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.model.flow_vae import FlowVae
from fvae_studio.model.graphs import multiply_adds, term_shapes
from fvae_studio.model.matching import Matching
from fvae_studio.model.networks import EncodedFace, make_networks
from fvae_studio.model.onnx_networks import OnnxNetworks
from fvae_studio.model.preprocess import to_tensor
from fvae_studio.model.torch_networks import TorchNetworks
from fvae_studio.model.tracking import Tracking
from fvae_studio.model.weights import tensor_shapes
from tests.helpers.tiny_model import TINY_CONFIG, make_tiny_model

THREE_GRIDS = {"tracking_channels": 3, "fine_tracking_channels": 2, "tracks_contrast": True}
CONFIGS = {
    "nearest": TINY_CONFIG,
    "bilinear": replace(TINY_CONFIG, upsampling="bilinear"),
    "plain head": replace(TINY_CONFIG, head="same", stem_stride=1),
    "finer latents, refined": replace(TINY_CONFIG, detail_channels=(3, 2), refinements=2),
    "compared": replace(TINY_CONFIG, detail_channels=(3, 2, 2), refinements=1, matching_radius=(1, 2)),
    "tracked": replace(TINY_CONFIG, detail_channels=(3, 2), tracking_channels=3),
    "tracked finely": replace(TINY_CONFIG, detail_channels=(3, 2), tracking_channels=3, fine_tracking_channels=2),
    "tracked on the finest grid": replace(
        TINY_CONFIG, detail_channels=(3, 2, 2), refinements=1, tracking_channels=2, upsampling="bilinear"
    ),
    "three grids, coarser than the flow": replace(TINY_CONFIG, detail_channels=(3, 2), **THREE_GRIDS),
    "three grids, cells told apart": replace(TINY_CONFIG, detail_channels=(3, 2, 2), refinements=1, **THREE_GRIDS),
    "three grids, light told from motion": replace(
        TINY_CONFIG, detail_channels=(3, 2, 2), contrast_light=0.2, **THREE_GRIDS
    ),
    "three grids, cells told apart, bilinear": replace(
        TINY_CONFIG, detail_channels=(3, 2, 2), upsampling="bilinear", **THREE_GRIDS
    ),
    "three grids, plain head": replace(TINY_CONFIG, detail_channels=(3, 2), head="same", stem_stride=1, **THREE_GRIDS),
    "refined encoders": replace(TINY_CONFIG, encoder_refinements=2),
    "finer latents, bilinear": replace(TINY_CONFIG, detail_channels=(2,), upsampling="bilinear"),
    "confidence sees the flow": replace(TINY_CONFIG, confidence_sees_flow=True),
    "confidence sees the flow, plain head": replace(
        TINY_CONFIG, confidence_sees_flow=True, head="same", stem_stride=1, upsampling="bilinear"
    ),
    "absolute": replace(TINY_CONFIG, output="absolute", displacement_range=1.0),
}
TOLERANCE_PX = 1e-3
CROP = np.random.default_rng(3).integers(0, 256, (128, 128, 3), dtype=np.uint8)


@pytest.fixture(params=CONFIGS.values(), ids=CONFIGS)
def model(request) -> LoadedModel:
    """With statistics that are not those of a new network: what is folded away must matter."""
    made = make_tiny_model(config=request.param)
    torch.manual_seed(8)
    for network in (made.vae, made.confidence):
        for layer in network.modules():
            if isinstance(layer, torch.nn.BatchNorm2d):
                layer.running_mean.normal_(0, 0.3)
                layer.running_var.uniform_(0.5, 2)
                layer.weight.data.uniform_(0.6, 1.4)
                layer.bias.data.normal_(0, 0.2)
            if isinstance(layer, Matching):
                # It begins as if it were not there.
                layer.adding.weight.data.normal_(0, 0.1)
            if isinstance(layer, Tracking):
                # Numbers at random are no photo: steps that believe them are long, and rounding decides where they end.
                for log_doubt in layer.parameters():
                    log_doubt.data.fill_(0.0)
    return made


@pytest.fixture
def latents(model):
    return np.random.default_rng(6).normal(0, 1, (3, *model.header.config.latent_shape)).astype(np.float32)


@torch.inference_mode()
def test_graphs_give_the_trained_networks_maps(model, latents):
    networks = OnnxNetworks(model.weights())
    face = networks.encode(CROP)
    image = to_tensor([CROP])
    mean, _ = model.vae.encode(image)
    features = model.vae.source_features(image)
    wanted = model.vae.decode(features, torch.from_numpy(latents)).numpy()
    trust = torch.sigmoid(model.confidence(image, torch.from_numpy(latents), torch.from_numpy(wanted))).numpy()

    assert wanted.std() > 0.1
    assert trust.std() > 0.01
    np.testing.assert_allclose(face.mean, mean[0].numpy(), atol=2e-5, rtol=1e-5)
    np.testing.assert_allclose(face.base_flow, model.vae.decode(features, mean)[0].numpy(), atol=TOLERANCE_PX)
    np.testing.assert_allclose(networks.flows(face, latents), wanted, atol=TOLERANCE_PX)
    np.testing.assert_allclose(networks.confidences(face, latents, wanted), trust, atol=1e-5, rtol=1e-4)


@torch.inference_mode()
def test_edited_latents_are_decoded_alike_with_and_without_tracking(model, latents):
    networks = OnnxNetworks(model.weights())
    face = networks.encode(CROP)
    tracked = model.header.config.tracked
    latents[:, tracked] = face.mean[tracked]

    image = to_tensor([CROP])
    wanted = model.vae.decode(model.vae.source_features(image), torch.from_numpy(latents)).numpy()

    np.testing.assert_allclose(networks.flows(face, latents), wanted, atol=TOLERANCE_PX)
    # One that is no edit brings all of them to the other graph.
    if tracked.stop > tracked.start:
        mixed = latents.copy()
        mixed[-1, tracked] += 0.3
        np.testing.assert_allclose(networks.flows(face, mixed)[:-1], wanted[:-1], atol=TOLERANCE_PX)


def test_both_engines_agree(model, latents):
    one, other = OnnxNetworks(model.weights()), TorchNetworks(model.weights(), "cpu")
    faces = one.encode(CROP), other.encode(CROP)

    np.testing.assert_allclose(faces[0].mean, faces[1].mean, atol=2e-5)
    flows = one.flows(faces[0], latents)
    np.testing.assert_allclose(flows, other.flows(faces[1], latents), atol=TOLERANCE_PX)
    trust = one.confidences(faces[0], latents, flows)
    np.testing.assert_allclose(trust, other.confidences(faces[1], latents, flows), atol=1e-5)


def test_slopes_by_a_latent_are_autograds(model, latents):
    one, other = OnnxNetworks(model.weights()), TorchNetworks(model.weights(), "cpu")
    faces = one.encode(CROP), other.encode(CROP)
    size = model.header.config.flow_size
    slope = np.random.default_rng(7).normal(0, 1, (2, size, size)).astype(np.float32)

    found, wanted = (
        networks.latent_gradient(face, latents[0], slope) for networks, face in zip((one, other), faces, strict=True)
    )

    assert np.abs(wanted).max() > 0.1
    np.testing.assert_allclose(found, wanted, atol=1e-4 * np.abs(wanted).max())


def test_a_flow_does_not_depend_on_those_beside_it(model, latents):
    networks = OnnxNetworks(model.weights())
    face = networks.encode(CROP)

    together = networks.flows(face, latents)

    for number in range(len(latents)):
        alone = networks.flows(face, latents[number : number + 1])[0]
        np.testing.assert_allclose(together[number], alone, atol=1e-5)


def test_a_processor_computes_by_onnx_runtime(model):
    networks = make_networks(model.weights(), "cpu")

    assert isinstance(networks, OnnxNetworks)
    assert isinstance(networks.encode(CROP), EncodedFace)


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_shapes_are_those_of_the_trained_networks(config):
    made = make_tiny_model(config=config)
    wanted = {
        f"{prefix}.{key}": tuple(value.shape)
        for prefix, network in (("vae", made.vae), ("confidence", made.confidence))
        for key, value in network.state_dict().items()
        if not key.endswith("num_batches_tracked")
    }

    assert tensor_shapes(config) == wanted


def test_multiply_adds_are_counted_as_pytorch_counts_them():
    from torch.utils.flop_counter import FlopCounterMode

    config = replace(TINY_CONFIG, upsampling="bilinear")  # every doubling is a convolution of its own there
    made = FlowVae(config)
    features = made.source_features(torch.zeros(1, 3, 128, 128))
    with FlopCounterMode(display=False) as counter:
        made.decode(features, torch.zeros(1, *config.latent_shape))
    # PyTorch's decoder convolves the source's features anew for every latent; a graph has them as terms.
    sources = 0
    skips = list(reversed(config.encoder_channels))
    for level, (_, out, height, width) in enumerate(term_shapes(config, "flow")):
        size = 25 if level == len(config.decoder_channels) else 9
        sources += size * skips[level] * int(out) * int(height) * int(width)
    flow_alone = replace(config, confidence_decoder_channels=config.decoder_channels)
    halves = multiply_adds(flow_alone) - _confidence_share(flow_alone)

    assert halves == counter.get_total_flops() // 2 - sources


def _confidence_share(config):
    """Of the confidence's decoder, which has half the channels in its head."""
    inputs = [config.latent_channels, *config.confidence_decoder_channels]
    shapes = term_shapes(config, "confidence")
    sizes = [9] * (len(shapes) - 1) + [25]
    return sum(
        size * before * int(out) * int(side) ** 2
        for size, before, (_, out, side, _) in zip(sizes, inputs, shapes, strict=True)
    )
