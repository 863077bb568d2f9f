"""The training loop: step, log, evaluate, checkpoint, resume. Reads prepared shards only.

Lightning Fabric gives device, precision and several processes (`torchrun` / `fabric run`); nothing here knows which.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import torch
from lightning_fabric import Fabric

from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.errors import Cancelled, TrainingError
from fvae_studio.model.checkpoint import LoadedModel
from trainer.baselines.rgb_training import require_flow, validate_pictures
from trainer.batches import PreparedBatch, TrainingBatches, batch_stream, num_workers
from trainer.config import TrainConfig
from trainer.dataset import PairTable
from trainer.initial import start_from
from trainer.interruption import Interruption, held_back
from trainer.run_files import BEST, CHECKPOINT, CONFIG
from trainer.run_log import RunLog
from trainer.schedule import total_steps
from trainer.shards import read_shards
from trainer.step import EditableFlowVae, StepLosses
from trainer.training import Training
from trainer.training_state import load_state, require_same_run, save_state
from trainer.validation import validate
from trainer.validation_pictures import show_held_out

LOG_EVERY: Final = 25
"""Steps between two lines, and between two looks for numbers that are none."""


def train(
    config: TrainConfig,
    shards_dir: Path,
    run_dir: Path,
    *,
    accelerator: str = "auto",
    devices: int = 1,
    nodes: int = 1,
    resume: bool = True,
    init: LoadedModel | None = None,
    max_seconds: float = 0.0,
    progress: Progress | None = None,
) -> EditableFlowVae:
    """Train f, g and W; resumes from `run_dir` if a checkpoint is there.

    A run that is stopped or killed and resumed ends with the same weights, bit for bit on a processor in `32-true`, as
    one that was left alone.

    Args:
        config: of everything.
        shards_dir: folder of shards, all of which are used.
        run_dir: where checkpoint, figures and TensorBoard's events go.
        accelerator: Lightning Fabric's name of the kind of device.
        devices: how many of them, a process for each.
        nodes: machines, each with `devices` of them.
        resume: go on from the checkpoint, if there is one.
        init: released weights to begin with; not looked at where a run is resumed.
        max_seconds: stop (with a checkpoint) after this time; 0 for no limit.
        progress: told every 25 steps and at evaluations; asked for cancelling after each checkpoint.

    Returns:
        The network with its averaged weights.

    Raises:
        TrainingError: it diverges in spite of lower rates, or its last state cannot be saved.
        Cancelled: SIGINT or SIGTERM came; there is a checkpoint.
    """
    fabric = Fabric(accelerator=accelerator, devices=devices, num_nodes=nodes, precision=config.train.precision)
    fabric.launch()
    if progress is None or not fabric.is_global_zero:
        progress = NoProgress()
    shards = read_shards(shards_dir)
    table, held_out = PairTable(shards, held_out=False), PairTable(shards, held_out=True)
    torch.manual_seed(config.train.seed)
    network = EditableFlowVae(config.model, code_size=len(table.code_names))
    checkpoint = run_dir / CHECKPOINT
    is_resumed = resume and checkpoint.exists()
    state = load_state(checkpoint, config) if is_resumed else {}
    if is_resumed:
        require_same_run(state, config, table.code_names, checkpoint)
    if init is not None and not is_resumed:
        require_flow(config)
        start_from(init, network, table, seed=config.train.seed)
    batches_per_step = fabric.world_size * config.train.accumulate
    steps = total_steps(config, table.num_used(config.data.rendered_share), num_batches=batches_per_step)
    training = Training(network, config, table.code_names, fabric, steps=steps)
    run_dir.mkdir(parents=True, exist_ok=True)
    if is_resumed:
        training.restore(state)
    elif fabric.is_global_zero:
        # Something to come back to, and a folder without space or rights is told now and not in an hour.
        save_state(checkpoint, training.state())
    del state
    log = RunLog(
        run_dir if fabric.is_global_zero else None,
        progress,
        stage="train",
        start=training.step,
        steps=steps,
        pairs_per_step=config.train.batch_size * batches_per_step,
    )
    if fabric.is_global_zero:
        (run_dir / CONFIG).write_text(json.dumps(config.to_dict(), indent=1) + "\n", encoding="utf-8")
    run = _Run(config, fabric, training, TrainingBatches(table, config, seed=config.train.seed), held_out, run_dir, log)
    with held_back(log) as interruption:
        try:
            run.go(interruption, max_seconds=max_seconds, progress=progress)
        finally:
            log.close()
    is_over = training.step == steps or training.waited >= config.train.patience
    if config.train.early_stopping and (run_dir / BEST).exists() and fabric.is_global_zero:
        keep_best(run_dir, training.averaged, is_over=is_over)
    return training.averaged.eval()


class _Run:
    """One call of `train`: steps, and what happens between them."""

    def __init__(
        self,
        config: TrainConfig,
        fabric: Fabric,
        training: Training,
        batches: TrainingBatches,
        held_out: PairTable,
        run_dir: Path,
        log: RunLog,
    ) -> None:
        self._config, self._fabric, self._training = config, fabric, training
        self._batches, self._held_out, self._run_dir, self._log = batches, held_out, run_dir, log
        self._steps = training.steps

    def go(self, interruption: Interruption, *, max_seconds: float, progress: Progress) -> None:
        """Steps until the training is over, out of time, stopped early or interrupted."""
        training, settings, log = self._training, self._config.train, self._log
        stream = self._stream()
        began = saved = time.monotonic()
        if training.step >= self._steps:
            log.status("finished")
        while training.step < self._steps:
            step_began = time.perf_counter()
            losses = training.take_step(stream)
            log.count(time.perf_counter() - step_began, training.waiting_s)
            # One clock for all processes: one that stopped alone would leave the others waiting.
            is_out_of_time, is_interrupted, is_save_due = self._agreed(
                bool(max_seconds) and time.monotonic() - began > max_seconds,
                interruption.is_asked_for,
                time.monotonic() - saved > settings.save_minutes * 60,
            )
            is_last = training.step == self._steps
            evaluates = training.step % settings.evaluate_every == 0 or is_last
            stops = is_out_of_time or is_interrupted
            saves = evaluates or stops or is_save_due
            is_shown = training.step % LOG_EVERY == 0
            if (saves or is_shown) and not training.is_sound(losses):
                training.roll_back(load_state(self._run_dir / CHECKPOINT, self._config), progress)
                log.go_back(training.step)
                stream = self._stream()
                continue
            if is_shown:
                self._show(losses)
            is_best = evaluates and self._evaluate()
            if saves:
                self._save(is_best=is_best, is_needed=is_last or stops)
                saved = time.monotonic()
                progress.raise_if_cancelled()
            if is_interrupted:
                log.status("stopped", "interrupted")
                raise Cancelled(
                    f"Stopped at step {training.step} with a checkpoint; the same command goes on from there."
                )
            is_stale = settings.early_stopping and training.waited >= settings.patience
            if is_out_of_time or is_stale:
                log.status(
                    "stopped" if not is_stale else "finished", "out of time" if not is_stale else "stopped early"
                )
                return
        log.status("finished")

    def _stream(self) -> Iterator[PreparedBatch]:
        fabric, count = self._fabric, self._config.train.accumulate
        first = self._training.step * count * fabric.world_size + fabric.global_rank
        numbers = range(first, self._steps * count * fabric.world_size, fabric.world_size)
        workers = num_workers(self._config, fabric.device)
        return batch_stream(self._batches, numbers, num_workers=workers, device=fabric.device)

    def _agreed(self, *flags: bool) -> tuple[bool, ...]:
        """Each flag that any process raises."""
        if self._fabric.world_size == 1:
            return flags
        raised = torch.tensor(flags, dtype=torch.float32, device=self._fabric.device)
        return tuple(bool(value) for value in self._fabric.all_reduce(raised, reduce_op="max"))

    def _show(self, losses: StepLosses) -> None:
        told = torch.stack(list(losses))
        if self._fabric.world_size > 1:
            told = self._fabric.all_reduce(told, reduce_op="mean")
        values = dict(zip(StepLosses._fields, told.tolist(), strict=True))
        text = f"loss {values['total']:.4f}  end point {values['end_point']:.3f} px  KL {values['prior']:.0f}"
        self._log.losses(values, text)

    def _evaluate(self) -> bool:
        """Held-out figures and pictures; whether they are the best so far (told by the first process only)."""
        training, is_best = self._training, False
        if self._fabric.is_global_zero:
            paints = self._config.model.output == "rgb"
            if paints:
                figures = validate_pictures(training.averaged, self._held_out)
            else:
                sees_flow = self._config.loss.end_point_weight > 0
                figures = validate(training.averaged, self._held_out, by_pictures=not sees_flow)
            is_best = figures["loss"] < training.best
            training.best, training.waited = (figures["loss"], 0) if is_best else (training.best, training.waited + 1)
            self._log.figures(figures)
            self._log.pictures(show_held_out(training.averaged, self._held_out, self._config.loss))
        training.best, training.waited = self._fabric.broadcast((training.best, training.waited))
        return is_best

    def _save(self, *, is_best: bool, is_needed: bool) -> None:
        """Save, or go on without if the disk is full; only a last state that is lost is an error."""
        if not self._fabric.is_global_zero:
            return
        try:
            save_state(self._run_dir / CHECKPOINT, self._training.state())
            if is_best and self._config.train.early_stopping:
                best = {"averaged": self._training.averaged.state_dict(), "step": self._training.step}
                save_state(self._run_dir / BEST, best)
        except TrainingError as error:
            if is_needed:
                self._log.status("failed", str(error))
                raise
            self._log.say(f"{error}. Training goes on and tries again later")
        else:
            self._training.rollbacks = 0


def keep_best(run_dir: Path, averaged: EditableFlowVae, *, is_over: bool) -> None:
    """Give `averaged` the best weights that were evaluated; once the training is over, the checkpoint too."""
    best = torch.load(run_dir / BEST, map_location="cpu", weights_only=True)
    averaged.load_state_dict(best["averaged"])
    if is_over:
        state = torch.load(run_dir / CHECKPOINT, map_location="cpu", weights_only=True)
        save_state(run_dir / CHECKPOINT, state | {"averaged": best["averaged"]})
