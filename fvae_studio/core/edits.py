"""What the user asked for, as plain values: strengths by direction and face. Hashable, and the CLI's recipe as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from fvae_studio.core.json_text import to_json_text
from fvae_studio.core.mouth_choice import CLOSED, MouthChoice
from fvae_studio.errors import EditError

RECIPE_SCHEMA: Final = 1
PROGRAM: Final = "fvae-studio"
MAX_STRENGTH: Final = 2.0
"""Strengths lie in -2..2; 1 is the whole expression."""

Strengths = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class FaceEdit:
    """Strengths for one face, or for all of them.

    Attributes:
        face: the face's number from 1, or None for all faces.
        strengths: (direction, strength), sorted by direction; a zero takes back what an earlier edit said.
        mouth: what is seen where the edit parts closed lips; None says nothing about it.
    """

    face: int | None = None
    strengths: Strengths = ()
    mouth: MouthChoice | None = None

    def __post_init__(self) -> None:
        if self.face is not None and (isinstance(self.face, bool) or not isinstance(self.face, int) or self.face < 1):
            raise EditError(f"a face has a number from 1, or null for all faces; not {self.face!r}")
        checked: dict[str, float] = {}
        for name, value in self.strengths:
            if name in checked:
                raise EditError(f"the strength of {name!r} is given twice")
            checked[_check_name(name)] = check_strength(name, value)
        object.__setattr__(self, "strengths", tuple(sorted(checked.items())))

    @staticmethod
    def of(strengths: Mapping[str, float], *, face: int | None = None) -> FaceEdit:
        """From a mapping, e.g. `FaceEdit.of({"smile": 0.8}, face=2)`."""
        return FaceEdit(face, tuple(strengths.items()))

    @property
    def by_name(self) -> dict[str, float]:
        """Strengths as a new dict."""
        return dict(self.strengths)

    @property
    def is_identity(self) -> bool:
        """Whether nothing would change."""
        return all(value == 0 for _, value in self.strengths)

    def with_strength(self, name: str, value: float) -> FaceEdit:
        """A copy with one strength set."""
        return replace(self, strengths=tuple({**self.by_name, name: value}.items()))

    def merged(self, other: FaceEdit) -> FaceEdit:
        """A copy in which what `other` says takes the place of what this one says; the face stays this one's."""
        strengths = tuple({**self.by_name, **other.by_name}.items())
        return FaceEdit(self.face, strengths, self.mouth if other.mouth is None else other.mouth)


@dataclass(frozen=True)
class EditState:
    """All edits of one photo.

    Edits may be given in the order in which they were made, also several for one face: a later one replaces the same
    directions of earlier ones, and one of all faces also those of single faces. What is kept is the sum of it, so that
    two ways to the same edit are equal and have one hash.

    Attributes:
        photo_id: which photo (`Photo.photo_id`), or None: a recipe for any photo.
        edits: at most one per face, that of all faces (None) first, then by number, none empty. A single face's zero
            stays where all faces have another strength, and its closed mouth where those of all faces open.
    """

    photo_id: str | None = None
    edits: tuple[FaceEdit, ...] = ()

    def __post_init__(self) -> None:
        everyone: dict[str, float] = {}
        single: dict[int, dict[str, float]] = {}
        mouth, mouths = CLOSED, dict[int, MouthChoice]()
        for edit in self.edits:
            if edit.face is not None:
                single.setdefault(edit.face, {}).update(edit.strengths)
                if edit.mouth is not None:
                    mouths[edit.face] = edit.mouth
                continue
            everyone.update(edit.strengths)
            for strengths in single.values():
                for name, _ in edit.strengths:
                    strengths.pop(name, None)
            if edit.mouth is not None:
                mouth, mouths = edit.mouth, {}
        everyone = {name: value for name, value in everyone.items() if value}
        kept = [FaceEdit(None, tuple(everyone.items()), mouth if mouth.opens else None)]
        for face, strengths in sorted(single.items()):
            telling = tuple((name, value) for name, value in strengths.items() if value != everyone.get(name, 0))
            own = mouths.get(face, mouth)
            kept.append(FaceEdit(face, telling, own if own != mouth else None))
        object.__setattr__(self, "edits", tuple(edit for edit in kept if edit.strengths or edit.mouth))

    @property
    def is_identity(self) -> bool:
        """Whether nothing would change."""
        return all(edit.is_identity for edit in self.edits)

    def edit_of(self, face: int | None) -> FaceEdit:
        """What was said for exactly this face (None: for all); empty if nothing was."""
        return next((edit for edit in self.edits if edit.face == face), FaceEdit(face))

    def for_face(self, face: int) -> FaceEdit:
        """What applies to a face: the edit of all faces, with this face's own strengths in place of those."""
        everyone, own = self.edit_of(None), self.edit_of(face)
        if everyone.is_identity and everyone.mouth is None:
            return own
        return replace(everyone, face=face).merged(own)

    def with_strength(self, name: str, value: float, *, face: int | None = None) -> EditState:
        """A copy with one strength of one face (or of all faces) set."""
        return replace(self, edits=(*self.edits, FaceEdit(face, ((name, value),))))

    def with_mouth(self, mouth: MouthChoice, *, face: int | None = None) -> EditState:
        """A copy with one face (or all faces) getting its mouth's inside from there."""
        return replace(self, edits=(*self.edits, FaceEdit(face, (), mouth)))

    def mouth_of(self, face: int | None) -> MouthChoice:
        """What is seen between the lips of a face, or (None) of all faces that say nothing else."""
        edit = self.edit_of(None) if face is None else self.for_face(face)
        return edit.mouth or CLOSED

    def merged(self, other: EditState) -> EditState:
        """A copy with the edits of `other` made after this one's; the photo stays this one's."""
        return replace(self, edits=(*self.edits, *other.edits))

    def to_json(self) -> str:
        """The recipe, schema 1; without the photo's id, so that it fits any photo."""
        edits: list[dict[str, Any]] = [{"face": edit.face, "strengths": edit.by_name} for edit in self.edits]
        for item, edit in zip(edits, self.edits, strict=True):
            if edit.mouth is not None:
                # Only where it says something: recipes without it can be read by every version.
                item["mouth"] = edit.mouth.to_json()
        recipe = {"schema": RECIPE_SCHEMA, "program": PROGRAM, "edits": edits}
        return to_json_text(recipe)

    @staticmethod
    def from_json(text: str | bytes, *, photo_id: str | None = None) -> EditState:
        """Read a recipe.

        Raises:
            EditError: no JSON, another schema, unknown keys, wrong types, or strengths out of range.
        """
        try:
            recipe = json.loads(text, object_pairs_hook=_without_repeats)
        except (ValueError, RecursionError) as error:
            raise EditError(f"the recipe is not JSON: {error}") from error
        recipe = _expect_object(recipe, "the recipe", required={"schema", "edits"}, optional={"program"})
        schema = recipe["schema"]
        if isinstance(schema, bool) or schema != RECIPE_SCHEMA:
            raise EditError(f"the recipe has schema {schema!r}; this version reads schema {RECIPE_SCHEMA}")
        if recipe.get("program", PROGRAM) != PROGRAM:
            raise EditError(f"the recipe is for the program {recipe['program']!r}, not for {PROGRAM!r}")
        if not isinstance(recipe["edits"], list):
            raise EditError(f"the recipe's edits must be a list, not {_kind(recipe['edits'])}")
        edits = []
        for number, item in enumerate(recipe["edits"], start=1):
            edit = _expect_object(
                item, f"edit {number} of the recipe", required={"strengths"}, optional={"face", "mouth"}
            )
            strengths = edit["strengths"]
            if not isinstance(strengths, dict):
                raise EditError(f"the strengths of edit {number} must be an object, not {_kind(strengths)}")
            mouth = MouthChoice.from_json(edit["mouth"]) if "mouth" in edit else None
            edits.append(FaceEdit(edit.get("face"), tuple(strengths.items()), mouth))
        return EditState(photo_id, tuple(edits))


