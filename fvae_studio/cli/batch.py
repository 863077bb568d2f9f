"""`fvae-studio batch`: one edit for many photos, with a report of what became of each."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fvae_studio import paths
from fvae_studio.cli.commands import build_state, parse_mouth, read_text, start_engine
from fvae_studio.cli.output import WrongUsageError, print_json, progress_bar, require_side_output, say
from fvae_studio.errors import EditError, PhotoError, PhotoNotFoundError, PhotoWriteError

if TYPE_CHECKING:
    from fvae_studio.core.batch import BatchRow, BatchTask
    from fvae_studio.core.export import ExportOptions
    from fvae_studio.core.presets import Preset
    from fvae_studio.core.progress import Progress
    from fvae_studio.pipeline.engine import Engine

OUTPUT_FOLDER: Final = "edited"
"""Inside of the photos' folder, as the Studio's batch has it."""

_MOST_JOBS: Final = 8
"""That are taken without being asked for."""


def batch(
    sources: Sequence[Path],
    *,
    assignments: Sequence[str],
    preset: str | None,
    recipe: Path | None,
    mouth: str | None,
    options: ExportOptions,
    recursive: bool,
    report: Path | None,
    jobs: int,
    model: str | None,
    device: str,
    as_json: bool,
) -> None:
    """Apply one edit to all faces of many photos.

    `jobs` processes do it, 0 for as many as this machine has cores and memory for.

    Raises:
        WrongUsageError: nothing to do, or an edit of single faces.
        PhotoNotFoundError: a source that is not there, or no photo in any.
        PhotoError: some could not be edited; all others are written, and the report as well.
    """
    folder = options.folder or _folder_of(sources) / OUTPUT_FOLDER
    if folder.exists() and not folder.is_dir():
        raise PhotoWriteError(f"{folder} is a file, and results of a batch go into a folder; choose another name.")
    if report is not None:
        replaces = options.existing == "replace"
        require_side_output(report, overwrite=replaces, what="report", suffix=".csv", made=folder)
    photos = _photos_of(sources, recursive=recursive, leave_out=folder)
    task = replace(_task(assignments, preset, recipe, mouth), options=replace(options, folder=folder))
    jobs = min(jobs or _fitting_jobs(), len(photos))
    rows: list[BatchRow] = []
    try:
        with progress_bar() as progress:
            for row in _rows(photos, task, jobs, model, device, progress):
                rows.append(row)
                if not as_json:
                    _tell(row)
    finally:
        # Also after Ctrl-C: what is written by then is told.
        if rows:
            _sum_up(rows, folder, report, as_json=as_json)
    failed = sum(row.outcome == "failed" for row in rows)
    if failed == len(rows):
        raise PhotoError("No photo could be edited." if failed > 1 else "The photo could not be edited.")
    if failed:
        raise PhotoError(f"{failed} of {len(rows)} photos could not be edited; all others were.")


def _sum_up(rows: Sequence[BatchRow], folder: Path, report: Path | None, *, as_json: bool) -> None:
    """Tell what became of the photos, and write the report if one is asked for."""
    from fvae_studio.core.batch import write_report

    if report is not None:
        report.parent.mkdir(parents=True, exist_ok=True)
        write_report(rows, report)
    counts = {outcome: sum(row.outcome == outcome for row in rows) for outcome in ("done", "skipped", "failed")}
    if as_json:
        print_json({**counts, "folder": str(folder), "photos": [_plain(row) for row in rows]})
    else:
        say(f"{counts['done']} written, {counts['skipped']} skipped, {counts['failed']} failed.")


def _rows(
    photos: Sequence[Path], task: BatchTask, jobs: int, model: str | None, device: str, progress: Progress
) -> Iterator[BatchRow]:
    # First: it loads in the background.
    engine = start_engine(model, device) if jobs == 1 else None
    from fvae_studio.model.own_directions import read_extended
    from fvae_studio.pipeline.batch_processes import run_in_processes
    from fvae_studio.pipeline.engine import Engine

    known = read_extended(model).directions if engine is None else engine.directions
    for name, _ in task.strengths:
        known.require(name)
    if task.mouth.kind == "photo":
        # Once, before the first photo: it tells what is wrong with it. That takes no networks.
        (engine or Engine(model, device=device)).photo_mouth(task.mouth.photo)
    if engine is not None:
        return _one_by_one(engine, photos, task, progress)
    return run_in_processes(photos, task, jobs=jobs, model=model, device=device, progress=progress)


def _one_by_one(engine: Engine, photos: Sequence[Path], task: BatchTask, progress: Progress) -> Iterator[BatchRow]:
    from fvae_studio.pipeline.batch import ReadAhead, run_batch_photo

    taken: list[Path] = []
    ahead = ReadAhead(photos)
    try:
        for number, path in enumerate(photos, start=1):
            part = progress.subrange((number - 1) / len(photos), 1 / len(photos))
            row = run_batch_photo(engine, path, task, part, number=number, taken=taken, ahead=ahead)
            if row.output is not None:
                taken.append(row.output)
            yield row
    finally:
        ahead.close()


def _fitting_jobs() -> int:
    """One process for every two cores, which is what it keeps busy, and for every gigabyte that is free."""
    fitting = min((os.cpu_count() or 1) // 2, _MOST_JOBS)
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not on Linux
        return max(1, min(fitting, 2))
    return max(1, min(fitting, int(free / 1e9)))


def _tell(row: BatchRow) -> None:
    if row.output is not None:
        print(row.output, flush=True)
    if row.note:
        say(f"{row.path}: {row.note}" if row.outcome == "done" else f"{row.path}: {row.outcome}: {row.note}")


def _plain(row: BatchRow) -> dict[str, object]:
    return {
        "photo": str(row.path),
        "outcome": row.outcome,
        "output": None if row.output is None else str(row.output),
        "faces": row.num_faces,
        "seconds": round(row.seconds, 3),
        "note": row.note,
    }


def _task(assignments: Sequence[str], preset: str | None, recipe: Path | None, mouth: str | None) -> BatchTask:
    from fvae_studio.core.batch import BatchTask
    from fvae_studio.core.edits import EditState, FaceEdit
    from fvae_studio.core.export import ExportOptions
    from fvae_studio.core.mouth_choice import CLOSED

    choice = parse_mouth(mouth)
    state = EditState()
    if preset is not None:
        chosen = find_preset(preset)
        state = EditState(None, (FaceEdit(None, chosen.strengths, chosen.mouth),))
    if assignments or recipe is not None:
        state = state.merged(build_state(assignments, "all", recipe))
    if choice is not None:
        state = state.with_mouth(choice)
    if any(edit.face is not None for edit in state.edits):
        raise WrongUsageError(
            f"The recipe {recipe} edits single faces, and a batch edits all faces of each photo; use a recipe that "
            "names no face."
        )
    everyone = state.edit_of(None)
    if not everyone.strengths:
        raise WrongUsageError("There is nothing to do: give --preset NAME, --set NAME=STRENGTH or --recipe FILE.")
    return BatchTask(everyone.strengths, ExportOptions(), everyone.mouth or CLOSED)


def find_preset(asked: str) -> Preset:
    """A preset by its name (small and capital letters alike), or from its file.

    Raises:
        WrongUsageError: there is none of that name.
        EditError: the file is no preset.
    """
    from fvae_studio.core.presets import BUILT_IN, SUFFIX, Preset, PresetFolder

    if asked.endswith(SUFFIX) or Path(asked).is_file():
        try:
            return Preset.from_json(read_text(Path(asked)))
        except EditError as error:
            raise EditError(f"{asked}: {error}") from error
    known = {one.name.casefold(): one for one in (*BUILT_IN, *PresetFolder(paths.user_presets_dir()).load())}
    found = known.get(asked.casefold())
    if found is None:
        names = ", ".join(one.name for one in known.values())
        raise WrongUsageError(f"There is no preset called {asked}; there are: {names}.")
    return found


def _folder_of(sources: Sequence[Path]) -> Path:
    first = sources[0]
    return first if first.is_dir() else first.parent


def _photos_of(sources: Sequence[Path], *, recursive: bool, leave_out: Path) -> tuple[Path, ...]:
    from fvae_studio.core.batch import list_photos

    photos: list[Path] = []
    for source in sources:
        if source.is_dir():
            photos.extend(list_photos(source, recursive=recursive, leave_out=leave_out))
        elif source.is_file():
            photos.append(source)
        else:
            raise PhotoNotFoundError(f"{source} does not exist; name photos, or folders of photos.")
    found = tuple(dict.fromkeys(photos))
    if not found:
        where = ", ".join(map(str, sources))
        hint = "" if recursive else "; --recursive looks into the folders inside as well"
        raise PhotoNotFoundError(f"There is no photo in {where}{hint}.")
    return found
