"""The networks as ONNX graphs, rearranged for one photo and many latents: the same maps, a quarter of the work.

- A convolution of [x, source features] is the sum of two convolutions, and the second does not depend on the latent:
  one graph computes these terms once for a photo, another one a flow or a confidence from terms and latents.
- Batch normalisation at inference is a scale and a shift: they go into the weights.
- A 3 x 3 convolution after nearest-neighbour doubling is a transposed 4 x 4 convolution of stride 2: four
  multiplications for each result instead of nine.

`layers.ConvEncoder` and `ConvDecoder` are what is trained; tests tie both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np

from fvae_studio.model.config import (
    DISPLACEMENT_GAIN,
    FLOW_TOLD,
    LARGEST_STRETCH,
    LEAST_STRETCH,
    SEEN_FLOW_PX,
    FlowVaeConfig,
    detail_slices,
)
from fvae_studio.model.graph_layers import (
    before_relu,
    block_weights,
    channels_of,
    contrast,
    convolve,
    convolve_back,
    double,
    doubling_kernel,
    gathered,
    halve,
    normalised_weights,
)
from fvae_studio.model.matching_graph import (
    Matched,
    give_own_cells,
    match,
    match_back,
    matching_shapes,
    multiply_adds_of_matching,
)
from fvae_studio.model.onnx_file import Dimension, OnnxGraph
from fvae_studio.model.tracking_graph import (
    Tracked,
    descriptor_grids,
    give_own_descriptors,
    multiply_adds_of_tracking,
    of_size,
    of_size_back,
    slopes_of,
    track,
    track_back,
    tracking_shapes,
)
from fvae_studio.model.weights import Array, ModelWeights

Part = Literal["flow", "confidence"]


class _Layer(NamedTuple):
    """One convolution of a decoder: what it does to the latent's side, the source's, a finer grid, a motion; its bias.

    Where there is no finer grid of the latent, `of_detail` has no channels, and without tracking `of_motion` has none.
    """

    of_x: Array
    of_source: Array
    of_detail: Array
    of_motion: Array
    bias: Array

    @property
    def of_latent(self) -> Array:
        """What a latent changes, behind each other."""
        return np.concatenate([self.of_x, self.of_detail, self.of_motion], axis=1)

    @property
    def without_motion(self) -> _Layer:
        """The same where nothing has moved."""
        return self._replace(of_motion=self.of_motion[:, :0])


def encoder_graph(model: ModelWeights) -> bytes:
    """Input "image" (1, 3, S, S); output "mean" (1, C, h, w): f(S) without its variance."""
    config = model.header.config
    graph = OnnxGraph("encoder")
    image = _image(graph, config)
    features = _encode(graph, image, model.tensors, "vae.target_encoder", config.encoder_channels, config)
    mean = convolve(graph, features[-1], model.tensors["vae.to_mean.weight"], model.tensors["vae.to_mean.bias"])
    details = []
    for level, (coarse, fine) in zip(range(len(config.detail_channels)), pairwise(reversed(features)), strict=False):
        name = f"vae.details.{level}.to_mean"
        both = graph.apply("Concat", fine, double(graph, coarse, "nearest"), axis=1)
        detail = convolve(graph, both, model.tensors[f"{name}.weight"], model.tensors[f"{name}.bias"])
        details.append(_packed(graph, detail, config, level))
    details += _described(graph, image, features, model.tensors, config)
    if details:
        mean = graph.apply("Concat", mean, *details, axis=1)
    graph.output(mean, "mean", (1, *config.latent_shape))
    return graph.to_bytes()


def source_graph(model: ModelWeights, part: Part) -> bytes:
    """Input "image" (1, 3, S, S); outputs "term0", "term1", ...: what the photo adds in each layer of a decoder.

    The flow's graph of a model whose latent has finer grids also takes "mean" (1, C, h, w): the photo's own latent,
    from which the decoder takes differences. Where it is compared with latents, its cells are further terms.
    """
    config = model.header.config
    graph = OnnxGraph(f"{part}_source")
    encoder, channels = _source_encoder(config, part)
    features = _encode(graph, _image(graph, config), model.tensors, encoder, channels, config)
    skips = list(reversed(features))
    has_details = bool(_details(config, part))
    mean = graph.input("mean", (1, *config.latent_shape)) if has_details else ""
    own_grids = [_unpacked(graph, mean, config, level) for level in range(len(_details(config, part)))]
    for level, (skip, layer) in enumerate(zip(skips, _layers(model, part), strict=True)):
        weight = layer.of_source
        if layer.of_detail.shape[1]:
            skip = graph.apply("Concat", skip, own_grids[level - 1], axis=1)
            weight = np.concatenate([weight, -layer.of_detail], axis=1)
        if level < len(skips) - 1:
            skip = double(graph, skip, config.upsampling)
        term = convolve(graph, skip, weight, layer.bias)
        graph.output(term, f"term{level}", term_shapes(config, part)[level])
    if part == "flow":
        cells = [
            value
            for level in range(len(config.matching_radius))
            for value in give_own_cells(graph, own_grids[level], config, model.tensors, level)
        ]
        shapes = matching_shapes(config) + tracking_shapes(config)
        if config.tracking_channels:
            cells += give_own_descriptors(graph, _descriptors(graph, mean, config), config, model.tensors)
        for number, (value, shape) in enumerate(zip(cells, shapes, strict=True), len(skips)):
            graph.output(value, f"term{number}", shape)
    return graph.to_bytes()


def decoder_graph(model: ModelWeights, part: Part, *, tracks: bool = True) -> bytes:
    """Inputs "latent" (N, C, h, w), "term0", ...; output "map".

    That is displacements (N, 2, H, W) in crop pixels, or confidences (N, 1, H, W) in [0, 1]. The latter's graph also
    takes "flow" (N, 2, H, W), if the model's confidence sees it.

    Args:
        model: whose decoder it is.
        part: what is decoded.
        tracks: False: for latents with the photo's own descriptors, which are found where they are. The terms that
            tracking needs, the last of all, are no inputs then.
    """
    config = model.header.config
    graph = OnnxGraph(part)
    latent = graph.input("latent", ("N", *config.latent_shape))
    x, _ = _raw_map(graph, model, part, latent, tracks=tracks)
    size = config.flow_size
    if part == "confidence":
        graph.output(graph.apply("Sigmoid", x), "map", ("N", 1, size, size))
    else:
        graph.output(_displacement(graph, x, config), "map", ("N", 2, size, size))
    return graph.to_bytes()


def latent_gradient_graph(model: ModelWeights) -> bytes:
    """How a loss changes with a latent, where its slope by the flow there is known: the flow's decoder, backwards.

    Inputs "latent" (1, C, h, w), "slope" (1, 2, H, W), "term0", ...; output "gradient" (1, C, h, w).
    """
    config = model.header.config
    graph = OnnxGraph("latent_gradient")
    latent = graph.input("latent", (1, *config.latent_shape))
    slope = graph.input("slope", (1, 2, config.flow_size, config.flow_size))
    outputs: list[_Outputs] = []
    raw, tracked = _raw_map(graph, model, "flow", latent, outputs)
    slope = graph.apply("Mul", slope, _displacement_slope(graph, raw, config))
    *blocks, head = _layers(model, "flow")
    if config.head == "pixel_shuffle":
        slope = gathered(graph, slope, channels=2, side=config.flow_size // 2, size=2)
    slope = convolve_back(graph, slope, head.of_latent)
    parts: list[str] = []
    by_motion: list[tuple[str, int]] = []
    slope, _, motion = _taken_apart(graph, slope, head)
    if motion:
        by_motion.append((motion, len(blocks)))
    for level, layer in reversed(list(enumerate(blocks))):
        if (matched := outputs[level].matched) is not None:
            slope, by_grid = match_back(graph, slope, matched, config, model.tensors)
            parts[0] = graph.apply("Add", parts[0], _packed(graph, by_grid, config, level))
        if outputs[level].refined:
            slope = before_relu(graph, slope, outputs[level].refined)
            weight, _ = _refinement(model.tensors, f"vae.decoder.refinements.{level}")
            slope = graph.apply("Add", slope, convolve_back(graph, slope, weight))
        slope = before_relu(graph, slope, outputs[level].plain)
        weight = layer.of_latent
        if config.upsampling == "nearest":
            # A transposed convolution's way back is the convolution with the same numbers.
            kernel = graph.constant(doubling_kernel(weight))
            slope = graph.apply("Conv", slope, kernel, strides=[2, 2], pads=[1, 1, 1, 1])
        else:
            slope = halve(graph, convolve_back(graph, slope, weight), config.latent_size << level)
        slope, detail, motion = _taken_apart(graph, slope, layer)
        if detail:
            parts.insert(0, _packed(graph, detail, config, level - 1))
        if motion:
            by_motion.append((motion, level))
    if tracked is not None:
        slopes = (_moved_back(graph, motion, tracked, config, level) for motion, level in by_motion)
        by_descriptors = track_back(graph, graph.apply("Sum", *slopes), tracked, config)
        parts += _packed_descriptors(graph, by_descriptors, config)
    graph.output(
        graph.apply("Concat", slope, *parts, axis=1) if parts else slope, "gradient", (1, *config.latent_shape)
    )
    return graph.to_bytes()


class _Outputs(NamedTuple):
    """What a level of the decoder gave: its convolution, its refinement ("" where there is none), its matching."""

    plain: str
    refined: str
    matched: Matched | None


def _raw_map(
    graph: OnnxGraph,
    model: ModelWeights,
    part: Part,
    latent: str,
    outputs: list[_Outputs] | None = None,
    *,
    tracks: bool = True,
) -> tuple[str, Tracked | None]:
    """Declare the terms as inputs and decode a latent: the map before its last function; each level's `outputs`."""
    config = model.header.config
    x = latent
    if config.detail_channels:
        x = channels_of(graph, latent, 0, config.latent_channels)
    terms = [graph.input(f"term{level}", shape) for level, shape in enumerate(term_shapes(config, part))]
    grids = [_unpacked(graph, latent, config, level) for level in range(len(_details(config, part)))]
    layers = _layers(model, part)
    tracks = tracks and part == "flow" and config.tracking_channels > 0
    if part == "flow" and not tracks:
        layers = [layer.without_motion for layer in layers]
    *blocks, head = zip(layers, terms, strict=True)
    radii = config.matching_radius if part == "flow" else ()
    shapes = matching_shapes(config) if part == "flow" else []
    own_shapes = tracking_shapes(config) if tracks else []
    cells = [graph.input(f"term{number}", shape) for number, shape in enumerate(shapes + own_shapes, len(terms))]
    tracked: Tracked | None = None
    motion: _Motion | None = None
    if tracks:
        own = cells[len(shapes) :]
        tracked = track(graph, _descriptors(graph, latent, config), own, config, model.tensors)
        motion = _Motion(tracked.motion, 2, tracked.grid.side)
    elif part == "confidence" and config.confidence_sees_flow:
        motion = _Motion(_seen_flow(graph, config), FLOW_TOLD, config.flow_size)
    for level, (layer, term) in enumerate(blocks):
        finer = [grids[level - 1]] if layer.of_detail.shape[1] else []
        x = _together(graph, [x, *finer, *_told(graph, motion, layer, config.latent_size << level)])
        weight = layer.of_latent
        if config.upsampling == "nearest":
            kernel = graph.constant(doubling_kernel(weight))
            x = graph.apply("ConvTranspose", x, kernel, strides=[2, 2], pads=[1, 1, 1, 1])
        else:
            x = convolve(graph, double(graph, x, config.upsampling), weight)
        plain = graph.apply("Relu", graph.apply("Add", x, term))
        x = _refined(graph, plain, model.tensors, f"{_decoder_name(part)}.refinements.{level}")
        refined, matched = x if x != plain else "", None
        if level < len(radii):
            own_cells = cells[2 * level], cells[2 * level + 1]
            matched = match(graph, x, grids[level], own_cells, config, model.tensors, level)
            x = matched.out
        if outputs is not None:
            outputs.append(_Outputs(plain, refined, matched))
    layer, term = head
    x = _together(graph, [x, *_told(graph, motion, layer, config.latent_size << len(blocks))])
    x = graph.apply("Add", convolve(graph, x, layer.of_latent), term)
    if config.head == "pixel_shuffle":
        x = graph.apply("DepthToSpace", x, blocksize=2, mode="CRD")
    return x, tracked


