"""What the training loop needs to train the VAE that paints: its loss and its figures on held-out people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from fvae_studio.errors import ConfigError
from trainer.baselines.rgb_vae import RgbVae, painted
from trainer.config import LossConfig
from trainer.dataset import PairBatch, PairTable
from trainer.losses import kl_loss
from trainer.step import EditableFlowVae, StepLosses
from trainer.validation import face_ellipse, masked_psnr

if TYPE_CHECKING:
    from trainer.config import TrainConfig


class RgbVaeStep(nn.Module):
    """Eq. 1 without a flow: squared differences of the painted picture, and the prior."""

    def __init__(self, network: EditableFlowVae, loss: LossConfig) -> None:
        super().__init__()
        self.network = network
        self.loss = loss
        # Algorithm 1 edits the VAE by means of latents: there is nothing to learn for the axes.
        network.raw_axes.requires_grad_(False)

    def forward(
        self, seen: PairBatch, clean: PairBatch, use_edit: Tensor, noise: Tensor, prior_share: float | Tensor
    ) -> StepLosses:
        """Losses of one batch; arguments as of `FlowVaeStep.forward`, `use_edit` is not looked at."""
        del use_edit
        vae, options = rgb_vae_of(self.network), self.loss
        mean, log_var = vae.encode(seen.target)
        mean, log_var = mean.float(), log_var.float()
        latent = vae.sample(mean, log_var, noise)
        picture = vae.paint(vae.source_features(seen.source), latent)
        pixels = clean.target.shape[-1] ** 2 if options.reduction == "mean" else 1
        reconstruction = (picture - clean.target).square().sum(dim=(1, 2, 3)).mean() / pixels
        prior = kl_loss(mean, log_var, half=options.kl_half)
        total = options.reconstruction_weight * reconstruction + options.prior_weight * prior_share * prior
        zero = total.new_zeros(())
        return StepLosses(total, reconstruction, prior, zero, zero, zero, zero, zero, zero, zero)


@torch.inference_mode()
def validate_pictures(
    network: EditableFlowVae, table: PairTable, *, num_rendered: int = 96, batch_size: int = 32
) -> dict[str, float]:
    """PSNR of painted pictures on held-out people's rendered and real pairs.

    Returns:
        `psnr_face`, `unwarped_face`, `psnr_whole`: dB, as of `validation.validate`. `loss`: minus `psnr_face`.
    """
    was_training = network.training
    network.eval()
    device = network.axes.device
    order = np.random.default_rng(0).permutation(len(table.rendered))[:num_rendered]
    pairs = [table.rendered[index] for index in order] + list(table.real)
    psnr, unwarped, whole = [], [], []
    for start in range(0, len(pairs), batch_size):
        batch = table.batch(pairs[start : start + batch_size]).to(device)
        picture = painted(rgb_vae_of(network), batch.source, batch.target)
        region = face_ellipse(picture.shape[-1]).to(device)
        psnr += masked_psnr(picture, batch.target, region).tolist()
        unwarped += masked_psnr(batch.source, batch.target, region).tolist()
        whole += masked_psnr(picture, batch.target, torch.ones_like(region)).tolist()
    network.train(was_training)
    face = float(np.mean(psnr))
    return {
        "psnr_face": face,
        "unwarped_face": float(np.mean(unwarped)),
        "psnr_whole": float(np.mean(whole)),
        "loss": -face,
    }


def rgb_vae_of(network: EditableFlowVae) -> RgbVae:
    """The network that paints."""
    assert isinstance(network.vae, RgbVae)
    return network.vae


def require_flow(config: TrainConfig) -> None:
    """Raise `ConfigError` if a step is asked for that only a network of flows has."""
    if config.model.output == "rgb":
        raise ConfigError(
            "a network with output 'rgb' has no confidence network and cannot be released; it is compared by "
            "`fvae-train table1 --vae`"
        )
