"""The training checkpoint on disk: written so that no crash, kill or full disk can damage the one that is there."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import torch

from fvae_studio.errors import ConfigError, DataError, TrainingError
from fvae_studio.model.config import FlowVaeConfig
from trainer.config import TrainConfig


def load_state(path: Path, config: TrainConfig) -> dict[str, Any]:
    """Read a training checkpoint.

    Raises:
        DataError: there is none, or it is damaged.
        ConfigError: it was made with another architecture.
    """
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        saved = json.loads(state["config"])["model"]
    except FileNotFoundError as error:
        raise DataError(f"there is no checkpoint {path}; run `fvae-train train` first") from error
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError, ValueError, TypeError, KeyError) as error:
        raise DataError(f"{path} is no training checkpoint of this program; train with --fresh") from error
    try:
        # Options that came later are as if they had not been there.
        is_same = FlowVaeConfig.from_dict(saved) == config.model
    except (ConfigError, TypeError, AttributeError):
        is_same = False
    if not is_same:
        raise ConfigError(
            f"{path} was trained with another [model] table; choose another --work folder, or begin anew with --fresh"
        )
    return state


def require_same_run(state: dict[str, Any], config: TrainConfig, code_names: tuple[str, ...], path: Path) -> None:
    """Check that a training can go on from a checkpoint: rates and lengths may change, these may not.

    Raises:
        ConfigError: pairs of other expression shapes, or another optimiser.
    """
    if tuple(state["code_names"]) != code_names:
        raise ConfigError(
            f"{path} was trained on pairs of {len(state['code_names'])} expression shapes, the shards have "
            f"{len(code_names)} others; name the shards that it was trained on, or begin anew with --fresh"
        )
    method = json.loads(state["config"])["optim"]["method"]
    if method != config.optim.method:
        raise ConfigError(
            f"{path} was trained with optim.method={method!r}, the configuration says {config.optim.method!r}; take "
            f"the same with --set optim.method={method}, or begin anew with --fresh"
        )


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint beside the old one and put it in its place only when it is complete and on the disk.

    Raises:
        TrainingError: it could not be written (no space left, ...); the old one is whole.
    """
    temporary = path.with_suffix(".tmp")
    try:
        with temporary.open("wb") as file:
            torch.save(state, file)
            file.flush()
            # A rename may reach the disk before the contents do.
            os.fsync(file.fileno())
        temporary.replace(path)
    # torch reports a failed write as a RuntimeError of its own.
    except (OSError, RuntimeError) as error:
        # What was written so far takes the space that somebody lacks.
        temporary.unlink(missing_ok=True)
        kept = "the one before it is whole" if path.exists() else "there is none before it"
        raise TrainingError(
            f"the checkpoint {path} could not be saved ({_reason(error)}); {kept}. "
            "Free some space and run the same command again"
        ) from error


def _reason(error: BaseException) -> str:
    """The system's words, from under torch's."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.strerror:
            return seen.strerror
        seen = seen.__context__
    return str(error).splitlines()[0] if str(error) else type(error).__name__
