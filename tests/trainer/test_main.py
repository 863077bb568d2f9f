"""`fvae-train` as it is typed."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from trainer import __main__ as command_line
from trainer.__main__ import MALLOC_SETTINGS

COMMANDS = (
    *("datasets", "prepare", "fit-faces", "render", "train", "train-mask", "status", "evaluate", "release", "sheet"),
    *("samples", "bench", "finetune", "direction", "train-glasses"),
)
EXPERIMENTS = ("table1", "figure4", "figure5", "figure6", "figure7", "limits", "study")


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a command line in this process; gives exit code, standard output and standard error."""
    # As if the process had been started again with them.
    for name, value in MALLOC_SETTINGS.items():
        monkeypatch.setenv(name, value)

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["fvae-train", *map(str, arguments)])
        try:
            command_line.main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_module_starts_and_lists_its_commands_without_torch():
    check = "import sys, trainer.__main__ as m; assert 'torch' not in sys.modules and 'mediapipe' not in sys.modules"
    subprocess.run([sys.executable, "-c", check], check=True, timeout=60)
    done = subprocess.run(
        [sys.executable, "-m", "trainer", "--help"], capture_output=True, text=True, check=True, timeout=60
    )

    for command in COMMANDS + EXPERIMENTS:
        assert f" {command} " in done.stdout


@pytest.mark.parametrize("command", COMMANDS + EXPERIMENTS)
def test_every_command_explains_itself(run, command):
    code, out, _ = run(command, "--help")

    assert code == 0
    assert "Usage" in out


def one_sentence(error: str) -> str:
    lines = [line for line in error.splitlines() if line.strip()]
    assert len(lines) == 1, error
    assert lines[0].startswith("fvae-train: ")
    assert "Traceback" not in error
    return lines[0]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("prepare", "--data", "{}/nowhere"), "no training data found"),
        (("prepare", "--data", "{}"), "no photos found in"),
        (("fit-faces", "--data", "{}"), "run `fvae-train prepare` first"),
        (("render",), "run `fvae-train prepare` first"),
        (("prepare", "--dataset", "nobody", "--data", "{}"), "no data set called 'nobody'"),
        (("prepare", "--dataset", "folders", "--data", "{}/nowhere"), "there is no"),
        (("prepare", "--dataset", "folders", "--data", "{}"), "no photos found in"),
        (("finetune", "{}"), "no photos found in"),
        (("status", "{}"), "there is no run in"),
        (("direction", "--from", "{}/a", "--to", "{}/b", "--name", "x y", "-o", "{}/x"), "there is no folder"),
        (("train", "--config", "tiny"), "run `fvae-train render` first"),
        (("train", "--config", "huge"), "no configuration 'huge'"),
        (("train", "--set", "train.max_stepz=1"), "unknown option 'max_stepz'"),
        (("train-mask", "--config", "tiny"), "run `fvae-train train` first"),
        (("evaluate",), "run `fvae-train prepare` first"),
        (("release",), "run `fvae-train evaluate` first"),
        (("sheet",), "there is no checkpoint|run `fvae-train prepare` first"),
        (("table1", "--model", "studio-21"), "run `fvae-train prepare` first"),
        (("figure6", "--model", "studio-21"), "run `fvae-train prepare` first"),
        (("samples", "--data", "{}/nowhere"), "no training data found"),
    ],
)
def test_missing_input_is_one_sentence_and_exit_code_1(run, tmp_path, arguments, sentence):
    filled = [argument.format(tmp_path) for argument in arguments]
    work = [] if arguments[0] in {"samples", "status", "direction"} else ["--work", tmp_path / "work"]

    code, _, error = run(*filled, *work)

    assert code == 1
    assert any(part in one_sentence(error) for part in sentence.split("|"))


def test_fits_are_needed_before_rendering(run, workplace, tmp_path):
    (tmp_path / "prepared").symlink_to(workplace.prepared)

    code, _, error = run("render", "--work", tmp_path)

    assert code == 1
    assert "fvae-train fit-faces" in one_sentence(error)


def test_face_model_is_needed_before_fitting(run, workplace, tmp_path):
    (tmp_path / "prepared").symlink_to(workplace.prepared)

    code, _, error = run("fit-faces", "--work", tmp_path, "--data", tmp_path)

    assert code == 1
    assert "no FaceKit archive" in one_sentence(error)


def test_mask_needs_a_checkpoint_of_the_same_architecture(run, workplace, tmp_path):
    (tmp_path / "shards").symlink_to(workplace.shards)
    config = ("--config", "tiny", "--set", "train.max_steps=1", "--accelerator", "cpu")
    code, _, _ = run("train", "--work", tmp_path, *config)
    assert code == 0
    assert (tmp_path / "run" / "checkpoint.pt").exists()

    code, _, error = run("train-mask", "--work", tmp_path, *config, "--set", "model.latent_channels=4")

    assert code == 1
    assert "another [model] table" in one_sentence(error.splitlines()[-1])


def test_full_disk_is_a_sentence(run, monkeypatch, workplace, tmp_path):
    (tmp_path / "prepared").symlink_to(workplace.prepared)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "fits.npz")

    monkeypatch.setattr("trainer.facekit.fit.FaceFits.save", full)
    monkeypatch.setattr("trainer.facekit.fit.STEPS", 1, raising=False)
    (tmp_path / "facekit.npz").symlink_to(workplace.folder / "facekit.npz")
    code, _, error = run("fit-faces", "--work", tmp_path)

    assert code == 1
    assert "fits.npz cannot be written (No space left on device)" in one_sentence(error.splitlines()[-1])


def test_unknown_command_is_a_usage_error(run):
    code, _, error = run("trainer")

    assert code == 2
    assert "trainer" in error


def test_training_starts_again_with_the_allocators_settings(monkeypatch):
    started = []

    def execve(program: str, arguments: list[str], environment: dict[str, str]) -> None:
        started.append((program, arguments, environment))
        raise SystemExit(0)

    monkeypatch.setattr(command_line.os, "execve", execve)
    monkeypatch.setattr(sys, "argv", ["fvae-train", "train", "--work", "x"])
    monkeypatch.setattr(sys, "platform", "linux")
    for name in MALLOC_SETTINGS:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SystemExit):
        command_line.main()

    (_, arguments, environment) = started[0]
    assert arguments[1:] == ["-m", "trainer", "train", "--work", "x"]
    assert MALLOC_SETTINGS.items() <= environment.items()


def test_terminal_bar_goes_to_standard_error_and_lines_to_a_log(monkeypatch, capsys):
    with command_line.line_progress() as progress:
        progress.report(0.5, "half")
        part = progress.subrange(0.5, 0.5)
        part.report(0.5, "end_point 1.0")

    captured = capsys.readouterr()
    assert captured.out == ""
    assert "50.0% half" in captured.err
    assert "75.0% end_point 1.0" in captured.err

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with command_line.line_progress() as progress:
        progress.report(0.5, "half")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "half" in captured.err


def test_only_the_named_folder_of_data_is_taken(tmp_path, monkeypatch):
    monkeypatch.setenv("FVAE_DATA", str(tmp_path))

    assert command_line.data_folder(None) == tmp_path
    with pytest.raises(command_line.DataError):
        command_line.data_folder(Path("no/such/folder"))
