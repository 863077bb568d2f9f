from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fvae_studio.core.geometry import Rect
from fvae_studio.core.mouth_choice import BUILT_IN, CLOSED, MouthChoice
from fvae_studio.core.presets import Preset
from fvae_studio.core.project_file import PhotoView, load_project
from fvae_studio.errors import NoFaceError, PhotoFormatError
from fvae_studio.gui.document import Document
from fvae_studio.inference.service import InferenceService
from tests.gui.fakes import FakeEngine
from tests.helpers.fake_faces import make_photo

pytestmark = pytest.mark.gui


@pytest.fixture
def document(engine: FakeEngine, qtbot) -> Iterator[Document]:
    service = InferenceService(lambda _model, _device: engine)
    document = Document(service)
    with qtbot.waitSignal(service.ready):
        service.start()
    yield document
    service.close()


@pytest.fixture
def files(tmp_path) -> list[Path]:
    """Three different photos."""
    found = []
    for number in range(3):
        path = tmp_path / "photos" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(make_photo(640, 480, seed=number + 5).pixels).save(path)
        found.append(path)
    return found


def wait_for_faces(document, qtbot):
    qtbot.waitUntil(lambda: document.current is not None and bool(document.current.faces))


@pytest.fixture
def shown(document, photo_file, qtbot) -> Document:
    """With one photo of two faces."""
    document.open_paths([photo_file])
    wait_for_faces(document, qtbot)
    return document


def entry_of(document: Document):
    assert document.current is not None
    return document.current


# Photos


def test_opened_photo_is_shown_with_its_faces_and_thumbnail(document, photo_file, qtbot):
    document.open_paths([photo_file])
    assert entry_of(document).is_loading
    wait_for_faces(document, qtbot)
    entry = entry_of(document)

    assert not entry.is_loading
    assert entry.photo is not None
    assert [face.index for face in entry.faces] == [1, 2]
    assert entry.thumbnail is not None
    assert entry.chosen_face is None


def test_of_several_photos_the_first_is_shown_and_the_others_have_thumbnails(document, files, qtbot):
    document.open_paths(files)
    qtbot.waitUntil(lambda: all(photo.thumbnail is not None for photo in document.photos))

    assert entry_of(document).path == files[0]
    assert [photo.photo is not None for photo in document.photos] == [True, False, False]


def test_folder_opens_its_photos_by_name(document, files, qtbot):
    (files[0].parent / "notes.txt").write_text("no photo")
    document.open_paths([files[0].parent])
    wait_for_faces(document, qtbot)

    assert [photo.name for photo in document.photos] == ["0.png", "1.png", "2.png"]


def test_photo_is_not_opened_twice_but_shown(document, files, qtbot):
    document.open_paths(files)
    document.open_paths([files[1]])
    wait_for_faces(document, qtbot)

    assert len(document.photos) == 3
    assert entry_of(document).path == files[1]


def test_file_that_is_no_photo_is_told_and_gone(document, tmp_path, qtbot):
    path = tmp_path / "letter.jpg"
    path.write_text("Dear Ada")
    with qtbot.waitSignal(document.failed) as failed:
        document.open_paths([path])

    assert isinstance(failed.args[0], PhotoFormatError)
    assert document.photos == ()
    assert document.current is None


def test_broken_photo_among_others_keeps_its_place_with_the_reason(document, files, qtbot):
    files[1].write_bytes(b"broken")
    document.open_paths(files)
    qtbot.waitUntil(lambda: document.photos[1].error is not None)

    assert len(document.photos) == 3
    assert isinstance(document.photos[1].error, PhotoFormatError)


def test_photos_beyond_the_memory_limit_are_read_again_when_they_are_shown(document, files, qtbot):
    document.set_photo_memory(1)
    document.open_paths(files)
    wait_for_faces(document, qtbot)
    document.set_strength("smile", 0.5)
    first = entry_of(document)
    document.choose_photo(document.photos[1].entry_id)
    wait_for_faces(document, qtbot)
    assert first.photo is None
    with qtbot.waitSignal(document.rendered, check_params_cb=lambda rendered: rendered is not None):
        document.choose_photo(first.entry_id)

    assert first.photo is not None
    assert first.edit.strengths_of(1) == {"smile": 0.5}


