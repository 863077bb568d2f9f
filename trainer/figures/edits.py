"""The smile slider against people's real smiles; the target is never seen (Algorithm 1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.composite import composite
from fvae_studio.core.geometry import Points, SimilarityTransform
from fvae_studio.core.lips import LOWER_INNER, LOWER_OUTER, UPPER_INNER, UPPER_OUTER
from fvae_studio.core.parting import PartedLips, find_seam, part_lips
from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.core.shown_face import warp_shown
from fvae_studio.core.types import FlowField, Photo
from fvae_studio.errors import DataError
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.pipeline.detector import FaceDetector
from fvae_studio.pipeline.engine import settle
from fvae_studio.pipeline.predictor import FlowPredictor
from trainer.crops import model_crop
from trainer.facekit.landmarks import MOUTH_POINTS
from trainer.metrics import landmark_motion, mean_motion, mouth_error, register
from trainer.prepare import PREPARED_SIZE, PreparedFaces

STRENGTHS: Final = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
"""At which the slider is tried, the same for everybody."""

DIRECTION: Final = "smile"

_UPPER_LIP: Final = sorted({*UPPER_INNER[1:-1], *UPPER_OUTER[1:-1]})
_LOWER_LIP: Final = sorted({*LOWER_INNER[1:-1], *LOWER_OUTER[1:-1]})
"""Landmarks of each lip; the corners of the mouth belong to both."""


@dataclass(frozen=True)
class EditFigures:
    """How far a slider brings mouths to people's real smiles.

    Mouth landmark errors are in eye distances; what is removed is a share of the error of doing nothing, summed over
    people.

    Attributes:
        num_people: held-out people with both photos.
        nothing: mean mouth landmark error of doing nothing.
        strengths: that were tried.
        removed: at each of them.
        best_strength: the common strength that removes most.
        best_removed: what it removes.
        removed_own_strength: if everybody had the best of `strengths` (0 among them).
        motion_share: of the real smile's motion, how much the slider makes along it at strength 1.
        limit_removed: by the training people's mean landmark motion, at strength 1.
        limit_best_removed: the same, at its best common strength.
        redetected: shares removed by landmarks that were found again in the rendered pictures; empty if not asked for.
        removed_back: the same as `removed`, on the way from smiling photos to neutral ones, with the slider at minus
            each strength.
        removed_both: of both ways together, the common strength at which most is removed, and what it removes.
        removed_back_own_strength: as `removed_own_strength`.
        removed_with_teeth: the same as `removed`, with lips that part over built-in teeth: most real smiles show teeth.
        removed_with_teeth_own_strength: as `removed_own_strength`.
    """

    num_people: int
    nothing: float
    strengths: tuple[float, ...]
    removed: tuple[float, ...]
    best_strength: float
    best_removed: float
    removed_own_strength: float
    motion_share: float
    limit_removed: float
    limit_best_removed: float
    redetected: tuple[float, ...] = ()
    removed_back: tuple[float, ...] = ()
    removed_both: tuple[float, float] = (float("nan"), float("nan"))
    removed_back_own_strength: float = float("nan")
    removed_with_teeth: tuple[float, ...] = ()
    removed_with_teeth_own_strength: float = float("nan")


def edit_figures(
    model: LoadedModel,
    prepared: PreparedFaces,
    *,
    strengths: Sequence[float] = STRENGTHS,
    detector: FaceDetector | None = None,
    progress: Progress | None = None,
) -> EditFigures | None:
    """Move neutral photos' landmarks by the slider's flow, as the product would warp, and compare with real smiles.

    Args:
        model: with its directions.
        prepared: held-out people are measured, training people give the reference limit.
        strengths: increasing, 1 among them.
        detector: to find the landmarks in the rendered pictures again, as a check of the moved ones; None: not done.
        progress: told how far it is.

    Returns:
        None where the model has no such slider.

    Raises:
        DataError: no held-out person has both photos.
    """
    if DIRECTION not in model.directions:
        return None
    pairs = prepared.pairs("neutral", "smile", split="held_out")
    if not pairs:
        raise DataError("no held-out person has a neutral and a smiling photo; the edit cannot be measured")
    progress = progress or NoProgress()
    predictor = FlowPredictor(model, device="cpu")
    nothing = np.array([_error(prepared, pair, prepared.landmarks[pair[0]]) for pair in pairs])
    errors = np.zeros((len(pairs), len(strengths)))
    found, toothy = np.zeros_like(errors), np.zeros_like(errors)
    shares = np.zeros(len(pairs))
    for number, (neutral, smile) in enumerate(pairs):
        progress.raise_if_cancelled()
        progress.report(number / len(pairs), "smile slider")
        photo = prepared.landmarks[neutral]
        seam = find_seam(prepared.crops[neutral], photo)
        for column, predicted in enumerate(_predicted(predictor, prepared, neutral, strengths)):
            shown = settle(predicted, photo)
            moved = landmark_motion(photo, shown.flow)
            errors[number, column] = _error(prepared, (neutral, smile), moved)
            lips = part_lips(predicted.flow, photo, seam)
            parted = moved if lips is None else parted_landmarks(photo, lips)
            toothy[number, column] = _error(prepared, (neutral, smile), parted)
            if strengths[column] == 1:
                shares[number] = motion_share(moved, photo, prepared.landmarks[smile])
            if detector is not None:
                seen = _redetect(prepared.crops[neutral], shown, photo, detector)
                found[number, column] = nothing[number] if seen is None else _error(prepared, (neutral, smile), seen)
    removed = 1 - errors.sum(axis=0) / nothing.sum()
    best = int(np.argmax(removed))
    nothing_back, back = _way_back(predictor, prepared, pairs, strengths)
    both = 1 - (errors + back).sum(axis=0) / (nothing + nothing_back).sum()
    at_one, at_best = _limit(prepared, pairs, nothing, strengths)
    return EditFigures(
        num_people=len(pairs),
        nothing=float(nothing.mean()),
        strengths=tuple(strengths),
        removed=tuple(removed.tolist()),
        best_strength=strengths[best],
        best_removed=float(removed[best]),
        removed_own_strength=_removed_at_best(errors, nothing),
        motion_share=float(shares.mean()),
        limit_removed=at_one,
        limit_best_removed=at_best,
        redetected=tuple((1 - found.sum(axis=0) / nothing.sum()).tolist()) if detector is not None else (),
        removed_back=tuple((1 - back.sum(axis=0) / nothing_back.sum()).tolist()),
        removed_both=(strengths[int(np.argmax(both))], float(both.max())),
        removed_back_own_strength=_removed_at_best(back, nothing_back),
        removed_with_teeth=tuple((1 - toothy.sum(axis=0) / nothing.sum()).tolist()),
        removed_with_teeth_own_strength=_removed_at_best(toothy, nothing),
    )


def _removed_at_best(errors: NDArray[np.float64], nothing: NDArray[np.float64]) -> float:
    """What is removed if everybody has their own best strength, of (N, S) and of none (N)."""
    return float(1 - np.minimum(errors.min(axis=1), nothing).sum() / nothing.sum())


def _way_back(
    predictor: FlowPredictor, prepared: PreparedFaces, pairs: Sequence[tuple[int, int]], strengths: Sequence[float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Errors of smiling photos with the slider turned back: of doing nothing (N), at each strength (N, S)."""
    ways = [(smile, neutral) for neutral, smile in pairs]
    back = [-strength for strength in strengths]
    nothing = [_error(prepared, way, prepared.landmarks[way[0]]) for way in ways]
    errors = [[_error(prepared, way, moved) for _, moved in slid(predictor, prepared, way[0], back)] for way in ways]
    return np.array(nothing), np.array(errors)


