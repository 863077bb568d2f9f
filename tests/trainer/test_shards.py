from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from numpy.lib.format import open_memmap

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


def test_shard_is_whole_where_the_disk_is_full_when_it_is_written_again(tmp_path, shard, monkeypatch):
    write_shard(tmp_path / "a", shard)

    def full_disk(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(OSError, match="no space"):
        write_shard(tmp_path / "a", replace(shard, persons=("somebody", "else", "now")))

    assert read_shard(tmp_path / "a").persons == shard.persons
    assert not list((tmp_path / "a").glob("*.part"))


def test_folder_is_unfinished_while_files_take_their_places(tmp_path, shard, monkeypatch):
    write_shard(tmp_path / "a", shard)

    def killed(self, target):  # type: ignore[no-untyped-def]  # noqa: ARG001
        raise KeyboardInterrupt

    monkeypatch.setattr(type(tmp_path), "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        write_shard(tmp_path / "a", shard)

    assert find_shards(tmp_path) == []


def test_only_finished_shards_are_found_in_order_of_their_names(tmp_path, shard):
    write_shards(tmp_path, shard, shard)
    (tmp_path / "r").mkdir()

    assert [folder.name for folder in find_shards(tmp_path)] == ["s0", "s1"]
    assert find_shards(tmp_path / "s1") == [tmp_path / "s1"]


def test_folder_without_shards_says_what_to_run(tmp_path):
    with pytest.raises(DataError, match="fvae-train render"):
        read_shards(tmp_path)


LARGE_SET = """
import resource, sys
from pathlib import Path
import numpy as np
from numpy.lib.format import open_memmap
from trainer.batches import TrainingBatches
from trainer.config import load_config
from trainer.dataset import PairTable
from trainer.shards import read_shard

folder, count = Path(sys.argv[1]), int(sys.argv[2])
shard = read_shard(folder)
table = PairTable([shard], held_out=False)
batches = TrainingBatches(table, load_config("tiny"), seed=1)
batches[0]
# Address space that may be taken beside what is mapped: far less than the set needs.
used = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_DATA, (used + 200 * 2**20, resource.RLIM_INFINITY))
total = sum(float(batches[number].seen.code.sum()) for number in range(20))
print(len(table), total)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit a process's own memory")
def test_set_larger_than_the_memory_that_may_be_taken_is_loaded(tmp_path, shard):
    # Holes in files read as zeros and take no space on the disk: 30,000 pairs need 3 GB, of which 200 MB may be taken.
    count, folder = 30_000, tmp_path / "large"
    write_shard(folder, shard)
    for name, dtype, tail in (("flows", np.float16, (128, 128, 2)), ("visible", np.uint8, (128, 128))):
        open_memmap(folder / f"{name}.npy", mode="w+", dtype=dtype, shape=(count, *tail)).flush()
    np.savez(
        folder / "pairs.npz",
        source=np.arange(count) % len(shard.images),
        target=np.zeros(count, np.int64),
        code=np.ones((count, len(shard.code_names)), np.float32),
        kind=np.zeros(count, np.int8),
        person=np.zeros(count, np.int64),
        held_out=np.zeros(count, np.bool_),
    )

    done = subprocess.run(
        [sys.executable, "-c", LARGE_SET, str(folder), str(count)], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("30000 ")


@pytest.mark.parametrize("name", ["images.npy", "flows.npy", "visible.npy"])
def test_shard_that_was_cut_short_is_named(tmp_path, shard, name):
    write_shard(tmp_path / "a", shard)
    path = tmp_path / "a" / name
    path.write_bytes(path.read_bytes()[: -path.stat().st_size // 3])

    with pytest.raises(DataError, match=r"no finished shard.*fvae-train render"):
        read_shard(tmp_path / "a")


def test_shard_whose_pairs_name_pictures_that_are_not_there_is_named(tmp_path, shard):
    write_shard(tmp_path / "a", replace(shard, source=shard.source + len(shard.images)))

    with pytest.raises(DataError, match="pictures that are not there"):
        read_shard(tmp_path / "a")


def test_shard_with_fewer_flows_than_pairs_is_named(tmp_path, shard):
    write_shard(tmp_path / "a", replace(shard, flows=shard.flows[:-1]))

    with pytest.raises(DataError, match="flows"):
        read_shard(tmp_path / "a")
