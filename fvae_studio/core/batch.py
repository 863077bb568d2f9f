"""A preset for a whole folder: which photos, and the report of what became of each."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from fvae_studio.core.edits import Strengths
from fvae_studio.core.export import ExportOptions
from fvae_studio.core.mouth_choice import CLOSED, MouthChoice
from fvae_studio.core.photo_io import atomic_write
from fvae_studio.core.photo_suffixes import PHOTO_SUFFIXES

Outcome: TypeAlias = Literal["done", "skipped", "failed"]


@dataclass(frozen=True)
class BatchTask:
    """What is done to every photo.

    Attributes:
        strengths: for all faces of each photo.
        options: `folder` must be set.
        mouth: what is seen where closed lips part.
    """

    strengths: Strengths
    options: ExportOptions
    mouth: MouthChoice = CLOSED


@dataclass(frozen=True)
class BatchRow:
    """What became of one photo.

    Attributes:
        path: the photo.
        outcome: written, passed over (no face that can be edited), or failed.
        note: why, or which faces were left out; a sentence, or "".
        output: the file that was written.
        num_faces: found in it.
        seconds: that it took, counted from the end of the photo before.
    """

    path: Path
    outcome: Outcome
    note: str = ""
    output: Path | None = None
    num_faces: int = 0
    seconds: float = 0.0


def list_photos(folder: Path, *, recursive: bool = False, leave_out: Path | None = None) -> tuple[Path, ...]:
    """The files of a folder that look like photos, by name; hidden ones are passed over.

    Args:
        folder: where to look.
        recursive: also in its folders.
        leave_out: the folder of the outputs, whose photos were edited before.
    """
    found = []
    left_out = None if leave_out is None or leave_out.resolve() == folder.resolve() else leave_out.resolve()
    for path in sorted(folder.rglob("*") if recursive else folder.iterdir()):
        parts = path.relative_to(folder).parts
        if path.suffix.lower() not in PHOTO_SUFFIXES or any(part.startswith(".") for part in parts):
            continue
        if left_out is not None and path.resolve().is_relative_to(left_out):
            continue
        if path.is_file():
            found.append(path)
    return tuple(found)


def report_csv(rows: Iterable[BatchRow]) -> str:
    """The report as a table for spreadsheets."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["photo", "outcome", "faces", "output", "seconds", "note"])
    for row in rows:
        output = "" if row.output is None else str(row.output)
        writer.writerow(
            [_safe(str(row.path)), row.outcome, row.num_faces, _safe(output), f"{row.seconds:.2f}", _safe(row.note)]
        )
    return text.getvalue()


def write_report(rows: Iterable[BatchRow], path: Path) -> None:
    """Write the report as CSV (UTF-8 with a mark, as spreadsheets expect).

    Raises:
        PhotoWriteError: the file could not be written.
    """
    with atomic_write(path) as file:
        file.write(report_csv(rows).encode("utf-8-sig"))


def _safe(text: str) -> str:
    # A cell that begins like a formula would be computed by the spreadsheet.
    return "'" + text if text.startswith(("=", "+", "-", "@")) else text
