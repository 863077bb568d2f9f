"""Where the networks run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from fvae_studio.errors import DeviceError, FvaeStudioError


def resolve_device(name: str = "auto") -> str:
    """The full name of a device that is there.

    PyTorch is imported only where a graphics processor is asked for or could be found: it takes two seconds, and a
    processor edits without it.

    Args:
        name: "auto" (the fastest that is there), "cpu", "cuda", "cuda:1", "mps".

    Returns:
        "cpu", "cuda", "cuda:1", ... or "mps".

    Raises:
        DeviceError: unknown, or not on this machine.
    """
    if name == "cpu":
        return name
    if name == "auto":
        return _fastest() if _may_find_graphics() else "cpu"
    kind, _, number = name.partition(":")
    if kind not in {"cpu", "cuda", "mps"} or (number and not (kind == "cuda" and number.isdecimal())):
        raise DeviceError(f"There is no device called {name!r}; choose auto, cpu, cuda or mps.")
    if find_spec("torch") is None:
        raise DeviceError(
            f"Device {name} was asked for, but PyTorch, which computes there, is not installed. Choose auto or cpu."
        )
    import torch

    if kind == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if int(number or 0) >= count:
            found = "none" if count == 0 else f"{count}"
            raise DeviceError(
                f"Device {name} was asked for, but PyTorch finds {found} of that kind here. Choose auto or cpu."
            )
    if kind == "mps" and not torch.backends.mps.is_available():
        raise DeviceError("Device mps was asked for, but PyTorch finds none here. Choose auto or cpu.")
    return name


def _may_find_graphics() -> bool:
    """Whether the PyTorch that is installed, if any, was built for more than a processor."""
    found = find_spec("torch")
    if found is None or found.origin is None:
        return False
    if sys.platform == "darwin":
        return True
    try:
        told = (Path(found.origin).parent / "version.py").read_text(encoding="utf-8")
    except OSError:
        return True
    # It is written by PyTorch's build: `cuda: Optional[str] = None` or `= '12.8'`, and the like for AMD's hip.
    kinds = [line for line in told.splitlines() if line.startswith(("cuda", "hip"))]
    return not kinds or any(not line.rstrip().endswith("None") for line in kinds)


def _fastest() -> str:
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


@contextmanager
def device_failures(device: str) -> Iterator[None]:
    """Tell failures of a graphics processor from those of the program, so that the CPU can take over.

    Raises:
        DeviceError: out of memory, or a driver that went away.
    """
    try:
        yield
    except RuntimeError as error:
        kind = device.partition(":")[0]
        if kind == "cpu" or isinstance(error, FvaeStudioError):
            raise
        reason = (str(error).splitlines() or ["no reason given"])[0]
        raise DeviceError(f"The device {kind} failed ({reason}); choose the CPU instead.") from error
