"""Training checkpoint -> released weights: named directions with checked ranges, provenance, figures, manifest row."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.photo_io import atomic_write
from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.errors import DataError
from fvae_studio.model.checkpoint import LoadedModel, save_checkpoint
from fvae_studio.model.directions import Direction, DirectionSet
from fvae_studio.model.flow_vae import ConfidenceNet
from fvae_studio.model.weights import CheckpointHeader, read_header
from fvae_studio.pipeline.predictor import FlowPredictor
from trainer.baselines.rgb_training import require_flow
from trainer.config import TrainConfig
from trainer.crops import model_crop
from trainer.facekit.expressions import HEAD_RECIPES, NUM_POSE, RECIPES, Recipe, both, rendered_range
from trainer.facekit.fit import FaceFits
from trainer.fit_expression import fit_direction, fit_expression
from trainer.fit_gauge import fit_gauge
from trainer.fit_parting import fit_parting
from trainer.head_motion import SIDES, about_the_neck
from trainer.prepare import PreparedFaces
from trainer.released_axes import write_axes
from trainer.run_files import CHECKPOINT
from trainer.step import AXES_SCALE, EditableFlowVae
from trainer.training_state import load_state
from trainer.validation import fold_share

PROVENANCE: Final = (
    {
        "name": "Face Research Lab London Set",
        "authors": "Lisa DeBruine and Benedict Jones, 2017",
        "doi": "10.6084/m9.figshare.5047666.v5",
        "licence": "CC BY 4.0",
    },
    {
        "name": "Young Adult White Faces with Manipulated Versions",
        "authors": "Lisa DeBruine and Benedict Jones, 2017",
        "doi": "10.6084/m9.figshare.4220517.v1",
        "licence": "CC BY 4.0",
    },
    {
        "name": "ICT-FaceKit light model",
        "authors": "USC Institute for Creative Technologies, 2020",
        "licence": "MIT",
    },
)

CHECKED_STRENGTHS: Final = (-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
"""Where the trusted range of a direction is looked for."""

BROAD: Final = 1.5
"""How far "Big smile" goes along the fitted smile: people's broader smiles, of which the fitted one is the mean."""

BROAD_EYES: Final = both(cheekSquint=0.4, eyeSquint=0.2)
"""What narrows the eyes beside it."""

MOST_FOLDS: Final = 0.002
"""Share of folded cells (before they are mended) in the median photo up to which a strength is trusted."""


def mean_smile(fits: FaceFits, prepared: PreparedFaces, names: Sequence[str]) -> dict[str, float]:
    """The training people's mean change from neutral to smile in FaceKit's shapes, the same on both sides."""
    pairs = prepared.pairs("neutral", "smile", split="train")
    if not pairs:
        raise DataError("no training person has a neutral and a smiling photo")
    change = np.mean([fits.expression[smile] - fits.expression[neutral] for neutral, smile in pairs], axis=0)
    weights = dict(zip(names, change.tolist(), strict=True))
    even = {}
    for name, weight in weights.items():
        stem, _, side = name.rpartition("_")
        other = weights[f"{stem}_{'R' if side == 'L' else 'L'}"] if side in {"L", "R"} else weight
        # One-sided shapes without a partner say how a single person's head was turned, not how people smile.
        keep = side in {"L", "R"} or name == "jawOpen"
        if keep and (weight + other) / 2 > 0.01:
            even[name] = (weight + other) / 2
    return even


def broader(smile: Mapping[str, float]) -> dict[str, float]:
    """The shapes of a big smile from those of a smile."""
    shapes = {name: BROAD * weight for name, weight in smile.items()}
    for name, weight in BROAD_EYES.items():
        shapes[name] = shapes.get(name, 0.0) + weight
    return shapes


def direction_vector(
    axes: NDArray[np.float32], code_names: Sequence[str], shapes: Mapping[str, float]
) -> NDArray[np.float32]:
    """W e for named shapes: (C, h, w)."""
    code = np.zeros(len(code_names), np.float32)
    for name, weight in shapes.items():
        code[list(code_names).index(name)] = weight
    vector: NDArray[np.float32] = np.tensordot(code, axes, axes=1).astype(np.float32)
    return vector


