"""Upsampling in the pixel domain: what a network of 128 px output has to do without section 4.3."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2


def enlarge(picture: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """(S, S, 3) -> (size, size, 3), bicubic."""
    large: NDArray[np.uint8] = cv2.resize(np.ascontiguousarray(picture), (size, size), interpolation=cv2.INTER_CUBIC)
    return large
