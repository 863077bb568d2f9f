"""Putting parted lips and the mouth's inside into a warped face, at the photo's resolution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from fvae_studio.core.contours import curve_at
from fvae_studio.core.flow_spline import smoothstep
from fvae_studio.core.geometry import Points, Rect, SimilarityTransform
from fvae_studio.core.mouth_inside import MouthInside
from fvae_studio.core.mouth_light import to_srgb
from fvae_studio.core.parting import PartedLips
from fvae_studio.core.photo_texture import add_grain, measure_grain, measure_softness
from fvae_studio.core.types import FloatMap, RgbImage, WarpedFace
from fvae_studio.core.warp import FaceWarp

EDGE_SOFTNESS_PX: Final = 1.1
"""Width of the passage from lip to inside, photo pixels; at least `_EDGE_SOFTNESS` crop pixels."""
_EDGE_SOFTNESS: Final = 0.12

_HAND_OVER_PX: Final = 2.0
"""Crop pixels beyond the lips over which the layers pass into the flow around them."""


def open_mouth(warp: FaceWarp, face: WarpedFace, lips: PartedLips, inside: MouthInside) -> WarpedFace:
    """Part the lips of a face that was warped by `lips.flow`, and show the mouth's inside between them.

    Args:
        warp: how it was.
        face: warped by `lips.flow`.
        lips: in two layers.
        inside: seen in the gap.

    Returns:
        The face; beyond the mouth its pixels are the ones that came in.
    """
    window = mouth_window(lips, warp.to_crop, face.roi)

    def join(before: RgbImage, layers: Mapping[str, RgbImage]) -> RgbImage:
        source, moved = warp.photo.pixels[window.slices], (layers["upper"], layers["lower"])
        return fill_gap(before, moved, source, lips, inside, window, warp.to_crop)

    return warp.draw_over(face, {"upper": lips.upper, "lower": lips.lower}, window, join)


def fill_gap(
    before: RgbImage,
    layers: tuple[RgbImage, RgbImage],
    source: RgbImage,
    lips: PartedLips,
    inside: MouthInside,
    window: Rect,
    to_crop: SimilarityTransform,
) -> RgbImage:
    """Lay the two lips over a region that was warped by `lips.flow`, and the mouth's inside between them.

    Args:
        before: (window.height, window.width, 3), warped by `lips.flow`.
        layers: the same warped by `lips.upper` and by `lips.lower`.
        source: the same before it was warped: tells softness and grain.
        lips: in two layers.
        inside: seen in the gap.
        window: where that lies in the picture, see `mouth_window`.
        to_crop: picture pixels -> crop pixels.

    Returns:
        Pixels of the window.
    """
    x, y = to_crop.apply_to_pixels(window)
    top, bottom = curve_at(lips.top, x), curve_at(lips.bottom, x)
    limit = float(np.iinfo(before.dtype).max)
    still = source.astype(np.float32) / limit
    softness = measure_softness(still)
    fineness = 1 / to_crop.scale
    edge = max(EDGE_SOFTNESS_PX / fineness, _EDGE_SOFTNESS, 2 * softness / fineness)
    is_upper = np.clip(((top + bottom) / 2 - y) / edge + 0.5, 0, 1)[..., None]
    near = near_lips(x, y, lips)[..., None]
    warped, upper, lower = (part.astype(np.float32) / limit for part in (before, *layers))
    lip = warped + near * (lower + is_upper * (upper - lower) - warped)
    # Zero where the lips meet, whatever the softness: a closed mouth shows no line.
    covered = np.clip((y - top) / edge + 0.5, 0, 1) + np.clip((bottom - y) / edge + 0.5, 0, 1) - 1
    seen = (np.maximum(covered, 0) * _between_corners(x, lips))[..., None]
    # A blur of one pixel halves what can be told apart.
    shown = to_srgb(inside.shade(x, y, lips, px_per_crop_px=fineness / max(1.0, 2 * softness)))
    shown = add_grain(shown, measure_grain(still), window)
    mixed = lip + seen * (shown - lip)
    result: RgbImage = np.clip(np.round(mixed * limit), 0, limit).astype(before.dtype)
    return result


def mouth_window(lips: PartedLips, to_crop: SimilarityTransform, bounds: Rect) -> Rect:
    """The pixels around lips and gap that lie in `bounds`; `to_crop` takes them to crop pixels."""
    return _window(lips, to_crop).intersect(bounds)


def _window(lips: PartedLips, photo_to_crop: SimilarityTransform) -> Rect:
    """The photo's pixels around lips and gap."""
    left, right = lips.corners
    columns = np.linspace(left, right, 32)
    margin = _HAND_OVER_PX + 1.5
    top = float(curve_at(lips.upper_end, columns).min()) - margin
    bottom = float(curve_at(lips.lower_end, columns).max()) + margin
    corners: Points = np.array(
        [[left - margin, top], [right + margin, top], [left - margin, bottom], [right + margin, bottom]], np.float32
    )
    return Rect.around(photo_to_crop.inverse.apply(corners))


def near_lips(x: FloatMap, y: FloatMap, lips: PartedLips) -> FloatMap:
    """1 on the lips, 0 from `_HAND_OVER_PX` beyond them, where the layers are the flow around; x, y in crop pixels."""
    above = (y - curve_at(lips.upper_end, x)) / _HAND_OVER_PX + 1
    below = (curve_at(lips.lower_end, x) - y) / _HAND_OVER_PX + 1
    left, right = lips.corners
    beside = np.minimum(x - left, right - x) / _HAND_OVER_PX + 1
    near: FloatMap = smoothstep(above) * smoothstep(below) * smoothstep(beside)
    return near


def _between_corners(x: FloatMap, lips: PartedLips) -> FloatMap:
    left, right = lips.corners
    return smoothstep(np.minimum(x - left, right - x) + 0.5)
