"""Where to look for faces in a big photo: a pyramid of reduced copies, tiles on them, and one list of what was seen."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.geometry import Points, SimilarityTransform
from fvae_studio.core.types import Photo

NetName: TypeAlias = Literal["full", "short"]

TILE: Final = 192
"""Side of a tile: what the full-range network takes."""

_FINEST_FACTOR: Final = 4.0
_FINEST_AT: Final = 24e6
"""A photo of 24 megapixels is reduced four times at most: a face of 48 pixels keeps 12, which the network sees."""

_LEAST_FACTOR: Final = 3.0
_LEVEL_STEP: Final = 3.0
_LAST_LEVEL: Final = 0.7
"""Of the whole photo's factor: a level that is reduced further shows little more than the whole photo does."""

_SEEN_FROM: Final = 10.0
"""Pixels between the ears from which the full-range network sees a face."""

_FLAT: Final = 2.0
"""A tile with less contrast (standard deviation of its greenish channel, 0..255) holds no face."""


@dataclass(frozen=True)
class Tile:
    """One look at the photo.

    Attributes:
        x: left edge, in pixels of the reduced copy.
        y: top edge.
        factor: photo pixels per pixel of the reduced copy.
        net: which network looks.
        size: side, in pixels of the reduced copy; the tile may reach beyond it.
    """

    x: int
    y: int
    factor: float
    net: NetName
    size: int


@dataclass(frozen=True)
class Candidate:
    """Perhaps a face: where, in photo pixels.

    Attributes:
        score: of the network that saw it.
        center: (x, y).
        size: about the distance between the ears.
    """

    score: float
    center: tuple[float, float]
    size: float


