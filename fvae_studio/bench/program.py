"""The bench itself: its parts, what each measures and how often, and the table in the end.

Nothing heavy is imported here or by a part: the system counts the memory of a command from its parent's size on.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fvae_studio.bench import machine
from fvae_studio.bench.figures import Row, row_of, with_growth
from fvae_studio.bench.photos import GROUP_FACE_PX, SIZES
from fvae_studio.bench.processes import ask_stage, run_process, studio_command
from fvae_studio.bench.table import BenchTable
from fvae_studio.bench.window import measure_starts, measure_window
from fvae_studio.errors import DataError

FACES: Final = (1, 2, 4, 8)
CORES: Final = (1, 2)
_NUM_PHOTOS: Final = 10
"""Of a full window, and of a batch."""


@dataclass(frozen=True)
class Bench:
    """What the parts share.

    Attributes:
        folder: for test photos, which are made when a part first asks for them, and for what commands write.
        model: as for `Engine`.
        quick: a third of the repetitions, and no 96-megapixel photo.
    """

    folder: Path
    model: str | None
    quick: bool

    def photo(self, megapixels: int, **options: Any) -> Path:
        """A test photo; see `photos.make_photo`."""
        name = "-".join(map(str, ["photo", f"{megapixels}mp", *options.values()]))
        path = self.folder / f"{name}.jpg"
        if not path.exists():
            # In a process of its own: this one has to stay small.
            ask_stage("photo", {"path": str(path), "megapixels": megapixels, **options})
        return path

    def photos(self, count: int) -> list[Path]:
        """So many files of 24 megapixels."""
        first = self.photo(24)
        paths = [first, *(first.with_name(f"copy-{number}.jpg") for number in range(2, count + 1))]
        for path in paths[1:]:
            if not path.exists():
                path.write_bytes(first.read_bytes())
        return paths

    def times(self, count: int) -> int:
        """How often something is done."""
        return max(2, count // 3) if self.quick else count

    def stages(self, part: str, photo: Path, *measures: Mapping[str, Any], cores: int | None = None) -> list[Row]:
        """Rows of `stages.Stages`; each measure names its method as "what", and the method's arguments."""
        asked = {"photo": str(photo), "model": self.model, "measures": [{"part": part, **one} for one in measures]}
        return [Row.from_json(row) for row in ask_stage("stages", asked, cores=cores)]

    def clips(self, part: str, *measures: Mapping[str, Any], cores: int | None = None) -> list[Row]:
        """The same of `clips.Clips`."""
        pair = [str(path) for path in self.pair()]
        asked = {"pair": pair, "model": self.model, "measures": [{"part": part, **one} for one in measures]}
        return [Row.from_json(row) for row in ask_stage("clips", asked, cores=cores)]

    def pair(self) -> tuple[Path, Path]:
        """Two 24-megapixel photos of one face with different expressions."""
        return self.photo(24), self.photo(24, label="smile")

    @property
    def chosen(self) -> list[str]:
        """The model, for commands."""
        return ["--model", self.model] if self.model else []


def _start(bench: Bench) -> Iterable[Row]:
    yield from measure_starts(bench.photo(24), repeats=bench.times(7))


def _window(bench: Bench) -> Iterable[Row]:
    yield from measure_window(bench.photos(_NUM_PHOTOS), rests=bench.times(15))


def _engine(bench: Bench) -> Iterable[Row]:
    many, some = bench.times(100), bench.times(21)
    yield from bench.stages(
        "engine",
        bench.photo(24),
        {"what": "detect", "name": "find the face, 24 megapixels", "repeats": some},
        {"what": "encode", "name": "encode a face", "repeats": some},
        {"what": "predict", "name": "predict: flow and confidence", "repeats": many, "goal": 20.0},
        {"what": "preview", "name": "preview, 24 megapixels", "repeats": many, "goal": 33.0, "goal_p95": 60.0},
        {"what": "full_res", "name": "full resolution, 24 megapixels", "repeats": some},
        {"what": "warp", "name": "warp of the face, 24 megapixels", "repeats": some, "goal_ratio": 2.0},
    )


def _edit(bench: Bench) -> Iterable[Row]:
    costs = {size: _whole_edits(bench, size, bench.times(7 if size == 24 else 3)) for size in _sizes(bench)}
    name = "edit a JPEG, whole process"
    yield from with_growth(
        row_of(
            "edit", f"{name}, {size} megapixels", "s", [run.seconds for run in runs], goal=3.0 if size == 24 else None
        )
        for size, runs in costs.items()
    )
    peaks = {size: [run.peak_mb for run in runs if run.peak_mb is not None] for size, runs in costs.items()}
    yield from with_growth(
        Row("edit", f"peak memory, {size} megapixels", "MB", max(each), goal=1200.0 if size == 24 else None)
        for size, each in peaks.items()
        if each
    )


def _whole_edits(bench: Bench, size: int, repeats: int) -> list[Any]:
    photo, output = bench.photo(size), bench.folder / "edited.jpg"
    command = studio_command("edit", str(photo), "--set", "smile=0.8", "-o", str(output), "--overwrite", *bench.chosen)
    return [run_process(command) for _ in range(repeats)]


