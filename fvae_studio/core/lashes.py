"""Lashes turn down with the lid that closes.

They grow from its rim, upwards and outwards in an open eye. A lid that slides down with them as they were would carry a
fence of them. Here they are taken off the skin behind them, as what is darker than its surroundings to both sides, and
laid over what they would cover: shorter and shorter as they point at the camera, then downwards.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.contours import curve_at
from fvae_studio.core.eye_motion import CORNER_PX, passage
from fvae_studio.core.flow_spline import smoothstep
from fvae_studio.core.geometry import Rect, SimilarityTransform
from fvae_studio.core.lids import ClosingEye
from fvae_studio.core.types import FloatMap

TURNING: Final = (0.45, 0.95)
"""Shares of an eye's opening that are closed: at the first one lashes begin to turn, at the second one they hang."""

HANGING: Final = 0.8
"""How long they are seen then, of how long they were."""

LASH_PX: Final = (5.0, 7.0)
"""Crop pixels above the rim: up to the first one what is thin and dark is a lash, from the second on it is none."""

_WIDTH_PX: Final = 1.0
"""Of lashes that stick together, crop pixels: what is wider is shade, or a fold of the lid."""

_DENSE: Final = (0.01, 0.025)
"""How much darker than the skin, of the full range, a place is, mean of its surroundings: up to the first one that is
skin, from the second on there are lashes."""

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
    x: FloatMap,
    y: FloatMap,
    part: Rect,
    to_crop: SimilarityTransform,
    *,
    limit: float,
) -> Lashes | None:
    """Take the lashes off a lid, and turn them.

    Args:
        upper: (h, w, 3) the picture, warped by the upper lid's layer.
        eye: that closes.
        x: (h, w) places in the edited crop, crop pixels.
        y: likewise.
        part: where these lie in the picture.
        to_crop: picture pixels -> crop pixels.
        limit: the picture's full range.

    Returns:
        None where the eye closes too little for them to turn.
    """
    seen = length_seen(eye.closed)
    if seen == 1:
        return None
    rim = curve_at(eye.lid, x)
    above = rim - y
    width = max(3, round(_WIDTH_PX / to_crop.scale) | 1)
    # Gaps between lashes show the skin, and so does what is beside all of them.
    across = np.ones((1, width), np.uint8)
    skin = cv2.morphologyEx(upper, cv2.MORPH_CLOSE, across, borderType=cv2.BORDER_REPLICATE)
    skin = cv2.GaussianBlur(skin, (0, 0), width / 3, sigmaY=width / 6, borderType=cv2.BORDER_REPLICATE)
    grows = smoothstep(above / 0.3 + 0.5) * smoothstep((LASH_PX[1] - above) / (LASH_PX[1] - LASH_PX[0]))
    inwards = np.minimum(x - eye.corners[0], eye.corners[1] - x)
    grows = grows * np.float32(eye.share) * smoothstep(inwards / CORNER_PX + 1)
    # Pores are dark, too, but far less so.
    missing = np.maximum(skin - upper, 0).mean(axis=2) / limit
    dense = cv2.GaussianBlur(missing, (0, 0), width / 3, borderType=cv2.BORDER_REPLICATE)
    grows = (grows * smoothstep((dense - _DENSE[0]) / (_DENSE[1] - _DENSE[0])))[..., None]
    dark = grows * (1 - np.clip(upper / np.maximum(skin, 1e-6), 0, 1))
    # Light lines between lashes are no skin either: sharpening drew them.
    bare = upper + grows * (np.clip(upper, skin, skin + _LIGHTEST * limit) - upper)
    shade = 1 - dark
    if abs(seen) < _END_ON:
        return Lashes(bare, np.ones_like(shade))
    source = np.stack([x, rim - above / np.float32(seen)], axis=-1)
    places = to_crop.inverse.apply(source.reshape(-1, 2)).reshape(source.shape)
    turned = cv2.remap(
        shade,
        (places[..., 0] - np.float32(part.x)).astype(np.float32),
        (places[..., 1] - np.float32(part.y)).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(1, 1, 1),
    )
    return Lashes(bare, turned)


def length_seen(closed: float) -> float:
    """How long lashes are seen, of how long they were: 1 as they were, below 0 downwards.

    Args:
        closed: of the eye's opening, up to 1.
    """
    return 1 - passage(closed, TURNING) * (1 + HANGING)
