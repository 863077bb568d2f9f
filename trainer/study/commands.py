"""`fvae-train study make` and `study score`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trainer.command_options import (
    DEFAULT_WORK,
    ConfigOption,
    DataOption,
    WorkOption,
    assembled,
    data_folder,
    line_progress,
)
from trainer.experiments.commands import ModelOption, VaeOption, built_in_detector, face_model, named_vae

study = typer.Typer(
    help="Table 2: ask people which portraits are real. `make` writes one page, `score` counts their answers.",
    no_args_is_help=True,
)


@study.command()
def make(
    work: WorkOption = DEFAULT_WORK,
    config: ConfigOption = "studio",
    data: DataOption = None,
    model: ModelOption = None,
    vae: VaeOption = None,
    against: Annotated[
        str | None,
        typer.Option(help="Another model's name or file: both models' sliders on the same photos, nothing else."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder; default: WORK/study.")] = None,
    per_kind: Annotated[int, typer.Option(min=1, help="Real portraits, and portraits of each method.")] = 10,
    size: Annotated[int, typer.Option(min=64, help="Of the portraits, pixels.")] = 256,
    seed: Annotated[int, typer.Option(help="Another seed shows other people.")] = 0,
) -> None:
    """Write the study: one offline HTML page for the participants, and the key for you.

    The page shows real people of the data set: give it only to whom its licence allows, and publish neither file.
    """
    from fvae_studio.model.registry import load_model
    from trainer.facekit.fit import FaceFits
    from trainer.prepare import load_prepared
    from trainer.study.make import make_study

    prepared, folder, fits = load_prepared(work / "prepared"), data_folder(data), FaceFits.load(work / "fits.npz")
    with line_progress() as progress, built_in_detector() as detector:
        page, key = make_study(
            assembled(work, config, model, progress),
            prepared,
            folder,
            out or work / "study",
            detector=detector,
            facekit=face_model(work, folder),
            fits=fits,
            vae=named_vae(vae),
            against=None if against is None else load_model(against),
            size=size,
            per_kind=per_kind,
            seed=seed,
            progress=progress,
        )
    print(f"{page} ({page.stat().st_size / 1e6:.1f} MB): for the participants, opens in any browser, without a network")
    print(f"{key}: keep it to yourself; `fvae-train study score {key} ANSWERS...` needs it")


@study.command()
def score(
    key: Annotated[Path, typer.Argument(help="The key that `study make` wrote.")],
    answers: Annotated[list[Path], typer.Argument(help="Answer files, or folders of them.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder of the report; default: beside KEY.")] = None,
) -> None:
    """Compute Table 2 from the participants' answer files."""
    from fvae_studio.errors import DataError
    from trainer.study.items import StudyKey
    from trainer.study.score import read_answers
    from trainer.study.score import score as run

    known = StudyKey.read(key)
    files = [file for path in answers for file in (sorted(path.glob("answers-*.json")) if path.is_dir() else [path])]
    if not files:
        raise DataError("there are no answer files (answers-*.json); collect what the page saved")
    result = run(known, [read_answers(file, known) for file in files])
    result.write(out or key.parent)
    print(result.text)
