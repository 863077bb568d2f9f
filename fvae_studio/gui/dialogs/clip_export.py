"""The dialog that asks how a clip shall be written, and where."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QWidget,
)

from fvae_studio.core.clip_export import (
    SEQUENCES,
    WITH_CLIP_QUALITY,
    WITH_LOOPS,
    ClipFormat,
    ClipOptions,
    exported_timeline,
    picture_side,
    plan_clip_path,
)
from fvae_studio.core.timeline import FRAME_RATES, Timeline
from fvae_studio.errors import EditError
from fvae_studio.gui.dialogs.frame import StudioDialog, form, heading, label, name, set_role
from fvae_studio.gui.dialogs.quality_slider import QualitySlider
from fvae_studio.paths import typed_path

_SIDES: Final = (None, 480, 720, 1080, 1280, 1920, 2560, 3840)
_LARGEST_SIDE: Final = 8192


class ClipExportDialog(StudioDialog):
    """Asks how and where.

    Args:
        timeline: what is written.
        place: a proposed path; the suffix follows the format.
        longer_side: of the clip's pictures at full resolution.
        options: as they were the last time.
        taken: paths that are promised to other exports.
        parent: the window.
    """

    export_requested = Signal(object, object)
    """(`ClipOptions`, path)."""

    def __init__(
        self,
        timeline: Timeline,
        place: Path,
        longer_side: int,
        options: ClipOptions,
        taken: Iterable[Path] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("", parent)
        self._timeline, self._longer_side, self._taken = timeline, longer_side, tuple(taken)
        self._build_ui()
        self._show_options(options)
        self._file.setText(str(plan_clip_path(place, options, self._taken)))
        self._connect()
        self._refresh()

    def options(self) -> ClipOptions:
        """What the controls say."""
        back = self._back.currentData()
        return ClipOptions(
            self._format.currentData(),
            self._quality.value(),
            self._side.value() or None,
            self._fps.currentData(),
            None if back == "timeline" else back == "back",
            self._loops.value(),
            self._whole.isChecked(),
            self._note.isChecked(),
        )

    @property
    def path(self) -> Path | None:
        """Where it is written, as it stands; None while that names no file."""
        wanted = typed_path(self._file.text())
        if not wanted.name or not wanted.is_absolute():
            return None
        try:
            return plan_clip_path(wanted, self.options(), self._taken)
        except OSError:
            # The name is too long, or the folder may not be looked into.
            return None

    # Building

    def _build_ui(self) -> None:
        self.setWindowTitle(self.tr("Export clip"))
        self.set_least_width(560)
        self._format = QComboBox()
        texts: dict[ClipFormat, str] = {
            "mp4": self.tr("MP4, H.264: plays everywhere"),
            "hevc": self.tr("MP4, HEVC: smaller files"),
            "av1": self.tr("MP4, AV1: the smallest files, slow to write"),
            "webm": self.tr("WebM, VP9: for web pages"),
            "gif": self.tr("GIF: 256 colours"),
            "webp": self.tr("WebP, animated"),
            "png": self.tr("PNG sequence: a folder of numbered pictures"),
            "tif": self.tr("TIFF sequence: full size and depth"),
            "jpg": self.tr("JPEG sequence"),
            "sheet": self.tr("Contact sheet: one picture of twelve moments"),
        }
        for format_name, text in texts.items():
            self._format.addItem(text, format_name)
        name(self._format, self.tr("Format"), self.tr("Kind of file"))
        self._side = QSpinBox()
        self._side.setRange(0, _LARGEST_SIDE)
        self._side.setSingleStep(16)
        self._side.setSuffix(" px")
        self._side.setKeyboardTracking(False)
        name(self._side, self.tr("Longer side"), self.tr("Of the pictures; larger than the photo is never worth it"))
        self._sizes = QComboBox()
        for side in _SIDES:
            self._sizes.addItem(self.tr("as fits the format") if side is None else f"{side} px", side or 0)
        self._sizes.addItem(self.tr("other"), -1)
        name(self._sizes, self.tr("Size"), self.tr("Longer side of the pictures"))
        self._fps = QComboBox()
        self._fps.addItem(self.tr("as the timeline ({number:g})").format(number=self._timeline.fps), None)
        for rate in FRAME_RATES:
            self._fps.addItem(f"{rate:g}", rate)
        name(self._fps, self.tr("Frames per second"))
        self._quality = QualitySlider()
        self._back = QComboBox()
        goes_back = self._timeline.repeat == "ping-pong"
        as_timeline = self.tr("as the timeline (there and back)") if goes_back else self.tr("as the timeline (one way)")
        for text, value in (
            (as_timeline, "timeline"),
            (self.tr("one way"), "there"),
            (self.tr("there and back"), "back"),
        ):
            self._back.addItem(text, value)
        name(self._back, self.tr("Way"), self.tr("There and back repeats without a jump"))
        self._loops = QSpinBox()
        self._loops.setRange(0, 1000)
        self._loops.setSpecialValueText(self.tr("for ever"))
        name(self._loops, self.tr("Times"), self.tr("How often a GIF or WebP is shown; players decide about videos"))
        self._whole = QCheckBox(self.tr("The whole timeline, not only from the in to the out point"))
        name(self._whole, self.tr("Whole timeline"), self.tr("From the start to the last key"))
        self._note = QCheckBox(self.tr("Note in the files that the expressions were edited"))
        name(
            self._note, self.tr("Note the edit"), self.tr("In comments and XMP, as photos have it; not in the picture")
        )
        self._file = QLineEdit()
        name(self._file, self.tr("File"), self.tr("Where the clip is written; a folder for numbered pictures"))
        self._browse = QPushButton(self.tr("Choose…"))
        name(self._browse, self.tr("Choose a place"))
        self._summary = label("", "hint")
        self._summary.setMinimumHeight(self.fontMetrics().lineSpacing() * 3)
        for spin in (self._side, self._loops):
            spin.lineEdit().setTextMargins(4, 0, 0, 0)
        size, quality, place = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        for layout in (size, quality, place):
            layout.setSpacing(8)
        size.addWidget(self._sizes, 1)
        size.addWidget(self._side, 1)
        quality.addWidget(self._quality, 1)
        quality.addWidget(self._quality.number)
        place.addWidget(self._file, 1)
        place.addWidget(self._browse)
        picture, motion, where = form(), form(), form()
        picture.addRow(self.tr("Format"), self._format)
        picture.addRow(self.tr("Size"), size)
        picture.addRow(self.tr("Quality"), quality)
        motion.addRow(self.tr("Frames per second"), self._fps)
        motion.addRow(self.tr("Way"), self._back)
        motion.addRow(self.tr("Times"), self._loops)
        motion.addRow("", self._whole)
        where.addRow(self.tr("File"), place)
        where.addRow("", self._note)
        self.align_labels(picture, motion, where)
        for title, rows in ((self.tr("Pictures"), picture), (self.tr("Motion"), motion), (self.tr("Place"), where)):
            self.content.addWidget(heading(title))
            self.content.addLayout(rows)
        self.content.addWidget(self._summary)
        self.content.addStretch(1)
        self._export = self.buttons.addButton(self.tr("Export"), QDialogButtonBox.ButtonRole.AcceptRole)
        self._export.setDefault(True)
        cancel = self.buttons.addButton(self.tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        name(self._export, self.tr("Export"), self.tr("Write the clip; you can go on working meanwhile"))
        name(cancel, self.tr("Cancel"), self.tr("Write nothing"))

    def _show_options(self, options: ClipOptions) -> None:
        self._format.setCurrentIndex(max(0, self._format.findData(options.format)))
        self._quality.setValue(options.quality)
        self._side.setValue(options.longer_side or 0)
        found = self._sizes.findData(options.longer_side or 0)
        self._sizes.setCurrentIndex(found if found >= 0 else self._sizes.count() - 1)
        self._fps.setCurrentIndex(max(0, self._fps.findData(options.fps)))
        back = "timeline" if options.ping_pong is None else "back" if options.ping_pong else "there"
        self._back.setCurrentIndex(self._back.findData(back))
        self._loops.setValue(options.loops)
        self._whole.setChecked(options.whole)
        self._note.setChecked(options.note_edit)

    def _connect(self) -> None:
        self._format.currentIndexChanged.connect(self._on_format_chosen)
        for box in (self._fps, self._back):
            box.currentIndexChanged.connect(self._refresh)
        self._sizes.currentIndexChanged.connect(self._on_size_chosen)
        self._side.valueChanged.connect(self._refresh)
        self._quality.valueChanged.connect(self._refresh)
        self._loops.valueChanged.connect(self._refresh)
        self._whole.toggled.connect(self._refresh)
        self._file.textChanged.connect(self._refresh)
        self._browse.clicked.connect(self._on_browse_clicked)
        self.buttons.accepted.connect(self._on_accepted)

    # What happens

    @Slot()
    def _refresh(self, _value: object = None) -> None:
        """What will be written, or why it cannot be."""
        chosen: ClipFormat = self._format.currentData()
        self._quality.setEnabled(chosen in WITH_CLIP_QUALITY)
        self._side.setVisible(self._sizes.currentData() == -1)
        self._loops.setEnabled(chosen in WITH_LOOPS)
        is_single = chosen == "sheet"
        self._back.setEnabled(not is_single)
        self._fps.setEnabled(not is_single)
        try:
            options = self.options()
            timeline = exported_timeline(self._timeline, options)
        except EditError as error:
            self._say(str(error), "danger")
            self._export.setEnabled(False)
            return
        path = self.path
        if path is None or not path.parent.is_dir():
            if path is None:
                text = self.tr("Give the whole path of a file that can be written.")
            else:
                text = self.tr("Choose a place that is there: the folder {path} is not.").format(path=path.parent)
            self._say(text, "danger")
            self._export.setEnabled(False)
            return
        self._export.setEnabled(True)
        count = len(timeline.shown_times())
        side = min(picture_side(options) or self._longer_side, self._longer_side)
        what = self.tr("%n picture(s)", "", count)
        if chosen in SEQUENCES:
            what += self.tr(", numbered, in a folder")
        elif not is_single:
            what += self.tr(", {seconds:.1f} s").format(seconds=count / timeline.fps)
        self._say(f"{path}\n{what}, " + self.tr("longer side {side} px").format(side=side), "hint")

    def _say(self, text: str, role: str) -> None:
        self._summary.setText(text)
        set_role(self._summary, role)

    @Slot()
    def _on_format_chosen(self) -> None:
        """The file's name goes along: another suffix, or none for a folder."""
        with suppress(EditError):
            path = self.path
            if path is not None:
                self._file.setText(str(path))
        self._refresh()

    @Slot()
    def _on_size_chosen(self) -> None:
        side = self._sizes.currentData()
        with QSignalBlocker(self._side):
            self._side.setValue(self._longer_side if side == -1 else side)
        self._refresh()

    @Slot()
    def _on_browse_clicked(self) -> None:
        options = QFileDialog.Option.DontConfirmOverwrite
        chosen, _ = QFileDialog.getSaveFileName(self, self.tr("Export clip"), str(self.path or ""), options=options)
        if chosen:
            self._file.setText(chosen)

    @Slot()
    def _on_accepted(self) -> None:
        path = self.path
        if path is not None:
            self.export_requested.emit(self.options(), path)
            self.accept()