def test_closing_the_shown_photo_shows_its_neighbour(document, files, qtbot):
    document.open_paths(files)
    document.choose_photo(document.photos[1].entry_id)
    document.close_photo(document.photos[1].entry_id)
    wait_for_faces(document, qtbot)

    assert entry_of(document).path == files[2]
    document.close_photo(entry_of(document).entry_id)
    document.close_photo(entry_of(document).entry_id)
    assert document.current is None


def test_photos_are_stepped_through_round_and_round(document, files):
    document.open_paths(files)
    document.step_photo(-1)
    assert entry_of(document).path == files[2]
    document.step_photo(1)

    assert entry_of(document).path == files[0]


# Edits


def test_strength_moves_all_faces_until_one_is_chosen(shown):
    shown.set_strength("smile", 0.5)
    shown.choose_face(2)
    shown.set_strength("smile", 0.9)
    entry = entry_of(shown)

    assert entry.edit.strengths_of(1) == {"smile": 0.5}
    assert entry.edit.strengths_of(2) == {"smile": 0.9}
    assert entry.edited_faces == {1, 2}


def test_drag_is_rendered_and_ends_on_its_last_value(shown, qtbot):
    pictures = []
    shown.rendered.connect(pictures.append)
    for step in range(1, 21):
        shown.set_strength("smile", step / 20)
    qtbot.waitUntil(lambda: bool(pictures) and pictures[-1].request.quality == "full_res")

    assert pictures[-1].request.state == entry_of(shown).edit.effective
    assert [entry.label for entry in entry_of(shown).history.entries][1:] == ["Smile +100"]


def test_sealed_drags_are_steps_of_their_own(shown):
    shown.set_strength("smile", 0.5)
    shown.seal()
    shown.set_strength("smile", 0.7)

    assert entry_of(shown).history.labels[1:] == ("Smile +50", "Smile +70")


def test_steps_tell_tenths(shown):
    for strength in (0.012, -0.125, -0.5, 0.0004):
        shown.set_strength("smile", strength)
        shown.seal()
    shown.set_amount(0.505)

    assert entry_of(shown).history.labels[1:] == ("Smile +1.2", "Smile -12.5", "Smile -50", "Smile 0", "Amount 50.5%")


def test_reset_of_the_chosen_face_is_called_so_where_it_is_the_only_one(shown):
    shown.set_strength("smile", 0.8)
    shown.reset_face()
    assert entry_of(shown).history.labels[-1] == "Reset all"
    shown.remove_face(2)
    shown.set_strength("smile", 0.5)
    shown.reset_face()
    assert entry_of(shown).history.labels[-1] == "Reset face 1"
    assert entry_of(shown).edit.is_identity or not entry_of(shown).edit.has_edit(1)


def test_linked_pair_is_one_step(shown):
    shown.set_strengths({"close_eye_left": 0.4, "close_eye_right": 0.4})
    shown.set_strengths({"close_eye_left": 0.6, "close_eye_right": 0.6})

    assert len(entry_of(shown).history.entries) == 2
    assert entry_of(shown).edit.strengths_of(1) == {"close_eye_left": 0.6, "close_eye_right": 0.6}


def test_undo_to_the_start_shows_the_photo_itself(shown, qtbot):
    shown.set_strength("smile", 0.5)
    qtbot.waitUntil(lambda: shown._service.is_idle)
    with qtbot.waitSignal(shown.rendered) as rendered:
        shown.undo()

    assert rendered.args == [None]
    with qtbot.waitSignal(shown.rendered, check_params_cb=lambda edit: edit is not None):
        shown.redo()


