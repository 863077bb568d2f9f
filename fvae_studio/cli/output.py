"""What the commands share on the way out: names of outputs, JSON, a progress bar on terminals."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fvae_studio.core.photo_suffixes import PHOTO_SUFFIXES
from fvae_studio.core.progress import CancelToken, NoProgress, Progress
from fvae_studio.errors import FvaeStudioError, OverwriteError, PhotoWriteError
from fvae_studio.paths import with_ending

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

_BAR_AFTER_S = 0.5


class WrongUsageError(FvaeStudioError):
    """The command line itself is wrong: exit code 2."""


def print_json(value: Mapping[str, Any]) -> None:
    """One JSON object on stdout."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def say(line: str) -> None:
    """One line for people, on stderr when it is a remark; results go to stdout by `print`."""
    print(line, file=sys.stderr)


def default_output(photo: Path, folder: Path | None = None) -> Path:
    """PHOTO-edited beside the photo or in `folder`, or the first of PHOTO-edited-2, -3, ... that is free."""
    folder = photo.parent if folder is None else folder
    stem = with_ending(photo.stem, "-edited")
    path = folder / f"{stem}{photo.suffix}"
    number = 2
    while path.exists():
        path = folder / f"{stem}-{number}{photo.suffix}"
        number += 1
    return path


def refuse_existing(path: Path, *, overwrite: bool, photos: Iterable[Path] = ()) -> None:
    """Fail before the work, not after it.

    Args:
        path: what would be written.
        overwrite: the user allows to replace what is there.
        photos: that the command reads; none of them is replaced, whatever is allowed.

    Raises:
        OverwriteError: the output exists and may not be replaced.
    """
    if not path.exists():
        return
    if any(path.samefile(photo) for photo in photos):
        raise OverwriteError(f"{path} is one of the photos themselves; choose another output.")
    if not overwrite:
        raise OverwriteError(f"{path} exists; choose another output or add --overwrite.")


def require_side_output(path: Path, *, overwrite: bool, what: str, suffix: str, made: Path | None = None) -> None:
    """Fail before the work where a report or a recipe could take a picture's place, or none at all.

    Args:
        path: what would be written beside the pictures.
        overwrite: the user allows to replace what is there.
        what: its kind, for people: "report".
        suffix: of names that it should have.
        made: folder that the command makes if it is not there.

    Raises:
        OverwriteError: it exists and may not be replaced.
        PhotoWriteError: it has a picture's name, or its folder is not there.
    """
    if path.suffix.lower() in PHOTO_SUFFIXES:
        raise PhotoWriteError(f"{path} has a picture's name and would hold a {what}; end its name in {suffix}.")
    if path.is_dir():
        raise PhotoWriteError(f"{path} is a folder; name a file for the {what}.")
    if not path.parent.is_dir() and path.parent != made:
        raise PhotoWriteError(f"The folder {path.parent} of the {what} does not exist; make it, or choose another.")
    refuse_existing(path, overwrite=overwrite)


class TerminalProgress:
    """A bar on stderr that appears when the work takes longer than half a second; it is gone when the work is done.

    Args:
        bar: Rich's bar, not started yet.
        task: its only task.
        offset: where this view's 0 lies in the task.
        length: what this view's 1 is worth.
    """

    def __init__(self, bar: RichProgress, task: TaskID, *, offset: float = 0.0, length: float = 1.0) -> None:
        self._bar, self._task, self._offset, self._length = bar, task, offset, length
        self._token = CancelToken()
        self._began = time.monotonic()

    def report(self, fraction: float, stage: str = "") -> None:
        """Move the bar."""
        if not self._bar.live.is_started and time.monotonic() - self._began > _BAR_AFTER_S:
            self._bar.start()
        self._bar.update(self._task, completed=self._offset + fraction * self._length, description=stage or None)

    def subrange(self, offset: float, length: float) -> TerminalProgress:
        """A part of the bar."""
        part = TerminalProgress(
            self._bar, self._task, offset=self._offset + offset * self._length, length=length * self._length
        )
        part._token, part._began = self._token, self._began
        return part

    def raise_if_cancelled(self) -> None:
        """Raise `Cancelled` if the token was set; Ctrl-C raises by itself."""
        self._token.raise_if_cancelled()


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A bar where a person watches, nothing in a pipe."""
    if not sys.stderr.isatty():
        yield NoProgress()
        return
    from rich.console import Console
    from rich.progress import Progress as RichProgress

    bar = RichProgress(console=Console(stderr=True), transient=True)
    try:
        yield TerminalProgress(bar, bar.add_task("", total=1.0))
    finally:
        bar.stop()
