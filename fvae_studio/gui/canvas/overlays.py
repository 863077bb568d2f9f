"""What the network says, drawn over the photo: motion as colours, arrows or a bent grid, confidence, landmarks, region.

Every overlay is made from the flow on its own small grid and placed by the face's alignment, so that it costs the same
for any photo and follows a drag.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum
from functools import lru_cache
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF, QTransform

from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.types import Face
from fvae_studio.gui.canvas.faces import frame_of
from fvae_studio.gui.canvas.flow_shapes import (
    arrows,
    bent_grid,
    blend_picture,
    confidence_picture,
    flow_picture,
    largest_motion,
    moved_landmarks,
)
from fvae_studio.gui.canvas.placement import PIXEL_CENTRE, Placement
from fvae_studio.pipeline.requests import PlacedFlow, RenderedEdit

_ACCENT: Final = QColor(255, 208, 0)
_UNDER: Final = QColor(0, 0, 0, 150)
_POINT: Final = QColor(96, 232, 255)
_ARROWS_PX, _GRID_PX, _TIP_PX = 24.0, 28.0, 8.0


class Overlay(Enum):
    """Which overlay is drawn."""

    NONE = "off"
    FLOW = "flow"
    ARROWS = "arrows"
    GRID = "grid"
    CONFIDENCE = "confidence"
    LANDMARKS = "landmarks"
    REGION = "region"
    BLEND = "blend"


NEEDS_EDIT: Final = frozenset(
    {Overlay.FLOW, Overlay.ARROWS, Overlay.GRID, Overlay.CONFIDENCE, Overlay.REGION, Overlay.BLEND}
)
"""These show something only where a face is edited."""

ClipSide: TypeAlias = Literal["before", "after"]
"""Of a clip's photos at the playhead: the one that it comes from, or the one that it goes to."""


def paint_overlay(
    painter: QPainter,
    placement: Placement,
    overlay: Overlay,
    *,
    edit: RenderedEdit | None,
    faces: Sequence[Face],
    opacity: float,
    shares: NDArray[np.float32] | None = None,
) -> None:
    """Draw one overlay over the photo.

    Args:
        painter: of the placement's view, clipped to where it may draw.
        placement: of the photo.
        overlay: which.
        edit: what is shown; the flows of its faces are drawn.
        faces: for landmarks; those of edited faces are drawn where the edit moves them.
        opacity: in [0, 1].
        shares: of a clip's frame, (num_sources, h, w) on the crop's grid: how much of each source is seen.
    """
    flows = edit.flows if edit is not None else ()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setOpacity(opacity)
    if overlay is Overlay.LANDMARKS:
        _paint_landmarks(painter, placement, faces, flows)
    elif overlay is Overlay.REGION and edit is not None:
        _paint_regions(painter, placement, edit)
    elif overlay is Overlay.BLEND:
        if shares is not None and flows:
            painter.setTransform(crop_to_view(flows[0], placement), combine=True)
            painter.drawImage(QRectF(0, 0, CROP_SIZE, CROP_SIZE), blend_picture(shares))
    elif overlay in NEEDS_EDIT:
        largest = largest_motion(flows)
        view = QRectF(QPointF(0, 0), placement.view)
        for flow in flows:
            transform = crop_to_view(flow, placement)
            if transform.mapRect(QRectF(0, 0, CROP_SIZE, CROP_SIZE)).intersects(view):
                _paint_flow(painter, transform, overlay, flow, largest)
    painter.restore()


def crop_to_view(flow: PlacedFlow, placement: Placement) -> QTransform:
    """Crop positions (measured from the crop's corner) -> view positions."""
    corners = np.array([[0, 0], [1, 0], [0, 1]], np.float64) - PIXEL_CENTRE
    photo = flow.photo_to_crop.inverse.apply(corners) + PIXEL_CENTRE
    origin, right, down = (placement.to_view(float(x), float(y)) for x, y in photo)
    across, along = right - origin, down - origin
    return QTransform(across.x(), across.y(), along.x(), along.y(), origin.x(), origin.y())


