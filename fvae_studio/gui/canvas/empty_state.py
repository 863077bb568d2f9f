"""What the canvas says while there is no photo."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from fvae_studio.gui.icons import icon_pixmap


class EmptyState(QWidget):
    """Says what to do: drop a photo, open one, or try a sample; or why the chosen one is not seen."""

    open_requested = Signal()
    sample_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._told: tuple[str | None, tuple[str, str] | None] = (None, None)
        self._build_ui()
        self._connect()
        self.tell(None, None)

    def _build_ui(self) -> None:
        self._picture = QLabel(self)
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._title = QLabel(self)
        self._title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        font = self._title.font()
        font.setPixelSize(20)
        self._title.setFont(font)
        self._hint = QLabel(self)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setWordWrap(True)
        for label in (self._title, self._hint):
            # Names of files are no HTML.
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._hint.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._open = QPushButton(self.tr("Open photos…"), self)
        self._open.setProperty("role", "primary")
        self._open.setToolTip(self.tr("Choose photos to edit"))
        self._sample = QPushButton(self.tr("Try a sample"), self)
        self._sample.setToolTip(self.tr("Open a portrait that comes with the program; it shows nobody"))
        self._buttons = QWidget(self)
        row = QHBoxLayout(self._buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addStretch(1)
        row.addWidget(self._open)
        row.addWidget(self._sample)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setSpacing(14)
        column.addStretch(2)
        for widget in (self._picture, self._title, self._hint, self._buttons):
            column.addWidget(widget)
        column.addStretch(3)

    def _connect(self) -> None:
        self._open.clicked.connect(self.open_requested)
        self._sample.clicked.connect(self.sample_requested)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """The picture follows the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.tell(*self._told)

    def tell(self, loading: str | None, problem: tuple[str, str] | None) -> None:
        """Show that a photo is being read, why it cannot be (title and sentence), or what to do (None of both)."""
        self._told = (loading, problem)
        icon, title = "image", self.tr("Drop a photo here")
        hint = self.tr("JPEG, PNG, TIFF, WebP, HEIC and more. Photos stay on this computer.")
        if loading is not None:
            icon, title, hint = "hourglass", self.tr("Opening {name}").format(name=loading), ""
        elif problem is not None:
            icon, (title, hint) = "warning", problem
        self._picture.setPixmap(icon_pixmap(icon, 56, QPalette.ColorRole.PlaceholderText))
        self._title.setText(title)
        self._hint.setText(hint)
        self._buttons.setVisible(loading is None)
