"""The settings dialog, made from the table of options in `fvae_studio.settings`."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QCoreApplication, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from fvae_studio.gui.dialogs.frame import StudioDialog, align_labels, form, heading, label, name
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

    def set_settings(self, settings: Settings) -> None:
        """Show these values."""
        for option in OPTIONS:
            self._show(option, settings.value(option.key))

    def control(self, key: str) -> QWidget:
        """The control of an option."""
        return self._controls[key]

    def _build_ui(self) -> None:
        self.setWindowTitle(self.tr("Settings"))
        self.setMinimumWidth(480)
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
        align_labels(*forms.values())
        self.content.addWidget(label(self.tr("Changes work at once."), "hint"))
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
        line.editingFinished.connect(lambda: self.setting_changed.emit(key, line.text()))
        return line

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

    @Slot()
    def _on_restore_clicked(self) -> None:
        for option in OPTIONS:
            default = DEFAULTS.value(option.key)
            self._show(option, default)
            self.setting_changed.emit(option.key, default)


def _tr(text: str) -> str:
    return QCoreApplication.translate("settings", text)
