"""Weights files: a safetensors file whose metadata holds one JSON header with all that is needed to use the weights.

The format is read without running anything that a file may contain: no pickle, ever.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata as package_metadata
from pathlib import Path
from typing import Any, Final

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from fvae_studio.core.alignment import CROP_SIZE, TEMPLATE_ID
from fvae_studio.errors import CheckpointError, ConfigError, ModelError, ModelNotFoundError, TemplateMismatchError
from fvae_studio.model.config import FlowVaeConfig
from fvae_studio.model.directions import Direction, DirectionSet
from fvae_studio.model.flow_vae import ConfidenceNet, FlowVae
from fvae_studio.model.preprocess import PREPROCESS_VERSION

FORMAT: Final = "fvae-studio-weights"
SCHEMA: Final = 1
"""Of the JSON header; rises when an older program could no longer read it."""

_METADATA_KEY: Final = "fvae_studio"
_MAX_HEADER_BYTES: Final = 16 * 2**20
_COUNTER: Final = "num_batches_tracked"
"""Batch normalisation's counter: of no use after training, so it is not stored."""


def _program_version() -> str:
    # Not `fvae_studio.__version__`: the top of the package offers the API, and with it the detector, to whoever imports
    # it, and a model must not depend on them.
    try:
        return package_metadata.version("fvae-studio")
    except package_metadata.PackageNotFoundError:
        return "unknown"