def test_late_picture_of_an_undone_edit_is_not_shown(shown, engine, qtbot):
    pictures = []
    engine.gate.clear()
    shown.set_strength("smile", 0.5)
    qtbot.waitUntil(lambda: any(call.startswith("render") for call in engine.calls))
    shown.undo()
    shown.rendered.connect(pictures.append)
    engine.gate.set()
    qtbot.waitUntil(lambda: shown._service.is_idle)
    with qtbot.waitSignal(shown.rendered, check_params_cb=lambda edit: edit is not None):
        shown.set_strength("anger", 0.5)

    assert all("smile" not in str(picture.request.state) for picture in pictures)


def test_amount_scales_what_is_rendered_and_not_the_sliders(shown, qtbot):
    shown.set_strength("smile", 0.8)
    shown.set_amount(0.5)
    with qtbot.waitSignal(
        shown.rendered, check_params_cb=lambda edit: edit.request.state.for_face(1).by_name == {"smile": 0.4}
    ):
        shown.set_amount(0.5)
        shown._request_render()

    assert entry_of(shown).edit.strengths_of(None) == {"smile": 0.8}


def test_reset_of_one_face_keeps_the_other(shown):
    shown.set_strength("smile", 0.8)
    shown.choose_face(1)
    shown.reset_face()

    assert entry_of(shown).edit.strengths_of(1) == {}
    assert entry_of(shown).edit.strengths_of(2) == {"smile": 0.8}
    shown.reset_all()
    assert entry_of(shown).edit.is_identity


def test_mouth_is_chosen_for_a_face_undone_and_reset(shown):
    shown.set_strength("smile", 0.8)
    shown.set_mouth(BUILT_IN)
    shown.choose_face(2)
    shown.set_mouth(CLOSED)
    entry = entry_of(shown)

    assert [entry.edit.edits.mouth_of(face) for face in (1, 2)] == [BUILT_IN, CLOSED]
    assert entry.history.labels[-2:] == ("Built-in teeth", "Closed lips, face 2")
    shown.undo()
    assert entry.edit.edits.mouth_of(2) == BUILT_IN
    shown.reset_all()
    assert entry.edit.edits.mouth_of(None) == CLOSED
    assert entry.edit.is_identity


def test_chosen_mouth_is_rendered(shown, engine, qtbot):
    shown.set_strength("smile", 0.8)
    shown.set_mouth(BUILT_IN)
    qtbot.waitUntil(lambda: bool(engine.requests) and engine.requests[-1].state.mouth_of(1) == BUILT_IN)

    assert engine.requests[-1].state.for_face(1).by_name == {"smile": 0.8}


def test_project_keeps_the_chosen_mouth(shown, tmp_path):
    shown.set_strength("smile", 0.8)
    shown.set_mouth(MouthChoice("photo", "/photos/laughing.jpg"))
    shown.save_project(tmp_path / "work.fvae")

    (photo,) = load_project(tmp_path / "work.fvae").photos
    assert photo.edit == entry_of(shown).edit


def test_preset_is_applied_to_face_photo_and_all_photos(document, files, qtbot):
    document.open_paths(files)
    wait_for_faces(document, qtbot)
    preset = Preset.of("Look", {"anger": 0.3})
    document.set_strength("smile", 0.5)
    document.choose_face(2)
    document.apply_preset(preset, "face")
    assert [entry_of(document).edit.strengths_of(face) for face in (1, 2)] == [{"smile": 0.5}, {"anger": 0.3}]
    document.apply_preset(preset, "all_photos")

    assert [photo.edit.strengths_of(1) for photo in document.photos] == [{"anger": 0.3}] * 3
    assert [photo.history.labels[-1] for photo in document.photos] == ["Look"] * 3


def test_edit_is_copied_from_one_photo_to_another(document, files, qtbot):
    document.open_paths(files)
    wait_for_faces(document, qtbot)
    document.set_strength("smile", 0.5)
    document.set_mouth(BUILT_IN)
    document.copy_edit()
    document.choose_photo(document.photos[1].entry_id)
    document.paste_edit()

    assert document.photos[1].edit.strengths_of(None) == {"smile": 0.5}
    assert document.photos[1].edit.edits.mouth_of(1) == BUILT_IN


