"""On a processor the program needs no PyTorch: commands run where it cannot be imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from PIL import Image

from fvae_studio import paths

_PROGRAM = """
import sys
for name in ("torch", "torchvision", "lightning_fabric"):
    sys.modules[name] = None  # `import` says that there is none
from fvae_studio.cli import run
sys.exit(run(sys.argv[1:]))
"""


def run_without(*arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *map(str, arguments)],
        env=os.environ | {"COLUMNS": "200"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def sample():
    path = paths.samples_dir() / "ada_neutral.jpg"
    if not path.exists():
        pytest.skip("no sample photos in resources/samples")
    return path


def test_edit(sample, tmp_path):
    report = json.loads(run_without("edit", sample, "--set", "smile=0.8", "-o", tmp_path / "a.jpg", "--json"))

    assert report["changed"]
    with Image.open(sample) as before, Image.open(tmp_path / "a.jpg") as after:
        assert before.size == after.size


def test_in_betweens(sample, tmp_path):
    smiling = sample.with_name("ada_smile.jpg")
    run_without("interpolate", sample, smiling, "--steps", 3, "--size", 320, "-o", tmp_path / "frames")

    assert len(list((tmp_path / "frames").iterdir())) == 3


def test_list_of_models():
    assert "smile" in run_without("models")


def test_graphics_processor_is_refused_in_one_sentence(sample, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, "edit", sample, "-s", "smile=1", "--device", "cuda", "-o", tmp_path / "a.jpg"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert "PyTorch" in done.stderr
    assert "Traceback" not in done.stderr
