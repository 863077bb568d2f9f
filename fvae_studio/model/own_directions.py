"""A user's own directions: small safetensors files, each made for one model from labelled photos (Algorithm 1).

A file holds one tensor, "vector", and a JSON header in its metadata. It belongs to the weights with the checksum that
the header names: the latents of another model mean something else.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from fvae_studio import paths
from fvae_studio.core.photo_io import atomic_write
from fvae_studio.errors import DirectionFileError, ModelError
from fvae_studio.model.directions import Direction, DirectionSet
from fvae_studio.model.registry import read_model
from fvae_studio.model.weights import CheckpointHeader, ModelWeights

log = logging.getLogger(__name__)

FORMAT: Final = "fvae-studio-direction"
SCHEMA: Final = 1
SUFFIX: Final = ".safetensors"
GROUP: Final = "Own"
"""Heading under which they are listed, whatever the file says."""

_METADATA_KEY: Final = "fvae_studio_direction"
_MAX_BYTES: Final = 16 * 2**20
"""A vector of the paper's model has 64 kB."""


@dataclass(frozen=True, eq=False)
class OwnDirection:
    """A direction with what is known of it.

    Attributes:
        direction: name, label, vector, trusted range; its group is always `GROUP`.
        model: name of the model that it was made for.
        model_sha256: checksum in that model's header.
        report: how it was made and what was measured: counts of photos, separability, cross-talk. Plain values.
    """

    direction: Direction
    model: str
    model_sha256: str
    report: Mapping[str, Any] = field(default_factory=dict)


def direction_name(label: str) -> str:
    """What recipes call a direction with this label: "My smile" is `my_smile`.

    Raises:
        ModelError: no letter of a to z is left.
    """
    name = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ModelError(f"{label!r} gives no name for recipes; begin with a letter of a to z, such as 'my smile'")
    return name


