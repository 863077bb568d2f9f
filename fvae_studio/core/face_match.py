"""Whether and how two photos' faces fit: registration by what does not move, its quality, and whose faces they are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import (
    ANCHOR_INDICES,
    CROP_SIZE,
    EYE_CENTER,
    EYE_DISTANCE,
    estimate_alignment,
    extract_crop,
)
from fvae_studio.core.geometry import Points, SimilarityTransform
from fvae_studio.core.types import Photo

FINE_SIZE: Final = 2 * CROP_SIZE
"""Side of the crops in which a registration is refined."""

MAX_REFINEMENT_PX: Final = 1.0
"""Crop pixels that refining may add to what the landmarks say; more than that is a wrong match."""

MAX_REFINEMENT_DEGREES: Final = 1.5

LIKENESS_LIMIT: Final = 1.65
"""Shape distance from which on two photos may show two people.

Measured on the London set, 41 people who had no part in the table below, neutral against smiling: the same person 0.73
at the median, 1.38 at the 95th percentile, 1.56 at most; different people 2.09 at the median. At this limit, no pair of
the same person and three of four pairs of different people are told. Full sliders: closed eyes 0.96 at most, surprise
1.44, big smile 1.72 (one of 41 is told), disgust 1.99 (four of 41)."""

_STEADY: Final[dict[int, float]] = {
    21: 0.77,
    34: 0.35,
    54: 0.96,
    58: 0.76,
    71: 0.85,
    93: 0.6,
    127: 0.59,
    130: 0.89,
    132: 0.67,
    135: 1.02,
    136: 0.77,
    137: 0.56,
    138: 1.03,
    139: 0.56,
    140: 1.24,
    143: 0.59,
    149: 0.97,
    150: 0.84,
    162: 0.63,
    169: 0.95,
    170: 0.99,
    172: 0.76,
    176: 1.19,
    177: 0.79,
    215: 0.88,
    226: 0.73,
    227: 0.31,
    234: 0.59,
    245: 0.94,
    248: 1.47,
    251: 0.41,
    263: 0.87,
    264: 0.46,
    275: 1.81,
    281: 1.65,
    284: 0.55,
    288: 1.5,
    301: 0.44,
    323: 1.12,
    332: 0.77,
    356: 0.72,
    359: 0.78,
    361: 1.33,
    362: 0.88,
    363: 1.54,
    365: 1.44,
    368: 0.24,
    378: 1.32,
    379: 1.34,
    382: 0.85,
    389: 0.48,
    395: 1.42,
    397: 1.5,
    400: 1.4,
    440: 1.71,
    447: 0.75,
    454: 0.93,
    463: 0.88,
    464: 0.86,
    465: 0.92,
}
"""MediaPipe's points by which people differ most for how little expressions move them: spread of one face, crop pixels.

The root mean square of what is left, once the points are laid on each other, between photos of 40 people of the London
set: neutral against smiling (weighing 3), and against their neutral photos with full sliders: closed eyes and big smile
(1 each), disgust, surprise and open mouth (a half each)."""

_STEADY_SIZE: Final = 39.9
"""Their root mean square distance from their middle, weighted by the spreads, in a face of a crop's size."""


@dataclass(frozen=True)
class FaceMatch:
    """How well a photo's face fits another one's.

    Attributes:
        photo_to_crop: photo pixels -> crop pixels of the other one's crop frame.
        residual_px: between the anchors (eye corners and nose bridge) of both, root mean square, crop pixels.
        shape_distance: of the two faces; see `LIKENESS_LIMIT`.
        light_difference: mean difference in CIE Lab of the faces, before colours are matched; 0 is the same light.
    """

    photo_to_crop: SimilarityTransform
    residual_px: float
    shape_distance: float
    light_difference: float

    @property
    def may_be_another_person(self) -> bool:
        """Whether the shapes differ more than one person's do."""
        return self.shape_distance > LIKENESS_LIMIT


def match_faces(photo: Photo, landmarks: Points, frame: Photo, frame_landmarks: Points) -> FaceMatch:
    """Register a photo's face to another photo's face by what no expression moves.

    Args:
        photo: to be registered.
        landmarks: (478, 2) of its face, photo pixels.
        frame: gives the crop frame.
        frame_landmarks: (478, 2) of its face.
    """
    rough, frame_to_crop = estimate_alignment(landmarks), estimate_alignment(frame_landmarks)
    crop, frame_crop = (
        extract_crop(each, transform, size=FINE_SIZE).pixels
        for each, transform in ((photo, rough), (frame, frame_to_crop))
    )
    photo_to_crop = rough.then(refine_registration(crop, frame_crop))
    anchors = list(ANCHOR_INDICES)
    apart = photo_to_crop.apply(landmarks[anchors]) - frame_to_crop.apply(frame_landmarks[anchors])
    return FaceMatch(
        photo_to_crop,
        float(np.sqrt(np.mean(np.sum(apart**2, axis=1)))),
        shape_distance(landmarks, frame_landmarks),
        light_difference(crop, frame_crop),
    )


