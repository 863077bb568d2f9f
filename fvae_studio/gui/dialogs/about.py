"""What the program is, which versions run, and under which licences."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from PySide6.QtCore import Qt, Slot, qVersion
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QDialogButtonBox,
    QHeaderView,
    QPlainTextEdit,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QWidget,
)

from fvae_studio import paths
from fvae_studio.core.program import program_version
from fvae_studio.gui.dialogs.frame import StudioDialog, label, name
from fvae_studio.gui.status_bar import device_name
from fvae_studio.pipeline.requests import ModelSummary

_PACKAGES = (
    "onnxruntime", "torch", "mediapipe", "opencv-contrib-python", "opencv-contrib-python-headless", "numpy",
    "pillow", "pillow-heif", "av", "tifffile", "imagecodecs",
    "safetensors", "PySide6-Essentials", "qtawesome", "platformdirs", "typer", "rich",
)  # fmt: skip


@dataclass(frozen=True)
class Component:
    """Something that the program is built on.

    Attributes:
        name, version: as installed.
        licence: as its makers state it.
    """

    name: str
    version: str
    licence: str


def components() -> tuple[Component, ...]:
    """The libraries that are installed, without importing them."""
    found = [
        Component("Python", platform.python_version(), "PSF-2.0"),
        Component("Qt", qVersion(), "LGPL-3.0"),
    ]
    for package in _PACKAGES:
        try:
            installed = distribution(package)
        except PackageNotFoundError:
            continue
        found.append(Component(package, installed.version, _licence_of(installed)))
    found.append(Component("Phosphor Icons", "1.3.0", "MIT"))
    return tuple(found)


def own_text(file: str) -> str:
    """LICENSE or NOTICE: beside the package in a source tree, else as installed."""
    beside = Path(paths.__file__).resolve().parents[1] / file
    if beside.is_file():
        return beside.read_text(encoding="utf-8")
    try:
        return distribution("fvae-studio").read_text(f"licenses/{file}") or ""
    except PackageNotFoundError:
        return ""


class AboutDialog(StudioDialog):
    """Tabs: versions, libraries, licence.

    Args:
        model: the loaded model, None while there is none.
        parent: the window.
    """

    def __init__(self, model: ModelSummary | None = None, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._components = components()
        self._model = model
        self._build_ui()

    def versions(self) -> str:
        """All versions as text, for a report."""
        lines = [f"FVAE Studio {program_version()}", platform.platform()]
        if self._model is not None:
            lines.append(f"model {self._model.name} on {self._model.device}, {self._model.sha256[:12]}")
        lines += [f"{one.name} {one.version}" for one in self._components]
        return "\n".join(lines)

    @Slot()
    def open_licences(self) -> StudioDialog:
        """Show the licences of all that is inside an installed program; from source, say where they are."""
        file = paths.licences_file()
        dialog = StudioDialog(self.tr("Licences"), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if file is None:
            text = self.tr(
                "This program runs from its source: every library lies beside it as it was installed, with its licence "
                "in its own folder. The list under Libraries names them."
            )
            dialog.content.addWidget(label(text))
        else:
            dialog.resize(820, 640)
            text = file.read_text(encoding="utf-8", errors="replace")
            dialog.content.addWidget(self._make_text(text, self.tr("Licences")), 1)
        dialog.add_close_button()
        dialog.open()
        return dialog

    def _build_ui(self) -> None:
        self.setWindowTitle(self.tr("About FVAE Studio"))
        self.resize(560, 520)
        self.content.addWidget(label(f"FVAE Studio {program_version()}", "title"))
        self.content.addWidget(
            label(
                self.tr(
                    "Changes the expression of a face with the photo's own pixels: a network tells where each pixel "
                    "moves, and nothing is painted in. Photos never leave this computer."
                )
            )
        )
        if self._model is not None:
            text = self.tr("Model: {title}, on {device}").format(
                title=self._model.title, device=device_name(self._model.device)
            )
            self.content.addWidget(label(text, "hint"))
        tabs = QTabWidget()
        tabs.setAccessibleName(self.tr("Facts"))
        tabs.addTab(self._make_table(), self.tr("Libraries"))
        tabs.addTab(self._make_text(own_text("LICENSE"), self.tr("Licence")), self.tr("Licence"))
        tabs.addTab(self._make_text(own_text("NOTICE"), self.tr("Notices")), self.tr("Notices"))
        self.content.addWidget(tabs, 1)
        licences = self.buttons.addButton(self.tr("Licences"), QDialogButtonBox.ButtonRole.ActionRole)
        name(licences, self.tr("Licences"), self.tr("Of everything that the program is built on, with their texts"))
        licences.setAutoDefault(False)
        licences.clicked.connect(self.open_licences)
        self._copy = self.buttons.addButton(self.tr("Copy versions"), QDialogButtonBox.ButtonRole.ActionRole)
        name(self._copy, self.tr("Copy versions"), self.tr("For the report of a problem"))
        self._copy.setAutoDefault(False)
        self._copy.clicked.connect(self._on_copy_clicked)
        self.add_close_button()

    def _make_table(self) -> QTableWidget:
        table = QTableWidget(len(self._components), 3)
        name(table, self.tr("Libraries"))
        table.setHorizontalHeaderLabels([self.tr("Name"), self.tr("Version"), self.tr("Licence")])
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        for row, one in enumerate(self._components):
            for column, text in enumerate((one.name, one.version, one.licence)):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                table.setItem(row, column, item)
        table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        table.horizontalHeader().setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        return table

    def _make_text(self, text: str, title: str) -> QPlainTextEdit:
        view = QPlainTextEdit(text)
        view.setReadOnly(True)
        view.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        view.setTabChangesFocus(True)
        name(view, title)
        return view

    @Slot()
    def _on_copy_clicked(self) -> None:
        QGuiApplication.clipboard().setText(self.versions())
        self._copy.setText(self.tr("Copied"))


def _licence_of(installed: Distribution) -> str:
    """The SPDX expression if there is one, else a short licence field, else the classifier."""
    facts = installed.metadata
    expression, field = (" ".join(facts.get_all(key) or []) for key in ("License-Expression", "License"))
    if expression:
        return expression
    if field and "\n" not in field and len(field) < 60:
        return field
    classifiers = [one for one in facts.get_all("Classifier") or [] if one.startswith("License ::")]
    return classifiers[0].rsplit("::", 1)[-1].strip() if classifiers else "see its package"
