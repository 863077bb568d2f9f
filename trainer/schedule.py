"""How a training goes over time: its length, rates and weights at every step, and the optimiser they belong to."""

from __future__ import annotations

from typing import Any

import torch

from trainer.config import TrainConfig
from trainer.step import EditableFlowVae


def total_steps(config: TrainConfig, num_pairs: int, *, num_batches: int = 1) -> int:
    """`max_steps`, or as many as `max_epochs` passes need where a step takes `num_batches` batches."""
    if config.train.max_steps:
        return config.train.max_steps
    return max(1, config.train.max_epochs * num_pairs // (config.train.batch_size * num_batches))


def learning_rate(config: TrainConfig, step: int, steps: int) -> float:
    """The schedule's value at `step` (1-based)."""
    rate = config.optim.learning_rate
    if config.optim.schedule == "constant":
        return rate
    warm_up = min(200, max(1, steps // 20))
    if step <= warm_up:
        return rate * step / warm_up
    share = (step - warm_up) / max(1, steps - warm_up)
    return rate * (0.01 + 0.99 * 0.5 * (1 + float(torch.cos(torch.tensor(torch.pi * share)))))


def mask_learning_rate(config: TrainConfig, step: int, steps: int) -> float:
    """A cosine without warm-up, for the confidence network."""
    return config.optim.learning_rate * 0.5 * (1 + torch.cos(torch.tensor(torch.pi * step / steps)).item())


def prior_share(config: TrainConfig, step: int, steps: int) -> float:
    """Growth of the prior's weight: a full weight from the start lets the posterior collapse."""
    return min(1.0, config.loss.prior_start + (1 - config.loss.prior_start) * 2 * step / steps)


def make_optimizer(config: TrainConfig, network: EditableFlowVae) -> torch.optim.Optimizer:
    """Adam or AdamW; neither the axes nor one-dimensional parameters decay."""
    if config.optim.method == "adam":
        return torch.optim.Adam(network.parameters(), lr=config.optim.learning_rate, betas=config.optim.betas)
    decayed = [value for name, value in network.named_parameters() if value.ndim > 1 and name != "raw_axes"]
    others = [value for name, value in network.named_parameters() if value.ndim <= 1 or name == "raw_axes"]
    groups: list[dict[str, Any]] = [
        {"params": decayed, "weight_decay": config.optim.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.optim.learning_rate, betas=config.optim.betas)


@torch.no_grad()
def update_average(averaged: EditableFlowVae, network: EditableFlowVae, decay: float) -> None:
    """Exponential moving average of weights and of the batch normalisation's statistics, which belong together."""
    for values, news in ((averaged.parameters(), network.parameters()), (averaged.buffers(), network.buffers())):
        for mean, value in zip(values, news, strict=True):
            if mean.is_floating_point():
                mean.lerp_(value.detach(), 1 - decay)
            else:
                mean.copy_(value)
