"""`fvae-train`: from photos to released weights, one command a step; each may be stopped and resumed."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from fvae_studio import paths
from fvae_studio.errors import Cancelled, DataError, FvaeStudioError
from trainer.command_options import (
    DEFAULT_WORK,
    ConfigOption,
    DataOption,
    DeviceOption,
    InitOption,
    SecondsOption,
    SetOption,
    WorkOption,
    assembled,
    data_folder,
    initial_model,
    line_progress,
)
from trainer.experiments.commands import experiments
from trainer.study.commands import study

app = typer.Typer(
    name="fvae-train",
    help=(
        "Train a flow VAE.\n\n"
        "In order: prepare, fit-faces, render, train, train-mask, evaluate, release. All of it lives in one folder "
        "(--work, default runs/studio), so that every step finds what the one before it made.\n\n"
        "The paper's experiments: table1, figure4, figure5, figure6, figure7, study (Table 2) and limits, each one "
        "command with a report. --model studio-2 measures the shipped model; without it, this run's."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

MALLOC_SETTINGS: Final = {
    # glibc returns and re-faults big tensors at every step: half of the time went to the kernel.
    "MALLOC_MMAP_THRESHOLD_": "1000000000",
    "MALLOC_TRIM_THRESHOLD_": "4000000000",
}

# Without a name: its commands stand beside the others.
app.add_typer(experiments)
app.add_typer(study, name="study")


@app.command()
def prepare(work: WorkOption = DEFAULT_WORK, data: DataOption = None) -> None:
    """Detect and align every photo of the data sets."""
    from trainer.config import held_out_persons
    from trainer.datasets import ADAPTERS
    from trainer.prepare import prepare as run

    folder = data_folder(data)
    records = [record for name, adapter in ADAPTERS.items() for record in adapter(folder / name)]
    with line_progress() as progress:
        prepared = run(records, work / "prepared", held_out=held_out_persons(), progress=progress)
    held_out = sum(face.split == "held_out" for face in prepared.faces)
    print(f"{len(prepared.faces)} faces in {work / 'prepared'}, {held_out} of them held out")


@app.command("fit-faces")
def fit_faces(work: WorkOption = DEFAULT_WORK, data: DataOption = None) -> None:
    """Fit the 3D face model to all prepared photos."""
    from trainer.facekit.fit import fit_faces as run
    from trainer.facekit.mesh import load_facekit
    from trainer.prepare import load_prepared

    prepared = load_prepared(work / "prepared")
    cache = work / "facekit.npz"
    facekit = load_facekit(cache if cache.exists() else data_folder(data) / "facekit" / "FaceXModel.tar.xz", cache)
    faces = prepared.faces
    with line_progress() as progress:
        fits = run(
            facekit,
            prepared.landmarks,
            [face.person for face in faces],
            [face.label == "neutral" for face in faces],
            progress=progress,
        )
    fits.save(work / "fits.npz")
    print(f"mean residual {fits.residual.mean():.4f} of the eye distance, worst photo {fits.residual.max():.4f}")


@app.command()
def render(
    work: WorkOption = DEFAULT_WORK,
    name: Annotated[str, typer.Option(help="Of the shard; several are trained on together.")] = "a",
    expressions: Annotated[int, typer.Option(help="Rendered expressions of each photo.")] = 32,
    seed: Annotated[int, typer.Option(help="Another seed gives other expressions.")] = 1,
    workers: Annotated[int, typer.Option(help="Processes.")] = 2,
) -> None:
    """Render every photo in many expressions, with exact flow and visibility."""
    from trainer.render import render as run

    with line_progress() as progress:
        shard = run(
            work / "prepared",
            work / "fits.npz",
            work / "facekit.npz",
            work / "shards" / name,
            expressions_per_photo=expressions,
            seed=seed,
            workers=workers,
            progress=progress,
        )
    print(f"{len(shard)} pairs in {work / 'shards' / name}")


@app.command()
def train(
    work: WorkOption = DEFAULT_WORK,
    config: ConfigOption = "studio",
    options: SetOption = None,
    shards: Annotated[Path | None, typer.Option("--shards", help="Default: WORK/shards.")] = None,
    init: InitOption = None,
    accelerator: DeviceOption = "auto",
    devices: Annotated[int, typer.Option(help="Processes, one for each device.")] = 1,
    max_seconds: SecondsOption = 0.0,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew instead of resuming.")] = False,
) -> None:
    """Train encoder, decoder and edit axes; resumes from the last checkpoint."""
    from trainer.config import load_config
    from trainer.loop import train as run

    with line_progress() as progress:
        run(
            load_config(config, options or ()),
            shards or work / "shards",
            work / "run",
            accelerator=accelerator,
            devices=devices,
            resume=not fresh,
            init=initial_model(init),
            max_seconds=max_seconds,
            progress=progress,
        )


@app.command("train-mask")
def train_mask(
    work: WorkOption = DEFAULT_WORK,
    config: ConfigOption = "studio",
    options: SetOption = None,
    init: InitOption = None,
    accelerator: DeviceOption = "auto",
    max_seconds: SecondsOption = 0.0,
) -> None:
    """Train the confidence network on the frozen flow network."""
    from trainer.config import load_config
    from trainer.loop import train_mask as run

    with line_progress() as progress:
        run(
            load_config(config, options or ()),
            work / "shards",
            work / "run",
            accelerator=accelerator,
            init=initial_model(init),
            max_seconds=max_seconds,
            progress=progress,
        )


@app.command()
def evaluate(
    work: WorkOption = DEFAULT_WORK,
    config: ConfigOption = "studio",
    data: DataOption = None,
    model: Annotated[str | None, typer.Option(help="A released model's name or file; default: this run.")] = None,
    redetect: Annotated[
        bool, typer.Option("--redetect", help="Find landmarks again in the edited pictures (slow).")
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder of the report; default: WORK/report.")] = None,
) -> None:
    """Figures on held-out people: the table, the edit itself, sharpness, folds."""
    from trainer.evaluate import evaluate as run
    from trainer.prepare import load_prepared

    prepared = load_prepared(work / "prepared")
    with line_progress() as progress:
        report = run(
            assembled(work, config, model, progress),
            prepared,
            shards_dir=work / "shards",
            # The axes W belong to this run's model, not to another one's.
            run_dir=work / "run" if model is None else None,
            data=data or paths.data_dir(),
            redetect=redetect,
            progress=progress,
        )
    report.write(out or work / "report")
    print(report.to_markdown())


@app.command()
def release(
    work: WorkOption = DEFAULT_WORK,
    config: ConfigOption = "studio",
    name: Annotated[str, typer.Option(help="Name of the released model.")] = "studio-2",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder; default: the shipped models.")] = None,
) -> None:
    """Turn the run into a weights file with named directions and a manifest row."""
    import json

    from trainer.prepare import load_prepared
    from trainer.release import write_release

    report = work / "report" / "report.json"
    if not report.exists():
        raise DataError(f"there is no {report}; run `fvae-train evaluate` first: a model is released with its figures")
    metrics = json.loads(report.read_text(encoding="utf-8"))["summary"]
    with line_progress() as progress:
        model = assembled(work, config, None, progress, name=name)
    people = {face.person for face in load_prepared(work / "prepared").faces if face.split == "train"}
    path = write_release(
        model,
        out or paths.models_dir(),
        title=f"FVAE Studio {name}",
        description=f"Trained on photos of {len(people)} people, in rendered and in real expressions.",
        metrics=metrics,
    )
    print(f"released {path} ({path.stat().st_size / 1e6:.1f} MB)")


@app.command()
def sheet(
    work: WorkOption = DEFAULT_WORK,
    config: ConfigOption = "studio",
    data: DataOption = None,
    model: Annotated[str | None, typer.Option(help="A released model's name or file; default: this run.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder; default: WORK/sheet.")] = None,
    people: Annotated[int, typer.Option(help="How many held-out people.")] = 10,
) -> None:
    """Contact sheet: held-out people in every direction, to be looked at. Holds real faces: not to be published."""
    from trainer.prepare import load_prepared
    from trainer.sheet import make_sheet

    with line_progress() as progress:
        loaded, prepared = assembled(work, config, model, progress), load_prepared(work / "prepared")
        folder = out or work / "sheet"
        make_sheet(loaded, prepared, data_folder(data), folder, people=people, progress=progress)
    print(f"sheets in {folder}")


@app.command()
def samples(
    data: DataOption = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder; default: resources/samples.")] = None,
) -> None:
    """Make the sample portraits: averages of many people."""
    from trainer.samples import make_samples

    folder = data_folder(data)
    with line_progress() as progress:
        files = make_samples(folder / "frl_london", out or paths.samples_dir(), progress)
    for path in files:
        print(f"{path} ({path.stat().st_size / 1e3:.0f} kB)")


@app.command()
def donors(
    data: DataOption = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder; default: resources/donors.")] = None,
) -> None:
    """Make the built-in donors: average teeth of many people, seen where a closed mouth opens."""
    from trainer.donors import make_donors

    folder = data_folder(data)
    with line_progress() as progress:
        files = make_donors(folder / "frl_london", out or paths.donors_dir(), progress)
    for path in files:
        print(f"{path} ({path.stat().st_size / 1e3:.0f} kB)")


def main() -> None:
    """Run; a failure that is meant for the user is one sentence and exit code 1."""
    trains = bool({"train", "train-mask"} & set(sys.argv[1:2]))
    if trains and sys.platform == "linux" and "MALLOC_MMAP_THRESHOLD_" not in os.environ:
        # Read by glibc when the process starts: start once more with them set.
        os.execve(sys.executable, [sys.executable, "-m", "trainer", *sys.argv[1:]], os.environ | MALLOC_SETTINGS)
    try:
        app()
    except Cancelled:
        print("Stopped.", file=sys.stderr)
        sys.exit(1)
    except FvaeStudioError as error:
        print(f"fvae-train: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
