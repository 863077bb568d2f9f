"""Presets: named strengths for a face. Built-in ones, and a person's own as one JSON file each."""

from __future__ import annotations

import json
import logging
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from fvae_studio.core.edits import PROGRAM, FaceEdit, Strengths
from fvae_studio.core.mouth_choice import MouthChoice
from fvae_studio.core.photo_edit import scale_strengths
from fvae_studio.core.photo_io.atomic import atomic_write, make_folder
from fvae_studio.errors import EditError

log = logging.getLogger(__name__)

PRESET_SCHEMA: Final = 1
SUFFIX: Final = ".fvae-preset.json"
_MAX_NAME = 80


@dataclass(frozen=True)
class Preset:
    """One named look.

    Attributes:
        name: as people read it.
        strengths: (direction, strength), sorted, without zeros.
        is_own: a person's own, kept as a file.
        mouth: what is seen where closed lips part: closed lips or built-in teeth; None leaves it as it is.
    """

    name: str
    strengths: Strengths = ()
    is_own: bool = False
    mouth: MouthChoice | None = None

    def __post_init__(self) -> None:
        name = " ".join(self.name.split())
        if not name or len(name) > _MAX_NAME or not name.isprintable():
            raise EditError(f"a preset needs a name of 1 to {_MAX_NAME} characters, not {self.name!r}")
        object.__setattr__(self, "name", name)
        if self.mouth is not None and self.mouth.kind == "photo":
            raise EditError("a preset is for everybody: its mouth is closed or built_in, not that of a photo")
        checked = FaceEdit(None, self.strengths).strengths
        object.__setattr__(self, "strengths", tuple((key, value) for key, value in checked if value))

    @staticmethod
    def of(name: str, strengths: Mapping[str, float], *, is_own: bool = False) -> Preset:
        """From a mapping, e.g. `Preset.of("Soft smile", {"smile": 0.4})`."""
        return Preset(name, tuple(strengths.items()), is_own)

    @property
    def by_name(self) -> dict[str, float]:
        """Strengths as a new dict."""
        return dict(self.strengths)

    def scaled(self, amount: float) -> Preset:
        """The same look, weaker or stronger."""
        return replace(self, strengths=scale_strengths(self.strengths, amount))

    def to_json(self) -> str:
        """The content of its file."""
        content: dict[str, Any] = {
            "schema": PRESET_SCHEMA,
            "program": PROGRAM,
            "kind": "preset",
            "name": self.name,
            "strengths": self.by_name,
        }
        if self.mouth is not None:
            # Only where it says something: others can be read by every version.
            content["mouth"] = self.mouth.to_json()
        return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    @staticmethod
    def from_json(text: str | bytes) -> Preset:
        """Read a preset's file; it is one's own.

        Raises:
            EditError: no preset, a newer one, or strengths that cannot be.
        """
        try:
            content: Any = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise EditError(f"the preset is not JSON: {error}") from error
        if not isinstance(content, dict) or content.get("kind") != "preset" or content.get("program") != PROGRAM:
            raise EditError("the file is no preset of FVAE Studio")
        if content.get("schema") != PRESET_SCHEMA:
            raise EditError(
                f"the preset has schema {content.get('schema')!r}; this version reads schema {PRESET_SCHEMA}"
            )
        name, strengths = content.get("name"), content.get("strengths")
        if not isinstance(name, str) or not isinstance(strengths, dict):
            raise EditError("a preset needs a name and strengths")
        mouth = MouthChoice.from_json(content["mouth"]) if "mouth" in content else None
        return replace(Preset.of(name, strengths, is_own=True), mouth=mouth)


