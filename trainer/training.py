"""The flow VAE while it is trained: weights, their average, the optimiser, and how one step changes them."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Iterator
from typing import Any, Final

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from fvae_studio.core.progress import Progress
from fvae_studio.errors import TrainingError
from trainer.baselines.rgb_training import RgbVaeStep
from trainer.batches import PreparedBatch
from trainer.config import TrainConfig
from trainer.edits_only import EditsStep, learn_edits_alone
from trainer.motion_only import learn_motion_alone
from trainer.schedule import learning_rate, make_optimizer, prior_share, regrouped, update_average
from trainer.step import EditableFlowVae, FlowVaeStep, StepLosses

MOST_ROLLBACKS: Final = 5
"""In a row, without a checkpoint between them, before a training is given up."""

ROLLBACK_RATE: Final = 0.5
"""By which the learning rate is multiplied at each."""


class Training:
    """All that a step changes: this, and nothing else, is what a checkpoint holds.

    Args:
        network: as it begins.
        config: of everything.
        code_names: of the entries of an expression code.
        fabric: launched.
        steps: of the whole training.
    """

    def __init__(
        self,
        network: EditableFlowVae,
        config: TrainConfig,
        code_names: tuple[str, ...],
        fabric: Fabric,
        *,
        steps: int,
    ) -> None:
        self.network, self._config, self._code_names = network, config, code_names
        self._fabric, self.steps = fabric, steps
        # Every step has the same sizes: what is fastest for them is looked for once. Without CUDA this does nothing.
        torch.backends.cudnn.benchmark = True
        if config.train.channels_last:
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch knows only its tensors
        self.averaged = copy.deepcopy(network).to(fabric.device)
        losses_of = self._losses_of(network)
        if config.train.compile:
            losses_of = torch.compile(losses_of)  # type: ignore[assignment]  # a module, says torch at run time
        self._module, self._optimizer = fabric.setup(losses_of, make_optimizer(config, network))
        self.step = 0
        self.best, self.waited = float("inf"), 0
        """The best held-out loss, and how many evaluations ago that was."""
        self.rate_share = 1.0
        self.rollbacks = 0
        self.waiting_s = 0.0
        """What the latest step waited for data."""

    def _losses_of(self, network: EditableFlowVae) -> nn.Module:
        """What computes a step's losses; only what learns is left its gradients."""
        config, drifts = self._config, self._config.data.drift > 0
        if config.model.output == "rgb":
            return RgbVaeStep(network, config.loss)
        if config.train.learns == "edits":
            learn_edits_alone(network, config.loss)
            return EditsStep(network, config.loss, drifts=drifts)
        if config.train.learns == "motion":
            learn_motion_alone(network)
        return FlowVaeStep(network, config.loss, drifts=drifts)

    def take_step(self, stream: Iterator[PreparedBatch]) -> StepLosses:
        """One step of the optimiser.

        Args:
            stream: this process's batches, on its device; `train.accumulate` are taken.

        Returns:
            Losses, means over this process's batches.
        """
        config, fabric, count = self._config, self._fabric, self._config.train.accumulate
        step, self.waiting_s = self.step + 1, 0.0
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate(config, step, self.steps) * self.rate_share * group.get("share", 1.0)
        # A tensor: a compiled step would be compiled again for every new number.
        share = torch.tensor(prior_share(config, step, self.steps)).to(fabric.device, non_blocking=True)
        self._optimizer.zero_grad()
        told: Tensor | float = 0.0
        for number in range(count):
            began = time.perf_counter()
            batch = next(stream)
            self.waiting_s += time.perf_counter() - began
            with fabric.no_backward_sync(self._module, enabled=fabric.world_size > 1 and number < count - 1):
                losses = self._losses(batch, share)
                fabric.backward(losses.total / count)
            told = told + torch.stack([value.detach() for value in losses]) / count
        if config.optim.clip_value:
            fabric.clip_gradients(self._module, self._optimizer, clip_val=config.optim.clip_value)
        if config.optim.clip_norm:
            fabric.clip_gradients(
                self._module, self._optimizer, max_norm=config.optim.clip_norm, error_if_nonfinite=False
            )
        self._optimizer.step()
        # A short memory at first: the average shall not carry the untrained weights along.
        update_average(self.averaged, self.network, min(config.train.ema, step / (step + 30)))
        self.step = step
        assert isinstance(told, Tensor)
        return StepLosses(*told.unbind())

    def _losses(self, batch: PreparedBatch, share: Tensor) -> StepLosses:
        try:
            losses: StepLosses = self._module(batch.seen, batch.clean, batch.use_edit, batch.noise, share)
        except RuntimeError as error:
            # By name: to import the compiler for its exceptions would take seconds.
            if not type(error).__module__.startswith(("torch._dynamo", "torch._inductor")):
                raise
            raise TrainingError(
                f"the step could not be compiled ({str(error).strip().splitlines()[0]}); install a C++ compiler, or "
                "train with --set train.compile=false"
            ) from error
        return losses

    def is_sound(self, losses: StepLosses) -> bool:
        """Whether loss and weights are finite, in all processes."""
        fine = torch.stack([losses.total.isfinite(), *(value.isfinite().all() for value in self.network.parameters())])
        told = fine.all().float()
        if self._fabric.world_size > 1:
            told = self._fabric.all_reduce(told, reduce_op="min")
        return bool(told)

    def state(self) -> dict[str, Any]:
        """For a checkpoint: tensors and plain values."""
        return {
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "step": self.step,
            "best": self.best,
            "waited": self.waited,
            "rate_share": self.rate_share,
            "config": json.dumps(self._config.to_dict()),
            "code_names": list(self._code_names),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint, or begin `train.learns` there; one of an earlier version lacks `rate_share`."""
        learnt = json.loads(state["config"])["train"].get("learns", "all")
        self.averaged.load_state_dict(state["averaged"])
        if learnt != self._config.train.learns:
            # A training of its own, on what would be released: the optimiser, which would move the rest on by what it
            # remembers, begins anew, and so does its schedule.
            self.network.load_state_dict(state["averaged"])
            return
        self.network.load_state_dict(state["network"])
        self._optimizer.load_state_dict(regrouped(state["optimizer"], self.network))
        self.step, self.best, self.waited = state["step"], state["best"], state["waited"]
        self.rate_share = state.get("rate_share", 1.0)

    def roll_back(self, state: dict[str, Any], progress: Progress) -> None:
        """Go back to the last good state with a lower rate, because losses or weights are no numbers any more.

        Raises:
            TrainingError: that did not help several times in a row.
        """
        failed, rate_share = self.step, self.rate_share * ROLLBACK_RATE
        self.rollbacks += 1
        if self.rollbacks > MOST_ROLLBACKS:
            raise TrainingError(
                f"near step {failed} the loss was no number {self.rollbacks} times, at a learning rate of down to "
                f"{self._config.optim.learning_rate * self.rate_share:.1e}; the checkpoint of step {state['step']} is "
                "whole. Lower optim.learning_rate, use train.precision=32-true, or look for damaged pairs in the shards"
            )
        self.restore(state)
        self.rate_share = rate_share
        progress.report(
            self.step / self.steps,
            f"no number at step {failed}: back to step {self.step} with {rate_share:g} of the learning rate",
        )
