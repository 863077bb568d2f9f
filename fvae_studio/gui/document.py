"""The one mutable object that the widgets show: open photos, their edits, and the project that keeps them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from PySide6.QtCore import Signal

from fvae_studio.core.history import EditHistory
from fvae_studio.core.project_file import PhotoView, Project, ProjectPhoto, find_moved, load_project, save_project
from fvae_studio.core.timeline import Timeline
from fvae_studio.errors import PhotoNotFoundError
from fvae_studio.gui.clip_edits import ClipEdits
from fvae_studio.gui.photo_edits import Target

__all__ = ["Document", "Target"]


class Document(ClipEdits):
    """Open photos with their edits, as a project.

    Args:
        service: started by whoever made it.
        photo_memory_mb: limit for all open photos.
    """

    project_changed = Signal(object)
    """Path of the project, or None."""
    photos_missing = Signal(list)
    """Entry ids of a project's photos whose files are not there."""
    viewing_restored = Signal(dict)
    """How a project was looked at when it was saved: what `set_viewing` was told then."""

    _viewing: Mapping[str, Any] = MappingProxyType({})

    @property
    def project_path(self) -> Path | None:
        """Where the project was saved or opened."""
        return self._project_path

    def set_viewing(self, viewing: Mapping[str, Any]) -> None:
        """Remember how photos are looked at (overlay, comparison), as plain JSON values; no edit, nothing to undo."""
        self._viewing = MappingProxyType(dict(viewing))

    def set_view(self, view: PhotoView | None) -> None:
        """Remember which part of the shown photo is looked at; None for the whole of it."""
        if self._current is not None:
            self._current.view = view

    def to_project(self) -> Project:
        """Photos with their edits, how they are looked at, and the clip that they make: what a project file holds."""
        photos = tuple(
            ProjectPhoto(
                photo.path,
                photo.sha256 or photo.expected_sha256,
                photo.size_bytes,
                photo.edit,
                view=photo.view,
                chosen_face=photo.chosen_face,
            )
            for photo in self._photos
        )
        current = self._photos.index(self._current) if self._current is not None else 0
        places = {photo.entry_id: place for place, photo in enumerate(self._photos)}
        clip = self.timeline if self.timeline != Timeline() else None
        return Project(photos, current, dict(self._viewing), clip and clip.renumbered(places))

    def save_project(self, path: Path) -> None:
        """Write everything into a project file; failures are told by `failed`."""
        try:
            self._keep_pasted_beside(path)
            save_project(self.to_project(), path)
        except OSError as error:
            self.failed.emit(error)
            return
        for photo in self._photos:
            photo.history.mark_clean()
        self._clip.mark_clean()
        self._project_path = path
        self.project_changed.emit(path)
        self._check_clean()

    def open_project(self, path: Path) -> None:
        """Show a project in the place of what is open.

        Raises:
            ProjectError: it cannot be read; what was open stays.
        """
        project = load_project(path)
        self.show_project(project)
        self._project_path = path
        self.project_changed.emit(path)
        self._check_clean()

    def close_all(self) -> None:
        """Show nothing, as at the start."""
        self.show_project(Project())
        self._project_path = None
        self.project_changed.emit(None)
        self._check_clean()

    def show_project(self, project: Project, *, is_saved: bool = True) -> None:
        """Show a project's photos in the place of what is open.

        Args:
            project: as loaded.
            is_saved: False where its edits were recovered: they are unsaved.
        """
        for entry in list(self._photos):
            self._service.forget(entry.entry_id)
        self._photos.clear()
        self._current = None
        numbers: dict[int, int] = {}
        for photo in project.photos:
            entry = self._add(photo.path)
            numbers[len(numbers)] = entry.entry_id
            entry.history = EditHistory(photo.edit, self.tr("Opened"))
            if not is_saved:
                entry.history.mark_unsaved()
            entry.expected_sha256, entry.size_bytes = photo.sha256, photo.size_bytes
            entry.view, entry.chosen_face = photo.view, photo.chosen_face
            if photo.is_missing:
                entry.error = PhotoNotFoundError(f"{photo.path} is not there any more.")
            else:
                self._service.read_thumbnail(entry.entry_id, photo.path)
        self.viewing_restored.emit(dict(project.view))
        self._show(self._photos[project.current] if self._photos else None)
        self.photos_changed.emit()
        clip = project.timeline or Timeline()
        self._replace_timeline(clip.renumbered(numbers), is_saved=is_saved)
        self._check_clean()
        missing = [entry.entry_id for entry in self._photos if entry.error is not None]
        if missing:
            self.photos_missing.emit(missing)

    def relocate(self, entry_id: int, path: Path) -> None:
        """A photo's file was found at another place."""
        entry = self.photo_of(entry_id)
        if entry is not None:
            entry.path, entry.name, entry.error = path, path.name, None
            entry.history.mark_unsaved()
            if entry is self._current:
                self._show(entry)
            else:
                self._service.read_thumbnail(entry_id, path)
            self.photos_changed.emit()

    def look_for_missing(self, folder: Path) -> int:
        """Look for the missing photos of a project in a folder.

        Returns:
            How many are still missing.
        """
        missing = [entry for entry in self._photos if isinstance(entry.error, PhotoNotFoundError)]
        for entry in missing:
            found = find_moved(ProjectPhoto(entry.path, entry.expected_sha256, entry.size_bytes), [folder])
            if found is not None:
                self.relocate(entry.entry_id, found)
        return sum(isinstance(entry.error, PhotoNotFoundError) for entry in missing)

    def take_pasted(self, entry_id: int, path: Path) -> None:
        """A pasted picture's file lies elsewhere now; its content is the same."""
        entry = self.photo_of(entry_id)
        if entry is not None:
            entry.path, entry.is_pasted, entry.name = path, True, self.tr("Pasted photo")
            self.photos_changed.emit()

    def _keep_pasted_beside(self, project: Path) -> None:
        """What was pasted has no file of its own: copy the program's one to the project."""
        for number, entry in enumerate((photo for photo in self._photos if photo.is_pasted), start=1):
            target = project.with_name(f"{project.stem}-pasted-{number}{entry.path.suffix}")
            while target.exists():
                number += 1
                target = project.with_name(f"{project.stem}-pasted-{number}{entry.path.suffix}")
            shutil.copyfile(entry.path, target)
            entry.path, entry.name, entry.is_pasted = target, target.name, False