def assemble(
    config: TrainConfig,
    run_dir: Path,
    prepared: PreparedFaces,
    fits: FaceFits,
    *,
    name: str,
    progress: Progress | None = None,
) -> LoadedModel:
    """Build the model that is evaluated and released from a run's checkpoint.

    Every slider is W e of its recipe. "Smile" starts as the training people's mean smile and is then fitted, so that at
    strength 1 it brings *training* people's mouths closest to their real smiles, and at -1 their smiles closest to
    their neutral photos (`fit_direction`), each as far as it is a smile (`fit_gauge`). "Big smile" goes further that
    way and narrows the eyes: its recipe's shapes part lips so far that closed ones come out thick. Without smiling
    photos both stay their recipes. The head's sliders turn about the neck. How far sliders part lips that show teeth is
    measured on smiles (`fit_parting`).
    """
    progress = progress or NoProgress()
    require_flow(config)
    state = load_state(run_dir / CHECKPOINT, config)
    code_names = tuple(state["code_names"])
    network = EditableFlowVae(config.model, code_size=len(code_names))
    network.load_state_dict(state["averaged"])
    if "confidence" not in state:
        raise DataError(f"{run_dir} has no confidence network yet; run `fvae-train train-mask` first")
    confidence = ConfidenceNet(config.model)
    confidence.load_state_dict(state["confidence"])
    vae = network.vae.eval().requires_grad_(requires_grad=False)
    confidence.eval().requires_grad_(requires_grad=False)
    axes = network.axes.detach().numpy()

    mixtures = {recipe.name: recipe.shapes for recipe in (*RECIPES, *HEAD_RECIPES)}
    pairs = prepared.pairs("neutral", "smile", split="train")
    if pairs:
        mixtures["smile"] = fit_expression(
            vae,
            axes,
            code_names,
            prepared,
            pairs,
            mean_smile(fits, prepared, code_names[:-NUM_POSE]),
            progress=progress.subrange(0.0, 0.25),
        )
        mixtures["big_smile"] = broader(mixtures["smile"])
    vectors = {recipe.name: direction_vector(axes, code_names, mixtures[recipe.name]) for recipe in RECIPES}
    if pairs:
        smile = fit_direction(vae, vectors["smile"], prepared, pairs, progress=progress.subrange(0.25, 0.25))
        vectors["big_smile"] += np.float32(BROAD) * (smile - vectors["smile"])
        vectors["smile"] = smile
    directions = [_direction(recipe, vectors[recipe.name]) for recipe in RECIPES]
    for recipe, side in zip(HEAD_RECIPES, SIDES, strict=True):
        vector = direction_vector(axes, code_names, recipe.shapes)
        directions.append(_direction(recipe, about_the_neck(vae, vector, prepared, side=side)))
    header = CheckpointHeader(
        name=name, config=config.model, provenance=PROVENANCE, training=json.loads(state["config"])
    )
    model = LoadedModel(vae, confidence, DirectionSet(directions, latent_shape=config.model.latent_shape), header)
    if pairs:
        gauge = fit_gauge(model, "smile", prepared, pairs, progress=progress.subrange(0.5, 0.15))
        parts = fit_parting(model, prepared, [smile for _, smile in pairs], progress=progress.subrange(0.65, 0.05))
        directions = [
            replace(item, gauge=gauge if item.name == "smile" else None, parts=parts.get(item.name, 0.0))
            for item in directions
        ]
        model = replace(model, directions=DirectionSet(directions, latent_shape=config.model.latent_shape))
    progress.report(0.7, "checking the ranges of the directions")
    ranges = {
        name: within_rendered(found, mixtures[name], is_gauged=model.directions[name].gauge is not None)
        for name, found in trusted_ranges(model, prepared).items()
    }
    directions = [replace(item, vector=item.vector.copy(), trusted=ranges[item.name]) for item in directions]
    return replace(model, directions=DirectionSet(directions, latent_shape=config.model.latent_shape))


