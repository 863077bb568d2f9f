"""Training of edits on latents that stay as they are: W, the decoder and what it reads of the photo, but no encoder.

A pair of the edit path asks nothing of its target but the flow there: its latent is mean(S) + W e. Where the encoder
stays as it is, such a pair costs half of what one costs where everything learns, since the target is not encoded, and
nothing flows back through the photo's own latent. What was fitted to latents (gauges) stays true. Some pairs have to
take the encoder's path all the same: the decoder is the same for both.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fvae_studio.errors import ConfigError
from fvae_studio.model.layers import ConvDecoder
from trainer.config import LossConfig
from trainer.dataset import PairBatch
from trainer.step import EditableFlowVae, Encoded, FlowVaeStep


def learn_edits_alone(network: EditableFlowVae, loss: LossConfig) -> None:
    """Leave gradients to W, the decoder and the photo's features; the encoder and tracking's doubts stay as they are.

    Args:
        network: changed in place; what learns is in training mode, the rest in evaluation mode, and has to stay so.
        loss: of the training.

    Raises:
        ConfigError: no pair takes the edit path.
    """
    if not loss.edit_weight:
        raise ConfigError('train.learns is "edits", but loss.edit_weight is 0; give it a share, or train.learns=all')
    decoder = network.vae.decoder
    assert isinstance(decoder, ConvDecoder)
    network.eval().requires_grad_(requires_grad=False)
    for part in (network.vae.source_encoder, decoder):
        part.train().requires_grad_()
    if decoder.is_tracking:
        decoder.tracking.requires_grad_(requires_grad=False)
    network.raw_axes.requires_grad_()


class EditsStep(FlowVaeStep):
    """`FlowVaeStep` on latents that do not learn: without prior, without what an encoder is taught."""

    def _encoded(self, seen: PairBatch, use_edit: Tensor, noise: Tensor) -> Encoded:
        vae = self.network.vae
        edits = use_edit[:, None, None, None]
        others = (~use_edit).nonzero()[:, 0]
        if not len(others):
            # No network takes an empty batch; what comes of this pair is not looked at.
            others = others.new_zeros(1)
        with torch.no_grad():
            own = vae.encode(seen.source, num_variances=1)[0].float()
            mean, log_var = (value.float() for value in vae.encode(seen.target[others]))
            found = vae.sample(mean, log_var, noise[others])
            sampled = own.index_copy(0, others, found)
            motion = None
            if vae.config.tracking_channels:
                moved = vae.decoder.track(found, own[others])[-1]
                # An edited latent is found in its photo where it is.
                still = moved.new_zeros(len(own), *moved.shape[1:])
                motion = torch.where(edits, still, still.index_copy(0, others, moved))
        edited = own + self.network.offset(seen.code)
        return Encoded(own, torch.where(edits, edited, sampled), motion, None, ())
