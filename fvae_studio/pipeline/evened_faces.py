"""The faces of a clip in one light, as networks and fits see them; see `core.even_light`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.contours import cell_centres
from fvae_studio.core.even_light import in_light, light_lacking
from fvae_studio.core.registration import fit_seen_colour
from fvae_studio.core.types import AlignedCrop, FloatMap
from fvae_studio.pipeline.predictor import FlowPredictor

ROUNDS: Final = 2
"""In the second one, photos lie on each other more exactly, since the first one has filled most of the shadows."""


@dataclass(frozen=True, eq=False)
class PhotoLight:
    """The light of a photo beside that of the others.

    Attributes:
        lacking: (CROP_SIZE, CROP_SIZE), what it lacks of the lightest one's, see `light_lacking`.
        first: the same of the first photo, there where this photo shows the same.
        look: (CROP_SIZE, CROP_SIZE, 3), this photo's crop with what it lacks.
        first_look: that of the first photo, there where this photo shows the same.
    """

    lacking: FloatMap
    first: FloatMap
    look: NDArray[np.uint8]
    first_look: NDArray[np.uint8]

    @property
    def colour_map(self) -> NDArray[np.float32]:
        """(3, 4): from this photo's colours to the first one's."""
        return fit_seen_colour(self.look, self.first_look)


def even_light(predictor: FlowPredictor, crops: Sequence[AlignedCrop]) -> tuple[PhotoLight, ...]:
    """Set photos of one person, each in the light of the lightest, as the faces of a predictor.

    Args:
        predictor: gets the faces.
        crops: of the photos, as the model takes them.

    Returns:
        The light of each; 0 where all are in one. What is compared with others has to be in the lightest as well.
    """
    looks = [crop.pixels for crop in crops]
    dark = np.zeros((CROP_SIZE, CROP_SIZE), np.float32)
    lacking = [dark for _ in crops]
    predictor.set_crops(crops)
    for _ in range(ROUNDS):
        lacking = [_lacking(predictor, face, looks) for face in range(len(crops))]
        if not any(each.any() for each in lacking):
            break
        predictor.set_crops(
            [replace(crop, pixels=in_light(crop.pixels, each)) for crop, each in zip(crops, lacking, strict=True)]
        )
    lit = [in_light(look, each) for look, each in zip(looks, lacking, strict=True)]
    lights = [PhotoLight(lacking[0], lacking[0], lit[0], lit[0])]
    for face in range(1, len(crops)):
        first, first_look = (_moved(predictor, 0, face, each) for each in (lacking[0], lit[0]))
        lights.append(PhotoLight(lacking[face], first, lit[face], first_look))
    return tuple(lights)


def _lacking(predictor: FlowPredictor, face: int, looks: Sequence[NDArray[np.uint8]]) -> FloatMap:
    lacking: FloatMap = np.zeros((CROP_SIZE, CROP_SIZE), np.float32)
    for other, look in enumerate(looks):
        if other != face:
            lacking = np.maximum(lacking, light_lacking(looks[face], _moved(predictor, other, face, look)))
    return lacking


def _moved(predictor: FlowPredictor, face: int, to: int, picture: NDArray[Any]) -> NDArray[Any]:
    """A picture (CROP_SIZE, CROP_SIZE, ...) of a face, moved to where another one is."""
    if not picture.any():
        return picture
    (field,) = predictor.predict_latents(predictor.latent(to)[None], face=face, with_confidence=False)
    size = (CROP_SIZE, CROP_SIZE)
    flow = field.flow if field.flow.shape[1::-1] == size else cv2.resize(field.flow, size)
    rows = cell_centres(CROP_SIZE)
    places = np.stack(np.meshgrid(rows, rows), axis=-1).astype(np.float32) + flow
    moved: NDArray[Any] = cv2.remap(picture, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return moved
