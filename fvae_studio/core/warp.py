"""Warping faces in the photo itself: only the flow is upsampled, and every pixel is resampled once from the original.

Convention: backward flow in crop pixels, (dx, dy); pixel centres at integers (OpenCV); the photo's border is
replicated.

The flow follows an interpolating cubic spline (`flow_spline`); how pixels are read between pixels, and how well, is
told in `resample`. Work goes by tiles inside the face's region, so time and memory follow the face, not the photo.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.displacement import (
    DisplacementField,
    DisplacementMap,
    Lattice,
    combine_displacements,
    is_moving,
)
from fvae_studio.core.fine_copy import FineCopy, part_of
from fvae_studio.core.geometry import Rect, SimilarityTransform
from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.core.resample import KERNEL_REACH, resample, resample_premultiplied, shrinkage
from fvae_studio.core.resample import Kernel as Kernel  # callers choose it here
from fvae_studio.core.types import FloatMap, FlowField, GreyMask, Photo, RgbImage, WarpedFace
from fvae_studio.errors import GeometryError

_TILE_PX = 512
_TILES_AT_ONCE = 2


def warp_photo(
    photo: Photo,
    flow: FlowField,
    photo_to_crop: SimilarityTransform,
    *,
    roi: Rect | None = None,
    kernel: Kernel = "sinc",
    progress: Progress | None = None,
) -> WarpedFace:
    """Resample the photo along a flow predicted on one aligned crop.

    Output pixel p samples the photo at p + L^-1 f(A p), with A = `photo_to_crop` and L its linear part (Eq. 5 of the
    paper, carried from the crop to the photo).

    Args:
        photo: 8 or 16 bit, with or without alpha.
        flow: on a grid of any size; a flow that does not end at zero at the crop's border is faded first.
        photo_to_crop: photo pixels -> pixels of a `CROP_SIZE` crop.
        roi: region to render; None for the region where the flow moves something (`flow_roi`).
        kernel: how pixels are resampled.
        progress: asked for cancelling at each tile.

    Returns:
        The region at the photo's resolution. Where `moved` is false the pixels are the photo's own, bit by bit.

    Raises:
        GeometryError: `roi` reaches beyond the photo, or the flow is malformed.
        Cancelled: through `progress`.
    """
    field = DisplacementField.from_flow(flow.flow, photo_to_crop)
    if roi is None:
        displacement = _own_displacement(field, photo.bounds, field.step)
        roi = displacement.support()
    elif roi.intersect(photo.bounds) != roi:
        raise GeometryError(
            f"the region {roi} reaches beyond the photo, which is {photo.width} x {photo.height} pixels"
        )
    else:
        displacement = combine_displacements([field], roi, step=field.step)
    progress = progress or NoProgress()
    return _render(photo, displacement, roi, flow.confidence, photo_to_crop, kernel, progress, ())


def warp_faces(
    photo: Photo,
    faces: Sequence[tuple[FlowField, SimilarityTransform]],
    *,
    kernel: Kernel = "sinc",
    with_confidence: bool = True,
    fine: Sequence[FineCopy] = (),
    progress: Progress | None = None,
) -> tuple[WarpedFace, ...]:
    """Resample the photo along the flows of several faces, of which none undoes another.

    Each result covers its own face's region, and is rendered with the displacements of *all* faces composed
    (`combine_displacements`); where two regions overlap, both hold the same pixels. So the order of pasting them does
    not matter, and each pixel is resampled once even between two faces cheek to cheek.

    Args:
        photo: 8 or 16 bit, with or without alpha.
        faces: flow and `photo_to_crop` of each face; as for `warp_photo`.
        kernel: how pixels are resampled; "bicubic" also reads the flow more coarsely, as a preview may.
        with_confidence: False leaves the confidence at 1 everywhere and saves its enlargement.
        fine: finer copies of parts of the photo, where they are there already; the result is the same with "sinc".
        progress: asked for cancelling at each tile.

    Returns:
        One per face, in order; with an empty region where a flow moves nothing.

    Raises:
        GeometryError: a malformed flow.
        Cancelled: through `progress`.
    """
    progress = progress or NoProgress()
    fields = _fields(faces, kernel)
    done: list[WarpedFace] = []
    for number, (field, (flow, photo_to_crop)) in enumerate(zip(fields, faces, strict=True)):
        near = [other for other in fields if not other.region.intersect(field.region).is_empty]
        step = min(other.step for other in near)
        displacement = _own_displacement(field, photo.bounds, step)
        roi = displacement.support()
        if len(near) > 1:
            displacement = combine_displacements(near, roi, step=step)
        part = progress.subrange(number / len(faces), 1 / len(faces))
        confidence = flow.confidence if with_confidence else None
        done.append(_render(photo, displacement, roi, confidence, photo_to_crop, kernel, part, done, fine))
    return tuple(done)


def warp_region(
    photo: Photo,
    faces: Sequence[tuple[FlowField, SimilarityTransform]],
    roi: Rect,
    *,
    kernel: Kernel = "sinc",
    fine: Sequence[FineCopy] = (),
) -> WarpedFace:
    """Resample one region along the flows of all faces composed, as `warp_faces` does.

    Args:
        photo: 8 or 16 bit, with or without alpha.
        faces: flow and `photo_to_crop` of each face; the first one's confidence is told.
        roi: inside the photo.
        kernel: how pixels are resampled.
        fine: as for `warp_faces`.
    """
    # A face that others move as well is asked beyond the region.
    fields = _fields(faces, kernel, roi if len(faces) == 1 else None)
    displacement = combine_displacements(fields, roi, step=min(field.step for field in fields))
    flow, photo_to_crop = faces[0]
    return _render(photo, displacement, roi, flow.confidence, photo_to_crop, kernel, NoProgress(), (), fine)


@dataclass(frozen=True, eq=False)
class FaceWarp:
    """How a face was warped: what is laid over it in layers is warped likewise.

    Attributes:
        photo: 8 or 16 bit, with or without alpha.
        faces: flow and `photo_to_crop` of every face that was warped together, as `warp_faces` got them.
        index: which of them this one is.
        kernel: how pixels are resampled.
        fine: as for `warp_faces`.
    """

    photo: Photo
    faces: Sequence[tuple[FlowField, SimilarityTransform]]
    index: int = 0
    kernel: Kernel = "sinc"
    fine: Sequence[FineCopy] = ()

    @property
    def to_crop(self) -> SimilarityTransform:
        """Photo pixels -> crop pixels of this face."""
        return self.faces[self.index][1]

    def along(self, flow: NDArray[np.float32], roi: Rect) -> RgbImage:
        """Pixels of a region inside the photo, resampled along a flow (h, w, 2), crop pixels, in place of the own."""
        own, photo_to_crop = self.faces[self.index]
        before, after = self.faces[: self.index], self.faces[self.index + 1 :]
        moving = [*before, (FlowField(flow, own.confidence), photo_to_crop), *after]
        return warp_region(self.photo, moving, roi, kernel=self.kernel, fine=self.fine).pixels

    def draw_over(
        self,
        face: WarpedFace,
        flows: Mapping[str, NDArray[np.float32]],
        window: Rect,
        join: Callable[[RgbImage, Mapping[str, RgbImage]], RgbImage],
    ) -> WarpedFace:
        """The warped face with a part of it drawn in layers.

        Args:
            face: as it was warped, or drawn over already.
            flows: (h, w, 2), crop pixels, by name: of each layer in place of the face's own.
            window: what is drawn, inside the face's region; may be empty.
            join: gives the window's pixels, of those before and of each layer's.
        """
        if window.is_empty:
            return face
        layers = {name: self.along(flow, window) for name, flow in flows.items()}
        return face.with_part(window, join(face.pixels[window.within(face.roi)], layers))


def flow_roi(flow: NDArray[np.float32], photo_to_crop: SimilarityTransform, bounds: Rect) -> Rect:
    """The smallest rectangle of whole pixels, to within some pixels, outside which the flow moves nothing.

    Args:
        flow: (h, w, 2), crop pixels.
        photo_to_crop: photo pixels -> crop pixels.
        bounds: the photo's; the result lies inside.
    """
    field = DisplacementField.from_flow(flow, photo_to_crop)
    return _own_displacement(field, bounds, field.step).support()


def upsample_flow(flow: NDArray[np.float32], photo_to_crop: SimilarityTransform, rect: Rect) -> NDArray[np.float32]:
    """The displacement of every photo pixel of `rect` as the warp uses it.

    Args:
        flow: (h, w, 2), crop pixels.
        photo_to_crop: photo pixels -> crop pixels.
        rect: photo pixels; may reach beyond crop and photo.

    Returns:
        (rect.height, rect.width, 2) in photo pixels, exactly zero outside the crop.
    """
    return combine_displacements([DisplacementField.from_flow(flow, photo_to_crop)], rect).dense(rect)


def _fields(
    faces: Sequence[tuple[FlowField, SimilarityTransform]], kernel: Kernel, window: Rect | None = None
) -> list[DisplacementField]:
    is_preview = kernel == "bicubic"
    return [
        DisplacementField.from_flow(flow.flow, to_crop, is_preview=is_preview, window=window) for flow, to_crop in faces
    ]


def _own_displacement(field: DisplacementField, bounds: Rect, step: int) -> DisplacementMap:
    """One face's displacement wherever it may move something."""
    region = field.region.grow(1).intersect(bounds)
    if region.is_empty:
        region = Rect(bounds.x, bounds.y, 0, 0)
    return combine_displacements([field], region, step=step)


