"""Figure 6: from one photo of a person to another, six methods side by side, and how sharp, even and exact they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.errors import DataError
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.pipeline.detector import FaceDetector
from trainer.baselines.morph import Ends
from trainer.baselines.rgb_vae import RgbVae
from trainer.experiments.editing import prepared_photo
from trainer.experiments.in_between_measures import EVEN, KEYS, MIDDLE, MOTION_SIZE, measure_frames
from trainer.experiments.in_betweens import FVAE, methods
from trainer.experiments.intervals import Interval, mean_over_people
from trainer.experiments.result import ExperimentResult, Picture
from trainer.experiments.squares import read_pair, sample_pair
from trainer.facekit.landmarks import MOUTH_POINTS
from trainer.held_out import find_photos
from trainer.markdown_tables import table
from trainer.prepare import PreparedFaces
from trainer.sheet import Cell, page

NUM_FRAMES: Final = 9

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
        detector: finds the faces, and the landmarks in the frames again.
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
    ends = [
        read_pair(
            prepared_photo(prepared, neutral, photos),
            prepared_photo(prepared, smile, photos),
            person,
            detector,
            size=SIZE,
        )
        for (neutral, smile), person in zip(pairs, people, strict=True)
    ]
    samples = [sample_pair(detector, name, size=SIZE) for name in SAMPLES]
    ways = methods(model, vae)
    positions = [index / (num_frames - 1) for index in range(num_frames)]
    values: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
    pictures = []
    for number, (name, pair_ends) in enumerate(zip([*people, *SAMPLES], [*ends, *samples], strict=True)):
        rows = []
        for method, make in ways.items():
            progress.raise_if_cancelled()
            progress.report(number / (len(ends) + len(samples)), f"{name}: {method}")
            morph = make(pair_ends)
            frames = [morph.at(t) for t in positions]
            rows.append((method, frames))
            if number < len(ends):
                values[method].append(measure_frames(frames, positions, pair_ends, detector))
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
    levels = {"first_end", "second_end", "second_rim"}
    percent = {"even_steps", "worst_step", "even_motion", "way"}
    rows = []
    for method, row in figures.items():
        cells = []
        for key in KEYS:
            if key in levels:
                cells.append(f"{row[key].value:.0f}")
            else:
                cells.append(row[key].text(0, scale=100) if key in percent else row[key].text(2))
        rows.append([method, *cells])
    reached = {
        key: f"{'reached' if figures[FVAE][key].value >= SHARP else 'missed'} ({figures[FVAE][key].value:.2f})"
        for key in ("sharpness", "sharpness_lips")
    }
    head = [
        "method", f"mouth sharpness, middle frames, {SIZE} px", "lips alone", f"mouth, {CROP_SIZE} px",
        f"lips alone, {CROP_SIZE} px", f"landmark steps within {EVEN:.0%} of even, %",
        "worst landmark step off even, %", f"motion steps within {EVEN:.0%} of even, %", "way that is moved, %",
        "first end off by", "second end off by", "its rim off by",
    ]  # fmt: skip
    return "\n".join(
        [
            f"# Figure 6: in-betweens by {len(figures)} methods ({model})",
            "",
            f"{num_frames} frames from the neutral to the smiling photo of {num_people} held-out people, {SIZE} px "
            "squares; means with 95 % intervals over people. Everything is measured in the same way for all methods.",
            "",
            *table(head, rows),
            "",
            f"Sharpness: variance of the Laplacian in the mouth at t in [{MIDDLE[0]:g}, {MIDDLE[1]:g}] over the two "
            f"sources' (weighted by 1 - t and t); the goal of {SHARP:g} for the FVAE is {reached['sharpness']} in the "
            f"mouth and {reached['sharpness_lips']} on the lips alone. Teeth that come out of the gap early, as the "
            "FVAE's do, are sharper than the weights expect and lift the figure of the mouth; the lips alone, without "
            "what lies between them, do not have that. Doubled edges would lift both, so the frames have to be looked "
            f"at. At {SIZE} px most of it is the skin's grain, half of which goes wherever two pictures are blended "
            "that do not match to a pixel, unless the blend gives it back; at the paper's 128 px it is edges.",
            "",
            "Landmark steps: the lips' landmarks are found again in every frame and projected onto their way from the "
            f"first frame to the last; even is 1/{num_frames - 1} of it each. The mesh morph moves landmarks evenly by "
            "construction: what its row differs from even is the detector's doubt. Motion steps: how far the pixels at "
            f"the lips' landmarks move along that way, by dense optical flow between neighbouring frames of "
            f"{MOTION_SIZE} px; even is the method's own mean step. Their sum is the way that is moved: what a method "
            "does not move, it fades, and where hardly anything moves, evenness says nothing.",
            "",
            "Ends: largest difference from the photo in levels of 255, mean over people: over the whole square at the "
            "first end; at the second in the oval in which the program shows nothing but the second photo, and in the "
            "rest of the face (the rim: outer forehead, cheeks and chin), where it goes over into the first one's "
            "surroundings and the other methods do not.",
            "",
            "All methods get the same two pictures, the second registered to the first as the program does it and in "
            "the first's colours, and are sampled bicubically; the FVAE's warp is the program's own. "
            + (
                "The VAE paints 128 px, which are enlarged."
                if has_vae
                else "The VAE's row is missing: no trained one was given (`--vae`)."
            ),
        ]
    )
