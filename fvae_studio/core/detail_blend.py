"""Blending pictures of one face so that fine texture neither fades nor doubles: bands with weights of their own.

Coarse bands are blended by the shares. Details pass over from picture to picture in a shorter time (multi-band
blending, Burt and Adelson 1983, in time instead of space), and grain gets back the variance that averaging takes from
textures that do not match to a pixel.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.cutout import blend_pixels
from fvae_studio.core.flow_spline import smoothstep
from fvae_studio.core.types import FloatMap, RgbImage

MAX_GAIN: Final = 1.45
"""Of the grain. Two textures that have nothing in common lose a factor of sqrt(2) halfway."""

_DETAIL_SIGMA: Final = 1.0
"""Crop pixels: what is finer goes by the cubes of the shares."""

_GRAIN_SIZE: Final = 5
_GRAIN_SIGMA: Final = 1.0
"""Picture pixels: what is finer is grain."""

_LARGEST_CELL: Final = 4
_SMOOTH_PX: Final = 4.0
"""Picture pixels. The grain's variance is averaged in cells at most so large, and smoothed beyond them: no wider than a
lip, whose texture is stronger than the skin's around it."""

_LEAST_VARIANCE: Final = 0.3
"""Squared levels of 255: rounding has about a tenth."""

_REACH: Final = 4
"""Standard deviations after which OpenCV's Gaussians end."""

_ROWS_AT_ONCE: Final = 128

_MIXED: Final = 0.05
"""Share of other pictures from which on details are blended so; where one alone is seen, it is not touched."""


def detail_reach_px(scale: float) -> int:
    """How far around a place pictures have to be there for `blend_detailed`; `scale` as there."""
    return math.ceil(_REACH * max(_DETAIL_SIGMA * scale, _SMOOTH_PX)) + _GRAIN_SIZE + _LARGEST_CELL


def blend_detailed(pictures: list[RgbImage], shares: list[FloatMap], *, scale: float) -> RgbImage:
    """The sum of pictures weighted by shares, details kept; a picture is kept bit by bit where it alone is seen.

    Args:
        pictures: (h, w, 3), all of one shape and dtype, at least one; each is there wherever its share is not 0, and
            `detail_reach_px` around.
        shares: (h, w) for each, adding up to 1 everywhere.
        scale: picture pixels per crop pixel.
    """
    if len(pictures) == 1:
        return pictures[0]
    cell = min(max(1, math.floor(scale * _DETAIL_SIGMA / 2)), _LARGEST_CELL)
    small_shares = [_reduced(share, cell) for share in shares]
    mixed = _mixed(small_shares)
    if not mixed.any():
        return blend_pixels(pictures, shares)
    # They need not add up to 1.
    sooner: list[FloatMap] = [cv2.pow(share, 3) for share in shares]
    fine = blend_pixels(pictures, sooner)
    gain = _gain(fine, pictures, small_shares, cell)
    gain = np.asarray(1 + mixed * (gain - 1), np.float32)
    coarse = _coarse(pictures, small_shares, sooner, cell, sigma=scale * _DETAIL_SIGMA / cell)
    return _finished(fine, gain, coarse * mixed[..., None])


def _mixed(small_shares: list[FloatMap]) -> FloatMap:
    """On cells: 0 in and beside those in which one picture alone is seen, 1 where others have a say."""
    alone = cv2.dilate(np.max(small_shares, axis=0), np.ones((3, 3), np.uint8))
    return smoothstep((1 - alone) / _MIXED - 0.5)


def _coarse(
    pictures: list[RgbImage], small_shares: list[FloatMap], sooner: list[FloatMap], cell: int, *, sigma: float
) -> NDArray[np.float32]:
    """On cells, (rows, columns, 3): what takes the coarse bands from the cubes of the shares back to the shares."""
    first = _reduced(pictures[0], cell).astype(np.float32)
    cubes = np.stack([_reduced(soon, cell) for soon in sooner])
    cubes /= cubes.sum(axis=0)
    total = np.zeros_like(first)
    # The differences of the weights add up to 0: the first picture's is what the others' leave.
    for picture, share, cube in zip(pictures[1:], small_shares[1:], cubes[1:], strict=True):
        apart = cv2.subtract(_reduced(picture, cell).astype(np.float32), first)
        total += cv2.GaussianBlur(apart, (0, 0), sigma) * (share - cube)[..., None]
    return total


