"""Where the inside of a mouth comes from that is closed in the photo and opens in the edit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, get_args

from fvae_studio.errors import EditError

MouthKind: TypeAlias = Literal["closed", "photo", "built_in"]


@dataclass(frozen=True)
class MouthChoice:
    """What is done where an edit parts lips that are closed in the photo.

    Attributes:
        kind: "closed": the lips stay closed; "photo": they part, and another photo of the person shows teeth;
            "built_in": they part, and teeth of nobody, which ship with the program, are seen.
        photo: path of that other photo; empty for the other kinds.
    """

    kind: MouthKind = "closed"
    photo: str = ""

    def __post_init__(self) -> None:
        if self.kind not in get_args(MouthKind):
            raise EditError(f"a mouth is closed, built_in or from a photo; not {self.kind!r}")
        if (self.kind == "photo") != bool(self.photo):
            raise EditError("a mouth from a photo needs the photo's path, and only that kind has one")

    @staticmethod
    def of(value: MouthChoice | Path | str) -> MouthChoice:
        """From "closed", "built_in" (or "built-in"), or the path of another photo of the person."""
        if isinstance(value, MouthChoice):
            return value
        if value in ("closed", "built_in", "built-in"):
            return CLOSED if value == "closed" else BUILT_IN
        return MouthChoice("photo", str(Path(value).resolve()))

    @property
    def opens(self) -> bool:
        """Whether lips may part."""
        return self.kind != "closed"

    def to_json(self) -> Any:
        """The value of a recipe: "closed", "built_in" or {"photo": path}."""
        return {"photo": self.photo} if self.kind == "photo" else self.kind

    @staticmethod
    def from_json(value: Any) -> MouthChoice:
        """From the value of a recipe.

        Raises:
            EditError: it is none.
        """
        if isinstance(value, dict) and set(value) == {"photo"} and isinstance(value["photo"], str):
            return MouthChoice("photo", value["photo"])
        if isinstance(value, str) and value in ("closed", "built_in"):
            return MouthChoice(value)  # type: ignore[arg-type]
        raise EditError(f'a mouth is "closed", "built_in" or {{"photo": path}}; not {value!r}')


def tell_mouths(mouths: Iterable[MouthChoice]) -> str:
    """A sentence's part, for records of an edit: what is seen in mouths that were opened; "" for none."""
    kinds = {mouth.kind for mouth in mouths}
    told = []
    if "built_in" in kinds:
        told.append("teeth are not the person's own but a built-in average of other people's, the mouth's inside drawn")
    if "photo" in kinds:
        told.append("the mouth's inside is from another photo")
    return "; ".join(told)


CLOSED: Final = MouthChoice("closed")
BUILT_IN: Final = MouthChoice("built_in")
