from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QLineEdit, QSlider, QWidget
from pytestqt.qtbot import QtBot

from fvae_studio.core.export import ExportOptions, ExportSource
from fvae_studio.gui.dialogs.export import ExportDialog
from fvae_studio.gui.dialogs.export_queue import ExportQueue
from fvae_studio.gui.messages import Messages
from fvae_studio.gui.widgets.elided_label import ElidedLabel

LEFT = Qt.MouseButton.LeftButton


class Answers(Messages):
    """Gives one answer to every question."""

    def __init__(self, window: QWidget, answer: int | None) -> None:
        super().__init__(window)
        self.answer = answer
        self.asked: list[str] = []

    def ask(
        self, title: str, sentence: str, choices: Sequence[str], *, cancel: str = "", dangerous: int | None = None
    ) -> int | None:
        self.asked.append(f"{title} {sentence} {len(choices)} {cancel} {dangerous}")
        return self.answer


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    return window


@pytest.fixture
def source(tmp_path: Path) -> ExportSource:
    path = tmp_path / "portrait.jpg"
    path.touch()
    return ExportSource(path, "JPEG", 6000, 4000)


def make(
    qtbot: QtBot, window: QWidget, this: ExportSource | None, edited: Sequence[ExportSource] = (),
    options: ExportOptions | None = None, answer: int | None = None, **settings: Any,
) -> tuple[ExportDialog, Answers]:  # fmt: skip
    answers = Answers(window, answer)
    dialog = ExportDialog(this, edited, options or ExportOptions(), answers, today=date(2026, 11, 24), **settings)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog, answers


def find(dialog: QWidget, kind: type[Any], name: str) -> Any:
    return next(one for one in dialog.findChildren(kind) if one.accessibleName() == name)


def choose(dialog: QWidget, name: str, value: Any) -> None:
    box = find(dialog, QComboBox, name)
    box.setCurrentIndex(box.findData(value))


def shown_text(dialog: QWidget) -> str:
    return "\n".join(one.text() for one in dialog.findChildren(QLabel) if one.isVisible())


def press(qtbot: QtBot, dialog: QWidget, name: str = "Export") -> None:
    qtbot.mouseClick(find(dialog, QAbstractButton, name), LEFT)


def test_options_come_back_as_they_were_given(
    qtbot: QtBot, window: QWidget, source: ExportSource, tmp_path: Path
) -> None:
    options = ExportOptions(
        format="JPEG", quality=71, size_rule="megapixels", size=3.5, keep_metadata=False, note_edit=False,
        pattern="{name}-{number}", folder=tmp_path / "out", existing="replace",
    )  # fmt: skip
    dialog, _ = make(qtbot, window, source, options=options)

    assert dialog.options() == options


def test_the_note_is_on_by_default(qtbot: QtBot, window: QWidget, source: ExportSource) -> None:
    dialog, _ = make(qtbot, window, source)
    assert dialog.options().note_edit
    press(qtbot, dialog, "Note the edit")

    assert not dialog.options().note_edit


def test_it_says_what_will_be_written(qtbot: QtBot, window: QWidget, source: ExportSource, tmp_path: Path) -> None:
    dialog, _ = make(qtbot, window, source)
    choose(dialog, "Format", "PNG")
    choose(dialog, "Size", "long_edge")

    assert str(tmp_path / "portrait-edited.png") in shown_text(dialog)
    assert "2048 × 1365" in shown_text(dialog)


def test_quality_and_depth_belong_to_the_format(qtbot: QtBot, window: QWidget, source: ExportSource) -> None:
    dialog, _ = make(qtbot, window, source, options=ExportOptions(quality=80))
    assert find(dialog, QSlider, "Quality").isEnabled()
    assert not find(dialog, QComboBox, "Bit depth").isEnabled()
    choose(dialog, "Format", "TIFF")
    assert not find(dialog, QSlider, "Quality").isEnabled()
    choose(dialog, "Bit depth", 16)
    assert dialog.options().bit_depth == 16
    choose(dialog, "Format", "JPEG")

    assert (dialog.options().bit_depth, dialog.options().quality) == ("keep", 80)


def test_a_wrong_pattern_stops_the_export_and_says_why(qtbot: QtBot, window: QWidget, source: ExportSource) -> None:
    dialog, _ = make(qtbot, window, source)
    pattern = find(dialog, QLineEdit, "Name pattern")
    pattern.setText("{nam}")
    assert not find(dialog, QAbstractButton, "Export").isEnabled()
    assert "{nam}" in shown_text(dialog)
    pattern.setText("{name}!")

    assert find(dialog, QAbstractButton, "Export").isEnabled()


def test_export_tells_scope_and_options(qtbot: QtBot, window: QWidget, source: ExportSource) -> None:
    dialog, answers = make(qtbot, window, source, [source, source])
    press(qtbot, dialog, "Export all edited photos")
    with qtbot.waitSignal(dialog.export_requested) as blocker:
        press(qtbot, dialog)

    assert blocker.args == ["edited", ExportOptions()]
    assert answers.asked == []
    assert not dialog.isVisible()


