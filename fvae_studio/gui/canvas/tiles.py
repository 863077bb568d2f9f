"""The photo as tiles at several sizes, made behind the window's back.

The canvas says what it sees (`want`), draws what is there, and is told when more is: it never waits, whatever the
photo's size. What went out of sight before its turn came is not made.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage

from fvae_studio.core.levels import highest_level, reduce_photo
from fvae_studio.core.types import Photo
from fvae_studio.gui.canvas.background import Background
from fvae_studio.gui.qimage import to_qimage

TILE: Final = 512
"""Side of a tile in pixels of its level."""

CACHE_BYTES: Final = 256 * 2**20
"""Tiles that are kept; the oldest leave first, but none that is seen."""

OVERVIEW_PX: Final = 1024
"""Longer side, at most, of the small copy that stands in for tiles that are not made yet."""

_AT_ONCE: Final = 4
"""Tiles that are being made or wait for a thread; the others can still be called off."""


@dataclass(frozen=True)
class TileKey:
    """Which tile: level, column, row."""

    level: int
    column: int
    row: int

    @property
    def parent(self) -> TileKey:
        """The tile of the next smaller copy that covers it."""
        return TileKey(self.level + 1, self.column // 2, self.row // 2)

    @property
    def children(self) -> tuple[TileKey, ...]:
        """The four tiles of the next larger copy."""
        x, y = 2 * self.column, 2 * self.row
        return tuple(TileKey(self.level - 1, x + i, y + j) for j in (0, 1) for i in (0, 1)) if self.level else ()


@dataclass(frozen=True, eq=False)
class Tile:
    """A tile and a margin of one pixel, where the photo has one: neighbours meet without a seam at any zoom.

    Attributes:
        image: the pixels.
        covered: what they cover, margin included, photo positions.
        rect: the tile's own part of it.
    """

    image: QImage
    covered: QRectF
    rect: QRectF


class PhotoTiles:
    """Tiles of one photo.

    Args:
        photo: by reference; level 0 is read where it lies.
        background: threads.
        changed: called when something new can be drawn.
        screen: profile of the screen; None for sRGB.
    """

    def __init__(
        self, photo: Photo, background: Background, changed: Callable[[], None], *, screen: bytes | None = None
    ) -> None:
        self.photo = photo
        self._screen = screen
        longer = max(photo.width, photo.height)
        self.top_level = min(highest_level(photo), max(0, (longer - 1).bit_length() - OVERVIEW_PX.bit_length() + 1))
        self.overview: Tile | None = None
        self._background, self._changed = background, changed
        self._levels: dict[int, Photo] = {0: photo}
        self._tiles: OrderedDict[TileKey, Tile] = OrderedDict()
        self._wanted: tuple[TileKey, ...] = ()
        self._asked: set[TileKey] = set()
        self._bytes = 0
        self._is_closed = False
        background.run(self._make_overview, self._take_overview, priority=2)

    def close(self) -> None:
        """Nothing more is made for this photo; what runs finishes without being heard."""
        self._is_closed = True
        self._wanted = ()
        self._tiles.clear()

    @property
    def is_complete(self) -> bool:
        """Whether all that is wanted is there."""
        return self.overview is not None and not self._asked and all(key in self._tiles for key in self._wanted)

    def find(self, key: TileKey) -> Tile | None:
        """The tile, if it is there."""
        return self._tiles.get(key)

    def want(self, seen: Sequence[TileKey], ahead: Iterable[TileKey] = ()) -> None:
        """What can be seen now, the most important first, and what may be seen next; all other wishes are dropped."""
        self._wanted = (*seen, *ahead)
        for key in seen:
            if key in self._tiles:
                self._tiles.move_to_end(key)
        self._start_tiles()

    def keys_in(self, rect: QRectF, level: int, *, margin: int = 0) -> list[TileKey]:
        """The tiles of a level that meet a part of the photo (and `margin` more around), from the middle outwards."""
        size = (self.photo.width, self.photo.height)
        return list(_keys_in(size, rect.left(), rect.top(), rect.right(), rect.bottom(), level, margin))

    def rect_of(self, key: TileKey) -> QRectF:
        """What a tile covers, photo positions."""
        side = TILE << key.level
        right = min(side * (key.column + 1), self.photo.width >> key.level << key.level)
        bottom = min(side * (key.row + 1), self.photo.height >> key.level << key.level)
        return QRectF(side * key.column, side * key.row, right - side * key.column, bottom - side * key.row)

    def pixel(self, x: int, y: int) -> tuple[int, int, int] | None:
        """The photo's own value, in its own depth; None outside."""
        if not (0 <= x < self.photo.width and 0 <= y < self.photo.height):
            return None
        red, green, blue = self.photo.pixels[y, x].tolist()
        return red, green, blue

    # --- in a thread ---

    def _make_overview(self) -> tuple[Photo, Tile]:
        # In one step from the photo: something to look at within a moment.
        smaller = reduce_photo(self.photo, self.top_level)
        image = to_qimage(smaller.pixels, smaller.metadata.icc, smaller.alpha, screen=self._screen)
        covered = QRectF(0, 0, smaller.width << self.top_level, smaller.height << self.top_level)
        return smaller, Tile(image, covered, covered)

    def _make_level(self, level: int, source: Photo) -> tuple[int, Photo]:
        return level, reduce_photo(source, 1)

    def _make_tile(self, key: TileKey) -> tuple[TileKey, Tile | None]:
        if self._is_closed or key not in self._wanted:
            return key, None
        level = max(known for known in tuple(self._levels) if known <= key.level)
        source = self._levels[level]
        factor = 1 << (key.level - level)
        width, height = source.width // factor, source.height // factor
        left, top = max(0, key.column * TILE - 1), max(0, key.row * TILE - 1)
        right, bottom = min(width, (key.column + 1) * TILE + 1), min(height, (key.row + 1) * TILE + 1)
        window = (slice(top * factor, bottom * factor), slice(left * factor, right * factor))
        pixels, alpha = source.pixels[window], None if source.alpha is None else source.alpha[window]
        if factor > 1:
            cut = Photo(np.ascontiguousarray(pixels), None if alpha is None else np.ascontiguousarray(alpha))
            cut = reduce_photo(cut, key.level - level)
            pixels, alpha = cut.pixels, cut.alpha
        image = to_qimage(pixels, self.photo.metadata.icc, alpha, screen=self._screen)
        scale = 1 << key.level
        covered = QRectF(left * scale, top * scale, (right - left) * scale, (bottom - top) * scale)
        return key, Tile(image, covered, self.rect_of(key))

    # --- in the window's thread ---

    def _take_overview(self, made: tuple[Photo, Tile] | None) -> None:
        if made is None or self._is_closed:
            return
        smaller, self.overview = made
        self._levels.setdefault(self.top_level, smaller)
        self._start_level(1)
        self._start_tiles()
        self._changed()

    def _start_level(self, level: int) -> None:
        # Each from the one before: the same up to a rounding, and far cheaper for large photos.
        if level < self.top_level:
            self._background.run(partial(self._make_level, level, self._levels[level - 1]), self._take_level)

    def _take_level(self, made: tuple[int, Photo] | None) -> None:
        if made is not None and not self._is_closed:
            level, smaller = made
            self._levels[level] = smaller
            self._start_level(level + 1)

    def _start_tiles(self) -> None:
        for key in self._wanted:
            if len(self._asked) >= _AT_ONCE:
                return
            if key not in self._asked and key not in self._tiles:
                self._asked.add(key)
                self._background.run(partial(self._make_tile, key), partial(self._take_tile, key), priority=1)

    def _take_tile(self, key: TileKey, made: tuple[TileKey, Tile | None] | None) -> None:
        self._asked.discard(key)
        if self._is_closed:
            return
        tile = made[1] if made is not None else None
        if tile is not None:
            self._tiles[key] = tile
            self._bytes += tile.image.sizeInBytes()
            self._drop_oldest()
            self._changed()
        elif made is None:
            # It cannot be made: asking again and again would not help.
            self._wanted = tuple(wanted for wanted in self._wanted if wanted != key)
        self._start_tiles()

    def _drop_oldest(self) -> None:
        kept = frozenset(self._wanted)
        for key in [known for known in self._tiles if known not in kept]:
            if self._bytes <= CACHE_BYTES:
                return
            self._bytes -= self._tiles.pop(key).image.sizeInBytes()


def ancestors(key: TileKey, top_level: int) -> Iterator[TileKey]:
    """Tiles of ever smaller copies that cover a tile, the sharpest first."""
    while key.level < top_level:
        key = key.parent
        yield key


@lru_cache(maxsize=16)
def _keys_in(
    size: tuple[int, int], left: float, top: float, right: float, bottom: float, level: int, margin: int
) -> tuple[TileKey, ...]:
    # Remembered: while a slider moves, every picture is drawn over the same tiles.
    side = TILE << level
    width, height = (max(1, length >> level) for length in size)
    columns = range(max(0, int(left // side) - margin), min(-(-width // TILE), int(right // side) + 1 + margin))
    rows = range(max(0, int(top // side) - margin), min(-(-height // TILE), int(bottom // side) + 1 + margin))
    x, y = (left + right) / 2 / side - 0.5, (top + bottom) / 2 / side - 0.5
    keys = (TileKey(level, column, row) for row in rows for column in columns)
    return tuple(sorted(keys, key=lambda key: abs(key.column - x) + abs(key.row - y)))
