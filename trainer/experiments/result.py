"""What an experiment leaves: a report for people, its numbers for programs, and pictures."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.photo_io import WriteOptions, write_photo
from fvae_studio.core.types import Photo
from trainer.experiments.intervals import Interval

_PNG: Final = WriteOptions(format="PNG", overwrite=True)
_JPEG: Final = WriteOptions(format="JPEG", quality=88, overwrite=True)


@dataclass(frozen=True, eq=False)
class Picture:
    """A sheet or a chart.

    Attributes:
        name: of its file, without suffix.
        pixels: (H, W, 3) uint8.
        caption: below it in the report.
        is_public: a chart, or averages of nobody. What shows real people stays in the run's folder.
        is_photo: published as JPEG; a chart as PNG.
    """

    name: str
    pixels: NDArray[np.uint8]
    caption: str
    is_public: bool
    is_photo: bool = True


@dataclass(frozen=True, eq=False)
class ExperimentResult:
    """One experiment's report.

    Attributes:
        name: of its files.
        text: Markdown without pictures.
        figures: plain values, for JSON; intervals are written out.
        pictures: in the order of the report.
    """

    name: str
    text: str
    figures: Mapping[str, Any]
    pictures: tuple[Picture, ...] = ()

    def write(self, folder: Path) -> Path:
        """Everything, for the run's folder; all pictures as PNG, so that nobody wonders what the file did to an edge.

        Returns:
            The Markdown file.
        """
        folder.mkdir(parents=True, exist_ok=True)
        files = [
            (picture, write_photo(Photo(picture.pixels), folder / f"{picture.name}.png", options=_PNG))
            for picture in self.pictures
        ]
        return self._write_text(folder, files)

    def publish(self, folder: Path) -> Path:
        """The report and its numbers with the pictures of nobody only.

        Returns:
            The Markdown file.
        """
        folder.mkdir(parents=True, exist_ok=True)
        files = []
        for picture in self.pictures:
            if not picture.is_public:
                continue
            suffix, options = (".jpg", _JPEG) if picture.is_photo else (".png", _PNG)
            files.append(
                (picture, write_photo(Photo(picture.pixels), folder / (picture.name + suffix), options=options))
            )
        return self._write_text(folder, files)

    def _write_text(self, folder: Path, files: list[tuple[Picture, Path]]) -> Path:
        lines = [self.text.rstrip()]
        lines += [f"\n![{picture.caption}]({path.name})\n\n{picture.caption}" for picture, path in files]
        report = folder / f"{self.name}.md"
        report.write_text("\n".join(lines) + "\n", encoding="utf-8")
        numbers = json.dumps(plain(self.figures), indent=1, allow_nan=False)
        (folder / f"{self.name}.json").write_text(numbers + "\n", encoding="utf-8")
        return report


def plain(value: Any) -> Any:
    """Values as JSON knows them; what is not known (NaN) is None."""
    if isinstance(value, Interval):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value