def parse_assignment(text: str) -> tuple[str, float]:
    """Read "smile=0.8" or "smile=-30%" as a direction and its strength.

    Raises:
        EditError: no such form, or a strength out of range.
    """
    name, equals, number = (part.strip() for part in text.partition("="))
    if not equals or not name or not number:
        raise EditError(f"write an edit as direction=strength, such as smile=0.8 or smile=80%; not {text!r}")
    percent = number.endswith("%")
    try:
        # Python's float also reads "1_0"; nobody means that here.
        value = float(number.removesuffix("%")) if "_" not in number else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise EditError(f"the strength of {name!r} must be a number, such as 0.8 or 80%; not {number!r}")
    return _check_name(name), check_strength(name, value / 100 if percent else value)


def add_strengths(own: Strengths, more: Strengths) -> Strengths:
    """Two edits on top of each other, each strength cut at the largest that an edit may have; without zeros."""
    total = dict(own)
    for name, value in more:
        total[name] = max(-MAX_STRENGTH, min(MAX_STRENGTH, total.get(name, 0.0) + value))
    return tuple(sorted((name, value) for name, value in total.items() if value))


def check_strength(name: str, value: object) -> float:
    """The strength as a float.

    Raises:
        EditError: no finite number, or beyond `MAX_STRENGTH`.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise EditError(f"the strength of {name!r} must be a number, not {_kind(value)}")
    if not -MAX_STRENGTH <= value <= MAX_STRENGTH:  # also true for NaN
        raise EditError(
            f"the strength of {name!r} is {value}; it must lie between {-MAX_STRENGTH:g} and {MAX_STRENGTH:g}"
        )
    return float(value) + 0.0  # -0.0 becomes 0.0: equal values look alike


def _check_name(name: object) -> str:
    if not isinstance(name, str) or not name.strip() or name != name.strip() or not name.isprintable() or "=" in name:
        raise EditError(f"a direction has a plain name, such as smile; not {name!r}")
    return name


def _without_repeats(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise EditError(f"the recipe says {key!r} twice in one place")
        found[key] = value
    return found


def _expect_object(value: Any, where: str, *, required: set[str], optional: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise EditError(f"{where} must be an object, not {_kind(value)}")
    unknown, missing = set(value) - required - optional, required - set(value)
    if unknown:
        known = ", ".join(sorted(required | optional))
        raise EditError(f"{where} has the unknown key {min(unknown)!r}; known are {known}")
    if missing:
        raise EditError(f"{where} lacks {min(missing)!r}")
    return value


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number" if isinstance(value, int | float) else type(value).__name__)
