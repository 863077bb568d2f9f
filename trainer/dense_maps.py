"""Dense backward maps: positions of pixels, pictures seen through a map, smooth fields through scattered values."""

from __future__ import annotations

from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.geometry import Points

Pixel = TypeVar("Pixel", np.uint8, np.float32)

_GRID_STEP: Final = 8


def pixel_grid(size: int) -> NDArray[np.float32]:
    """(size, size, 2) positions (x, y)."""
    return np.asarray(np.stack(np.meshgrid(np.arange(size), np.arange(size)), axis=-1), np.float32)


def remap(
    image: NDArray[Pixel],
    backward: NDArray[np.float32],
    interpolation: int = cv2.INTER_LINEAR,
    border: int = cv2.BORDER_REPLICATE,
) -> NDArray[Pixel]:
    """The image seen through a map (h, w, 2) of absolute positions."""
    shown: NDArray[Pixel] = cv2.remap(image, backward[..., 0], backward[..., 1], interpolation, borderMode=border)
    return shown


def smooth_field(
    at: Points, values: Points, size: int, *, unit: float, smoothing: float, step: int = _GRID_STEP
) -> NDArray[np.float32]:
    """(size, size, 2) thin-plate field through `values` at the points `at`; nothing far away from them.

    Args:
        at: (N, 2) pixels.
        values: (N, 2).
        size: of the field.
        unit: length in pixels that `smoothing` is meant for.
        smoothing: 0 goes through every value.
        step: pixels between places where the spline is asked; between them it is cubic.
    """
    # Four far corners that stay put keep the linear part of the spline from running away at the border.
    far = np.array([[-1, -1], [2, -1], [-1, 2], [2, 2]], np.float32) * size
    spline = RBFInterpolator(
        np.concatenate([at, far]) / unit,
        np.concatenate([values, np.zeros((4, 2), np.float32)]),
        kernel="thin_plate_spline",
        smoothing=smoothing,
    )
    cells = -(-size // step) + 1
    coarse = spline(pixel_grid(cells).reshape(-1, 2) * step / unit).reshape(cells, cells, 2).astype(np.float32)
    return remap(coarse, pixel_grid(size) / step, cv2.INTER_CUBIC)
