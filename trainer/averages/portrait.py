"""What goes into an average and what comes out of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import EYE_CENTER, EYE_DISTANCE, estimate_alignment
from fvae_studio.core.geometry import Points, SimilarityTransform
from fvae_studio.core.types import read_only

FloatImage: TypeAlias = NDArray[np.float32]

OPEN_GAP: Final = (0.05, 0.10)
"""Opening of the lips, in eye distances, between which a mouth begins to count for the teeth."""


@dataclass(frozen=True)
class Frame:
    """The square in which the average is made.

    Attributes:
        size: side in pixels.
        eye_distance: between the eye centres, in pixels.
        eye_center: (x, y) of the middle between the eyes.
    """

    size: int = 1400
    eye_distance: float = 230.0
    eye_center: tuple[float, float] = (699.5, 620.0)

    @property
    def from_crop(self) -> SimilarityTransform:
        """Pixels of a `CROP_SIZE` crop -> pixels of this frame."""
        scale = self.eye_distance / EYE_DISTANCE
        tx, ty = (center - scale * at for center, at in zip(self.eye_center, EYE_CENTER, strict=True))
        return SimilarityTransform(scale, 0.0, tx, ty)

    def align(self, landmarks: Points) -> SimilarityTransform:
        """Photo pixels -> frame pixels, by the eyes and the nose bridge."""
        return estimate_alignment(landmarks).then(self.from_crop)


@dataclass(frozen=True, eq=False)
class Portrait:
    """One photo that goes into an average.

    Attributes:
        pixels: (H, W, 3) uint8.
        landmarks: (478, 2), photo pixels.
        alpha: (H, W) float32 in [0, 1]: the person, not the background.
        extra: (M, 2) further corresponding points (ears, hairline), M the same for all; photo pixels.
    """

    pixels: NDArray[np.uint8]
    landmarks: Points
    alpha: FloatImage
    extra: Points

    def __post_init__(self) -> None:
        for array in (self.pixels, self.landmarks, self.alpha, self.extra):
            read_only(array)

    def points_in(self, frame: Frame) -> Points:
        """(478 + M, 2) landmarks and extra points in frame pixels."""
        return frame.align(self.landmarks).apply(np.concatenate([self.landmarks, self.extra]))


@dataclass(frozen=True, eq=False)
class Average:
    """A face of nobody.

    Attributes:
        pixels: (size, size, 3) float32 in [0, 1]; beyond the person the person's own colours run on.
        alpha: (size, size) float32 in [0, 1].
        count: how many people it is made of.
    """

    pixels: FloatImage
    alpha: FloatImage
    count: int


def lip_gap(landmarks: Points) -> float:
    """How far the lips are open in the middle, in eye distances."""
    left, right = landmarks[[33, 133]].mean(axis=0), landmarks[[362, 263]].mean(axis=0)
    return float(np.hypot(*(landmarks[13] - landmarks[14])) / np.hypot(*(right - left)))


def openness(landmarks: Points) -> float:
    """0 for closed lips, 1 where the teeth can be seen, smooth between."""
    return float(smoothstep(lip_gap(landmarks), *OPEN_GAP))


def carry_points(points: Points, source: Portrait, target: Portrait) -> Points:
    """Find points of one photo of a person in another photo of the same person.

    A similarity of those parts of the face that no expression moves, then sparse optical flow where it agrees.

    Args:
        points: (M, 2) in `source`'s pixels, on the head.
        source: the photo in which they are known.
        target: the photo in which they are looked for.

    Returns:
        (M, 2) in `target`'s pixels.
    """
    to_target = estimate_alignment(source.landmarks).then(estimate_alignment(target.landmarks).inverse)
    height, width = target.pixels.shape[:2]
    moved = cv2.warpAffine(source.pixels, to_target.matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    start = to_target.apply(points)
    found, status, _ = cv2.calcOpticalFlowPyrLK(
        cv2.cvtColor(moved, cv2.COLOR_RGB2GRAY), cv2.cvtColor(target.pixels, cv2.COLOR_RGB2GRAY),
        np.ascontiguousarray(start[:, None]), None, winSize=(41, 41), maxLevel=3,
    )  # fmt: skip
    step = found[:, 0] - start
    # Points that slide along an edge or jump are worse than the rigid guess; the median is the head's own small turn.
    median = np.median(step[status[:, 0] == 1], axis=0) if status.any() else np.zeros(2, np.float32)
    is_good = (status[:, 0] == 1) & (np.hypot(*(step - median).T) < 0.1 * np.hypot(*np.ptp(points, axis=0)))
    return as_float(start + np.where(is_good[:, None], step, median))


def mean_shape(portraits: Sequence[Portrait], frame: Frame) -> Points:
    """(478 + M, 2) mean of all points, in frame pixels."""
    return as_float(np.mean([portrait.points_in(frame) for portrait in portraits], axis=0))


def smoothstep(value: FloatImage | float, low: float, high: float) -> FloatImage:
    """0 up to `low`, 1 from `high` on, without a kink between."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return as_float(t * t * (3 - 2 * t))


def as_float(values: NDArray[Any]) -> FloatImage:
    """The values as float32, without a copy where they are so already."""
    return np.asarray(values, np.float32)
