"""Before and after: which part of the view shows the original."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

HANDLE_PX: Final = 14
GRAB_PX: Final = 9


class CompareMode(Enum):
    """How original and edited photo are shown."""

    OFF = "off"
    SPLIT = "split"
    SIDE_BY_SIDE = "side"


@dataclass(frozen=True)
class Pane:
    """A part of the view.

    Attributes:
        rect: a view of its own, in which the photo is placed.
        clip: the part of it that is filled.
        is_edited: whether the edit is shown.
    """

    rect: QRectF
    clip: QRectF
    is_edited: bool


def panes(mode: CompareMode, view: QRectF, split: float, *, original_only: bool) -> tuple[Pane, ...]:
    """The parts of the view; all of one size, so that one placement serves them all.

    Args:
        mode: of comparison.
        view: the whole of it.
        split: where the line is, in [0, 1] of the width.
        original_only: a key is held to see the original.
    """
    width, height = view.width(), view.height()
    if mode is CompareMode.SIDE_BY_SIDE:
        # Whole pixels, or the two halves would be resampled differently.
        half = float(width // 2)
        left, right = QRectF(0, 0, half, height), QRectF(width - half, 0, half, height)
        return (Pane(left, left, is_edited=False), Pane(right, right, is_edited=not original_only))
    if mode is CompareMode.SPLIT and not original_only:
        x = float(round(split * width))
        return (
            Pane(view, QRectF(0, 0, x, height), is_edited=False),
            Pane(view, QRectF(x, 0, width - x, height), is_edited=True),
        )
    return (Pane(view, view, is_edited=not original_only),)


def is_on_line(mode: CompareMode, size: QRectF, split: float, point: QPointF) -> bool:
    """Whether the split line can be grabbed at a view position."""
    return mode is CompareMode.SPLIT and abs(point.x() - split * size.width()) <= GRAB_PX


def paint_line(painter: QPainter, mode: CompareMode, size: QRectF, split: float) -> None:
    """The line between the two, and its handle."""
    if mode is CompareMode.OFF:
        return
    x = split * size.width() if mode is CompareMode.SPLIT else size.width() / 2
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for colour, width in ((QColor(0, 0, 0, 120), 3.0), (QColor(255, 255, 255, 230), 1.2)):
        painter.setPen(QPen(colour, width))
        painter.drawLine(QPointF(x, 0), QPointF(x, size.height()))
    if mode is CompareMode.SPLIT:
        middle = QPointF(x, size.height() / 2)
        painter.setPen(QPen(QColor(0, 0, 0, 120), 1))
        painter.setBrush(QColor(255, 255, 255, 235))
        painter.drawEllipse(middle, HANDLE_PX, HANDLE_PX)
        painter.setPen(QPen(QColor(60, 60, 60), 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        for side in (-1, 1):
            tip = middle + QPointF(side * 8, 0)
            painter.drawLine(tip, tip + QPointF(-side * 4, -4))
            painter.drawLine(tip, tip + QPointF(-side * 4, 4))


def paint_label(painter: QPainter, clip: QRectF, text: str, *, at_right: bool) -> None:
    """A name in the upper corner of a pane."""
    font = QFont(painter.font())
    font.setPixelSize(12)
    painter.setFont(font)
    width = QFontMetricsF(font).horizontalAdvance(text) + 16
    if clip.width() < width + 16:
        return
    x = clip.right() - width - 8 if at_right else clip.left() + 8
    plate = QRectF(x, clip.top() + 8, width, 22)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 140))
    painter.drawRoundedRect(plate, 4, 4)
    painter.setPen(QColor(255, 255, 255))
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)
