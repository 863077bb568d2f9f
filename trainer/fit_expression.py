"""Finding the expression code that brings neutral photos closest to people's real photos of an expression.

Algorithm 1 takes the difference of two mean latents. With the axes W at hand there is a surer way: choose the code e
so that g(S, Z(S) + W e) moves the *training* people's lips, lids and outline by as much as they move in their real
photos on average. Only the mixture of shapes is chosen; what each shape does to a face was learned from exact flows, so
the slider stays a pure expression.

On average: nobody's neutral photo tells how this person smiles. Asked to bring everybody to their own smile, a free
direction finds ways to move 65 people differently, and moves others differently for no reason
(`docs/experiments.md`, "smile, to the mean").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from fvae_studio.core.alignment import CROP_SIZE, EYE_DISTANCE
from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.model.directions import Latent
from fvae_studio.model.flow_vae import FlowVae
from fvae_studio.model.preprocess import to_tensor
from trainer.crops import small_crop
from trainer.facekit.expressions import NUM_POSE
from trainer.facekit.landmarks import JAW_POINTS, LID_POINTS, MOUTH_POINTS
from trainer.metrics import mean_motion, register
from trainer.prepare import PreparedFaces

FITTED: Final = ("mouth", "cheek", "jaw", "nose", "eyeSquint")
"""Shapes that are fitted: the others hardly reach lips and lids, which cannot tell how much of them there should be."""

LIDS_WEIGHT: Final = 0.5
"""Of the lids' distance beside that of the lips. Without it the squint that lifts cheeks comes out twice as strong as
people's, and at -1 eyes open too far."""

JAW_WEIGHT: Final = 1.0
"""Of the outline's distance. Without it cheeks become narrow between ears and jaw where a broad smile is taken back."""

STEPS: Final = 60
BATCH: Final = 13
LEARNING_RATE: Final = 0.04
STAY: Final = 0.0005
"""Price, in eye distances, of a code one squared unit away from where the search begins. Chosen on training people:
0.0005 removed 26 % of their mouth landmark error, 0.003 25 %, and with the lips held closed during the search (the
gradient does not see what holds them) 17 %."""

DIRECTION_STEPS: Final = 60
DIRECTION_RATE: Final = 0.15
DIRECTION_STAY: Final = 1e-5
"""Price, in eye distances, of a direction one squared unit away from where the search begins (a smile is about 78 units
long). Chosen by taking thirds of the training people out: see `docs/experiments.md`."""

RANGE: Final = (-0.3, 1.5)
"""Of a shape's weight: beyond, no shape was ever rendered."""


