"""`fvae-train direction`: a slider of one's own from two folders of photos (Algorithm 1), and what is known of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from fvae_studio.core.alignment import CROP_SIZE, estimate_alignment, extract_crop
from fvae_studio.core.photo_io import read_photo
from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.core.trust import motion_trust
from fvae_studio.core.types import AlignedCrop
from fvae_studio.errors import DataError, ModelError, PhotoError
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.model.directions import Direction, DirectionSet, Latent, expression_direction
from fvae_studio.model.own_directions import GROUP, OwnDirection, direction_name
from fvae_studio.pipeline.predictor import FlowPredictor
from trainer.datasets.record import PHOTO_SUFFIXES
from trainer.experiments.algorithm1 import encode_crops
from trainer.metrics import area_under_curve
from trainer.photo_checks import Checks, not_editable, unclear_face
from trainer.release import CHECKED_STRENGTHS, MOST_FOLDS, range_around_zero
from trainer.validation import fold_share

if TYPE_CHECKING:
    from fvae_studio.pipeline.detector import FaceDetector

FROM: Final = "from"
TO: Final = "to"

NUM_FOLDS: Final = 5
"""In how many parts the photos are taken apart: each is judged by a direction of the others."""

LEAST_PHOTOS: Final = 3
"""In each folder: a direction of fewer is the difference of people, not of expressions."""

LEAST_TRUST: Final = 0.25
"""Confidence in the least sure patch that moves, down to which a strength is trusted; the smile has 0.3 to 0.55."""

MOST_JUDGED: Final = 12
"""Photos on which the range is looked for."""


@dataclass(frozen=True, eq=False)
class LabelledCrops:
    """Aligned faces of both folders.

    Attributes:
        crops: N of (128, 128, 3).
        labels: N, `FROM` or `TO`.
        groups: N; photos of one group are judged together: files with the same name are of one person.
        left_out: why a file is not among them, by its path.
    """

    crops: tuple[AlignedCrop, ...]
    labels: tuple[str, ...]
    groups: tuple[str, ...]
    left_out: Mapping[str, str]


def make_direction(
    model: LoadedModel,
    label: str,
    source: Path,
    target: Path,
    *,
    detector: FaceDetector | None = None,
    progress: Progress | None = None,
) -> OwnDirection:
    """Algorithm 1 on two folders, and its figures.

    Args:
        model: that was saved; the direction belongs to it.
        label: what people read.
        source: folder of photos without the expression.
        target: folder of photos with it.
        detector: MediaPipe's by default.
        progress: told of every photo.

    Raises:
        ModelError: the model has a slider of that name already, or the label makes no name.
        DataError: too few photos with a face.
    """
    progress = progress or NoProgress()
    name = direction_name(label)
    if name in model.directions:
        raise ModelError(f"{model.header.name} has a slider called {name} already; choose another --name")
    photos = read_folders(source, target, detector=detector, progress=progress.subrange(0.0, 0.6))
    latents = encode_crops(model.vae, [crop.pixels for crop in photos.crops])
    vector = expression_direction(latents, photos.labels, target=TO, source=FROM)
    folds = _folds(photos.groups)
    parts = [_without(latents, photos.labels, folds == number) for number in range(NUM_FOLDS)]
    progress.report(0.7, "looking for the range that can be trusted")
    trusted, checked = _trusted_range(model, photos, folds, parts)
    counts = {side: photos.labels.count(side) for side in (FROM, TO)}
    report: dict[str, Any] = {
        "photos": counts,
        "people_in_both": len(_in_both(photos)),
        "left_out": dict(photos.left_out),
        "separability": _separability(latents, photos.labels, folds, parts),
        "cross_talk": cross_talk(vector, model.directions),
        "checked": checked,
    }
    description = f"Made from {counts[FROM]} photos without and {counts[TO]} with it."
    direction = Direction(name, label, GROUP, vector, trusted, description)
    return OwnDirection(direction, model.header.name, model.header.sha256, report)


def read_folders(source: Path, target: Path, *, detector: FaceDetector | None, progress: Progress) -> LabelledCrops:
    """Find and align the faces of two folders; photos of no use are left out and named.

    Raises:
        DataError: a folder is not there, or has too few photos that can be used.
    """
    from fvae_studio.pipeline.detector import MediaPipeFaceDetector

    files = [(path, label) for folder, label in ((source, FROM), (target, TO)) for path in _photos(folder)]
    used = detector or MediaPipeFaceDetector()
    crops, labels, groups, left_out = [], [], [], {}
    try:
        for number, (path, label) in enumerate(files):
            progress.raise_if_cancelled()
            progress.report(number / len(files), path.name)
            crop = _face(path, used)
            if isinstance(crop, str):
                left_out[str(path)] = crop
                continue
            crops.append(crop)
            labels.append(label)
            groups.append(path.stem)
    finally:
        if detector is None:
            used.close()
    for folder, label in ((source, FROM), (target, TO)):
        if labels.count(label) < LEAST_PHOTOS:
            why = "; ".join(f"{Path(path).name}: {reason}" for path, reason in left_out.items())
            raise DataError(
                f"{folder} has {labels.count(label)} photos that can be used, at least {LEAST_PHOTOS} are needed, "
                "better 20 of different people" + (f" (left out: {why})" if why else "")
            )
    return LabelledCrops(tuple(crops), tuple(labels), tuple(groups), left_out)


def cross_talk(vector: Latent, directions: DirectionSet) -> dict[str, float]:
    """How far a vector points where the model's sliders point: cosines, the largest first; 0 is none, 1 the same."""
    length = float(np.linalg.norm(vector))
    cosines = {
        name: float((vector * other.vector).sum() / max(length * float(np.linalg.norm(other.vector)), 1e-9))
        for name, other in directions.items()
    }
    return dict(sorted(cosines.items(), key=lambda item: -abs(item[1])))


