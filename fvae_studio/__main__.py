"""`fvae-studio` and `python -m fvae_studio`: the Studio's window, or a command of the command line."""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from fvae_studio.core.photo_suffixes import PHOTO_SUFFIXES

ONE_CORE_SUMS = {"OPENBLAS_NUM_THREADS": "1"}
"""For the environment, before numpy is imported: its matrix products are small here, and threads that wait for their
part of one spin, which takes the cores from everything else."""

_WINDOW_OPTIONS = frozenset({"--smoke"})
_OPENED_BY_THE_WINDOW = frozenset({*PHOTO_SUFFIXES, ".fvae"})


def opens_window(arguments: Sequence[str]) -> bool:
    """Whether these arguments mean the Studio: none, photos, folders, a project, or `--smoke`."""
    first = next((argument for argument in arguments if argument.partition("=")[0] not in _WINDOW_OPTIONS), None)
    if first is None:
        return True
    if first.startswith("-"):
        return False
    path = Path(first)
    # A folder or file called like a command, such as "edit", does not hide the command.
    return path.suffix.lower() in _OPENED_BY_THE_WINDOW or (path.exists() and os.sep in first)


def has_screen() -> bool:
    """Whether a window can be shown here; a Linux machine without one says so in its environment."""
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def main() -> NoReturn:
    """Open the Studio or run one command, and leave with its exit code."""
    began = time.perf_counter()
    # Imports make a million objects that stay: looking through them again and again takes a tenth of their time.
    gc.set_threshold(100_000, 50, 50)
    for name, value in ONE_CORE_SUMS.items():
        os.environ.setdefault(name, value)
    if sys.stderr is not None:
        # A crash below Python says where it was; the window writes that into a file instead.
        faulthandler.enable()
    arguments = sys.argv[1:]
    if opens_window(arguments) and has_screen():
        from fvae_studio.app import run as open_window

        code = open_window(arguments, began=began)
    else:
        from fvae_studio.cli import run

        # Without a screen, the command line says what to do instead.
        code = run(arguments)
    for stream in (sys.stdout, sys.stderr):
        # Whoever read the output may be gone; a window on Windows has neither stream.
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.flush()
    # Without taking torch down module by module, which takes half a second; nor is a loading thread waited for when a
    # command fails early. Files are written and closed by now.
    os._exit(code)


if __name__ == "__main__":
    main()
