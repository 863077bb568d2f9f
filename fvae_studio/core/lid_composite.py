"""Putting the layers of closing lids into a warped face, at the photo's resolution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.contours import curve_at
from fvae_studio.core.fine_copy import FineCopy
from fvae_studio.core.flow_spline import smoothstep
from fvae_studio.core.geometry import Points, Rect, SimilarityTransform
from fvae_studio.core.lids import CORNER_PX, ClosingEye, ClosingLids, close_lids
from fvae_studio.core.types import FloatMap, FlowField, Photo, RgbImage, WarpedFace
from fvae_studio.core.warp import Kernel, warp_faces, warp_region

EDGE_SOFTNESS_PX: Final = 1.1
"""Width of a lid's edge, picture pixels; at least `_EDGE_SOFTNESS` crop pixels."""
_EDGE_SOFTNESS: Final = 0.1


def warp_shown(
    photo: Photo, flow: FlowField, photo_to_crop: SimilarityTransform, landmarks: Points, *, kernel: Kernel = "sinc"
) -> WarpedFace:
    """One face as the program shows it: warped, with the lids that its flow closes.

    Args:
        photo: with the face.
        flow: settled: without folds, lips held together.
        photo_to_crop: photo pixels -> crop pixels.
        landmarks: (478, 2) of the face, crop pixels.
        kernel: how pixels are resampled.
    """
    faces = [(flow, photo_to_crop)]
    (warped,) = warp_faces(photo, faces, kernel=kernel)
    lids = close_lids(flow.flow, landmarks)
    return warped if lids is None or warped.roi.is_empty else draw_lids(photo, warped, lids, faces, kernel=kernel)


def draw_lids(
    photo: Photo,
    face: WarpedFace,
    lids: ClosingLids,
    faces: Sequence[tuple[FlowField, SimilarityTransform]],
    *,
    index: int = 0,
    kernel: Kernel = "sinc",
    fine: Sequence[FineCopy] = (),
) -> WarpedFace:
    """Close the eyes of a face that was warped by the flow its lids were taken apart from.

    Args:
        photo: that was warped.
        face: the warped face.
        lids: in layers.
        faces: flow and `photo_to_crop` of every face that was warped together, as `warp_faces` got them.
        index: which of them this one is.
        kernel: how pixels are resampled.
        fine: as for `warp_faces`.

    Returns:
        The face; beyond its eyes, pixels are the ones that came in.
    """
    photo_to_crop = faces[index][1]
    window = lids_window(lids, photo_to_crop, face.roi)
    if window.is_empty:
        return face
    still = np.ones(lids.eye.shape[:2], np.float32)
    layers = []
    for flow in (lids.upper, lids.eye, lids.lower):
        moving = [*faces[:index], (FlowField(flow, still), photo_to_crop), *faces[index + 1 :]]
        layers.append(warp_region(photo, moving, window, kernel=kernel, fine=fine).pixels)
    place = Rect(window.x - face.roi.x, window.y - face.roi.y, window.width, window.height).slices
    before = face.pixels[place]
    after = join_lids(before, (layers[0], layers[1], layers[2]), lids, window, photo_to_crop)
    pixels, moved = face.pixels.copy(), face.moved.copy()
    pixels[place] = after
    moved[place] |= (after != before).any(axis=2)
    return replace(face, pixels=pixels, moved=moved)


def join_lids(
    before: RgbImage,
    layers: tuple[RgbImage, RgbImage, RgbImage],
    lids: ClosingLids,
    window: Rect,
    to_crop: SimilarityTransform,
) -> RgbImage:
    """Lay lids over a region that was warped by the flow alone.

    Args:
        before: (window.height, window.width, 3).
        layers: the same warped by `ClosingLids.upper`, `eye` and `lower`.
        lids: where they meet.
        window: where that lies in the picture, see `lids_window`.
        to_crop: picture pixels -> crop pixels.

    Returns:
        Pixels of the window.
    """
    result = before.copy()
    limit = float(np.iinfo(before.dtype).max)
    for eye in lids.eyes:
        part = Rect.around(to_crop.inverse.apply(_box(eye))).intersect(window)
        if part.is_empty:
            continue
        place = Rect(part.x - window.x, part.y - window.y, part.width, part.height).slices
        near, weights = _seen(eye, part, to_crop)
        mixed = before[place].astype(np.float32) * (1 - near)[..., None]
        for layer, weight in zip(layers, weights, strict=True):
            mixed += layer[place].astype(np.float32) * (near * weight)[..., None]
        result[place] = np.clip(np.round(mixed), 0, limit).astype(before.dtype)
    return result


def join_displacements(
    before: NDArray[np.float32],
    layers: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]],
    lids: ClosingLids,
    window: Rect,
    to_crop: SimilarityTransform,
) -> NDArray[np.float32]:
    """As `join_lids`, of displacements (window.height, window.width, 2): of the layer that a pixel shows most of."""
    result = before.copy()
    for eye in lids.eyes:
        part = Rect.around(to_crop.inverse.apply(_box(eye))).intersect(window)
        if part.is_empty:
            continue
        place = Rect(part.x - window.x, part.y - window.y, part.width, part.height).slices
        near, weights = _seen(eye, part, to_crop)
        shown = np.choose(np.argmax(weights, axis=0)[..., None], [layer[place] for layer in layers])
        result[place] += near[..., None] * (shown - result[place])
    return result


def lids_window(lids: ClosingLids, to_crop: SimilarityTransform, bounds: Rect) -> Rect:
    """The pixels of closing eyes and what is between them that lie in `bounds`; `to_crop` takes them to crop pixels."""
    return Rect.around(to_crop.inverse.apply(np.concatenate([_box(eye) for eye in lids.eyes]))).intersect(bounds)


def _box(eye: ClosingEye) -> Points:
    """(4, 2) corners around an eye and its lids, crop pixels."""
    left, right = eye.corners[0] - CORNER_PX, eye.corners[1] + CORNER_PX
    columns = np.linspace(left, right, 32)
    top, bottom = float(curve_at(eye.upper_end, columns).min()), float(curve_at(eye.lower_end, columns).max())
    return np.array([[left, top], [right, top], [left, bottom], [right, bottom]], np.float32)


def _seen(eye: ClosingEye, part: Rect, to_crop: SimilarityTransform) -> tuple[FloatMap, tuple[FloatMap, ...]]:
    """How much of the layers is seen, and of that how much of each, (part.height, part.width) in [0, 1]."""
    grid = np.stack(np.meshgrid(np.arange(part.x, part.right), np.arange(part.y, part.bottom)), axis=-1)
    at = to_crop.apply(grid.astype(np.float64))
    x, y = np.ascontiguousarray(at[..., 0]), np.ascontiguousarray(at[..., 1])
    edge = max(EDGE_SOFTNESS_PX * to_crop.scale, _EDGE_SOFTNESS)
    # Where the lids meet, the two add up to 1 and leave nothing of the eye.
    is_upper = np.clip((curve_at(eye.lid, x) - y) / edge + 0.5, 0, 1)
    is_lower = np.clip((y - curve_at(eye.rim, x)) / edge + 0.5, 0, 1)
    left, right = eye.corners
    beside = smoothstep(np.minimum(x - left, right - x) / CORNER_PX + 1)
    within = smoothstep(y - curve_at(eye.upper_end, x)) * smoothstep(curve_at(eye.lower_end, x) - y)
    near: FloatMap = np.float32(eye.share) * beside * within
    return near, (is_upper, np.maximum(1 - is_upper - is_lower, 0), is_lower)
