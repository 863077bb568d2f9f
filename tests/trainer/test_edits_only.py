"""What is learnt of edits alone leaves latents as they are."""

from __future__ import annotations

import pytest
import torch

from fvae_studio.errors import ConfigError
from tests.trainer.pairs import make_batch, make_shard, write_shards
from trainer.config import load_config
from trainer.edits_only import EditsStep, learn_edits_alone
from trainer.loop import train
from trainer.step import EditableFlowVae, FlowVaeStep

OPTIONS = [
    "model.detail_channels=[3, 2, 2]",
    "model.tracking_channels=3",
    "model.fine_tracking_channels=2",
    "model.tracks_contrast=true",
    "train.learns=edits",
    "train.max_steps=3",
    "train.ema=0.5",
    "optim.learning_rate=0.01",
    "loss.edit_weight=0.5",
]


@pytest.fixture(scope="module")
def config():
    return load_config("tiny", OPTIONS)


@pytest.fixture
def network(config):
    torch.manual_seed(config.train.seed)
    return EditableFlowVae(config.model, code_size=len(make_shard().code_names)).eval()


def test_latents_of_photos_stay_as_they_are_and_edits_do_not(config, network, tmp_path):
    batch = make_batch()

    after = train(config, write_shards(tmp_path / "shards", make_shard()), tmp_path / "run", accelerator="cpu")

    with torch.inference_mode():
        own, trained = (one.vae.encode(batch.source)[0] for one in (network, after))
        edits = [
            one.vae.decode(one.vae.source_features(batch.source, own), own + one.offset(batch.code))
            for one in (network, after)
        ]
    assert torch.equal(own, trained)
    assert not torch.equal(*edits)
    assert not torch.equal(network.raw_axes, after.raw_axes)
    for name, doubt in network.vae.decoder.tracking.named_parameters():
        assert torch.equal(doubt, after.vae.decoder.tracking.get_parameter(name)), name


@pytest.mark.parametrize("edited", [0, 3, 8])
def test_what_is_decoded_is_what_is_decoded_where_everything_learns(config, network, edited):
    batch = make_batch(count=8)
    use_edit = torch.arange(8) < edited
    noise = torch.randn(8, *config.model.latent_shape, generator=torch.Generator().manual_seed(2))
    arguments = (batch, batch, use_edit, noise, 1.0)

    with torch.inference_mode():
        all_learns, edits_learn = (kind(network, config.loss)(*arguments) for kind in (FlowVaeStep, EditsStep))

    for name in ("reconstruction", "end_point", "gradient", "fold"):
        torch.testing.assert_close(getattr(edits_learn, name), getattr(all_learns, name), rtol=1e-4, atol=1e-6)
    assert edits_learn.prior == 0
    assert edits_learn.tracking == 0


def test_a_training_without_edits_is_refused(network):
    config = load_config("tiny", ["loss.edit_weight=0.0"])

    with pytest.raises(ConfigError, match="edit_weight is 0"):
        learn_edits_alone(network, config.loss)
