"""What hardly moves beyond the face does not move at all, and where a head moves, what is behind it stays where it is.

A network that has learnt from pairs of photos, in which heads moved as well, moves a little of everything. In most
photos that is a fiftieth of a crop pixel, in some half of one: four pixels of a large portrait, and a wall that bends.
Where a head turns, or a jaw drops, its outline has to move, and the flow fades over a sixth of the crop beside it: door
frames bend there, unless it is known what is person and what is not.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.crop_places import shifted
from fvae_studio.core.flow_spline import smoothstep
from fvae_studio.core.geometry import Points
from fvae_studio.core.types import FloatMap

STILL: Final = ((5.0, 0.0), (14.0, 0.6), (30.0, 2.5))
"""By distance to the hull of the landmarks: up to which length motion counts as none; both in crop pixels.

Twice as much is kept as it is: necks below a dropping jaw, hair of a head that turns. On held-out photos, sliders move
0.6 pixels at 8 to 12 pixels from the face at most, 0.3 at 12 to 16, 0.1 at 16 to 24 (medians)."""


BESIDE_PX: Final = 4.0
"""Crop pixels beyond the landmarks' hull, from which on what moves may be a head's outline."""

MOVES_PX: Final = 0.75
"""Crop pixels that it moves there before it is asked what is person: eyes alone never do, most other sliders do."""

FADES_PX: Final = 1.0
"""Crop pixels beside a moved outline over which the motion fades, and twice what is moved there: over less, the flow
folds where the outline draws back."""

_LEAST_HELD: Final = 0.9
"""Of the landmarks' hull, what has to be person for a mask to be believed."""

FindPerson: TypeAlias = Callable[[], FloatMap | None]
"""Gives where a crop shows a person, (h, w) in [0, 1]; None where that is not known."""


def keep_surroundings(
    flow: NDArray[np.floating[Any]], landmarks: Points, find_person: FindPerson | None = None
) -> NDArray[np.float32]:
    """Take the small motions beyond a face out of a flow, and those of what is behind the person.

    Args:
        flow: (h, w, 2), crop pixels.
        landmarks: (478, 2) of the photo's face, crop pixels.
        find_person: asked only where much beyond the face is moved; None: nobody knows.

    Returns:
        A flow of the same size; the very same values in the face.
    """
    flow = np.asarray(flow, np.float32)
    # A slider asks for the same face again and again.
    key = landmarks.astype(np.float32).tobytes()
    least = _least_motion(key, *flow.shape[:2])
    length = np.hypot(flow[..., 0], flow[..., 1])
    share = np.where(least > 0, smoothstep(length / np.maximum(least, np.float32(1e-6)) - 1), np.float32(1))
    kept = np.asarray(flow * share[..., None], np.float32)
    if find_person is None:
        return kept
    distance = _beyond(key, *flow.shape[:2])
    if not (share * length > MOVES_PX)[distance > BESIDE_PX].any():
        return kept
    person = find_person()
    if person is None:
        return kept
    person = cv2.resize(person, flow.shape[1::-1], interpolation=cv2.INTER_AREA)
    # A mask without the face is of somebody else, or of nobody.
    face = distance <= 0
    return keep_background(kept, person) if person[face].sum() > _LEAST_HELD * face.sum() else kept


def keep_background(flow: NDArray[np.float32], person: FloatMap) -> NDArray[np.float32]:
    """Take out of a flow what moves beside a person, but for a narrow strip along the moved outline.

    Args:
        flow: (h, w, 2), crop pixels.
        person: (h, w) in [0, 1], where the photo's crop shows the person.

    Returns:
        A flow of the same size; the very same values where the person was or comes to be.
    """
    height, width = flow.shape[:2]
    cell = np.array([CROP_SIZE / width, CROP_SIZE / height], np.float32)
    shown = shifted(person, flow / cell)
    beside = (np.maximum(person, shown) < 0.5).astype(np.uint8)
    distance = cv2.distanceTransform(beside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) * np.float32(cell.mean())
    # The outline is that of a mask, with its steps.
    distance = cv2.GaussianBlur(distance, (0, 0), 0.7) * beside
    length = np.hypot(flow[..., 0], flow[..., 1])
    share = np.clip(1 - distance / (np.float32(FADES_PX) + 2 * length), 0, 1)
    return np.asarray(flow * share[..., None], np.float32)


@lru_cache(maxsize=8)
def _least_motion(landmarks: bytes, height: int, width: int) -> FloatMap:
    """(height, width), crop pixels: up to what length motion counts as none; of (N, 2) float32 landmarks, as bytes."""
    distance = _beyond(landmarks, height, width)
    least = np.zeros((height, width), np.float32)
    for (near, less), (far, more) in pairwise(STILL):
        least += np.float32(more - less) * smoothstep((distance - near) / (far - near))
    least.flags.writeable = False
    return least


@lru_cache(maxsize=8)
def _beyond(landmarks: bytes, height: int, width: int) -> FloatMap:
    """(height, width): distance to the hull of (N, 2) float32 landmarks, as bytes, crop pixels; 0 inside."""
    points = np.frombuffer(landmarks, np.float32).reshape(-1, 2)
    scale = np.array([width, height], np.float32) / CROP_SIZE
    hull = cv2.convexHull(np.round((points + 0.5) * scale - 0.5).astype(np.int32))
    outside = np.ones((height, width), np.uint8)
    cv2.fillConvexPoly(outside, hull, 0)
    distance = cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) / np.float32(scale.mean())
    # Whole cells would leave steps in the flow.
    smooth: FloatMap = cv2.GaussianBlur(distance, (0, 0), float(scale.mean()))
    smooth.flags.writeable = False
    return smooth
