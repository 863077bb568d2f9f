"""What the network says, drawn over the photo: motion as colours, arrows or a bent grid, confidence, landmarks, region.

Every overlay is made from the flow on its own small grid and placed by the face's alignment, so that it costs the same
for any photo and follows a drag.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF, QTransform

from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.flow_view import confidence_colours, flow_colours
from fvae_studio.core.types import Face
from fvae_studio.gui.canvas.placement import PIXEL_CENTRE, Placement
from fvae_studio.gui.qimage import to_qimage
from fvae_studio.pipeline.requests import PlacedFlow, RenderedEdit

_ACCENT: Final = QColor(255, 196, 0)
_ARROW_SPACING: Final = 5
_GRID_SPACING: Final = 4
_LEAST_ARROW: Final = 0.15


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


def largest_motion(flows: Sequence[PlacedFlow]) -> float:
    """The longest displacement of all, crop pixels."""
    return max((float(np.hypot(*np.moveaxis(flow.field.flow, -1, 0)).max()) for flow in flows), default=0.0)


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
        painter: of the view, clipped to where it may draw.
        placement: of the photo.
        overlay: which.
        edit: what is shown; the flows of its faces are drawn.
        faces: for landmarks.
        opacity: in [0, 1].
    """
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setOpacity(opacity)
    if overlay is Overlay.LANDMARKS:
        _paint_landmarks(painter, placement, faces)
    elif edit is not None:
        largest = largest_motion(edit.flows)
        for flow in edit.flows:
            _paint_flow(painter, placement, overlay, flow, largest)
        if overlay is Overlay.REGION:
            _paint_regions(painter, placement, edit)
    painter.restore()


def crop_to_view(flow: PlacedFlow, placement: Placement) -> QTransform:
    """Crop positions (measured from the crop's corner) -> view positions."""
    corners = np.array([[0, 0], [1, 0], [0, 1]], np.float64) - PIXEL_CENTRE
    photo = flow.photo_to_crop.inverse.apply(corners) + PIXEL_CENTRE
    origin, right, down = (placement.to_view(float(x), float(y)) for x, y in photo)
    across, along = right - origin, down - origin
    return QTransform(across.x(), across.y(), along.x(), along.y(), origin.x(), origin.y())


def _paint_flow(painter: QPainter, placement: Placement, overlay: Overlay, placed: PlacedFlow, largest: float) -> None:
    painter.save()
    painter.setTransform(crop_to_view(placed, placement), combine=True)
    flow = placed.field.flow
    if overlay is Overlay.FLOW:
        length = np.hypot(flow[..., 0], flow[..., 1])
        # Short displacements are nearly white in this code: in full they would veil the face up to a sharp rim.
        alpha = np.clip(length / max(0.25 * largest, 1e-6), 0, 1)
        _paint_map(painter, flow_colours(flow, largest=largest or 1.0), alpha)
    elif overlay is Overlay.CONFIDENCE:
        _paint_map(painter, confidence_colours(placed.field.confidence), _border_fade(*flow.shape[:2]))
    elif overlay is Overlay.ARROWS:
        _paint_arrows(painter, flow)
    elif overlay is Overlay.GRID:
        _paint_grid(painter, flow)
    painter.restore()


def _paint_map(painter: QPainter, colours: NDArray[np.uint8], alpha: NDArray[np.floating]) -> None:  # type: ignore[type-arg]
    image: QImage = to_qimage(colours, alpha=np.round(alpha * 255).astype(np.uint8))
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(QRectF(0, 0, CROP_SIZE, CROP_SIZE), image)


def _border_fade(height: int, width: int) -> NDArray[np.float64]:
    """1 inside, 0 at the border: a square with a hard edge would look like a seam in the photo."""
    y, x = (1 - np.abs(np.linspace(-1, 1, count)) for count in (height, width))
    distance = np.minimum(y[:, None], x[None, :])
    faded: NDArray[np.float64] = np.clip(distance / 0.12, 0, 1)
    return faded


