"""Figure 5: everyday photos whose expression is suppressed and magnified, without a label of what it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE, eye_distance
from fvae_studio.core.geometry import Points
from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.core.regularise import fold_share
from fvae_studio.core.types import FlowField
from fvae_studio.errors import DataError
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.model.directions import Latent, algorithm_1
from fvae_studio.pipeline.detector import FaceDetector
from fvae_studio.pipeline.engine import settle
from fvae_studio.pipeline.predictor import FlowPredictor
from trainer.experiments.algorithm1 import label_mean
from trainer.experiments.editing import warp_square
from trainer.experiments.intervals import Interval, mean_over_people
from trainer.experiments.result import ExperimentResult, Picture
from trainer.experiments.squares import FaceSquare, detect_in_crop, read_square, sample_squares
from trainer.figures.edits import DIRECTION
from trainer.markdown_tables import table
from trainer.metrics import laplacian_variance, register
from trainer.prepare import PreparedFaces
from trainer.sheet import Cell, page

STRENGTHS: Final = (-1.0, -0.5, 0.5, 1.0)
"""Below 0 suppressed, above magnified; the photo itself stands between."""

SIZE: Final = 512
CELL_PX: Final = 180

SELFIES: Final = "selfies"
COMPOSITES: Final = "composites"
SAMPLES: Final = ("ada_smile", "bea_smile", "cal_smile", "dan_smile")
_LIP_CORNERS: Final = (61, 291)
_INNER_LIPS: Final = (13, 14)

OWN: Final = "Algorithm 1 (own expression)"
SLIDER: Final = "slider"


def figure5(
    model: LoadedModel,
    prepared: PreparedFaces,
    data: Path,
    *,
    detector: FaceDetector,
    direction: str = DIRECTION,
    progress: Progress | None = None,
) -> ExperimentResult:
    """Suppress and magnify what the selfies, the composites and the smiling samples show.

    Algorithm 1 with Z_source = Z(S), as the paper does where a photo's expression has no label: suppressing goes from
    Z(S) towards the mean latent of neutral faces, magnifying away from it. Beside it, a slider both ways.

    Args:
        model: with the direction.
        prepared: its training people's neutral photos give the mean.
        data: folder with `selfies` and `composites`.
        detector: finds the faces.
        direction: of the slider.
        progress: told how far it is.

    Raises:
        DataError: no such photos.
        EditError: the model has no such direction.
    """
    progress = progress or NoProgress()
    model.directions.require(direction)
    neutral = label_mean(model.vae, prepared, "neutral")
    groups = _read_all(data, detector)
    predictor = FlowPredictor(model, device="cpu")
    total = sum(len(squares) for squares in groups.values())
    done = 0
    figures: dict[str, dict[str, dict[str, Interval]]] = {}
    pictures = []
    for group, squares in groups.items():
        rows: list[list[Cell]] = []
        values: dict[str, list[dict[str, float]]] = {}
        for square in squares:
            progress.raise_if_cancelled()
            progress.report(done / total, f"{group}: {square.name}")
            done += 1
            predictor.set_crop(square.crop())
            # A mean describes nobody; the photo goes on describing itself.
            own, tracked = neutral.copy(), model.header.config.tracked
            own[tracked] = predictor.latent()[tracked]
            for way, fields in _edits(predictor, own, direction).items():
                edited = [warp_square(square, settle(field, square.crop_landmarks)) for field in fields]
                rows.append(_row(square, way, edited))
                for strength, field, picture in zip(STRENGTHS, fields, edited, strict=True):
                    values.setdefault(f"{way}, {strength:+g}", []).append(_measure(square, field, picture, detector))
        names = [square.name for square in squares]
        figures[group] = {
            name: {key: mean_over_people(np.array([each[key] for each in of_name]), names) for key in KEYS}
            for name, of_name in values.items()
        }
        is_public = all(square.is_sample for square in squares)
        for start in range(0, len(rows), ROWS_PER_SHEET):
            part = f"_{start // ROWS_PER_SHEET + 1}" if len(rows) > ROWS_PER_SHEET else ""
            sheet = page(rows[start : start + ROWS_PER_SHEET])
            pictures.append(
                Picture(f"figure5_{group}{part}", sheet, f"{group}: suppressed, as it is, magnified.", is_public)
            )
    text = _markdown(model.header.name, direction, figures, {group: len(squares) for group, squares in groups.items()})
    numbers = {"model": model.header.name, "direction": direction, "figures": figures}
    return ExperimentResult("figure5", text, numbers, tuple(pictures))


KEYS: Final = ("mouth_width", "mouth_open", "sharpness", "folds")
ROWS_PER_SHEET: Final = 10


def _read_all(data: Path, detector: FaceDetector) -> dict[str, list[FaceSquare]]:
    groups: dict[str, list[FaceSquare]] = {}
    for group, pattern in ((SELFIES, "*/*.jpg"), (COMPOSITES, "*.jpg")):
        files = sorted((data / group).glob(pattern))
        groups[group] = [read_square(path, path.stem, detector, size=SIZE) for path in files]
    groups["samples"] = sample_squares(detector, SAMPLES, size=SIZE)
    groups = {group: squares for group, squares in groups.items() if squares}
    if SELFIES not in groups and COMPOSITES not in groups:
        raise DataError(f"{data} has neither {SELFIES} nor {COMPOSITES}; name the folder that holds them")
    return groups


def _edits(predictor: FlowPredictor, neutral: Latent, direction: str) -> dict[str, Sequence[FlowField]]:
    """Flows of both ways at all strengths; the slider's negative half is the expression's opposite."""
    steps = [round(-2 * strength) for strength in STRENGTHS]
    latents = list(algorithm_1(predictor.latent(), neutral, None, num_steps=2, steps=steps))
    return {
        OWN: predictor.predict_latents(np.stack(latents)),
        f"{direction} {SLIDER}": predictor.predict_many([{direction: strength} for strength in STRENGTHS]),
    }


def _measure(
    square: FaceSquare, field: FlowField, picture: NDArray[np.uint8], detector: FaceDetector
) -> dict[str, float]:
    found, before = detect_in_crop(picture, detector), square.crop_landmarks
    width = opening = float("nan")
    if found is not None:
        after = register(found, before)
        unit = eye_distance(before)
        width = (_distance(after, _LIP_CORNERS) - _distance(before, _LIP_CORNERS)) / unit
        opening = (_distance(after, _INNER_LIPS) - _distance(before, _INNER_LIPS)) / unit
    region = square.region()
    sharpness = [laplacian_variance(each.astype(np.float32) / 255, region) for each in (picture, square.pixels)]
    return {
        "mouth_width": width,
        "mouth_open": opening,
        "sharpness": sharpness[0] / sharpness[1],
        "folds": fold_share(field.flow),
    }


def _distance(landmarks: Points, pair: tuple[int, int]) -> float:
    return float(np.hypot(*(landmarks[pair[1]] - landmarks[pair[0]])))


def _row(square: FaceSquare, way: str, edited: Sequence[NDArray[np.uint8]]) -> list[Cell]:
    cells = [(f"{strength:+g}", picture) for strength, picture in zip(STRENGTHS, edited, strict=True)]
    middle = len(cells) // 2
    cells[0] = (f"{way.partition(' (')[0]} {cells[0][0]}", cells[0][1])
    cells.insert(middle, (square.name, np.asarray(square.pixels)))
    return [
        Cell(name, cv2.resize(np.ascontiguousarray(picture), (CELL_PX, CELL_PX), interpolation=cv2.INTER_AREA))
        for name, picture in cells
    ]


def _markdown(
    model: str,
    direction: str,
    figures: Mapping[str, Mapping[str, Mapping[str, Interval]]],
    counts: Mapping[str, int],
) -> str:
    lines: list[str] = []
    for group, ways in figures.items():
        rows = [
            [
                way,
                row["mouth_width"].text(1, scale=100),
                row["mouth_open"].text(1, scale=100),
                row["sharpness"].text(2),
                row["folds"].text(2, scale=100),
            ]
            for way, row in ways.items()
        ]
        lines += [f"## {group} ({counts[group]} photos)", "", *table(HEAD, rows), ""]
    return "\n".join(
        [
            f"# Figure 5: suppress and magnify, on everyday photos ({model})",
            "",
            "The selfies are of one person, by phone; the composites are averages of four people each with a "
            "neutral face, the samples averages of about ten each, smiling (training people are among them). Means "
            "with 95 % intervals over photos.",
            "",
            *lines,
            "Mouth width and opening: how much the distances of the lips' corners, and of the lips, grew in "
            "hundredths of the eye distance (landmarks found again). Sharpness: variance of the Laplacian in the "
            f"face over the photo's. Folds: share of the {CROP_SIZE} px crop where the raw flow folds, before the "
            "program mends it.",
            "",
            "Own expression: Algorithm 1 with Z_source = Z(S), -1 all the way to the mean neutral latent of the "
            f"training people, +1 as far beyond. {direction} slider: the program's, -1 and +1. A neutral face has no "
            "expression to suppress or magnify: what the first way changes there is what the latent holds beside "
            "the expression.",
        ]
    )


HEAD: Final = ("way", "mouth width, % of eye distance", "mouth opening, %", "sharpness", "raw folds, %")
