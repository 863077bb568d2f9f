"""What stands where between two photos, as one of them shows it: its own descriptors, moved as far as they came."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.model.config import FlowVaeConfig


def with_carried_descriptors(
    latents: NDArray[np.float32], own: NDArray[np.float32], flows: NDArray[np.float32], config: FlowVaeConfig
) -> NDArray[np.float32]:
    """Latents in which a photo's descriptors stand where flows take them.

    A mixture of two photos' descriptors shows both, a little apart, and what is tracked in it jumps from one to the
    other, the sooner the finer they are. Of these latents the very flows are tracked that they were made with.

    Args:
        latents: (N, C, h, w).
        own: (C, h, w), the photo's.
        flows: (N, H, W, 2), backward, crop pixels.
        config: of the model; one without descriptors has the latents as they are.

    Returns:
        (N, C, h, w).
    """
    made = latents.copy()
    for level, part in enumerate(config.descriptors):
        side = config.tracking_size << level
        grid = _unpacked(own[part], side)
        rows, columns = np.mgrid[:side, :side].astype(np.float32)
        for latent, flow in zip(made, flows, strict=True):
            cells = cv2.resize(flow, (side, side), interpolation=cv2.INTER_AREA) * np.float32(side / config.crop_size)
            places = columns + cells[..., 0], rows + cells[..., 1]
            moved = [
                cv2.remap(descriptor, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for descriptor in grid
            ]
            latent[part] = _packed(np.stack(moved), latent.shape[-1])
    return made


def _unpacked(packed: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """(c r r, h, w) -> (c, side, side), r = side / h; as torch's pixel_shuffle."""
    height, width = packed.shape[1:]
    cells = packed.reshape(-1, side // height, side // width, height, width)
    return np.ascontiguousarray(cells.transpose(0, 3, 1, 4, 2).reshape(-1, side, side))


def _packed(grid: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """(c, side, side) -> (c r r, size, size): `_unpacked`, undone."""
    channels, side = grid.shape[:2]
    cells = grid.reshape(channels, size, side // size, size, side // size)
    return np.ascontiguousarray(cells.transpose(0, 2, 4, 1, 3).reshape(-1, size, size))
