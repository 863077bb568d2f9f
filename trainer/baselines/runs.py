"""Networks of other runs, to be compared with."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from fvae_studio.errors import DataError
from fvae_studio.model.flow_vae import FlowVae

if TYPE_CHECKING:
    from trainer.config import TrainConfig


def read_averaged(run_dir: Path, *, config_name: str) -> tuple[TrainConfig, dict[str, Tensor], Path]:
    """Configuration and averaged weights of a run's flow VAE or VAE, and the file they are from.

    Args:
        run_dir: folder with the training checkpoint, or the folder of which it is the part `run`.
        config_name: with which it is trained, for the message.

    Raises:
        DataError: there is no such checkpoint.
    """
    # Here: the loop imports the step, and the step the VAE.
    from trainer.config import TrainConfig
    from trainer.run_files import CHECKPOINT
    from trainer.training_state import load_state

    path = next((path for path in (run_dir / CHECKPOINT, run_dir / "run" / CHECKPOINT) if path.exists()), None)
    if path is None:
        raise DataError(
            f"there is no checkpoint in {run_dir}; train one with `fvae-train train --config {config_name}` first"
        )
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)["config"]
        config = TrainConfig.from_dict(json.loads(saved))
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError, ValueError, TypeError, KeyError) as error:
        raise DataError(f"{path} is no training checkpoint of this program") from error
    weights = load_state(path, config)["averaged"]
    own = {name.removeprefix("vae."): value for name, value in weights.items() if name.startswith("vae.")}
    return config, own, path


def load_flow_vae(run_dir: Path) -> FlowVae:
    """The averaged weights of a run that was trained to predict flow, such as the paper's configuration; frozen.

    Args:
        run_dir: as for `read_averaged`.

    Raises:
        DataError: there is no such checkpoint, or it is of a network that paints.
    """
    config, weights, path = read_averaged(run_dir, config_name="paper")
    if config.model.output == "rgb":
        raise DataError(f"{path} holds a network that paints; `--paper` wants one trained with --config paper")
    network = FlowVae(config.model)
    network.load_state_dict(weights)
    return network.eval().requires_grad_(requires_grad=False)
