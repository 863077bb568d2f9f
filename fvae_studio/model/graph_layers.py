"""Building blocks of the ONNX graphs, and of their ways back: what `layers` is for the trained networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.model.config import CONTRAST_FLOOR, CONTRAST_REDUCTION, CONTRAST_WINDOW, GREY
from fvae_studio.model.onnx_file import OnnxGraph
from fvae_studio.model.weights import Array

EPSILON: Final = 1e-5
"""Of a batch normalisation's variance, as PyTorch has it."""


def convolve(graph: OnnxGraph, x: str, weight: Array, bias: Array | None = None, *, stride: int = 1) -> str:
    """A convolution with a border of zeros, so that `stride` alone decides the size."""
    values = [x, graph.constant(weight)] + ([] if bias is None else [graph.constant(bias)])
    pad = weight.shape[-1] // 2
    return graph.apply("Conv", *values, strides=[stride, stride], pads=[pad] * 4)


def convolve_back(graph: OnnxGraph, slope: str, weight: Array) -> str:
    """The slope by what a convolution of stride 1 was given, from the slope by its result."""
    # The transposed convolution, as a plain one: ONNX Runtime's takes up to eight times as long.
    return convolve(graph, slope, np.ascontiguousarray(weight[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)))


def double(graph: OnnxGraph, x: str, upsampling: str) -> str:
    """Twice the size, by nearest neighbours or between them."""
    factors = graph.constant(np.array([1, 1, 2, 2], np.float32))
    if upsampling == "nearest":
        return graph.apply(
            "Resize", x, "", factors, mode="nearest", nearest_mode="floor", coordinate_transformation_mode="asymmetric"
        )
    return graph.apply("Resize", x, "", factors, mode="linear", coordinate_transformation_mode="half_pixel")


def halve(graph: OnnxGraph, slope: str, size: int) -> str:
    """`double` of a picture of `size` cells to a side, backwards: each cell gets what it gave, by matrices."""
    doubled = np.zeros((2 * size, size), np.float32)
    for row in range(2 * size):
        at = np.clip((row + 0.5) / 2 - 0.5, 0, size - 1)
        first = min(int(at), max(size - 2, 0))
        share = np.float32(at - first)
        doubled[row, first] += 1 - share
        if share:
            doubled[row, first + 1] += share
    rows, columns = graph.constant(np.ascontiguousarray(doubled.T)), graph.constant(doubled)
    return graph.apply("MatMul", rows, graph.apply("MatMul", slope, columns))


def channels_of(graph: OnnxGraph, x: str, first: int, last: int, *, axis: int = 1) -> str:
    """From `first` on, up to and without `last`."""
    limits = (graph.constant(np.array([value], np.int64)) for value in (first, last, axis))
    return graph.apply("Slice", x, *limits)


def gathered(graph: OnnxGraph, x: str, *, channels: int, side: int, size: int) -> str:
    """(N, channels, side size, side size) -> (N, channels size^2, side, side): DepthToSpace undone."""
    apart = graph.constant(np.array([0, channels, side, size, side, size], np.int64))
    together = graph.constant(np.array([0, channels * size**2, side, side], np.int64))
    blocks = graph.apply("Transpose", graph.apply("Reshape", x, apart), perm=[0, 1, 3, 5, 2, 4])
    return graph.apply("Reshape", blocks, together)


def contrast(graph: OnnxGraph, image: str, *, size: int, side: int) -> str:
    """`model.contrast.local_contrast` of a picture of `size` pixels to a side: (1, 1, side, side)."""
    grey = graph.apply("Conv", image, graph.constant(np.array(GREY, np.float32).reshape(1, 3, 1, 1)))
    if side < size:
        grey = averaged(graph, grey, size // side)

    def around(values: str) -> str:
        rim = CONTRAST_WINDOW // 2
        pads = graph.constant(np.array([0, 0, rim, rim] * 2, np.int64))
        padded = graph.apply("Pad", averaged(graph, values, CONTRAST_REDUCTION), pads, mode="edge")
        window = [CONTRAST_WINDOW, CONTRAST_WINDOW]
        return graph.apply("AveragePool", padded, kernel_shape=window, strides=[1, 1])

    def enlarged(values: str) -> str:
        factors = graph.constant(np.array([1, 1, CONTRAST_REDUCTION, CONTRAST_REDUCTION], np.float32))
        return graph.apply("Resize", values, "", factors, mode="linear", coordinate_transformation_mode="half_pixel")

    mean = around(grey)
    variance = graph.apply("Sub", around(graph.apply("Mul", grey, grey)), graph.apply("Mul", mean, mean))
    floor = graph.constant(np.array([CONTRAST_FLOOR], np.float32))
    spread = graph.apply("Sqrt", graph.apply("Add", enlarged(graph.apply("Relu", variance)), floor))
    return graph.apply("Div", graph.apply("Sub", grey, enlarged(mean)), spread)


def averaged(graph: OnnxGraph, grid: str, cells: int = 2) -> str:
    """Each `cells` x `cells` cells as one."""
    return graph.apply("AveragePool", grid, kernel_shape=[cells, cells], strides=[cells, cells])


def before_relu(graph: OnnxGraph, slope: str, output: str) -> str:
    """The slope before a ReLU with this output."""
    passed = graph.apply("Sign", output)
    return graph.apply("Mul", slope, passed)


def block_weights(tensors: Mapping[str, Array], block: str) -> tuple[Array, Array]:
    """Weights and bias of a block's convolution with the batch normalisation behind it, if there is one."""
    weight = tensors[f"{block}.0.weight"]
    if f"{block}.1.weight" not in tensors:
        return weight, tensors[f"{block}.0.bias"]
    return normalised_weights(tensors, f"{block}.0", f"{block}.1")


def normalised_weights(tensors: Mapping[str, Array], convolution: str, normalisation: str) -> tuple[Array, Array]:
    """Weights and bias of a convolution that does what the normalisation behind it did, too."""
    weight = tensors[f"{convolution}.weight"]
    gain, shift, mean, variance = (
        tensors[f"{normalisation}.{name}"].astype(np.float64)
        for name in ("weight", "bias", "running_mean", "running_var")
    )
    scale = gain / np.sqrt(variance + EPSILON)
    scaled: NDArray[np.float32] = (weight * scale[:, None, None, None]).astype(np.float32)
    return scaled, (shift - mean * scale).astype(np.float32)


def doubling_kernel(weight: Array) -> Array:
    """(out, in, 3, 3) -> (in, out, 4, 4): transposed convolution of stride 2 that doubles and convolves at once."""
    flipped = weight[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)
    # Doubling is a transposed convolution with ones (2 x 2); two such steps are one with the convolved kernels.
    doubled = np.zeros((*flipped.shape[:2], 4, 4), np.float32)
    for top in (0, 1):
        for left in (0, 1):
            doubled[:, :, top : top + 3, left : left + 3] += flipped
    return doubled
