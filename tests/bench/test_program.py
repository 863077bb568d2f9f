from __future__ import annotations

import inspect
import json
import subprocess
import sys
from typing import Any

import pytest
import typer

from fvae_studio.bench import program
from fvae_studio.bench.clips import Clips
from fvae_studio.bench.figures import Row
from fvae_studio.bench.photos import SIZES, _places, make_photo
from fvae_studio.bench.processes import ProcessCost
from fvae_studio.bench.stages import Stages
from fvae_studio.cli.app import app
from fvae_studio.errors import DataError
from tests.docs.markdown import ROOT


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


def test_help_and_page_name_every_part():
    listed = ", ".join(program.PARTS)
    command = typer.main.get_command(app).commands["bench"]  # type: ignore[attr-defined]
    page = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")

    assert any(listed in (getattr(option, "help", "") or "") for option in command.params)
    assert all(f"| {part} |" in page for part in program.PARTS)


def test_no_part_loads_what_would_count_in_the_memory_of_its_commands():
    heavy = "{'numpy', 'torch', 'cv2', 'PySide6', 'mediapipe'} & set(sys.modules)"
    code = f"import sys, fvae_studio.bench.program; sys.exit(str({heavy}) if {heavy} else 0)"

    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_every_measure_is_one_that_its_stage_has(tmp_path, monkeypatch):
    asked: list[str] = []

    def answer(stage: str, arguments: dict[str, Any], *, cores: int | None = None) -> Any:
        json.dumps(arguments)
        rows = []
        for measure in arguments.get("measures", ()):
            options = {name: value for name, value in measure.items() if name != "what"}
            method = getattr({"stages": Stages, "clips": Clips}[stage], measure["what"])
            inspect.signature(method).bind(None, **options)
            asked.append(f"{options['name']} on {cores}")
            rows.append(Row(options["part"], options["name"], "ms", 1.0).to_json())
        return rows

    monkeypatch.setattr(program, "ask_stage", answer)
    monkeypatch.setattr(program, "run_process", lambda _: ProcessCost(1.0, 100.0))
    monkeypatch.setattr(program.machine, "can_restrict", lambda: True)
    monkeypatch.setattr(program.machine, "available_cores", lambda: 2)

    bench = program.Bench(tmp_path, None, quick=False)
    rows = [row for name in ("engine", "edit", "export", "growth", "clips") for row in program.PARTS[name](bench)]

    assert {row.part for row in rows} == {"engine", "edit", "export", "growth", "clips"}
    assert len({(row.part, row.name) for row in rows}) == len(rows)
    assert "export, 1 core on 1" in asked
    assert "in-betweens, 1080 px, 2 cores on 2" in asked
    assert [row.name for row in rows if row.name.startswith("preview, ") and "face" in row.name] == [
        *("preview, 1 face", "preview, 2 faces", "preview, 4 faces", "preview, 8 faces"),
    ]  # fmt: skip