def term_shapes(config: FlowVaeConfig, part: Part) -> list[tuple[Dimension, ...]]:
    """(1, channels, height, width) of what a photo adds in each layer of a decoder, coarsest first."""
    channels = config.decoder_channels if part == "flow" else config.confidence_decoder_channels
    sizes = [config.latent_size << (level + 1) for level in range(len(channels))]
    cells = 4 if config.head == "pixel_shuffle" else 1
    head = (2 if part == "flow" else 1) * cells
    shapes: list[tuple[Dimension, ...]] = [(1, out, size, size) for out, size in zip(channels, sizes, strict=True)]
    return [*shapes, (1, head, sizes[-1], sizes[-1])]


def multiply_adds(config: FlowVaeConfig, *, tracks: bool = True) -> int:
    """Of one call of both decoder graphs with one latent; see `decoder_graph`."""
    tracks = tracks and config.tracking_channels > 0
    total = 0
    parts: tuple[Part, Part] = ("flow", "confidence")
    for part in parts:
        channels = config.decoder_channels if part == "flow" else config.confidence_decoder_channels
        shapes = term_shapes(config, part)
        taps = [4 if config.upsampling == "nearest" else 9] * len(channels) + [25]
        inputs = [config.latent_channels, *channels]
        if part == "flow":
            refined = zip(channels[: config.refinements], shapes, strict=False)
            total += sum(9 * count**2 * int(size) ** 2 for count, (_, _, size, _) in refined)
            total += multiply_adds_of_matching(config) + (multiply_adds_of_tracking(config) if tracks else 0)
            inputs = [count + (config.motions_told(level) if tracks else 0) for level, count in enumerate(inputs)]
        else:
            inputs = [count + config.flow_told(level) for level, count in enumerate(inputs)]
        for level, detail in enumerate(_details(config, part), 1):
            inputs[level] += detail
        total += sum(
            taken * count * int(out) * int(size) ** 2
            for taken, count, (_, out, size, _) in zip(inputs, taps, shapes, strict=True)
        )
    return total


