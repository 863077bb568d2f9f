"""One adapter per data set: where the photos lie, who is in them, what they show."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from trainer.datasets.record import PhotoRecord
from trainer.datasets.webmorph import canada, london

ADAPTERS: Final[dict[str, Callable[[Path], list[PhotoRecord]]]] = {"frl_london": london, "canada": canada}
"""By the name of the folder in the data directory."""

__all__ = ["ADAPTERS", "PhotoRecord"]