def shape_distance(landmarks: Points, other: Points) -> float:
    """How much two faces differ in what an expression hardly moves, in units of one person's own spread.

    The points are laid on each other as a whole: corners of closed eyes are found elsewhere than those of open ones,
    and faces aligned by them alone would differ in size.

    Args:
        landmarks: (478, 2), any unit.
        other: likewise.
    """
    spread = np.array(list(_STEADY.values()))
    one, two = (_steady_shape(points, 1 / spread**2) for points in (landmarks, other))
    turn = complex((np.conj(one) * two / spread**2).sum())
    apart = np.abs(one * turn / max(abs(turn), 1e-12) - two)
    return float(np.sqrt(np.mean((apart / spread) ** 2)))


def _steady_shape(landmarks: Points, weights: NDArray[np.float64]) -> NDArray[np.complex128]:
    """The steady points x + i y around their middle, in a face of the same size for everybody."""
    points = landmarks[list(_STEADY)].astype(np.float64)
    shape: NDArray[np.complex128] = points[:, 0] + 1j * points[:, 1]
    shape = shape - (weights * shape).sum() / weights.sum()
    size = np.sqrt((weights * np.abs(shape) ** 2).sum() / weights.sum())
    centred: NDArray[np.complex128] = shape * (_STEADY_SIZE / max(float(size), 1e-12))
    return centred


def refine_registration(crop: NDArray[np.uint8], frame_crop: NDArray[np.uint8]) -> SimilarityTransform:
    """The small turn and shift that brings the eyes and the nose bridge of one crop onto another one's.

    Enhanced correlation (Evangelidis and Psarakis 2008), which does not mind another light. On the London set, neutral
    and smiling, it takes the mean shift of the eyes from 0.17 to 0.11 crop pixels at the median and from 0.38 to 0.24
    at the 90th percentile (by dense optical flow).

    Args:
        crop: (FINE_SIZE, FINE_SIZE, 3), aligned by its landmarks.
        frame_crop: likewise.

    Returns:
        Crop pixels of `crop` -> crop pixels of `frame_crop`; the identity where nothing plausible is found.
    """
    one, two = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (frame_crop, crop))
    start = np.eye(2, 3, dtype=np.float32)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-4)
    try:
        _, found = cv2.findTransformECC(one, two, start, cv2.MOTION_EUCLIDEAN, stop, _still_region(), 5)
    except cv2.error:  # it does not converge: a flat or a wholly different picture
        return SimilarityTransform.identity()
    # From the frame's pixels to the crop's, at the fine size; wanted is the other way, in crop pixels.
    fine = SimilarityTransform(float(found[0, 0]), float(found[1, 0]), float(found[0, 2]), float(found[1, 2]))
    to_fine = SimilarityTransform.resize(CROP_SIZE, FINE_SIZE)
    refined = to_fine.then(fine.inverse).then(to_fine.inverse)
    eyes = np.array([EYE_CENTER])
    shift = float(np.hypot(*(refined.apply(eyes) - eyes)[0]))
    if shift > MAX_REFINEMENT_PX or abs(refined.angle) > np.radians(MAX_REFINEMENT_DEGREES):
        return SimilarityTransform.identity()
    return refined


def light_difference(crop: NDArray[np.uint8], frame_crop: NDArray[np.uint8]) -> float:
    """Distance of the mean colours of two faces in CIE Lab."""
    means: list[NDArray[Any]] = []
    for picture in (crop, frame_crop):
        quarter = picture.shape[0] // 4
        middle = np.ascontiguousarray(picture[quarter:-quarter, quarter:-quarter])
        means.append(cv2.cvtColor(middle.astype(np.float32) / 255, cv2.COLOR_RGB2LAB).mean(axis=(0, 1)))
    return float(np.linalg.norm(means[0] - means[1]))


@lru_cache(maxsize=1)
def _still_region() -> NDArray[np.uint8]:
    """(FINE_SIZE, FINE_SIZE), 255 around the eyes and on the nose bridge: what no expression moves as a whole."""
    y, x = np.mgrid[0:FINE_SIZE, 0:FINE_SIZE] * (CROP_SIZE / FINE_SIZE)
    beside = np.abs(x - EYE_CENTER[0])
    eyes = (np.abs(y - EYE_CENTER[1]) < 0.23 * EYE_DISTANCE) & (beside < 0.92 * EYE_DISTANCE)
    bridge = (y > EYE_CENTER[1] - 0.2 * EYE_DISTANCE) & (y < EYE_CENTER[1] + 0.43 * EYE_DISTANCE)
    region = np.where(eyes | (bridge & (beside < 0.17 * EYE_DISTANCE)), 255, 0).astype(np.uint8)
    region.flags.writeable = False
    return region
