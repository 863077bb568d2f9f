"""About, models, batch and first steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QLineEdit, QPlainTextEdit, QTableWidget, QWidget
from pytestqt.qtbot import QtBot

from fvae_studio.core.batch import BatchRow
from fvae_studio.core.export import ExportOptions
from fvae_studio.core.mouth_choice import BUILT_IN
from fvae_studio.core.presets import Preset
from fvae_studio.gui.dialogs.about import AboutDialog, components, own_text
from fvae_studio.gui.dialogs.batch import BatchDialog
from fvae_studio.gui.dialogs.first_steps import FirstStepsDialog
from fvae_studio.gui.dialogs.models import ModelCard, ModelsDialog
from fvae_studio.gui.messages import Messages
from fvae_studio.gui.widgets.time_left import seconds_left, time_in_words

LEFT = Qt.MouseButton.LeftButton
CARDS = (
    ModelCard(
        "studio-1", "Studio 1", is_shipped=True, is_default=True, metrics={"face_psnr_db": 28.536, "odd_one": 3},
        provenance=({"name": "London Set", "licence": "CC BY 4.0"},),
    ),
    ModelCard("mine", "My model", path=Path("/models/mine.safetensors")),
)  # fmt: skip


def button(dialog: QWidget, name: str) -> QAbstractButton:
    return next(one for one in dialog.findChildren(QAbstractButton) if one.accessibleName() == name)


def shown_text(dialog: QWidget) -> str:
    return "\n".join(one.text() for one in dialog.findChildren(QLabel) if one.isVisible())


# About.


def test_about_names_versions_and_licences(qtbot: QtBot) -> None:
    dialog = AboutDialog()
    qtbot.addWidget(dialog)
    qtbot.mouseClick(button(dialog, "Copy versions"), LEFT)
    found = {one.name: one for one in components()}

    assert "onnxruntime" in QGuiApplication.clipboard().text()
    assert found["numpy"].version.startswith("1.")
    assert all(one.licence for one in found.values())
    assert "MIT" in own_text("LICENSE")
    assert "Phosphor" in own_text("NOTICE")


def test_about_shows_the_licences_of_an_installed_program(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "licences").mkdir()
    (tmp_path / "licences" / "third-party-licences.txt").write_text("numpy 1.26.4: BSD License", encoding="utf-8")
    monkeypatch.setenv("FVAE_RESOURCES", str(tmp_path))
    dialog = AboutDialog()
    qtbot.addWidget(dialog)
    shown = dialog.open_licences()

    assert [one.toPlainText() for one in shown.findChildren(QPlainTextEdit)] == ["numpy 1.26.4: BSD License"]


def test_about_says_where_licences_are_when_it_runs_from_source(qtbot: QtBot) -> None:
    dialog = AboutDialog()
    qtbot.addWidget(dialog)
    shown = dialog.open_licences()

    assert "source" in shown_text(shown)
    assert not shown.findChildren(QPlainTextEdit)


# Models.


@pytest.fixture
def models(qtbot: QtBot) -> ModelsDialog:
    dialog = ModelsDialog()
    qtbot.addWidget(dialog)
    dialog.set_models(CARDS, "studio-1")
    dialog.show()
    return dialog


def test_the_model_in_use_is_shown_with_its_facts(models: ModelsDialog) -> None:
    text = shown_text(models)

    assert "Studio 1" in text
    assert "28.54 dB" in text
    assert "odd one" in text
    assert "London Set" in text
    assert not button(models, "Use this model").isEnabled()


def test_another_model_can_be_used_and_removed(models: ModelsDialog, qtbot: QtBot) -> None:
    models.choose("mine")
    with qtbot.waitSignal(models.use_requested) as blocker:
        qtbot.mouseClick(button(models, "Use this model"), LEFT)
    assert blocker.args == ["mine"]
    with qtbot.waitSignal(models.remove_requested) as removed:
        qtbot.mouseClick(button(models, "Remove this model"), LEFT)

    assert removed.args == ["mine"]


def test_neither_shipped_nor_loaded_models_can_be_removed(models: ModelsDialog) -> None:
    models.set_models(CARDS, "mine")
    models.choose("studio-1")
    assert not button(models, "Remove this model").isEnabled()
    models.choose("mine")

    assert not button(models, "Remove this model").isEnabled()


def test_the_chosen_model_stays_chosen(models: ModelsDialog, qtbot: QtBot) -> None:
    models.choose("mine")
    models.set_models(CARDS, "mine")

    qtbot.waitUntil(lambda: "mine.safetensors" in shown_text(models))


def test_no_model_is_said(models: ModelsDialog, qtbot: QtBot) -> None:
    models.set_models((), "")

    qtbot.waitUntil(lambda: "No model is installed" in shown_text(models))


# Batch.


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    (folder / "deep").mkdir(parents=True)
    for name in ("a.jpg", "b.png", "deep/c.jpg", "notes.txt"):
        (folder / name).touch()
    return folder


@pytest.fixture
def batch(qtbot: QtBot, photos: Path) -> BatchDialog:
    window = QWidget()
    qtbot.addWidget(window)
    presets = [Preset("Frown", (("angry", 0.4),), mouth=BUILT_IN), Preset.of("Smile", {"smile": 0.8})]
    dialog = BatchDialog(presets, ExportOptions(), Messages(window), window)
    qtbot.addWidget(dialog)
    dialog.set_folder(photos)
    dialog.show()
    return dialog


def start(qtbot: QtBot, batch: BatchDialog) -> list[Any]:
    with qtbot.waitSignal(batch.start_requested) as blocker:
        qtbot.mouseClick(button(batch, "Start"), LEFT)
    assert blocker.args is not None
    return blocker.args


def test_start_tells_task_and_photos(batch: BatchDialog, photos: Path, qtbot: QtBot) -> None:
    batch.set_preset("Smile")
    task, paths = start(qtbot, batch)

    assert task.strengths == (("smile", 0.8),)
    assert task.options == ExportOptions(folder=photos / "edited")
    assert paths == (photos / "a.jpg", photos / "b.png")


def test_mouth_of_all_photos_is_the_presets_until_it_is_chosen(qtbot: QtBot, batch: BatchDialog) -> None:
    mouth = next(one for one in batch.findChildren(QComboBox) if one.accessibleName() == "If lips part")
    assert mouth.currentText() == "Built-in teeth"
    batch.set_preset("Smile")
    assert mouth.currentText() == "Closed lips"
    mouth.setCurrentIndex(mouth.findText("Built-in teeth"))
    task, _ = start(qtbot, batch)

    assert task.mouth == BUILT_IN


def test_folders_inside_are_taken_when_asked(batch: BatchDialog, photos: Path, qtbot: QtBot) -> None:
    button(batch, "Also photos in its folders").click()
    _, paths = start(qtbot, batch)

    assert photos / "deep" / "c.jpg" in paths


def field(dialog: QWidget, name: str) -> QLineEdit:
    return next(one for one in dialog.findChildren(QLineEdit) if one.accessibleName() == name)


def test_a_typed_folder_takes_the_place_of_the_results_along(batch: BatchDialog, photos: Path, qtbot: QtBot) -> None:
    folder, place = field(batch, "Folder with photos"), field(batch, "Folder")
    folder.clear()
    assert place.text() == ""
    qtbot.keyClicks(folder, str(photos))
    assert place.text() == str(photos / "edited")
    assert button(batch, "Start").isEnabled()
    folder.setText(str(photos / "deep"))
    task, paths = start(qtbot, batch)

    assert task.options.folder == photos / "deep" / "edited"
    assert paths == (photos / "deep" / "c.jpg",)


def test_a_place_that_was_named_stays_with_another_folder(batch: BatchDialog, photos: Path, tmp_path: Path) -> None:
    place = field(batch, "Folder")
    place.setText(str(tmp_path / "results"))
    field(batch, "Folder with photos").setText(str(photos / "deep"))
    batch.set_folder(photos)

    assert place.text() == str(tmp_path / "results")


def test_nothing_starts_without_photos(batch: BatchDialog, tmp_path: Path) -> None:
    folder = field(batch, "Folder with photos")
    folder.setText(str(tmp_path / "none"))
    assert not button(batch, "Start").isEnabled()
    assert "no such folder" in shown_text(batch)
    (tmp_path / "empty").mkdir()
    folder.setText(str(tmp_path / "empty"))

    assert not button(batch, "Start").isEnabled()


def test_the_report_grows_and_counts(batch: BatchDialog, photos: Path, qtbot: QtBot) -> None:
    start(qtbot, batch)
    batch.add_row(BatchRow(photos / "a.jpg", "done", "", photos / "edited" / "a-edited.jpg", 2))
    assert "Photo 2 of 2" in shown_text(batch)
    batch.add_row(BatchRow(photos / "b.png", "skipped", "No face was found."))
    batch.set_finished()
    table = batch.findChild(QTableWidget)
    assert table is not None
    cells = [[table.item(row, column).text() for column in range(4)] for row in range(2)]  # type: ignore[union-attr]

    assert cells == [["a.jpg", "written", "2", "a-edited.jpg"], ["b.png", "skipped", "0", "No face was found."]]
    assert "1 written, 1 skipped, 0 failed" in shown_text(batch)


def test_closing_stops_what_runs(batch: BatchDialog, qtbot: QtBot) -> None:
    start(qtbot, batch)
    with qtbot.waitSignal(batch.cancel_requested):
        batch.reject()


def test_closing_a_finished_report_stops_nothing(batch: BatchDialog, qtbot: QtBot) -> None:
    start(qtbot, batch)
    batch.set_finished()
    with qtbot.assertNotEmitted(batch.cancel_requested):
        batch.reject()


# First steps.


@pytest.mark.parametrize(("name", "signal"), [("Try a sample", "sample_requested"), ("Open a photo", "open_requested")])
def test_first_steps_lead_on(qtbot: QtBot, name: str, signal: str) -> None:
    dialog = FirstStepsDialog()
    qtbot.addWidget(dialog)
    dialog.show()
    with qtbot.waitSignal(getattr(dialog, signal)):
        qtbot.mouseClick(button(dialog, name), LEFT)

    assert not dialog.isVisible()
    assert not dialog.shows_at_start


# Time left.


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(2, "a few seconds"), (12, "15 s"), (50, "50 s"), (61, "2 min"), (3500, "59 min"), (4800, "1 h 20 min")],
)
def test_time_in_words(seconds: float, words: str) -> None:
    assert time_in_words(seconds) == words


def test_time_left_needs_some_progress() -> None:
    assert seconds_left(5.0, 0.01) is None
    assert seconds_left(0.1, 0.5) is None
    assert seconds_left(10.0, 0.25) == pytest.approx(30.0)
