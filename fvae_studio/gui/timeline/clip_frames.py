"""The frames of a clip by their numbers: which are ready, and asking for those that will be needed."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from fvae_studio.core.timeline import Moment, Timeline
from fvae_studio.core.types import Photo
from fvae_studio.gui.canvas.background import Background
from fvae_studio.gui.timeline.frames import ClipFrame, FrameCache, make_frame
from fvae_studio.gui.timeline.player import Player
from fvae_studio.gui.timeline.sources import ClipScene
from fvae_studio.inference.service import InferenceService
from fvae_studio.pipeline.requests import MomentRequest, RenderedMoment

_ASKED_AHEAD: Final = 2
"""Frames that wait in the queue: the next can begin at once, and few are in vain when something changes."""

_LOOKED_AT_ONCE: Final = 240
"""Frames that are looked up in one go of the event loop."""

_PACE: Final = 0.3
"""How much the latest frame counts in what a frame is expected to take."""


@dataclass(frozen=True, eq=False)
class MadeFrame:
    """A frame that was asked for and is there now.

    Attributes:
        number: of the frame.
        revision: of the request.
        is_ahead: whether it was asked for ahead of the playhead.
        picture: to be shown.
    """

    number: int
    revision: int
    is_ahead: bool
    picture: ClipFrame


class ClipFrames(QObject):
    """Keeps frames, and has the next ones rendered while nothing more urgent is to be done.

    Args:
        service: renders moments.
        player: where the playhead is.
    """

    ready_changed = Signal()
    """Which frames can be shown at once."""
    made = Signal(object)
    """`MadeFrame` of the present clip and level."""

    def __init__(self, service: InferenceService, player: Player, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._service, self._player = service, player
        self.cache = FrameCache()
        self.render_ms = 40.0
        """What a frame is expected to take."""
        self.ready: set[int] = set()
        """Frames that can be shown at once."""
        self._told: set[int] | None = None
        self.level = 0
        """Of the pictures."""
        self._scene: ClipScene | None = None
        self._timeline = Timeline()
        self._ground: Photo | None = None
        self._is_on = False
        self._moments: dict[int, Moment] = {}
        self._places: dict[Hashable, int] = {}
        # By revision: what was asked for, its frame. Of previews only the newest answers for sure.
        self._previews: dict[int, tuple[Hashable, int]] = {}
        self._asked: dict[int, tuple[Hashable, int]] = {}
        # By revision: rendered, the picture is being made of it. A later one may be ready before.
        self._making: dict[int, Hashable] = {}
        self._background = Background(self)
        self._ahead = QTimer(self)
        self._ahead.setSingleShot(True)
        self._ahead.setInterval(0)
        self._ahead.timeout.connect(self._render_ahead)

    @property
    def is_idle(self) -> bool:
        """Whether no picture is being made of what was rendered."""
        return self._background.is_idle

    def close(self) -> None:
        """End what runs."""
        self._ahead.stop()
        self._background.close()

    def set_clip(self, scene: ClipScene | None, timeline: Timeline) -> None:
        """Another clip, or a change of it: frames that show what they did are found again."""
        self._scene, self._timeline = scene, timeline
        self._moments.clear()
        self._forget_places()

    def set_ground(self, photo: Photo) -> None:
        """What the pictures lie upon; those that were made for another photo go."""
        if self._ground is not photo:
            self._ground = photo
            self._making.clear()
            self.cache.clear()

    def set_level(self, level: int) -> None:
        """The level that is looked at."""
        if level != self.level:
            self.level = level
            self._forget_places()
            self.ready_changed.emit()

    def moment_of(self, frame: int) -> Moment:
        """What is to be seen at a frame."""
        moment = self._moments.get(frame)
        if moment is None:
            moment = self._moments[frame] = self._timeline.at(frame / self._timeline.fps)
        return moment

    def find(self, frame: int) -> ClipFrame | None:
        """The picture of a frame, if it is there."""
        return self.cache.get(self._key_of(frame))

    def shows_same(self, frame: int, other: int) -> bool:
        """Whether the same is to be seen at two frames."""
        return frame == other or self.moment_of(frame) == self.moment_of(other)

    def ask(self, frame: int) -> int:
        """Ask for a frame now unless it is there, and for full resolution at rest.

        Returns:
            The revision.
        """
        assert self._scene is not None
        is_there = self.find(frame) is not None
        revision = self._service.render_moment(
            self._scene.sources, self.moment_of(frame), self._scene.mode, level=self.level, previews=not is_there
        )
        if not is_there:
            self._previews[revision] = (self._key_of(frame), frame)
        return revision

    def look_ahead(self) -> None:
        """From now on, ask for the frames that come next."""
        self._is_on = True
        self._ahead.start()

    def stop(self) -> None:
        """Nothing is wanted any more."""
        self._is_on = False
        self._ahead.stop()
        self._previews.clear()
        self.drop_ahead()

    def forget_previews(self) -> None:
        """What was asked for with `ask` was taken out of the queue."""
        self._previews.clear()

    def drop_ahead(self) -> None:
        """Take out of the queue what was asked for ahead."""
        self._service.drop_frames()
        self._asked.clear()

    def take(self, rendered: RenderedMoment) -> None:
        """A moment of the present clip was rendered; those that nobody asked for here are passed over."""
        asked = rendered.request
        known = self._asked.get(asked.revision) or self._previews.get(asked.revision)
        if known is not None and self._ground is not None:
            self.render_ms += _PACE * (sum(rendered.timings_ms.values()) - self.render_ms)
            self._making[asked.revision] = known[0]
            # Behind the window's back: a large picture must not stop the playhead.
            make = partial(make_frame, rendered, self._ground)
            self._background.run(make, partial(self._keep, asked, known))

    # --- inside ---

    def _key_of(self, frame: int) -> Hashable:
        assert self._scene is not None
        return (self._scene.key, self.level, self.moment_of(frame))

    def _forget_places(self) -> None:
        self._places.clear()
        self.ready.clear()
        self._told = None
        self.drop_ahead()

    def _keep(self, asked: MomentRequest, known: tuple[Hashable, int], made: ClipFrame | None) -> None:
        key, frame = known
        self._making.pop(asked.revision, None)
        is_ahead = self._asked.pop(asked.revision, None) is not None
        # Older previews were passed over in the queue.
        self._previews = {revision: one for revision, one in self._previews.items() if revision > asked.revision}
        scene = self._scene
        if made is None or scene is None or made.edit.request.photo is not self._ground:
            return
        for gone in self.cache.put(key, made, self._distance):
            self.ready.discard(self._places.get(gone, -1))
        if not self._is_on or asked.sources is not scene.sources or asked.level != self.level:
            return
        if key == self._key_of(frame) and key in self.cache:
            self.ready.add(frame)
        self.made.emit(MadeFrame(frame, asked.revision, is_ahead, made))
        self._ahead.start()

    def _play_order(self) -> list[int]:
        """The frames in the order in which they will be needed, from the playhead on."""
        timeline = self._timeline
        first = round(timeline.in_s * timeline.fps)
        last = max(first, round(timeline.end_s * timeline.fps))
        now = min(max(self._player.frame, first), last)
        return [*range(now, last + 1), *range(first, now)]

    def _distance(self, key: Hashable) -> float:
        place, now = self._places.get(key), self._player.frame
        if place is None:
            return math.inf
        return place - now if place >= now else 1e6 + place

    @Slot()
    def _render_ahead(self) -> None:
        """Ask for the next frames that are not there, as far as memory goes; look up in small portions."""
        scene = self._scene
        if scene is None or not self._is_on:
            return
        # Of the previews only the newest comes for sure.
        newest = self._previews[max(self._previews)][0] if self._previews else None
        waiting = {key for key, _ in self._asked.values()}
        being_made = {*self._making.values(), newest}
        looked = 0
        for number, frame in enumerate(self._play_order()):
            if frame in self.ready:
                continue
            looked += 1
            if looked > _LOOKED_AT_ONCE:
                self._ahead.start()
                break
            key = self._key_of(frame)
            self._places.setdefault(key, frame)
            if key in self.cache:
                self.ready.add(frame)
            elif len(waiting) < _ASKED_AHEAD and key not in waiting and key not in being_made:
                if number < self._lead(len(waiting)):
                    continue
                if self.cache.is_full and self.cache.farthest(self._distance) <= self._distance(key):
                    break
                self._asked[self._ask_ahead(scene, frame)] = (key, frame)
                waiting.add(key)
        if self.ready != self._told:
            # A hand that scrubs comes here at each move of the mouse, and the ruler is drawn anew for it.
            self._told = set(self.ready)
            self.ready_changed.emit()

    def _ask_ahead(self, scene: ClipScene, frame: int) -> int:
        return self._service.render_frame(
            scene.sources,
            self.moment_of(frame),
            scene.mode,
            level=self.level,
            is_playing=self._player.is_playing,
        )

    def _lead(self, num_waiting: int) -> int:
        """While playing: how many frames the playhead goes on until one that is asked for now is there."""
        frames = (num_waiting + 1) * self.render_ms / 1000 * self._timeline.fps
        return math.ceil(frames) if self._player.is_playing else 0
