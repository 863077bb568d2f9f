"""What edits need of a model's networks, whatever computes them: numpy in, numpy out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from fvae_studio.model.device import resolve_device
from fvae_studio.model.weights import Array, ModelWeights

CPU: Final = "cpu"


@dataclass(frozen=True, eq=False)
class EncodedFace:
    """All that does not change while sliders move.

    Attributes:
        mean: (C, h, w): Z(S), the posterior's mean.
        base_flow: (2, H, W): F(S, Z(S)), what the network would move if nothing were asked for; crop pixels.
        flow_terms: what the photo adds in each layer of the flow's decoder; only its maker knows what they are.
        confidence_terms: the same for the confidence's.
    """

    mean: Array
    base_flow: Array
    flow_terms: Any
    confidence_terms: Any


class Networks(Protocol):
    """f, g and M of a model on one device.

    Not for several threads at once. Every method raises `DeviceError` where a graphics processor fails.
    """

    device: str
    """As `resolve_device` names it."""

    def encode(self, crop: NDArray[np.uint8]) -> EncodedFace:
        """Look at one crop (S, S, 3)."""

    def flows(self, face: EncodedFace, latents: Array) -> Array:
        """F(S, Z) for latents (N, C, h, w): (N, 2, H, W) in crop pixels."""

    def latent_gradient(self, face: EncodedFace, latent: Array, slope: Array) -> Array:
        """By every number of a latent (C, h, w), the slope of a loss whose slope by the flow (2, H, W) is known."""

    def confidences(self, face: EncodedFace, latents: Array, flows: Array) -> Array:
        """M(S, Z) for latents (N, C, h, w): (N, 1, H, W) in [0, 1]; `flows` as the method of that name gave them."""


def make_networks(model: ModelWeights, device: str = "auto") -> Networks:
    """The networks on a device: ONNX Runtime on a processor, PyTorch on a graphics processor.

    Raises:
        DeviceError: the device is not there, or fails.
    """
    resolved = resolve_device(device)
    if resolved == CPU:
        from fvae_studio.model.onnx_networks import OnnxNetworks

        return OnnxNetworks(model)
    from fvae_studio.model.torch_networks import TorchNetworks

    return TorchNetworks(model, resolved)
