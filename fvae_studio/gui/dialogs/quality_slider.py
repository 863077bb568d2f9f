"""The quality of a file that is written."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Slot
from PySide6.QtWidgets import QLabel, QSlider, QWidget

from fvae_studio.gui.dialogs.frame import name


class QualitySlider(QSlider):
    """1 to 100, with its number in a label of its own, which is empty where the format has no quality.

    Attributes:
        number: to be laid beside the slider.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setRange(1, 100)
        self.setPageStep(5)
        self.setMinimumHeight(24)
        name(self, self.tr("Quality"), self.tr("100 is the best and largest"))
        self.number = QLabel()
        self.number.setFixedWidth(30)
        self.number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.valueChanged.connect(self._show_number)
        self._show_number()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """The number goes where it says nothing."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.EnabledChange:
            self._show_number()

    @Slot()
    def _show_number(self) -> None:
        self.number.setText(str(self.value()) if self.isEnabled() else "")
