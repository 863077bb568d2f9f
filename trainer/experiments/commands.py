"""The paper's tables and figures as commands of `fvae-train`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    # torch and mediapipe stay out of the command line's own import.
    from fvae_studio.model.flow_vae import FlowVae
    from fvae_studio.pipeline.detector import FaceDetector
    from trainer.baselines.rgb_vae import RgbVae
    from trainer.experiments.result import ExperimentResult
    from trainer.facekit.mesh import FaceKit

experiments = typer.Typer()

ModelOption = Annotated[str | None, typer.Option("--model", help="A released model's name or file; default: this run.")]
VaeOption = Annotated[
    Path | None, typer.Option("--vae", help="Folder of a run trained with --config vae; default: left out.")
]
PapersOption = Annotated[
    Path | None, typer.Option("--paper", help="Folder of a run trained with --config paper; default: left out.")
]
OutOption = Annotated[Path | None, typer.Option("--out", "-o", help="Folder of the report; default: WORK/experiments.")]
PublishOption = Annotated[
    Path | None, typer.Option("--publish", help="A second folder, for the report without pictures of real people.")
]


@experiments.command()
def table1(
    work: WorkOption = DEFAULT_WORK,
    config: ConfigOption = "studio",
    model: ModelOption = None,
    vae: VaeOption = None,
    papers: PapersOption = None,
    out: OutOption = None,
    publish: PublishOption = None,
) -> None:
    """Table 1: how close each method comes to a target that it may see; with intervals over people."""
    from trainer.experiments.table1 import table1 as run
    from trainer.prepare import load_prepared

    prepared = load_prepared(work / "prepared")
    with line_progress() as progress, built_in_detector() as detector:
        loaded = assembled(work, config, model, progress)
        compared = run(
            loaded, prepared, detector=detector, vae=named_vae(vae), papers=named_papers(papers), progress=progress
        )
        finish(compared, work, out, publish)


@experiments.command()
def figure4(
    work: WorkOption = DEFAULT_WORK,
    config: ConfigOption = "studio",
    data: DataOption = None,
    model: ModelOption = None,
    vae: VaeOption = None,
    out: OutOption = None,
    publish: PublishOption = None,
    people: Annotated[int, typer.Option(help="How many held-out people, at most.")] = 16,
) -> None:
    """Figure 4: editing side by side, the target never seen: slider, Algorithm 1, average flow, VAE."""
    from trainer.experiments.figure4 import figure4 as run
    from trainer.facekit.fit import FaceFits
    from trainer.prepare import load_prepared

    prepared, folder, fits = load_prepared(work / "prepared"), data_folder(data), FaceFits.load(work / "fits.npz")
    with line_progress() as progress, built_in_detector() as detector:
        result = run(
            assembled(work, config, model, progress),
            prepared,
            folder,
            detector=detector,
            facekit=face_model(work, folder),
            fits=fits,
            vae=named_vae(vae),
            num_people=people,
            progress=progress,
        )
    finish(result, work, out, publish)


@experiments.command()
def figure5(
    work: WorkOption = DEFAULT_WORK,
    config: ConfigOption = "studio",
    data: DataOption = None,
    model: ModelOption = None,
    out: OutOption = None,
    publish: PublishOption = None,
    direction: Annotated[str, typer.Option(help="Of the slider beside Algorithm 1.")] = "smile",
) -> None:
    """Figure 5: suppress and magnify the expression of everyday photos."""
    from trainer.experiments.figure5 import figure5 as run
    from trainer.prepare import load_prepared

    prepared, folder = load_prepared(work / "prepared"), data_folder(data)
    with line_progress() as progress, built_in_detector() as detector:
        loaded = assembled(work, config, model, progress)
        result = run(loaded, prepared, folder, detector=detector, direction=direction, progress=progress)
    finish(result, work, out, publish)


@experiments.command()
def figure6(
    work: WorkOption = DEFAULT_WORK,
    config: ConfigOption = "studio",
    data: DataOption = None,
    model: ModelOption = None,
    vae: VaeOption = None,
    out: OutOption = None,
    publish: PublishOption = None,
    people: Annotated[int, typer.Option(help="How many held-out people.")] = 5,
    frames: Annotated[int, typer.Option(min=3, help="Both ends included.")] = 9,
) -> None:
    """Figure 6: in-betweens of two photos by six methods; sharpness, evenness and exact ends."""
    from trainer.experiments.figure6 import figure6 as run
    from trainer.prepare import load_prepared

    prepared, folder = load_prepared(work / "prepared"), data_folder(data)
    with line_progress() as progress, built_in_detector() as detector:
        loaded = assembled(work, config, model, progress)
        result = run(
            loaded,
            prepared,
            folder,
            detector=detector,
            vae=named_vae(vae),
            num_people=people,
            num_frames=frames,
            progress=progress,
        )
    finish(result, work, out, publish)


@experiments.command()
def figure7(
    work: WorkOption = DEFAULT_WORK,
    config: ConfigOption = "studio",
    data: DataOption = None,
    model: ModelOption = None,
    out: OutOption = None,
    publish: PublishOption = None,
    direction: Annotated[str, typer.Option(help="Of the edit.")] = "smile",
    people: Annotated[int, typer.Option(help="How many held-out people.")] = 8,
) -> None:
    """Figure 7: an edit enlarged as pixels and as flow, four and ten times; sharpness."""
    from trainer.experiments.figure7 import figure7 as run
    from trainer.prepare import load_prepared

    prepared, folder = load_prepared(work / "prepared"), data_folder(data)
    with line_progress() as progress, built_in_detector() as detector:
        loaded = assembled(work, config, model, progress)
        result = run(
            loaded, prepared, folder, detector=detector, direction=direction, num_people=people, progress=progress
        )
    finish(result, work, out, publish)


@experiments.command()
def limits(
    work: WorkOption = DEFAULT_WORK,
    config: ConfigOption = "studio",
    data: DataOption = None,
    model: ModelOption = None,
    out: OutOption = None,
    publish: PublishOption = None,
) -> None:
    """Where the method ends: relit photos, turned heads, glasses, and figures by group of people."""
    from trainer.experiments.limits.report import limits as run
    from trainer.facekit.fit import FaceFits
    from trainer.prepare import load_prepared

    prepared, folder, fits = load_prepared(work / "prepared"), data_folder(data), FaceFits.load(work / "fits.npz")
    with line_progress() as progress, built_in_detector() as detector:
        result = run(
            assembled(work, config, model, progress),
            prepared,
            folder,
            detector=detector,
            facekit=face_model(work, folder),
            fits=fits,
            progress=progress,
        )
    finish(result, work, out, publish)


def finish(result: ExperimentResult, work: Path, out: Path | None, publish: Path | None) -> None:
    """Write the report, publish what may be published, and print it."""
    folder = out or work / "experiments"
    result.write(folder)
    if publish is not None:
        result.publish(publish)
    print(result.text)
    print(f"\nreport and pictures in {folder}")


def face_model(work: Path, data: Path) -> FaceKit:
    """FaceKit as `fvae-train fit-faces` keeps it, or from its archive among the data."""
    from trainer.facekit.mesh import load_facekit

    cache = work / "facekit.npz"
    return load_facekit(cache if cache.exists() else data / "facekit" / "FaceXModel.tar.xz", cache)


def named_vae(folder: Path | None) -> RgbVae | None:
    """The VAE of a run, if one was named."""
    if folder is None:
        return None
    from trainer.baselines.rgb_vae import load_rgb_vae

    return load_rgb_vae(folder)


def named_papers(folder: Path | None) -> FlowVae | None:
    """The network of a run of the paper's configuration, if one was named."""
    if folder is None:
        return None
    from trainer.baselines.runs import load_flow_vae

    return load_flow_vae(folder)


@contextmanager
def built_in_detector() -> Iterator[FaceDetector]:
    """MediaPipe's, closed at the end."""
    from fvae_studio.pipeline.detector import MediaPipeFaceDetector

    detector = MediaPipeFaceDetector()
    try:
        yield detector
    finally:
        detector.close()
