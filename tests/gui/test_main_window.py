"""The whole window with a fake engine: what people do with mouse and keys, and what they see of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColorSpace, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QAbstractButton, QApplication, QFileDialog, QLabel, QWidget

from fvae_studio.app import Studio
from fvae_studio.core.export import ExportOptions
from fvae_studio.core.mouth_choice import BUILT_IN, CLOSED
from fvae_studio.core.photo_io import read_photo
from fvae_studio.errors import EditError, FaceTooSmallError
from fvae_studio.gui.canvas.compare import CompareMode
from fvae_studio.gui.canvas.overlays import Overlay
from fvae_studio.gui.dialogs.first_steps import FirstStepsDialog
from fvae_studio.gui.status_bar import StudioStatusBar
from tests.gui.fakes import SUMMARY
from tests.helpers.fake_faces import make_photo

pytestmark = pytest.mark.gui


@pytest.fixture
def shown(studio, photo_file, qtbot) -> Studio:
    studio.commands.open_paths([photo_file])
    qtbot.waitUntil(lambda: bool(studio.document.current and studio.document.current.faces))
    return studio


def entry_of(studio):
    assert studio.document.current is not None
    return studio.document.current


def trigger(studio, name: str) -> None:
    studio.window.actions_table[name].trigger()


def drag_slider(studio, name: str, pixels: int, qtbot) -> None:
    """Grab a slider's handle, which stands in the middle, and move it."""
    track = studio.window.sliders.slider(name).track
    start = track.rect().center()
    qtbot.mousePress(track, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 6):
        qtbot.mouseMove(track, start + QPoint(pixels * step // 5, 0))
    qtbot.mouseRelease(track, Qt.MouseButton.LeftButton, pos=start + QPoint(pixels, 0))


def test_sliders_of_the_model_appear_when_it_is_loaded(studio):
    window = studio.window

    assert {direction.name for direction in SUMMARY.directions} == set(window.sliders._sliders)
    names = {preset.name for preset in window.presets.presets}
    assert "Soft smile" in names
    # The fake model knows no such direction.
    assert "Sad" not in names


def test_faces_can_be_chosen_on_the_canvas_and_drive_the_sliders(shown, qtbot):
    canvas = shown.window.canvas
    face = entry_of(shown).faces[1]
    middle = canvas._placement.to_view(*face.box.center).toPoint()
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=middle)
    assert entry_of(shown).chosen_face == 2
    drag_slider(shown, "smile", 40, qtbot)

    assert set(entry_of(shown).edited_faces) == {2}
    assert entry_of(shown).edit.strengths_of(2)["smile"] > 0.2


def test_drag_of_a_slider_shows_its_edit_and_is_one_step_of_the_history(shown, qtbot):
    with qtbot.waitSignal(shown.document.rendered, check_params_cb=lambda edit: edit.request.quality == "full_res"):
        drag_slider(shown, "smile", 40, qtbot)
    window = shown.window

    assert window.canvas._layer.edit is not None
    assert window.history._list.count() == 2
    assert window.trust.sentence
    assert window.isWindowModified()


def test_undo_to_the_start_shows_the_original_and_greys_undo_out(shown, qtbot):
    drag_slider(shown, "smile", 40, qtbot)
    assert shown.window.actions_table["undo"].isEnabled()
    trigger(shown, "undo")

    assert not shown.window.actions_table["undo"].isEnabled()
    assert shown.window.actions_table["redo"].isEnabled()
    assert shown.window.canvas._layer.edit is None
    assert shown.window.sliders.slider("smile").is_changed is False


def test_linked_sides_move_together(shown, qtbot):
    drag_slider(shown, "close_eye_left", 30, qtbot)
    strengths = entry_of(shown).edit.strengths_of(1)

    assert strengths["close_eye_left"] == strengths["close_eye_right"] > 0
    assert len(entry_of(shown).history.entries) == 2


def test_preset_is_applied_by_its_card(shown):
    shown.window.preset_panel.apply_requested.emit("Soft smile", "all_faces")

    assert entry_of(shown).edit.strengths_of(1) == {"smile": 0.45}
    assert entry_of(shown).history.labels[-1] == "Soft smile"


def test_preset_pictures_come_for_the_present_face(shown, qtbot):
    panel = shown.window.preset_panel
    with qtbot.waitSignal(shown.document.preset_thumbnail_made):
        panel.clear_thumbnails()
    qtbot.waitUntil(lambda: any(tile.picture is not None for tile in panel._view.tile_model.tiles))


def test_own_preset_is_saved_from_the_present_edit(shown, monkeypatch, qtbot):
    drag_slider(shown, "smile", 40, qtbot)
    monkeypatch.setattr(shown.commands.dialogs, "_ask_name", lambda *_: "Mine")
    trigger(shown, "save_preset")

    assert shown.window.presets.find("Mine").by_name == entry_of(shown).edit.strengths_of(None)


def test_dropped_files_and_folders_are_opened(studio, photo_file, tmp_path, qtbot):
    folder = tmp_path / "holiday"
    folder.mkdir()
    Image.fromarray(make_photo(64, 48).pixels).save(folder / "small.png")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(photo_file)), QUrl.fromLocalFile(str(folder))])
    event = QDropEvent(
        QPointF(10, 10), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    studio.window.dropEvent(event)
    qtbot.waitUntil(lambda: all(photo.thumbnail is not None for photo in studio.document.photos))

    assert [photo.name for photo in studio.document.photos] == ["portrait.png", "small.png"]


def test_pasted_picture_becomes_a_photo(studio, photo, qtbot):
    image = QImage(photo.pixels.tobytes(), 640, 480, 3 * 640, QImage.Format.Format_RGB888).copy()
    QGuiApplication.clipboard().setImage(image)
    trigger(studio, "paste_image")
    qtbot.waitUntil(lambda: bool(studio.document.current and studio.document.current.photo))

    assert entry_of(studio).is_pasted
    np.testing.assert_array_equal(entry_of(studio).photo.pixels, photo.pixels)


def test_empty_clipboard_is_told(studio):
    QGuiApplication.clipboard().clear()
    trigger(studio, "paste_image")

    assert studio.document.photos == ()
    assert "clipboard" in studio.window.status.currentMessage()


def test_edited_photo_is_copied_to_the_clipboard(shown, qtbot):
    drag_slider(shown, "smile", 40, qtbot)
    QGuiApplication.clipboard().setText("before")
    trigger(shown, "copy_image")
    qtbot.waitUntil(lambda: QGuiApplication.clipboard().mimeData().hasImage())

    assert QGuiApplication.clipboard().image().width() == 640


def test_export_writes_what_is_seen(shown, qtbot, tmp_path):
    drag_slider(shown, "smile", 40, qtbot)
    trigger(shown, "export")
    dialog = shown.commands.exports.ask()
    assert dialog is not None
    options = dialog.options()
    dialog.reject()
    shown.commands.exports.start("this", options)
    qtbot.waitUntil(lambda: entry_of(shown).is_exported)
    written = read_photo(tmp_path / "portrait-edited.png")
    entry = entry_of(shown)
    wanted = shown.service._worker._engine.render(entry.photo, entry.edit.effective).photo

    np.testing.assert_array_equal(written.pixels, wanted.pixels)
    assert shown.document.is_clean
    assert shown.window.actions_table["show_exports"].isEnabled()


@pytest.fixture
def replaced(shown, photo_file, qtbot) -> Path:
    """The shown photo's edit was exported over its file; another photo is shown, and only that is in memory."""
    studio, other = shown, photo_file.with_name("other.png")
    Image.fromarray(make_photo(seed=5).pixels).save(other)
    drag_slider(studio, "smile", 40, qtbot)
    over = ExportOptions(pattern="{name}", existing="replace", replace_source=True)
    studio.commands.exports.start("this", over)
    entry = entry_of(studio)
    qtbot.waitUntil(lambda: entry.is_exported)
    studio.document.set_photo_memory(0)
    studio.commands.open_paths([other])
    qtbot.waitUntil(lambda: bool(entry_of(studio).faces) and entry.photo is None)
    return photo_file


@pytest.mark.parametrize("resets", [True, False])
def test_edit_of_a_file_that_an_export_replaced_is_asked_about(resets, shown, replaced, boxes, qtbot):
    boxes.answer = 0 if resets else None
    before = shown.document.photos[0].edit
    shown.document.choose_photo(shown.document.photos[0].entry_id)
    qtbot.waitUntil(lambda: bool(boxes.asked))

    assert boxes.asked == ["Reset the edit?"]
    assert entry_of(shown).path == replaced
    assert entry_of(shown).is_edited is not resets
    if resets:
        trigger(shown, "undo")
    assert entry_of(shown).edit == before


def test_changed_files_of_a_project_are_one_question(shown, boxes, photo_file, tmp_path, qtbot):
    Image.fromarray(make_photo(seed=5).pixels).save(tmp_path / "other.png")
    Image.fromarray(make_photo(seed=6).pixels).save(tmp_path / "plain.png")
    shown.commands.open_paths([tmp_path / "other.png", tmp_path / "plain.png"])
    qtbot.waitUntil(lambda: all(photo.sha256 for photo in shown.document.photos))
    qtbot.waitUntil(lambda: bool(entry_of(shown).faces))
    for photo in shown.document.photos[:2]:
        shown.document.choose_photo(photo.entry_id)
        shown.document.set_strength("smile", 0.5)
    shown.document.save_project(tmp_path / "party.fvae")
    for name in (photo_file.name, "other.png", "plain.png"):
        Image.fromarray(make_photo(seed=7).pixels).save(tmp_path / name)
    asked = []

    def ask(_title: str, text: str, *_args: object, **_kwargs: object) -> int:
        asked.append(text)
        # The other files are read while the first question stands.
        qtbot.waitUntil(lambda: all(photo.sha256 for photo in shown.document.photos))
        return 0

    boxes.ask = ask
    shown.commands.open_project(tmp_path / "party.fvae")
    qtbot.waitUntil(lambda: not any(photo.is_edited for photo in shown.document.photos))

    assert 1 <= len(asked) <= 2
    assert all(name in "".join(asked) for name in ("portrait.png", "other.png"))
    assert "plain.png" not in "".join(asked)


def test_export_does_not_apply_an_edit_to_a_file_that_has_it_already(shown, replaced, qtbot):
    before = replaced.read_bytes()
    over = ExportOptions(pattern="{name}", existing="replace", replace_source=True)
    shown.commands.exports.start("edited", over)
    queue = shown.commands.exports.queue
    qtbot.waitUntil(lambda: not queue.num_open)

    assert [row.state for row in queue._rows.values()] == ["done", "failed"]
    assert replaced.read_bytes() == before


@pytest.mark.usefixtures("photo_file")
def test_batch_reports_every_photo(studio, tmp_path, qtbot):
    (tmp_path / "letter.jpg").write_text("Dear Ada")
    dialog = studio.commands.dialogs.open_batch()
    dialog.set_folder(tmp_path)
    dialog._on_start_clicked()
    qtbot.waitUntil(lambda: len(dialog.rows) == 2)

    assert sorted(row.outcome for row in dialog.rows) == ["done", "failed"]
    dialog.reject()


def test_unsaved_edits_are_asked_about_once_when_closing(shown, boxes, qtbot):
    drag_slider(shown, "smile", 40, qtbot)
    boxes.answer = None
    assert not shown.window.close()
    boxes.answer = 1
    assert shown.window.close()

    assert boxes.asked == ["Save the edits?"] * 2


def test_layout_and_settings_come_back_at_the_next_start(studio, qapp, engine, tmp_path):
    studio.window.resize(1111, 777)
    trigger(studio, "theme_light")
    studio.window.close()
    again = Studio(qapp, lambda _model, _device: engine, tmp_path / "settings.json")

    assert again.theme.choice == "light"
    assert again.store.settings.window["geometry"]
    again.close()
    again.window.canvas.close_threads()
    again.window.deleteLater()


def test_file_that_is_no_photo_is_told_in_one_box(studio, boxes, tmp_path, qtbot):
    (tmp_path / "letter.jpg").write_text("Dear Ada")
    studio.commands.open_paths([tmp_path / "letter.jpg"])
    qtbot.waitUntil(lambda: bool(boxes.told))

    assert len(boxes.told) == 1
    assert studio.document.photos == ()


def test_failed_render_is_told_without_a_box_and_the_picture_stays(shown, boxes, qtbot):
    drag_slider(shown, "smile", 40, qtbot)
    qtbot.waitUntil(lambda: shown.window.canvas._layer.edit is not None)
    with qtbot.waitSignal(shown.document.render_failed):
        shown.document.set_strength("fly", 1.0)

    assert boxes.told == []
    assert "fly" in shown.window.trust.sentence
    assert shown.window.canvas._layer.edit is not None


def test_it_is_told_that_the_picture_is_not_the_edit_until_it_is(shown, qtbot):
    trust = shown.window.trust
    drag_slider(shown, "smile", 40, qtbot)
    qtbot.waitUntil(lambda: trust.sentence.startswith("The photo shows"))
    with qtbot.waitSignal(shown.document.render_failed):
        shown.document.set_strength("fly", 1.0)
    shown.document.choose_face(2)

    assert trust.sentence.startswith("What you see is not this edit. There is no expression")
    assert trust.toolTip() == trust.sentence
    assert not trust._bar.isVisible()
    trigger(shown, "undo")
    qtbot.waitUntil(lambda: trust.sentence.startswith("The photo shows"))
    assert trust._bar.isVisible()


def test_face_that_is_refused_says_why_in_its_tip(shown, engine, qtbot):
    def refuse(name: str) -> None:
        if name.startswith("render"):
            error = FaceTooSmallError("Face 2 is too small.")
            error.reasons = {2: str(error)}
            raise error

    shown.document.choose_face(2)
    engine.fail = refuse
    with qtbot.waitSignal(shown.document.render_failed):
        shown.document.set_strength("smile", 0.5)
    assert shown.window.canvas._tip_of(2) == "Face 2 is too small."

    engine.fail = lambda _name: None
    trigger(shown, "undo")
    assert shown.window.canvas._tip_of(2) == "Face 2"


def test_mouth_of_another_photo_is_taken_when_it_can_be_used(shown, boxes, photo_file, engine, monkeypatch, qtbot):
    def refuse(name: str) -> None:
        if name == "photo_mouth":
            raise EditError("The mouth cannot be taken from stern.png: The mouth in the other photo is closed.")

    chosen = [str(photo_file.with_name("laughing.png"))]
    Image.fromarray(make_photo().pixels).save(chosen[0])
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (chosen[0], ""))
    shown.document.choose_face(2)
    shown.window.sliders.mouth_photo_requested.emit()
    shown.document.choose_face(None)
    qtbot.waitUntil(lambda: entry_of(shown).edit.edits.mouth_of(2).photo == chosen[0])
    assert entry_of(shown).edit.edits.mouth_of(1) == CLOSED

    engine.fail = refuse
    before = entry_of(shown).edit
    shown.window.sliders.mouth_photo_requested.emit()
    qtbot.waitUntil(lambda: bool(boxes.told))
    assert boxes.told == ["This edit cannot be used"]
    assert entry_of(shown).edit is before


