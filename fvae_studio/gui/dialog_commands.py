"""Commands that open a dialog: settings, shortcuts, models, batch, help; and those of the preset panel."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QDialog, QFileDialog, QInputDialog
from shiboken6 import isValid

from fvae_studio.core.export import ExportOptions
from fvae_studio.core.mouth_choice import BUILT_IN, CLOSED
from fvae_studio.core.presets import SUFFIX as PRESET_SUFFIX
from fvae_studio.core.presets import Preset, PresetFolder, write_preset
from fvae_studio.errors import FvaeStudioError
from fvae_studio.gui.document import Document
from fvae_studio.gui.exports import Exports
from fvae_studio.gui.main_window import MainWindow
from fvae_studio.gui.messages import explain
from fvae_studio.gui.settings_store import SettingsStore
from fvae_studio.gui.tasks import Tasks

if TYPE_CHECKING:
    # Imported when it is opened: the window comes sooner.
    from fvae_studio.gui.dialogs.about import AboutDialog
    from fvae_studio.gui.dialogs.batch import BatchDialog
    from fvae_studio.gui.dialogs.first_steps import FirstStepsDialog
    from fvae_studio.gui.dialogs.models import ModelCard, ModelsDialog
    from fvae_studio.gui.dialogs.settings import SettingsDialog
    from fvae_studio.gui.dialogs.shortcuts import ShortcutsDialog


class ModelShelf(Protocol):
    """What can be done with model files; called in the engine's thread, since a model is read there."""

    def cards(self) -> tuple[ModelCard, ...]:
        """All models that can be loaded."""

    def bring_in(self, path: Path) -> str:
        """Copy a weights file to the user's models and return its name (`ModelError`)."""

    def remove(self, name: str) -> None:
        """Delete one of the user's models."""


