"""SSIM (Wang et al. 2004) and MS-SSIM (Wang, Simoncelli and Bovik 2003) of colour pictures in [0, 1].

Own code: the libraries that are light have the first only, and none takes the second of a 128 px crop.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2

WINDOW: Final = 11
SIGMA: Final = 1.5
K1: Final = 0.01
K2: Final = 0.03

SCALE_WEIGHTS: Final = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Of the five scales, finest first. A picture too small for all of them uses the first ones, weights made to sum to 1:
of a 128 px crop the fifth would be smaller than the window."""


def ssim(image: NDArray[np.floating[Any]], target: NDArray[np.floating[Any]]) -> float:
    """Mean structural similarity over all places of the window inside the picture, mean of the channels.

    Args:
        image: (H, W, 3) in [0, 1], at least 11 px each way.
        target: likewise.
    """
    return float(_similarity(image, target)[0])


def multi_scale_ssim(image: NDArray[np.floating[Any]], target: NDArray[np.floating[Any]]) -> float:
    """Structure at every scale, luminance at the coarsest (`SCALE_WEIGHTS`).

    Args:
        image: (H, W, 3) in [0, 1], at least 11 px each way.
        target: likewise.
    """
    levels = 1
    while levels < len(SCALE_WEIGHTS) and min(image.shape[:2]) >> levels >= WINDOW:
        levels += 1
    weights = np.array(SCALE_WEIGHTS[:levels]) / sum(SCALE_WEIGHTS[:levels])
    product = 1.0
    for level, weight in enumerate(weights):
        whole, structure = _similarity(image, target)
        # A negative mean (pictures that contradict each other) has no real power: it counts as none.
        product *= max(whole if level == levels - 1 else structure, 0.0) ** float(weight)
        image, target = _halved(image), _halved(target)
    return product


def _similarity(image: NDArray[np.floating[Any]], target: NDArray[np.floating[Any]]) -> tuple[float, float]:
    """Means of the whole index and of its contrast-structure part."""
    x, y = image.astype(np.float64), target.astype(np.float64)
    mean_x, mean_y = _windowed(x), _windowed(y)
    variance_x = _windowed(x * x) - mean_x**2
    variance_y = _windowed(y * y) - mean_y**2
    covariance = _windowed(x * y) - mean_x * mean_y
    c1, c2 = K1**2, K2**2
    structure = (2 * covariance + c2) / (variance_x + variance_y + c2)
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    return float((luminance * structure).mean()), float(structure.mean())


def _windowed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gaussian means at the places where the window lies inside the picture."""
    edge = WINDOW // 2
    blurred: NDArray[np.float64] = cv2.GaussianBlur(values, (WINDOW, WINDOW), SIGMA)
    return blurred[edge:-edge, edge:-edge]


def _halved(values: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    height, width = (side // 2 * 2 for side in values.shape[:2])
    blocks = values[:height, :width].reshape(height // 2, 2, width // 2, 2, -1)
    halved: NDArray[np.floating[Any]] = blocks.mean(axis=(1, 3))
    return halved
