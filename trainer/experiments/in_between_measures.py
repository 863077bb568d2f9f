"""What is measured on the frames between two photos, alike for every method: sharpness, steps, ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.geometry import Points, Rect, SimilarityTransform
from fvae_studio.core.lips import LOWER_INNER, UPPER_INNER
from fvae_studio.core.registration import usable_share
from fvae_studio.core.types import Photo
from fvae_studio.pipeline.detector import FaceDetector
from trainer.baselines.dis import dis_flow
from trainer.baselines.morph import Ends
from trainer.crops import face_region
from trainer.experiments.squares import mouth_region
from trainer.facekit.landmarks import MOUTH_POINTS
from trainer.metrics import laplacian_variance

MIDDLE: Final = (0.25, 0.75)
"""Frames from the first to the second of these positions count as middle ones."""

EVEN: Final = 0.2
"""By how much of the even step a step may differ."""

GAP_MARGIN_PX: Final = 1.5
"""Crop pixels around the gap between the lips in which teeth may still show."""

MOTION_SIZE: Final = 256
"""Side of the frames between which motion is looked for."""

KEYS: Final = (
    "sharpness",
    "sharpness_lips",
    "sharpness_small",
    "sharpness_lips_small",
    "even_steps",
    "worst_step",
    "even_motion",
    "way",
    "first_end",
    "second_end",
    "second_rim",
)
"""Of `measure_frames`."""

Region = Callable[[Points, int], NDArray[np.bool_]]
"""(S, S) of landmarks (478, 2) in a picture of S pixels."""


def measure_frames(
    frames: Sequence[NDArray[np.uint8]], positions: Sequence[float], ends: Ends, detector: FaceDetector
) -> dict[str, float]:
    """All figures of one method's frames between two photos.

    Args:
        frames: (S, S, 3) uint8, one for each position.
        positions: t, from 0 to 1, evenly spaced.
        ends: the photos.
        detector: finds landmarks in the frames again.

    Returns:
        By `KEYS`; NaN for what could not be told.
    """
    steps = landmark_steps([_landmarks(frame, detector) for frame in frames])
    motion = motion_steps(frames, positions, ends)
    small, small_ends = [_small(frame) for frame in frames], _small_ends(ends)
    shown = _second_shown(ends.size)
    face = face_region(ends.second_landmarks * (CROP_SIZE / ends.size), size=ends.size)
    everywhere = np.ones((ends.size, ends.size), np.bool_)
    return {
        "sharpness": middle_sharpness(frames, positions, ends),
        "sharpness_lips": middle_sharpness(frames, positions, ends, lips_region),
        "sharpness_small": middle_sharpness(small, positions, small_ends),
        "sharpness_lips_small": middle_sharpness(small, positions, small_ends, lips_region),
        "even_steps": even_share(steps),
        "worst_step": float(np.abs(steps / steps.mean() - 1).max()),
        "even_motion": even_share(motion),
        "way": float(motion.sum()),
        "first_end": _largest_difference(frames[0], ends.first, everywhere),
        "second_end": _largest_difference(frames[-1], ends.second, shown),
        "second_rim": _largest_difference(frames[-1], ends.second, face & ~shown),
    }


def middle_sharpness(
    frames: Sequence[NDArray[np.uint8]], positions: Sequence[float], ends: Ends, region: Region = mouth_region
) -> float:
    """Sharpness of the middle frames over the sources', mean.

    Each is compared with (1 - t) of the first source's sharpness plus t of the second's, in the region's own places.

    Args:
        frames: (S, S, 3) uint8, one for each position.
        positions: t.
        ends: the sources.
        region: where.
    """

    def sharpness(picture: NDArray[np.uint8], landmarks: Points) -> float:
        return laplacian_variance(picture.astype(np.float32) / 255, region(landmarks, picture.shape[0]))

    first, second = sharpness(ends.first, ends.first_landmarks), sharpness(ends.second, ends.second_landmarks)
    shares = []
    for frame, t in zip(frames, positions, strict=True):
        if MIDDLE[0] <= t <= MIDDLE[1]:
            between = (1 - t) * ends.first_landmarks + t * ends.second_landmarks
            shares.append(sharpness(frame, between) / ((1 - t) * first + t * second))
    return float(np.mean(shares))


def lips_region(landmarks: Points, size: int) -> NDArray[np.bool_]:
    """(S, S): the mouth without what lies between the lips, which is sharper than they are as soon as it shows."""
    gap = np.zeros((size, size), np.uint8)
    cv2.fillPoly(gap, [np.round(landmarks[[*UPPER_INNER, *LOWER_INNER[::-1]]]).astype(np.int32)], 1)
    margin = round(GAP_MARGIN_PX * size / CROP_SIZE)
    wide = cv2.dilate(gap, np.ones((2 * margin + 1, 2 * margin + 1), np.uint8))
    region: NDArray[np.bool_] = mouth_region(landmarks, size) & (wide == 0)
    return region


def even_share(steps: NDArray[np.float64]) -> float:
    """The share of steps within `EVEN` of their mean; NaN where a step is not known."""
    return float(np.mean(np.abs(steps / steps.mean() - 1) <= EVEN)) if np.isfinite(steps).all() else float("nan")


def landmark_steps(landmarks: Sequence[Points | None]) -> NDArray[np.float64]:
    """(N - 1,) how far the lips get from frame to frame, as shares of the way from the first to the last.

    The lips' places are projected onto their straight way; equal shares are an even motion. NaN where a face was not
    found, or where nothing moves at all.

    Args:
        landmarks: (478, 2) of N frames, in one frame of reference.
    """
    first, last = landmarks[0], landmarks[-1]
    unknown = np.full(len(landmarks) - 1, np.nan)
    if first is None or last is None:
        return unknown
    way = (last - first)[MOUTH_POINTS].astype(np.float64)
    length = float((way * way).sum())
    if not length:
        return unknown
    places = [
        np.nan if points is None else float(((points - first)[MOUTH_POINTS] * way).sum()) / length
        for points in landmarks
    ]
    return np.diff(places)


def motion_steps(frames: Sequence[NDArray[np.uint8]], positions: Sequence[float], ends: Ends) -> NDArray[np.float64]:
    """(N - 1,) how far the mouth's pixels move from frame to frame, as shares of its landmarks' way between the ends.

    By dense optical flow between neighbouring frames, read at the lips' landmarks (taken to be on their straight way)
    and projected onto that way. NaN where nothing moves at all.

    Args:
        frames: (S, S, 3) uint8, one for each position.
        positions: t.
        ends: the sources.
    """
    first, second = (
        points[MOUTH_POINTS].astype(np.float64) for points in (ends.first_landmarks, ends.second_landmarks)
    )
    way = second - first
    length = float((way * way).sum())
    if not length:
        return np.full(len(frames) - 1, np.nan)
    to_small = SimilarityTransform.resize(ends.size, MOTION_SIZE)
    small = [_resized(frame, MOTION_SIZE) for frame in frames]
    steps = []
    for (before, after), t in zip(pairwise(small), positions[:-1], strict=True):
        flow = dis_flow(after, before)
        at = to_small.apply((1 - t) * first + t * second).astype(np.float32)[None]
        moved = cv2.remap(flow, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0]
        steps.append(float((to_small.inverse.apply_linear(moved) * way).sum()) / length)
    return np.array(steps)


def _landmarks(frame: NDArray[np.uint8], detector: FaceDetector) -> Points | None:
    faces = detector.detect(Photo(frame.copy()))
    return max(faces, key=lambda face: face.box.width).landmarks if faces else None


def _second_shown(size: int) -> NDArray[np.bool_]:
    """(S, S): where the program shows nothing but the second photo at its end; beyond, it fades into the first."""
    # Of a photo that goes on far beyond the crop.
    beyond = Rect(-CROP_SIZE, -CROP_SIZE, 3 * CROP_SIZE, 3 * CROP_SIZE)
    solid = usable_share(SimilarityTransform.identity(), beyond) == 1
    # Shrunk by a cell, over which shares are read linearly.
    inner = cv2.erode(solid.astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.asarray(cv2.resize(inner, (size, size), interpolation=cv2.INTER_NEAREST) > 0)


def _largest_difference(picture: NDArray[np.uint8], wanted: NDArray[np.uint8], region: NDArray[np.bool_]) -> float:
    return float(np.abs(picture.astype(int) - wanted.astype(int))[region].max(initial=0))


def _resized(frame: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    reduced: NDArray[np.uint8] = cv2.resize(np.ascontiguousarray(frame), (size, size), interpolation=cv2.INTER_AREA)
    return reduced


def _small(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return _resized(frame, CROP_SIZE)


def _small_ends(ends: Ends) -> Ends:
    to_crop = SimilarityTransform.resize(ends.size, CROP_SIZE)
    marks = [to_crop.apply(points) for points in (ends.first_landmarks, ends.second_landmarks)]
    return Ends(_small(ends.first), _small(ends.second), *marks)
