"""What clips cost on this machine: in-betweens of a sample and its smile, whole exports, memory; a part of `bench`."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from fvae_studio.bench import Row, run_process

CROP_PX: Final = 1080
"""Side of the face's crop for which in-betweens are timed."""

PREVIEW_PX: Final = 540
"""The same for a preview: one level smaller."""

FPS_GOAL: Final = 12.0
PREVIEW_FPS_GOAL: Final = 30.0
EXPORT_GOAL_S: Final = 10.0
MEMORY_GOAL_MB: Final = 1500.0

_NUM_FRAMES: Final = 60


def measure_memory(add: Callable[[Row], None], pair: tuple[Path, Path], model: str | None) -> None:
    """Peak memory of commands that write a short and a long clip of two large photos; call it from a small process."""
    chosen = ["--model", model] if model else []
    for steps in (30, 120):
        output = pair[0].with_name(f"clip-{steps}.mp4")
        command = [sys.executable, "-m", "fvae_studio", "interpolate", *map(str, pair), "--steps", str(steps)]
        run = run_process([*command, "-o", str(output), *chosen])
        add(Row(f"clip of {steps} frames, whole process", run.seconds, "s", note="two 24-megapixel photos"))
        if run.peak_mb is not None:
            add(Row("  its peak memory", run.peak_mb, "MB", MEMORY_GOAL_MB))


def measure_clips(add: Callable[[Row], None], pair: tuple[Path, Path], model: str | None) -> None:
    """In-between frames, and an export after loading.

    Args:
        add: told of each figure.
        pair: two large photos of one face with different expressions.
        model: as for `Engine`.
    """
    from fvae_studio.core.easing import moments as positions_of
    from fvae_studio.core.easing import photo_weights
    from fvae_studio.core.timeline import Moment
    from fvae_studio.core.video_io import LONGER_SIDE, write_video
    from fvae_studio.pipeline.engine import Engine
    from fvae_studio.pipeline.requests import ClipSource

    engine = Engine(model)
    sources = [ClipSource(engine.open(path)) for path in pair]
    shares = [photo_weights(position, 2) for position in positions_of(2, _NUM_FRAMES, "ease")]
    moments = [Moment(weights, weights) for weights in shares]
    pictures = partial(engine.pictures, sources, moments)
    for name, side, goal in (("in-between", CROP_PX, FPS_GOAL), ("in-between, preview", PREVIEW_PX, PREVIEW_FPS_GOAL)):
        # Once without the clock: detection, registration and the flows of the path are there afterwards.
        for _ in pictures(mode="face", longer_side=side):
            pass
        times = []
        frames = pictures(mode="face", longer_side=side)
        next(frames)
        while True:
            start = time.perf_counter()
            if next(frames, None) is None:
                break
            times.append((time.perf_counter() - start) * 1000)
        frame_ms = statistics.median(times)
        note = f"{1000 / frame_ms:.1f} per second, {len(times)} frames"
        add(Row(f"{name}, {side} px crop", frame_ms, "ms", 1000 / goal, note))
    fresh = Engine(engine.model)
    for source in sources:
        fresh.set_faces(source.photo, engine.detect(source.photo))
    start = time.perf_counter()
    output = pair[0].with_name("clip.mp4")
    write_video(fresh.pictures(sources, moments, longer_side=LONGER_SIDE[".mp4"]), output)
    note = "registration, flows, frames and encoding, after loading and detection"
    add(
        Row(
            f"{_NUM_FRAMES}-frame MP4 of two 24-megapixel photos", time.perf_counter() - start, "s", EXPORT_GOAL_S, note
        )
    )
    engine.close()