def test_mouth_that_was_chosen_meanwhile_stays(shown, photo_file, qtbot):
    shown.document.take_mouth_from(photo_file)
    shown.document.set_mouth(BUILT_IN)
    qtbot.waitUntil(lambda: shown.service.is_idle)
    QApplication.processEvents()

    assert entry_of(shown).edit.edits.mouth_of(None) == BUILT_IN


def test_photo_that_cannot_be_read_says_why_where_it_would_be_seen(shown, photo_file, qtbot):
    other, broken = (photo_file.with_name(name) for name in ("other.png", "broken.png"))
    Image.fromarray(make_photo(seed=5).pixels).save(other)
    broken.write_bytes(b"no picture")
    shown.commands.open_paths([other, broken])
    qtbot.waitUntil(lambda: shown.document.photos[-1].error is not None)
    shown.document.choose_photo(shown.document.photos[-1].entry_id)
    words = [label.text() for label in shown.window.canvas._empty.findChildren(QLabel)]

    assert not shown.window.canvas._empty.isHidden()
    assert any("broken.png is not an image" in text for text in words)
    assert not any("Drop a photo" in text for text in words)


def test_message_about_a_photo_goes_with_it_and_others_stay(shown, photo_file, engine, qtbot):
    status = shown.window.status
    other = photo_file.with_name("other.png")
    Image.fromarray(make_photo(seed=5).pixels).save(other)
    engine.faces = ()
    shown.commands.open_paths([other])
    qtbot.waitUntil(lambda: status.currentMessage().startswith("No face was found"))
    trigger(shown, "previous_photo")
    assert status.currentMessage() == ""

    trigger(shown, "next_photo")
    shown.window.tell("other.png was written.")
    trigger(shown, "previous_photo")
    assert status.currentMessage() == "other.png was written."


