"""Starting from released weights: the networks are the model's, the axes fit its latents."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from fvae_studio.errors import ConfigError, DataError
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.model.directions import Direction, DirectionSet
from fvae_studio.model.flow_vae import ConfidenceNet, FlowVae
from fvae_studio.model.registry import load_model
from fvae_studio.model.weights import CheckpointHeader
from tests.trainer.pairs import CODE_NAMES, make_shard, write_shards
from trainer import released_axes
from trainer.config import load_config
from trainer.dataset import PairTable
from trainer.facekit.expressions import RECIPES
from trainer.initial import FITTED_DIRECTIONS, start_from
from trainer.loop import train
from trainer.mask_loop import train_mask
from trainer.release import direction_vector
from trainer.released_axes import axes_of, write_axes
from trainer.shards import read_shards
from trainer.step import EditableFlowVae
from trainer.training_state import load_state

CONFIG = load_config("tiny")


@pytest.fixture
def model() -> LoadedModel:
    torch.manual_seed(3)
    return LoadedModel(
        FlowVae(CONFIG.model).eval(),
        ConfidenceNet(CONFIG.model).eval(),
        DirectionSet([], latent_shape=CONFIG.model.latent_shape),
        CheckpointHeader("released", CONFIG.model),
    )


@pytest.fixture
def table(tmp_path) -> PairTable:
    return PairTable(read_shards(write_shards(tmp_path / "shards", make_shard(per_person=24))), held_out=False)


def test_networks_are_those_of_the_model(model, table):
    network = EditableFlowVae(CONFIG.model, code_size=len(CODE_NAMES))

    start_from(model, network, table)

    for name, value in network.vae.state_dict().items():
        torch.testing.assert_close(value, model.vae.state_dict()[name])
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_axes_explain_the_latents_better_than_none(model, table):
    network = EditableFlowVae(CONFIG.model, code_size=len(CODE_NAMES)).eval()

    start_from(model, network, table)

    batch = table.batch(table.rendered[:48])
    with torch.no_grad():
        step = network.vae.encode(batch.target)[0] - network.vae.encode(batch.source)[0]
        left = step - network.offset(batch.code)
    assert left.square().mean() < 0.9 * step.square().mean()


def test_axes_give_the_sliders_of_the_release(model, table):
    torch.manual_seed(4)
    axes = torch.randn(len(CODE_NAMES), *CONFIG.model.latent_shape).numpy()
    vectors = {recipe.name: direction_vector(axes, CODE_NAMES, recipe.shapes) for recipe in RECIPES}
    # A release moves these freely: no axis is to blame for them.
    vectors |= {name: np.zeros_like(vectors[name]) for name in FITTED_DIRECTIONS}
    sliders = [
        Direction(recipe.name, recipe.label, recipe.group, vectors[recipe.name], (0.0, 1.0)) for recipe in RECIPES
    ]
    network = EditableFlowVae(CONFIG.model, code_size=len(CODE_NAMES))

    start_from(replace(model, directions=DirectionSet(sliders, latent_shape=CONFIG.model.latent_shape)), network, table)

    found = {
        recipe.name: direction_vector(network.axes.detach().numpy(), CODE_NAMES, recipe.shapes) for recipe in RECIPES
    }
    for name in FITTED_DIRECTIONS:
        assert np.abs(found.pop(name)).max() > 0.1
    for name, vector in found.items():
        np.testing.assert_allclose(vector, vectors[name], atol=1e-4)


@pytest.fixture
def kept(model, tmp_path, monkeypatch):
    """W of a release, kept where the trainer looks."""
    monkeypatch.setattr(released_axes, "AXES_DIR", tmp_path / "axes")
    axes = np.random.default_rng(6).normal(size=(len(CODE_NAMES), *CONFIG.model.latent_shape)).astype(np.float32)
    write_axes(model.header.name, model.header.sha256, axes, CODE_NAMES, tmp_path / "axes")
    return axes


def test_axes_that_were_kept_are_taken_as_they_are(model, table, kept):
    network = EditableFlowVae(CONFIG.model, code_size=len(CODE_NAMES))

    start_from(model, network, table)

    np.testing.assert_allclose(network.axes.detach().numpy(), kept, rtol=1e-3, atol=1e-4)


def test_axes_of_another_model_of_that_name_are_not(model, table, kept):
    network = EditableFlowVae(CONFIG.model, code_size=len(CODE_NAMES))

    start_from(replace(model, header=replace(model.header, sha256="0" * 64)), network, table)

    assert np.abs(network.axes.detach().numpy() - kept).max() > 1


def test_damaged_axes_are_told(model, kept, tmp_path):
    assert kept is not None
    path = tmp_path / "axes" / f"{model.header.name}.npz"
    path.write_bytes(path.read_bytes()[:-40])

    with pytest.raises(DataError, match="damaged"):
        axes_of(model, CODE_NAMES)


def test_axes_of_the_shipped_model_are_kept():
    shipped = load_model()

    axes = axes_of(shipped, names_of_kept(shipped.header.name))

    assert axes is not None
    assert axes.shape[1:] == (shipped.header.config.tracked.start, *shipped.header.config.latent_shape[1:])
    # *Sad* is W e of its recipe, in half precision both.
    recipe = next(one for one in RECIPES if one.name == "sad")
    made = direction_vector(axes, names_of_kept(shipped.header.name), recipe.shapes)
    np.testing.assert_allclose(shipped.directions["sad"].vector[: len(made)], made, atol=0.02)


def names_of_kept(name: str) -> list[str]:
    with np.load(released_axes.AXES_DIR / f"{name}.npz") as file:
        names: list[str] = file["code_names"].tolist()
    return names


def test_another_architecture_is_refused(model, table):
    other = load_config("tiny", ["model.latent_channels=6"]).model

    with pytest.raises(ConfigError, match="another architecture"):
        start_from(model, EditableFlowVae(other, code_size=len(CODE_NAMES)), table)


def test_a_run_begins_with_the_model_and_a_resumed_one_with_its_checkpoint(model, tmp_path):
    shards = write_shards(tmp_path / "shards", make_shard())
    still = load_config("tiny", ["optim.learning_rate=0.0", "optim.weight_decay=0.0", "train.max_steps=2"])

    train(still, shards, tmp_path / "run", accelerator="cpu", init=model)
    started = load_state(tmp_path / "run" / "checkpoint.pt", still)["network"]
    weights = dict(model.vae.named_parameters())
    assert weights
    for name, value in weights.items():
        torch.testing.assert_close(started[f"vae.{name}"], value)

    moving = load_config("tiny", ["train.max_steps=4"])
    train(moving, shards, tmp_path / "run", accelerator="cpu", init=model)
    resumed = load_state(tmp_path / "run" / "checkpoint.pt", moving)
    assert resumed["step"] == 4


def test_mask_training_begins_with_the_models_confidence(model, tmp_path):
    shards = write_shards(tmp_path / "shards", make_shard())
    still = load_config("tiny", ["optim.learning_rate=0.0", "train.max_steps=1", "train.mask_steps=1"])
    train(still, shards, tmp_path / "run", accelerator="cpu")

    confidence = train_mask(still, shards, tmp_path / "run", accelerator="cpu", init=model)

    for name, value in model.confidence.named_parameters():
        torch.testing.assert_close(dict(confidence.named_parameters())[name], value)
