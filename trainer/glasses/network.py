"""The network that finds glasses, as it is trained; `fvae_studio.model.glasses_net` runs what is folded from it."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from fvae_studio.model.graph_layers import normalised_weights

CHANNELS: Final = (16, 24, 40, 56, 72)
"""Of the grids of 64 x 128 cells down to 4 x 8."""


class GlassesNetwork(nn.Module):
    """A U-Net (Ronneberger et al. 2015) from a band around the eyes to the logits of what glasses hide there.

    (B, 3, 64, 128) in [-1, 1] -> (B, 1, 64, 128). Two thirds of it look at the whole band: what tells a rim from a brow
    is what goes on at the other eye.
    """

    def __init__(self, channels: tuple[int, ...] = CHANNELS) -> None:
        super().__init__()
        down: list[nn.Module] = [_block(3, channels[0])]
        for inputs, outputs in pairwise(channels):
            down.append(nn.Sequential(_block(inputs, outputs, stride=2), _block(outputs, outputs)))
        self.down = nn.ModuleList(down)
        finer = list(reversed(list(pairwise(channels))))
        self.up = nn.ModuleList(_block(coarse + fine, fine) for fine, coarse in finer)
        self.head = nn.Conv2d(channels[0], 1, 3, padding=1)

    def forward(self, band: Tensor) -> Tensor:
        """Logits; see the class."""
        grids: list[Tensor] = []
        x = band
        for level in self.down:
            x = level(x)
            grids.append(x)
        for level, grid in zip(self.up, reversed(grids[:-1]), strict=True):
            x = level(torch.cat([F.interpolate(x, scale_factor=2.0, mode="nearest"), grid], dim=1))
        logits: Tensor = self.head(x)
        return logits

    def folded(self) -> dict[str, NDArray[np.float32]]:
        """Weights and biases of all convolutions, in order, with what the normalisations behind them do."""
        tensors = {name: value.detach().cpu().numpy() for name, value in self.state_dict().items()}
        blocks = [name.removesuffix(".1.running_mean") for name in tensors if name.endswith(".1.running_mean")]
        found: dict[str, NDArray[np.float32]] = {}
        for number, block in enumerate(blocks):
            weight, bias = normalised_weights(tensors, f"{block}.0", f"{block}.1")
            found[f"{number:02}.weight"], found[f"{number:02}.bias"] = weight, bias
        last = f"{len(blocks):02}"
        return found | {f"{last}.weight": tensors["head.weight"], f"{last}.bias": tensors["head.bias"]}


def _block(inputs: int, outputs: int, *, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())
