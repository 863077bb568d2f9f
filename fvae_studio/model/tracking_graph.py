"""`tracking.Tracking` as a part of the ONNX graphs, and its way back.

What does not change with the latent is computed once for a photo: its descriptors, their slopes, and the first step's
matrices. The way back is short, because a gradient flows through the last step alone.

Where descriptors are fetched from other cells they stand cell by cell, (N, H W, C), and whole cells are gathered: ONNX
Runtime's GridSample takes several times as long.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from fvae_studio.model.config import TRACKING_STEPS, FlowVaeConfig
from fvae_studio.model.graph_layers import channels_of, double
from fvae_studio.model.onnx_file import Dimension, OnnxGraph
from fvae_studio.model.weights import Array

_INT64: Final = 7
"""ONNX's number of the type."""


@dataclass(frozen=True)
class Tracked:
    """What tracking gave on the way there, for the way back: names of values.

    Attributes:
        motion: (N, 2, H, W) in crop pixels.
        slopes: by x and by y, (N, H W, C) each, of the photo's descriptors, where the last step looked for them.
        inverse: (N, 3, H, W), the last step's matrices.
    """

    motion: str
    slopes: tuple[str, str]
    inverse: str


def tracking_shapes(config: FlowVaeConfig) -> list[tuple[Dimension, ...]]:
    """Of what a photo gives: descriptors and slopes of each cell, those of the grid of half the size, its matrices."""
    if not config.tracking_channels:
        return []
    side, count = config.tracking_size, config.tracking_channels
    return [(side * side, 3 * count), (1, 3 * count, side // 2, side // 2), (1, 3, side // 2, side // 2)]


def multiply_adds_of_tracking(config: FlowVaeConfig) -> int:
    """For one latent."""
    count, cells = config.tracking_channels, config.tracking_size**2
    # The first step: two products. The others: five, and four weights for each number that is fetched.
    return 2 * count * cells // 4 + TRACKING_STEPS * (5 + 4 * 3) * count * cells


def give_own_descriptors(
    graph: OnnxGraph, own: str, config: FlowVaeConfig, tensors: Mapping[str, Array]
) -> tuple[str, str, str]:
    """From the photo's own descriptors (1, C, H, W), what `tracking_shapes` lists."""
    count, side = config.tracking_channels, config.tracking_size
    half = _averaged(graph, own)
    sloped, half_sloped = (graph.apply("Concat", grid, *_slopes(graph, grid), axis=1) for grid in (own, half))
    _, slopes = _apart(graph, half_sloped, count)
    squares = [_mean(graph, product) for product in _products(graph, slopes)]
    inverse = _inverse(graph, _over_neighbours(graph, graph.apply("Concat", *squares, axis=1)), tensors)
    cells = graph.apply("Squeeze", _cell_by_cell(graph, sloped, 3 * count, side), _sizes(graph, 0))
    return cells, half_sloped, inverse


def track(
    graph: OnnxGraph, target: str, own: tuple[str, str, str], config: FlowVaeConfig, tensors: Mapping[str, Array]
) -> Tracked:
    """A latent's descriptors (N, C, H, W) and what the photo gave -> where they are found."""
    cells, half_sloped, inverse = own
    count, side = config.tracking_channels, config.tracking_size
    half_own, slopes = _apart(graph, half_sloped, count)
    difference = graph.apply("Sub", _averaged(graph, target), half_own)
    seen = [_mean(graph, product) for product in _against(graph, slopes, difference)]
    first = _solved(graph, inverse, _over_neighbours(graph, graph.apply("Concat", *seen, axis=1)))
    found = graph.apply("Mul", double(graph, first, "bilinear"), _number(graph, 2.0))
    target = _cell_by_cell(graph, target, count, side)
    for _ in range(TRACKING_STEPS):
        here, slopes = _apart(graph, _fetched(graph, cells, found, side), count, axis=2)
        products = [*_products(graph, slopes), *_against(graph, slopes, graph.apply("Sub", target, here))]
        means = graph.apply("Concat", *(_mean(graph, product, axis=2) for product in products), axis=2)
        sums = _over_neighbours(graph, _as_grid(graph, means, len(products), side))
        inverse = _inverse(graph, channels_of(graph, sums, 0, 3), tensors)
        found = graph.apply("Add", found, _solved(graph, inverse, channels_of(graph, sums, 3, 5)))
    return Tracked(graph.apply("Mul", found, _number(graph, _cell_px(config))), slopes, inverse)


def track_back(graph: OnnxGraph, slope: str, tracked: Tracked, config: FlowVaeConfig) -> str:
    """The slope by a latent's descriptors (1, C, H, W), from that by the motion (1, 2, H, W)."""
    count, side = config.tracking_channels, config.tracking_size
    # The matrices are symmetric, and so are the sums over 3 x 3 cells.
    by_sums = _cell_by_cell(graph, _over_neighbours(graph, _solved(graph, tracked.inverse, slope)), 2, side)
    by_axis = (channels_of(graph, by_sums, axis, axis + 1, axis=2) for axis in (0, 1))
    parts = [graph.apply("Mul", by, slope) for by, slope in zip(by_axis, tracked.slopes, strict=True)]
    scaled = graph.apply("Mul", graph.apply("Add", *parts), _number(graph, _cell_px(config) / count))
    return _as_grid(graph, scaled, count, side)


def of_size(graph: OnnxGraph, motion: str, size: int, config: FlowVaeConfig) -> str:
    """A motion (N, 2, H, W), averaged or repeated to (N, 2, size, size)."""
    side = config.tracking_size
    if size < side:
        return _averaged(graph, motion, side // size)
    while side < size:
        motion, side = double(graph, motion, "nearest"), 2 * side
    return motion


def of_size_back(graph: OnnxGraph, slope: str, size: int, config: FlowVaeConfig) -> str:
    """The slope by the motion, from that by what `of_size` made of it."""
    side = config.tracking_size
    if size > side:
        share = size // side
        return graph.apply("Mul", _averaged(graph, slope, share), _number(graph, float(share**2)))
    if size < side:
        slope = graph.apply("Mul", slope, _number(graph, (size / side) ** 2))
    while size < side:
        slope, size = double(graph, slope, "nearest"), 2 * size
    return slope


def _cell_px(config: FlowVaeConfig) -> float:
    return config.crop_size / config.tracking_size


def _number(graph: OnnxGraph, value: float) -> str:
    return graph.constant(np.array([value], np.float32))


def _averaged(graph: OnnxGraph, grid: str, cells: int = 2) -> str:
    return graph.apply("AveragePool", grid, kernel_shape=[cells, cells], strides=[cells, cells])


def _over_neighbours(graph: OnnxGraph, grid: str) -> str:
    """Mean over 3 x 3 cells; nothing lies beyond the border, and counts."""
    return graph.apply("AveragePool", grid, kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1)


def _slopes(graph: OnnxGraph, grid: str) -> tuple[str, str]:
    """By x and by y; beyond the border stands what stands at it."""
    found = []
    for axis in (3, 2):
        pads = [0] * 8
        pads[axis] = pads[axis + 4] = 1
        padded = graph.apply("Pad", grid, graph.constant(np.array(pads, np.int64)), mode="edge")
        later = channels_of(graph, padded, 2, np.iinfo(np.int64).max, axis=axis)
        earlier = channels_of(graph, padded, 0, -2, axis=axis)
        found.append(graph.apply("Mul", graph.apply("Sub", later, earlier), _number(graph, 0.5)))
    return found[0], found[1]


def _apart(graph: OnnxGraph, sloped: str, count: int, *, axis: int = 1) -> tuple[str, tuple[str, str]]:
    """Descriptors, and their slopes by x and by y behind them."""
    here, x_slope, y_slope = (
        channels_of(graph, sloped, first, first + count, axis=axis) for first in range(0, 3 * count, count)
    )
    return here, (x_slope, y_slope)


def _cell_by_cell(graph: OnnxGraph, grid: str, channels: int, side: int) -> str:
    """(N, C, H, W) -> (N, H W, C)."""
    flat = graph.apply("Reshape", grid, _sizes(graph, 0, channels, side * side))
    return graph.apply("Transpose", flat, perm=[0, 2, 1])


def _as_grid(graph: OnnxGraph, cells: str, channels: int, side: int) -> str:
    """(N, H W, C) -> (N, C, H, W)."""
    flat = graph.apply("Transpose", cells, perm=[0, 2, 1])
    return graph.apply("Reshape", flat, _sizes(graph, 0, channels, side, side))


def _sizes(graph: OnnxGraph, *sizes: int) -> str:
    return graph.constant(np.array(sizes, np.int64))


def _mean(graph: OnnxGraph, values: str, *, axis: int = 1) -> str:
    return graph.apply("ReduceMean", values, axes=[axis], keepdims=1)


def _products(graph: OnnxGraph, slopes: tuple[str, str]) -> list[str]:
    """Squares of slopes by x, products of both, squares by y."""
    x_slope, y_slope = slopes
    return [graph.apply("Mul", *pair) for pair in ((x_slope, x_slope), (x_slope, y_slope), (y_slope, y_slope))]


def _against(graph: OnnxGraph, slopes: tuple[str, str], difference: str) -> list[str]:
    """A difference seen against slopes by x and by y."""
    return [graph.apply("Mul", slope, difference) for slope in slopes]


def _inverse(graph: OnnxGraph, squares: str, tensors: Mapping[str, Array]) -> str:
    """Of [[xx + doubt, xy], [xy, yy + doubt]]: its numbers at (x, x), (x, y) and (y, y), each (N, 1, H, W)."""
    doubt = _number(graph, float(np.exp(tensors["vae.decoder.tracking.log_doubt"])))
    xx, xy, yy = (channels_of(graph, squares, number, number + 1) for number in range(3))
    xx, yy = graph.apply("Add", xx, doubt), graph.apply("Add", yy, doubt)
    determinant = graph.apply("Sub", graph.apply("Mul", xx, yy), graph.apply("Mul", xy, xy))
    return graph.apply("Div", graph.apply("Concat", yy, graph.apply("Neg", xy), xx, axis=1), determinant)


def _solved(graph: OnnxGraph, inverse: str, sums: str) -> str:
    """The matrices times (N, 2, H, W)."""
    at = [channels_of(graph, inverse, number, number + 1) for number in range(3)]
    x, y = (channels_of(graph, sums, axis, axis + 1) for axis in (0, 1))
    rows = ((at[0], at[1]), (at[1], at[2]))
    return graph.apply(
        "Concat",
        *(graph.apply("Add", graph.apply("Mul", of_x, x), graph.apply("Mul", of_y, y)) for of_x, of_y in rows),
        axis=1,
    )


def _fetched(graph: OnnxGraph, cells: str, moved: str, side: int) -> str:
    """`warp.warp` for graphs: what cells (H W, C) show when each is fetched from (N, 2, H, W) cells away: (N, H W, C).

    Between four cells, by their shares; beyond the border stands what stands at it.
    """
    y, x = np.mgrid[:side, :side].astype(np.float32)
    at = graph.apply("Add", moved, graph.constant(np.stack([x, y])[None]))
    limits = (graph.constant(np.array(value, np.float32)) for value in (0, side - 1))
    at = graph.apply("Clip", at, *limits)
    first = graph.apply("Floor", at)
    share = _cell_by_cell(graph, graph.apply("Sub", at, first), 2, side)
    second = graph.apply("Min", graph.apply("Add", first, _number(graph, 1.0)), _number(graph, side - 1.0))
    left, top, right, bottom = (
        channels_of(graph, corner, axis, axis + 1) for corner in (first, second) for axis in (0, 1)
    )
    x_share, y_share = (channels_of(graph, share, axis, axis + 1, axis=2) for axis in (0, 1))
    rows = []
    for row in (top, bottom):
        at_left, at_right = (
            graph.apply("Gather", cells, _cell_number(graph, column, row, side), axis=0) for column in (left, right)
        )
        rows.append(_between(graph, at_left, at_right, x_share))
    return _between(graph, rows[0], rows[1], y_share)


def _cell_number(graph: OnnxGraph, column: str, row: str, side: int) -> str:
    """Of whole numbers (N, 1, H, W), as floats: (N, H W)."""
    number = graph.apply("Add", graph.apply("Mul", row, _number(graph, float(side))), column)
    return graph.apply("Cast", graph.apply("Reshape", number, _sizes(graph, 0, side * side)), to=_INT64)


def _between(graph: OnnxGraph, first: str, second: str, share: str) -> str:
    return graph.apply("Add", first, graph.apply("Mul", graph.apply("Sub", second, first), share))
