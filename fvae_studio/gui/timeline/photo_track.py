"""The photos of the clip along the axis: a thumbnail at each key, and how one passes over to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from PySide6.QtCore import QMimeData, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFont,
    QImage,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from fvae_studio.core.timeline import PhotoKey, Timeline
from fvae_studio.core.timeline_keys import KeyPlace
from fvae_studio.gui.icons import paint_icon
from fvae_studio.gui.theme import colours_of
from fvae_studio.gui.timeline.time_axis import TimeAxis, TimeScale
from fvae_studio.gui.timeline.track_view import TrackView
from fvae_studio.gui.widgets.tiles import PHOTO_MIME, paint_cover

HEIGHT_PX: Final = 74
_CARD_PX: Final = QSize(64, 50)
_TOP_PX: Final = 5
_LEAST_CARD_PX: Final = 10
_LAST_NAME_PX: Final = 240
_STEP_PX: Final = 5
_FOOT_PX: Final = 15


@dataclass(frozen=True, eq=False)
class PhotoLook:
    """How a photo of the timeline looks in the track.

    Attributes:
        name: of its file.
        picture: thumbnail; None while there is none.
        faces: numbers of its faces.
        problem: why it cannot take part, "" if it can.
    """

    name: str
    picture: QImage | None = None
    faces: tuple[int, ...] = ()
    problem: str = ""


class PhotoTrack(TrackView):
    """Photos can be dropped on it, from the strip or from a file manager, and dragged along it."""

    photo_dropped = Signal(int, float)
    """(entry id, seconds)."""
    files_dropped = Signal(list, float)
    """(paths, seconds)."""
    photo_opened = Signal(object)
    """A double click on the photo of this `KeyPlace`."""

    def __init__(self, axis: TimeAxis, parent: QWidget | None = None) -> None:
        super().__init__(axis, None, parent)
        self._looks: Mapping[int, PhotoLook] = {}
        self._drop_s: float | None = None
        self._curves: tuple[Timeline, TimeScale, list[tuple[QPainterPath, bool]]] | None = None
        self.setFixedHeight(HEIGHT_PX)
        self.setAcceptDrops(True)
        self.setAccessibleName(self.tr("Photos of the clip"))

    def set_looks(self, looks: Mapping[int, PhotoLook]) -> None:
        """Names and pictures by entry id."""
        self._looks = looks
        self._refresh_description()
        self.update()

    def set_timeline(self, timeline: Timeline) -> None:
        """Show another one."""
        super().set_timeline(timeline)
        self._refresh_description()

    def place_at(self, point: QPointF) -> KeyPlace | None:
        """The photo under a view position; of two that overlap the later one, which is drawn above."""
        for key in reversed(self.timeline.photos):
            if self.card_of(key).adjusted(-4, -4, 0, _FOOT_PX + 4).contains(point):
                return KeyPlace(None, key.time_s)
        return None

    def card_of(self, key: PhotoKey) -> QRectF:
        """Where a photo's thumbnail is, from its time on; cut where the next photo begins."""
        x = self.axis.scale.x_of(key.time_s)
        after = [self.axis.scale.x_of(one.time_s) for one in self.timeline.photos if one.time_s > key.time_s]
        room = min(after) - x - 2 if after else float(_CARD_PX.width())
        return QRectF(x, _TOP_PX, min(max(room, _LEAST_CARD_PX), _CARD_PX.width()), _CARD_PX.height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's names)
        """Ground, curves, photos, playhead."""
        painter = QPainter(self)
        role = QPalette.ColorRole
        painter.fillRect(event.rect(), self.palette().color(role.Window))
        self.paint_range(painter)
        if self.timeline.is_empty and self._drop_s is None:
            painter.setPen(self.palette().color(role.PlaceholderText))
            text = self.tr("Drop photos of one person here: from the row of photos, or from a folder")
            painter.drawText(self.rect().adjusted(18, 0, -8, 0), Qt.AlignmentFlag.AlignVCenter, text)
        self._paint_curves(painter)
        for key in self.timeline.photos:
            # With its name, of which a part may be painted anew.
            area = self.card_of(key).adjusted(-8, -8, 8, 30)
            area.setRight(max(area.right(), area.left() + self._name_room_px(key) + 18))
            if area.intersects(QRectF(event.rect())):
                self._paint_photo(painter, key)
        if self._drop_s is not None:
            x = self.axis.scale.x_of(self._drop_s)
            painter.setPen(QPen(self.palette().color(role.Highlight), 2))
            painter.drawLine(QPointF(x, 2), QPointF(x, self.height() - 2))
        painter.setPen(QPen(self.palette().color(role.Mid), 1))
        painter.drawLine(0, self.height() - 1, self.width(), self.height() - 1)
        self.paint_playhead(painter)
        painter.end()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Show the photo itself."""
        place = self.place_at(event.position())
        if place is not None:
            self.photo_opened.emit(place)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Curves that were out of sight may be seen now."""
        super().resizeEvent(event)
        self._curves = None

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        """Take photos of the strip, and files."""
        if event.mimeData().hasFormat(PHOTO_MIME) or _paths_of(event.mimeData()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:  # noqa: N802
        """A line shows when the photo will be seen."""
        self._drop_s = self._time_of_drop(event)
        self.update()
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: ARG002, N802
        """Nothing is dropped."""
        self._drop_s = None
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """Tell what, and when."""
        time_s, self._drop_s = self._time_of_drop(event), None
        self.update()
        data = event.mimeData()
        event.acceptProposedAction()
        if data.hasFormat(PHOTO_MIME):
            self.photo_dropped.emit(int(bytes(data.data(PHOTO_MIME).data())), time_s)
        elif paths := _paths_of(data):
            self.files_dropped.emit(paths, time_s)

    # --- inside ---

    def _time_of_drop(self, event: QDropEvent) -> float:
        if self.timeline.is_empty:
            # A clip begins with its first photo.
            return 0.0
        is_free = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        return self.snap(self.axis.scale.time_at(event.position().x()), leaving_out=None, is_free=is_free)

    def _paint_photo(self, painter: QPainter, key: PhotoKey) -> None:
        look, card = self._looks.get(key.photo, PhotoLook("")), self.card_of(key)
        colours, role = colours_of(self.palette()), QPalette.ColorRole
        is_chosen, is_hovered = self.is_chosen(key.time_s), self.is_hovered(key.time_s)
        shape = QPainterPath()
        shape.addRoundedRect(card, 4, 4)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillPath(shape, QColor(colours.hover))
        if look.picture is not None:
            painter.setClipPath(shape)
            paint_cover(painter, card.toAlignedRect(), look.picture)
            painter.setClipping(False)
        frame = (
            self.palette().color(role.Highlight) if is_chosen else QColor(colours.text if is_hovered else colours.line)
        )
        painter.setPen(QPen(frame, 2 if is_chosen else 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(shape)
        if look.problem:
            painter.setPen(QColor(colours.warning))
            paint_icon(painter, QRectF(card.left() + 3, card.top() + 3, 16, 16), "warning-fill")
        x, y = card.left(), card.bottom() + 10
        painter.setPen(QPen(self.palette().color(role.Window), 1))
        painter.setBrush(self.palette().color(role.Highlight) if is_chosen else QColor(colours.text))
        painter.drawPath(diamond(x, y, 5))
        font = QFont(self.font())
        font.setPixelSize(11)
        painter.setFont(font)
        painter.setPen(QColor(colours.muted))
        room = self._name_room_px(key)
        name = painter.fontMetrics().elidedText(look.name, Qt.TextElideMode.ElideMiddle, round(room))
        if room > 24:
            painter.drawText(QPointF(x + 9, y + 4), name)
        painter.restore()

    def _name_room_px(self, key: PhotoKey) -> float:
        """How wide a photo's name may be: up to the next photo; the last one's as wide as it is."""
        x_of = self.axis.scale.x_of
        after = [x_of(one.time_s) for one in self.timeline.photos if one.time_s > key.time_s]
        return min(after, default=x_of(key.time_s) + _LAST_NAME_PX) - x_of(key.time_s) - 18

    def _paint_curves(self, painter: QPainter) -> None:
        """How the face goes on from photo to photo, and, where it differs, how the pixels do."""
        made_for = (self.timeline, self.axis.scale)
        if self._curves is None or self._curves[0] is not made_for[0] or self._curves[1] != made_for[1]:
            # Not at each move of the playhead: a curve asks the timeline hundreds of times.
            self._curves = (*made_for, self._make_curves())
        role = QPalette.ColorRole
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for path, is_motion in self._curves[2]:
            colour = self.palette().color(role.Highlight if is_motion else role.PlaceholderText)
            style = Qt.PenStyle.SolidLine if is_motion else Qt.PenStyle.DashLine
            painter.setPen(QPen(colour, 1.5, style))
            painter.drawPath(path)

    def _make_curves(self) -> list[tuple[QPainterPath, bool]]:
        """(curve, whether it is the motion's) of all stretches that have room for one."""
        scale, curves = self.axis.scale, []
        for index, (key, after) in enumerate(pairwise(self.timeline.photos)):
            begin, end = scale.x_of(key.time_s), scale.x_of(after.time_s)
            if end < 0 or begin > self.width() or self.card_of(key).width() >= end - begin - 6:
                continue
            count = max(2, min(400, int((end - begin) / _STEP_PX)))
            for is_motion in (True, False) if key.blend is not None and key.blend != key.motion else (True,):
                path = QPainterPath()
                for number in range(count + 1):
                    share = number / count
                    moment = self.timeline.at(key.time_s + share * (after.time_s - key.time_s) * 0.999999)
                    shares = moment.motion if is_motion else moment.blend
                    point = QPointF(begin + share * (end - begin), self._curve_y(shares[index + 1]))
                    path.lineTo(point) if number else path.moveTo(point)
                curves.append((path, is_motion))
        return curves

    def _curve_y(self, share: float) -> float:
        top, bottom = _TOP_PX + 6, _TOP_PX + _CARD_PX.height() - 6
        return bottom - share * (bottom - top)

    def _refresh_description(self) -> None:
        texts = []
        for key in self.timeline.photos:
            look = self._looks.get(key.photo, PhotoLook(""))
            text = self.tr("{name} at {seconds:.2f} s").format(name=look.name, seconds=key.time_s)
            texts.append(f"{text} ({look.problem})" if look.problem else text)
        self.setAccessibleDescription("; ".join(texts) or self.tr("No photos yet"))


def diamond(x: float, y: float, reach: float) -> QPainterPath:
    """The mark of a key."""
    path = QPainterPath(QPointF(x - reach, y))
    for point in (QPointF(x, y - reach), QPointF(x + reach, y), QPointF(x, y + reach)):
        path.lineTo(point)
    path.closeSubpath()
    return path


def _paths_of(data: QMimeData) -> list[Path]:
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
