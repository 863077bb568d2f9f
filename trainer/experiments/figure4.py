"""Figure 4: editing a photo whose target nobody has seen, method by method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.errors import DataError
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.pipeline.detector import FaceDetector
from fvae_studio.pipeline.predictor import FlowPredictor
from trainer.baselines.rgb_vae import RgbVae
from trainer.crops import face_region
from trainer.experiments.editing import EDITS, edit_square, learn_edit, read_prepared, require_sliders
from trainer.experiments.intervals import Interval, mean_over_people, over_people, ratio_of_sums
from trainer.experiments.result import ExperimentResult, Picture
from trainer.experiments.squares import FaceSquare, detect_in_crop, sample_squares
from trainer.facekit.fit import FaceFits
from trainer.facekit.mesh import FaceKit
from trainer.held_out import find_photos
from trainer.markdown_tables import table
from trainer.metrics import laplacian_variance, mouth_error
from trainer.prepare import PreparedFaces
from trainer.sheet import Cell, page

SIZE: Final = 512
CELL_PX: Final = 200
SHEET_PEOPLE: Final = 6
BACKGROUND_MARGIN_PX: Final = 10

TRUTH: Final = "Their own photo"


SAMPLES: Final = ("ada", "bea", "cal", "dan")


def figure4(
    model: LoadedModel,
    prepared: PreparedFaces,
    data: Path,
    *,
    detector: FaceDetector,
    facekit: FaceKit,
    fits: FaceFits,
    vae: RgbVae | None = None,
    num_people: int = 16,
    progress: Progress | None = None,
) -> ExperimentResult:
    """Edit held-out people's photos by every method; measure likeness to their own photos, sharpness and stillness.

    Args:
        model: with the sliders.
        prepared: training people give average flow and means, held-out ones are edited.
        data: folder of data sets with the photos.
        detector: finds landmarks.
        facekit: renders the expression of which there are no photos.
        fits: of the prepared photos.
        vae: the VAE that paints, if one was trained.
        num_people: at most, of those with both photos.
        progress: told how far it is.

    Raises:
        DataError: photos are missing, or the model lacks a slider.
    """
    progress = progress or NoProgress()
    require_sliders(model)
    photos = find_photos(data)
    pairs = prepared.pairs("neutral", "smile", split="held_out")[:num_people]
    if not pairs:
        raise DataError("no held-out person has a neutral and a smiling photo; nothing can be compared")
    people = [prepared.faces[neutral].person for neutral, _ in pairs]
    squares = {
        label: [read_prepared(prepared, pair[index], photos, detector, size=SIZE) for pair in pairs]
        for index, label in enumerate(("neutral", "smile"))
    }
    predictor = FlowPredictor(model, device="cpu")
    figures: dict[str, dict[str, dict[str, Interval]]] = {}
    pictures = []
    for number, edit in enumerate(EDITS):
        part = progress.subrange(number / len(EDITS), 1 / len(EDITS))
        ways = learn_edit(edit, model, vae, prepared, facekit, fits, part.subrange(0.0, 0.4))
        samples = sample_squares(detector, [f"{name}_{edit.sample}" for name in SAMPLES], size=SIZE)
        rows, values = [], []
        for place, square in enumerate(squares[edit.source] + samples):
            progress.raise_if_cancelled()
            part.report(0.4 + 0.6 * place / (len(people) + len(samples)), f"{edit.name}: {square.name}")
            edited = edit_square(edit, ways, predictor, vae, square)
            truth = squares[edit.target][place] if edit.target and place < len(people) else None
            if place < len(people):
                values.append({name: _measure(picture, square, truth, detector) for name, picture in edited.items()})
            rows.append(_row(square, edited, truth))
        figures[edit.name] = {method: _intervals([each[method] for each in values], people) for method in values[0]}
        stem = edit.name.replace(" ", "_")
        pictures += [
            Picture(
                f"figure4_{stem}",
                page(rows[: min(len(people), SHEET_PEOPLE)]),
                f"{edit.name}, held-out people.",
                is_public=False,
            ),
            Picture(
                f"figure4_{stem}_samples",
                page(rows[len(people) :]),
                f"{edit.name}, averages of many people.",
                is_public=True,
            ),
        ]
    text = _markdown(model.header.name, figures, num_people=len(people), has_vae=vae is not None)
    return ExperimentResult(
        "figure4", text, {"model": model.header.name, "people": people, "figures": figures}, tuple(pictures)
    )


def _measure(
    picture: NDArray[np.uint8], square: FaceSquare, truth: FaceSquare | None, detector: FaceDetector
) -> dict[str, float]:
    face = square.region()
    background = ~face_region(square.crop_landmarks, size=square.size, grow_px=BACKGROUND_MARGIN_PX * SIZE // 128)
    difference = np.abs(picture.astype(np.float32) - square.pixels)[background].mean() / 255
    left = nothing = float("nan")
    found = detect_in_crop(picture, detector) if truth is not None else None
    if truth is not None and found is not None:
        photo, wanted = square.crop_landmarks, truth.crop_landmarks
        left, nothing = mouth_error(found, wanted, photo), mouth_error(photo, wanted, photo)
    return {
        "removed": nothing - left,
        "nothing": nothing,
        "sharpness": _sharpness(picture, face) / _sharpness(square.pixels, face),
        "background": float(difference),
    }


def _intervals(values: Sequence[Mapping[str, float]], people: Sequence[str]) -> dict[str, Interval]:
    """Of one method; what was removed is a share of sums, as in `fvae-train evaluate`: a faint smile counts little."""
    removed, nothing = (np.nan_to_num([each[key] for each in values]) for key in ("removed", "nothing"))
    return {
        "removed": over_people(partial(ratio_of_sums, removed, nothing), people),
        "sharpness": mean_over_people(np.array([each["sharpness"] for each in values]), people),
        "background": mean_over_people(np.array([each["background"] for each in values]), people),
    }


def _sharpness(picture: NDArray[np.uint8], region: NDArray[np.bool_]) -> float:
    return laplacian_variance(picture.astype(np.float32) / 255, region)


def _row(square: FaceSquare, edited: Mapping[str, NDArray[np.uint8]], truth: FaceSquare | None) -> list[Cell]:
    pictures: list[tuple[str, NDArray[np.uint8]]] = [(square.name, np.asarray(square.pixels)), *edited.items()]
    if truth is not None:
        pictures.append((TRUTH, np.asarray(truth.pixels)))
    return [
        Cell(name, cv2.resize(np.ascontiguousarray(picture), (CELL_PX, CELL_PX), interpolation=cv2.INTER_AREA))
        for name, picture in pictures
    ]


def _markdown(
    model: str, figures: Mapping[str, Mapping[str, Mapping[str, Interval]]], *, num_people: int, has_vae: bool
) -> str:
    lines: list[str] = []
    for name, methods in figures.items():
        rows: list[Sequence[str]] = [
            [
                method,
                row["removed"].text(0, scale=100),
                row["sharpness"].text(2),
                row["background"].text(4),
            ]
            for method, row in methods.items()
        ]
        lines += [f"## {name[0].upper()}{name[1:]}", "", *table(HEAD, rows), ""]
    missing = "" if has_vae else " The VAE's rows are missing: no trained one was given (`--vae`)."
    return "\n".join(
        [
            f"# Figure 4: editing, the target never seen ({model})",
            "",
            f"{num_people} held-out people, {SIZE} px squares; means with 95 % intervals over people.",
            "",
            *lines,
            "Mouth error removed: of the distance of the lips' landmarks (found again in the result) from the "
            "person's own photo with that expression, as a share of the distance without an edit, both summed over "
            "people; people smile each in their own way, so that one motion for all cannot remove it all. "
            "Sharpness: variance of the Laplacian in the face over the photo's. Background: mean difference beyond "
            "the face, of 1.",
            "",
            "The slider is the program's, at strength 1 (-1 for smile to neutral). Algorithm 1 adds the difference "
            "of the training people's mean latents. The average flow is the training people's mean optical flow "
            "(DIS) between their two photos, and for disgust, of which there are no photos, the mean exact flow of "
            "rendered ones; it passes "
            "through the same steps as the FVAE's flow (closed lips, border, folds)." + missing,
        ]
    )


HEAD: Final = ("method", "mouth error removed, %", "sharpness", "background")
