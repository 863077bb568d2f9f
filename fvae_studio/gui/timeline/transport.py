"""The row above the ruler: playing, the time, how the clip runs, and what can be done with all of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QLayout, QMenu, QSizePolicy, QToolButton, QWidget

from fvae_studio.core.timeline import FRAME_RATES, FrameMode, Repeat, Timeline
from fvae_studio.gui.dialogs.frame import name
from fvae_studio.gui.icons import icon
from fvae_studio.gui.timeline.time_axis import time_text
from fvae_studio.gui.timeline.track_header import tool_button
from fvae_studio.gui.widgets.row_room import hide_all, make_room
from fvae_studio.pipeline.requests import DirectionInfo

_ZOOM: Final = 1.5
_SPARE_PX: Final = 40
"""Margins and gaps."""
_TIME: Final = "00:00:00 / 00:00:00"


class TransportBar(QWidget):
    """Buttons and choices of the timeline."""

    step_requested = Signal(str)
    """One of "start", "previous_key", "next_key", "end"."""
    play_clicked = Signal()
    repeat_chosen = Signal(str)
    fps_chosen = Signal(float)
    mode_chosen = Signal(str)
    in_clicked = Signal()
    out_clicked = Signal()
    track_chosen = Signal(str)
    """Direction of a track to add."""
    best_clicked = Signal()
    export_clicked = Signal()
    shown_toggled = Signal(bool)
    """Whether the canvas shall show the clip."""
    zoom_requested = Signal(float)
    """By this factor; 0 shows all."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._build_ui()
        self._connect()
        self.set_timeline(Timeline())

    def set_timeline(self, timeline: Timeline) -> None:
        """Show how it runs."""
        for box, value in ((self._repeat, timeline.repeat), (self._fps, timeline.fps), (self._mode, timeline.mode)):
            with QSignalBlocker(box):
                if box.findData(value) < 0:
                    box.addItem(f"{value:g}", value)
                box.setCurrentIndex(box.findData(value))
        for widget in (*self._steps, self.play, self._in, self._out, self.shown):
            widget.setEnabled(not timeline.is_empty)

    def set_time(self, time_s: float, timeline: Timeline) -> None:
        """Show where the playhead is, and how long the clip is."""
        fps = timeline.fps
        self._time.setText(f"{time_text(time_s, fps)} / {time_text(timeline.end_s, fps)}")
        self._time.setToolTip(
            self.tr("Playhead / end, in minutes, seconds and frames. This is frame {number}.").format(
                number=round(time_s * fps)
            )
        )

    def set_playing(self, is_playing: bool) -> None:
        """Show what the button does now."""
        self.play.setIcon(icon("pause-fill" if is_playing else "play-fill"))
        name(self.play, self.tr("Pause") if is_playing else self.tr("Play"), self.tr("Play or pause (Space)"))

    def set_shown(self, is_shown: bool) -> None:
        """Whether the canvas shows the clip."""
        with QSignalBlocker(self.shown):
            self.shown.setChecked(is_shown)

    def set_exportable(self, is_exportable: bool) -> None:
        """Whether there is a clip to look through and to write."""
        self._best.setEnabled(is_exportable)
        self._export.setEnabled(is_exportable)

    def set_directions(self, directions: Sequence[DirectionInfo], used: Sequence[str]) -> None:
        """Offer tracks for these directions, but for those that have one."""
        menu = self._tracks.menu()
        menu.clear()
        groups: dict[str, QMenu] = {}
        for direction in directions:
            if direction.group not in groups:
                groups[direction.group] = menu.addMenu(direction.group)
            action = groups[direction.group].addAction(direction.label)
            action.setEnabled(direction.name not in used)
            action.setToolTip(direction.description)
            action.triggered.connect(lambda _checked=False, one=direction.name: self.track_chosen.emit(one))
        self._tracks.setEnabled(bool(directions))

    # Building

    def _build_ui(self) -> None:
        self._steps = (
            tool_button("skip-back", self.tr("To the start"), self.tr("To the start of what is played (Home)")),
            tool_button("caret-double-left", self.tr("To the previous key"), self.tr("To the previous key (Up)")),
            tool_button("caret-double-right", self.tr("To the next key"), self.tr("To the next key (Down)")),
            tool_button("skip-forward", self.tr("To the end"), self.tr("To the end of what is played (End)")),
        )
        self.play = tool_button("play-fill", self.tr("Play"), self.tr("Play or pause (Space)"), size_px=18)
        self._time = QLabel()
        self._time.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self._time.setAccessibleName(self.tr("Time"))
        self._in, self._out = QToolButton(), QToolButton()
        for button, text, tip in (
            (self._in, self.tr("In"), self.tr("Play and export from the playhead on (I)")),
            (self._out, self.tr("Out"), self.tr("Play and export up to the playhead (O)")),
        ):
            button.setText(text)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            name(button, tip, tip)
        self._repeat, self._fps, self._mode = QComboBox(), QComboBox(), QComboBox()
        texts: dict[Repeat, str] = {"once": self.tr("Once"), "loop": self.tr("Loop"), "ping-pong": self.tr("Ping-pong")}
        for repeat, text in texts.items():
            self._repeat.addItem(text, repeat)
        for rate in FRAME_RATES:
            self._fps.addItem(self.tr("{number:g} fps").format(number=rate), rate)
        modes: dict[FrameMode, str] = {"photo": self.tr("Whole photo"), "face": self.tr("Face only")}
        for mode, text in modes.items():
            self._mode.addItem(text, mode)
        for box, width_px in ((self._repeat, 106), (self._fps, 92), (self._mode, 132)):
            # The choices are wider than there is room in a small window; their list is not.
            box.setMinimumWidth(width_px)
            box.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
            box.view().setMinimumWidth(140)
        name(self._repeat, self.tr("Repeat"), self.tr("What happens at the end of the clip"))
        name(self._fps, self.tr("Frames per second"))
        name(
            self._mode,
            self.tr("What is seen"),
            self.tr("The whole first photo with its face changing, or the square around the face"),
        )
        self.shown = tool_button(
            "eye", self.tr("Show the clip"), self.tr("The canvas shows the clip at the playhead, or the photo (Esc)")
        )
        self.shown.setCheckable(True)
        self._tracks = QToolButton()
        self._tracks.setText(self.tr("Add track"))
        self._tracks.setIcon(icon("plus"))
        self._tracks.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._tracks.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._tracks.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        menu = QMenu(self._tracks)
        menu.setToolTipsVisible(True)
        self._tracks.setMenu(menu)
        name(
            self._tracks,
            self.tr("Add a slider track"),
            self.tr("Animate a slider: its keys come on top of the photos' own edits"),
        )
        self._best = tool_button(
            "squares-four", self.tr("Best moment…"), self.tr("Look at many in-betweens at once and take one")
        )
        self._export = tool_button("export", self.tr("Export clip…"), self.tr("Write the clip into a file"))
        self._zooms = (
            tool_button(
                "magnifying-glass-minus", self.tr("Zoom the time axis out"), self.tr("Less room for a second (−)")
            ),
            tool_button(
                "magnifying-glass-plus", self.tr("Zoom the time axis in"), self.tr("More room for a second (+)")
            ),
            tool_button(
                "arrows-out-line-horizontal", self.tr("Show all of the clip"), self.tr("Fit the clip to the width (0)")
            ),
        )
        # Where a small window has no room for the choices, they are in a menu.
        self._choices = tool_button("dots-three-vertical", self.tr("How the clip runs"))
        self._choices.clicked.connect(self._on_choices_clicked)
        self._choices.hide()
        self._row = layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(2)
        layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        left: tuple[QWidget, ...] = (*self._steps[:2], self.play, *self._steps[2:], self._time, self._in, self._out)
        middle: tuple[QWidget, ...] = (_gap(), self._repeat, self._fps, self._mode, self._choices, self.shown)
        right: tuple[QWidget, ...] = (self._tracks, self._best, self._export, _gap(), *self._zooms)
        for widget in (*left, *middle):
            layout.addWidget(widget)
        layout.addStretch(1)
        for widget in right:
            layout.addWidget(widget)
        self._fit_text()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """The time goes with the text size."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit_text()

    def _fit_text(self) -> None:
        """What stays in the smallest window, with the spaces between, is the least width."""
        time_px = QFontMetrics(self.font()).horizontalAdvance(_TIME)
        self._time.setMinimumWidth(time_px)
        stays = (self.play, self._choices, self.shown, self._tracks, self._best, self._export)
        icon_px = max(one.sizeHint().height() for one in stays)
        self.setMinimumWidth(time_px + len(stays) * (icon_px + 2) + _SPARE_PX)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """In a small window, what keys, wheel and ruler do as well makes room, step by step."""
        super().resizeEvent(event)
        ends, keys = (*self._zooms, self._steps[0], self._steps[-1]), self._steps[1:-1]
        style = Qt.ToolButtonStyle
        for widget in (*ends, *keys, self._in, self._out, self._mode, self._fps, self._repeat):
            widget.show()
        self._choices.hide()
        self._tracks.setToolButtonStyle(style.ToolButtonTextBesideIcon)
        steps: tuple[Callable[[], None], ...] = (
            lambda: hide_all(ends),
            lambda: self._tracks.setToolButtonStyle(style.ToolButtonIconOnly),
            lambda: hide_all(keys),
            lambda: hide_all((self._in, self._out)),
            lambda: self._put_into_menu(self._mode),
            lambda: self._put_into_menu(self._fps),
            lambda: self._put_into_menu(self._repeat),
        )
        make_room(self._row, self.width(), steps)

    def _put_into_menu(self, box: QComboBox) -> None:
        box.hide()
        self._choices.show()

    @Slot()
    def _on_choices_clicked(self) -> None:
        """What is not seen of the choices, as a menu."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for box in (self._repeat, self._fps, self._mode):
            if not box.isHidden():
                continue
            choices = menu.addMenu(box.accessibleName())
            for row in range(box.count()):
                action = choices.addAction(box.itemText(row))
                action.setCheckable(True)
                action.setChecked(row == box.currentIndex())
                action.triggered.connect(lambda _checked=False, box=box, row=row: _choose(box, row))
        menu.popup(self._choices.mapToGlobal(self._choices.rect().bottomLeft()))

    def _connect(self) -> None:
        for button, step in zip(self._steps, ("start", "previous_key", "next_key", "end"), strict=True):
            button.clicked.connect(lambda _checked=False, step=step: self.step_requested.emit(step))
        self.play.clicked.connect(self.play_clicked)
        self._in.clicked.connect(self.in_clicked)
        self._out.clicked.connect(self.out_clicked)
        self._repeat.activated.connect(lambda _index: self.repeat_chosen.emit(self._repeat.currentData()))
        self._fps.activated.connect(lambda _index: self.fps_chosen.emit(self._fps.currentData()))
        self._mode.activated.connect(lambda _index: self.mode_chosen.emit(self._mode.currentData()))
        self.shown.toggled.connect(self.shown_toggled)
        self._best.clicked.connect(self.best_clicked)
        self._export.clicked.connect(self.export_clicked)
        for button, factor in zip(self._zooms, (1 / _ZOOM, _ZOOM, 0.0), strict=True):
            button.clicked.connect(lambda _checked=False, factor=factor: self.zoom_requested.emit(factor))


def _choose(box: QComboBox, row: int) -> None:
    """As a person does it in the list."""
    box.setCurrentIndex(row)
    box.activated.emit(row)


def _gap() -> QFrame:
    line = QFrame()
    line.setFixedWidth(9)
    return line
