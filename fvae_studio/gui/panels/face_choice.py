"""Which face the sliders are for: all of them, or one number."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QComboBox, QHBoxLayout, QToolButton, QWidget

from fvae_studio.gui.widgets.elided_label import ElidedLabel

_MOST_BUTTONS = 6
"""Faces up to which every one has a button; more stand in a list."""


class FaceChoice(QWidget):
    """Buttons, or a list when there are many; hidden truths stay with the document."""

    face_chosen = Signal(object)
    """A number, or None for all faces."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._numbers: tuple[int, ...] = ()
        self._buttons = QButtonGroup(self)
        self._buttons.setExclusive(True)
        self._build_ui()
        self._buttons.idClicked.connect(self._on_clicked)
        self._list.activated.connect(self._on_activated)

    @property
    def controls(self) -> tuple[QWidget, ...]:
        """What can have the focus, in order."""
        return (self._list, *self._buttons.buttons())

    def set_faces(self, numbers: tuple[int, ...], chosen: int | None) -> None:
        """Offer these numbers and mark the chosen one (None: all)."""
        if numbers != self._numbers:
            self._numbers = numbers
            self._rebuild()
        with QSignalBlocker(self._list), QSignalBlocker(self._buttons):
            self._list.setCurrentIndex(0 if chosen is None or chosen not in numbers else numbers.index(chosen) + 1)
            button = self._buttons.button(chosen or 0)
            if button is not None:
                button.setChecked(True)
        self._note.setText(self._sentence(chosen))

    def _build_ui(self) -> None:
        # The buttons tell the choice as well, where a narrow panel has no room for all of the words.
        self._note = ElidedLabel()
        self._note.setProperty("role", "heading")
        self._list = QComboBox()
        self._list.setAccessibleName(self.tr("Face"))
        self._list.setToolTip(self.tr("Which face the sliders are for"))
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(3)
        self._row.addWidget(self._note)
        self._row.addStretch(1)
        self._row.addWidget(self._list)
        self._list.hide()

    def _rebuild(self) -> None:
        for button in self._buttons.buttons():
            self._buttons.removeButton(button)
            self._row.removeWidget(button)
            button.hide()
            button.setParent(None)
            button.deleteLater()
        self._list.clear()
        several = len(self._numbers) > 1
        self._list.setVisible(len(self._numbers) > _MOST_BUTTONS)
        if several:
            self._list.addItem(self.tr("All faces"))
            self._list.addItems([self.tr("Face {number}").format(number=number) for number in self._numbers])
        if several and len(self._numbers) <= _MOST_BUTTONS:
            self._add_button(0, self.tr("All"), self.tr("All faces"))
            for number in self._numbers:
                self._add_button(number, str(number), self.tr("Face {number}").format(number=number))

    def _add_button(self, number: int, text: str, name: str) -> None:
        button = QToolButton()
        button.setText(text)
        button.setCheckable(True)
        button.setAccessibleName(name)
        button.setToolTip(self.tr("The sliders are for: {name}").format(name=name))
        self._buttons.addButton(button, number)
        self._row.addWidget(button)

    def _sentence(self, chosen: int | None) -> str:
        if not self._numbers:
            return self.tr("No face yet")
        if chosen is None and len(self._numbers) > 1:
            return self.tr("All faces")
        return self.tr("Face {number}").format(number=chosen or self._numbers[0])

    @Slot(int)
    def _on_clicked(self, number: int) -> None:
        self.face_chosen.emit(number or None)

    @Slot(int)
    def _on_activated(self, index: int) -> None:
        self.face_chosen.emit(None if index == 0 else self._numbers[index - 1])
