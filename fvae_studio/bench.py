"""`fvae-studio bench`: what the program costs on this machine, measured as a user meets it.

Whole commands run as processes of their own, with the imports, the reading and the writing in them. The photos are a
sample portrait, enlarged to a face of fixed size and set on canvases of 6, 24 and 96 megapixels, so that only what
should grow with the photo can grow.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fvae_studio.errors import DataError
from fvae_studio.paths import samples_dir

if TYPE_CHECKING:
    from fvae_studio.core.types import AlignedCrop
    from fvae_studio.model.checkpoint import LoadedModel

FACE_PX = 1500
"""Height of the face (its landmarks) in every test photo."""

SIZES = {6: (3000, 2000), 24: (6000, 4000), 96: (12000, 8000)}
"""Megapixels: (width, height)."""

_STRENGTHS = {"smile": 0.8}


@dataclass(frozen=True)
class ProcessCost:
    """One run of a command."""

    seconds: float
    peak_mb: float | None
    """None where the system does not tell (Windows)."""


@dataclass(frozen=True)
class Row:
    """One line of the report.

    Attributes:
        name: what was measured.
        value: the figure.
        unit: of the figure.
        goal: the most it should be, or None.
        note: how it was measured.
    """

    name: str
    value: float
    unit: str
    goal: float | None = None
    note: str = ""


def report(*, model: str | None, quick: bool, as_json: bool) -> None:
    """Measure, and print each figure as it is known.

    Raises:
        DataError: the sample portraits are not there, or this is a program that was installed without Python.
        ModelError: there is no model.
    """
    if getattr(sys, "frozen", False):
        raise DataError(
            "bench starts Python again and again, and this program was installed without it. Install FVAE Studio with "
            "pip to measure this machine."
        )
    from fvae_studio import clip_bench  # it takes its rows from here

    rows: list[Row] = []

    def add(row: Row) -> None:
        rows.append(row)
        if not as_json:
            print_row(row)

    if not as_json:
        print(
            f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        )
    _measure_start_up(add, repeats=3 if quick else 7)
    with tempfile.TemporaryDirectory(prefix="fvae-bench-") as folder:
        # In a process of its own: this one has to stay small until the whole commands are measured (see run_process).
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            photos = pool.submit(make_photos, Path(folder), [6, 24] if quick else list(SIZES)).result()
            smiling = pool.submit(make_photos, Path(folder), [24], label="smile").result()
        pair = photos[24], smiling[24]
        clip_bench.measure_memory(add, pair, model)
        _measure_edits(add, photos, model, repeats=2 if quick else 5)
        _measure_stages(add, photos, model, repeats=20 if quick else 100)
        clip_bench.measure_clips(add, pair, model)
    if as_json:
        values = [{"name": r.name, "value": r.value, "unit": r.unit, "goal": r.goal, "note": r.note} for r in rows]
        print(json.dumps({"cores": os.cpu_count(), "python": platform.python_version(), "rows": values}, indent=2))


def print_row(row: Row) -> None:
    """One line for people."""
    verdict = "" if row.goal is None else f"   goal {row.goal:g} {row.unit}: {_verdict(row)}"
    note = f"   ({row.note})" if row.note else ""
    print(f"{row.name:<48}{row.value:>9.3g} {row.unit:<5}{verdict}{note}", flush=True)


def run_process(command: Sequence[str]) -> ProcessCost:
    """Run a command to its end.

    The system counts a child's peak from its parent's size on, so call this from a small process.

    Raises:
        DataError: it failed; the message holds what it said.
    """
    start = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        peak_mb = None
        if hasattr(os, "wait4"):
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            peak_mb = usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
        else:
            process.wait()
        seconds = time.perf_counter() - start
        if process.returncode:
            errors.seek(0)
            raise DataError(f"{' '.join(command)} failed: {errors.read().decode(errors='replace').strip()}")
    return ProcessCost(seconds, peak_mb)


def make_photos(folder: Path, megapixels: Sequence[int], *, label: str = "neutral") -> dict[int, Path]:
    """JPEG photos of the given sizes, all with the same face of `FACE_PX`.

    Args:
        folder: where they are written.
        megapixels: of `SIZES`.
        label: which of the sample's photos: "neutral" or "smile".

    Raises:
        DataError: there is no sample portrait.
    """
    import numpy as np
    from PIL import Image

    from fvae_studio.core.photo_io import read_photo
    from fvae_studio.pipeline.detector import MediaPipeFaceDetector

    portraits = sorted(samples_dir().glob(f"*_{label}.jpg"))
    if not portraits:
        raise DataError(f"there is no sample portrait in {samples_dir()}; run `make samples`")
    photo = read_photo(portraits[0])
    detector = MediaPipeFaceDetector()
    faces = detector.detect(photo)
    detector.close()
    if not faces:
        raise DataError(f"no face was found in the sample {portraits[0]}")
    scale = FACE_PX / faces[0].box.height
    portrait = Image.fromarray(photo.pixels).resize((round(photo.width * scale), round(photo.height * scale)))
    center = [scale * value for value in faces[0].box.center]
    paths = {}
    rng = np.random.default_rng(1)
    # Hardly any shape in it: a detector sees faces in clouds.
    ground = rng.integers(90, 160, (2, 3, 3), np.uint8)
    # Decoding and encoding shall cost what they cost with a camera's grain.
    grain = rng.normal(0, 7, (512, 512, 3)).astype(np.int16)
    for size in megapixels:
        width, height = SIZES[size]
        canvas = Image.fromarray(ground).resize((width, height), Image.Resampling.BICUBIC)
        canvas.paste(portrait, (round(width / 2 - center[0]), round(height / 2 - center[1])))
        grainy = np.array(canvas)
        for y in range(0, height, 512):
            for x in range(0, width, 512):
                tile = grainy[y : y + 512, x : x + 512]
                tile[...] = np.clip(tile + grain[: tile.shape[0], : tile.shape[1]], 0, 255)
        paths[size] = folder / f"{size}mp-{label}.jpg"
        Image.fromarray(grainy).save(paths[size], quality=92)
    return paths


def _measure_start_up(add: Callable[[Row], None], *, repeats: int) -> None:
    def median(*arguments: str) -> float:
        return statistics.median(run_process([sys.executable, *arguments]).seconds for _ in range(repeats))

    add(Row("interpreter alone", median("-c", "pass"), "s"))
    add(Row("fvae-studio --help", median("-m", "fvae_studio", "--help"), "s", 0.5))
    add(Row("import fvae_studio", median("-c", "import fvae_studio"), "s"))


def _measure_edits(add: Callable[[Row], None], photos: dict[int, Path], model: str | None, *, repeats: int) -> None:
    chosen = ["--model", model] if model else []
    for size, path in photos.items():
        runs = []
        for number in range(repeats):
            arguments = [f"{name}={strength}" for name, strength in _STRENGTHS.items()]
            output = str(path.with_name(f"{size}mp-{number}-out.jpg"))
            command = [sys.executable, "-m", "fvae_studio", "edit", str(path), "-o", output, *chosen]
            runs.append(run_process([*command, *(part for value in arguments for part in ("--set", value))]))
        seconds = statistics.median(run.seconds for run in runs)
        goals = (3.0, 1200.0) if size == 24 else (None, None)
        add(Row(f"edit a {size}-megapixel JPEG, whole process", seconds, "s", goals[0], f"median of {repeats}"))
        peaks = [run.peak_mb for run in runs if run.peak_mb is not None]
        if peaks:
            add(Row(f"  its peak memory at {size} megapixels", max(peaks), "MB", goals[1]))


def _measure_stages(add: Callable[[Row], None], photos: dict[int, Path], model: str | None, *, repeats: int) -> None:
    from fvae_studio.core.edits import EditState, FaceEdit
    from fvae_studio.core.warp import warp_photo
    from fvae_studio.pipeline.engine import Engine

    engine = Engine(model)
    state = EditState(None, (FaceEdit.of(_STRENGTHS),))
    for number, (size, path) in enumerate(photos.items()):
        start = time.perf_counter()
        photo = engine.open(path)
        add(Row(f"read, {size} megapixels", _since(start), "ms"))
        start = time.perf_counter()
        face = engine.detect(photo)[0]
        add(Row(f"find the face, {size} megapixels", _since(start), "ms", note="" if number else "first call"))
        if number == 0:
            _measure_predict(add, engine.model, engine.crop(photo, face), repeats=repeats)
        placed = engine.flows(photo, state)[0]
        warp = partial(warp_photo, photo, placed.field, placed.photo_to_crop)
        warp_ms, roi = _median_ms(warp, 7), warp().roi
        bare_ms = _bare_remap_ms(photo.pixels, roi)
        add(Row(f"warp, {size} megapixels", warp_ms, "ms", note=f"{roi.width} x {roi.height} px"))
        add(Row("  in bare cv2.remap of the same region", warp_ms / bare_ms, "x", 2.0, f"{bare_ms:.1f} ms"))
        start = time.perf_counter()
        engine.render(photo, state)
        add(Row(f"render after the flow, {size} megapixels", _since(start), "ms", note="warp, copy, composite"))
    engine.close()


def _measure_predict(add: Callable[[Row], None], model: LoadedModel, crop: AlignedCrop, *, repeats: int) -> None:
    from fvae_studio.pipeline.predictor import FlowPredictor

    predictor = FlowPredictor(model)
    add(Row("encode a face", _median_ms(partial(predictor.set_crop, crop), 20), "ms"))
    name = next(iter(_STRENGTHS))
    times = [_timed_ms(partial(predictor.predict, {name: (k + 1) / repeats})) for k in range(repeats)]
    add(Row("predict (flow and confidence), median", statistics.median(times), "ms", 20.0, f"{repeats} calls"))
    add(Row("  95th percentile", statistics.quantiles(times, n=20)[-1], "ms"))


def _bare_remap_ms(pixels: Any, roi: Any) -> float:
    import numpy as np

    from fvae_studio.core._cv2 import cv2

    rows, columns = np.mgrid[roi.y : roi.bottom, roi.x : roi.right].astype(np.float32)
    columns += 0.3
    # OpenCV reads no picture wider than 32767 pixels, and the warp uses Lanczos: the same here.
    return _median_ms(lambda: cv2.remap(pixels, columns, rows, cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE), 7)


def _timed_ms(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return _since(start)


def _median_ms(call: Callable[[], object], repeats: int) -> float:
    call()
    return statistics.median(_timed_ms(call) for _ in range(repeats))


def _since(start: float) -> float:
    return (time.perf_counter() - start) * 1000


def _verdict(row: Row) -> str:
    assert row.goal is not None
    return "met" if row.value <= row.goal else "missed"
