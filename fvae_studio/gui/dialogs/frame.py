"""What all dialogs share: margins, headings, hints, and the buttons below a line."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, Qt, QTimer, Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QFrame,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

_SIDE_PX: Final = 20


class StudioDialog(QDialog):
    """A dialog with content above a line and buttons below it.

    `content` is the layout for what it shows, `buttons` the box; Escape closes it.
    """

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self._aligned: list[QWidget] = []
        self.content = QVBoxLayout()
        self.content.setContentsMargins(_SIDE_PX, 18, _SIDE_PX, 16)
        self.content.setSpacing(14)
        self.buttons = QDialogButtonBox()
        self.buttons.setContentsMargins(_SIDE_PX, 12, _SIDE_PX, 14)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self.content, 1)
        layout.addWidget(line())
        layout.addWidget(self.buttons)
        self.buttons.rejected.connect(self.reject)

    def set_least_width(self, width_px: int) -> None:
        """Never narrower than this, and wider where the text size needs it.

        A minimum width of the window itself would take the place of what its content needs.
        """
        self.content.addStrut(width_px - 2 * _SIDE_PX)

    def align_labels(self, *forms: QFormLayout) -> None:
        """Let the fields of several forms begin at one line, in any text size."""
        labels = [
            item.widget()
            for rows in forms
            for row in range(rows.rowCount())
            if (item := rows.itemAt(row, QFormLayout.ItemRole.LabelRole)) is not None
        ]
        self._aligned = [one for one in labels if one is not None]
        self._fit_labels()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """Names of fields need another column in another text size, once they have it themselves."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            QTimer.singleShot(0, self, self._fit_labels)

    @Slot()
    def _fit_labels(self) -> None:
        width = max((one.sizeHint().width() for one in self._aligned), default=0)
        for one in self._aligned:
            one.setMinimumWidth(width)

    def add_close_button(self) -> QPushButton:
        """A dialog that only shows something has one button."""
        close = self.buttons.addButton(self.tr("Close"), QDialogButtonBox.ButtonRole.RejectRole)
        close.setToolTip(self.tr("Close this window"))
        # Enter in a field must not close the window.
        close.setAutoDefault(False)
        return close


def line() -> QFrame:
    """A separator."""
    frame = QFrame()
    frame.setProperty("role", "line")
    return frame


def label(text: str, role: str = "") -> QLabel:
    """A label in one of the style sheet's roles; it wraps."""
    made = QLabel(text)
    made.setWordWrap(True)
    if role:
        made.setProperty("role", role)
    return made


def heading(text: str) -> QLabel:
    """A heading above a group of rows."""
    made = label(text, "heading")
    made.setContentsMargins(0, 4, 0, 0)
    return made


def form() -> QFormLayout:
    """Rows with the names on the left, one below the other."""
    made = QFormLayout()
    made.setContentsMargins(0, 0, 0, 0)
    made.setHorizontalSpacing(14)
    made.setVerticalSpacing(8)
    made.setLabelAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    made.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    return made


def set_role(widget: QWidget, role: str) -> None:
    """Change a widget's role while it is shown; the style sheet looks only when it is told to."""
    if widget.property("role") != role:
        widget.setProperty("role", role)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def name(widget: QWidget, accessible: str, tip: str = "") -> None:
    """Give a control its accessible name and its tooltip."""
    widget.setAccessibleName(accessible)
    widget.setToolTip(tip or accessible)