def _render(
    photo: Photo,
    displacement: DisplacementMap,
    roi: Rect,
    trust: FloatMap | None,
    photo_to_crop: SimilarityTransform,
    kernel: Kernel,
    progress: Progress,
    done: Sequence[WarpedFace],
    fine: Sequence[FineCopy] = (),
) -> WarpedFace:
    pixels: NDArray[Any] = np.empty((roi.height, roi.width, 3), photo.pixels.dtype)
    alpha: NDArray[Any] | None = None if photo.alpha is None else np.empty((roi.height, roi.width), photo.pixels.dtype)
    moved = np.zeros((roi.height, roi.width), np.bool_)
    size = (roi.height, roi.width)
    # Ones that take no memory where nobody asks.
    confidence = np.broadcast_to(np.float32(1), size) if trust is None else np.empty(size, np.float32)
    step = displacement.lattice.step
    # A preview's source was averaged already, and what shrinks is softened when the hand rests.
    softness = shrinkage(displacement.nodes, step) if kernel == "sinc" else None
    softening = None if softness is None else replace(displacement, nodes=softness)

    def render(tile: Rect) -> None:
        progress.raise_if_cancelled()
        inside = tile.within(roi)
        if trust is not None:
            confidence[inside] = _confidence(trust, photo_to_crop, tile, step)
        if not any(tile.intersect(other.roi) == tile for other in done):
            of_tile = None if alpha is None else alpha[inside]
            moved[inside] = _render_tile(photo, displacement, softening, tile, kernel, fine, pixels[inside], of_tile)

    tiles = list(_tiles(roi))
    # OpenCV reads on all cores, but filters on one: two tiles at a time where finer copies have to be made.
    is_shared_out = kernel == "sinc" and not fine and len(tiles) > 1
    with ThreadPoolExecutor(_TILES_AT_ONCE) if is_shared_out else nullcontext() as pool:
        for number, _ in enumerate(pool.map(render, tiles) if pool is not None else map(render, tiles)):
            progress.report((number + 1) / len(tiles), "warp")
    # What two regions share is rendered once: both hold the same bits.
    for other in done:
        shared = roi.intersect(other.roi)
        if shared.is_empty:
            continue
        here, there = shared.within(roi), shared.within(other.roi)
        pixels[here], moved[here] = other.pixels[there], other.moved[there]
        if alpha is not None and other.alpha is not None:
            alpha[here] = other.alpha[there]
    return WarpedFace(pixels, moved, confidence, roi, alpha)


