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

LIKENESS_LIMIT: Final = 2.0
"""Shape distance from which on two photos may show two people.

Measured on the London set, neutral against smiling, 41 people who had no part in the table below: the same person 0.92
at the median, 1.86 at the 95th percentile, 1.97 at most; different people 2.76 at the median. At this limit, no pair of
the same person and four of five pairs of different people are told. The sliders' full expressions move two samples
(which had a part in the table) by 1.44 at most."""

_STEADY: Final[dict[int, float]] = {
    21: 0.93,
    34: 0.88,
    54: 0.89,
    58: 1.55,
    71: 0.78,
    93: 1.4,
    127: 1.21,
    130: 0.27,
    132: 1.49,
    135: 1.46,
    136: 1.47,
    137: 1.17,
    138: 1.48,
    139: 0.77,
    140: 1.39,
    143: 0.72,
    149: 1.38,
    150: 1.4,
    162: 1.05,
    169: 1.37,
    170: 1.31,
    172: 1.52,
    176: 1.44,
    177: 1.34,
    215: 1.41,
    226: 0.39,
    227: 0.98,
    234: 1.32,
    245: 0.3,
    248: 0.84,
    251: 0.95,
    263: 0.21,
    264: 1.01,
    275: 1.18,
    281: 1.02,
    284: 0.83,
    288: 1.79,
    301: 0.75,
    323: 1.59,
    332: 0.8,
    356: 1.32,
    359: 0.25,
    361: 1.72,
    362: 0.23,
    363: 0.94,
    365: 1.63,
    368: 0.82,
    378: 1.44,
    379: 1.5,
    382: 0.26,
    389: 1.12,
    395: 1.4,
    397: 1.73,
    400: 1.47,
    440: 1.09,
    447: 1.17,
    454: 1.48,
    463: 0.22,
    464: 0.23,
    465: 0.3,
}
"""MediaPipe's points by which people differ most for how little expressions move them: spread of one face, crop pixels.

The root mean square of the displacement between neutral and smiling photos of 40 people of the London set, and between
two samples and ten full slider expressions of them (raised brows, opened mouth, disgust ...), half and half."""


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

    Args:
        landmarks: (478, 2), any unit; the faces are aligned by their eyes first.
        other: likewise.
    """
    indices = list(_STEADY)
    one, two = (estimate_alignment(points).apply(points)[indices] for points in (landmarks, other))
    spread = np.array(list(_STEADY.values()))
    return float(np.sqrt(np.mean((np.hypot(*(one - two).T) / spread) ** 2)))


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
