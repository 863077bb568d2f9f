"""Glasses: no photo at hand shows any, so rims are drawn on, and it is measured how far an edit bends them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE, TEMPLATE_ID
from fvae_studio.core.geometry import Points, SimilarityTransform
from fvae_studio.core.glasses import hold_glasses
from fvae_studio.core.types import AlignedCrop
from fvae_studio.core.worn_glasses import WornGlasses
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.model.glasses_net import GlassesNet
from fvae_studio.pipeline.engine import settle
from fvae_studio.pipeline.predictor import FlowPredictor
from trainer.crops import small_crop
from trainer.experiments.intervals import Interval, mean_over_people
from trainer.facekit.landmarks import MOUTH_POINTS
from trainer.glasses.frames import SHIFT, fixed
from trainer.metrics import flow_at
from trainer.prepare import PREPARED_SIZE, PreparedFaces

SLIDERS: Final = ("smile", "close_eyes", "brows_up", "disgusted")

_EYES: Final = ((33, 133), (362, 263))
"""MediaPipe's outer and inner corner of each eye."""

_RADIUS: Final = (0.84, 0.68)
"""Of a rim, in widths of the eye."""

_COLOUR: Final = (28, 26, 30)
_WIDTH: Final = 3


def rims(landmarks: Points, *, num_points: int = 48) -> NDArray[np.float32]:
    """(2, num_points, 2) along both rims, in the unit of the landmarks."""
    turn = np.linspace(0, 2 * np.pi, num_points, endpoint=False)
    both = []
    for outer, inner in _EYES:
        middle = (landmarks[outer] + landmarks[inner]) / 2
        width = float(np.hypot(*(landmarks[outer] - landmarks[inner])))
        ring = np.stack([_RADIUS[0] * width * np.cos(turn), _RADIUS[1] * width * np.sin(turn)], axis=-1)
        both.append(middle + np.array([0, 0.12 * width]) + ring)
    return np.asarray(both, np.float32)


def with_glasses(crop: NDArray[np.uint8], landmarks: Points) -> NDArray[np.uint8]:
    """A crop of any size with dark rims, a bridge and temples drawn on.

    Args:
        crop: (S, S, 3) uint8.
        landmarks: (478, 2), crop pixels of `CROP_SIZE`.
    """
    scale = crop.shape[0] / CROP_SIZE
    drawn = np.array(crop)
    first, second = rims(SimilarityTransform.resize(CROP_SIZE, crop.shape[0]).apply(landmarks))
    width = max(1, round(_WIDTH * scale / 2))
    for ring in (first, second):
        cv2.polylines(drawn, [fixed(ring)], True, _COLOUR, width, cv2.LINE_AA, SHIFT)
    bridge = [first[first[:, 0].argmax()], second[second[:, 0].argmin()]]
    temples = [(first[first[:, 0].argmin()], (-scale, -1.5)), (second[second[:, 0].argmax()], (scale, -1.5))]
    cv2.polylines(drawn, [fixed(np.array(bridge))], False, _COLOUR, width, cv2.LINE_AA, SHIFT)
    for start, (across, down) in temples:
        end = start + np.array([14.0 * across, down * scale])
        cv2.polylines(drawn, [fixed(np.array([start, end]))], False, _COLOUR, width, cv2.LINE_AA, SHIFT)
    return drawn


def edits_under_glasses(
    model: LoadedModel, prepared: PreparedFaces, rows: Sequence[int], sliders: Sequence[str] = SLIDERS
) -> dict[str, dict[str, Interval]]:
    """By slider at strength 1, crop pixels: how far rims are bent, and how the mouth's motion changes under glasses.

    Bent: what is left of the rims' displacement after the best similarity of each rim, root mean square. 0 is right:
    glasses are stiff. `shown`: as the program shows them, with `core.glasses` where it finds them; `bent`: by the flow
    alone; `bare`: the same places on the face without glasses, which should move.

    Args:
        model: with some of the sliders.
        prepared: the photos.
        rows: of the photos to draw on.
        sliders: those that the model lacks are left out.
    """
    predictor = FlowPredictor(model, device="cpu")
    people = [prepared.faces[row].person for row in rows]
    names = [name for name in sliders if name in model.directions]
    values: dict[str, dict[str, list[float]]] = {
        name: {key: [] for key in ("shown", "bent", "bare", "mouth")} for name in names
    }
    finder = GlassesNet()
    for row in rows:
        landmarks = prepared.landmarks[row]
        worn = WornGlasses.of(finder.find(with_glasses(np.asarray(prepared.crops[row]), landmarks)))
        flows = []
        for crop in (with_glasses(np.asarray(prepared.crops[row]), landmarks), np.asarray(prepared.crops[row])):
            assert crop.shape[0] == PREPARED_SIZE
            predictor.set_crop(AlignedCrop(small_crop(crop), SimilarityTransform.identity(), TEMPLATE_ID))
            fields = predictor.predict_many([{name: 1.0} for name in names], with_confidence=False)
            flows.append([settle(field, landmarks).flow for field in fields])
        for name, with_rims, without in zip(names, *flows, strict=True):
            held = None if worn is None else hold_glasses(with_rims, landmarks, lambda found=worn: found)  # type: ignore[misc]
            values[name]["shown"].append(_bend(with_rims if held is None else held.frame, landmarks))
            values[name]["bent"].append(_bend(with_rims, landmarks))
            values[name]["bare"].append(_bend(without, landmarks))
            lips = landmarks[MOUTH_POINTS]
            values[name]["mouth"].append(float(np.hypot(*(flow_at(with_rims, lips) - flow_at(without, lips)).T).mean()))
    return {
        name: {key: mean_over_people(np.array(column), people) for key, column in columns.items()}
        for name, columns in values.items()
    }


def glasses_found(prepared: PreparedFaces, rows: Sequence[int]) -> dict[str, int]:
    """Of so many photos, on how many glasses are found: once they are drawn on, and before."""
    finder = GlassesNet()
    crops = [(np.asarray(prepared.crops[row]), prepared.landmarks[row]) for row in rows]
    return {
        "photos": len(crops),
        "drawn": sum(WornGlasses.of(finder.find(with_glasses(*each))) is not None for each in crops),
        "bare": sum(WornGlasses.of(finder.find(crop)) is not None for crop, _ in crops),
    }


def _bend(flow: NDArray[np.float32], landmarks: Points) -> float:
    squares = []
    for ring in rims(landmarks):
        moved = ring + flow_at(flow, ring)
        stiff = SimilarityTransform.fit(ring, moved).apply(ring)
        squares.append(np.square(moved - stiff).sum(axis=1))
    return float(np.sqrt(np.mean(squares)))