def _gain(fine: RgbImage, pictures: list[RgbImage], small_shares: list[FloatMap], cell: int) -> FloatMap:
    """On cells: by how much the blend's grain is weaker than the pictures' own, in [1, MAX_GAIN]."""
    wanted = np.sum([_grain(each, cell) * share for each, share in zip(pictures, small_shares, strict=True)], axis=0)
    wanted, there = (cv2.GaussianBlur(each, (0, 0), _SMOOTH_PX / cell) for each in (wanted, _grain(fine, cell)))
    gain: FloatMap = np.sqrt((wanted + _LEAST_VARIANCE) / (there + _LEAST_VARIANCE))
    return np.clip(gain, 1, MAX_GAIN)


def _grain(picture: RgbImage, cell: int) -> FloatMap:
    """On cells: variance of the grain of the grey values along rows, squared levels of 255; of every other row."""
    size = (-(-picture.shape[1] // cell), -(-picture.shape[0] // cell))
    sampled = picture[:: 2 if cell > 1 else 1]
    eight_bit = sampled if sampled.dtype == np.uint8 else cv2.convertScaleAbs(sampled, alpha=1 / 257)
    grey = cv2.cvtColor(eight_bit, cv2.COLOR_RGB2GRAY)
    # Along rows only, so that the rows between need not be there.
    grain = cv2.absdiff(grey, cv2.GaussianBlur(grey, (_GRAIN_SIZE, 1), _GRAIN_SIGMA))
    # In integers, twice as fast; sixteenths of a squared level, what is more than 63 levels is cut.
    squares = cv2.multiply(grain, grain, scale=16, dtype=cv2.CV_16U)
    return np.asarray(cv2.resize(squares, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 16, np.float32)


def _finished(fine: RgbImage, gain: FloatMap, coarse: NDArray[np.float32]) -> RgbImage:
    """The fine band's blend with its grain strengthened and its coarse bands set right."""
    height, width = fine.shape[:2]
    is_8_bit = fine.dtype == np.uint8
    gain = cv2.resize(gain, (width, height), interpolation=cv2.INTER_LINEAR)
    offset = cv2.resize(np.round(coarse).astype(np.int16) if is_8_bit else coarse, (width, height))
    result = np.empty_like(fine)
    reach = _GRAIN_SIZE // 2
    # Some rows at a time: half the time of whole pictures, whose memory is fetched and given back again and again.
    for top in range(0, height, _ROWS_AT_ONCE):
        rows = slice(top, min(top + _ROWS_AT_ONCE, height))
        first = max(0, rows.start - reach)
        around = fine[first : rows.stop + reach]
        soft = cv2.GaussianBlur(around, (_GRAIN_SIZE, _GRAIN_SIZE), _GRAIN_SIGMA)
        soft = soft[rows.start - first : rows.stop - first]
        if is_8_bit:
            # Weights may be negative; what leaves the range is cut.
            grained = cv2.blendLinear(fine[rows], soft, gain[rows], cv2.subtract(1.0, gain[rows]))
            result[rows] = cv2.add(grained, offset[rows], dtype=cv2.CV_8U)
        else:
            base = soft.astype(np.float32)
            total = base + gain[rows, :, None] * (fine[rows].astype(np.float32) - base) + offset[rows]
            result[rows] = np.clip(np.round(total), 0, np.iinfo(fine.dtype).max).astype(fine.dtype)
    return result


def _reduced(values: NDArray[Any], step: int) -> NDArray[Any]:
    size = (-(-values.shape[1] // step), -(-values.shape[0] // step))
    if step == _LARGEST_CELL and values.ndim == 3:
        # By halves, which is a third of the time.
        values = _reduced(values, step // 2)
    reduced: NDArray[Any] = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
    return reduced
