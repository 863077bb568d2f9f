"""`fvae-studio` and `python -m fvae_studio`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    from fvae_studio.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