def _tiles(roi: Rect) -> Iterator[Rect]:
    for y in range(roi.y, roi.bottom, _TILE_PX):
        for x in range(roi.x, roi.right, _TILE_PX):
            yield Rect(x, y, _TILE_PX, _TILE_PX).intersect(roi)


def _render_tile(
    photo: Photo,
    displacement: DisplacementMap,
    softening: DisplacementMap | None,
    tile: Rect,
    kernel: Kernel,
    fine: Sequence[FineCopy],
    pixels: RgbImage,
    alpha: GreyMask | None,
) -> NDArray[np.bool_]:
    """Fill `pixels` and `alpha` in place; return where the tile moved."""
    nodes = displacement.nodes_around(tile)
    if not nodes.any():
        pixels[...] = photo.pixels[tile.slices]
        if alpha is not None and photo.alpha is not None:
            alpha[...] = photo.alpha[tile.slices]
        return np.zeros(pixels.shape[:2], np.bool_)
    positions = displacement.dense(tile)
    moved = is_moving(positions)
    softness = None
    if softening is not None and softening.nodes_around(tile).any():
        softness = softening.dense(tile)
    # Positions relative to a window of the photo: single precision stays fine in the widest photo, and OpenCV reads no
    # picture wider than 32767.
    window = _source_window(nodes, tile, photo.bounds)
    positions += _index_grid()[: tile.height, : tile.width]
    cv2.add(positions, (tile.x - window.x, tile.y - window.y, 0, 0), dst=positions)
    source = photo.pixels[window.slices]
    if photo.alpha is None:
        resample(source, positions, kernel, out=pixels, softness=softness, fine=part_of(fine, window))
    else:
        assert alpha is not None
        source_alpha = photo.alpha[window.slices]
        if int(source_alpha.min()) == photo.max_value:
            resample(source, positions, kernel, out=pixels, softness=softness, fine=part_of(fine, window))
            alpha[...] = photo.max_value
        else:
            pixels[...], alpha[...] = resample_premultiplied(source, source_alpha, positions, kernel, softness=softness)
    if not moved.all():
        still = (~moved).view(np.uint8)
        cv2.copyTo(photo.pixels[tile.slices], still, pixels)
        if alpha is not None and photo.alpha is not None:
            cv2.copyTo(photo.alpha[tile.slices], still, alpha)
    return moved


