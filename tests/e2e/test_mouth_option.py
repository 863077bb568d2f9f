"""`--mouth`: what an opened mouth shows, and that the file tells of it."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from fvae_studio.api import open_photo
from fvae_studio.core.photo_io import read_photo
from fvae_studio.pipeline.engine import Engine
from tests.e2e.conftest import pixels
from tests.helpers.mouths import OpeningEngine, face_with_mouth


@pytest.fixture(autouse=True)
def opening(monkeypatch, faces):
    """Every edit parts the lips of a face whose mouth is closed."""
    monkeypatch.setattr(Engine, "_predict", OpeningEngine._predict)
    faces[:] = [face_with_mouth((160, 120), crop_px=200)]


def test_lips_stay_closed_unless_asked(cli, png, tmp_path):
    cli("edit", png, "-s", "smile=1", "-o", tmp_path / "a.png")
    report = json.loads(cli("edit", png, "-s", "smile=1", "--mouth", "closed", "-o", tmp_path / "b.png", "--json").out)

    assert (pixels(tmp_path / "a.png") == pixels(tmp_path / "b.png")).all()
    assert report["mouths"] == []


def test_built_in_teeth_are_shown_and_told_everywhere(cli, jpeg, tmp_path):
    cli("edit", jpeg, "-s", "smile=1", "-o", tmp_path / "a.jpg")
    outcome = cli("edit", jpeg, "-s", "smile=1", "--mouth", "built-in", "-o", tmp_path / "b.jpg")
    report = json.loads(
        cli("edit", jpeg, "-s", "smile=1", "--mouth", "built-in", "-o", tmp_path / "c.jpg", "--json").out
    )

    assert (pixels(tmp_path / "a.jpg") != pixels(tmp_path / "b.jpg")).any()
    assert "not the person's own" in outcome.err
    assert report["mouths"] == [{"face": 1, "inside": "built_in"}]
    written = read_photo(tmp_path / "b.jpg").metadata.xmp
    assert written is not None
    assert b"built-in average of other people" in written
    assert b"compositeWithTrainedAlgorithmicMedia" in written
    assert b"other people" not in (read_photo(tmp_path / "a.jpg").metadata.xmp or b"")


def test_every_edit_is_noted_also_where_other_metadata_is_stripped(cli, jpeg, tmp_path):
    cli("edit", jpeg, "-s", "smile=1", "-o", tmp_path / "a.jpg")
    cli("edit", jpeg, "-s", "smile=1", "--mouth", "built-in", "--strip-metadata", "-o", tmp_path / "b.jpg")
    plain, stripped = (read_photo(tmp_path / name).metadata for name in ("a.jpg", "b.jpg"))

    for metadata in (plain, stripped):
        assert metadata.xmp is not None
        assert b"compositeWithTrainedAlgorithmicMedia" in metadata.xmp
        assert b"<stEvt:softwareAgent>FVAE Studio" in metadata.xmp
    assert plain.exif is not None
    assert stripped.exif is None


def test_note_can_be_left_out(cli, jpeg, tmp_path):
    cli("edit", jpeg, "-s", "smile=1", "--no-note", "-o", tmp_path / "a.jpg")
    cli("edit", jpeg, "-s", "smile=1", "--no-note", "--strip-metadata", "-o", tmp_path / "b.jpg")

    assert read_photo(tmp_path / "a.jpg").metadata.xmp is None
    assert read_photo(tmp_path / "b.jpg").metadata.xmp is None


def test_edit_of_nothing_is_not_noted(cli, jpeg, tmp_path):
    cli("edit", jpeg, "-s", "smile=0", "-o", tmp_path / "a.jpg")

    assert (tmp_path / "a.jpg").read_bytes() == jpeg.read_bytes()


def test_recipe_opens_the_mouth_again(cli, png, tmp_path):
    recipe = tmp_path / "laugh.json"
    cli("edit", png, "-s", "smile=1", "--mouth", "built-in", "-o", tmp_path / "a.png", "--save-recipe", recipe)
    cli("edit", png, "--recipe", recipe, "--face", "1", "-o", tmp_path / "b.png")
    cli("edit", png, "--recipe", recipe, "--mouth", "closed", "-o", tmp_path / "c.png")

    assert json.loads(recipe.read_text())["edits"][0]["mouth"] == "built_in"
    assert (pixels(tmp_path / "a.png") == pixels(tmp_path / "b.png")).all()
    assert (pixels(tmp_path / "a.png") != pixels(tmp_path / "c.png")).any()


def test_photo_that_is_not_there_is_told(cli, png):
    outcome = cli("edit", png, "-s", "smile=1", "--mouth", "laughing.jpg")

    assert outcome.code == 1
    assert "laughing.jpg does not exist" in outcome.err
    assert "built-in" in outcome.err


def test_photo_whose_mouth_is_closed_is_told(cli, png, tmp_path):
    Image.open(png).save(tmp_path / "stern.png")
    outcome = cli("edit", png, "-s", "smile=1", "--mouth", tmp_path / "stern.png", "-o", tmp_path / "out.png")

    assert outcome.code == 1
    assert "closed" in outcome.err
    assert not (tmp_path / "out.png").exists()


def test_inspection_tells_how_far_the_lips_part(cli, png):
    report = json.loads(cli("inspect", png, "-s", "smile=1", "--mouth", "built-in", "--json").out)
    text = cli("inspect", png, "-s", "smile=1", "--mouth", "built-in").out

    assert report["flows"][0]["mouth"]["inside"] == "built_in"
    assert 3 < report["flows"][0]["mouth"]["gap_crop_px"] < 7
    assert "built-in teeth" in text
    assert json.loads(cli("inspect", png, "-s", "smile=1", "--json").out)["flows"][0]["mouth"] is None


def test_python_does_the_same(cli, png, tmp_path, weights):
    cli("edit", png, "-s", "smile=1", "--mouth", "built-in", "-o", tmp_path / "a.png")
    photo = open_photo(png, model=weights, device="cpu").edit(smile=1.0, mouth="built_in")
    photo.edit(smile=1.0).save(tmp_path / "b.png")

    assert (pixels(tmp_path / "a.png") == pixels(tmp_path / "b.png")).all()
    assert b"not the person" in (read_photo(tmp_path / "b.png").metadata.xmp or b"")
