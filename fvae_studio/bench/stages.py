"""The stages of an edit in this process: predict, warp, preview, export, a batch; each beside its floor."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fvae_studio.bench import floors
from fvae_studio.bench.figures import Row, row_of
from fvae_studio.bench.floors import time_ms, times_ms

if TYPE_CHECKING:
    from fvae_studio.core.edits import EditState
    from fvae_studio.core.types import Face, Photo
    from fvae_studio.pipeline.engine import Engine

PREVIEW_LEVEL: Final = 2
"""The one at which a window of 1600 px shows a photo of 6000."""

_NAME: Final = "smile"
_STRENGTH: Final = 0.8


class Stages:
    """An engine that is warm, one photo with its faces, and the edit of all of them.

    Args:
        path: of the photo.
        model: as for `Engine`.
    """

    def __init__(self, path: Path, model: str | None) -> None:
        from fvae_studio.pipeline.engine import Engine

        self._engine: Engine = Engine(model)
        self._path = path
        self._photo: Photo = self._engine.open(path)
        self._faces: tuple[Face, ...] = self._engine.detect(self._photo)
        self._engine.render(self._photo, _state(_STRENGTH))

    @property
    def num_faces(self) -> int:
        """How many were found."""
        return len(self._faces)

    def read(self, part: str, name: str, repeats: int) -> Row:
        """Reading the file, with its metadata and profile; Pillow's decoding is the floor."""
        decode = statistics.median(floors.codec_ms(self._path)[0] for _ in range(repeats))
        times = times_ms(lambda: self._engine.open(self._path), repeats)
        return row_of(part, name, "ms", times, floor=decode, note="floor: Pillow decodes")

    def detect(self, part: str, name: str, repeats: int) -> Row:
        """Finding all faces; each run on a photo that was never seen."""
        times = times_ms(lambda: self._engine.detect(self._unseen()), repeats)
        return row_of(part, name, "ms", times, note=f"{self.num_faces} found")

    def predict(self, part: str, name: str, repeats: int, *, goal: float | None = None) -> Row:
        """One slider position: flow and confidence; the multiply-adds at the machine's rate are the floor."""
        from fvae_studio.model.graphs import multiply_adds
        from fvae_studio.pipeline.predictor import FlowPredictor

        predictor = FlowPredictor(self._engine.model)
        predictor.set_crop(self._engine.crop(self._photo, self._faces[0]))
        times = [
            time_ms(partial(predictor.predict, {_NAME: (number + 1) / repeats})) for number in range(-10, repeats)
        ][10:]
        work = multiply_adds(self._engine.model.header.config, tracks=False)
        rate = floors.multiply_adds_per_ms()
        told = f"floor: {work / 1e6:.0f} million multiply-adds at {rate / 1e6:.1f} thousand million a second, one core"
        return row_of(part, name, "ms", times, goal=goal, floor=work / rate, note=told)

    def encode(self, part: str, name: str, repeats: int) -> Row:
        """What a face costs once, before its first slider moves."""
        from fvae_studio.pipeline.predictor import FlowPredictor

        predictor = FlowPredictor(self._engine.model)
        crop = self._engine.crop(self._photo, self._faces[0])
        return row_of(part, name, "ms", times_ms(lambda: predictor.set_crop(crop), repeats))

    def warp(self, part: str, name: str, repeats: int, *, goal_ratio: float | None = None) -> Row:
        """Resampling the face at full resolution; one `cv2.remap` of the same region is the floor."""
        from fvae_studio.core.warp import warp_photo

        placed = self._engine.flows(self._photo, _state(_STRENGTH))[0]
        warp = partial(warp_photo, self._photo, placed.field, placed.photo_to_crop)
        roi = warp().roi
        bare = statistics.median(floors.remap_ms(self._photo.pixels, roi, repeats))
        told = f"floor: bare cv2.remap, {roi.width} x {roi.height} px"
        return row_of(part, name, "ms", times_ms(warp, repeats), floor=bare, goal_ratio=goal_ratio, note=told)

    def preview(
        self, part: str, name: str, repeats: int, *, goal: float | None = None, goal_p95: float | None = None
    ) -> Row:
        """From new strengths to the patches that a window shows; nothing of it was computed before."""
        told = f"level {PREVIEW_LEVEL}"
        times = self._patch_times("preview", repeats)
        return row_of(part, name, "ms", times, goal=goal, goal_p95=goal_p95, note=told)

    def full_res(self, part: str, name: str, repeats: int) -> Row:
        """The same at full resolution."""
        return row_of(part, name, "ms", self._patch_times("full_res", repeats))

    def export(self, part: str, name: str, repeats: int, *, goal_ratio: float | None = None) -> list[Row]:
        """From the file to the edited file, faces known, and the writing alone; Pillow and the warp are the floor."""
        from fvae_studio.core.export import ExportOptions, ExportTask, run_export
        from fvae_studio.core.progress import NoProgress

        options = ExportOptions(existing="replace")
        output = self._path.with_name(f"{self._path.stem}-edited.jpg")
        whole, render, decodes, encodes, warps = [], [], [], [], []
        for _ in range(repeats + 1):
            # In turns, so that a machine that grows slower does so for both.
            decode, encode = floors.codec_ms(self._path)
            start = time.perf_counter()
            photo = self._engine.open(self._path)
            self._engine.set_faces(photo, self._faces)
            opened = time.perf_counter()
            run_export(self._engine, ExportTask(photo, _state(_STRENGTH), output, options), NoProgress())
            whole.append((time.perf_counter() - start) * 1000)
            render.append((time.perf_counter() - opened) * 1000)
            decodes.append(decode)
            encodes.append(encode)
            warps.append(time_ms(partial(self._warp_all, photo)))
        decode, encode, warp = (statistics.median(times[1:]) for times in (decodes, encodes, warps))
        told = f"Pillow decodes {decode:.0f} ms, encodes {encode:.0f} ms; warp {warp:.0f} ms"
        return [
            row_of(
                part, name, "ms", whole[1:], floor=decode + encode + warp, goal_ratio=goal_ratio, note=f"floor: {told}"
            ),
            row_of(
                part, f"{name}: photo in memory", "ms", render[1:], floor=encode + warp, note="floor: encode and warp"
            ),
        ]

    def close(self) -> None:
        """Release the detector."""
        self._engine.close()

    def _warp_all(self, photo: Photo) -> None:
        from fvae_studio.core.warp import warp_faces

        placed = self._engine.flows(photo, _state(_STRENGTH))
        warp_faces(photo, [(flow.field, flow.photo_to_crop) for flow in placed], with_confidence=False)

    def _patch_times(self, quality: str, repeats: int) -> list[float]:
        from fvae_studio.core.progress import NoProgress
        from fvae_studio.pipeline.requests import RenderRequest

        def render(number: int) -> None:
            # Every value is new, so that no cache answers.
            state = _state(0.4 + 0.5 * number / repeats)
            request = RenderRequest(self._photo, state, quality, PREVIEW_LEVEL, number)  # type: ignore[arg-type]
            self._engine.render_patches(request, NoProgress())

        return [time_ms(partial(render, number)) for number in range(-3, repeats)][3:]

    def _unseen(self) -> Photo:
        # The engine knows photos by their object.
        return replace(self._photo)


