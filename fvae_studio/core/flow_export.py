"""Flows for compositing programs: the displacement of every pixel of the photo, at its own or any other size.

| file | what it holds |
|---|---|
| `.flo` | float32 dx, dy |
| `.exr` | float32 channels R = dx, G = dy |
| `.npz` | `flow` (h, w, 2) float32 |
| ST-map, `.exr` | float32 channels R = u, G = v (and B = 0), as Nuke's STMap reads them |

All are backward: output pixel p shows its source at p + (dx, dy), in pixels of the picture, y downwards. An ST-map says
the same as positions: u = (x + 0.5) / width to the right, v = 1 - (y + 0.5) / height *upwards*, of the source.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.displacement import DisplacementField, combine_displacements
from fvae_studio.core.exr import ExrImage, encode_exr
from fvae_studio.core.eye_composite import eyes_window, join_displacements
from fvae_studio.core.eye_layers import EyeLayers
from fvae_studio.core.geometry import Rect, SimilarityTransform
from fvae_studio.core.glasses import StillGlasses
from fvae_studio.core.glasses_composite import glasses_window, join_glasses_displacements
from fvae_studio.core.photo_io import atomic_write
from fvae_studio.core.still_teeth import StillTeeth
from fvae_studio.core.teeth_composite import teeth_share, teeth_window
from fvae_studio.core.types import FlowField
from fvae_studio.errors import GeometryError

FlowKind: TypeAlias = Literal["flow", "st-map"]

CONVENTION: Final = (
    "backward flow: output pixel p shows its source at p + (dx, dy), in pixels of this picture, y downwards; pixel "
    "centres at integers"
)
ST_CONVENTION: Final = (
    "ST-map: R = u to the right, G = v upwards, of the source, in [0, 1]; pixel centres at (x + 0.5) / width and "
    "1 - (y + 0.5) / height"
)
MAX_SIDE: Final = 16384
"""Pixels; the largest side of an EXR file that is read here."""

_FLO_MAGIC: Final = 202021.25


_Layered = TypeVar("_Layered", EyeLayers, StillGlasses)


def picture_flow(
    placed: Sequence[tuple[FlowField, SimilarityTransform]],
    photo: Rect,
    *,
    eyes: Sequence[EyeLayers | None] = (),
    teeth: Sequence[StillTeeth | None] = (),
    glasses: Sequence[StillGlasses | None] = (),
    longer_side: int | None = None,
) -> NDArray[np.float32]:
    """The displacement of every pixel of a photo.

    Args:
        placed: flow and `photo_to_crop` of each face.
        photo: the photo's bounds.
        eyes: of each face, where they are in layers: the displacement jumps where these meet. Empty: of none.
        teeth: of each face likewise: what lies between its lips.
        glasses: of each face likewise.
        longer_side: of the picture, in pixels: the photo made smaller or larger; None: the photo itself.

    Returns:
        (h, w, 2) in pixels of the picture.

    Raises:
        GeometryError: a malformed flow, or a picture that is too large.
    """
    factor = 1.0 if longer_side is None else longer_side / max(photo.width, photo.height)
    width, height = (max(1, int(side * factor + 1e-6)) for side in (photo.width, photo.height))
    if max(width, height) > MAX_SIDE:
        raise GeometryError(f"a flow of {width} x {height} pixels was asked for; a side may have up to {MAX_SIDE}")
    shift = (factor - 1) / 2
    to_photo = SimilarityTransform(factor, 0.0, shift, shift).inverse
    transforms = [to_photo.then(to_crop) for _, to_crop in placed]
    fields = [
        DisplacementField.from_flow(flow.flow, to_crop) for (flow, _), to_crop in zip(placed, transforms, strict=True)
    ]
    whole = Rect(0, 0, width, height)
    dense = combine_displacements(fields, whole).dense(whole)
    _lay_over(dense, fields, transforms, eyes, eyes_window, join_displacements)
    for index, (between, to_crop) in enumerate(zip(teeth, transforms, strict=False)):
        if between is None or (window := teeth_window(between, to_crop, whole)).is_empty:
            continue
        inside = _layer(fields, index, between.inside, to_crop, window)
        # Of the layer that a pixel shows most of; shares between them would be motions that nothing has.
        seen = teeth_share(between, *to_crop.apply_to_pixels(window)) > between.share / 2
        dense[window.slices] += (seen * np.float32(between.share))[..., None] * (inside - dense[window.slices])
    _lay_over(dense, fields, transforms, glasses, glasses_window, join_glasses_displacements)
    return dense


def _lay_over(
    dense: NDArray[np.float32],
    fields: Sequence[DisplacementField],
    transforms: Sequence[SimilarityTransform],
    of_faces: Sequence[_Layered | None],
    window_of: Callable[[_Layered, SimilarityTransform, Rect], Rect],
    join: Callable[
        [NDArray[np.float32], Mapping[str, NDArray[np.float32]], _Layered, Rect, SimilarityTransform],
        NDArray[np.float32],
    ],
) -> None:
    """Put the layers of every face's part into the displacements of the whole picture, in place."""
    whole = Rect(0, 0, dense.shape[1], dense.shape[0])
    for index, (layered, to_crop) in enumerate(zip(of_faces, transforms, strict=False)):
        if layered is None or (window := window_of(layered, to_crop, whole)).is_empty:
            continue
        layers = {name: _layer(fields, index, flow, to_crop, window) for name, flow in layered.flows.items()}
        dense[window.slices] = join(dense[window.slices], layers, layered, window, to_crop)


