"""Differentiable backward warp (Eq. 5), with the same convention as `core.warp` (a parity test ties the two)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def identity_grid(
    height: int, width: int, *, device: torch.device | None = None, dtype: torch.dtype = torch.float32
) -> Tensor:
    """(1, H, W, 2) normalised positions (x, y) of the pixel centres, `align_corners=False`."""
    ys = (torch.arange(height, device=device, dtype=dtype) + 0.5) * (2 / height) - 1
    xs = (torch.arange(width, device=device, dtype=dtype) + 0.5) * (2 / width) - 1
    grid_y, grid_x = torch.meshgrid(ys, xs, indexing="ij")
    return torch.stack([grid_x, grid_y], dim=-1)[None]


def resize_flow(flow: Tensor, size: int) -> Tensor:
    """Bring a flow (B, 2, h, h) to another grid; the values stay in crop pixels."""
    if flow.shape[-1] == size:
        return flow
    return F.interpolate(flow, size=(size, size), mode="bilinear", align_corners=False)


def warp(source: Tensor, flow: Tensor) -> Tensor:
    """g(S, Z): sample the source bilinearly at p + flow(p) (Eq. 5); the border is replicated.

    Args:
        source: (B, C, H, W).
        flow: (B, 2, h, w) displacement (dx, dy) in pixels of `source`; resized if its grid is another one.

    Returns:
        (B, C, H, W).
    """
    height, width = source.shape[-2:]
    if flow.shape[-2:] != (height, width):
        flow = F.interpolate(flow, size=(height, width), mode="bilinear", align_corners=False)
    # Half precision could not tell neighbouring pixels apart; float64 is kept for checks of the gradient.
    dtype = torch.float64 if flow.dtype == torch.float64 else torch.float32
    scale = torch.tensor([2 / width, 2 / height], device=flow.device, dtype=dtype)
    grid = identity_grid(height, width, device=flow.device, dtype=dtype) + flow.to(dtype).permute(0, 2, 3, 1) * scale
    return F.grid_sample(source.to(dtype), grid, mode="bilinear", padding_mode="border", align_corners=False)
