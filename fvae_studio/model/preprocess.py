"""Crop <-> tensor: the only place where value ranges live."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fvae_studio.core.types import FlowField

PREPROCESS_VERSION = 1
"""Changes whenever the functions below change what the networks see."""


def to_tensor(crops: Sequence[NDArray[np.uint8]] | NDArray[np.uint8], *, device: torch.device | None = None) -> Tensor:
    """N crops (S, S, 3) uint8 -> (N, 3, S, S) float32 in [-1, 1] (section 5.2)."""
    stacked = torch.from_numpy(np.ascontiguousarray(np.stack(list(crops)))).to(device)
    return normalise(stacked.permute(0, 3, 1, 2))


def normalise(images: Tensor) -> Tensor:
    """uint8 images (B, 3, H, W) -> float32 in [-1, 1]."""
    return images.float() * (2 / 255) - 1


def to_flow_field(flow: Tensor, confidence: Tensor) -> FlowField:
    """One flow (2, h, w) in crop pixels and its confidence (h, w) or (1, h, w) -> the numpy value that travels."""
    field = flow.detach().float().permute(1, 2, 0).contiguous().cpu().numpy()
    trust = confidence.detach().float().reshape(confidence.shape[-2:]).contiguous().cpu().numpy()
    if trust.base is not None:
        trust = trust.copy()
    return FlowField(field.copy(), trust)
