"""`tracking.Tracking` as a part of the ONNX graphs, and its way back.

What does not change with the latent is computed once for a photo: its descriptors, their slopes, and the first step's
matrices. The way back is short, because a gradient flows through the last step alone.

Where descriptors are fetched from other cells they stand cell by cell, (H W, C), and whole cells are gathered: ONNX
Runtime's GridSample takes several times as long. What is computed of them is computed channel by channel: a share of
each cell by every channel of it takes three times as long, cell by cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fvae_studio.model.config import LIGHT_WINDOW, TRACKING_STEPS, FlowVaeConfig
from fvae_studio.model.graph_layers import averaged, channels_of, double
from fvae_studio.model.onnx_file import Dimension, OnnxGraph
from fvae_studio.model.weights import Array

_INT64: Final = 7
"""ONNX's number of the type."""


@dataclass(frozen=True)
class DescriptorGrid:
    """One of the grids of descriptors of a latent.

    Attributes:
        channels: of a cell.
        side: cells to a side.
        head: what the names of its `layers.DescriptorHead`'s tensors begin with; "" for the photo's contrast.
        doubt: name of the tensor that holds its doubt.
        light: see `FlowVaeConfig.contrast_light`; 0 for descriptors that are learnt.
    """

    channels: int
    side: int
    head: str
    doubt: str
    light: float

    def cell_px(self, config: FlowVaeConfig) -> float:
        """Side of a cell in crop pixels."""
        return config.crop_size / self.side


@dataclass(frozen=True)
class Tracked:
    """What tracking gave on the way there, for the way back; all but the grid are names of values.

    Attributes:
        motion: (N, 2, H, W) in crop pixels.
        slopes: by x and by y, (N, C, H, W) each, of the photo's descriptors, where the last step looked for them.
        inverse: (N, 3, H, W), the last step's matrices.
        grid: the finest, whose last step a gradient flows through.
    """

    motion: str
    slopes: tuple[str, str]
    inverse: str
    grid: DescriptorGrid


def descriptor_grids(config: FlowVaeConfig) -> tuple[DescriptorGrid, ...]:
    """Of a model's latents, the coarsest first; none without tracking."""
    told = (
        ("vae.descriptors", "vae.decoder.tracking.log_doubt", 0.0),
        ("vae.fine_descriptors", "vae.decoder.tracking.log_finer_doubt", 0.0),
        ("", "vae.decoder.tracking.log_contrast_doubt", config.contrast_light),
    )
    return tuple(
        DescriptorGrid(channels, config.tracking_size << level, *of_grid)
        for level, (channels, of_grid) in enumerate(zip(config.all_tracking_channels, told, strict=False))
    )


def tracking_shapes(config: FlowVaeConfig) -> list[tuple[Dimension, ...]]:
    """Of what a photo gives.

    Of the grid of half the size descriptors and slopes, and its matrices; then descriptors and slopes of each cell, for
    each grid.
    """
    shapes: list[tuple[Dimension, ...]] = []
    for level, grid in enumerate(descriptor_grids(config)):
        if not level:
            half = grid.side // 2
            shapes += [(1, 3 * grid.channels, half, half), (1, 3, half, half)]
        shapes.append((grid.side**2, 3 * grid.channels))
    return shapes


def multiply_adds_of_tracking(config: FlowVaeConfig) -> int:
    """For one latent."""
    total = 0
    for level, grid in enumerate(descriptor_grids(config)):
        numbers = grid.channels * grid.side**2
        # The first step: two products. The others: five, and four weights for each number that is fetched.
        total += 0 if level else 2 * numbers // 4
        total += TRACKING_STEPS * (5 + 4 * 3) * numbers
    return total


