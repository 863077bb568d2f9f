"""Building blocks of the flow VAE: one encoder and one decoder, used by all of its networks.

Tensor axes are B, C, H, W.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fvae_studio.model.config import descriptor_slices, detail_slices
from fvae_studio.model.matching import Matching
from fvae_studio.model.tracking import Tracking

TRUNCATED_NORMAL_STD = 0.01
"""Standard deviation of the paper's initialisation (section 5.3), cut at two standard deviations."""


def conv_block(*, in_channels: int, out_channels: int, kernel_size: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution, batch normalisation, ReLU (section 5.3)."""
    return nn.Sequential(
        # No bias: batch normalisation subtracts it again.
        nn.Conv2d(in_channels, out_channels, kernel_size, stride=stride, padding=kernel_size // 2, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )


def plain_block(*, in_channels: int, out_channels: int) -> nn.Sequential:
    """Convolution and ReLU without normalisation: the last layer before an output (section 5.3)."""
    return nn.Sequential(nn.Conv2d(in_channels, out_channels, 3, padding=1), nn.ReLU(inplace=True))


class Refinement(nn.Module):
    """A convolution whose result is added to what it is given, not negative either (He et al. 2016).

    It begins as if it were not there: a trained network that is given one computes what it did.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        if not self.norm.weight.is_meta:
            nn.init.zeros_(self.norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, H, W) -> the same shape."""
        return F.relu(x + self.norm(self.conv(x)))


class ConvEncoder(nn.Module):
    """A 5 x 5 convolution, then 3 x 3 convolutions of stride 2 down to the latent grid.

    Args:
        channels: after the first convolution and after each halving.
        stem_stride: stride of the first convolution.
        refinements: how many levels, coarsest first, have one.
    """

    def __init__(self, *, channels: Sequence[int], stem_stride: int, refinements: int = 0) -> None:
        super().__init__()
        blocks = [conv_block(in_channels=3, out_channels=channels[0], kernel_size=5, stride=stem_stride)]
        for before, after in pairwise(channels):
            blocks.append(conv_block(in_channels=before, out_channels=after, stride=2))
        self.blocks = nn.ModuleList(blocks)
        coarsest_first = list(reversed(channels))
        self.refinements = nn.ModuleList(Refinement(count) for count in coarsest_first[:refinements])

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """(B, 3, S, S) in [-1, 1] -> the features of every level, finest first."""
        features = []
        for below, block in zip(reversed(range(len(self.blocks))), self.blocks, strict=True):
            image = block(image)
            for refinement in self.refinements[below : below + 1]:
                image = refinement(image)
            features.append(image)
        return tuple(features)


class ConvDecoder(nn.Module):
    """Latent and source features -> a dense map, doubling the size level by level.

    The source encoder's features are concatenated at every level (the blue arrows of Figure 3), and so are the latent's
    finer grids, if it has any, as differences from the photo's own: what is to change stands there, and nothing else.
    The last two layers have no batch normalisation (section 5.3).

    Args:
        latent_channels: channels of the latent's own grid.
        detail_channels: channels of its finer grids that are used, the one of twice the size first.
        source_channels: channels of the source features, finest first.
        channels: after each doubling, coarsest first.
        refinements: how many levels, coarsest first, have one.
        matching_radius: how far a finer grid is compared with the photo's own around each cell, one number for each
            grid that is; see `Matching`.
        tracking_channels: descriptors that the latent has behind its finer grids, of grids each twice the size of the
            one before. Where they are found in the photo, see `Tracking`, is told to every layer.
        tracking_cell_px: side of a cell of their first grid in crop pixels.
        motion_channels: numbers of a cell that every layer but the last is told of a motion: two of what was tracked
            (`FlowVaeConfig.motions_told`), more of a flow that is judged (`FlowVaeConfig.flow_told`), or none.
        head_motions: the same for the last layer: of each cell that it predicts, or as many as the others.
        contrast_light: see `FlowVaeConfig`.
        out_channels: of the map.
        head: see `FlowVaeConfig.head`.
        upsampling: between levels.
    """

    def __init__(
        self,
        *,
        latent_channels: int,
        detail_channels: Sequence[int] = (),
        source_channels: Sequence[int],
        channels: Sequence[int],
        refinements: int = 0,
        matching_radius: Sequence[int] = (),
        tracking_channels: Sequence[int] = (),
        tracking_cell_px: float = 1.0,
        motion_channels: int = 0,
        head_motions: int = 0,
        contrast_light: float = 0.0,
        out_channels: int,
        head: Literal["same", "pixel_shuffle"],
        upsampling: Literal["nearest", "bilinear"],
    ) -> None:
        super().__init__()
        self.upsampling = upsampling
        self.latent_channels, self.detail_channels = latent_channels, tuple(detail_channels)
        self.descriptors = descriptor_slices(latent_channels, detail_channels, tracking_channels)
        self.motion_channels, self.head_motions = motion_channels, head_motions
        skips = list(reversed(source_channels))
        blocks = []
        in_channels = latent_channels + skips[0] + motion_channels
        for level, out in enumerate(channels):
            last = level == len(channels) - 1
            blocks.append(
                plain_block(in_channels=in_channels, out_channels=out)
                if last
                else conv_block(in_channels=in_channels, out_channels=out)
            )
            in_channels = out + skips[level + 1] + motion_channels
            in_channels += detail_channels[level] if level < len(detail_channels) else 0
        self.blocks = nn.ModuleList(blocks)
        self.refinements = nn.ModuleList(Refinement(count) for count in channels[:refinements])
        self.matchings = nn.ModuleList(
            Matching(channels=count, radius=radius) for count, radius in zip(channels, matching_radius, strict=False)
        )
        if tracking_channels:
            self.tracking = Tracking(cell_px=tracking_cell_px, num_grids=len(tracking_channels), light=contrast_light)
        in_channels += head_motions - motion_channels
        cells = 4 if head == "pixel_shuffle" else 1
        self.head = nn.Conv2d(in_channels, out_channels * cells, 5, padding=2)
        self.shuffle = nn.PixelShuffle(2) if head == "pixel_shuffle" else nn.Identity()

    def forward(
        self,
        source_features: Sequence[Tensor],
        latent: Tensor,
        *,
        log_shares: list[Tensor] | None = None,
        motion: Tensor | None = None,
    ) -> Tensor:
        """Features of (B or 1, ...) and latents (B, C, h, w) -> raw map (B, out_channels, H, W).

        With finer grids, the photo's own latent (B or 1, C, h, w) stands behind its features. What is found where, as
        `Matching.log_shares`, is added to a list, if one is given. A motion (B, motion_channels, H, W) that is known
        already is not looked for.
        """
        batch = latent.shape[0]
        if motion is None and self.is_tracking:
            motion = self.track(latent, source_features[-1])[-1]
        grids: tuple[Tensor, ...] = ()
        own_grids: tuple[Tensor, ...] = ()
        if self.detail_channels:
            *source_features, own = source_features
            own_grids, grids = (split_details(one, self.latent_channels, self.detail_channels) for one in (own, latent))
        details = [grid - own_grid for grid, own_grid in zip(grids, own_grids, strict=True)]
        skips = [_for_batch(feature, batch) for feature in reversed(source_features)]
        x = torch.cat([latent[:, : self.latent_channels], skips[0], *_of_size(motion, latent.shape[-1])], dim=1)
        for level, (block, skip) in enumerate(zip(self.blocks, skips[1:], strict=True)):
            if self.upsampling == "nearest" and x.device.type == "cpu":
                x = _doubled(block, x)
            else:
                x = block(F.interpolate(x, scale_factor=2.0, mode=self.upsampling))
            for refinement in self.refinements[level : level + 1]:
                x = refinement(x)
            for matching in self.matchings[level : level + 1]:
                assert isinstance(matching, Matching)
                found = matching.log_shares(grids[level], own_grids[level])
                x = matching(x, found)
                if log_shares is not None:
                    log_shares.append(found)
            moved = _of_size(motion, x.shape[-1])
            if motion is not None and self.head_motions > self.motion_channels and level == len(self.blocks) - 1:
                moved = [F.pixel_unshuffle(motion, 2)]
            x = torch.cat([x, skip, *details[level : level + 1], *moved], dim=1)
        out: Tensor = self.shuffle(self.head(x))
        return out

    @property
    def is_tracking(self) -> bool:
        """Whether latents have descriptors."""
        return bool(self.descriptors)

    def track(self, latent: Tensor, own: Tensor) -> tuple[Tensor, ...]:
        """From where in the photo comes what a latent (B, C, h, w) shows; see `Tracking`.

        Args:
            latent: of a target.
            own: (B or 1, C, h, w), the photo's own.
        """
        target, photo = (
            [
                F.pixel_shuffle(one[:, part], 2**level).float()
                for level, part in enumerate(self.descriptors, len(self.detail_channels))
            ]
            for one in (latent, own)
        )
        found: tuple[Tensor, ...] = self.tracking(target, photo)
        return found


class DetailHead(nn.Module):
    """A finer grid of the latent, read from an encoder's features of that size and of the next coarser one.

    Args:
        fine_channels: of the features of that size.
        coarse_channels: of those of half the size: they have seen more of the face.
        detail_channels: of the grid.
    """

    def __init__(self, *, fine_channels: int, coarse_channels: int, detail_channels: int) -> None:
        super().__init__()
        self.to_mean = nn.Conv2d(fine_channels + coarse_channels, detail_channels, 3, padding=1)
        self.to_log_var = nn.Conv2d(fine_channels + coarse_channels, detail_channels, 3, padding=1)

    def forward(self, fine: Tensor, coarse: Tensor, num_variances: int | None = None) -> tuple[Tensor, Tensor]:
        """Mean and log variance, each (B, detail_channels, H, W) of `fine`'s size; see `FlowVae.encode`."""
        features = torch.cat([fine, F.interpolate(coarse, scale_factor=2.0, mode="nearest")], dim=1)
        return self.to_mean(features), self.to_log_var(features[:num_variances])


class DescriptorHead(nn.Module):
    """What a photo shows in each cell, to be found in another photo; read from features of two sizes.

    Where something lies within a cell decides how far it has moved, and features of the cell's own size have hardly
    kept it.

    Args:
        fine_channels: of the features of the finer size.
        coarse_channels: of those of half of it.
        out_channels: of the descriptors.
        stride: 2: cells are as large as those of the coarser features; 1: as those of the finer.
    """

    def __init__(self, *, fine_channels: int, coarse_channels: int, out_channels: int, stride: Literal[1, 2]) -> None:
        super().__init__()
        self.coarse = conv_block(in_channels=coarse_channels, out_channels=fine_channels)
        # What a cell's four quarters need, and what neighbours of a single cell do.
        between = out_channels * 2 // stride
        self.both = conv_block(in_channels=2 * fine_channels, out_channels=between)
        self.to_mean = nn.Conv2d(between, out_channels, 2 + stride, stride=stride, padding=1)
        self.to_log_var = nn.Conv2d(between, out_channels, 2 + stride, stride=stride, padding=1)

    def forward(self, fine: Tensor, coarse: Tensor, num_variances: int | None = None) -> tuple[Tensor, Tensor]:
        """Mean and log variance, each (B, out_channels, H, W); see `FlowVae.encode`."""
        doubled = F.interpolate(self.coarse(coarse), scale_factor=2.0, mode="nearest")
        features = self.both(torch.cat([fine, doubled], dim=1))
        return self.to_mean(features), self.to_log_var(features[:num_variances])


def join_details(coarse: Tensor, details: Sequence[Tensor]) -> Tensor:
    """One latent (B, C, h, w) of its own grid (B, c, h, w) and finer ones, of 2h, 4h, ... cells to a side."""
    packed = [F.pixel_unshuffle(detail, 2**level) for level, detail in enumerate(details, 1)]
    return torch.cat([coarse, *packed], dim=1)


def split_details(latent: Tensor, latent_channels: int, detail_channels: Sequence[int]) -> tuple[Tensor, ...]:
    """The finer grids of a latent (B, C, h, w), the one of twice the size first: `join_details`, undone."""
    grids = detail_slices(latent_channels, detail_channels)
    return tuple(F.pixel_shuffle(latent[:, grid], 2**level) for level, grid in enumerate(grids, 1))


def _of_size(motion: Tensor | None, size: int) -> list[Tensor]:
    """A motion (B, C, H, H), averaged or repeated to (B, C, size, size); nothing of none."""
    if motion is None:
        return []
    if size < motion.shape[-1]:
        return [F.avg_pool2d(motion, motion.shape[-1] // size)]
    return [motion if size == motion.shape[-1] else F.interpolate(motion, size=(size, size), mode="nearest")]


def _doubled(block: nn.Module, x: Tensor) -> Tensor:
    """A block of what it is given, doubled by nearest neighbours: the same numbers with four multiplications for nine.

    A 3 x 3 convolution after such doubling is a transposed 4 x 4 one of stride 2. On a processor that takes half of
    the time, forwards and backwards; on graphics processors it was not measured.
    """
    assert isinstance(block, nn.Sequential)
    convolution = block[0]
    assert isinstance(convolution, nn.Conv2d)
    flipped = convolution.weight.flip(2, 3).transpose(0, 1)
    kernel = torch.stack([F.pad(flipped, (left, 1 - left, top, 1 - top)) for top in (0, 1) for left in (0, 1)]).sum(0)
    doubled: Tensor = block[1:](F.conv_transpose2d(x, kernel, convolution.bias, stride=2, padding=1))
    return doubled


def _for_batch(feature: Tensor, batch: int) -> Tensor:
    if feature.shape[0] == batch:
        return feature
    # A real copy in the feature's own memory layout: concatenating an expanded view would lose the layout, and each
    # convolution would reorder its input (measured: twice the time for two latents of one photo).
    channels_last = feature.is_contiguous(memory_format=torch.channels_last)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    return feature.expand(batch, -1, -1, -1).contiguous(memory_format=layout)


def initialise(module: nn.Module, method: Literal["truncated_normal", "kaiming"]) -> None:
    """Set all convolution weights; biases to 0.

    "truncated_normal" is the paper's N(0, 0.01), "kaiming" He et al. 2015 (fan in, ReLU).
    """
    if any(parameter.is_meta for parameter in module.parameters()):
        # Nothing is there to be set, and drawing normal numbers for it imports torch's compiler, which takes a second.
        return
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            if method == "truncated_normal":
                bound = 2 * TRUNCATED_NORMAL_STD
                nn.init.trunc_normal_(layer.weight, std=TRUNCATED_NORMAL_STD, a=-bound, b=bound)
            else:
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    for layer in module.modules():
        if isinstance(layer, Matching):
            layer.start()
