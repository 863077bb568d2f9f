"""Clips from the command line: in-betweens, a project's timeline, borrowing from other photos."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fvae_studio.core import face_match
from fvae_studio.core.edits import EditState, FaceEdit
from fvae_studio.core.mouth_choice import BUILT_IN
from fvae_studio.core.photo_edit import PhotoEdit
from fvae_studio.core.photo_io import read_photo
from fvae_studio.core.project_file import Project, ProjectPhoto, file_hash, save_project
from fvae_studio.core.timeline import PhotoKey, SliderKey, SliderTrack, Timeline
from fvae_studio.pipeline.engine import Engine
from tests.e2e.conftest import pixels
from tests.helpers.fake_faces import make_photo

# --- interpolate ---


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    paths = tmp_path / "a.png", tmp_path / "b.png"
    for seed, path in enumerate(paths):
        Image.fromarray(make_photo(320, 240, seed=seed).pixels).save(path)
    return paths


def test_interpolation_begins_with_the_first_photo_exactly(cli, pair, tmp_path):
    outcome = cli("interpolate", *pair, "--steps", "4", "-o", tmp_path / "frames")

    frames = sorted((tmp_path / "frames").iterdir())
    assert outcome.code == 0
    assert [frame.name for frame in frames] == [f"frame-{number:04d}.png" for number in range(1, 5)]
    np.testing.assert_array_equal(pixels(frames[0]), pixels(pair[0]))
    assert (pixels(frames[1]) != pixels(frames[2])).any()


def test_gif_has_as_many_frames_as_asked_for(cli, pair, tmp_path):
    cli("interpolate", *pair, "--steps", "5", "-o", tmp_path / "between.gif", "--size", "96")

    with Image.open(tmp_path / "between.gif") as image:
        assert image.n_frames == 5
        assert max(image.size) == 96
        assert image.info["loop"] == 0


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".webp"])
def test_video_goes_there_and_back(cli, pair, tmp_path, suffix):
    output = tmp_path / f"between{suffix}"
    outcome = cli("interpolate", *pair, "--steps", "4", "--ping-pong", "-o", output, "--size", "96", "--json")

    assert outcome.code == 0, outcome.err
    assert json.loads(outcome.out)["frames"] == 6
    assert output.stat().st_size > 500


def test_length_in_seconds_decides_how_many_frames(cli, pair, tmp_path):
    outcome = cli("interpolate", *pair, "--seconds", "0.25", "--fps", "16", "-o", tmp_path / "frames", "--json")

    assert json.loads(outcome.out)["frames"] == 4
    assert len(list((tmp_path / "frames").iterdir())) == 4


def test_three_photos_are_passed_in_order(cli, pair, tmp_path):
    outcome = cli("interpolate", *pair, pair[0], "--steps", "5", "-o", tmp_path / "frames")
    frames = sorted((tmp_path / "frames").iterdir())

    assert outcome.code == 0, outcome.err
    np.testing.assert_array_equal(pixels(frames[0]), pixels(pair[0]))
    assert (pixels(frames[2]) != pixels(frames[0])).any()


def test_face_mode_gives_squares(cli, pair, tmp_path):
    outcome = cli("interpolate", *pair, "--steps", "2", "--mode", "face", "-o", tmp_path / "frames")
    height, width, _ = pixels(tmp_path / "frames" / "frame-0001.png").shape

    assert outcome.code == 0, outcome.err
    assert height == width


def test_cut_export_is_resumed(cli, pair, tmp_path):
    command = ["interpolate", *pair, "--steps", "3", "-o", tmp_path / "frames"]
    assert cli(*command).code == 0
    (tmp_path / "frames" / "frame-0003.png").unlink()

    assert cli(*command).code == 1
    assert cli(*command, "--resume").code == 0
    assert len(list((tmp_path / "frames").iterdir())) == 3


def test_frames_of_a_longer_clip_in_the_folder_are_told(cli, pair, tmp_path):
    cli("interpolate", *pair, "--steps", "5", "-o", tmp_path / "frames")
    outcome = cli("interpolate", *pair, "--steps", "3", "-o", tmp_path / "frames", "--overwrite")

    assert outcome.code == 0
    assert "also holds 2 frames of a longer clip" in outcome.err
    assert len(list((tmp_path / "frames").iterdir())) == 5


def test_resuming_renders_only_what_is_missing(cli, pair, tmp_path, monkeypatch):
    command = ["interpolate", *pair, "--steps", "4", "-o", tmp_path / "frames"]
    cli(*command)
    first = pixels(tmp_path / "frames" / "frame-0002.png")
    (tmp_path / "frames" / "frame-0002.png").unlink()
    asked = []
    whole = Engine.pictures

    def counting(self, sources, moments, **options):
        asked.extend(moments)
        return whole(self, sources, moments, **options)

    monkeypatch.setattr(Engine, "pictures", counting)
    assert cli(*command, "--resume").code == 0

    # And one that is there, to see whether it is of this clip.
    assert len(asked) == 2
    np.testing.assert_array_equal(pixels(tmp_path / "frames" / "frame-0002.png"), first)


@pytest.mark.parametrize("kind", ["png", "jpg", "tif"])
def test_resuming_leaves_frames_of_another_clip_alone(cli, pair, tmp_path, kind):
    folder, other = tmp_path / "frames", tmp_path / "c.png"
    Image.fromarray(make_photo(320, 240, seed=8).pixels).save(other)
    command = ["interpolate", "--steps", "4", "--format", kind, "-o", folder]
    cli(*command, *pair)
    (folder / f"frame-0002.{kind}").unlink()
    before = {path: path.read_bytes() for path in folder.iterdir()}
    outcomes = [cli(*command, pair[0], other, "--resume"), cli(*command, *pair, "--size", "100", "--resume")]

    assert [outcome.code for outcome in outcomes] == [1, 1]
    assert all("is not of this clip" in outcome.err for outcome in outcomes)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert cli(*command, *pair, "--resume").code == 0


def test_resuming_with_another_easing_is_another_clip(cli, pair, tmp_path):
    command = ["interpolate", *pair, "--steps", "4", "-o", tmp_path / "frames"]
    cli(*command)
    (tmp_path / "frames" / "frame-0002.png").unlink()

    assert cli(*command, "--easing", "ease-in", "--resume").code == 1
    assert cli(*command, "--resume").code == 0


def test_contact_sheet_has_a_picture_for_every_frame(cli, pair, tmp_path):
    output = tmp_path / "sheet.png"
    outcome = cli("interpolate", *pair, "--steps", "5", "--columns", "3", "--size", "64", "-o", output)
    sheet = pixels(output)

    assert outcome.code == 0, outcome.err
    assert sheet.shape == (2 * (48 + 8) + 8, 3 * (64 + 8) + 8, 3)
    # Nothing but white in the sixth place.
    assert (sheet[-56:, -72:] == 255).all()
    assert (sheet[8:56, 8:72] != 255).any()


def test_other_easings_give_other_frames_between_the_same_ends(cli, pair, tmp_path):
    for easing in ("linear", "ease-in", "spline"):
        cli("interpolate", *pair, pair[0], "--steps", "9", "--easing", easing, "-o", tmp_path / easing)
    first, second, third = (
        [pixels(path) for path in sorted((tmp_path / each).iterdir())] for each in ("linear", "ease-in", "spline")
    )

    for frames in (second, third):
        np.testing.assert_array_equal(frames[0], first[0])
        np.testing.assert_array_equal(frames[4], first[4])
        assert (frames[1] != first[1]).any()


def test_people_who_look_different_are_told(cli, pair, tmp_path, monkeypatch):
    monkeypatch.setattr(face_match, "LIKENESS_LIMIT", -1.0)
    outcome = cli("interpolate", *pair, "--steps", "2", "-o", tmp_path / "frames")

    assert outcome.code == 0
    assert "b.png may show another person than a.png" in outcome.err


def turn_second(monkeypatch, pair, yaw):
    whole = Engine.detect

    def detect(engine, photo):
        return tuple(replace(face, yaw=yaw if photo.path == pair[1] else 0.0) for face in whole(engine, photo))

    monkeypatch.setattr(Engine, "detect", detect)


def test_heads_that_are_turned_apart_are_told_instead(cli, pair, tmp_path, monkeypatch):
    monkeypatch.setattr(face_match, "LIKENESS_LIMIT", -1.0)
    turn_second(monkeypatch, pair, -20.0)
    outcome = cli("interpolate", *pair, "--steps", "2", "-o", tmp_path / "frames")

    assert outcome.code == 0
    assert "b.png: the head is turned by 20 degrees from where it is in a.png" in outcome.err
    assert "another person" not in outcome.err


def test_photo_that_cannot_be_edited_is_named(cli, pair, tmp_path, monkeypatch):
    turn_second(monkeypatch, pair, -80.0)
    outcome = cli("interpolate", *pair, "--steps", "2", "-o", tmp_path / "frames")

    assert outcome.code == 1
    assert outcome.err.startswith("b.png: Face 1 is turned away")


def test_photo_without_a_face_is_named(cli, pair, tmp_path, monkeypatch):
    whole = Engine.detect
    monkeypatch.setattr(
        Engine, "detect", lambda engine, photo: () if photo.pixels[0, 0].tolist() == blank else whole(engine, photo)
    )
    Image.new("RGB", (320, 240), (100, 120, 140)).save(tmp_path / "sky.png")
    blank = [100, 120, 140]
    outcome = cli("interpolate", pair[0], tmp_path / "sky.png", "-o", tmp_path / "frames")

    assert outcome.code == 1
    assert outcome.err.startswith("sky.png: No face was found")
    assert not (tmp_path / "frames").exists()


# --- animate ---


@pytest.fixture
def project(pair, tmp_path: Path) -> Path:
    """Two photos, the second with an edit, and a clip of them with a track."""
    timeline = Timeline(
        (PhotoKey(0, 0), PhotoKey(0.2, 1)), (SliderTrack("smile", (SliderKey(0, 0.0), SliderKey(0.2, 1.0))),), fps=10
    )
    edit = PhotoEdit(EditState(None, (FaceEdit.of({"smile": 0.5}),)))
    photos = ProjectPhoto(pair[0]), ProjectPhoto(pair[1], file_hash(pair[1]), edit=edit)
    path = tmp_path / "party.fvae"
    save_project(Project(photos, timeline=timeline), path)
    return path


def test_projects_clip_becomes_frames(cli, project, pair, tmp_path):
    outcome = cli("animate", project, "-o", tmp_path / "frames", "--json")
    frames = sorted((tmp_path / "frames").iterdir())

    assert outcome.code == 0, outcome.err
    assert json.loads(outcome.out)["frames"] == len(frames) == 3
    np.testing.assert_array_equal(pixels(frames[0]), pixels(pair[0]))
    assert (pixels(frames[1]) != pixels(frames[2])).any()


def test_people_who_look_different_in_a_project_are_told(cli, project, tmp_path, monkeypatch):
    monkeypatch.setattr(face_match, "LIKENESS_LIMIT", -1.0)
    outcome = cli("animate", project, "-o", tmp_path / "frames")

    assert outcome.code == 0
    assert "b.png may show another person than a.png" in outcome.err


def test_photo_of_a_project_that_is_another_file_now_is_told(cli, project, pair, tmp_path):
    same = cli("animate", project, "-o", tmp_path / "same")
    Image.fromarray(make_photo(320, 240, seed=9).pixels).save(pair[1])
    outcome = cli("animate", project, "-o", tmp_path / "frames")

    assert outcome.code == 0
    assert "is not the file" not in same.err
    assert "b.png is not the file that was edited when party.fvae was saved" in outcome.err


def test_clip_says_that_it_was_edited_unless_that_is_unwanted(cli, project, tmp_path):
    for option, is_told in (("--note", True), ("--no-note", False)):
        folder, video, sheet = tmp_path / f"frames{option}", tmp_path / f"clip{option}.gif", tmp_path / f"s{option}.png"
        for output in (folder, video, sheet):
            assert cli("animate", project, option, "-o", output).code == 0
        packets = [read_photo(path).metadata.xmp for path in (*sorted(folder.iterdir()), sheet)]
        with Image.open(video) as image:
            comment = image.info.get("comment", b"")

        assert (b"FVAE Studio" in comment) == is_told
        # The first frame is the photo as it was read.
        assert [packet is not None for packet in packets] == [False, is_told, is_told, is_told]


def test_projects_teeth_are_told(cli, pair, tmp_path):
    edit = PhotoEdit(EditState(None, (FaceEdit(None, (("smile", 0.5),), BUILT_IN),)))
    timeline = Timeline((PhotoKey(0, 0), PhotoKey(0.2, 1)), fps=10)
    photos = ProjectPhoto(pair[0], edit=edit), ProjectPhoto(pair[1])
    save_project(Project(photos, timeline=timeline), tmp_path / "p.fvae")
    outcome = cli("animate", tmp_path / "p.fvae", "-o", tmp_path / "clip.gif")

    assert outcome.code == 0, outcome.err
    assert "where lips part, teeth are not the person's own" in outcome.err
    with Image.open(tmp_path / "clip.gif") as image:
        assert b"Where lips part, teeth are not the person's own" in image.info["comment"]


def test_clip_is_written_at_another_speed(cli, project, tmp_path):
    outcome = cli(
        "animate", project, "--fps", "20", "--mode", "face", "--size", "64", "-o", tmp_path / "clip.webp", "--json"
    )

    assert outcome.code == 0, outcome.err
    assert json.loads(outcome.out)["frames"] == 5
    with Image.open(tmp_path / "clip.webp") as image:
        assert image.size == (64, 64)
        assert image.n_frames == 5


def test_project_without_a_clip_or_with_a_lost_photo_is_told(cli, project, pair, tmp_path):
    save_project(Project((ProjectPhoto(pair[0]),)), tmp_path / "still.fvae")
    still = cli("animate", tmp_path / "still.fvae", "-o", tmp_path / "a.mp4")
    pair[1].unlink()
    lost = cli("animate", project, "-o", tmp_path / "b.mp4")

    assert still.code == lost.code == 1
    assert "has no clip" in still.err
    assert "b.png of the clip is not where it was" in lost.err
    assert not list(tmp_path.glob("*.mp4"))


# --- borrow ---


def test_regions_come_from_several_photos(cli, pair, tmp_path):
    outcome = cli(
        "borrow", pair[0], "--from", pair[1], "--region", "mouth", "--from", pair[1], "--region", "best",
        "-o", tmp_path / "out.png", "--json",
    )  # fmt: skip

    assert outcome.code == 0, outcome.err
    assert [donor["regions"] for donor in json.loads(outcome.out)["donors"]] == [["mouth"], ["best"]]
    assert (pixels(tmp_path / "out.png") != pixels(pair[0])).any()


def test_part_is_another_word_for_region(cli, pair, tmp_path):
    outcome = cli("borrow", pair[0], "--from", pair[1], "--part", "mouth", "-o", tmp_path / "out.png")

    assert outcome.code == 0, outcome.err


def test_regions_without_a_photo_are_told(cli, pair, tmp_path):
    outcome = cli(
        "borrow", pair[0], "--from", pair[1], "--from", pair[1], "--region", "mouth", "-o", tmp_path / "out.png"
    )

    assert outcome.code == 2
    assert "one for each --from" in outcome.err


def test_frames_that_exist_are_kept(cli, pair, tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    (folder / "frame-0002.png").write_bytes(b"precious")
    outcome = cli("interpolate", *pair, "--steps", "3", "-o", folder)

    assert outcome.code == 1
    assert [path.name for path in folder.iterdir()] == ["frame-0002.png"]
    assert (folder / "frame-0002.png").read_bytes() == b"precious"
