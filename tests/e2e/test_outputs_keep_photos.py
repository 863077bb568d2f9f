"""What a command writes never takes the place of what it reads, whatever may be overwritten."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from fvae_studio import open_photo
from fvae_studio.core.edits import EditState, FaceEdit
from fvae_studio.core.photo_edit import PhotoEdit
from fvae_studio.core.project_file import Project, ProjectPhoto, save_project
from fvae_studio.core.timeline import PhotoKey, Timeline
from fvae_studio.pipeline.engine import Engine
from tests.e2e.conftest import pixels
from tests.helpers.fake_faces import FakeDetector, make_face, make_photo
from tests.helpers.mouths import face_with_mouth


@pytest.fixture
def other(tmp_path):
    """Another photo of the person."""
    path = tmp_path / "other.png"
    Image.fromarray(make_photo(320, 240, seed=7).pixels).save(path)
    return path


@pytest.mark.parametrize(
    "command",
    [
        "edit {photo} -s smile=1 -o {out} --save-recipe {photo} --overwrite",
        "edit {photo} -s smile=1 -o {other} --mouth {other} --overwrite",
        "inspect {photo} --overlay {photo} --overwrite",
        "flow {photo} -s smile=1 -o {photo} --overwrite",
        "interpolate {photo} {other} --steps 2 -o {photo} --overwrite",
        "interpolate {photo} {other} --steps 2 -o {other} --overwrite",
        "borrow {photo} --from {other} --region mouth -o {other} --overwrite",
        "borrow {photo} --from {other} --region mouth -o {photo} --overwrite",
        "batch {photo} -s smile=1 --report {photo} --overwrite",
    ],
)
def test_photo_that_is_read_is_never_replaced(cli, png, other, tmp_path, command):
    before = png.read_bytes(), other.read_bytes()
    words = command.format(photo=png, other=other, out=tmp_path / "out.png").split()
    outcome = cli(*words)

    assert outcome.code == 1
    assert outcome.err.count("\n") == 1
    assert (png.read_bytes(), other.read_bytes()) == before


def test_photos_of_a_projects_clip_are_never_replaced(cli, png, other, tmp_path):
    edit = PhotoEdit(EditState(None, (FaceEdit.of({"smile": 0.5}),)))
    project = tmp_path / "party.fvae"
    photos = ProjectPhoto(png, edit=edit), ProjectPhoto(other)
    save_project(Project(photos, timeline=Timeline((PhotoKey(0, 0), PhotoKey(0.2, 1)), fps=10)), project)
    before = png.read_bytes()
    outcome = cli("animate", project, "-o", png, "--overwrite")

    assert outcome.code == 1
    assert "one of the photos themselves" in outcome.err
    assert png.read_bytes() == before


def test_frames_do_not_take_the_place_of_the_photos_between_which_they_lie(cli, tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    ends = [folder / name for name in ("frame-0001.png", "frame-0009.png")]
    for seed, path in enumerate(ends):
        Image.fromarray(make_photo(320, 240, seed=seed).pixels).save(path)
    before = [path.read_bytes() for path in ends]
    outcome = cli("interpolate", *ends, "--steps", "9", "-o", folder, "--overwrite")

    assert outcome.code == 1
    assert [path.read_bytes() for path in ends] == before


def test_report_and_recipe_are_asked_for_before_anything_is_done(cli, png, tmp_path):
    (tmp_path / "report.csv").write_text("kept")
    outcomes = [
        cli("batch", png, "-s", "smile=1", "--report", tmp_path / "report.csv"),
        cli("batch", png, "-s", "smile=1", "--report", tmp_path / "none" / "report.csv"),
        cli("edit", png, "-s", "smile=1", "-o", tmp_path / "a.png", "--save-recipe", tmp_path / "a.png"),
        cli("edit", png, "-s", "smile=1", "-o", tmp_path / "b.png", "--save-recipe", tmp_path / "none" / "b.json"),
    ]

    assert [outcome.code for outcome in outcomes] == [1] * 4
    assert (tmp_path / "report.csv").read_text() == "kept"
    assert not (tmp_path / "edited").exists()
    assert not (tmp_path / "a.png").exists()
    assert not (tmp_path / "b.png").exists()


def test_report_may_be_replaced_and_may_lie_in_the_new_folder_of_the_results(cli, png, tmp_path):
    out = tmp_path / "out"
    first = cli("batch", png, "-s", "smile=1", "-o", out, "--report", out / "report.csv")
    again = cli("batch", png, "-s", "smile=1", "-o", out, "--report", out / "report.csv", "--overwrite")

    assert (first.code, again.code) == (0, 0)
    assert "portrait-edited.png" in (out / "report.csv").read_text("utf-8-sig")


def test_only_picture_of_several_does_not_replace_them_all(cli, png, tmp_path):
    pages = tmp_path / "pages.tif"
    with Image.open(png) as image:
        image.save(pages, save_all=True, append_images=[image.rotate(180)])
    before = pages.read_bytes()
    replaced = cli("edit", pages, "-s", "smile=1", "-o", pages, "--overwrite-source")
    beside = cli("edit", pages, "-s", "smile=1", "-o", tmp_path / "first.tif")

    assert replaced.code == 1
    assert "holds 2 pictures" in replaced.err
    assert pages.read_bytes() == before
    assert beside.code == 0
    assert "holds 2 pictures; the first was edited" in beside.err


def test_edit_of_nothing_copies_all_pictures_and_says_nothing_else(cli, png, tmp_path):
    pages = tmp_path / "pages.tif"
    with Image.open(png) as image:
        image.save(pages, save_all=True, append_images=[image.rotate(180)])
    outcome = cli("edit", pages, "-s", "smile=0", "-o", tmp_path / "copy.tif")

    assert (tmp_path / "copy.tif").read_bytes() == pages.read_bytes()
    assert "pictures" not in outcome.err


def test_smaller_copy_of_a_tiffs_picture_is_no_second_one(cli, png, tmp_path):
    photo = tmp_path / "camera.tif"
    with Image.open(png) as image:
        small = image.resize((40, 30))
        small.encoderinfo = {"tiffinfo": {254: 1}}
        image.save(photo, save_all=True, append_images=[small])
    outcome = cli("edit", photo, "-s", "smile=1", "-o", photo, "--overwrite-source")

    assert outcome.code == 0, outcome.err


# --- photos of which only the mouth is taken ---


def test_photo_whose_mouth_cannot_be_taken_is_named_before_a_batch_begins(cli, png, other, faces, tmp_path):
    faces[:] = [face_with_mouth((160, 120), crop_px=200)]
    outcome = cli("batch", png, "-s", "smile=1", "--mouth", other, "-o", tmp_path / "out")

    assert outcome.code == 1
    assert outcome.err.startswith("The mouth cannot be taken from other.png: The mouth in the other photo is closed")
    assert not (tmp_path / "out").exists()


def test_photo_with_several_mouths_is_named(cli, png, other, faces, tmp_path):
    faces[:] = [make_face((80, 120), crop_px=110), make_face((240, 120), crop_px=110)]
    outcome = cli("edit", png, "-s", "smile=1", "--face", "1", "--mouth", other, "-o", tmp_path / "out.png")

    assert outcome.code == 1
    assert outcome.err.startswith("The mouth cannot be taken from other.png: It shows 2 faces")


# --- smaller promises ---


def test_recipe_made_for_one_face_is_put_on_the_face_that_is_named(cli, png, faces, tmp_path):
    faces[:] = [make_face((80, 120), crop_px=110), make_face((240, 120), crop_px=110)]
    recipe = tmp_path / "mood.json"
    cli("edit", png, "-s", "smile=0.8", "--face", "2", "-o", tmp_path / "a.png", "--save-recipe", recipe)
    moved = cli("edit", png, "--recipe", recipe, "--face", "1", "-o", tmp_path / "b.png")

    assert moved.code == 0, moved.err
    changed = (pixels(tmp_path / "b.png") != pixels(png)).any(axis=(0, 2))
    assert changed[:160].any()
    assert not changed[160:].any()


def test_recipe_of_several_faces_is_not_squeezed_onto_one(cli, png, tmp_path):
    recipe = tmp_path / "two.json"
    edits = FaceEdit.of({"smile": 0.5}, face=1), FaceEdit.of({"smile": 0.2}, face=2)
    recipe.write_text(EditState(None, edits).to_json())
    outcome = cli("edit", png, "--recipe", recipe, "--face", "1", "-o", tmp_path / "out.png")

    assert outcome.code == 2
    assert "faces 1, 2" in outcome.err


def test_batch_leaves_out_its_own_results_however_the_folders_are_named(cli, tmp_path, png, monkeypatch):
    inside = tmp_path / "in"
    inside.mkdir()
    shutil.copy(png, inside / "a.png")
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        outcome = cli("batch", inside, "--recursive", "-s", "smile=1", "-o", "in/results", "--json")

    assert [row["photo"] for row in json.loads(outcome.out)["photos"]] == [str(inside / "a.png")]


def test_flow_of_no_motion_says_so(cli, png, tmp_path):
    outcome = cli("flow", png, "-s", "smile=0", "-o", tmp_path / "a.npz")

    assert outcome.code == 1
    assert "moves no face" in outcome.err


def test_python_takes_numpys_numbers_and_both_spellings(png, weights, faces):
    engine = Engine(weights, device="cpu", detector=FakeDetector(faces))
    photo = open_photo(png, engine=engine).edit(np.int64(1), smile=np.float32(0.5), mouth="built-in")

    assert photo.state == open_photo(png, engine=engine).edit(1, smile=0.5, mouth="built_in").state
    assert [mouth.kind for mouth in photo.mouths] in ([], ["built_in"])
