"""Drawing tiles and edited regions at any zoom, pixel by pixel of the screen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QRegion

from fvae_studio.gui.canvas.edit_layer import EditLayer, Picture
from fvae_studio.gui.canvas.placement import Placement
from fvae_studio.gui.canvas.tiles import PhotoTiles, Tile, TileKey, ancestors

PIXELS_FROM: Final = 4.0
"""From this zoom on, pixels are shown as squares."""

_CHECKER_PX: Final = 10


@dataclass(frozen=True)
class DevicePlacement:
    """Photo positions -> pixels of the screen, whose grid decides where one tile ends and the next begins.

    Attributes:
        origin: of the photo's corner, pixels of the screen.
        zoom: pixels of the screen per photo pixel.
    """

    origin: QPointF
    zoom: float

    @staticmethod
    def of(placement: Placement, pane: QRectF, device_ratio: float) -> DevicePlacement:
        """A snapped placement in a pane of the view."""
        corner = (placement.to_view(0, 0) + pane.topLeft()) * device_ratio
        zoom = placement.zoom * device_ratio
        # 0.9999999 would be resampled where 1 is copied.
        whole = 2.0 ** round(math.log2(zoom))
        return DevicePlacement(
            QPointF(round(corner.x()), round(corner.y())), whole if math.isclose(zoom, whole, rel_tol=1e-9) else zoom
        )

    def to_screen(self, rect: QRectF) -> QRectF:
        """Exactly where a part of the photo lies."""
        x, y = self.origin.x() + rect.left() * self.zoom, self.origin.y() + rect.top() * self.zoom
        return QRectF(x, y, rect.width() * self.zoom, rect.height() * self.zoom)

    def pixels_of(self, rect: QRectF) -> QRect:
        """The pixels of the screen that belong to it; parts that meet share none and leave none out."""
        exact = self.to_screen(rect)
        left, top = math.floor(exact.left() + 0.5), math.floor(exact.top() + 0.5)
        right, bottom = math.floor(exact.right() + 0.5), math.floor(exact.bottom() + 0.5)
        return QRect(left, top, right - left, bottom - top)

    def to_photo(self, rect: QRect) -> QRectF:
        """The part of the photo under some pixels of the screen."""
        x, y = (rect.left() - self.origin.x()) / self.zoom, (rect.top() - self.origin.y()) / self.zoom
        return QRectF(x, y, rect.width() / self.zoom, rect.height() / self.zoom)


def visible_keys(
    placement: Placement, tiles: PhotoTiles, *, device_ratio: float
) -> tuple[list[TileKey], list[TileKey]]:
    """Tiles that are seen, from the middle outwards, and those around them."""
    level = placement.level(device_ratio)
    if level >= tiles.top_level:
        return [], []
    seen = tiles.keys_in(placement.visible, level)
    near = frozenset(seen)
    return seen, [key for key in tiles.keys_in(placement.visible, level, margin=1) if key not in near]


def paint_photo(
    painter: QPainter,
    placement: Placement,
    tiles: PhotoTiles,
    layer: EditLayer | None,
    *,
    pane: QRectF,
    clip: QRectF,
    device_ratio: float,
) -> None:
    """Draw the visible part of the photo, with the edit over it.

    Args:
        painter: of the view.
        placement: of the photo in its pane, snapped.
        tiles: of the photo; what is not there yet is drawn from a smaller copy.
        layer: the edit, or None for the original.
        pane: where the placement's view lies in the widget.
        clip: the part of the widget to fill.
        device_ratio: device pixels per view pixel.
    """
    photo = tiles.photo
    device = DevicePlacement.of(placement, pane, device_ratio)
    whole = QRectF(0, 0, photo.width, photo.height)
    window = QRectF(clip.topLeft() * device_ratio, clip.size() * device_ratio).toAlignedRect()
    shown = device.pixels_of(whole).intersected(window)
    if shown.isEmpty():
        return
    painter.save()
    painter.scale(1 / device_ratio, 1 / device_ratio)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    is_smooth = device.zoom < PIXELS_FROM
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, is_smooth)
    if photo.alpha is not None:
        _paint_checkers(painter, shown)
    level = placement.level(device_ratio)
    pictures = layer.pictures(level) if layer is not None else ()
    bare = _not_under(pictures, device, shown)
    if level >= tiles.top_level:
        _paint_tile(painter, device, tiles.overview, bare)
    else:
        for key in tiles.keys_in(device.to_photo(shown).intersected(whole), level):
            area = bare.intersected(device.pixels_of(tiles.rect_of(key)))
            if area.isEmpty():
                continue
            tile = tiles.find(key)
            if tile is not None:
                _paint_tile(painter, device, tile, area)
            else:
                _paint_stand_ins(painter, device, tiles, key, area)
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, is_smooth)
    for picture in pictures:
        covered = device.pixels_of(picture.rect).intersected(shown)
        if covered.isEmpty():
            continue
        if picture.image.hasAlphaChannel():
            # What shines through is the ground, not the unedited photo.
            _paint_checkers(painter, covered)
        _paint_image(painter, picture.image, device.to_screen(picture.rect), QRegion(covered))
    painter.restore()


def _not_under(pictures: Sequence[Picture], device: DevicePlacement, shown: QRect) -> QRegion:
    """The part of the photo itself that is seen: a moving slider need not draw what its picture covers at once."""
    bare = QRegion(shown)
    for picture in pictures:
        if not picture.image.hasAlphaChannel():
            # A pixel at its rim may be the photo's still, when the picture's edge falls into it.
            bare -= QRegion(device.pixels_of(picture.rect).adjusted(1, 1, -1, -1))
    return bare


def _paint_stand_ins(
    painter: QPainter, device: DevicePlacement, tiles: PhotoTiles, key: TileKey, area: QRegion
) -> None:
    """What is there in a tile's place: the sharpest smaller copy, and over it what is left of a larger one."""
    # It must look soft, not like large squares.
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
    found = (tiles.find(each) for each in ancestors(key, tiles.top_level))
    _paint_tile(painter, device, next((tile for tile in found if tile is not None), tiles.overview), area)
    if tiles.photo.alpha is None:
        for child in key.children:
            tile = tiles.find(child)
            if tile is not None:
                _paint_tile(painter, device, tile, area.intersected(device.pixels_of(tile.rect)))


def _paint_tile(painter: QPainter, device: DevicePlacement, tile: Tile | None, area: QRegion) -> None:
    if tile is not None and not area.isEmpty():
        _paint_image(painter, tile.image, device.to_screen(tile.covered), area)


def _paint_image(painter: QPainter, image: QImage, where: QRectF, area: QRegion) -> None:
    painter.setClipRegion(area)
    if where.width() == image.width() and where.height() == image.height():
        painter.drawImage(where.topLeft(), image)
    else:
        painter.drawImage(where, image)


def _paint_checkers(painter: QPainter, area: QRect) -> None:
    painter.setClipRect(area)
    painter.fillRect(area, QBrush(_checkers()))


@lru_cache(maxsize=1)
def _checkers() -> QImage:
    image = QImage(2 * _CHECKER_PX, 2 * _CHECKER_PX, QImage.Format.Format_RGB32)
    image.fill(QColor(200, 200, 200))
    for y in range(2 * _CHECKER_PX):
        for x in range(2 * _CHECKER_PX):
            if (x // _CHECKER_PX + y // _CHECKER_PX) % 2:
                image.setPixelColor(x, y, QColor(150, 150, 150))
    return image
