"""What the trainer knows of a photo before it opens it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PhotoRecord:
    """One photo of a data set.

    Attributes:
        path: the file.
        dataset: name of the data set.
        person: unique over all data sets, "frl_london/002".
        label: expression as the data set names it: "neutral", "smile", ...
    """

    path: Path
    dataset: str
    person: str
    label: str
