"""What the commands of `fvae-train` share: their options, and the way from an option to what it names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from fvae_studio import paths
from fvae_studio.core.progress import Progress
from fvae_studio.errors import DataError

if TYPE_CHECKING:
    # torch stays out of the command line's own import.
    from fvae_studio.model.checkpoint import LoadedModel

WorkOption = Annotated[Path, typer.Option("--work", help="Folder of this run.")]
ConfigOption = Annotated[str, typer.Option("--config", "-c", help="studio, paper, vae, tiny, or a TOML file.")]
SetOption = Annotated[list[str] | None, typer.Option("--set", help="section.key=value, may be repeated.")]
DataOption = Annotated[Path | None, typer.Option("--data", help="Folder of data sets; default: FVAE_DATA.")]
SecondsOption = Annotated[float, typer.Option("--max-seconds", help="Stop with a checkpoint after this time.")]
InitOption = Annotated[str | None, typer.Option("--init", help="Begin with a released model: its name or file.")]
DeviceOption = Annotated[str, typer.Option("--accelerator", help="auto, cpu, cuda, mps (Lightning Fabric).")]

DEFAULT_WORK: Final = Path("runs/studio")

RELEASED: Final = "studio-21"
"""The model that ships: what fine-tuning begins with, and what `release` calls a run unless told otherwise."""


def data_folder(data: Path | None) -> Path:
    """The data directory that was named, or the configured one.

    Raises:
        DataError: there is none.
    """
    folder = data or paths.data_dir()
    if folder is None or not folder.is_dir():
        raise DataError("no training data found; name its folder with --data or the variable FVAE_DATA")
    return folder


def initial_model(name: str | None) -> LoadedModel | None:
    """The released model to begin with, if one was named."""
    if name is None:
        return None
    from fvae_studio.model.registry import load_model

    return load_model(name)


def assembled(
    work: Path, config: str, model: str | None, progress: Progress, *, name: str | None = None
) -> LoadedModel:
    """The released model that was named, or the one that this run would release.

    Args:
        work: folder of the run.
        config: of the run.
        model: a released model's name or file, instead of the run's.
        progress: of which the first tenth is taken.
        name: of the run's model; None for its folder's.
    """
    from fvae_studio.model.registry import load_model
    from trainer.config import load_config
    from trainer.facekit.fit import FaceFits
    from trainer.prepare import load_prepared
    from trainer.release import assemble

    if model is not None:
        return load_model(model)
    return assemble(
        load_config(config),
        work / "run",
        load_prepared(work / "prepared"),
        FaceFits.load(work / "fits.npz"),
        name=name or work.resolve().name,
        progress=progress.subrange(0.0, 0.1),
    )


@contextmanager
def line_progress() -> Iterator[Progress]:
    """Progress with time left on a terminal; plain lines, one every few seconds, in a log."""
    from trainer.console import ConsoleProgress

    progress = ConsoleProgress()
    try:
        yield progress
    finally:
        progress.close()
