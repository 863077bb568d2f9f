"""The timeline as a widget: shows a clip and tells what a person wants of it. Holds which key is chosen, no more."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QScrollBar, QVBoxLayout, QWidget

from fvae_studio.core.timeline import PhotoKey, Timeline
from fvae_studio.core.timeline_keys import KeyPlace, key_at
from fvae_studio.gui.dialogs.frame import label, line
from fvae_studio.gui.timeline.inspector import KeyInspector
from fvae_studio.gui.timeline.photo_track import PhotoLook, PhotoTrack
from fvae_studio.gui.timeline.ruler import TimeRuler
from fvae_studio.gui.timeline.slider_track import SliderTrackView
from fvae_studio.gui.timeline.time_axis import MARGIN_PX, TimeAxis
from fvae_studio.gui.timeline.track_header import WIDTH_PX, SliderHeader, TrackHeader
from fvae_studio.gui.timeline.track_view import TrackView
from fvae_studio.gui.timeline.transport import TransportBar
from fvae_studio.pipeline.requests import DirectionInfo

_ZOOM: Final = 1.5
_BAR_STEPS: Final = 1000
"""Steps of the scroll bar per second."""
_LEAST_TRACKS_PX: Final = 36
"""Half of the photos: more is scrolled to."""
_LINES_PX: Final = 2


class TimelinePanel(QWidget):
    """Transport, ruler, photos, slider tracks; the keyboard moves the playhead and the chosen key."""

    key_pressed = Signal(str)
    """A command of the keyboard: "play", "delete", "duplicate", "in", "out", "leave", "key", "frame +1",
    "move -1", "value +1", "start", "end", "next_key", "previous_key"."""
    chosen_changed = Signal(object)
    """`KeyPlace` or None."""
    tracks_changed = Signal()
    """Rows of slider tracks were made or went: `slider_rows`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.axis = TimeAxis(self)
        self.timeline = Timeline()
        self.chosen: KeyPlace | None = None
        self.slider_rows: dict[str, tuple[SliderHeader, SliderTrackView]] = {}
        self._open: set[str] = set()
        self._looks: Mapping[int, PhotoLook] = {}
        self._directions: dict[str, DirectionInfo] = {}
        self._offered: object = None
        self._revealed: str | None = None
        self._build_ui()
        self._connect()
        self.set_timeline(Timeline())

    # What is shown

    def set_timeline(self, timeline: Timeline) -> None:
        """Show a clip; a chosen key that is not there any more is let go."""
        self.timeline = timeline
        self.transport.set_timeline(timeline)
        if timeline.is_empty:
            hint = self.tr("The first photo gives frame and background; the next ones are what its face turns into.")
        else:
            hint = self.tr("Drag the ruler to look at the clip; Space plays it. Click a key to change it.")
        self.inspector.set_note(hint)
        self._make_rows()
        self.ruler.set_timeline(timeline)
        for track in self._tracks():
            track.set_timeline(timeline)
        if self.chosen is not None and key_at(timeline, self.chosen) is None:
            self.choose(None)
        self._refresh_key()
        self._refresh_playhead()
        self._refresh_bar()
        self._refresh_menu()

    def set_looks(self, looks: Mapping[int, PhotoLook]) -> None:
        """Names, pictures and faces of the photos, by entry id."""
        self._looks = looks
        self.photos.set_looks(looks)
        self._refresh_key()

    def set_directions(self, directions: Sequence[DirectionInfo]) -> None:
        """Of the loaded model."""
        self._directions = {direction.name: direction for direction in directions}
        for direction in list(self.slider_rows):
            self._drop_row(direction)
        self.set_timeline(self.timeline)

    def set_playhead(self, time_s: float, *, follow: bool) -> None:
        """Show where it is; `follow` scrolls to it."""
        self.axis.move_playhead(time_s)
        if follow:
            self.axis.reveal(time_s)
        self._refresh_playhead()

    def set_ready(self, frames: Collection[int]) -> None:
        """Which frames can be shown at once."""
        self.ruler.set_ready(frames)

    def set_warning(self, warning: str) -> None:
        """What stands in the way of the clip, or is doubtful about it; "" for nothing."""
        self._warning.setText(warning)
        # A low window may have no room for all of it.
        self._warning.setToolTip(warning)
        self._warning.setVisible(bool(warning))

    @property
    def warning(self) -> str:
        """What is said about it."""
        return self._warning.text()

    def choose(self, place: KeyPlace | None) -> None:
        """Mark a key and show it in the row above."""
        self.chosen, self._revealed = place, None
        for track in self._tracks():
            track.set_chosen(place)
        self._refresh_key()
        self.chosen_changed.emit(place)

    def label_of(self, direction: str) -> str:
        """A direction's name for people."""
        return self._directions[direction].label if direction in self._directions else direction

    def reveal_track(self, direction: str) -> None:
        """Scroll to a track, now and when its row has got its place, until another key is chosen."""
        self._revealed = direction
        self._on_rows_grown()

    def fit(self) -> None:
        """Show all of the clip."""
        self.axis.width_px = self.ruler.width()
        self.axis.fit(self.timeline.length_s)

    # Building

    def _build_ui(self) -> None:
        self.transport = TransportBar()
        self.inspector = KeyInspector()
        self.ruler = TimeRuler(self.axis)
        self.photos = PhotoTrack(self.axis)
        self.photo_header = TrackHeader()
        self._warning = label("", "warning")
        self._warning.setContentsMargins(10, 6, 10, 0)
        self._warning.hide()
        head = QWidget()
        head.setFixedWidth(WIDTH_PX)
        ruler_row = _row(head, self.ruler)
        self._rows = QVBoxLayout()
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(0)
        self._rows.addWidget(_row(self.photo_header, self.photos))
        self._rows.addStretch(1)
        inner = QWidget()
        inner.setLayout(self._rows)
        self._scroll = QScrollArea()
        self._scroll.setWidget(inner)
        self._scroll.setWidgetResizable(True)
        self._scroll.setMinimumHeight(_LEAST_TRACKS_PX)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._bar = QScrollBar(Qt.Orientation.Horizontal)
        self._bar.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._bar.setAccessibleName(self.tr("Part of the clip that is seen"))
        gap = QWidget()
        gap.setFixedWidth(WIDTH_PX)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for widget in (self.transport, line(), self._warning, self.inspector, line(), ruler_row):
            layout.addWidget(widget)
        layout.addWidget(self._scroll, 1)
        layout.addWidget(_row(gap, self._bar))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFocusProxy(self.ruler)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """Rows go with the text size."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        rows = (self.transport.minimumSizeHint(), self.ruler.minimumSize(), self._bar.sizeHint())
        self._least_px = sum(row.height() for row in rows) + _LINES_PX + _LEAST_TRACKS_PX
        self.setMinimumHeight(self._least_px)

    def _connect(self) -> None:
        self.photos.key_chosen.connect(self._on_key_pressed_upon)
        for view in (self.ruler, self.photos):
            view.scroll_requested.connect(self._on_scroll_requested)
        self.axis.changed.connect(self._refresh_bar)
        self._scroll.verticalScrollBar().rangeChanged.connect(self._on_rows_grown)
        self._bar.valueChanged.connect(lambda value: self.axis.scroll_to(value / _BAR_STEPS))
        self.transport.zoom_requested.connect(self._on_zoom_requested)
        self.transport.step_requested.connect(self.key_pressed)

    def _make_rows(self) -> None:
        """One row for each track, in its order; rows that stay keep what is open in them."""
        wanted = [track.direction for track in self.timeline.tracks]
        if list(self.slider_rows) == wanted:
            return
        for direction in [one for one in self.slider_rows if one not in wanted]:
            self._drop_row(direction)
        for place, direction in enumerate(wanted):
            if direction not in self.slider_rows:
                self._rows.insertWidget(place + 1, self._make_row(direction))
        self.slider_rows = {direction: self.slider_rows[direction] for direction in wanted}
        self.tracks_changed.emit()

    def _drop_row(self, direction: str) -> None:
        _, view = self.slider_rows.pop(direction)
        row = view.parentWidget()
        if row is not None:
            self._rows.removeWidget(row)
            row.hide()
            row.deleteLater()

    def _make_row(self, direction: str) -> QWidget:
        info = self._directions.get(direction)
        label = self.label_of(direction)
        header = SliderHeader(direction, label, info.description if info is not None else "")
        view = SliderTrackView(self.axis, direction, label)
        view.key_chosen.connect(self._on_key_pressed_upon)
        view.scroll_requested.connect(self._on_scroll_requested)
        header.opened.connect(self.set_track_open)
        self.slider_rows[direction] = (header, view)
        self.set_track_open(direction, direction in self._open)
        return _row(header, view)

    def _tracks(self) -> list[TrackView]:
        return [self.photos, *(view for _, view in self.slider_rows.values())]

    # Refreshing

    def _refresh_key(self) -> None:
        key = key_at(self.timeline, self.chosen) if self.chosen is not None else None
        if isinstance(key, PhotoKey):
            look = self._looks.get(key.photo, PhotoLook(""))
            self.inspector.set_key(key, look.name, look.faces)
        elif key is not None and self.chosen is not None:
            self.inspector.set_key(key, self.label_of(self.chosen.direction or ""))
        else:
            self.inspector.set_key(None, "")

    def _refresh_playhead(self) -> None:
        now = self.axis.playhead_s
        self.transport.set_time(now, self.timeline)
        for direction, (header, _) in self.slider_rows.items():
            has_key = key_at(self.timeline, KeyPlace(direction, now)) is not None
            header.set_value(self.timeline.track_of(direction).value_at(now), has_key=has_key)

    def _refresh_menu(self) -> None:
        offered = (tuple(self._directions.values()), tuple(track.direction for track in self.timeline.tracks))
        if offered == self._offered:
            return
        self._offered = offered
        self.transport.set_directions(*offered)

    @Slot()
    def _refresh_bar(self) -> None:
        scale = self.axis.scale
        seen_s = max(0.1, (self.ruler.width() - 2 * MARGIN_PX) / scale.px_per_s)
        # Room to drag the last key further.
        end_s = max(self.timeline.length_s * 1.25, self.axis.playhead_s, scale.start_s + seen_s)
        with QSignalBlocker(self._bar):
            self._bar.setPageStep(round(seen_s * _BAR_STEPS))
            self._bar.setSingleStep(round(seen_s * _BAR_STEPS / 10))
            self._bar.setRange(0, max(0, round((end_s - seen_s) * _BAR_STEPS)))
            self._bar.setValue(round(scale.start_s * _BAR_STEPS))

    # What happens

    @Slot(int, int)
    def _on_rows_grown(self, _least: int = 0, _most: int = 0) -> None:
        if self._revealed in self.slider_rows:
            self._scroll.ensureWidgetVisible(self.slider_rows[self._revealed][1], 0, 0)

    @Slot(str, bool)
    def set_track_open(self, direction: str, is_open: bool) -> None:
        """Show a track's curve, or its marks only."""
        (self._open.add if is_open else self._open.discard)(direction)
        header, view = self.slider_rows[direction]
        header.set_open(is_open)
        view.set_open(is_open)

    @Slot(object)
    def _on_key_pressed_upon(self, place: KeyPlace | None) -> None:
        self.ruler.setFocus(Qt.FocusReason.MouseFocusReason)
        self.choose(place)

    @Slot(float)
    def _on_scroll_requested(self, pixels: float) -> None:
        self.axis.scroll_to(self.axis.scale.start_s + pixels / self.axis.scale.px_per_s)

    @Slot(float)
    def _on_zoom_requested(self, factor: float) -> None:
        self.axis.zoom(factor) if factor else self.fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's names)
        """Another width is seen."""
        super().resizeEvent(event)
        self.axis.width_px = max(self.width() - WIDTH_PX, 40)
        # In a low window the tracks come first; a key's menu has what the row about it has.
        self.inspector.setVisible(self.height() >= self._least_px + self.inspector.height() + _LEAST_TRACKS_PX)
        self._refresh_bar()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """See the table of keys in the guide."""
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        none, shift, alt = (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.ShiftModifier,
            Qt.KeyboardModifier.AltModifier,
        )
        key = Qt.Key
        commands = {
            (key.Key_Space, none): "play",
            (key.Key_Left, none): "frame -1",
            (key.Key_Right, none): "frame +1",
            (key.Key_Left, shift): "frame -10",
            (key.Key_Right, shift): "frame +10",
            (key.Key_Up, none): "previous_key",
            (key.Key_Down, none): "next_key",
            (key.Key_PageUp, none): "previous_key",
            (key.Key_PageDown, none): "next_key",
            (key.Key_Home, none): "start",
            (key.Key_End, none): "end",
            (key.Key_Left, alt): "move -1",
            (key.Key_Right, alt): "move +1",
            (key.Key_Up, alt): "value +1",
            (key.Key_Down, alt): "value -1",
            (key.Key_Delete, none): "delete",
            (key.Key_Backspace, none): "delete",
            (key.Key_D, none): "duplicate",
            (key.Key_K, none): "key",
            (key.Key_I, none): "in",
            (key.Key_O, none): "out",
            (key.Key_Escape, none): "leave",
        }
        zooms = {key.Key_Plus: _ZOOM, key.Key_Equal: _ZOOM, key.Key_Minus: 1 / _ZOOM, key.Key_0: 0.0}
        pressed = Qt.Key(event.key())
        if (pressed, modifiers) in commands:
            self.key_pressed.emit(commands[pressed, modifiers])
        elif pressed in zooms and modifiers in (none, shift):
            self._on_zoom_requested(zooms[pressed])
        else:
            super().keyPressEvent(event)
            return
        event.accept()


def _row(header: QWidget, view: QWidget) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    layout.addWidget(header)
    layout.addWidget(view, 1)
    return row
