"""Parts of a picture, read at places of the crop: what is drawn beside lids follows them however the face is turned."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.geometry import Rect, SimilarityTransform
from fvae_studio.core.types import FloatMap


def blurred(values: NDArray[np.float32], sigma: float, sigma_y: float = 0) -> NDArray[np.float32]:
    """Gaussian, sigma in picture pixels; `sigma_y` 0 is the same."""
    blurred: NDArray[np.float32] = cv2.GaussianBlur(
        values, (0, 0), sigma, sigmaY=sigma_y, borderType=cv2.BORDER_REPLICATE
    )
    return blurred


def mean_within(
    values: NDArray[np.float32], weights: FloatMap, sigma: float, sigma_y: float = 0
) -> NDArray[np.float32]:
    """Gaussian mean of values (h, w) or (h, w, 3) by weights (h, w), 0 where all are 0; sigmas as of `blurred`."""
    shape = weights.shape + (1,) * (values.ndim - 2)
    near = blurred(weights, sigma, sigma_y).reshape(shape)
    mean: NDArray[np.float32] = blurred(values * weights.reshape(shape), sigma, sigma_y) / np.maximum(near, 1e-3)
    return mean


class Places(NamedTuple):
    """Where the pixels of a part of the picture lie in the edited crop.

    Attributes:
        x: (h, w) crop pixels.
        y: likewise.
        part: of the picture, whose pixels they are.
        to_crop: picture pixels -> crop pixels.
    """

    x: FloatMap
    y: FloatMap
    part: Rect
    to_crop: SimilarityTransform

    def sampled(
        self, values: NDArray[np.float32], x: FloatMap, y: FloatMap, *, beyond: float | None = None
    ) -> NDArray[np.float32]:
        """Values (h, w, 3) of the part at other places (x, y) of the crop.

        `beyond` the part: that value, or with None those at its border.
        """
        source = np.stack([x, y], axis=-1)
        places = self.to_crop.inverse.apply(source.reshape(-1, 2)).reshape(source.shape)
        read: NDArray[np.float32] = cv2.remap(
            values,
            (places[..., 0] - np.float32(self.part.x)).astype(np.float32),
            (places[..., 1] - np.float32(self.part.y)).astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE if beyond is None else cv2.BORDER_CONSTANT,
            borderValue=(0, 0, 0) if beyond is None else (beyond, beyond, beyond),
        )
        return read


def shifted(values: NDArray[Any], shift: NDArray[np.float32], interpolation: int = cv2.INTER_LINEAR) -> NDArray[Any]:
    """Values of a grid (h, w) or (h, w, ...) at every cell's place plus a shift (h, w, 2) in cells; OpenCV's flag."""
    axes = (np.arange(size, dtype=np.float32) for size in values.shape[1::-1])
    grid = np.stack(np.meshgrid(*axes), axis=-1)
    read: NDArray[Any] = cv2.remap(values, grid + shift, None, interpolation, borderMode=cv2.BORDER_REPLICATE)
    return read
