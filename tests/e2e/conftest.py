from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fvae_studio.cli import run
from fvae_studio.core.types import Face
from fvae_studio.model.checkpoint import save_checkpoint
from fvae_studio.pipeline import engine
from tests.helpers.fake_faces import FakeDetector, make_face, make_photo
from tests.helpers.tiny_model import make_tiny_model


@dataclass(frozen=True)
class Outcome:
    """What one command line left behind."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    save_checkpoint(path, make_tiny_model())
    return path


@pytest.fixture
def faces() -> list[Face]:
    """What the detector will find; a test may change the list."""
    return [make_face((160, 120), crop_px=150)]


@pytest.fixture
def cli(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], weights: Path, faces: list[Face]
) -> Callable[..., Outcome]:
    """Run a command line in this process, with the tiny model and the given faces."""
    monkeypatch.setattr(engine, "_make_detector", lambda: FakeDetector(faces))
    # The detector of another process would be the real one.
    monkeypatch.setattr("fvae_studio.cli.batch._fitting_jobs", lambda: 1)

    def call(command: str, *arguments: object, with_model: bool = True) -> Outcome:
        model = ["--model", str(weights), "--device", "cpu"] if with_model else []
        code = run([command, *map(str, arguments), *model])
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return call


@pytest.fixture
def jpeg(tmp_path: Path) -> Path:
    """A photo with EXIF, 320 x 240."""
    path = tmp_path / "portrait.jpg"
    exif = Image.Exif()
    exif[0x010E] = "a photo of nobody"
    Image.fromarray(make_photo(320, 240).pixels).save(path, quality=90, exif=exif)
    return path


@pytest.fixture
def png(tmp_path: Path) -> Path:
    path = tmp_path / "portrait.png"
    Image.fromarray(make_photo(320, 240).pixels).save(path)
    return path


def pixels(path: Path) -> np.ndarray:  # type: ignore[type-arg]
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))
