"""Crop <-> what networks see: the only place where value ranges live.

PyTorch is only named, not imported: a processor edits photos without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.types import FlowField

if TYPE_CHECKING:
    import torch
    from torch import Tensor

PREPROCESS_VERSION: Final = 1
"""Changes whenever the functions below change what the networks see."""

_SCALE: Final = 2 / 255


def to_input(crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """N crops (S, S, 3) uint8 -> (N, 3, S, S) float32 in [-1, 1] (section 5.2)."""
    stacked = np.stack(list(crops)).transpose(0, 3, 1, 2).astype(np.float32)
    images: NDArray[np.float32] = np.ascontiguousarray(stacked * np.float32(_SCALE) - np.float32(1))
    return images


def to_tensor(crops: Sequence[NDArray[np.uint8]] | NDArray[np.uint8], *, device: torch.device | None = None) -> Tensor:
    """`to_input` as a tensor."""
    import torch

    return torch.from_numpy(to_input(list(crops))).to(device)


def normalise(images: Tensor) -> Tensor:
    """`to_input` for uint8 images (B, 3, H, W) that are tensors already."""
    return images.float() * _SCALE - 1


def to_flow_field(flow: NDArray[np.float32], confidence: NDArray[np.float32]) -> FlowField:
    """One flow (2, h, w) in crop pixels and its confidence (h, w) or (1, h, w) -> the value that travels."""
    field = np.ascontiguousarray(flow.transpose(1, 2, 0))
    return FlowField(field, confidence.reshape(confidence.shape[-2:]).copy())
