from __future__ import annotations

from pathlib import Path

import pytest

from fvae_studio.errors import DataError
from trainer.datasets import ADAPTERS, find_adapter
from trainer.datasets.folders import IdentityFolders, expression_of
from trainer.datasets.manifest import Manifest
from trainer.datasets.multi_pie import MultiPie
from trainer.datasets.webmorph import Canada, London


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

    records = London().read(tmp_path)

    assert [(record.person, record.label) for record in records] == [
        ("frl_london/002", "neutral"),
        ("frl_london/010", "neutral"),
        ("frl_london/002", "smile"),
    ]
    assert {record.dataset for record in records} == {"frl_london"}
    assert all(record.path.is_file() for record in records)


def test_canada_is_neutral_throughout(tmp_path):
    touch(tmp_path, "010f.jpg", "010f.tem", "151m.jpg", "LICENSE.txt")

    records = Canada().read(tmp_path)

    assert [(record.person, record.label) for record in records] == [
        ("canada/010f", "neutral"),
        ("canada/151m", "neutral"),
    ]


def test_order_does_not_depend_on_the_file_system(tmp_path):
    touch(tmp_path, "b.jpg", "a.jpg", "c.jpg")

    assert [record.path.stem for record in Canada().read(tmp_path)] == ["a", "b", "c"]


@pytest.mark.parametrize("name", sorted(ADAPTERS))
def test_folder_without_photos_is_named(tmp_path, name):
    with pytest.raises(DataError, match=r"empty"):
        ADAPTERS[name].read(tmp_path / "empty")


@pytest.mark.parametrize("name", sorted(ADAPTERS))
def test_adapter_explains_itself(name):
    adapter = ADAPTERS[name]

    assert adapter.name == name
    assert adapter.title
    assert adapter.layout
    assert find_adapter(name) is adapter


def test_unknown_data_set_is_named():
    with pytest.raises(DataError, match=r"'nobody'.*frl_london"):
        find_adapter("nobody")


def multi_pie_tree(folder: Path) -> Path:
    """Two people, two sessions, two cameras, two flashes, in the layout of the set."""
    for session, recordings in (("01", ("01", "02")), ("03", ("01", "02", "03")), ("04", ("02", "09"))):
        for subject in ("001", "346"):
            for recording in recordings:
                for camera in ("05_1", "19_0"):
                    for light in ("00", "06"):
                        name = f"{subject}_{session}_{recording}_{camera.replace('_', '')}_{light}.png"
                        touch(folder, f"session{session}/multiview/{subject}/{recording}/{camera}/{name}")
    return touch(folder, "session01/multiview/001/01/05_1/001_01_01_051_06.txt", "session01/multiview/readme.txt")


@pytest.mark.parametrize("below", ["", "data"])
def test_multi_pie_has_expressions_by_session_and_recording(tmp_path, below):
    multi_pie_tree(tmp_path / below)

    records = MultiPie().read(tmp_path)

    assert {record.path.stem: (record.person, record.label) for record in records} == {
        f"{subject}_{session}_{recording}_051_06": (f"multi_pie/{subject}", label)
        for subject in ("001", "346")
        for session, recording, label in (
            ("01", "01", "neutral"),
            ("01", "02", "smile"),
            ("03", "01", "neutral"),
            ("03", "02", "smile"),
            ("03", "03", "disgust"),
            ("04", "02", "scream"),
        )
    }
    assert len({record.photo for record in records}) == len(records)


def test_multi_pie_reads_other_cameras_and_flashes_when_asked_to(tmp_path):
    records = MultiPie(cameras=("05_1", "19_0"), illuminations=("00", "06")).read(multi_pie_tree(tmp_path))

    assert len(records) == 12 * 4


def test_folders_are_people_and_files_are_expressions(tmp_path):
    touch(tmp_path, "anna/neutral.jpg", "anna/Smile_02.PNG", "anna/notes.txt", "ben/smile.jpg", ".cache/x.jpg", "y.jpg")

    records = IdentityFolders().read(tmp_path)

    assert [(record.person, record.label) for record in records] == [
        ("folders/anna", "smile"),
        ("folders/anna", "neutral"),
        ("folders/ben", "smile"),
    ]
    assert len({record.photo for record in records}) == 3


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("smile.jpg", "smile"),
        ("smile 2.jpg", "smile"),
        ("Smile_03.png", "smile"),
        ("smile-(4).jpg", "smile"),
        ("big_smile.jpg", "big_smile"),
        ("007.jpg", "007"),
    ],
)
def test_numbers_after_an_expression_are_passed_over(name, label):
    assert expression_of(Path(name)) == label


def test_csv_manifest(tmp_path):
    touch(tmp_path, "a/1.jpg", "a/2.jpg")
    rows = "path,person,label,note\na/1.jpg,anna,Neutral,x\na/2.jpg,anna,smile,\n"
    (tmp_path / "list.csv").write_bytes(b"\xef\xbb\xbf" + rows.encode())

    for place in (tmp_path, tmp_path / "list.csv"):
        records = Manifest().read(place)
        assert [(record.person, record.label, record.photo) for record in records] == [
            ("manifest/anna", "neutral", "manifest/a/1"),
            ("manifest/anna", "smile", "manifest/a/2"),
        ]
        assert all(record.path.is_file() for record in records)


def test_json_lines_manifest(tmp_path):
    touch(tmp_path, "1.jpg")
    (tmp_path / "list.jsonl").write_text('{"path": "1.jpg", "person": 7, "label": "smile"}\n\n')

    (record,) = Manifest().read(tmp_path)

    assert (record.person, record.label) == ("manifest/7", "smile")


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("a.csv", "path,who\n1.jpg,anna\n", "row 1 of .* has no person and no label"),
        ("a.csv", "path,person,label\n9.jpg,anna,smile\n", r"row 1 of .*9\.jpg, which is not there"),
        ("a.csv", "path,person,label\n", "no photos found"),
        ("a.jsonl", "{", "line 1 of .* is no JSON"),
        ("a.jsonl", "[1]", "line 1 of .* is no object"),
        ("a.txt", "", "found: none"),
    ],
)
def test_faulty_manifest_is_a_sentence(tmp_path, name, text, sentence):
    touch(tmp_path, "1.jpg")
    (tmp_path / name).write_text(text)

    with pytest.raises(DataError, match=sentence):
        Manifest().read(tmp_path)
