"""`fvae-studio batch`: many photos, one edit, a report."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from PIL import Image

from fvae_studio import paths
from fvae_studio.core.presets import Preset, PresetFolder
from fvae_studio.core.presets import write_preset as export_preset
from tests.e2e.conftest import pixels
from tests.helpers.fake_faces import make_photo


@pytest.fixture
def folder(tmp_path):
    """Three photos, one of them in a folder of its own, and a file that is none."""
    photos = tmp_path / "photos"
    (photos / "inner").mkdir(parents=True)
    for number, name in enumerate(("a.png", "b.png", "inner/c.png")):
        Image.fromarray(make_photo(320, 240, seed=number).pixels).save(photos / name)
    (photos / "notes.txt").write_text("no photo")
    return photos


def test_every_photo_of_a_folder_is_edited_as_edit_does_it(cli, folder, tmp_path):
    cli("edit", folder / "b.png", "-s", "smile=1", "-o", tmp_path / "alone.png")
    outcome = cli("batch", folder, "-s", "smile=1")

    assert outcome.code == 0
    assert outcome.out.split() == [str(folder / "edited" / f"{name}-edited.png") for name in "ab"]
    assert "2 written, 0 skipped, 0 failed." in outcome.err
    assert (pixels(folder / "edited" / "b-edited.png") == pixels(tmp_path / "alone.png")).all()
    assert (pixels(folder / "edited" / "a-edited.png") != pixels(folder / "a.png")).any()


def test_folders_inside_are_done_when_asked_and_results_are_no_photos(cli, folder):
    cli("batch", folder, "-s", "smile=1", "--recursive")
    report = json.loads(cli("batch", folder, "-s", "smile=1", "--recursive", "--json").out)

    assert [row["photo"] for row in report["photos"]] == [
        str(folder / name) for name in ("a.png", "b.png", "inner/c.png")
    ]
    assert [row["outcome"] for row in report["photos"]] == ["done"] * 3
    # What is there stays.
    assert (folder / "edited" / "a-edited.png").exists()
    assert report["photos"][0]["output"] == str(folder / "edited" / "a-edited-2.png")


def test_damaged_photo_stops_nothing_and_the_report_tells_it(cli, folder, tmp_path):
    (folder / "a.png").write_bytes(b"no picture")
    outcome = cli("batch", folder, "-s", "smile=1", "-o", tmp_path / "out", "--report", tmp_path / "report.csv")
    rows = list(csv.DictReader((tmp_path / "report.csv").read_text("utf-8-sig").splitlines()))

    assert outcome.code == 1
    assert outcome.err.strip().endswith("1 of 2 photos could not be edited; all others were.")
    assert [row["outcome"] for row in rows] == ["failed", "done"]
    assert (tmp_path / "out" / "b-edited.png").exists()


def test_photo_without_a_face_is_skipped(cli, folder, faces):
    faces.clear()
    outcome = cli("batch", folder / "a.png", "-s", "smile=1")

    assert outcome.code == 0
    assert "skipped: No face was found." in outcome.err
    assert not (folder / "edited").exists()


def test_preset_is_found_by_name_and_by_file(cli, folder, tmp_path, monkeypatch):
    monkeypatch.setattr("fvae_studio.paths.user_presets_dir", lambda: tmp_path / "presets")
    own = replace(Preset.of("My look", {"smile": 0.7}), is_own=True)
    PresetFolder(tmp_path / "presets").save(own)
    export_preset(own, tmp_path / "look.fvae-preset.json")
    cli("batch", folder / "a.png", "--preset", "my LOOK", "-o", tmp_path / "by_name")
    cli("batch", folder / "a.png", "--preset", tmp_path / "look.fvae-preset.json", "-o", tmp_path / "by_file")
    cli("batch", folder / "a.png", "-s", "smile=0.7", "-o", tmp_path / "by_hand")

    wanted = pixels(tmp_path / "by_hand" / "a-edited.png")
    assert (wanted != pixels(folder / "a.png")).any()
    for found in ("by_name", "by_file"):
        assert (pixels(tmp_path / found / "a-edited.png") == wanted).all()


def test_set_is_added_to_the_preset(cli, folder, tmp_path):
    cli("batch", folder / "a.png", "-p", "Smile", "-s", "smile=0.3", "-o", tmp_path / "both")
    cli("batch", folder / "a.png", "-s", "smile=0.3", "-o", tmp_path / "alone")

    assert (pixels(tmp_path / "both" / "a-edited.png") == pixels(tmp_path / "alone" / "a-edited.png")).all()


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--preset", "No such"], 2, "There is no preset called No such; there are: Soft smile"),
        ([], 2, "There is nothing to do"),
        (["-s", "smil=1"], 1, "There is no expression called 'smil'"),
        (["-s", "smile=1", "--pattern", "{nme}"], 1, "{nme}"),
    ],
)
def test_wrong_wishes_are_told_before_anything_is_written(cli, folder, arguments, code, told):
    outcome = cli("batch", folder, *arguments)

    assert outcome.code == code
    assert told in outcome.err
    assert not (folder / "edited").exists()


def test_missing_and_empty_folders_are_told(cli, tmp_path):
    (tmp_path / "empty").mkdir()

    assert "does not exist; name photos" in cli("batch", tmp_path / "none", "-s", "smile=1").err
    assert "There is no photo in" in cli("batch", tmp_path / "empty", "-s", "smile=1").err


def test_recipe_of_a_single_face_is_refused(cli, folder, tmp_path):
    cli("edit", folder / "a.png", "--face", 1, "-s", "smile=1", "--save-recipe", tmp_path / "one.json")
    outcome = cli("batch", folder, "--recipe", tmp_path / "one.json")

    assert outcome.code == 2
    assert "a batch edits all faces of each photo" in outcome.err


def test_long_edge_makes_photos_smaller_and_never_larger(cli, folder, tmp_path):
    cli("batch", folder / "a.png", "-s", "smile=1", "--long-edge", 160, "--format", "JPEG", "-o", tmp_path / "small")
    cli("batch", folder / "a.png", "-s", "smile=1", "--long-edge", 9000, "-o", tmp_path / "large")

    assert pixels(tmp_path / "small" / "a-edited.jpg").shape == (120, 160, 3)
    assert pixels(tmp_path / "large" / "a-edited.png").shape == (240, 320, 3)


@pytest.fixture
def samples(tmp_path):
    """Small copies of sample portraits, two of which have one name."""
    found = sorted(paths.samples_dir().glob("*_neutral.jpg"))[:3]
    if len(found) < 3:
        pytest.skip("no sample photos in resources/samples")
    folder = tmp_path / "samples"
    for name, path in zip(("a.jpg", "inner/a.jpg", "b.jpg"), found, strict=True):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with Image.open(path) as image:
            image.resize((500, 500)).save(folder / name)
    (folder / "c.jpg").write_bytes(b"no picture")
    Image.new("RGB", (300, 200)).save(folder / "d.jpg")
    return folder


def run_batch(*arguments):
    command = [sys.executable, "-m", "fvae_studio", "batch", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"COLUMNS": "200"})


def test_several_processes_write_what_one_writes_under_the_same_names(samples, tmp_path):
    told = []
    for jobs in (1, 2):
        out = tmp_path / f"out{jobs}"
        done = run_batch(samples, "-s", "smile=0.8", "--recursive", "-o", out, "--jobs", jobs, "--json")
        assert done.returncode == 1, done.stderr
        assert "1 of 5 photos could not be edited" in done.stderr
        told.append(json.loads(done.stdout)["photos"])

    assert [row["outcome"] for row in told[0]] == ["done", "done", "failed", "skipped", "done"]
    for one, other in zip(*told, strict=True):
        assert (one["photo"], one["outcome"], one["note"]) == (other["photo"], other["outcome"], other["note"])
        assert (one["output"] or "").replace("out1", "out2") == (other["output"] or "")
    assert sorted(path.name for path in (tmp_path / "out2").iterdir()) == [
        "a-edited-2.jpg", "a-edited.jpg", "b-edited.jpg",
    ]  # fmt: skip
    for path in (tmp_path / "out1").iterdir():
        # Not their bytes: the note in XMP tells the time.
        assert (pixels(path) == pixels(tmp_path / "out2" / path.name)).all()


def test_expression_that_the_model_lacks_is_told_before_any_process_starts(samples):
    done = run_batch(samples, "-s", "smlie=0.8", "--jobs", 2)

    assert done.returncode == 1
    assert "Did you mean smile" in done.stderr
    assert not (samples / "edited").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of a terminal")
@pytest.mark.parametrize("after_s", [0.7, 1.2, 1.7])
def test_batch_that_is_interrupted_while_its_processes_begin_ends_without_a_trace(samples, tmp_path, after_s):
    process = subprocess.Popen(
        [sys.executable, "-m", "fvae_studio", "batch", samples, "-s", "smile=0.8", "-o", tmp_path / "out", "-j", "2"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    time.sleep(after_s)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)

    assert process.returncode not in (0, None)
    assert "Traceback" not in errors


@pytest.mark.skipif(sys.platform == "win32", reason="signals of a terminal")
def test_interrupted_batch_leaves_whole_files_and_a_report_of_them(samples, tmp_path):
    for number in range(12):
        shutil.copy(samples / "a.jpg", samples / f"more{number}.jpg")
    out = tmp_path / "out"
    wishes = ["-s", "smile=0.8", "-o", out, "--jobs", "2", "--report", tmp_path / "r.csv"]
    process = subprocess.Popen(
        [sys.executable, "-m", "fvae_studio", "batch", samples, *wishes],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)

    assert process.returncode not in (0, None)
    assert "Traceback" not in errors
    written = list(out.iterdir())
    assert 0 < len(written) < 15
    for path in written:
        with Image.open(path) as image:
            image.load()
    with (tmp_path / "r.csv").open(encoding="utf-8-sig") as file:
        told = {row["output"] for row in csv.DictReader(file)}
    assert told
    assert told <= {"", *map(str, written)}
