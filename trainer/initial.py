"""Starting a training from released weights.

A release holds the networks and the sliders, not W, the axis of every expression shape. But the encoder was taught to
follow W, so W is what best explains its latents of pairs whose change of expression is known. A network may be wider
than the released one (`trainer.widening`).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch

from fvae_studio.errors import ConfigError
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.model.config import FlowVaeConfig
from trainer.dataset import PairTable
from trainer.step import AXES_SCALE, EditableFlowVae
from trainer.widening import is_wider, widen_flow

NUM_PAIRS: Final = 3000
"""From which the axes are found."""

RIDGE: Final = 1.0
"""Squared code entries that a shape needs to have shown before its axis is believed."""


def start_from(model: LoadedModel, network: EditableFlowVae, table: PairTable, *, seed: int = 0) -> None:
    """Give `network` the weights of a released model, and axes that fit its latents.

    Args:
        model: with the same architecture, or fewer channels.
        network: changed in place.
        table: rendered pairs with known codes.
        seed: of the choice of pairs, and of the channels that are copied into a wider network.

    Raises:
        ConfigError: another architecture.
    """
    require_architecture(model, network.vae.config)
    widen_flow(model.vae, network.vae, seed=seed)
    rng = np.random.default_rng(seed)
    rendered = [table.rendered[i] for i in rng.permutation(len(table.rendered))[:NUM_PAIRS]]
    if not rendered:
        return
    codes, steps = [], []
    was_training = network.training
    network.eval()
    with torch.inference_mode():
        for start in range(0, len(rendered), 32):
            batch = table.batch(rendered[start : start + 32])
            step = network.vae.encode(batch.target)[0] - network.vae.encode(batch.source)[0]
            codes.append(batch.code.double())
            steps.append(step.flatten(1).double())
    network.train(was_training)
    code, step = torch.cat(codes), torch.cat(steps)
    gram = code.T @ code + RIDGE * torch.eye(code.shape[1], dtype=torch.float64)
    axes = torch.linalg.solve(gram, code.T @ step)
    with torch.no_grad():
        network.raw_axes.copy_(axes.float().view_as(network.raw_axes) / AXES_SCALE)


def require_architecture(model: LoadedModel, config: FlowVaeConfig) -> None:
    """Raise `ConfigError` if a released model cannot be gone on with."""
    if not is_wider(config, model.header.config):
        raise ConfigError(
            f"the model {model.header.name!r} has another architecture than the configuration; start from one with the "
            "same [model] table, or with fewer channels"
        )
