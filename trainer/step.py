"""What one optimiser step computes: the losses of both paths, in one module so that any engine can wrap it."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fvae_studio.core.alignment import CROP_SIZE, EYE_CENTER, EYE_DISTANCE
from fvae_studio.model.config import FlowVaeConfig
from fvae_studio.model.flow_vae import ConfidenceNet
from fvae_studio.model.warp import resize_flow, warp
from trainer.baselines.rgb_vae import make_vae
from trainer.config import LossConfig
from trainer.dataset import PairBatch
from trainer.losses import (
    confidence_labels,
    confidence_loss,
    end_point_loss,
    flow_coherence_loss,
    flow_gradient_loss,
    kl_loss,
    matching_loss,
    tracking_loss,
)

AXES_SCALE = 5.0
"""Latents are of the order of 1, Adam's steps of the order of the learning rate: without it W would lag behind."""


class EditableFlowVae(nn.Module):
    """The flow VAE with W: one latent direction for each entry of an expression code.

    Algorithm 1 only hopes that a vector added to Z(S) gives the right flow. Here the edit path g(S, mean(S) + W e) is
    trained as it is used, on changes e whose exact flow is known: every slider is a linear direction by construction.
    """

    def __init__(self, config: FlowVaeConfig, *, code_size: int) -> None:
        super().__init__()
        self.vae = make_vae(config)
        _, height, width = config.latent_shape
        self.raw_axes = nn.Parameter(torch.randn(code_size, config.tracked.start, height, width) * 0.2)

    @property
    def axes(self) -> Tensor:
        """W: (K, C, h, w); 0 where the latent describes a photo (`FlowVaeConfig.tracked`)."""
        tracked = self.vae.config.tracked
        return F.pad(self.raw_axes * AXES_SCALE, (0, 0, 0, 0, 0, tracked.stop - tracked.start))

    def set_axes(self, axes: Tensor) -> None:
        """Begin with W (K, C', h, w), C' without descriptors."""
        with torch.no_grad():
            self.raw_axes.copy_(axes.float() / AXES_SCALE)

    def offset(self, code: Tensor) -> Tensor:
        """W e: (B, K) -> (B, C, h, w)."""
        return torch.einsum("bk,kchw->bchw", code.float(), self.axes)


class StepLosses(NamedTuple):
    """Terms of one step, each a scalar; `total` is what is minimised."""

    total: Tensor
    reconstruction: Tensor
    prior: Tensor
    coherence: Tensor
    end_point: Tensor
    gradient: Tensor
    latent: Tensor
    fold: Tensor
    matching: Tensor
    tracking: Tensor


class Encoded(NamedTuple):
    """What a step reads from the photos of B pairs.

    Attributes:
        own: (B, C, h, w) mean(S).
        latent: (B, C, h, w), decoded: a sample of Z(T), or mean(S) + W e.
        motion: (B, 2, H, W) that was tracked of it, or None, as `FlowVae.decode` takes it.
        target: mean and log variance of Z(T), both (B, C, h, w); None where the encoder does not learn.
        tracked: (B, 2, h, w) of every grid between Z(T) and mean(S); none where nothing is learnt of it.
    """

    own: Tensor
    latent: Tensor
    motion: Tensor | None
    target: tuple[Tensor, Tensor] | None
    tracked: tuple[Tensor, ...]


