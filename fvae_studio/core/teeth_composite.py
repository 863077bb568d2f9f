"""Putting what lies between open lips into a warped face, at the photo's resolution."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

import numpy as np

from fvae_studio.core.contours import curve_at
from fvae_studio.core.flow_spline import smoothstep
from fvae_studio.core.geometry import Rect, SimilarityTransform, box_corners
from fvae_studio.core.still_teeth import StillTeeth
from fvae_studio.core.types import FloatMap, RgbImage, WarpedFace
from fvae_studio.core.warp import FaceWarp

_SHADOW_PX: Final = 1.2
"""Crop pixels below and above the lips, over which what moves with them passes into what stays: their shadow is
theirs."""

_SHADOW_SHARE: Final = 0.35
"""At most so much of the gap between the lips."""


def draw_teeth(warp: FaceWarp, face: WarpedFace, teeth: StillTeeth) -> WarpedFace:
    """Show what lies between the lips of a face that was warped by the flow it was taken apart from.

    Args:
        warp: how it was.
        face: the warped face.
        teeth: what lies between its lips.

    Returns:
        The face; beyond the lips its pixels are the ones that came in.
    """
    window = teeth_window(teeth, warp.to_crop, face.roi)
    join = partial(join_teeth, teeth=teeth, window=window, to_crop=warp.to_crop)
    return warp.draw_over(face, teeth.flows, window, join)


def join_teeth(
    before: RgbImage, layers: Mapping[str, RgbImage], teeth: StillTeeth, window: Rect, to_crop: SimilarityTransform
) -> RgbImage:
    """Show what lies between lips in a region that was warped by the face's flow.

    Args:
        before: (window.height, window.width, 3).
        layers: the same warped by `StillTeeth.flows`.
        teeth: what lies there.
        window: where that is in the picture, see `teeth_window`.
        to_crop: picture pixels -> crop pixels.

    Returns:
        Pixels of the window.
    """
    share = teeth_share(teeth, *to_crop.apply_to_pixels(window))[..., None]
    mixed = before + share * (layers["inside"].astype(np.float32) - before)
    drawn: RgbImage = np.clip(np.round(mixed), 0, np.iinfo(before.dtype).max).astype(before.dtype)
    return drawn


def teeth_window(teeth: StillTeeth, to_crop: SimilarityTransform, bounds: Rect) -> Rect:
    """The pixels between the lips that lie in `bounds`; `to_crop` takes them to crop pixels."""
    left, right = teeth.corners
    columns = np.linspace(left, right, 32)
    top, bottom = float(curve_at(teeth.top, columns).min()), float(curve_at(teeth.bottom, columns).max())
    return Rect.around(to_crop.inverse.apply(box_corners(left, top, right, bottom))).intersect(bounds)


def teeth_share(teeth: StillTeeth, x: FloatMap, y: FloatMap) -> FloatMap:
    """How much of the layer is seen at places in the crop, in [0, 1]; x, y in crop pixels."""
    top, bottom = curve_at(teeth.top, x), curve_at(teeth.bottom, x)
    soft = np.clip(_SHADOW_SHARE * (bottom - top), 1e-3, _SHADOW_PX)
    beside = np.minimum(x - teeth.corners[0], teeth.corners[1] - x) / _SHADOW_PX
    share: FloatMap = smoothstep((y - top) / soft) * smoothstep((bottom - y) / soft) * smoothstep(beside)
    return share * np.float32(teeth.share)
