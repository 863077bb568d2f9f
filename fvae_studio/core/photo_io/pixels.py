"""Arrays as decoders give them into the arrays of a `Photo`, and back."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[Any]
"""(H, W) or (H, W, 1..4) uint8 or uint16: grey, grey and alpha, RGB, RGBA."""

_STRIP_ROWS = 256


def upright(samples: Samples, orientation: int) -> Samples:
    """Turn and mirror as EXIF orientation 1..8 asks. OpenCV does it ten times as fast as a numpy copy."""
    if orientation == 1:
        return samples
    from fvae_studio.core._cv2 import cv2

    turned: Samples
    if orientation in (2, 3, 4):
        turned = cv2.flip(samples, {2: 1, 3: -1, 4: 0}[orientation])
    elif orientation == 5:
        turned = cv2.transpose(samples)
    elif orientation == 7:
        turned = cv2.flip(cv2.transpose(samples), -1)
    else:
        turned = cv2.rotate(samples, cv2.ROTATE_90_CLOCKWISE if orientation == 6 else cv2.ROTATE_90_COUNTERCLOCKWISE)
    return turned


def stored(samples: Samples, orientation: int) -> Samples:
    """The reverse of `upright`, as a view: the picture as the file stores it."""
    if orientation == 1:
        return samples
    turned: Samples
    if orientation in (2, 3, 4):
        turned = samples[:: 1 if orientation == 2 else -1, :: 1 if orientation == 4 else -1]
    elif orientation == 5:
        turned = samples.swapaxes(0, 1)
    elif orientation == 7:
        turned = samples[::-1, ::-1].swapaxes(0, 1)
    else:
        turned = np.rot90(samples, 1 if orientation == 6 else -1)
    return turned


def split(samples: Samples) -> tuple[Samples, Samples | None]:
    """(H, W, 3) colours and (H, W) alpha or None."""
    if samples.ndim == 3 and samples.shape[2] == 3:
        return np.ascontiguousarray(samples), None
    grey_or_colours = samples if samples.ndim == 2 else samples[..., : 3 if samples.shape[2] == 4 else 1]
    if grey_or_colours.ndim == 2:
        grey_or_colours = grey_or_colours[..., None]
    colours = np.empty((*samples.shape[:2], 3), samples.dtype)
    for channel in range(3):
        colours[..., channel] = grey_or_colours[..., min(channel, grey_or_colours.shape[2] - 1)]
    has_alpha = samples.ndim == 3 and samples.shape[2] in (2, 4)
    return colours, np.ascontiguousarray(samples[..., -1]) if has_alpha else None


def join(colours: Samples, alpha: Samples | None) -> Samples:
    """The reverse of `split`; `colours` may be (H, W) grey."""
    if alpha is None:
        return np.ascontiguousarray(colours)
    layers = colours[..., None] if colours.ndim == 2 else colours
    joined = np.empty((*layers.shape[:2], layers.shape[2] + 1), layers.dtype)
    joined[..., :-1] = layers
    joined[..., -1] = alpha
    return joined


def is_grey(colours: Samples) -> bool:
    """Whether the three channels are equal everywhere."""
    for start in range(0, len(colours), _STRIP_ROWS):
        strip = colours[start : start + _STRIP_ROWS]
        if not (np.array_equal(strip[..., 0], strip[..., 1]) and np.array_equal(strip[..., 0], strip[..., 2])):
            return False
    return True


def to_8_bit(samples: Samples) -> NDArray[np.uint8]:
    """The nearest of 256 steps: 65535 becomes 255, and v * 257 becomes v."""
    if samples.dtype == np.uint8:
        return samples
    narrow = np.empty(samples.shape, np.uint8)
    for start in range(0, len(samples), _STRIP_ROWS):
        strip = samples[start : start + _STRIP_ROWS].astype(np.uint32)
        narrow[start : start + _STRIP_ROWS] = (strip + 128) // 257
    return narrow


def to_16_bit(samples: Samples) -> NDArray[np.uint16]:
    """Multiply by 257: the same lightness, and `to_8_bit` leads back."""
    return samples if samples.dtype == np.uint16 else samples.astype(np.uint16) * np.uint16(257)


def widen(samples: NDArray[np.uint16], bits: int) -> NDArray[np.uint16]:
    """Values of 9..16 bits to the full 16 bits, by repeating the high bits below: white becomes 65535."""
    if bits >= 16:
        return samples
    high = np.left_shift(samples, 16 - bits, dtype=np.uint16)
    return np.bitwise_or(high, np.right_shift(high, bits, dtype=np.uint16), dtype=np.uint16)


def straight_alpha(samples: Samples) -> Samples:
    """Divide colours by their alpha (they were multiplied with it); exact where alpha is full."""
    largest = np.iinfo(samples.dtype).max
    straight = samples.copy()
    for start in range(0, len(samples), _STRIP_ROWS):
        strip = samples[start : start + _STRIP_ROWS].astype(np.uint64)
        alpha = np.maximum(strip[..., -1:], 1)
        colours = (strip[..., :-1] * largest + alpha // 2) // alpha
        straight[start : start + _STRIP_ROWS, :, :-1] = np.minimum(colours, largest)
    return straight


def on_white(colours: Samples, alpha: Samples) -> Samples:
    """Colours over a white ground, for formats without transparency; exact where alpha is full."""
    largest = int(np.iinfo(colours.dtype).max)
    flat = colours.copy()
    for start in range(0, len(colours), _STRIP_ROWS):
        rows = slice(start, start + _STRIP_ROWS)
        weight = alpha[rows].astype(np.uint64)[..., None] if colours.ndim == 3 else alpha[rows].astype(np.uint64)
        mixed = colours[rows].astype(np.uint64) * weight + largest * (largest - weight)
        flat[rows] = (mixed + largest // 2) // largest
    return flat