class FlowVaeStep(nn.Module):
    """The training loss of the flow VAE (Eq. 1, and the terms of docs/method.md that the paper could not have).

    Args:
        network: what is trained.
        loss: weights of the terms.
        drifts: pairs on the encoder's path also move in ways that their codes do not tell (`augment.drift`).
    """

    def __init__(self, network: EditableFlowVae, loss: LossConfig, *, drifts: bool = False) -> None:
        super().__init__()
        self.network = network
        self.loss = loss
        self.drifts = drifts

    def forward(
        self, seen: PairBatch, clean: PairBatch, use_edit: Tensor, noise: Tensor, prior_share: float | Tensor
    ) -> StepLosses:
        """Losses of one batch.

        Args:
            seen: what the networks see (relit).
            clean: what the losses compare.
            use_edit: (B,) bool: the latent is mean(S) + W e instead of a sample of Z(T).
            noise: (B, C, h, w) eps of Eq. 2.
            prior_share: of the prior's weight at this step.
        """
        options, vae = self.loss, self.network.vae
        encoded = self._encoded(seen, use_edit, noise)
        log_shares: list[Tensor] = []
        features = vae.source_features(seen.source, encoded.own)
        flow = vae.decode(features, encoded.latent, log_shares=log_shares, motion=encoded.motion)
        full = resize_flow(flow, clean.source.shape[-1])

        pixels = clean.source.shape[-1] ** 2 if options.reduction == "mean" else 1
        # On a processor, the gradient of sampling at a place that is no number reads outside the picture and crashes
        # (torch 2.13). The total below stays no number, and the loop sees it.
        reconstruction = self._reconstruction(warp(clean.source, torch.nan_to_num(full)), clean)
        zero = flow.new_zeros(())
        prior = self._prior(encoded)
        coherence = zero
        if options.coherence_weight:
            stride = options.coherence_stride
            coarse, guide = (F.avg_pool2d(value, stride) for value in (full, clean.target))
            coherence = flow_coherence_loss(coarse, guide, options.coherence_alpha, options.coherence_radius)
            coherence = coherence * (stride**2 / pixels)
        weight = self._motion_weight(clean)
        end_point = end_point_loss(full, clean.flow, weight) if options.end_point_weight else zero
        gradient = (
            flow_gradient_loss(full, clean.flow, weight * known_share(clean)) if options.gradient_weight else zero
        )
        latent_distance = self._latent_distance(encoded, clean, use_edit) if options.latent_weight else zero
        matching = zero
        if options.matching_weight:
            # Where the edit path is taken, the latent is no photo's, and nothing has to match.
            matching = matching_loss(log_shares, clean.flow, clean.visible, ~clean.is_real & ~use_edit)
        fold = fold_loss(flow, options.fold_margin, vae.config.crop_size) if options.fold_weight else zero
        tracking = zero
        if options.tracking_weight and encoded.tracked:
            # Also where the decoder takes the edit path: Z(T) is there all the same.
            tracking = tracking_loss(encoded.tracked, clean.flow, clean.visible)
        total = (
            options.reconstruction_weight * reconstruction
            + options.prior_weight * prior_share * prior
            + options.coherence_weight * coherence
            + options.end_point_weight * end_point
            + options.gradient_weight * gradient
            + options.latent_weight * latent_distance
            + options.fold_weight * fold
            + options.matching_weight * matching
            + options.tracking_weight * tracking
            + 0.0 * full.sum()
        )
        return StepLosses(
            total, reconstruction, prior, coherence, end_point, gradient, latent_distance, fold, matching, tracking
        )

    def _encoded(self, seen: PairBatch, use_edit: Tensor, noise: Tensor) -> Encoded:
        """Both photos' latents, and what is decoded; arguments as of `forward`."""
        vae, count = self.network.vae, len(seen.source)
        mean, log_var = vae.encode(torch.cat([seen.target, seen.source]), num_variances=count)
        target, log_var, own = mean[:count].float(), log_var.float(), mean[count:].float()
        sampled = vae.sample(target, log_var, noise)
        edited = own + self.network.offset(seen.code)
        latent = torch.where(use_edit[:, None, None, None], edited, sampled)
        if not vae.config.tracking_channels:
            return Encoded(own, latent, None, (target, log_var), ())
        tracked = vae.decoder.track(sampled, own)
        # An edited latent is found in its photo where it is: what was tracked for the loss is enough.
        motion = torch.where(use_edit[:, None, None, None], 0.0, tracked[-1])
        return Encoded(own, latent, motion, (target, log_var), tracked)

    def _prior(self, encoded: Encoded) -> Tensor:
        if encoded.target is None:
            return encoded.latent.new_zeros(())
        (mean, log_var), own = encoded.target, self.network.vae.config.latent_channels
        prior = kl_loss(mean[:, :own], log_var[:, :own], half=self.loss.kl_half)
        if self.network.vae.config.detail_channels:
            finer = kl_loss(mean[:, own:], log_var[:, own:], half=self.loss.kl_half)
            prior = prior + self.loss.detail_prior * finer
        return prior

    def _latent_distance(self, encoded: Encoded, clean: PairBatch, use_edit: Tensor) -> Tensor:
        if encoded.target is None:
            return encoded.latent.new_zeros(())
        known = ~clean.is_real & use_edit if self.drifts else ~clean.is_real
        # The encoder follows W, not W the encoder: the edit path learns in the first hundred steps what a code
        # does, and tells the encoder what to look for. Pulling both ways would be one more way to collapse.
        # Not on the finer grids: what a code adds there is the same for every face, what a photo shows is not.
        step = encoded.target[0] - encoded.own - self.network.offset(clean.code).detach()
        step = step[:, : self.network.vae.config.latent_channels]
        # Not `step[known]`: a shape that depends on values would make the processor wait for the GPU.
        share = known.float() / known.sum().clamp_min(1)
        return (step.square().mean(dim=(1, 2, 3)) * share).sum()

    def _reconstruction(self, warped: Tensor, clean: PairBatch) -> Tensor:
        # Rendered targets are judged only where the photo shows what they need; the rest is paint.
        judged = torch.where(clean.is_real[:, None, None, None], torch.ones_like(clean.visible), clean.visible)
        is_mean = self.loss.reduction == "mean"
        target, total = clean.target, warped.new_zeros(())
        for scale in range(self.loss.reconstruction_scales):
            if scale:
                warped, target, judged = (F.avg_pool2d(image, 2) for image in (warped, target, judged))
            squared = ((warped - target).square() * judged).sum(dim=(1, 2, 3))
            # A blend of squares (what PSNR and the paper count) and distances (which light and outliers bend less).
            distance = ((warped - target).abs() * judged).sum(dim=(1, 2, 3)) if is_mean else 0.0
            total = total + (squared + 0.5 * distance).mean() / (warped.shape[-1] ** 2 if is_mean else 4.0**-scale)
        return total / self.loss.reconstruction_scales

    def _motion_weight(self, clean: PairBatch) -> Tensor:
        # Most pixels hardly move: without a weight on those that do, zero flow is a comfortable answer.
        moving = clean.flow.square().sum(dim=1, keepdim=True).sqrt().clamp(max=3.0)
        # What a rendered pair's source does not show moves somewhere all the same; of two photos nobody knows where.
        hidden = torch.where(clean.is_real, 0.0, self.loss.hidden_weight)[:, None, None, None]
        weight = (0.15 + moving) * (hidden + (1 - hidden) * clean.visible)
        weight = weight * torch.where(clean.is_real, self.loss.real_weight, 1.0)[:, None, None, None]
        if self.loss.eye_weight:
            weight = weight * (1 + self.loss.eye_weight * eye_region(clean.flow.shape[-1]).to(weight.device))
        return weight


