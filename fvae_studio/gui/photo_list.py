"""Which photos are open, which one is shown, and getting their pixels, faces and thumbnails."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from fvae_studio.core.batch import list_photos
from fvae_studio.core.export import ExportSource
from fvae_studio.core.photo_edit import PhotoEdit
from fvae_studio.core.types import Face, Photo
from fvae_studio.errors import NoFaceError
from fvae_studio.gui.open_photo import OpenPhoto
from fvae_studio.inference.service import InferenceService
from fvae_studio.inference.worker import OpenedFile

log = logging.getLogger(__name__)

_MEGABYTE = 1_000_000


class PhotoList(QObject):
    """The open photos; the document builds upon it.

    The shown photo is in memory, the others as far as the limit goes; those beyond are read again when needed.

    Args:
        service: does the reading; started by whoever made it.
        photo_memory_mb: limit for all open photos.
    """

    photos_changed = Signal()
    """Which photos are open, or what their badges and thumbnails show."""
    photo_changed = Signal()
    """Another photo is shown, or its pixels have come."""
    faces_changed = Signal()
    """The shown photo's faces, or which of them is chosen."""
    file_changed = Signal(int)
    """A photo's file is not the one that was edited."""
    photo_read = Signal(int)
    """Pixels, faces or thumbnail of a photo have come, shown or not."""
    failed = Signal(object)
    """Exception, to be told."""

    def __init__(self, service: InferenceService, *, photo_memory_mb: int = 500, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._service = service
        self._memory = photo_memory_mb * _MEGABYTE
        self._photos: list[OpenPhoto] = []
        self._current: OpenPhoto | None = None
        self._last_id = 0
        self._times_shown = 0
        service.opened.connect(self._on_opened)
        service.open_failed.connect(self._on_open_failed)
        service.detected.connect(self._on_detected)
        service.detect_failed.connect(self._on_detect_failed)

    @property
    def photos(self) -> tuple[OpenPhoto, ...]:
        """All open photos, in the order of the strip."""
        return tuple(self._photos)

    @property
    def current(self) -> OpenPhoto | None:
        """The shown one."""
        return self._current

    def photo_of(self, entry_id: int) -> OpenPhoto | None:
        """The open photo of that id."""
        return next((photo for photo in self._photos if photo.entry_id == entry_id), None)

    def set_photo_memory(self, megabytes: int) -> None:
        """Limit for all open photos."""
        self._memory = megabytes * _MEGABYTE
        self._park_others()

    def open_paths(self, paths: Iterable[Path], *, is_pasted: bool = False) -> None:
        """Open photos, and those in folders; the first one is shown. What is open already is not opened twice."""
        first: OpenPhoto | None = None
        for path in self._expanded(paths):
            entry = self._find_or_add(path, is_pasted=is_pasted)
            if first is None:
                first = entry
            elif entry.thumbnail is None:
                self._service.read_thumbnail(entry.entry_id, path)
        if first is not None:
            self._show(first)
            self.photos_changed.emit()

    def close_photo(self, entry_id: int) -> None:
        """Take a photo out; its neighbour is shown."""
        entry = self.photo_of(entry_id)
        if entry is None:
            return
        self._service.forget(entry_id)
        index = self._photos.index(entry)
        self._photos.remove(entry)
        if entry is self._current:
            self._show(self._photos[min(index, len(self._photos) - 1)] if self._photos else None)
        self.photos_changed.emit()
        self._check_clean()

    def choose_photo(self, entry_id: int) -> None:
        """Show an open photo."""
        entry = self.photo_of(entry_id)
        if entry is not None and entry is not self._current:
            self._show(entry)
            self.photos_changed.emit()

    def step_photo(self, step: int) -> None:
        """Show the next (1) or the previous (-1) photo, round and round."""
        if self._current is not None:
            index = (self._photos.index(self._current) + step) % len(self._photos)
            self.choose_photo(self._photos[index].entry_id)

    def mark_exported(self, entry_id: int, edit: PhotoEdit) -> None:
        """A photo was written with that edit."""
        entry = self.photo_of(entry_id)
        if entry is not None:
            entry.exported = edit
            self.photos_changed.emit()
            self._check_clean()

    # For the document

    def _on_shown(self) -> None:
        """Another photo is shown, its pixels or its faces have come: render what is wanted."""

    def _check_clean(self) -> None:
        """What is saved may have changed."""

    def _is_needed(self, entry: OpenPhoto) -> bool:
        """Whether a photo's pixels stay in memory, whatever the limit."""
        return entry is self._current

    def _find_or_add(self, path: Path, *, is_pasted: bool = False) -> OpenPhoto:
        found = next((photo for photo in self._photos if photo.path == path), None)
        return found or self._add(path, is_pasted=is_pasted)

    def _add(self, path: Path, *, is_pasted: bool = False) -> OpenPhoto:
        self._last_id += 1
        name = self.tr("Pasted photo") if is_pasted else path.name
        entry = OpenPhoto(self._last_id, path, name, is_pasted)
        self._photos.append(entry)
        return entry

    def _show(self, entry: OpenPhoto | None) -> None:
        if self._current is not None:
            self._current.history.seal()
        self._current = entry
        if entry is not None:
            self._times_shown += 1
            entry.last_shown = self._times_shown
            self._load(entry)
        self.photo_changed.emit()
        self.faces_changed.emit()
        self._on_shown()

    def _load(self, entry: OpenPhoto) -> None:
        """Get pixels and faces, unless they are there or on their way."""
        if entry.photo is None and not entry.is_loading and entry.error is None:
            entry.is_loading = True
            self._service.open(entry.entry_id, entry.path, detects=entry.detected is None)
        elif entry.photo is not None and entry.detected is None:
            self._service.detect(entry.entry_id, entry.photo)

    def _expanded(self, paths: Iterable[Path]) -> list[Path]:
        found: list[Path] = []
        for path in paths:
            absolute = path.expanduser().absolute()
            if absolute.is_dir():
                inside = list_photos(absolute)
                if not inside:
                    self.failed.emit(FileNotFoundError(self.tr("There is no photo in {0}.").format(absolute)))
                found.extend(inside)
            else:
                found.append(absolute)
        return list(dict.fromkeys(found))

    def _park_others(self) -> None:
        """Let go of the pixels of those photos that were not shown for the longest time, if all are too many."""
        total = sum(photo.num_bytes for photo in self._photos)
        for entry in sorted(self._photos, key=lambda photo: photo.last_shown):
            if total <= self._memory:
                return
            if not self._is_needed(entry):
                total -= entry.num_bytes
                entry.photo = None

    @Slot(int, object)
    def _on_opened(self, entry_id: int, file: OpenedFile) -> None:
        entry = self.photo_of(entry_id)
        if entry is None:
            return
        entry.thumbnail = file.thumbnail
        known = entry.sha256 or entry.expected_sha256
        is_other = bool(known) and known != file.sha256
        entry.sha256, entry.size_bytes = file.sha256, file.size_bytes
        entry.expected_sha256, entry.error = "", None
        where = None if entry.is_pasted else entry.path
        entry.source = ExportSource(where, file.format, file.width, file.height)
        if is_other:
            entry.detected = None
        if file.photo is not None:
            entry.photo, entry.is_loading = file.photo, False
            self._park_others()
            if entry is self._current:
                if is_other:
                    self._service.detect(entry_id, file.photo)
                self.photo_changed.emit()
                self.faces_changed.emit()
                self._on_shown()
        self.photos_changed.emit()
        self.photo_read.emit(entry_id)
        if is_other:
            self.file_changed.emit(entry_id)

    @Slot(int, object)
    def _on_open_failed(self, entry_id: int, error: Exception) -> None:
        entry = self.photo_of(entry_id)
        if entry is None:
            return
        was_shown = entry is self._current
        entry.is_loading, entry.error = False, error
        if was_shown and not entry.is_edited:
            # Nothing to keep: told once, and gone.
            self.close_photo(entry_id)
        elif was_shown:
            self.photo_changed.emit()
        if was_shown:
            self.failed.emit(error)
        self.photos_changed.emit()
        self.photo_read.emit(entry_id)

    @Slot(int, object, object)
    def _on_detected(self, entry_id: int, photo: Photo, faces: tuple[Face, ...]) -> None:
        entry = self.photo_of(entry_id)
        if entry is None or (entry.photo is not None and entry.photo is not photo):
            return
        entry.detected = faces
        if entry.chosen_face not in {face.index for face in entry.faces}:
            entry.chosen_face = None
        if entry is self._current:
            self.faces_changed.emit()
            self._on_shown()
        self.photo_read.emit(entry_id)

    @Slot(int, object, object)
    def _on_detect_failed(self, entry_id: int, _photo: Photo, error: Exception) -> None:
        entry = self.photo_of(entry_id)
        if entry is not None:
            entry.detected = ()
            if entry is self._current:
                self.faces_changed.emit()
                if not isinstance(error, NoFaceError):
                    self.failed.emit(error)
            self.photo_read.emit(entry_id)
