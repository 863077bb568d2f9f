"""Runs that are killed, interrupted, diverge, or meet a full disk."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from fvae_studio.core.progress import NoProgress
from fvae_studio.errors import Cancelled, TrainingError
from tests.trainer.pairs import make_shard, write_shards
from trainer import training_state
from trainer.batches import TrainingBatches
from trainer.config import TrainConfig, load_config
from trainer.loop import train
from trainer.mask_loop import train_mask
from trainer.run_files import CHECKPOINT, CONFIG, FIGURES, STATUS, read_figures
from trainer.training import MOST_ROLLBACKS, Training
from trainer.training_state import load_state, save_state

needs_fork = pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="a process to be killed is forked here"
)


def tiny(*overrides: str) -> TrainConfig:
    base = ["train.batch_size=3", "train.max_steps=5", "train.evaluate_every=2", "data.drift=0.5"]
    return load_config("tiny", [*base, *overrides])


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shards(tmp_path_factory.mktemp("shards"), make_shard(per_person=3))


class Lines(NoProgress):
    """Keeps what is told."""

    def __init__(self) -> None:
        super().__init__()
        object.__setattr__(self, "lines", [])

    lines: list[str]

    def report(self, fraction: float, stage: str = "") -> None:  # noqa: ARG002 (the protocol's signature)
        self.lines.append(stage)


def in_a_process(work: Callable[[], None]) -> int:
    """Exit code of a process that does this; minus the signal's number where one killed it."""
    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def same(one: object, other: object) -> bool:
    """Bit for bit, through dictionaries and lists."""
    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and torch.equal(one, other)
    if isinstance(one, dict):
        return isinstance(other, dict) and one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(same, one, other))
    return one == other


@needs_fork
@pytest.mark.parametrize("save_minutes", [10.0, 0.0], ids=["saved at evaluations", "saved at every step"])
def test_killed_and_resumed_run_is_the_same_bit_for_bit(tmp_path, shards, save_minutes):
    config = tiny(f"train.save_minutes={save_minutes}", "train.accumulate=2")
    train(config, shards, tmp_path / "whole", accelerator="cpu")
    original = Training.take_step

    def killed() -> None:
        def take_step(self: Training, stream: object) -> object:
            if self.step == 3:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(self, stream)  # type: ignore[arg-type]

        Training.take_step = take_step  # type: ignore[method-assign,assignment]
        train(config, shards, tmp_path / "killed", accelerator="cpu")

    assert in_a_process(killed) == -signal.SIGKILL
    assert load_state(tmp_path / "killed" / CHECKPOINT, config)["step"] == (3 if save_minutes == 0 else 2)
    # Other random numbers than the first process had.
    torch.manual_seed(12345)
    train(config, shards, tmp_path / "killed", accelerator="cpu")

    whole, resumed = (load_state(tmp_path / name / CHECKPOINT, config) for name in ("whole", "killed"))
    assert whole["step"] == 5
    assert same(whole, resumed)
    assert read_figures(tmp_path / "whole" / FIGURES) == read_figures(tmp_path / "killed" / FIGURES)


@needs_fork
def test_killed_and_resumed_mask_training_is_the_same_bit_for_bit(tmp_path, shards):
    config = tiny("train.max_steps=1", "train.mask_steps=4", "train.evaluate_every=100")
    train(config, shards, tmp_path / "whole", accelerator="cpu")
    (tmp_path / "halves").mkdir()
    (tmp_path / "halves" / CHECKPOINT).write_bytes((tmp_path / "whole" / CHECKPOINT).read_bytes())
    train_mask(config, shards, tmp_path / "whole", accelerator="cpu")

    train_mask(config, shards, tmp_path / "halves", accelerator="cpu", max_seconds=1e-9)
    assert load_state(tmp_path / "halves" / CHECKPOINT, config)["mask_step"] == 1
    train_mask(config, shards, tmp_path / "halves", accelerator="cpu")

    assert same(*(load_state(tmp_path / name / CHECKPOINT, config) for name in ("whole", "halves")))


