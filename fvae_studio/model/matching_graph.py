"""`matching.Matching` as a part of the ONNX graphs, and its way back.

What does not change with the latent is computed once for a photo: its own cells around each cell. A difference squared
is a product and two squares, so that a latent costs one product of matrices for each cell. Means of matches are sums of
shares, and so is what is read from them: they go into the weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fvae_studio.model.config import FlowVaeConfig, matching_moves
from fvae_studio.model.graph_layers import before_relu, channels_of, convolve, convolve_back, normalised_weights
from fvae_studio.model.onnx_file import Dimension, OnnxGraph
from fvae_studio.model.weights import Array

_NAME = "vae.decoder.matchings"


@dataclass(frozen=True)
class Matched:
    """What a matching gave on the way there, for the way back: names of values."""

    level: int
    grid: str
    around: str
    shares: str
    read: str
    out: str


def matching_shapes(config: FlowVaeConfig) -> list[tuple[Dimension, ...]]:
    """Of what a photo gives to each matching: its cells around (H W, K, channels), their squares (1, K, H, W)."""
    shapes: list[tuple[Dimension, ...]] = []
    for level, radius in enumerate(config.matching_radius):
        side, count = _side(config, level), len(matching_moves(radius))
        shapes += [(side * side, count, config.detail_channels[level]), (1, count, side, side)]
    return shapes


def multiply_adds_of_matching(config: FlowVaeConfig) -> int:
    """Of all matchings for one latent."""
    total = 0
    for level, radius in enumerate(config.matching_radius):
        channels, count = config.decoder_channels[level], len(matching_moves(radius))
        cell = config.detail_channels[level] * count + 9 * channels * (channels + count) + 9 * channels**2
        total += cell * _side(config, level) ** 2
    return total


def give_own_cells(
    graph: OnnxGraph, own: str, config: FlowVaeConfig, tensors: Mapping[str, Array], level: int
) -> tuple[str, str]:
    """From the photo's own grid (1, C, H, W), what `matching_shapes` lists, ready to be added up to logits."""
    side, channels = _side(config, level), config.detail_channels[level]
    cells = graph.constant(_neighbours(side, config.matching_radius[level]))
    scale = _square_factor(tensors, config, level)
    flat = graph.apply("Reshape", own, graph.constant(np.array([channels, side * side], np.int64)))
    by_cell = graph.apply("Transpose", flat, perm=[1, 0])
    # Whole cells are gathered: numbers one by one would take ten times as long.
    around = graph.apply("Gather", by_cell, cells, axis=0)
    squares = graph.apply("Gather", graph.apply("ReduceSumSquare", by_cell, axes=[1], keepdims=0), cells, axis=0)
    squares = graph.apply("Transpose", squares, perm=[1, 0])
    shape = graph.constant(np.array([1, len(matching_moves(config.matching_radius[level])), side, side], np.int64))
    return (
        graph.apply("Mul", around, graph.constant(np.array([-2 * scale], np.float32))),
        graph.apply("Mul", graph.apply("Reshape", squares, shape), graph.constant(np.array([scale], np.float32))),
    )


def match(
    graph: OnnxGraph,
    x: str,
    grid: str,
    own_cells: tuple[str, str],
    config: FlowVaeConfig,
    tensors: Mapping[str, Array],
    level: int,
) -> Matched:
    """Features (N, channels, H, W) and a latent's grid (N, C, H, W) -> features, as `out`."""
    around, squares = own_cells
    side, count = _side(config, level), len(matching_moves(config.matching_radius[level]))
    name = f"{_NAME}.{level}"
    product = graph.apply("MatMul", around, _cells_first(graph, grid, config.detail_channels[level], side, [2, 1, 0]))
    of_grid = graph.apply("ReduceSumSquare", grid, axes=[1], keepdims=1)
    scaled = graph.apply("Mul", of_grid, graph.constant(np.array([_square_factor(tensors, config, level)], np.float32)))
    logits = graph.apply(
        "Add", graph.apply("Add", _cells_last(graph, product, count, side, [2, 1, 0]), squares), scaled
    )
    none = graph.apply("Mul", of_grid, graph.constant(np.array([0], np.float32)))
    none = graph.apply("Add", none, graph.constant(tensors[f"{name}.doubt"].reshape(1)))
    softmax = graph.apply("Softmax", graph.apply("Concat", logits, none, axis=1), axis=1)
    shares = channels_of(graph, softmax, 0, count)
    weight, bias = _reading(tensors, name, config.matching_radius[level])
    read = graph.apply("Relu", convolve(graph, graph.apply("Concat", x, shares, axis=1), weight, bias))
    added = convolve(graph, read, tensors[f"{name}.adding.weight"], tensors[f"{name}.adding.bias"])
    return Matched(level, grid, around, shares, read, graph.apply("Relu", graph.apply("Add", x, added)))


