"""Which held-out photos are looked at, and where their files are."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fvae_studio.errors import DataError
from trainer.datasets import ADAPTERS
from trainer.prepare import PreparedFaces


def find_photos(data: Path) -> dict[str, Path]:
    """Files of all data sets in a folder, by `PreparedFace.photo`; data sets that are not there are passed over."""
    records = [record for name in ADAPTERS if (data / name).is_dir() for record in ADAPTERS[name].read(data / name)]
    return {record.photo: record.path for record in records}


def held_out_neutral(prepared: PreparedFaces, count: int) -> list[int]:
    """Rows of held-out neutral photos, evenly taken from all.

    Raises:
        DataError: there are none.
    """
    rows = _rows(prepared)
    count = min(count, len(rows))
    return [rows[index] for index in np.linspace(0, len(rows) - 1, count).round().astype(int)]


def alternating(prepared: PreparedFaces, count: int) -> list[int]:
    """Rows of held-out neutral photos, by turns from every data set, each in its own order: a fixed list.

    Raises:
        DataError: there are none.
    """
    by_dataset: dict[str, list[int]] = {}
    for row in _rows(prepared):
        by_dataset.setdefault(prepared.faces[row].dataset, []).append(row)
    queues = [by_dataset[name] for name in sorted(by_dataset, reverse=True)]
    turns = range(max(len(queue) for queue in queues))
    return [queue[turn] for turn in turns for queue in queues if turn < len(queue)][:count]


def _rows(prepared: PreparedFaces) -> list[int]:
    rows = [row for row, face in enumerate(prepared.faces) if (face.split, face.label) == ("held_out", "neutral")]
    if not rows:
        raise DataError("no held-out photo is labelled neutral; there is nothing to edit")
    return rows
