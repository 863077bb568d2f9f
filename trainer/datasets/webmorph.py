"""The open face sets of DeBruine and Jones: Face Research Lab London and Young Adult White Faces (Canada)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from trainer.datasets.record import PhotoRecord, some


@dataclass(frozen=True)
class London:
    """Two photos of each person, in one light."""

    name: str = "frl_london"
    title: str = "Face Research Lab London Set"
    layout: str = "neutral_front/ID_03.jpg, smiling_front/ID_08.jpg"

    def read(self, folder: Path) -> list[PhotoRecord]:
        """All neutral photos, then all smiling ones."""
        records = []
        for sub, suffix, label in (("neutral_front", "_03", "neutral"), ("smiling_front", "_08", "smile")):
            for path in sorted((folder / sub).glob(f"*{suffix}.jpg")):
                person = path.stem.removesuffix(suffix)
                records.append(PhotoRecord(path, self.name, f"{self.name}/{person}", label))
        return some(records, folder, self)


@dataclass(frozen=True)
class Canada:
    """One neutral photo of each person."""

    name: str = "canada"
    title: str = "Young Adult White Faces with Manipulated Versions"
    layout: str = "IDf.jpg, IDm.jpg"

    def read(self, folder: Path) -> list[PhotoRecord]:
        """By name."""
        paths = sorted(folder.glob("*.jpg"))
        return some(
            [PhotoRecord(path, self.name, f"{self.name}/{path.stem}", "neutral") for path in paths], folder, self
        )