def test_long_message_ends_in_dots_and_is_told_in_full_by_the_tooltip(qtbot):
    status, text = StudioStatusBar(), "Face 1 is too small for an edit. " * 20
    qtbot.addWidget(status)
    status.resize(900, 30)
    status.show()
    status.showMessage(text)
    assert status.shown_message.endswith("…")
    assert text.startswith(status.shown_message[:-1])
    assert status.toolTip() == text
    status.resize(20_000, 30)
    qtbot.waitUntil(lambda: status.shown_message == text)
    status.showMessage("Copied.")
    assert status.shown_message == status.toolTip() == "Copied."
    status.clearMessage()
    assert status.shown_message == status.toolTip() == ""


def test_every_command_of_the_menus_does_something(studio):
    table = studio.commands._by_action
    checkable = {"draw_face", "full_screen", "hide_panels", "show_timeline"}

    missing = {name for name in studio.window.actions_table if name not in table and name not in checkable}
    assert missing == set()


def test_recovered_edits_are_offered_after_a_crash(shown, boxes, engine, qapp, tmp_path, qtbot):
    drag_slider(shown, "smile", 40, qtbot)
    shown.recovery.save()
    strengths = entry_of(shown).edit.strengths_of(None)
    # The lock of a process that is gone.
    shown.recovery._lock.unlock()
    boxes.answer = 0
    again = Studio(qapp, lambda _model, _device: engine, tmp_path / "other.json")
    with qtbot.waitSignal(again.service.ready):
        again.start()
    qtbot.waitUntil(lambda: bool(again.document.current and again.document.current.faces))

    assert entry_of(again).edit.strengths_of(None) == strengths
    assert not again.document.is_clean
    again.close()
    again.window.canvas.close_threads()
    again.window.deleteLater()


