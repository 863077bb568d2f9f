"""What still separates two warped pictures of one face that should show the same geometry: a small, smooth flow.

Blended as they are, two pictures that lie half a pixel apart lose their texture and double their edges.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.crop_places import shifted
from fvae_studio.core.flow_spline import smoothstep
from fvae_studio.core.types import FloatMap

MATCH_SIZE: Final = 2 * CROP_SIZE
"""Side of the pictures that are matched: the search works on 8 x 8 patches, here the size of a corner of the lips."""

MAX_RESIDUAL_PX: Final = 3.0
"""Crop pixels: what lies further apart is not a residual but another thing."""

_ROUNDS: Final = 2
"""The second finds what the first has brought within its reach: half of what was left, on samples and London pairs."""

_LIGHT_SIGMA_PX: Final = 4.0
_CONTRAST_SIGMA_PX: Final = 6.0
_CONTRAST: Final = 45.0
_LEAST_CONTRAST: Final = 6.0
"""Light is matched by local mean and contrast; flat skin is not drawn out to noise."""

_AGREEMENT_PX: Final = 0.5
_FLAT_GRADIENT: Final = 4.5
_SMOOTH_SIGMA_PX: Final = 1.0
_STAYING: Final = 0.1
"""Weight of the claim that nothing is apart: where nothing is found, nothing moves."""

_STILL_PX: Final = 0.03
_SURE_PX: Final = 0.1
"""Crop pixels: less is beneath the search's accuracy and counts as none; from here on all of it counts."""

_SCALE: Final = MATCH_SIZE / CROP_SIZE


def residual_flow(
    first: NDArray[np.uint8], second: NDArray[np.uint8], *, share: float, trust: FloatMap
) -> NDArray[np.float32]:
    """Where the second picture has what the first one shows.

    Both meet when each goes its share of the way: at a position p, the first shows p - `share` r(p) and the second
    p + (1 - `share`) r(p). Found by dense inverse search on pictures of matched light, and kept where both directions
    agree, where there is something to hold on to, and where `trust` allows it; elsewhere it follows from around.

    Args:
        first: (MATCH_SIZE, MATCH_SIZE, 3), an aligned crop after its warp.
        second: likewise.
        share: of the way that is the first one's, [0, 1].
        trust: (MATCH_SIZE, MATCH_SIZE) in [0, 1]: where both show the same thing.

    Returns:
        (MATCH_SIZE, MATCH_SIZE, 2), r in crop pixels, no longer than `MAX_RESIDUAL_PX`; exactly 0 for equal pictures.
    """
    pictures = [_evenly_lit(picture) for picture in (first, second)]
    texture = np.minimum(_texture(pictures[0]), _texture(pictures[1])) * trust
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    search.setFinestScale(0)
    residual = np.zeros((*first.shape[:2], 2), np.float32)
    for _ in range(_ROUNDS):
        near = (
            shifted(pictures[0], residual * np.float32(-share)),
            shifted(pictures[1], residual * np.float32(1 - share)),
        )
        there, back = search.calc(near[0], near[1], None), search.calc(near[1], near[0], None)
        apart = there + shifted(back, there)
        agreement = np.exp(-(apart * apart).sum(axis=-1) / np.float32((_AGREEMENT_PX * _SCALE) ** 2))
        weight = agreement * texture * _near_enough(residual + there)
        found = (there - back) * (0.5 * weight)[..., None]
        sigma = _SMOOTH_SIGMA_PX * _SCALE
        total = cv2.GaussianBlur(weight, (0, 0), sigma) + np.float32(_STAYING)
        residual += cv2.GaussianBlur(found, (0, 0), sigma) / total[..., None]
    residual /= np.float32(_SCALE)
    length = np.maximum(np.hypot(residual[..., 0], residual[..., 1]), np.float32(1e-6))
    kept = np.minimum(1, MAX_RESIDUAL_PX / length) * smoothstep((length - _STILL_PX) / (_SURE_PX - _STILL_PX))
    return np.asarray(residual * kept[..., None], np.float32)


def moved_together(
    flow: NDArray[np.float32], confidence: FloatMap, shift: NDArray[np.float32]
) -> tuple[NDArray[np.float32], FloatMap]:
    """A flow and its confidence where the warped picture is moved once more: shift(p) + flow(p + shift(p)).

    Args:
        flow: (h, w, 2), crop pixels.
        confidence: (h, w).
        shift: (h, w, 2), crop pixels.
    """
    height, width = flow.shape[:2]
    cells = shift * np.array([width / CROP_SIZE, height / CROP_SIZE], np.float32)
    return shift + shifted(flow, cells), shifted(confidence, cells)


def _evenly_lit(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    detail = grey - cv2.GaussianBlur(grey, (0, 0), _LIGHT_SIGMA_PX * _SCALE)
    contrast = np.sqrt(cv2.GaussianBlur(detail * detail, (0, 0), _CONTRAST_SIGMA_PX * _SCALE))
    even = 128 + detail * (_CONTRAST / (contrast + _LEAST_CONTRAST))
    lit: NDArray[np.uint8] = np.clip(np.round(even), 0, 255).astype(np.uint8)
    return lit


def _texture(picture: NDArray[np.uint8]) -> FloatMap:
    # 0 on flat skin, where any flow fits, 1 on edges.
    slopes = [cv2.Sobel(picture, cv2.CV_32F, dx, 1 - dx, ksize=3, scale=1 / 8) for dx in (1, 0)]
    energy = cv2.GaussianBlur(slopes[0] * slopes[0] + slopes[1] * slopes[1], (0, 0), _SMOOTH_SIGMA_PX * _SCALE)
    share: FloatMap = energy / (energy + np.float32(_FLAT_GRADIENT**2))
    return share


def _near_enough(residual: NDArray[np.float32]) -> FloatMap:
    length = np.hypot(residual[..., 0], residual[..., 1]) / np.float32(_SCALE)
    return smoothstep((MAX_RESIDUAL_PX + 0.5 - length) / 0.5)
