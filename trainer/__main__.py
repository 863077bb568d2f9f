"""`fvae-train`: from photos to released weights, one command a step; each may be stopped and resumed."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from fvae_studio import paths
from fvae_studio.errors import Cancelled, DataError, FvaeStudioError
from trainer.command_options import (
    DEFAULT_WORK,
    RELEASED,
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
from trainer.run_files import replace_bytes
from trainer.study.commands import study

app = typer.Typer(
    name="fvae-train",
    help=(
        "Train a flow VAE.\n\n"
        "In order: prepare, fit-faces, render, train, train-mask, evaluate, release. All of it lives in one folder "
        "(--work, default runs/studio), so that every step finds what the one before it made.\n\n"
        "The paper's experiments: table1, figure4, figure5, figure6, figure7, study (Table 2) and limits, each one "
        f"command with a report. --model {RELEASED} measures the shipped model; without it, this run's."
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

NOT_WRITABLE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM})
"""What a full or locked disk says."""

# Without a name: its commands stand beside the others.
app.add_typer(experiments)
app.add_typer(study, name="study")


@app.command()
def datasets(
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """List the data sets and layouts that `prepare --dataset` reads."""
    import json

    from trainer.datasets import ADAPTERS, RENDERED_NOTE

    if as_json:
        rows = [{"name": item.name, "title": item.title, "layout": item.layout} for item in ADAPTERS.values()]
        print(json.dumps(rows, indent=1))
        return
    for item in ADAPTERS.values():
        print(f"{item.name:<12} {item.title}\n{'':<12} {item.layout}")
    print(f"\n{RENDERED_NOTE}")


@app.command()
def prepare(
    work: WorkOption = DEFAULT_WORK,
    data: DataOption = None,
    dataset: Annotated[
        str | None, typer.Option("--dataset", help="As `fvae-train datasets` lists; default: the two open sets.")
    ] = None,
    held_out_share: Annotated[
        float, typer.Option("--held-out", help="Share of people kept out of training, with --dataset.")
    ] = 0.2,
    check: Annotated[bool, typer.Option("--check/--no-check", help="Leave out photos that are of no use.")] = True,
) -> None:
    """Detect, align and check every photo; WORK/prepared/report.html shows what was kept and why the rest was not.

    Left out are broken files, photos without a face or with several alike, profiles, faces that are small, cut off or
    blurred, copies, and photos that do not move as their label says. With --dataset, --data is that set's own folder
    (or the manifest), and people are split by their names; the split is saved in WORK/prepared/split.json and kept.
    """
    from collections import Counter

    from trainer.config import held_out_persons
    from trainer.datasets import ADAPTERS, OPEN_SETS, find_adapter
    from trainer.photo_checks import Checks
    from trainer.prepare import prepare as run

    held_out: tuple[str, ...] | float = held_out_share
    if dataset is None:
        folder = data_folder(data)
        records = [record for name in OPEN_SETS for record in ADAPTERS[name].read(folder / name)]
        held_out = held_out_persons()
    else:
        adapter = find_adapter(dataset)
        if data is None:
            data = data_folder(None) / dataset
        if not data.exists():
            raise DataError(f"there is no {data}; name the folder of {adapter.title} with --data")
        records = adapter.read(data)
    with line_progress() as progress:
        prepared = run(
            records, work / "prepared", held_out=held_out, checks=Checks() if check else None, progress=progress
        )
    count = sum(face.split == "held_out" for face in prepared.faces)
    left_out = len(records) - len(prepared.faces)
    print(f"{len(prepared.faces)} faces in {work / 'prepared'}, {count} of them held out; {left_out} photos left out")
    labels = Counter(face.label for face in prepared.faces)
    print(f"labels: {', '.join(f'{label} {number}' for label, number in labels.most_common())}")
    print(f"what was left out and why: {work / 'prepared' / 'report.html'}")


@app.command("fit-faces")
def fit_faces(work: WorkOption = DEFAULT_WORK, data: DataOption = None) -> None:
    """Fit the 3D face model to all prepared photos."""
    from trainer.facekit.fit import fit_faces as run
    from trainer.facekit.mesh import load_facekit
    from trainer.prepare import load_prepared

    prepared = load_prepared(work / "prepared")
    cache = work / "facekit.npz"
    facekit = load_facekit(cache if cache.exists() else _facekit_archive(data), cache)
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
    lent: Annotated[int, typer.Option(help="People to whom the difference of each two photos is lent.")] = 0,
    turned: Annotated[int, typer.Option(help="Expressions of each photo on turned heads, beside those.")] = 0,
    reshaped: Annotated[
        float,
        typer.Option(
            min=0.0, max=1.0, help="Of the turned heads, how many take another training person's shape, 0 to 1."
        ),
    ] = 0.0,
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
            lent=lent,
            turned=turned,
            reshaped=reshaped,
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
    nodes: Annotated[int, typer.Option(help="Machines; start the command on each by torchrun.")] = 1,
    max_seconds: SecondsOption = 0.0,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew instead of resuming.")] = False,
) -> None:
    """Train encoder, decoder and edit axes; resumes from the last checkpoint, bit for bit on a processor in 32-true.

    Ctrl-C stops with a checkpoint; a kill loses ten minutes at most (train.save_minutes). Where the loss is no number
    any more, training goes back to the last checkpoint with half the rate; where the disk is full, it goes on and tries
    to save again. `fvae-train status` tells how far it is, `tensorboard --logdir WORK/run` shows curves and pictures.

    Several processes: --devices, or torchrun with --devices and --nodes. --set train.accumulate=4 takes four batches
    for a step, train.compile=true compiles the step, train.channels_last=true suits GPUs.
    """
    from trainer.config import load_config
    from trainer.loop import train as run

    with line_progress() as progress:
        run(
            load_config(config, options or ()),
            shards or work / "shards",
            work / "run",
            accelerator=accelerator,
            devices=devices,
            nodes=nodes,
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
    from trainer.mask_loop import train_mask as run

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


@app.command("train-glasses")
def train_glasses(
    work: WorkOption = DEFAULT_WORK,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Default: WORK/glasses.safetensors.")] = None,
    steps: Annotated[int, typer.Option(min=1, help="Steps of 32 pictures.")] = 4000,
    accelerator: DeviceOption = "auto",
    workers: Annotated[int, typer.Option(min=0, help="Processes that draw.")] = 2,
    max_seconds: SecondsOption = 0.0,
) -> None:
    """Train the network that finds glasses, on glasses that are drawn on this run's faces; resumes as `train` does."""
    from trainer.glasses.loop import train_glasses as run

    with line_progress() as progress:
        found = run(
            work,
            steps=steps,
            accelerator=accelerator,
            num_workers=workers,
            max_seconds=max_seconds,
            progress=progress,
        )
    file = output or work / "glasses.safetensors"
    replace_bytes(file, found)
    print(f"{file}: {len(found) / 1000:.0f} kB")


