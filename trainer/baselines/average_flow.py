"""The average flow of the training set: the paper's optical-flow baseline for editing, one motion for everybody."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.colour import transfer_colour
from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.errors import DataError
from trainer.baselines.dis import dis_flow
from trainer.crops import face_region, small_crop
from trainer.facekit.expressions import expression_code
from trainer.facekit.fit import FaceFits
from trainer.facekit.mesh import FaceKit
from trainer.prepare import PreparedFaces
from trainer.render import RenderedPair, render_expressions


def average_photographed_flow(
    prepared: PreparedFaces, source_label: str, target_label: str, *, progress: Progress | None = None
) -> NDArray[np.float32]:
    """Mean optical flow (DIS) of the training people's photos with these labels.

    Returns:
        (S, S, 2) backward flow, crop pixels.

    Raises:
        DataError: no training person has both photos.
    """
    progress = progress or NoProgress()
    pairs = prepared.pairs(source_label, target_label, split="train")
    if not pairs:
        raise DataError(f"no training person has a {source_label} and a {target_label} photo; there is no average flow")
    flows = []
    for number, (source, target) in enumerate(pairs):
        progress.raise_if_cancelled()
        progress.report(number / len(pairs), f"average flow, {source_label} to {target_label}")
        wanted, region = small_crop(prepared.crops[target]), face_region(prepared.landmarks[target])
        flows.append(dis_flow(transfer_colour(small_crop(prepared.crops[source]), wanted, region=region), wanted))
    return np.asarray(np.mean(flows, axis=0), np.float32)


def rendered_people(
    facekit: FaceKit,
    fits: FaceFits,
    prepared: PreparedFaces,
    shapes: Mapping[str, float],
    *,
    most_people: int = 40,
    progress: Progress | None = None,
) -> list[tuple[int, RenderedPair]]:
    """Training people's neutral photos in a rendered expression that no photo shows.

    The mean of their flows (`forward`) is the average flow of the training set.

    Args:
        facekit: the face model.
        fits: of the prepared photos.
        prepared: the photos.
        shapes: weights that are added, by name of the shape.
        most_people: evenly taken from all.
        progress: told of every person.

    Returns:
        Row of the neutral photo, and the pair that was rendered from it.

    Raises:
        DataError: no training photo is neutral.
    """
    progress = progress or NoProgress()
    rows = [row for row, face in enumerate(prepared.faces) if (face.split, face.label) == ("train", "neutral")]
    if not rows:
        raise DataError("no training photo is labelled neutral; nothing can be rendered from it")
    chosen = [rows[i] for i in np.linspace(0, len(rows) - 1, min(most_people, len(rows))).round().astype(int)]
    code = expression_code(facekit, shapes)
    pairs = []
    for number, row in enumerate(chosen):
        progress.raise_if_cancelled()
        progress.report(number / len(chosen), "rendering training people")
        pairs += [(row, pair) for pair in render_expressions(facekit, fits, prepared, row, [code])]
    return pairs
