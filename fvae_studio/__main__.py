"""`fvae-studio` and `python -m fvae_studio`."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line and leave with its exit code."""
    # Imports make a million objects that stay: looking through them again and again takes a tenth of their time.
    gc.set_threshold(100_000, 50, 50)
    from fvae_studio.cli import run

    code = run(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        # Whoever read the output may be gone.
        with contextlib.suppress(OSError):
            stream.flush()
    # Without taking torch down module by module, which takes half a second; nor is a loading thread waited for when a
    # command fails early. Files are written and closed by now.
    os._exit(code)


if __name__ == "__main__":
    main()
