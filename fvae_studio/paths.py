"""Where things lie: shipped resources and the user's own model folder, in a source tree and in a wheel."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_LONGEST_NAME: Final = 180
_MOST_BYTES: Final = 230


def resources_dir() -> Path:
    """The shipped resources: beside the package in a source tree, inside it in a wheel.

    `FVAE_RESOURCES` overrides it.
    """
    override = os.environ.get("FVAE_RESOURCES")
    if override:
        return Path(override)
    package = Path(__file__).resolve().parent
    inside = package / "resources"
    return inside if inside.is_dir() else package.parent / "resources"


def fits_into_a_name(stem: str) -> bool:
    """Whether file systems take it as a name: there are 255 bytes, also for a suffix and a number."""
    return len(stem) <= _LONGEST_NAME and len(stem.encode("utf-8", "replace")) <= _MOST_BYTES


def with_ending(name: str, ending: str) -> str:
    """A file's name, without suffix, made of another one's: where that is too long, the ending stays."""
    while name and not fits_into_a_name(name + ending):
        name = name[:-1]
    return name + ending


def typed_path(text: str) -> Path:
    """A path as somebody typed it: `~` stands for the home folder; the home of nobody stays as it is typed."""
    path = Path(text.strip())
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def models_dir() -> Path:
    """Shipped models with their manifest."""
    return resources_dir() / "models"


def samples_dir() -> Path:
    """Sample photos made by the project: faces of nobody."""
    return resources_dir() / "samples"


def glasses_file() -> Path:
    """The network that finds glasses, made by the project."""
    return resources_dir() / "finders" / "glasses.safetensors"


def donors_dir() -> Path:
    """Built-in donors: average teeth made by the project."""
    return resources_dir() / "donors"


def translations_dir() -> Path:
    """Compiled translations of the window."""
    return resources_dir() / "translations"


def icons_dir() -> Path:
    """The program's own icons."""
    return resources_dir() / "icons"


def licences_file() -> Path | None:
    """The licences of everything inside an installed program, made when it was built; None in a source tree."""
    file = resources_dir() / "licences" / "third-party-licences.txt"
    return file if file.is_file() else None


def user_models_dir() -> Path:
    """Where a user's own models are looked for."""
    # Imported here: most calls never need the user's folders.
    from platformdirs import user_data_path

    return user_data_path("fvae-studio", appauthor=False) / "models"


def user_directions_dir() -> Path:
    """A person's own sliders, made by `fvae-train direction`."""
    from platformdirs import user_data_path

    return user_data_path("fvae-studio", appauthor=False) / "directions"


def user_presets_dir() -> Path:
    """A person's own presets."""
    from platformdirs import user_data_path

    return user_data_path("fvae-studio", appauthor=False) / "presets"


def credentials_dir() -> Path:
    """The certificate of this computer, with which exports are signed if that is asked for."""
    from platformdirs import user_data_path

    return user_data_path("fvae-studio", appauthor=False) / "credentials"


def recovery_dir() -> Path:
    """What is saved by itself, to be offered after a crash, and photos that were pasted."""
    from platformdirs import user_state_path

    return user_state_path("fvae-studio", appauthor=False) / "recovery"


def log_dir() -> Path:
    """The program's log files."""
    from platformdirs import user_log_path

    return user_log_path("fvae-studio", appauthor=False)


def settings_file() -> Path:
    """The settings; made when one is changed."""
    from platformdirs import user_config_path

    return user_config_path("fvae-studio", appauthor=False) / "settings.json"


def data_dir() -> Path | None:
    """Training and evaluation data: `FVAE_DATA`, else `../shared/data` beside the source tree, else None."""
    override = os.environ.get("FVAE_DATA")
    if override:
        path = Path(override)
        return path if path.is_dir() else None
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    return beside if beside.is_dir() else None
