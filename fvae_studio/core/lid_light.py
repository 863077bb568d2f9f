"""A lid that closes comes out of its own shade.

What an open eye shows between brow and lashes is a fold, and the shade in it; a lid that slides down spreads them over
the whole eye, as a dark patch with edges. A closed lid is a bulge that the light falls on. So its colour goes most of
the way to that of the skin under the eye, and folds lose most of what they differ by, while hair, pores and grain stay.
A lid that is bluer than the skin is painted and keeps its tint: shade on skin is redder.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.contours import curve_at
from fvae_studio.core.crop_places import blurred, mean_within, sampled_at
from fvae_studio.core.flow_spline import passage, smoothstep
from fvae_studio.core.geometry import Rect, SimilarityTransform
from fvae_studio.core.lashes import TURNING
from fvae_studio.core.lids import ClosingEye
from fvae_studio.core.types import FloatMap

UNDER_EYE_PX: Final = 5.0
"""Crop pixels below the rim of a closed lid, where skin is looked at: below the lashes, above the cheek."""

_SKIN_PX: Final = 1.5
"""Over which that skin is averaged, crop pixels."""

_FOLD_PX: Final = 0.6
"""Crop pixels: what is broader belongs to folds and shade."""

_LIGHT: Final = 0.9
"""Of the light under the eye, what falls on a lid."""

_SHARE: Final = 0.6
"""Of the way to that light and colour, what a closed lid goes."""

_GAIN: Final = (0.8, 2.0)
_TINT: Final = (0.6, 1.6)
"""How much a place of the lid may change before its share is taken: its light, and each channel against that."""

_PAINTED: Final = (0.1, 0.3)
"""By how much (log) the skin's red over blue is above the lid's: up to the first one it is skin, from the second on
the lid is painted."""


def light_lid(
    upper: NDArray[np.float32],
    shown: NDArray[np.float32],
    eye: ClosingEye,
    x: FloatMap,
    y: FloatMap,
    part: Rect,
    to_crop: SimilarityTransform,
) -> NDArray[np.float32]:
    """Give a closing lid the light of the skin under the eye.

    Args:
        upper: (h, w, 3) the picture, warped by the upper lid's layer, without lashes.
        shown: (h, w, 3) the picture, warped by the flow; beside the eye, it is what will be seen.
        eye: that closes.
        x: (h, w) places in the edited crop, crop pixels.
        y: likewise.
        part: where these lie in the picture.
        to_crop: picture pixels -> crop pixels.

    Returns:
        (h, w, 3); unchanged where the eye closes too little for lashes to turn.
    """
    rim, end = curve_at(eye.lid, x), curve_at(eye.upper_end, x)
    inwards = np.minimum(x - eye.corners[0], eye.corners[1] - x)
    is_lid = smoothstep((y - end) / 0.8) * smoothstep((rim - y) / 0.6) * smoothstep(inwards / 2)
    lid = mean_within(upper, is_lid, _FOLD_PX / to_crop.scale)
    below = rim + np.float32(UNDER_EYE_PX)
    skin = sampled_at(blurred(shown, _SKIN_PX / to_crop.scale), x, below, part, to_crop)
    light_of_lid, light_of_skin = (np.maximum(colour.mean(axis=2, keepdims=True), 1) for colour in (lid, skin))
    # Under a frame, or in its own shade, skin says nothing: then the lid becomes even, and no darker.
    light = np.maximum(np.float32(_LIGHT) * light_of_skin, np.float32(_mean(light_of_lid[..., 0], is_lid)))
    tint = (skin / light_of_skin) / np.maximum(lid / light_of_lid, 1e-3)
    bluer = np.log(np.maximum(tint[..., 0], 1e-3) / np.maximum(tint[..., 2], 1e-3))
    painted = passage(_mean(bluer, is_lid), _PAINTED)
    gain = np.clip(light / light_of_lid, *_GAIN) ** np.float32(_SHARE)
    gain = gain * np.clip(tint, *_TINT) ** np.float32(_SHARE * (1 - painted))
    along = (y - end) / np.maximum(rim - end, 0.5)
    share = np.float32(passage(eye.closed, TURNING)) * smoothstep(along / 0.5) * smoothstep(inwards / 3 + 0.5)
    return np.asarray(upper * (1 + share[..., None] * (gain - 1)), np.float32)


def _mean(values: FloatMap, weights: FloatMap) -> float:
    """Of values (h, w) by weights (h, w); 0 where all of these are 0."""
    return float((values * weights).sum() / max(float(weights.sum()), 1e-3))
