"""The program's log and its crash reports: files on this computer that nobody sends, without personal data in them.

At the ordinary level they hold what the program did and where it failed, but no path or name of a file, no user, no
computer, and nothing that was read from a photo: only types of errors, places in the code, and texts of the program's
own. `FVAE_DEBUG=1` logs everything, for people who look for a fault themselves.
"""

from __future__ import annotations

import contextlib
import faulthandler
import getpass
import logging
import logging.handlers
import os
import platform
import re
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import IO, Any, Final

from fvae_studio.core.program import program_version

LOG_NAME: Final = "fvae-studio.log"
_NATIVE: Final = "native-crash."
_OWN: Final = "fvae_studio"
_MOST_REPORTS: Final = 20

_TELLING_ERRORS: Final = (AssertionError, AttributeError, ImportError, NameError, NotImplementedError, TypeError)
"""Their messages are about code. Those of all others may quote what was read or typed."""

_PLAIN_WORD = re.compile(r"[A-Za-z_][\w.]{0,39}|cpu|cuda|mps")
_ROOT = r"(?:[A-Za-z]:[\\/]|\\\\|~?/)"
_PATHS = re.compile(
    rf"""(?P<quote>['"]){_ROOT}.*?(?P=quote)|\bfile://\S+|(?<![\w.>/\\]){_ROOT}[^\s'"<>|:,;()]+""",
)
_FRAME = re.compile(r'File "([^"]*)", line (\d+)')
_WARNING = re.compile(r"\b\w*Warning\b")
_QUOTES: Final = "'\""
_SHORTEST_NAME: Final = 3


def start_log(folder: Path) -> None:
    """Begin to log into a file of that folder; with `FVAE_DEBUG=1` everything, and to stderr as well."""
    is_debugging = os.environ.get("FVAE_DEBUG") == "1"
    handlers: list[logging.Handler] = [logging.StreamHandler()] if is_debugging else []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = logging.handlers.RotatingFileHandler(
            folder / LOG_NAME, maxBytes=1_000_000, backupCount=3, encoding="utf-8", delay=True, errors="replace"
        )
    except OSError:
        # No place for a log is no reason not to edit photos.
        handlers = handlers or [logging.NullHandler()]
    else:
        handlers.append(file)
    logging.basicConfig(level=logging.WARNING, handlers=handlers)
    form = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    for handler in handlers:
        handler.setFormatter(logging.Formatter(form) if is_debugging else PrivateFormatter(form))
    logging.getLogger(_OWN).setLevel(logging.DEBUG if is_debugging else logging.INFO)
    logging.captureWarnings(True)