BUILT_IN: Final = (
    Preset.of("Soft smile", {"smile": 0.45}),
    Preset.of("Smile", {"smile": 0.8}),
    Preset.of("Smile with the eyes", {"smile": 0.7, "squint": 0.5}),
    Preset.of("Beaming", {"big_smile": 0.8, "squint": 0.3}),
    Preset.of("Friendly look", {"smile": 0.3, "brows_up": 0.25}),
    Preset.of("Wide awake", {"wide_eyes": 0.6, "brows_up": 0.3}),
    Preset.of("Relaxed brow", {"brows_down": -0.5}),
    Preset.of("Earnest", {"smile": -0.4, "brows_down": 0.2}),
    Preset.of("Thoughtful", {"brows_down": 0.35, "pucker": 0.2}),
    Preset.of("Sceptical", {"brows_up": 0.4, "lip_corners_down": 0.35, "squint": 0.3}),
    Preset.of("Sad", {"sad": 0.8}),
    Preset.of("Surprised", {"surprised": 0.7}),
    Preset.of("Wink", {"close_eye_left": 1.0, "smile": 0.4}),
)
"""Looks that ship with the program; one is offered where the model has all its directions."""


def fitting(presets: Collection[Preset], directions: Collection[str]) -> tuple[Preset, ...]:
    """The presets that a model with these directions can show."""
    known = set(directions)
    return tuple(preset for preset in presets if known.issuperset(preset.by_name))


class PresetFolder:
    """A person's own presets: one file each, so that they can be copied, sent and put under version control.

    Args:
        folder: made when the first one is saved.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self) -> tuple[Preset, ...]:
        """All that can be read, by name; a damaged file is left out and logged."""
        found: dict[str, Preset] = {}
        for path in sorted(self._folder.glob(f"*{SUFFIX}")) if self._folder.is_dir() else ():
            try:
                preset = Preset.from_json(path.read_bytes())
            except (EditError, OSError) as error:
                log.warning("left out the preset %s: %s", path, error)
                continue
            found[preset.name] = preset
        return tuple(sorted(found.values(), key=lambda preset: preset.name.casefold()))

    def save(self, preset: Preset) -> Path:
        """Keep a preset; one of the same name is replaced.

        Raises:
            PhotoWriteError: the file could not be written.
        """
        make_folder(self._folder)
        path = self._path_of(preset.name) or self._free_path(preset.name)
        with atomic_write(path) as file:
            file.write(preset.to_json().encode())
        return path

    def delete(self, name: str) -> None:
        """Remove a preset, if it is there."""
        path = self._path_of(name)
        if path is not None:
            path.unlink()

    def rename(self, name: str, new_name: str) -> Preset:
        """Give a preset another name.

        Raises:
            EditError: there is none of that name, or the new name is taken or cannot be one.
        """
        found = next((preset for preset in self.load() if preset.name == name), None)
        if found is None:
            raise EditError(f"there is no preset called {name!r}")
        renamed = replace(found, name=new_name)
        if renamed.name != name and self._path_of(renamed.name) is not None:
            raise EditError(f"there is a preset called {renamed.name!r} already; choose another name")
        self.delete(name)
        self.save(renamed)
        return renamed

    def bring_in(self, path: Path) -> Preset:
        """Import a preset's file; where the name is taken by another one, a number is added.

        Raises:
            EditError: it is no preset, or cannot be read.
        """
        try:
            preset = Preset.from_json(path.read_bytes())
        except OSError as error:
            raise EditError(f"{path.name} cannot be read: {error.strerror or error}") from error
        own = {one.name: one for one in self.load()}
        name, number = preset.name, 2
        while name in own and replace(own[name], name=preset.name) != preset:
            name, number = f"{preset.name} {number}", number + 1
        preset = replace(preset, name=name)
        self.save(preset)
        return preset

    def _path_of(self, name: str) -> Path | None:
        for path in sorted(self._folder.glob(f"*{SUFFIX}")) if self._folder.is_dir() else ():
            try:
                if Preset.from_json(path.read_bytes()).name == name:
                    return path
            except (EditError, OSError):
                continue
        return None

    def _free_path(self, name: str) -> Path:
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
        stem = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or "preset"
        number, path = 1, self._folder / f"{stem}{SUFFIX}"
        while path.exists():
            number += 1
            path = self._folder / f"{stem}-{number}{SUFFIX}"
        return path


def write_preset(preset: Preset, path: Path) -> None:
    """Export a preset into a file; one that is there is replaced.

    Raises:
        PhotoWriteError: it could not be written.
    """
    with atomic_write(path) as file:
        file.write(preset.to_json().encode())