def _image(graph: OnnxGraph, config: FlowVaeConfig) -> str:
    return graph.input("image", (1, 3, config.crop_size, config.crop_size))


def _source_encoder(config: FlowVaeConfig, part: Part) -> tuple[str, tuple[int, ...]]:
    if part == "flow":
        return "vae.source_encoder", config.encoder_channels
    return "confidence.source_encoder", config.confidence_encoder_channels


def _encode(
    graph: OnnxGraph,
    image: str,
    tensors: Mapping[str, Array],
    name: str,
    channels: Sequence[int],
    config: FlowVaeConfig,
) -> list[str]:
    """Features of every level, finest first."""
    features = []
    for level in range(len(channels)):
        weight, bias = block_weights(tensors, f"{name}.blocks.{level}")
        stride = config.stem_stride if level == 0 else 2
        image = graph.apply("Relu", convolve(graph, image, weight, bias, stride=stride))
        image = _refined(graph, image, tensors, f"{name}.refinements.{len(channels) - 1 - level}")
        features.append(image)
    return features


def _refined(graph: OnnxGraph, x: str, tensors: Mapping[str, Array], name: str) -> str:
    """`layers.Refinement`, if the model has one of this name."""
    if f"{name}.conv.weight" not in tensors:
        return x
    return graph.apply("Relu", graph.apply("Add", x, convolve(graph, x, *_refinement(tensors, name))))


