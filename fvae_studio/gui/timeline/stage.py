"""What of the clip the canvas shows: the playhead's picture now, at full resolution at rest, the next ones ahead."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal, Slot

from fvae_studio.core.timeline import Timeline
from fvae_studio.gui.canvas.view import CanvasView
from fvae_studio.gui.clip_edits import ClipEdits
from fvae_studio.gui.messages import explain
from fvae_studio.gui.timeline.clip_frames import ClipFrames, MadeFrame
from fvae_studio.gui.timeline.frames import ClipFrame, as_edit
from fvae_studio.gui.timeline.player import Player
from fvae_studio.gui.timeline.sources import ClipScene, NoScene, scene_of
from fvae_studio.inference.service import InferenceService
from fvae_studio.pipeline.requests import MomentRequest, RenderedMoment


class ClipStage(QObject):
    """Takes the canvas when somebody scrubs or plays, and gives it back when an edit of the photo is wanted again.

    Args:
        document: whose clip.
        service: renders moments.
        canvas: shows them.
        clock: of the player; tests have their own.
    """

    shown_changed = Signal(bool)
    """Whether the canvas belongs to the clip."""
    ready_changed = Signal()
    """Which frames can be shown at once."""
    problem_changed = Signal(str)
    """Why there is nothing to show, "" if nothing stands in the way."""
    frame_shown = Signal(int)
    """The canvas shows this frame now."""

    def __init__(
        self,
        document: ClipEdits,
        service: InferenceService,
        canvas: CanvasView,
        clock: Callable[[], float] = time.monotonic,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._service, self._canvas = document, service, canvas
        self.player = Player(clock, self)
        self.frames = ClipFrames(service, self.player, self)
        self._scene: ClipScene | NoScene = NoScene()
        self.problem = ""
        self._is_shown = self._is_used = self._is_wanted = False
        self._shown_entry: int | None = None
        self._shown_revision = 0
        self._seen: Timeline | None = None
        self._connect()

    def _connect(self) -> None:
        document = self._document
        document.timeline_changed.connect(self.refresh)
        document.photo_edited.connect(self._on_photo_edited)
        document.photo_read.connect(self.refresh)
        document.faces_changed.connect(self.refresh)
        document.photo_changed.connect(self._on_photo_changed)
        document.summary_changed.connect(self.refresh)
        self._service.moment_rendered.connect(self._on_rendered)
        self._service.moment_failed.connect(self._on_failed)
        self.player.frame_changed.connect(self._on_frame_changed)
        self.player.playing_changed.connect(self._on_playing_changed)
        self.frames.made.connect(self._on_made)
        self.frames.ready_changed.connect(self.ready_changed)

    @property
    def is_shown(self) -> bool:
        """Whether the canvas belongs to the clip."""
        return self._is_shown

    @property
    def scene(self) -> ClipScene | None:
        """The clip's sources; None while something stands in the way."""
        return self._scene if isinstance(self._scene, ClipScene) else None

    @property
    def timeline(self) -> Timeline:
        """The document's."""
        return self._document.timeline

    @property
    def ready_frames(self) -> frozenset[int]:
        """Those that can be shown at once."""
        return frozenset(self.frames.ready)

    def close(self) -> None:
        """End what runs."""
        self.player.pause()
        self.frames.close()

    def set_used(self, is_used: bool) -> None:
        """The timeline is on the screen, or not any more."""
        self._is_used = is_used
        self._document.use_clip(is_used)
        if is_used:
            self.refresh()
        else:
            self.leave()

    def show(self) -> None:
        """Let the canvas show the clip at the playhead, as soon as there is one."""
        self._is_wanted = self._is_used
        if not self._is_used or self.scene is None:
            return
        if not self._is_shown:
            self._is_shown = True
            current = self._document.current
            self._shown_entry = current.entry_id if current is not None else None
            self._document.pause_rendering(True)
            self.shown_changed.emit(True)
        self._show_scene()
        self._show_frame()

    def leave(self) -> None:
        """Give the canvas back to the photo."""
        self._is_wanted = False
        self.player.pause()
        self.frames.stop()
        if self._is_shown:
            self._is_shown = False
            self._service.stop_rendering()
            self._document.pause_rendering(False)
            self.shown_changed.emit(False)
            self._document.render_again()

    def seek(self, frame: int) -> None:
        """Put the playhead on a frame, and show it."""
        if frame == self.player.frame and self._is_shown:
            # A hand that scrubs moves many times within one frame.
            return
        self.player.seek(frame)
        if not self._is_shown:
            self.show()

    def toggle_playing(self) -> None:
        """Play or pause; playing shows the clip."""
        if not self.player.is_playing:
            self.show()
            if not self._is_shown:
                return
        self.player.toggle()

    @Slot()
    def refresh(self, _what: object = None) -> None:
        """The timeline, a photo or an edit of one is another: show what is true now, keep the frames that still are."""
        timeline = self.timeline
        fps = timeline.fps
        first, last = round(timeline.in_s * fps), round(max(timeline.in_s, timeline.end_s) * fps)
        self.player.set_range(first, last, fps, timeline.repeat)
        if not self._is_used:
            return
        before, self._scene = self.scene, scene_of(self._document)
        if before is not None and self.scene is not None:
            self._scene = same_or_next(before, self.scene)
        scene = self.scene
        if scene is before and scene is not None and timeline is self._seen:
            return
        self._seen = timeline
        self.frames.set_clip(scene, timeline)
        self._tell(self._scene.reason if isinstance(self._scene, NoScene) else self._scene.warning)
        if scene is None:
            self.ready_changed.emit()
            if self._is_shown and not self._is_waiting():
                self.leave()
            return
        if self._is_shown:
            self._show_scene()
            self._show_frame()
        elif self._is_wanted:
            self.show()
        self.ready_changed.emit()

    @Slot()
    def on_view_changed(self) -> None:
        """The canvas was zoomed: frames of another level are wanted."""
        scene = self.scene
        if self._is_shown and scene is not None and self._canvas.level_for(scene.largest_px) != self.frames.level:
            self._show_scene()
            self._show_frame()

    # What is shown

    def _tell(self, problem: str) -> None:
        self.problem = problem
        self.problem_changed.emit(problem)

    def _is_waiting(self) -> bool:
        return isinstance(self._scene, NoScene) and not self._scene.reason and not self.timeline.is_empty

    def _show_scene(self) -> None:
        scene = self.scene
        assert scene is not None
        if self._canvas.photo is not scene.canvas_photo:
            self._canvas.set_photo(scene.canvas_photo)
        self.frames.set_ground(scene.canvas_photo)
        self.frames.set_level(self._canvas.level_for(scene.largest_px))

    def _show_frame(self) -> None:
        """The playhead's picture: from the cache, else it is asked for; and what comes next."""
        if self.scene is None or not self._is_shown:
            return
        frame = self.player.frame
        found = self.frames.find(frame)
        if found is not None:
            self._put_on_canvas(frame, found)
        if not self.player.is_playing:
            revision = self.frames.ask(frame)
            if found is not None:
                self._shown_revision = revision
        self.frames.look_ahead()

    def _put_on_canvas(self, frame: int, found: ClipFrame) -> None:
        self._canvas.set_clip_frame(found.edit, found.level, found.pictures, found.shares)
        self.frame_shown.emit(frame)

    # What happens

    @Slot(int)
    def _on_frame_changed(self, _frame: int) -> None:
        if self._is_shown:
            self._show_frame()

    @Slot(bool)
    def _on_playing_changed(self, is_playing: bool) -> None:
        if is_playing:
            self._service.stop_rendering()
            self.frames.forget_previews()
            # Those that wait behind other things are asked for anew, now that they are urgent.
            self.frames.drop_ahead()
        elif self._is_shown:
            self._show_frame()

    @Slot(int)
    def _on_photo_edited(self, entry_id: int) -> None:
        current = self._document.current
        if self._is_shown and current is not None and current.entry_id == entry_id:
            # Who moves a slider wants to see the photo.
            self.leave()
        self.refresh()

    @Slot()
    def _on_photo_changed(self) -> None:
        current = self._document.current
        entry_id = current.entry_id if current is not None else None
        if self._is_shown and entry_id != self._shown_entry:
            self.leave()

    @Slot(object)
    def _on_rendered(self, rendered: RenderedMoment) -> None:
        asked = rendered.request
        scene = self.scene
        if scene is None or asked.sources is not scene.sources:
            return
        if asked.quality == "full_res":
            is_wanted = self._is_shown and not self.player.is_playing
            if is_wanted and asked.moment == self.frames.moment_of(self.player.frame):
                self._shown_revision = asked.revision
                self._canvas.set_clip_edit(as_edit(rendered, scene.canvas_photo), rendered.shares)
                # On a slow machine this comes before the preview, which is not shown any more then.
                self.frame_shown.emit(self.player.frame)
        else:
            self.frames.take(rendered)

    @Slot(object)
    def _on_made(self, made: MadeFrame) -> None:
        now = self.player.frame
        is_now = self.frames.shows_same(made.number, now)
        # While the hand scrubs, a picture a little late is better than none.
        is_late = not made.is_ahead and not self.player.is_playing
        if made.revision > self._shown_revision and (is_now or is_late):
            self._shown_revision = made.revision
            self._put_on_canvas(now if is_now else made.number, made.picture)

    @Slot(object, object)
    def _on_failed(self, asked: MomentRequest, error: Exception) -> None:
        scene = self.scene
        if scene is not None and asked.sources is scene.sources:
            # No frame ahead is asked for again until something changes.
            self.player.pause()
            self.frames.drop_ahead()
            self._tell(explain(error).sentence)


def same_or_next(before: ClipScene, scene: ClipScene) -> ClipScene:
    """The scene before, where this one shows the same; what was asked for it is then still wanted."""
    is_same_ground = before.mode == scene.mode and before.sources[0].photo is scene.sources[0].photo
    same_size = before.canvas_photo.width == scene.canvas_photo.width
    if is_same_ground and same_size:
        # Another empty square would only make the canvas begin anew.
        scene = replace(scene, canvas_photo=before.canvas_photo)
    if before.key != scene.key:
        return scene
    pairs = zip(before.sources, scene.sources, strict=True)
    return before if all(one.photo is other.photo for one, other in pairs) else scene
