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
from fvae_studio.core.types import Face, Photo

FINE_SIZE: Final = 2 * CROP_SIZE
"""Side of the crops in which a registration is refined."""

MAX_REFINEMENT_PX: Final = 1.0
"""Crop pixels that refining may add to what the landmarks say; more than that is a wrong match."""

MAX_REFINEMENT_DEGREES: Final = 1.5

LIKENESS_LIMIT: Final = 1.65
"""Shape distance from which on two photos may show two people.

Measured on the London set, 81 people (40 of them made the table below), neutral against smiling: at this limit, no pair
of the same person and 63 of 100 pairs of different people are told. Full sliders: disgust 14 of 81, others none. Eleven
video frames of one person, turned by -14 to 21 degrees, against each other: half of the pairs are told; with pose
counted as shape (up to studio-20) it was four of five, and 71 of 100 different people."""

TURNED_APART_DEGREES: Final = 15.0
"""Between the heads of two photos, from which on what a turn hides tears in between: seven pairs of eleven video frames
of one person, looked at; whole up to 12 degrees, smears beside the jaw at 16, ears that come off from 18 on."""

_STEADY: Final[dict[int, tuple[float, float]]] = {
    21: (0.77, 2.8),
    34: (0.35, 3.6),
    54: (0.96, -4.0),
    58: (0.76, 11.6),
    71: (0.85, -5.3),
    93: (0.6, 17.5),
    127: (0.59, 15.5),
    130: (0.89, -12.6),
    132: (0.67, 15.5),
    135: (1.02, -7.4),
    136: (0.77, -1.3),
    137: (0.56, 4.9),
    138: (1.03, -2.8),
    139: (0.56, 0.2),
    140: (1.24, -18.9),
    143: (0.59, -5.0),
    149: (0.97, -10.9),
    150: (0.84, -6.7),
    162: (0.63, 10.1),
    169: (0.95, -11.2),
    170: (0.99, -14.9),
    172: (0.76, 5.4),
    176: (1.19, -15.3),
    177: (0.79, 4.0),
    215: (0.88, 2.2),
    226: (0.73, -11.2),
    227: (0.31, 4.4),
    234: (0.59, 17.8),
    245: (0.94, -21.7),
    248: (1.47, -33.6),
    251: (0.41, 2.4),
    263: (0.87, -13.6),
    264: (0.46, 3.0),
    275: (1.81, -39.2),
    281: (1.65, -37.0),
    284: (0.55, -4.4),
    288: (1.5, 11.2),
    301: (0.44, -5.9),
    323: (1.12, 17.1),
    332: (0.77, -11.6),
    356: (0.72, 15.1),
    359: (0.78, -13.0),
    361: (1.33, 15.1),
    362: (0.88, -16.5),
    363: (1.54, -35.0),
    365: (1.44, -1.6),
    368: (0.24, -0.4),
    378: (1.32, -11.1),
    379: (1.34, -7.0),
    382: (0.85, -16.6),
    389: (0.48, 9.6),
    395: (1.42, -15.1),
    397: (1.5, 5.1),
    400: (1.4, -15.4),
    440: (1.71, -36.3),
    447: (0.75, 3.9),
    454: (0.93, 17.3),
    463: (0.88, -17.1),
    464: (0.86, -19.3),
    465: (0.92, -21.8),
}
"""MediaPipe's points by which people differ most for how little expressions move them: spread of one face, and depth
away from the camera; crop pixels.

The root mean square of what is left, once the points are laid on each other, between photos of 40 people of the London
set: neutral against smiling (weighing 3), and against their neutral photos with full sliders: closed eyes and big smile
(1 each), disgust, surprise and open mouth (a half each). Depth: as MediaPipe guesses it, mean over 81 people's neutral
photos, 0 in the (weighted) middle."""

_WITHOUT_POSE: Final = 0.64
"""What is left of a distance without what a turned head makes of it, over this, is one for which the limit holds."""

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


def turned_apart(face: Face, other: Face) -> float:
    """By how many degrees two heads are turned differently, where that is too far for in-betweens; else 0."""
    apart = abs(face.yaw - other.yaw)
    return apart if apart > TURNED_APART_DEGREES else 0.0


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
    and faces aligned by them alone would differ in size. A head that turns or nods moves points by their depth; if
    hardly more than that is between two faces, they are alike.

    Args:
        landmarks: (478, 2), any unit.
        other: likewise.
    """
    spread, depth = np.array(list(_STEADY.values())).T
    one, two = (_steady_shape(points, 1 / spread**2) for points in (landmarks, other))
    turn = complex((np.conj(one) * two / spread**2).sum())
    apart = np.abs(one * turn / max(abs(turn), 1e-12) - two)
    posed = [_without_pose(*pair, spread, depth) for pair in ((one, two), (two, one))]
    return float(min(np.sqrt(np.mean((apart / spread) ** 2)), np.sqrt(np.mean(posed)) / _WITHOUT_POSE))


def _without_pose(
    one: NDArray[np.complex128], two: NDArray[np.complex128], spread: NDArray[np.float64], depth: NDArray[np.float64]
) -> float:
    """Mean square of what no similarity and no turn makes of one shape to be the other one, over the spreads."""
    ways = np.stack([one, 1j * one, np.ones_like(one), np.full_like(one, 1j), depth + 0j, 1j * depth], axis=1)
    columns, wanted = (np.concatenate([each.real, each.imag]) for each in (ways / spread[:, None], two / spread))
    found = np.linalg.lstsq(columns, wanted, rcond=None)[0]
    return float(np.square(wanted - columns @ found).sum() / len(one))


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