def _refinement(tensors: Mapping[str, Array], name: str) -> tuple[Array, Array]:
    return normalised_weights(tensors, f"{name}.conv", f"{name}.norm")


def _decoder_name(part: Part) -> str:
    return "vae.decoder" if part == "flow" else "confidence.decoder"


def _details(config: FlowVaeConfig, part: Part) -> tuple[int, ...]:
    """Channels of the finer grids that a decoder takes."""
    return config.detail_channels if part == "flow" else ()


def _unpacked(graph: OnnxGraph, latent: str, config: FlowVaeConfig, level: int) -> str:
    """A finer grid of a latent; `layers.split_details` for graphs."""
    grid = detail_slices(config.latent_channels, config.detail_channels)[level]
    return _unpacked_channels(graph, latent, grid, 2 << level)


def _unpacked_channels(graph: OnnxGraph, latent: str, packed: slice, size: int) -> str:
    return graph.apply(
        "DepthToSpace", channels_of(graph, latent, packed.start, packed.stop), blocksize=size, mode="CRD"
    )


def _packed(graph: OnnxGraph, detail: str, config: FlowVaeConfig, level: int) -> str:
    """Its inverse for one photo; ONNX's SpaceToDepth orders channels in another way."""
    return gathered(graph, detail, channels=config.detail_channels[level], side=config.latent_size, size=2 << level)


