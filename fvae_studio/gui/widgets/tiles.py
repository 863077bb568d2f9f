"""A view of pictures with names, in rows that wrap or in one row: what the photo strip and the presets are made of."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Final

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractListModel,
    QEvent,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetrics, QImage, QMouseEvent, QPainter, QPainterPath, QPalette, QPen
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from fvae_studio.gui.icons import paint_icon
from fvae_studio.gui.theme import colours_of

Index = QModelIndex | QPersistentModelIndex
TILE_ROLE: Final = Qt.ItemDataRole.UserRole + 1
PHOTO_MIME: Final = "application/x-fvae-photo"
"""A photo that is dragged out of the strip: its entry id as text."""
_PAD_PX: Final = 4


@dataclass(frozen=True, eq=False)
class Badge:
    """A small mark in a tile's corner.

    Attributes:
        icon: Phosphor name.
        colour: name of a colour of the theme, e.g. "success".
    """

    icon: str
    colour: str = "text"


@dataclass(frozen=True, eq=False)
class Tile:
    """One picture.

    Attributes:
        key: by which it is found again.
        name: below the picture.
        picture: None while there is none.
        badges: in the upper right corner.
        tip: tooltip and accessible text; empty takes the name.
        placeholder: icon in the place of a missing picture.
    """

    key: Hashable
    name: str
    picture: QImage | None = None
    badges: tuple[Badge, ...] = ()
    tip: str = ""
    placeholder: str = "image"


class TileModel(QAbstractListModel):
    """The tiles in order; pictures are kept over a change of the rest."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.tiles: tuple[Tile, ...] = ()
        self.mime_type = ""
        """Tiles can be dragged as this, with their key as text; "" for tiles that stay."""

    def set_tiles(self, tiles: Sequence[Tile]) -> None:
        """Show these; a tile without picture keeps the one that its key had."""
        pictures = {tile.key: tile.picture for tile in self.tiles}
        tiles = tuple(
            tile if tile.picture is not None else replace(tile, picture=pictures.get(tile.key)) for tile in tiles
        )
        if [tile.key for tile in tiles] == [tile.key for tile in self.tiles]:
            self.tiles = tiles
            if tiles:
                self.dataChanged.emit(self.index(0), self.index(len(tiles) - 1))
            return
        self.beginResetModel()
        self.tiles = tiles
        self.endResetModel()

    def set_picture(self, key: Hashable, picture: QImage | None) -> None:
        """Show a picture, if the tile is still there."""
        row = self.row_of(key)
        if row < 0:
            return
        changed = replace(self.tiles[row], picture=picture)
        self.tiles = (*self.tiles[:row], changed, *self.tiles[row + 1 :])
        self.dataChanged.emit(self.index(row), self.index(row))

    def clear_pictures(self) -> None:
        """Forget all pictures."""
        self.tiles = tuple(replace(tile, picture=None) for tile in self.tiles)
        if self.tiles:
            self.dataChanged.emit(self.index(0), self.index(len(self.tiles) - 1))

    def row_of(self, key: Hashable) -> int:
        """Where the tile of that key stands, -1 if nowhere."""
        return next((row for row, tile in enumerate(self.tiles) if tile.key == key), -1)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 (Qt's signature)
        """How many."""
        return 0 if parent.isValid() else len(self.tiles)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Whether a tile can be dragged."""
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsDragEnabled if self.mime_type and index.isValid() else flags

    def mimeTypes(self) -> list[str]:  # noqa: N802
        """What is dragged."""
        return [self.mime_type] if self.mime_type else []

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:  # noqa: N802
        """The key of the dragged tile."""
        data = QMimeData()
        if indexes:
            data.setData(self.mime_type, str(self.tiles[indexes[0].row()].key).encode())
        return data

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Text for views and screen readers; the tile itself for the delegate."""
        tile = self.tiles[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return tile.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(tile.tip or tile.name)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return tile.tip or tile.name
        return tile if role == TILE_ROLE else None


class TileDelegate(QStyledItemDelegate):
    """Paints picture, name, badges and, if tiles can be closed, a cross under the mouse."""

    close_clicked = Signal(object)
    """The key of the tile."""

    def __init__(self, picture_px: QSize, parent: QWidget, *, closable: bool = False, name_lines: int = 1) -> None:
        super().__init__(parent)
        self._view = parent
        self._picture_px = picture_px
        self._closable = closable
        self._name_lines = name_lines

    def sizeHint(self, option: QStyleOptionViewItem, _index: Index) -> QSize:  # noqa: N802
        """Picture and name."""
        return self._picture_px + QSize(2 * _PAD_PX, 2 * _PAD_PX + self._name_height(option))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """One tile."""
        tile: Tile = index.data(TILE_ROLE)
        rect, state, palette = option.rect, option.state, option.palette
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        colours = colours_of(palette)
        picture = self._picture_rect(rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        shape = QPainterPath()
        shape.addRoundedRect(picture, 4, 4)
        painter.fillPath(shape, QColor(colours.hover if hovered else colours.pressed))
        if tile.picture is None:
            painter.setPen(QColor(colours.muted))
            side = round(min(picture.height() * 0.4, 28))
            place = QRect(0, 0, side, side)
            place.moveCenter(picture.center())
            paint_icon(painter, place.toRectF(), tile.placeholder)
        else:
            painter.setClipPath(shape)
            paint_cover(painter, picture, tile.picture)
            painter.setClipping(False)
        if chosen:
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Highlight), 2))
            painter.drawPath(shape)
        self._paint_badges(painter, picture, tile)
        if self._closable and hovered:
            self._paint_disc(painter, self._close_rect(rect), "x-bold", QColor(colours.text), colours.window)
        enabled = bool(state & QStyle.StateFlag.State_Enabled)
        painter.setPen(QColor((colours.text if chosen else colours.muted) if enabled else colours.disabled))
        self._paint_name(painter, QRect(rect.x(), picture.bottom() + 3, rect.width(), self._name_height(option)), tile)
        if state & QStyle.StateFlag.State_HasFocus and not chosen:
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Highlight), 1, Qt.PenStyle.DotLine))
            painter.drawPath(shape)
        painter.restore()

    def editorEvent(  # noqa: N802
        self, event: QEvent, _model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        """A click on the cross closes."""
        if not self._closable or not isinstance(event, QMouseEvent):
            return False
        if not self._close_rect(option.rect).contains(event.position().toPoint()):
            return False
        if event.type() == QEvent.Type.MouseButtonRelease:
            self.close_clicked.emit(index.data(TILE_ROLE).key)
        return event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease)

    def _name_height(self, option: QStyleOptionViewItem) -> int:
        return self._name_lines * option.fontMetrics.lineSpacing() + 5

    def _paint_name(self, painter: QPainter, place: QRect, tile: Tile) -> None:
        lines = lines_of(tile.name, painter.fontMetrics(), place.width() - _PAD_PX, self._name_lines)
        painter.drawText(place, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, "\n".join(lines))

    def _picture_rect(self, rect: QRect) -> QRect:
        left = rect.x() + (rect.width() - self._picture_px.width()) // 2
        return QRect(left, rect.y() + _PAD_PX, self._picture_px.width(), self._picture_px.height())

    def _close_rect(self, rect: QRect) -> QRect:
        picture = self._picture_rect(rect)
        return QRect(picture.x() + 4, picture.y() + 4, 18, 18)

    def _paint_badges(self, painter: QPainter, picture: QRect, tile: Tile) -> None:
        colours = colours_of(self._view.palette())
        right = picture.right() - 3
        for badge in tile.badges:
            self._paint_disc(
                painter,
                QRect(right - 17, picture.y() + 4, 18, 18),
                badge.icon,
                QColor(getattr(colours, badge.colour)),
                colours.window,
            )
            right -= 21

    def _paint_disc(self, painter: QPainter, rect: QRect, icon: str, colour: QColor, ground: str) -> None:
        disc = QColor(ground)
        disc.setAlpha(225)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(disc)
        painter.drawEllipse(rect)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(colour)
        paint_icon(painter, rect.adjusted(3, 3, -3, -3).toRectF(), icon)