@pytest.mark.parametrize(("answer", "names"), [(0, ["portrait.png", "other.png"]), (None, ["other.png"])])
def test_recovered_edits_are_offered_to_those_who_open_a_photo(
    answer, names, shown, boxes, engine, qapp, photo_file, tmp_path, qtbot
):
    drag_slider(shown, "smile", 40, qtbot)
    shown.recovery.save()
    shown.recovery._lock.unlock()
    other = photo_file.with_name("other.png")
    Image.fromarray(make_photo(seed=5).pixels).save(other)
    boxes.answer = answer
    again = Studio(qapp, lambda _model, _device: engine, tmp_path / "other.json")
    with qtbot.waitSignal(again.service.ready):
        again.start([other])
    qtbot.waitUntil(lambda: bool(again.document.current and again.document.current.faces))

    assert boxes.asked == ["Bring back your last edits?"]
    assert [photo.name for photo in again.document.photos] == names
    assert entry_of(again).path == other
    assert [photo.is_edited for photo in again.document.photos] == [name == "portrait.png" for name in names]
    again.close()
    again.window.canvas.close_threads()
    again.window.deleteLater()


def test_nobody_is_asked_where_nobody_is_there_to_answer(shown, boxes, engine, qapp, photo_file, tmp_path, qtbot):
    drag_slider(shown, "smile", 40, qtbot)
    shown.recovery.save()
    shown.recovery._lock.unlock()
    again = Studio(qapp, lambda _model, _device: engine, tmp_path / "other.json")
    with qtbot.waitSignal(again.service.ready):
        again.start([photo_file], offers_recovery=False)

    assert boxes.asked == []
    assert again.recovery.orphans()
    again.close()
    again.window.canvas.close_threads()
    again.window.deleteLater()


