"""The line below the window: what is being done, what is under the pointer, how long the last preview took."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QLabel, QStatusBar, QStyle, QStyleOption, QStylePainter, QWidget

from fvae_studio.gui.translation import in_percent
from fvae_studio.gui.widgets.fixed_label import FixedLabel

_MESSAGE_MARGIN_PX: Final = 6


def device_name(device: str) -> str:
    """As people write it: "cpu" is "CPU"."""
    return {"cpu": "CPU", "cuda": "CUDA", "mps": "Metal"}.get(device, device)


class StudioStatusBar(QStatusBar):
    """Messages at the left, in full as a tooltip; pixel, zoom, time and device at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._build_ui()
        self.messageChanged.connect(self.setToolTip)

    @property
    def shown_message(self) -> str:
        """As much of the message as there is room for; dots stand for the rest."""
        room = self._message_rect().width()
        return self.fontMetrics().elidedText(self.currentMessage(), Qt.TextElideMode.ElideRight, room)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Qt's own would cut the message off where its room ends."""
        painter = QStylePainter(self)
        option = QStyleOption()
        option.initFrom(self)
        painter.drawPrimitive(QStyle.PrimitiveElement.PE_PanelStatusBar, option)
        painter.setPen(self.palette().windowText().color())
        alignment = Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(self._message_rect(), alignment | Qt.TextFlag.TextSingleLine, self.shown_message)
        painter.end()

    def _message_rect(self) -> QRect:
        return self.rect().adjusted(_MESSAGE_MARGIN_PX, 0, self._busy.x() - _MESSAGE_MARGIN_PX - self.width(), 0)

    def _build_ui(self) -> None:
        self.setSizeGripEnabled(False)
        self._busy = self._label(self.tr("What is being done"), 9.5, Qt.AlignmentFlag.AlignLeft)
        self._pixel = self._label(self.tr("Position and colour under the pointer"), 13.0)
        self._zoom = self._label(self.tr("Zoom: screen pixels per photo pixel"), 4.0)
        self._time = self._label(self.tr("Time that the last preview took"), 5.0)
        self._device = self._label(self.tr("Where the networks run"), 4.0)
        # Room to the window's edge.
        self.setContentsMargins(6, 0, 10, 0)
        for label in (self._busy, self._pixel, self._zoom, self._time, self._device):
            self.addPermanentWidget(label)

    def set_busy(self, text: str) -> None:
        """What is being done; empty for nothing."""
        self._busy.setText(text)

    def set_pixel(self, x: int, y: int, value: tuple[int, int, int] | None) -> None:
        """Position and value under the pointer; no value outside of the photo."""
        self._pixel.setText("" if value is None else f"{x}, {y}   {value[0]} {value[1]} {value[2]}")

    def set_zoom(self, zoom: float | None) -> None:
        """1.0 is one photo pixel per screen pixel; None without a photo."""
        self._zoom.setText("" if zoom is None else in_percent(zoom, decimals=1 if zoom < 0.1 else 0))

    def set_time(self, milliseconds: float | None) -> None:
        """Of the last preview, on the engine's side."""
        self._time.setText("" if milliseconds is None else f"{milliseconds:.0f} ms")

    def set_device(self, device: str) -> None:
        """Name of the device, such as "cpu"; empty while the model is being loaded."""
        self._device.setText(device_name(device))

    def _label(self, name: str, ems: float, alignment: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignRight) -> QLabel:
        label = FixedLabel(ems)
        label.setAlignment(alignment | Qt.AlignmentFlag.AlignVCenter)
        label.setToolTip(name)
        label.setAccessibleName(name)
        label.setProperty("role", "hint")
        return label
