"""The clip that the open photos make: its timeline with an undo of its own, in one order with the photos' edits."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Signal

from fvae_studio.core.history import EditHistory
from fvae_studio.core.timeline import PhotoKey, Timeline
from fvae_studio.core.timeline_keys import KeyPlace, growing, next_photo_time, with_key, without_photo
from fvae_studio.errors import EditError
from fvae_studio.gui.open_photo import OpenPhoto
from fvae_studio.gui.photo_edits import PhotoEdits
from fvae_studio.inference.service import InferenceService

GROW_S: Final = 1.0
"""How long an edit takes to grow in `animate_edit`."""


class ClipEdits(PhotoEdits):
    """Open photos, their edits, and one timeline whose photo keys name the photos by entry id.

    Undo takes back what was changed last, be it the shown photo's edit or the timeline (ADR 8). A photo that is closed
    takes its keys along; undo brings both back.

    Args:
        service: started by whoever made it.
        photo_memory_mb: limit for all open photos, but for those on the timeline while it is used.
    """

    timeline_changed = Signal()
    """The timeline, or what can be undone of it."""
    timeline_stepped = Signal(str)
    """An undo or redo changed the timeline, which may be hidden: what it did, for people."""

    def __init__(self, service: InferenceService, *, photo_memory_mb: int = 500, parent: QObject | None = None) -> None:
        super().__init__(service, photo_memory_mb=photo_memory_mb, parent=parent)
        self._clip: EditHistory[Timeline] = EditHistory(Timeline())
        self._exported_clip: Timeline | None = None
        self._is_clip_used = False
        # Closed photos that an undo may ask for.
        self._closed: dict[int, OpenPhoto] = {}

    @property
    def timeline(self) -> Timeline:
        """As it is shown."""
        return self._clip.state

    @property
    def is_clean(self) -> bool:
        """Whether closing loses nothing."""
        is_kept = self._clip.is_clean or self._exported_clip == self.timeline
        is_empty = self.timeline.is_empty and self._project_path is None
        return super().is_clean and (is_kept or is_empty)

    def set_timeline(self, timeline: Timeline, label: str, *, merge_key: Hashable | None = None) -> None:
        """Change the clip; steps with one merge key are one step until `seal_timeline`."""
        if self._clip.push(timeline, label, merge_key=merge_key):
            self._on_timeline_changed()

    def seal_timeline(self) -> None:
        """The hand let go: what follows is another step."""
        self._clip.seal()

    def put_photo(self, entry_id: int, time_s: float | None = None) -> KeyPlace | None:
        """Put an open photo on the timeline.

        Args:
            entry_id: of the photo.
            time_s: when; None: after the last one.

        Returns:
            Where its key stands; None if there is no such photo, or no room.
        """
        entry = self.photo_of(entry_id)
        if entry is None:
            return None
        when = next_photo_time(self.timeline) if time_s is None else time_s
        try:
            timeline, place = with_key(self.timeline, None, PhotoKey(when, entry_id, entry.chosen_face))
        except EditError as error:
            self.failed.emit(error)
            return None
        self.set_timeline(timeline, self.tr("Put {name} on the timeline").format(name=entry.name))
        return place

    def put_paths(self, paths: Iterable[Path], time_s: float | None = None) -> None:
        """Open files, or photos of folders, and put them on the timeline one after the other, from a time on."""
        entries = [self._find_or_add(path) for path in self._expanded(paths)]
        if not entries:
            return
        timeline = self.timeline
        try:
            for entry in entries:
                when = next_photo_time(timeline) if time_s is None else time_s
                timeline, place = with_key(timeline, None, PhotoKey(when, entry.entry_id, entry.chosen_face))
                time_s = None if time_s is None else place.time_s + 1.0
        except EditError as error:
            self.failed.emit(error)
        if self._current is None:
            self._show(entries[0])
        self.photos_changed.emit()
        if len(entries) == 1:
            label = self.tr("Put {name} on the timeline").format(name=entries[0].name)
        else:
            label = self.tr("Put {number} photos on the timeline").format(number=len(entries))
        self.set_timeline(timeline, label)

    def animate_edit(self) -> None:
        """Let the shown photo's edit grow: the photo goes on the timeline, its strengths rise from nothing."""
        entry = self._current
        if entry is None or not entry.is_edited:
            return
        face = entry.chosen_face or next((face.index for face in entry.faces if entry.edit.has_edit(face.index)), None)
        if face is None:
            return
        timeline, start_s = self.timeline, next_photo_time(self.timeline)
        if entry.entry_id not in {key.photo for key in timeline.photos}:
            timeline, _ = with_key(timeline, None, PhotoKey(start_s, entry.entry_id, face))
        else:
            start_s = next(key.time_s for key in timeline.photos if key.photo == entry.entry_id)
        strengths = self.effective_strengths(entry, face)
        timeline = growing(timeline, strengths, start_s, start_s + GROW_S)
        self.set_timeline(timeline, self.tr("Animate the edit of {name}").format(name=entry.name))

    @staticmethod
    def effective_strengths(entry: OpenPhoto, face: int) -> tuple[tuple[str, float], ...]:
        """What a photo's own edit asks of a face; without zeros."""
        return tuple((name, value) for name, value in entry.edit.effective.for_face(face).strengths if value)

    def use_clip(self, is_used: bool) -> None:
        """While the timeline is in use, its photos are read and stay in memory."""
        self._is_clip_used = is_used
        if is_used:
            self._load_clip_photos()
        else:
            self._park_others()

    def mark_clip_exported(self, timeline: Timeline) -> None:
        """A clip was written as the timeline says."""
        self._exported_clip = timeline
        self._check_clean()

    # Undo, in one order with the photos' edits

    @property
    def can_undo(self) -> bool:
        """Whether there is a step back, of the shown photo or of the timeline."""
        return super().can_undo or self._clip.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether a step was undone."""
        return super().can_redo or self._clip.can_redo

    def undo(self) -> None:
        """Take back what was changed last."""
        photo = self._current.history.undo_serial if self._current is not None else None
        clip = self._clip.undo_serial
        if clip is not None and (photo is None or clip > photo):
            label = self._clip.labels[self._clip.index]
            self._clip.undo()
            self._on_timeline_changed()
            self.timeline_stepped.emit(self.tr("Timeline, undone: {label}").format(label=label))
        else:
            super().undo()

    def redo(self) -> None:
        """Bring back what was undone last."""
        photo = self._current.history.redo_serial if self._current is not None else None
        clip = self._clip.redo_serial
        if clip is not None and (photo is None or clip < photo):
            self._clip.redo()
            self._on_timeline_changed()
            label = self._clip.labels[self._clip.index]
            self.timeline_stepped.emit(self.tr("Timeline, done again: {label}").format(label=label))
        else:
            super().redo()

    @property
    def steps(self) -> tuple[tuple[str, ...], int]:
        """What was done to the shown photo and to the timeline, in the one order of undo and redo.

        Returns:
            The labels, "" or another one for the photo as it was opened first; the row of the last step that holds.
        """
        entry = self._current
        if entry is None:
            return (), 0
        done = sorted(entry.history.done + self._clip.done)
        undone = sorted(entry.history.undone + self._clip.undone)
        return (entry.history.labels[0], *(label for _, label in (*done, *undone))), len(done)

    def go_to_step(self, row: int) -> None:
        """Undo or redo until the step of a row of `steps` is the last one that holds."""
        _, now = self.steps
        for _ in range(now - row):
            self.undo()
        for _ in range(row - now):
            self.redo()

    # Photos come and go

    def close_photo(self, entry_id: int) -> None:
        """Take a photo out, and its keys off the timeline; its neighbour is shown."""
        entry = self.photo_of(entry_id)
        if entry is not None and any(key.photo == entry_id for key in self.timeline.photos):
            label = self.tr("Close {name}").format(name=entry.name)
            self.set_timeline(without_photo(self.timeline, entry_id), label)
        super().close_photo(entry_id)
        if entry is not None and self._is_in_history(entry_id):
            entry.photo, entry.is_loading = None, False
            self._closed[entry_id] = entry

    def photos_of_clip(self) -> list[OpenPhoto]:
        """The open photos that the keys of the timeline name, in the order of the keys."""
        return [entry for key in self.timeline.photos if (entry := self.photo_of(key.photo)) is not None]

    def _on_timeline_changed(self) -> None:
        for key in self.timeline.photos:
            entry = self._closed.pop(key.photo, None)
            if entry is not None:
                self._photos.append(entry)
                if self._current is None:
                    self._show(entry)
                self.photos_changed.emit()
        if self._is_clip_used:
            self._load_clip_photos()
        self.timeline_changed.emit()
        self._check_clean()

    def _replace_timeline(self, timeline: Timeline, *, is_saved: bool) -> None:
        """Another project: its timeline, which cannot be undone."""
        self._clip = EditHistory(timeline)
        if not is_saved:
            self._clip.mark_unsaved()
        self._exported_clip = None
        self._closed.clear()
        if self._is_clip_used:
            self._load_clip_photos()
        self.timeline_changed.emit()

    def _load_clip_photos(self) -> None:
        for entry in self.photos_of_clip():
            self._load(entry)

    def _is_needed(self, entry: OpenPhoto) -> bool:
        is_on_clip = self._is_clip_used and any(key.photo == entry.entry_id for key in self.timeline.photos)
        return super()._is_needed(entry) or is_on_clip

    def _is_in_history(self, entry_id: int) -> bool:
        return any(key.photo == entry_id for step in self._clip.entries for key in step.state.photos)
