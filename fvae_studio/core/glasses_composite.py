"""Putting glasses before a warped face, at the photo's resolution."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.geometry import Rect, SimilarityTransform, box_corners
from fvae_studio.core.glasses import StillGlasses
from fvae_studio.core.types import FloatMap, RgbImage, WarpedFace
from fvae_studio.core.warp import FaceWarp
from fvae_studio.core.worn_glasses import MAP_SIZE


def draw_glasses(warp: FaceWarp, face: WarpedFace, glasses: StillGlasses) -> WarpedFace:
    """Show the glasses of a face that was warped by `StillGlasses.behind`.

    Args:
        warp: how it was.
        face: the warped face, with its eyes.
        glasses: in layers.

    Returns:
        The face; beyond its glasses, pixels are the ones that came in.
    """
    window = glasses_window(glasses, warp.to_crop, face.roi)
    join = partial(join_glasses, glasses=glasses, window=window, to_crop=warp.to_crop)
    return warp.draw_over(face, glasses.flows, window, join)


def join_glasses(
    before: RgbImage,
    layers: Mapping[str, RgbImage],
    glasses: StillGlasses,
    window: Rect,
    to_crop: SimilarityTransform,
) -> RgbImage:
    """Show glasses in a region that was warped by `StillGlasses.behind`.

    Args:
        before: (window.height, window.width, 3).
        layers: the same warped by each of `StillGlasses.flows`.
        glasses: in layers.
        window: where that is in the picture, see `glasses_window`.
        to_crop: picture pixels -> crop pixels.

    Returns:
        Pixels of the window.
    """
    shares = _shares(glasses, window, to_crop)
    mixed = before * (1 - np.sum(list(shares.values()), axis=0))[..., None]
    for name, share in shares.items():
        mixed += layers[name] * share[..., None]
    drawn: RgbImage = np.clip(np.round(mixed), 0, np.iinfo(before.dtype).max).astype(before.dtype)
    return drawn


def join_glasses_displacements(
    before: NDArray[np.float32],
    layers: Mapping[str, NDArray[np.float32]],
    glasses: StillGlasses,
    window: Rect,
    to_crop: SimilarityTransform,
) -> NDArray[np.float32]:
    """As `join_glasses`, of displacements (window.height, window.width, 2): of the layer that a pixel shows most of."""
    shares = _shares(glasses, window, to_crop)
    rest = 1 - np.sum(list(shares.values()), axis=0)
    most = np.argmax([rest, *shares.values()], axis=0)[..., None]
    chosen: NDArray[np.float32] = np.choose(most, [before, *(layers[name] for name in shares)])
    return chosen


def glasses_window(glasses: StillGlasses, to_crop: SimilarityTransform, bounds: Rect) -> Rect:
    """The pixels of glasses that lie in `bounds`; `to_crop` takes them to crop pixels."""
    return Rect.around(to_crop.inverse.apply(box_corners(*glasses.box))).intersect(bounds)


def _shares(glasses: StillGlasses, window: Rect, to_crop: SimilarityTransform) -> dict[str, FloatMap]:
    """How much of each layer is seen at each pixel of the window, in [0, 1]."""
    to_map = to_crop.then(SimilarityTransform.resize(CROP_SIZE, MAP_SIZE))
    x, y = to_map.apply_to_pixels(window)
    x, y = (np.ascontiguousarray(np.broadcast_to(each, (window.height, window.width)), np.float32) for each in (x, y))

    def read(values: FloatMap) -> FloatMap:
        found: FloatMap = cv2.remap(values, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return found

    frame, of_lens = read(glasses.shown), read(glasses.of_lens)
    beside = (1 - frame) * read(glasses.beyond)
    return {"around": beside * (1 - of_lens), "through": beside * of_lens, "frame": frame}
