"""What is learnt of motion alone leaves edits as they are."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from fvae_studio.errors import ConfigError
from tests.trainer.pairs import make_batch, make_shard, write_shards
from trainer.config import load_config
from trainer.loop import train
from trainer.motion_only import learn_motion_alone, motion_columns
from trainer.run_files import CHECKPOINT
from trainer.step import EditableFlowVae
from trainer.training_state import load_state

OPTIONS = [
    "model.detail_channels=[3, 2, 2]",
    "model.tracking_channels=3",
    "model.fine_tracking_channels=2",
    "model.tracks_contrast=true",
    "train.learns=motion",
    "train.max_steps=3",
    "train.ema=0.5",
    "optim.learning_rate=0.01",
]


@pytest.fixture(scope="module", params=["from the start", "after everything learnt"])
def networks(request, tmp_path_factory):
    """Before and after three steps."""
    folder = tmp_path_factory.mktemp("motion")
    config, run = load_config("tiny", OPTIONS), folder / "run"
    shard = make_shard()
    shards = write_shards(folder / "shards", shard)
    torch.manual_seed(config.train.seed)
    before = EditableFlowVae(config.model, code_size=len(shard.code_names)).eval()
    if request.param == "after everything learnt":
        # A run that goes on: its optimiser remembers what it did to all weights, and would go on doing it.
        train(replace(config, train=replace(config.train, learns="all", max_steps=2)), shards, run, accelerator="cpu")
        before.load_state_dict(load_state(run / CHECKPOINT, config)["averaged"])
    return before, train(config, shards, run, accelerator="cpu")


def test_nothing_but_columns_of_motion_and_doubts_changes(networks):
    before, after = networks
    columns = {id(weight): count for weight, count in motion_columns(after.vae.decoder)}
    changed = set()
    for (name, old), new in zip(before.named_parameters(), after.parameters(), strict=True):
        kept = new.shape[1] - columns[id(new)] if id(new) in columns else None
        if kept is None and not name.startswith("vae.decoder.tracking."):
            assert torch.equal(old, new), name
        elif kept is not None:
            assert torch.equal(old[:, :kept], new[:, :kept]), name
            assert not torch.equal(old[:, kept:], new[:, kept:]), name
        changed |= {name} if not torch.equal(old, new) else set()
    for (name, old), new in zip(before.named_buffers(), after.buffers(), strict=True):
        assert torch.equal(old, new), name

    assert "vae.decoder.tracking.log_contrast_doubt" in changed
    assert "vae.decoder.head.weight" in changed


@torch.inference_mode()
def test_edits_stay_as_they_are_and_flows_between_photos_do_not(networks):
    batch = make_batch()
    edits, flows = [], []
    for network in networks:
        vae = network.vae
        own, target = vae.encode(batch.source)[0], vae.encode(batch.target)[0]
        features = vae.source_features(batch.source, own)
        edits.append(vae.decode(features, own + network.offset(batch.code)))
        flows.append(vae.decode(features, target))

    assert torch.equal(*edits)
    assert not torch.equal(*flows)


def test_a_model_that_tracks_nothing_has_nothing_to_learn():
    network = EditableFlowVae(load_config("tiny").model, code_size=3)

    with pytest.raises(ConfigError, match="tracks nothing"):
        learn_motion_alone(network)
