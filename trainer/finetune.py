"""`fvae-train finetune`: a released model on a user's own photos, in one go, and whether that helped.

Each step keeps what it made in the working folder, so that the same command goes on where it was stopped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.errors import DataError
from fvae_studio.model.checkpoint import LoadedModel, save_checkpoint
from fvae_studio.model.warp import resize_flow, warp
from trainer.config import TrainConfig
from trainer.dataset import PairTable
from trainer.datasets import PhotoRecord
from trainer.experiments.intervals import Interval, mean_over_people
from trainer.facekit.fit import FaceFits, fit_faces
from trainer.facekit.mesh import load_facekit
from trainer.initial import start_from
from trainer.loop import train
from trainer.markdown_tables import table
from trainer.mask_loop import train_mask
from trainer.photo_checks import NEUTRAL, Checks
from trainer.prepare import INDEX, PreparedFaces, load_prepared, prepare
from trainer.release import PROVENANCE, assemble
from trainer.render import render
from trainer.run_files import CHECKPOINT
from trainer.shards import find_shards, read_shards
from trainer.step import EditableFlowVae
from trainer.throughput import measure_throughput
from trainer.training_state import load_state
from trainer.validation import MOVING_PX, face_ellipse, masked_psnr

if TYPE_CHECKING:
    from fvae_studio.pipeline.detector import FaceDetector

HELD_OUT_SHARE: Final = 0.25
"""Of people: few as they are, some must be kept to see on whether it helped."""

LEAST_STEPS: Final = 50
MOST_STEPS: Final = 4000
MASK_SHARE: Final = 0.25
"""Steps of the confidence network over those of the flow network."""

PAIRS_WANTED: Final = 3000
"""Rendered pairs, both directions; more of each photo where there are few."""


@dataclass(frozen=True)
class Change:
    """One figure on held-out people before and after.

    Attributes:
        name: of the figure.
        before: mean.
        after: mean.
        gain: improvement, positive is better, with its interval over people.
    """

    name: str
    before: float
    after: float
    gain: Interval

    @property
    def verdict(self) -> str:
        """In a word."""
        if self.gain.low > 0:
            return "better"
        return "worse" if self.gain.high < 0 else "no clear difference"


@dataclass(frozen=True)
class Outcome:
    """What `finetune` found.

    Attributes:
        model_file: the fine-tuned weights.
        num_people: who were held out.
        num_steps: of the flow network.
        changes: figures.
    """

    model_file: Path
    num_people: int
    num_steps: int
    changes: tuple[Change, ...]

    @property
    def helped(self) -> bool:
        """Something is better and nothing is worse."""
        verdicts = {change.verdict for change in self.changes}
        return "better" in verdicts and "worse" not in verdicts

    def to_markdown(self) -> str:
        """The report."""
        rows = [
            [change.name, f"{change.before:.3f}", f"{change.after:.3f}", change.gain.text(3), change.verdict]
            for change in self.changes
        ]
        if self.helped:
            advice = f"It helped. Use {self.model_file.name}: copy it to the user's models, or name it with `--model`."
        elif any(change.verdict == "worse" for change in self.changes):
            advice = (
                "It made something worse: keep the model that you began with; more people, or more steps, may help."
            )
        else:
            advice = "It did not clearly help: keep the model that you began with, or give photos of more people."
        return "\n".join(
            [
                "# Fine-tuning",
                "",
                f"{self.num_steps} steps; measured on {self.num_people} people who were kept out of training, with "
                "95 % intervals over people (none for one person).",
                "",
                *table(["figure", "before", "after", "gain", ""], rows),
                "",
                advice,
            ]
        )

    def write(self, folder: Path) -> None:
        """`finetune.md` and `finetune.json`."""
        (folder / "finetune.md").write_text(self.to_markdown() + "\n", encoding="utf-8")
        values: dict[str, Any] = {
            "model": self.model_file.name,
            "people": self.num_people,
            "steps": self.num_steps,
            "helped": self.helped,
            "changes": [
                {
                    "name": change.name,
                    "before": change.before,
                    "after": change.after,
                    "gain": change.gain.to_dict(),
                    "verdict": change.verdict,
                }
                for change in self.changes
            ],
        }
        (folder / "finetune.json").write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def finetune(
    records: Sequence[PhotoRecord],
    model: LoadedModel,
    config: TrainConfig,
    work: Path,
    *,
    name: str,
    facekit_archive: Path,
    accelerator: str = "auto",
    minutes: float = 60.0,
    num_steps: int = 0,
    workers: int = 2,
    detector: FaceDetector | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Prepare, fit, render, train, measure.

    Args:
        records: the user's photos.
        model: to begin with.
        config: its [model] table gives way to the model's, its schedule to a short one.
        work: folder of all that is made.
        name: of the fine-tuned model.
        facekit_archive: of the face model; not read where `work` has its cache.
        accelerator: Lightning Fabric's name.
        minutes: for the training, which is most of the time; measured beforehand.
        num_steps: instead of `minutes`.
        workers: processes that render.
        detector: MediaPipe's by default.
        progress: told of every step.

    Raises:
        DataError: one person only, nothing but broken photos, ...
        TrainingError: as `loop.train`.
    """
    progress = progress or NoProgress()
    if not (work / "prepared" / INDEX).exists():
        prepare(
            records,
            work / "prepared",
            held_out=HELD_OUT_SHARE,
            detector=detector,
            checks=Checks(),
            progress=progress.subrange(0.0, 0.05),
        )
    prepared = load_prepared(work / "prepared")
    _require_neutral(prepared)
    _fit(prepared, work, facekit_archive, progress.subrange(0.05, 0.05))
    if not find_shards(work / "shards"):
        render(
            work / "prepared",
            work / "fits.npz",
            work / "facekit.npz",
            work / "shards" / "own",
            expressions_per_photo=int(np.clip(PAIRS_WANTED // (2 * len(prepared.faces)), 4, 48)),
            seed=1,
            workers=workers,
            progress=progress.subrange(0.1, 0.15),
        )
    config = _short(config, model, work / "shards", minutes, num_steps, accelerator, progress)
    train(
        config,
        work / "shards",
        work / "run",
        accelerator=accelerator,
        init=model,
        progress=progress.subrange(0.25, 0.55),
    )
    train_mask(
        config,
        work / "shards",
        work / "run",
        accelerator=accelerator,
        init=model,
        progress=progress.subrange(0.8, 0.1),
    )
    progress.report(0.9, "measuring on held-out people")
    held_out = PairTable(read_shards(work / "shards"), held_out=True)
    changes = compare(model, config, work, held_out)
    tuned = assemble(
        config,
        work / "run",
        prepared,
        FaceFits.load(work / "fits.npz"),
        name=name,
        progress=progress.subrange(0.9, 0.1),
    )
    own = {"name": "the user's own photos", "licence": "not for others without their people's consent"}
    provenance = (*(model.header.provenance or PROVENANCE), own)
    tuned = replace(tuned, header=replace(tuned.header, provenance=provenance))
    path = work / f"{name}.safetensors"
    save_checkpoint(path, tuned, half_precision=True)
    people = {face.person for face in prepared.faces if face.split == "held_out"}
    outcome = Outcome(path, len(people), config.train.max_steps, changes)
    outcome.write(work)
    return outcome


def compare(model: LoadedModel, config: TrainConfig, work: Path, held_out: PairTable) -> tuple[Change, ...]:
    """Both networks on the same held-out pairs, person by person."""
    names = held_out.code_names
    before, after = (EditableFlowVae(config.model, code_size=len(names)).eval() for _ in range(2))
    start_from(model, before, PairTable(held_out.shards, held_out=False), seed=config.train.seed)
    after.load_state_dict(load_state(work / "run" / CHECKPOINT, config)["averaged"])
    changes = []
    figures = [_figures(network, held_out) for network in (before, after)]
    for name, is_better_high in (("face PSNR of real pairs, dB", True), ("edit path, end point error, px", False)):
        (old, people), (new, _) = (found[name] for found in figures)
        if not len(old):
            continue
        gain = mean_over_people(new - old if is_better_high else old - new, people)
        changes.append(Change(name, float(np.nanmean(old)), float(np.nanmean(new)), gain))
    return tuple(changes)


@torch.inference_mode()
def _figures(network: EditableFlowVae, pairs: PairTable) -> Mapping[str, tuple[np.ndarray[Any, Any], list[str]]]:
    """One value for each pair, and whose it is."""
    psnr: list[float] = []
    end_point: list[float] = []
    rendered = pairs.rendered[:: max(1, len(pairs.rendered) // 400)]
    for first in range(0, len(pairs.real), 32):
        batch = pairs.batch(pairs.real[first : first + 32])
        latent, _ = network.vae.encode(batch.target)
        warped = warp(batch.source, network.vae.decode(network.vae.source_features(batch.source), latent))
        psnr += masked_psnr(warped, batch.target, face_ellipse(batch.source.shape[-1])).tolist()
    for first in range(0, len(rendered), 32):
        batch = pairs.batch(rendered[first : first + 32])
        mean, _ = network.vae.encode(batch.source)
        latent = mean + network.offset(batch.code)
        features = network.vae.source_features(batch.source, mean)
        flow = resize_flow(network.vae.decode(features, latent), batch.flow.shape[-1])
        moving = ((batch.flow.norm(dim=1) > MOVING_PX) & (batch.visible[:, 0] > 0.5)).float()
        error = ((flow - batch.flow).norm(dim=1) * moving).sum(dim=(1, 2)) / moving.sum(dim=(1, 2))
        end_point += error.tolist()  # NaN where nothing moves: left out of means
    return {
        "face PSNR of real pairs, dB": (np.array(psnr), _people(pairs, pairs.real)),
        "edit path, end point error, px": (np.array(end_point), _people(pairs, rendered)),
    }


def _people(pairs: PairTable, rows: Sequence[tuple[int, int]]) -> list[str]:
    return [pairs.shards[number].persons[pairs.shards[number].person[row]] for number, row in rows]


def _require_neutral(prepared: PreparedFaces) -> None:
    # Now, and not after an hour of training: faces are fitted and ranges are checked on neutral photos.
    for split, who in (("train", "people who are learnt from"), ("held_out", "people who are held out")):
        if all((face.split, face.label) != (split, NEUTRAL) for face in prepared.faces):
            labels = ", ".join(sorted({face.label for face in prepared.faces}))
            raise DataError(
                f"of the {who} no photo that can be used is labelled {NEUTRAL}; there are the labels {labels}. Name "
                f"the files of neutral faces {NEUTRAL}.jpg, prepare anew in another --work folder, and see report.html "
                "there"
            )


def _fit(prepared: PreparedFaces, work: Path, archive: Path, progress: Progress) -> None:
    if (work / "fits.npz").exists():
        return
    cache = work / "facekit.npz"
    facekit = load_facekit(cache if cache.exists() else archive, cache)
    faces = prepared.faces
    neutral = [face.label == NEUTRAL for face in faces]
    fits = fit_faces(facekit, prepared.landmarks, [face.person for face in faces], neutral, progress=progress)
    fits.save(work / "fits.npz")


def _short(
    config: TrainConfig,
    model: LoadedModel,
    shards: Path,
    minutes: float,
    num_steps: int,
    accelerator: str,
    progress: Progress,
) -> TrainConfig:
    """A schedule that fits into the time: low rate, no growth of the prior, evaluated ten times.

    The number of steps is kept with the run: the schedule must not change where a stopped one goes on.
    """
    config = replace(
        config,
        model=model.header.config,
        loss=replace(config.loss, prior_start=1.0),
        optim=replace(config.optim, learning_rate=min(config.optim.learning_rate, 3e-4), schedule="cosine"),
    )
    plan = shards.parent / "plan.json"
    if plan.exists():
        num_steps = int(json.loads(plan.read_text(encoding="utf-8"))["steps"])
    elif not num_steps:
        progress.report(0.25, "measuring how fast training goes")
        found = measure_throughput(config, shards, accelerator=accelerator, num_steps=5)
        # The confidence network, evaluations and measuring take their part.
        per_minute = 60 * found.pairs_per_second / (config.train.batch_size * config.train.accumulate)
        num_steps = int(np.clip(0.7 * minutes * per_minute, LEAST_STEPS, MOST_STEPS))
    plan.write_text(json.dumps({"steps": num_steps}) + "\n", encoding="utf-8")
    settings = replace(
        config.train,
        max_steps=num_steps,
        mask_steps=max(1, int(MASK_SHARE * num_steps)),
        evaluate_every=max(1, num_steps // 10),
        early_stopping=True,
        patience=10,
    )
    return replace(config, train=settings)