def match_back(
    graph: OnnxGraph, slope: str, matched: Matched, config: FlowVaeConfig, tensors: Mapping[str, Array]
) -> tuple[str, str]:
    """The slopes by features and by grid, for one latent, from that by `matched.out`."""
    level, name = matched.level, f"{_NAME}.{matched.level}"
    side, count = _side(config, level), len(matching_moves(config.matching_radius[level]))
    channels = config.decoder_channels[level]
    slope = before_relu(graph, slope, matched.out)
    by_read = before_relu(graph, convolve_back(graph, slope, tensors[f"{name}.adding.weight"]), matched.read)
    weight, _ = _reading(tensors, name, config.matching_radius[level])
    by_inputs = convolve_back(graph, by_read, weight)
    slope = graph.apply("Add", slope, channels_of(graph, by_inputs, 0, channels))
    weighted = graph.apply("Mul", channels_of(graph, by_inputs, channels, channels + count), matched.shares)
    mean = _sum_of_channels(graph, weighted)
    by_logits = graph.apply("Sub", weighted, graph.apply("Mul", matched.shares, mean))
    product = graph.apply("MatMul", _cells_first(graph, by_logits, count, side, [2, 0, 1]), matched.around)
    by_grid = _cells_last(graph, product, config.detail_channels[level], side, [1, 2, 0])
    twice = graph.constant(np.array([2 * _square_factor(tensors, config, level)], np.float32))
    by_own_square = graph.apply("Mul", graph.apply("Mul", matched.grid, twice), _sum_of_channels(graph, by_logits))
    return slope, graph.apply("Add", by_grid, by_own_square)


def _side(config: FlowVaeConfig, level: int) -> int:
    return config.latent_size << (level + 1)


def _square_factor(tensors: Mapping[str, Array], config: FlowVaeConfig, level: int) -> float:
    """A logit's change by a squared difference of one channel."""
    return -float(np.exp(tensors[f"{_NAME}.{level}.log_sharpness"])) / config.detail_channels[level]


def _neighbours(side: int, radius: int) -> NDArray[np.int64]:
    """(cells, K): for each cell, the numbers of those around it; beyond the border, the border's."""
    rows, columns = np.divmod(np.arange(side * side)[:, None], side)
    moves = np.array(matching_moves(radius))
    found: NDArray[np.int64] = (
        np.clip(rows + moves[:, 1], 0, side - 1) * side + np.clip(columns + moves[:, 0], 0, side - 1)
    ).astype(np.int64)
    return found


def _reading(tensors: Mapping[str, Array], name: str, radius: int) -> tuple[Array, Array]:
    """Of features and shares: what is read from their means is added to the weights of the shares."""
    weight, bias = normalised_weights(tensors, f"{name}.reading", f"{name}.reading_norm")
    moves = np.array(matching_moves(radius), np.float32)
    of_x, of_shares, of_means = np.split(weight, [len(weight), len(weight) + len(moves)], axis=1)
    of_shares = of_shares + np.einsum("oihw,ki->okhw", of_means, moves)
    return np.concatenate([of_x, of_shares], axis=1).astype(np.float32), bias


def _cells_first(graph: OnnxGraph, x: str, channels: int, side: int, order: list[int]) -> str:
    """(N, channels, H, W) -> its axes N, channels and cells in another order."""
    flat = graph.apply("Reshape", x, graph.constant(np.array([0, channels, side * side], np.int64)))
    return graph.apply("Transpose", flat, perm=order)


def _cells_last(graph: OnnxGraph, x: str, channels: int, side: int, order: list[int]) -> str:
    """To (N, channels, H, W) from three axes, of which `order` says where N, channels and cells are."""
    flat = graph.apply("Transpose", x, perm=order)
    return graph.apply("Reshape", flat, graph.constant(np.array([0, channels, side, side], np.int64)))


def _sum_of_channels(graph: OnnxGraph, x: str) -> str:
    return graph.apply("ReduceSum", x, graph.constant(np.array([1], np.int64)), keepdims=1)