def plan_tiles(width: int, height: int) -> tuple[Tile, ...]:
    """Tiles that together show every face of a photo from about 48 px (in 24 megapixels) to one that fills it.

    The number of tiles hardly grows with the photo: beyond 24 megapixels the smallest face grows with it.
    """
    longer = max(width, height)
    whole = max(1.0, longer / TILE)
    tiles = [
        Tile(0, 0, whole, "full", TILE),
        # The short network is surer of tilted faces, and half as large a copy shows those that fill the photo.
        Tile(0, 0, max(1.0, longer / 128), "short", 128),
        _centred_tile(width, height, max(1.0, longer / 64), "short", 128),
    ]
    factor = max(_LEAST_FACTOR, _FINEST_FACTOR * math.sqrt(width * height / _FINEST_AT))
    while factor < whole * _LAST_LEVEL:
        # The next level, or the whole photo where there is none.
        coarser = factor * _LEVEL_STEP if factor * _LEVEL_STEP < whole * _LAST_LEVEL else whole
        # A face that the coarser level cannot see yet must lie whole in one tile of this level.
        overlap = min(TILE // 2, math.ceil(1.3 * _SEEN_FROM * coarser / factor))
        columns, rows = (_starts(math.ceil(side / factor), overlap) for side in (width, height))
        tiles += [Tile(x, y, factor, "full", TILE) for y in rows for x in columns]
        factor *= _LEVEL_STEP
    return tuple(tiles)


def _centred_tile(width: int, height: int, factor: float, net: NetName, size: int) -> Tile:
    x, y = (round((side / factor - size) / 2) for side in (width, height))
    return Tile(x, y, factor, net, size)


def _starts(length: int, overlap: int) -> list[int]:
    if length <= TILE:
        return [0]
    count = math.ceil((length - overlap) / (TILE - overlap))
    return [round(i * (length - TILE) / (count - 1)) for i in range(count)]


class PhotoPyramid:
    """A photo and its halved copies, 8 bit: quick to cut squares from at any scale.

    Args:
        photo: any depth.
    """

    def __init__(self, photo: Photo) -> None:
        self.width, self.height = photo.width, photo.height
        self._halves: list[NDArray[np.generic]] = [photo.pixels]
        self._reduced: dict[float, NDArray[np.uint8]] = {}

    def reduced(self, factor: float) -> NDArray[np.uint8]:
        """The whole photo with `factor` photo pixels per pixel; positions are p / factor."""
        if factor not in self._reduced:
            source, halved = self._half(factor)
            size = max(1, round(self.width / factor)), max(1, round(self.height / factor))
            if (source.shape[1], source.shape[0]) != size:
                left = factor / halved
                # Area averaging by a broken factor is slow; below 1.6 linear sampling skips nothing that matters.
                kind = cv2.INTER_LINEAR if left < 1.6 else cv2.INTER_AREA
                source = cv2.resize(source, size, interpolation=kind)
            self._reduced[factor] = _as_8_bit(source)
        return self._reduced[factor]

    def cut(self, to_crop: SimilarityTransform, size: int) -> NDArray[np.uint8]:
        """A square, padded by the photo's edge where it reaches beyond.

        Args:
            to_crop: photo pixels -> pixels of the square.
            size: its side.
        """
        source, halved = self._half(1 / to_crop.scale)
        from_half = SimilarityTransform(float(halved), 0.0, (halved - 1) / 2, (halved - 1) / 2)
        warped = cv2.warpAffine(
            np.ascontiguousarray(source) if source.shape[0] * source.shape[1] < 1 << 20 else source,
            from_half.then(to_crop).inverse.matrix,
            (size, size),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return _as_8_bit(warped)

    def _half(self, factor: float) -> tuple[NDArray[np.generic], int]:
        """The smallest copy that still has as many pixels as a reduction by `factor` wants, and its own factor."""
        wanted = max(0, math.floor(math.log2(max(1.0, factor)) + 1e-6))
        while len(self._halves) <= wanted:
            last = self._halves[-1]
            height, width = last.shape[0] // 2, last.shape[1] // 2
            if min(height, width) < 1:
                break
            # Whole pairs only: then a pixel of the copy is the mean of exactly four, and positions stay exact.
            self._halves.append(
                cv2.resize(last[: height * 2, : width * 2], (width, height), interpolation=cv2.INTER_AREA)
            )
        level = min(wanted, len(self._halves) - 1)
        return self._halves[level], 2**level


def tile_pixels(pyramid: PhotoPyramid, tile: Tile) -> NDArray[np.uint8] | None:
    """The square that the network is shown; beyond the photo it is black. None if it is too flat to hold a face."""
    image = pyramid.reduced(tile.factor)
    x0, y0 = max(0, tile.x), max(0, tile.y)
    part = image[y0 : max(y0, tile.y + tile.size), x0 : max(x0, tile.x + tile.size)]
    if part.size == 0 or float(part[..., 1].std()) < _FLAT:
        return None
    if part.shape[:2] == (tile.size, tile.size):
        return part
    square = np.zeros((tile.size, tile.size, 3), np.uint8)
    square[y0 - tile.y :, x0 - tile.x :][: part.shape[0], : part.shape[1]] = part
    return square


def to_photo(tile: Tile, center: tuple[float, float]) -> tuple[float, float]:
    """A position on a tile in photo pixels."""
    return (tile.x + center[0] + 0.5) * tile.factor - 0.5, (tile.y + center[1] + 0.5) * tile.factor - 0.5


def merge(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """One candidate per face, best first; of several sightings of one face the one with the highest score stays."""
    kept: list[Candidate] = []
    # Position breaks ties, so that the outcome never depends on the order in which tiles were looked at.
    for candidate in sorted(candidates, key=lambda c: (-c.score, c.center, c.size)):
        if not any(_same_face(candidate, other) for other in kept):
            kept.append(candidate)
    return tuple(kept)


def _same_face(a: Candidate, b: Candidate) -> bool:
    apart = math.dist(a.center, b.center)
    return apart < 0.4 * max(a.size, b.size) and max(a.size, b.size) < 2.5 * min(a.size, b.size)


def crop_around(candidate: Candidate, size: int, *, widths: float) -> SimilarityTransform:
    """Photo pixels -> an upright square of `widths` face widths around a candidate."""
    scale = size / (widths * candidate.size)
    middle = (size - 1) / 2
    return SimilarityTransform(scale, 0.0, middle - scale * candidate.center[0], middle - scale * candidate.center[1])


def quarter_turn(turns: int, size: int) -> SimilarityTransform:
    """Pixels of a square -> pixels of `np.rot90(square, turns)` (counter-clockwise on the screen)."""
    last = size - 1.0
    return (
        SimilarityTransform.identity(),
        SimilarityTransform(0.0, -1.0, 0.0, last),
        SimilarityTransform(-1.0, 0.0, last, last),
        SimilarityTransform(0.0, 1.0, last, 0.0),
    )[turns % 4]


def from_eyes(eyes: Points, *, least_distance: float, size: int) -> SimilarityTransform:
    """Where two eye centres lie -> a square in which they are level, as in the aligned crop but a little smaller.

    Args:
        eyes: (2, 2), the eye at the photo's left for an upright face first.
        least_distance: assumed at least between the eyes: in a head that is turned away they come close together.
        size: side of the square.
    """
    line = eyes[1].astype(np.float64) - eyes[0]
    distance = max(float(np.hypot(*line)), 1e-6)
    scale = 0.25 * size / max(distance, least_distance)
    angle = math.atan2(line[1], line[0])
    a, b = scale * math.cos(-angle), scale * math.sin(-angle)
    middle = eyes.astype(np.float64).mean(axis=0)
    target = (size - 1) / 2, 45.0 * size / CROP_SIZE
    return SimilarityTransform(
        a, b, target[0] - (a * middle[0] - b * middle[1]), target[1] - (b * middle[0] + a * middle[1])
    )


def _as_8_bit(pixels: NDArray[np.generic]) -> NDArray[np.uint8]:
    narrow: NDArray[np.uint8] = (
        np.round(pixels.astype(np.float32) / 257) if pixels.dtype == np.uint16 else pixels
    ).astype(np.uint8, copy=False)
    return narrow
