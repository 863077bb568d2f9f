"""A list of photos as a CSV or JSON Lines file: for sets whose folders tell nothing."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fvae_studio.errors import DataError
from trainer.datasets.record import PhotoRecord, some

COLUMNS: Final = ("path", "person", "label")


@dataclass(frozen=True)
class Manifest:
    """One row for each photo: path (beside the file, or absolute), person, label."""

    name: str = "manifest"
    title: str = "a manifest"
    layout: str = (
        "a .csv with the columns path, person, label, or a .jsonl with these keys; or a folder with one of them"
    )

    def read(self, folder: Path) -> list[PhotoRecord]:
        """In the order of the rows.

        Args:
            folder: the file itself, or a folder with exactly one.

        Raises:
            DataError: no manifest, several, a row without one of the columns, or a photo that is not there.
        """
        path = _find(folder)
        records = []
        for number, row in enumerate(_rows(path), start=1):
            missing = [name for name in COLUMNS if not str(row.get(name) or "").strip()]
            if missing:
                raise DataError(
                    f"row {number} of {path} has no {' and no '.join(missing)}; wanted are {', '.join(COLUMNS)}"
                )
            photo = path.parent / str(row["path"]).strip()
            if not photo.is_file():
                raise DataError(f"row {number} of {path} names {photo}, which is not there")
            person, label = str(row["person"]).strip(), str(row["label"]).strip().lower()
            key = str(Path(str(row["path"]).strip()).with_suffix("").as_posix())
            records.append(PhotoRecord(photo, self.name, f"{self.name}/{person}", label, key))
        return some(records, folder, self)


def _find(folder: Path) -> Path:
    if folder.is_file():
        return folder
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() in {".csv", ".jsonl"})
    if len(found) != 1:
        there = ", ".join(path.name for path in found) or "none"
        raise DataError(f"{folder} should hold one manifest (.csv or .jsonl); found: {there}. Name the file itself")
    return found[0]


def _rows(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        # Spreadsheet programs put a mark before the first column's name.
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read as text ({error}); save it as UTF-8") from error
    if path.suffix.lower() == ".csv":
        yield from csv.DictReader(text.splitlines())
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise DataError(f"line {number} of {path} is no JSON ({error})") from error
        if not isinstance(row, dict):
            raise DataError(f"line {number} of {path} is no object with {', '.join(COLUMNS)}")
        yield row
