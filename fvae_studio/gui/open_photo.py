"""One open photo with all that is known and decided about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from fvae_studio.core.export import ExportSource
from fvae_studio.core.history import EditHistory
from fvae_studio.core.photo_edit import PhotoEdit
from fvae_studio.core.project_file import PhotoView
from fvae_studio.core.thumbnails import Thumbnail
from fvae_studio.core.types import Face, Photo


def _new_history() -> EditHistory[PhotoEdit]:
    return EditHistory(PhotoEdit())


@dataclass(eq=False)
class OpenPhoto:
    """One photo of the strip. Only the document changes it.

    Attributes:
        entry_id: the document's number for it.
        path: its file.
        name: for people.
        is_pasted: the file is the program's own copy of what was pasted.
        photo: None while its pixels are not in memory.
        detected: its faces as detected; None before.
        history: its edit.
        chosen_face: a number, or None for all faces.
        is_loading: it is being read.
        error: why it could not be read.
        thumbnail: the whole photo, small.
        sha256, size_bytes: of its file, once it was read.
        expected_sha256: of its file when the project was saved, "" outside of projects.
        exported: the edit that was exported last.
        source: what an export's name and size need to know, once it was read.
        last_shown: rises each time it is shown.
        view: the part that is looked at; None for the whole photo.
    """

    entry_id: int
    path: Path
    name: str
    is_pasted: bool = False
    photo: Photo | None = None
    detected: tuple[Face, ...] | None = None
    history: EditHistory[PhotoEdit] = field(default_factory=_new_history)
    chosen_face: int | None = None
    is_loading: bool = False
    error: Exception | None = None
    thumbnail: Thumbnail | None = None
    sha256: str = ""
    size_bytes: int = 0
    expected_sha256: str = ""
    exported: PhotoEdit | None = None
    source: ExportSource | None = None
    last_shown: int = 0
    view: PhotoView | None = None

    @property
    def edit(self) -> PhotoEdit:
        """What is shown."""
        return self.history.state

    @property
    def faces(self) -> tuple[Face, ...]:
        """Those that can be edited: as detected, or as a person left them; none before detection."""
        return self.known_faces or ()

    @property
    def known_faces(self) -> tuple[Face, ...] | None:
        """The same, None before detection."""
        return self.edit.faces if self.edit.faces is not None else self.detected

    @property
    def edited_faces(self) -> frozenset[int]:
        """Numbers of the faces of which something is asked."""
        return frozenset(face.index for face in self.faces if self.edit.has_edit(face.index))

    @property
    def is_edited(self) -> bool:
        """Whether the edit changes anything."""
        return not self.edit.is_identity

    @property
    def is_exported(self) -> bool:
        """Whether what is shown was exported."""
        return self.exported is not None and self.exported == self.edit

    @property
    def is_unsaved(self) -> bool:
        """Whether closing would lose an edit: neither in the project nor exported."""
        return not self.history.is_clean and not self.is_exported

    @property
    def num_bytes(self) -> int:
        """Of its pixels in memory."""
        if self.photo is None:
            return 0
        return self.photo.pixels.nbytes + (0 if self.photo.alpha is None else self.photo.alpha.nbytes)
