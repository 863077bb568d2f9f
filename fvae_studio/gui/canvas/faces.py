"""Frames around the faces: which is under the mouse, and how they look."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPen

from fvae_studio.core.types import Face
from fvae_studio.gui.canvas.placement import Placement

_CORNER_SHARE: Final = 0.16
_BADGE_PX: Final = 20


def frame_of(face: Face) -> QRectF:
    """The face's box, photo positions."""
    return QRectF(face.box.x, face.box.y, face.box.width, face.box.height)


def face_at(faces: Sequence[Face], point: QPointF) -> int | None:
    """The number of the smallest face whose frame holds a photo position."""
    found = [face for face in faces if frame_of(face).contains(point)]
    return min(found, key=lambda face: face.box.width * face.box.height).index if found else None


def next_face(faces: Sequence[Face], chosen: int | None, *, backwards: bool = False) -> int | None:
    """The face after the chosen one, in the order of their numbers; None after the last."""
    numbers = sorted((face.index for face in faces), reverse=backwards)
    if chosen is None:
        return numbers[0] if numbers else None
    after = [number for number in numbers if (number < chosen if backwards else number > chosen)]
    return after[0] if after else None


def paint_faces(
    painter: QPainter,
    placement: Placement,
    faces: Sequence[Face],
    *,
    chosen: int | None,
    hovered: int | None,
    edited: Collection[int],
    left_out: Collection[int],
    show_all: bool,
    accent: QColor,
) -> None:
    """Draw the frames: the chosen one and the one under the mouse; all of them while no face was chosen yet.

    Edited faces keep their number with its dot, without a frame, so that one sees who is edited.

    Args:
        painter: of the view.
        placement: of the photo.
        faces: all of them.
        chosen: the chosen face's number, or None for all faces.
        hovered: the one under the mouse.
        edited: faces with an edit; their number carries a dot.
        left_out: faces that an edit of all passes over; their frame is dashed.
        show_all: draw every frame, faintly.
        accent: colour of the chosen one.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for face in faces:
        is_chosen, is_hovered = face.index == chosen, face.index == hovered
        is_edited, is_left_out = face.index in edited, face.index in left_out
        is_framed = is_chosen or is_hovered or show_all or is_left_out
        if not (is_framed or is_edited):
            continue
        frame = placement.rect_to_view(frame_of(face))
        colour = QColor(accent) if is_chosen else QColor(255, 255, 255)
        if is_framed:
            colour.setAlphaF(1.0 if is_chosen or is_hovered else 0.7)
            style = Qt.PenStyle.DashLine if is_left_out else Qt.PenStyle.SolidLine
            _paint_frame(painter, frame, colour, width=2.0 if is_chosen else 1.5, style=style)
        _paint_badge(painter, frame, face.index, colour, is_edited=is_edited, is_chosen=is_chosen)


def _paint_frame(painter: QPainter, frame: QRectF, colour: QColor, *, width: float, style: Qt.PenStyle) -> None:
    # Corners only: a closed box would cut through cheeks and hair that are being judged.
    reach = _CORNER_SHARE * min(frame.width(), frame.height())
    path = QPainterPath()
    for x, y, sx, sy in (
        (frame.left(), frame.top(), 1, 1),
        (frame.right(), frame.top(), -1, 1),
        (frame.right(), frame.bottom(), -1, -1),
        (frame.left(), frame.bottom(), 1, -1),
    ):
        path.moveTo(x + sx * reach, y)
        path.lineTo(x, y)
        path.lineTo(x, y + sy * reach)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    # A dark line under the light one: visible on any background.
    painter.setPen(QPen(QColor(0, 0, 0, 130), width + 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawPath(path)
    painter.setPen(QPen(colour, width, style, Qt.PenCapStyle.RoundCap))
    painter.drawPath(path)


def _paint_badge(
    painter: QPainter, frame: QRectF, number: int, colour: QColor, *, is_edited: bool, is_chosen: bool
) -> None:
    badge = QRectF(frame.left() - _BADGE_PX / 2, frame.top() - _BADGE_PX / 2, _BADGE_PX, _BADGE_PX)
    painter.setPen(QPen(colour, 1.5))
    painter.setBrush(colour if is_chosen else QColor(0, 0, 0, 170))
    painter.drawEllipse(badge)
    font = QFont(painter.font())
    font.setPixelSize(12)
    font.setBold(True)
    painter.setFont(font)
    painter.setPen(QColor(255, 255, 255))
    painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, str(number))
    if is_edited:
        painter.setPen(QPen(QColor(0, 0, 0, 170), 1))
        painter.setBrush(QColor(255, 196, 0))
        painter.drawEllipse(QPointF(badge.right() - 2, badge.top() + 3), 4, 4)
