"""Algorithm 1 as the paper runs it: an edit is the difference of two labels' mean latents over the training people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from fvae_studio.errors import DataError
from fvae_studio.model.directions import Latent
from fvae_studio.model.flow_vae import FlowVae
from fvae_studio.model.preprocess import to_tensor
from trainer.crops import small_crop
from trainer.prepare import PreparedFaces


@torch.inference_mode()
def encode_crops(network: FlowVae, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """Means of the posteriors, (N, C, h, w), 0 where they describe a photo (`FlowVaeConfig.tracked`).

    What describes single photos is no expression, and a mean of many people's descriptors describes nobody: tracked, it
    would move skin at random.

    Args:
        network: in evaluation mode; the flow VAE or the VAE that paints.
        crops: (128, 128, 3) each.
    """
    latents = [network.encode(to_tensor(crops[start : start + 32]))[0] for start in range(0, len(crops), 32)]
    encoded: NDArray[np.float32] = torch.cat(latents).float().numpy()
    encoded[:, network.config.tracked] = 0
    return encoded


def label_mean(network: FlowVae, prepared: PreparedFaces, label: str) -> Latent:
    """Mean latent of the training photos with a label, (C, h, w).

    Raises:
        DataError: there are none.
    """
    rows = [row for row, face in enumerate(prepared.faces) if (face.split, face.label) == ("train", label)]
    if not rows:
        raise DataError(f"no training photo is labelled {label}; Algorithm 1 needs some")
    return mean_latent(network, [small_crop(prepared.crops[row]) for row in rows])


def mean_latent(network: FlowVae, crops: Sequence[NDArray[np.uint8]]) -> Latent:
    """Mean of several crops' latents, (C, h, w)."""
    return np.asarray(encode_crops(network, crops).mean(axis=0, dtype=np.float64), np.float32)


def photographed_direction(network: FlowVae, prepared: PreparedFaces, source_label: str, target_label: str) -> Latent:
    """Z_target - Z_source over the training people who have both photos, (C, h, w).

    The same people on both sides: what they look like otherwise cancels.

    Raises:
        DataError: nobody has both.
    """
    pairs = prepared.pairs(source_label, target_label, split="train")
    if not pairs:
        raise DataError(f"no training person has a {source_label} and a {target_label} photo; Algorithm 1 needs some")
    sources, targets = zip(*pairs, strict=True)
    ends = [mean_latent(network, [small_crop(prepared.crops[row]) for row in rows]) for rows in (targets, sources)]
    return np.asarray(ends[0] - ends[1], np.float32)
