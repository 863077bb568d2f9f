"""Whether each expression is there: its landmarks against those of the same face rendered in that expression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.alignment import EYE_DISTANCE
from fvae_studio.core.eye_layers import closed_shares
from fvae_studio.core.eye_motion import Side
from fvae_studio.core.geometry import Points
from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.pipeline.engine import settle
from fvae_studio.pipeline.predictor import FlowPredictor
from trainer.crops import model_crop
from trainer.facekit.expressions import RECIPES, Recipe, expression_code
from trainer.facekit.fit import FaceFits
from trainer.facekit.mesh import FaceKit
from trainer.held_out import held_out_neutral
from trainer.metrics import landmark_motion
from trainer.prepare import PreparedFaces
from trainer.render import render_expressions

LIDS: Final[dict[Side, tuple[int, int]]] = {"R": (159, 145), "L": (386, 374)}
"""MediaPipe's points in the middle of the upper and the lower lid, of the person's own eyes."""

MOVES: Final = 0.005
"""Mean motion of the landmarks, in eye distances, from which an expression is one that landmarks can tell."""

ALIKE: Final = 0.9
"""Cosine between the rendered motions of two expressions from which they are one in two strengths, such as smile and
big smile: neither is a mistake for the other."""


@dataclass(frozen=True)
class ReachFigures:
    """One slider at strength 1, over held-out people.

    Attributes:
        name: of the slider.
        group: under which it is shown.
        recognised: share of people whose edited landmarks look most like this expression, by the angle between motions,
            among the expressions of its group that are not its like; NaN where there is none, or where it moves
            too little.
        taken_for: the expression of the group that it is mostly taken for where it is not recognised, or "".
        reach: motion of the landmarks along the rendered one, over the rendered one; 1 reaches it. Median.
        miss: distance to the rendered landmarks over their motion; 0 is exact, 1 is doing nothing. Median.
        closed: of an eye's opening, what the slider's flow closes, and what the rendered one does: medians; below 0 it
            opens.
        shut: the same of the slider as it is shown, with lids that meet.
            For sliders of lids only, else NaN.
    """

    name: str
    group: str
    recognised: float
    taken_for: str
    reach: float
    miss: float
    closed: tuple[float, float]
    shut: float


def reach_figures(
    model: LoadedModel,
    facekit: FaceKit,
    fits: FaceFits,
    prepared: PreparedFaces,
    *,
    num_photos: int = 24,
    progress: Progress | None = None,
) -> tuple[ReachFigures, ...]:
    """Move held-out neutral photos' landmarks by every slider, and by the exact flow of its rendered expression.

    The flow is the one that the product shows: closed lips stay closed in it, so what parts lips cannot be reached.

    Args:
        model: with its directions.
        facekit: the face model.
        fits: of the prepared photos.
        prepared: whose held-out photos are edited.
        num_photos: evenly taken from the held-out neutral ones.
        progress: told of every photo.

    Returns:
        One for each recipe that the model has; empty without directions.

    Raises:
        DataError: no held-out photo is neutral.
    """
    recipes = [recipe for recipe in RECIPES if recipe.name in model.directions]
    if not recipes:
        return ()
    progress = progress or NoProgress()
    predictor = FlowPredictor(model, device="cpu")
    codes = [expression_code(facekit, recipe.shapes) for recipe in recipes]
    rows = held_out_neutral(prepared, num_photos)
    made, wanted, places, shut = [], [], [], []
    for number, row in enumerate(rows):
        progress.raise_if_cancelled()
        progress.report(number / len(rows), "landmarks of every slider")
        landmarks = np.asarray(prepared.landmarks[row])
        predictor.set_crop(model_crop(prepared, row))
        flows = predictor.predict_many([{recipe.name: 1.0} for recipe in recipes], with_confidence=False)
        shown = [settle(flow, landmarks).flow for flow in flows]
        made.append([landmark_motion(landmarks, flow) - landmarks for flow in shown])
        shut.append([closed_shares(flow, landmarks) for flow in shown])
        pairs = render_expressions(facekit, fits, prepared, row, codes)
        wanted.append([landmark_motion(landmarks, pair.forward) - landmarks for pair in pairs])
        places.append(landmarks)
    motions = np.array(made), np.array(wanted), np.array(places)
    return tuple(
        _figures(recipe, recipes, *motions, [of_photo[column] for of_photo in shut])
        for column, recipe in enumerate(recipes)
    )


def _figures(
    recipe: Recipe,
    recipes: list[Recipe],
    made: NDArray[np.float32],
    wanted: NDArray[np.float32],
    places: NDArray[np.float32],
    shut: Sequence[Mapping[Side, float]],
) -> ReachFigures:
    """Motions (people, recipes, 478, 2) and landmarks (people, 478, 2), crop pixels; what is closed of each eye."""
    column = recipes.index(recipe)
    mine, truth = made[:, column], wanted[:, column]
    squared = np.maximum((truth**2).sum(axis=(1, 2)), 1e-9)
    group = [k for k, other in enumerate(recipes) if other.group == recipe.group]
    # What moves no landmark has no angle.
    group = [k for k in group if np.hypot(*np.moveaxis(wanted[:, k], -1, 0)).mean() > MOVES * EYE_DISTANCE]
    group = [k for k in group if k == column or np.median(_cosine(truth, wanted[:, k])) < ALIKE]
    recognised, taken_for = float("nan"), ""
    if column in group and len(group) > 1:
        angles = np.stack([_cosine(mine, wanted[:, k]) for k in group])
        nearest = np.array(group)[angles.argmax(axis=0)]
        recognised = float((nearest == column).mean())
        others = nearest[nearest != column]
        taken_for = recipes[int(np.bincount(others).argmax())].name if len(others) else ""
    lids = [shape for shape in recipe.shapes if shape.startswith(("eyeBlink", "eyeWide"))]
    closed, shown = (float("nan"), float("nan")), float("nan")
    if lids and recipe.group == "Eyes":
        sides = [side for side in LIDS if any(shape.endswith(side) for shape in lids)]
        closed = _closed(places, mine, sides), _closed(places, truth, sides)
        shown = float(np.median([of_photo[side] for of_photo in shut for side in sides]))
    return ReachFigures(
        name=recipe.name,
        group=recipe.group,
        recognised=recognised,
        taken_for=taken_for,
        reach=float(np.median((mine * truth).sum(axis=(1, 2)) / squared)),
        miss=float(np.median(np.sqrt(((mine - truth) ** 2).sum(axis=(1, 2)) / squared))),
        closed=closed,
        shut=shown,
    )


def _cosine(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float64]:
    lengths = np.sqrt((one**2).sum(axis=(1, 2)) * (other**2).sum(axis=(1, 2)))
    cosine: NDArray[np.float64] = (one * other).sum(axis=(1, 2)) / np.maximum(lengths, 1e-9)
    return cosine


def _closed(places: NDArray[np.float32], motion: NDArray[np.float32], sides: list[Side]) -> float:
    shares = []
    for side in sides:
        upper, lower = LIDS[side]
        before = _gap(places, upper, lower)
        shares.append(1 - _gap(places + motion, upper, lower) / np.maximum(before, 1e-6))
    return float(np.median(shares))


def _gap(points: Points, upper: int, lower: int) -> NDArray[np.float32]:
    gap: NDArray[np.float32] = np.maximum(points[:, lower, 1] - points[:, upper, 1], 0)
    return gap
