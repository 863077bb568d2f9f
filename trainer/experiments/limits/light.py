"""Relit inputs: the paper's second limitation. Does other light change the motion that is predicted?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fvae_studio.core.alignment import TEMPLATE_ID
from fvae_studio.core.geometry import SimilarityTransform
from fvae_studio.core.types import AlignedCrop
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.model.preprocess import to_tensor
from fvae_studio.model.warp import resize_flow, warp
from fvae_studio.pipeline.evened_faces import even_light
from fvae_studio.pipeline.predictor import FlowPredictor
from trainer.crops import small_crop
from trainer.experiments.intervals import Interval, mean_over_people
from trainer.figures.reconstruction import RealPairs, fitted_flow, fvae_flows, to_bytes, to_floats
from trainer.metrics import psnr
from trainer.prepare import PreparedFaces
from trainer.validation import MOVING_PX

Light = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""(S, S, 3) in [0, 1] -> the same picture in another light, before clipping."""


def _slope(across: float, down: float) -> Light:
    """A shading that grows from one side to the other by these factors of e."""

    def shade(image: NDArray[np.float32]) -> NDArray[np.float32]:
        size = image.shape[0]
        axis = np.linspace(-0.5, 0.5, size, dtype=np.float32)
        field = np.exp(across * axis[None, :] + down * axis[:, None])
        return np.asarray(image * field[..., None], np.float32)

    return shade


def _cast(*gains: float) -> Light:
    return lambda image: np.asarray(image * np.array(gains, np.float32), np.float32)


def _half_in_shadow(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """A hard shadow over one half of the face."""
    size = image.shape[0]
    edge = 1 / (1 + np.exp(-(np.arange(size, dtype=np.float32) - size / 2) / (size / 64)))
    return np.asarray(image * (0.4 + 0.6 * edge)[None, :, None], np.float32)


LIGHTS: Final[Mapping[str, Light]] = {
    "as photographed": lambda image: image,
    "half as bright": _cast(0.5, 0.5, 0.5),
    "a third brighter": _cast(1.33, 1.33, 1.33),
    "low contrast (gamma 0.6)": lambda image: np.asarray(image**0.6, np.float32),
    "high contrast (gamma 1.7)": lambda image: np.asarray(image**1.7, np.float32),
    "warm light": _cast(1.15, 0.95, 0.7),
    "cold light": _cast(0.75, 0.95, 1.15),
    "light from one side (1 : 3)": _slope(1.1, 0.0),
    "light from below (1 : 3)": _slope(0.0, 1.1),
    "half of the face in shadow": _half_in_shadow,
}
"""The first is no change."""


def relit(crop: NDArray[np.uint8], light: Light) -> NDArray[np.uint8]:
    """A crop in another light, (S, S, 3) uint8."""
    return np.asarray(np.round(np.clip(light(crop.astype(np.float32) / 255), 0, 1) * 255), np.uint8)


def edits_in_other_light(
    model: LoadedModel, prepared: PreparedFaces, rows: list[int], direction: str
) -> dict[str, Interval]:
    """How far the flow of an edit is from that of the photo as it is, over its mean displacement, by light.

    Args:
        model: with the direction.
        prepared: the photos.
        rows: of the photos to edit.
        direction: at strength 1.
    """
    predictor = FlowPredictor(model, device="cpu")
    people = [prepared.faces[row].person for row in rows]
    errors: dict[str, list[float]] = {name: [] for name in LIGHTS}
    for row in rows:
        crop = small_crop(prepared.crops[row])
        reference: NDArray[np.float32] | None = None
        for name, light in LIGHTS.items():
            predictor.set_crop(AlignedCrop(relit(crop, light), SimilarityTransform.identity(), TEMPLATE_ID))
            flow = predictor.predict({direction: 1.0}, with_confidence=False).flow
            reference = flow if reference is None else reference
            length = np.hypot(reference[..., 0], reference[..., 1])
            moving = length > MOVING_PX
            distance = np.hypot(*np.moveaxis(flow - reference, -1, 0))
            errors[name].append(
                float(distance[moving].mean() / length[moving].mean()) if moving.any() else float("nan")
            )
    return {name: mean_over_people(np.array(values), people) for name, values in errors.items()}


def reaching_in_other_light(model: LoadedModel, prepared: PreparedFaces) -> dict[str, dict[str, Interval]]:
    """Gain over the unwarped source when the networks see the pair in another light.

    The flow that they find is judged on the pair as it was photographed. `source`: only the source is relit, which the
    paper's loss takes for motion; `both`: source and target alike; `clip`: only the source, as clips go on from there,
    in one light (`even_light`) and colours and fitted, from the neutral photo to the smiling one.

    Returns:
        dB in the face, by light and by what is relit.
    """
    pairs = RealPairs.of(prepared)
    rows = prepared.pairs("neutral", "smile", split="held_out")
    people = [prepared.faces[source].person for source, _ in rows] * 2
    sources, targets = to_floats(pairs.source), to_floats(pairs.target)
    before = _face_db(sources, targets, pairs.regions)
    gains: dict[str, dict[str, Interval]] = {}
    for name, light in LIGHTS.items():
        seen_source, seen_target = (
            to_tensor([relit(np.round(image * 255).astype(np.uint8), light) for image in images])
            for images in (sources, targets)
        )
        gains[name] = {}
        for what, target in (("source", pairs.target), ("both", seen_target)):
            flow, _ = fvae_flows(model, seen_source, target)
            after = _face_db(to_floats(warp(pairs.source, flow)), targets, pairs.regions)
            gains[name][what] = mean_over_people(after - before, people)
        forth = slice(len(rows))
        flow = clip_flows(model, seen_source[forth], pairs.target[forth])
        after = _face_db(to_floats(warp(pairs.source[forth], flow)), targets[forth], pairs.regions[forth])
        gains[name]["clip"] = mean_over_people(after - before[forth], people[forth])
    return gains


def clip_flows(model: LoadedModel, source: Tensor, target: Tensor) -> Tensor:
    """(B, 2, S, S), crop pixels: as a clip moves the source to where the target is."""
    predictor = FlowPredictor(model, device="cpu")
    flows = []
    for looks in zip(to_bytes(source), to_bytes(target), strict=True):
        same = SimilarityTransform.identity()
        lights = even_light(predictor, [AlignedCrop(look, same, TEMPLATE_ID) for look in looks])
        ceiling = np.minimum(*(light.ceiling for light in lights))
        here, there = (np.minimum(light.coloured, ceiling) for light in lights)
        flows.append(fitted_flow(predictor, here, there))
    return resize_flow(torch.stack(flows), source.shape[-1])


def _face_db(
    images: NDArray[np.float32], targets: NDArray[np.float32], regions: Sequence[NDArray[np.bool_]]
) -> NDArray[np.float64]:
    return np.array([psnr(*each) for each in zip(images, targets, regions, strict=True)])
