"""Clips of two photos in this process: in-between pictures, and a whole export after loading."""

from __future__ import annotations

import itertools
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fvae_studio.bench.figures import Row, row_of

if TYPE_CHECKING:
    from fvae_studio.core.timeline import Moment
    from fvae_studio.pipeline.engine import Engine
    from fvae_studio.pipeline.requests import ClipSource

NUM_FRAMES: Final = 60
_TOGETHER: Final = 4
"""Pictures that are timed together: several are painted at a time, so they come in bunches."""


class Clips:
    """Two photos of one face with different expressions, loaded and with their faces found.

    Args:
        pair: their files.
        model: as for `Engine`.
    """

    def __init__(self, pair: tuple[Path, Path], model: str | None) -> None:
        from fvae_studio.pipeline.engine import Engine
        from fvae_studio.pipeline.requests import ClipSource

        self._engine: Engine = Engine(model)
        self._sources: list[ClipSource] = [ClipSource(self._engine.open(path)) for path in pair]
        self._output = pair[0].with_name("clip.mp4")
        for source in self._sources:
            self._engine.detect(source.photo)

    def pictures(
        self, part: str, name: str, side: int, *, num_frames: int = NUM_FRAMES, goal: float | None = None
    ) -> Row:
        """In-between pictures a second of the face's crop; registration and flows of the way are there already."""
        moments = _moments(num_frames)
        pictures = partial(self._engine.pictures, self._sources, moments, mode="face", longer_side=side)
        for _ in pictures():
            pass
        seconds = []
        frames = pictures()
        next(frames)
        for _ in range((num_frames - 1) // _TOGETHER):
            start = time.perf_counter()
            for _ in itertools.islice(frames, _TOGETHER):
                pass
            seconds.append((time.perf_counter() - start) / _TOGETHER)
        for _ in frames:
            pass
        return row_of(part, name, "/s", seconds, goal=goal, note=f"runs of {_TOGETHER} pictures")

    def export(self, part: str, name: str, repeats: int, *, goal: float | None = None) -> Row:
        """Registration, flows, pictures and encoding of a clip, after loading and finding faces."""
        from fvae_studio.core.video_io import LONGER_SIDE, write_video
        from fvae_studio.pipeline.engine import Engine

        moments, seconds = _moments(NUM_FRAMES), []
        for _ in range(repeats):
            fresh = Engine(self._engine.model)
            for source in self._sources:
                fresh.set_faces(source.photo, self._engine.detect(source.photo))
            start = time.perf_counter()
            write_video(fresh.pictures(self._sources, moments, longer_side=LONGER_SIDE[".mp4"]), self._output)
            seconds.append(time.perf_counter() - start)
            self._output.unlink()
        return row_of(part, name, "s", seconds, goal=goal, note="after loading")

    def close(self) -> None:
        """Release the detector."""
        self._engine.close()


def _moments(count: int) -> list[Moment]:
    from fvae_studio.core.easing import moments, photo_weights
    from fvae_studio.core.timeline import Moment

    shares = [photo_weights(position, 2) for position in moments(2, count, "ease")]
    return [Moment(weights, weights) for weights in shares]