class DialogCommands(QObject):
    """Opens dialogs and does what they ask for.

    Args:
        window, document, store, presets, exports, tasks: parts of the Studio.
        shelf: the models.
    """

    def __init__(
        self,
        window: MainWindow,
        document: Document,
        store: SettingsStore,
        presets: PresetFolder,
        exports: Exports,
        tasks: Tasks,
        shelf: ModelShelf,
    ) -> None:
        super().__init__(window)
        self._window, self._document, self._store = window, document, store
        self._presets, self._exports, self._tasks, self._shelf = presets, exports, tasks, shelf
        panel = window.preset_panel
        panel.save_requested.connect(self.save_preset)
        panel.rename_requested.connect(self._on_rename_preset)
        panel.delete_requested.connect(self._on_delete_preset)
        panel.import_requested.connect(self._on_import_presets)
        panel.export_requested.connect(self._on_export_preset)

    def table(self) -> dict[str, Callable[[], object]]:
        """By action."""
        return {
            "settings": self.open_settings,
            "shortcuts": self.open_shortcuts,
            "models": self.open_models,
            "batch": self.open_batch,
            "about": self.open_about,
            "first_steps": self.open_first_steps,
            "save_preset": self.save_preset,
            "export": lambda: self._exports.ask("this"),
            "export_all": lambda: self._exports.ask("edited"),
            "show_exports": self._exports.show_queue,
            "copy_image": self._exports.copy_to_clipboard,
        }

    def open_settings(self) -> SettingsDialog:
        """All options; each change works at once."""
        from fvae_studio.gui.dialogs.settings import SettingsDialog

        dialog = SettingsDialog(self._store.settings, self._window)
        dialog.setting_changed.connect(self._store.set_value)
        self._show(dialog)
        return dialog

    def open_shortcuts(self) -> ShortcutsDialog:
        """All keys."""
        from fvae_studio.gui.dialogs.shortcuts import ShortcutsDialog

        dialog = ShortcutsDialog(self._store.settings.shortcuts, self._window)
        dialog.keys_changed.connect(lambda keys: self._store.set_value("shortcuts", keys))
        self._show(dialog)
        return dialog

    def open_about(self) -> AboutDialog:
        """Versions and licences."""
        from fvae_studio.gui.dialogs.about import AboutDialog

        dialog = AboutDialog(self._document.summary, self._window)
        self._show(dialog)
        return dialog

    def open_first_steps(self) -> FirstStepsDialog:
        """The page for the first minutes."""
        from fvae_studio.gui.dialogs.first_steps import FirstStepsDialog

        dialog = FirstStepsDialog(self._window, show_at_start=self._store.settings.shows_first_steps)
        dialog.finished.connect(
            lambda: self._store.remember(has_seen_first_steps=True, shows_first_steps=dialog.shows_at_start)
        )
        actions = self._window.actions_table
        dialog.open_requested.connect(actions["open"].trigger)
        dialog.sample_requested.connect(actions["open_sample"].trigger)
        self._show(dialog)
        return dialog

    def open_batch(self) -> BatchDialog:
        """A preset for a folder."""
        from fvae_studio.gui.dialogs.batch import BatchDialog

        options = ExportOptions.from_json(self._store.settings.export)
        dialog = BatchDialog(self._window.presets.presets, options, self._window.messages, self._window)
        self._exports.run_batch(dialog)
        self._show(dialog)
        return dialog

    def open_models(self) -> ModelsDialog:
        """All models."""
        from fvae_studio.gui.dialogs.models import ModelsDialog

        dialog = ModelsDialog(self._window)
        dialog.use_requested.connect(lambda name: self._store.set_value("model", name))
        dialog.import_requested.connect(lambda path: self._import_model(dialog, path))
        dialog.remove_requested.connect(lambda name: self._remove_model(dialog, name))
        refresh = partial(self._refresh_models, dialog)
        self._document.summary_changed.connect(refresh)
        dialog.finished.connect(lambda: self._document.summary_changed.disconnect(refresh))
        self._refresh_models(dialog)
        self._show(dialog)
        return dialog

    @Slot()
    def save_preset(self) -> None:
        """Keep the strengths of the chosen face under a name."""
        entry = self._document.current
        strengths = entry.edit.strengths_of(entry.chosen_face) if entry is not None else {}
        if not strengths:
            self._window.tell(self.tr("Move a slider first; then its position can be saved as a preset."))
            return
        name = self._ask_name(self.tr("Save as preset"), "")
        if not name:
            return
        if any(one.name == name for one in self._presets.load()):
            answer = self._window.messages.ask(
                self.tr("Replace the preset {name}?").format(name=name),
                self.tr("Its strengths will be those of the present edit."),
                [self.tr("Replace")],
            )
            if answer is None:
                return
        mouth = entry.edit.edits.mouth_of(entry.chosen_face) if entry is not None else CLOSED
        # A photo of one person says nothing about others.
        preset = Preset(name, tuple(strengths.items()), is_own=True, mouth=BUILT_IN if mouth == BUILT_IN else None)
        self._change_presets(lambda: self._presets.save(preset))

    @Slot(str)
    def _on_rename_preset(self, name: str) -> None:
        new_name = self._ask_name(self.tr("Rename preset"), name)
        if new_name and new_name != name:
            self._change_presets(lambda: self._presets.rename(name, new_name))

    @Slot(str)
    def _on_delete_preset(self, name: str) -> None:
        answer = self._window.messages.ask(
            self.tr("Delete the preset {name}?").format(name=name),
            self.tr("Edits that were made with it stay."),
            [self.tr("Delete")],
            dangerous=0,
        )
        if answer is not None:
            self._change_presets(lambda: self._presets.delete(name))

    @Slot()
    def _on_import_presets(self) -> None:
        pattern = self.tr("Presets (*.json)")
        names, _ = QFileDialog.getOpenFileNames(self._window, self.tr("Import presets"), "", pattern)
        for name in names:
            self._change_presets(lambda path=Path(name): self._presets.bring_in(path))  # type: ignore[misc]

    @Slot(str)
    def _on_export_preset(self, name: str) -> None:
        preset = self._window.presets.find(name)
        if preset is None:
            return
        path, _ = QFileDialog.getSaveFileName(
            self._window, self.tr("Export preset"), f"{name}{PRESET_SUFFIX}", self.tr("Presets (*.json)")
        )
        if path:
            self._change_presets(lambda: write_preset(preset, Path(path)))

    def _change_presets(self, change: Callable[[], object]) -> None:
        try:
            change()
        except (FvaeStudioError, OSError) as error:
            self._window.messages.show_error(error)
        self._window.presets.refresh()

    def _ask_name(self, title: str, name: str) -> str:
        text, is_accepted = QInputDialog.getText(self._window, title, self.tr("Name of the preset"), text=name)
        return " ".join(text.split()) if is_accepted else ""

    def _refresh_models(self, dialog: ModelsDialog, _summary: object = None) -> None:
        if not isValid(dialog):
            return
        # By the name of its file: an imported one may carry another name inside.
        summary = self._document.summary
        loaded = "" if summary is None else self._store.settings.model or summary.name
        self._tasks.run(
            lambda _engine, _progress: self._shelf.cards(),
            lambda cards: dialog.set_models(cards, loaded) if isValid(dialog) else None,
        )

    def _import_model(self, dialog: ModelsDialog, path: Path) -> None:
        def done(name: str) -> None:
            if isValid(dialog):
                dialog.set_note(self.tr("{name} was imported.").format(name=name))
                self._refresh_models(dialog)

        def failed(error: Exception) -> None:
            if isValid(dialog):
                dialog.set_note(explain(error).sentence)

        self._tasks.run(lambda _engine, _progress: self._shelf.bring_in(path), done, failed=failed)

    def _remove_model(self, dialog: ModelsDialog, name: str) -> None:
        answer = self._window.messages.ask(
            self.tr("Remove the model {name}?").format(name=name),
            self.tr("Its file is deleted from your models."),
            [self.tr("Remove")],
            dangerous=0,
        )
        if answer is None:
            return
        if self._store.settings.model == name:
            self._store.set_value("model", "")
        self._tasks.run(lambda _engine, _progress: self._shelf.remove(name), lambda _none: self._refresh_models(dialog))

    def _show(self, dialog: QDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