@dataclass(frozen=True)
class CheckpointHeader:
    """What a weights file tells beside its tensors.

    Attributes:
        name: of the model.
        config: its architecture.
        provenance: the data it was trained on, one mapping for each source: name, licence, citation, ...
        metrics: figures measured when it was made.
        training: the whole training configuration.
        template_id: of the crops it was trained on.
        preprocess_version: of the crop -> tensor step it was trained with.
        program_version: of the program that wrote the file.
        sha256: over header and tensors, hexadecimal; empty for a model that was never saved.
    """

    name: str
    config: FlowVaeConfig
    provenance: tuple[Mapping[str, Any], ...] = ()
    metrics: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    template_id: str = TEMPLATE_ID
    preprocess_version: int = PREPROCESS_VERSION
    program_version: str = field(default_factory=_program_version)
    sha256: str = ""


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A model ready for use: networks in evaluation mode, parameters frozen."""

    vae: FlowVae
    confidence: ConfidenceNet
    directions: DirectionSet
    header: CheckpointHeader


def save_checkpoint(path: Path, model: LoadedModel, *, half_precision: bool = False) -> CheckpointHeader:
    """Write a weights file; a file that was there before stays whole until the new one is complete.

    Args:
        path: usually with the suffix `.safetensors`.
        model: networks on any device; `header.sha256` is computed anew.
        half_precision: store convolution weights and directions as float16, half the size. Statistics of the batch
            normalisation and biases stay float32: their range is not known.

    Returns:
        The header as written.

    Raises:
        ModelError: the header holds something that JSON cannot.
        OSError: the file could not be written; one that was there before is whole.
    """
    header = model.header
    tensors: dict[str, Tensor] = {}
    for prefix, network in (("vae", model.vae), ("confidence", model.confidence)):
        for key, value in network.state_dict().items():
            if not key.endswith(_COUNTER):
                tensors[f"{prefix}.{key}"] = value
    for direction in model.directions.values():
        tensors[f"direction.{direction.name}"] = torch.from_numpy(direction.vector.copy())
    for key, value in tensors.items():
        half = half_precision and value.ndim >= 3
        tensors[key] = value.detach().to("cpu", torch.float16 if half else torch.float32).contiguous()
    values: dict[str, Any] = {
        "format": FORMAT,
        "schema": SCHEMA,
        "name": header.name,
        "config": header.config.to_dict(),
        "template_id": header.template_id,
        "preprocess_version": header.preprocess_version,
        "program_version": header.program_version,
        "directions": [
            {
                "name": direction.name,
                "label": direction.label,
                "group": direction.group,
                "trusted": list(direction.trusted),
                "description": direction.description,
                "mirrored": direction.mirrored,
            }
            for direction in model.directions.values()
        ],
        "provenance": [dict(source) for source in header.provenance],
        "metrics": dict(header.metrics),
        "training": dict(header.training),
    }
    try:
        # What JSON makes of it (tuples become lists, keys strings) is what the reader will hash.
        values = json.loads(json.dumps(values, allow_nan=False))
        values["sha256"] = _digest(values, tensors)
    except (TypeError, ValueError) as error:
        raise ModelError(f"the header of {header.name} holds something that JSON cannot: {error}") from error
    _write_atomically(path, safetensors.torch.save(tensors, metadata={_METADATA_KEY: json.dumps(values)}))
    return _parse_header(values, path)


def load_checkpoint(path: Path | str, *, device: torch.device | str = "cpu") -> LoadedModel:
    """Read a weights file.

    Args:
        path: of the file.
        device: where the networks shall live; `model.device.resolve_device` chooses one.

    Raises:
        ModelNotFoundError: there is no such file.
        CheckpointError: it is no weights file of this program, is damaged, or is newer than this build.
        TemplateMismatchError: the weights were trained on crops that this build does not make.
    """
    path = Path(path)
    if not path.is_file():
        raise ModelNotFoundError(f"There is no weights file at {path}. Check the path, or name an installed model.")
    try:
        values = _read_header_values(path)
        # The whole file is read once, so that it cannot change between check and use.
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path.name} could not be read: {error.strerror or error}.") from error
    header = _parse_header(values, path)
    try:
        tensors = safetensors.torch.load(content)
    except (safetensors.SafetensorError, ValueError, KeyError) as error:
        raise CheckpointError(_damaged(path, f"its tensors cannot be read ({error})")) from error
    if _digest(values, tensors) != header.sha256:
        raise CheckpointError(_damaged(path, "its contents do not match its checksum"))
    try:
        with torch.device("meta"):
            # Shapes only, without memory: the file's own tensors are put in their place below.
            vae, confidence = FlowVae(header.config), ConfidenceNet(header.config)
    except (RuntimeError, TypeError, OverflowError) as error:
        raise CheckpointError(_damaged(path, "its header describes a network that cannot be built")) from error
    _fill(vae, "vae", tensors, path)
    _fill(confidence, "confidence", tensors, path)
    directions = _directions(values, tensors, header.config, path)
    for network in (vae, confidence):
        network.eval().requires_grad_(False).to(device)
    return LoadedModel(vae, confidence, directions, header)


def read_header(path: Path | str) -> CheckpointHeader:
    """Only what a weights file tells about itself, without reading its tensors or checking them.

    Raises:
        ModelNotFoundError, CheckpointError, TemplateMismatchError: as `load_checkpoint`.
    """
    path = Path(path)
    if not path.is_file():
        raise ModelNotFoundError(f"There is no weights file at {path}. Check the path, or name an installed model.")
    try:
        values = _read_header_values(path)
    except OSError as error:
        raise CheckpointError(f"{path.name} could not be read: {error.strerror or error}.") from error
    return _parse_header(values, path)


def _read_header_values(path: Path) -> dict[str, Any]:
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        if start[:2] == b"PK":
            raise CheckpointError(
                f"{path.name} is a zip archive, as torch.save writes it, with a pickle inside; pickles can run code, "
                "so they are never opened. Use a .safetensors file made by `fvae-train release`."
            )
        if start[:1] == b"\x80" and start[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
            raise CheckpointError(
                f"{path.name} is a pickle; pickles can run code, so they are never opened. Use a .safetensors file "
                "made by `fvae-train release`."
            )
        if len(start) < 8:
            raise CheckpointError(f"{path.name} is no weights file: it has only {size} bytes.")
        (length,) = struct.unpack("<Q", start)
        if length > _MAX_HEADER_BYTES or file.read(1) != b"{":
            raise CheckpointError(f"{path.name} is no safetensors file. Choose a file made by `fvae-train release`.")
        if 8 + length > size:
            raise CheckpointError(_damaged(path, f"it ends after {size} bytes, inside its header"))
        text = b"{" + file.read(length - 1)
    outer = _json(text, path)
    metadata = outer.get("__metadata__")
    if not isinstance(metadata, dict) or not isinstance(metadata.get(_METADATA_KEY), str):
        raise CheckpointError(
            f"{path.name} is a safetensors file of another program. Choose one made by `fvae-train release`."
        )
    ends = [value["data_offsets"][1] for key, value in outer.items() if key != "__metadata__" and _has_offsets(value)]
    if ends and size < 8 + length + max(ends):
        missing = 8 + length + max(ends) - size
        raise CheckpointError(_damaged(path, f"its last {missing} bytes are missing"))
    return _json(metadata[_METADATA_KEY].encode(), path)


def _has_offsets(value: object) -> bool:
    offsets = value.get("data_offsets") if isinstance(value, dict) else None
    return isinstance(offsets, list) and len(offsets) == 2 and all(isinstance(offset, int) for offset in offsets)


def _json(text: bytes, path: Path) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(_damaged(path, "its header is not readable")) from error
    if not isinstance(values, dict):
        raise CheckpointError(_damaged(path, "its header is not an object"))
    return values


def _parse_header(values: Mapping[str, Any], path: Path) -> CheckpointHeader:
    if values.get("format") != FORMAT:
        raise CheckpointError(f"{path.name} says it holds {values.get('format')!r}, not {FORMAT!r}.")
    schema = values.get("schema")
    if isinstance(schema, int) and schema > SCHEMA:
        raise CheckpointError(
            f"{path.name} was written by a newer FVAE Studio (format {schema}, this one reads up to {SCHEMA}). "
            "Update the program."
        )
    if schema != SCHEMA:
        raise CheckpointError(_damaged(path, f"its format version is {schema!r}"))
    try:
        header = CheckpointHeader(
            name=_typed(values, "name", str),
            config=FlowVaeConfig.from_dict(_typed(values, "config", dict)),
            provenance=tuple(dict(source) for source in _typed(values, "provenance", list)),
            metrics=_typed(values, "metrics", dict),
            training=_typed(values, "training", dict),
            template_id=_typed(values, "template_id", str),
            preprocess_version=_typed(values, "preprocess_version", int),
            program_version=_typed(values, "program_version", str),
            sha256=_typed(values, "sha256", str),
        )
    except (ConfigError, TypeError, ValueError, KeyError, OverflowError) as error:
        raise CheckpointError(_damaged(path, f"its header makes no sense ({error})")) from error
    if header.template_id != TEMPLATE_ID or header.config.crop_size != CROP_SIZE:
        raise TemplateMismatchError(
            f"{path.name} was trained on crops of template {header.template_id!r} ({header.config.crop_size} px); this "
            f"build aligns faces to {TEMPLATE_ID!r} ({CROP_SIZE} px). Train it again from `fvae-train prepare` on, or "
            "use the program version it was made for."
        )
    if header.preprocess_version != PREPROCESS_VERSION:
        raise TemplateMismatchError(
            f"{path.name} was trained with crop preparation {header.preprocess_version}; this build uses "
            f"{PREPROCESS_VERSION}. Train it again from `fvae-train prepare` on."
        )
    return header


def _typed(values: Mapping[str, Any], key: str, kind: type) -> Any:
    value = values[key]
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(f"{key} is {type(value).__name__}, not {kind.__name__}")
    return value


def _fill(network: nn.Module, prefix: str, tensors: Mapping[str, Tensor], path: Path) -> None:
    state: dict[str, Tensor] = {}
    for key, expected in network.state_dict().items():
        if key.endswith(_COUNTER):
            state[key] = torch.zeros((), dtype=torch.int64)
            continue
        tensor = tensors.get(f"{prefix}.{key}")
        if tensor is None:
            raise CheckpointError(_damaged(path, f"the tensor {prefix}.{key} is missing"))
        if tensor.shape != expected.shape or tensor.dtype not in (torch.float16, torch.float32):
            raise CheckpointError(
                _damaged(
                    path,
                    f"the tensor {prefix}.{key} is {tensor.dtype} {tuple(tensor.shape)}, not {tuple(expected.shape)}",
                )
            )
        state[key] = tensor.float()
    network.load_state_dict(state, assign=True)


def _directions(
    values: Mapping[str, Any], tensors: Mapping[str, Tensor], config: FlowVaeConfig, path: Path
) -> DirectionSet:
    directions = []
    try:
        for row in values["directions"]:
            low, high = row["trusted"]
            directions.append(
                Direction(
                    name=_typed(row, "name", str),
                    label=_typed(row, "label", str),
                    group=_typed(row, "group", str),
                    vector=tensors[f"direction.{row['name']}"].float().numpy(),
                    trusted=(float(low), float(high)),
                    description=_typed(row, "description", str),
                    mirrored=None if row["mirrored"] is None else _typed(row, "mirrored", str),
                )
            )
        return DirectionSet(directions, latent_shape=config.latent_shape)
    except (KeyError, TypeError, ValueError, ModelError) as error:
        raise CheckpointError(_damaged(path, f"its directions make no sense ({error})")) from error


def _digest(values: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 over the header (without the digest) and every tensor with its name, type and shape."""
    rest = {key: value for key, value in values.items() if key != "sha256"}
    digest = hashlib.sha256(json.dumps(rest, sort_keys=True, allow_nan=False).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        # Bytes as they lie in the file, whatever the type.
        digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _write_atomically(path: Path, content: bytes) -> None:
    # Not `core.photo_io.atomic_write`: that package brings every image library along, and a bare training machine,
    # which writes weights too, need not have them.
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", suffix=".part", delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            file.close()
            temporary.unlink(missing_ok=True)
            raise
    # Temporary files are private; weights are as readable as any file one makes.
    temporary.chmod(0o644)
    temporary.replace(path)


def _damaged(path: Path, what: str) -> str:
    return f"{path.name} is damaged: {what}. Download or copy the file again."
