"""`tracking.Tracking` as a part of the ONNX graphs, and its way back.

What does not change with the latent is computed once for a photo: its descriptors, their slopes, and the first step's
matrices. The way back is short, because a gradient flows through the last step alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fvae_studio.model.config import TRACKING_STEPS, FlowVaeConfig
from fvae_studio.model.graph_layers import channels_of, double
from fvae_studio.model.onnx_file import Dimension, OnnxGraph
from fvae_studio.model.weights import Array


@dataclass(frozen=True)
class Tracked:
    """What tracking gave on the way there, for the way back: names of values.

    Attributes:
        motion: (N, 2, H, W) in crop pixels.
        slopes: by x and by y, (N, C, H, W) each, of the photo's descriptors, where the last step looked for them.
        inverse: (N, 3, H, W), the last step's matrices.
    """

    motion: str
    slopes: tuple[str, str]
    inverse: str


def tracking_shapes(config: FlowVaeConfig) -> list[tuple[Dimension, ...]]:
    """Of what a photo gives: descriptors and slopes, those of the grid of half the size, its matrices."""
    if not config.tracking_channels:
        return []
    side, count = config.tracking_size, config.tracking_channels
    return [(1, 3 * count, side, side), (1, 3 * count, side // 2, side // 2), (1, 3, side // 2, side // 2)]


def multiply_adds_of_tracking(config: FlowVaeConfig) -> int:
    """For one latent."""
    count, cells = config.tracking_channels, config.tracking_size**2
    # The first step: two products. The others: five, and four weights for each number that is fetched.
    return 2 * count * cells // 4 + TRACKING_STEPS * (5 + 4 * 3) * count * cells


def give_own_descriptors(
    graph: OnnxGraph, own: str, config: FlowVaeConfig, tensors: Mapping[str, Array]
) -> tuple[str, str, str]:
    """From the photo's own descriptors (1, C, H, W), what `tracking_shapes` lists."""
    count = config.tracking_channels
    half = _averaged(graph, own)
    sloped, half_sloped = (graph.apply("Concat", grid, *_slopes(graph, grid), axis=1) for grid in (own, half))
    _, slopes = _apart(graph, half_sloped, count)
    return sloped, half_sloped, _inverse(graph, _squares(graph, slopes), tensors)


def track(
    graph: OnnxGraph, target: str, own: tuple[str, str, str], config: FlowVaeConfig, tensors: Mapping[str, Array]
) -> Tracked:
    """A latent's descriptors (N, C, H, W) and what the photo gave -> where they are found."""
    sloped, half_sloped, inverse = own
    count, side = config.tracking_channels, config.tracking_size
    half_own, slopes = _apart(graph, half_sloped, count)
    first = _solved(
        graph, inverse, _seen_against(graph, slopes, graph.apply("Sub", _averaged(graph, target), half_own))
    )
    found = graph.apply("Mul", double(graph, first, "bilinear"), _number(graph, 2.0))
    # As often as there are latents.
    nothing = graph.apply("Mul", channels_of(graph, target, 0, 1), _number(graph, 0.0))
    sloped = graph.apply("Add", sloped, nothing)
    for _ in range(TRACKING_STEPS):
        here, slopes = _apart(graph, _fetched(graph, sloped, found, side), count)
        inverse = _inverse(graph, _squares(graph, slopes), tensors)
        step = _solved(graph, inverse, _seen_against(graph, slopes, graph.apply("Sub", target, here)))
        found = graph.apply("Add", found, step)
    return Tracked(graph.apply("Mul", found, _number(graph, _cell_px(config))), slopes, inverse)


def track_back(graph: OnnxGraph, slope: str, tracked: Tracked, config: FlowVaeConfig) -> str:
    """The slope by a latent's descriptors (1, C, H, W), from that by the motion (1, 2, H, W)."""
    count = config.tracking_channels
    # The matrices are symmetric, and so are the sums over 3 x 3 cells.
    by_sums = _summed(graph, _solved(graph, tracked.inverse, slope))
    parts = [
        graph.apply("Mul", channels_of(graph, by_sums, axis, axis + 1), slope)
        for axis, slope in enumerate(tracked.slopes)
    ]
    return graph.apply("Mul", graph.apply("Add", *parts), _number(graph, _cell_px(config) / count))


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


