"""What figures depend on: processor, cores, versions. Neither the machine's name nor a path."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from fvae_studio import __version__

GOAL_CORES: Final = 2
"""The goals are for two cores, so that is what is measured."""

_PACKAGES: Final = {"ONNX Runtime": "onnxruntime", "OpenCV": "opencv-contrib-python", "Pillow": "pillow"}


def describe() -> dict[str, str]:
    """What the table says above its lines."""
    found = {
        "": cpu_name(),
        "cores": f"{available_cores()} of {os.cpu_count()}",
        "system": platform.system(),
        "Python": platform.python_version(),
        "FVAE Studio": __version__,
    }
    for name, package in _PACKAGES.items():
        try:
            found[name] = version(package)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found | {"date": date.today().isoformat()}


def cpu_name() -> str:
    """The processor as its system calls it."""
    if sys.platform == "darwin":
        told = subprocess.run(["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, check=False)
        return told.stdout.strip() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def available_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def can_restrict() -> bool:
    """Whether this system lets a program choose its cores."""
    return hasattr(os, "sched_setaffinity")


def restrict_to(cores: int) -> bool:
    """Let this process and what it starts use so many cores; False where the system cannot, or has fewer."""
    if not can_restrict() or available_cores() < cores:
        return False
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    return True