def save_direction(path: Path, own: OwnDirection) -> None:
    """Write a file; one that was there before stays whole until the new one is complete.

    Raises:
        ModelError: the report holds something that JSON cannot.
        OSError: it could not be written.
    """
    direction = own.direction
    values: dict[str, Any] = {
        "format": FORMAT,
        "schema": SCHEMA,
        "name": direction.name,
        "label": direction.label,
        "description": direction.description,
        "trusted": list(direction.trusted),
        "model": own.model,
        "model_sha256": own.model_sha256,
        "report": dict(own.report),
    }
    try:
        values = json.loads(json.dumps(values, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise ModelError(f"the report of {direction.name} holds something that JSON cannot: {error}") from error
    values["sha256"] = _digest(values, direction.vector)
    # As it lies in memory is as it is written: strides are not looked at.
    vector = np.ascontiguousarray(direction.vector)
    content = safetensors.numpy.save({"vector": vector}, metadata={_METADATA_KEY: json.dumps(values)})
    with atomic_write(path) as file:
        file.write(content)


def load_direction(path: Path, *, header: CheckpointHeader | None = None) -> OwnDirection:
    """Read a file and check all of it.

    Args:
        path: of the file.
        header: of the model that it shall be used with; None for any.

    Raises:
        DirectionFileError: no such file, no direction of this program, damaged, newer, or made for another model.
    """
    try:
        size = path.stat().st_size
        if size > _MAX_BYTES:
            raise DirectionFileError(f"{path.name} has {size / 1e6:.0f} MB; a direction is far smaller. {_WANTED}")
        with safetensors.safe_open(str(path), framework="np") as file:
            text = (file.metadata() or {}).get(_METADATA_KEY)
            if text is None:
                raise DirectionFileError(f"{path.name} is a safetensors file of another kind. {_WANTED}")
            vector: NDArray[np.float32] = file.get_tensor("vector")
        values = json.loads(text)
    except FileNotFoundError as error:
        raise DirectionFileError(f"There is no direction at {path}. {_WANTED}") from error
    except OSError as error:
        raise DirectionFileError(f"{path.name} could not be read: {error.strerror or error}.") from error
    except (safetensors.SafetensorError, ValueError, RecursionError) as error:
        raise DirectionFileError(f"{path.name} is damaged or no safetensors file ({error}). {_WANTED}") from error
    own = _parse(values, vector, path)
    if header is not None:
        _require_model(own, header, path)
    return own


def own_directions(header: CheckpointHeader) -> tuple[OwnDirection, ...]:
    """The user's directions for a model, by file name; files that cannot be used with it are left out and logged."""
    folder, found = paths.user_directions_dir(), []
    for path in sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else ():
        try:
            found.append(load_direction(path, header=header))
        except DirectionFileError as error:
            log.warning("left out a direction: %s", error)
    return tuple(found)


def with_own_directions(model: ModelWeights) -> ModelWeights:
    """The model with the user's directions behind its own; one whose name is taken is left out and logged."""
    if not model.header.sha256:
        return model  # never saved: no file can have been made for it
    directions = dict(model.directions)
    for own in own_directions(model.header):
        name = own.direction.name
        if name in directions:
            log.warning("left out a direction: there is more than one called %s", name)
            continue
        directions[name] = own.direction
    if len(directions) == len(model.directions):
        return model
    extended = DirectionSet(directions.values(), latent_shape=model.directions.latent_shape)
    return replace(model, directions=extended)


def read_extended(name_or_path: str | Path | None = None) -> ModelWeights:
    """`registry.read_model` with the user's directions: what an edit may name."""
    return with_own_directions(read_model(name_or_path))


_WANTED: Final = "Choose a file made by `fvae-train direction`."


def _parse(values: Any, vector: NDArray[np.float32], path: Path) -> OwnDirection:
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise DirectionFileError(f"{path.name} holds no direction. {_WANTED}")
    schema = values.get("schema")
    if isinstance(schema, int) and schema > SCHEMA:
        raise DirectionFileError(
            f"{path.name} was written by a newer FVAE Studio (format {schema}, this one reads up to {SCHEMA}). "
            "Update the program."
        )
    try:
        if schema != SCHEMA:
            raise ValueError(f"its format version is {schema!r}")
        if vector.dtype != np.float32 or values["sha256"] != _digest(values, vector):
            raise ValueError("its contents do not match its checksum")
        low, high = values["trusted"]
        direction = Direction(
            name=_text(values, "name"),
            label=_text(values, "label"),
            group=GROUP,
            vector=vector,
            trusted=(float(low), float(high)),
            description=_text(values, "description"),
        )
        if not isinstance(values["report"], dict):
            raise TypeError("report is no object")
        return OwnDirection(direction, _text(values, "model"), _text(values, "model_sha256"), values["report"])
    except (KeyError, TypeError, ValueError, ModelError) as error:
        raise DirectionFileError(f"{path.name} is damaged ({error}). {_WANTED}") from error


def _require_model(own: OwnDirection, header: CheckpointHeader, path: Path) -> None:
    if own.model_sha256 != header.sha256:
        raise DirectionFileError(
            f"{path.name} was made for the model {own.model!r} (checksum {own.model_sha256[:12]}), not for "
            f"{header.name!r} ({header.sha256[:12]}). Make it again with `fvae-train direction --model {header.name}`."
        )
    shape = header.config.latent_shape
    if own.direction.vector.shape != shape:
        raise DirectionFileError(
            f"{path.name} is damaged (its vector is {own.direction.vector.shape}, the model's {shape}). {_WANTED}"
        )


def _text(values: Mapping[str, Any], key: str) -> str:
    value = values[key]
    if not isinstance(value, str):
        raise TypeError(f"{key} is {type(value).__name__}, not text")
    return value


def _digest(values: Mapping[str, Any], vector: NDArray[np.float32]) -> str:
    """SHA-256 over the header without the digest, and the vector with its shape."""
    rest = {key: value for key, value in values.items() if key != "sha256"}
    digest = hashlib.sha256(json.dumps(rest, sort_keys=True).encode())
    digest.update(f"{vector.dtype} {vector.shape}".encode())
    digest.update(np.ascontiguousarray(vector).tobytes())
    return digest.hexdigest()
