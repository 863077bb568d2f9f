"""How long work reports its progress and learns that it shall stop."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Protocol

from fvae_studio.errors import Cancelled


class Progress(Protocol):
    """What a stage needs from whoever watches it."""

    def report(self, fraction: float, stage: str = "") -> None:
        """Tell how much is done, in [0, 1], and what is being done."""

    def subrange(self, offset: float, length: float) -> Progress:
        """A view whose 0..1 is this one's `offset`..`offset + length`."""

    def raise_if_cancelled(self) -> None:
        """Raise `Cancelled` if the user asked to stop."""


class CancelToken:
    """A flag that any thread may set."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the work to stop at its next check."""
        self._event.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._event.is_set()

    def raise_if_cancelled(self) -> None:
        """Raise `Cancelled` if `cancel` was called."""
        if self.is_cancelled:
            raise Cancelled("Stopped: cancelled by the user.")


@dataclass(frozen=True)
class NoProgress:
    """Nobody watches; cancelling is still possible with a token."""

    token: CancelToken = field(default_factory=CancelToken)

    def report(self, fraction: float, stage: str = "") -> None:
        """Do nothing."""

    def subrange(self, offset: float, length: float) -> NoProgress:  # noqa: ARG002 (the protocol's signature)
        """Return itself: there is nothing to scale."""
        return self

    def raise_if_cancelled(self) -> None:
        """Raise `Cancelled` if the token was set."""
        self.token.raise_if_cancelled()
