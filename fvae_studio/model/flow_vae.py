"""The flow variational autoencoder f, g and the confidence network M (Yeh et al. 2016, section 3)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar, Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fvae_studio.errors import ConfigError
from fvae_studio.model.config import DISPLACEMENT_GAIN, FlowVaeConfig
from fvae_studio.model.contrast import LOG_VAR, local_contrast
from fvae_studio.model.layers import (
    ConvDecoder,
    ConvEncoder,
    DescriptorHead,
    DetailHead,
    initialise,
    join_details,
)
from fvae_studio.model.seen_flow import seen_flow
from fvae_studio.model.warp import identity_grid, warp

LOG_VAR_RANGE = (-14.0, 6.0)
"""Clamp of the posterior's log variance: keeps exp() finite in half precision."""


class FlowVaeOutput(NamedTuple):
    """What one training step needs."""

    flow: Tensor
    """(B, 2, h, w) displacement in crop pixels."""
    warped: Tensor
    """(B, 3, S, S): g(S, Z(T))."""
    mean: Tensor
    log_var: Tensor


class FlowVae(nn.Module):
    """Encoder f(T) = (mean, log variance), decoder g(S, Z) as a flow.

    The flow is returned as a displacement in crop pixels whatever the parametrisation of the network is, so nothing
    outside this class depends on it.

    Raises:
        ConfigError: a configuration whose output is no flow.
    """

    outputs: ClassVar[tuple[str, ...]] = ("absolute", "displacement")
    out_channels: ClassVar[int] = 2

    def __init__(self, config: FlowVaeConfig) -> None:
        super().__init__()
        if config.output not in self.outputs:
            raise ConfigError(
                f"a network with output {config.output!r} was given where one with {' or '.join(self.outputs)} is "
                "wanted; the Studio moves pixels and cannot use networks that paint them"
            )
        self.config = config
        self.target_encoder = ConvEncoder(
            channels=config.encoder_channels,
            stem_stride=config.stem_stride,
            refinements=config.encoder_refinements,
        )
        self.to_mean = nn.Conv2d(config.encoder_channels[-1], config.latent_channels, 3, padding=1)
        self.to_log_var = nn.Conv2d(config.encoder_channels[-1], config.latent_channels, 3, padding=1)
        self.details = nn.ModuleList(
            DetailHead(fine_channels=fine, coarse_channels=coarse, detail_channels=channels)
            for (coarse, fine), channels in zip(
                pairwise(reversed(config.encoder_channels)), config.detail_channels, strict=False
            )
        )
        self.descriptors = _descriptor_head(config, config.tracking_channels, stride=2)
        self.fine_descriptors = _descriptor_head(config, config.fine_tracking_channels, stride=1)
        self.source_encoder = ConvEncoder(
            channels=config.encoder_channels,
            stem_stride=config.stem_stride,
            refinements=config.encoder_refinements,
        )
        self.decoder = ConvDecoder(
            latent_channels=config.latent_channels,
            detail_channels=config.detail_channels,
            source_channels=config.encoder_channels,
            channels=config.decoder_channels,
            refinements=config.refinements,
            matching_radius=config.matching_radius,
            tracking_channels=config.all_tracking_channels,
            tracking_cell_px=config.crop_size / config.tracking_size,
            motion_channels=config.motions_told(0),
            head_motions=config.motions_told(len(config.decoder_channels)),
            contrast_light=config.contrast_light,
            out_channels=self.out_channels,
            head=config.head,
            upsampling=config.upsampling,
        )
        initialise(self, config.init)
        if self.to_mean.weight.is_meta:
            # Weights from a file will come; see `initialise`.
            return
        if config.output == "displacement":
            # Start from the flow that moves nothing.
            nn.init.normal_(self.decoder.head.weight, std=3e-3)
        if config.init == "kaiming":
            # A narrow posterior to begin with: under unit noise the decoder learns to ignore the latent first, the
            # encoder then has nothing to gain, and the posterior collapses onto the prior within 200 steps.
            # Small means likewise: as random numbers they only drown what the decoder could learn from.
            nn.init.normal_(self.to_mean.weight, std=3e-3)
            for head in self.detail_heads:
                nn.init.normal_(head.to_mean.weight, std=6e-3)
            for layer in (self.to_log_var, *(head.to_log_var for head in self.detail_heads)):
                nn.init.normal_(layer.weight, std=1e-3)
                assert layer.bias is not None
                nn.init.constant_(layer.bias, -4.0)
            for describe in self.descriptor_heads:
                # Their means are as large as they come: what is found is to be found from the first step on.
                nn.init.normal_(describe.to_log_var.weight, std=1e-3)
                assert describe.to_log_var.bias is not None
                nn.init.constant_(describe.to_log_var.bias, -6.0)

    @property
    def detail_heads(self) -> list[DetailHead]:
        """Of the latent's finer grids, 8 x 8 first."""
        return [head for head in self.details if isinstance(head, DetailHead)]

    @property
    def descriptor_heads(self) -> list[DescriptorHead]:
        """Of the descriptors' grids that are learnt, the coarser one first."""
        return [head for head in (self.descriptors, self.fine_descriptors) if head is not None]

    def encode(self, target: Tensor, *, num_variances: int | None = None) -> tuple[Tensor, Tensor]:
        """f(T): (B, 3, S, S) in [-1, 1] -> mean and log variance, each (B, C, h, w).

        Args:
            target: photos.
            num_variances: of the first so many alone; None: of all.
        """
        features = list(reversed(self.target_encoder(target)))
        finer = [
            head(fine, coarse, num_variances)
            for head, (coarse, fine) in zip(self.detail_heads, pairwise(features), strict=False)
        ]
        mean = join_details(self.to_mean(features[0]), [mean for mean, _ in finer])
        log_var = join_details(self.to_log_var(features[0][:num_variances]), [log_var for _, log_var in finer])
        level = len(self.config.detail_channels)
        described = [head(features[level + 1], features[level], num_variances) for head in self.descriptor_heads]
        if self.config.tracks_contrast:
            contrast = local_contrast(target, side=4 * self.config.tracking_size)
            described.append((contrast, torch.full_like(contrast[:num_variances], LOG_VAR)))
        for finer_by, means_and_variances in enumerate(described):
            mean, log_var = (
                torch.cat([values, F.pixel_unshuffle(descriptors, 2 ** (level + finer_by))], dim=1)
                for values, descriptors in zip((mean, log_var), means_and_variances, strict=True)
            )
        return mean, log_var.clamp(*LOG_VAR_RANGE)

    def source_features(self, source: Tensor, mean: Tensor | None = None) -> tuple[Tensor, ...]:
        """Features of the photo that is to be warped; they depend on no latent, so they are computed once.

        Args:
            source: (B, 3, S, S).
            mean: (B, C, h, w), its own latent, where that is known already; only finer grids need it.
        """
        features: tuple[Tensor, ...] = self.source_encoder(source)
        if self.config.detail_channels:
            features = (*features, self.encode(source)[0] if mean is None else mean)
        return features

    def decode(
        self,
        source_features: Sequence[Tensor],
        latent: Tensor,
        *,
        log_shares: list[Tensor] | None = None,
        motion: Tensor | None = None,
    ) -> Tensor:
        """F(S, Z) -> displacement (B, 2, h, w) in crop pixels.

        Args:
            source_features: of B photos, or of one photo for B latents.
            latent: (B, C, h, w).
            log_shares: a list to which what was found where is added; see `layers.ConvDecoder`.
            motion: (B, 2, H, W) that was tracked already.
        """
        return self.displacement(self.decoder(source_features, latent, log_shares=log_shares, motion=motion))

    def displacement(self, raw: Tensor) -> Tensor:
        """The decoder's raw map (B, 2, h, w) -> displacement in crop pixels."""
        config = self.config
        gain = DISPLACEMENT_GAIN if config.output == "displacement" else 1.0
        bounded = torch.tanh(raw.float() * gain)
        half = config.crop_size / 2
        if config.output == "displacement":
            return bounded * (config.displacement_range * half)
        size = config.flow_size
        return (bounded - identity_grid(size, size, device=raw.device).permute(0, 3, 1, 2)) * half

    @staticmethod
    def sample(mean: Tensor, log_var: Tensor, noise: Tensor) -> Tensor:
        """Z = mean + sigma * eps (Eq. 2); `noise` is eps, drawn from N(0, 1)."""
        return mean + torch.exp(0.5 * log_var.float()) * noise

    def forward(self, source: Tensor, target: Tensor, generator: torch.Generator | None = None) -> FlowVaeOutput:
        """Encode the target, flow the source: the path of Eq. 4."""
        mean, log_var = self.encode(target)
        noise = torch.randn(mean.shape, generator=generator, device=mean.device, dtype=torch.float32)
        flow = self.decode(self.source_features(source), self.sample(mean, log_var, noise))
        return FlowVaeOutput(flow, warp(source, flow), mean, log_var)


