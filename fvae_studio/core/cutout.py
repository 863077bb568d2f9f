"""Cutouts: the part of a photo around one face, from which every picture of a clip is read directly.

A picture may lie in another photo's frame, or have another resolution. Positions go from the picture through the crop,
along the flow, into the cutout, so that each pixel is still resampled only once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE, crop_region
from fvae_studio.core.displacement import DisplacementField, DisplacementMap, Lattice, combine_displacements, sampled
from fvae_studio.core.fine_copy import MAX_FINE_PIXELS, FineCopy
from fvae_studio.core.flow_spline import border_is_zero, fade_to_border
from fvae_studio.core.geometry import Rect, SimilarityTransform
from fvae_studio.core.resample import KERNEL_REACH, Kernel, refined, resample, resample_premultiplied, shrinkage
from fvae_studio.core.types import FloatMap, FlowField, GreyMask, Photo, RgbImage

_BAND_ROWS: Final = 128
"""Rows that are read at once: their positions stay in the processor's cache."""

_FLOW_SAMPLES: Final = 2 * CROP_SIZE
"""Of a flow's spline along the crop's side."""

_MAX_STEP: Final = 8
_NODES_PER_CELL: Final = 1.9
"""Picture pixels between the nodes of a lattice at most, and nodes to a cell of the flow at least."""

_MAX_RATIO: Final = 1.3
"""Cutout pixels per picture pixel, up to which a cutout is read as it is."""


@dataclass(frozen=True, eq=False)
class Cutout:
    """The part of a photo around a face.

    Attributes:
        pixels: (h, w, 3).
        alpha: (h, w) of the same dtype, or None.
        from_crop: pixels of the face's aligned crop -> pixels of the cutout.
        fine: a finer copy of the pixels, see `resample`; None: there is none at hand.
    """

    pixels: RgbImage
    alpha: GreyMask | None
    from_crop: SimilarityTransform
    fine: FineCopy | None = None

    def for_quick_reading(self) -> Cutout:
        """The cutout with a finer copy; itself where that would take much memory, or alpha has to be read as well."""
        if self.alpha is not None or self.bounds.area > MAX_FINE_PIXELS:
            return self
        return replace(self, fine=FineCopy(self.bounds, refined(self.pixels)))

    @property
    def bounds(self) -> Rect:
        """All of its pixels."""
        return Rect(0, 0, self.pixels.shape[1], self.pixels.shape[0])

    def reduced(self, scale: float) -> Cutout:
        """A copy for pictures with `scale` pixels per crop pixel; the cutout itself where it is not much finer."""
        ratio = self.from_crop.scale / scale
        if ratio <= _MAX_RATIO:
            return self
        factor = max(1 / ratio, 1 / min(self.pixels.shape[:2]))
        pixels = _reduce(self.pixels, factor)
        alpha = None if self.alpha is None else _reduce(self.alpha, factor)
        shift = (factor - 1) / 2
        return Cutout(pixels, alpha, self.from_crop.then(SimilarityTransform(factor, 0.0, shift, shift)))


def cut_face(photo: Photo, photo_to_crop: SimilarityTransform) -> Cutout:
    """The pixels of a photo that warps of one face can read; a copy, so that the photo may go.

    Args:
        photo: with or without alpha.
        photo_to_crop: photo pixels -> crop pixels. Where the crop reaches beyond the photo, its edge goes on.
    """
    region = crop_region(photo_to_crop).grow(2 * KERNEL_REACH).intersect(photo.bounds)
    if region.is_empty:
        # The photo does not reach the face at all: its nearest pixel stands for it.
        x, y = (int(np.clip(value, 0, size - 1)) for value, size in ((region.x, photo.width), (region.y, photo.height)))
        region = Rect(x, y, 1, 1)
    alpha = None if photo.alpha is None else photo.alpha[region.slices].copy()
    if alpha is not None and int(alpha.min()) == photo.max_value:
        alpha = None
    to_cutout = SimilarityTransform(1.0, 0.0, -region.x, -region.y)
    return Cutout(photo.pixels[region.slices].copy(), alpha, photo_to_crop.inverse.then(to_cutout))


def read_cutout(
    cutout: Cutout,
    flow: FlowField,
    to_crop: SimilarityTransform,
    region: Rect,
    *,
    kernel: Kernel = "sinc",
    share: FloatMap | None = None,
    margin_px: int = 0,
) -> tuple[RgbImage, GreyMask | None]:
    """Warp a face into a region of a picture.

    Args:
        cutout: where its pixels are.
        flow: in crop pixels; still at the crop's border.
        to_crop: picture pixels -> crop pixels.
        region: of the picture.
        kernel: how pixels are read.
        share: (region.height, region.width): rows and columns in which it is 0 are left black; None: all are wanted.
        margin_px: how far around what is wanted pixels are read as well.

    Returns:
        Pixels (region.height, region.width, 3) and, where the cutout has it, alpha.
    """
    size = (region.height, region.width)
    pixels: NDArray[Any] = np.zeros((*size, 3), cutout.pixels.dtype)
    alpha: NDArray[Any] | None = None if cutout.alpha is None else np.zeros(size, cutout.pixels.dtype)
    to_cutout = to_crop.then(cutout.from_crop)
    displacement = _displacement(flow, to_crop, region)
    lattice = displacement.lattice
    nodes = lattice.positions()
    places = DisplacementMap(to_cutout.apply(nodes.astype(np.float64) + displacement.nodes), lattice)
    shrinking = shrinkage(places.nodes - nodes, lattice.step)
    for band in _bands(region, share if alpha is None else None, margin_px):
        inside = band.within(region)
        window = _window(places.nodes_around(band), cutout.bounds)
        positions = places.dense(band)
        cv2.subtract(positions, (window.x, window.y, 0, 0), dst=positions)
        source = cutout.pixels[window.slices]
        softness = None if shrinking is None else DisplacementMap(shrinking, lattice).dense(band)
        if alpha is None or cutout.alpha is None:
            fine = None if cutout.fine is None else cutout.fine.part(window)
            resample(source, positions, kernel, out=pixels[inside], softness=softness, fine=fine)
        else:
            pixels[inside], alpha[inside] = resample_premultiplied(
                source, cutout.alpha[window.slices], positions, kernel, softness=softness
            )
    return pixels, alpha


