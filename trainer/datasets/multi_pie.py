"""CMU Multi-PIE (Gross, Matthews, Cohn, Kanade and Baker 2010), licensed per site, in the layout that it is sent in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from trainer.datasets.record import PhotoRecord, some

EXPRESSIONS: Final[Mapping[tuple[str, str], str]] = {
    ("01", "01"): "neutral",
    ("01", "02"): "smile",
    ("02", "01"): "neutral",
    ("02", "02"): "surprise",
    ("02", "03"): "squint",
    ("03", "01"): "neutral",
    ("03", "02"): "smile",
    ("03", "03"): "disgust",
    ("04", "01"): "neutral",
    ("04", "02"): "scream",
    ("04", "03"): "neutral",
}
"""What was asked of the subjects, by session and recording."""

FRONTAL_CAMERAS: Final = ("05_1",)
FRONTAL_FLASH: Final = ("06",)

_NAME = re.compile(r"(?P<subject>\d{3})_(?P<session>\d{2})_(?P<recording>\d{2})_(?P<camera>\d{3})_(?P<light>\d{2})")


@dataclass(frozen=True)
class MultiPie:
    """Several expressions of 337 people in up to four sessions, by camera and flash.

    Attributes:
        cameras: folders that are read, "05_1" is the frontal one.
        illuminations: flashes that are read.
        expressions: labels by session and recording.
    """

    name: str = "multi_pie"
    title: str = "CMU Multi-PIE"
    layout: str = "session01/multiview/001/01/05_1/001_01_01_051_06.png (below data/ or not)"
    cameras: tuple[str, ...] = FRONTAL_CAMERAS
    illuminations: tuple[str, ...] = FRONTAL_FLASH
    expressions: Mapping[tuple[str, str], str] = field(default_factory=lambda: EXPRESSIONS, hash=False)

    def read(self, folder: Path) -> list[PhotoRecord]:
        """By session, subject and recording; recordings that are not in `expressions` are passed over."""
        root = folder / "data" if (folder / "data").is_dir() else folder
        return some(self._records(root), folder, self)

    def _records(self, root: Path) -> Iterator[PhotoRecord]:
        # One folder after the other: the whole tree has 750,000 files.
        for session in sorted(root.glob("session??")):
            for recording in sorted(session.glob("multiview/???/??")):
                label = self.expressions.get((session.name[-2:], recording.name))
                if label is None:
                    continue
                for camera in self.cameras:
                    for path in sorted((recording / camera).glob("*.png")):
                        parts = _NAME.fullmatch(path.stem)
                        if parts is None or parts["light"] not in self.illuminations:
                            continue
                        yield PhotoRecord(path, self.name, f"{self.name}/{parts['subject']}", label)
