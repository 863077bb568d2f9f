"""The one mutable object: open photos, their edits, what is chosen and what is rendered. Widgets show it."""

from __future__ import annotations

import shutil
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from PySide6.QtCore import QObject, Signal, Slot

from fvae_studio.core.geometry import Rect
from fvae_studio.core.history import EditHistory
from fvae_studio.core.photo_edit import MAX_AMOUNT, PhotoEdit
from fvae_studio.core.presets import Preset
from fvae_studio.core.project_file import Project, ProjectPhoto, find_moved, load_project, save_project
from fvae_studio.core.thumbnails import Thumbnail
from fvae_studio.core.types import Face, Photo
from fvae_studio.errors import PhotoNotFoundError
from fvae_studio.gui.open_photo import OpenPhoto
from fvae_studio.gui.photo_list import PhotoList
from fvae_studio.inference.service import InferenceService
from fvae_studio.pipeline.requests import ModelSummary, RenderedEdit, RenderRequest

Target: TypeAlias = Literal["face", "all_faces", "all_photos"]


class Document(PhotoList):
    """The open photos with their edits; asks the service for pictures and takes in what comes back.

    Args:
        service: started by whoever made it.
        photo_memory_mb: limit for all open photos.
    """

    edits_changed = Signal()
    """The shown photo's edit or its history."""
    rendered = Signal(object)
    """`RenderedEdit` of the shown photo; None where its edit changes nothing."""
    render_failed = Signal(object)
    """Exception; the last good picture stays."""
    preset_thumbnail_made = Signal(str, object)
    """(name of the preset, `Thumbnail`) on the present face."""
    preset_thumbnails_outdated = Signal()
    """Another face is present."""
    summary_changed = Signal(object)
    """`ModelSummary`."""
    copied_changed = Signal()
    clean_changed = Signal(bool)
    """Whether all edits are saved or exported."""
    project_changed = Signal(object)
    """Path of the project, or None."""
    photos_missing = Signal(list)
    """Entry ids of a project's photos whose files are not there."""

    def __init__(self, service: InferenceService, *, photo_memory_mb: int = 900, parent: QObject | None = None) -> None:
        super().__init__(service, photo_memory_mb=photo_memory_mb, parent=parent)
        self._level = 0
        self._shown_revision = 0
        self._thumbnail_group = 0
        self._summary: ModelSummary | None = None
        self._copied: dict[str, float] | None = None
        self._project_path: Path | None = None
        self._was_clean = True
        self._badges: dict[int, tuple[bool, bool]] = {}
        service.ready.connect(self._on_ready)
        service.rendered.connect(self._on_rendered)
        service.render_failed.connect(self._on_render_failed)
        service.face_found.connect(self._on_face_found)
        service.find_face_failed.connect(self._on_find_face_failed)
        service.face_thumbnail_made.connect(self._on_face_thumbnail_made)

    @property
    def summary(self) -> ModelSummary | None:
        """The loaded model; None while it is being loaded."""
        return self._summary

    @property
    def copied_edit(self) -> Mapping[str, float] | None:
        """Strengths that were copied."""
        return self._copied

    @property
    def project_path(self) -> Path | None:
        """Where the project was saved or opened."""
        return self._project_path

    @property
    def is_clean(self) -> bool:
        """Whether closing loses nothing."""
        return not any(
            photo.is_unsaved and (photo.is_edited or self._project_path is not None) for photo in self._photos
        )

    # Faces

    def choose_face(self, number: int | None) -> None:
        """The sliders are of this face from now on; None: of all."""
        entry = self._current
        if entry is None or (number is not None and number not in {face.index for face in entry.faces}):
            return
        self.seal()
        if entry.chosen_face != number:
            entry.chosen_face = number
            self._forget_preset_thumbnails()
            self.faces_changed.emit()
            self.edits_changed.emit()

    def step_face(self, step: int) -> None:
        """Choose the next (1) or the previous (-1) face; after the last one, all of them."""
        entry = self._current
        if entry is not None and entry.faces:
            numbers: list[int | None] = [None, *(face.index for face in entry.faces)]
            self.choose_face(numbers[(numbers.index(entry.chosen_face) + step) % len(numbers)])

    def remove_face(self, number: int) -> None:
        """Forget a face and what was asked of it; undo brings it back."""
        entry = self._current
        if entry is not None:
            kept = tuple(face for face in entry.faces if face.index != number)
            edit = replace(entry.edit.without_face(number), faces=kept)
            self._push(entry, edit, self.tr("Remove face {number}").format(number=number))

    def add_face(self, region: Rect) -> None:
        """Look for a face in a drawn region; it is chosen when it is found."""
        entry = self._current
        if entry is not None and entry.photo is not None:
            self._service.find_face(entry.entry_id, entry.photo, entry.faces, region)

    def find_faces_again(self) -> None:
        """Back to the faces that were detected."""
        if self._current is not None:
            self._push(self._current, replace(self._current.edit, faces=None), self.tr("Find faces again"))

    # Edits

    def set_strength(self, name: str, value: float, *, merge: bool = True) -> None:
        """Set one slider of the chosen face; moves that follow each other are one step until `seal`."""
        self.set_strengths({name: value}, merge=merge)

    def set_strengths(self, strengths: Mapping[str, float], *, merge: bool = True) -> None:
        """Set some sliders of the chosen face as one step, such as a linked pair."""
        entry = self._current
        if entry is None or not strengths:
            return
        name, value = next(iter(strengths.items()))
        percent = round(value * 100)
        label = f"{self._label_of(name)} {percent:+d}" if percent else f"{self._label_of(name)} 0"
        if entry.chosen_face is not None and len(entry.faces) > 1:
            label = self.tr("{label}, face {number}").format(label=label, number=entry.chosen_face)
        key = ("strength", *sorted(strengths), entry.chosen_face) if merge else None
        self._push(entry, entry.edit.with_strengths(strengths, face=entry.chosen_face), label, key)

    def set_amount(self, amount: float) -> None:
        """Scale the whole edit of the shown photo, 0..`MAX_AMOUNT`."""
        if self._current is not None:
            amount = round(min(max(amount, 0.0), MAX_AMOUNT), 4)
            label = self.tr("Amount {percent} %").format(percent=round(amount * 100))
            self._push(self._current, replace(self._current.edit, amount=amount), label, "amount")

    def seal(self) -> None:
        """The hand let go: what follows is another step."""
        if self._current is not None:
            self._current.history.seal()

    def reset_face(self) -> None:
        """The chosen face (or every face) as it is in the photo."""
        entry = self._current
        if entry is not None and entry.chosen_face is not None:
            label = self.tr("Reset face {number}").format(number=entry.chosen_face)
            self._push(entry, entry.edit.with_whole({}, face=entry.chosen_face), label)
        else:
            self.reset_all()

    def reset_all(self) -> None:
        """Every face as it is in the photo."""
        if self._current is not None:
            edit = replace(self._current.edit.with_whole({}, face=None), amount=1.0)
            self._push(self._current, edit, self.tr("Reset all"))

    def apply_strengths(self, strengths: Mapping[str, float], label: str, target: Target = "face") -> None:
        """Give exactly these strengths to the chosen face, to all faces of the photo, or to all open photos."""
        if self._current is None:
            return
        for entry in self._photos if target == "all_photos" else [self._current]:
            face = self._current.chosen_face if target == "face" else None
            self._push(entry, entry.edit.with_whole(strengths, face=face), label)

    def apply_preset(self, preset: Preset, target: Target = "face") -> None:
        """Apply a look."""
        self.apply_strengths(preset.by_name, preset.name, target)

    def copy_edit(self) -> None:
        """Remember the strengths of the chosen face."""
        if self._current is not None:
            self._copied = self._current.edit.strengths_of(self._current.chosen_face)
            self.copied_changed.emit()

    def paste_edit(self) -> None:
        """Give the remembered strengths to the chosen face."""
        if self._copied is not None:
            self.apply_strengths(self._copied, self.tr("Paste edit"))

    def undo(self) -> None:
        """One step back."""
        if self._current is not None:
            self.go_to(self._current.history.index - 1)

    def redo(self) -> None:
        """One step forward again."""
        if self._current is not None:
            self.go_to(self._current.history.index + 1)

    def go_to(self, index: int) -> None:
        """Any step of the history."""
        entry = self._current
        if entry is not None:
            before = entry.known_faces
            entry.history.go_to(index)
            self._edited(entry, before)

    # Pictures

    def set_level(self, level: int) -> None:
        """The level at which previews are looked at."""
        self._level = level

    def request_preset_thumbnails(self, presets: Sequence[Preset]) -> None:
        """Ask what these presets do to the present face; answers come one by one."""
        entry = self._current
        if entry is None or entry.photo is None or not entry.faces:
            return
        face = entry.chosen_face or max(entry.faces, key=lambda one: one.box.width).index
        for preset in presets:
            self._service.make_face_thumbnail(
                entry.photo, entry.faces, face, preset.by_name, group=self._thumbnail_group, name=preset.name
            )

    # Projects

    def to_project(self, view: Mapping[str, Any] | None = None) -> Project:
        """All photos with their edits, as a project file holds them."""
        photos = tuple(
            ProjectPhoto(photo.path, photo.sha256 or photo.expected_sha256, photo.size_bytes, photo.edit)
            for photo in self._photos
        )
        current = self._photos.index(self._current) if self._current is not None else 0
        return Project(photos, current, dict(view or {}))

    def save_project(self, path: Path, view: Mapping[str, Any] | None = None) -> None:
        """Write everything into a project file; failures are told by `failed`."""
        try:
            self._keep_pasted_beside(path)
            save_project(self.to_project(view), path)
        except OSError as error:
            self.failed.emit(error)
            return
        for photo in self._photos:
            photo.history.mark_clean()
        self._project_path = path
        self.project_changed.emit(path)
        self._check_clean()

    def open_project(self, path: Path) -> Mapping[str, Any]:
        """Show a project in the place of what is open.

        Returns:
            How it was looked at when it was saved.

        Raises:
            ProjectError: it cannot be read; what was open stays.
        """
        project = load_project(path)
        self.show_project(project)
        self._project_path = path
        self.project_changed.emit(path)
        self._check_clean()
        return project.view

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
        for photo in project.photos:
            entry = self._add(photo.path)
            entry.history = EditHistory(photo.edit, self.tr("Opened"))
            if not is_saved:
                entry.history.mark_unsaved()
            entry.expected_sha256, entry.size_bytes = photo.sha256, photo.size_bytes
            if photo.is_missing:
                entry.error = PhotoNotFoundError(f"{photo.path} is not there any more.")
            else:
                self._service.read_thumbnail(entry.entry_id, photo.path)
        self._show(self._photos[project.current] if self._photos else None)
        self.photos_changed.emit()
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

    # What follows from a change

    def _push(self, entry: OpenPhoto, edit: PhotoEdit, label: str, merge_key: Hashable | None = None) -> None:
        before = entry.known_faces
        if entry.history.push(edit, label, merge_key=merge_key):
            self._edited(entry, before)

    def _edited(self, entry: OpenPhoto, faces_before: tuple[Face, ...] | None) -> None:
        if entry.known_faces != faces_before:
            if entry.chosen_face not in {face.index for face in entry.faces}:
                entry.chosen_face = None
            if entry is self._current:
                self._forget_preset_thumbnails()
                self.faces_changed.emit()
        if entry is self._current:
            self.edits_changed.emit()
            self._request_render()
        badges = (entry.is_edited, entry.is_exported)
        if self._badges.get(entry.entry_id) != badges:
            self._badges[entry.entry_id] = badges
            self.photos_changed.emit()
        self._check_clean()

    def _on_shown(self) -> None:
        self._forget_preset_thumbnails()
        self.edits_changed.emit()
        self._request_render()

    def _check_clean(self) -> None:
        if self.is_clean != self._was_clean:
            self._was_clean = self.is_clean
            self.clean_changed.emit(self._was_clean)

    def _request_render(self) -> None:
        entry = self._current
        if entry is None or entry.photo is None or entry.edit.is_identity or entry.known_faces == ():
            self._shown_revision = self._service.stop_rendering()
            self.rendered.emit(None)
            return
        self._service.render(entry.photo, entry.edit.effective, entry.known_faces, level=self._level)

    def _label_of(self, name: str) -> str:
        directions = self._summary.directions if self._summary is not None else ()
        return next((direction.label for direction in directions if direction.name == name), name)

    def _forget_preset_thumbnails(self) -> None:
        self._service.drop_face_thumbnails()
        self._thumbnail_group += 1
        self.preset_thumbnails_outdated.emit()

    def _keep_pasted_beside(self, project: Path) -> None:
        """What was pasted has no file of its own: copy the program's one to the project."""
        for number, entry in enumerate((photo for photo in self._photos if photo.is_pasted), start=1):
            target = project.with_name(f"{project.stem}-pasted-{number}{entry.path.suffix}")
            while target.exists():
                number += 1
                target = project.with_name(f"{project.stem}-pasted-{number}{entry.path.suffix}")
            shutil.copyfile(entry.path, target)
            entry.path, entry.name, entry.is_pasted = target, target.name, False

    # What comes back

    @Slot(object)
    def _on_ready(self, summary: ModelSummary) -> None:
        is_other = self._summary is not None and self._summary.sha256 != summary.sha256
        self._summary = summary
        self.summary_changed.emit(summary)
        if is_other:
            self._on_shown()

    @Slot(object)
    def _on_rendered(self, rendered: RenderedEdit) -> None:
        entry, request = self._current, rendered.request
        if entry is None or request.photo is not entry.photo or request.revision <= self._shown_revision:
            return
        if request.quality == "full_res" and request.state != entry.edit.effective:
            return
        self._shown_revision = request.revision
        self.rendered.emit(rendered)

    @Slot(object, object)
    def _on_render_failed(self, request: RenderRequest, error: Exception) -> None:
        entry = self._current
        # Of a drag that fails all along only the end is told.
        if entry is not None and request.photo is entry.photo and request.state == entry.edit.effective:
            self.render_failed.emit(error)

    @Slot(int, object, object)
    def _on_face_found(self, entry_id: int, photo: Photo, face: Face) -> None:
        entry = self.photo_of(entry_id)
        if entry is None or entry.photo is not photo:
            return
        label = self.tr("Add face {number}").format(number=face.index)
        self._push(entry, replace(entry.edit, faces=(*entry.faces, face)), label)
        if entry is self._current:
            self.choose_face(face.index)

    @Slot(int, object)
    def _on_find_face_failed(self, entry_id: int, error: Exception) -> None:
        if self._current is not None and self._current.entry_id == entry_id:
            self.failed.emit(error)

    @Slot(int, str, object)
    def _on_face_thumbnail_made(self, group: int, name: str, thumbnail: Thumbnail) -> None:
        if group == self._thumbnail_group:
            self.preset_thumbnail_made.emit(name, thumbnail)
