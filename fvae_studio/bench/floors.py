"""What this machine does at best: bare decoding and encoding, bare resampling, multiply-adds in a second."""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from fvae_studio.core.geometry import Rect
    from fvae_studio.core.types import RgbImage

_MATRIX: Final = 1024
_CHANNELS, _SIDE = 64, 64


def time_ms(call: Callable[[], object]) -> float:
    """Of one call."""
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


def times_ms(call: Callable[[], object], repeats: int) -> list[float]:
    """Of so many calls, after one that does not count."""
    call()
    return [time_ms(call) for _ in range(repeats)]


def codec_ms(path: Path) -> tuple[float, float]:
    """What Pillow takes to decode a JPEG, and to encode it with the same tables and subsampling."""
    from PIL import Image

    with Image.open(path) as picture:
        decode = time_ms(picture.load)
        encode = time_ms(lambda: picture.save(io.BytesIO(), "JPEG", quality="keep"))
    return decode, encode


def remap_ms(pixels: RgbImage, roi: Rect, repeats: int) -> list[float]:
    """What OpenCV takes to resample a region of a photo once, with the kernel that the warp uses, nothing else."""
    from fvae_studio.core._cv2 import cv2

    rows, columns = np.mgrid[roi.y : roi.bottom, roi.x : roi.right].astype(np.float32)
    columns += 0.3
    # OpenCV reads no picture wider than 32767 pixels; the photos here are narrower.
    return times_ms(
        lambda: cv2.remap(pixels, columns, rows, cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE), repeats
    )


def multiply_adds(call: Callable[[], object]) -> int:
    """How many multiply-adds of matrix products and convolutions a call of torch makes."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        call()
    return int(counter.get_total_flops()) // 2


def multiply_adds_per_ms(repeats: int = 15) -> float:
    """The machine's rate on as many cores as torch uses now: the better one of a matrix product and a convolution."""
    import torch

    matrix = torch.rand(_MATRIX, _MATRIX)
    image = torch.rand(1, _CHANNELS, _SIDE, _SIDE).contiguous(memory_format=torch.channels_last)
    kernel = torch.rand(_CHANNELS, _CHANNELS, 3, 3).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        product = statistics.median(times_ms(lambda: matrix @ matrix, repeats))
        convolution = statistics.median(
            times_ms(lambda: torch.nn.functional.conv2d(image, kernel, padding=1), 10 * repeats)
        )
    return max(_MATRIX**3 / product, _SIDE**2 * _CHANNELS**2 * 9 / convolution)
