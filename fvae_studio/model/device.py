"""Where the networks run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from fvae_studio.errors import DeviceError, FvaeStudioError


def resolve_device(name: str = "auto") -> torch.device:
    """The torch device of that name.

    Args:
        name: "auto" (the fastest that is there), "cpu", "cuda", "cuda:1", "mps".

    Raises:
        DeviceError: unknown, or not on this machine.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps") if torch.backends.mps.is_available() else torch.device("cpu")
    kind, _, number = name.partition(":")
    if kind not in {"cpu", "cuda", "mps"} or (number and not (kind == "cuda" and number.isdecimal())):
        raise DeviceError(f"There is no device called {name!r}; choose auto, cpu, cuda or mps.")
    if kind == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if int(number or 0) >= count:
            found = "none" if count == 0 else f"{count}"
            raise DeviceError(
                f"Device {name} was asked for, but PyTorch finds {found} of that kind here. Choose auto or cpu."
            )
    if kind == "mps" and not torch.backends.mps.is_available():
        raise DeviceError("Device mps was asked for, but PyTorch finds none here. Choose auto or cpu.")
    return torch.device(name)


def compute_on_one_core(device: torch.device) -> None:
    """Let the calling thread's networks use one core; nothing happens for other devices than the CPU.

    These networks are small. Where nothing else runs, a second core saves a millisecond or two; but its threads wait
    for each other by spinning, and beside other programs one pass of the decoders took 430 ms with two cores, 15 ms
    with one (two cores, a load of seven).
    """
    if device.type == "cpu" and torch.get_num_threads() != 1:
        torch.set_num_threads(1)


@contextmanager
def device_failures(device: torch.device) -> Iterator[None]:
    """Tell failures of a graphics processor from those of the program, so that the CPU can take over.

    Raises:
        DeviceError: out of memory, or a driver that went away.
    """
    try:
        yield
    except RuntimeError as error:
        if device.type == "cpu" or isinstance(error, FvaeStudioError):
            raise
        reason = (str(error).splitlines() or ["no reason given"])[0]
        raise DeviceError(f"The device {device.type} failed ({reason}); choose the CPU instead.") from error