def test_same_for_all_takes_the_mouth_along_but_nobody_elses_teeth(document, files, qtbot):
    document.open_paths(files)
    wait_for_faces(document, qtbot)
    document.choose_face(1)
    document.set_strength("smile", 0.5)
    document.set_mouth(BUILT_IN)
    document.apply_edit("All", "all_faces")
    assert document.photos[0].edit.edits.mouth_of(2) == BUILT_IN

    mine = MouthChoice("photo", str(files[1]))
    document.set_mouth(mine)
    document.apply_edit("All", "all_faces")
    assert [document.photos[0].edit.edits.mouth_of(face) for face in (1, 2)] == [mine, BUILT_IN]


def test_preset_with_teeth_gives_them_and_others_leave_the_mouth(shown):
    shown.apply_preset(Preset("Laugh", (("smile", 0.9),), mouth=BUILT_IN))
    assert entry_of(shown).edit.edits.mouth_of(None) == BUILT_IN
    shown.apply_preset(Preset.of("Frown", {"anger": 0.4}))

    assert entry_of(shown).edit.edits.mouth_of(None) == BUILT_IN


def test_failed_render_is_told_and_the_picture_stays(shown, qtbot):
    pictures = []
    shown.rendered.connect(pictures.append)
    with qtbot.waitSignal(shown.render_failed):
        shown.set_strength("fly", 0.5)

    assert pictures == []


# Faces


def test_removed_face_comes_back_with_its_edit_by_undo(shown, qtbot):
    shown.choose_face(2)
    shown.set_strength("smile", 0.5)
    shown.remove_face(2)
    entry = entry_of(shown)
    assert [face.index for face in entry.faces] == [1]
    assert entry.chosen_face is None
    assert entry.edit.is_identity
    shown.undo()

    assert [face.index for face in entry.faces] == [1, 2]
    assert entry.edit.strengths_of(2) == {"smile": 0.5}
    with qtbot.waitSignal(shown.rendered, check_params_cb=lambda edit: edit.flows[0].face.index == 2):
        shown._request_render()


def test_drawn_face_is_added_and_chosen(shown, qtbot):
    with qtbot.waitSignal(shown.faces_changed):
        shown.add_face(Rect(280, 100, 90, 90))
    qtbot.waitUntil(lambda: entry_of(shown).chosen_face == 3)
    shown.undo()

    assert len(entry_of(shown).faces) == 2
    assert entry_of(shown).chosen_face is None


def test_frame_without_a_face_is_told(shown, qtbot):
    with qtbot.waitSignal(shown.failed) as failed:
        shown.add_face(Rect(280, 100, 10, 10))

    assert isinstance(failed.args[0], NoFaceError)


def test_faces_are_stepped_through_with_all_in_between(shown):
    chosen = []
    for _ in range(4):
        chosen.append(entry_of(shown).chosen_face)
        shown.step_face(1)

    assert chosen == [None, 1, 2, None]


def test_photo_without_a_face_renders_nothing(document, engine, photo_file, qtbot):
    engine.faces = ()
    document.open_paths([photo_file])
    qtbot.waitUntil(lambda: document.current is not None and document.current.detected == ())
    document.set_strength("smile", 0.5)
    qtbot.waitUntil(lambda: document._service.is_idle)

    assert not any(call.startswith("render") for call in engine.calls)


# Presets' pictures


def test_preset_pictures_come_for_the_present_face_only(shown, qtbot):
    made = []
    shown.preset_thumbnail_made.connect(lambda name, _thumbnail: made.append(name))
    shown.request_preset_thumbnails([Preset.of("A", {"smile": 0.5}), Preset.of("B", {"anger": 0.5})])
    qtbot.waitUntil(lambda: made == ["A", "B"])
    shown.request_preset_thumbnails([Preset.of("C", {"smile": 0.1})])
    shown.choose_face(2)
    qtbot.waitUntil(lambda: shown._service.is_idle)
    shown.request_preset_thumbnails([Preset.of("D", {"smile": 0.1})])
    qtbot.waitUntil(lambda: "D" in made)

    assert "C" not in made


