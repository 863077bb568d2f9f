"""What the network says, drawn over the photo: motion as colours, arrows or a bent grid, confidence, landmarks, region.

Every overlay is made from the flow on its own small grid and placed by the face's alignment, so that it costs the same
for any photo and follows a drag.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum
from typing import Final

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF, QTransform

from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.types import Face
from fvae_studio.gui.canvas.flow_shapes import (
    arrows,
    bent_grid,
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
_ARROWS_PX, _GRID_PX, _TIP_PX = 24.0, 24.0, 8.0


class Overlay(Enum):
    """Which overlay is drawn."""

    NONE = "off"
    FLOW = "flow"
    ARROWS = "arrows"
    GRID = "grid"
    CONFIDENCE = "confidence"
    LANDMARKS = "landmarks"
    REGION = "region"


NEEDS_EDIT: Final = frozenset({Overlay.FLOW, Overlay.ARROWS, Overlay.GRID, Overlay.CONFIDENCE, Overlay.REGION})
"""These show something only where a face is edited."""


def paint_overlay(
    painter: QPainter,
    placement: Placement,
    overlay: Overlay,
    *,
    edit: RenderedEdit | None,
    faces: Sequence[Face],
    opacity: float,
) -> None:
    """Draw one overlay over the photo.

    Args:
        painter: of the placement's view, clipped to where it may draw.
        placement: of the photo.
        overlay: which.
        edit: what is shown; the flows of its faces are drawn.
        faces: for landmarks; those of edited faces are drawn where the edit moves them.
        opacity: in [0, 1].
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
    elif overlay in NEEDS_EDIT:
        largest = largest_motion(flows)
        for flow in flows:
            _paint_flow(painter, crop_to_view(flow, placement), overlay, flow, largest)
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
        path = arrows(flow, _spacing(_ARROWS_PX, view_px), _TIP_PX / _rounded(view_px))
        _stroke(painter, transform.map(path), _ACCENT, 1.6)
    elif overlay is Overlay.GRID:
        _stroke(painter, transform.map(bent_grid(flow, _spacing(_GRID_PX, view_px))), _ACCENT, 1.1)
    else:
        painter.save()
        painter.setTransform(transform, combine=True)
        picture = flow_picture(flow, largest) if overlay is Overlay.FLOW else confidence_picture(flow)
        painter.drawImage(QRectF(0, 0, CROP_SIZE, CROP_SIZE), picture)
        painter.restore()


def _stroke(painter: QPainter, path: QPainterPath, colour: QColor, width: float) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    # A dark line under the light one: visible on any background.
    for each, wide in ((_UNDER, width + 1.4), (colour, width)):
        painter.setPen(QPen(each, wide, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        painter.drawPath(path)


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
        size_px = max(face.box.width, face.box.height) * placement.zoom
        radius = min(max(size_px / 240, 0.6), 2.6)
        dots, rims = QPainterPath(), QPainterPath()
        for x, y in moved.get(face.index, face.landmarks).tolist():
            centre = placement.to_view(x + PIXEL_CENTRE, y + PIXEL_CENTRE)
            dots.addEllipse(centre, radius, radius)
            rims.addEllipse(centre, radius + 0.8, radius + 0.8)
        rims.setFillRule(Qt.FillRule.WindingFill)
        dots.setFillRule(Qt.FillRule.WindingFill)
        painter.fillPath(rims, _UNDER)
        painter.fillPath(dots, _POINT)


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
    _stroke(painter, inside, _ACCENT, 1.4)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for flow in edit.flows:
        square = crop_to_view(flow, placement).map(QPolygonF(QRectF(0, 0, CROP_SIZE, CROP_SIZE)))
        for colour, style in ((_UNDER, Qt.PenStyle.SolidLine), (QColor(255, 255, 255), Qt.PenStyle.DashLine)):
            painter.setPen(QPen(colour, 1.2, style))
            painter.drawPolygon(square)
