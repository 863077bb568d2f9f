"""Colour transfer between two photos of a pair."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2


def transfer_colour(
    source: NDArray[np.uint8], target: NDArray[np.uint8], *, region: NDArray[np.bool_] | None = None
) -> NDArray[np.uint8]:
    """Give `source` the colour statistics of `target` (Reinhard et al. 2001, the paper's [25], in CIE Lab).

    Args:
        source: (H, W, 3) sRGB.
        target: (H, W, 3) sRGB.
        region: (H, W) where the statistics are taken; the transfer is applied everywhere.

    Returns:
        (H, W, 3).
    """
    lab_source, lab_target = (
        cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) for image in (source, target)
    )
    chosen = np.ones(source.shape[:2], np.bool_) if region is None else region
    mean_source, std_source = lab_source[chosen].mean(axis=0), lab_source[chosen].std(axis=0)
    mean_target, std_target = lab_target[chosen].mean(axis=0), lab_target[chosen].std(axis=0)
    # A flat channel has no spread to scale; a wild ratio would amplify noise.
    ratio = np.clip(std_target / np.maximum(std_source, 1e-3), 0.5, 2.0)
    moved = (lab_source - mean_source) * ratio + mean_target
    rgb = cv2.cvtColor(moved.astype(np.float32), cv2.COLOR_LAB2RGB)
    matched: NDArray[np.uint8] = np.clip(np.round(rgb * 255), 0, 255).astype(np.uint8)
    return matched