def trusted_ranges(
    model: LoadedModel, prepared: PreparedFaces, *, num_photos: int = 12
) -> dict[str, tuple[float, float]]:
    """For each direction, the widest range around 0 in which the raw flow of the median held-out photo hardly folds.

    Raises:
        DataError: no held-out person has a neutral photo.
    """
    neutral = [row for row, face in enumerate(prepared.faces) if (face.split, face.label) == ("held_out", "neutral")]
    neutral = neutral[:num_photos]
    if not neutral:
        raise DataError("no held-out person has a neutral photo, on which the ranges of the directions are checked")
    predictor = FlowPredictor(model, device="cpu")
    folds = {name: np.zeros((len(neutral), len(CHECKED_STRENGTHS))) for name in model.directions}
    for number, row in enumerate(neutral):
        predictor.set_crop(model_crop(prepared, row))
        for name in model.directions:
            fields = [predictor.predict([{name: strength}])[0] for strength in CHECKED_STRENGTHS]
            flows = torch.from_numpy(np.stack([field.flow for field in fields])).permute(0, 3, 1, 2)
            cells = flows * (flows.shape[-1] / CROP_SIZE)
            folds[name][number] = [fold_share(cells[k : k + 1]).item() for k in range(len(CHECKED_STRENGTHS))]
    return {name: range_around_zero(np.median(values, axis=0) <= MOST_FOLDS) for name, values in folds.items()}


def within_rendered(
    found: tuple[float, float], shapes: Mapping[str, float], *, is_gauged: bool = False
) -> tuple[float, float]:
    """The part of a range in which every shape keeps to what was rendered, in steps of a twentieth.

    A gauge takes away what a photo shows, which is on the way to what was rendered, and at -1 all of it: that far its
    direction is trusted whatever its shapes are.
    """
    low, high = rendered_range(shapes)
    low = -1.0 if is_gauged else low
    return max(found[0], math.ceil(low * 20) / 20), min(found[1], math.floor(high * 20) / 20)


def range_around_zero(is_fine: NDArray[np.bool_]) -> tuple[float, float]:
    """The widest part of `CHECKED_STRENGTHS` around 0 in which all are fine."""
    zero = CHECKED_STRENGTHS.index(0.0)
    low = high = zero
    while low > 0 and is_fine[low - 1]:
        low -= 1
    while high < len(CHECKED_STRENGTHS) - 1 and is_fine[high + 1]:
        high += 1
    return CHECKED_STRENGTHS[low], CHECKED_STRENGTHS[high]


def write_release(model: LoadedModel, out: Path, *, title: str, description: str, metrics: Mapping[str, Any]) -> Path:
    """Write the weights file and its row in `manifest.json`; it becomes the default model.

    Args:
        model: as `assemble` builds it; its header's name becomes the file's.
        out: the folder of models; other rows of its manifest are kept.
        title: for people.
        description: a sentence or two.
        metrics: of the evaluation, a few numbers by name.
    """
    out.mkdir(parents=True, exist_ok=True)
    name = model.header.name
    path = out / f"{name}.safetensors"
    model = replace(model, header=replace(model.header, metrics=dict(metrics)))
    save_checkpoint(path, model, half_precision=True)
    manifest_path = out / "manifest.json"
    manifest: dict[str, Any] = {"schema": 1, "default": name, "models": []}
    if manifest_path.exists():
        manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
    row = {
        "name": name,
        "file": path.name,
        "title": title,
        "description": description,
        "size_bytes": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "metrics": dict(metrics),
    }
    manifest["models"] = [item for item in manifest["models"] if item["name"] != name] + [row]
    manifest["default"] = name
    with atomic_write(manifest_path) as file:
        file.write((json.dumps(manifest, indent=2) + "\n").encode())
    return path


def keep_axes(released: Path, run_dir: Path) -> Path:
    """Keep W of a run beside the trainer, for trainings that begin with the file that was released from it."""
    header = read_header(released)
    state = torch.load(run_dir / CHECKPOINT, map_location="cpu", weights_only=True)
    axes = state["averaged"]["raw_axes"].numpy() * AXES_SCALE
    return write_axes(header.name, header.sha256, axes, state["code_names"])


def _direction(recipe: Recipe, vector: NDArray[np.float32]) -> Direction:
    return Direction(
        name=recipe.name,
        label=recipe.label,
        group=recipe.group,
        vector=vector,
        trusted=(0.0, 1.0),
        description=recipe.description,
        mirrored=recipe.mirrored,
    )
