"""Rectangles, similarity transforms and grids. Pixel centres lie at integers; points are (x, y)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fvae_studio.errors import GeometryError

Points: TypeAlias = NDArray[np.float32]
"""(N, 2) positions (x, y)."""


@dataclass(frozen=True, order=True)
class Rect:
    """A rectangle of whole pixels: columns x..x+width-1, rows y..y+height-1."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """First column beyond the rectangle."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """First row beyond the rectangle."""
        return self.y + self.height

    @property
    def area(self) -> int:
        """Number of pixels."""
        return self.width * self.height

    @property
    def is_empty(self) -> bool:
        """Whether it holds no pixel."""
        return self.width <= 0 or self.height <= 0

    @property
    def center(self) -> tuple[float, float]:
        """Middle, in pixel coordinates."""
        return self.x + (self.width - 1) / 2, self.y + (self.height - 1) / 2

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of these pixels in an array of rows."""
        return slice(self.y, self.bottom), slice(self.x, self.right)

    def within(self, outer: Rect) -> tuple[slice, slice]:
        """Index of these pixels in an array that holds those of `outer`."""
        return Rect(self.x - outer.x, self.y - outer.y, self.width, self.height).slices

    def intersect(self, other: Rect) -> Rect:
        """Pixels in both; empty (zero width or height) when they do not meet."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        return Rect(x, y, max(0, min(self.right, other.right) - x), max(0, min(self.bottom, other.bottom) - y))

    def grow(self, margin: int) -> Rect:
        """Larger by `margin` pixels on each side."""
        return Rect(self.x - margin, self.y - margin, self.width + 2 * margin, self.height + 2 * margin)

    @staticmethod
    def around(points: Points) -> Rect:
        """The smallest rectangle whose pixels contain all points."""
        low, high = np.floor(points.min(axis=0)), np.ceil(points.max(axis=0))
        return Rect(int(low[0]), int(low[1]), int(high[0] - low[0]) + 1, int(high[1] - low[1]) + 1)


def box_corners(left: float, top: float, right: float, bottom: float) -> Points:
    """(4, 2): the corners of an upright box."""
    return np.array([[left, top], [right, top], [left, bottom], [right, bottom]], np.float32)


@dataclass(frozen=True)
class SimilarityTransform:
    """p -> L p + t with L = [[a, -b], [b, a]]: a turn and a scaling, never a reflection.

    Hashable, so that caches may use it as a key.
    """

    a: float
    b: float
    tx: float
    ty: float

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (self.a, self.b, self.tx, self.ty))) or self.scale < 1e-9:
            raise GeometryError(f"not a similarity transform: a={self.a}, b={self.b}, t=({self.tx}, {self.ty})")

    @property
    def scale(self) -> float:
        """Length of the image of a unit vector."""
        return math.hypot(self.a, self.b)

    @property
    def angle(self) -> float:
        """Turn in radians, positive from x towards y (clockwise on the screen)."""
        return math.atan2(self.b, self.a)

    @property
    def linear(self) -> NDArray[np.float64]:
        """(2, 2) L."""
        return np.array([[self.a, -self.b], [self.b, self.a]])

    @property
    def matrix(self) -> NDArray[np.float64]:
        """(2, 3) [L | t]."""
        return np.array([[self.a, -self.b, self.tx], [self.b, self.a, self.ty]])

    @property
    def inverse(self) -> SimilarityTransform:
        """The transform back."""
        squared = self.a * self.a + self.b * self.b
        a, b = self.a / squared, -self.b / squared
        return SimilarityTransform(a, b, -(a * self.tx - b * self.ty), -(b * self.tx + a * self.ty))

    def then(self, after: SimilarityTransform) -> SimilarityTransform:
        """First this, then `after`."""
        return SimilarityTransform(
            after.a * self.a - after.b * self.b,
            after.b * self.a + after.a * self.b,
            after.a * self.tx - after.b * self.ty + after.tx,
            after.b * self.tx + after.a * self.ty + after.ty,
        )

    def apply(self, points: NDArray[np.floating[Any]]) -> Points:
        """Transform (..., 2) positions."""
        x, y = points[..., 0], points[..., 1]
        moved = np.stack([self.a * x - self.b * y + self.tx, self.b * x + self.a * y + self.ty], axis=-1)
        rounded: Points = moved.astype(np.float32)
        return rounded

    def apply_to_pixels(self, rect: Rect) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """X and y, each (rect.height, rect.width), of where every pixel of a rectangle goes."""
        grid = np.stack(np.meshgrid(np.arange(rect.x, rect.right), np.arange(rect.y, rect.bottom)), axis=-1)
        at = self.apply(grid.astype(np.float64))
        return np.ascontiguousarray(at[..., 0]), np.ascontiguousarray(at[..., 1])

    def apply_linear(self, vectors: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """Transform (..., 2) displacements: L v, without the translation."""
        x, y = vectors[..., 0], vectors[..., 1]
        return np.stack([self.a * x - self.b * y, self.b * x + self.a * y], axis=-1).astype(np.float32)

    @staticmethod
    def identity() -> SimilarityTransform:
        """The transform that moves nothing."""
        return SimilarityTransform(1.0, 0.0, 0.0, 0.0)

    @staticmethod
    def resize(source_size: int, target_size: int) -> SimilarityTransform:
        """Between two square grids that cover the same area, pixel centres at integers."""
        scale = target_size / source_size
        return SimilarityTransform(scale, 0.0, (scale - 1) / 2, (scale - 1) / 2)

    @staticmethod
    def fit(source: NDArray[np.floating[Any]], target: NDArray[np.floating[Any]]) -> SimilarityTransform:
        """Least squares over pairs of points (Umeyama 1991, without reflection).

        Args:
            source: (N, 2), N >= 2, not all in one place.
            target: (N, 2).

        Raises:
            GeometryError: too few points, or they coincide.
        """
        p, q = np.asarray(source, np.float64), np.asarray(target, np.float64)
        if p.shape != q.shape or p.ndim != 2 or p.shape[1] != 2 or len(p) < 2:
            raise GeometryError(f"a similarity needs two equal lists of at least 2 points, not {p.shape} and {q.shape}")
        p0, q0 = p.mean(axis=0), q.mean(axis=0)
        dp, dq = p - p0, q - q0
        spread = float((dp**2).sum())
        if not spread > 1e-12:
            raise GeometryError("a similarity cannot be found from points that coincide")
        a = float((dp * dq).sum()) / spread
        b = float((dp[:, 0] * dq[:, 1] - dp[:, 1] * dq[:, 0]).sum()) / spread
        return SimilarityTransform(a, b, float(q0[0] - a * p0[0] + b * p0[1]), float(q0[1] - b * p0[0] - a * p0[1]))