def test_overlay_is_chosen_by_its_command_and_its_strength_is_kept(shown):
    trigger(shown, "overlay_flow")
    shown.window.tools._opacity.setValue(40)

    assert shown.window.canvas._overlay.value == "flow"
    assert shown.window.canvas._opacity == pytest.approx(0.4)
    assert shown.store.settings.overlay_opacity == 40


def test_model_and_device_are_changed_by_the_settings(studio, qtbot):
    with qtbot.waitSignal(studio.service.ready):
        studio.store.set_value("device", "cpu")


def test_dialogs_open_and_close(studio):
    dialogs = studio.commands.dialogs
    opened = (dialogs.open_settings, dialogs.open_shortcuts, dialogs.open_about, dialogs.open_first_steps)
    for open_dialog in (*opened, dialogs.open_models):
        dialog = open_dialog()
        assert dialog.isVisible()
        dialog.reject()


def test_chosen_model_is_loaded_and_remembered(studio, qtbot):
    dialog = studio.commands.dialogs.open_models()
    qtbot.waitUntil(lambda: len(dialog._cards) == 2)
    with qtbot.waitSignal(studio.service.ready):
        dialog.use_requested.emit("own")

    assert studio.store.settings.model == "own"
    dialog.reject()


def test_project_is_saved_and_opened_by_its_commands(shown, monkeypatch, tmp_path, qtbot):
    drag_slider(shown, "smile", 40, qtbot)
    path = tmp_path / "party"
    monkeypatch.setattr("fvae_studio.gui.commands.QFileDialog.getSaveFileName", lambda *_: (str(path), ""))
    trigger(shown, "save_project")
    saved = Path(f"{path}.fvae")
    assert saved.is_file()
    assert not shown.window.isWindowModified()
    shown.commands.open_paths([saved])
    qtbot.waitUntil(lambda: bool(entry_of(shown).faces))

    assert entry_of(shown).edit.strengths_of(None)["smile"] > 0.2
    assert shown.store.settings.recent[0] == str(saved)


