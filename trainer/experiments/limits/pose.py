"""Turned heads, 0 to 30 degrees: the paper's first limitation, on photos that the fitted mesh has turned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import TEMPLATE_ID
from fvae_studio.core.geometry import SimilarityTransform
from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.core.types import AlignedCrop
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.pipeline.predictor import FlowPredictor
from trainer.crops import small_crop
from trainer.experiments.intervals import Interval, mean_over_people
from trainer.facekit.expressions import RECIPES, expression_code
from trainer.facekit.fit import FaceFits
from trainer.facekit.mesh import FaceKit
from trainer.facekit.render import FittedFace, exact_flow, moved_picture
from trainer.prepare import PreparedFaces
from trainer.sheet import Cell
from trainer.turned_heads import TurnedHead
from trainer.validation import MOVING_PX

YAWS: Final = (0.0, 10.0, 15.0, 20.0, 30.0)
"""Degrees to the side, from the pose in the photo."""

SLIDERS: Final = ("sad", "disgusted", "brows_up", "lip_corners_down")
"""Whose flow is a known mixture of shapes, and of which the photo shows all (no mouth opens)."""


def edits_of_turned_heads(
    model: LoadedModel,
    facekit: FaceKit,
    fits: FaceFits,
    prepared: PreparedFaces,
    rows: Sequence[int],
    *,
    sliders: Sequence[str] = SLIDERS,
    progress: Progress | None = None,
) -> tuple[dict[float, Interval], list[list[Cell]]]:
    """End-point error of sliders at strength 1 over the mean true displacement, by yaw; 1 is as bad as doing nothing.

    Each photo is turned by its fitted mesh (what is hidden in it is stretched), once to either side; the true flow of
    the expression is cast on the turned mesh.

    Args:
        model: with the sliders.
        facekit: the face model.
        fits: of the prepared photos.
        prepared: the photos.
        rows: of the photos to turn.
        sliders: names of recipes.
        progress: told of every photo.

    Returns:
        The error by yaw, and rows of turned and edited pictures to look at.
    """
    progress = progress or NoProgress()
    predictor = FlowPredictor(model, device="cpu")
    shapes = {
        recipe.name: recipe.shapes for recipe in RECIPES if recipe.name in sliders and recipe.name in model.directions
    }
    people = [prepared.faces[row].person for row in rows]
    errors: dict[float, list[float]] = {yaw: [] for yaw in YAWS}
    cells = []
    for number, row in enumerate(rows):
        progress.raise_if_cancelled()
        progress.report(number / len(rows), f"turning {prepared.faces[row].person}")
        face = FittedFace.of(facekit, fits, row)
        shown: list[Cell] = []
        for yaw in YAWS:
            of_yaw = []
            for side in (-1, 1) if yaw else (1,):
                head = TurnedHead.of(face, np.asarray(prepared.crops[row]), yaw=side * yaw)
                picture = small_crop(head.picture)
                predictor.set_crop(AlignedCrop(picture, SimilarityTransform.identity(), TEMPLATE_ID))
                for name, weights in shapes.items():
                    flow = predictor.predict({name: 1.0}, with_confidence=False).flow
                    of_yaw.append(_error(head, weights, flow))
            shown += [Cell(f"{yaw:g} degrees", picture), Cell(name, moved_picture(picture, flow))]
            errors[yaw].append(float(np.nanmean(of_yaw)))
        cells.append(shown)
    return {yaw: mean_over_people(np.array(values), people) for yaw, values in errors.items()}, cells


def _error(head: TurnedHead, weights: Mapping[str, float], flow: NDArray[np.float32]) -> float:
    truth = exact_flow(head.scene_of(expression_code(head.face.facekit, weights)), head.scene)
    length = np.hypot(truth.flow[..., 0], truth.flow[..., 1])
    moving = (length > MOVING_PX) & (truth.visible > 0.5)
    if not moving.any():
        return float("nan")
    size = truth.flow.shape[0]
    predicted = flow if flow.shape[0] == size else cv2.resize(flow, (size, size), interpolation=cv2.INTER_LINEAR)
    distance = np.hypot(*np.moveaxis(predicted - truth.flow, -1, 0))
    return float(distance[moving].mean() / length[moving].mean())