def _paint_arrows(painter: QPainter, flow: NDArray[np.float32]) -> None:
    cell = CROP_SIZE / len(flow)
    step = max(1, round(_ARROW_SPACING / cell))
    for colour, width in ((QColor(0, 0, 0, 170), 2.6), (_ACCENT, 1.4)):
        pen = QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
        pen.setCosmetic(True)
        painter.setPen(pen)
        for row in range(step // 2, len(flow), step):
            for column in range(step // 2, flow.shape[1], step):
                dx, dy = (float(value) for value in flow[row, column])
                length = (dx * dx + dy * dy) ** 0.5
                if length < _LEAST_ARROW:
                    continue
                # The content of p came from p + flow(p): the arrow ends where it is now.
                end = QPointF((column + 0.5) * cell, (row + 0.5) * cell)
                start = end + QPointF(dx, dy)
                painter.drawLine(start, end)
                tip = min(0.4 * length, 1.2)
                ux, uy = dx / length * tip, dy / length * tip
                for side in (-0.5, 0.5):
                    painter.drawLine(end, end + QPointF(ux - side * uy, uy + side * ux))


def _paint_grid(painter: QPainter, flow: NDArray[np.float32]) -> None:
    # Lines of the photo's grid, where the edit puts them: the line's point l is seen at the p with p + flow(p) = l.
    height, width = flow.shape[:2]
    cell = CROP_SIZE / height
    axis_x, axis_y = (np.arange(width) + 0.5) * cell, (np.arange(height) + 0.5) * cell
    at = np.stack(np.meshgrid(axis_x, axis_y), axis=-1)
    there = at.copy()
    for _ in range(8):
        rows = np.clip((there[..., 1] / cell - 0.5).round().astype(int), 0, height - 1)
        columns = np.clip((there[..., 0] / cell - 0.5).round().astype(int), 0, width - 1)
        there = 0.5 * there + 0.5 * (at - flow[rows, columns])
    step = max(1, round(_GRID_SPACING / cell))
    pen = QPen(_ACCENT, 1.2)
    pen.setCosmetic(True)
    painter.setPen(pen)
    for index in range(step // 2, height, step):
        painter.drawPolyline(_polyline(there[index]))
    for index in range(step // 2, width, step):
        painter.drawPolyline(_polyline(there[:, index]))


def _polyline(points: NDArray[np.floating]) -> QPolygonF:  # type: ignore[type-arg]
    return QPolygonF([QPointF(float(x), float(y)) for x, y in points])


def _paint_landmarks(painter: QPainter, placement: Placement, faces: Sequence[Face]) -> None:
    for face in faces:
        points = [placement.to_view(float(x) + PIXEL_CENTRE, float(y) + PIXEL_CENTRE) for x, y in face.landmarks]
        for colour, width in ((QColor(0, 0, 0, 150), 4.0), (QColor(120, 230, 255), 2.2)):
            painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawPoints(points)


def _paint_regions(painter: QPainter, placement: Placement, edit: RenderedEdit) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for flow in edit.flows:
        square = crop_to_view(flow, placement).map(QPolygonF(QRectF(0, 0, CROP_SIZE, CROP_SIZE)))
        painter.setPen(QPen(QColor(255, 255, 255, 200), 1, Qt.PenStyle.DashLine))
        painter.drawPolygon(square)
    for patch in edit.patches:
        side = 2**patch.level
        roi = QRectF(patch.roi.x * side, patch.roi.y * side, patch.roi.width * side, patch.roi.height * side)
        painter.setPen(QPen(_ACCENT, 1.5))
        painter.drawRect(placement.rect_to_view(roi))


def paint_legend(painter: QPainter, view: QRectF, overlay: Overlay, edit: RenderedEdit | None) -> None:
    """What the colours mean, in the lower right corner."""
    if overlay is Overlay.NONE:
        return
    largest = largest_motion(edit.flows) if edit is not None else 0.0
    text = _legend_text(overlay, largest, has_edit=edit is not None and bool(edit.flows))
    font = painter.font()
    font.setPixelSize(12)
    painter.setFont(font)
    has_wheel, has_bar = overlay is Overlay.FLOW and largest > 0, overlay is Overlay.CONFIDENCE and bool(edit)
    height = 84.0 if has_wheel else 46.0 if has_bar else 26.0
    width = max(150.0, painter.fontMetrics().horizontalAdvance(text) + 20.0)
    plate = QRectF(view.right() - width - 12, view.bottom() - height - 12, width, height)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 165))
    painter.drawRoundedRect(plate, 5, 5)
    painter.setPen(QColor(255, 255, 255))
    painter.drawText(plate.adjusted(10, 0, -10, -5), Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, text)
    if has_wheel:
        y, x = np.mgrid[-1:1:52j, -1:1:52j]
        disc = np.clip((1 - np.hypot(x, y)) * 26, 0, 1)
        wheel = flow_colours(np.stack([x, y], axis=-1), largest=1.0)
        painter.drawImage(
            QPointF(plate.center().x() - 26, plate.top() + 6),
            to_qimage(wheel, alpha=np.round(disc * 255).astype(np.uint8)),
        )
    elif has_bar:
        ramp = confidence_colours(np.repeat(np.linspace(0, 1, 128, dtype=np.float32)[None], 10, axis=0))
        painter.drawImage(QRectF(plate.left() + 10, plate.top() + 8, width - 20, 10), to_qimage(ramp))


def _legend_text(overlay: Overlay, largest: float, *, has_edit: bool) -> str:
    translate = QCoreApplication.translate
    if overlay in NEEDS_EDIT and not has_edit:
        return translate("overlays", "Nothing is edited yet")
    share = largest / CROP_SIZE * 100
    return {
        Overlay.FLOW: translate("overlays", "colour: where to; rim: {share:.1f} % of the face's frame").format(
            share=share
        ),
        Overlay.ARROWS: translate("overlays", "from where pixels came, true length"),
        Overlay.GRID: translate("overlays", "a straight grid, bent as the face is"),
        Overlay.CONFIDENCE: translate("overlays", "confidence: 0 (dark) to 1 (yellow)"),
        Overlay.LANDMARKS: translate("overlays", "points that were found on the face"),
        Overlay.REGION: translate("overlays", "yellow: what can change; dashed: what the model sees"),
    }[overlay]
