"""Commands and parts of the bench as processes of their own: how long they took, how much memory, what they said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fvae_studio.errors import DataError


@dataclass(frozen=True)
class ProcessCost:
    """One run of a command.

    Attributes:
        seconds: from its start to its end.
        peak_mb: the most memory it had; None where the system does not tell (Windows).
    """

    seconds: float
    peak_mb: float | None


def run_process(command: Sequence[str]) -> ProcessCost:
    """Run a command to its end.

    The system counts a child's peak from its parent's size on, so call this from a small process.

    Raises:
        DataError: it failed; the message holds what it said.
    """
    start = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, env=_environment(), stdout=subprocess.DEVNULL, stderr=errors)
        peak_mb = None
        if hasattr(os, "wait4"):
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            peak_mb = usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
        else:
            process.wait()
        seconds = time.perf_counter() - start
        if process.returncode:
            errors.seek(0)
            raise DataError(f"{' '.join(command)} failed: {errors.read().decode(errors='replace').strip()}")
    return ProcessCost(seconds, peak_mb)


def studio_command(*arguments: str) -> list[str]:
    """`fvae-studio` with these arguments, by this Python."""
    return [sys.executable, "-m", "fvae_studio", *arguments]


def ask_process(command: Sequence[str]) -> Any:
    """Run a command whose last line is JSON, on Qt's offscreen platform where there is no screen.

    Raises:
        DataError: it failed; the message holds what it said.
    """
    done = subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise DataError(f"{' '.join(command)} failed: {done.stderr.strip() or done.stdout.strip()}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def ask_stage(stage: str, arguments: Mapping[str, Any], *, cores: int | None = None) -> Any:
    """What a stage found (see `__main__`), in a process of its own.

    Args:
        stage: its name.
        arguments: plain values.
        cores: of the machine; None for all that this process may use.
    """
    return ask_process([sys.executable, "-m", "fvae_studio.bench", stage, json.dumps(dict(arguments)), str(cores or 0)])


def _environment() -> dict[str, str]:
    settings = dict(os.environ)
    # As on people's machines, where the second start finds the byte code of the first: servers that build and test
    # often forbid to write it, and then every start compiles all of the program again, for half a second.
    settings.pop("PYTHONDONTWRITEBYTECODE", None)
    if sys.platform.startswith("linux") and not (settings.get("DISPLAY") or settings.get("WAYLAND_DISPLAY")):
        settings.setdefault("QT_QPA_PLATFORM", "offscreen")
    return settings
