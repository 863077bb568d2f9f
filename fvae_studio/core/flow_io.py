"""Flows in files: Middlebury `.flo`, OpenEXR `.exr`, and numpy `.npz`, which alone keeps everything.

| suffix | flow | confidence | photo_to_crop |
|---|---|---|---|
| `.flo` | float32 u, v | lost (read as 1) | lost |
| `.exr` | float32 channels R = dx, G = dy | channel A | attribute `fvae_photo_to_crop` |
| `.npz` | `flow` | `confidence` | `photo_to_crop`, (2, 3) |

All hold (dx, dy) backward flow in pixels of a `CROP_SIZE` crop, whatever the grid.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.exr import ExrImage, decode_exr, encode_exr
from fvae_studio.core.flow_spline import check_flow
from fvae_studio.core.geometry import SimilarityTransform
from fvae_studio.core.photo_io import atomic_write
from fvae_studio.core.types import FlowField
from fvae_studio.errors import GeometryError

CONVENTION: Final = (
    f"backward flow: output pixel p samples its source at p + flow(p); (dx, dy) in pixels of a {CROP_SIZE} px aligned "
    "crop; cell (i, j) of an (h, w) grid stands for the crop position "
    f"((j + 0.5) * {CROP_SIZE} / w - 0.5, (i + 0.5) * {CROP_SIZE} / h - 0.5); photo_to_crop is (2, 3), pixel centres "
    "at integers"
)
FORMATS: Final = (".flo", ".exr", ".npz")

_FLO_MAGIC: Final = 202021.25
_MAX_CELLS: Final = 4096 * 4096
_TRANSFORM_ATTRIBUTE: Final = "fvae_photo_to_crop"


@dataclass(frozen=True, eq=False)
class StoredFlow:
    """A flow as a file tells it.

    Attributes:
        flow: the field; confidence 1 where the file has none.
        photo_to_crop: where in the photo the crop lies, if the file tells.
    """

    flow: FlowField
    photo_to_crop: SimilarityTransform | None = None


def write_flow(path: Path | str, flow: FlowField, *, photo_to_crop: SimilarityTransform | None = None) -> Path:
    """Write a flow in the format of the path's suffix; the file appears whole or not at all.

    Raises:
        GeometryError: a suffix that is none of `FORMATS`.
        PhotoWriteError: the file could not be written.
    """
    path = Path(path)
    encode = {".flo": _encode_flo, ".exr": _encode_exr, ".npz": _encode_npz}[_suffix(path)]
    data = encode(flow, photo_to_crop)
    with atomic_write(path) as file:
        file.write(data)
    return path


def read_flow(path: Path | str) -> StoredFlow:
    """Read a flow file.

    Raises:
        GeometryError: a suffix that is none of `FORMATS`, no such file, or a damaged one.
    """
    path = Path(path)
    decode = {".flo": _decode_flo, ".exr": _decode_exr, ".npz": _decode_npz}[_suffix(path)]
    try:
        data = path.read_bytes()
    except OSError as error:
        raise GeometryError(f"the flow file {path} could not be read: {error.strerror or error}") from error
    try:
        return decode(data)
    except GeometryError as error:
        raise GeometryError(f"{path.name}: {error}") from error


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise GeometryError(f"flows are kept in {', '.join(FORMATS)} files; {path.name!r} is none of them")
    return suffix


def _field(flow: NDArray[Any], confidence: NDArray[Any] | None) -> FlowField:
    checked = check_flow(flow)
    if confidence is None:
        return FlowField(checked, np.ones(checked.shape[:2], np.float32))
    trust = np.ascontiguousarray(confidence, np.float32)
    if not (np.isfinite(trust).all() and trust.min() >= 0 and trust.max() <= 1):
        raise GeometryError("the flow's confidence has values outside 0 to 1")
    return FlowField(checked, trust)


def _encode_flo(flow: FlowField, photo_to_crop: SimilarityTransform | None) -> bytes:  # noqa: ARG001 (no place for it)
    height, width = flow.flow.shape[:2]
    return struct.pack("<fii", _FLO_MAGIC, width, height) + flow.flow.astype("<f4").tobytes()


def _decode_flo(data: bytes) -> StoredFlow:
    if len(data) < 12:
        raise GeometryError(f"a .flo file has a header of 12 bytes; this file has {len(data)} in all")
    magic, width, height = struct.unpack_from("<fii", data)
    if magic != _FLO_MAGIC:
        raise GeometryError("this is no .flo file: it does not begin with 202021.25")
    if width <= 0 or height <= 0 or width * height > _MAX_CELLS:
        raise GeometryError(f"the .flo file claims a grid of {width} x {height} cells")
    wanted = 12 + 8 * width * height
    if len(data) != wanted:
        raise GeometryError(
            f"the .flo file has {len(data)} bytes, a grid of {width} x {height} takes {wanted}: damaged"
        )
    return StoredFlow(_field(np.frombuffer(data, "<f4", offset=12).reshape(height, width, 2).copy(), None))


def _encode_exr(flow: FlowField, photo_to_crop: SimilarityTransform | None) -> bytes:
    texts = {"comments": CONVENTION}
    if photo_to_crop is not None:
        # repr of a float reads back as the same float.
        texts[_TRANSFORM_ATTRIBUTE] = " ".join(map(repr, photo_to_crop.matrix.ravel().tolist()))
    return encode_exr(ExrImage({"R": flow.flow[..., 0], "G": flow.flow[..., 1], "A": flow.confidence}, texts))


def _decode_exr(data: bytes) -> StoredFlow:
    image = decode_exr(data)
    if not {"R", "G"} <= set(image.channels):
        raise GeometryError(f"a flow needs the channels R and G; the EXR file has {', '.join(image.channels)}")
    flow = np.stack([image.channels["R"], image.channels["G"]], axis=-1)
    told = image.texts.get(_TRANSFORM_ATTRIBUTE)
    transform = None
    if told is not None:
        try:
            matrix = np.array([float(number) for number in told.split()])
        except ValueError as error:
            raise GeometryError(f"the EXR file's {_TRANSFORM_ATTRIBUTE} is not six numbers: {told[:60]!r}") from error
        transform = _transform(matrix)
    return StoredFlow(_field(flow, image.channels.get("A")), transform)


def _encode_npz(flow: FlowField, photo_to_crop: SimilarityTransform | None) -> bytes:
    arrays: dict[str, NDArray[Any]] = {
        "flow": flow.flow,
        "confidence": flow.confidence,
        "convention": np.array(CONVENTION),
    }
    if photo_to_crop is not None:
        arrays["photo_to_crop"] = photo_to_crop.matrix
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def _decode_npz(data: bytes) -> StoredFlow:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            # What an array unpacks to is told by the archive: a small file must not claim gigabytes.
            if sum(entry.file_size for entry in archive.infolist()) > 16 * _MAX_CELLS:
                raise GeometryError("the .npz file unpacks to more than a flow can be")
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            flow = arrays["flow"]
            # An open archive is a mapping whose entries are read on access.
            confidence, matrix = arrays.get("confidence"), arrays.get("photo_to_crop")
            if flow.dtype.kind != "f" or (confidence is not None and confidence.dtype.kind != "f"):
                raise GeometryError(f"the .npz file's flow is of type {flow.dtype}; floating-point numbers are needed")
            transform = None if matrix is None else _transform(np.asarray(matrix, np.float64).ravel())
    except GeometryError:
        raise
    except KeyError as error:
        raise GeometryError("the .npz file holds no array named 'flow'") from error
    except (
        zipfile.BadZipFile,
        zlib.error,
        AttributeError,
        ValueError,
        TypeError,
        OSError,
        EOFError,
        SyntaxError,
    ) as error:
        raise GeometryError(f"this is no .npz file, or a damaged one ({error})") from error
    except (NotImplementedError, RuntimeError, struct.error, OverflowError, MemoryError) as error:
        raise GeometryError(f"the .npz file is damaged ({error})") from error
    return StoredFlow(_field(flow, confidence), transform)


def _transform(numbers: NDArray[np.float64]) -> SimilarityTransform:
    if numbers.shape != (6,):
        raise GeometryError(f"photo_to_crop needs 6 numbers (2 rows of 3); the file has {numbers.size}")
    a, minus_b, tx, b, also_a, ty = numbers.tolist()
    if not (abs(a - also_a) + abs(b + minus_b) <= 1e-6 * (abs(a) + abs(b))):
        raise GeometryError("photo_to_crop in the file is not a turn with a scaling; this program knows no other")
    return SimilarityTransform(a, b, tx, ty)
