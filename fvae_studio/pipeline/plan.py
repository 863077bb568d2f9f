"""What an edit asks of which face of a photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from fvae_studio.core.edits import EditState, Strengths
from fvae_studio.core.mouth_choice import MouthChoice
from fvae_studio.core.types import Face, Photo
from fvae_studio.errors import FaceError
from fvae_studio.pipeline.detector import choose_faces, require_editable

FlowKey: TypeAlias = tuple[int, Strengths, MouthChoice]
"""A face, and what is asked of it."""


@dataclass(frozen=True)
class LeftOut:
    """A face that "all faces" does not reach, and why."""

    face: int
    reason: str


@dataclass(frozen=True, eq=False)
class Asked:
    """What is asked of one face."""

    face: Face
    strengths: Strengths
    mouth: MouthChoice

    @property
    def key(self) -> FlowKey:
        """Face and wishes, to find again what was computed for them."""
        return self.face.index, self.strengths, self.mouth


@dataclass(frozen=True, eq=False)
class EditPlan:
    """Every face that is edited with what is asked of it, and the faces that "all" has to leave out.

    Attributes:
        state: the edit.
        faces: of the photo.
        asked: of the edited ones.
        left_out: the others that "all" names.
    """

    state: EditState
    faces: tuple[Face, ...]
    asked: tuple[Asked, ...]
    left_out: tuple[LeftOut, ...]


def plan_edit(photo: Photo, faces: tuple[Face, ...], state: EditState) -> EditPlan:
    """Find out which faces an edit reaches.

    Raises:
        FaceError: no face, no face of that number, or one that was named, or every one, cannot be edited; the last two
            with the `reasons` of all faces that cannot.
    """
    named = {edit.face for edit in state.edits if edit.face is not None and not edit.is_identity}
    for number in sorted(named):
        choose_faces(faces, number)
    if any(edit.face is None for edit in state.edits):
        choose_faces(faces, "all")
    asked: list[Asked] = []
    reasons: dict[int, str] = {}
    named_error: FaceError | None = None
    first_error: FaceError | None = None
    for face in faces:
        active = tuple((name, value) for name, value in state.for_face(face.index).strengths if value)
        if not active:
            continue
        try:
            require_editable(face, photo)
        except FaceError as error:
            reasons[face.index] = str(error)
            first_error = first_error or error
            if face.index in named:
                named_error = named_error or error
        else:
            asked.append(Asked(face, active, state.mouth_of(face.index)))
    refusal = first_error if named_error is None and not asked else named_error
    if refusal is not None:
        refusal.reasons = reasons
        raise refusal
    return EditPlan(state, faces, tuple(asked), tuple(LeftOut(face, reason) for face, reason in reasons.items()))
