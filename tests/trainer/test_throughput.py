from __future__ import annotations

import json

import pytest

from tests.trainer.pairs import make_shard, write_shards
from trainer.config import load_config
from trainer.shards import read_shard
from trainer.throughput import has_shards, measure_throughput, noise_shard


def test_measures_rate_waiting_memory_and_the_convolutions(tmp_path):
    shards = write_shards(tmp_path, make_shard(per_person=2))

    found = measure_throughput(
        load_config("tiny", ["train.batch_size=2", "train.accumulate=2"]), shards, accelerator="cpu", num_steps=2
    )

    assert found.pairs_per_second > 0
    assert 0 < found.waiting_for_data < 1
    assert found.memory_mb > 50
    assert found.share_of_alone == pytest.approx(found.pairs_per_second / found.alone_pairs_per_second)
    assert json.loads(json.dumps(found.to_dict()))["batch_size"] == 2
    assert "pairs a second" in found.describe()


def test_noise_stands_in_for_shards(tmp_path):
    assert not has_shards(tmp_path)
    noise_shard(tmp_path / "noise", num_pairs=4)

    assert has_shards(tmp_path)
    shard = read_shard(tmp_path / "noise")
    assert len(shard) == 4
    assert not shard.held_out.any()
