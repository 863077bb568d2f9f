"""What hardly moves beyond the face does not move at all: hair, ears and background stay bit for bit.

A network that has learnt from pairs of photos, in which heads moved as well, moves a little of everything. In most
photos that is a fiftieth of a crop pixel, in some half of one: four pixels of a large portrait, and a wall that bends.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.flow_spline import smoothstep
from fvae_studio.core.geometry import Points
from fvae_studio.core.types import FloatMap

STILL: Final = ((5.0, 0.0), (14.0, 0.6), (30.0, 2.5))
"""By distance to the hull of the landmarks: up to which length motion counts as none; both in crop pixels.

Twice as much is kept as it is: necks below a dropping jaw, hair of a head that turns. On held-out photos, sliders move
0.6 pixels at 8 to 12 pixels from the face at most, 0.3 at 12 to 16, 0.1 at 16 to 24 (medians)."""


def keep_surroundings(flow: NDArray[np.floating[Any]], landmarks: Points) -> NDArray[np.float32]:
    """Take the small motions beyond a face out of a flow.

    Args:
        flow: (h, w, 2), crop pixels.
        landmarks: (478, 2) of the photo's face, crop pixels.

    Returns:
        A flow of the same size; the very same values in the face.
    """
    flow = np.asarray(flow, np.float32)
    # A slider asks for the same face again and again.
    least = _least_motion(landmarks.astype(np.float32).tobytes(), *flow.shape[:2])
    length = np.hypot(flow[..., 0], flow[..., 1])
    kept = np.where(least > 0, smoothstep(length / np.maximum(least, np.float32(1e-6)) - 1), np.float32(1))
    return np.asarray(flow * kept[..., None], np.float32)


@lru_cache(maxsize=8)
def _least_motion(landmarks: bytes, height: int, width: int) -> FloatMap:
    """(height, width), crop pixels: up to what length motion counts as none; of (N, 2) float32 landmarks, as bytes."""
    distance = _beyond(np.frombuffer(landmarks, np.float32).reshape(-1, 2), height, width)
    least = np.zeros((height, width), np.float32)
    for (near, less), (far, more) in pairwise(STILL):
        least += np.float32(more - less) * smoothstep((distance - near) / (far - near))
    least.flags.writeable = False
    return least


def _beyond(landmarks: Points, height: int, width: int) -> FloatMap:
    """(height, width): distance to the landmarks' hull, crop pixels; 0 inside."""
    scale = np.array([width, height], np.float32) / CROP_SIZE
    hull = cv2.convexHull(np.round((landmarks + 0.5) * scale - 0.5).astype(np.int32))
    outside = np.ones((height, width), np.uint8)
    cv2.fillConvexPoly(outside, hull, 0)
    distance = cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) / np.float32(scale.mean())
    # Whole cells would leave steps in the flow.
    smooth: FloatMap = cv2.GaussianBlur(distance, (0, 0), float(scale.mean()))
    return smooth
