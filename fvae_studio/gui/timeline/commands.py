"""What the timeline's menu does, and the parts of the timeline put together."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Slot
from shiboken6 import isValid

from fvae_studio.core.timeline import Timeline
from fvae_studio.gui.canvas.overlays import ClipSide
from fvae_studio.gui.clip_exports import ClipExports
from fvae_studio.gui.document import Document
from fvae_studio.gui.exports import Exports
from fvae_studio.gui.main_window import MainWindow
from fvae_studio.gui.settings_store import SettingsStore
from fvae_studio.gui.tasks import Tasks
from fvae_studio.gui.timeline.best_moments import BestMoments
from fvae_studio.gui.timeline.desk import TimelineDesk
from fvae_studio.gui.timeline.stage import ClipStage
from fvae_studio.inference.service import InferenceService

_LEAST_HEIGHT_PX: Final = 280
_ROOM_PX: Final = 720
"""Height of a window in which both rows of photos and timeline have all of their room."""


class TimelineCommands(QObject):
    """Stage and desk of the window's timeline.

    Args:
        window: has panel and canvas.
        document: has the timeline.
        service: renders it.
        tasks: do the work.
        exports: the queue that all exports share.
        store: remembers the export's options.
        clock: of the player; tests have their own.
    """

    def __init__(
        self,
        window: MainWindow,
        document: Document,
        service: InferenceService,
        tasks: Tasks,
        exports: Exports,
        store: SettingsStore,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(window)
        self._window, self._document = window, document
        self._is_low = self._has_been_seen = False
        self.stage = ClipStage(document, service, window.canvas, clock, self)
        self.desk = TimelineDesk(window.timeline, document, self.stage, self)
        self.exports = ClipExports(document, self.stage, exports, store, window.messages, window)
        self.best = BestMoments(document, self.stage, tasks, exports, window.messages, window)
        self._connect()

    def table(self) -> dict[str, Callable[[], object]]:
        """By action."""
        return {
            "put_on_timeline": self._on_put,
            "animate_edit": self._on_animate,
            "play": self._on_play,
            "side_before": lambda: self._set_side("before"),
            "side_after": lambda: self._set_side("after"),
            "best_moment": self._on_best,
            "export_clip": self._on_export,
            "clear_timeline": self._on_clear,
        }

    def show_dock(self, is_shown: bool = True) -> None:
        """Show or hide the timeline."""
        dock = self._window.docks["timeline"]
        # As high as it was: its room went to the photo when it was hidden. Before it is laid out its height is any.
        height_px = max(dock.height(), _LEAST_HEIGHT_PX) if self._has_been_seen else _LEAST_HEIGHT_PX
        comes_back = is_shown and dock.isHidden()
        dock.setVisible(is_shown)
        if comes_back:
            self._window.resizeDocks([dock], [height_px], Qt.Orientation.Vertical)
        if is_shown:
            self._window.timeline.setFocus()

    def close(self) -> None:
        """End what runs."""
        self.stage.close()

    def _connect(self) -> None:
        window, stage = self._window, self.stage
        window.installEventFilter(self)
        window.docks["timeline"].visibilityChanged.connect(self._on_visibility_changed)
        window.canvas.view_changed.connect(stage.on_view_changed)
        window.strip.current_clicked.connect(stage.leave)
        window.closing.connect(stage.player.pause)
        stage.shown_changed.connect(window.set_clip_shown)
        self._document.timeline_stepped.connect(window.tell)
        self.desk.failed.connect(window.messages.show_error)
        self.desk.export_requested.connect(self._on_export)
        self.desk.best_requested.connect(self._on_best)
        self.best.told.connect(window.tell)
        window.actions_table.choose("side_after")

    @Slot(bool)
    def _on_visibility_changed(self, is_visible: bool) -> None:
        if not isValid(self._window):
            # Docks tell of it also while the window is being deleted.
            return
        dock = self._window.docks["timeline"]
        self._window.actions_table["show_timeline"].setChecked(dock.isVisibleTo(self._window))
        self._has_been_seen |= is_visible
        self.stage.set_used(is_visible)
        if dock.isHidden():
            # When the window has laid itself out: its room would go to the row of photos below, not to the photo.
            QTimer.singleShot(0, self, self._give_room_back)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """In a low window the photos may be lower: it must not grow by itself when the timeline comes up."""
        if event.type() == QEvent.Type.Resize and watched is self._window:
            was_low, self._is_low = self._is_low, self._window.height() < _ROOM_PX
            self._window.strip.set_low(self._is_low)
            if was_low and not self._is_low:
                QTimer.singleShot(0, self, self._take_room)
        return super().eventFilter(watched, event)

    @Slot()
    def _take_room(self) -> None:
        # All of what a window grows by would go to the photo.
        if not isValid(self._window):
            return
        dock = self._window.docks["timeline"]
        if dock.isVisible() and dock.height() < _LEAST_HEIGHT_PX:
            self._window.resizeDocks([dock], [_LEAST_HEIGHT_PX], Qt.Orientation.Vertical)

    @Slot()
    def _give_room_back(self) -> None:
        if not isValid(self._window):
            return
        strip, area = self._window.docks["strip"], Qt.DockWidgetArea.BottomDockWidgetArea
        if strip.isVisible() and self._window.dockWidgetArea(strip) == area:
            self._window.resizeDocks([strip], [strip.sizeHint().height()], Qt.Orientation.Vertical)

    def _on_put(self) -> None:
        self.show_dock()
        self.desk.put_shown_photo()

    def _on_animate(self) -> None:
        self.show_dock()
        self._document.animate_edit()
        self.stage.show()

    def _on_play(self) -> None:
        self.show_dock()
        self.stage.toggle_playing()

    @Slot()
    def _on_best(self) -> None:
        self.show_dock()
        self.best.open()

    @Slot()
    def _on_export(self) -> None:
        self.show_dock()
        self.exports.ask()

    def _on_clear(self) -> None:
        self._document.set_timeline(Timeline(), self.tr("Clear the timeline"))

    def _set_side(self, side: ClipSide) -> None:
        self._window.canvas.set_overlay_side(side)
        if self.stage.is_shown:
            self.stage.show()
