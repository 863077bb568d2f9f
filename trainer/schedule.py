"""How a training goes over time: its length, rates and weights at every step, and the optimiser they belong to."""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import nn

from trainer.config import TrainConfig
from trainer.step import EditableFlowVae

GAIN_RATE: Final = 10.0
"""A gain is a single number for a whole channel, and a step of Adam moves each by the rate: after 4,850 steps those of
studio-8's decoder had come to 0.01 to 0.05 from 0, and what stood behind them hardly took part."""


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
    """Adam or AdamW; neither the axes nor one-dimensional parameters decay.

    Gains that begin at 0 (`layers.Refinement`) go `GAIN_RATE` times as fast, by their group's "share" of the rate.
    """
    if config.optim.method == "adam":
        return torch.optim.Adam(network.parameters(), lr=config.optim.learning_rate, betas=config.optim.betas)
    decayed, others, gains = _by_treatment(network)
    groups: list[dict[str, Any]] = [
        # Where a part of a weight learns alone (`motion_only`), decay would change the rest of it.
        {
            "params": list(decayed.values()),
            "weight_decay": config.optim.weight_decay * (config.train.learns != "motion"),
        },
        {"params": list(others.values()), "weight_decay": 0.0},
        {"params": list(gains.values()), "weight_decay": 0.0, "share": GAIN_RATE},
    ]
    return torch.optim.AdamW(groups, lr=config.optim.learning_rate, betas=config.optim.betas)


def regrouped(saved: dict[str, Any], network: EditableFlowVae) -> dict[str, Any]:
    """An optimiser's state as `make_optimizer` makes groups now: gains were among what does not decay before."""
    if len(saved["param_groups"]) != 2:
        return saved
    decayed, others, gains = _by_treatment(network)
    together = [name for name, _ in network.named_parameters() if name in others or name in gains]
    first, second = saved["param_groups"]
    number = dict(zip(together, second["params"], strict=True))
    groups = [
        first,
        second | {"params": [number[name] for name in others]},
        second | {"params": [number[name] for name in gains], "share": GAIN_RATE},
    ]
    assert len(first["params"]) == len(decayed)
    return saved | {"param_groups": groups}


def _by_treatment(network: EditableFlowVae) -> tuple[dict[str, nn.Parameter], ...]:
    """What decays, what does not, and gains that begin at 0."""
    decayed: dict[str, nn.Parameter] = {}
    others: dict[str, nn.Parameter] = {}
    gains: dict[str, nn.Parameter] = {}
    for name, value in network.named_parameters():
        if value.ndim > 1 and name != "raw_axes":
            decayed[name] = value
        elif ".refinements." in name and name.endswith("norm.weight"):
            gains[name] = value
        else:
            others[name] = value
    return decayed, others, gains


@torch.no_grad()
def update_average(averaged: EditableFlowVae, network: EditableFlowVae, decay: float) -> None:
    """Exponential moving average of weights and of the batch normalisation's statistics, which belong together."""
    for values, news in ((averaged.parameters(), network.parameters()), (averaged.buffers(), network.buffers())):
        both = list(zip(values, news, strict=True))
        numbers = [(mean, value.detach()) for mean, value in both if mean.is_floating_point()]
        # All at once: one by one they would cost a GPU a tenth of a step.
        torch._foreach_lerp_([mean for mean, _ in numbers], [value for _, value in numbers], 1 - decay)
        for mean, value in both:
            if not mean.is_floating_point():
                mean.copy_(value)
