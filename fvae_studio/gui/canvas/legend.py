"""What an overlay's colours mean: a plate in the corner of the canvas."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPalette, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.flow_view import confidence_colours, flow_colours
from fvae_studio.gui.canvas.flow_shapes import largest_motion
from fvae_studio.gui.canvas.overlays import NEEDS_EDIT, Overlay
from fvae_studio.gui.qimage import to_qimage
from fvae_studio.gui.translation import in_percent
from fvae_studio.pipeline.requests import RenderedEdit

_WHEEL_PX: Final = 52
_WIDTH_PX: Final = 224


class OverlayLegend(QWidget):
    """Shown while an overlay is on."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._build_ui()
        # The photo under it can be dragged and clicked.
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def _build_ui(self) -> None:
        self.setAccessibleName(self.tr("Legend of the overlay"))
        self.setFixedWidth(_WIDTH_PX)
        self._title = QLabel(self)
        font = self._title.font()
        font.setBold(True)
        self._title.setFont(font)
        self._picture = QLabel(self)
        self._low, self._high = QLabel(self), QLabel(self)
        self._text = QLabel(self)
        self._text.setWordWrap(True)
        for label in (self._low, self._high):
            label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        ends = QHBoxLayout()
        ends.addWidget(self._low)
        ends.addStretch(1)
        ends.addWidget(self._high)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 9, 12, 9)
        column.setSpacing(5)
        column.addWidget(self._title)
        column.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addLayout(ends)
        column.addWidget(self._text)

    def set_overlay(self, overlay: Overlay, edit: RenderedEdit | None) -> None:
        """Explain an overlay of an edit; hidden where none is on."""
        self.setVisible(overlay is not Overlay.NONE)
        if overlay is Overlay.NONE:
            return
        flows = edit.flows if edit is not None else ()
        largest = largest_motion(flows)
        is_empty = overlay in NEEDS_EDIT and not flows
        self._title.setText(self.title_of(overlay))
        self._text.setText(self.tr("Nothing is edited yet.") if is_empty else self._text_of(overlay, largest))
        has_wheel, has_bar = overlay is Overlay.FLOW and not is_empty, overlay is Overlay.CONFIDENCE and not is_empty
        self._picture.setVisible(has_wheel or has_bar)
        for label in (self._low, self._high):
            label.setVisible(has_bar)
        if has_wheel:
            self._picture.setPixmap(QPixmap.fromImage(_wheel(self.devicePixelRatioF())))
        elif has_bar:
            self._picture.setPixmap(QPixmap.fromImage(_ramp(_WIDTH_PX - 24)))
            self._low.setText(self.tr("guessed"))
            self._high.setText(self.tr("certain"))
        self.setAccessibleDescription(self._text.text())
        column = self.layout()
        if column is not None:
            column.activate()
            self.setFixedHeight(column.heightForWidth(_WIDTH_PX))

    @property
    def text(self) -> str:
        """What it says."""
        return self._text.text()

    def title_of(self, overlay: Overlay) -> str:
        """Name of an overlay."""
        return {
            Overlay.NONE: "",
            Overlay.FLOW: self.tr("Motion, colours"),
            Overlay.ARROWS: self.tr("Motion, arrows"),
            Overlay.GRID: self.tr("Motion, grid"),
            Overlay.CONFIDENCE: self.tr("Confidence"),
            Overlay.LANDMARKS: self.tr("Landmarks"),
            Overlay.REGION: self.tr("Region"),
            Overlay.BLEND: self.tr("Blend of the clip"),
        }[overlay]

    def _text_of(self, overlay: Overlay, largest: float) -> str:
        share = largest / CROP_SIZE
        return {
            Overlay.FLOW: self.tr(
                "The hue tells from where a pixel comes; the rim is {share} of the face's frame."
            ).format(share=in_percent(share, decimals=1)),
            Overlay.ARROWS: self.tr("From where pixels come to where they are seen, in true length."),
            Overlay.GRID: self.tr("A straight grid on the photo, bent as the face is."),
            Overlay.CONFIDENCE: self.tr("How far the photo shows what the edit needs."),
            Overlay.LANDMARKS: self.tr("The points that were found on each face, moved by the edit."),
            Overlay.REGION: self.tr("Yellow: what may change. Dashed: what the model sees."),
            Overlay.BLEND: self.tr("Which photo of the timeline is seen: blue the first, orange the second."),
        }[overlay]

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 (Qt's signature)
        """The plate."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QColor(self.palette().color(QPalette.ColorRole.Window))
        ground.setAlphaF(0.93)
        painter.setPen(self.palette().color(QPalette.ColorRole.Mid))
        painter.setBrush(ground)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.end()


@lru_cache(maxsize=4)
def _wheel(device_ratio: float) -> QImage:
    count = complex(0, round(_WHEEL_PX * device_ratio))
    y, x = np.mgrid[-1:1:count, -1:1:count]
    disc = np.clip((1 - np.hypot(x, y)) * _WHEEL_PX * device_ratio / 2, 0, 1)
    colours = flow_colours(np.stack([x, y], axis=-1), largest=1.0)
    image = to_qimage(colours, alpha=np.round(disc * 255).astype(np.uint8))
    image.setDevicePixelRatio(device_ratio)
    return image


@lru_cache(maxsize=4)
def _ramp(width: int) -> QImage:
    values = np.repeat(np.linspace(0, 1, width, dtype=np.float32)[None], 9, axis=0)
    return to_qimage(confidence_colours(values))
