"""Putting what lies between open lips into a warped face, at the photo's resolution."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.contours import curve_at
from fvae_studio.core.flow_spline import smoothstep
from fvae_studio.core.geometry import Rect, SimilarityTransform, box_corners
from fvae_studio.core.mouth_inside import draw_cavity
from fvae_studio.core.mouth_light import to_srgb
from fvae_studio.core.opened_gap import OpenedGap
from fvae_studio.core.still_teeth import StillTeeth
from fvae_studio.core.types import FloatMap, RgbImage, WarpedFace
from fvae_studio.core.warp import FaceWarp

_SHADOW_PX: Final = 1.2
"""Crop pixels below and above the lips, over which what moves with them passes into what stays: their shadow is
theirs."""

_GAP_SHADE: Final = 0.3
_GAP_SHADE_PX: Final = 1.5
"""How much of the dark is seen through the ends of teeth, from how many crop pixels above them on."""

_GAP_EDGE_PX: Final = 0.5
"""Crop pixels over which teeth pass into the dark below them, and that into what is below it."""

_GAP_SOFTER: Final = 2.0
"""In a soft photo, over so many times its blur's standard deviation."""

_GAP_OPENED_PX: Final = 1.0
"""Where it is so high it is dark; a slit is a shade only."""

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
    limit = np.float32(np.iinfo(before.dtype).max)
    mixed = (before + share * (layers["inside"].astype(np.float32) - before)) / limit
    if teeth.gap is not None:
        mixed = _with_gap(mixed, teeth, teeth.gap, window, to_crop)
    drawn: RgbImage = np.clip(np.round(mixed * limit), 0, limit).astype(before.dtype)
    return drawn


def _with_gap(
    shown: NDArray[np.float32], teeth: StillTeeth, gap: OpenedGap, window: Rect, to_crop: SimilarityTransform
) -> NDArray[np.float32]:
    """Darken what has come to be seen below the upper teeth; pixels (h, w, 3) in [0, 1] of the window."""
    x, y = to_crop.apply_to_pixels(window)
    top, bottom = curve_at(gap.top, x), curve_at(gap.bottom, x)
    edge = max(_GAP_EDGE_PX, to_crop.scale, _GAP_SOFTER * gap.seen.softness)
    cavity = draw_cavity(x, y, (top, bottom), teeth.corners, gap.height, gap.seen.white)
    dark = to_srgb(np.maximum(cavity, gap.seen.black))
    ends, below = smoothstep((y - top) / edge + 0.5), smoothstep((bottom - y) / edge + 0.5)
    shade = _GAP_SHADE * smoothstep((y - top) / _GAP_SHADE_PX + 1)
    seen = (shade + (1 - shade) * ends) * below
    beside = np.minimum(x - teeth.corners[0], teeth.corners[1] - x) / _SHADOW_PX
    seen = seen * smoothstep(beside) * smoothstep((bottom - top) / _GAP_OPENED_PX) * np.float32(teeth.share)
    return np.asarray(shown + seen[..., None] * (dark - shown), np.float32)


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
