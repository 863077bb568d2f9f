"""Putting the layers of eyes into a warped face, at the photo's resolution."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.contours import curve_at
from fvae_studio.core.crop_places import Places
from fvae_studio.core.eye_layers import EyeLayers
from fvae_studio.core.eye_motion import CORNER_PX
from fvae_studio.core.flow_spline import rise, smoothstep
from fvae_studio.core.geometry import Points, Rect, SimilarityTransform, box_corners
from fvae_studio.core.lashes import LASH_PX, length_seen, turn_lashes
from fvae_studio.core.lid_light import UNDER_EYE_PX, light_lid, meet_corners, without_white
from fvae_studio.core.lids import ClosingEye
from fvae_studio.core.types import FloatMap, RgbImage, WarpedFace
from fvae_studio.core.warp import FaceWarp
from fvae_studio.core.wide_eyes import WideEye

EDGE_SOFTNESS_PX: Final = 1.1
"""Width of a lid's edge, picture pixels; at least `_EDGE_SOFTNESS` crop pixels."""
_EDGE_SOFTNESS: Final = 0.1

_LID_SHADOW_PX: Final = (0.3, 1.5)
"""Crop pixels below a lid that opens wider, from which on and at which the eye under it is seen: before, its shadow."""

_WAS_SHADED_PX: Final = (1.0, 2.2)
"""Likewise below where the lid was: before, the mirror image."""

_LIGHT: Final = (0.06, 0.2)
"""How much lighter than the mirror image, of the full range, a reflection is that stays seen in that shade."""


def draw_eyes(warp: FaceWarp, face: WarpedFace, eyes: EyeLayers) -> WarpedFace:
    """Draw the eyes of a face that was warped by the flow they were taken apart from.

    Args:
        warp: how it was.
        face: the warped face.
        eyes: in layers.

    Returns:
        The face; beyond its eyes, pixels are the ones that came in.
    """
    window = eyes_window(eyes, warp.to_crop, face.roi)
    join = partial(join_eyes, eyes=eyes, window=window, to_crop=warp.to_crop)
    return warp.draw_over(face, eyes.flows, window, join)


def join_eyes(
    before: RgbImage, layers: Mapping[str, RgbImage], eyes: EyeLayers, window: Rect, to_crop: SimilarityTransform
) -> RgbImage:
    """Lay eyes over a region that was warped by the flow alone.

    Args:
        before: (window.height, window.width, 3).
        layers: the same warped by each of `EyeLayers.flows`.
        eyes: in layers.
        window: where that lies in the picture, see `eyes_window`.
        to_crop: picture pixels -> crop pixels.

    Returns:
        Pixels of the window.
    """
    result = before.copy()
    limit = float(np.iinfo(before.dtype).max)
    for eye, part, place in _parts(eyes, window, to_crop):
        shown = before[place].astype(np.float32)
        pictures = {name: layer[place].astype(np.float32) for name, layer in layers.items()}
        x, y = to_crop.apply_to_pixels(part)
        shares = _shares(eye, x, y, to_crop.scale)
        if isinstance(eye, WideEye):
            # A reflection that lay in the lid's shade would else be cut off.
            uncovered = _was_uncovered(eye, x, y)
            for side in ("left", "right"):
                lighter = (pictures["eye"] - pictures[side]).mean(axis=2) / limit
                given = rise(lighter, _LIGHT) * uncovered * shares[side]
                shares[side] -= given
                shares["eye"] += given
        lashes = None
        if isinstance(eye, ClosingEye):
            places = Places(x, y, part, to_crop)
            lashes = turn_lashes(pictures["upper"], eye, places, limit=limit)
            if lashes is not None:
                lit = light_lid(lashes.bare, shown, eye, places)
                pictures["upper"] = meet_corners(lit, shown, eye, places)
                pictures["lower"] = without_white(pictures["lower"], eye, places, limit=limit)
        mixed = shown * (1 - np.sum(list(shares.values()), axis=0))[..., None]
        for name, share in shares.items():
            mixed += pictures[name] * share[..., None]
        if lashes is not None:
            mixed *= lashes.shade
        result[place] = np.clip(np.round(mixed), 0, limit).astype(before.dtype)
    return result


