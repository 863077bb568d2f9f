"""A model with random weights and few channels, for tests of everything around the networks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.model.config import FlowVaeConfig
from fvae_studio.model.directions import OPEN_MOUTH, Direction, DirectionSet
from fvae_studio.model.flow_vae import ConfidenceNet, FlowVae
from fvae_studio.model.weights import CheckpointHeader

TINY_CONFIG = FlowVaeConfig(
    stem_stride=2,
    encoder_channels=(4, 4, 8, 8, 8),
    decoder_channels=(8, 8, 4, 4),
    latent_channels=4,
    confidence_encoder_channels=(4, 4, 4, 4, 4),
    confidence_decoder_channels=(4, 4, 4, 4),
    output="displacement",
    displacement_range=0.5,
    head="pixel_shuffle",
    init="kaiming",
)


def make_tiny_model(*, seed: int = 1, config: FlowVaeConfig = TINY_CONFIG) -> LoadedModel:
    """Random networks whose flows are some pixels long, with the directions smile, close_eye_left, close_eye_right.

    A direction of strength 1 moves the flow by a few tenths of a pixel or more, so that an edit changes pixels.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        vae, confidence = FlowVae(config), ConfidenceNet(config)
        # The networks start at the flow that moves nothing; a test wants to see something move.
        torch.nn.init.normal_(vae.decoder.head.weight, std=0.5)
        for network in (vae, confidence):
            for module in network.modules():
                if isinstance(module, torch.nn.BatchNorm2d):
                    # Not the values of a fresh layer, so that a lost statistic shows.
                    module.running_mean.uniform_(-0.1, 0.1)  # type: ignore[union-attr]
                    module.running_var.uniform_(0.8, 1.2)  # type: ignore[union-attr]
            network.eval().requires_grad_(False)
    rng = np.random.default_rng(seed)
    smile = Direction(
        name="smile",
        label="Smile",
        group="Expressions",
        vector=rng.normal(size=config.latent_shape).astype(np.float32),
        trusted=(-0.5, 1.2),
        description="Raises the corners of the mouth.",
    )
    left, right = (
        Direction(
            name=f"close_eye_{side}",
            label=f"Close {side} eye",
            group="Eyes",
            vector=rng.normal(size=config.latent_shape).astype(np.float32),
            trusted=(0.0, 1.0),
            mirrored=f"close_eye_{other}",
        )
        for side, other in (("left", "right"), ("right", "left"))
    )
    header = CheckpointHeader(
        name="tiny",
        config=config,
        provenance=({"name": "random numbers", "licence": "none needed"},),
        metrics={"psnr_db": 12.5},
    )
    return LoadedModel(vae, confidence, DirectionSet([smile, left, right], latent_shape=config.latent_shape), header)


def without_directions(model: LoadedModel) -> LoadedModel:
    """The same networks with nothing to edit."""
    return replace(model, directions=DirectionSet([], latent_shape=model.header.config.latent_shape))


def make_parting_model(parts: float = 0.5) -> LoadedModel:
    """The tiny model with a smile that parts open lips by so much of `OPEN_MOUTH`, which is its other direction."""
    model = make_tiny_model()
    opens = replace(model.directions["close_eye_left"], name=OPEN_MOUTH, mirrored=None)
    smile = replace(model.directions["smile"], parts=parts)
    return replace(model, directions=DirectionSet([smile, opens], latent_shape=model.directions.latent_shape))
