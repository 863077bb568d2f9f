from __future__ import annotations

from pathlib import Path

import pytest

from fvae_studio.errors import DataError
from trainer.datasets import ADAPTERS
from trainer.datasets.webmorph import canada, london


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    return folder


def test_london_pairs_neutral_and_smile_of_a_person(tmp_path):
    touch(
        tmp_path,
        *("neutral_front/002_03.jpg", "neutral_front/002_03.tem", "neutral_front/010_03.jpg"),
        *("smiling_front/002_08.jpg", "smiling_front/thumbs.db", "london_info.csv"),
    )

    records = london(tmp_path)

    assert [(record.person, record.label) for record in records] == [
        ("frl_london/002", "neutral"),
        ("frl_london/010", "neutral"),
        ("frl_london/002", "smile"),
    ]
    assert {record.dataset for record in records} == {"frl_london"}
    assert all(record.path.is_file() for record in records)


def test_canada_is_neutral_throughout(tmp_path):
    touch(tmp_path, "010f.jpg", "010f.tem", "151m.jpg", "LICENSE.txt")

    records = canada(tmp_path)

    assert [(record.person, record.label) for record in records] == [
        ("canada/010f", "neutral"),
        ("canada/151m", "neutral"),
    ]


def test_order_does_not_depend_on_the_file_system(tmp_path):
    touch(tmp_path, "b.jpg", "a.jpg", "c.jpg")

    assert [record.path.stem for record in canada(tmp_path)] == ["a", "b", "c"]


@pytest.mark.parametrize("name", sorted(ADAPTERS))
def test_folder_without_photos_is_named(tmp_path, name):
    with pytest.raises(DataError, match=r"no photos found in .*empty"):
        ADAPTERS[name](tmp_path / "empty")
