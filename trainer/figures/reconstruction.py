"""How well the target is reached when the target may be seen: the paper's Table 1, on held-out people's real pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fvae_studio.core.alignment import TEMPLATE_ID
from fvae_studio.core.colour import transfer_colour
from fvae_studio.core.geometry import SimilarityTransform
from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.core.types import AlignedCrop
from fvae_studio.errors import DataError
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.model.flow_vae import FlowVae
from fvae_studio.model.preprocess import to_tensor
from fvae_studio.model.warp import resize_flow, warp
from fvae_studio.pipeline.latent_fit import fit_latent
from fvae_studio.pipeline.predictor import FlowPredictor
from trainer.baselines.dis import dis_flow
from trainer.baselines.oracle import OracleSettings, oracle_flow
from trainer.crops import face_region, small_crop
from trainer.metrics import psnr
from trainer.prepare import PreparedFaces

FORTH, BACK, BOTH = "neutral to smile", "smile to neutral", "both"

_AT_ONCE: Final = 16
"""Pairs at a time."""

CONFIDENCE_NOTE: Final = (
    "FVAE with confidence: M g(S, Z(T)) + (1 - M) S, pixel by pixel: where the confidence M trusts the warp it is "
    "shown, elsewhere the photo itself. The paper does not say what its row of that name blends for a single pair; a "
    "second photo of the person (Algorithm 2) would be the target here, so S is all there is to blend with."
)

FITTED: Final = "FVAE, latent fitted"

FITTED_NOTE: Final = (
    "FVAE, latent fitted: F(S, Z) - F(S, mean(S)) as the program moves photos, Z begun as mean(T) and fitted until "
    "the warped photo looks like T, as for corrections between a clip's photos. Like DIS, it looks at the target "
    "itself; but all that it can do is a flow that the decoder knows."
)


@dataclass(frozen=True)
class MethodFigures:
    """One method in one direction.

    Attributes:
        method: its name in the table.
        direction: `FORTH`, `BACK` or `BOTH`.
        num_pairs: that the means are taken over.
        whole_db: mean PSNR of the crop.
        face_db: mean PSNR inside the hull of the target's landmarks.
        whole_share: of the oracle's gain over the unwarped source, whole crop.
        face_share: the same in the face region.
    """

    method: str
    direction: str
    num_pairs: int
    whole_db: float
    face_db: float
    whole_share: float
    face_share: float


@dataclass(frozen=True, eq=False)
class RealPairs:
    """Two photos of each person, both ways, as the paper prepares them (section 5.2).

    Attributes:
        source: (B, 3, S, S) in [-1, 1], with the colours of its target.
        target: (B, 3, S, S) in [-1, 1].
        regions: B face regions (S, S) of the targets.
        is_forth: (B,) neutral -> smile.
    """

    source: Tensor
    target: Tensor
    regions: tuple[NDArray[np.bool_], ...]
    is_forth: NDArray[np.bool_]

    @staticmethod
    def of(prepared: PreparedFaces, *, split: str = "held_out") -> RealPairs:
        """All pairs of a neutral and a smiling photo.

        Raises:
            DataError: there are none.
        """
        forth = prepared.pairs("neutral", "smile", split=split)
        if not forth:
            raise DataError(f"no {split} person has a neutral and a smiling photo; nothing can be measured")
        pairs = forth + [(target, source) for source, target in forth]
        sources, targets, regions = [], [], []
        for source, target in pairs:
            wanted, region = small_crop(prepared.crops[target]), face_region(prepared.landmarks[target])
            sources.append(transfer_colour(small_crop(prepared.crops[source]), wanted, region=region))
            targets.append(wanted)
            regions.append(region)
        is_forth = np.arange(len(pairs)) < len(forth)
        return RealPairs(to_tensor(sources), to_tensor(targets), tuple(regions), is_forth)


def reconstruction_figures(
    model: LoadedModel,
    prepared: PreparedFaces,
    *,
    oracle: OracleSettings | None = None,
    progress: Progress | None = None,
) -> tuple[MethodFigures, ...]:
    """The table: unwarped source, DIS flow, FVAE, with confidence, with its latent fitted, oracle flow.

    The FVAE is shown as the paper shows it, g(S, mean(T)), without the subtraction that makes zero mean zero.

    Args:
        model: whose encoder, decoder and confidence network are measured.
        prepared: its held-out people with two photos.
        oracle: None for the settings of all reports.
        progress: told how far it is.

    Returns:
        Six methods in each direction and over both, in the order of the table.
    """
    progress = progress or NoProgress()
    pairs = RealPairs.of(prepared)
    size = pairs.source.shape[-1]
    warped, blended = fvae_pictures(model, pairs.source, pairs.target)
    looks = zip(to_bytes(pairs.source), to_bytes(pairs.target), strict=True)
    dis = torch.from_numpy(np.stack([dis_flow(source, target) for source, target in looks]))
    fitted = fitted_flows(model, pairs.source, pairs.target, progress=progress.subrange(0.0, 0.1))
    best = oracle_flow(pairs.source, pairs.target, settings=oracle, progress=progress.subrange(0.1, 0.9))
    pictures = {
        "Unwarped source": pairs.source,
        "DIS flow (sees the target)": warp(pairs.source, dis.permute(0, 3, 1, 2)),
        "FVAE": warped,
        "FVAE with confidence": blended,
        FITTED: warp(pairs.source, fitted),
        "Oracle flow (optimised on the pair)": warp(pairs.source, best),
    }
    whole_crop = np.ones((size, size), np.bool_)
    targets = to_floats(pairs.target)
    decibels = {}
    for method, images in pictures.items():
        decibels[method] = np.array(
            [
                (psnr(image, target, whole_crop), psnr(image, target, region))
                for image, target, region in zip(to_floats(images), targets, pairs.regions, strict=True)
            ]
        )
    rows = []
    for direction, chosen in (
        (FORTH, pairs.is_forth),
        (BACK, ~pairs.is_forth),
        (BOTH, np.ones(len(pairs.is_forth), np.bool_)),
    ):
        means = {method: values[chosen].mean(axis=0) for method, values in decibels.items()}
        rows += _rows(direction, int(chosen.sum()), means)
    return tuple(rows)


def fvae_pictures(model: LoadedModel, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """g(S, mean(T)), and its blend with S by the confidence (`CONFIDENCE_NOTE`); each (B, 3, S, S) in [-1, 1]."""
    flow, confidence = fvae_flows(model, source, target)
    warped = warp(source, flow)
    return warped, source + confidence * (warped - source)


@torch.inference_mode()
def fvae_flows(model: LoadedModel, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """F(S, mean(T)) and M(S, mean(T)) for the true target.

    Args:
        model: whose networks are asked.
        source: (B, 3, S, S) in [-1, 1].
        target: likewise.

    Returns:
        (B, 2, S, S) backward flow in crop pixels, (B, 1, S, S) confidence in [0, 1].
    """
    means = _means(model.vae, target)
    flows = _flows(model.vae, source, means)
    # Resized as a flow is: bilinearly, both grids covering the crop.
    confidences = [
        resize_flow(torch.sigmoid(model.confidence(source[part], means[part], flows[part])), source.shape[-1])
        for part in _parts(len(source))
    ]
    return flows, torch.cat(confidences)


@torch.inference_mode()
def vae_flows(vae: FlowVae, source: Tensor, target: Tensor) -> Tensor:
    """F(S, mean(T)) for the true target: (B, 2, S, S), crop pixels; source and target (B, 3, S, S) in [-1, 1]."""
    return _flows(vae, source, _means(vae, target))


def _parts(count: int) -> list[slice]:
    return [slice(first, first + _AT_ONCE) for first in range(0, count, _AT_ONCE)]


def _means(vae: FlowVae, target: Tensor) -> Tensor:
    return torch.cat([vae.encode(target[part])[0] for part in _parts(len(target))])


def _flows(vae: FlowVae, source: Tensor, means: Tensor) -> Tensor:
    decoded = (vae.decode(vae.source_features(source[part]), means[part]) for part in _parts(len(source)))
    return torch.cat([resize_flow(flow, source.shape[-1]) for flow in decoded])


def fitted_flows(model: LoadedModel, source: Tensor, target: Tensor, *, progress: Progress | None = None) -> Tensor:
    """(B, 2, S, S), crop pixels: `FITTED_NOTE`.

    Args:
        model: whose encoder and decoder are asked.
        source: (B, 3, S, S) in [-1, 1].
        target: likewise.
        progress: told how far it is.
    """
    progress = progress or NoProgress()
    predictor = FlowPredictor(model, device="cpu")
    flows = []
    for number, looks in enumerate(zip(to_bytes(source), to_bytes(target), strict=True)):
        progress.raise_if_cancelled()
        progress.report(number / len(source), "fitting latents")
        here, there = (AlignedCrop(look, SimilarityTransform.identity(), TEMPLATE_ID) for look in looks)
        predictor.set_crops([here, there])
        flows.append(fitted_flow(predictor, here.pixels, there.pixels))
    return resize_flow(torch.stack(flows), source.shape[-1])


def fitted_flow(predictor: FlowPredictor, here: NDArray[np.uint8], there: NDArray[np.uint8]) -> Tensor:
    """(2, h, w), crop pixels: of a predictor's first face, looking like `here`, to its second one, like `there`."""
    latent = fit_latent(predictor, here, there, predictor.latent(1))
    (field,) = predictor.predict_latents(latent[None], with_confidence=False)
    return torch.from_numpy(np.array(field.flow)).permute(2, 0, 1)


def _rows(direction: str, num_pairs: int, means: dict[str, NDArray[np.float64]]) -> list[MethodFigures]:
    methods = list(means)
    floor, ceiling = means[methods[0]], means[methods[-1]]
    room = ceiling - floor
    rows = []
    for method in methods:
        # Where even the oracle gains nothing there is nothing to share.
        share = np.where(room > 0, (means[method] - floor) / np.where(room > 0, room, 1), np.nan)
        whole, face = means[method].tolist()
        rows.append(MethodFigures(method, direction, num_pairs, whole, face, float(share[0]), float(share[1])))
    return rows


def to_floats(images: Tensor) -> NDArray[np.float32]:
    """(B, 3, S, S) in [-1, 1] -> (B, S, S, 3) in [0, 1]."""
    scaled: NDArray[np.float32] = ((images + 1) / 2).permute(0, 2, 3, 1).numpy()
    return scaled


def to_bytes(images: Tensor) -> Sequence[NDArray[np.uint8]]:
    """(B, 3, S, S) in [-1, 1] -> B pictures (S, S, 3) uint8."""
    return list(np.round(to_floats(images) * 255).astype(np.uint8))
