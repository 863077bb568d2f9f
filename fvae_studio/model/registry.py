"""Which models there are: those that ship with the program, and the user's own."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fvae_studio import paths
from fvae_studio.errors import CheckpointError, ModelError, ModelNotFoundError
from fvae_studio.model.weights import ModelWeights, read_header, read_weights

if TYPE_CHECKING:
    from fvae_studio.model.checkpoint import LoadedModel

log = logging.getLogger(__name__)

MANIFEST: Final = "manifest.json"
MANIFEST_SCHEMA: Final = 1
SUFFIX: Final = ".safetensors"


@dataclass(frozen=True)
class ModelInfo:
    """One model that can be loaded.

    Attributes:
        name: what `read_model` and `--model` take.
        path: of its weights file.
        title: for people.
        description: a sentence or two.
        size_bytes: of the weights file.
        sha256: of the weights file, hexadecimal; empty for the user's own, which nobody vouches for.
        metrics: figures measured when it was made.
        is_default: whether it is taken when none is named.
        is_shipped: whether it came with the program.
    """

    name: str
    path: Path
    title: str
    description: str = ""
    size_bytes: int = 0
    sha256: str = ""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    is_default: bool = False
    is_shipped: bool = False


def list_models() -> tuple[ModelInfo, ...]:
    """The models whose files are there: shipped ones in the manifest's order, then the user's by name.

    A user's file that cannot be used is left out and logged; one that has a shipped model's name is left out too.

    Raises:
        CheckpointError: the manifest of the shipped models is damaged.
    """
    models = [info for info in _shipped() if info.path.is_file()]
    names = {info.name for info in models}
    folder = paths.user_models_dir()
    for path in sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else ():
        if path.stem in names:
            log.warning("%s has the name of a model that ships with the program and is left out", path)
            continue
        try:
            header = read_header(path)
        except ModelError as error:
            log.warning("left out a model: %s", error)
            continue
        models.append(
            ModelInfo(
                name=path.stem, path=path, title=header.name, size_bytes=path.stat().st_size, metrics=header.metrics
            )
        )
    return tuple(models)


def load_model(name_or_path: str | Path | None = None, device: str = "cpu") -> LoadedModel:
    """The networks of a model as PyTorch modules, for training and research; needs PyTorch.

    Args:
        name_or_path: as for `read_model`.
        device: where the networks shall live.

    Raises:
        ModelNotFoundError, CheckpointError, TemplateMismatchError: as `read_model`.
    """
    from fvae_studio.model.checkpoint import to_networks

    return to_networks(read_model(name_or_path), device=device)


def read_model(name_or_path: str | Path | None = None) -> ModelWeights:
    """Read a model by its name or from a weights file.

    Args:
        name_or_path: a name from `list_models`, the path of a weights file, or None for the default model.

    Raises:
        ModelNotFoundError: there is none of that name, or no default.
        CheckpointError, TemplateMismatchError: its file cannot be used.
    """
    if isinstance(name_or_path, Path) or (name_or_path is not None and _looks_like_path(name_or_path)):
        return read_weights(Path(name_or_path).expanduser())
    models = list_models()
    if name_or_path is None:
        chosen = [info for info in models if info.is_default]
        if not chosen:
            raise ModelNotFoundError(
                f"No default model is installed in {paths.models_dir()}. Name one with --model, put a weights file "
                f"into {paths.user_models_dir()}, or make one with `fvae-train train` and `fvae-train release`."
            )
    else:
        chosen = [info for info in models if info.name == name_or_path]
        if not chosen:
            there = ", ".join(info.name for info in models) or "none"
            raise ModelNotFoundError(
                f"There is no model called {name_or_path!r}; installed: {there}. Give one of these names or the path "
                f"of a {SUFFIX} file."
            )
    info = chosen[0]
    if info.sha256 and hashlib.sha256(info.path.read_bytes()).hexdigest() != info.sha256:
        raise CheckpointError(
            f"{info.path.name} is not the file that {MANIFEST} describes (another checksum). Install the program again."
        )
    return read_weights(info.path)


def _looks_like_path(text: str) -> bool:
    return text.endswith(SUFFIX) or "/" in text or "\\" in text or Path(text).is_file()


def _shipped() -> list[ModelInfo]:
    folder = paths.models_dir()
    manifest = folder / MANIFEST
    try:
        content = json.loads(manifest.read_bytes())
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{manifest} cannot be read ({error}). Install the program again.") from error
    try:
        if content["schema"] != MANIFEST_SCHEMA:
            raise ValueError(f"schema {content['schema']!r}, this program reads {MANIFEST_SCHEMA}")
        return [_info(row, folder, default=content["default"]) for row in content["models"]]
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{manifest} makes no sense ({error}). Install the program again.") from error


def _info(row: Mapping[str, Any], folder: Path, *, default: str) -> ModelInfo:
    file = str(row["file"])
    if Path(file).name != file:
        raise ValueError(f"{file!r} is no file in that folder")
    return ModelInfo(
        name=str(row["name"]),
        path=folder / file,
        title=str(row.get("title", row["name"])),
        description=str(row.get("description", "")),
        size_bytes=int(row["size_bytes"]),
        sha256=str(row["sha256"]),
        metrics=dict(row.get("metrics", {})),
        is_default=row["name"] == default,
        is_shipped=True,
    )
