"""Putting warped faces back into the photo, and blending several sources of one face (Algorithm 2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.types import FloatMap, Photo, WarpedFace
from fvae_studio.errors import GeometryError

_ROWS_AT_ONCE = 256


def composite(photo: Photo, warped: Sequence[WarpedFace]) -> Photo:
    """Paste warped faces into a photo.

    Only pixels that moved are written; all others are the photo's, bit by bit. So regions of faces that were warped one
    by one (`warp_photo`) may overlap without the still corner of one undoing another; a pixel that two of them moved is
    the later one's. Faces from one call of `warp_faces` agree wherever they overlap.

    Returns:
        A photo with new pixels; the very object that came in when nothing moved.

    Raises:
        GeometryError: a face lies beyond the photo, or has another depth.
    """
    for face in warped:
        if not face.roi.is_empty and face.roi.intersect(photo.bounds) != face.roi:
            raise GeometryError(
                f"a warped face covers {face.roi}, which is beyond the photo of {photo.width} x {photo.height} pixels"
            )
        if face.pixels.dtype != photo.pixels.dtype or (face.alpha is None) != (photo.alpha is None):
            found, wanted = (_kind(item) for item in (face, photo))
            raise GeometryError(f"a warped face of {found} does not fit a photo of {wanted}; warp it from this photo")
    changed = [face for face in warped if face.moved.any()]
    if not changed:
        return photo
    pixels = photo.pixels.copy()
    alpha = None if photo.alpha is None else photo.alpha.copy()
    for face in changed:
        mask = face.moved.view(np.uint8)
        cv2.copyTo(face.pixels, mask, pixels[face.roi.slices])
        if alpha is not None:
            cv2.copyTo(face.alpha, mask, alpha[face.roi.slices])
    return photo.with_pixels(pixels, alpha)


def blend_sources(
    pixels: Sequence[NDArray[Any]],
    confidences: Sequence[FloatMap],
    *,
    sharpness: float = 1.0,
    weights: Sequence[float] | None = None,
) -> NDArray[Any]:
    """Blend pictures of one face, each warped to the same expression, by how far each can be trusted.

    Algorithm 2 of the paper, for any number of sources: the weight of source k at a pixel is
    w_k exp(s M_k) / sum_j w_j exp(s M_j), with M the confidence and s the sharpness. The paper has two sources, s = 1
    and equal w. With M in [0, 1] and s = 1 a source never weighs more than e times another; a larger s decides more
    clearly.

    Values are blended as they are encoded in the photos (not linearised): the sources are photos of one face in like
    light, and so it is in the paper.

    Args:
        pixels: (H, W) or (H, W, C) each, all of one shape and dtype.
        confidences: (H, W) float each.
        sharpness: inverse temperature, at least 0; 0 ignores the confidences.
        weights: one number >= 0 per source, such as (1 - t, t) along a transition; a source of weight 0 has no say at
            all, so the ends of a transition are exact. None: all equal.

    Returns:
        The blend in the sources' dtype; integers are rounded.

    Raises:
        GeometryError: sources that do not match, or no source with a weight.
    """
    if weights is None:
        weights = [1.0] * len(pixels)
    if not pixels or not len(pixels) == len(confidences) == len(weights):
        raise GeometryError(
            f"a blend needs as many confidences and weights as pictures, not {len(pixels)}, {len(confidences)} and "
            f"{len(weights)}"
        )
    shape, dtype = pixels[0].shape, pixels[0].dtype
    for picture, confidence in zip(pixels, confidences, strict=True):
        if picture.shape != shape or picture.dtype != dtype or confidence.shape != shape[:2]:
            raise GeometryError(
                f"pictures to blend must be alike: {picture.shape} {picture.dtype} with a confidence of "
                f"{confidence.shape} does not match {shape} {dtype}"
            )
    given = np.asarray(weights, np.float64)
    if not (np.isfinite(given).all() and (given >= 0).all() and given.sum() > 0) or not 0 <= sharpness < np.inf:
        raise GeometryError(
            f"weights {list(weights)} and sharpness {sharpness} must be finite, not negative, not all 0"
        )
    having = [k for k in range(len(pixels)) if given[k] > 0]
    if len(having) == 1:
        return pixels[having[0]].copy()
    blended = np.empty(shape, dtype)
    for row in range(0, shape[0], _ROWS_AT_ONCE):
        rows = slice(row, row + _ROWS_AT_ONCE)
        # log w inside the exponent and the largest taken off: no overflow, however sharp.
        exponents = np.stack(
            [sharpness * confidences[k][rows].astype(np.float32) + np.float32(np.log(given[k])) for k in having]
        )
        shares = np.exp(exponents - exponents.max(axis=0))
        shares /= shares.sum(axis=0)
        total = np.zeros(blended[rows].shape, np.float32)
        for share, k in zip(shares, having, strict=True):
            part = share.reshape(share.shape + (1,) * (len(shape) - 2))
            total += part * pixels[k][rows].astype(np.float32)
        if np.issubdtype(dtype, np.integer):
            limits = np.iinfo(dtype)
            total = np.clip(np.round(total), limits.min, limits.max)
        blended[rows] = total.astype(dtype)
    return blended


def _kind(item: Photo | WarpedFace) -> str:
    return f"{item.pixels.dtype} {'without' if item.alpha is None else 'with'} alpha"
