"""Fine-tuning on nobody's photos, from prepared faces on: some steps, both comparisons, a model that loads."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from fvae_studio.errors import DataError
from fvae_studio.model.checkpoint import load_checkpoint
from tests.helpers.fake_faces import FakeDetector
from tests.helpers.tiny_model import make_tiny_model
from tests.trainer.conftest import Workplace
from trainer.config import load_config
from trainer.experiments.intervals import Interval
from trainer.finetune import Change, Outcome, finetune
from trainer.run_files import CHECKPOINT

CONFIG = load_config("tiny", ["train.batch_size=3"])


@pytest.fixture
def work(workplace: Workplace, tmp_path: Path) -> Path:
    """What the first three steps made."""
    shutil.copytree(workplace.folder, tmp_path / "work")
    return tmp_path / "work"


def test_finetuning_trains_compares_and_leaves_a_model(workplace, work):
    model = make_tiny_model()
    arguments = {"name": "mine", "facekit_archive": work / "none", "accelerator": "cpu", "num_steps": 3, "workers": 1}

    outcome = finetune(workplace.records, model, CONFIG, work, **arguments)

    tuned = load_checkpoint(outcome.model_file)
    assert tuned.header.config == model.header.config
    assert tuned.header.provenance[0] == model.header.provenance[0]
    assert "own photos" in tuned.header.provenance[-1]["name"]
    assert len(outcome.changes) == 2
    assert outcome.num_people == 1
    report = json.loads((work / "finetune.json").read_text())
    assert report["steps"] == 3
    assert {row["verdict"] for row in report["changes"]} <= {"better", "worse", "no clear difference"}
    assert "people who were kept out" in (work / "finetune.md").read_text()

    # The same command goes on from what is there, with the same schedule.
    before = (work / "run" / CHECKPOINT).stat().st_mtime_ns
    again = finetune(workplace.records, model, CONFIG, work, **(arguments | {"num_steps": 0, "minutes": 500.0}))
    assert again.num_steps == 3
    assert [(item.before, item.after) for item in again.changes] == [
        (item.before, item.after) for item in outcome.changes
    ]
    assert (work / "run" / CHECKPOINT).stat().st_mtime_ns >= before


def test_photos_of_one_person_are_refused_before_anything_is_made(workplace, tmp_path):
    only = [record for record in workplace.records if record.person == "people/a"]

    with pytest.raises(DataError, match="at least two people"):
        finetune(
            only,
            make_tiny_model(),
            CONFIG,
            tmp_path / "work",
            name="x",
            facekit_archive=tmp_path,
            detector=FakeDetector([]),
        )


def test_photos_without_neutral_faces_are_refused_before_training(workplace, work):
    index = work / "prepared" / "index.json"
    index.write_text(index.read_text().replace('"neutral"', '"neutre"'))

    with pytest.raises(DataError, match="labels neutre, smile"):
        finetune(workplace.records, make_tiny_model(), CONFIG, work, name="x", facekit_archive=work)


def change(low: float, high: float) -> Change:
    return Change("x", 1.0, 2.0, Interval((low + high) / 2, low, high))


@pytest.mark.parametrize(
    ("changes", "helped"),
    [
        ([change(0.1, 0.2), change(-0.1, 0.1)], True),
        ([change(0.1, 0.2), change(-0.2, -0.1)], False),
        ([change(-0.1, 0.1)], False),
        ([Change("x", 1.0, 2.0, Interval(1.0, float("nan"), float("nan")))], False),
    ],
)
def test_it_helped_where_something_is_better_and_nothing_is_worse(changes, helped):
    outcome = Outcome(Path("own.safetensors"), 3, 100, tuple(changes))

    assert outcome.helped is helped
    assert ("It helped" in outcome.to_markdown()) is helped
    assert ("worse:" in outcome.to_markdown()) is any(item.verdict == "worse" for item in changes)
