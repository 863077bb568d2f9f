"""Where the photo shows what stands in the latent: finer grids of two latents, compared cell by cell.

The idea of a cost volume is that of optical flow networks (PWC-Net, Sun et al. 2018; RAFT, Teed and Deng 2020), the
place for what matches nothing that of SuperGlue (Sarlin et al. 2020). Here both sides are latents: the decoder still
knows a target by its latent alone.
"""

from __future__ import annotations

import math
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fvae_studio.model.config import matching_moves

SHARPNESS: Final = 8.0
"""Of matches to begin with; see `Matching`. Two cells whose numbers differ by 1 (root mean square) then match
exp(-8) as well as two that are alike."""

DOUBT: Final = -2.0
"""Logit of "nothing here matches" to begin with, where that of cells that are alike is 0."""


def moves_like(values: Tensor, radius: int) -> Tensor:
    """`matching_moves` as a tensor (K, 2) of the kind of others."""
    return torch.tensor(matching_moves(radius), dtype=values.dtype, device=values.device)


def mean_squared_differences(target: Tensor, own: Tensor, radius: int) -> Tensor:
    """(B, C, H, W) against each cell of (B or 1, C, H, W) around -> (B, K, H, W), K = (2 radius + 1)^2.

    Beyond the border stands what stands at it.
    """
    height, width = target.shape[-2:]
    padded = F.pad(own, (radius,) * 4, mode="replicate")
    squares = F.pad(own.square().sum(1, keepdim=True), (radius,) * 4, mode="replicate")
    of_target = target.square().sum(1, keepdim=True)
    costs = []
    # Not `unfold`: a copy of everything K times over takes ten times as long.
    for x, y in matching_moves(radius):
        rows, columns = slice(y + radius, y + radius + height), slice(x + radius, x + radius + width)
        product = (target * padded[..., rows, columns]).sum(1, keepdim=True)
        costs.append(squares[..., rows, columns] - 2 * product)
    return (torch.cat(costs, dim=1) + of_target) / target.shape[1]


class Matching(nn.Module):
    """Adds to a decoder's features what a finer grid says about where the photo has what the latent shows.

    Every cell of the latent is compared with the photo's own cells around it. Matches are shares of 1 (a softmax of
    minus the differences), with one more for "nothing here matches": after a slider's step the numbers are no photo's,
    and matching should not say that nothing moves.

    It begins as if it were not there, like a `Refinement`.

    Args:
        channels: of the decoder's features.
        radius: how far it looks, in cells.
    """

    def __init__(self, *, channels: int, radius: int) -> None:
        super().__init__()
        self.radius = radius
        count = len(matching_moves(radius))
        self.log_sharpness = nn.Parameter(torch.tensor(math.log(SHARPNESS)))
        self.doubt = nn.Parameter(torch.tensor(DOUBT))
        self.reading = nn.Conv2d(channels + count + 2, channels, 3, padding=1, bias=False)
        self.reading_norm = nn.BatchNorm2d(channels)
        self.adding = nn.Conv2d(channels, channels, 3, padding=1)

    def start(self) -> None:
        """Set what `layers.initialise` would set otherwise: nothing is added.

        A whole convolution of zeros, not the gain of a normalisation: one number for each channel moves a thousandth at
        a step of Adam, and after 550 steps a gain that had begun at 0 was 0.001.
        """
        nn.init.zeros_(self.adding.weight)

    def log_shares(self, target: Tensor, own: Tensor) -> Tensor:
        """(B, C, H, W) and (B or 1, C, H, W) -> logarithms of shares (B, K + 1, H, W); the last of no match."""
        logits = -self.log_sharpness.exp() * mean_squared_differences(target, own, self.radius)
        doubt = self.doubt.to(logits.dtype).expand_as(logits[:, :1])
        return torch.log_softmax(torch.cat([logits, doubt], dim=1), dim=1)

    def forward(self, x: Tensor, log_shares: Tensor) -> Tensor:
        """Features (B, channels, H, W) and what was found (B, K + 1, H, W) -> features."""
        shares = log_shares[:, :-1].exp()
        means = torch.einsum("ki,bkhw->bihw", moves_like(shares, self.radius), shares)
        read = F.relu(self.reading_norm(self.reading(torch.cat([x, shares, means], dim=1))))
        return F.relu(x + self.adding(read))
