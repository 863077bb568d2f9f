"""Pairs of two photos: the flow between them, and what they lend to other people's photos."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.colour import transfer_colour
from trainer.baselines.dis import dis_flow
from trainer.crops import face_region, small_crop
from trainer.lent_expressions import Lending, LentPair, completed, leads_back, lend
from trainer.prepare import PreparedFaces

MOST_ASTRAY_PX: Final = 1.0
"""There and back again, in crop pixels, up to which a flow between photos is believed: 84 % of the pixels."""

NEUTRAL: Final = "neutral"
"""Label of the photos between which expressions are lent."""


def photographed_flow(
    source: NDArray[np.uint8], target: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Flow between two photos of a person, found in their pixels, and where it can be believed.

    Their fitted meshes know it to a pixel or so, which is half of what moves: by them, 130 training pairs came from
    25.1 to 27.6 dB in the face, by this flow to 32.2.

    Args:
        source: (S, S, 3), in the target's colours.
        target: (S, S, 3).

    Returns:
        Backward flow (S, S, 2) in pixels, and (S, S): 1 where the way back leads to where it began, else 0.
    """
    flow, back = dis_flow(source, target), dis_flow(target, source)
    return flow, leads_back(flow, back, within_px=MOST_ASTRAY_PX)


def lent_pairs(prepared: PreparedFaces, *, per_pair: int, seed: int) -> Iterator[tuple[int, LentPair]]:
    """What every photo of a person differs by from the neutral one, lent to neutral photos of others of the same split.

    Not the other way round: a closed mouth can be given a smile, but teeth that show cannot be covered by a flow.

    Args:
        prepared: the photos.
        per_pair: how many photos are lent each difference; fewer where there are not so many.
        seed: of the choice.

    Yields:
        The borrower's row, and its photo with what was made of it, at the model's size.
    """
    faces, rng = prepared.faces, np.random.default_rng(seed)
    scale = np.float32(prepared.crops.shape[1] / CROP_SIZE)
    for pair in prepared.all_pairs():
        # False comes before True: the neutral one first.
        first, second = sorted(pair, key=lambda row: faces[row].label != NEUTRAL)
        lender = faces[first]
        if lender.label != NEUTRAL:
            continue
        rows = [
            row
            for row, face in enumerate(faces)
            if face.label == NEUTRAL and face.split == lender.split and face.person != lender.person
        ]
        lending = lending_of(prepared, first, second)
        for row in rng.choice(rows, min(per_pair, len(rows)), replace=False) if rows else ():
            lent = lend(lending, prepared.crops[row], prepared.landmarks[row] * scale)
            yield int(row), lent.reduced(CROP_SIZE)


def lending_of(prepared: PreparedFaces, first: int, second: int) -> Lending:
    """What leads from one photo of a person, a row of `prepared`, to another one."""
    size = prepared.crops.shape[1]
    region = face_region(prepared.landmarks[second], size=size)
    recoloured = transfer_colour(prepared.crops[first], prepared.crops[second], region=region)
    flow, known = photographed_flow(small_crop(recoloured), small_crop(prepared.crops[second]))
    scale = np.float32(size / CROP_SIZE)
    flow = scale * cv2.resize(completed(flow, known), (size, size), interpolation=cv2.INTER_CUBIC)
    return Lending(
        recoloured,
        prepared.crops[second],
        prepared.landmarks[first] * scale,
        prepared.landmarks[second] * scale,
        np.asarray(flow, np.float32),
        cv2.resize(known, (size, size), interpolation=cv2.INTER_LINEAR),
    )
