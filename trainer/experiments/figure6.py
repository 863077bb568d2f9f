"""Figure 6: from one photo of a person to another, six methods side by side, and how sharp, even and exact they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.geometry import Points, SimilarityTransform
from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.core.types import Photo
from fvae_studio.errors import DataError
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.pipeline.detector import FaceDetector
from trainer.baselines.morph import Ends, Morph
from trainer.baselines.rgb_vae import RgbVae
from trainer.experiments.editing import read_prepared
from trainer.experiments.in_betweens import FVAE, methods
from trainer.experiments.intervals import Interval, mean_over_people
from trainer.experiments.result import ExperimentResult, Picture
from trainer.experiments.squares import mouth_region, paired, sample_squares
from trainer.facekit.landmarks import MOUTH_POINTS
from trainer.held_out import find_photos
from trainer.markdown_tables import table
from trainer.metrics import laplacian_variance
from trainer.prepare import PreparedFaces
from trainer.sheet import Cell, page

NUM_FRAMES: Final = 9
MIDDLE: Final = (0.25, 0.75)
"""Frames from the first to the second of these positions count as middle ones."""

EVEN: Final = 0.2
"""By how much of the even step a step may differ."""

SHARP: Final = 0.9
"""The goal for the mouth of middle frames."""

SAMPLES: Final = ("ada", "cal")
"""Averages of nobody whose frames are published."""

NUM_PEOPLE: Final = 5
SIZE: Final = 512
CELL_PX: Final = 150


def figure6(
    model: LoadedModel,
    prepared: PreparedFaces,
    data: Path,
    *,
    detector: FaceDetector,
    vae: RgbVae | None = None,
    num_people: int = NUM_PEOPLE,
    num_frames: int = NUM_FRAMES,
    progress: Progress | None = None,
) -> ExperimentResult:
    """Make in-betweens of held-out people's neutral and smiling photos by every method, and measure them.

    Args:
        model: for the FVAE.
        prepared: says who is held out.
        data: folder of data sets with the photos.
        detector: finds landmarks in the frames again.
        vae: the VAE that paints, if one was trained.
        num_people: the first of them, in the order of the data set.
        num_frames: both ends included.
        progress: told how far it is.

    Raises:
        DataError: no held-out person has both photos, or a photo is not there or shows no face.
    """
    progress = progress or NoProgress()
    pairs = prepared.pairs("neutral", "smile", split="held_out")[:num_people]
    if not pairs:
        raise DataError("no held-out person has a neutral and a smiling photo; there is nothing to go between")
    photos = find_photos(data)
    people = [prepared.faces[neutral].person for neutral, _ in pairs]
    ends = [paired(*(read_prepared(prepared, row, photos, detector, size=SIZE) for row in pair)) for pair in pairs]
    samples = [paired(*sample_squares(detector, (f"{name}_neutral", f"{name}_smile"), size=SIZE)) for name in SAMPLES]
    ways = methods(model, vae)
    positions = [index / (num_frames - 1) for index in range(num_frames)]
    values: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
    pictures = []
    for number, (name, pair_ends) in enumerate(zip([*people, *SAMPLES], [*ends, *samples], strict=True)):
        rows = []
        for method, make in ways.items():
            progress.raise_if_cancelled()
            progress.report(number / (len(ends) + len(samples)), f"{name}: {method}")
            frames = _frames(make(pair_ends), positions)
            rows.append((method, frames))
            if number < len(ends):
                values[method].append(_measure(frames, positions, pair_ends, detector))
        is_sample = number >= len(ends)
        stem = name.rpartition("/")[2]
        for part, cut in (("", None), ("_mouth", pair_ends)):
            pictures.append(
                Picture(
                    f"figure6_{stem}{part}",
                    _sheet(rows, positions, cut),
                    f"{'Averages of many people' if is_sample else name}: rows of methods, from left to right t = "
                    "0..1.",
                    is_public=is_sample,
                )
            )
    figures = {
        method: {key: mean_over_people(np.array([each[key] for each in of_method]), people) for key in KEYS}
        for method, of_method in values.items()
    }
    text = _markdown(model.header.name, figures, num_people=len(pairs), num_frames=num_frames, has_vae=vae is not None)
    numbers = {"model": model.header.name, "people": people, "frames": num_frames, "figures": figures, "pairs": values}
    return ExperimentResult("figure6", text, numbers, tuple(pictures))


KEYS: Final = ("sharpness", "sharpness_small", "worst_step", "even_steps", "first_end", "second_end")


def _frames(morph: Morph, positions: Sequence[float]) -> list[NDArray[np.uint8]]:
    return [morph.at(t) for t in positions]


def _measure(
    frames: Sequence[NDArray[np.uint8]], positions: Sequence[float], ends: Ends, detector: FaceDetector
) -> dict[str, float]:
    steps = progress_steps([_landmarks(frame, detector) for frame in frames])
    even = steps * (len(frames) - 1) - 1
    face = cv2.convexHull(np.round(ends.second_landmarks).astype(np.int32))
    inside = np.zeros((ends.size, ends.size), np.uint8)
    cv2.fillConvexPoly(inside, face, 1)
    return {
        "sharpness": middle_sharpness(frames, positions, ends),
        "sharpness_small": middle_sharpness([_small(frame) for frame in frames], positions, _small_ends(ends)),
        "worst_step": float(np.abs(even).max()),
        "even_steps": float(np.mean(np.abs(even) <= EVEN)) if np.isfinite(even).all() else float("nan"),
        "first_end": _largest_difference(frames[0], ends.first, np.ones_like(inside)),
        "second_end": _largest_difference(frames[-1], ends.second, inside),
    }


def middle_sharpness(frames: Sequence[NDArray[np.uint8]], positions: Sequence[float], ends: Ends) -> float:
    """Mouth sharpness of the middle frames over the sources', mean.

    Each is compared with (1 - t) of the first source's sharpness plus t of the second's, in the lips' own places.

    Args:
        frames: (S, S, 3) uint8, one for each position.
        positions: t.
        ends: the sources.
    """
    first, second = (
        _mouth_sharpness(picture, landmarks)
        for picture, landmarks in ((ends.first, ends.first_landmarks), (ends.second, ends.second_landmarks))
    )
    shares = []
    for frame, t in zip(frames, positions, strict=True):
        if MIDDLE[0] <= t <= MIDDLE[1]:
            between = (1 - t) * ends.first_landmarks + t * ends.second_landmarks
            shares.append(_mouth_sharpness(frame, between) / ((1 - t) * first + t * second))
    return float(np.mean(shares))


def progress_steps(landmarks: Sequence[Points | None]) -> NDArray[np.float64]:
    """(N - 1,) how far the lips get from frame to frame, as shares of the way from the first to the last.

    The lips' places are projected onto their straight way; equal shares are an even motion. NaN where a face was not
    found, or where nothing moves at all.

    Args:
        landmarks: (478, 2) of N frames, in one frame of reference.
    """
    first, last = landmarks[0], landmarks[-1]
    unknown = np.full(len(landmarks) - 1, np.nan)
    if first is None or last is None:
        return unknown
    way = (last - first)[MOUTH_POINTS].astype(np.float64)
    length = float((way * way).sum())
    if not length:
        return unknown
    places = [
        np.nan if points is None else float(((points - first)[MOUTH_POINTS] * way).sum()) / length
        for points in landmarks
    ]
    return np.diff(places)


def _mouth_sharpness(picture: NDArray[np.uint8], landmarks: Points) -> float:
    return laplacian_variance(picture.astype(np.float32) / 255, mouth_region(landmarks, picture.shape[0]))


def _landmarks(frame: NDArray[np.uint8], detector: FaceDetector) -> Points | None:
    faces = detector.detect(Photo(frame.copy()))
    return max(faces, key=lambda face: face.box.width).landmarks if faces else None


def _small(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    reduced: NDArray[np.uint8] = cv2.resize(
        np.ascontiguousarray(frame), (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_AREA
    )
    return reduced


def _small_ends(ends: Ends) -> Ends:
    to_crop = SimilarityTransform.resize(ends.size, CROP_SIZE)
    marks = [to_crop.apply(points) for points in (ends.first_landmarks, ends.second_landmarks)]
    return Ends(_small(ends.first), _small(ends.second), *marks)


def _largest_difference(picture: NDArray[np.uint8], wanted: NDArray[np.uint8], inside: NDArray[np.uint8]) -> float:
    return float(np.abs(picture.astype(int) - wanted.astype(int))[inside > 0].max())


def _sheet(
    rows: Sequence[tuple[str, list[NDArray[np.uint8]]]], positions: Sequence[float], cut: Ends | None
) -> NDArray[np.uint8]:
    """Rows of frames; with `cut`, only their mouths."""
    cells = []
    for method, frames in rows:
        row = []
        for frame, t in zip(frames, positions, strict=True):
            shown = frame if cut is None else frame[_mouth_slices(cut)]
            small = cv2.resize(np.ascontiguousarray(shown), (CELL_PX, CELL_PX), interpolation=cv2.INTER_AREA)
            row.append(Cell(method if t == 0 else f"{t:.2f}", small))
        cells.append(row)
    return page(cells)


def _mouth_slices(ends: Ends) -> tuple[slice, slice]:
    lips = np.concatenate([ends.first_landmarks[MOUTH_POINTS], ends.second_landmarks[MOUTH_POINTS]])
    middle, half = lips.mean(axis=0), np.ptp(lips, axis=0).max() * 0.62
    left, top = np.clip((middle - half).astype(int), 0, None)
    return slice(top, top + int(2 * half)), slice(left, left + int(2 * half))


def _markdown(
    model: str,
    figures: Mapping[str, Mapping[str, Interval]],
    *,
    num_people: int,
    num_frames: int,
    has_vae: bool,
) -> str:
    rows = []
    for method, row in figures.items():
        rows.append(
            [
                method,
                row["sharpness"].text(2),
                row["sharpness_small"].text(2),
                row["worst_step"].text(0, scale=100),
                row["even_steps"].text(0, scale=100),
                f"{row['first_end'].value:.0f}",
                f"{row['second_end'].value:.0f}",
            ]
        )
    reached = [
        f"{'reached' if figures[FVAE][key].value >= SHARP else 'missed'} at {size} px ({figures[FVAE][key].value:.2f})"
        for key, size in (("sharpness", SIZE), ("sharpness_small", CROP_SIZE))
    ]
    head = [
        "method", f"mouth sharpness, middle frames, {SIZE} px", f"{CROP_SIZE} px", "worst step off even, %",
        f"steps within {EVEN:.0%} of even, %", "first end off by", "second end off by",
    ]  # fmt: skip
    return "\n".join(
        [
            f"# Figure 6: in-betweens by {len(figures)} methods ({model})",
            "",
            f"{num_frames} frames from the neutral to the smiling photo of {num_people} held-out people, {SIZE} px "
            "squares; means with 95 % intervals over people.",
            "",
            *table(head, rows),
            "",
            f"Sharpness: variance of the Laplacian in the mouth at t in [{MIDDLE[0]:g}, {MIDDLE[1]:g}] over the two "
            f"sources' (weighted by 1 - t and t); the goal of {SHARP:g} for the FVAE is {' and '.join(reached)}. At "
            f"{SIZE} px most of it is the skin's grain, half of which goes wherever two pictures are blended that do "
            "not match to a pixel; at the paper's 128 px it is the edges of lips and teeth.",
            "",
            "Steps: the lips' landmarks are found again in every frame and projected onto their way from the first "
            f"to the last frame; even is 1/{num_frames - 1} of it each. The mesh morph moves landmarks evenly by "
            "construction: what its row differs from even is the detector's doubt about half-transparent mouths. "
            "Ends: largest difference from the photo in levels of 255, over the whole square at the first end, in "
            "the face at the second, mean over people.",
            "",
            "All methods get the same two registered pictures, the second in the first's colours, and are sampled "
            "bicubically; the FVAE's warp is the program's own. "
            + (
                "The VAE paints 128 px, which are enlarged."
                if has_vae
                else "The VAE's row is missing: no trained one was given (`--vae`)."
            ),
        ]
    )
