"""Which models are offered, and what is said when one is not there."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from fvae_studio import paths
from fvae_studio.errors import CheckpointError, DeviceError, ModelNotFoundError
from fvae_studio.model.checkpoint import save_checkpoint
from fvae_studio.model.device import resolve_device
from fvae_studio.model.registry import list_models, load_model
from tests.helpers.tiny_model import make_tiny_model


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Empty folders of shipped and of the user's models."""
    shipped, own = tmp_path / "resources" / "models", tmp_path / "own"
    shipped.mkdir(parents=True)
    own.mkdir()
    monkeypatch.setenv("FVAE_RESOURCES", str(tmp_path / "resources"))
    monkeypatch.setattr(paths, "user_models_dir", lambda: own)
    return shipped, own


def ship(folder: Path, name: str = "studio-1", **changes: Any) -> Path:
    """A shipped model and its manifest."""
    path = folder / f"{name}.safetensors"
    save_checkpoint(path, make_tiny_model())
    row = {
        "name": name,
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "title": "Studio",
        "description": "The one that ships.",
        "size_bytes": path.stat().st_size,
        "metrics": {"psnr_db": 27.5},
    } | changes
    (folder / "manifest.json").write_text(json.dumps({"schema": 1, "default": "studio-1", "models": [row]}))
    return path


def test_shipped_models_are_listed_before_the_users(folders: tuple[Path, Path]) -> None:
    shipped, own = folders
    ship(shipped)
    save_checkpoint(own / "mine.safetensors", make_tiny_model(seed=2))
    studio, mine = list_models()

    assert (studio.name, studio.title, studio.is_default, studio.is_shipped) == ("studio-1", "Studio", True, True)
    assert studio.metrics == {"psnr_db": 27.5}
    assert studio.size_bytes == studio.path.stat().st_size
    assert (mine.name, mine.is_default, mine.is_shipped) == ("mine", False, False)


def test_the_default_model_is_loaded_when_none_is_named(folders: tuple[Path, Path]) -> None:
    ship(folders[0])

    assert load_model().header == load_model("studio-1").header


def test_a_model_is_loaded_by_path(folders: tuple[Path, Path]) -> None:
    path = folders[1] / "mine.safetensors"
    save_checkpoint(path, make_tiny_model())

    assert load_model(path).header == load_model(str(path)).header == load_model("mine").header


def test_no_default_model_tells_what_to_do(folders: tuple[Path, Path]) -> None:
    with pytest.raises(ModelNotFoundError, match=r"--model.*fvae-train") as caught:
        load_model()

    assert str(folders[1]) in str(caught.value)
    assert list_models() == ()


def test_an_unknown_name_lists_the_known_ones(folders: tuple[Path, Path]) -> None:
    ship(folders[0])
    with pytest.raises(ModelNotFoundError, match=r"no model called 'studoi'; installed: studio-1"):
        load_model("studoi")


def test_a_missing_path_is_not_taken_for_a_name(folders: tuple[Path, Path]) -> None:
    with pytest.raises(ModelNotFoundError, match="no weights file at"):
        load_model(str(folders[1] / "none.safetensors"))


def test_a_listed_file_that_is_gone_is_not_offered(folders: tuple[Path, Path]) -> None:
    ship(folders[0]).unlink()

    assert list_models() == ()


def test_an_exchanged_file_is_refused(folders: tuple[Path, Path]) -> None:
    path = ship(folders[0])
    save_checkpoint(path, make_tiny_model(seed=2))
    with pytest.raises(CheckpointError, match="another checksum"):
        load_model()


def test_a_users_broken_file_is_left_out_and_logged(
    folders: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    ship(folders[0])
    (folders[1] / "broken.safetensors").write_bytes(b"no model")
    save_checkpoint(folders[1] / "studio-1.safetensors", make_tiny_model(seed=2))
    with caplog.at_level(logging.WARNING):
        models = list_models()

    assert [(info.name, info.is_shipped) for info in models] == [("studio-1", True)]
    assert "broken.safetensors" in caplog.text
    assert "name of a model that ships" in caplog.text


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"schema": 2, "default": "a", "models": []}', '{"schema": 1, "default": "a", "models": [{}]}'],
)
def test_a_damaged_manifest_is_named(folders: tuple[Path, Path], content: str) -> None:
    (folders[0] / "manifest.json").write_text(content)
    with pytest.raises(CheckpointError, match=r"manifest\.json"):
        list_models()


def test_a_manifest_cannot_point_outside_its_folder(folders: tuple[Path, Path]) -> None:
    ship(folders[0], file="../../own/evil.safetensors")
    with pytest.raises(CheckpointError, match="no file in that folder"):
        list_models()


def test_automatic_device_is_always_there() -> None:
    device = resolve_device()

    assert torch.zeros(1, device=device).device.type == device.partition(":")[0]
    assert resolve_device("cpu") == "cpu"


@pytest.mark.parametrize("told", ["cuda: Optional[str] = None\nhip: Optional[str] = None\n", None])
def test_processor_is_chosen_without_importing_a_pytorch_that_knows_nothing_else(tmp_path, told) -> None:
    """A torch that cannot be imported stands in the way; without `told` there is none at all."""
    if told is not None:
        (tmp_path / "torch").mkdir()
        (tmp_path / "torch" / "__init__.py").write_text("raise SystemExit('torch was imported')")
        (tmp_path / "torch" / "version.py").write_text(told)
    script = (
        "import importlib.util, sys; find = importlib.util.find_spec; sys.platform = 'linux'\n"
        "from fvae_studio.model import device\n"
        f"device.find_spec = find if {told is not None} else lambda name: None\n"
        "print(device.resolve_device('auto'), device.resolve_device('cpu'))"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}

    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)

    assert done.stdout.split() == ["cpu", "cpu"], done.stderr


def test_pytorch_that_knows_more_is_asked(tmp_path) -> None:
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("raise SystemExit('torch was imported')")
    (tmp_path / "torch" / "version.py").write_text("cuda: Optional[str] = '12.8'\nhip: Optional[str] = None\n")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}
    script = "from fvae_studio.model.device import resolve_device; resolve_device('auto')"

    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)

    assert "torch was imported" in done.stderr


def test_graphics_processor_needs_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fvae_studio.model.device.find_spec", lambda _name: None)

    for name in ("cuda", "mps"):
        with pytest.raises(DeviceError, match=f"{name} was asked for, but PyTorch.*not installed.*Choose auto or cpu"):
            resolve_device(name)
    assert resolve_device("auto") == "cpu"


@pytest.mark.parametrize("name", ["gpu", "", "cpu:1", "cuda:x", "CPU", "meta"])
def test_an_unknown_device_is_refused(name: str) -> None:
    with pytest.raises(DeviceError, match="choose auto, cpu, cuda or mps"):
        resolve_device(name)


def test_an_absent_device_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)

    for name in ("cuda", "cuda:0", "mps"):
        with pytest.raises(DeviceError, match="Choose auto or cpu"):
            resolve_device(name)
    assert resolve_device() == "cpu"
