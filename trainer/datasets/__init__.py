"""One adapter for each data set or layout: where the photos lie, who is in them, what they show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fvae_studio.errors import DataError
from trainer.datasets.folders import IdentityFolders
from trainer.datasets.manifest import Manifest
from trainer.datasets.multi_pie import MultiPie
from trainer.datasets.record import DatasetAdapter, PhotoRecord
from trainer.datasets.webmorph import Canada, London

OPEN_SETS: Final[tuple[str, ...]] = ("frl_london", "canada")
"""What `fvae-train prepare` reads if nothing else is named: what the shipped model was trained on."""

ADAPTERS: Final[Mapping[str, DatasetAdapter]] = {
    adapter.name: adapter for adapter in (London(), Canada(), MultiPie(), IdentityFolders(), Manifest())
}
"""By name."""

RENDERED_NOTE: Final = (
    "FaceKit-rendered pairs come from any of them: `fvae-train fit-faces` and `render` write them as shards, beside "
    "the real pairs of every person."
)


def find_adapter(name: str) -> DatasetAdapter:
    """The adapter of that name.

    Raises:
        DataError: there is none.
    """
    if name not in ADAPTERS:
        raise DataError(f"there is no data set called {name!r}; there are: {', '.join(ADAPTERS)}")
    return ADAPTERS[name]


__all__ = ["ADAPTERS", "OPEN_SETS", "RENDERED_NOTE", "DatasetAdapter", "PhotoRecord", "find_adapter"]
