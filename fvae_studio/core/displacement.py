"""From flows on crops to displacements of photo pixels, of one face or of several together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE, crop_region
from fvae_studio.core.flow_spline import border_is_zero, check_flow, fade_to_border, sample_flow
from fvae_studio.core.geometry import Rect, SimilarityTransform

STILL_PX = 0.02
"""Displacements up to this length, in photo pixels, count as none: such pixels are copied, not resampled."""

_MAX_STEP = 8
_MAX_SAMPLES = 1024
_PREVIEW_SAMPLES = 256
_WINDOW_MARGIN = 12
"""Samples around a window: a lattice reaches two steps beyond it, of at most four samples each."""


@dataclass(frozen=True, eq=False)
class DisplacementField:
    """One face's flow, dense enough to be read with linear interpolation anywhere in the photo.

    Attributes:
        samples: (n, n, 2) float32 displacement in *photo* pixels over the crop.
        photo_to_samples: photo pixels -> index of `samples`.
        region: photo pixels that the crop covers; the displacement is zero outside.
        step: photo pixels between the nodes of a lattice on which this field loses nothing visible.
    """

    samples: NDArray[np.float32]
    photo_to_samples: SimilarityTransform
    region: Rect
    step: int

    @staticmethod
    def from_flow(
        flow: NDArray[np.float32],
        photo_to_crop: SimilarityTransform,
        *,
        is_preview: bool = False,
        window: Rect | None = None,
    ) -> DisplacementField:
        """Prepare p -> L^-1 f(A p), with A = `photo_to_crop` and L its linear part.

        A flow that does not end at zero at the crop's border is faded first (`fade_to_border`).

        Args:
            flow: (h, w, 2), crop pixels.
            photo_to_crop: photo pixels -> pixels of a `CROP_SIZE` crop.
            is_preview: fewer samples and nodes, which are read sooner: OpenCV's rounding of positions then costs 0.02
                photo pixels where a face of 500 pixels moves most, and the lattice up to 3 % of a cell's second
                difference.
            window: photo pixels in which alone the field will be asked; None: wherever it moves something.

        Raises:
            GeometryError: malformed flow.
        """
        flow = check_flow(flow)
        if not border_is_zero(flow):
            flow = fade_to_border(flow)
        side = CROP_SIZE / photo_to_crop.scale
        cell = side / max(flow.shape[:2])
        step = 1
        # Three nodes to a cell: linear between them, at most 1.4 % of a cell's second difference is lost.
        nodes_per_cell, most_samples = (1.9, _PREVIEW_SAMPLES) if is_preview else (2.9, _MAX_SAMPLES)
        while step < _MAX_STEP and step * 2 <= cell / nodes_per_cell:
            step *= 2
        # OpenCV reads the samples at 1/32 of their spacing. At half of the lattice's step, that is an error of 1.6 % in
        # a slope.
        num_samples = CROP_SIZE
        while num_samples < most_samples and side / num_samples > 0.5 * step:
            num_samples *= 2
        in_photo = photo_to_crop.inverse.apply_linear(flow)
        return DisplacementField(
            *sampled(in_photo, photo_to_crop, num_samples, window), crop_region(photo_to_crop), step
        )

    def on_lattice(self, lattice: Lattice) -> NDArray[np.float32]:
        """(rows, columns, 2) displacement at the lattice's nodes."""
        to_samples = lattice.to_photo.then(self.photo_to_samples)
        read = cv2.warpAffine(
            self.samples,
            to_samples.matrix,
            (lattice.columns, lattice.rows),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=0,
        )
        return _still_small(read)

    def at(self, positions: NDArray[np.float32]) -> NDArray[np.float32]:
        """(rows, columns, 2) displacement at any photo positions (rows, columns, 2)."""
        read = cv2.remap(
            self.samples,
            self.photo_to_samples.apply(positions),
            None,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=0,
        )
        return _still_small(read)


def sampled(
    in_photo: NDArray[np.float32], photo_to_crop: SimilarityTransform, num_samples: int, window: Rect | None = None
) -> tuple[NDArray[np.float32], SimilarityTransform]:
    """A flow's spline, densely, and photo pixels -> index of its samples.

    Args:
        in_photo: (h, w, 2) flow in photo pixels, that ends at zero.
        photo_to_crop: photo pixels -> crop pixels.
        num_samples: along the crop's side.
        window: photo pixels; only what is read there and `_WINDOW_MARGIN` samples around. None: all.
    """
    to_samples = photo_to_crop.then(SimilarityTransform.resize(CROP_SIZE, num_samples))
    if window is None:
        return sample_flow(in_photo, (num_samples, num_samples)), to_samples
    corners = [[x, y] for x in (window.x, window.right) for y in (window.y, window.bottom)]
    places = to_samples.apply(np.array(corners, np.float64))
    low = np.clip(np.floor(places.min(axis=0)) - _WINDOW_MARGIN, 0, num_samples - 1).astype(int)
    high = np.clip(np.ceil(places.max(axis=0)) + _WINDOW_MARGIN, low + 1, num_samples).astype(int)
    part = slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))
    shift = SimilarityTransform(1.0, 0.0, -float(low[0]), -float(low[1]))
    return sample_flow(in_photo, (num_samples, num_samples), part=part), to_samples.then(shift)


