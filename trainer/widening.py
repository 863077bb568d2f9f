"""Wider networks that begin as a trained one: they compute the same, and have room to learn more.

The idea is Net2Net's (Chen, Goodfellow and Shlens 2016): a new channel copies an old one, and what reads both divides
its weight between them. The shares are drawn at random for every reader, so that the copies get different gradients
from the first step on and no noise has to be added.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

import torch
from torch import Tensor, nn

from fvae_studio.model.config import FlowVaeConfig
from fvae_studio.model.flow_vae import ConfidenceNet, FlowVae
from fvae_studio.model.layers import ConvDecoder, ConvEncoder, DescriptorHead
from fvae_studio.model.matching import Matching

NEW: Final = -1
"""Instead of the number of the old channel that a new one copies: it copies none."""

LEAST_SHARE: Final = 0.5
"""Before they are divided by their sum, shares are drawn from here to 1.5: no copy is left without a voice."""

NEW_DESCRIPTORS: Final = 0.03
"""By which the first weights of finer descriptors are multiplied, where coarser ones are tracked already."""


def is_wider(config: FlowVaeConfig, than: FlowVaeConfig) -> bool:
    """Whether `config` is the same architecture with at least as many channels everywhere.

    There may be more refinements, and finer grids of the latent may be new, or newly compared, and descriptors new, all
    of them or the finer ones, and the confidence may begin to see the flow.
    """
    same = replace(
        config,
        encoder_channels=than.encoder_channels,
        decoder_channels=than.decoder_channels,
        confidence_encoder_channels=than.confidence_encoder_channels,
        confidence_decoder_channels=than.confidence_decoder_channels,
        confidence_sees_flow=than.confidence_sees_flow,
        refinements=than.refinements,
        encoder_refinements=than.encoder_refinements,
        detail_channels=than.detail_channels,
        matching_radius=than.matching_radius,
        tracking_channels=than.tracking_channels,
        fine_tracking_channels=than.fine_tracking_channels,
        tracks_contrast=than.tracks_contrast,
        contrast_light=than.contrast_light,
    )
    details = than.detail_channels + (0,) * (len(config.detail_channels) - len(than.detail_channels))
    counts = (
        (config.detail_channels, details),
        ((config.refinements, config.encoder_refinements), (than.refinements, than.encoder_refinements)),
        ((config.confidence_sees_flow,), (than.confidence_sees_flow,)),
        (config.encoder_channels, than.encoder_channels),
        (config.decoder_channels, than.decoder_channels),
        (config.confidence_encoder_channels, than.confidence_encoder_channels),
        (config.confidence_decoder_channels, than.confidence_decoder_channels),
    )
    # Differences are means over channels: a grid that is compared would be judged by numbers that mean nothing yet.
    compared = len(than.matching_radius)
    matching = (
        config.matching_radius[:compared] == than.matching_radius
        and config.detail_channels[:compared] == than.detail_channels[:compared]
    )
    has_tracking = than.all_tracking_channels
    tracking = config.all_tracking_channels[: len(has_tracking)] == has_tracking
    if than.tracking_channels:
        # Descriptors lie on a grid like the finest of the others.
        tracking = tracking and len(config.detail_channels) == len(than.detail_channels)
    return (
        same == than
        and matching
        and tracking
        and all(
            len(wide) == len(narrow) and all(a >= b for a, b in zip(wide, narrow, strict=True))
            for wide, narrow in counts
        )
    )


@torch.no_grad()
def widen_flow(narrow: FlowVae, wide: FlowVae, *, seed: int = 0) -> None:
    """Let `wide` compute what `narrow` does; with as many channels it gets the very weights. See `is_wider`.

    With finer descriptors beside those that there are, it does so but for what is interpolated between their cells.

    Args:
        narrow: trained; not changed.
        wide: changed in place.
        seed: of which channels are copied, and of the shares.
    """
    random = torch.Generator().manual_seed(seed)
    levels = list(reversed(_widen_encoder(narrow.target_encoder, wide.target_encoder, random)))
    outputs = torch.arange(narrow.to_mean.out_channels)
    for before, after in ((narrow.to_mean, wide.to_mean), (narrow.to_log_var, wide.to_log_var)):
        _widen_convolution(before, after, levels[0], outputs, random)
    skips = _widen_encoder(narrow.source_encoder, wide.source_encoder, random)
    _widen_decoder(narrow.decoder, wide.decoder, skips, random)
    # A network that has none leaves the new ones as they are: nothing reads them yet.
    for old, new, (coarse, fine) in zip(narrow.detail_heads, wide.detail_heads, pairwise(levels), strict=False):
        inputs = torch.cat([fine, int(fine.max()) + 1 + coarse])
        outputs = torch.arange(old.to_mean.out_channels)
        for before, after in ((old.to_mean, new.to_mean), (old.to_log_var, new.to_log_var)):
            _widen_convolution(before, after, inputs, outputs, random)
    level = len(narrow.config.detail_channels)
    for descriptors, wider in zip(narrow.descriptor_heads, wide.descriptor_heads, strict=False):
        _widen_descriptors(descriptors, wider, levels[level + 1], levels[level], random)
    if narrow.descriptor_heads:
        # What finer ones find is looked at where that of the others was. Doubt outweighs them while they are small.
        for head in wide.descriptor_heads[len(narrow.descriptor_heads) :]:
            head.to_mean.weight.mul_(NEW_DESCRIPTORS)
            assert head.to_mean.bias is not None
            head.to_mean.bias.zero_()


@torch.no_grad()
def widen_confidence(narrow: ConfidenceNet, wide: ConfidenceNet, *, seed: int = 0) -> None:
    """`widen_flow` for the confidence network."""
    random = torch.Generator().manual_seed(seed)
    skips = _widen_encoder(narrow.source_encoder, wide.source_encoder, random)
    _widen_decoder(narrow.decoder, wide.decoder, skips, random)


def _widen_encoder(narrow: ConvEncoder, wide: ConvEncoder, random: torch.Generator) -> list[Tensor]:
    """For every level, which old channel each new one copies; finest first."""
    origin, origins = torch.arange(3), []
    for before, after in zip(narrow.blocks, wide.blocks, strict=True):
        origin = _widen_block(before, after, origin, random)
        origins.append(origin)
    _widen_refinements(narrow.refinements, wide.refinements, reversed(origins), random)
    return origins


def _widen_decoder(narrow: ConvDecoder, wide: ConvDecoder, skips: Sequence[Tensor], random: torch.Generator) -> None:
    coarsest_first = list(reversed(skips))
    # What a layer reads stands behind each other: what came from below, the source's features, a finer grid of the
    # latent and the motion, where they are. Only the second are new in the first level: the latent keeps its size.
    motions = [network.motion_channels for network in (narrow, wide)]
    from_below, copies = torch.arange(narrow.latent_channels), []
    for level, (before, after) in enumerate(zip(narrow.blocks, wide.blocks, strict=True)):
        origin = torch.cat([from_below, int(from_below.max()) + 1 + coarsest_first[level]])
        for counts in ([_details_of(network, level) for network in (narrow, wide)], motions):
            origin = _with_columns(origin, *counts)
        from_below = _widen_block(before, after, origin, random)
        copies.append(from_below)
    _widen_refinements(narrow.refinements, wide.refinements, copies, random)
    for old, new, channels in zip(narrow.matchings, wide.matchings, copies, strict=False):
        _widen_matching(old, new, channels, random)
    if narrow.is_tracking:
        wide.tracking.load_state_dict(narrow.tracking.state_dict(), strict=False)
    origin = torch.cat([from_below, int(from_below.max()) + 1 + coarsest_first[len(narrow.blocks)]])
    if wide.head_motions > narrow.head_motions > 0:
        # What moved in four cells is said of each of them.
        origin = torch.cat([origin, int(origin.max()) + 1 + torch.arange(2).repeat_interleave(4)])
    else:
        origin = _with_columns(origin, narrow.head_motions, wide.head_motions)
    _widen_convolution(narrow.head, wide.head, origin, torch.arange(narrow.head.out_channels), random)


def _details_of(decoder: ConvDecoder, level: int) -> int:
    """Channels of the finer grid that a level reads."""
    return dict(enumerate(decoder.detail_channels, 1)).get(level, 0)


def _with_columns(origin: Tensor, before: int, after: int) -> Tensor:
    """`origin`, and behind it the next `before` columns of the old convolution, and as many new ones as are missing."""
    first = int(origin.max()) + 1
    return torch.cat([origin, torch.arange(first, first + before), torch.full((after - before,), NEW)])


def _widen_descriptors(
    before: DescriptorHead, after: DescriptorHead, fine: Tensor, coarse: Tensor, random: torch.Generator
) -> None:
    doubled = _widen_block(before.coarse, after.coarse, coarse, random)
    read = _widen_block(before.both, after.both, torch.cat([fine, int(fine.max()) + 1 + doubled]), random)
    outputs = torch.arange(before.to_mean.out_channels)
    for old, new in ((before.to_mean, after.to_mean), (before.to_log_var, after.to_log_var)):
        _widen_convolution(old, new, read, outputs, random)


def _widen_refinements(
    narrow: nn.ModuleList, wide: nn.ModuleList, copies: Iterable[Tensor], random: torch.Generator
) -> None:
    """`copies`: for every level, coarsest first, which old channel each new one copies."""
    # One that is new does nothing yet.
    for old, new, channels in zip(narrow, wide, copies, strict=False):
        _widen_convolution(_convolution(old), _convolution(new), channels, channels, random)
        _copy_normalisation(old, new, channels)


def _widen_matching(before: nn.Module, after: nn.Module, channels: Tensor, random: torch.Generator) -> None:
    assert isinstance(before, Matching)
    assert isinstance(after, Matching)
    matches = int(channels.max()) + 1 + torch.arange(before.reading.in_channels - int(channels.max()) - 1)
    _widen_convolution(before.reading, after.reading, torch.cat([channels, matches]), channels, random)
    _widen_convolution(before.adding, after.adding, channels, channels, random)
    _copy_statistics(before.reading_norm, after.reading_norm, channels)
    after.log_sharpness.copy_(before.log_sharpness)
    after.doubt.copy_(before.doubt)


def _widen_block(before: nn.Module, after: nn.Module, inputs: Tensor, random: torch.Generator) -> Tensor:
    """Of a convolution, perhaps a batch normalisation, and what has no weights."""
    old, new = _convolution(before), _convolution(after)
    added = torch.randint(old.out_channels, (new.out_channels - old.out_channels,), generator=random)
    outputs = torch.cat([torch.arange(old.out_channels), added])
    _widen_convolution(old, new, inputs, outputs, random)
    _copy_normalisation(before, after, outputs)
    return outputs


def _copy_normalisation(before: nn.Module, after: nn.Module, outputs: Tensor) -> None:
    normalisations = ([one for one in block.children() if isinstance(one, nn.BatchNorm2d)] for block in (before, after))
    for one, other in zip(*normalisations, strict=True):
        _copy_statistics(one, other, outputs)


def _copy_statistics(before: nn.BatchNorm2d, after: nn.BatchNorm2d, outputs: Tensor) -> None:
    after.load_state_dict({key: value[outputs] if value.ndim else value for key, value in before.state_dict().items()})


def _convolution(block: nn.Module) -> nn.Conv2d:
    return next(one for one in block.children() if isinstance(one, nn.Conv2d))


def _widen_convolution(
    before: nn.Conv2d, after: nn.Conv2d, inputs: Tensor, outputs: Tensor, random: torch.Generator
) -> None:
    """Rows are copied as `outputs` says, columns divided among the copies that `inputs` names.

    Columns that are `NEW` and further ones are 0, further rows stay as they are: nothing reads them yet.
    """
    places = torch.nonzero(inputs != NEW)[:, 0]
    inputs = inputs[places]
    share = torch.rand(len(outputs), len(inputs), generator=random) + LEAST_SHARE
    sums = torch.zeros(len(outputs), before.in_channels).index_add_(1, inputs, share)
    share = share / sums[:, inputs]
    rows = after.weight[: len(outputs)]
    rows.zero_()
    rows[:, places] = before.weight[outputs][:, inputs] * share[:, :, None, None]
    if before.bias is not None and after.bias is not None:
        after.bias[: len(outputs)] = before.bias[outputs]