def _descriptors(graph: OnnxGraph, latent: str, config: FlowVaeConfig) -> list[str]:
    """Of a latent, (N, C, H, W) for each grid."""
    size = 1 << len(config.detail_channels)
    return [_unpacked_channels(graph, latent, part, size << level) for level, part in enumerate(config.descriptors)]


def _packed_descriptors(graph: OnnxGraph, slope: str, config: FlowVaeConfig) -> list[str]:
    """Of one photo, slopes by the finest descriptors, packed; those by the others are 0."""
    *others, _ = config.descriptors
    shapes = ((1, part.stop - part.start, config.latent_size, config.latent_size) for part in others)
    finest = descriptor_grids(config)[-1]
    size = finest.side // config.latent_size
    packed = gathered(graph, slope, channels=finest.channels, side=config.latent_size, size=size)
    return [*(graph.constant(np.zeros(shape, np.float32)) for shape in shapes), packed]


def _described(
    graph: OnnxGraph, image: str, features: Sequence[str], tensors: Mapping[str, Array], config: FlowVaeConfig
) -> list[str]:
    """`layers.DescriptorHead` of each grid without its variance, and the photo's contrast, packed."""
    fine, coarse = features[-2 - len(config.detail_channels)], features[-1 - len(config.detail_channels)]
    packed = []
    for level, grid in enumerate(descriptor_grids(config)):
        if grid.head:
            broad = graph.apply("Relu", convolve(graph, coarse, *block_weights(tensors, f"{grid.head}.coarse")))
            both = graph.apply("Concat", fine, double(graph, broad, "nearest"), axis=1)
            both = graph.apply("Relu", convolve(graph, both, *block_weights(tensors, f"{grid.head}.both")))
            weight, bias = (graph.constant(tensors[f"{grid.head}.to_mean.{kind}"]) for kind in ("weight", "bias"))
            stride = 1 if level else 2
            found = graph.apply("Conv", both, weight, bias, strides=[stride, stride], pads=[1] * 4)
        else:
            found = contrast(graph, image, size=config.crop_size, side=grid.side)
        size = grid.side // config.latent_size
        packed.append(gathered(graph, found, channels=grid.channels, side=config.latent_size, size=size))
    return packed


def _together(graph: OnnxGraph, parts: list[str]) -> str:
    """What a layer reads of a latent, behind each other."""
    return graph.apply("Concat", *parts, axis=1) if len(parts) > 1 else parts[0]


class _Motion(NamedTuple):
    """What a decoder's layers are told of: the name of a value (N, channels, side, side)."""

    name: str
    channels: int
    side: int


def _told(graph: OnnxGraph, motion: _Motion | None, layer: _Layer, size: int) -> list[str]:
    """A motion as a layer of a size reads it, of each cell where it has the weights for that; nothing of none."""
    if motion is None:
        return []
    if layer.of_motion.shape[1] > motion.channels:
        return [gathered(graph, motion.name, channels=motion.channels, side=size, size=2)]
    return [of_size(graph, motion.name, motion.side, size)]


def _moved_back(graph: OnnxGraph, slope: str, tracked: Tracked, config: FlowVaeConfig, level: int) -> str:
    """The slope by what was tracked, from that by what a layer was told of it."""
    if config.motions_told(level) > 2:
        return graph.apply("DepthToSpace", slope, blocksize=2, mode="CRD")
    return of_size_back(graph, slope, config.latent_size << level, tracked)


