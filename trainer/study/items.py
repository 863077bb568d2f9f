"""What the study shows: which portrait was made how, and the key that tells it to nobody but the one who scores."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.errors import DataError

REAL: Final = "Real"
PER_KIND: Final = 10
"""Portraits of every kind, real ones among them, as in the paper."""

SCHEMA: Final = 1


@dataclass(frozen=True, eq=False)
class Item:
    """One portrait.

    Attributes:
        kind: `REAL` or the method's name.
        about: person and edit, for the key.
        pixels: (S, S, 3) uint8.
    """

    kind: str
    about: str
    pixels: NDArray[np.uint8]


@dataclass(frozen=True)
class StudyKey:
    """What the page does not tell.

    Attributes:
        study: its id, also in every answer file.
        model: whose edits are shown.
        kinds: of every item, by its number on the page.
        about: likewise.
    """

    study: str
    model: str
    kinds: Mapping[str, str]
    about: Mapping[str, str]

    def write(self, path: Path) -> None:
        """As JSON."""
        values = {"schema": SCHEMA, "study": self.study, "model": self.model}
        path.write_text(json.dumps(values | {"kinds": self.kinds, "about": self.about}, indent=1) + "\n")

    @staticmethod
    def read(path: Path) -> StudyKey:
        """What `write` wrote.

        Raises:
            DataError: no such file, or another one.
        """
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            if values["schema"] != SCHEMA:
                raise DataError(f"{path.name} was written by another version of this program; make the study anew")
            return StudyKey(values["study"], values["model"], dict(values["kinds"]), dict(values.get("about", {})))
        except OSError as error:
            raise DataError(f"{path} could not be read; give the key that `fvae-train study make` wrote") from error
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{path.name} is no key of a study; give the one that `fvae-train study make` wrote"
            ) from error


def number_items(items: Sequence[Item], seed: int) -> dict[str, Item]:
    """Numbers that say nothing of what an item is, in their own order: "17" may be anything."""
    order = np.random.default_rng(seed).permutation(len(items))
    return {str(place + 1): items[index] for place, index in enumerate(order)}
