"""The paper's VAE: the flow VAE's architecture, whose last layer gives colours instead of a flow (section 6.1)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from fvae_studio.errors import ConfigError, DataError
from fvae_studio.model.config import FlowVaeConfig
from fvae_studio.model.flow_vae import FlowVae
from trainer.baselines.runs import read_averaged


class RgbVae(FlowVae):
    """Encoder and decoder that paint: the latent and the source's features give the picture itself."""

    outputs: ClassVar[tuple[str, ...]] = ("rgb",)
    out_channels: ClassVar[int] = 3

    def paint(self, source_features: Sequence[Tensor], latent: Tensor) -> Tensor:
        """g(S, Z): (B, 3, S, S) in [-1, 1]."""
        size = self.config.crop_size
        picture = torch.tanh(self.decoder(source_features, latent).float())
        if picture.shape[-1] == size:
            return picture
        return F.interpolate(picture, size=(size, size), mode="bilinear", align_corners=False)

    def decode(
        self,
        source_features: Sequence[Tensor],  # noqa: ARG002 (it refuses)
        latent: Tensor,  # noqa: ARG002
        *,
        log_shares: list[Tensor] | None = None,  # noqa: ARG002
        motion: Tensor | None = None,  # noqa: ARG002
    ) -> Tensor:
        """There is no flow.

        Raises:
            ConfigError: always.
        """
        raise ConfigError("a network with output 'rgb' paints and predicts no flow; give one that was trained for flow")


def make_vae(config: FlowVaeConfig) -> FlowVae:
    """The network that a configuration describes."""
    return RgbVae(config) if config.output == "rgb" else FlowVae(config)


def load_rgb_vae(run_dir: Path) -> RgbVae:
    """The averaged weights of a run that was trained with `output = "rgb"`, frozen.

    Args:
        run_dir: folder with the training checkpoint, or the folder of which it is the part `run`.

    Raises:
        DataError: there is no such checkpoint, or it is of another kind of network.
    """
    config, weights, path = read_averaged(run_dir, config_name="vae")
    if config.model.output != "rgb":
        raise DataError(f"{path} holds a network that predicts flow; `--vae` wants one trained with --config vae")
    network = RgbVae(config.model)
    network.load_state_dict(weights)
    return network.eval().requires_grad_(requires_grad=False)


@torch.inference_mode()
def painted(network: RgbVae, source: Tensor, target: Tensor) -> Tensor:
    """g(S, mean(T)) for the true target: (B, 3, S, S) in [-1, 1]."""
    pictures = []
    for first in range(0, len(source), 16):
        part = slice(first, first + 16)
        mean, _ = network.encode(target[part])
        pictures.append(network.paint(network.source_features(source[part]), mean))
    return torch.cat(pictures)
