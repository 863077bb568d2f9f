"""The figures by which quality is told: numpy only, one function per figure, nothing of a network or a file.

Images are float in [0, 1], flows backward in crop pixels, landmarks MediaPipe's in pixels of a `CROP_SIZE` crop.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE, eye_distance
from fvae_studio.core.geometry import Points, SimilarityTransform
from trainer.facekit.landmarks import MOUTH_POINTS

STABLE_POINTS: Final = (33, 133, 362, 263, 168, 6, 197, 195)
"""MediaPipe's points that hardly move with the expression: eye corners and the bridge of the nose."""

LARGEST_PSNR: Final = 100.0
"""What two equal images get, so that a mean over pairs stays finite."""

_MAX_ROUNDS = 60
_SETTLED_PX = 1e-4


def psnr(image: NDArray[np.floating[Any]], target: NDArray[np.floating[Any]], region: NDArray[np.bool_]) -> float:
    """Peak signal to noise ratio in dB inside a region, over all channels.

    Args:
        image: (H, W, 3) in [0, 1].
        target: likewise.
        region: (H, W), not empty.
    """
    error = float(np.mean(np.square(image[region].astype(np.float64) - target[region])))
    return LARGEST_PSNR if error < 10 ** (-LARGEST_PSNR / 10) else -10 * float(np.log10(error))


def laplacian_variance(image: NDArray[np.floating[Any]], region: NDArray[np.bool_]) -> float:
    """Sharpness: variance of the grey image's Laplacian inside a region.

    Args:
        image: (H, W, 3) in [0, 1].
        region: (H, W), not empty.
    """
    grey = cv2.cvtColor(image.astype(np.float32), cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_32F, borderType=cv2.BORDER_REPLICATE)[region].var())


def flow_at(flow: NDArray[np.floating[Any]], points: Points) -> Points:
    """A flow between its cells, bilinearly; beyond the outermost it goes on as it is.

    Args:
        flow: (h, w, 2), crop pixels, on a grid of any size over the crop.
        points: (N, 2), crop pixels.

    Returns:
        (N, 2) displacements, crop pixels.
    """
    height, width = flow.shape[:2]
    scale = np.array([width, height]) / CROP_SIZE
    cells = np.clip((points + 0.5) * scale - 0.5, 0, [width - 1, height - 1])
    first = np.minimum(np.floor(cells).astype(int), [max(width - 2, 0), max(height - 2, 0)])
    share = cells - first
    last = np.minimum(first + 1, [width - 1, height - 1])
    (x0, y0), (x1, y1) = first.T, last.T
    across, down = share[:, :1], share[:, 1:]
    top = flow[y0, x0] * (1 - across) + flow[y0, x1] * across
    bottom = flow[y1, x0] * (1 - across) + flow[y1, x1] * across
    return np.asarray(top * (1 - down) + bottom * down, np.float32)


def landmark_motion(landmarks: Points, flow: NDArray[np.floating[Any]]) -> Points:
    """Where a photo's landmarks are after its warp.

    A backward flow says where each output position samples; a landmark l is seen at the position p for which
    p + flow(p) = l. Solved by p <- l - flow(p), damped where that does not settle by itself (near folds).

    Args:
        landmarks: (N, 2) of the photo, crop pixels.
        flow: (h, w, 2), crop pixels.

    Returns:
        (N, 2) positions in the warped picture, crop pixels.
    """
    at = np.array(landmarks, np.float32)
    damping = np.ones((len(at), 1), np.float32)
    miss = np.full((len(at), 1), np.inf, np.float32)
    for _ in range(_MAX_ROUNDS):
        step = landmarks - flow_at(flow, at) - at
        length = np.hypot(step[:, :1], step[:, 1:])
        if float(length.max(initial=0)) < _SETTLED_PX:
            break
        # A step that is no shorter than the last one jumps to and fro over the solution.
        damping = np.where(length > 0.9 * miss, damping / 2, damping)
        miss = length
        at = at + damping * step
    return at


def register(landmarks: Points, reference: Points) -> Points:
    """Bring landmarks onto others by what does not move with the expression: a similarity of `STABLE_POINTS`."""
    stable = list(STABLE_POINTS)
    return SimilarityTransform.fit(landmarks[stable], reference[stable]).apply(landmarks)


def mean_motion(landmarks: Points, pairs: Sequence[tuple[int, int]]) -> Points:
    """(478, 2): by how much people's landmarks move on average, crop pixels, the head's own motion left out.

    Args:
        landmarks: (N, 478, 2) of N photos.
        pairs: rows (neutral, with the expression) of the same person; at least one.
    """
    moved = [register(landmarks[shown], landmarks[neutral]) - landmarks[neutral] for neutral, shown in pairs]
    return np.asarray(np.mean(moved, axis=0), np.float32)


def mouth_error(landmarks: Points, wanted: Points, photo: Points) -> float:
    """Mean distance of the mouth's landmarks from where they should be, in eye distances of the photo.

    Args:
        landmarks: (478, 2) of the edited picture.
        wanted: (478, 2) of the person's real photo with that expression.
        photo: (478, 2) of the photo that was edited; both are registered on it.
    """
    difference = register(landmarks, photo)[MOUTH_POINTS] - register(wanted, photo)[MOUTH_POINTS]
    return float(np.hypot(difference[:, 0], difference[:, 1]).mean()) / eye_distance(photo)


def mouth_error_share(landmarks: Points, photo: Points, wanted: Points) -> float:
    """Mouth landmark error as a share of the error of doing nothing: 0 is perfect, 1 useless.

    Args:
        landmarks: (478, 2) of the edited picture.
        photo: (478, 2) of the photo that was edited.
        wanted: (478, 2) of the person's real photo with that expression.
    """
    return mouth_error(landmarks, wanted, photo) / max(mouth_error(photo, wanted, photo), 1e-6)


def area_under_curve(scores: NDArray[np.floating[Any]], is_true: NDArray[np.bool_]) -> float:
    """Chance that a true case scores higher than a false one, ties counting half; NaN when one kind is missing.

    Args:
        scores: (N,).
        is_true: (N,).
    """
    num_true = int(is_true.sum())
    num_false = len(is_true) - num_true
    if not num_true or not num_false:
        return float("nan")
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks = (last - (counts - 1) / 2)[inverse]
    return float((ranks[is_true].sum() - num_true * (num_true + 1) / 2) / (num_true * num_false))


def calibration_error(
    confidences: NDArray[np.floating[Any]], outcomes: NDArray[np.floating[Any]], *, num_bins: int = 10
) -> float:
    """Expected calibration error: |mean confidence - mean outcome| of equal bins of confidence, weighted by size.

    Args:
        confidences: (N,) in [0, 1].
        outcomes: (N,) in [0, 1].
        num_bins: of equal width.
    """
    if not len(confidences):
        return float("nan")
    bins = np.minimum((confidences * num_bins).astype(int), num_bins - 1)
    counts = np.bincount(bins, minlength=num_bins)
    predicted = np.bincount(bins, weights=confidences, minlength=num_bins)
    observed = np.bincount(bins, weights=outcomes, minlength=num_bins)
    return float(np.abs(predicted - observed).sum() / counts.sum())