def _descriptor_head(config: FlowVaeConfig, out_channels: int, *, stride: Literal[1, 2]) -> DescriptorHead | None:
    if not out_channels:
        return None
    level = len(config.detail_channels)
    fine, coarse = config.encoder_channels[-2 - level], config.encoder_channels[-1 - level]
    return DescriptorHead(fine_channels=fine, coarse_channels=coarse, out_channels=out_channels, stride=stride)


class ConfidenceNet(nn.Module):
    """M(S, Z): how far each output pixel can be trusted (section 3.2). A network of its own, as in the paper.

    It looks at the latent's own grid only: what becomes visible is a matter of the expression. Where
    `FlowVaeConfig.confidence_sees_flow`, it is also told F(S, Z), the flow that it judges (`seen_flow`).
    """

    def __init__(self, config: FlowVaeConfig) -> None:
        super().__init__()
        self.config = config
        self.source_encoder = ConvEncoder(channels=config.confidence_encoder_channels, stem_stride=config.stem_stride)
        self.decoder = ConvDecoder(
            latent_channels=config.latent_channels,
            source_channels=config.confidence_encoder_channels,
            channels=config.confidence_decoder_channels,
            motion_channels=config.flow_told(0),
            head_motions=config.flow_told(len(config.confidence_decoder_channels)),
            out_channels=1,
            head=config.head,
            upsampling=config.upsampling,
        )
        initialise(self, config.init)

    def source_features(self, source: Tensor) -> tuple[Tensor, ...]:
        """Features of the photo; computed once per photo."""
        features: tuple[Tensor, ...] = self.source_encoder(source)
        return features

    def decode(self, source_features: Sequence[Tensor], latent: Tensor, flow: Tensor) -> Tensor:
        """Logits (B, 1, h, w) of the confidence in F(S, Z), the flow (B, 2, h, w) in crop pixels."""
        motion = seen_flow(flow, self.config) if self.config.confidence_sees_flow else None
        logits: Tensor = self.decoder(source_features, latent, motion=motion)
        return logits.float()

    def forward(self, source: Tensor, latent: Tensor, flow: Tensor) -> Tensor:
        """Logits (B, 1, h, w); the confidence is their sigmoid. See `decode`."""
        return self.decode(self.source_features(source), latent, flow)
