"""The settings dialog, made from the table of options in `fvae_studio.settings`."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QCoreApplication, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from fvae_studio.gui.dialogs.frame import StudioDialog, form, heading, label, name, set_role
from fvae_studio.gui.icons import icon
from fvae_studio.settings import DEFAULTS, OPTIONS, Option, Settings


class SettingsDialog(StudioDialog):
    """Every change works at once; there is nothing to apply."""

    setting_changed = Signal(str, object)
    """(key, value)."""

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._controls: dict[str, QWidget] = {}
        self._build_ui()
        self.set_settings(settings)
        self.setting_changed.connect(self._on_setting_changed)

    def set_settings(self, settings: Settings) -> None:
        """Show these values."""
        for option in OPTIONS:
            self._show(option, settings.value(option.key))

    def control(self, key: str) -> QWidget:
        """The control of an option."""
        return self._controls[key]

    def _build_ui(self) -> None:
        self.setWindowTitle(self.tr("Settings"))
        self.set_least_width(480)
        forms: dict[str, QFormLayout] = {}
        for option in OPTIONS:
            if option.section not in forms:
                self.content.addWidget(heading(_tr(option.section)))
                forms[option.section] = form()
                self.content.addLayout(forms[option.section])
            control = self._make(option)
            tip = _tr(option.help) + (" " + self.tr("Works from the next start on.") if option.needs_restart else "")
            name(control, _tr(option.label), tip)
            self._controls[option.key] = control
            forms[option.section].addRow("" if option.kind == "switch" else _tr(option.label), control)
        self.align_labels(*forms.values())
        self._note = label(self.tr("Changes work at once."), "hint")
        self.content.addWidget(self._note)
        self.content.addStretch(1)
        restore = self.buttons.addButton(self.tr("Restore defaults"), QDialogButtonBox.ButtonRole.ResetRole)
        name(restore, self.tr("Restore defaults"), self.tr("Set all options of this window to their defaults"))
        restore.setAutoDefault(False)
        restore.clicked.connect(self._on_restore_clicked)
        self.add_close_button()

    def _make(self, option: Option) -> QWidget:
        """The control for one kind of option."""
        key = option.key
        if option.kind == "choice":
            box = QComboBox()
            for value, text in option.choices:
                box.addItem(_tr(text), value)
            box.currentIndexChanged.connect(lambda _index: self.setting_changed.emit(key, box.currentData()))
            return box
        if option.kind == "switch":
            check = QCheckBox(_tr(option.label))
            check.toggled.connect(lambda on: self.setting_changed.emit(key, on))
            return check
        if option.kind == "number":
            spin = QSpinBox()
            spin.lineEdit().setTextMargins(4, 0, 0, 0)
            spin.setRange(option.least, option.most)
            spin.setSuffix(f" {option.unit}" if option.unit else "")
            spin.setKeyboardTracking(False)
            spin.setAlignment(Qt.AlignmentFlag.AlignLeft)
            spin.valueChanged.connect(lambda value: self.setting_changed.emit(key, value))
            return spin
        line = QLineEdit()
        if option.kind == "file":
            browse = line.addAction(icon("folder-open"), QLineEdit.ActionPosition.TrailingPosition)
            browse.setToolTip(self.tr("Choose a file"))
            browse.triggered.connect(lambda: self._choose_file(option, line))
        line.editingFinished.connect(lambda: self.setting_changed.emit(key, line.text()))
        return line

    def _choose_file(self, option: Option, line: QLineEdit) -> None:
        suffixes, kind = option.choices[0]
        pattern = f"{_tr(kind)} ({' '.join(f'*{suffix}' for suffix in suffixes.split())})"
        path, _ = QFileDialog.getOpenFileName(self, _tr(option.label), line.text(), pattern)
        if path:
            line.setText(path)
            self.setting_changed.emit(option.key, path)

    def _show(self, option: Option, value: Any) -> None:
        control = self._controls[option.key]
        with QSignalBlocker(control):
            if isinstance(control, QComboBox):
                control.setCurrentIndex(max(0, control.findData(value)))
            elif isinstance(control, QCheckBox):
                control.setChecked(value)
            elif isinstance(control, QSpinBox):
                control.setValue(value)
            elif isinstance(control, QLineEdit):
                control.setText(value)

    @Slot(str, object)
    def _on_setting_changed(self, key: str, _value: object) -> None:
        option = next(option for option in OPTIONS if option.key == key)
        if option.needs_restart:
            self._note.setText(self.tr("{name}: works from the next start on.").format(name=_tr(option.label)))
            set_role(self._note, "warning")

    @Slot()
    def _on_restore_clicked(self) -> None:
        for option in OPTIONS:
            default = DEFAULTS.value(option.key)
            self._show(option, default)
            self.setting_changed.emit(option.key, default)


def _tr(text: str) -> str:
    return QCoreApplication.translate("settings", text)
