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
from fvae_studio.core.crop_places import Places, blurred, mean_within
from fvae_studio.core.eye_motion import CORNER_PX
from fvae_studio.core.flow_spline import passage, rise, smoothstep
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

_WHITE_PX: Final = (1.0, 2.5)
"""Crop pixels below the rim of a closed eye: up to the first one white is the eye's, the second one is skin."""

_WHITER: Final = (0.02, 0.06)
"""Of the full range, in each of its colours: how much lighter than that skin it is."""

_CORNER_BLUR_PX: Final = 0.7
"""Over which colours beside a corner are averaged, crop pixels."""

_CORNER_REACH: Final = 0.3
"""Of the eye's width, from a corner inwards: so far the lid takes on what is beside it, less and less."""

_PAINTED: Final = (0.1, 0.3)
"""By how much (log) the skin's red over blue is above the lid's: up to the first one it is skin, from the second on
the lid is painted."""


def light_lid(
    upper: NDArray[np.float32],
    shown: NDArray[np.float32],
    eye: ClosingEye,
    places: Places,
) -> NDArray[np.float32]:
    """Give a closing lid the light of the skin under the eye.

    Args:
        upper: (h, w, 3) the picture, warped by the upper lid's layer, without lashes.
        shown: (h, w, 3) the picture, warped by the flow; beside the eye, it is what will be seen.
        eye: that closes.
        places: of its pixels.

    Returns:
        (h, w, 3); unchanged where the eye closes too little for lashes to turn.
    """
    x, y, _part, to_crop = places
    rim, end = curve_at(eye.lid, x), curve_at(eye.upper_end, x)
    inwards = np.minimum(x - eye.corners[0], eye.corners[1] - x)
    is_lid = smoothstep((y - end) / 0.8) * smoothstep((rim - y) / 0.6) * smoothstep(inwards / 2)
    lid = mean_within(upper, is_lid, _FOLD_PX / to_crop.scale)
    below = rim + np.float32(UNDER_EYE_PX)
    skin = places.sampled(blurred(shown, _SKIN_PX / to_crop.scale), x, below)
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


def without_white(
    lower: NDArray[np.float32],
    eye: ClosingEye,
    places: Places,
    *,
    limit: float,
) -> NDArray[np.float32]:
    """Take from the lower lid the white of the eye that landmarks leave to it, which lay along closed lids as specks.

    Args:
        lower: (h, w, 3) the picture, warped by the lower lid's layer.
        eye: that closes.
        places: of its pixels.
        limit: the picture's full range.

    Returns:
        (h, w, 3): skin where it was whiter than that of the lid, as far as lashes have turned.
    """
    rim = curve_at(eye.rim, places.x)
    smooth = blurred(lower, _WHITE_PX[0] / 2 / places.to_crop.scale)
    skin = places.sampled(smooth, places.x, rim + np.float32(_WHITE_PX[1]))
    # White is lighter in all of its colours; a reflection on a wet rim is, too.
    lighter = (lower - skin).min(axis=2) / limit
    is_turned = np.float32(passage(eye.closed, TURNING))
    share = is_turned * rise(lighter, _WHITER) * rise(places.y - rim, _WHITE_PX[::-1])
    return np.asarray(lower + share[..., None] * (skin - lower), np.float32)


def meet_corners(
    upper: NDArray[np.float32],
    shown: NDArray[np.float32],
    eye: ClosingEye,
    places: Places,
) -> NDArray[np.float32]:
    """Let a closing lid pass into what is seen beside it, where it ended in an upright edge.

    Lashes are taken off the lid, but stand beside the outer corner as they did, and so does what is painted there.
    From the corner inwards the lid takes on their colour, and loses it again.

    Args:
        upper: (h, w, 3) the lid, from `light_lid`.
        shown: (h, w, 3) the picture, warped by the flow.
        eye: that closes.
        places: of its pixels.

    Returns:
        (h, w, 3); as far as lashes have turned.
    """
    x, y, _part, to_crop = places
    is_turned, sigma = np.float32(passage(eye.closed, TURNING)), _CORNER_BLUR_PX / to_crop.scale
    beside, lid = blurred(shown, sigma), blurred(upper, sigma)
    above = smoothstep((curve_at(eye.lid, x) - y) / 0.6 + 0.5) * smoothstep(y - curve_at(eye.upper_end, x))
    reach = np.float32(_CORNER_REACH * (eye.corners[1] - eye.corners[0]))
    result = upper.copy()
    for corner, inwards in ((eye.corners[0], 1.0), (eye.corners[1], -1.0)):
        outside = places.sampled(beside, np.full_like(x, corner - inwards * CORNER_PX), y)
        inside = places.sampled(lid, np.full_like(x, corner + inwards * _CORNER_BLUR_PX), y)
        way = inwards * (x - corner)
        share = smoothstep(way / CORNER_PX + 1) * smoothstep(1 - way / reach)
        result += (is_turned * share * above)[..., None] * (outside - inside)
    return result


def _mean(values: FloatMap, weights: FloatMap) -> float:
    """Of values (h, w) by weights (h, w); 0 where all of these are 0."""
    return float((values * weights).sum() / max(float(weights.sum()), 1e-3))
