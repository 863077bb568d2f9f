"""Edits of a photo whose result nobody has seen, by every method: what Figure 4 shows and the study asks about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from fvae_studio.core.composite import composite
from fvae_studio.core.progress import Progress
from fvae_studio.core.shown_face import warp_shown
from fvae_studio.core.types import FlowField
from fvae_studio.errors import DataError
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.model.directions import Latent
from fvae_studio.model.preprocess import to_tensor
from fvae_studio.pipeline.detector import FaceDetector
from fvae_studio.pipeline.engine import settle
from fvae_studio.pipeline.predictor import FlowPredictor
from trainer.baselines.average_flow import average_photographed_flow, rendered_people
from trainer.baselines.pixel_upsampling import enlarge
from trainer.baselines.rgb_vae import RgbVae
from trainer.crops import small_crop
from trainer.experiments.algorithm1 import mean_latent, photographed_direction
from trainer.experiments.squares import FaceSquare, read_square
from trainer.facekit.expressions import RECIPES
from trainer.facekit.fit import FaceFits
from trainer.facekit.mesh import FaceKit
from trainer.figures.reconstruction import to_bytes
from trainer.prepare import PreparedFaces

SLIDER: Final = "FVAE, slider"
ALGORITHM_1: Final = "FVAE, Algorithm 1"
AVERAGE: Final = "Average flow"
VAE: Final = "VAE, Algorithm 1"


@dataclass(frozen=True)
class Edit:
    """One block of the figure.

    Attributes:
        name: of the block.
        source: label of the photos that are edited.
        target: label of the photos that show the result; None where no photo does, and training people are rendered.
        slider: of the program.
        strength: of the slider.
        sample: ending of the sample portraits' names.
    """

    name: str
    source: str
    target: str | None
    slider: str
    strength: float
    sample: str


EDITS: Final = (
    Edit("neutral to smile", "neutral", "smile", "smile", 1.0, "neutral"),
    Edit("smile to neutral", "smile", "neutral", "smile", -1.0, "smile"),
    Edit("neutral to disgust", "neutral", None, "disgusted", 1.0, "neutral"),
)
"""The paper's two, and the one in which people's own photos can be compared both ways."""


@dataclass(frozen=True, eq=False)
class Ways:
    """What an edit means to each method."""

    flow: NDArray[np.float32]
    direction: Latent
    vae_direction: Latent | None


def require_sliders(model: LoadedModel) -> None:
    """Raise `DataError` if the model lacks a slider of `EDITS`."""
    missing = sorted({edit.slider for edit in EDITS} - set(model.directions))
    if missing:
        raise DataError(f"the model {model.header.name} has no slider {' or '.join(missing)}, which this edits with")


def read_prepared(
    prepared: PreparedFaces, row: int, photos: Mapping[str, Path], detector: FaceDetector, *, size: int
) -> FaceSquare:
    """The square of a prepared photo, from the photo itself.

    Raises:
        DataError: it is not among the data, or shows no face.
    """
    return read_square(prepared_photo(prepared, row, photos), prepared.faces[row].person, detector, size=size)


def prepared_photo(prepared: PreparedFaces, row: int, photos: Mapping[str, Path]) -> Path:
    """The file of a prepared photo.

    Raises:
        DataError: it is not among the data.
    """
    face = prepared.faces[row]
    if face.photo not in photos:
        raise DataError(f"the photo {face.photo} is not among the data; give the folder that `fvae-train prepare` read")
    return photos[face.photo]


def learn_edit(
    edit: Edit,
    model: LoadedModel,
    vae: RgbVae | None,
    prepared: PreparedFaces,
    facekit: FaceKit,
    fits: FaceFits,
    progress: Progress,
) -> Ways:
    """What the training people tell each method: average flow and directions.

    Raises:
        DataError: they lack photos with these labels.
    """
    if edit.target is not None:
        flow = average_photographed_flow(prepared, edit.source, edit.target, progress=progress)
        directions = [
            None if network is None else photographed_direction(network, prepared, edit.source, edit.target)
            for network in (model.vae, vae)
        ]
    else:
        shapes = next(recipe.shapes for recipe in RECIPES if recipe.name == edit.slider)
        pairs = rendered_people(facekit, fits, prepared, shapes, progress=progress)
        flow = np.asarray(np.mean([pair.forward for _, pair in pairs], axis=0), np.float32)
        targets = [pair.target for _, pair in pairs]
        sources = [small_crop(prepared.crops[row]) for row, _ in pairs]
        directions = [
            None if network is None else mean_latent(network, targets) - mean_latent(network, sources)
            for network in (model.vae, vae)
        ]
    assert directions[0] is not None
    return Ways(flow, directions[0], directions[1])


def edit_square(
    edit: Edit, ways: Ways, predictor: FlowPredictor, vae: RgbVae | None, square: FaceSquare
) -> dict[str, NDArray[np.uint8]]:
    """(S, S, 3) of every method, by its name.

    Args:
        edit: which.
        ways: from `learn_edit`.
        predictor: gets the square's face.
        vae: None leaves its picture out.
        square: the photo.
    """
    crop = square.crop()
    predictor.set_crop(crop)
    (algorithm,) = predictor.predict_latents((predictor.latent() + ways.direction)[None])
    flows = {
        SLIDER: predictor.predict({edit.slider: edit.strength}),
        ALGORITHM_1: algorithm,
        AVERAGE: FlowField(ways.flow.copy(), np.ones(ways.flow.shape[:2], np.float32)),
    }
    edited = {name: warp_square(square, settle(flow, square.crop_landmarks)) for name, flow in flows.items()}
    if vae is not None and ways.vae_direction is not None:
        with torch.inference_mode():
            source = to_tensor([crop.pixels])
            latent = vae.encode(source)[0] + torch.from_numpy(ways.vae_direction)
            painted = vae.paint(vae.source_features(source), latent)
        edited[VAE] = enlarge(to_bytes(painted)[0], square.size)
    return edited


def warp_square(square: FaceSquare, flow: FlowField) -> NDArray[np.uint8]:
    """(S, S, 3): a square moved by a flow that was settled, as the program shows it."""
    photo = square.photo()
    return composite(photo, [warp_shown(photo, flow, square.to_crop, square.crop_landmarks)]).pixels.astype(
        np.uint8, copy=False
    )
