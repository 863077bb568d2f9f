"""What the trainer knows of a photo before it opens it, and what an adapter of a data set offers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from fvae_studio.errors import DataError

PHOTO_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".heic"})


@dataclass(frozen=True)
class PhotoRecord:
    """One photo of a data set.

    Attributes:
        path: the file.
        dataset: name of the data set.
        person: unique over all data sets, "frl_london/002".
        label: expression as the data set names it: "neutral", "smile", ...
        key: what tells the photo from others of the data set; its file's stem if empty.
    """

    path: Path
    dataset: str
    person: str
    label: str
    key: str = ""

    @property
    def photo(self) -> str:
        """Name of the photo, unique over all data sets."""
        return f"{self.dataset}/{self.key or self.path.stem}"


class DatasetAdapter(Protocol):
    """Knows the layout of one data set, or of one kind of them: where photos lie, who is in them, what they show."""

    @property
    def name(self) -> str:
        """As `--dataset` takes it, and of the folder in the data directory."""

    @property
    def title(self) -> str:
        """For people."""

    @property
    def layout(self) -> str:
        """Where the files are expected, in one line."""

    def read(self, folder: Path) -> list[PhotoRecord]:
        """The photos, in an order that does not depend on the file system.

        Raises:
            DataError: nothing there has that layout.
        """


def some(records: Iterable[PhotoRecord], folder: Path, adapter: DatasetAdapter) -> list[PhotoRecord]:
    """The records as a list.

    Raises:
        DataError: there are none.
    """
    found = list(records)
    if not found:
        raise DataError(f"no photos found in {folder}; expected the layout of {adapter.title}: {adapter.layout}")
    return found
