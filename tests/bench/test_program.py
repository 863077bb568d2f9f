from __future__ import annotations

import json

import pytest

from fvae_studio.bench import program
from fvae_studio.bench.figures import Row
from fvae_studio.bench.photos import SIZES, _places, make_photo
from fvae_studio.errors import DataError


@pytest.fixture
def three_parts(monkeypatch):
    """Parts that measure nothing, on a machine whose cores stay as they are."""
    monkeypatch.setattr(program.machine, "restrict_to", lambda _: True)
    parts = {name: lambda _, name=name: [Row(name, f"of {name}", "s", 1.0)] for name in ("a", "b", "c")}
    monkeypatch.setattr(program, "PARTS", parts)


@pytest.mark.usefixtures("three_parts")
def test_rows_stand_in_the_order_of_the_parts():
    assert [row.part for row in program.run_bench().rows] == ["a", "b", "c"]
    assert [row.part for row in program.run_bench(parts=["c", "a"]).rows] == ["a", "c"]


@pytest.mark.usefixtures("three_parts")
def test_files_hold_the_table(tmp_path):
    table = program.run_bench(out=tmp_path / "new")

    assert (tmp_path / "new" / "bench.md").read_text() == table.to_markdown()
    assert json.loads((tmp_path / "new" / "bench.json").read_text())["rows"][0]["name"] == "of a"


@pytest.mark.usefixtures("three_parts")
def test_unknown_part_is_told_with_those_that_there_are():
    with pytest.raises(DataError, match=r"'d'.*a, b, c"):
        program.run_bench(parts=["d"])


def test_growth_stands_together_line_by_line():
    columns = [[Row("g", f"{what} {size}", "ms", size) for what in ("read", "warp")] for size in (1, 2)]

    rows = list(program._in_lines(columns))

    assert [row.name for row in rows] == ["read 1", "read 2", "warp 1", "warp 2"]
    assert rows[3].note == "2.00 x the first"


def test_places_of_a_group_do_not_overlap_and_fill_the_photo():
    places = _places(*SIZES[24], 8)

    assert len(set(places)) == 8
    assert sum((right - left) * (bottom - top) for left, top, right, bottom in places) == 24_000_000


@pytest.mark.parametrize("faces", [1, 4])
def test_photo_has_the_faces_that_were_asked_for(tmp_path, monkeypatch, faces):
    from fvae_studio.core.photo_io import read_photo
    from fvae_studio.pipeline.detector import MediaPipeFaceDetector

    monkeypatch.setitem(SIZES, 2, (2000, 1000))  # type: ignore[index]

    photo = read_photo(make_photo(tmp_path / "photo.jpg", 2, faces=faces, face_px=300))

    detector = MediaPipeFaceDetector()
    found = detector.detect(photo)
    detector.close()
    assert (photo.width, photo.height) == (2000, 1000)
    assert len(found) == faces
    assert all(face.box.height == pytest.approx(300, rel=0.1) for face in found)