@needs_fork
def test_kill_in_the_middle_of_saving_leaves_the_last_checkpoint_whole(tmp_path):
    path = tmp_path / CHECKPOINT
    config = tiny()
    state = {"config": json.dumps(config.to_dict()), "weights": torch.arange(100_000)}
    save_state(path, state | {"step": 1})

    def killed() -> None:
        def save(values: object, file: object) -> None:  # noqa: ARG001
            file.write(path.read_bytes()[:50_000])  # type: ignore[attr-defined]
            file.flush()  # type: ignore[attr-defined]
            os.kill(os.getpid(), signal.SIGKILL)

        training_state.torch.save = save  # type: ignore[assignment]
        save_state(path, state | {"step": 2})

    assert in_a_process(killed) == -signal.SIGKILL

    assert load_state(path, config)["step"] == 1
    assert torch.equal(load_state(path, config)["weights"], state["weights"])
    save_state(path, state | {"step": 3})
    assert load_state(path, config)["step"] == 3
    assert [file.name for file in tmp_path.iterdir()] == [CHECKPOINT]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_stops_after_the_step_with_a_checkpoint(tmp_path, shards, monkeypatch, number):
    config, original = tiny("train.evaluate_every=100"), Training.take_step

    def take_step(self, stream):  # type: ignore[no-untyped-def]
        if self.step == 1:
            signal.raise_signal(number)
        return original(self, stream)

    monkeypatch.setattr(Training, "take_step", take_step)
    before = signal.getsignal(number)
    with pytest.raises(Cancelled, match="step 2 with a checkpoint"):
        train(config, shards, tmp_path, accelerator="cpu")

    assert load_state(tmp_path / CHECKPOINT, config)["step"] == 2
    assert json.loads((tmp_path / STATUS).read_text())["state"] == "stopped"
    assert signal.getsignal(number) is before


def poison(monkeypatch: pytest.MonkeyPatch, *, batch: int, times: int) -> None:
    """The noise of one batch is no number, the first few times that it is asked for."""
    original, left = TrainingBatches.__getitem__, [times]

    def get(self, number):  # type: ignore[no-untyped-def]
        prepared = original(self, number)
        if number == batch and left[0]:
            left[0] -= 1
            return prepared._replace(
                noise=torch.full_like(prepared.noise, torch.nan), use_edit=torch.zeros_like(prepared.use_edit)
            )
        return prepared

    monkeypatch.setattr(TrainingBatches, "__getitem__", get)


def test_training_that_diverges_goes_back_with_half_the_rate_and_says_so(tmp_path, shards, monkeypatch):
    config, lines = tiny(), Lines()
    poison(monkeypatch, batch=2, times=1)

    network = train(config, shards, tmp_path, accelerator="cpu", progress=lines)

    state = load_state(tmp_path / CHECKPOINT, config)
    assert state["step"] == 5
    assert state["rate_share"] == 0.5
    assert all(value.isfinite().all() for value in network.state_dict().values())
    assert [line for line in lines.lines if "no number" in line] == [
        "no number at step 4: back to step 2 with 0.5 of the learning rate"
    ]


def test_training_that_always_diverges_ends_with_a_whole_checkpoint(tmp_path, shards, monkeypatch):
    config = tiny()
    poison(monkeypatch, batch=2, times=100)

    with pytest.raises(TrainingError, match=r"no number 6 times.*step 2 is whole.*optim\.learning_rate"):
        train(config, shards, tmp_path, accelerator="cpu")

    assert MOST_ROLLBACKS == 5
    state = load_state(tmp_path / CHECKPOINT, config)
    assert state["step"] == 2
    assert all(value.isfinite().all() for value in state["network"].values())


def fill_the_disk(monkeypatch: pytest.MonkeyPatch, saves: set[int]) -> None:
    """The saves of these numbers find no space."""
    original, count = os.fsync, [0]

    def fsync(file: int) -> None:
        count[0] += 1
        if count[0] in saves:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        original(file)

    monkeypatch.setattr(training_state.os, "fsync", fsync)


def test_full_disk_does_not_stop_a_training(tmp_path, shards, monkeypatch):
    config, lines = tiny(), Lines()
    fill_the_disk(monkeypatch, {2})

    train(config, shards, tmp_path, accelerator="cpu", progress=lines)

    assert load_state(tmp_path / CHECKPOINT, config)["step"] == 5
    told = [line for line in lines.lines if "No space left on device" in line]
    assert len(told) == 1
    assert "the one before it is whole" in told[0]
    assert not list(tmp_path.glob("*.tmp"))


def test_last_state_that_cannot_be_saved_is_an_error_and_the_one_before_it_is_whole(tmp_path, shards, monkeypatch):
    config = tiny()
    fill_the_disk(monkeypatch, {4})

    with pytest.raises(TrainingError, match="No space left on device"):
        train(config, shards, tmp_path, accelerator="cpu")
    assert load_state(tmp_path / CHECKPOINT, config)["step"] == 4
    assert json.loads((tmp_path / STATUS).read_text())["state"] == "failed"

    train(config, shards, tmp_path, accelerator="cpu")
    assert load_state(tmp_path / CHECKPOINT, config)["step"] == 5


