"""Icons from the Phosphor font that comes with qtawesome, drawn in the palette's colours at the moment of painting.

Importing qtawesome itself costs a third of a second and its icons keep the colour that they were made with; so only
its font file is taken. An icon follows a switch between light and dark without being made again.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QGuiApplication,
    QIcon,
    QIconEngine,
    QPainter,
    QPainterPath,
    QPalette,
    QPixmap,
    QPixmapCache,
    QRawFont,
)

_FONT: Final = "phosphor-1.3.0.ttf"
_CHARACTERS: Final = "phosphor-charmap-1.3.0.json"
_EM_PX: Final = 512
"""Size at which outlines are taken; they are scaled when painted."""


@cache
def icon(name: str, role: QPalette.ColorRole = QPalette.ColorRole.ButtonText) -> QIcon:
    """The icon of that Phosphor name, e.g. "floppy-disk" or "star-fill".

    Args:
        name: see https://phosphoricons.com (version 1); `-fill`, `-bold`, `-light` are variants.
        role: the palette role of its colour.

    Raises:
        KeyError: the font has no such icon.
    """
    return QIcon(_GlyphEngine(name, role))


def icon_pixmap(name: str, size_px: int, colour: QPalette.ColorRole = QPalette.ColorRole.WindowText) -> QPixmap:
    """The icon as a pixmap for labels, sharp on the main screen."""
    screen = QGuiApplication.primaryScreen()
    return icon(name, colour).pixmap(QSize(size_px, size_px), screen.devicePixelRatio() if screen else 1.0)


def paint_icon(painter: QPainter, rect: QRectF, name: str) -> None:
    """Paint an icon in the painter's pen colour, for delegates and own widgets."""
    _fill(painter, rect, _outline(name))


class _GlyphEngine(QIconEngine):
    """Paints one outline."""

    def __init__(self, name: str, role: QPalette.ColorRole) -> None:
        super().__init__()
        # Now, so that a wrong name is told where it is written.
        self._outline = _outline(name)
        self._name = name
        self._role = role

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:  # noqa: ARG002
        """Fill the outline with the colour that the palette has now."""
        painter.save()
        painter.setPen(self._colour(mode))
        _fill(painter, QRectF(rect), self._outline)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:  # noqa: ARG002
        """The icon on a transparent ground."""
        return _pixmap(self._name, size, self._colour(mode))

    def _colour(self, mode: QIcon.Mode) -> QColor:
        group, role = QPalette.ColorGroup.Active, self._role
        if mode == QIcon.Mode.Disabled:
            group = QPalette.ColorGroup.Disabled
        elif mode == QIcon.Mode.Selected:
            role = QPalette.ColorRole.HighlightedText
        return QGuiApplication.palette().color(group, role)


def _pixmap(name: str, size: QSize, colour: QColor) -> QPixmap:
    # Qt's own store: it is emptied before the application goes, as pixmaps have to be.
    key = f"glyph {name} {size.width()} {size.height()} {colour.rgba()}"
    pixmap = QPixmap()
    if QPixmapCache.find(key, pixmap):
        return pixmap
    pixmap = QPixmap(size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setPen(colour)
    _fill(painter, QRectF(QPoint(0, 0), size), _outline(name))
    painter.end()
    QPixmapCache.insert(key, pixmap)
    return pixmap


def _fill(painter: QPainter, rect: QRectF, outline: QPainterPath) -> None:
    scale = min(rect.width(), rect.height()) / _EM_PX
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(rect.center())
    painter.scale(scale, scale)
    painter.translate(-_EM_PX / 2, -_EM_PX / 2)
    painter.fillPath(outline, painter.pen().color())
    painter.restore()


@cache
def _outline(name: str) -> QPainterPath:
    font, characters = _font()
    try:
        character = chr(int(characters[name], 16))
    except KeyError:
        raise KeyError(f"the icon font has no {name!r}") from None
    # The font's cell: ascent + descent is one em, and the advance as well.
    path = font.pathForGlyph(font.glyphIndexesForString(character)[0])
    path.translate(0, font.ascent())
    path.setFillRule(Qt.FillRule.WindingFill)
    return path


@cache
def _font() -> tuple[QRawFont, dict[str, str]]:
    spec = find_spec("qtawesome")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "fonts"
    font = QRawFont(str(folder / _FONT), _EM_PX, QFont.HintingPreference.PreferNoHinting)
    return font, json.loads((folder / _CHARACTERS).read_text(encoding="utf-8"))
