"""Starting a training from released weights.

A release holds the networks and the sliders, not W, the axis of every expression shape. That of releases of the program
is kept beside the trainer (`trainer.released_axes`). Else: most sliders are W e of a recipe that is known, so much of W
stands in the file; and the encoder was taught to follow W, so the rest is what best explains its latents of pairs whose
change of expression is known. A network may be wider than the released one (`trainer.widening`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from torch import Tensor

from fvae_studio.errors import ConfigError
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.model.config import FlowVaeConfig
from fvae_studio.model.directions import DirectionSet
from trainer.dataset import PairTable
from trainer.facekit.expressions import RECIPES
from trainer.released_axes import axes_of
from trainer.step import EditableFlowVae
from trainer.widening import is_wider, widen_flow

NUM_PAIRS: Final = 3000
"""From which the axes are found."""

RIDGE: Final = 1.0
"""Squared code entries that a shape needs to have shown before its axis is believed."""


SLIDERS_RTOL: Final = 1e-3
"""Of what sliders have in common: smaller singular values are the rounding of half precision."""

FITTED_DIRECTIONS: Final = ("smile", "big_smile")
"""Sliders that a release moves freely in the latent, or makes of one that was."""


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
    kept = axes_of(model, table.code_names)
    if kept is not None and kept.shape == network.raw_axes.shape:
        network.set_axes(torch.from_numpy(kept))
        return
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
    config = network.vae.config
    axes = torch.linalg.solve(gram, code.T @ step).view(-1, *config.latent_shape)[:, : config.tracked.start]
    if config.tracked.start == model.header.config.tracked.start:
        axes = bent_to_sliders(axes, model.directions, table.code_names)
    network.set_axes(axes)


def bent_to_sliders(axes: Tensor, directions: DirectionSet, code_names: Sequence[str]) -> Tensor:
    """The axes (K, C, h, w) nearest to these that give the sliders of a release, where sliders are mixtures of axes.

    The encoder follows W on the latent's own grid alone (`step.FlowVaeStep`): what W adds to the finer ones can be
    learnt from sliders only. Smiles are no mixtures (`fit_expression.fit_direction`), nor are the head's sliders.
    """
    known = [
        recipe
        for recipe in RECIPES
        if recipe.name in directions and recipe.name not in FITTED_DIRECTIONS and set(recipe.shapes) <= set(code_names)
    ]
    if not known:
        return axes
    codes = torch.zeros(len(known), len(code_names), dtype=axes.dtype)
    for row, recipe in enumerate(known):
        for name, weight in recipe.shapes.items():
            codes[row, list(code_names).index(name)] = weight
    vectors = np.stack([directions[recipe.name].vector[: axes.shape[1]] for recipe in known])
    wanted, flat = torch.from_numpy(vectors).to(axes.dtype).flatten(1), axes.flatten(1)
    # Sliders of one side add up to that of both: not all of them are independent.
    bent: Tensor = axes + (torch.linalg.pinv(codes, rtol=SLIDERS_RTOL) @ (wanted - codes @ flat)).view_as(axes)
    return bent


def require_architecture(model: LoadedModel, config: FlowVaeConfig) -> None:
    """Raise `ConfigError` if a released model cannot be gone on with."""
    if not is_wider(config, model.header.config):
        raise ConfigError(
            f"the model {model.header.name!r} has another architecture than the configuration; start from one with the "
            "same [model] table, or with fewer channels"
        )