def test_preset_pictures_show_the_chosen_mouth(shown, engine, qtbot):
    outdated = []
    shown.preset_thumbnails_outdated.connect(lambda: outdated.append(1))
    shown.set_strength("smile", 0.4)
    assert not outdated
    shown.set_mouth(BUILT_IN)
    assert outdated
    with qtbot.waitSignal(shown.preset_thumbnail_made):
        shown.request_preset_thumbnails([Preset.of("A", {"smile": 0.5})])
    (asked,) = [one.state for one in engine.requests if one.state.for_face(1).by_name == {"smile": 0.5}]

    assert asked.mouth_of(1) == BUILT_IN


# Projects


def test_project_brings_photos_edits_and_faces_back(document, files, tmp_path, qtbot):
    document.open_paths(files[:2])
    wait_for_faces(document, qtbot)
    document.set_strength("smile", 0.5)
    document.remove_face(1)
    qtbot.waitUntil(lambda: document.photos[1].thumbnail is not None)
    assert not document.is_clean
    document.set_viewing({"overlay": "flow"})
    document.set_view(PhotoView(2.0, 300.0, 200.0))
    document.choose_face(2)
    document.save_project(tmp_path / "party.fvae")
    document.set_viewing({})
    assert document.is_clean
    landmarks = entry_of(document).faces[0].landmarks
    with qtbot.waitSignal(document.viewing_restored) as restored:
        document.open_project(tmp_path / "party.fvae")
    qtbot.waitUntil(lambda: entry_of(document).photo is not None)

    assert restored.args == [{"overlay": "flow"}]
    assert entry_of(document).view == PhotoView(2.0, 300.0, 200.0)
    assert entry_of(document).chosen_face == 2
    assert [photo.path for photo in document.photos] == files[:2]
    assert entry_of(document).edit.strengths_of(2) == {"smile": 0.5}
    assert [face.index for face in entry_of(document).faces] == [2]
    np.testing.assert_array_equal(entry_of(document).faces[0].landmarks, landmarks)
    assert document.is_clean


def test_missing_photo_of_a_project_is_told_and_found_in_a_folder(document, files, tmp_path, qtbot):
    document.open_paths(files[:2])
    wait_for_faces(document, qtbot)
    qtbot.waitUntil(lambda: bool(document.photos[1].sha256))
    document.save_project(tmp_path / "party.fvae")
    (tmp_path / "new").mkdir()
    files[0].rename(tmp_path / "new" / "renamed.png")
    with qtbot.waitSignal(document.photos_missing) as missing:
        document.open_project(tmp_path / "party.fvae")
    assert missing.args[0] == [document.photos[0].entry_id]
    left = document.look_for_missing(tmp_path / "new")
    wait_for_faces(document, qtbot)

    assert left == 0
    assert entry_of(document).path == tmp_path / "new" / "renamed.png"


def test_changed_photo_of_a_project_is_noticed(document, files, tmp_path, qtbot):
    document.open_paths(files[:1])
    wait_for_faces(document, qtbot)
    document.save_project(tmp_path / "party.fvae")
    Image.fromarray(make_photo(640, 480, seed=77).pixels).save(files[0])
    with qtbot.waitSignal(document.file_changed):
        document.open_project(tmp_path / "party.fvae")


def test_undone_and_exported_edits_are_not_unsaved(shown):
    assert shown.is_clean
    shown.set_strength("smile", 0.5)
    assert not shown.is_clean
    shown.mark_exported(entry_of(shown).entry_id, entry_of(shown).edit)
    assert shown.is_clean
    assert entry_of(shown).is_exported
    shown.set_strength("smile", 0.6)
    assert not shown.is_clean
    shown.go_to(0)

    assert shown.is_clean


def test_project_that_cannot_be_written_is_told(shown, tmp_path, qtbot):
    shown.set_strength("smile", 0.5)
    with qtbot.waitSignal(shown.failed):
        shown.save_project(tmp_path / "missing" / "party.fvae")

    assert not shown.is_clean
