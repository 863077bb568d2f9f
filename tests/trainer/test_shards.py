from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from fvae_studio.errors import DataError, TemplateMismatchError
from tests.trainer.pairs import make_shard, write_shards
from trainer.shards import find_shards, read_shard, read_shards, write_shard


@pytest.fixture(scope="module")
def shard():
    return make_shard(per_person=2)


def test_shard_survives_writing(tmp_path, shard):
    write_shard(tmp_path / "a", shard)

    again = read_shard(tmp_path / "a")

    assert len(again) == len(shard)
    for name, value in vars(shard).items():
        np.testing.assert_array_equal(getattr(again, name), value, err_msg=name)


def test_big_arrays_are_mapped_not_read(tmp_path, shard):
    write_shard(tmp_path / "a", shard)

    again = read_shard(tmp_path / "a")

    assert isinstance(again.images, np.memmap)
    assert isinstance(again.flows, np.memmap)
    assert isinstance(again.visible, np.memmap)


@pytest.mark.parametrize("missing", ["shard.json", "pairs.npz", "images.npy", "flows.npy", "visible.npy"])
def test_unfinished_folder_says_what_to_run(tmp_path, shard, missing):
    write_shard(tmp_path / "a", shard)
    (tmp_path / "a" / missing).unlink()

    with pytest.raises(DataError, match="fvae-train render"):
        read_shard(tmp_path / "a")


@pytest.mark.parametrize("broken", ["shard.json", "pairs.npz", "images.npy"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 nonsense", b"{}"])
def test_damaged_file_is_no_crash(tmp_path, shard, broken, content):
    write_shard(tmp_path / "a", shard)
    (tmp_path / "a" / broken).write_bytes(content)

    with pytest.raises(DataError, match="no finished shard"):
        read_shard(tmp_path / "a")


def test_shard_of_another_template_is_refused(tmp_path, shard):
    write_shard(tmp_path / "a", shard)
    path = tmp_path / "a" / "shard.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"template": "other-1"}))

    with pytest.raises(TemplateMismatchError, match="other-1"):
        read_shard(tmp_path / "a")


def test_folder_is_unfinished_while_it_is_written_again(tmp_path, shard, monkeypatch):
    write_shard(tmp_path / "a", shard)

    def full_disk(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(OSError, match="no space"):
        write_shard(tmp_path / "a", replace(shard, persons=("somebody", "else", "now")))

    assert find_shards(tmp_path) == []


def test_only_finished_shards_are_found_in_order_of_their_names(tmp_path, shard):
    write_shards(tmp_path, shard, shard)
    (tmp_path / "r").mkdir()

    assert [folder.name for folder in find_shards(tmp_path)] == ["s0", "s1"]
    assert find_shards(tmp_path / "s1") == [tmp_path / "s1"]


def test_folder_without_shards_says_what_to_run(tmp_path):
    with pytest.raises(DataError, match="fvae-train render"):
        read_shards(tmp_path)
