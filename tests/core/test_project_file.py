from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from fvae_studio.core.edits import EditState, FaceEdit
from fvae_studio.core.photo_edit import PhotoEdit
from fvae_studio.core.project_file import (
    PhotoView,
    Project,
    ProjectPhoto,
    file_hash,
    find_moved,
    load_project,
    save_project,
)
from fvae_studio.core.timeline import PhotoKey, SliderKey, SliderTrack, Timeline
from fvae_studio.core.timeline_file import timeline_to_json
from fvae_studio.errors import ProjectError
from tests.helpers.fake_faces import make_face

EDIT = PhotoEdit(EditState(None, (FaceEdit.of({"smile": 0.8}), FaceEdit.of({"sad": -0.25}, face=2))), 0.75)


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "holiday" / "pictures"
    folder.mkdir(parents=True)
    paths = [folder / name for name in ("one.jpg", "zwei.jpg")]
    for path in paths:
        path.write_bytes(path.name.encode() * 100)
    return paths


def project_of(paths):
    return Project(
        tuple(
            ProjectPhoto(
                path, file_hash(path), path.stat().st_size, EDIT, view=PhotoView(0.5, 30.25, 40), chosen_face=2
            )
            for path in paths
        ),
        1,
        {"overlay": "flow"},
    )


def test_project_survives_its_file(tmp_path, photos):
    project = project_of(photos)
    save_project(project, tmp_path / "holiday" / "party.fvae")

    assert load_project(tmp_path / "holiday" / "party.fvae") == project


@pytest.mark.parametrize("view", ["far", [1.0, 2.0], [0.0, 1.0, 1.0], [1.0, None, 3.0]])
def test_view_that_cannot_be_is_no_reason_to_refuse_a_project(tmp_path, photos, view):
    path = tmp_path / "holiday" / "party.fvae"
    save_project(project_of(photos), path)
    content = json.loads(path.read_text())
    content["photos"][0] |= {"view": view, "chosen_face": "all"}
    path.write_text(json.dumps(content))
    opened = load_project(path).photos[0]

    assert (opened.view, opened.chosen_face) == (None, None)


def test_whole_folder_can_move(tmp_path, photos):
    save_project(project_of(photos), tmp_path / "holiday" / "party.fvae")
    (tmp_path / "holiday").rename(tmp_path / "elsewhere")
    project = load_project(tmp_path / "elsewhere" / "party.fvae")

    assert not project.missing
    assert project.photos[0].path == tmp_path / "elsewhere" / "pictures" / "one.jpg"


def test_project_alone_can_move(tmp_path, photos):
    save_project(project_of(photos), tmp_path / "holiday" / "party.fvae")
    (tmp_path / "far" / "away").mkdir(parents=True)
    moved = (tmp_path / "holiday" / "party.fvae").rename(tmp_path / "far" / "away" / "party.fvae")

    assert load_project(moved).photos[0].path == photos[0]


def test_missing_photo_is_marked_and_found_by_name_or_content(tmp_path, photos):
    save_project(project_of(photos), tmp_path / "party.fvae")
    new_folder = tmp_path / "new"
    new_folder.mkdir()
    photos[0].rename(new_folder / "one.jpg")
    photos[1].rename(new_folder / "renamed.jpg")
    first, second = load_project(tmp_path / "party.fvae").missing

    assert find_moved(first, [new_folder]) == new_folder / "one.jpg"
    assert find_moved(second, [tmp_path / "nowhere", new_folder]) == new_folder / "renamed.jpg"
    assert find_moved(replace(second, sha256="1" * 64), [new_folder]) is None


def test_another_photo_of_the_same_name_is_not_taken_for_the_moved_one(tmp_path, photos):
    photo = project_of(photos).photos[0]
    (tmp_path / "one.jpg").write_bytes(b"another")

    assert find_moved(photo, [tmp_path]) is None


def test_faces_come_back_bit_by_bit(tmp_path, photos):
    face = replace(make_face((310.3, 200.7), crop_px=187.7), index=3)
    project = Project((ProjectPhoto(photos[0], edit=replace(EDIT, faces=(face,))),))
    save_project(project, tmp_path / "party.fvae")
    faces = load_project(tmp_path / "party.fvae").photos[0].edit.faces

    assert faces is not None
    assert (faces[0].index, faces[0].box, faces[0].yaw) == (3, face.box, face.yaw)
    np.testing.assert_array_equal(faces[0].landmarks, face.landmarks)


CLIP = Timeline(
    (PhotoKey(0, 0, 1, "spline"), PhotoKey(1.5, 1, blend="hold"), PhotoKey(3, 0, 1)),
    (SliderTrack("smile", (SliderKey(0, 0.0), SliderKey(2, 0.7, "linear"))),),
    fps=30,
    in_s=0.5,
    out_s=2.5,
    repeat="ping-pong",
    mode="face",
)


def test_clip_is_kept(tmp_path, photos):
    save_project(replace(project_of(photos), timeline=CLIP), tmp_path / "party.fvae")

    assert load_project(tmp_path / "party.fvae").timeline == CLIP


def test_project_of_the_first_version_has_no_clip(tmp_path, photos):
    path = tmp_path / "party.fvae"
    save_project(project_of(photos), path)
    content = json.loads(path.read_text()) | {"schema": 1}
    del content["timeline"]
    path.write_text(json.dumps(content))

    assert load_project(path) == project_of(photos)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"schema": 99}, "newer"),
        ({"schema": "1"}, "damaged"),
        ({"kind": "preset"}, "no project"),
        ({"photos": [{"path": "a.jpg"}]}, "damaged"),
        ({"photos": [{"path": "a.jpg", "edits": [{"strengths": {"smile": 7}}]}]}, "damaged"),
        ({"photos": 3}, "damaged"),
        ({"timeline": 3}, "damaged"),
        (
            {"timeline": timeline_to_json(CLIP) | {"photos": [timeline_to_json(CLIP)["photos"][0] | {"photo": 2}]}},
            "there are 2",
        ),
    ],
)
def test_what_is_no_project_of_this_version_is_refused_with_a_reason(tmp_path, photos, change, word):
    path = tmp_path / "party.fvae"
    save_project(project_of(photos), path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ProjectError, match=word):
        load_project(path)


def test_text_that_is_not_json_is_refused(tmp_path):
    (tmp_path / "party.fvae").write_bytes(b"\xff\xfe{")
    with pytest.raises(ProjectError, match="damaged"):
        load_project(tmp_path / "party.fvae")
