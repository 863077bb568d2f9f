"""Drawing tiles and edited regions at any zoom."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from fvae_studio.gui.canvas.edit_layer import EditLayer
from fvae_studio.gui.canvas.placement import Placement
from fvae_studio.gui.canvas.tiles import PhotoTiles

PIXELS_FROM: Final = 4.0
"""From this zoom on, pixels are shown as squares."""

_CHECKER_PX: Final = 10


def paint_photo(
    painter: QPainter,
    placement: Placement,
    tiles: PhotoTiles,
    layer: EditLayer | None,
    *,
    clip: QRectF,
    device_ratio: float,
) -> None:
    """Draw the visible part of the photo, with the edit over it.

    Args:
        painter: of the view, clipped.
        placement: of the photo.
        tiles: of the photo; what is not there yet is drawn from a smaller copy.
        layer: the edit, or None for the original.
        clip: the part of the view to fill.
        device_ratio: device pixels per view pixel.
    """
    photo = tiles.photo
    whole = QRectF(0, 0, photo.width, photo.height)
    top_left, bottom_right = placement.to_photo(clip.topLeft()), placement.to_photo(clip.bottomRight())
    seen = QRectF(top_left, bottom_right).intersected(whole)
    if seen.isEmpty():
        return
    painter.save()
    painter.setClipRect(placement.rect_to_view(whole), Qt.ClipOperation.IntersectClip)
    smooth = placement.zoom * device_ratio < PIXELS_FROM
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    # Without antialiasing, tiles that share an edge share no pixel and leave none out.
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    if photo.alpha is not None:
        _paint_checkers(painter, placement.rect_to_view(seen))
    level = min(placement.level(device_ratio), tiles.top_level)
    keys = tiles.keys_in(seen, level)
    found = [(key, tiles.tile(key)) for key in keys] if level < tiles.top_level or tiles.overview is None else []
    if len(found) == 0 or any(image is None for _, image in found):
        _paint_overview(painter, placement, tiles, level)
    for key, image in found:
        if image is not None:
            side = 1 << level
            covered = QRectF(key.rect.left(), key.rect.top(), image.width() * side, image.height() * side)
            painter.drawImage(placement.rect_to_view(covered), image)
    if layer is not None:
        for picture in layer.pictures(level):
            painter.drawImage(placement.rect_to_view(picture.rect), picture.image)
    painter.restore()


def _paint_overview(painter: QPainter, placement: Placement, tiles: PhotoTiles, level: int) -> None:
    if tiles.overview is None:
        return
    side = 1 << tiles.top_level
    covered = QRectF(0, 0, tiles.overview.width() * side, tiles.overview.height() * side)
    if level < tiles.top_level:
        # It stands in for tiles and must look soft, not like large squares.
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
    painter.drawImage(placement.rect_to_view(covered), tiles.overview)


def _paint_checkers(painter: QPainter, rect: QRectF) -> None:
    painter.fillRect(rect, QColor(200, 200, 200))
    for row in range(int(rect.top() // _CHECKER_PX), int(rect.bottom() // _CHECKER_PX) + 1):
        for column in range(int(rect.left() // _CHECKER_PX), int(rect.right() // _CHECKER_PX) + 1):
            if (row + column) % 2:
                square = QRectF(column * _CHECKER_PX, row * _CHECKER_PX, _CHECKER_PX, _CHECKER_PX)
                painter.fillRect(square.intersected(rect), QColor(150, 150, 150))