def read_layers(
    cutout: Cutout,
    flows: Iterable[NDArray[np.float32]],
    to_crop: SimilarityTransform,
    region: Rect,
    *,
    kernel: Kernel,
) -> list[RgbImage]:
    """A region once for each of the flows (h, w, 2), in crop pixels, that a part of the face has; see `read_cutout`."""
    return [
        read_cutout(cutout, FlowField(flow, np.ones(flow.shape[:2], np.float32)), to_crop, region, kernel=kernel)[0]
        for flow in flows
    ]


def spread_over(values: FloatMap, to_crop: SimilarityTransform, region: Rect) -> FloatMap:
    """Values of a grid over the crop, at every pixel of a region of a picture; linear, the outermost cells go on.

    Args:
        values: (n, n), cell centres spread evenly over the crop.
        to_crop: picture pixels -> crop pixels.
        region: of the picture.
    """
    to_cells = to_crop.then(SimilarityTransform.resize(CROP_SIZE, values.shape[0]))
    # On a coarse lattice first, two nodes to a cell, then linearly between its nodes: many times faster.
    step = 2 ** max(0, math.floor(math.log2(max(1.0, 1 / (2 * to_cells.scale)))))
    lattice = Lattice(region, step)
    nodes: FloatMap = cv2.warpAffine(
        values,
        lattice.to_photo.then(to_cells).matrix,
        (lattice.columns, lattice.rows),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return lattice.spread(nodes, region)


def blend_pixels(pictures: list[RgbImage], shares: list[FloatMap]) -> RgbImage:
    """The sum of pictures weighted by shares, in one pass for each; a picture is kept bit by bit where its share is 1.

    Args:
        pictures: all of one shape and dtype, at least one.
        shares: (h, w) for each, adding up to 1 everywhere.
    """
    result, seen = pictures[0], shares[0]
    for picture, share in zip(pictures[1:], shares[1:], strict=True):
        if result.dtype == np.uint8:
            # Weights need not add up to 1: it divides by their sum (plus 1e-5, which rounding takes back).
            result = cv2.blendLinear(result, picture, seen, share)
        else:
            part = share / np.maximum(seen + share, np.float32(1e-12))
            base = result.astype(np.float32)
            result = np.round(base + part[..., None] * (picture.astype(np.float32) - base)).astype(result.dtype)
        seen = seen + share
    return result


def _displacement(flow: FlowField, to_crop: SimilarityTransform, region: Rect) -> DisplacementMap:
    """The flow in picture pixels; read off fewer samples than a still is: at most 0.02 pixels lie between the two."""
    faded = flow.flow if border_is_zero(flow.flow) else fade_to_border(flow.flow)
    side = CROP_SIZE / to_crop.scale
    step = 1
    while step < _MAX_STEP and step * 2 * _NODES_PER_CELL <= side / max(faded.shape[:2]):
        step *= 2
    samples, to_samples = sampled(to_crop.inverse.apply_linear(faded), to_crop, _FLOW_SAMPLES, region)
    field = DisplacementField(samples, to_samples, crop_region(to_crop), step)
    return combine_displacements([field], region, step=step)


def _window(places: NDArray[np.float32], bounds: Rect) -> Rect:
    """The part of a cutout that is read at some places; never empty."""
    low, high = ([int(limit(places[..., axis])) for axis in range(2)] for limit in (np.min, np.max))
    reach = KERNEL_REACH + 1
    x, y = (
        min(max(value - reach, 0), size - 1) for value, size in zip(low, (bounds.width, bounds.height), strict=True)
    )
    return Rect(x, y, max(1, high[0] + reach - x), max(1, high[1] + reach - y)).intersect(bounds)


def _bands(region: Rect, share: FloatMap | None, margin_px: int) -> Iterator[Rect]:
    """Rows that are read at once, as far as anything in them or within a margin of them is wanted."""
    for row in range(0, region.height, _BAND_ROWS):
        end = min(row + _BAND_ROWS, region.height)
        first, last = 0, region.width
        if share is not None:
            columns = np.flatnonzero(cv2.reduce(share[max(0, row - margin_px) : end + margin_px], 0, cv2.REDUCE_MAX))
            if len(columns) == 0:
                continue
            first, last = max(0, int(columns[0]) - margin_px), min(last, int(columns[-1]) + 1 + margin_px)
        yield Rect(region.x + first, region.y + row, last - first, end - row)


def _reduce(pixels: NDArray[Any], factor: float) -> NDArray[Any]:
    # The factor itself and not the rounded size, so that it is the same in both directions.
    reduced: NDArray[Any] = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(reduced)
