"""The command line. Nothing heavy is imported before a command runs, so that `--help` answers at once."""

from fvae_studio.cli.app import run

__all__ = ["run"]