def slid(
    predictor: FlowPredictor, prepared: PreparedFaces, row: int, strengths: Sequence[float], direction: str = DIRECTION
) -> Iterator[tuple[FlowField, Points]]:
    """Of a photo at each strength of the slider: its flow as the product shows it, and where its landmarks go."""
    landmarks = prepared.landmarks[row]
    for predicted in _predicted(predictor, prepared, row, strengths, direction):
        shown = settle(predicted, landmarks)
        yield shown, landmark_motion(landmarks, shown.flow)


def _predicted(
    predictor: FlowPredictor, prepared: PreparedFaces, row: int, strengths: Sequence[float], direction: str = DIRECTION
) -> list[FlowField]:
    predictor.set_crop(model_crop(prepared, row))
    return list(predictor.predict_many([{direction: strength} for strength in strengths]))


def parted_landmarks(landmarks: Points, lips: PartedLips) -> Points:
    """(478, 2) where a photo's landmarks go when its lips part: each lip's with its own layer."""
    moved = landmark_motion(landmarks, lips.flow)
    for points, flow in ((_UPPER_LIP, lips.upper), (_LOWER_LIP, lips.lower)):
        moved[points] = landmark_motion(landmarks, flow)[points]
    return moved


def motion_share(landmarks: Points, photo: Points, wanted: Points) -> float:
    """Strength of an expression: the mouth's motion along its real motion, 1 where both are equally long.

    Args:
        landmarks: (478, 2) of the edited picture.
        photo: (478, 2) of the photo that was edited.
        wanted: (478, 2) of the person's real photo with that expression.
    """
    made = (register(landmarks, photo) - photo)[MOUTH_POINTS]
    real = (register(wanted, photo) - photo)[MOUTH_POINTS]
    return float((made * real).sum() / max(float((real * real).sum()), 1e-6))


def _error(prepared: PreparedFaces, pair: tuple[int, int], landmarks: Points) -> float:
    photo, wanted = pair
    return mouth_error(landmarks, prepared.landmarks[wanted], prepared.landmarks[photo])


def _limit(
    prepared: PreparedFaces,
    pairs: Sequence[tuple[int, int]],
    nothing: NDArray[np.float64],
    strengths: Sequence[float],
) -> tuple[float, float]:
    """What one fixed motion for everybody can remove: at strength 1, and at the best of `strengths`."""
    training = prepared.pairs("neutral", "smile", split="train")
    if not training:
        return float("nan"), float("nan")
    marks = prepared.landmarks
    motion = mean_motion(marks, training)

    def removed(strength: float) -> float:
        errors = [_error(prepared, pair, marks[pair[0]] + np.float32(strength) * motion) for pair in pairs]
        return float(1 - np.sum(errors) / nothing.sum())

    return removed(1.0), max(removed(strength) for strength in strengths)


def _redetect(crop: NDArray[np.uint8], shown: FlowField, landmarks: Points, detector: FaceDetector) -> Points | None:
    """(478, 2) landmarks of the rendered crop, in pixels of a `CROP_SIZE` crop; None where no face is found."""
    photo = Photo(np.array(crop))
    to_crop = SimilarityTransform.resize(PREPARED_SIZE, CROP_SIZE)
    faces = detector.detect(composite(photo, [warp_shown(photo, shown, to_crop, landmarks)]))
    if not faces:
        return None
    return to_crop.apply(max(faces, key=lambda face: face.box.width).landmarks)
