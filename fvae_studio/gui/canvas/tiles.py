"""The photo as tiles at several sizes, made behind the window's back.

Levels (`core.levels`) and tiles are computed by a few threads of a pool. The canvas draws what is there and is told
when more is: it never waits, whatever the photo's size.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, QRectF, QThreadPool, Signal, Slot
from PySide6.QtGui import QImage

from fvae_studio.core.levels import highest_level, reduce_photo
from fvae_studio.core.types import Photo
from fvae_studio.gui.canvas.job import Job
from fvae_studio.gui.qimage import to_qimage

TILE: Final = 512
"""Side of a tile in pixels of its level."""

CACHE_BYTES: Final = 256 * 2**20
"""Tiles that are kept; the oldest leave first."""

OVERVIEW_PX: Final = 1024
"""Longer side, at most, of the small copy that stands in for tiles that are not made yet."""


@dataclass(frozen=True)
class TileKey:
    """Which tile: level, column, row."""

    level: int
    column: int
    row: int

    @property
    def rect(self) -> QRectF:
        """What it covers, photo positions."""
        side = TILE << self.level
        return QRectF(self.column * side, self.row * side, side, side)


class PhotoTiles(QObject):
    """Tiles of one photo.

    Args:
        photo: by reference; level 0 is read where it lies.
        pool: threads.
        parent: owner.
    """

    changed = Signal()
    """Something new can be drawn."""
    _level_made = Signal(int, object)
    _tile_made = Signal(object, object)

    def __init__(self, photo: Photo, pool: QThreadPool, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.photo = photo
        self._pool = pool
        self._levels: dict[int, Photo] = {0: photo}
        self._tiles: OrderedDict[TileKey, QImage] = OrderedDict()
        self._asked: set[TileKey] = set()
        self._bytes = 0
        self._closed = False
        longer = max(photo.width, photo.height)
        self.top_level = min(highest_level(photo), max(0, (longer - 1).bit_length() - OVERVIEW_PX.bit_length() + 1))
        self.overview: QImage | None = None
        self._level_made.connect(self._on_level_made)
        self._tile_made.connect(self._on_tile_made)
        self._start_levels()

    def close(self) -> None:
        """Nothing more is made for this photo; jobs that run finish without being heard."""
        self._closed = True
        self._tiles.clear()

    def tile(self, key: TileKey) -> QImage | None:
        """The tile, if it is there; else it is asked for and announced by `changed`."""
        image = self._tiles.get(key)
        if image is not None:
            self._tiles.move_to_end(key)
            return image
        source = self._levels.get(key.level)
        if source is not None and key not in self._asked:
            self._asked.add(key)
            made, me = self._tile_made, weakref.ref(self)

            def cut() -> None:
                owner = me()
                if owner is None or owner._closed:
                    return
                x, y = key.column * TILE, key.row * TILE
                window = (slice(y, y + TILE), slice(x, x + TILE))
                alpha = None if source.alpha is None else source.alpha[window]
                image = to_qimage(source.pixels[window], source.metadata.icc, alpha)
                with suppress(RuntimeError):  # the window went away meanwhile
                    made.emit(key, image)

            self._pool.start(Job(cut), 1)
        return None

    def keys_in(self, rect: QRectF, level: int) -> list[TileKey]:
        """The tiles of a level that meet a part of the photo, from the middle outwards."""
        size = self._size(level)
        side = TILE << level
        columns = range(max(0, int(rect.left() // side)), min(-(-size[0] // TILE), int(rect.right() // side) + 1))
        rows = range(max(0, int(rect.top() // side)), min(-(-size[1] // TILE), int(rect.bottom() // side) + 1))
        centre = rect.center()

        def distance(key: TileKey) -> float:
            middle = key.rect.center()
            return abs(middle.x() - centre.x()) + abs(middle.y() - centre.y())

        return sorted((TileKey(level, column, row) for row in rows for column in columns), key=distance)

    def pixel(self, x: int, y: int) -> tuple[int, int, int] | None:
        """The photo's own value, in its own depth; None outside."""
        if not (0 <= x < self.photo.width and 0 <= y < self.photo.height):
            return None
        red, green, blue = self.photo.pixels[y, x].tolist()
        return red, green, blue

    def _size(self, level: int) -> tuple[int, int]:
        return self.photo.width >> level, self.photo.height >> level

    def _start_levels(self) -> None:
        made, me, photo, top = self._level_made, weakref.ref(self), self.photo, self.top_level

        def reduce() -> None:
            # The smallest first, in one step: something to look at within a moment. Then the others, each from the one
            # before, which is the same up to a rounding and far cheaper for large photos.
            for level, smaller in _levels(photo, top):
                owner = me()
                if owner is None or owner._closed:
                    return
                overview = None
                if level == top:
                    overview = to_qimage(smaller.pixels, smaller.metadata.icc, smaller.alpha)
                with suppress(RuntimeError):  # the window went away meanwhile
                    made.emit(level, (smaller, overview))

        self._pool.start(Job(reduce), 2)

    @Slot(int, object)
    def _on_level_made(self, level: int, made: tuple[Photo, QImage | None]) -> None:
        if self._closed:
            return
        smaller, overview = made
        self._levels.setdefault(level, smaller)
        if overview is not None:
            self.overview = overview
        self.changed.emit()

    @Slot(object, object)
    def _on_tile_made(self, key: TileKey, image: QImage) -> None:
        if self._closed:
            return
        self._asked.discard(key)
        self._tiles[key] = image
        self._bytes += image.sizeInBytes()
        while self._bytes > CACHE_BYTES and len(self._tiles) > 1:
            _, oldest = self._tiles.popitem(last=False)
            self._bytes -= oldest.sizeInBytes()
        self.changed.emit()


def _levels(photo: Photo, top: int) -> Iterator[tuple[int, Photo]]:
    """(top, the smallest copy), then (1, half the photo), (2, a quarter), ... up to top - 1."""
    yield top, reduce_photo(photo, top)
    current = photo
    for level in range(1, top):
        current = reduce_photo(current, 1)
        yield level, current
