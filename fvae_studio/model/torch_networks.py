"""The networks on a graphics processor, by PyTorch."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fvae_studio.model.checkpoint import to_networks
from fvae_studio.model.device import device_failures
from fvae_studio.model.networks import EncodedFace
from fvae_studio.model.preprocess import to_input
from fvae_studio.model.weights import Array, ModelWeights


class TorchNetworks:
    """`Networks` by the modules that were trained, on CUDA, Metal, or whatever PyTorch knows.

    Args:
        model: its tensors are copied.
        device: as `resolve_device` names it.
    """

    def __init__(self, model: ModelWeights, device: str) -> None:
        self.device = device
        with device_failures(device):
            networks = to_networks(model, device=device)
            self._vae, self._confidence = (
                network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's types lack it
                for network in (networks.vae, networks.confidence)
            )

    @torch.inference_mode()
    def encode(self, crop: NDArray[np.uint8]) -> EncodedFace:
        """Mean, terms and base flow of one crop (S, S, 3)."""
        with device_failures(self.device):
            image = self._there(to_input([crop]))
            mean, _ = self._vae.encode(image)
            features = self._vae.source_features(image, mean)
            base = self._vae.decode(features, mean)
            return EncodedFace(_here(mean)[0], _here(base)[0], features, self._confidence.source_features(image))

    @torch.inference_mode()
    def flows(self, face: EncodedFace, latents: Array) -> Array:
        """F(S, Z): (N, 2, H, W), crop pixels."""
        with device_failures(self.device):
            return _here(self._vae.decode(face.flow_terms, self._there(latents)))

    @torch.inference_mode()
    def confidences(self, face: EncodedFace, latents: Array, flows: Array) -> Array:
        """M(S, Z): (N, 1, H, W)."""
        with device_failures(self.device):
            logits = self._confidence.decode(face.confidence_terms, self._there(latents), self._there(flows))
            return _here(torch.sigmoid(logits))

    def latent_gradient(self, face: EncodedFace, latent: Array, slope: Array) -> Array:
        """By every number of a latent, the slope of a loss whose slope by the flow is known: (C, h, w)."""
        with device_failures(self.device), torch.enable_grad():
            at = self._there(latent[None]).requires_grad_()
            features = [feature.clone() for feature in face.flow_terms]  # no inference tensors
            (found,) = torch.autograd.grad(self._vae.decode(features, at), at, self._there(slope[None]))
            return _here(found[0])

    def _there(self, values: Array) -> Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(values)).to(self.device)
        return tensor.contiguous(memory_format=torch.channels_last)


def _here(values: Tensor) -> Array:
    found: Array = values.float().cpu().contiguous().numpy()
    return found