def test_project_is_looked_at_as_it_was_left(shown, tmp_path, boxes, qtbot):
    window = shown.window
    trigger(shown, "overlay_grid")
    trigger(shown, "compare_split")
    window.canvas.set_split(0.25)
    window.canvas.split_moved.emit()
    window.canvas.zoom_to(3.0, QPointF(20, 20))
    shown.document.choose_face(2)
    view = window.canvas.photo_view
    shown.document.save_project(tmp_path / "party.fvae")
    for name in ("overlay_off", "compare_off", "zoom_fit"):
        trigger(shown, name)
    boxes.answer = 1
    shown.commands.open_paths([tmp_path / "party.fvae"])
    qtbot.waitUntil(lambda: bool(entry_of(shown).photo and entry_of(shown).faces))

    assert (window.canvas.overlay, window.canvas.compare_mode) == (Overlay.GRID, CompareMode.SPLIT)
    assert window.canvas.split == 0.25
    assert window.canvas.photo_view == view
    assert entry_of(shown).chosen_face == 2
    assert window.actions_table["overlay_grid"].isChecked()


def test_each_photo_keeps_its_zoom(shown, tmp_path, qtbot):
    Image.fromarray(make_photo(300, 200).pixels).save(tmp_path / "other.png")
    shown.window.canvas.zoom_to(3.0, QPointF(20, 20))
    view = shown.window.canvas.photo_view
    shown.commands.open_paths([tmp_path / "other.png"])
    qtbot.waitUntil(lambda: entry_of(shown).photo is not None)
    assert shown.window.canvas.photo_view is None
    trigger(shown, "previous_photo")

    assert shown.window.canvas.photo_view == view


def test_edited_photo_is_not_closed_in_the_strip_without_a_question(shown, boxes, qtbot):
    drag_slider(shown, "smile", 40, qtbot)
    shown.window.strip.close_requested.emit(entry_of(shown).entry_id)
    assert len(boxes.asked) == len(shown.document.photos) == 1
    boxes.answer = 0
    shown.window.strip.close_requested.emit(entry_of(shown).entry_id)

    assert shown.document.photos == ()


def test_folder_of_a_photo_is_shown_from_the_strip(shown, photo_file, monkeypatch):
    opened: list[Path] = []
    monkeypatch.setattr("fvae_studio.gui.commands.show_in_folder", opened.append)
    shown.window.strip.show_folder_requested.emit(entry_of(shown).entry_id)

    assert opened == [photo_file]


def dropped(studio, data: QMimeData) -> None:
    studio.window.dropEvent(
        QDropEvent(
            QPointF(10, 10), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        )
    )


def test_dropped_project_is_opened_as_one(shown, tmp_path, qtbot):
    shown.document.save_project(tmp_path / "party.fvae")
    shown.document.close_photo(entry_of(shown).entry_id)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "party.fvae"))])
    dropped(shown, data)
    qtbot.waitUntil(lambda: bool(shown.document.current and shown.document.current.photo))

    assert shown.document.project_path == tmp_path / "party.fvae"
    assert shown.store.settings.recent[0] == str(tmp_path / "party.fvae")


