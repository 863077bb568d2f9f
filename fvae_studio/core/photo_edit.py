"""Everything that a person decided about one photo: a snapshot of the history, a photo of a project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from fvae_studio.core.edits import MAX_STRENGTH, EditState, FaceEdit, Strengths
from fvae_studio.core.mouth_choice import MouthChoice
from fvae_studio.core.types import Face
from fvae_studio.errors import EditError

MAX_AMOUNT: Final = 1.5
"""Of the whole edit: half as much again."""


@dataclass(frozen=True)
class PhotoEdit:
    """The edit of one photo.

    Attributes:
        edits: strengths as the sliders show them.
        amount: 0..`MAX_AMOUNT`; all strengths are multiplied by it.
        faces: the photo's faces where a person removed or drew one; None: as they were detected.
    """

    edits: EditState = field(default_factory=EditState)
    amount: float = 1.0
    faces: tuple[Face, ...] | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.amount <= MAX_AMOUNT:
            raise EditError(f"the amount of an edit is {self.amount}; it must lie between 0 and {MAX_AMOUNT:g}")

    @property
    def effective(self) -> EditState:
        """The strengths with the amount applied: what is rendered, exported, and saved as a recipe."""
        if self.amount == 1:
            return self.edits
        scaled = (replace(edit, strengths=scale_strengths(edit.strengths, self.amount)) for edit in self.edits.edits)
        return replace(self.edits, edits=tuple(scaled))

    @property
    def is_identity(self) -> bool:
        """Whether no pixel would change."""
        return self.amount == 0 or self.edits.is_identity

    def strengths_of(self, face: int | None) -> dict[str, float]:
        """What the sliders show for a face, or for all faces; without zeros."""
        edit = self.edits.edit_of(None) if face is None else self.edits.for_face(face)
        return {name: value for name, value in edit.strengths if value}

    def with_strengths(self, strengths: Mapping[str, float], *, face: int | None) -> PhotoEdit:
        """A copy in which some strengths of a face (or of all faces) are set; the others stay."""
        added = FaceEdit.of(strengths, face=face)
        return replace(self, edits=replace(self.edits, edits=(*self.edits.edits, added)))

    def with_whole(self, strengths: Mapping[str, float], *, face: int | None) -> PhotoEdit:
        """A copy in which a face (or every face) has exactly these strengths; what is seen in mouths stays."""
        if face is None:
            mouths = (FaceEdit(edit.face, (), edit.mouth) for edit in self.edits.edits)
            return replace(self, edits=replace(self.edits, edits=(FaceEdit.of(strengths), *mouths)))
        zeros = {name: 0.0 for name, _ in self.edits.for_face(face).strengths}
        return self.with_strengths({**zeros, **strengths}, face=face)

    def with_mouth(self, mouth: MouthChoice, *, face: int | None) -> PhotoEdit:
        """A copy in which a face (or every face) gets its mouth's inside from there."""
        return replace(self, edits=self.edits.with_mouth(mouth, face=face))

    def without_face(self, face: int) -> PhotoEdit:
        """A copy that says nothing about a face by itself."""
        kept = tuple(edit for edit in self.edits.edits if edit.face != face)
        return replace(self, edits=replace(self.edits, edits=kept))

    def has_edit(self, face: int) -> bool:
        """Whether something is asked of a face."""
        return any(value for _, value in self.edits.for_face(face).strengths)


def scale_strengths(strengths: Strengths, amount: float) -> Strengths:
    """All strengths times `amount`, cut at the largest that an edit may have."""
    return tuple((name, max(-MAX_STRENGTH, min(MAX_STRENGTH, value * amount))) for name, value in strengths)
