"""What edits do to the pictures: sharpness, folds, a still background, untouched pixels; for every direction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.alignment import CROP_SIZE, estimate_alignment, extract_crop
from fvae_studio.core.composite import composite
from fvae_studio.core.geometry import Points, Rect, SimilarityTransform
from fvae_studio.core.photo_io import read_photo
from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.core.regularise import fold_share
from fvae_studio.core.shown_face import warp_shown
from fvae_studio.core.types import FlowField, Photo
from fvae_studio.core.warp import upsample_flow
from fvae_studio.errors import DataError
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.pipeline.detector import FaceDetector
from fvae_studio.pipeline.engine import settle
from fvae_studio.pipeline.predictor import FlowPredictor
from trainer.crops import face_region, model_crop
from trainer.held_out import held_out_neutral
from trainer.metrics import laplacian_variance
from trainer.prepare import PREPARED_SIZE, PreparedFaces

FULL_SIZE: Final = 512
"""Side of the aligned crop in which a full-resolution composite is judged."""

BACKGROUND_MARGIN_PX: Final = 10
"""Beyond the hull of the landmarks, crop pixels: what lies farther out is hair, ears and background."""


@dataclass(frozen=True)
class DirectionFigures:
    """One direction at strength 1, over held-out photos.

    Attributes:
        name: of the direction.
        largest_px: longest displacement of the median photo, crop pixels.
        folds: mean share of the crop whose raw predicted flow folds.
        folds_shown: the same after the product has mended it; 0 is the goal.
        sharpness: variance of the Laplacian inside the face over the photo's, median; 128 px crop.
        sharpness_full: the same of the composite at full resolution.
        background_px: mean displacement beyond the face, the worst photo, crop pixels.
    """

    name: str
    largest_px: float
    folds: float
    folds_shown: float
    sharpness: float
    sharpness_full: float
    background_px: float


@dataclass(frozen=True)
class PictureFigures:
    """All directions at strength 1.

    Attributes:
        num_photos: held-out neutral photos, each in every direction.
        full_size: side of the crop where the full resolution was judged.
        directions: one row each.
        sharpness: median over photos and directions, 128 px crop.
        sharpness_full: the same at full resolution.
        outside_difference: mean absolute difference of pixels that the flow does not move, full resolution, [0, 1].
    """

    num_photos: int
    full_size: int
    directions: tuple[DirectionFigures, ...]
    sharpness: float
    sharpness_full: float
    outside_difference: float


@dataclass(frozen=True, eq=False)
class _Subject:
    """A photo to edit, and the frame in which its result is judged."""

    photo: Photo
    photo_to_crop: SimilarityTransform
    size: int
    landmarks: Points
    """(478, 2), pixels of the model's crop."""
    region: NDArray[np.bool_]

    def judged(self, photo: Photo) -> NDArray[np.float32]:
        """The photo's aligned crop (size, size, 3) in [0, 1]."""
        crop = extract_crop(photo, self.photo_to_crop, size=self.size)
        return crop.pixels.astype(np.float32) / 255


