"""The training loop on pairs made by a formula: 128 px, the tiny networks, one core."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from fvae_studio.core.progress import CancelToken, NoProgress
from fvae_studio.errors import Cancelled, ConfigError, DataError
from fvae_studio.model.flow_vae import ConfidenceNet
from tests.trainer.pairs import CODE_NAMES, make_shard, write_shards
from trainer import loop, mask_loop, training_state
from trainer.config import TrainConfig, load_config
from trainer.dataset import PairTable
from trainer.loop import train
from trainer.mask_loop import train_mask
from trainer.run_files import BEST, CHECKPOINT
from trainer.schedule import learning_rate, make_optimizer, prior_share, total_steps, update_average
from trainer.shards import read_shards
from trainer.step import EditableFlowVae, FlowVaeStep
from trainer.training_state import load_state, save_state


def tiny(*overrides: str) -> TrainConfig:
    return load_config("tiny", ["optim.learning_rate=0.002", "train.seed=2", *overrides])


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shards(tmp_path_factory.mktemp("shards"), make_shard())


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory, shards: Path) -> Path:
    """A run of 20 steps."""
    folder = tmp_path_factory.mktemp("run")
    train(tiny(), shards, folder, accelerator="cpu")
    return folder


def fixed_loss(network: EditableFlowVae, shards: Path) -> float:
    """The total loss of the encoder path on training pairs, without noise."""
    table = PairTable(read_shards(shards), held_out=False)
    batch = table.batch(table.rendered[:12])
    step = FlowVaeStep(network, tiny().loss).eval()
    noise = torch.zeros(12, *network.vae.config.latent_shape)
    with torch.no_grad():
        return step(batch, batch, torch.zeros(12, dtype=torch.bool), noise, 1.0).total.item()


def fresh_network(config: TrainConfig) -> EditableFlowVae:
    torch.manual_seed(config.train.seed)
    return EditableFlowVae(config.model, code_size=len(CODE_NAMES))


def test_twenty_steps_lower_the_loss(run_dir, shards):
    network = fresh_network(tiny())
    before = fixed_loss(network, shards)
    network.load_state_dict(load_state(run_dir / CHECKPOINT, tiny())["network"])

    # Twenty steps are few; `test_step` shows that a single batch is learnt.
    assert fixed_loss(network, shards) < 0.995 * before


def test_run_writes_figures_of_every_evaluation(run_dir):
    rows = [json.loads(line) for line in (run_dir / "figures.jsonl").read_text().splitlines()]

    assert [row["step"] for row in rows] == [10, 20]
    for row in rows:
        assert {"end_point", "end_point_edit", "motion", "folds", "psnr_face", "unwarped_face", "loss"} <= set(row)
        assert all(math.isfinite(value) for value in row.values())
    assert any(path.name.startswith("events.out.tfevents") for path in run_dir.iterdir())


def test_checkpoint_holds_the_whole_configuration(run_dir):
    state = load_state(run_dir / CHECKPOINT, tiny())

    assert state["step"] == 20
    assert tuple(state["code_names"]) == CODE_NAMES
    assert TrainConfig.from_dict(json.loads(state["config"])) == tiny()


def test_same_seed_same_run(tmp_path, shards):
    config = tiny("train.max_steps=3")
    first, second = (train(config, shards, tmp_path / name, accelerator="cpu") for name in "ab")

    for name, value in first.state_dict().items():
        torch.testing.assert_close(second.state_dict()[name], value, atol=1e-6, rtol=1e-5, msg=name)


def test_finished_run_is_not_trained_further(run_dir, shards):
    before = (run_dir / CHECKPOINT).read_bytes()

    network = train(tiny(), shards, run_dir, accelerator="cpu")

    assert (run_dir / CHECKPOINT).read_bytes() == before
    torch.testing.assert_close(network.axes, load_state(run_dir / CHECKPOINT, tiny())["averaged"]["raw_axes"] * 5)


def test_resuming_goes_on_from_the_step_with_the_optimisers_memory(tmp_path, shards, monkeypatch):
    # An hour allowed, but the clock says it is over after the first step.
    train(tiny(), shards, tmp_path, accelerator="cpu", max_seconds=1e-9)
    stopped = load_state(tmp_path / CHECKPOINT, tiny())
    assert stopped["step"] == 1

    restored = []
    original = torch.optim.AdamW.load_state_dict

    def watch(self, state):  # type: ignore[no-untyped-def]
        restored.append(state)
        original(self, state)

    monkeypatch.setattr(torch.optim.AdamW, "load_state_dict", watch)
    train(tiny("train.max_steps=3"), shards, tmp_path, accelerator="cpu")

    resumed = load_state(tmp_path / CHECKPOINT, tiny())
    assert resumed["step"] == 3
    assert len(restored) == 1
    # Adam counts its own steps: one before, two after.
    counts = {int(entry["step"]) for entry in resumed["optimizer"]["state"].values()}
    assert counts == {3}


def test_fresh_run_ignores_the_checkpoint(tmp_path, shards):
    train(tiny(), shards, tmp_path, accelerator="cpu", max_seconds=1e-9)

    train(tiny("train.max_steps=2"), shards, tmp_path, accelerator="cpu", resume=False)

    counts = {int(e["step"]) for e in load_state(tmp_path / CHECKPOINT, tiny())["optimizer"]["state"].values()}
    assert counts == {2}


def test_killed_write_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / CHECKPOINT
    save_state(path, {"step": 1})
    before = path.read_bytes()

    def killed(state, file):  # type: ignore[no-untyped-def]  # noqa: ARG001
        file.write(b"half of a check")
        raise KeyboardInterrupt

    monkeypatch.setattr(training_state.torch, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        save_state(path, {"step": 2})

    assert path.read_bytes() == before


def test_cancelling_leaves_a_checkpoint(tmp_path, shards):
    token = CancelToken()
    token.cancel()

    with pytest.raises(Cancelled):
        train(tiny(), shards, tmp_path, accelerator="cpu", max_seconds=1e-9, progress=NoProgress(token))

    assert load_state(tmp_path / CHECKPOINT, tiny())["step"] == 1


def test_checkpoint_of_another_architecture_is_refused(run_dir, shards):
    with pytest.raises(ConfigError, match="another \\[model\\] table"):
        train(tiny("model.latent_channels=4"), shards, run_dir, accelerator="cpu")


def test_checkpoint_of_an_earlier_version_is_read(run_dir, tmp_path):
    state = load_state(run_dir / CHECKPOINT, tiny())
    config = json.loads(state["config"])
    for option in (
        "detail_channels",
        "refinements",
        "encoder_refinements",
        "matching_radius",
        "tracking_channels",
        "fine_tracking_channels",
        "tracks_contrast",
        "contrast_light",
    ):
        del config["model"][option]
    save_state(tmp_path / CHECKPOINT, state | {"config": json.dumps(config)})

    assert load_state(tmp_path / CHECKPOINT, tiny())["step"] == state["step"]


def test_checkpoint_of_another_optimiser_is_refused(run_dir, shards):
    with pytest.raises(ConfigError, match=r"optim\.method='adamw'.*--set optim\.method=adamw"):
        train(tiny("optim.method=adam"), shards, run_dir, accelerator="cpu")


def test_checkpoint_of_other_shapes_is_refused(run_dir, tmp_path):
    shard = make_shard(per_person=2)
    others = replace(shard, code_names=tuple(f"shape{number}" for number in range(len(shard.code_names))))

    with pytest.raises(ConfigError, match="expression shapes"):
        train(tiny(), write_shards(tmp_path, others), run_dir, accelerator="cpu")


def test_missing_checkpoint_says_what_to_run(tmp_path, shards):
    with pytest.raises(DataError, match="fvae-train train"):
        train_mask(tiny(), shards, tmp_path, accelerator="cpu")


@pytest.mark.parametrize("keep", [0, 10, 5000])
def test_damaged_checkpoint_is_a_sentence(tmp_path, run_dir, keep):
    (tmp_path / CHECKPOINT).write_bytes((run_dir / CHECKPOINT).read_bytes()[:keep])

    with pytest.raises(DataError, match="no training checkpoint"):
        load_state(tmp_path / CHECKPOINT, tiny())


def test_early_stopping_keeps_the_best_weights(tmp_path, shards, monkeypatch):
    seen = []
    losses = iter([3.0, 1.0, 2.0, 2.5, 0.0])

    def validate(network, table, *, by_pictures):  # type: ignore[no-untyped-def]  # noqa: ARG001
        assert not by_pictures
        seen.append(network.raw_axes.detach().clone())
        return {"loss": next(losses)}

    monkeypatch.setattr(loop, "validate", validate)
    config = tiny("train.early_stopping=true", "train.patience=2", "train.evaluate_every=1", "train.max_steps=50")
    network = train(config, shards, tmp_path, accelerator="cpu")

    # Better, better, worse, worse: stopped, with the second evaluation's weights.
    assert len(seen) == 4
    assert not torch.equal(seen[1], seen[3])
    assert torch.equal(network.raw_axes, seen[1])
    assert torch.equal(load_state(tmp_path / CHECKPOINT, config)["averaged"]["raw_axes"], seen[1])
    assert torch.load(tmp_path / BEST, weights_only=True)["step"] == 2


@pytest.mark.parametrize(("weight", "watches_pictures"), [(0.0, True), (1.0, False)])
def test_early_stopping_watches_what_the_network_was_taught(tmp_path, shards, monkeypatch, weight, watches_pictures):
    measured, real = [], loop.validate

    def validate(network, table, **options):  # type: ignore[no-untyped-def]
        measured.append(real(network, table, **options))
        return measured[-1]

    monkeypatch.setattr(loop, "validate", validate)
    config = tiny(f"loss.end_point_weight={weight}", "train.evaluate_every=1", "train.max_steps=1")
    train(config, shards, tmp_path, accelerator="cpu")

    (figures,) = measured
    assert (figures["loss"] == -figures["psnr_whole"]) == watches_pictures


def test_mask_training_learns_and_leaves_the_flow_network_alone(run_dir, shards):
    before = load_state(run_dir / CHECKPOINT, tiny())

    confidence = train_mask(tiny(), shards, run_dir, accelerator="cpu")

    after = load_state(run_dir / CHECKPOINT, tiny())
    assert after["mask_step"] == 10
    for name, value in before["averaged"].items():
        assert torch.equal(after["averaged"][name], value), name
    torch.manual_seed(tiny().train.seed)
    untrained = ConfidenceNet(tiny().model)
    image, latent = torch.zeros(1, 3, 128, 128), torch.zeros(1, *tiny().model.latent_shape)
    with torch.no_grad():
        # Everything is visible in these pairs: the network grows surer.
        flow = torch.zeros(1, 2, tiny().model.flow_size, tiny().model.flow_size)
        assert confidence(image, latent, flow).mean() > untrained.eval()(image, latent, flow).mean() + 0.05


@pytest.mark.parametrize(("name", "share"), [("studio", 1.0), ("paper", 0.0)])
def test_confidence_learns_from_the_pairs_that_its_configuration_names(
    name, share, run_dir, shards, tmp_path, monkeypatch
):
    (tmp_path / CHECKPOINT).write_bytes((run_dir / CHECKPOINT).read_bytes())
    data = load_config(name).data
    config = replace(tiny("train.mask_steps=20"), data=data)
    seen = []
    original = mask_loop.TrainingBatches

    def batches(table, config, *, seed):
        seen.append(config.data.rendered_share)
        return original(table, config, seed=seed)

    monkeypatch.setattr(mask_loop, "TrainingBatches", batches)
    train_mask(config, shards, tmp_path, accelerator="cpu", max_seconds=1e-9)

    assert seen == [share]


def test_mask_training_resumes(run_dir, shards, tmp_path):
    (tmp_path / CHECKPOINT).write_bytes((run_dir / CHECKPOINT).read_bytes())
    state = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    for key in ("confidence", "mask_step"):
        state.pop(key, None)
    save_state(tmp_path / CHECKPOINT, state)

    train_mask(tiny(), shards, tmp_path, accelerator="cpu", max_seconds=1e-9)
    assert load_state(tmp_path / CHECKPOINT, tiny())["mask_step"] == 1
    train_mask(tiny("train.mask_steps=3"), shards, tmp_path, accelerator="cpu")

    assert load_state(tmp_path / CHECKPOINT, tiny())["mask_step"] == 3


def test_cosine_schedule_warms_up_then_falls_to_a_hundredth():
    config = tiny("optim.schedule=cosine", "optim.learning_rate=1.0")
    rates = [learning_rate(config, step, 1000) for step in range(1, 1001)]

    assert rates[0] == pytest.approx(1 / 50)
    assert max(rates) == pytest.approx(1.0)
    assert rates.index(max(rates)) == 49
    assert rates[-1] == pytest.approx(0.01)
    assert rates[49:] == sorted(rates[49:], reverse=True)


def test_constant_schedule_is_constant():
    config = tiny("optim.schedule=constant", "optim.learning_rate=0.5")

    assert {learning_rate(config, step, 100) for step in (1, 50, 100)} == {0.5}


def test_prior_grows_over_the_first_half():
    config = tiny("loss.prior_start=0.1")

    assert prior_share(config, 0, 100) == pytest.approx(0.1)
    assert prior_share(config, 25, 100) == pytest.approx(0.55)
    assert prior_share(config, 50, 100) == prior_share(config, 100, 100) == 1.0
    assert prior_share(tiny("loss.prior_start=1.0"), 1, 100) == 1.0


def test_epochs_count_where_no_steps_are_given():
    config = tiny("train.max_steps=0", "train.max_epochs=3", "train.batch_size=8")

    assert total_steps(config, 80) == 30
    assert total_steps(config, 1) == 1
    assert total_steps(tiny("train.max_steps=7"), 80) == 7


def test_average_follows_weights_and_their_statistics_slowly():
    network, averaged = fresh_network(tiny()), fresh_network(tiny())
    with torch.no_grad():
        network.raw_axes.add_(1.0)
        statistic = next(value for name, value in network.named_buffers() if name.endswith("running_mean"))
        statistic.fill_(3.0)  # 0 in a fresh network
    start = averaged.raw_axes.detach().clone()

    update_average(averaged, network, 0.9)

    torch.testing.assert_close(averaged.raw_axes.detach(), start + 0.1)
    followed = next(value for name, value in averaged.named_buffers() if name.endswith("running_mean"))
    torch.testing.assert_close(followed, torch.full_like(followed, 0.3))


def test_average_without_decay_is_the_network():
    network, averaged = fresh_network(tiny()), fresh_network(tiny())
    with torch.no_grad():
        network.raw_axes.add_(1.0)
        for value in network.buffers():
            value += 2

    update_average(averaged, network, 0.0)

    state = averaged.state_dict()
    for name, value in network.state_dict().items():
        torch.testing.assert_close(state[name], value)


def test_axes_and_vectors_of_weights_do_not_decay():
    network = fresh_network(tiny())
    groups = make_optimizer(tiny("optim.weight_decay=0.1"), network).param_groups

    decays = {id(value): group["weight_decay"] for group in groups for value in group["params"]}
    assert len(decays) == len(list(network.parameters()))
    for name, value in network.named_parameters():
        assert decays[id(value)] == (0.1 if value.ndim > 1 and name != "raw_axes" else 0.0), name
    assert type(make_optimizer(tiny("optim.method=adam"), network)) is torch.optim.Adam


def test_configurations_of_half_precision_run_on_the_processor(tmp_path, shards):
    config = tiny("train.precision=bf16-mixed", "train.max_steps=1", "train.mask_steps=1", "train.evaluate_every=1")
    train(config, shards, tmp_path, accelerator="cpu")

    confidence = train_mask(config, shards, tmp_path, accelerator="cpu")

    state = load_state(tmp_path / CHECKPOINT, config)
    assert all(torch.isfinite(value).all() for value in state["network"].values())
    assert next(confidence.parameters()).dtype == torch.float32


def test_the_papers_losses_train_on_real_pairs_alone(tmp_path, shards):
    paper = load_config("paper", ["train.max_steps=2", "train.batch_size=3", "train.early_stopping=false"])
    config = replace(paper, model=tiny().model)

    train(config, shards, tmp_path, accelerator="cpu")

    state = load_state(tmp_path / CHECKPOINT, config)
    assert state["step"] == 2
    # Without an edit path W stays as it was.
    assert torch.equal(state["network"]["raw_axes"], fresh_network(config).raw_axes.detach())
