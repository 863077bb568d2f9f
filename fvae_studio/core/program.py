"""Which version runs, for files, reports and windows."""

from __future__ import annotations

from functools import cache


@cache
def program_version() -> str:
    """The installed version, "unknown" without one.

    Not `fvae_studio.__version__`: the top of the package offers the API, and with it torch, to whoever imports it.
    """
    # Here: it brings half of the standard library along, before the window is there.
    from importlib import metadata

    try:
        return metadata.version("fvae-studio")
    except metadata.PackageNotFoundError:
        return "unknown"
