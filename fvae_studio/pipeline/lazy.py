"""Values that take long to make and are made behind the back of whoever will need them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Lazy(Generic[T]):
    """A value that is made on first use, or in a thread of its own from `start` on.

    Args:
        make: makes it; what it raises is raised by every `get`.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._future: Future[T] | None = None

    @property
    def is_made(self) -> bool:
        """Whether `get` returns at once."""
        return self._future is not None and self._future.done() and self._future.exception() is None

    def start(self) -> None:
        """Begin to make it, if nobody did."""
        if self._future is None:
            self._future = Future()
            # A daemon: a command that fails early must not wait for a model.
            threading.Thread(target=self._run, args=(self._future,), daemon=True).start()

    def get(self) -> T:
        """The value, made here and now or waited for."""
        if self._future is None:
            self._future = Future()
            self._run(self._future)
        return self._future.result()

    def _run(self, future: Future[T]) -> None:
        try:
            future.set_result(self._make())
        except BaseException as error:
            future.set_exception(error)
