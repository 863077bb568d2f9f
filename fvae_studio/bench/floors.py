"""What this machine does at best: bare decoding and encoding, bare resampling, multiply-adds in a second."""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable
from functools import partial
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


def multiply_adds_per_ms(repeats: int = 15) -> float:
    """The machine's rate on one core, as the networks run: the better one of a matrix product and a convolution."""
    from fvae_studio.model.onnx_file import OnnxGraph
    from fvae_studio.model.onnx_networks import make_session

    rng = np.random.default_rng(0)
    product, convolution = OnnxGraph("product"), OnnxGraph("convolution")
    square = (_MATRIX, _MATRIX)
    factor = product.constant(rng.random(square, np.float32))
    product.output(product.apply("MatMul", product.input("x", square), factor), "y", square)
    picture = (1, _CHANNELS, _SIDE, _SIDE)
    kernel = convolution.constant(rng.random((_CHANNELS, _CHANNELS, 3, 3), np.float32))
    found = convolution.apply("Conv", convolution.input("x", picture), kernel, pads=[1, 1, 1, 1])
    convolution.output(found, "y", picture)
    rates = []
    for graph, shape, work, runs in (
        (product, square, _MATRIX**3, repeats),
        (convolution, picture, _SIDE**2 * _CHANNELS**2 * 9, 10 * repeats),
    ):
        session, values = make_session(graph.to_bytes()), {"x": rng.random(shape, np.float32)}
        rates.append(work / statistics.median(times_ms(partial(session.run, None, values), runs)))
    return max(rates)
