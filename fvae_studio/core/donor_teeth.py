"""The files of built-in donors: a PNG of teeth with a matte, and a JSON file that says what and where they are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from fvae_studio import paths
from fvae_studio.core.geometry import Points
from fvae_studio.core.mouth_inside import TeethPlate
from fvae_studio.core.mouth_light import LUMINANCE, to_linear
from fvae_studio.core.photo_io import read_photo
from fvae_studio.errors import EditError

DONOR_SCHEMA: Final = 1

FACE_MEASURES: Final[Mapping[str, tuple[int, int, float]]] = {
    "mouth_width": (61, 291, 1.7),
    "face_width": (234, 454, 3.2),
    "face_height": (10, 152, 3.1),
    "nose_width": (129, 358, 1.0),
}
"""By name: the two landmarks whose distance it is, and how much people differ in it, crop pixels (standard deviation
over the London set)."""


@dataclass(frozen=True, eq=False)
class DonorTeeth:
    """Average teeth of several people.

    Attributes:
        name: of its files.
        title: as people read it.
        plate: the teeth.
        people: of how many people it is the average.
        face: mean measures of their faces, see `FACE_MEASURES`.
    """

    name: str
    title: str
    plate: TeethPlate
    people: int
    face: Mapping[str, float]


def measure_face(landmarks: Points) -> dict[str, float]:
    """Measures of a face by which a donor is chosen; `landmarks` (478, 2) in crop pixels."""
    return {
        name: float(np.hypot(*(landmarks[first] - landmarks[second])))
        for name, (first, second, _) in FACE_MEASURES.items()
    }


def choose_donor(donors: Sequence[DonorTeeth], landmarks: Points) -> DonorTeeth:
    """The donor whose people have faces most like this one; `landmarks` (478, 2) in crop pixels."""
    own = measure_face(landmarks)

    def distance(donor: DonorTeeth) -> float:
        return sum(((own[name] - donor.face[name]) / spread) ** 2 for name, (_, _, spread) in FACE_MEASURES.items())

    return min(donors, key=distance)


def load_donors(folder: Path | None = None) -> tuple[DonorTeeth, ...]:
    """All donors of a folder, by name; by default those that ship with the program.

    Raises:
        EditError: there is none, or one is damaged.
    """
    return _load(folder or paths.donors_dir())


@lru_cache(maxsize=2)
def _load(folder: Path) -> tuple[DonorTeeth, ...]:
    found = tuple(read_donor(path) for path in sorted(folder.glob("*.json")))
    if not found:
        raise EditError(f"There are no built-in teeth in {folder}; install the program again, or use a photo.")
    return found


def read_donor(path: Path) -> DonorTeeth:
    """Read a donor's JSON file and the picture beside it.

    Raises:
        EditError: damaged, or of a newer version.
    """
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
        if content["schema"] != DONOR_SCHEMA:
            raise EditError(
                f"the donor {path.name} has schema {content['schema']!r}; this version reads {DONOR_SCHEMA}"
            )
        photo = read_photo(path.with_suffix(".png"))
        x, y = (float(value) for value in content["origin"])
        face = {name: float(content["face"][name]) for name in FACE_MEASURES}
        fineness = float(content["px_per_crop_px"])
        name, title, people = str(content["name"]), str(content["title"]), int(content["people"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EditError(
            f"The built-in teeth in {path.name} are damaged ({error}); install the program again."
        ) from error
    if photo.alpha is None:
        raise EditError(f"The picture of the built-in teeth {name} has no matte; install the program again.")
    linear = to_linear(photo.pixels.astype(np.float32) / photo.max_value)
    alpha = photo.alpha.astype(np.float32) / photo.max_value
    centre = linear[
        round(y - 3.5 * fineness) : round(y - 0.8 * fineness), round(x - 4 * fineness) : round(x + 4 * fineness)
    ]
    luminance = float((centre @ LUMINANCE).mean())
    return DonorTeeth(name, title, TeethPlate(linear / luminance, alpha, fineness, (x, y)), people, face)
