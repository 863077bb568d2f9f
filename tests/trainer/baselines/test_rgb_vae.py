"""The VAE that paints: its network, its training by the common loop, and what refuses it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from fvae_studio.errors import ConfigError, DataError
from fvae_studio.model.flow_vae import FlowVae
from tests.trainer.pairs import make_shard, write_shards
from trainer.baselines.rgb_vae import RgbVae, load_rgb_vae, make_vae, painted
from trainer.baselines.runs import load_flow_vae
from trainer.config import TrainConfig, load_config
from trainer.loop import train
from trainer.mask_loop import train_mask


@pytest.fixture(scope="module")
def config() -> TrainConfig:
    tiny = load_config("tiny", ["train.max_steps=30", "train.evaluate_every=30", "model.init=kaiming"])
    vae = load_config("vae")
    return replace(tiny, model=replace(tiny.model, output="rgb"), loss=vae.loss, data=replace(vae.data, jitter=False))


@pytest.fixture(scope="module")
def run_dir(config, tmp_path_factory):
    folder = tmp_path_factory.mktemp("rgb")
    train(config, write_shards(folder / "shards", make_shard()), folder / "run", accelerator="cpu")
    return folder / "run"


def test_architecture_is_the_flow_vaes_but_for_the_last_layer_and_what_the_paper_does_not_have():
    painter = load_config("vae").model
    beyond = {
        "detail_channels": (),
        "tracking_channels": 0,
        "fine_tracking_channels": 0,
        "tracks_contrast": False,
        "contrast_light": 0.0,
        "refinements": 0,
        "encoder_refinements": 0,
    }
    mover = replace(load_config("studio").model, **beyond)
    painter_shapes = {name: value.shape for name, value in make_vae(painter).state_dict().items()}
    mover_shapes = {name: value.shape for name, value in make_vae(mover).state_dict().items()}
    differing = {name for name in painter_shapes if painter_shapes[name] != mover_shapes[name]}

    assert painter_shapes.keys() == mover_shapes.keys()
    assert differing == {"decoder.head.weight", "decoder.head.bias"}


def test_pictures_are_as_large_as_the_crop_and_in_range(config):
    network = RgbVae(config.model).eval()
    images = torch.rand(2, 3, 128, 128) * 2 - 1
    pictures = painted(network, images, images)

    assert pictures.shape == images.shape
    assert pictures.abs().max() <= 1


def test_training_comes_closer_to_the_pictures(config, run_dir):
    shard = make_shard()
    untrained, trained = RgbVae(config.model).eval(), load_rgb_vae(run_dir)
    images = torch.from_numpy(shard.images[:6].copy()).permute(0, 3, 1, 2).float() / 127.5 - 1

    def error(network: RgbVae) -> float:
        return float((painted(network, images, images) - images).square().mean())

    assert error(trained) < 0.7 * error(untrained)


def test_run_is_found_by_its_work_folder_too(run_dir):
    assert isinstance(load_rgb_vae(run_dir.parent), RgbVae)


def test_loaded_vae_is_frozen(run_dir):
    network = load_rgb_vae(run_dir)

    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_missing_run_is_told(tmp_path):
    with pytest.raises(DataError, match="--config vae"):
        load_rgb_vae(tmp_path)


def test_damaged_checkpoint_is_told(tmp_path):
    (tmp_path / "checkpoint.pt").write_bytes(b"no checkpoint")

    with pytest.raises(DataError, match="no training checkpoint"):
        load_rgb_vae(tmp_path)


def test_checkpoint_of_a_flow_vae_is_refused(tmp_path):
    tiny = load_config("tiny", ["train.max_steps=1", "train.evaluate_every=1"])
    train(tiny, write_shards(tmp_path / "shards", make_shard(per_person=4)), tmp_path / "run", accelerator="cpu")

    with pytest.raises(DataError, match="predicts flow"):
        load_rgb_vae(tmp_path / "run")


def test_run_that_predicts_flow_is_loaded_as_one(tmp_path):
    config = load_config("tiny", ["train.max_steps=1"])
    train(config, write_shards(tmp_path / "shards", make_shard()), tmp_path / "run", accelerator="cpu")
    network = load_flow_vae(tmp_path)
    images = torch.zeros(1, 3, 128, 128)

    assert not any(parameter.requires_grad for parameter in network.parameters())
    assert network.decode(network.source_features(images), network.encode(images)[0]).shape[1] == 2


def test_run_that_paints_is_refused_where_a_flow_is_wanted(run_dir):
    with pytest.raises(DataError, match="paints"):
        load_flow_vae(run_dir)


def test_there_is_no_confidence_network_of_what_is_painted(config, run_dir):
    with pytest.raises(ConfigError, match="no confidence network"):
        train_mask(config, run_dir.parent / "shards", run_dir)


def test_painter_has_no_flow(config):
    network = RgbVae(config.model)

    with pytest.raises(ConfigError, match="no flow"):
        network.decode((), torch.zeros(1))


def test_program_refuses_a_network_that_paints(config):
    with pytest.raises(ConfigError, match="cannot use networks that paint"):
        FlowVae(config.model)


def test_axes_stay_as_they_are(run_dir):
    state = torch.load(run_dir / "checkpoint.pt", map_location="cpu", weights_only=True)

    np.testing.assert_array_equal(state["network"]["raw_axes"], state["averaged"]["raw_axes"])