def _paint_flow(painter: QPainter, transform: QTransform, overlay: Overlay, flow: PlacedFlow, largest: float) -> None:
    view_px = math.hypot(transform.m11(), transform.m12())
    if overlay is Overlay.ARROWS:
        lines = arrows(flow, _spacing(_ARROWS_PX, view_px), _TIP_PX / _rounded(view_px))
        _draw_lines(painter, transform, lines, ((_UNDER, 3.0), (_ACCENT, 1.6)))
    elif overlay is Overlay.GRID:
        _draw_lines(painter, transform, bent_grid(flow, _spacing(_GRID_PX, view_px)), ((_UNDER, 2.2), (_ACCENT, 1.1)))
    else:
        painter.save()
        painter.setTransform(transform, combine=True)
        picture = flow_picture(flow, largest) if overlay is Overlay.FLOW else confidence_picture(flow)
        painter.drawImage(QRectF(0, 0, CROP_SIZE, CROP_SIZE), picture)
        painter.restore()


def _draw_lines(
    painter: QPainter, transform: QTransform, lines: list[QLineF], pens: Sequence[tuple[QColor, float]]
) -> None:
    painter.save()
    painter.setTransform(transform, combine=True)
    # A cosmetic pen counts pixels of the screen.
    ratio = painter.device().devicePixelRatioF()
    # A dark line under the light one: visible on any background.
    for colour, width in pens:
        # Flat ends are drawn ten times faster than round ones.
        pen = QPen(colour, width * ratio, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.drawLines(lines)
    painter.restore()


def _rounded(view_px: float) -> float:
    """A zoom in steps, so that a smooth one does not make every shape anew."""
    return float(2 ** (round(2 * math.log2(max(view_px, 1e-3))) / 2))


def _spacing(wanted_px: float, view_px: float) -> float:
    """Crop pixels between lines that are about `wanted_px` screen pixels apart."""
    return min(max(wanted_px / _rounded(view_px), 2.0), CROP_SIZE / 6)


def _paint_landmarks(
    painter: QPainter, placement: Placement, faces: Sequence[Face], flows: Sequence[PlacedFlow]
) -> None:
    moved = {flow.face.index: moved_landmarks(flow) for flow in flows}
    for face in faces:
        if not placement.rect_to_view(frame_of(face)).intersects(QRectF(QPointF(0, 0), placement.view)):
            continue
        size_px = max(face.box.width, face.box.height) * placement.zoom
        ratio = painter.device().devicePixelRatioF()
        dot = _dot(round(min(max(size_px / 240, 0.6), 2.6), 1), ratio)
        middle = QPointF(dot.width(), dot.height()) / (2 * ratio)
        for x, y in moved.get(face.index, face.landmarks).tolist():
            painter.drawImage(placement.to_view(x + PIXEL_CENTRE, y + PIXEL_CENTRE) - middle, dot)


@lru_cache(maxsize=8)
def _dot(radius: float, device_ratio: float) -> QImage:
    """A point with a dark rim; a picture, because 478 of them per face are drawn with every move of the view."""
    side = math.ceil(2 * (radius + 1.2) * device_ratio)
    image = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    for colour, reach in ((_UNDER, radius + 0.8), (_POINT, radius)):
        painter.setBrush(colour)
        painter.drawEllipse(QPointF(side / 2, side / 2), reach * device_ratio, reach * device_ratio)
    painter.end()
    image.setDevicePixelRatio(device_ratio)
    return image


def _paint_regions(painter: QPainter, placement: Placement, edit: RenderedEdit) -> None:
    inside = QPainterPath()
    for patch in edit.patches:
        side = 1 << patch.level
        roi = QRectF(patch.roi.x * side, patch.roi.y * side, patch.roi.width * side, patch.roi.height * side)
        one = QPainterPath()
        one.addRect(placement.rect_to_view(roi))
        inside = inside.united(one)
    if not edit.patches:
        return
    outside = QPainterPath()
    outside.addRect(placement.rect_to_view(placement.visible))
    painter.fillPath(outside.subtracted(inside), QColor(0, 0, 0, 110))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((_UNDER, 2.8), (_ACCENT, 1.4)):
        painter.setPen(QPen(colour, width))
        painter.drawPath(inside)
    for flow in edit.flows:
        square = crop_to_view(flow, placement).map(QPolygonF(QRectF(0, 0, CROP_SIZE, CROP_SIZE)))
        for colour, style in ((_UNDER, Qt.PenStyle.SolidLine), (QColor(255, 255, 255), Qt.PenStyle.DashLine)):
            painter.setPen(QPen(colour, 1.2, style))
            painter.drawPolygon(square)