def _seen_flow(graph: OnnxGraph, config: FlowVaeConfig) -> str:
    """`seen_flow.seen_flow` of the input "flow" (N, 2, H, W) in crop pixels."""
    size = config.flow_size
    flow = graph.input("flow", ("N", 2, size, size))
    one, cells = (graph.constant(np.array([value], np.float32)) for value in (1.0, size / config.crop_size))
    rows = []
    for axis, slope in enumerate(slopes_of(graph, flow)):
        slope = graph.apply("Mul", slope, cells)
        of_x, of_y = (channels_of(graph, slope, number, number + 1) for number in (0, 1))
        rows.append((graph.apply("Add", of_x, one), of_y) if axis == 0 else (of_x, graph.apply("Add", of_y, one)))
    (xx, xy), (yx, yy) = rows
    stretch = graph.apply("Sub", graph.apply("Mul", xx, yy), graph.apply("Mul", xy, yx))
    limits = (graph.constant(np.array(value, np.float32)) for value in (LEAST_STRETCH, LARGEST_STRETCH))
    stretch = graph.apply("Sub", graph.apply("Clip", stretch, *limits), one)
    scaled = graph.apply("Mul", flow, graph.constant(np.array([1 / SEEN_FLOW_PX], np.float32)))
    return graph.apply("Concat", scaled, stretch, axis=1)


def _taken_apart(graph: OnnxGraph, slope: str, layer: _Layer) -> tuple[str, str, str]:
    """The slopes by what came from below, by a finer grid and by a motion; "" where a layer reads none."""
    parts, first = [], 0
    for weight in (layer.of_x, layer.of_detail, layer.of_motion):
        count = weight.shape[1]
        parts.append(channels_of(graph, slope, first, first + count) if count else "")
        first += count
    below, detail, motion = parts
    return below, detail, motion


def _bounded(graph: OnnxGraph, raw: str, config: FlowVaeConfig) -> tuple[str, float, float]:
    """The raw map between -1 and 1, the gain it had before, and what 1 is in crop pixels."""
    gain, reach = 1.0, config.crop_size / 2
    if config.output == "displacement":
        gain, reach = DISPLACEMENT_GAIN, config.displacement_range * reach
    return graph.apply("Tanh", graph.apply("Mul", raw, graph.constant(np.array([gain], np.float32)))), gain, reach


def _displacement(graph: OnnxGraph, raw: str, config: FlowVaeConfig) -> str:
    """The decoder's raw map -> displacement in crop pixels; `FlowVae.displacement` for graphs."""
    bounded, _, reach = _bounded(graph, raw, config)
    if config.output != "displacement":
        centres = (np.arange(config.flow_size, dtype=np.float32) + 0.5) * (2 / config.flow_size) - 1
        own = np.stack(np.meshgrid(centres, centres))[None].astype(np.float32)
        bounded = graph.apply("Sub", bounded, graph.constant(own))
    return graph.apply("Mul", bounded, graph.constant(np.array([reach], np.float32)))


def _displacement_slope(graph: OnnxGraph, raw: str, config: FlowVaeConfig) -> str:
    """How `_displacement` changes with the raw map."""
    bounded, gain, reach = _bounded(graph, raw, config)
    left = graph.apply("Sub", graph.constant(np.array([1], np.float32)), graph.apply("Mul", bounded, bounded))
    return graph.apply("Mul", left, graph.constant(np.array([gain * reach], np.float32)))


def _layers(model: ModelWeights, part: Part) -> list[_Layer]:
    config = model.header.config
    name = _decoder_name(part)
    channels = config.decoder_channels if part == "flow" else config.confidence_decoder_channels
    details = (0, *_details(config, part))
    layers, inputs = [], config.latent_channels
    for level in range(len(channels) + 1):
        weight, bias = (
            block_weights(model.tensors, f"{name}.blocks.{level}")
            if level < len(channels)
            else (model.tensors[f"{name}.head.weight"], model.tensors[f"{name}.head.bias"])
        )
        finer = weight.shape[1] - (config.motions_told(level) if part == "flow" else config.flow_told(level))
        sources = finer - (details[level] if level < len(details) else 0)
        of_x, of_source, of_detail, of_motion = np.split(weight, [inputs, sources, finer], axis=1)
        layers.append(_Layer(of_x, of_source, of_detail, of_motion, bias))
        inputs = len(weight)
    return layers
