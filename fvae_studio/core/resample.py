"""Reading a picture between its pixels: sharp where the flow stretches, without false patterns where it shrinks.

Values are resampled as they are encoded in the photo (not linearised), as photo editors do when they scale.

Accuracy, measured on three face photos moved by parts of a pixel, against the Fourier shift, at 8 bits: the sharp
kernel 54.7 dB (16 taps, then bicubic between pixels half as far apart), as much as 8 x 8 taps of Lanczos (54.8 dB) in a
third of the time where the finer copy is there already; bicubic alone 53 dB. OpenCV rounds positions to 1/32 of the
pixels that it reads. All kernels overshoot by 11 to 13 % beside an ideal step, which no lens draws; results are clamped
to the range of the dtype.
"""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.flow_spline import smoothstep
from fvae_studio.core.types import GreyMask, RgbImage

Kernel: TypeAlias = Literal["sinc", "bicubic"]
"""Sinc keeps more of skin and hair; bicubic takes a third of the time and is meant for previews."""

KERNEL_REACH: Final = 10
"""Pixels around a sampling position that may be read, softening included."""


def _half_pixel_weights(taps: int = 16, beta: float = 4.0) -> NDArray[np.float32]:
    """A sinc under a Kaiser window, at the middle between two pixels.

    In multiples of 1/1024: products with 8 bits are then exact in single precision, and so the same in every part of a
    picture.
    """
    places = np.arange(taps) - (taps - 1) / 2
    weights = np.sinc(places) * np.i0(beta * np.sqrt(1 - (2 * places / taps) ** 2))
    exact = np.round(1024 * weights / weights.sum())
    exact[taps // 2 - 1 : taps // 2 + 1] += (1024 - exact.sum()) / 2
    half_pixel: NDArray[np.float32] = (exact / 1024).astype(np.float32)
    return half_pixel


_HALF_PIXEL: Final = _half_pixel_weights()

_ROWS_AT_ONCE: Final = 128
"""Rows of which a finer copy is made at once."""

# A shrinking of s pixels to one needs a Gaussian of about sqrt(s^2 - 1) / 2: this one fits s = 2, and is blended in
# from 1.4 to 2.2.
_SOFT_SIGMA: Final = 0.87
_SHRINK_START: Final = 1.4
_SHRINK_FULL: Final = 2.2


def resample(
    source: NDArray[np.generic],
    positions: NDArray[np.float32],
    kernel: Kernel,
    *,
    out: NDArray[np.generic],
    softness: NDArray[np.float32] | None = None,
    fine: NDArray[np.generic] | None = None,
) -> None:
    """Read `source` at `positions` into `out`; beyond its border it is replicated.

    Args:
        source: (H, W, C), any depth.
        positions: (h, w, 2), pixels of `source`.
        kernel: how to read.
        out: (h, w, C) of the dtype of `source`; rows may be apart in memory.
        softness: (h, w, 2) from `shrinkage`, or None.
        fine: `refined` source where it is there already: sinc then need not make it, and bicubic reads it linearly, in
            a fourth of its time and closer to sinc.
    """
    if kernel == "bicubic" and fine is None:
        cv2.remap(source, positions, None, cv2.INTER_CUBIC, dst=out, borderMode=cv2.BORDER_REPLICATE)
    else:
        between = cv2.INTER_CUBIC if kernel == "sinc" else cv2.INTER_LINEAR
        doubled = cv2.multiply(positions, (2, 2, 0, 0))
        finer = refined(source) if fine is None else fine
        cv2.remap(finer, doubled, None, between, dst=out, borderMode=cv2.BORDER_REPLICATE)
    for axis in range(2):
        if softness is None:
            break
        share = softness[..., axis]
        x, y, width, height = cv2.boundingRect((share > 0).view(np.uint8))
        if width == 0:
            continue
        part = (slice(y, y + height), slice(x, x + width))
        _soften(source, positions[part], share[part], axis=axis, out=out[part])


def refined(source: NDArray[Any]) -> NDArray[Any]:
    """The picture with one pixel between each two; the others are the source's, bit by bit.

    Args:
        source: (H, W, C), any depth.

    Returns:
        (2 H - 1, 2 W - 1, C), rows apart in memory: the source's pixel (x, y) is at (2 x, 2 y). Pixels at least 8 from
        an edge that is not the photo's own are the same in every part of a photo.
    """
    height, width, channels = source.shape
    # Pixels of two pictures in turns are one picture of twice the channels: many times faster than strided copies.
    result = np.empty((height, 2, width, 2 * channels), source.dtype)
    reach = len(_HALF_PIXEL) // 2
    # Some rows at a time: nothing else takes memory.
    for top in range(0, height, _ROWS_AT_ONCE):
        rows = slice(top, min(top + _ROWS_AT_ONCE, height))
        first = max(0, top - reach)
        wide = source[first : rows.stop + reach]
        own = slice(top - first, rows.stop - first)
        right = _half_shifted(wide, axis=1)
        cv2.merge([source[rows], right[own]], dst=result[rows, 0])
        below = [_half_shifted(part, axis=0)[own] for part in (wide, right)]
        cv2.merge(below, dst=result[rows, 1])
    return result.reshape(2 * height, 2 * width, channels)[:-1, :-1]


def _half_shifted(picture: NDArray[Any], *, axis: int) -> NDArray[Any]:
    before = len(_HALF_PIXEL) // 2 - 1
    kernel, anchor = (_HALF_PIXEL[None, :], (before, 0)) if axis == 1 else (_HALF_PIXEL[:, None], (0, before))
    shifted: NDArray[Any] = cv2.filter2D(picture, -1, kernel, anchor=anchor, borderType=cv2.BORDER_REPLICATE)
    return shifted


def _soften(
    source: NDArray[np.generic],
    positions: NDArray[np.float32],
    share: NDArray[np.float32],
    *,
    axis: int,
    out: NDArray[Any],
) -> None:
    size = (7, 1) if axis == 0 else (1, 7)
    soft = cv2.GaussianBlur(source, size, _SOFT_SIGMA, borderType=cv2.BORDER_REPLICATE)
    # What was softened has nothing left that a sharper kernel would keep.
    read = cv2.remap(soft, positions, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    sharp = out.astype(np.float32)
    total = sharp + share[..., None] * (read - sharp)
    if np.issubdtype(out.dtype, np.integer):
        total = np.clip(np.round(total), 0, np.iinfo(out.dtype).max)
    out[...] = total


def resample_premultiplied(
    source: RgbImage,
    alpha: GreyMask,
    positions: NDArray[np.float32],
    kernel: Kernel,
    *,
    softness: NDArray[np.float32] | None = None,
) -> tuple[RgbImage, GreyMask]:
    """Read colours weighted by their alpha, so that what is transparent has no say in what is seen.

    Args:
        source: (H, W, 3).
        alpha: (H, W), same dtype.
        positions: (h, w, 2), pixels of `source`.
        kernel: how to read.
        softness: (h, w, 2) from `shrinkage`, or None.

    Returns:
        Colours (h, w, 3), no longer multiplied, and alpha (h, w). Where the result is wholly transparent, the colour is
        that of the nearest source pixel.
    """
    limit = float(np.iinfo(source.dtype).max)
    layers = np.empty((*alpha.shape, 4), np.float32)
    layers[..., 3] = alpha
    layers[..., :3] = source * (layers[..., 3:] / np.float32(limit))
    sampled = np.empty((*positions.shape[:2], 4), np.float32)
    resample(layers, positions, kernel, out=sampled, softness=softness)
    new_alpha = np.clip(np.round(sampled[..., 3]), 0, limit)
    share = np.maximum(sampled[..., 3:], 0.5) / np.float32(limit)
    colours: NDArray[Any] = np.clip(np.round(sampled[..., :3] / share), 0, limit).astype(source.dtype)
    clear = new_alpha < 1
    if clear.any():
        nearest = cv2.remap(source, positions, None, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
        colours[clear] = nearest[clear]
    return colours, new_alpha.astype(source.dtype)


def shrinkage(nodes: NDArray[np.float32], step: int) -> NDArray[np.float32] | None:
    """How much of a softened copy belongs into the result, along x and y of the source.

    Where many source pixels fall on one output pixel (a mouth that closes), reading at one place would skip some of
    them, and texture would turn into false patterns.

    Args:
        nodes: (rows, columns, 2) displacement in photo pixels, every `step` pixels.
        step: photo pixels between nodes.

    Returns:
        (rows, columns, 2) in [0, 1], or None where nothing shrinks that much.
    """
    # Central differences; along the edges, where nodes of a face do not move, half of them.
    along_x, along_y = (cv2.Sobel(nodes, cv2.CV_32F, dx, 1 - dx, ksize=1, scale=0.5 / step) for dx in (1, 0))
    source_x = cv2.magnitude(1 + along_x[..., 0], along_y[..., 0])
    source_y = cv2.magnitude(along_x[..., 1], 1 + along_y[..., 1])
    if max(float(source_x.max()), float(source_y.max())) <= _SHRINK_START:
        return None
    steps = cv2.merge([source_x, source_y])
    return smoothstep((steps - _SHRINK_START) / (_SHRINK_FULL - _SHRINK_START))
