"""The exports that wait, run and are done: progress, time left, cancel, and files to drag out of the window."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeAlias

from PySide6.QtCore import QMimeData, QPoint, QSize, Qt, QUrl, Signal, Slot
from PySide6.QtGui import QDrag, QMouseEvent, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from fvae_studio.gui.dialogs.frame import label, name, set_role
from fvae_studio.gui.icons import icon, icon_pixmap
from fvae_studio.gui.widgets.elided_label import ElidedLabel
from fvae_studio.gui.widgets.time_left import seconds_left, time_in_words

JobState: TypeAlias = Literal["waiting", "running", "done", "failed", "cancelled"]
_ENDED = ("done", "failed", "cancelled")


class ExportRow(QFrame):
    """One export; a finished one can be dragged to other programs."""

    cancel_clicked = Signal(int)
    again_clicked = Signal(int)
    show_clicked = Signal(object)
    """The path of the file."""

    def __init__(self, job_id: int, path: Path, clock: Callable[[], float], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.job_id = job_id
        self.path = path
        self.state: JobState = "waiting"
        self.fraction = 0.0
        self._clock = clock
        self._began: float | None = None
        self._press: QPoint | None = None
        self._build_ui()
        self._cancel.clicked.connect(self._on_cancel_clicked)
        self._again.clicked.connect(self._on_again_clicked)
        self._show.clicked.connect(self._on_show_clicked)

    def set_progress(self, fraction: float) -> None:
        """Show how much is done, 0..1."""
        if self.state in _ENDED:
            return
        now = self._clock()
        self._began = now if self._began is None else self._began
        self.state, self.fraction = "running", fraction
        self._bar.setValue(round(fraction * 1000))
        left = seconds_left(now - self._began, fraction)
        self._note.setText(
            self.tr("being written") if left is None else self.tr("{time} left").format(time=time_in_words(left))
        )

    def set_ended(self, state: JobState, note: str, path: Path | None = None, *, can_go_on: bool = False) -> None:
        """Show how it ended, and whether one can go on with it."""
        self.state, self.fraction = state, 1.0
        self.path = path or self.path
        self._show_name()
        self._bar.hide()
        self._cancel.hide()
        self._again.setVisible(can_go_on)
        self._show.setVisible(state == "done")
        self._note.setText(note)
        self._note.setToolTip(note)
        set_role(self._note, "danger" if state == "failed" else "hint")
        names = {"done": "check-circle", "failed": "warning-circle", "cancelled": "x-circle"}
        self._icon.setPixmap(icon_pixmap(names[state], 20, QPalette.ColorRole.WindowText))
        if state == "done":
            self.setCursor(Qt.CursorShape.OpenHandCursor)
            self.setToolTip(self.tr("Drag this file into another program"))

    def mime_data(self) -> QMimeData:
        """The file, for a drag."""
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(self.path))])
        return data

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's names)
        """Perhaps a drag begins."""
        self._press = event.position().toPoint() if self.state == "done" else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Drag the file."""
        if self._press is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        if (event.position().toPoint() - self._press).manhattanLength() < QApplication.startDragDistance():
            return
        self._press = None
        drag = QDrag(self)
        drag.setMimeData(self.mime_data())
        drag.setPixmap(icon_pixmap("image-square", 40))
        drag.exec(Qt.DropAction.CopyAction)

    def _build_ui(self) -> None:
        self.setProperty("role", "card")
        self._icon = QLabel()
        self._icon.setFixedWidth(24)
        self._icon.setPixmap(icon_pixmap("hourglass-medium", 20))
        # Neither a long name nor one in a sentence makes the rows wider than the list.
        self._name = ElidedLabel()
        self._name.mode = Qt.TextElideMode.ElideMiddle
        self._name.setTextFormat(Qt.TextFormat.PlainText)
        self._show_name()
        self._note = label(self.tr("waiting"), "hint")
        self._note.setTextFormat(Qt.TextFormat.PlainText)
        self._note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Progress of {name}").format(name=self.path.name))
        self._cancel = QToolButton()
        self._cancel.setIcon(icon("x"))
        name(self._cancel, self.tr("Cancel {name}").format(name=self.path.name))
        self._show = QToolButton()
        self._show.setIcon(icon("folder-open"))
        name(self._show, self.tr("Show {name} in its folder").format(name=self.path.name))
        self._again = QToolButton()
        self._again.setIcon(icon("arrow-clockwise"))
        name(
            self._again,
            self.tr("Go on with {name}").format(name=self.path.name),
            self.tr("Write what is missing, of the clip as it was"),
        )
        for button in (self._show, self._again):
            button.hide()
        for button in (self._cancel, self._show, self._again):
            button.setIconSize(QSize(16, 16))
        middle = QVBoxLayout()
        middle.setSpacing(3)
        for widget in (self._name, self._bar, self._note):
            middle.addWidget(widget)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(self._icon)
        layout.addLayout(middle, 1)
        layout.addWidget(self._cancel)
        layout.addWidget(self._again)
        layout.addWidget(self._show)

    def _show_name(self) -> None:
        self._name.setText(self.path.name)
        self._name.setToolTip(str(self.path))

    @Slot()
    def _on_again_clicked(self) -> None:
        self.again_clicked.emit(self.job_id)

    @Slot()
    def _on_cancel_clicked(self) -> None:
        self.cancel_clicked.emit(self.job_id)

    @Slot()
    def _on_show_clicked(self) -> None:
        self.show_clicked.emit(self.path)


