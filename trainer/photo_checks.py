"""Which photos may be trained on: sharp, one face, from the front, not twice, and showing what their label says.

Thresholds were set on the 121 people of the London and Canada sets, whose photos all pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.geometry import Points
from fvae_studio.core.types import Face, Photo
from trainer.metrics import register

NEUTRAL: Final = "neutral"


@dataclass(frozen=True)
class Checks:
    """What is asked of a photo; a threshold of 0 or below asks nothing.

    Attributes:
        min_sharpness: variance of the crop's Laplacian over the crop's own variance. The sets' photos have 0.027 to
            0.17; blurred by 2 pixels of the prepared crop (1 of the model's) they have 0.001 to 0.0027.
        second_face: width of another face over the largest one's, from which it is not clear who is meant.
        same_hash: different bits of two crops' perceptual hashes (64 bits) up to which they may be the same photo; one
            that was made smaller and compressed again differs by up to 6, and so may two expressions of one person.
        same_landmarks_px: mean distance of their landmarks, crop pixels, below which such two are the same.
        label_share: how far a photo moves from its person's neutral one as all others with its label do, as a share of
            their mean motion. Smiles of the sets: 0.20 to 2.0, median 0.99.
        label_people: with which at least that is asked; fewer have no mean worth the name.
    """

    min_sharpness: float = 0.002
    second_face: float = 0.6
    same_hash: int = 8
    same_landmarks_px: float = 0.3
    label_share: float = 0.05
    label_people: int = 6


def unclear_face(found: Sequence[Face], checks: Checks) -> str | None:
    """Why it is not clear which face of a photo is meant, or None."""
    widths = sorted((face.box.width for face in found), reverse=True)
    if checks.second_face > 0 and len(widths) > 1 and widths[1] > checks.second_face * widths[0]:
        return f"{len(found)} faces of about the same size; crop the photo to the person who is meant"
    return None


def sharpness(crop: NDArray[np.uint8]) -> float:
    """Variance of the Laplacian over the variance, of a crop (S, S, 3) in grey."""
    grey = cv2.cvtColor(np.ascontiguousarray(crop), cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_64F).var() / max(float(grey.var()), 1.0))


def blurred(crop: NDArray[np.uint8], checks: Checks) -> str | None:
    """Why a crop is not sharp enough, or None."""
    found = sharpness(crop)
    if found >= checks.min_sharpness:
        return None
    return f"blurred, or enlarged from too few pixels (sharpness {found:.4f}, at least {checks.min_sharpness:g})"


def duplicates(crops: Sequence[NDArray[np.uint8]], landmarks: NDArray[np.float32], checks: Checks) -> dict[int, int]:
    """Photos that are there twice.

    Args:
        crops: N of (S, S, 3).
        landmarks: (N, 478, 2), crop pixels.
        checks: thresholds.

    Returns:
        For each later copy, the row of the first one.
    """
    if not crops or checks.same_hash <= 0:
        return {}
    codes = [cv2.img_hash.pHash(cv2.cvtColor(np.ascontiguousarray(crop), cv2.COLOR_RGB2GRAY)) for crop in crops]
    bits = np.unpackbits(np.concatenate(codes), axis=1)
    copies: dict[int, int] = {}
    for row in range(1, len(bits)):
        for other in np.flatnonzero((bits[:row] != bits[row]).sum(axis=1) <= checks.same_hash):
            # Aligned faces all look alike to a hash; their features lie at the same places only in the same photo.
            apart = np.linalg.norm(landmarks[row] - landmarks[other], axis=1).mean()
            if apart < checks.same_landmarks_px and int(other) not in copies:
                copies[row] = int(other)
                break
    return copies


def wrong_labels(
    persons: Sequence[str], labels: Sequence[str], landmarks: NDArray[np.float32], checks: Checks
) -> dict[int, str]:
    """Photos whose landmarks do not move as those of other people with the same label do.

    Args:
        persons: N, who is in each photo.
        labels: N, what it shows.
        landmarks: (N, 478, 2).
        checks: thresholds.

    Returns:
        What is wrong, by row. Where a label is moved against, the neutral photo of that person is as suspect.
    """
    neutral = {person: row for row, (person, label) in enumerate(zip(persons, labels, strict=True)) if label == NEUTRAL}
    by_label: dict[str, dict[int, NDArray[np.float64]]] = {}
    for row, (person, label) in enumerate(zip(persons, labels, strict=True)):
        if label != NEUTRAL and person in neutral:
            by_label.setdefault(label, {})[row] = _motion(landmarks[row], landmarks[neutral[person]])
    wrong: dict[int, str] = {}
    for label, motions in by_label.items():
        if len({persons[row] for row in motions}) < checks.label_people:
            continue
        for row, share in _shares(motions).items():
            if share < checks.label_share:
                text = (
                    f"the face does not move as other people's do with the label {label} (by {share:.2f} of their mean)"
                )
                wrong[row] = text
                if share < -checks.label_share:
                    wrong[neutral[persons[row]]] = f"{text}: perhaps the two labels are swapped"
    return wrong


def _shares(motions: Mapping[int, NDArray[np.float64]]) -> dict[int, float]:
    """Each motion's part along the mean of the others, over that mean."""
    total = np.sum(list(motions.values()), axis=0)
    shares = {}
    for row, motion in motions.items():
        mean = (total - motion) / (len(motions) - 1)
        shares[row] = float(motion @ mean / max(float(mean @ mean), 1e-9))
    return shares


def _motion(landmarks: Points, neutral: Points) -> NDArray[np.float64]:
    # Irises follow the gaze, not the expression.
    moved = (register(landmarks, neutral) - neutral)[:468]
    return moved.ravel().astype(np.float64)


def not_editable(face: Face, photo: Photo) -> str | None:
    """Why the program would refuse a face (profile, too small, cut off), or None."""
    from fvae_studio.errors import FaceError
    from fvae_studio.pipeline.detector import require_editable

    try:
        require_editable(face, photo)
    except FaceError as error:
        return str(error)
    return None