@dataclass(frozen=True)
class Lattice:
    """Nodes at every `step`-th photo pixel (centred in their step), around a rectangle and one step beyond.

    Bound to the photo's origin, not the rectangle's: every rectangle sees the same nodes.
    """

    rect: Rect
    step: int

    @property
    def first(self) -> tuple[int, int]:
        """Number of the first node, in x and y."""
        return self.rect.x // self.step - 1, self.rect.y // self.step - 1

    @property
    def columns(self) -> int:
        """Nodes in a row."""
        return -(-self.rect.right // self.step) + 1 - self.first[0]

    @property
    def rows(self) -> int:
        """Rows of nodes."""
        return -(-self.rect.bottom // self.step) + 1 - self.first[1]

    @property
    def to_photo(self) -> SimilarityTransform:
        """Index of a node -> photo pixels."""
        x, y = self.first
        return SimilarityTransform(float(self.step), 0.0, (x + 0.5) * self.step - 0.5, (y + 0.5) * self.step - 0.5)

    def spread(self, nodes: NDArray[np.float32], rect: Rect) -> NDArray[np.float32]:
        """Values at the nodes (rows, columns[, C]) -> values at every pixel of `rect`, linear in between."""
        (x, y), step = self.first, self.step
        if step > 1:
            size = (self.columns * step, self.rows * step)
            nodes = cv2.resize(nodes, size, interpolation=cv2.INTER_LINEAR)
        top, left = rect.y - y * step, rect.x - x * step
        spread: NDArray[np.float32] = nodes[top : top + rect.height, left : left + rect.width]
        return np.ascontiguousarray(spread)

    def positions(self) -> NDArray[np.float32]:
        """(rows, columns, 2) photo pixels of the nodes."""
        grid = np.stack(np.meshgrid(np.arange(self.columns), np.arange(self.rows)), axis=-1)
        return self.to_photo.apply(grid.astype(np.float64))


@dataclass(frozen=True, eq=False)
class DisplacementMap:
    """A displacement over a part of the photo, linear between the nodes of a lattice.

    Attributes:
        nodes: (rows, columns, 2) float32, photo pixels.
        lattice: where the nodes are.
    """

    nodes: NDArray[np.float32]
    lattice: Lattice

    def nodes_around(self, rect: Rect) -> NDArray[np.float32]:
        """The nodes that decide about the pixels of `rect` (inside the lattice's rectangle)."""
        part = Lattice(rect, self.lattice.step)
        x, y = (mine - all_ for mine, all_ in zip(part.first, self.lattice.first, strict=True))
        return self.nodes[y : y + part.rows, x : x + part.columns]

    def dense(self, rect: Rect) -> NDArray[np.float32]:
        """(rect.height, rect.width, 2) displacement of every pixel of `rect`."""
        return Lattice(rect, self.lattice.step).spread(self.nodes_around(rect), rect)

    def support(self) -> Rect:
        """The smallest rectangle of pixels of the map, in steps, outside which nothing moves; empty if nothing does."""
        moving = is_moving(self.nodes)
        rows, columns = np.flatnonzero(moving.any(axis=1)), np.flatnonzero(moving.any(axis=0))
        if len(rows) == 0:
            return Rect(self.lattice.rect.x, self.lattice.rect.y, 0, 0)
        step, (first_x, first_y) = self.lattice.step, self.lattice.first
        # A node reaches half a step beyond its neighbours' middle: one step to each side holds it.
        x, y = (first_x + int(columns[0]) - 1) * step, (first_y + int(rows[0]) - 1) * step
        right, bottom = (first_x + int(columns[-1]) + 2) * step, (first_y + int(rows[-1]) + 2) * step
        return Rect(x, y, right - x, bottom - y).intersect(self.lattice.rect)


def combine_displacements(
    fields: Sequence[DisplacementField], rect: Rect, *, step: int | None = None
) -> DisplacementMap:
    """One displacement for several faces: pixels are sampled once, and no face undoes another.

    The maps are composed, p -> p + d_1(p) =: q -> q + d_2(q) ...: the same as warping the photo by the last face, the
    result by the one before it, and so on, but without resampling in between. Where only one face moves a pixel this
    is that face's displacement alone. The Jacobian of a composition is the product of the Jacobians, so it cannot fold
    where none of its parts does; the sum of two displacements could.

    Args:
        fields: one per face.
        rect: photo pixels to cover.
        step: of the lattice; None for the finest that any of the faces needs.
    """
    lattice = Lattice(rect, step or min((field.step for field in fields), default=1))
    nodes = np.zeros((lattice.rows, lattice.columns, 2), np.float32)
    reach = rect.grow(lattice.step * 2)
    positions: NDArray[np.float32] | None = None
    for field in fields:
        # Pixels that other faces moved may be read from outside `rect`.
        margin = math.ceil(float(np.abs(nodes).max())) if nodes.size else 0
        if reach.grow(margin).intersect(field.region).is_empty:
            continue
        if not nodes.any():
            nodes = field.on_lattice(lattice)
            continue
        if positions is None:
            positions = lattice.positions()
        nodes = nodes + field.at(positions + nodes)
    return DisplacementMap(nodes, lattice)


def is_moving(displacement: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(rows, columns): where a contiguous displacement (rows, columns, 2) is not exactly zero."""
    # Both components at once, several times faster than `any(axis=2)`: all bits of (0.0, 0.0) are zero, and no
    # displacement of ours holds a -0.0.
    moving: NDArray[np.bool_] = displacement.view(np.uint64)[..., 0] != 0
    return moving


def _still_small(displacement: NDArray[np.float32]) -> NDArray[np.float32]:
    # Continuous: full strength from twice the limit on. Adding 0.0 makes -0.0 a 0.0, whose bits are all zero.
    length = cv2.magnitude(displacement[..., 0], displacement[..., 1])
    scale = cv2.min(cv2.max(length * np.float32(1 / STILL_PX) - np.float32(1), 0), 1)
    shrunk: NDArray[np.float32] = cv2.multiply(displacement, cv2.merge([scale, scale]))
    shrunk += np.float32(0)
    return shrunk