def _summed(graph: OnnxGraph, grid: str) -> str:
    """Mean over 3 x 3 cells; nothing lies beyond the border, and counts."""
    return graph.apply("AveragePool", grid, kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1)


def _slopes(graph: OnnxGraph, grid: str) -> tuple[str, str]:
    """By x and by y; beyond the border stands what stands at it."""
    found = []
    for axis in (3, 2):
        pads = [0] * 8
        pads[axis] = pads[axis + 4] = 1
        padded = graph.apply("Pad", grid, graph.constant(np.array(pads, np.int64)), mode="edge")
        later, earlier = (
            graph.apply(
                "Slice",
                padded,
                graph.constant(np.array([first], np.int64)),
                graph.constant(np.array([last], np.int64)),
                graph.constant(np.array([axis], np.int64)),
            )
            for first, last in ((2, np.iinfo(np.int64).max), (0, -2))
        )
        found.append(graph.apply("Mul", graph.apply("Sub", later, earlier), _number(graph, 0.5)))
    return found[0], found[1]


def _apart(graph: OnnxGraph, sloped: str, count: int) -> tuple[str, tuple[str, str]]:
    """Descriptors, and their slopes by x and by y behind them."""
    here, x_slope, y_slope = (channels_of(graph, sloped, first, first + count) for first in range(0, 3 * count, count))
    return here, (x_slope, y_slope)


def _mean_of_channels(graph: OnnxGraph, grid: str) -> str:
    return graph.apply("ReduceMean", grid, axes=[1], keepdims=1)


def _squares(graph: OnnxGraph, slopes: tuple[str, str]) -> str:
    """Means of x x, x y and y y (N, 3, H, W), over channels and 3 x 3 cells."""
    x_slope, y_slope = slopes
    pairs = ((x_slope, x_slope), (x_slope, y_slope), (y_slope, y_slope))
    means = [_mean_of_channels(graph, graph.apply("Mul", *pair)) for pair in pairs]
    return _summed(graph, graph.apply("Concat", *means, axis=1))


def _inverse(graph: OnnxGraph, squares: str, tensors: Mapping[str, Array]) -> str:
    """Of [[xx + doubt, xy], [xy, yy + doubt]]: its numbers at (x, x), (x, y) and (y, y), each (N, 1, H, W)."""
    doubt = _number(graph, float(np.exp(tensors["vae.decoder.tracking.log_doubt"])))
    xx, xy, yy = (channels_of(graph, squares, number, number + 1) for number in range(3))
    xx, yy = graph.apply("Add", xx, doubt), graph.apply("Add", yy, doubt)
    determinant = graph.apply("Sub", graph.apply("Mul", xx, yy), graph.apply("Mul", xy, xy))
    return graph.apply("Div", graph.apply("Concat", yy, graph.apply("Neg", xy), xx, axis=1), determinant)


def _seen_against(graph: OnnxGraph, slopes: tuple[str, str], difference: str) -> str:
    """A difference (N, C, H, W) against slopes by x and y, as `_squares`: (N, 2, H, W)."""
    means = [_mean_of_channels(graph, graph.apply("Mul", slope, difference)) for slope in slopes]
    return _summed(graph, graph.apply("Concat", *means, axis=1))


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


def _fetched(graph: OnnxGraph, grid: str, cells: str, side: int) -> str:
    """`warp.warp` for graphs: what a grid shows when it is fetched from (N, 2, H, W) cells away."""
    centres = (np.arange(side, dtype=np.float32) + 0.5) * (2 / side) - 1
    own = np.stack(np.meshgrid(centres, centres), axis=-1)[None].astype(np.float32)
    moved = graph.apply("Mul", graph.apply("Transpose", cells, perm=[0, 2, 3, 1]), _number(graph, 2 / side))
    at = graph.apply("Add", moved, graph.constant(own))
    return graph.apply("GridSample", grid, at, mode="bilinear", padding_mode="border", align_corners=0)
