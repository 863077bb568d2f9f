"""Classical mesh morphing, after Wolberg, "Image morphing: a survey" (1998): landmarks' triangles, each moved affinely.

Both pictures are warped to the in-between's landmarks and blended by (1 - t, t).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.geometry import Points
from trainer.baselines.morph import Ends, mix, pixel_positions, sample

NUM_MESH_POINTS: Final = 468
"""Without the irises: they lie inside the eyes' triangles and would cut them up when an eye closes."""

BORDER_POINTS: Final = 9
"""Along each side, so that the picture's border stays where it is."""

_SUBPIXEL_BITS: Final = 6
_SMALLEST_AREA: Final = 0.05
"""Pixels: thinner triangles (closed lips) have no affine map; their neighbours cover them."""


class MeshMorph:
    """Delaunay triangles on the landmarks' mean shape, the same for every t."""

    def __init__(self, ends: Ends) -> None:
        self._ends = ends
        border = _border(ends.size)
        self._first, self._second = (
            np.concatenate([points[:NUM_MESH_POINTS], border]).astype(np.float64)
            for points in (ends.first_landmarks, ends.second_landmarks)
        )
        self._triangles: NDArray[np.int32] = Delaunay((self._first + self._second) / 2).simplices

    def at(self, t: float) -> NDArray[np.uint8]:
        """See `Morph.at`."""
        shape = (1 - t) * self._first + t * self._second
        owners = self._owners(shape)
        first, second = (
            sample(picture, self._positions(owners, shape, points))
            for picture, points in ((self._ends.first, self._first), (self._ends.second, self._second))
        )
        return mix(first, second, t)

    def _owners(self, shape: NDArray[np.float64]) -> NDArray[np.int32]:
        """(S, S): which triangle of the in-between's mesh covers a pixel."""
        size = self._ends.size
        owners = np.full((size, size), -1, np.int32)
        corners = shape[self._triangles]
        order = np.argsort(np.abs(_areas(corners)))
        # The largest last: where the mesh folds, the triangle that matters more is seen.
        for index in order:
            if abs(_areas(corners[index : index + 1])[0]) < _SMALLEST_AREA:
                continue
            fixed = np.round(corners[index] * (1 << _SUBPIXEL_BITS)).astype(np.int32)
            cv2.fillConvexPoly(owners, fixed, int(index), shift=_SUBPIXEL_BITS)
        return _filled(owners)

    def _positions(
        self, owners: NDArray[np.int32], shape: NDArray[np.float64], points: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """(S, S, 2): where each pixel of the in-between lies in one of the pictures."""
        here, there = shape[self._triangles], points[self._triangles]
        matrices = np.zeros((len(here), 2, 3))
        usable = np.abs(_areas(here)) >= _SMALLEST_AREA
        ones = np.ones((int(usable.sum()), 3, 1))
        solved = np.linalg.solve(np.concatenate([here[usable], ones], axis=2), there[usable])
        matrices[usable] = solved.transpose(0, 2, 1)
        chosen = matrices[owners]
        grid = pixel_positions(self._ends.size)
        return np.asarray(np.einsum("hwij,hwj->hwi", chosen[..., :2], grid) + chosen[..., 2], np.float32)


def _border(size: int) -> Points:
    along = np.linspace(0, size - 1, BORDER_POINTS)
    still = np.zeros_like(along)
    sides = [(along, still), (along, still + size - 1), (still, along), (still + size - 1, along)]
    points = np.concatenate([np.stack(side, axis=-1) for side in sides])
    return np.asarray(np.unique(points, axis=0), np.float32)


def _areas(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) signed areas of (N, 3, 2) triangles."""
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return np.asarray((first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]) / 2, np.float64)


def _filled(owners: NDArray[np.int32]) -> NDArray[np.int32]:
    """Pixels between triangles get the nearest one's."""
    missing = (owners < 0).astype(np.uint8)
    if not missing.any():
        return owners
    _, nearest = cv2.distanceTransformWithLabels(missing, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    known = np.flatnonzero(missing.ravel() == 0)
    by_label = np.zeros(int(nearest.max()) + 1, np.int32)
    by_label[nearest.ravel()[known]] = owners.ravel()[known]
    filled: NDArray[np.int32] = by_label[nearest]
    return filled