def test_dropped_address_says_what_to_do(studio):
    data = QMimeData()
    data.setUrls([QUrl("https://example.org/portrait.jpg")])
    dropped(studio, data)

    assert "browser" in studio.window.status.currentMessage()


def test_panels_that_were_closed_stay_closed_when_the_others_come_back(studio):
    docks = studio.window.docks
    docks["history"].hide()
    trigger(studio, "hide_panels")
    assert all(dock.isHidden() for dock in docks.values())
    trigger(studio, "hide_panels")

    assert [name for name, dock in docks.items() if dock.isHidden()] == ["history", "timeline"]


def test_wheel_does_what_the_settings_say(studio):
    studio.store.set_value("wheel", "scroll")

    assert not studio.window.canvas._wheel_zooms


def test_first_steps_are_shown_once_or_as_often_as_one_likes(studio):
    studio.commands.welcome()
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, FirstStepsDialog)
    dialog.reject()
    studio.commands.welcome()
    assert QApplication.activeModalWidget() is None
    again = studio.commands.dialogs.open_first_steps()
    again._again.setChecked(True)
    again.reject()
    studio.commands.welcome()
    always = QApplication.activeModalWidget()

    assert isinstance(always, FirstStepsDialog)
    assert always.shows_at_start
    always.reject()


def test_result_is_dragged_as_a_file_with_its_edit(shown):
    shown.document.set_strength("smile", 0.5)
    mime, _ = shown.commands.result_drag.promise()
    # As whoever takes it does: the file is there when its address is.
    (url,) = mime.urls()
    entry = entry_of(shown)
    wanted = shown.service._worker._engine.render(entry.photo, entry.edit.effective).photo

    assert Path(url.toLocalFile()).name == "portrait-edited.png"
    np.testing.assert_array_equal(read_photo(Path(url.toLocalFile())).pixels, wanted.pixels)
    shown.commands.result_drag.close()
    assert not Path(url.toLocalFile()).exists()


def test_result_that_cannot_be_made_is_not_dropped(shown, engine, boxes, qtbot):
    def fail(name: str) -> None:
        if name == "render":
            raise MemoryError

    shown.document.set_strength("smile", 0.5)
    engine.fail = fail
    mime, _ = shown.commands.result_drag.promise()

    assert mime.urls() == []
    qtbot.waitUntil(lambda: boxes.told == ["There is not enough memory"])


def test_drag_out_begins_on_the_photo_with_ctrl_and_on_the_handle(shown, monkeypatch, qtbot):
    begun: list[object] = []
    monkeypatch.setattr(shown.commands.result_drag, "promise", lambda: begun.append("promised") or (QMimeData(), 0))
    monkeypatch.setattr("fvae_studio.gui.result_drag.QDrag.exec", lambda *_: Qt.DropAction.CopyAction)
    window = shown.window
    view = window.canvas.photo_view
    for widget, keys in (
        (window.canvas, Qt.KeyboardModifier.ControlModifier),
        (window.tools.drag_handle, Qt.KeyboardModifier.NoModifier),
    ):
        start = widget.rect().center()
        qtbot.mousePress(widget, Qt.MouseButton.LeftButton, keys, start)
        qtbot.mouseMove(widget, start + QPoint(5, 3))
        qtbot.mouseMove(widget, start + QPoint(30, 30))
        qtbot.mouseRelease(widget, Qt.MouseButton.LeftButton, keys, start + QPoint(30, 30))

    assert begun == ["promised"] * 2
    assert window.canvas.photo_view == view
    assert entry_of(shown).chosen_face is None


def test_original_is_seen_and_photo_zoomed_by_keys_while_a_slider_has_the_focus(shown, qtbot):
    track, canvas = shown.window.sliders.slider("smile").track, shown.window.canvas
    track.setFocus()
    qtbot.keyPress(track, Qt.Key.Key_O)
    assert canvas._is_original_held
    qtbot.keyRelease(track, Qt.Key.Key_O)
    assert not canvas._is_original_held
    trigger(shown, "zoom_actual")
    qtbot.keyPress(track, Qt.Key.Key_Plus)

    assert canvas.zoom == pytest.approx(1.25)
    assert track.percent == 0


def test_letters_in_a_search_field_are_text(shown, qtbot):
    search = shown.window.sliders._search
    qtbot.keyClicks(search, "o1")

    assert search.text() == "o1"
    assert not shown.window.canvas._is_original_held