def _state(strength: float) -> EditState:
    from fvae_studio.core.edits import EditState, FaceEdit

    return EditState(None, (FaceEdit.of({_NAME: strength}),))


def measure_batch(part: str, photos: Sequence[Path], model: str | None) -> Row:
    """Photos one after another, as the batch dialog does them; the rate of Pillow's encoding is the floor."""
    from fvae_studio.core.batch import BatchTask
    from fvae_studio.core.export import ExportOptions
    from fvae_studio.core.progress import NoProgress
    from fvae_studio.errors import DataError
    from fvae_studio.pipeline.batch import ReadAhead, run_batch_photo
    from fvae_studio.pipeline.engine import Engine

    engine = Engine(model)
    folder = photos[0].parent / "batch"
    task = BatchTask(((_NAME, _STRENGTH),), ExportOptions(existing="replace", folder=folder))
    seconds, encodes = [], []
    paths = [photos[0], *photos]
    ahead = ReadAhead(paths[1:])
    for number, path in enumerate(paths):
        encodes.append(floors.codec_ms(path)[1] / 1000)
        row = run_batch_photo(engine, path, task, NoProgress(), number=number + 1, ahead=ahead if number else None)
        if row.outcome != "done":
            raise DataError(f"The batch did not write {path.name}: {row.note}")
        seconds.append(row.seconds)
    ahead.close()
    engine.close()
    floor = 1 / statistics.median(encodes)
    name = "batch of 24-megapixel JPEGs"
    told = "read, find, edit, write; floor: Pillow encodes"
    # Without the first one, which loads the engine.
    return row_of(part, name, "/s", seconds[1:], floor=floor, goal_ratio=1.0, note=told)
