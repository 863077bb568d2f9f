"""Held-out people as TensorBoard shows them: what the network makes of a pair, and a row of sliders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fvae_studio.core.flow_view import confidence_colours, flow_colours
from fvae_studio.model.flow_vae import ConfidenceNet
from fvae_studio.model.warp import resize_flow, warp
from trainer.baselines.rgb_training import rgb_vae_of
from trainer.baselines.rgb_vae import painted
from trainer.config import LossConfig
from trainer.dataset import PairBatch, PairTable
from trainer.step import EditableFlowVae, mask_labels

NUM_PAIRS: Final = 3
"""Of each kind, rendered and real."""

LARGEST_FLOW_PX: Final = 8.0
"""At full colour: the same in every picture, so that they can be compared."""

SLIDERS: Final[Mapping[str, Mapping[str, float]]] = {
    "smile": {"mouthSmile_L": 0.8, "mouthSmile_R": 0.8, "cheekSquint_L": 0.3, "cheekSquint_R": 0.3},
    "frown": {"mouthFrown_L": 1.0, "mouthFrown_R": 1.0},
    "brows up": {"browInnerUp_L": 0.8, "browInnerUp_R": 0.8, "browOuterUp_L": 0.9, "browOuterUp_R": 0.9},
    "close eyes": {"eyeBlink_L": 1.0, "eyeBlink_R": 1.0},
}
"""Shapes of the rows of sliders; a row whose shapes the codes lack is left out."""

STRENGTHS: Final = (-0.5, 0.0, 0.5, 1.0, 1.5)


@torch.inference_mode()
def show_held_out(
    network: EditableFlowVae, table: PairTable, loss: LossConfig, *, confidence: ConfidenceNet | None = None
) -> dict[str, NDArray[np.uint8]]:
    """Pictures (H, W, 3) by name, of a fixed few pairs.

    Args:
        network: as it is evaluated.
        table: held-out pairs.
        loss: its beta is that of Eq. 7.
        confidence: M; without it, its label is shown: how well the result agrees with the target.

    Returns:
        "pairs": a row for each pair: source, target, result, flow in colours, confidence. "sliders" (as in Figure 4): a
        row for each of `SLIDERS`, one person, by `STRENGTHS`. For a VAE that paints, only source, target and result.
    """
    was_training = network.training
    network.eval()
    chosen = [*table.real[:NUM_PAIRS], *table.rendered[:: max(1, len(table.rendered) // NUM_PAIRS)][:NUM_PAIRS]]
    batch = table.batch(chosen).to(network.axes.device)
    if network.vae.config.output == "rgb":
        columns = [batch.source, batch.target, painted(rgb_vae_of(network), batch.source, batch.target)]
        pictures = {"pairs": _grid([_pixels(column) for column in columns])}
    else:
        pictures = {"pairs": _pairs(network, batch, loss, confidence)}
        sliders = _sliders(network, batch, table.code_names)
        pictures |= {"sliders": sliders} if len(sliders) else {}
    network.train(was_training)
    return pictures


def _pairs(
    network: EditableFlowVae, batch: PairBatch, loss: LossConfig, confidence: ConfidenceNet | None
) -> NDArray[np.uint8]:
    latent, _ = network.vae.encode(batch.target)
    size = batch.source.shape[-1]
    flow = resize_flow(network.vae.decode(network.vae.source_features(batch.source), latent), size)
    if confidence is None:
        seen = mask_labels(batch._replace(is_real=torch.ones_like(batch.is_real)), flow, loss.confidence_beta)
    else:
        was_training = confidence.training
        seen = torch.sigmoid(confidence.eval()(batch.source, latent, flow))
        confidence.train(was_training)
        seen = torch.nn.functional.interpolate(seen, size=(size, size), mode="bilinear")
    fields = flow.permute(0, 2, 3, 1).float().cpu().numpy()
    colours = [flow_colours(field, largest=LARGEST_FLOW_PX) for field in fields]
    heat = [confidence_colours(values) for values in seen[:, 0].float().cpu().numpy()]
    images = [_pixels(image) for image in (batch.source, batch.target, warp(batch.source, flow))]
    return _grid([*images, np.stack(colours), np.stack(heat)])


def _sliders(network: EditableFlowVae, batch: PairBatch, code_names: Sequence[str]) -> NDArray[np.uint8]:
    """One person by strength; what is shown is the program's F(S, Z(S) + d) - F(S, Z(S))."""
    rows = {name: shapes for name, shapes in SLIDERS.items() if set(shapes) <= set(code_names)}
    if not rows:
        return np.zeros((0, 0, 3), np.uint8)
    vae, source = network.vae, batch.source[:1]
    mean, _ = vae.encode(source)
    features = vae.source_features(source, mean)
    base = vae.decode(features, mean)
    columns: list[list[NDArray[np.uint8]]] = [[] for _ in STRENGTHS]
    for shapes in rows.values():
        code = torch.tensor([[shapes.get(name, 0.0) for name in code_names]], device=source.device)
        for column, strength in zip(columns, STRENGTHS, strict=True):
            flow = vae.decode(features, mean + network.offset(code * strength)) - base
            column.append(_pixels(warp(source, resize_flow(flow, source.shape[-1])))[0])
    return _grid([np.stack(column) for column in columns])


def _pixels(images: Tensor) -> NDArray[np.uint8]:
    """(B, 3, S, S) in [-1, 1] -> (B, S, S, 3)."""
    scaled = ((images.float() + 1) * 127.5).round().clamp(0, 255).byte()
    pixels: NDArray[np.uint8] = scaled.permute(0, 2, 3, 1).cpu().numpy()
    return pixels


def _grid(columns: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Columns of (B, S, S, 3) side by side: (B S, n S, 3)."""
    return np.concatenate([column.reshape(-1, *column.shape[2:]) for column in columns], axis=1)
