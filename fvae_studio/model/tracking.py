"""Where the photo shows what stands in the latent: descriptors of both, laid on each other by Lucas and Kanade's steps.

Lucas and Kanade (1981) ask by how much a picture has to be moved to become another one, and solve for it: the
difference of both, seen against the slopes of the first, gives the motion, and a few steps make it exact. Here both are
grids of learned descriptors (as in CLKN, Chang et al. 2017), one of which is a part of the latent: the decoder still
knows a target by its latent alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fvae_studio.model.config import LIGHT_WINDOW, TRACKING_STEPS
from fvae_studio.model.warp import warp

DOUBT: Final = 0.01
"""Squared slope, mean over channels, that counts against motion to begin with: where descriptors are flat, nothing
moves."""


DOUBTS: Final = ("log_doubt", "log_finer_doubt", "log_contrast_doubt")
"""Names of what is learnt of it, for each grid."""


class Tracking(nn.Module):
    """From where in the photo comes what a latent's descriptors show in each cell, in crop pixels.

    Descriptors of the photo itself are found where they are: a latent that differs elsewhere alone moves nothing here.

    Args:
        cell_px: side of a cell of the coarsest grid in crop pixels.
        num_grids: of descriptors, each twice the size of the one before.
        light: see `FlowVaeConfig.contrast_light`; of the third grid alone, which is contrast.
    """

    def __init__(self, *, cell_px: float, num_grids: int = 1, light: float = 0.0) -> None:
        super().__init__()
        self.cell_px = cell_px
        self.lights = (0.0, 0.0, light)
        for name in DOUBTS[:num_grids]:
            self.register_parameter(name, nn.Parameter(torch.tensor(math.log(DOUBT))))

    def forward(self, target: Sequence[Tensor], own: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Descriptors of each grid, (B, C, H, W) and (B or 1, C, H, W), the coarsest first -> motions (B, 2, h, w).

        The first is that of a step on a grid of half the size, then one follows for each grid. A gradient flows through
        the last step of each alone, as if it were known where that begins (RAFT does the same).
        """
        own = [_for_batch(grid, len(target[0])) for grid in own]
        half_target, half_own = (F.avg_pool2d(grids[0], 2) for grids in (target, own))
        log_doubts = [self.get_parameter(name) for name in DOUBTS[: len(target)]]
        found = [least_squares(*slopes(half_own), half_target - half_own, log_doubts[0])]
        for grid, own_grid, log_doubt, light in zip(target, own, log_doubts, self.lights, strict=False):
            found.append(_tracked(grid, own_grid, found[-1], log_doubt, light))
        # Cells of the grid of half the size are twice as wide.
        return tuple(motion * (self.cell_px * 2.0 ** (1 - level)) for level, motion in enumerate(found))


def _tracked(target: Tensor, own: Tensor, coarser: Tensor, log_doubt: Tensor, light: float) -> Tensor:
    """The motion (B, 2, H, W) in cells, from that on a grid of half the size on."""
    found = 2 * F.interpolate(coarser, scale_factor=2.0, mode="bilinear", align_corners=False)
    sloped = torch.cat([own, *slopes(own)], dim=1)
    for _ in range(TRACKING_STEPS):
        # A place that is no number would be read outside the grid (torch 2.13, on a processor).
        before = torch.nan_to_num(found.detach())
        here, x_slope, y_slope = warp(sloped, before).chunk(3, dim=1)
        difference = without_light(target - here, light) if light else target - here
        found = before + least_squares(x_slope, y_slope, difference, log_doubt)
    return found


def without_light(difference: Tensor, light: float) -> Tensor:
    """A difference of contrasts (B, 1, H, W), less what is taken for light: what it is on average around a cell.

    What has moved makes a photo darker here and lighter beside it, a shadow makes it darker all over. Small averages
    are left in, where they say more of motion than of light: of one as large as `light` half is taken out. A gradient
    flows as if the average were known.
    """
    around = F.avg_pool2d(difference, LIGHT_WINDOW, stride=1, padding=LIGHT_WINDOW // 2).detach()
    squares = around.square()
    return difference - around * (squares / (squares + light**2))


def _for_batch(grid: Tensor, batch: int) -> Tensor:
    return grid if grid.shape[0] == batch else grid.expand(batch, -1, -1, -1)


def least_squares(x_slope: Tensor, y_slope: Tensor, difference: Tensor, log_doubt: Tensor) -> Tensor:
    """The motion (B, 2, H, W) in cells that explains a difference (B, C, H, W) best, over 3 x 3 cells."""
    products = (
        x_slope * x_slope,
        x_slope * y_slope,
        y_slope * y_slope,
        x_slope * difference,
        y_slope * difference,
    )
    sums = F.avg_pool2d(torch.stack([product.mean(1) for product in products], dim=1), 3, stride=1, padding=1)
    xx, xy, yy, by_x, by_y = sums.unbind(1)
    doubt = log_doubt.exp()
    xx, yy = xx + doubt, yy + doubt
    return torch.stack([yy * by_x - xy * by_y, xx * by_y - xy * by_x], dim=1) / (xx * yy - xy * xy)[:, None]


def slopes(grid: Tensor) -> tuple[Tensor, Tensor]:
    """By x and by y of (B, C, H, W), a cell being 1; beyond the border stands what stands at it."""
    padded = F.pad(grid, (1, 1, 1, 1), mode="replicate")
    return (padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]) / 2, (padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]) / 2
