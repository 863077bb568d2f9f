"""Between the timeline's panel, the document and the stage: what a person does there, and what the panel shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from PySide6.QtCore import QObject, QPoint, Signal, Slot
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QMenu

from fvae_studio.core.thumbnails import Thumbnail
from fvae_studio.core.timeline import KeyEasing, PhotoKey, SliderKey, Timeline
from fvae_studio.core.timeline_keys import (
    Key,
    KeyPlace,
    duplicated,
    key_at,
    key_times,
    moved,
    on_frame,
    with_key,
    with_replaced,
    without_key,
)
from fvae_studio.errors import EditError
from fvae_studio.gui.document import Document
from fvae_studio.gui.qimage import to_qimage
from fvae_studio.gui.timeline.key_menu import make_key_menu
from fvae_studio.gui.timeline.panel import TimelinePanel
from fvae_studio.gui.timeline.photo_track import PhotoLook
from fvae_studio.gui.timeline.sources import problem_of
from fvae_studio.gui.timeline.stage import ClipStage

_VALUE_STEP: Final = 0.01


class TimelineDesk(QObject):
    """Turns what the panel reports into changes of the document, one undo step for each thing that a hand does.

    Args:
        panel: of the timeline.
        document: holds it.
        stage: shows it on the canvas.
    """

    best_requested = Signal()
    export_requested = Signal()
    failed = Signal(object)
    """Exception: what was asked for cannot be."""

    def __init__(
        self, panel: TimelinePanel, document: Document, stage: ClipStage, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._panel, self._document, self._stage = panel, document, stage
        self._gesture = 0
        self._before: Timeline | None = None
        self._pictures: dict[int, tuple[Thumbnail, QImage]] = {}
        self._rows: set[str] = set()
        self._connect()
        self.refresh()

    def _connect(self) -> None:
        panel, document, stage = self._panel, self._document, self._stage
        document.timeline_changed.connect(self.refresh)
        document.photos_changed.connect(self._refresh_looks)
        document.photo_read.connect(self._refresh_looks)
        document.faces_changed.connect(self._refresh_looks)
        document.summary_changed.connect(lambda summary: panel.set_directions(summary.directions))
        stage.player.frame_changed.connect(self._refresh_playhead)
        stage.player.playing_changed.connect(panel.transport.set_playing)
        stage.shown_changed.connect(panel.transport.set_shown)
        stage.ready_changed.connect(lambda: panel.set_ready(stage.ready_frames))
        stage.problem_changed.connect(panel.set_warning)
        panel.key_pressed.connect(self.do)
        panel.tracks_changed.connect(self._connect_rows)
        ruler, photos, transport = panel.ruler, panel.photos, panel.transport
        ruler.scrubbed.connect(self.scrub)
        ruler.range_dragged.connect(self._on_range_dragged)
        ruler.range_settled.connect(self.settle)
        self._connect_track(photos)
        photos.photo_dropped.connect(self._on_photo_dropped)
        photos.files_dropped.connect(self._on_files_dropped)
        photos.photo_opened.connect(self._on_photo_opened)
        panel.photo_header.add_requested.connect(self.put_shown_photo)
        transport.play_clicked.connect(stage.toggle_playing)
        transport.repeat_chosen.connect(lambda repeat: self._set(self.tr("Repeat of the clip"), repeat=repeat))
        transport.fps_chosen.connect(lambda fps: self._set(self.tr("Frames per second"), fps=fps))
        transport.mode_chosen.connect(lambda mode: self._set(self.tr("What the clip shows"), mode=mode))
        transport.in_clicked.connect(lambda: self.do("in"))
        transport.out_clicked.connect(lambda: self.do("out"))
        transport.track_chosen.connect(self.add_track)
        transport.shown_toggled.connect(lambda is_shown: stage.show() if is_shown else stage.leave())
        transport.best_clicked.connect(self.best_requested)
        transport.export_clicked.connect(self.export_requested)
        panel.inspector.key_edited.connect(self._on_key_edited)
        panel.inspector.delete_requested.connect(lambda: self.do("delete"))
        panel.inspector.duplicate_requested.connect(lambda: self.do("duplicate"))

    @property
    def timeline(self) -> Timeline:
        """The document's."""
        return self._document.timeline

    # What the panel shows

    @Slot()
    def refresh(self) -> None:
        """The timeline is another one."""
        was_empty = self._panel.timeline.is_empty
        self._panel.set_timeline(self.timeline)
        if was_empty and not self.timeline.is_empty:
            self._panel.fit()
        elif not was_empty and self.timeline.is_empty:
            # Where nothing is left there is no time to be at.
            self._stage.player.pause()
            self._stage.player.seek(0)
        self._panel.transport.set_exportable(not self.timeline.is_empty)
        self._refresh_looks()
        self._refresh_playhead()

    @Slot()
    def _refresh_looks(self, _what: object = None) -> None:
        looks = {}
        for key in self.timeline.photos:
            entry = self._document.photo_of(key.photo)
            if entry is None:
                continue
            picture = None
            if entry.thumbnail is not None:
                known = self._pictures.get(key.photo)
                if known is None or known[0] is not entry.thumbnail:
                    known = (entry.thumbnail, to_qimage(entry.thumbnail.pixels, entry.thumbnail.icc))
                    self._pictures[key.photo] = known
                picture = known[1]
            faces = tuple(face.index for face in entry.faces)
            looks[key.photo] = PhotoLook(entry.name, picture, faces, problem_of(entry, key))
        self._panel.set_looks(looks)

    @Slot()
    def _refresh_playhead(self, _frame: int = 0) -> None:
        player = self._stage.player
        self._panel.set_playhead(player.frame / self.timeline.fps, follow=player.is_playing)

    @Slot()
    def _connect_rows(self) -> None:
        for direction, (header, view) in self._panel.slider_rows.items():
            if view.property("is_connected"):
                continue
            view.setProperty("is_connected", True)
            self._connect_track(view)
            view.key_added.connect(self._on_key_added)
            header.value_edited.connect(self._on_value_edited)
            header.key_toggled.connect(self.toggle_key)
            header.remove_requested.connect(self._on_track_removed)
            del direction

    def _connect_track(self, track: object) -> None:
        track.key_dragged.connect(self._on_key_dragged)  # type: ignore[attr-defined]
        track.key_copied.connect(self._on_key_copied)  # type: ignore[attr-defined]
        track.key_settled.connect(self.settle)  # type: ignore[attr-defined]
        track.menu_requested.connect(self._on_menu_requested)  # type: ignore[attr-defined]

    # What a person does

    @Slot(str)
    def do(self, command: str) -> None:
        """A command of the keyboard, see `TimelinePanel.key_pressed`."""
        name, _, amount = command.partition(" ")
        number = int(amount) if amount else 0
        commands: dict[str, Callable[[], object]] = {
            "play": self._stage.toggle_playing,
            "leave": self._stage.leave,
            "frame": lambda: self._seek(self._stage.player.frame + number),
            "start": lambda: self._seek(round(self.timeline.in_s * self.timeline.fps)),
            "end": lambda: self._seek(round(self.timeline.end_s * self.timeline.fps)),
            "next_key": lambda: self._seek_key(1),
            "previous_key": lambda: self._seek_key(-1),
            "in": self._set_in,
            "out": self._set_out,
            "delete": self._delete,
            "duplicate": self._duplicate,
            "key": self._key_of_chosen_track,
            "move": lambda: self._nudge(number, 0.0),
            "value": lambda: self._nudge(0, number * _VALUE_STEP),
        }
        commands[name]()

    @Slot(float)
    def scrub(self, time_s: float) -> None:
        """The hand is at a time: the frame there is shown."""
        self._stage.player.pause()
        self._seek(round(time_s * self.timeline.fps))

    @Slot()
    def settle(self) -> None:
        """The hand let go: what follows is another step of the history."""
        self._before = None
        self._gesture += 1
        self._document.seal_timeline()

    @Slot()
    def put_shown_photo(self) -> None:
        """Put the shown photo on the timeline, after the last one."""
        entry = self._document.current
        if entry is not None:
            self._choose_and_show(self._document.put_photo(entry.entry_id))

    @Slot(str)
    def add_track(self, direction: str) -> None:
        """Animate a slider: a track with a first key at the playhead, at zero, with its curve open."""
        timeline, place = with_key(self.timeline, direction, SliderKey(self._now(), 0.0))
        self._document.set_timeline(timeline, self.tr("Add track {name}").format(name=self._panel.label_of(direction)))
        self._panel.set_track_open(direction, True)
        self._panel.choose(place)
        self._panel.reveal_track(direction)

    @Slot(str)
    def toggle_key(self, direction: str) -> None:
        """Put a key at the playhead with the value that the curve has there, or take away the one that is there."""
        place, label = KeyPlace(direction, self._now()), self._panel.label_of(direction)
        if key_at(self.timeline, place) is not None:
            self._change(without_key(self.timeline, place), self.tr("Delete key of {name}").format(name=label))
            return
        self._on_key_added(direction, place.time_s, None)

    # Parts

    def _now(self) -> float:
        return self._stage.player.frame / self.timeline.fps

    def _seek(self, frame: int) -> None:
        self._stage.seek(max(0, frame))
        self._panel.axis.reveal(self._now())

    def _seek_key(self, step: int) -> None:
        fps, now = self.timeline.fps, self._stage.player.frame
        frames = sorted({round(time_s * fps) for time_s in key_times(self.timeline)})
        beyond = [frame for frame in frames if (frame > now if step > 0 else frame < now)]
        if beyond:
            self._seek(beyond[0] if step > 0 else beyond[-1])

    def _change(self, timeline: Timeline, label: str, place: KeyPlace | None = None, *, merges: bool = False) -> None:
        merge_key = ("hand", self._gesture) if merges else None
        self._document.set_timeline(timeline, label, merge_key=merge_key)
        if place is not None:
            self._panel.choose(place)

    def _set(self, label: str, **values: object) -> None:
        try:
            self._change(replace(self.timeline, **values), label)  # type: ignore[arg-type]
        except EditError as error:
            self.failed.emit(error)

    def _set_in(self) -> None:
        out_s = self.timeline.out_s
        now = self._now()
        self._set(self.tr("In point"), in_s=now, out_s=None if out_s is not None and out_s < now else out_s)

    def _set_out(self) -> None:
        now = self._now()
        self._set(self.tr("Out point"), out_s=now, in_s=min(self.timeline.in_s, now))

    def _delete(self) -> None:
        place = self._panel.chosen
        if place is not None:
            self._change(
                without_key(self.timeline, place), self.tr("Delete key of {name}").format(name=self._name_of(place))
            )

    def _duplicate(self) -> None:
        place = self._panel.chosen
        if place is not None:
            timeline, copy = duplicated(self.timeline, place, self._now())
            self._change(timeline, self.tr("Duplicate key of {name}").format(name=self._name_of(place)), copy)

    def _key_of_chosen_track(self) -> None:
        place = self._panel.chosen
        if place is not None and place.direction is not None:
            self.toggle_key(place.direction)
        elif len(self.timeline.tracks) == 1:
            self.toggle_key(self.timeline.tracks[0].direction)

    def _nudge(self, frames: int, value: float) -> None:
        place = self._panel.chosen
        key = key_at(self.timeline, place) if place is not None else None
        if place is None or key is None:
            return
        time_s = on_frame(key.time_s, self.timeline.fps) + frames / self.timeline.fps if frames else key.time_s
        if isinstance(key, SliderKey):
            timeline, place = moved(self.timeline, place, time_s, value=round(key.value + value, 4))
        elif frames:
            timeline, place = moved(self.timeline, place, time_s)
        else:
            return
        self._change(timeline, self.tr("Move key of {name}").format(name=self._name_of(place)), place)

    def _name_of(self, place: KeyPlace) -> str:
        if place.direction is not None:
            return self._panel.label_of(place.direction)
        key = key_at(self.timeline, place)
        entry = self._document.photo_of(key.photo) if isinstance(key, PhotoKey) else None
        return entry.name if entry is not None else self.tr("a photo")

    def _choose_and_show(self, place: KeyPlace | None) -> None:
        if place is not None:
            self._panel.choose(place)
            self._seek(round(place.time_s * self.timeline.fps))

    # What the panel reports

    @Slot(object, float, object)
    def _on_key_dragged(self, place: KeyPlace, time_s: float, value: float | None) -> None:
        # From where the hand took hold: a key that passed another one finds its way back.
        self._before = self._before or self.timeline
        timeline, place_now = moved(self._before, place, time_s, value=value)
        self._change(timeline, self.tr("Move key of {name}").format(name=self._name_of(place)), place_now, merges=True)

    @Slot(object, float)
    def _on_key_copied(self, place: KeyPlace, time_s: float) -> None:
        timeline, copy = duplicated(self.timeline, place, time_s)
        self._change(timeline, self.tr("Duplicate key of {name}").format(name=self._name_of(place)), copy, merges=True)

    @Slot(float, object)
    def _on_range_dragged(self, in_s: float, out_s: float | None) -> None:
        self._change(replace(self.timeline, in_s=in_s, out_s=out_s), self.tr("What is played"), merges=True)

    @Slot(int, float)
    def _on_photo_dropped(self, entry_id: int, time_s: float) -> None:
        self._choose_and_show(self._document.put_photo(entry_id, time_s))

    @Slot(list, float)
    def _on_files_dropped(self, paths: list[object], time_s: float) -> None:
        self._document.put_paths(paths, time_s)  # type: ignore[arg-type]
        self._stage.show()

    @Slot(object)
    def _on_photo_opened(self, place: KeyPlace) -> None:
        key = key_at(self.timeline, place)
        if isinstance(key, PhotoKey):
            self._stage.leave()
            self._document.choose_photo(key.photo)

    @Slot(object)
    def _on_key_edited(self, key: Key) -> None:
        place = self._panel.chosen
        if place is not None:
            timeline, place_now = with_replaced(self.timeline, place, key)
            self._change(timeline, self.tr("Change key of {name}").format(name=self._name_of(place)), place_now)

    @Slot(str, float, object)
    def _on_key_added(self, direction: str, time_s: float, value: float | None) -> None:
        track = self.timeline.track_of(direction)
        before = [key for key in track.keys if key.time_s < time_s]
        easing: KeyEasing = before[-1].easing if before else "ease"
        key = SliderKey(time_s, track.value_at(time_s) if value is None else value, easing)
        timeline, place = with_key(self.timeline, direction, key)
        self._change(timeline, self.tr("Add key of {name}").format(name=self._panel.label_of(direction)), place)

    @Slot(str, float)
    def _on_value_edited(self, direction: str, value: float) -> None:
        place = KeyPlace(direction, self._now())
        if key_at(self.timeline, place) is None:
            self._on_key_added(direction, place.time_s, value)
        else:
            timeline, place = moved(self.timeline, place, place.time_s, value=value)
            label = self.tr("Change key of {name}").format(name=self._panel.label_of(direction))
            self._change(timeline, label, place)

    @Slot(str)
    def _on_track_removed(self, direction: str) -> None:
        kept = tuple(track for track in self.timeline.tracks if track.direction != direction)
        label = self.tr("Remove track {name}").format(name=self._panel.label_of(direction))
        self._change(replace(self.timeline, tracks=kept), label)

    @Slot(object, object)
    def _on_menu_requested(self, place: KeyPlace, position: QPoint) -> None:
        menu = self.key_menu(place)
        if menu is not None:
            menu.popup(position)

    def key_menu(self, place: KeyPlace) -> QMenu | None:
        """What can be done with a key; it goes away by itself when it closes."""
        key = key_at(self.timeline, place)
        if key is None:
            return None
        entry = self._document.photo_of(key.photo) if isinstance(key, PhotoKey) else None

        def edit(changed: Key) -> None:
            self._panel.choose(place)
            self._on_key_edited(changed)

        faces = tuple(face.index for face in entry.faces) if entry is not None else ()
        return make_key_menu(
            self._panel, key, faces, edit=edit, do=self.do, show_photo=lambda: self._on_photo_opened(place)
        )
