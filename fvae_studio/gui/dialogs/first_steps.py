"""A page for the first minutes: five steps, and two ways to begin."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QDialogButtonBox, QGridLayout, QLabel, QVBoxLayout, QWidget

from fvae_studio.gui.dialogs.frame import StudioDialog, label, name
from fvae_studio.gui.icons import icon_pixmap


class FirstStepsDialog(StudioDialog):
    """Closes when one of its two ways is taken."""

    open_requested = Signal()
    sample_requested = Signal()

    def __init__(self, parent: QWidget | None = None, *, show_at_start: bool = False) -> None:
        super().__init__("", parent)
        self._build_ui(show_at_start)

    @property
    def shows_at_start(self) -> bool:
        """Whether people want to see it at the next start."""
        return self._again.isChecked()

    def _build_ui(self, show_at_start: bool) -> None:
        self.setWindowTitle(self.tr("First steps"))
        self.set_least_width(540)
        self.content.addWidget(label(self.tr("Your first edit"), "title"))
        steps = (
            (
                "image-square",
                self.tr("Drop a photo on the window"),
                self.tr("Faces are found by themselves. A face looks best from the front and sharp."),
            ),
            (
                "user-focus",
                self.tr("Choose a face"),
                self.tr("Click it, or press Tab. With none chosen, the sliders move all faces."),
            ),
            (
                "sliders-horizontal",
                self.tr("Move a slider"),
                self.tr(
                    "Double click takes it back, Shift moves in fine steps. A dashed track means: look closely there."
                ),
            ),
            (
                "square-half",
                self.tr("Compare"),
                self.tr("Hold the O key to see the original, or drag the split line over the photo."),
            ),
            (
                "export",
                self.tr("Export"),
                self.tr("The file has all pixels of your photo and its camera data. The original stays as it is."),
            ),
        )
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(14)
        grid.setColumnStretch(1, 1)
        for row, (icon_name, title, text) in enumerate(steps):
            picture = QLabel()
            picture.setPixmap(icon_pixmap(icon_name, 26))
            words = QVBoxLayout()
            words.setSpacing(2)
            words.addWidget(label(title, "heading"))
            words.addWidget(label(text, "hint"))
            grid.addWidget(picture, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addLayout(words, row, 1)
        self.content.addLayout(grid)
        self._again = QCheckBox(self.tr("Show this at every start"))
        self._again.setChecked(show_at_start)
        name(self._again, self.tr("Show this at every start"), self.tr("It is also in the Help menu"))
        self.content.addWidget(self._again)
        self.content.addStretch(1)
        role = QDialogButtonBox.ButtonRole.ActionRole
        sample = self.buttons.addButton(self.tr("Try a sample"), role)
        name(sample, self.tr("Try a sample"), self.tr("Open a portrait that came with the program"))
        photo = self.buttons.addButton(self.tr("Open a photo…"), role)
        name(photo, self.tr("Open a photo"), self.tr("Choose a photo of your own"))
        photo.setDefault(True)
        photo.setFocus()
        sample.clicked.connect(self.sample_requested)
        photo.clicked.connect(self.open_requested)
        sample.clicked.connect(self.accept)
        photo.clicked.connect(self.accept)
        self.add_close_button()
