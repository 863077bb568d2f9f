"""Figure 7: one edit enlarged in the pixel domain and in the flow domain, at four and ten times the network's size."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.flow_view import flow_colours
from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.core.types import FlowField
from fvae_studio.core.warp import upsample_flow
from fvae_studio.errors import DataError
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.pipeline.detector import FaceDetector
from fvae_studio.pipeline.engine import settle
from fvae_studio.pipeline.predictor import FlowPredictor
from trainer.baselines.pixel_upsampling import enlarge
from trainer.experiments.editing import warp_square
from trainer.experiments.intervals import Interval, mean_over_people
from trainer.experiments.result import ExperimentResult, Picture
from trainer.experiments.squares import FaceSquare, read_square, sample_squares
from trainer.figures.edits import DIRECTION
from trainer.held_out import alternating, find_photos
from trainer.markdown_tables import table
from trainer.metrics import laplacian_variance
from trainer.prepare import PreparedFaces
from trainer.sheet import Cell, page

FACTORS: Final = (4, 10)
"""Enlargements; 4 is the paper's."""

SAMPLES: Final = ("ada_neutral", "dan_neutral")
NUM_PEOPLE: Final = 8
CELL_PX: Final = 320

PIXELS: Final = "Pixel upsampling"
FLOW: Final = "Flow upsampling"


def figure7(
    model: LoadedModel,
    prepared: PreparedFaces,
    data: Path,
    *,
    detector: FaceDetector,
    direction: str = DIRECTION,
    num_people: int = NUM_PEOPLE,
    progress: Progress | None = None,
) -> ExperimentResult:
    """Edit held-out photos at strength 1 both ways and compare sharpness in the face.

    Args:
        model: with the direction.
        prepared: says who is held out.
        data: folder of data sets with the photos.
        detector: finds the faces.
        direction: of the edit.
        num_people: of all data sets by turns.
        progress: told how far it is.

    Raises:
        DataError: no held-out photo is neutral, or one is not there or shows no face.
        EditError: the model has no such direction.
    """
    progress = progress or NoProgress()
    model.directions.require(direction)
    photos = find_photos(data)
    rows = alternating(prepared, num_people)
    missing = [prepared.faces[row].photo for row in rows if prepared.faces[row].photo not in photos]
    if missing:
        raise DataError(f"{data} has no photo {', '.join(missing)}; name the folder that `fvae-train prepare` read")
    predictor = FlowPredictor(model, device="cpu")
    values: dict[str, list[dict[str, float]]] = {
        f"{name}, {factor}x": [] for factor in FACTORS for name in (PIXELS, FLOW)
    }
    people: list[str] = []
    pictures = []
    for step, factor in enumerate(FACTORS):
        size = factor * CROP_SIZE
        subjects = [
            read_square(photos[prepared.faces[row].photo], prepared.faces[row].person, detector, size=size)
            for row in rows
        ]
        people = [subject.name for subject in subjects]
        samples = sample_squares(detector, SAMPLES, size=size)
        for number, square in enumerate([*subjects, *samples]):
            progress.raise_if_cancelled()
            progress.report((step + number / len(subjects + samples)) / len(FACTORS), f"{factor}x: {square.name}")
            edited = _edit(predictor, square, direction)
            if not square.is_sample:
                for name, picture in edited.items():
                    if name in (PIXELS, FLOW):
                        values[f"{name}, {factor}x"].append(_measure(picture, square))
            if square.is_sample or number == 0:
                pictures.append(_sheet(square, edited, factor, direction))
    figures = {
        name: {key: mean_over_people(np.array([each[key] for each in of_name]), people) for key in of_name[0]}
        for name, of_name in values.items()
    }
    text = _markdown(model.header.name, direction, figures, num_people=len(rows))
    numbers = {"model": model.header.name, "direction": direction, "people": people, "figures": figures}
    return ExperimentResult("figure7", text, numbers, tuple(pictures))


