"""Where the photo shows what stands in the latent: descriptors of both, laid on each other by Lucas and Kanade's steps.

Lucas and Kanade (1981) ask by how much a picture has to be moved to become another one, and solve for it: the
difference of both, seen against the slopes of the first, gives the motion, and a few steps make it exact. Here both are
grids of learned descriptors (as in CLKN, Chang et al. 2017), one of which is a part of the latent: the decoder still
knows a target by its latent alone.
"""

from __future__ import annotations

import math
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fvae_studio.model.config import TRACKING_STEPS
from fvae_studio.model.warp import warp

DOUBT: Final = 0.01
"""Squared slope, mean over channels, that counts against motion to begin with: where descriptors are flat, nothing
moves."""


class Tracking(nn.Module):
    """From where in the photo comes what a latent's descriptors show in each cell, in crop pixels.

    Descriptors of the photo itself are found where they are: a latent that differs elsewhere alone moves nothing here.

    Args:
        cell_px: side of a cell in crop pixels.
    """

    def __init__(self, *, cell_px: float) -> None:
        super().__init__()
        self.cell_px = cell_px
        self.log_doubt = nn.Parameter(torch.tensor(math.log(DOUBT)))

    def forward(self, target: Tensor, own: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C, H, W) and (B or 1, C, H, W) -> (B, 2, H / 2, W / 2) of the first step, and (B, 2, H, W).

        A gradient flows through the last step of each grid alone, as if it were known where that begins (RAFT does the
        same).
        """
        if own.shape[0] != target.shape[0]:
            own = own.expand(target.shape[0], -1, -1, -1)
        half_target, half_own = (F.avg_pool2d(grid, 2) for grid in (target, own))
        first = self._step(*slopes(half_own), half_target - half_own)
        found = 2 * F.interpolate(first, scale_factor=2.0, mode="bilinear", align_corners=False)
        sloped = torch.cat([own, *slopes(own)], dim=1)
        for _ in range(TRACKING_STEPS):
            # A place that is no number would be read outside the grid (torch 2.13, on a processor).
            before = torch.nan_to_num(found.detach())
            here, x_slope, y_slope = warp(sloped, before).chunk(3, dim=1)
            found = before + self._step(x_slope, y_slope, target - here)
        return first * (2 * self.cell_px), found * self.cell_px

    def _step(self, x_slope: Tensor, y_slope: Tensor, difference: Tensor) -> Tensor:
        """The motion (B, 2, H, W) in cells that explains a difference best, by least squares over 3 x 3 cells."""
        products = (
            x_slope * x_slope,
            x_slope * y_slope,
            y_slope * y_slope,
            x_slope * difference,
            y_slope * difference,
        )
        sums = F.avg_pool2d(torch.stack([product.mean(1) for product in products], dim=1), 3, stride=1, padding=1)
        xx, xy, yy, by_x, by_y = sums.unbind(1)
        doubt = self.log_doubt.exp()
        xx, yy = xx + doubt, yy + doubt
        return torch.stack([yy * by_x - xy * by_y, xx * by_y - xy * by_x], dim=1) / (xx * yy - xy * xy)[:, None]


def slopes(grid: Tensor) -> tuple[Tensor, Tensor]:
    """By x and by y of (B, C, H, W), a cell being 1; beyond the border stands what stands at it."""
    padded = F.pad(grid, (1, 1, 1, 1), mode="replicate")
    return (padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]) / 2, (padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]) / 2
