"""The window: lays out canvas, panels and menus, and connects them with the document. No image or model code."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QByteArray, QEvent, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QImage, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QVBoxLayout, QWidget

from fvae_studio.core.mouth_choice import CLOSED
from fvae_studio.core.presets import PresetFolder
from fvae_studio.core.thumbnails import Thumbnail
from fvae_studio.errors import DeviceError, FaceError
from fvae_studio.gui.actions import Actions, Condition, MenuId
from fvae_studio.gui.canvas.compare import CompareMode
from fvae_studio.gui.canvas.overlays import Overlay
from fvae_studio.gui.canvas.trust import TrustReadout
from fvae_studio.gui.canvas.view import HOLD_KEYS, CanvasView
from fvae_studio.gui.canvas.viewport import ZOOM_KEYS
from fvae_studio.gui.document import Document
from fvae_studio.gui.error_words import in_words
from fvae_studio.gui.messages import Messages, explain
from fvae_studio.gui.panels.history import HistoryPanel
from fvae_studio.gui.panels.presets import PresetPanel
from fvae_studio.gui.panels.sliders import SliderPanel
from fvae_studio.gui.panels.strip import PhotoStrip, StripEntry
from fvae_studio.gui.preset_shelf import PresetShelf
from fvae_studio.gui.qimage import to_qimage
from fvae_studio.gui.screen_profile import profile_of
from fvae_studio.gui.settings_store import SettingsStore
from fvae_studio.gui.status_bar import StudioStatusBar
from fvae_studio.gui.timeline.panel import TimelinePanel
from fvae_studio.gui.tool_bar import StudioToolBar
from fvae_studio.pipeline.requests import ModelSummary, RenderedEdit

_TELL_MS: Final = 8000


class MainWindow(QMainWindow):
    """Canvas in the middle, presets and history at the left, sliders at the right, open photos and timeline below.

    Args:
        document: what is shown and changed.
        store: the settings.
        presets: a person's own presets.
    """

    images_dropped = Signal(list)
    """`QImage`s that were dropped from a browser."""
    paths_dropped = Signal(list)
    """Photos, folders and projects (`Path`) that were dropped anywhere on the window."""
    closing = Signal(QCloseEvent)
    """May still be refused."""

    def __init__(
        self, document: Document, store: SettingsStore, presets: PresetFolder, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._document, self._store = document, store
        self._thumbnails: dict[int, Thumbnail] = {}
        self._has_exports = False
        self._screen: bytes | None = None
        self._hidden_docks: list[QDockWidget] = []
        self.messages: Messages = Messages(self)
        self._overlay = Overlay.NONE
        self._is_clip_shown = False
        self._problem = ""
        self._told_of_photo: tuple[int | None, str] = None, ""
        self._build_ui()
        self.presets = PresetShelf(self.preset_panel, document, presets, self)
        self._connect()
        self._restore()
        self._refresh_all()

    # Building

    def _build_ui(self) -> None:
        self.setWindowTitle("FVAE Studio")
        self.setAcceptDrops(True)
        self.canvas = CanvasView()
        self.trust = TrustReadout()
        # Its line stays free: the photo must not jump when a slider leaves zero.
        policy = self.trust.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.trust.setSizePolicy(policy)
        middle = QWidget()
        layout = QVBoxLayout(middle)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.canvas, 1)
        layout.addWidget(self.trust)
        self.setCentralWidget(middle)
        self.sliders, self.preset_panel, self.history = SliderPanel(), PresetPanel(), HistoryPanel()
        self.strip, self.timeline = PhotoStrip(), TimelinePanel()
        left, right, below = (
            Qt.DockWidgetArea.LeftDockWidgetArea,
            Qt.DockWidgetArea.RightDockWidgetArea,
            Qt.DockWidgetArea.BottomDockWidgetArea,
        )
        self.docks = {
            "sliders": self._dock("sliders", self.tr("Expression"), self.sliders, right),
            "presets": self._dock("presets", self.tr("Presets"), self.preset_panel, left),
            "history": self._dock("history", self.tr("History"), self.history, left),
            "strip": self._dock("strip", self.tr("Photos"), self.strip, below),
            "timeline": self._dock("timeline", self.tr("Timeline"), self.timeline, below),
        }
        self.splitDockWidget(self.docks["strip"], self.docks["timeline"], Qt.Orientation.Vertical)
        self.docks["timeline"].hide()
        self.setCorner(Qt.Corner.BottomRightCorner, right)
        self.setCorner(Qt.Corner.BottomLeftCorner, left)
        self.resizeDocks([self.docks["presets"], self.docks["history"]], [420, 240], Qt.Orientation.Vertical)
        self.resizeDocks([self.docks["strip"], self.docks["timeline"]], [130, 300], Qt.Orientation.Vertical)
        self.resizeDocks([self.docks["presets"], self.docks["sliders"]], [230, 320], Qt.Orientation.Horizontal)
        self.actions_table = Actions(self, self._store.settings.shortcuts)
        self.menus: dict[MenuId, QMenu] = self.actions_table.fill(self.menuBar())
        self._add_menus()
        self.tools = StudioToolBar(self.actions_table)
        self.tools.overlay_button.setMenu(self.menus["overlay"])
        self.addToolBar(self.tools)
        self.status = StudioStatusBar()
        self.setStatusBar(self.status)

    def _dock(self, name: str, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title)
        dock.setObjectName(name)
        dock.setWidget(widget)
        dock.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetClosable | QDockWidget.DockWidgetFeature.DockWidgetMovable
        )
        self.addDockWidget(area, dock)
        return dock

    def _add_menus(self) -> None:
        view, file = self.menus["view"], self.menus["file"]
        view.addSeparator()
        panels = view.addMenu(self.tr("Pane&ls"))
        for dock in self.docks.values():
            panels.addAction(dock.toggleViewAction())
        self.recent_menu = QMenu(self.tr("Open &recent"), file)
        file.insertMenu(self.actions_table["open_project"], self.recent_menu)

    def _connect(self) -> None:
        document = self._document
        document.photos_changed.connect(self._refresh_strip)
        document.photo_changed.connect(self._on_photo_changed)
        document.faces_changed.connect(self._refresh_faces)
        document.edits_changed.connect(self._refresh_edits)
        document.rendered.connect(self._on_rendered)
        document.render_failed.connect(self._on_render_failed)
        document.summary_changed.connect(self._on_summary_changed)
        document.copied_changed.connect(self.refresh_conditions)
        document.timeline_changed.connect(self.refresh_conditions)
        document.timeline_changed.connect(self._refresh_history)
        document.clean_changed.connect(self._refresh_title)
        document.project_changed.connect(self._refresh_title)
        document.viewing_restored.connect(self._on_viewing_restored)
        document.failed.connect(self.messages.show_error)
        canvas = self.canvas
        canvas.face_clicked.connect(self._on_face_clicked)
        canvas.face_drawn.connect(document.add_face)
        canvas.face_remove_requested.connect(document.remove_face)
        canvas.view_changed.connect(self._on_view_changed)
        canvas.pixel_hovered.connect(self.status.set_pixel)
        canvas.split_moved.connect(self._remember_viewing)
        sliders = self.sliders
        sliders.strength_changed.connect(document.set_strength)
        sliders.strengths_changed.connect(document.set_strengths)
        sliders.strength_settled.connect(document.seal)
        sliders.reset_requested.connect(document.reset_face)
        sliders.face_chosen.connect(document.choose_face)
        sliders.amount_changed.connect(document.set_amount)
        sliders.amount_settled.connect(document.seal)
        sliders.mouth_chosen.connect(document.set_mouth)
        sliders.links_toggled.connect(lambda linked: self._store.set_value("link_sides", linked))
        sliders.group_toggled.connect(self._on_group_toggled)
        self.tools.opacity_changed.connect(self._on_opacity_changed)
        self.history.entry_chosen.connect(document.go_to_step)
        self.strip.chosen.connect(document.choose_photo)
        self.strip.files_dropped.connect(self.paths_dropped)

    def _restore(self) -> None:
        settings = self._store.settings
        self.resize(1440, 900)
        for name, restore in (("geometry", self.restoreGeometry), ("docks", self.restoreState)):
            if name in settings.window:
                restore(QByteArray(base64.b64decode(settings.window[name])))
        self.canvas.set_wheel_zooms(settings.wheel == "zoom")
        self.sliders.set_linked(settings.link_sides)
        self.sliders.set_closed_groups(set(settings.closed_groups))
        self.tools.set_opacity(settings.overlay_opacity / 100)
        self.set_overlay(Overlay.NONE)

    # What is shown

    def _refresh_all(self) -> None:
        self._refresh_strip()
        self._on_photo_changed()
        self._refresh_faces()
        self._refresh_edits()
        self._refresh_title()

    def set_overlay(self, overlay: Overlay) -> None:
        """Show an overlay, at the strength that was used last."""
        self._overlay = overlay
        self.canvas.set_overlay(overlay, opacity=self._store.settings.overlay_opacity / 100)
        self.tools.set_overlay_shown(overlay is not Overlay.NONE)
        self._remember_viewing()

    @Slot(dict)
    def _on_viewing_restored(self, viewing: Mapping[str, Any]) -> None:
        """A project comes with the way in which it was looked at; what is not understood is left as it is."""
        with suppress(ValueError):
            self.set_compare_mode(CompareMode(viewing.get("compare")))
        with suppress(ValueError):
            self.set_overlay(Overlay(viewing.get("overlay")))
        self.actions_table.choose(f"compare_{self.canvas.compare_mode.value}")
        self.actions_table.choose(f"overlay_{self.canvas.overlay.value}")
        split = viewing.get("split")
        if isinstance(split, int | float):
            self.canvas.set_split(split)

    @Slot()
    def _remember_viewing(self) -> None:
        canvas = self.canvas
        self._document.set_viewing(
            {"compare": canvas.compare_mode.value, "overlay": canvas.overlay.value, "split": round(canvas.split, 4)}
        )

    def set_compare_mode(self, mode: CompareMode) -> None:
        """How the original is shown beside the edit."""
        self.canvas.set_compare_mode(mode)
        self._remember_viewing()

    @Slot()
    def refresh_screen_profile(self) -> None:
        """The window is on another screen, or a person has chosen another profile for it."""
        screen = profile_of(self.screen(), self._store.settings.screen_profile)
        if screen != self._screen:
            self._screen = screen
            self.canvas.set_screen_profile(screen)
            self.presets.set_screen_profile(screen)
            self._thumbnails = {}
            self._refresh_strip()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 (Qt's name)
        """From now on it is known on which screen the window is."""
        super().showEvent(event)
        self.windowHandle().screenChanged.connect(self.refresh_screen_profile, Qt.ConnectionType.UniqueConnection)
        self.refresh_screen_profile()

    def set_panels_hidden(self, hidden: bool) -> None:
        """Hide all panels, or show again those that were there before."""
        if hidden:
            self._hidden_docks = [dock for dock in self.docks.values() if not dock.isHidden()]
        for dock in self._hidden_docks:
            dock.setVisible(not hidden)

    def set_clip_shown(self, is_shown: bool) -> None:
        """The canvas belongs to the clip of the timeline, or to the photo again."""
        self._is_clip_shown = is_shown
        self.trust.set_edit(None, None)
        if is_shown:
            self.canvas.set_faces((), None, ())
        else:
            self._on_photo_changed()
            self._refresh_faces()

    def set_has_exports(self, has_exports: bool) -> None:
        """Whether exports were started, so that they can be looked at."""
        self._has_exports = has_exports
        self.refresh_conditions()

    @Slot()
    def refresh_conditions(self) -> None:
        """Enable the actions that can be used now."""
        document, entry = self._document, self._document.current
        holding: set[Condition] = set()
        if entry is not None and entry.photo is not None:
            holding.add("photo")
            if entry.faces:
                holding.add("faces")
            if entry.chosen_face is not None:
                holding.add("one_face")
            if entry.is_edited:
                holding.add("edited")
        if document.can_undo:
            holding.add("undo")
        if document.can_redo:
            holding.add("redo")
        if not document.timeline.is_empty:
            holding.add("clip")
        if any(photo.is_edited for photo in document.photos):
            holding.add("any_edited")
        if len(document.photos) > 1:
            holding.add("other_photos")
        if document.copied_edit is not None:
            holding.add("copied_edit")
        if self._has_exports:
            holding.add("exports")
        self.actions_table.set_conditions(holding)
        for button in (self.tools.drag_handle, self.tools.overlay_button):
            button.setEnabled("photo" in holding)

    @Slot()
    def _refresh_strip(self) -> None:
        document = self._document
        current = document.current
        self.strip.set_entries(
            [
                StripEntry(
                    photo.entry_id,
                    photo.name,
                    None if photo.is_pasted else photo.path,
                    photo.is_loading,
                    photo.is_edited,
                    photo.is_exported,
                    "" if photo.error is None else explain(photo.error).sentence,
                )
                for photo in document.photos
            ],
            current.entry_id if current is not None else None,
        )
        for photo in document.photos:
            if photo.thumbnail is not None and self._thumbnails.get(photo.entry_id) is not photo.thumbnail:
                self._thumbnails[photo.entry_id] = photo.thumbnail
                image = to_qimage(photo.thumbnail.pixels, photo.thumbnail.icc, screen=self._screen)
                self.strip.set_thumbnail(photo.entry_id, image)
        self._thumbnails = {photo.entry_id: photo.thumbnail for photo in document.photos if photo.thumbnail is not None}
        self.refresh_conditions()

    @Slot()
    def _on_photo_changed(self) -> None:
        entry = self._document.current
        if self._is_clip_shown:
            return
        loading = entry.name if entry is not None and entry.photo is None and entry.error is None else None
        if entry is None:
            self.canvas.set_photo(None)
        else:
            problem = None
            if entry.photo is None and entry.error is not None:
                told = explain(entry.error)
                problem = told.title, told.sentence
            self.canvas.set_photo(entry.photo, view=entry.view, loading=loading, problem=problem)
        told_of, text = self._told_of_photo
        shown = entry.entry_id if entry is not None else None
        if text and told_of != shown and self.status.currentMessage() == text:
            self.status.clearMessage()
        self._problem = ""
        self.trust.set_trust({}, None)
        self._refresh_title()

    @Slot()
    def _refresh_faces(self) -> None:
        entry = self._document.current
        faces = entry.faces if entry is not None else ()
        chosen = entry.chosen_face if entry is not None else None
        if not self._is_clip_shown:
            self.canvas.set_faces(faces, chosen, entry.edited_faces if entry is not None else frozenset())
            self._document.set_level(self.canvas.level_for_view())
        self.sliders.set_faces(tuple(face.index for face in faces), chosen)
        self.preset_panel.set_applicable(bool(faces))
        self._refresh_trust()
        if entry is not None and entry.detected == () and entry.photo is not None and not faces:
            self._tell_of_photo(self.tr("No face was found. With Face > Draw a face you can show where one is."))
        self.refresh_conditions()

    @Slot()
    def _refresh_edits(self) -> None:
        entry = self._document.current
        if entry is None:
            self.sliders.set_strengths({})
            self.sliders.set_mouth(CLOSED)
        else:
            self.sliders.set_strengths(entry.edit.strengths_of(entry.chosen_face))
            self.sliders.set_mouth(entry.edit.edits.mouth_of(entry.chosen_face))
            self.sliders.set_amount(entry.edit.amount)
            if not self._is_clip_shown:
                self.canvas.set_faces(entry.faces, entry.chosen_face, entry.edited_faces)
        self._refresh_history()
        self.refresh_conditions()

    @Slot()
    def _refresh_history(self) -> None:
        labels, current = self._document.steps
        self.history.set_entries((labels[0] or self.tr("Opened"), *labels[1:]) if labels else (), current)

    @Slot()
    def _refresh_title(self) -> None:
        entry, project = self._document.current, self._document.project_path
        parts = [entry.name] if entry is not None else []
        if project is not None:
            parts.append(project.stem)
        self.setWindowTitle("[*]" + " — ".join([*parts, "FVAE Studio"]))
        self.setWindowModified(not self._document.is_clean)

    def tell(self, text: str) -> None:
        """Say something in the status bar for some seconds."""
        self.status.showMessage(text, _TELL_MS)

    def _tell_of_photo(self, text: str) -> None:
        """The same of the shown photo: gone as soon as another one is shown."""
        entry = self._document.current
        self._told_of_photo = entry.entry_id if entry is not None else None, text
        self.tell(text)

    # What happens

    @Slot(object)
    def _on_rendered(self, rendered: RenderedEdit | None) -> None:
        if self._is_clip_shown:
            return
        self.canvas.set_edit(rendered)
        self._problem = ""
        self._refresh_trust()
        if rendered is not None and rendered.request.quality == "preview":
            self.status.set_time(sum(rendered.timings_ms.values()))
        if rendered is not None and rendered.left_out and rendered.request.quality == "full_res":
            self._tell_of_photo(" ".join(map(in_words, rendered.left_out.values())))

    @Slot(object)
    def _on_render_failed(self, error: Exception) -> None:
        # No box: it would come up in the middle of a drag. The last good picture stays, and a line below says so.
        if self._is_clip_shown:
            return
        self._problem = explain(error).sentence
        self._refresh_trust()
        self.canvas.set_refused(error.reasons if isinstance(error, FaceError) else {})

    def _refresh_trust(self) -> None:
        entry = self._document.current
        if self._problem:
            self.trust.set_problem(self.tr("What you see is not this edit. {reason}").format(reason=self._problem))
        else:
            self.trust.set_edit(self.canvas.edit, entry.chosen_face if entry is not None else None)

    @Slot(object)
    def _on_summary_changed(self, summary: ModelSummary) -> None:
        self.sliders.set_directions(summary.directions)
        self.sliders.set_closed_groups(set(self._store.settings.closed_groups))
        self.status.set_device(summary.device)
        self._refresh_edits()

    @Slot(object)
    def on_load_failed(self, error: Exception) -> None:
        """The model could not be loaded."""
        self.sliders.set_note(explain(error).sentence)
        self.messages.show_error(error)

    @Slot(object)
    def on_fell_back(self, error: DeviceError) -> None:
        """The graphics processor failed; the edit goes on."""
        self.messages.tell(
            self.tr("The graphics processor failed"),
            self.tr("Editing goes on with the processor (CPU), more slowly. {reason}").format(
                reason=explain(error).sentence
            ),
        )

    @Slot(float, object)
    def _on_view_changed(self, zoom: float, _visible: QRectF) -> None:
        self.status.set_zoom(zoom)
        if not self._is_clip_shown:
            self._document.set_level(self.canvas.level_for_view())
            self._document.set_view(self.canvas.photo_view)

    @Slot(object)
    def _on_face_clicked(self, number: int | None) -> None:
        if not self._is_clip_shown:
            self._document.choose_face(number)

    @Slot(float)
    def _on_opacity_changed(self, opacity: float) -> None:
        self._store.remember(overlay_opacity=round(opacity * 100))
        self.set_overlay(self._overlay)

    @Slot(str, bool)
    def _on_group_toggled(self, title: str, is_open: bool) -> None:
        closed = [group for group in self._store.settings.closed_groups if group != title]
        self._store.remember(closed_groups=tuple(closed if is_open else [*closed, title]))

    @Slot(str)
    def on_busy_changed(self, kind: str) -> None:
        """The engine's thread does something else."""
        texts = {
            "open": self.tr("Opening…"),
            "detect": self.tr("Finding faces…"),
            "find_face": self.tr("Looking for a face…"),
            "load": self.tr("Loading the model…"),
            "export": self.tr("Making pictures…"),
        }
        self.status.set_busy(texts.get(kind, ""))

    # Keys that mean the photo wherever the focus is, unless a field takes them as text

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's names)
        """Hold the original, zoom: also while a slider has the focus."""
        if event.key() in HOLD_KEYS or event.key() in ZOOM_KEYS:
            self.canvas.keyPressEvent(event)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Let go of it."""
        if event.key() in HOLD_KEYS:
            self.canvas.keyReleaseEvent(event)
        else:
            super().keyReleaseEvent(event)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """A key that is let go of in another window is not held for ever."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            self.canvas.set_original_shown(False)

    # Files from outside

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 (Qt's names)
        """Files, folders and pictures can be dropped anywhere."""
        is_own = event.source() is not None
        if not is_own and (event.mimeData().hasUrls() or event.mimeData().hasImage()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """Open what was dropped; a picture from a browser where there is no file."""
        data = event.mimeData()
        paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        event.acceptProposedAction()
        if paths:
            self.paths_dropped.emit(paths)
        elif data.hasImage():
            self.images_dropped.emit([QImage(data.imageData())])
        else:
            self.tell(self.tr("Only an address was dropped. Copy the picture in the browser and paste it here."))

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Remember the layout, unless somebody refuses."""
        self.closing.emit(event)
        if event.isAccepted():
            # Panels that were only put aside are there at the next start.
            self.set_panels_hidden(False)
            window = {"geometry": _as_text(self.saveGeometry()), "docks": _as_text(self.saveState())}
            self._store.remember(window=window)
            self.canvas.close_threads()


def _as_text(array: QByteArray) -> str:
    return base64.b64encode(array.data()).decode()