def describe(own: OwnDirection) -> str:
    """A few lines for people."""
    report, direction = own.report, own.direction
    low, high = direction.trusted
    talk = ", ".join(f"{name} {value:+.2f}" for name, value in list(report["cross_talk"].items())[:5]) or "none"
    counts = report["photos"]
    lines = [
        f"{direction.label} ({direction.name}), for {own.model}",
        f"photos         {counts[FROM]} without, {counts[TO]} with it; {report['people_in_both']} people in both",
        f"separability   {report['separability']:.2f} (1: held-out photos always told apart, 0.5: by chance)",
        f"cross-talk     {talk}",
        f"trusted range  {low:g} to {high:g}",
    ]
    if low == high:
        lines.append("no strength can be trusted: the photos differ in something else, or are too few")
    lines += [f"left out       {Path(path).name}: {reason}" for path, reason in report["left_out"].items()]
    return "\n".join(lines)


def _photos(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder}; --from and --to want folders of photos")
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in PHOTO_SUFFIXES)


def _face(path: Path, detector: FaceDetector) -> AlignedCrop | str:
    """The face of a photo, or why it has none that can be used."""
    try:
        photo = read_photo(path)
    except PhotoError as error:
        return str(error)
    found = detector.detect(photo)
    if not found:
        return "no face was found"
    largest = max(found, key=lambda face: face.box.width * face.box.height)
    reason = unclear_face(found, Checks()) or not_editable(largest, photo)
    if reason:
        return reason
    # As the program cuts it.
    return extract_crop(photo, estimate_alignment(largest.landmarks), size=CROP_SIZE)


def _in_both(photos: LabelledCrops) -> set[str]:
    sides = [
        {group for group, label in zip(photos.groups, photos.labels, strict=True) if label == side}
        for side in (FROM, TO)
    ]
    return sides[0] & sides[1]


def _folds(groups: Sequence[str]) -> NDArray[np.int64]:
    """(N,) number of the part of each photo, both photos of a person in the same."""
    names = sorted(set(groups))
    order = np.random.default_rng(0).permutation(len(names))
    place = {name: int(order[number]) % NUM_FOLDS for number, name in enumerate(names)}
    return np.array([place[group] for group in groups])


def _without(latents: NDArray[np.float32], labels: Sequence[str], hidden: NDArray[np.bool_]) -> tuple[Latent, Latent]:
    """Direction and middle of the photos outside of one part; of all where nothing would be left of a label."""
    sides = [np.array([label == side for label in labels]) & ~hidden for side in (FROM, TO)]
    if not all(side.any() for side in sides):
        sides = [np.array([label == side for label in labels]) for side in (FROM, TO)]
    low, high = (latents[side].mean(axis=0, dtype=np.float64).astype(np.float32) for side in sides)
    return high - low, (high + low) / 2


def _separability(
    latents: NDArray[np.float32],
    labels: Sequence[str],
    folds: NDArray[np.int64],
    parts: Sequence[tuple[Latent, Latent]],
) -> float:
    """Area under the curve of held-out photos' places along a direction that they had no part in."""
    places = []
    for latent, fold in zip(latents, folds, strict=True):
        direction, middle = parts[fold]
        places.append(float(((latent - middle) * direction).sum() / max(float((direction**2).sum()), 1e-9)))
    return area_under_curve(np.array(places), np.array([label == TO for label in labels]))


def _trusted_range(
    model: LoadedModel,
    photos: LabelledCrops,
    folds: NDArray[np.int64],
    parts: Sequence[tuple[Latent, Latent]],
) -> tuple[tuple[float, float], list[dict[str, float]]]:
    """The widest range around 0 in which the median photo hardly folds and its confidence stays; and what was found."""
    names = [f"part_{number}" for number in range(NUM_FOLDS)]
    directions = [
        Direction(name, name, GROUP, vector.copy(), (0.0, 0.0)) for name, (vector, _) in zip(names, parts, strict=True)
    ]
    judged = replace(model, directions=DirectionSet(directions, latent_shape=model.directions.latent_shape))
    predictor = FlowPredictor(judged, device="cpu")
    rows = [row for row, label in enumerate(photos.labels) if label == FROM][:MOST_JUDGED]
    shape = (len(rows), len(CHECKED_STRENGTHS))
    folded, trust = np.zeros(shape), np.ones(shape)
    for place, row in enumerate(rows):
        predictor.set_crop(photos.crops[row])
        fields = predictor.predict_many([{names[folds[row]]: strength} for strength in CHECKED_STRENGTHS])
        for column, found in enumerate(fields):
            cells = torch.from_numpy(found.flow.copy()).permute(2, 0, 1)[None] * (found.flow.shape[0] / CROP_SIZE)
            folded[place, column], trust[place, column] = fold_share(cells).item(), motion_trust(found)
    folded, trust = np.median(folded, axis=0), np.median(trust, axis=0)
    checked = [
        {"strength": strength, "folds": float(folds_here), "trust": float(trust_here)}
        for strength, folds_here, trust_here in zip(CHECKED_STRENGTHS, folded, trust, strict=True)
    ]
    return range_around_zero((folded <= MOST_FOLDS) & (trust >= LEAST_TRUST)), checked
