"""What is seen where an edit parts lips that are closed in the photo."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QEvent, QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFontInfo, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QWidget

from fvae_studio.core.mouth_choice import BUILT_IN, CLOSED, MouthChoice

_CLOSED, _BUILT_IN, _PHOTO = range(3)
_PLACES: Final = {"closed": _CLOSED, "built_in": _BUILT_IN, "photo": _PHOTO}
_TITLE_EMS: Final = 9.1
"""Width of the title's column in heights of the text; in a narrow panel the list needs some of it."""

_ARROW_PX: Final = 50
"""Of a list's width: its arrow and margins."""

_SPARE_PX: Final = 4
"""What the list's style adds to a text."""


class _Title(QLabel):
    """As wide as the names of the sliders below it, where there is room; at least as wide as its text."""

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Goes with the text's size."""
        hint = super().sizeHint()
        return QSize(max(hint.width(), round(_TITLE_EMS * QFontInfo(self.font()).pixelSize())), hint.height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """All of the text."""
        return super().sizeHint()


class MouthBox(QWidget):
    """A list of three: closed lips, built-in teeth, another photo."""

    mouth_chosen = Signal(object)
    """A `MouthChoice`."""
    photo_requested = Signal()
    """A person wants to choose another photo; the list shows what it showed before until one is chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mouth = CLOSED
        self._build_ui()
        self._list.activated.connect(self._on_activated)
        self._show_name()

    @property
    def mouth(self) -> MouthChoice:
        """What is shown."""
        return self._mouth

    @property
    def is_changed(self) -> bool:
        """Whether lips may part."""
        return self._mouth.opens

    def set_mouth(self, mouth: MouthChoice) -> None:
        """Show a choice; no signal."""
        if mouth == self._mouth and self._list.currentIndex() == _PLACES[mouth.kind]:
            return
        self._mouth = mouth
        with QSignalBlocker(self._list):
            self._list.setCurrentIndex(_PLACES[mouth.kind])
        self._show_name()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """A wider panel has room for more of a name."""
        super().resizeEvent(event)
        self._show_name()

    def _show_name(self) -> None:
        """Of the other photo, with as much of it as there is room for."""
        name, text = Path(self._mouth.photo).name, self.tr("From {name}…")
        if self._mouth.kind == "photo":
            metrics = self._list.fontMetrics()
            room = self._list.width() - _ARROW_PX - metrics.horizontalAdvance(text.format(name=""))
            shown = text.format(name=metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, room))
        else:
            shown = self.tr("From a photo…")
        with QSignalBlocker(self._list):
            self._list.setItemText(_PHOTO, shown)
            self._list.setItemData(_PHOTO, name or None, Qt.ItemDataRole.ToolTipRole)

    def matches(self, words: list[str]) -> bool:
        """Whether a search for these words, in lower case, is one for this."""
        # Not in an f-string: the collector of texts does not look into them.
        text = " ".join((self.tr("Behind closed lips"), self.tr("Mouth, teeth"), self.tr("Built-in teeth")))
        return all(word in text.casefold() for word in words)

    def _build_ui(self) -> None:
        tip = self.tr(
            "What is seen where an expression parts lips that are closed in the photo. Built-in teeth are an average "
            "of many people's, not this person's own; exported files say so."
        )
        title = _Title(self.tr("If lips part"))
        self._list = QComboBox()
        self._list.addItems(self._texts())
        self._list.setAccessibleName(self.tr("If lips part"))
        self._list.setAccessibleDescription(tip)
        # A long file name must not widen the panel.
        self._list.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        for widget in (title, self._list):
            widget.setToolTip(tip)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 0, 0, 4)
        row.setSpacing(2)
        row.addWidget(title)
        row.addWidget(self._list, 1)
        self._fit()

    def _texts(self) -> list[str]:
        return [self.tr("Closed lips"), self.tr("Built-in teeth"), self.tr("From a photo…")]

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """The list goes with the text size."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        """Room for all choices; the name of another photo takes what there is."""
        metrics = QFontMetrics(self.font())
        self._list.setMinimumWidth(max(map(metrics.horizontalAdvance, self._texts())) + _ARROW_PX + _SPARE_PX)

    @Slot(int)
    def _on_activated(self, index: int) -> None:
        if index == _PHOTO:
            self.set_mouth(self._mouth)
            self.photo_requested.emit()
            return
        chosen = BUILT_IN if index == _BUILT_IN else CLOSED
        if chosen != self._mouth:
            self.set_mouth(chosen)
            self.mouth_chosen.emit(chosen)