class ExportQueue(QWidget):
    """All exports of this session, the newest first; fits a dock or a window of its own."""

    cancel_requested = Signal(int)
    """Job id."""
    cancel_all_requested = Signal()
    again_requested = Signal(int)
    """Go on with this job, which was cancelled or failed."""
    show_requested = Signal(object)
    """Show this file in its folder."""

    def __init__(self, parent: QWidget | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(parent)
        self._clock = clock
        self._rows: dict[int, ExportRow] = {}
        self._build_ui()
        self._cancel_all.clicked.connect(self.cancel_all_requested)
        self._clear.clicked.connect(self._on_clear_clicked)
        self._refresh()

    def add(self, job_id: int, path: Path) -> None:
        """An export was queued."""
        row = ExportRow(job_id, path, self._clock)
        row.cancel_clicked.connect(self.cancel_requested)
        row.again_clicked.connect(self.again_requested)
        row.show_clicked.connect(self.show_requested)
        self._rows[job_id] = row
        self._list.insertWidget(0, row)
        self._refresh()

    def set_progress(self, job_id: int, fraction: float) -> None:
        """How much of it is done, 0..1."""
        if job_id in self._rows:
            self._rows[job_id].set_progress(fraction)
            self._refresh()

    def set_done(self, job_id: int, path: Path, note: str = "") -> None:
        """It was written; a sentence may tell more."""
        self._end(job_id, "done", " · ".join(filter(None, (self.tr("written"), note))), path)

    def set_failed(self, job_id: int, sentence: str, *, can_go_on: bool = False) -> None:
        """It failed; the sentence tells why."""
        self._end(job_id, "failed", sentence, can_go_on=can_go_on)

    def set_cancelled(self, job_id: int, *, has_pictures: bool = False, can_go_on: bool = False) -> None:
        """It was cancelled; of numbered pictures, those that are whole stay."""
        if has_pictures:
            note = self.tr("cancelled, the pictures so far stay")
        else:
            note = self.tr("cancelled, nothing was written")
        self._end(job_id, "cancelled", note, can_go_on=can_go_on)

    def remove(self, job_id: int) -> None:
        """Take an ended export off the list."""
        row = self._rows.pop(job_id, None)
        if row is not None:
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
            self._refresh()

    @property
    def num_open(self) -> int:
        """How many wait or run."""
        return sum(row.state not in _ENDED for row in self._rows.values())

    def row(self, job_id: int) -> ExportRow:
        """The row of a job."""
        return self._rows[job_id]

    def summary(self) -> str:
        """One line for the status bar: how many, and how long still; "" when nothing is going on."""
        if not self.num_open:
            return ""
        text = self.tr("Exporting, %n to go", "", self.num_open)
        left = self._seconds_left()
        return text if left is None else text + " · " + self.tr("{time} left").format(time=time_in_words(left))

    def _build_ui(self) -> None:
        self._summary = label("", "heading")
        self._cancel_all = QPushButton(self.tr("Cancel all"))
        name(self._cancel_all, self.tr("Cancel all"), self.tr("Stop all exports; files that are done stay"))
        self._clear = QPushButton(self.tr("Clear"))
        name(self._clear, self.tr("Clear"), self.tr("Take finished exports off this list; the files stay"))
        head = QHBoxLayout()
        head.addWidget(self._summary, 1)
        head.addWidget(self._cancel_all)
        head.addWidget(self._clear)
        inner = QWidget()
        self._list = QVBoxLayout(inner)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(6)
        self._list.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(10)
        layout.addLayout(head)
        layout.addWidget(scroll, 1)
        self.setMinimumSize(320, 160)

    def _end(
        self, job_id: int, state: JobState, note: str, path: Path | None = None, *, can_go_on: bool = False
    ) -> None:
        if job_id in self._rows:
            self._rows[job_id].set_ended(state, note, path, can_go_on=can_go_on)
            self._refresh()

    def _seconds_left(self) -> float | None:
        """Of all, from the pace of the one that runs."""
        running = next((row for row in self._rows.values() if row.state == "running"), None)
        if running is None or running._began is None:
            return None
        elapsed = self._clock() - running._began
        own = seconds_left(elapsed, running.fraction)
        return None if own is None else own + (elapsed + own) * (self.num_open - 1)

    def _refresh(self) -> None:
        self._cancel_all.setEnabled(self.num_open > 0)
        self._clear.setEnabled(len(self._rows) > self.num_open)
        if not self._rows:
            ended = self.tr("Nothing is exported")
        elif all(row.state == "done" for row in self._rows.values()):
            ended = self.tr("All exports are done")
        else:
            ended = self.tr("Not all exports were written")
        self._summary.setText(self.summary() or ended)

    @Slot()
    def _on_clear_clicked(self) -> None:
        for job_id, row in list(self._rows.items()):
            if row.state in _ENDED:
                self.remove(job_id)
