"""The dialog that asks what shall be taken from which other photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QWidget,
)

from fvae_studio.core.face_parts import Region
from fvae_studio.gui.dialogs.frame import StudioDialog, form, label, name, set_role
from fvae_studio.paths import typed_path

_OTHER_FILE: Final = "other"


@dataclass(frozen=True)
class BorrowChoice:
    """What a person wants.

    Attributes:
        donor: the other photo.
        parts: what is taken from it.
        face: number of the face that gets it.
        donor_face: number of the face that gives it, None for the best match.
        output: a new file.
    """

    donor: Path
    parts: tuple[Region, ...]
    face: int
    donor_face: int | None
    output: Path


class BorrowDialog(StudioDialog):
    """First the questions; while it works, a bar; then it closes, or says what stood in the way.

    Args:
        others: name and path of the other open photos.
        faces: numbers of the photo's faces.
        chosen: of them, or None.
        places: a proposed file for each choice of parts.
        has_edit: the photo has an edit that will not be in the result.
        parent: the window.
    """

    borrow_requested = Signal(object)
    """A `BorrowChoice`."""
    cancel_requested = Signal()

    def __init__(
        self,
        others: Sequence[tuple[str, Path]],
        faces: Sequence[int],
        chosen: int | None,
        places: dict[tuple[Region, ...], Path],
        *,
        has_edit: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("", parent)
        self._places = places
        self._is_running = False
        self._build_ui(others, faces, chosen, has_edit=has_edit)
        self._connect()
        self._on_parts_chosen()
        self._refresh()

    @property
    def choice(self) -> BorrowChoice | None:
        """What the controls say; None while something is missing."""
        donor, output = self._donor.currentData(), typed_path(self._file.text())
        if not isinstance(donor, Path) or not output.name or not output.is_absolute():
            return None
        return BorrowChoice(
            donor, self._parts.currentData(), self._face.currentData(), self._donor_face.value() or None, output
        )

    def add_donor(self, path: Path) -> None:
        """Choose another file."""
        at = self._donor.findData(path)
        if at < 0:
            at = self._donor.count() - 1
            self._donor.insertItem(at, path.name, path)
        self._donor.setCurrentIndex(at)

    def set_progress(self, fraction: float) -> None:
        """How much is done, in [0, 1]."""
        self._bar.setValue(round(100 * fraction))

    def set_failed(self, sentence: str) -> None:
        """It could not be done; the questions stay."""
        self._is_running = False
        self._note.setText(sentence)
        set_role(self._note, "danger" if sentence else "hint")
        self._refresh()

    def done(self, result: int) -> None:
        """Closing stops what is being done."""
        if self._is_running:
            self._is_running = False
            self.cancel_requested.emit()
        super().done(result)

    def set_done(self) -> None:
        """There is a new photo: nothing is left to ask."""
        self._is_running = False
        self.accept()

    # Building

    def _build_ui(
        self, others: Sequence[tuple[str, Path]], faces: Sequence[int], chosen: int | None, *, has_edit: bool
    ) -> None:
        self.setWindowTitle(self.tr("Take from another photo"))
        self.set_least_width(520)
        self._donor = QComboBox()
        for text, path in others:
            self._donor.addItem(text, path)
        if not others:
            self._donor.addItem(self.tr("choose one"), None)
        self._donor.addItem(self.tr("Another file…"), _OTHER_FILE)
        name(self._donor, self.tr("Other photo"), self.tr("Of the same person, who has open eyes or shows teeth there"))
        self._parts = QComboBox()
        texts: dict[tuple[Region, ...], str] = {
            ("eyes",): self.tr("Eyes"),
            ("mouth",): self.tr("Mouth"),
            ("eyes", "mouth"): self.tr("Eyes and mouth"),
            ("best",): self.tr("Its expression, with its pixels where it shows more"),
        }
        for parts, text in texts.items():
            self._parts.addItem(text, parts)
        name(self._parts, self.tr("What is taken"), self.tr("The rest of the face moves along, with its own pixels"))
        self._face = QComboBox()
        for number in faces:
            self._face.addItem(self.tr("Face {number}").format(number=number), number)
        self._face.setCurrentIndex(max(0, self._face.findData(chosen)))
        name(self._face, self.tr("Face in this photo"), self.tr("Faces are numbered from the left"))
        self._donor_face = QSpinBox()
        self._donor_face.setRange(0, 99)
        self._donor_face.setSpecialValueText(self.tr("best match"))
        name(
            self._donor_face,
            self.tr("Face in the other photo"),
            self.tr("Counted from the left; the best match is the one whose shape differs least"),
        )
        self._file = QLineEdit()
        name(self._file, self.tr("New photo"), self.tr("Where the result is written; both photos stay as they are"))
        self._browse = QPushButton(self.tr("Browse…"))
        self._browse.setAutoDefault(False)
        name(self._browse, self.tr("Choose the file of the new photo"))
        place = QHBoxLayout()
        place.setSpacing(8)
        place.addWidget(self._file, 1)
        place.addWidget(self._browse)
        rows = form()
        rows.addRow(self.tr("From"), self._donor)
        rows.addRow(self.tr("Take"), self._parts)
        rows.addRow(self.tr("Into"), self._face)
        rows.addRow(self.tr("Face there"), self._donor_face)
        rows.addRow(self.tr("New photo"), place)
        self.content.addLayout(rows)
        self._bar = QProgressBar()
        self._bar.setRange(0, 100)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Progress"))
        self.content.addWidget(self._bar)
        hint = self.tr("Light and colours are matched, and the two photos meet without a seam.")
        if has_edit:
            hint = self.tr("The sliders' edit of this photo is not in the new one; copy it there with Copy edit.")
        self._note = label(hint, "hint")
        self.content.addWidget(self._note)
        self.content.addStretch(1)
        self._take = self.buttons.addButton(self.tr("Take it"), QDialogButtonBox.ButtonRole.ApplyRole)
        self._take.setProperty("role", "primary")
        name(self._take, self.tr("Take it"), self.tr("Write the new photo and open it"))
        self.add_close_button()

    def _connect(self) -> None:
        self._donor.activated.connect(self._on_donor_activated)
        self._parts.currentIndexChanged.connect(self._on_parts_chosen)
        self._file.textChanged.connect(self._refresh)
        self._browse.clicked.connect(self._on_browse)
        self._take.clicked.connect(self._on_take)

    @Slot()
    def _refresh(self) -> None:
        self._bar.setVisible(self._is_running)
        for widget in (self._donor, self._parts, self._donor_face, self._file, self._browse):
            widget.setEnabled(not self._is_running)
        self._face.setEnabled(not self._is_running and self._face.count() > 1)
        self._take.setEnabled(not self._is_running and self.choice is not None)

    @Slot()
    def _on_parts_chosen(self) -> None:
        """Another name is proposed, unless a person has written one."""
        proposed = {str(path) for path in self._places.values()}
        if not self._file.text() or self._file.text() in proposed:
            self._file.setText(str(self._places[self._parts.currentData()]))

    @Slot(int)
    def _on_donor_activated(self, index: int) -> None:
        if self._donor.itemData(index) != _OTHER_FILE:
            self._refresh()
            return
        with QSignalBlocker(self._donor):
            self._donor.setCurrentIndex(0)
        path, _ = QFileDialog.getOpenFileName(self, self.tr("Another photo of the person"), "")
        if path:
            self.add_donor(Path(path))
        self._refresh()

    @Slot()
    def _on_browse(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, self.tr("New photo"), self._file.text())
        if path:
            self._file.setText(path)

    @Slot()
    def _on_take(self) -> None:
        choice = self.choice
        if choice is not None and not self._is_running:
            self._is_running = True
            self._note.setText("")
            set_role(self._note, "hint")
            self._bar.setValue(0)
            self._refresh()
            self.borrow_requested.emit(choice)
