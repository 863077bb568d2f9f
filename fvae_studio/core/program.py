"""Which version runs, for files, reports and windows."""

from __future__ import annotations

from functools import cache
from importlib import metadata


@cache
def program_version() -> str:
    """The installed version, "unknown" without one.

    Not `fvae_studio.__version__`: the top of the package offers the API, and with it torch, to whoever imports it.
    """
    try:
        return metadata.version("fvae-studio")
    except metadata.PackageNotFoundError:
        return "unknown"