def picture_figures(
    model: LoadedModel,
    prepared: PreparedFaces,
    *,
    photos: Mapping[str, Path] | None = None,
    detector: FaceDetector | None = None,
    num_photos: int = 12,
    progress: Progress | None = None,
) -> PictureFigures | None:
    """Render held-out neutral photos in every direction at strength 1, and judge the results.

    Args:
        model: with its directions.
        prepared: whose held-out photos are edited.
        photos: files by `PreparedFace.photo`, for figures at the photos' own resolution; None judges the prepared
            256 px crops instead.
        detector: finds the faces in `photos`; needed with them.
        num_photos: evenly taken from the held-out neutral ones.
        progress: told how far it is.

    Returns:
        None where the model has no directions.

    Raises:
        DataError: no held-out photo is neutral, or a photo shows no face.
    """
    if not len(model.directions):
        return None
    rows = held_out_neutral(prepared, num_photos)
    progress = progress or NoProgress()
    predictor = FlowPredictor(model, device="cpu")
    names = list(model.directions)
    values: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for number, row in enumerate(rows):
        progress.raise_if_cancelled()
        progress.report(number / len(rows), "sharpness and folds")
        crop = model_crop(prepared, row)
        predictor.set_crop(crop)
        landmarks = prepared.landmarks[row]
        same = SimilarityTransform.identity()
        small = _Subject(Photo(crop.pixels.copy()), same, CROP_SIZE, landmarks, face_region(landmarks))
        large = _full_subject(prepared, row, photos, detector)
        background = ~face_region(landmarks, grow_px=BACKGROUND_MARGIN_PX)
        for name, predicted in zip(names, predictor.predict_many([{name: 1.0} for name in names]), strict=True):
            shown = settle(predicted, landmarks)
            length = np.hypot(*np.moveaxis(_on_crop(shown.flow), -1, 0))
            sharpness, _ = _judge(small, shown)
            sharpness_full, outside = _judge(large, shown)
            values[name].append(
                {
                    "largest_px": float(length.max()),
                    "folds": fold_share(predicted.flow),
                    "folds_shown": fold_share(shown.flow),
                    "sharpness": sharpness,
                    "sharpness_full": sharpness_full,
                    "background_px": float(length[background].mean()) if background.any() else 0.0,
                    "outside": outside,
                }
            )

    def collect(name: str, key: str, how: Callable[[list[float]], np.floating[Any]]) -> float:
        return float(how([figures[key] for figures in values[name]]))

    directions = tuple(
        DirectionFigures(
            name=name,
            largest_px=collect(name, "largest_px", np.median),
            folds=collect(name, "folds", np.mean),
            folds_shown=collect(name, "folds_shown", np.mean),
            sharpness=collect(name, "sharpness", np.median),
            sharpness_full=collect(name, "sharpness_full", np.median),
            background_px=collect(name, "background_px", np.max),
        )
        for name in names
    )
    everything = [figures for of_direction in values.values() for figures in of_direction]
    return PictureFigures(
        num_photos=len(rows),
        full_size=FULL_SIZE if photos else PREPARED_SIZE,
        directions=directions,
        sharpness=float(np.median([figures["sharpness"] for figures in everything])),
        sharpness_full=float(np.median([figures["sharpness_full"] for figures in everything])),
        outside_difference=float(np.mean([figures["outside"] for figures in everything])),
    )


def _full_subject(
    prepared: PreparedFaces, row: int, photos: Mapping[str, Path] | None, detector: FaceDetector | None
) -> _Subject:
    landmarks = prepared.landmarks[row]
    if photos is None or detector is None:
        to_crop = SimilarityTransform.resize(PREPARED_SIZE, CROP_SIZE)
        region = face_region(landmarks, size=PREPARED_SIZE)
        return _Subject(Photo(np.array(prepared.crops[row])), to_crop, PREPARED_SIZE, landmarks, region)
    name = prepared.faces[row].photo
    if name not in photos:
        raise DataError(f"the photo {name} is not among the data; give the folder that `fvae-train prepare` read")
    photo = read_photo(photos[name])
    faces = detector.detect(photo)
    if not faces:
        raise DataError(f"no face was found in {photos[name].name}")
    face = max(faces, key=lambda found: found.box.width)
    to_crop, region = estimate_alignment(face.landmarks), face_region(landmarks, size=FULL_SIZE)
    return _Subject(photo, to_crop, FULL_SIZE, to_crop.apply(face.landmarks), region)


def _judge(subject: _Subject, shown: FlowField) -> tuple[float, float]:
    """Sharpness over the photo's, and the mean difference of pixels that the flow leaves alone."""
    warped = warp_shown(subject.photo, shown, subject.photo_to_crop, subject.landmarks)
    edited = composite(subject.photo, [warped])
    before, after = subject.judged(subject.photo), subject.judged(edited)
    still = ~upsample_flow(shown.flow, subject.photo_to_crop, subject.photo.bounds).any(axis=2)
    difference = np.abs(edited.pixels[still].astype(np.float32) - subject.photo.pixels[still]) / subject.photo.max_value
    sharpness = laplacian_variance(after, subject.region) / max(laplacian_variance(before, subject.region), 1e-12)
    return sharpness, float(difference.mean()) if difference.size else 0.0


def _on_crop(flow: NDArray[np.float32]) -> NDArray[np.float32]:
    """(S, S, 2): a flow at every crop pixel, as the warp upsamples it."""
    if flow.shape[0] == CROP_SIZE:
        return flow
    return upsample_flow(flow, SimilarityTransform.identity(), Rect(0, 0, CROP_SIZE, CROP_SIZE))