class PrivateFormatter(logging.Formatter):
    """Leaves out what could tell about a person; see the module."""

    def format(self, record: logging.LogRecord) -> str:
        """One entry, with the places of a failure below it."""
        # Another handler may want the record as it is.
        record = logging.makeLogRecord(vars(record))
        is_own = record.name == _OWN or record.name.startswith(f"{_OWN}.")
        if is_own:
            record.args = _private_arguments(record.args)
        elif record.name == "py.warnings":
            kind = _WARNING.search(record.getMessage())
            record.msg, record.args = kind.group(0) if kind else "a warning", ()
        elif record.args:
            # What other libraries fill in may be anything.
            record.args = tuple("<...>" for _ in record.args) if isinstance(record.args, tuple) else ()
            record.msg = re.sub(r"%[^%]*?[a-zA-Z]", "%s", str(record.msg)) if record.args else "<...>"
        record.exc_text = None
        return without_names(super().format(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 (logging's name)
        """Types and places."""
        return private_trace(ei[1]) if ei[1] is not None else ""


def private_trace(error: BaseException) -> str:
    """Which kinds of errors led to this one, and where in the code: no message that may quote a file."""
    lines = []
    for one in _causes(error):
        kind = type(one)
        name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        told = f": {one}" if isinstance(one, _TELLING_ERRORS) else ""
        if isinstance(one, OSError) and one.errno is not None:
            told = f": errno {one.errno}"
        lines.append(without_names(name + told))
        for frame in traceback.extract_tb(one.__traceback__):
            lines.append(f"  {_place_of(frame.filename)}:{frame.lineno} in {frame.name}")
    return "\n".join(lines)


def without_names(text: str) -> str:
    """The text without absolute paths, home folder, user and computer."""
    text = _PATHS.sub(lambda found: f"<path>{_suffix(found.group(0).strip(_QUOTES))}", text)
    for name, stand_in in _personal_names():
        text = re.sub(rf"(?<![A-Za-z]){re.escape(name)}(?![A-Za-z])", stand_in, text, flags=re.IGNORECASE)
    return text


def write_crash_report(folder: Path, error: BaseException) -> Path | None:
    """Write what is known about an error that nobody expected; the oldest reports make room.

    Returns:
        The file; None where none could be written.
    """
    when = datetime.now(UTC)
    text = (
        f"FVAE Studio {program_version()}, Python {platform.python_version()}, {platform.platform()}\n"
        f"{when.isoformat(timespec='seconds')}\n\n{private_trace(error)}\n\n"
        "This file is on this computer only. It names no file, no person and nothing of a photo.\n"
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        reports = sorted(folder.glob("crash-*.txt"))
        for old in reports[: max(0, len(reports) - _MOST_REPORTS + 1)]:
            old.unlink(missing_ok=True)
        path = folder / f"crash-{when:%Y%m%d-%H%M%S-%f}.txt"
        path.write_text(text, encoding="utf-8", errors="replace")
    except OSError:
        return None
    return path


class NativeWatch:
    """While it is open, a crash below Python leaves the places where the threads were in a file of its own.

    Args:
        folder: of the reports.
    """

    def __init__(self, folder: Path) -> None:
        self.earlier: Path | None = None
        """The report of a run that ended so, if there was one since the last look."""
        self._file: IO[str] | None = None
        path = folder / f"{_NATIVE}{os.getpid()}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for left in folder.glob(f"{_NATIVE}*"):
                # That of a Studio that runs is empty.
                if left.stat().st_size:
                    self.earlier = self._tidy(left)
            self._file = path.open("w", encoding="utf-8")
            faulthandler.enable(file=self._file)
        except (OSError, RuntimeError):
            logging.getLogger(__name__).warning("crashes below Python cannot be watched")

    def close(self) -> None:
        """The program ends well."""
        if self._file is not None:
            faulthandler.disable()
            self._file.close()
            with contextlib.suppress(OSError):
                Path(self._file.name).unlink()
            self._file = None

    @staticmethod
    def _tidy(left: Path) -> Path:
        text = left.read_text(encoding="utf-8", errors="replace")
        text = _FRAME.sub(lambda found: f"{_place_of(found.group(1))}:{found.group(2)}", text)
        path = left.with_name(f"crash-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.txt")
        path.write_text(without_names(text), encoding="utf-8")
        left.unlink()
        return path


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)


def _private_arguments(arguments: Any) -> Any:
    if isinstance(arguments, dict):
        return {key: _private(value) for key, value in arguments.items()}
    return tuple(map(_private, arguments)) if isinstance(arguments, tuple) else arguments


def _private(value: object) -> object:
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, BaseException):
        return type(value).__name__
    if isinstance(value, Path):
        return f"<path>{_suffix(str(value))}"
    return value if isinstance(value, str) and _PLAIN_WORD.fullmatch(value) else "<...>"


def _suffix(path: str) -> str:
    suffix = Path(path).suffix
    return suffix if len(suffix) <= 12 and suffix.isascii() else ""


def _place_of(file: str) -> str:
    """A file of code from its package on; where the program is installed is the person's affair."""
    parts = Path(file).parts
    for mark in ("site-packages", "dist-packages"):
        if mark in parts:
            return "/".join(parts[parts.index(mark) + 1 :])
    for mark in (_OWN, "trainer", "tests"):
        if mark in parts:
            return "/".join(parts[len(parts) - 1 - parts[::-1].index(mark) :])
    return parts[-1] if parts else ""


@cache
def _personal_names() -> tuple[tuple[str, str], ...]:
    found = [(str(Path.home()), "<home>")]
    with contextlib.suppress(KeyError, OSError, ImportError):
        found.append((getpass.getuser(), "<user>"))
    found.append((platform.node(), "<computer>"))
    # "root" and the like tell nothing, and occur in other words.
    dull = {"root", "user", "localhost", "/", "/root"}
    return tuple((name, stand_in) for name, stand_in in found if len(name) >= _SHORTEST_NAME and name not in dull)
