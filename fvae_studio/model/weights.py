"""Weights files: a safetensors file whose metadata holds one JSON header with all that is needed to use the weights.

The format is read without running anything that a file may contain: no pickle, ever. Nothing here needs PyTorch;
`model.checkpoint` makes trainable networks of what is read.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata as package_metadata
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from fvae_studio.core.alignment import CROP_SIZE, TEMPLATE_ID
from fvae_studio.errors import CheckpointError, ConfigError, ModelError, ModelNotFoundError, TemplateMismatchError
from fvae_studio.model.config import FlowVaeConfig, matching_moves
from fvae_studio.model.directions import Direction, DirectionSet, ExpressionGauge
from fvae_studio.model.preprocess import PREPROCESS_VERSION

FORMAT: Final = "fvae-studio-weights"
SCHEMA: Final = 9
"""Of the JSON header; rises when an older program could no longer read it. 2: finer grids of the latent; refinements
of the decoder. 3: refinements of the encoders. 4: matching. 5: tracking. 6: finer tracking. 7: a third grid of it;
sliders and gauges that leave descriptors alone without their channels. 8: light told from motion there. 9: a
confidence that sees the flow."""

_METADATA_KEY: Final = "fvae_studio"
_MAX_HEADER_BYTES: Final = 16 * 2**20
_STORED_TYPES: Final = (np.dtype(np.float16), np.dtype(np.float32))

Array: TypeAlias = NDArray[np.float32]


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
class ModelWeights:
    """A model as its file holds it.

    Attributes:
        header: what the file tells beside its tensors.
        directions: its sliders.
        tensors: float32, by the names that `tensor_shapes` lists; not to be changed.
    """

    header: CheckpointHeader
    directions: DirectionSet
    tensors: Mapping[str, Array]


def tensor_shapes(config: FlowVaeConfig) -> dict[str, tuple[int, ...]]:
    """The shape of every tensor of a model, under the names that PyTorch gives them.

    "vae." stands before those of f and g, "confidence." before those of M. A convolution is (out, in, height, width).
    """
    shapes: dict[str, tuple[int, ...]] = {}

    def convolution(name: str, out: int, inputs: int, size: int, *, bias: bool) -> None:
        shapes[f"{name}.weight"] = (out, inputs, size, size)
        if bias:
            shapes[f"{name}.bias"] = (out,)

    def normalisation(name: str, count: int) -> None:
        for statistic in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{name}.{statistic}"] = (count,)

    def block(name: str, out: int, inputs: int, size: int) -> None:
        convolution(f"{name}.0", out, inputs, size, bias=False)
        normalisation(f"{name}.1", out)

    def refinements(name: str, channels: Sequence[int]) -> None:
        for level, count in enumerate(channels):
            convolution(f"{name}.refinements.{level}.conv", count, count, 3, bias=False)
            normalisation(f"{name}.refinements.{level}.norm", count)

    def encoder(name: str, channels: tuple[int, ...], refined: int = 0) -> None:
        for level, (before, after) in enumerate(pairwise((3, *channels))):
            block(f"{name}.blocks.{level}", after, before, 5 if level == 0 else 3)
        refinements(name, channels[::-1][:refined])

    def decoder(
        name: str,
        channels: tuple[int, ...],
        source: tuple[int, ...],
        out: int,
        details: tuple[int, ...] = (),
        *,
        tell: Callable[[int], int],
    ) -> None:
        skips = list(reversed(source))
        told = [tell(level) for level in range(len(channels) + 1)]
        inputs = config.latent_channels + skips[0] + told[0]
        for level, after in enumerate(channels):
            inputs += details[level - 1] if 0 < level <= len(details) else 0
            if level == len(channels) - 1:
                convolution(f"{name}.blocks.{level}.0", after, inputs, 3, bias=True)
            else:
                block(f"{name}.blocks.{level}", after, inputs, 3)
            inputs = after + skips[level + 1] + told[level + 1]
        convolution(f"{name}.head", out * (4 if config.head == "pixel_shuffle" else 1), inputs, 5, bias=True)

    encoder("vae.target_encoder", config.encoder_channels, config.encoder_refinements)
    for head in ("to_mean", "to_log_var"):
        convolution(f"vae.{head}", config.latent_channels, config.encoder_channels[-1], 3, bias=True)
    features = pairwise(reversed(config.encoder_channels))
    for level, ((coarse, fine), detail) in enumerate(zip(features, config.detail_channels, strict=False)):
        for head in ("to_mean", "to_log_var"):
            convolution(f"vae.details.{level}.{head}", detail, fine + coarse, 3, bias=True)
    encoder("vae.source_encoder", config.encoder_channels, config.encoder_refinements)
    for name, count, stride, doubt in (
        ("vae.descriptors", config.tracking_channels, 2, "log_doubt"),
        ("vae.fine_descriptors", config.fine_tracking_channels, 1, "log_finer_doubt"),
    ):
        if not count:
            continue
        level = len(config.detail_channels)
        fine, coarse = config.encoder_channels[-2 - level], config.encoder_channels[-1 - level]
        between = count * 2 // stride
        block(f"{name}.coarse", fine, coarse, 3)
        block(f"{name}.both", between, 2 * fine, 3)
        for head in ("to_mean", "to_log_var"):
            convolution(f"{name}.{head}", count, between, 2 + stride, bias=True)
        shapes[f"vae.decoder.tracking.{doubt}"] = ()
    if config.tracks_contrast:
        shapes["vae.decoder.tracking.log_contrast_doubt"] = ()
    decoder(
        "vae.decoder",
        config.decoder_channels,
        config.encoder_channels,
        2,
        config.detail_channels,
        tell=config.motions_told,
    )
    refinements("vae.decoder", config.decoder_channels[: config.refinements])
    for level, (count, radius) in enumerate(zip(config.decoder_channels, config.matching_radius, strict=False)):
        name = f"vae.decoder.matchings.{level}"
        shapes[f"{name}.log_sharpness"] = shapes[f"{name}.doubt"] = ()
        convolution(f"{name}.reading", count, count + len(matching_moves(radius)) + 2, 3, bias=False)
        normalisation(f"{name}.reading_norm", count)
        convolution(f"{name}.adding", count, count, 3, bias=True)
    encoder("confidence.source_encoder", config.confidence_encoder_channels)
    decoder(
        "confidence.decoder",
        config.confidence_decoder_channels,
        config.confidence_encoder_channels,
        1,
        tell=config.flow_told,
    )
    return shapes


def write_weights(path: Path, model: ModelWeights, *, half_precision: bool = False) -> CheckpointHeader:
    """Write a weights file; a file that was there before stays whole until the new one is complete.

    Args:
        path: usually with the suffix `.safetensors`.
        model: `header.sha256` is computed anew.
        half_precision: store convolution weights and directions as float16, half the size. Statistics of the batch
            normalisation and biases stay float32: their range is not known.

    Returns:
        The header as written.

    Raises:
        ModelError: the header holds something that JSON cannot.
        OSError: the file could not be written; one that was there before is whole.
    """
    header = model.header
    arrays: dict[str, NDArray[Any]] = dict(model.tensors)
    for direction in model.directions.values():
        arrays[f"direction.{direction.name}"] = _without_descriptors(direction.vector, header.config)
    tensors = {
        # Not `ascontiguousarray`, which makes a vector of a single number.
        key: np.asarray(value, np.float16 if half_precision and value.ndim >= 3 else np.float32, order="C")
        for key, value in arrays.items()
    }
    for direction in model.directions.values():
        if direction.gauge is not None:
            # A thousand small products are added up: 4 kB are no reason to round them.
            gauge = _without_descriptors(direction.gauge.weights, header.config)
            tensors[f"gauge.{direction.name}"] = np.ascontiguousarray(gauge)
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
                "gauge_bias": None if direction.gauge is None else direction.gauge.bias,
                "parts": direction.parts,
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
    _write_atomically(path, safetensors.numpy.save(tensors, metadata={_METADATA_KEY: json.dumps(values)}))
    return _parse_header(values, path)


def read_weights(path: Path | str) -> ModelWeights:
    """Read a weights file and check all of it.

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
        tensors = safetensors.numpy.load(content)
    except (safetensors.SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
        # The last two: types that numpy does not have.
        raise CheckpointError(_damaged(path, f"its tensors cannot be read ({error})")) from error
    if _digest(values, tensors) != header.sha256:
        raise CheckpointError(_damaged(path, "its contents do not match its checksum"))
    networks = {}
    for key, expected in tensor_shapes(header.config).items():
        tensor = tensors.get(key)
        if tensor is None:
            raise CheckpointError(_damaged(path, f"the tensor {key} is missing"))
        if tensor.shape != expected or tensor.dtype not in _STORED_TYPES:
            raise CheckpointError(_damaged(path, f"the tensor {key} is {tensor.dtype} {tensor.shape}, not {expected}"))
        networks[key] = tensor.astype(np.float32)
    return ModelWeights(header, _directions(values, tensors, header.config, path), networks)


def read_header(path: Path | str) -> CheckpointHeader:
    """Only what a weights file tells about itself, without reading its tensors or checking them.

    Raises:
        ModelNotFoundError, CheckpointError, TemplateMismatchError: as `read_weights`.
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
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
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


def _directions(
    values: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]], config: FlowVaeConfig, path: Path
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
                    vector=_with_descriptors(tensors[f"direction.{row['name']}"].astype(np.float32), config),
                    trusted=(float(low), float(high)),
                    description=_typed(row, "description", str),
                    mirrored=None if row["mirrored"] is None else _typed(row, "mirrored", str),
                    gauge=_gauge(row, tensors, config),
                    parts=float(row.get("parts", 0.0)),  # not in files of earlier versions
                )
            )
        return DirectionSet(directions, latent_shape=config.latent_shape)
    except (KeyError, TypeError, ValueError, ModelError) as error:
        raise CheckpointError(_damaged(path, f"its directions make no sense ({error})")) from error


def _gauge(
    row: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]], config: FlowVaeConfig
) -> ExpressionGauge | None:
    bias = row.get("gauge_bias")  # not in files of earlier versions
    if bias is None:
        return None
    weights = tensors[f"gauge.{row['name']}"].astype(np.float32)
    return ExpressionGauge(_with_descriptors(weights, config), float(bias))


def _without_descriptors(values: Array, config: FlowVaeConfig) -> Array:
    """(C, h, w) as a file holds it: without descriptors where all of theirs is 0, as sliders and gauges have it."""
    first = config.tracked.start
    return values if values[first:].any() else values[:first]


def _with_descriptors(stored: Array, config: FlowVaeConfig) -> Array:
    """`_without_descriptors`, undone; what has them, or has another shape altogether, stays as it is."""
    first = config.tracked.start
    if stored.shape != (first, *config.latent_shape[1:]):
        return stored
    values = np.zeros(config.latent_shape, np.float32)
    values[:first] = stored
    return values


def _digest(values: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> str:
    """SHA-256 over the header (without the digest) and every tensor with its name, type and shape."""
    rest = {key: value for key, value in values.items() if key != "sha256"}
    digest = hashlib.sha256(json.dumps(rest, sort_keys=True, allow_nan=False).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        # Types are named as PyTorch does: the first writers of these files used its tensors.
        digest.update(f"{name} torch.{tensor.dtype} {tuple(tensor.shape)}".encode())
        # Bytes as they lie in the file, whatever the type.
        digest.update(np.ascontiguousarray(tensor).reshape(-1).view(np.uint8).data)
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