def _export(bench: Bench) -> Iterable[Row]:
    name = "export an edited JPEG, 24 megapixels"
    measure = {"what": "export", "name": name, "repeats": bench.times(9), "goal_ratio": 1.3}
    yield from bench.stages("export", bench.photo(24), measure)


def _growth(bench: Bench) -> Iterable[Row]:
    def by_size(size: int) -> list[Row]:
        kinds = {"read": "read", "detect": "find the face", "preview": "preview", "export": "export"}
        return bench.stages("growth", bench.photo(size), *_alike(kinds, f"{size} megapixels", bench.times(3)))

    def by_faces(count: int) -> list[Row]:
        kinds = {"detect": "find the faces", "preview": "preview", "full_res": "full resolution"}
        named = f"{count} faces" if count > 1 else "1 face"
        photo = bench.photo(24, faces=count, face_px=GROUP_FACE_PX)
        return bench.stages("growth", photo, *_alike(kinds, named, bench.times(9)))

    def by_cores(count: int) -> list[Row]:
        named = f"{count} cores" if count > 1 else "1 core"
        kinds = {"predict": "predict", "preview": "preview", "full_res": "full resolution", "export": "export"}
        asked = _alike(kinds, named, bench.times(9))
        frames = {"what": "pictures", "name": f"in-betweens, 1080 px, {named}", "side": 1080, "num_frames": 33}
        rows = bench.stages("growth", bench.photo(24), *asked, cores=count)
        return [*rows, *bench.clips("growth", frames, cores=count)]

    yield from _in_lines(by_size(size) for size in _sizes(bench))
    yield from _in_lines(by_faces(count) for count in FACES)
    if machine.can_restrict() and machine.available_cores() >= CORES[-1]:
        yield from _in_lines(by_cores(count) for count in CORES)


def _alike(kinds: Mapping[str, str], named: str, repeats: int) -> list[dict[str, Any]]:
    return [{"what": what, "name": f"{name}, {named}", "repeats": repeats} for what, name in kinds.items()]


def _in_lines(columns: Iterable[Sequence[Row]]) -> Iterator[Row]:
    """The same rows at growing sizes, size by size, as lines: what grows stands together."""
    for line in zip(*columns, strict=True):
        yield from with_growth(line)


def _clips(bench: Bench) -> Iterable[Row]:
    yield from bench.clips(
        "clips",
        {"what": "pictures", "name": "in-between pictures, 1080 px", "side": 1080, "goal": 12.0},
        {"what": "pictures", "name": "in-between pictures, 540 px", "side": 540, "goal": 30.0},
        {"what": "export", "name": "60-frame MP4 of two 24-megapixel photos", "repeats": bench.times(3), "goal": 10.0},
    )
    peaks = []
    for steps in (30, 120):
        output = bench.folder / f"clip-{steps}.mp4"
        pair = map(str, bench.pair())
        run = run_process(
            studio_command("interpolate", *pair, "--steps", str(steps), "-o", str(output), "--overwrite", *bench.chosen)
        )
        yield Row("clips", f"clip of {steps} frames, whole process", "s", run.seconds)
        if run.peak_mb is not None:
            peaks.append(Row("clips", f"peak memory, clip of {steps} frames", "MB", run.peak_mb, goal=1500.0))
    yield from with_growth(peaks)


def _batch(bench: Bench) -> Iterable[Row]:
    asked = {"part": "batch", "photos": [str(path) for path in bench.photos(_NUM_PHOTOS)], "model": bench.model}
    yield from (Row.from_json(row) for row in ask_stage("batch", asked))


PARTS: Final[Mapping[str, Callable[[Bench], Iterable[Row]]]] = {
    "start": _start,
    "window": _window,
    "engine": _engine,
    "edit": _edit,
    "export": _export,
    "clips": _clips,
    "batch": _batch,
    "growth": _growth,
}
"""By name, in the order of the table."""


def run_bench(
    *, parts: Sequence[str] = (), model: str | None = None, quick: bool = False, out: Path | None = None
) -> BenchTable:
    """Measure this machine; what is being done is told on stderr.

    Args:
        parts: of `PARTS`; none means all.
        model: as for `Engine`.
        quick: see `Bench`.
        out: a folder for bench.md and bench.json; None for no files.

    Raises:
        DataError: an unknown part, no sample portraits, a part that failed, or a program that was installed without
            Python.
        ModelError: there is no model.
    """
    if getattr(sys, "frozen", False):
        raise DataError(
            "bench starts Python again and again, and this program was installed without it. Install FVAE Studio with "
            "pip to measure this machine."
        )
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise DataError(f"There is no part {unknown[0]!r} of the bench; choose from {', '.join(PARTS)}.")
    machine.restrict_to(machine.GOAL_CORES)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="fvae-bench-") as folder:
        bench = Bench(Path(folder), model, quick)
        for name, part in PARTS.items():
            if parts and name not in parts:
                continue
            print(f"{name} ...", end=" ", file=sys.stderr, flush=True)
            began = time.perf_counter()
            rows += part(bench)
            print(f"{time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    table = BenchTable(machine.describe(), rows)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "bench.md").write_text(table.to_markdown(), encoding="utf-8")
        (out / "bench.json").write_text(table.to_json(), encoding="utf-8")
    return table


def _sizes(bench: Bench) -> list[int]:
    return [size for size in SIZES if size <= 24] if bench.quick else list(SIZES)
