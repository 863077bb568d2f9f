"""Trainable networks of a weights file, and back: what the trainer and researchers work with.

The program itself edits photos with `model.weights` and `model.networks`, which need no PyTorch on a processor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn

from fvae_studio.model.directions import DirectionSet
from fvae_studio.model.flow_vae import ConfidenceNet, FlowVae
from fvae_studio.model.weights import Array, CheckpointHeader, ModelWeights, read_weights, write_weights

_COUNTER: Final = "num_batches_tracked"
"""Batch normalisation's counter: of no use after training, so it is not stored."""


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A model ready for use: networks in evaluation mode, parameters frozen."""

    vae: FlowVae
    confidence: ConfidenceNet
    directions: DirectionSet
    header: CheckpointHeader

    def weights(self) -> ModelWeights:
        """What a file would hold; tensors of networks on the processor share their memory."""
        tensors: dict[str, Array] = {}
        for prefix, network in (("vae", self.vae), ("confidence", self.confidence)):
            for key, value in network.state_dict().items():
                if not key.endswith(_COUNTER):
                    tensors[f"{prefix}.{key}"] = value.detach().to("cpu", torch.float32).contiguous().numpy()
        return ModelWeights(self.header, self.directions, tensors)


def load_checkpoint(path: Path | str, *, device: torch.device | str = "cpu") -> LoadedModel:
    """Read a weights file.

    Args:
        path: of the file.
        device: where the networks shall live.

    Raises:
        ModelNotFoundError, CheckpointError, TemplateMismatchError: as `read_weights`.
    """
    return to_networks(read_weights(path), device=device)


def to_networks(weights: ModelWeights, *, device: torch.device | str = "cpu") -> LoadedModel:
    """Networks of a model that was read, with tensors of their own."""
    with torch.device("meta"):
        # Shapes only, without memory: the tensors are put in their place below.
        vae, confidence = FlowVae(weights.header.config), ConfidenceNet(weights.header.config)
    for prefix, network in (("vae", vae), ("confidence", confidence)):
        _fill(network, prefix, weights.tensors)
        network.eval().requires_grad_(False).to(device)
    return LoadedModel(vae, confidence, weights.directions, weights.header)


def save_checkpoint(path: Path, model: LoadedModel, *, half_precision: bool = False) -> CheckpointHeader:
    """Write a weights file; see `write_weights`."""
    return write_weights(path, model.weights(), half_precision=half_precision)


def _fill(network: nn.Module, prefix: str, tensors: Mapping[str, Any]) -> None:
    state = {
        key: torch.zeros((), dtype=torch.int64)
        if key.endswith(_COUNTER)
        else torch.from_numpy(tensors[f"{prefix}.{key}"].copy())
        for key in network.state_dict()
    }
    network.load_state_dict(state, assign=True)
