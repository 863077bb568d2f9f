"""Own photos: a folder for each person, files named by what they show."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from trainer.datasets.record import PHOTO_SUFFIXES, PhotoRecord, some


@dataclass(frozen=True)
class IdentityFolders:
    """`person/expression*.jpg`: "anna/smile.jpg", "anna/smile 2.jpg", "anna/smile_03.png" are all labelled smile."""

    name: str = "folders"
    title: str = "folders by identity"
    layout: str = "person/expression*.jpg (a number after the expression is passed over)"

    def read(self, folder: Path) -> list[PhotoRecord]:
        """By person, then by file."""
        records = []
        for person in sorted(path for path in folder.glob("*") if path.is_dir() and not path.name.startswith(".")):
            for path in sorted(person.iterdir()):
                if path.suffix.lower() in PHOTO_SUFFIXES and not path.name.startswith("."):
                    key = f"{person.name}/{path.stem}"
                    records.append(PhotoRecord(path, self.name, f"{self.name}/{person.name}", expression_of(path), key))
        return some(records, folder, self)


def expression_of(path: Path) -> str:
    """The file's name without a number at its end, in lower case: "Smile_02.jpg" shows "smile"."""
    stem = re.sub(r"[\s_\-.(]*\d*\)?$", "", path.stem.strip().lower())
    return stem or path.stem.lower()