@app.command()
def status(
    run: Annotated[Path, typer.Argument(help="Folder of the run (--work).")] = DEFAULT_WORK,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Tell how far a training is: step, rate, time left, latest and best figures; from its files alone."""
    import json

    from trainer.status import describe, read_status

    found = read_status(run)
    print(json.dumps(found.to_dict(), indent=1) if as_json else describe(found))


@app.command()
def bench(
    work: WorkOption = DEFAULT_WORK,
    config: ConfigOption = "studio",
    options: SetOption = None,
    accelerator: DeviceOption = "auto",
    steps: Annotated[int, typer.Option(min=1, help="Steps that are measured.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Measure training: pairs a second, share of waiting for data, memory, and the convolutions alone.

    Takes this run's shards, or pairs of noise where there are none. Nothing is written. On a busy machine look at the
    processor time instead of the rate.
    """
    import json
    import tempfile

    from trainer.config import load_config
    from trainer.throughput import has_shards, measure_throughput, noise_shard

    with tempfile.TemporaryDirectory() as folder:
        shards = work / "shards"
        if not has_shards(shards):
            shards = Path(folder)
            noise_shard(shards / "noise")
        settings = load_config(config, options or ())
        found = measure_throughput(settings, shards, accelerator=accelerator, num_steps=steps)
    print(json.dumps(found.to_dict(), indent=1) if as_json else found.describe())


@app.command()
def finetune(
    photos: Annotated[Path, typer.Argument(help="Your photos: PERSON/EXPRESSION.jpg, or as --dataset says.")],
    init: Annotated[str, typer.Option("--init", help="The model to begin with: its name or file.")] = RELEASED,
    work: Annotated[Path, typer.Option("--work", help="Folder of all that is made.")] = Path("runs/own"),
    name: Annotated[str, typer.Option("--name", help="Of the fine-tuned model.")] = "own",
    dataset: Annotated[str, typer.Option("--dataset", help="As `fvae-train datasets` lists.")] = "folders",
    config: ConfigOption = "studio",
    options: SetOption = None,
    data: DataOption = None,
    accelerator: DeviceOption = "auto",
    minutes: Annotated[float, typer.Option(help="For the training, which is most of the time.")] = 60.0,
    steps: Annotated[int, typer.Option(help="Steps instead of minutes.")] = 0,
) -> None:
    """Fine-tune a released model on your own photos, and tell whether that helped.

    Prepares and checks the photos, fits the face model, renders expressions, trains within the given time, and compares
    before and after on people who were kept out (a quarter of them, at least one). Made are WORK/NAME.safetensors and
    WORK/finetune.md. Stopped, the same command goes on. A neutral photo of everybody is needed; a smile helps most.
    """
    from trainer.config import load_config
    from trainer.datasets import find_adapter
    from trainer.finetune import finetune as run

    start = initial_model(init)
    assert start is not None
    records = find_adapter(dataset).read(photos)
    archive = Path("facekit.npz") if (work / "facekit.npz").exists() else _facekit_archive(data)
    with line_progress() as progress:
        outcome = run(
            records,
            start,
            load_config(config, options or ()),
            work,
            name=name,
            facekit_archive=archive,
            accelerator=accelerator,
            minutes=minutes,
            num_steps=steps,
            progress=progress,
        )
    print(outcome.to_markdown())
    print(f"\n{outcome.model_file}")


def _facekit_archive(data: Path | None) -> Path:
    return data_folder(data) / "facekit" / "FaceXModel.tar.xz"


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
    """Figures on held-out people: the table, the edit itself, sharpness, folds, whether each expression is there."""
    from trainer.evaluate import evaluate as run
    from trainer.facekit.fit import FaceFits
    from trainer.facekit.mesh import load_facekit
    from trainer.prepare import load_prepared

    prepared = load_prepared(work / "prepared")
    facekit, fits = work / "facekit.npz", work / "fits.npz"
    has_face_model = facekit.exists() and fits.exists()
    with line_progress() as progress:
        report = run(
            assembled(work, config, model, progress),
            prepared,
            shards_dir=work / "shards",
            # The axes W belong to this run's model, not to another one's.
            run_dir=work / "run" if model is None else None,
            data=data or paths.data_dir(),
            redetect=redetect,
            face_model=(load_facekit(facekit, facekit), FaceFits.load(fits)) if has_face_model else None,
            progress=progress,
        )
    report.write(out or work / "report")
    print(report.to_markdown())


@app.command()
def release(
    work: WorkOption = DEFAULT_WORK,
    config: ConfigOption = "studio",
    name: Annotated[str, typer.Option(help="Name of the released model.")] = RELEASED,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder; default: the shipped models.")] = None,
) -> None:
    """Turn the run into a weights file with named directions and a manifest row."""
    import json

    from trainer.prepare import load_prepared
    from trainer.release import keep_axes, write_release

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
    if out is None:
        print(f"W, to go on from it: {keep_axes(path, work / 'run')}")


@app.command()
def direction(
    source: Annotated[Path, typer.Option("--from", help="Folder of photos without the expression.")],
    target: Annotated[Path, typer.Option("--to", help="Folder of photos with it.")],
    name: Annotated[str, typer.Option("--name", help='As the slider is called, such as "My smile".')],
    model: Annotated[
        str | None, typer.Option(help="A released model's name or file; default: the shipped one.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File; default: the Studio's own sliders.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a slider of that name.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Make a slider of your own from two folders of photos (Algorithm 1); the Studio lists it under "Own".

    Best are 20 people or more, each in both folders under the same file name. Told are the number of photos, how well
    held-out photos are told apart, how far it is other sliders in disguise, and the range that can be trusted.
    """
    import json

    from fvae_studio.model.own_directions import SUFFIX, direction_name, save_direction
    from fvae_studio.model.registry import load_model
    from trainer.own_direction import describe, make_direction

    path = out or paths.user_directions_dir() / f"{direction_name(name)}{SUFFIX}"
    if path.exists() and not overwrite:
        raise DataError(f"there is a slider in {path} already; replace it with --overwrite, or choose another --name")
    with line_progress() as progress:
        own = make_direction(load_model(model), name, source, target, progress=progress)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_direction(path, own)
    print(json.dumps(dict(own.report) | {"file": str(path)}, indent=1) if as_json else describe(own))
    if not as_json:
        print(f"saved          {path}")


@app.command()
def sheet(
    work: WorkOption = DEFAULT_WORK,
    config: ConfigOption = "studio",
    data: DataOption = None,
    model: Annotated[str | None, typer.Option(help="A released model's name or file; default: this run.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder; default: WORK/sheet.")] = None,
    people: Annotated[int, typer.Option(help="How many held-out people.")] = 10,
    against: Annotated[
        str | None, typer.Option(help="An earlier model's name or file: both are shown beside each other as well.")
    ] = None,
) -> None:
    """Contact sheet: held-out people in every direction, to be looked at. Holds real faces: not to be published."""
    from fvae_studio.model.registry import load_model
    from trainer.prepare import load_prepared
    from trainer.sheet import make_sheet

    with line_progress() as progress:
        loaded, prepared = assembled(work, config, model, progress), load_prepared(work / "prepared")
        folder = out or work / "sheet"
        earlier = None if against is None else load_model(against)
        make_sheet(loaded, prepared, data_folder(data), folder, against=earlier, people=people, progress=progress)
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
    trains = bool({"train", "train-mask", "finetune", "bench"} & set(sys.argv[1:2]))
    if trains and sys.platform == "linux" and "MALLOC_MMAP_THRESHOLD_" not in os.environ:
        # Read by glibc when the process starts: start once more with them set.
        os.execve(sys.executable, [sys.executable, "-m", "trainer", *sys.argv[1:]], os.environ | MALLOC_SETTINGS)
    try:
        app()
    except Cancelled as stop:
        print(str(stop) or "Stopped.", file=sys.stderr)
        sys.exit(1)
    except FvaeStudioError as error:
        print(f"fvae-train: {error}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        if error.errno not in NOT_WRITABLE:
            raise
        print(
            f"fvae-train: {error.filename or 'a file'} cannot be written ({error.strerror}); what was there is whole. "
            "Free some space, or name another folder, and run the same command again",
            file=sys.stderr,
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