def _source_window(nodes: NDArray[np.float32], tile: Rect, bounds: Rect) -> Rect:
    """The part of the photo that a tile can read; never empty, and cut only at the photo's edges."""
    dx, dy = nodes[..., 0], nodes[..., 1]
    x0, y0 = (math.floor(v) - KERNEL_REACH for v in (tile.x + float(dx.min()), tile.y + float(dy.min())))
    x1, y1 = (math.ceil(v) + KERNEL_REACH for v in (tile.right + float(dx.max()), tile.bottom + float(dy.max())))
    x0, y0 = min(max(x0, 0), bounds.right - 1), min(max(y0, 0), bounds.bottom - 1)
    x1, y1 = max(min(x1, bounds.right), x0 + 1), max(min(y1, bounds.bottom), y0 + 1)
    return Rect(x0, y0, x1 - x0, y1 - y0)


@lru_cache(maxsize=1)
def _index_grid() -> NDArray[np.float32]:
    grid: NDArray[np.float32] = np.stack(np.meshgrid(np.arange(_TILE_PX), np.arange(_TILE_PX)), -1).astype(np.float32)
    grid.flags.writeable = False
    return grid


def _confidence(confidence: FloatMap, photo_to_crop: SimilarityTransform, tile: Rect, step: int) -> FloatMap:
    """(tile.height, tile.width) in [0, 1]: the grid's values between its cells, linearly; the outermost go on."""
    height, width = confidence.shape
    # As for the flow: read on a coarse lattice, then linearly between its nodes, which is many times faster.
    lattice = Lattice(tile, step)
    to_cells = lattice.to_photo.then(photo_to_crop).matrix
    # Crop pixels -> cells; not a similarity when the grid is not square.
    scale = np.array([width, height]) / CROP_SIZE
    to_cells = to_cells * scale[:, None]
    to_cells[:, 2] += (scale - 1) / 2
    nodes: FloatMap = cv2.warpAffine(
        np.clip(confidence, 0, 1),
        to_cells,
        (lattice.columns, lattice.rows),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return lattice.spread(nodes, tile)