def _edit(predictor: FlowPredictor, square: FaceSquare, direction: str) -> dict[str, NDArray[np.uint8]]:
    predictor.set_crop(square.crop())
    shown = settle(predictor.predict({direction: 1.0}), square.crop_landmarks)
    large = warp_square(square, shown)
    small = _at_network_size(square, shown)
    flow = upsample_flow(shown.flow, square.to_crop, square.photo().bounds)
    return {
        "Source": np.asarray(square.pixels),
        "Flow": flow_colours(flow),
        PIXELS: enlarge(small, square.size),
        FLOW: large,
    }


def _at_network_size(square: FaceSquare, shown: FlowField) -> NDArray[np.uint8]:
    """The edit of the 128 px crop, as a network of that size would show it."""
    crop = square.crop()
    small = FaceSquare(square.name, crop.pixels.copy(), square.crop_landmarks)
    return warp_square(small, shown)


def _measure(picture: NDArray[np.uint8], square: FaceSquare) -> dict[str, float]:
    """Sharpness in the face over the source's: of the finest detail, and of detail four times as coarse."""
    return {
        "sharpness": _sharpness(picture, square.region()) / _sharpness(square.pixels, square.region()),
        "coarse": _coarse(picture, square) / _coarse(np.asarray(square.pixels), square),
    }


def _coarse(picture: NDArray[np.uint8], square: FaceSquare) -> float:
    size = square.size // 4
    small = cv2.resize(np.ascontiguousarray(picture), (size, size), interpolation=cv2.INTER_AREA)
    region = cv2.resize(square.region().astype(np.uint8), (size, size), interpolation=cv2.INTER_NEAREST) > 0
    return _sharpness(small, region)


def _sharpness(picture: NDArray[np.uint8], region: NDArray[np.bool_]) -> float:
    return laplacian_variance(picture.astype(np.float32) / 255, region)


def _sheet(square: FaceSquare, edited: Mapping[str, NDArray[np.uint8]], factor: int, direction: str) -> Picture:
    """The four pictures, and below them the mouth at the pixels' own size."""
    whole = [
        Cell(name, cv2.resize(picture, (CELL_PX, CELL_PX), interpolation=cv2.INTER_AREA))
        for name, picture in edited.items()
    ]
    left, top = (int(value) for value in square.landmarks[_MOUTH_CORNER] - CELL_PX * np.array([0.15, 0.5]))
    left, top = (int(np.clip(value, 0, square.size - CELL_PX)) for value in (left, top))
    detail = [Cell("", picture[top : top + CELL_PX, left : left + CELL_PX]) for picture in edited.values()]
    return Picture(
        f"figure7_{square.name.rpartition('/')[2]}_{factor}x",
        page([whole, detail]),
        f"{direction} at strength 1, {factor} times the network's size ({square.size} px); below, part of it pixel "
        "by pixel.",
        is_public=square.is_sample,
    )


_MOUTH_CORNER: Final = 61


def _markdown(model: str, direction: str, figures: Mapping[str, Mapping[str, Interval]], *, num_people: int) -> str:
    rows = [[name, row["sharpness"].text(2), row["coarse"].text(2)] for name, row in figures.items()]
    return "\n".join(
        [
            f"# Figure 7: pixel and flow upsampling ({model})",
            "",
            f"{direction} at strength 1 on {num_people} held-out people's photos; means with 95 % intervals over "
            "people.",
            "",
            *table(["way", "sharpness in the face", "of detail four times as coarse"], rows),
            "",
            "Variance of the Laplacian in the face over the source's of the same size, of all detail and after "
            "averaging 4 x 4 pixels. Pixel upsampling: the 128 px crop is edited and enlarged bicubically. Flow "
            "upsampling (section 4.3): the flow is enlarged, and the photo itself is resampled once. The London "
            f"set's faces are 650 to 820 px wide, Canada's about {FACTORS[-1] * CROP_SIZE}: at {FACTORS[-1]} times "
            "most sources are enlargements themselves and have no finest detail to lose; the last column tells more "
            "there.",
        ]
    )
