"""Lashes turn down with the lid that closes, and its rim is skin.

They grow from its rim, upwards and outwards in an open eye. A lid that slides down with them as they were would carry a
fence of them. Here they are taken off the skin behind them, as what is darker than its surroundings to both sides, and
laid over what they would cover: shorter and shorter as they point at the camera, then downwards. The white of the eye
that landmarks leave to the lid, and the shade between lashes, become skin of the lid.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.contours import curve_at
from fvae_studio.core.crop_places import Places, blurred, mean_within
from fvae_studio.core.eye_motion import CORNER_PX
from fvae_studio.core.flow_spline import passage, rise, smoothstep
from fvae_studio.core.lids import ClosingEye

TURNING: Final = (0.45, 0.95)
"""Shares of an eye's opening that are closed: at the first one lashes begin to turn, at the second one they hang."""

HANGING: Final = 0.8
"""How long they are seen then, of how long they were."""

LASH_PX: Final = (5.0, 7.0)
"""Crop pixels above the rim: up to the first one what is thin and dark is a lash, from the second on it is none."""

LID_PX: Final = (0.5, 4.5)
"""Crop pixels above the rim of a closed lid: up to the first one it has the colour of the second one. What an open eye
shows there is shade of lashes, and a little white of the eye, which landmarks leave to the lid."""

RIM_PX: Final = (0.9, 1.4)
"""Likewise: up to the first one what is darker than the lid belongs to the lashes, whatever its width."""

_LINE: Final = (0.2, 5.0)
"""Towards the corners that line runs out: what is left of its width there, and crop pixels inwards to where it
is whole. At the outer corner lashes stand so close that a line as wide as elsewhere was a black hook."""

_GRAIN_PX: Final = 0.35
"""What is finer than this, crop pixels, is skin's grain; folds of the lid are broader."""

_GRAIN: Final = 0.03
"""Of the full range: how far grain may be from the skin around it."""

_CALM_PX: Final = 1.0
"""Over which the lid's colour is averaged, crop pixels."""

_LIGHT_PX: Final = 1.5
"""Likewise, its light: where it reached the darkest at once, lids had a step."""

_DARKEST: Final = 0.85
"""Of the lid's light, what it may fall to towards its rim; it does not become lighter there."""

_WIDTH_PX: Final = 1.0
"""Of lashes that stick together, crop pixels: what is wider is shade, or a fold of the lid."""

_DENSE: Final = (0.01, 0.025)
"""How much darker than the skin, of the full range, a place is, mean of its surroundings: up to the first one that is
skin, from the second on there are lashes."""

_COLOUR: Final = 0.12
"""Share of the light by which what lashes take of a channel may differ from the mean of all."""

_LIGHTEST: Final = 0.01
"""Of the full range: how much lighter than the skin may be what is seen between lashes."""

_END_ON: Final = 0.12
"""Of their length: lashes that are seen no longer than this are not seen."""


class Lashes(NamedTuple):
    """An eye's lashes as they are to be seen.

    Attributes:
        bare: (h, w, 3) the upper lid without them, of the picture's range.
        shade: (h, w, 3) in (0, 1], what they leave of the light that comes from behind them.
    """

    bare: NDArray[np.float32]
    shade: NDArray[np.float32]


def turn_lashes(
    upper: NDArray[np.float32],
    eye: ClosingEye,
    places: Places,
    *,
    limit: float,
) -> Lashes | None:
    """Take the lashes off a lid, and turn them.

    Args:
        upper: (h, w, 3) the picture, warped by the upper lid's layer.
        eye: that closes.
        places: of its pixels.
        limit: the picture's full range.

    Returns:
        None where the eye closes too little for them to turn.
    """
    seen = length_seen(eye.closed)
    if seen == 1:
        return None
    x, scale = places.x, places.to_crop.scale
    rim = curve_at(eye.lid, x)
    above = rim - places.y
    width = max(3, round(_WIDTH_PX / scale) | 1)
    # Gaps between lashes show the skin, and so does what is beside all of them.
    across = np.ones((1, width), np.uint8)
    skin = cv2.morphologyEx(upper, cv2.MORPH_CLOSE, across, borderType=cv2.BORDER_REPLICATE)
    skin = blurred(skin, width / 3, width / 6)
    calm = blurred(skin, _CALM_PX / scale)
    lid = places.sampled(calm, x, rim - np.maximum(above, LID_PX[1]))
    is_turned = np.float32(passage(eye.closed, TURNING))
    inwards = np.minimum(x - eye.corners[0], eye.corners[1] - x)
    as_lid = is_turned * rise(above, LID_PX[::-1])
    line = np.float32(_LINE[0]) + np.float32(1 - _LINE[0]) * smoothstep(inwards / _LINE[1])
    at_rim = is_turned * rise(above / line, RIM_PX[::-1])
    is_lid = smoothstep(above / 0.3 + 0.5)
    grows = is_lid * rise(above, LASH_PX[::-1])
    grows = grows * np.float32(eye.share) * smoothstep(inwards / CORNER_PX + 1)
    # Pores are dark, too, but far less so.
    missing = np.maximum(skin - upper, 0).mean(axis=2) / limit
    lashes = rise(blurred(missing, width / 3), _DENSE)
    behind = skin + at_rim[..., None] * (lid - skin)
    lost = 1 - np.clip(upper / np.maximum(behind, 1e-6), 0, 1)
    # Next to the rim some of it is the eye's colour; elsewhere, in small photos, specks of a JPEG's.
    grey = lost.mean(axis=2, keepdims=True)
    lost = grey + (1 - at_rim)[..., None] * np.clip(lost - grey, -_COLOUR, _COLOUR)
    shade = 1 - (grows * np.maximum(at_rim, lashes))[..., None] * lost
    light = np.clip(skin.mean(axis=2) / np.maximum(lid.mean(axis=2), 1e-6), _DARKEST, 1)
    light = mean_within(light, is_lid, _LIGHT_PX / scale)
    shown = skin + as_lid[..., None] * (lid * light[..., None] - skin)
    # Upside down, the grain of the lid above goes on without a step.
    grain = np.clip(upper - blurred(upper, _GRAIN_PX / scale), -_GRAIN * limit, _GRAIN * limit)
    shown += as_lid[..., None] * places.sampled(grain, x, rim - np.maximum(2 * LID_PX[1] - above, above))
    # Light lines between lashes are no skin either: sharpening drew them.
    shown += np.clip(upper - skin, 0, _LIGHTEST * limit)
    bare = upper + (grows * np.maximum(as_lid, lashes))[..., None] * (shown - upper)
    if abs(seen) < _END_ON:
        return Lashes(bare, np.ones_like(shade))
    return Lashes(bare, places.sampled(shade, x, rim - above / np.float32(seen), beyond=1.0))


def length_seen(closed: float) -> float:
    """How long lashes are seen, of how long they were: 1 as they were, below 0 downwards.

    Args:
        closed: of the eye's opening, up to 1.
    """
    return 1 - passage(closed, TURNING) * (1 + HANGING)
