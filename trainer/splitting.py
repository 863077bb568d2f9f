"""Which people are held out: fixed, saved with the prepared data, unchanged where people are added."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from fvae_studio.errors import DataError

SPLIT_FILE: Final = "split.json"


def split_people(persons: Iterable[str], *, share: float, saved: Path | None = None) -> tuple[str, ...]:
    """Choose people by a hash of their names, about `share` of them and at least one.

    Args:
        persons: all of them.
        share: in (0, 1).
        saved: file with an earlier choice; people in it stay where they were.

    Returns:
        Those held out, sorted.

    Raises:
        DataError: fewer than two people, a share outside of (0, 1), or a damaged file.
    """
    people = sorted(set(persons))
    if not 0 < share < 1:
        raise DataError(f"the share of people who are held out is {share:g}; give one between 0 and 1, such as 0.2")
    if len(people) < 2:
        raise DataError(
            f"there are photos of {len(people) or 'no'} person only; at least two people are needed: one to learn from "
            "and one to see on whether it helped"
        )
    before = _read(saved) if saved is not None and saved.exists() else {}
    new = [person for person in people if person not in before]
    places = {person: _place(person) for person in new}
    held_out = {person for person in people if before.get(person, False)}
    held_out |= {person for person in new if places[person] < share}
    if not held_out:
        held_out = {min(new or people, key=_place)}
    if len(held_out) == len(people):
        held_out.discard(max(people, key=_place))
    return tuple(sorted(held_out))


def save_split(path: Path, persons: Iterable[str], held_out: Iterable[str]) -> None:
    """Write who is held out and who is not."""
    chosen = set(held_out)
    path.write_text(json.dumps({person: person in chosen for person in sorted(set(persons))}, indent=1) + "\n")


def _place(person: str) -> float:
    """In [0, 1): the same on every machine and for every other choice of people."""
    return int.from_bytes(hashlib.sha256(person.encode()).digest()[:8], "big") / 2**64


def _read(path: Path) -> dict[str, bool]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return {str(person): bool(is_held_out) for person, is_held_out in values.items()}
    except (OSError, ValueError, AttributeError) as error:
        raise DataError(f"{path} is no saved split ({error}); remove it to split anew") from error
