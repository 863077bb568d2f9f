"""Training the confidence network M with f and g frozen (section 3.2): the second half of a run."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor

from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.errors import Cancelled, TrainingError
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.model.flow_vae import ConfidenceNet
from trainer.baselines.rgb_training import require_flow
from trainer.batches import PreparedBatch, TrainingBatches, batch_stream, num_workers
from trainer.config import TrainConfig
from trainer.dataset import PairBatch, PairTable
from trainer.initial import require_architecture
from trainer.interruption import held_back
from trainer.run_files import CHECKPOINT
from trainer.run_log import RunLog
from trainer.schedule import mask_learning_rate
from trainer.shards import read_shards
from trainer.step import EditableFlowVae, MaskStep
from trainer.training_state import load_state, save_state
from trainer.validation_pictures import show_held_out
from trainer.widening import widen_confidence

LOG_EVERY = 25


def train_mask(
    config: TrainConfig,
    shards_dir: Path,
    run_dir: Path,
    *,
    accelerator: str = "auto",
    init: LoadedModel | None = None,
    max_seconds: float = 0.0,
    progress: Progress | None = None,
) -> ConfidenceNet:
    """Train M; adds its weights to the run's checkpoint, and resumes from there as `loop.train` does.

    With `init`, a first call begins with that model's M.

    Raises:
        DataError: `loop.train` was not run.
        TrainingError: the loss is no number, or the last state cannot be saved.
        Cancelled: SIGINT or SIGTERM came; there is a checkpoint.
    """
    progress = progress or NoProgress()
    require_flow(config)
    state = load_state(run_dir / CHECKPOINT, config)
    fabric = Fabric(accelerator=accelerator, devices=1, precision=config.train.precision)
    shards = read_shards(shards_dir)
    table, held_out = PairTable(shards, held_out=False), PairTable(shards, held_out=True)
    network = EditableFlowVae(config.model, code_size=len(table.code_names))
    network.load_state_dict(state["averaged"])
    network = network.to(fabric.device).eval().requires_grad_(requires_grad=False)
    torch.manual_seed(config.train.seed)
    confidence = ConfidenceNet(config.model)
    if "confidence" in state:
        confidence.load_state_dict(state["confidence"])
    elif init is not None:
        require_architecture(init, config.model)
        widen_confidence(init.confidence, confidence, seed=config.train.seed)
    optimizer = torch.optim.AdamW(confidence.parameters(), lr=config.optim.learning_rate)
    module, optimizer = fabric.setup(MaskStep(confidence, config.loss), optimizer)
    if "mask_optimizer" in state:  # not in a checkpoint of an earlier version
        optimizer.load_state_dict(state["mask_optimizer"])
    step, steps = state.get("mask_step", 0), config.train.mask_steps
    stream = batch_stream(
        TrainingBatches(table, _for_mask(config), seed=config.train.seed + 1),
        range(step, steps),
        num_workers=num_workers(config, fabric.device),
        device=fabric.device,
    )
    log = RunLog(run_dir, progress, stage="train-mask", start=step, steps=steps, pairs_per_step=config.train.batch_size)

    def save(*, is_needed: bool) -> None:
        if not all(bool(value.isfinite().all()) for value in confidence.parameters()):
            log.status("failed", "the loss is no number")
            raise TrainingError(
                f"the confidence network's weights are no numbers at step {step}; its last checkpoint is whole. "
                "Lower optim.learning_rate or use train.precision=32-true"
            )
        try:
            save_state(run_dir / CHECKPOINT, state | _mask_state(confidence, optimizer, step))
        except TrainingError as error:
            if is_needed:
                log.status("failed", str(error))
                raise
            log.say(f"{error}. Training goes on and tries again later")

    began = saved = time.monotonic()
    with held_back(log) as interruption:
        while step < steps:
            step_began = time.perf_counter()
            batch = next(stream)
            waiting = time.perf_counter() - step_began
            for group in optimizer.param_groups:
                group["lr"] = mask_learning_rate(config, step + 1, steps)
            loss = _mask_step(fabric, network, module, batch)
            optimizer.zero_grad()
            fabric.backward(loss)
            optimizer.step()
            step += 1
            log.count(time.perf_counter() - step_began, waiting)
            if step % LOG_EVERY == 0:
                log.losses({"cross_entropy": loss.item()}, f"mask  cross entropy {loss.item():.4f}")
            if step % config.train.evaluate_every == 0:
                log.pictures(show_held_out(network, held_out, config.loss, confidence=confidence))
            is_over = bool(max_seconds) and time.monotonic() - began > max_seconds
            is_over = is_over or interruption.is_asked_for or step == steps
            if is_over or time.monotonic() - saved > config.train.save_minutes * 60:
                save(is_needed=is_over)
                saved = time.monotonic()
            progress.raise_if_cancelled()
            if is_over:
                break
        log.status("finished" if step == steps else "stopped")
        log.close()
    if interruption.is_asked_for:
        raise Cancelled(f"Stopped at step {step} with a checkpoint; the same command goes on from there.")
    return confidence.eval()


def _for_mask(config: TrainConfig) -> TrainConfig:
    share = config.data.mask_rendered_share
    return config if share < 0 else replace(config, data=replace(config.data, rendered_share=share))


def _mask_state(confidence: ConfidenceNet, optimizer: torch.optim.Optimizer, step: int) -> dict[str, Any]:
    return {"confidence": confidence.state_dict(), "mask_optimizer": optimizer.state_dict(), "mask_step": step}


def _mask_step(fabric: Fabric, network: EditableFlowVae, module: torch.nn.Module, batch: PreparedBatch) -> Tensor:
    with torch.no_grad(), fabric.autocast():
        latent = path_latent(network, batch.seen, batch.use_edit)
        flow = network.vae.decode(network.vae.source_features(batch.seen.source), latent)
    loss: Tensor = module(batch.seen, batch.clean, latent, flow)
    return loss


def path_latent(network: EditableFlowVae, seen: PairBatch, use_edit: Tensor) -> Tensor:
    """mean(T), or mean(S) + W e where `use_edit`."""
    mean_target, _ = network.vae.encode(seen.target)
    mean_source, _ = network.vae.encode(seen.source)
    edited = mean_source.float() + network.offset(seen.code)
    return torch.where(use_edit[:, None, None, None], edited, mean_target.float())
