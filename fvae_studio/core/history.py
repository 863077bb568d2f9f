"""Undo and redo over snapshots: small values, no pixels, no code per tool."""

from __future__ import annotations

import itertools
from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from typing import Final, Generic, TypeVar

S = TypeVar("S")

_serials: Final = itertools.count(1)


@dataclass(frozen=True)
class HistoryEntry(Generic[S]):
    """One step.

    Attributes:
        label: what was done, for people.
        state: everything after it.
        merge_key: a further step with the same key takes this one's place while it is open; None never merges.
        is_sealed: whether the step is finished.
        serial: rises with every step of every history: which of two steps was made later.
    """

    label: str
    state: S
    merge_key: Hashable | None = None
    is_sealed: bool = False
    serial: int = field(default_factory=lambda: next(_serials))


class EditHistory(Generic[S]):
    """All states of one photo's edit since it was opened, and which of them is shown.

    Args:
        state: the first one; it counts as saved.
        label: of the first one.
    """

    def __init__(self, state: S, label: str = "") -> None:
        self._entries = [HistoryEntry(label, state, is_sealed=True)]
        self._index = 0
        self._clean: HistoryEntry[S] | None = self._entries[0]

    @property
    def entries(self) -> tuple[HistoryEntry[S], ...]:
        """All steps, the first state first; those after `index` were undone."""
        return tuple(self._entries)

    @property
    def labels(self) -> tuple[str, ...]:
        """What was done, step by step."""
        return tuple(entry.label for entry in self._entries)

    @property
    def index(self) -> int:
        """Which entry is shown."""
        return self._index

    @property
    def state(self) -> S:
        """What is shown."""
        return self._entries[self._index].state

    @property
    def done(self) -> tuple[tuple[int, str], ...]:
        """(serial, label) of the steps that `undo` takes back one by one, the oldest first."""
        return tuple((entry.serial, entry.label) for entry in self._entries[1 : self._index + 1])

    @property
    def undone(self) -> tuple[tuple[int, str], ...]:
        """(serial, label) of the steps that `redo` brings back one by one, in that order."""
        return tuple((entry.serial, entry.label) for entry in self._entries[self._index + 1 :])

    @property
    def can_undo(self) -> bool:
        """Whether there is a step before this one."""
        return self._index > 0

    @property
    def can_redo(self) -> bool:
        """Whether a step was undone."""
        return self._index < len(self._entries) - 1

    @property
    def undo_serial(self) -> int | None:
        """Serial of the step that `undo` takes back; None if there is none."""
        return self._entries[self._index].serial if self.can_undo else None

    @property
    def redo_serial(self) -> int | None:
        """Serial of the step that `redo` brings back; None if there is none."""
        return self._entries[self._index + 1].serial if self.can_redo else None

    @property
    def is_clean(self) -> bool:
        """Whether the shown state is the one that was saved last."""
        return self._entries[self._index] is self._clean

    def push(self, state: S, label: str, *, merge_key: Hashable | None = None) -> bool:
        """Add a step; what had been undone is forgotten.

        A step takes the place of the one before it when both have the same merge key and that one is not sealed: a drag
        of a slider is one step. A merged drag that ends where it began leaves no step at all.

        Returns:
            Whether anything changed; a state equal to the shown one adds nothing.
        """
        top = self._entries[self._index]
        if state == top.state:
            return False
        del self._entries[self._index + 1 :]
        if merge_key is not None and merge_key == top.merge_key and not top.is_sealed and self._index > 0:
            if state == self._entries[self._index - 1].state:
                # The next move of the same drag must not merge into the step before.
                self._entries.pop()
                self._index -= 1
                return True
            self._entries[self._index] = HistoryEntry(label, state, merge_key)
            return True
        self.seal()
        self._entries.append(HistoryEntry(label, state, merge_key))
        self._index += 1
        return True

    def seal(self) -> None:
        """The shown step is finished: the next one stands by itself."""
        top = self._entries[self._index]
        if not top.is_sealed:
            sealed = replace(top, is_sealed=True)
            if self._clean is top:
                self._clean = sealed
            self._entries[self._index] = sealed

    def undo(self) -> S:
        """Show the state before; the first one stays."""
        return self.go_to(self._index - 1)

    def redo(self) -> S:
        """Show the state after; the last one stays."""
        return self.go_to(self._index + 1)

    def go_to(self, index: int) -> S:
        """Show any state; numbers beyond the ends are taken as the ends."""
        self.seal()
        self._index = min(max(index, 0), len(self._entries) - 1)
        return self.state

    def mark_clean(self) -> None:
        """The shown state was saved."""
        self.seal()
        self._clean = self._entries[self._index]

    def mark_unsaved(self) -> None:
        """No state counts as saved any more (the project's file is gone, or the edit was recovered)."""
        self._clean = None
