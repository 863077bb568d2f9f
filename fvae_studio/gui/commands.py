"""What the window's commands do: everything in menus that asks for a file, opens a dialog, or touches the clipboard."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication, QFileDialog

from fvae_studio import paths
from fvae_studio.core.photo_suffixes import PHOTO_SUFFIXES
from fvae_studio.core.presets import PresetFolder
from fvae_studio.core.project_file import SUFFIX as PROJECT_SUFFIX
from fvae_studio.errors import FvaeStudioError
from fvae_studio.gui.borrowing import Borrowing
from fvae_studio.gui.canvas.compare import CompareMode
from fvae_studio.gui.canvas.overlays import Overlay
from fvae_studio.gui.dialog_commands import DialogCommands, ModelShelf
from fvae_studio.gui.document import Document, Target
from fvae_studio.gui.exports import Exports, show_in_folder
from fvae_studio.gui.main_window import MainWindow
from fvae_studio.gui.pasting import Pasting
from fvae_studio.gui.recovery import Recovery
from fvae_studio.gui.result_drag import ResultDrag
from fvae_studio.gui.settings_store import SettingsStore
from fvae_studio.gui.tasks import Tasks
from fvae_studio.gui.theme import Theme
from fvae_studio.gui.timeline.commands import TimelineCommands
from fvae_studio.inference.service import InferenceService

log = logging.getLogger(__name__)

_COMPARE: Final = {
    "compare_off": CompareMode.OFF,
    "compare_split": CompareMode.SPLIT,
    "compare_side": CompareMode.SIDE_BY_SIDE,
}
_OVERLAYS: Final = {
    "overlay_off": Overlay.NONE,
    "overlay_flow": Overlay.FLOW,
    "overlay_arrows": Overlay.ARROWS,
    "overlay_grid": Overlay.GRID,
    "overlay_confidence": Overlay.CONFIDENCE,
    "overlay_landmarks": Overlay.LANDMARKS,
    "overlay_region": Overlay.REGION,
    "overlay_blend": Overlay.BLEND,
}

_MAX_NAMES: Final = 3
"""Of files in a question; the others are counted."""


class Commands(QObject):
    """Connects the table of actions with what they do.

    Args:
        window, document, service, store, presets, theme, shelf, recovery: the parts of the Studio.
    """

    def __init__(
        self,
        window: MainWindow,
        document: Document,
        service: InferenceService,
        store: SettingsStore,
        presets: PresetFolder,
        theme: Theme,
        shelf: ModelShelf,
        recovery: Recovery,
    ) -> None:
        super().__init__(window)
        self._window, self._document, self._service = window, document, service
        self._store, self._theme, self._recovery = store, theme, recovery
        self._tasks = Tasks(service, window.messages.show_error, self)
        self.exports = Exports(document, self._tasks, store, window.messages, window)
        self.result_drag = ResultDrag(document, self._tasks, store, window.messages, self)
        self._pasting = Pasting(document, recovery, self._tasks, self.open_paths, window.tell, self)
        self.dialogs = DialogCommands(window, document, store, presets, self.exports, self._tasks, shelf)
        self.borrowing = Borrowing(window, document, store, self._tasks)
        self.clip = TimelineCommands(window, document, service, self._tasks, self.exports, store)
        self._changed_files: list[int] = []
        self._by_action: dict[str, Callable[[], object]] = self._table()
        self._connect()

    def open_paths(self, photos: Sequence[Path]) -> None:
        """Open photos, folders, or a project."""
        projects = [path for path in photos if path.suffix == PROJECT_SUFFIX]
        if projects:
            self.open_project(projects[0])
        rest = [path for path in photos if path.suffix != PROJECT_SUFFIX]
        if rest:
            self._document.open_paths(rest)
            for path in rest[-1:]:
                self._store.add_recent(path.absolute())

    def open_project(self, path: Path) -> None:
        """Show a project; asks first where edits would be lost."""
        if not self._may_leave():
            return
        try:
            self._document.open_project(path)
        except FvaeStudioError as error:
            self._window.messages.show_error(error)
            return
        if not self._document.timeline.is_empty:
            # Nothing else tells that there is a clip.
            self.clip.show_dock()
        self._store.add_recent(path.absolute())

    def welcome(self) -> None:
        """At a start without photos: the first steps, to those who are new here or want them each time."""
        settings = self._store.settings
        is_alone = QApplication.activeModalWidget() is None and not self._document.photos
        if is_alone and (settings.shows_first_steps or not settings.has_seen_first_steps):
            self.dialogs.open_first_steps()

    def offer_recovery(self) -> None:
        """After a crash: offer the edits that were saved by themselves."""
        orphans = self._recovery.orphans()
        if not orphans:
            return
        answer = self._window.messages.ask(
            self.tr("Bring back your last edits?"),
            self.tr("FVAE Studio did not end well the last time; your edits were saved by themselves."),
            [self.tr("Bring them back"), self.tr("Discard them")],
            cancel=self.tr("Ask me later"),
            dangerous=1,
        )
        if answer is None:
            return
        if answer == 1:
            for path in orphans:
                self._recovery.forget(path)
            return
        for path in orphans:
            project = self._recovery.recover(path)
            # One that cannot be read, perhaps of a newer version, stays; and so do older ones, for the next start.
            if project is not None:
                self._document.show_project(project, is_saved=False)
                if self._recovery.adopt(path):
                    self._recovery.forget(path)
                return

    def _table(self) -> dict[str, Callable[[], object]]:
        window, document, canvas = self._window, self._document, self._window.canvas
        table: dict[str, Callable[[], object]] = {
            "open": self._on_open,
            "open_folder": self._on_open_folder,
            "open_sample": self._on_open_sample,
            "open_project": self._on_open_project,
            "save_project": lambda: self._save_project(document.project_path),
            "save_project_as": lambda: self._save_project(None),
            "close_photo": self._on_close_photo,
            "close_all": self._on_close_all,
            "quit": window.close,
            "undo": document.undo,
            "redo": document.redo,
            "copy_edit": document.copy_edit,
            "paste_edit": document.paste_edit,
            "reset_face": document.reset_face,
            "reset_all": document.reset_all,
            "zoom_in": canvas.zoom_in,
            "zoom_out": canvas.zoom_out,
            "zoom_fit": canvas.zoom_fit,
            "zoom_actual": canvas.zoom_actual,
            "zoom_face": canvas.zoom_face,
            "previous_photo": lambda: document.step_photo(-1),
            "next_photo": lambda: document.step_photo(1),
            "all_faces": lambda: document.choose_face(None),
            "next_face": lambda: document.step_face(1),
            "previous_face": lambda: document.step_face(-1),
            "remove_face": self._on_remove_face,
            "find_faces": document.find_faces_again,
            "borrow": self.borrowing.open,
            "log_folder": self._on_log_folder,
            "paste_image": self._pasting.paste,
            "apply_to_faces": lambda: self._apply_to("all_faces"),
            "apply_to_photos": lambda: self._apply_to("all_photos"),
            **self.dialogs.table(),
            **self.clip.table(),
        }
        for name, mode in _COMPARE.items():
            table[name] = partial(window.set_compare_mode, mode)
        for name, overlay in _OVERLAYS.items():
            table[name] = partial(window.set_overlay, overlay)
        for choice in ("system", "light", "dark"):
            table[f"theme_{choice}"] = partial(self._store.set_value, "theme", choice)
        return table

    def _connect(self) -> None:
        window = self._window
        window.actions_table.triggered.connect(self._on_triggered)
        window.actions_table.toggled.connect(self._on_toggled)
        window.canvas.open_requested.connect(self._on_open)
        window.canvas.sample_requested.connect(self._on_open_sample)
        window.canvas.draw_mode_left.connect(lambda: window.actions_table["draw_face"].setChecked(False))
        window.closing.connect(self._on_closing)
        window.sliders.mouth_photo_requested.connect(self._on_mouth_photo)
        window.images_dropped.connect(self._pasting.take)
        window.paths_dropped.connect(self.open_paths)
        window.strip.close_requested.connect(self.close_photo)
        window.strip.show_folder_requested.connect(self._on_show_folder)
        window.canvas.drag_out_began.connect(partial(self.result_drag.begin, window.canvas))
        window.tools.drag_handle.drag_began.connect(partial(self.result_drag.begin, window.tools.drag_handle))
        self.exports.started.connect(lambda: window.set_has_exports(True))
        self.exports.summary_changed.connect(window.tell)
        window.recent_menu.aboutToShow.connect(self._fill_recent)
        self._service.load_failed.connect(window.on_load_failed)
        self._service.fell_back.connect(window.on_fell_back)
        self._service.busy_changed.connect(window.on_busy_changed)
        self._store.changed.connect(self._on_setting_changed)
        self._document.photos_missing.connect(self._on_photos_missing)
        self._document.file_changed.connect(self._on_file_changed)
        for name in ("compare_off", "overlay_off", f"theme_{self._store.settings.theme}"):
            window.actions_table.choose(name)

    @Slot(str)
    def _on_triggered(self, name: str) -> None:
        command = self._by_action.get(name)
        if command is not None:
            command()

    @Slot(str, bool)
    def _on_toggled(self, name: str, checked: bool) -> None:
        window = self._window
        if name == "draw_face":
            window.canvas.set_draw_mode(checked)
            if checked:
                window.canvas.setFocus()
        elif name == "full_screen":
            window.setWindowState(window.windowState() ^ Qt.WindowState.WindowFullScreen)
        elif name == "show_timeline":
            self.clip.show_dock(checked)
        elif name == "hide_panels":
            window.set_panels_hidden(checked)

    @Slot(str)
    def _on_setting_changed(self, key: str) -> None:
        settings = self._store.settings
        if key == "theme":
            self._theme.set_choice(settings.theme)  # type: ignore[arg-type]
            self._window.actions_table.choose(f"theme_{settings.theme}")
        elif key == "text_px":
            self._theme.set_text_px(settings.text_px)
        elif key == "screen_profile":
            self._window.refresh_screen_profile()
        elif key == "wheel":
            self._window.canvas.set_wheel_zooms(settings.wheel == "zoom")
        elif key == "link_sides":
            self._window.sliders.set_linked(settings.link_sides)
        elif key == "photo_memory_mb":
            self._document.set_photo_memory(settings.photo_memory_mb)
        elif key == "autosave_seconds":
            self._recovery.set_seconds(settings.autosave_seconds)
        elif key in ("device", "model"):
            self._service.load(settings.model or None, settings.device)
        elif key == "shortcuts":
            self._window.actions_table.set_keys(settings.shortcuts)

    # Opening and closing

    def _on_open(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(
            self._window, self.tr("Open photos"), self._start_folder(), self._filters(), ""
        )
        self.open_paths([Path(name) for name in names])

    def _on_open_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self._window, self.tr("Open folder"), self._start_folder())
        if name:
            self.open_paths([Path(name)])

    @Slot()
    def _on_mouth_photo(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self._window, self.tr("Choose a photo of the same person that shows teeth"), self._start_folder(),
            self._filters(),
        )  # fmt: skip
        if name:
            self._document.take_mouth_from(Path(name))

    def _on_open_sample(self) -> None:
        self._document.open_paths([paths.samples_dir() / "group.jpg"])

    def _on_open_project(self) -> None:
        pattern = self.tr("Projects (*{suffix})").format(suffix=PROJECT_SUFFIX)
        name, _ = QFileDialog.getOpenFileName(self._window, self.tr("Open project"), self._start_folder(), pattern)
        if name:
            self.open_project(Path(name))

    def _save_project(self, path: Path | None) -> bool:
        if path is None:
            pattern = self.tr("Projects (*{suffix})").format(suffix=PROJECT_SUFFIX)
            current = self._document.current
            proposed = Path(self._start_folder()) / f"{current.path.stem if current else 'project'}{PROJECT_SUFFIX}"
            name, _ = QFileDialog.getSaveFileName(self._window, self.tr("Save project"), str(proposed), pattern)
            if not name:
                return False
            path = Path(name)
            if path.suffix != PROJECT_SUFFIX:
                path = path.with_name(path.name + PROJECT_SUFFIX)
        self._document.save_project(path)
        if self._document.project_path == path:
            self._store.add_recent(path)
        return self._document.is_clean

    def _on_close_photo(self) -> None:
        if self._document.current is not None:
            self.close_photo(self._document.current.entry_id)

    @Slot(int)
    def close_photo(self, entry_id: int) -> None:
        """Close a photo; asks first where its edit would be lost."""
        entry = self._document.photo_of(entry_id)
        if entry is None:
            return
        if entry.is_unsaved and entry.is_edited:
            answer = self._window.messages.ask(
                self.tr("Close {name}?").format(name=entry.name),
                self.tr("Its edit was neither exported nor saved in a project, and would be lost."),
                [self.tr("Close without saving")],
                dangerous=0,
            )
            if answer is None:
                return
        self._document.close_photo(entry.entry_id)

    def _on_close_all(self) -> None:
        if self._may_leave():
            self._document.close_all()

    def _may_leave(self) -> bool:
        """Ask once about exports, which are stopped then, and about unsaved edits; True where nothing is in the way."""
        if self.exports.num_open:
            answer = self._window.messages.ask(
                self.tr("Stop the exports?"),
                self.tr("Still being written: {names}").format(names=self._names_of_exports()),
                [self.tr("Stop them")],
                cancel=self.tr("Wait"),
                dangerous=0,
                closes_at=self.exports.ended,
            )
            # Where all have ended meanwhile the question closed by itself.
            if answer is None and self.exports.num_open:
                return False
            # Before the next question: what stops here is unsaved again.
            self.exports.cancel_all()
        if self._document.is_clean:
            return True
        answer = self._window.messages.ask(
            self.tr("Save the edits?"),
            self.tr("Some edits were neither exported nor saved in a project."),
            [self.tr("Save project"), self.tr("Discard edits")],
            dangerous=1,
        )
        if answer == 0:
            return self._save_project(self._document.project_path)
        return answer == 1

    def _names_of_exports(self) -> str:
        names = [path.name for path in self.exports.promised]
        told, num_left = ", ".join(names[:_MAX_NAMES]), len(names) - _MAX_NAMES
        return told if num_left <= 0 else self.tr("{names} and %n more", "", num_left).format(names=told)

    @Slot(QCloseEvent)
    def _on_closing(self, event: QCloseEvent) -> None:
        event.setAccepted(self._may_leave())
        if event.isAccepted():
            self.exports.queue.close()
            self.clip.close()

    def _fill_recent(self) -> None:
        menu = self._window.recent_menu
        menu.clear()
        for name in self._store.settings.recent:
            menu.addAction(name).triggered.connect(lambda _checked=False, name=name: self.open_paths([Path(name)]))
        if menu.isEmpty():
            menu.addAction(self.tr("Nothing yet")).setEnabled(False)
        else:
            menu.addSeparator()
            menu.addAction(self.tr("Clear this list")).triggered.connect(lambda: self._store.set_value("recent", ()))

    def _on_remove_face(self) -> None:
        entry = self._document.current
        if entry is not None and entry.chosen_face is not None:
            self._document.remove_face(entry.chosen_face)

    @Slot(list)
    def _on_photos_missing(self, entry_ids: Sequence[int]) -> None:
        names = ", ".join(entry.name for number in entry_ids if (entry := self._document.photo_of(number)))
        answer = self._window.messages.ask(
            self.tr("Where are these photos?"),
            self.tr("They were moved or deleted since the project was saved: {names}").format(names=names),
            [self.tr("Look in a folder…")],
            cancel=self.tr("Go on without them"),
        )
        if answer is None:
            return
        folder = QFileDialog.getExistingDirectory(self._window, self.tr("Look for the photos"), self._start_folder())
        if folder:
            left = self._document.look_for_missing(Path(folder))
            if left:
                self._window.tell(self.tr("%n photo(s) were not found there.", "", left))

    @Slot(int)
    def _on_file_changed(self, entry_id: int) -> None:
        self._changed_files.append(entry_id)
        if len(self._changed_files) == 1:
            # Later: many photos of a project may come at once, and the document is not done with this one.
            QTimer.singleShot(0, self._ask_about_changed_files)

    @Slot()
    def _ask_about_changed_files(self) -> None:
        """Ask whether edits stay on files that are not those that were edited: the edit may be in the file already."""
        num_asked = 0
        # While the question stands, others may come.
        while num_asked < len(self._changed_files):
            numbers = self._changed_files[num_asked:]
            num_asked = len(self._changed_files)
            photos = [entry for number in numbers if (entry := self._document.photo_of(number)) and entry.is_edited]
            if not photos:
                continue
            answer = self._window.messages.ask(
                self.tr("Reset the edit?"),
                self.tr(
                    "The file is not the one that was edited: {names}. If an export replaced it, the edit is in it "
                    "already, and the sliders would apply it once more."
                ).format(names=", ".join(entry.name for entry in photos)),
                [self.tr("Reset the edit")],
                cancel=self.tr("Keep the sliders"),
            )
            if answer == 0:
                self._document.reset_photos({entry.entry_id for entry in photos})
        self._changed_files.clear()

    def _start_folder(self) -> str:
        current = self._document.current
        if current is not None and not current.is_pasted:
            return str(current.path.parent)
        recent = self._store.settings.recent
        return str(Path(recent[0]).parent) if recent else str(Path.home())

    def _filters(self) -> str:
        photos = " ".join(f"*{suffix}" for suffix in PHOTO_SUFFIXES)
        return ";;".join(
            (
                self.tr("Photos ({patterns})").format(patterns=f"{photos} {photos.upper()}"),
                self.tr("Projects (*{suffix})").format(suffix=PROJECT_SUFFIX),
                self.tr("All files (*)"),
            )
        )

    @Slot(int)
    def _on_show_folder(self, entry_id: int) -> None:
        entry = self._document.photo_of(entry_id)
        if entry is not None:
            show_in_folder(entry.path)

    def _on_log_folder(self) -> None:
        folder = paths.log_dir()
        folder.mkdir(parents=True, exist_ok=True)
        show_in_folder(folder)

    def _apply_to(self, target: Target) -> None:
        label = self.tr("Same for all faces") if target == "all_faces" else self.tr("Same for all photos")
        self._document.apply_edit(label, target)
