"""The open face sets of DeBruine and Jones: Face Research Lab London and Young Adult White Faces (Canada)."""

from __future__ import annotations

from pathlib import Path

from fvae_studio.errors import DataError
from trainer.datasets.record import PhotoRecord


def london(folder: Path) -> list[PhotoRecord]:
    """`neutral_front/ID_03.jpg` and `smiling_front/ID_08.jpg`: two photos of each person."""
    records = []
    for sub, suffix, label in (("neutral_front", "_03", "neutral"), ("smiling_front", "_08", "smile")):
        for path in sorted((folder / sub).glob(f"*{suffix}.jpg")):
            person = path.stem.removesuffix(suffix)
            records.append(PhotoRecord(path, "frl_london", f"frl_london/{person}", label))
    return _some(records, folder)


def canada(folder: Path) -> list[PhotoRecord]:
    """`IDf.jpg`, `IDm.jpg`: one neutral photo of each person."""
    return _some(
        [PhotoRecord(path, "canada", f"canada/{path.stem}", "neutral") for path in sorted(folder.glob("*.jpg"))], folder
    )


def _some(records: list[PhotoRecord], folder: Path) -> list[PhotoRecord]:
    if not records:
        raise DataError(f"no photos found in {folder}; expected the data set's own folder layout")
    return records
