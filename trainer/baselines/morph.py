"""What all ways to make in-betweens have in common, and the plainest of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.geometry import Points
from fvae_studio.core.types import read_only


@dataclass(frozen=True, eq=False)
class Ends:
    """Two pictures of one person in one frame.

    Attributes:
        first: (S, S, 3) uint8.
        second: (S, S, 3) uint8, registered to the first and in its light.
        first_landmarks: (478, 2) of the first, pixels of these pictures.
        second_landmarks: likewise.
    """

    first: NDArray[np.uint8]
    second: NDArray[np.uint8]
    first_landmarks: Points
    second_landmarks: Points

    def __post_init__(self) -> None:
        read_only(self.first)
        read_only(self.second)

    @property
    def size(self) -> int:
        """S."""
        return int(self.first.shape[0])


class Morph(Protocol):
    """One way to make the pictures between two ends."""

    def at(self, t: float) -> NDArray[np.uint8]:
        """(S, S, 3): the first end at t = 0, the second at t = 1."""
        ...


class CrossFade:
    """Both pictures in their place, one over the other."""

    def __init__(self, ends: Ends) -> None:
        self._ends = ends

    def at(self, t: float) -> NDArray[np.uint8]:
        """See `Morph.at`."""
        return mix(self._ends.first, self._ends.second, t)


def mix(first: NDArray[np.uint8], second: NDArray[np.uint8], t: float) -> NDArray[np.uint8]:
    """(1 - t) first + t second, rounded; an end comes back bit by bit."""
    blended = (1 - t) * first.astype(np.float32) + t * second.astype(np.float32)
    return np.round(blended).astype(np.uint8)


def sample(image: NDArray[np.uint8], positions: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """(H, W, 3): the picture at (H, W, 2) positions, bicubic, its border replicated.

    Bicubic for every method, so that sharpness tells the methods apart and not the kernels.
    """
    at = positions.astype(np.float32)
    sampled: NDArray[np.uint8] = cv2.remap(
        image, at[..., 0], at[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return sampled


def pixel_positions(size: int) -> NDArray[np.float32]:
    """(S, S, 2): the position (x, y) of every pixel."""
    axis = np.arange(size, dtype=np.float32)
    return np.stack(np.meshgrid(axis, axis), axis=-1)
