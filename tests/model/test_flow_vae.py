"""The networks: what the paper says of them, read off the modules."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import trainer
from fvae_studio.errors import ConfigError
from fvae_studio.model.config import FlowVaeConfig
from fvae_studio.model.flow_vae import ConfidenceNet, FlowVae
from fvae_studio.model.layers import join_details, split_details
from fvae_studio.model.warp import identity_grid
from tests.helpers.tiny_model import TINY_CONFIG, make_tiny_model

PAPER_TOML = Path(trainer.__file__).parent / "configs" / "paper.toml"
FINE_CONFIG = replace(TINY_CONFIG, detail_channels=(3, 2), refinements=2)


@pytest.fixture(scope="module")
def paper_config() -> FlowVaeConfig:
    return FlowVaeConfig.from_dict(tomllib.loads(PAPER_TOML.read_text())["model"])


@pytest.fixture(scope="module")
def paper_vae(paper_config: FlowVaeConfig) -> FlowVae:
    """The paper's network without memory for its 44 million weights: for questions about its structure."""
    with torch.device("meta"):
        return FlowVae(paper_config).eval()


@pytest.fixture(scope="module")
def narrow_vae(paper_config: FlowVaeConfig) -> FlowVae:
    """The paper's network with an eighth of its channels: for questions about its numbers."""
    narrow = replace(
        paper_config,
        encoder_channels=tuple(channels // 8 for channels in paper_config.encoder_channels),
        decoder_channels=tuple(channels // 8 for channels in paper_config.decoder_channels),
        latent_channels=128,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return FlowVae(narrow).eval()


def convolutions(module: nn.Module) -> list[nn.Conv2d]:
    return [layer for layer in module.modules() if isinstance(layer, nn.Conv2d)]


def normalised(network: nn.Module) -> Iterator[tuple[str, bool]]:
    """Every convolution with whether batch normalisation follows it."""
    layers = [
        (name, layer) for name, layer in network.named_modules() if isinstance(layer, (nn.Conv2d, nn.BatchNorm2d))
    ]
    for (name, layer), (_, following) in zip(layers, [*layers[1:], ("", None)], strict=True):
        if isinstance(layer, nn.Conv2d):
            yield name, isinstance(following, nn.BatchNorm2d)


def test_the_defaults_are_the_paper(paper_config: FlowVaeConfig) -> None:
    assert paper_config == FlowVaeConfig()
    assert paper_config.latent_shape == (1024, 4, 4)
    assert paper_config.flow_size == 128


def test_paper_levels_halve_in_size_and_double_in_channels(paper_vae: FlowVae) -> None:
    image = torch.empty(2, 3, 128, 128, device="meta")
    features = paper_vae.source_features(image)
    mean, log_var = paper_vae.encode(image)
    flow = paper_vae.decode(features, mean)

    assert [tuple(feature.shape[1:]) for feature in features] == [
        (32, 128, 128),
        (64, 64, 64),
        (128, 32, 32),
        (256, 16, 16),
        (512, 8, 8),
        (1024, 4, 4),
    ]
    assert mean.shape == log_var.shape == (2, 1024, 4, 4)
    assert flow.shape == (2, 2, 128, 128)


def test_paper_decoder_doubles_in_size_and_halves_in_channels(paper_vae: FlowVae) -> None:
    shapes: list[tuple[int, ...]] = []
    image = torch.empty(1, 3, 128, 128, device="meta")
    hooks = [
        block.register_forward_hook(lambda _module, _inputs, output: shapes.append(tuple(output.shape[1:])))
        for block in paper_vae.decoder.blocks
    ]
    paper_vae.decode(paper_vae.source_features(image), paper_vae.encode(image)[0])
    for hook in hooks:
        hook.remove()

    assert shapes == [(512, 8, 8), (256, 16, 16), (128, 32, 32), (64, 64, 64), (32, 128, 128)]


def test_source_features_are_concatenated_at_every_level(paper_vae: FlowVae) -> None:
    inputs = [convolutions(block)[0].in_channels for block in paper_vae.decoder.blocks]

    assert inputs == [1024 + 1024, 512 + 512, 256 + 256, 128 + 128, 64 + 64]
    assert paper_vae.decoder.head.in_channels == 32 + 32


def test_first_and_last_convolutions_are_5x5_and_all_others_3x3(paper_vae: FlowVae) -> None:
    large = {name for name, layer in paper_vae.named_modules() if getattr(layer, "kernel_size", None) == (5, 5)}

    assert large == {"target_encoder.blocks.0.0", "source_encoder.blocks.0.0", "decoder.head"}
    assert all(layer.kernel_size in {(3, 3), (5, 5)} for layer in convolutions(paper_vae))


def test_all_but_the_last_two_layers_before_an_output_are_normalised(paper_vae: FlowVae) -> None:
    bare = {name for name, has_norm in normalised(paper_vae) if not has_norm}

    # Mean and log variance are outputs themselves: normalising them would fix the posterior's scale.
    assert bare == {"to_mean", "to_log_var", "decoder.blocks.4.0", "decoder.head"}


def test_weights_start_from_the_truncated_gaussian(narrow_vae: FlowVae) -> None:
    weights = torch.cat([layer.weight.detach().flatten() for layer in convolutions(narrow_vae)])

    assert weights.abs().max() <= 0.02
    # A Gaussian cut at two standard deviations keeps 0.8796 of its own.
    assert weights.std().item() == pytest.approx(0.01 * 0.8796, rel=0.01)
    assert abs(weights.mean().item()) < 5e-5
    assert all(layer.bias is None or (layer.bias == 0).all() for layer in convolutions(narrow_vae))


def test_absolute_output_samples_inside_the_photo(narrow_vae: FlowVae) -> None:
    generator = torch.Generator().manual_seed(3)
    image = torch.rand(1, 3, 128, 128, generator=generator) * 2 - 1
    latent = torch.randn(1, 128, 4, 4, generator=generator) * 1e9
    with torch.inference_mode():
        flow = narrow_vae.decode(narrow_vae.source_features(image), latent)
    absolute = flow / 64 + identity_grid(128, 128).permute(0, 3, 1, 2)

    # tanh stays within [-1, 1]; the rest is float32 rounding.
    assert absolute.abs().max() <= 1 + 1e-5
    assert flow.std() > 1


def test_displacement_output_stays_in_its_range_and_starts_near_rest() -> None:
    config = replace(TINY_CONFIG, displacement_range=0.25)
    generator = torch.Generator().manual_seed(3)
    image = torch.rand(1, 3, 128, 128, generator=generator) * 2 - 1
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        vae = FlowVae(config).eval()
    with torch.inference_mode():
        features = vae.source_features(image)
        start = vae.decode(features, torch.randn(1, *config.latent_shape, generator=generator))
        wild = vae.decode(features, 1e6 * torch.randn(1, *config.latent_shape, generator=generator))

    assert start.abs().max() < 1
    assert wild.abs().max() <= 0.25 * 64 + 1e-4
    assert wild.abs().max() > 15


def test_flow_size_is_what_the_networks_return() -> None:
    model = make_tiny_model()
    image = torch.zeros(1, 3, 128, 128)
    with torch.inference_mode():
        mean, _ = model.vae.encode(image)
        flow = model.vae.decode(model.vae.source_features(image), mean)
        logits = model.confidence(image, mean, flow)

    assert mean.shape[1:] == TINY_CONFIG.latent_shape
    assert flow.shape == (1, 2, TINY_CONFIG.flow_size, TINY_CONFIG.flow_size)
    assert logits.shape == (1, 1, TINY_CONFIG.flow_size, TINY_CONFIG.flow_size)


def test_sampling_follows_equation_2() -> None:
    mean = torch.full((1, 4, 100, 100), 1.5)
    log_var = torch.full((1, 4, 100, 100), 2 * 0.6931472)
    sample = FlowVae.sample(mean, log_var, torch.randn(mean.shape, generator=torch.Generator().manual_seed(5)))

    # 40,000 draws of N(1.5, 2): three standard errors are 0.03 and 0.021.
    assert sample.mean().item() == pytest.approx(1.5, abs=0.03)
    assert sample.std().item() == pytest.approx(2.0, abs=0.021)


def test_sampling_vanishes_with_the_variance() -> None:
    mean, log_var = torch.zeros(1, 4, 4, 4), torch.zeros(1, 4, 4, 4)

    assert FlowVae.sample(mean, log_var - 60, torch.randn(mean.shape)).abs().max() < 1e-11


def test_forward_is_reproducible() -> None:
    vae, image = make_tiny_model().vae, torch.zeros(1, 3, 128, 128)
    with torch.inference_mode():
        first, second, other = (vae(image, image, torch.Generator().manual_seed(seed)).flow for seed in (5, 5, 6))

    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_forward_is_encode_sample_decode_warp() -> None:
    vae = make_tiny_model().vae
    generator = torch.Generator().manual_seed(1)
    source, target = (torch.rand(2, 3, 128, 128, generator=generator) * 2 - 1 for _ in range(2))
    with torch.inference_mode():
        output = vae(source, target, torch.Generator().manual_seed(9))
        mean, log_var = vae.encode(target)
        latent = vae.sample(mean, log_var, torch.randn(mean.shape, generator=torch.Generator().manual_seed(9)))
        flow = vae.decode(vae.source_features(source), latent)

    torch.testing.assert_close(output.flow, flow)
    assert output.warped.shape == source.shape
    # Only the target is encoded: the source's own latent plays no part.
    torch.testing.assert_close(output.mean, vae.encode(target)[0])


def test_one_photo_with_many_latents_equals_one_by_one() -> None:
    model = make_tiny_model(config=replace(TINY_CONFIG, confidence_sees_flow=True))
    generator = torch.Generator().manual_seed(2)
    image = torch.rand(1, 3, 128, 128, generator=generator) * 2 - 1
    latents = torch.randn(5, *TINY_CONFIG.latent_shape, generator=generator)
    flows = torch.randn(5, 2, TINY_CONFIG.flow_size, TINY_CONFIG.flow_size, generator=generator)
    with torch.inference_mode():
        for network, inputs in ((model.vae, (latents,)), (model.confidence, (latents, flows))):
            features = network.source_features(image)
            together = network.decode(features, *inputs)
            apart = torch.cat(
                [network.decode(features, *(each[None] for each in one)) for one in zip(*inputs, strict=True)]
            )

            # Another batch size takes another order of summing.
            torch.testing.assert_close(together, apart, rtol=1e-4, atol=1e-4)


def test_every_parameter_takes_part_in_the_training() -> None:
    vae = FlowVae(TINY_CONFIG)
    generator = torch.Generator().manual_seed(2)
    source, target = (torch.rand(2, 3, 128, 128, generator=generator) * 2 - 1 for _ in range(2))
    output = vae(source, target, generator)
    ((output.warped - target).square().sum() + output.log_var.exp().sum()).backward()

    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in vae.parameters())


def test_confidence_network_shares_nothing_with_the_flow_network() -> None:
    vae, confidence = FlowVae(TINY_CONFIG), ConfidenceNet(TINY_CONFIG)
    image = torch.zeros(1, 3, 128, 128)
    latent: Tensor = vae.encode(image)[0].detach()
    confidence(image, latent, torch.zeros(1, 2, 128, 128)).sum().backward()
    vae_storage = {parameter.data_ptr() for parameter in vae.parameters()}

    assert vae_storage.isdisjoint(parameter.data_ptr() for parameter in confidence.parameters())
    assert all(parameter.grad is None for parameter in vae.parameters())


@pytest.mark.parametrize(
    "change",
    [
        {"head": "smae"},
        {"output": "absolut"},
        {"crop_size": 100},
        {"crop_size": "128"},
        {"latent_channels": 0},
        {"latent_channels": 2.5},
        {"encoder_channels": [8, True, 8]},
        {"decoder_channels": [8]},
        {"confidence_encoder_channels": [8, 8], "confidence_decoder_channels": [8]},
        {"detail_channels": [4, 0]},
        {"detail_channels": [4] * 5},
        {"refinements": -1},
        {"refinements": 5},
        {"refinements": 1.0},
        {"encoder_refinements": -1},
        {"encoder_refinements": 7},
        {"encoder_refinements": True},
        {"matching_radius": [1]},
        {"detail_channels": [4], "matching_radius": [0]},
        {"tracking_channels": 3},
        {"detail_channels": [4], "tracking_channels": -1},
        {"detail_channels": [4], "fine_tracking_channels": 2},
        {"detail_channels": [4], "tracking_channels": 2, "fine_tracking_channels": -1},
        {"detail_channels": [4], "tracking_channels": 1.5},
        {"detail_channels": [4], "tracking_channels": 2, "tracks_contrast": True},
        {"detail_channels": [4], "tracking_channels": 2, "fine_tracking_channels": 2, "tracks_contrast": 1},
        # Grids of 64, 128 and 256 cells to a side, of 128 px.
        {
            "detail_channels": [4] * 4,
            "tracking_channels": 2,
            "fine_tracking_channels": 2,
            "tracks_contrast": True,
        },
        {"detail_channels": [4], "tracking_channels": 2, "fine_tracking_channels": 2, "contrast_light": 0.2},
        {
            "detail_channels": [4],
            "tracking_channels": 2,
            "fine_tracking_channels": 2,
            "tracks_contrast": True,
            "contrast_light": -0.2,
        },
        {"displacement_range": 0},
        {"displacement_range": "wide"},
        {"colour": "blue"},
    ],
)
def test_a_wrong_model_option_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        FlowVaeConfig.from_dict(change)


@pytest.mark.parametrize("config", [TINY_CONFIG, FINE_CONFIG])
def test_config_survives_a_dictionary(config: FlowVaeConfig) -> None:
    assert FlowVaeConfig.from_dict(config.to_dict()) == config


def test_finer_grids_travel_in_the_same_array() -> None:
    coarse, finer, finest = torch.randn(2, 5, 4, 4), torch.randn(2, 3, 8, 8), torch.randn(2, 1, 16, 16)

    latent = join_details(coarse, (finer, finest))

    assert latent.shape == (2, 5 + 12 + 16, 4, 4)
    torch.testing.assert_close(latent[:, :5], coarse, rtol=0, atol=0)
    for found, wanted in zip(split_details(latent, 5, (3, 1)), (finer, finest), strict=True):
        torch.testing.assert_close(found, wanted, rtol=0, atol=0)
    # What lies in a cell of the coarse grid lies there still.
    assert set(finer[0, 0, 2:4, 6:8].flatten().tolist()) <= set(latent[0, :, 1, 3].tolist())


@torch.inference_mode()
def test_finer_grids_count_as_differences_from_the_photos_own() -> None:
    torch.manual_seed(4)
    vae, confidence = FlowVae(FINE_CONFIG).eval(), ConfidenceNet(FINE_CONFIG).eval()
    nn.init.normal_(vae.decoder.head.weight, std=0.2)
    image = torch.rand(1, 3, 128, 128) * 2 - 1
    mean, _ = vae.encode(image)
    assert mean.shape[1:] == FINE_CONFIG.latent_shape
    moved = torch.zeros_like(mean)
    moved[:, FINE_CONFIG.latent_channels :] = 1.0
    features = vae.source_features(image)
    flow = vae.decode(features, mean)

    assert (vae.decode(features, mean + moved) - flow).abs().max() > 1e-3
    torch.testing.assert_close(vae.decode(vae.source_features(image, mean + moved), mean + moved), flow)
    # The confidence looks at the latent's own grid alone.
    torch.testing.assert_close(confidence(image, mean + moved, flow), confidence(image, mean, flow), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("config", "option"),
    [
        (TINY_CONFIG, {"refinements": 2}),
        (TINY_CONFIG, {"encoder_refinements": 2}),
        (replace(TINY_CONFIG, detail_channels=(3, 2)), {"matching_radius": (1, 2)}),
    ],
    ids=["refinements", "encoder refinements", "matching"],
)
@torch.inference_mode()
def test_what_may_be_added_begins_as_if_it_were_not_there(config: FlowVaeConfig, option: dict[str, Any]) -> None:
    plain, refined = FlowVae(config).eval(), FlowVae(replace(config, **option)).eval()
    missing, unknown = refined.load_state_dict(plain.state_dict(), strict=False)
    assert missing
    assert not unknown
    image, latent = torch.rand(1, 3, 128, 128) * 2 - 1, torch.randn(2, *config.latent_shape)

    flow = refined.decode(refined.source_features(image), latent)

    torch.testing.assert_close(flow, plain.decode(plain.source_features(image), latent), rtol=0, atol=0)
    torch.testing.assert_close(refined.encode(image), plain.encode(image), rtol=0, atol=0)