def _layer(
    fields: Sequence[DisplacementField],
    index: int,
    flow: NDArray[np.float32],
    to_crop: SimilarityTransform,
    window: Rect,
) -> NDArray[np.float32]:
    """Displacements of a window if the face of this number moved by that flow."""
    others = [*fields[:index], DisplacementField.from_flow(flow, to_crop), *fields[index + 1 :]]
    return combine_displacements(others, window).dense(window)


def to_st_map(flow: NDArray[np.float32]) -> NDArray[np.float32]:
    """Displacements (h, w, 2) -> source positions (h, w, 2), u and v in [0, 1] where the source lies in the picture."""
    height, width = flow.shape[:2]
    u = (np.arange(width) + 0.5 + flow[..., 0].astype(np.float64)) / width
    v = 1 - (np.arange(height)[:, None] + 0.5 + flow[..., 1].astype(np.float64)) / height
    positions: NDArray[np.float32] = np.stack([u, v], axis=-1).astype(np.float32)
    return positions


def from_st_map(st_map: NDArray[np.float32]) -> NDArray[np.float32]:
    """Source positions -> displacements; undoes `to_st_map`."""
    height, width = st_map.shape[:2]
    dx = st_map[..., 0].astype(np.float64) * width - 0.5 - np.arange(width)
    dy = (1 - st_map[..., 1].astype(np.float64)) * height - 0.5 - np.arange(height)[:, None]
    flow: NDArray[np.float32] = np.stack([dx, dy], axis=-1).astype(np.float32)
    return flow


def require_flow_format(path: Path, kind: FlowKind) -> None:
    """Raise `GeometryError` unless a flow of this kind can be written under this name."""
    suffixes = (".exr",) if kind == "st-map" else (".flo", ".exr", ".npz")
    if path.suffix.lower() not in suffixes:
        what = "an ST-map is" if kind == "st-map" else "flows are"
        raise GeometryError(f"{what} written to {', '.join(suffixes)} files; {path.name!r} is none of them")


def write_picture_flow(path: Path, flow: NDArray[np.float32], kind: FlowKind = "flow") -> Path:
    """Write a displacement in the format of the path's suffix; the file appears whole or not at all.

    Args:
        path: ends in .flo, .exr or .npz; an ST-map's in .exr.
        flow: (h, w, 2), as from `picture_flow`.
        kind: displacements, or the positions of an ST-map.

    Raises:
        GeometryError: a suffix that cannot hold it.
        PhotoWriteError: the file could not be written.
    """
    require_flow_format(path, kind)
    suffix = path.suffix.lower()
    if kind == "st-map":
        positions = to_st_map(flow)
        channels = {"R": positions[..., 0], "G": positions[..., 1], "B": np.zeros(flow.shape[:2], np.float32)}
        data = encode_exr(ExrImage(channels, {"comments": ST_CONVENTION}))
    elif suffix == ".exr":
        data = encode_exr(ExrImage({"R": flow[..., 0], "G": flow[..., 1]}, {"comments": CONVENTION}))
    elif suffix == ".flo":
        height, width = flow.shape[:2]
        data = struct.pack("<fii", _FLO_MAGIC, width, height) + np.ascontiguousarray(flow, "<f4").tobytes()
    else:
        stream = io.BytesIO()
        np.savez_compressed(stream, flow=flow, convention=np.array(CONVENTION))
        data = stream.getvalue()
    with atomic_write(path) as file:
        file.write(data)
    return path
