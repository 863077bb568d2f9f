"""Training of what the flow's decoder reads of tracked motion, and of nothing else.

An edited latent is found in its photo where it is: its motion is 0, and these weights have no say. So edits, sliders,
gauges and the confidence stay bit for bit as they were, while flows between two photos learn what a new grid of
descriptors finds (`docs/adr/0023-finest-tracking.md`).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from fvae_studio.errors import ConfigError
from fvae_studio.model.layers import ConvDecoder
from trainer.step import EditableFlowVae


def learn_motion_alone(network: EditableFlowVae) -> None:
    """Leave gradients to the decoder's columns of motion and to tracking's doubts; statistics stay as they are.

    Args:
        network: changed in place; it has to stay in evaluation mode.

    Raises:
        ConfigError: nothing is tracked.
    """
    decoder = network.vae.decoder
    assert isinstance(decoder, ConvDecoder)
    if not decoder.is_tracking:
        raise ConfigError(
            'train.learns is "motion", but the model tracks nothing; set model.tracking_channels, or train.learns=all'
        )
    network.eval().requires_grad_(requires_grad=False)
    decoder.tracking.requires_grad_()
    for weight, count in motion_columns(decoder):
        weight.requires_grad_()
        own = torch.zeros_like(weight)
        own[:, -count:] = 1
        weight.register_hook(lambda slope, own=own: slope * own.to(slope.device))  # type: ignore[no-untyped-call]  # torch's


def motion_columns(decoder: ConvDecoder) -> list[tuple[Tensor, int]]:
    """The weights (out, in, h, w) of each layer, and how many of its last inputs are motion."""
    layers = [block[0] for block in decoder.blocks if isinstance(block, nn.Sequential)]
    weights = [layer.weight for layer in layers if isinstance(layer, nn.Conv2d)]
    return [*((weight, 2) for weight in weights), (decoder.head.weight, decoder.head_motions)]