class TileView(QListView):
    """A list view of tiles.

    Args:
        picture_px: size of the pictures.
        in_one_row: a strip that scrolls sideways, instead of rows that wrap.
        closable: a cross appears under the mouse.
        name_lines: room for names.
        mime_type: as what tiles can be dragged; "" for tiles that stay.
    """

    def __init__(
        self,
        picture_px: QSize,
        parent: QWidget | None = None,
        *,
        in_one_row: bool = False,
        closable: bool = False,
        name_lines: int = 1,
        mime_type: str = "",
    ) -> None:
        super().__init__(parent)
        self.tile_model = TileModel(self)
        self.delegate = TileDelegate(picture_px, self, closable=closable, name_lines=name_lines)
        self.setModel(self.tile_model)
        self.setItemDelegate(self.delegate)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setMovement(QListView.Movement.Static)
        self.tile_model.mime_type = mime_type
        self.setDragEnabled(bool(mime_type))
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setWrapping(not in_one_row)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setMouseTracking(True)
        self.setSpacing(1)
        self.setProperty("role", "flat")
        scroll_off = Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        (self.setVerticalScrollBarPolicy if in_one_row else self.setHorizontalScrollBarPolicy)(scroll_off)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)

    def tile_at(self, index: Index) -> Tile | None:
        """The tile of an index, None for an invalid one."""
        return self.tile_model.tiles[index.row()] if index.isValid() else None


def plain_tip(text: str) -> str:
    """A tooltip in which a name that looks like HTML is shown as it is."""
    return f'<p style="white-space: pre-wrap">{escape(text)}</p>' if "<" in text else text


def lines_of(name: str, metrics: QFontMetrics, width: int, num_lines: int) -> list[str]:
    """A name in so many lines, broken between words; what does not fit is elided, and the tooltip tells it."""
    if num_lines == 1:
        # Names of files differ at their ends.
        return [metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, width)]
    words, lines = name.split(), list[str]()
    while words and len(lines) < num_lines - 1:
        line = words.pop(0)
        while words and metrics.horizontalAdvance(f"{line} {words[0]}") <= width:
            line += f" {words.pop(0)}"
        lines.append(line)
    if words:
        lines.append(" ".join(words))
    return [metrics.elidedText(line, Qt.TextElideMode.ElideRight, width) for line in lines]


def paint_cover(painter: QPainter, rect: QRect, picture: QImage) -> None:
    """Paint the middle of the picture, so large that it fills the rectangle."""
    if picture.isNull():
        return
    scale = max(rect.width() / picture.width(), rect.height() / picture.height())
    width, height = rect.width() / scale, rect.height() / scale
    source = QRect(
        round((picture.width() - width) / 2), round((picture.height() - height) / 2), round(width), round(height)
    )
    painter.drawImage(rect, picture, source)