def test_trust_is_that_of_the_face_that_is_chosen(shown, qtbot):
    with qtbot.waitSignal(
        shown.document.rendered, check_params_cb=lambda edit: edit.request.quality == "full_res"
    ) as one:
        shown.document.set_strength("smile", 0.5)
    shown.document.rendered.emit(replace(one.args[0], trust={1: 0.9, 2: 0.3}))
    told = []
    for face in (1, 2):
        shown.document.choose_face(face)
        told.append(shown.window.trust._percent.text())

    assert told == ["90%", "30%"]


def test_screen_has_the_profile_that_a_person_chose(shown, tmp_path):
    profile = bytes(QColorSpace(QColorSpace.NamedColorSpace.AdobeRgb).iccProfile())
    (tmp_path / "screen.icc").write_bytes(profile)
    shown.store.set_value("screen_profile", str(tmp_path / "screen.icc"))
    assert shown.window.canvas._screen == profile
    shown.store.set_value("screen_profile", str(tmp_path / "gone.icc"))

    assert shown.window.canvas._screen is None


def controls_of(window: QWidget) -> list[QWidget]:
    """What the keyboard reaches in a window, apart from Qt's own parts of it."""
    return [
        widget
        for widget in window.findChildren(QWidget)
        if widget.focusPolicy() != Qt.FocusPolicy.NoFocus
        and widget.isVisibleTo(window)
        and not widget.objectName().startswith("qt_")
        and not isinstance(widget, QLabel)
    ]


def test_every_control_of_the_window_and_its_dialogs_has_a_name(shown):
    dialogs = shown.commands.dialogs
    openers = (
        dialogs.open_settings, dialogs.open_shortcuts, dialogs.open_about, dialogs.open_first_steps,
        dialogs.open_models, dialogs.open_batch, shown.commands.exports.ask,
    )  # fmt: skip
    for window in (shown.window, *(opener() for opener in openers)):
        controls = controls_of(window)
        nameless = [
            f"{type(window).__name__}: {type(one).__name__}"
            for one in controls
            if not (one.accessibleName() or (isinstance(one, QAbstractButton) and one.text()))
        ]
        if window is not shown.window:
            window.reject()

        assert len(controls) >= 4
        assert nameless == []


def test_export_makes_the_folder_that_was_typed(shown, tmp_path, qtbot):
    shown.document.set_strength("smile", 0.5)
    folder = tmp_path / "new" / "edited"
    shown.commands.exports.start("this", ExportOptions(folder=folder))
    qtbot.waitUntil(lambda: shown.commands.exports.num_open == 0)

    assert [path.name for path in folder.iterdir()] == ["portrait-edited.png"]


def test_model_in_use_is_known_by_the_name_of_its_file(studio, qtbot):
    with qtbot.waitSignal(studio.service.ready):
        studio.store.set_value("model", "own")
    # The fake engine's model is called "fake" inside.
    dialog = studio.commands.dialogs.open_models()
    qtbot.waitUntil(lambda: len(dialog._cards) == 2)
    dialog.choose("own")

    assert not dialog._use.isEnabled()
    assert not dialog._remove.isEnabled()
    dialog.reject()


def test_all_photos_are_closed_after_one_question(shown, boxes, tmp_path, qtbot):
    Image.fromarray(make_photo(300, 200).pixels).save(tmp_path / "other.png")
    shown.commands.open_paths([tmp_path / "other.png"])
    qtbot.waitUntil(lambda: entry_of(shown).photo is not None and bool(entry_of(shown).faces))
    shown.document.set_strength("smile", 0.5)
    trigger(shown, "close_all")
    assert len(shown.document.photos) == 2
    boxes.answer = 1
    trigger(shown, "close_all")

    assert shown.document.photos == ()
    assert boxes.asked == ["Save the edits?"] * 2
    assert not shown.window.actions_table["export"].isEnabled()
    assert shown.window.canvas._empty.isVisible()


def test_larger_text_has_room_at_once(studio):
    title = studio.window.sliders.slider("smile")._title
    before = title.width()
    studio.store.set_value("text_px", 20)

    assert title.width() == pytest.approx(before * 20 / 13, abs=1)
    assert studio.window.sliders.minimumWidth() == pytest.approx(270 * 20 / 13, abs=3)
    studio.store.set_value("text_px", 13)