def test_folder_that_cannot_be_saved_to_is_told_before_the_first_step(tmp_path, shards, monkeypatch):
    fill_the_disk(monkeypatch, {1})

    with pytest.raises(TrainingError, match="there is none before it"):
        train(tiny(), shards, tmp_path, accelerator="cpu")


def test_log_that_cannot_be_written_does_not_stop_a_training(tmp_path, shards):
    config, lines = tiny("train.max_steps=2"), Lines()
    (tmp_path / FIGURES).mkdir()

    train(config, shards, tmp_path, accelerator="cpu", progress=lines)

    assert load_state(tmp_path / CHECKPOINT, config)["step"] == 2
    assert sum("log cannot be written" in line for line in lines.lines) == 1


def test_checkpoint_of_the_version_before_resumes(tmp_path, shards):
    config = tiny("train.max_steps=3")
    train(tiny("train.max_steps=2"), shards, tmp_path, accelerator="cpu")
    state = load_state(tmp_path / CHECKPOINT, config)
    # What it did not have.
    del state["rate_share"]
    saved = json.loads(state["config"])
    for name in ("accumulate", "save_minutes", "compile", "channels_last", "workers"):
        del saved["train"][name]
    save_state(tmp_path / CHECKPOINT, state | {"config": json.dumps(saved)})

    train(config, shards, tmp_path, accelerator="cpu")

    assert load_state(tmp_path / CHECKPOINT, config)["step"] == 3


def test_run_keeps_its_configuration(tmp_path, shards):
    config = tiny("train.max_steps=1")
    train(config, shards, tmp_path, accelerator="cpu")

    assert TrainConfig.from_dict(json.loads((tmp_path / CONFIG).read_text())) == config


def test_half_written_figures_are_dropped_when_a_run_goes_on(tmp_path, shards):
    train(tiny("train.max_steps=2"), shards, tmp_path, accelerator="cpu")
    with (tmp_path / FIGURES).open("a") as file:
        file.write('{"step": 4, "loss": 1.0}\n{"step": 6, "lo')

    train(tiny(), shards, tmp_path, accelerator="cpu")

    assert [json.loads(line)["step"] for line in (tmp_path / FIGURES).read_text().splitlines()] == [2, 4, 5]


@pytest.mark.slow
def test_two_processes_take_the_steps_of_one_that_accumulates(tmp_path, shards):
    options = ["train.batch_size=3", "train.max_steps=4", "train.evaluate_every=4", "data.drift=0.5"]

    def run(name: str, *more: str, devices: int = 1) -> dict[str, torch.Tensor]:
        settings = [text for option in (*options, *more) for text in ("--set", option)]
        command = [sys.executable, "-m", "trainer", "train", "--config", "tiny", "--accelerator", "cpu", *settings]
        command += ["--work", str(tmp_path / name), "--shards", str(shards), "--devices", str(devices)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        weights: dict[str, torch.Tensor] = load_state(tmp_path / name / "run" / CHECKPOINT, tiny())["network"]
        return weights

    one, two = run("one", "train.accumulate=2"), run("two", devices=2)

    # Sums in another order, then four steps of Adam, which divides small gradients by themselves. The statistics of the
    # batch normalisation are those of the first process's batches.
    for name, value in one.items():
        if "running" not in name and "num_batches" not in name:
            torch.testing.assert_close(two[name], value, atol=2e-5, rtol=1e-4, msg=name)
    status = [json.loads((tmp_path / name / "run" / STATUS).read_text()) for name in ("one", "two")]
    assert [entry["step"] for entry in status] == [4, 4]


@pytest.mark.slow
# torch's own compiler uses what torch deprecates.
@pytest.mark.filterwarnings("ignore")
def test_compiled_step_has_the_same_losses(tmp_path, shards):
    # Few terms: every one of them takes the compiler many seconds.
    few = ("loss.coherence_weight=0.0", "loss.fold_weight=0.0", "loss.latent_weight=0.0", "train.max_steps=2")
    config, compiled = tiny(*few), tiny(*few, "train.compile=true")
    try:
        train(compiled, shards, tmp_path / "compiled", accelerator="cpu")
    except TrainingError as error:
        pytest.skip(str(error))
    train(config, shards, tmp_path / "plain", accelerator="cpu")

    plain, fast = (read_figures(tmp_path / name / FIGURES)[0] for name in ("plain", "compiled"))
    assert fast == pytest.approx(plain, rel=1e-3, abs=1e-3)