def join_displacements(
    before: NDArray[np.float32],
    layers: Mapping[str, NDArray[np.float32]],
    eyes: EyeLayers,
    window: Rect,
    to_crop: SimilarityTransform,
) -> NDArray[np.float32]:
    """As `join_eyes`, of displacements (window.height, window.width, 2): of the layer that a pixel shows most of."""
    result = before.copy()
    for eye, part, place in _parts(eyes, window, to_crop):
        shares = _shares(eye, *to_crop.apply_to_pixels(part), to_crop.scale)
        most = np.argmax(list(shares.values()), axis=0)[..., None]
        shown = np.choose(most, [layers[name][place] for name in shares])
        result[place] += np.sum(list(shares.values()), axis=0)[..., None] * (shown - result[place])
    return result


def eyes_window(eyes: EyeLayers, to_crop: SimilarityTransform, bounds: Rect) -> Rect:
    """The pixels of drawn eyes and what is between them that lie in `bounds`; `to_crop` takes them to crop pixels."""
    corners = np.concatenate([_box(eye) for eye in eyes.eyes])
    return Rect.around(to_crop.inverse.apply(corners)).intersect(bounds)


def _parts(
    eyes: EyeLayers, window: Rect, to_crop: SimilarityTransform
) -> Iterator[tuple[ClosingEye | WideEye, Rect, tuple[slice, slice]]]:
    """Each eye, its pixels, and where these lie in the window."""
    for eye in eyes.eyes:
        part = Rect.around(to_crop.inverse.apply(_box(eye))).intersect(window)
        if not part.is_empty:
            yield eye, part, part.within(window)


def _box(eye: ClosingEye | WideEye) -> Points:
    """(4, 2) corners around an eye and its lids, crop pixels."""
    left, right = eye.corners[0] - CORNER_PX, eye.corners[1] + CORNER_PX
    first, last = (eye.upper_end, eye.lower_end) if isinstance(eye, ClosingEye) else (eye.lid, eye.rim)
    columns = np.linspace(left, right, 32)
    top, bottom = float(curve_at(first, columns).min()), float(curve_at(last, columns).max())
    if isinstance(eye, ClosingEye):
        # So far lashes hang down, once they do.
        hanging = LASH_PX[1] * max(-length_seen(eye.closed), 0.0)
        rim = float(curve_at(eye.lid, columns).max())
        bottom = max(bottom, rim + hanging, rim + UNDER_EYE_PX + 1)
    return box_corners(left, top, right, bottom)


def _shares(eye: ClosingEye | WideEye, x: FloatMap, y: FloatMap, scale: float) -> dict[str, FloatMap]:
    """How much of each layer is seen at places in the crop, in [0, 1]; the rest is the flow's picture.

    Args:
        eye: whose layers.
        x: crop pixels.
        y: likewise.
        scale: crop pixels a picture pixel.
    """
    left, right = eye.corners
    inwards = np.minimum(x - left, right - x)
    if isinstance(eye, WideEye):
        below = rise(y - curve_at(eye.lid, x), _LID_SHADOW_PX) * smoothstep((curve_at(eye.rim, x) - y) / 0.4)
        known = smoothstep((curve_at(eye.bottom, x) - 0.2 - y) / 0.8)
        shown = np.float32(eye.share) * below * known * smoothstep((inwards - 1) / 4)
        as_it_was = rise(y - curve_at(eye.top, x), _WAS_SHADED_PX)
        image, to_right = shown * (1 - as_it_was), rise(x - eye.middle, (-eye.passing, eye.passing))
        return {"eye": shown * as_it_was, "left": image * (1 - to_right), "right": image * to_right}
    edge = max(EDGE_SOFTNESS_PX * scale, _EDGE_SOFTNESS)
    # Where the lids meet, the two add up to 1 and leave nothing of the eye.
    is_upper = np.clip((curve_at(eye.lid, x) - y) / edge + 0.5, 0, 1)
    is_lower = np.clip((y - curve_at(eye.rim, x)) / edge + 0.5, 0, 1)
    within = smoothstep(y - curve_at(eye.upper_end, x)) * smoothstep(curve_at(eye.lower_end, x) - y)
    shown = np.float32(eye.share) * smoothstep(inwards / CORNER_PX + 1) * within
    return {
        "upper": shown * is_upper,
        "eye": shown * np.maximum(1 - is_upper - is_lower, 0),
        "lower": shown * is_lower,
    }


def _was_uncovered(eye: WideEye, x: FloatMap, y: FloatMap) -> FloatMap:
    """1 where the photo shows the eye, however shaded, 0 above."""
    return smoothstep((y - curve_at(eye.top, x) - 0.2) / 0.4)
