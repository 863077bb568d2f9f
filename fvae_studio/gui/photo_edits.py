"""The edits of the open photos: changing them, undoing, and getting the pictures of them."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeAlias

from PySide6.QtCore import QObject, Signal, Slot

from fvae_studio.core.edits import FaceEdit
from fvae_studio.core.geometry import Rect
from fvae_studio.core.mouth_choice import CLOSED, MouthChoice
from fvae_studio.core.photo_edit import MAX_AMOUNT, PhotoEdit
from fvae_studio.core.presets import Preset
from fvae_studio.core.thumbnails import Thumbnail
from fvae_studio.core.types import Face, Photo
from fvae_studio.gui.open_photo import OpenPhoto
from fvae_studio.gui.photo_list import PhotoList
from fvae_studio.gui.shipped_texts import in_words
from fvae_studio.gui.translation import in_digits, in_percent
from fvae_studio.inference.service import InferenceService
from fvae_studio.pipeline.requests import ModelSummary, RenderedEdit, RenderRequest

Target: TypeAlias = Literal["face", "all_faces", "all_photos"]


class PhotoEdits(PhotoList):
    """The open photos with their edits; asks the service for pictures and takes in what comes back.

    Args:
        service: started by whoever made it.
        photo_memory_mb: limit for all open photos.
    """

    edits_changed = Signal()
    """The shown photo's edit or its history."""
    photo_edited = Signal(int)
    """The edit of an open photo is another one."""
    rendered = Signal(object)
    """`RenderedEdit` of the shown photo; None where its edit changes nothing."""
    render_failed = Signal(object)
    """Exception; the last good picture stays, and is not of this edit."""
    preset_thumbnail_made = Signal(str, object)
    """(name of the preset, `Thumbnail`) on the present face."""
    preset_thumbnails_outdated = Signal()
    """Another face is present."""
    summary_changed = Signal(object)
    """`ModelSummary`."""
    copied_changed = Signal()
    clean_changed = Signal(bool)
    """Whether all edits are saved or exported."""

    def __init__(self, service: InferenceService, *, photo_memory_mb: int = 500, parent: QObject | None = None) -> None:
        super().__init__(service, photo_memory_mb=photo_memory_mb, parent=parent)
        self._level = 0
        self._shown_revision = 0
        self._thumbnail_group = 0
        self._summary: ModelSummary | None = None
        self._copied: FaceEdit | None = None
        self._thumbnail_mouth = CLOSED
        self._wished_mouth: tuple[int, int | None, str] | None = None
        self._project_path: Path | None = None
        self._was_clean = True
        self._is_paused = False
        self._badges: dict[int, tuple[bool, bool]] = {}
        service.ready.connect(self._on_ready)
        service.rendered.connect(self._on_rendered)
        service.render_failed.connect(self._on_render_failed)
        service.face_found.connect(self._on_face_found)
        service.find_face_failed.connect(self._on_find_face_failed)
        service.mouth_found.connect(self._on_mouth_found)
        service.find_mouth_failed.connect(self._on_find_mouth_failed)
        service.face_thumbnail_made.connect(self._on_face_thumbnail_made)

    @property
    def summary(self) -> ModelSummary | None:
        """The loaded model; None while it is being loaded."""
        return self._summary

    @property
    def copied_edit(self) -> FaceEdit | None:
        """Strengths that were copied, and what is seen where lips part."""
        return self._copied

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
        percent = round(value * 100, 1) + 0.0  # -0.0 would be told as -0
        number = ("+" if percent > 0 else "") + in_digits(percent, _decimals_of(percent))
        label = self._with_face(entry, f"{self._label_of(name)} {number}", entry.chosen_face)
        key = ("strength", *sorted(strengths), entry.chosen_face) if merge else None
        self._push(entry, entry.edit.with_strengths(strengths, face=entry.chosen_face), label, key)

    def set_mouth(self, mouth: MouthChoice) -> None:
        """What is seen where the chosen face's closed lips part."""
        self._wished_mouth = None
        if self._current is not None:
            self._set_mouth(self._current, mouth, self._current.chosen_face)

    def take_mouth_from(self, path: Path) -> None:
        """Take what is seen there from another photo, as soon as one is found that it shows.

        Until then the choice stays as it is, and for good where that photo cannot be used, which `failed` tells.
        """
        entry = self._current
        if entry is not None:
            self._wished_mouth = (entry.entry_id, entry.chosen_face, str(path))
            self._service.find_mouth(entry.entry_id, path)

    def set_amount(self, amount: float) -> None:
        """Scale the whole edit of the shown photo, 0..`MAX_AMOUNT`."""
        if self._current is not None:
            amount = round(min(max(amount, 0.0), MAX_AMOUNT), 4)
            label = self.tr("Amount {percent}").format(percent=in_percent(amount, decimals=_decimals_of(amount * 100)))
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
            edit = entry.edit.with_whole({}, face=entry.chosen_face).with_mouth(CLOSED, face=entry.chosen_face)
            self._push(entry, edit, label)
        elif entry is not None and len(entry.faces) == 1:
            # The only face is the chosen one, also where nobody chose it.
            self._reset(entry, self.tr("Reset face {number}").format(number=entry.faces[0].index))
        else:
            self.reset_all()

    def reset_all(self) -> None:
        """Every face as it is in the photo."""
        if self._current is not None:
            self._reset(self._current, self.tr("Reset all"))

    def reset_photos(self, entry_ids: Collection[int]) -> None:
        """Every face of these photos, shown or not, as it is in its file."""
        for entry in self._photos:
            if entry.entry_id in entry_ids:
                self._reset(entry, self.tr("Reset all"))

    def apply_strengths(
        self,
        strengths: Mapping[str, float],
        label: str,
        target: Target = "face",
        *,
        mouth: MouthChoice | None = None,
    ) -> None:
        """Give exactly these strengths to the chosen face, to all faces of the photo, or to all open photos.

        Args:
            strengths: by direction.
            label: of the step.
            target: who gets them.
            mouth: what is seen where lips part; None leaves that as it is.
        """
        if self._current is None:
            return
        for entry in self._photos if target == "all_photos" else [self._current]:
            face = self._current.chosen_face if target == "face" else None
            edit = entry.edit.with_whole(strengths, face=face)
            self._push(entry, edit if mouth is None else edit.with_mouth(mouth, face=face), label)

    def apply_preset(self, preset: Preset, target: Target = "face") -> None:
        """Apply a look."""
        self.apply_strengths(preset.by_name, preset.name, target, mouth=preset.mouth)

    def apply_edit(self, label: str, target: Target) -> None:
        """Give what the chosen face has to all faces of the photo, or to all open photos."""
        if self._current is not None:
            edit = self._chosen_edit(self._current)
            # Other faces of a photo are other people: one's teeth are not theirs.
            is_own = target == "all_faces" and edit.mouth is not None and edit.mouth.kind == "photo"
            self.apply_strengths(edit.by_name, label, target, mouth=None if is_own else edit.mouth)

    def copy_edit(self) -> None:
        """Remember the strengths of the chosen face, and what is seen where its lips part."""
        if self._current is not None:
            self._copied = self._chosen_edit(self._current)
            self.copied_changed.emit()

    def paste_edit(self) -> None:
        """Give the chosen face what was copied."""
        if self._copied is not None:
            self.apply_strengths(self._copied.by_name, self.tr("Paste edit"), mouth=self._copied.mouth)

    @property
    def can_undo(self) -> bool:
        """Whether there is a step back."""
        return self._current is not None and self._current.history.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether a step was undone."""
        return self._current is not None and self._current.history.can_redo

    def undo(self) -> None:
        """One step back."""
        if self._current is not None:
            self.go_to(self._current.history.index - 1)

    def redo(self) -> None:
        """One step forward again."""
        if self._current is not None:
            self.go_to(self._current.history.index + 1)

    def pause_rendering(self, is_paused: bool) -> None:
        """While the canvas shows something else, no picture of the photo is asked for."""
        self._is_paused = is_paused

    def render_again(self) -> None:
        """The shown photo's edit is wanted once more: the canvas showed something else."""
        self._request_render()

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
        face = self._present_face(entry)
        for preset in presets:
            self._service.make_face_thumbnail(
                entry.photo,
                entry.faces,
                face,
                preset.by_name,
                mouth=preset.mouth or entry.edit.edits.mouth_of(face),
                group=self._thumbnail_group,
                name=preset.name,
            )

    # What follows from a change

    def _reset(self, entry: OpenPhoto, label: str) -> None:
        edit = entry.edit.with_whole({}, face=None).with_mouth(CLOSED, face=None)
        self._push(entry, replace(edit, amount=1.0), label)

    def _set_mouth(self, entry: OpenPhoto, mouth: MouthChoice, face: int | None) -> None:
        label = {
            "closed": self.tr("Closed lips"),
            "built_in": self.tr("Built-in teeth"),
            "photo": self.tr("Teeth from {name}").format(name=Path(mouth.photo).name),
        }[mouth.kind]
        self._push(entry, entry.edit.with_mouth(mouth, face=face), self._with_face(entry, label, face))

    def _take_wished_mouth(self, entry_id: int, path: str) -> tuple[OpenPhoto, int | None] | None:
        """Of which photo and face this mouth is still wanted; it is no longer waited for."""
        wished = self._wished_mouth
        if wished is None or (wished[0], wished[2]) != (entry_id, path):
            return None
        self._wished_mouth = None
        entry, face = self.photo_of(entry_id), wished[1]
        if entry is None or (face is not None and face not in {each.index for each in entry.faces}):
            return None
        return entry, face

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
            if self._present_mouth() != self._thumbnail_mouth:
                self._forget_preset_thumbnails()
            self.edits_changed.emit()
            self._request_render()
        badges = (entry.is_edited, entry.is_exported)
        if self._badges.get(entry.entry_id) != badges:
            self._badges[entry.entry_id] = badges
            self.photos_changed.emit()
        self._check_clean()
        self.photo_edited.emit(entry.entry_id)

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
        if self._is_paused:
            return
        if entry is None or entry.photo is None or entry.edit.is_identity or entry.known_faces == ():
            self._shown_revision = self._service.stop_rendering()
            self.rendered.emit(None)
            return
        self._service.render(entry.photo, entry.edit.effective, entry.known_faces, level=self._level)

    def _label_of(self, name: str) -> str:
        directions = self._summary.directions if self._summary is not None else ()
        return next((direction.label for direction in directions if direction.name == name), name)

    def _with_face(self, entry: OpenPhoto, label: str, face: int | None) -> str:
        """Of a step that is one face's, where there are others."""
        if face is None or len(entry.faces) < 2:
            return label
        return self.tr("{label}, face {number}").format(label=label, number=face)

    @staticmethod
    def _chosen_edit(entry: OpenPhoto) -> FaceEdit:
        mouth = entry.edit.edits.mouth_of(entry.chosen_face)
        return replace(FaceEdit.of(entry.edit.strengths_of(entry.chosen_face)), mouth=mouth)

    @staticmethod
    def _present_face(entry: OpenPhoto) -> int:
        """On which face presets are shown: the chosen one, or the largest."""
        return entry.chosen_face or max(entry.faces, key=lambda one: one.box.width).index

    def _present_mouth(self) -> MouthChoice:
        entry = self._current
        return CLOSED if entry is None or not entry.faces else entry.edit.edits.mouth_of(self._present_face(entry))

    def _forget_preset_thumbnails(self) -> None:
        self._service.drop_face_thumbnails()
        self._thumbnail_group += 1
        self._thumbnail_mouth = self._present_mouth()
        self.preset_thumbnails_outdated.emit()

    # What comes back

    @Slot(object)
    def _on_ready(self, summary: ModelSummary) -> None:
        is_other = self._summary is not None and self._summary.sha256 != summary.sha256
        self._summary = summary = in_words(summary)
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

    @Slot(int, str)
    def _on_mouth_found(self, entry_id: int, path: str) -> None:
        wanted = self._take_wished_mouth(entry_id, path)
        if wanted is not None:
            entry, face = wanted
            self._set_mouth(entry, MouthChoice("photo", path), face)

    @Slot(int, str, object)
    def _on_find_mouth_failed(self, entry_id: int, path: str, error: Exception) -> None:
        if self._take_wished_mouth(entry_id, path) is not None:
            self.failed.emit(error)

    @Slot(int, str, object)
    def _on_face_thumbnail_made(self, group: int, name: str, thumbnail: Thumbnail) -> None:
        if group == self._thumbnail_group:
            self.preset_thumbnail_made.emit(name, thumbnail)


def _decimals_of(percent: float) -> int:
    """As many as the fields show."""
    return 0 if round(percent, 1) == round(percent) else 1