class MaskStep(nn.Module):
    """The loss of the confidence network (Eq. 7, 8); f and g are frozen.

    Rendered pairs know what is visible; for real pairs the label is the paper's exp(-|T - g|^2 / beta).
    """

    def __init__(self, confidence: ConfidenceNet, loss: LossConfig) -> None:
        super().__init__()
        self.confidence = confidence
        self.loss = loss

    def forward(self, seen: PairBatch, clean: PairBatch, latent: Tensor, flow: Tensor) -> Tensor:
        """Cross entropy, per pixel.

        Args:
            seen: what the networks see.
            clean: what the labels compare.
            latent: (B, C, h, w) that made `flow`.
            flow: (B, 2, h, w) of the frozen network.
        """
        logits = self.confidence(seen.source, latent, flow)
        size = clean.source.shape[-1]
        logits = F.interpolate(logits, size=(size, size), mode="bilinear") if logits.shape[-1] != size else logits
        labels = mask_labels(clean, resize_flow(flow, size), self.loss.confidence_beta)
        # Most pixels are trusted: those that are not count more, or the network would never name them.
        weight = 1 + 4 * (1 - labels)
        return confidence_loss(logits, labels, weight) / size**2


def mask_labels(clean: PairBatch, flow: Tensor, beta: float) -> Tensor:
    """(B, 1, S, S) in [0, 1]: Eq. 7 on softened differences for real pairs, exact visibility for rendered ones."""
    warped = warp(clean.source, flow)
    # Averaged over a few pixels: a hair that is half a pixel off is not a reason for distrust.
    soft = F.avg_pool2d(torch.cat([clean.target, warped], dim=1), 3, stride=1, padding=1, count_include_pad=False)
    photometric = confidence_labels(soft[:, :3], soft[:, 3:], beta)
    return torch.where(clean.is_real[:, None, None, None], photometric, clean.visible)


def known_share(clean: PairBatch) -> Tensor:
    """(B, 1, 1, 1): 1 for pairs whose flow is exact, 0 for real ones: what was found in pixels has no sharp edges."""
    return (~clean.is_real).float()[:, None, None, None]


def eye_region(size: int) -> Tensor:
    """(S, S) in (0, 1]: 1 at the eyes, where every aligned crop has them; covers lids and lashes."""
    axis = torch.arange(size, dtype=torch.float32) * (CROP_SIZE / size)
    rows = torch.exp(-0.5 * ((axis - EYE_CENTER[1]) / 5.0).square())
    columns = sum(
        torch.exp(-0.5 * ((axis - EYE_CENTER[0] - side * EYE_DISTANCE / 2) / 8.0).square()) for side in (-1, 1)
    )
    return rows[:, None] * torch.as_tensor(columns)[None, :]


def fold_loss(flow: Tensor, margin: float, crop_size: int) -> Tensor:
    """Mean (Huber) shortfall of the Jacobian determinant of p + flow(p) below `margin`; 0 where nothing folds."""
    step = crop_size / flow.shape[-1]
    dx = (flow[..., :-1, 1:] - flow[..., :-1, :-1]) / step
    dy = (flow[..., 1:, :-1] - flow[..., :-1, :-1]) / step
    determinant = (1 + dx[:, 0]) * (1 + dy[:, 1]) - dx[:, 1] * dy[:, 0]
    # Squared near the margin, linear far below it: a few wild cells must not outweigh everything else.
    return F.huber_loss(F.relu(margin - determinant), torch.zeros_like(determinant), delta=0.5) * 20