def give_own_descriptors(
    graph: OnnxGraph, own: Sequence[str], config: FlowVaeConfig, tensors: Mapping[str, Array]
) -> list[str]:
    """From the photo's own descriptors (1, C, H, W) of each grid, what `tracking_shapes` lists."""
    given = []
    for level, (grid, descriptors) in enumerate(zip(descriptor_grids(config), own, strict=True)):
        if not level:
            half = averaged(graph, descriptors)
            half_sloped = graph.apply("Concat", half, *slopes_of(graph, half), axis=1)
            _, slopes = _apart(graph, half_sloped, grid.channels)
            sums = _over_neighbours(graph, _means(graph, _products(graph, slopes), grid.channels, grid.side // 2))
            given += [half_sloped, _inverse(graph, sums, tensors[grid.doubt])]
        sloped = graph.apply("Concat", descriptors, *slopes_of(graph, descriptors), axis=1)
        flat = graph.apply("Reshape", sloped, _sizes(graph, 3 * grid.channels, grid.side**2))
        given.append(graph.apply("Transpose", flat, perm=[1, 0]))
    return given


def track(
    graph: OnnxGraph, target: Sequence[str], own: Sequence[str], config: FlowVaeConfig, tensors: Mapping[str, Array]
) -> Tracked:
    """A latent's descriptors (N, C, H, W) of each grid and what the photo gave -> where they are found."""
    grids = descriptor_grids(config)
    half_sloped, inverse, *cells_of = own
    half_own, slopes = _apart(graph, half_sloped, grids[0].channels)
    difference = graph.apply("Sub", averaged(graph, target[0]), half_own)
    seen = _means(graph, _against(graph, slopes, difference), grids[0].channels, grids[0].side // 2)
    found = _solved(graph, inverse, _over_neighbours(graph, seen))
    for grid, descriptors, cells in zip(grids, target, cells_of, strict=True):
        found = graph.apply("Mul", double(graph, found, "bilinear"), _number(graph, 2.0))
        for _ in range(TRACKING_STEPS):
            here, slopes = _apart(graph, _fetched(graph, cells, found, grid), grid.channels)
            difference = graph.apply("Sub", descriptors, here)
            if grid.light:
                difference = _without_light(graph, difference, grid.light)
            products = [*_products(graph, slopes), *_against(graph, slopes, difference)]
            sums = _over_neighbours(graph, _means(graph, products, grid.channels, grid.side))
            inverse = _inverse(graph, channels_of(graph, sums, 0, 3), tensors[grid.doubt])
            found = graph.apply("Add", found, _solved(graph, inverse, channels_of(graph, sums, 3, 5)))
    finest = grids[-1]
    return Tracked(graph.apply("Mul", found, _number(graph, finest.cell_px(config))), slopes, inverse, finest)


def track_back(graph: OnnxGraph, slope: str, tracked: Tracked, config: FlowVaeConfig) -> str:
    """The slope by a latent's finest descriptors (1, C, H, W), from that by the motion (1, 2, H, W).

    The coarser ones say only where the last step begins, and that is as if it were known.
    """
    grid = tracked.grid
    # The matrices are symmetric, and so are the sums over 3 x 3 cells.
    scaled = graph.apply("Mul", slope, _number(graph, grid.cell_px(config) / grid.channels))
    by_sums = _over_neighbours(graph, _solved(graph, tracked.inverse, scaled))
    by_axis = (channels_of(graph, by_sums, axis, axis + 1) for axis in (0, 1))
    return graph.apply("Add", *(graph.apply("Mul", *pair) for pair in zip(by_axis, tracked.slopes, strict=True)))


def of_size(graph: OnnxGraph, motion: str, side: int, size: int) -> str:
    """A motion (N, C, side, side), averaged or repeated to (N, C, size, size)."""
    if size < side:
        return averaged(graph, motion, side // size)
    while side < size:
        motion, side = double(graph, motion, "nearest"), 2 * side
    return motion


def of_size_back(graph: OnnxGraph, slope: str, size: int, tracked: Tracked) -> str:
    """The slope by the motion, from that by what `of_size` made of it."""
    side = tracked.grid.side
    if size > side:
        share = size // side
        return graph.apply("Mul", averaged(graph, slope, share), _number(graph, float(share**2)))
    if size < side:
        slope = graph.apply("Mul", slope, _number(graph, (size / side) ** 2))
    while size < side:
        slope, size = double(graph, slope, "nearest"), 2 * size
    return slope


def _number(graph: OnnxGraph, value: float) -> str:
    return graph.constant(np.array([value], np.float32))


def _over_neighbours(graph: OnnxGraph, grid: str) -> str:
    """Mean over 3 x 3 cells; nothing lies beyond the border, and counts."""
    return graph.apply("AveragePool", grid, kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1)


def slopes_of(graph: OnnxGraph, grid: str) -> tuple[str, str]:
    """`tracking.slopes` for graphs: by x and by y, a cell being 1."""
    found = []
    for axis in (3, 2):
        pads = [0] * 8
        pads[axis] = pads[axis + 4] = 1
        padded = graph.apply("Pad", grid, graph.constant(np.array(pads, np.int64)), mode="edge")
        later = channels_of(graph, padded, 2, np.iinfo(np.int64).max, axis=axis)
        earlier = channels_of(graph, padded, 0, -2, axis=axis)
        found.append(graph.apply("Mul", graph.apply("Sub", later, earlier), _number(graph, 0.5)))
    return found[0], found[1]


def _apart(graph: OnnxGraph, sloped: str, count: int) -> tuple[str, tuple[str, str]]:
    """Descriptors, and their slopes by x and by y behind them."""
    here, x_slope, y_slope = (channels_of(graph, sloped, first, first + count) for first in range(0, 3 * count, count))
    return here, (x_slope, y_slope)


def _sizes(graph: OnnxGraph, *sizes: int) -> str:
    return graph.constant(np.array(sizes, np.int64))


def _means(graph: OnnxGraph, products: Sequence[str], channels: int, side: int) -> str:
    """Of K grids (N, C, H, W) the means over channels: (N, K, H, W)."""
    # As products with a matrix: ONNX Runtime's ReduceMean takes four times as long.
    shares = graph.constant(np.full((1, channels), 1 / channels, np.float32))
    flat = (graph.apply("Reshape", product, _sizes(graph, 0, channels, side**2)) for product in products)
    means = graph.apply("Concat", *(graph.apply("MatMul", shares, product) for product in flat), axis=1)
    return graph.apply("Reshape", means, _sizes(graph, 0, len(products), side, side))


def _products(graph: OnnxGraph, slopes: tuple[str, str]) -> list[str]:
    """Squares of slopes by x, products of both, squares by y."""
    x_slope, y_slope = slopes
    return [graph.apply("Mul", *pair) for pair in ((x_slope, x_slope), (x_slope, y_slope), (y_slope, y_slope))]


def _against(graph: OnnxGraph, slopes: tuple[str, str], difference: str) -> list[str]:
    """A difference seen against slopes by x and by y."""
    return [graph.apply("Mul", slope, difference) for slope in slopes]


def _without_light(graph: OnnxGraph, difference: str, light: float) -> str:
    """`tracking.without_light`; the way back needs none, since the average counts as known."""
    window, rim = [LIGHT_WINDOW, LIGHT_WINDOW], [LIGHT_WINDOW // 2] * 4
    around = graph.apply("AveragePool", difference, kernel_shape=window, pads=rim, count_include_pad=1)
    squares = graph.apply("Mul", around, around)
    share = graph.apply("Div", squares, graph.apply("Add", squares, _number(graph, light**2)))
    return graph.apply("Sub", difference, graph.apply("Mul", around, share))


def _inverse(graph: OnnxGraph, squares: str, log_doubt: Array) -> str:
    """Of [[xx + doubt, xy], [xy, yy + doubt]]: its numbers at (x, x), (x, y) and (y, y), each (N, 1, H, W)."""
    doubt = _number(graph, float(np.exp(log_doubt)))
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


def _fetched(graph: OnnxGraph, cells: str, moved: str, grid: DescriptorGrid) -> str:
    """`warp.warp` for graphs: what cells (H W, 3 C) show when each is fetched from (N, 2, H, W) cells away.

    (N, 3 C, H, W), between four cells, by their shares; beyond the border stands what stands at it.
    """
    side = grid.side
    y, x = np.mgrid[:side, :side].astype(np.float32)
    at = graph.apply("Add", moved, graph.constant(np.stack([x, y])[None]))
    limits = (graph.constant(np.array(value, np.float32)) for value in (0, side - 1))
    at = graph.apply("Clip", at, *limits)
    first = graph.apply("Floor", at)
    share = graph.apply("Sub", at, first)
    second = graph.apply("Min", graph.apply("Add", first, _number(graph, 1.0)), _number(graph, side - 1.0))
    left, top, right, bottom = (
        channels_of(graph, corner, axis, axis + 1) for corner in (first, second) for axis in (0, 1)
    )
    x_share, y_share = (channels_of(graph, share, axis, axis + 1) for axis in (0, 1))
    rows = []
    for row in (top, bottom):
        at_left, at_right = (_at_cells(graph, cells, column, row, grid) for column in (left, right))
        rows.append(_between(graph, at_left, at_right, x_share))
    return _between(graph, rows[0], rows[1], y_share)


def _at_cells(graph: OnnxGraph, cells: str, column: str, row: str, grid: DescriptorGrid) -> str:
    """What cells (H W, 3 C) show at whole numbers (N, 1, H, W), which are floats: (N, 3 C, H, W)."""
    number = graph.apply("Add", graph.apply("Mul", row, _number(graph, float(grid.side))), column)
    number = graph.apply("Cast", graph.apply("Reshape", number, _sizes(graph, 0, grid.side**2)), to=_INT64)
    found = graph.apply("Transpose", graph.apply("Gather", cells, number, axis=0), perm=[0, 2, 1])
    return graph.apply("Reshape", found, _sizes(graph, 0, 3 * grid.channels, grid.side, grid.side))


def _between(graph: OnnxGraph, first: str, second: str, share: str) -> str:
    return graph.apply("Add", first, graph.apply("Mul", graph.apply("Sub", second, first), share))
