"""What people set and what the window remembers: one frozen value, one row per option, one sparse JSON file. No Qt.

The file holds only what differs from the defaults, so that a better default reaches everybody who never chose.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from fvae_studio.core.json_text import to_json_text
from fvae_studio.core.photo_io.atomic import atomic_write, make_folder

log = logging.getLogger(__name__)

SETTINGS_SCHEMA: Final = 1
MAX_RECENT: Final = 12

_MIGRATORS: Final[Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]]] = {}
"""By version: the content of a file of that version -> of the next."""

Kind: TypeAlias = Literal["choice", "switch", "number", "text", "file"]


def _T(context: str, text: str) -> str:  # noqa: ARG001, N802 (read by the extractor, which knows it by this name)
    return text


@dataclass(frozen=True)
class Option:
    """One row of the settings dialog.

    Attributes:
        key: name of the field of `Settings`.
        section: heading under which it stands.
        label: as people read it.
        kind: "choice" among `choices`, "switch", "number" from `least` to `most`, "text", or "file" for a path.
        help: one sentence.
        choices: (value, label); of a file: (suffixes, name of the kind).
        least, most, unit: of a number.
        needs_restart: whether it works from the next start on.
    """

    key: str
    section: str
    label: str
    kind: Kind
    help: str
    choices: tuple[tuple[str, str], ...] = ()
    least: int = 0
    most: int = 0
    unit: str = ""
    needs_restart: bool = False


_LOOK, _WORK, _MACHINE = _T("settings", "Appearance"), _T("settings", "Editing"), _T("settings", "Computing")

OPTIONS: Final = (
    Option("theme", _LOOK, _T("settings", "Colours"), "choice",
           _T("settings", "Light, dark, or as the system has it."),
           (("system", _T("settings", "After the system")), ("light", _T("settings", "Light")),
            ("dark", _T("settings", "Dark")))),
    Option("language", _LOOK, _T("settings", "Language"), "choice",
           _T("settings", "Of menus and texts; from the next start on."),
           (("system", _T("settings", "After the system")), ("en", "English"), ("de", "Deutsch")), needs_restart=True),
    Option("text_px", _LOOK, _T("settings", "Text size"), "number",
           _T("settings", "Height of ordinary text in pixels."), least=10, most=24, unit="px"),
    Option("screen_profile", _LOOK, _T("settings", "Profile of the screen"), "file",
           _T("settings", "An ICC file that describes the screen; empty takes what the system knows."),
           choices=((".icc .icm", _T("settings", "Colour profiles")),)),
    Option("link_sides", _WORK, _T("settings", "Link left and right"), "switch",
           _T("settings", "Move the sliders of the left and the right half of the face together.")),
    Option("wheel", _WORK, _T("settings", "The mouse wheel"), "choice",
           _T("settings", "Over the photo. Ctrl with the wheel and pinching always zoom; two fingers always scroll."),
           (("zoom", _T("settings", "Zooms")), ("scroll", _T("settings", "Scrolls")))),
    Option("autosave_seconds", _WORK, _T("settings", "Save for recovery every"), "number",
           _T("settings", "After a crash the edits are offered again; 0 switches this off."), least=0, most=600,
           unit="s"),
    Option("device", _MACHINE, _T("settings", "Compute on"), "choice",
           _T("settings", "If the graphics processor fails, the processor takes over."),
           (("auto", _T("settings", "The fastest")), ("cpu", _T("settings", "Processor")),
            ("cuda", _T("settings", "NVIDIA graphics")), ("mps", _T("settings", "Apple graphics")))),
    Option("photo_memory_mb", _MACHINE, _T("settings", "Memory for open photos"), "number",
           _T("settings", "Photos that are not shown are read again when they are needed, if they take more."),
           least=200, most=16_000, unit="MB"),
)  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """All options and all that is remembered between starts.

    Attributes:
        theme, language, text_px, screen_profile, link_sides, wheel, autosave_seconds, device, photo_memory_mb: see
            `OPTIONS`.
        model: name or path of the model; "" takes the default one.
        shortcuts: changed key sequences by action.
        recent: files and projects that were open, the newest first.
        closed_groups: titles of slider groups that were closed.
        window: geometry and docks, base64, as Qt saves them.
        export: the export dialog's last choices;  clip_export: those of clips.
        overlay_opacity: in per cent.
        has_seen_first_steps: whether they were shown.
        shows_first_steps: whether they are shown at every start.
    """

    theme: str = "system"
    language: str = "system"
    text_px: int = 13
    screen_profile: str = ""
    link_sides: bool = True
    wheel: str = "zoom"
    autosave_seconds: int = 20
    device: str = "auto"
    photo_memory_mb: int = 500
    model: str = ""
    shortcuts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    recent: tuple[str, ...] = ()
    closed_groups: tuple[str, ...] = ()
    window: Mapping[str, str] = field(default_factory=dict)
    export: Mapping[str, Any] = field(default_factory=dict)
    clip_export: Mapping[str, Any] = field(default_factory=dict)
    overlay_opacity: int = 70
    has_seen_first_steps: bool = False
    shows_first_steps: bool = False

    def value(self, key: str) -> Any:
        """Of an option."""
        return getattr(self, key)

    def with_value(self, key: str, value: Any) -> Settings:
        """A copy with one option set; a value that cannot be is refused (`ValueError`)."""
        if not _fits(key, value):
            raise ValueError(f"{value!r} is no value of the setting {key!r}")
        return replace(self, **{key: value})

    def with_recent(self, path: Path | str) -> Settings:
        """A copy in which that file is the newest of the recent ones."""
        text = str(path)
        return replace(self, recent=(text, *(one for one in self.recent if one != text))[:MAX_RECENT])

    def without_recent(self) -> Settings:
        """A copy that remembers no recent files."""
        return replace(self, recent=())


DEFAULTS: Final = Settings()


def load_settings(path: Path) -> Settings:
    """Read the file; what is missing, unknown or cannot be, takes its default. Never fails: a log line tells."""
    try:
        content: Any = json.loads(path.read_bytes(), parse_float=_finite, parse_constant=_finite)
    except FileNotFoundError:
        return DEFAULTS
    except (OSError, ValueError, RecursionError) as error:
        log.warning("the settings in %s cannot be read, defaults are used: %s", path, error)
        return DEFAULTS
    if not isinstance(content, dict) or not isinstance(content.get("values"), dict):
        log.warning("the settings in %s make no sense, defaults are used", path)
        return DEFAULTS
    schema = content.get("schema")
    if isinstance(schema, int) and schema < SETTINGS_SCHEMA:
        for version in range(schema, SETTINGS_SCHEMA):
            content = _MIGRATORS[version](content)
    # Those of a newer version are read as far as they are understood.
    settings = DEFAULTS
    for key, stored in content["values"].items():
        value = _from_json(key, stored)
        if _fits(key, value):
            settings = replace(settings, **{key: value})
        else:
            log.warning("the setting %s is not understood", key)
    return settings


def save_settings(settings: Settings, path: Path) -> None:
    """Write what differs from the defaults.

    Raises:
        PhotoWriteError: the file could not be written.
    """
    values = {
        one.name: getattr(settings, one.name)
        for one in fields(Settings)
        if getattr(settings, one.name) != getattr(DEFAULTS, one.name)
    }
    make_folder(path.parent)
    with atomic_write(path) as file:
        file.write(to_json_text({"schema": SETTINGS_SCHEMA, "values": values}).encode())


def _fits(key: str, value: Any) -> bool:
    default = getattr(DEFAULTS, key, None)
    if default is None:
        return False
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    if isinstance(default, Mapping):
        return isinstance(value, Mapping)
    if isinstance(default, tuple):
        return isinstance(value, tuple) and all(isinstance(item, str) for item in value)
    if not isinstance(value, type(default)):
        return False
    option = next((row for row in OPTIONS if row.key == key), None)
    if option is None:
        return True
    if option.kind == "choice":
        return value in {name for name, _ in option.choices}
    return option.kind != "number" or option.least <= value <= option.most


def _finite(text: str) -> float | None:
    # JSON has no other numbers, and what was read must be savable again.
    return number if math.isfinite(number := float(text)) else None


def _from_json(key: str, stored: Any) -> Any:
    default = getattr(DEFAULTS, key, None)
    if isinstance(default, tuple) and isinstance(stored, list):
        return tuple(stored)
    if key == "shortcuts" and isinstance(stored, dict):
        return {name: tuple(keys) for name, keys in stored.items() if isinstance(keys, list)}
    return stored