def fit_expression(
    vae: FlowVae,
    axes: NDArray[np.float32],
    code_names: Sequence[str],
    prepared: PreparedFaces,
    pairs: Sequence[tuple[int, int]],
    start: Mapping[str, float],
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> dict[str, float]:
    """Fit one code to many people.

    Args:
        vae: frozen, in evaluation mode.
        axes: W, (K, C, h, w).
        code_names: K names, the last three those of the head's pose, which stays as it is.
        prepared: the photos.
        pairs: rows (neutral, with the expression) of the same person.
        start: weights of shapes to begin with, and to stay near; those that are not `FITTED` are kept.
        seed: of the order of people.
        progress: told of each step.

    Returns:
        Weights of shapes, the same on both sides of the face; those below 0.01 are left out.
    """
    progress = progress or NoProgress()
    axis = torch.from_numpy(axes)
    names = list(code_names)
    groups = _symmetric_groups(names[:-NUM_POSE])
    still = {name: weight for name, weight in start.items() if not name.startswith(FITTED)}
    rest = torch.tensor([still.get(name, 0.0) for name in names])
    spread = torch.zeros(len(groups), len(names))
    for row, members in enumerate(groups):
        spread[row, members] = 1
    begin = torch.tensor([float(np.mean([start.get(names[k], 0.0) for k in members])) for members in groups])
    weights = begin.clone().requires_grad_()

    motion = mean_motion(prepared.landmarks, pairs)

    def price(chosen: list[tuple[int, int]]) -> Tensor:
        offset = torch.einsum("k,kchw->chw", weights @ spread + rest, axis)
        there = _distance(vae, offset, prepared, *_on_average(prepared, chosen, motion))
        return there + STAY * (weights - begin).square().sum()

    _minimise(
        weights,
        price,
        pairs,
        _Search(STEPS, LEARNING_RATE, "fitting the smile to people's smiles", RANGE),
        seed,
        progress,
    )
    code = (weights.detach() @ spread + rest).tolist()
    return {name: round(value, 4) for name, value in zip(names, code, strict=True) if abs(value) >= 0.01}


def fit_direction(
    vae: FlowVae,
    start: Latent,
    prepared: PreparedFaces,
    pairs: Sequence[tuple[int, int]],
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> Latent:
    """Move a direction of the latent a little, so that it brings people closer to the expression, and back from it.

    A mixture of shapes can only do what was rendered: of photos that show the expression it takes less away than the
    people's own latents hold. Here the direction itself is free, and both ways count alike: Z(neutral) + d shall reach
    the expression as people show it on average, Z(expression) - d this person's neutral photo, which the photo knows.

    Args:
        vae: frozen, in evaluation mode.
        start: W e, (C, h, w); the direction stays near it.
        prepared: the photos.
        pairs: rows (neutral, with the expression) of the same person.
        seed: of the order of people.
        progress: told of each step.
    """
    progress = progress or NoProgress()
    begin = torch.from_numpy(np.ascontiguousarray(start, np.float32))
    direction = free_direction(vae, begin)
    motion = mean_motion(prepared.landmarks, pairs)

    def price(chosen: list[tuple[int, int]]) -> Tensor:
        there = _distance(vae, direction, prepared, *_on_average(prepared, chosen, motion))
        back = _distance(vae, -direction, prepared, *_back(prepared, chosen))
        return (there + back) / 2 + DIRECTION_STAY * (direction - begin).square().sum()

    _minimise(
        direction, price, pairs, _Search(DIRECTION_STEPS, DIRECTION_RATE, "fitting the smile both ways"), seed, progress
    )
    return direction.detach().numpy().copy()


def free_direction(vae: FlowVae, start: Tensor) -> Tensor:
    """A copy of a slider's vector (C, h, w) that a search may move: all but descriptors, which sliders leave alone."""
    direction = start.clone().requires_grad_()

    def without_descriptors(slope: Tensor) -> Tensor:
        slope = slope.clone()
        slope[vae.config.tracked] = 0
        return slope

    direction.register_hook(without_descriptors)  # type: ignore[no-untyped-call]  # torch has no types here
    return direction


@dataclass(frozen=True)
class _Search:
    """How a price is brought down: steps, rate at the first of them, what is told, and between which values."""

    steps: int
    rate: float
    stage: str
    limits: tuple[float, float] | None = None


def _minimise(
    free: Tensor,
    price: Callable[[list[tuple[int, int]]], Tensor],
    pairs: Sequence[tuple[int, int]],
    search: _Search,
    seed: int,
    progress: Progress,
) -> None:
    """Move `free`, in place, to where the price of some people at a time is low; the rate falls to zero."""
    optimizer = torch.optim.Adam([free], lr=search.rate)
    order = np.random.default_rng(seed)
    queue: list[int] = []
    for step in range(search.steps):
        progress.raise_if_cancelled()
        progress.report(step / search.steps, search.stage)
        if not queue:
            queue = order.permutation(len(pairs)).tolist()
        chosen, queue = [pairs[row] for row in queue[:BATCH]], queue[BATCH:]
        loss = price(chosen)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch has no types here
        for group in optimizer.param_groups:
            group["lr"] = search.rate * (1 - step / search.steps)
        optimizer.step()
        if search.limits is not None:
            with torch.no_grad():
                free.clamp_(*search.limits)


def _on_average(
    prepared: PreparedFaces, pairs: Sequence[tuple[int, int]], motion: NDArray[np.float32]
) -> tuple[list[int], NDArray[np.float32]]:
    """The neutral photos, and (N, 478, 2) where their landmarks would be by the mean motion."""
    rows = [neutral for neutral, _ in pairs]
    return rows, prepared.landmarks[rows] + motion


def _back(prepared: PreparedFaces, pairs: Sequence[tuple[int, int]]) -> tuple[list[int], NDArray[np.float32]]:
    """The photos with the expression, and (N, 478, 2) where the same people's neutral photos have their landmarks."""
    marks = prepared.landmarks
    wanted = np.stack([register(marks[neutral], marks[shown]) for neutral, shown in pairs])
    return [shown for _, shown in pairs], wanted


def _distance(
    vae: FlowVae, offset: Tensor, prepared: PreparedFaces, rows: Sequence[int], wanted: NDArray[np.floating[Any]]
) -> Tensor:
    """How far from lips, lids and outline the pixels come from that are shown where those are wanted, in eye distances.

    Args:
        vae: frozen.
        offset: (C, h, w), added to the photos' latents.
        prepared: the photos.
        rows: of those that are edited.
        wanted: (N, 478, 2) where their landmarks shall be, crop pixels.
    """
    crops = np.stack([small_crop(prepared.crops[row]) for row in rows])
    images = to_tensor(crops)
    with torch.no_grad():
        mean, _ = vae.encode(images)
        features = vae.source_features(images, mean)
        base = vae.decode(features, mean)
    flow = vae.decode(features, mean + offset) - base
    points = np.concatenate([MOUTH_POINTS, LID_POINTS, JAW_POINTS])
    photo = prepared.landmarks[list(rows)][:, points]
    at = torch.from_numpy(wanted[:, points].astype(np.float32))
    grid = ((at + 0.5) * (2 / CROP_SIZE) - 1)[:, None]
    seen = F.grid_sample(flow.float(), grid, mode="bilinear", padding_mode="border", align_corners=False)
    # The output shows, at the wanted place of each landmark, what lies at p + flow(p) in the photo.
    error = at + seen[:, :, 0].transpose(1, 2) - torch.from_numpy(photo.astype(np.float32))
    distance = torch.sqrt(error.square().sum(dim=2) + 1e-3) / EYE_DISTANCE
    lids = slice(len(MOUTH_POINTS), len(MOUTH_POINTS) + len(LID_POINTS))
    return (
        distance[:, : lids.start].mean()
        + LIDS_WEIGHT * distance[:, lids].mean()
        + JAW_WEIGHT * distance[:, lids.stop :].mean()
    )


def _symmetric_groups(names: Sequence[str]) -> list[list[int]]:
    """Indices of shapes that move together: both sides of one kind; a shape that has one side only is left out."""
    groups: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        stem, _, side = name.rpartition("_")
        if side in {"L", "R"}:
            groups.setdefault(stem, []).append(index)
        elif name == "jawOpen":
            groups[name] = [index]
    return [members for stem, members in groups.items() if stem.startswith(FITTED)]