def test_without_a_shown_photo_only_the_edited_ones_are_offered(
    qtbot: QtBot, window: QWidget, source: ExportSource
) -> None:
    dialog, _ = make(qtbot, window, None, [source])

    assert dialog.scope == "edited"
    assert not find(dialog, QAbstractButton, "Export this photo").isEnabled()


def test_a_pasted_photo_asks_for_a_folder(qtbot: QtBot, window: QWidget, tmp_path: Path) -> None:
    dialog, _ = make(qtbot, window, ExportSource(None, "", 100, 100))
    assert not find(dialog, QAbstractButton, "Export").isEnabled()
    find(dialog, QLineEdit, "Folder").setText(str(tmp_path))

    assert find(dialog, QAbstractButton, "Export").isEnabled()
    assert dialog.options().folder == tmp_path


@pytest.mark.parametrize(("answer", "replaces"), [(0, True), (1, False)])
def test_the_original_is_asked_about(
    qtbot: QtBot, window: QWidget, source: ExportSource, answer: int, replaces: bool
) -> None:
    options = ExportOptions(pattern="{name}", existing="replace")
    dialog, answers = make(qtbot, window, source, options=options, answer=answer)
    assert "original" in shown_text(dialog)
    assert str(source.path) in shown_text(dialog)
    with qtbot.waitSignal(dialog.export_requested) as blocker:
        press(qtbot, dialog)

    assert len(answers.asked) == 1
    assert blocker.args[1].replace_source is replaces


def test_cancelling_that_question_exports_nothing(qtbot: QtBot, window: QWidget, source: ExportSource) -> None:
    options = ExportOptions(pattern="{name}", existing="replace")
    dialog, _ = make(qtbot, window, source, options=options, answer=None)
    with qtbot.assertNotEmitted(dialog.export_requested):
        press(qtbot, dialog)

    assert dialog.isVisible()


# The queue.


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(qtbot: QtBot, clock: Clock, tmp_path: Path) -> ExportQueue:
    queue = ExportQueue(clock=clock)
    qtbot.addWidget(queue)
    queue.show()
    for job in (1, 2, 3):
        queue.add(job, tmp_path / f"{job}.jpg")
    return queue


def test_time_left_counts_what_waits(queue: ExportQueue, clock: Clock) -> None:
    queue.set_progress(1, 0.0)
    assert "left" not in queue.summary()
    clock.now = 10.0
    queue.set_progress(1, 0.5)

    # 10 s for the other half, and 20 s for each of the two that wait.
    assert queue.summary().endswith("50 s left")
    assert queue.num_open == 3


def test_a_long_name_does_not_widen_the_list(queue: ExportQueue, qtbot: QtBot, tmp_path: Path) -> None:
    queue.resize(400, 300)
    queue.show()
    qtbot.waitExposed(queue)
    long = tmp_path / f"{'portrait_of_nobody' * 10}-edited.jpg"
    queue.add(7, tmp_path / "short.jpg")
    queue.add(8, long)
    queue.set_failed(8, f"{long.name} cannot be written.")
    title = next(one for one in queue.row(8).findChildren(ElidedLabel))

    qtbot.waitUntil(lambda: queue.row(8).width() <= 400 and "…" in title.shown_text)
    assert queue.row(7).width() == queue.row(8).width()
    assert title.shown_text.endswith(".jpg")
    assert title.toolTip() == str(long)


def test_rows_end_in_their_own_way(queue: ExportQueue, tmp_path: Path) -> None:
    queue.set_done(1, tmp_path / "1-2.jpg")
    queue.set_failed(2, "The disk is full.")
    queue.set_cancelled(3)
    queue.set_progress(1, 0.3)

    assert [queue.row(job).state for job in (1, 2, 3)] == ["done", "failed", "cancelled"]
    assert queue.num_open == 0
    assert queue.summary() == ""
    assert "The disk is full." in shown_text(queue)


def test_cancel_one_and_all(queue: ExportQueue, qtbot: QtBot) -> None:
    with qtbot.waitSignal(queue.cancel_requested) as blocker:
        press(qtbot, queue, "Cancel 2.jpg")
    assert blocker.args == [2]
    with qtbot.waitSignal(queue.cancel_all_requested):
        press(qtbot, queue, "Cancel all")


def test_a_finished_file_can_be_dragged_and_shown(queue: ExportQueue, qtbot: QtBot, tmp_path: Path) -> None:
    written = tmp_path / "written.jpg"
    queue.set_done(1, written)
    assert queue.row(1).mime_data().urls() == [QUrl.fromLocalFile(str(written))]
    with qtbot.waitSignal(queue.show_requested) as blocker:
        press(qtbot, queue, "Show 1.jpg in its folder")

    assert blocker.args == [written]


def test_clear_keeps_what_is_open(queue: ExportQueue, qtbot: QtBot, tmp_path: Path) -> None:
    queue.set_done(1, tmp_path / "1.jpg")
    press(qtbot, queue, "Clear")

    with pytest.raises(KeyError):
        queue.row(1)
    assert queue.row(2).state == "waiting"
