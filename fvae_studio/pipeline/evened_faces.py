"""The faces of a clip in one light, as networks and fits see them; see `core.even_light` and `core.even_tone`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import permutations
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.crop_places import shifted
from fvae_studio.core.even_light import in_light, light_lacking
from fvae_studio.core.even_tone import Tone, fit_tone, in_tone
from fvae_studio.core.registration import apply_colour, fit_seen_colour
from fvae_studio.core.types import AlignedCrop, FloatMap
from fvae_studio.pipeline.predictor import FlowPredictor

ROUNDS: Final = 2
"""In the second one, photos lie on each other more exactly, since the first one has filled most of the shadows."""

_Flows: TypeAlias = Mapping[tuple[int, int], NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class PhotoLight:
    """The light of a photo beside that of the others.

    Attributes:
        tone: the first photo's curve for this one; None where it is its own.
        lacking: (CROP_SIZE, CROP_SIZE), what it lacks of the lightest one's, see `light_lacking`.
        first: the same of the first photo, there where this photo shows the same.
        look: (CROP_SIZE, CROP_SIZE, 3), this photo's crop with the first one's curve and what it lacks.
        first_look: that of the first photo, there where this photo shows the same.
    """

    tone: Tone | None
    lacking: FloatMap
    first: FloatMap
    look: NDArray[np.uint8]
    first_look: NDArray[np.uint8]

    @cached_property
    def colour_map(self) -> NDArray[np.float32]:
        """(3, 4): from this photo's colours to the first one's."""
        return fit_seen_colour(self.look, self.first_look)

    @property
    def coloured(self) -> NDArray[np.uint8]:
        """(CROP_SIZE, CROP_SIZE, 3): its look in the first one's colours."""
        return apply_colour(self.look, self.colour_map).astype(np.uint8, copy=False)

    @property
    def ceiling(self) -> NDArray[np.uint8]:
        """(3,): what burnt-out pixels of this photo become with the first one's curve and colours.

        Whatever is brighter in another photo can be compared with them as if it were burnt out alike.
        """
        white = in_tone(np.full((1, 1, 3), 255, np.uint8), self.tone)
        ceiling: NDArray[np.uint8] = apply_colour(white, self.colour_map)[0, 0].astype(np.uint8, copy=False)
        return ceiling


def even_light(predictor: FlowPredictor, crops: Sequence[AlignedCrop]) -> tuple[PhotoLight, ...]:
    """Set photos of one person, each in the light of the lightest, as the faces of a predictor.

    Args:
        predictor: gets the faces.
        crops: of the photos, as the model takes them.

    Returns:
        The light of each; 0 where all are in one. What is compared with others has to be in the lightest as well.
    """
    lit = [crop.pixels for crop in crops]
    predictor.set_crops(crops)
    flows = _flows(predictor, len(crops))
    tones: list[Tone | None] = []
    lacking: list[FloatMap] = []
    for _ in range(ROUNDS):
        tones = [None, *(_tone(face, flows, crops, lit) for face in range(1, len(crops)))]
        looks = [_in_tone(*each) for each in zip(crops, tones, strict=True)]
        lacking = [_lacking(face, flows, looks) for face in range(len(crops))]
        seen, lit = lit, [in_light(look, each) for look, each in zip(looks, lacking, strict=True)]
        if all(before is now for before, now in zip(seen, lit, strict=True)):
            break
        predictor.set_crops([replace(crop, pixels=look) for crop, look in zip(crops, lit, strict=True)])
        flows = _flows(predictor, len(crops))
    lights = [PhotoLight(None, lacking[0], lacking[0], lit[0], lit[0])]
    for face in range(1, len(crops)):
        first, first_look = (shifted(each, flows[0, face]) for each in (lacking[0], lit[0]))
        lights.append(PhotoLight(tones[face], lacking[face], first, lit[face], first_look))
    return tuple(lights)


def _tone(face: int, flows: _Flows, crops: Sequence[AlignedCrop], lit: Sequence[NDArray[np.uint8]]) -> Tone | None:
    """The first photo's curve, as far as it is seen; with a shadow on either one it is seen once that is filled."""
    tone = fit_tone(crops[face].pixels, shifted(crops[0].pixels, flows[0, face]))
    if tone is None and not (lit[face] is crops[face].pixels and lit[0] is crops[0].pixels):
        tone = fit_tone(lit[face], shifted(lit[0], flows[0, face]))
    return tone


def _in_tone(crop: AlignedCrop, tone: Tone | None) -> NDArray[np.uint8]:
    return in_tone(crop.pixels, tone).astype(np.uint8, copy=False)


def _lacking(face: int, flows: _Flows, looks: Sequence[NDArray[np.uint8]]) -> FloatMap:
    lacking: FloatMap = np.zeros((CROP_SIZE, CROP_SIZE), np.float32)
    for other, look in enumerate(looks):
        if other != face:
            lacking = np.maximum(lacking, light_lacking(looks[face], shifted(look, flows[other, face])))
    return lacking


def _flows(predictor: FlowPredictor, num_faces: int) -> _Flows:
    """(CROP_SIZE, CROP_SIZE, 2), crop pixels: of each face (the first number), to where another one is (the second)."""
    flows = {}
    for face, to in permutations(range(num_faces), 2):
        (field,) = predictor.predict_latents(predictor.latent(to)[None], face=face, with_confidence=False)
        flows[face, to] = cv2.resize(field.flow, (CROP_SIZE, CROP_SIZE))
    return flows
