from __future__ import annotations

import json
import os
import time
from pathlib import Path

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from fvae_studio.errors import DataError
from tests.trainer.pairs import CODE_NAMES, make_shard, write_shards
from trainer.config import load_config
from trainer.dataset import PairTable
from trainer.loop import train
from trainer.run_files import FIGURES, STATUS
from trainer.shards import read_shards
from trainer.status import describe, read_status
from trainer.step import EditableFlowVae
from trainer.validation_pictures import STRENGTHS, show_held_out

RUNNING = {
    "schema": 1,
    "stage": "train",
    "state": "running",
    "step": 1000,
    "steps": 4000,
    "pairs_per_second": 24.0,
    "waiting_for_data": 0.02,
    "seconds_left": 3000.0,
    "losses": {"total": 1.5},
    "updated": 0.0,
    "note": "",
}


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("work")
    shards = write_shards(folder / "shards", make_shard(per_person=3))
    config = load_config("tiny", ["train.batch_size=3", "train.max_steps=26", "train.evaluate_every=13"])
    train(config, shards, folder / "run", accelerator="cpu")
    return folder / "run"


def written(folder: Path, status: dict[str, object], *rows: dict[str, float]) -> Path:
    (folder / STATUS).write_text(json.dumps(status))
    (folder / FIGURES).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_status_of_a_finished_run(run_dir):
    status = read_status(run_dir.parent)

    assert (status.stage, status.state, status.step, status.steps) == ("train", "finished", 26, 26)
    assert status.pairs_per_second > 0
    assert 0 <= status.waiting_for_data < 1
    assert status.latest["step"] == 26
    assert status.best["step"] in {13, 26}
    assert {"total", "end_point"} <= set(status.losses)
    assert json.loads(json.dumps(status.to_dict()))["step"] == 26


def test_status_tells_rate_time_left_and_the_best_so_far(tmp_path):
    rows = [{"step": step, "loss": loss} for step, loss in ((300, 0.5), (600, 0.2), (900, 0.4))]
    text = describe(read_status(written(tmp_path, RUNNING, *rows)))

    assert "running, step 1000 of 4000 (25%)" in text
    assert "24.0 pairs a second, 2.0% of the time waiting for data; 50 min left" in text
    assert "latest      step 900" in text
    assert "best so far step 600" in text


def test_run_that_was_not_heard_of_for_long_is_silent(tmp_path):
    written(tmp_path, RUNNING)
    long_ago = time.time() - 2000
    for path in tmp_path.iterdir():
        os.utime(path, (long_ago, long_ago))

    status = read_status(tmp_path)

    assert status.state == "silent"
    assert "the same command goes on" in describe(status)


def test_run_without_a_status_file_still_tells_its_figures(tmp_path):
    written(tmp_path, RUNNING, {"step": 300, "loss": 0.5})
    (tmp_path / STATUS).unlink()

    status = read_status(tmp_path)

    assert (status.state, status.step, status.latest["loss"]) == ("unknown", 300, 0.5)


def test_folder_without_a_run_is_named(tmp_path):
    with pytest.raises(DataError, match="no run in"):
        read_status(tmp_path)


def test_damaged_status_is_a_sentence(tmp_path):
    (tmp_path / STATUS).write_text('{"step": 1')

    with pytest.raises(DataError, match="cannot be read"):
        read_status(tmp_path)


def test_tensorboard_has_pictures_of_every_evaluation(run_dir):
    events = EventAccumulator(str(run_dir), size_guidance={"images": 0})
    events.Reload()

    assert [event.step for event in events.Images("pairs")] == [13, 26]
    assert [event.step for event in events.Scalars("held_out/loss")] == [13, 26]
    assert [event.step for event in events.Scalars("speed/waiting_for_data")] == [25]


def test_pictures_show_source_target_result_flow_and_confidence(tmp_path):
    table = PairTable(read_shards(write_shards(tmp_path, make_shard(per_person=3))), held_out=True)
    config = load_config("tiny")
    network = EditableFlowVae(config.model, code_size=len(CODE_NAMES)).eval()

    pictures = show_held_out(network, table, config.loss)

    count = min(3, len(table.real)) + 3
    assert pictures["pairs"].shape == (count * 128, 5 * 128, 3)
    source, target = (pictures["pairs"][:128, k * 128 : (k + 1) * 128].astype(int) for k in (0, 1))
    number, row = table.real[0]
    shard = table.shards[number]
    np.testing.assert_array_equal(source, shard.images[shard.source[row]])
    np.testing.assert_array_equal(target, shard.images[shard.target[row]])
    height, width, _ = pictures["sliders"].shape
    assert height % 128 == 0
    assert width == len(STRENGTHS) * 128
    # At strength 0 nothing moves: the program's promise.
    np.testing.assert_array_equal(pictures["sliders"][:128, 128:256], source)
