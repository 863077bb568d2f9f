"""Training of the network that finds glasses: half an hour on a processor, on prepared photos and rendered pictures."""

from __future__ import annotations

import math
import pickle
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import torch
import torch.nn.functional as F
from lightning_fabric import Fabric
from torch import Tensor

from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.errors import Cancelled, DataError, TrainingError
from fvae_studio.model.glasses_net import write_glasses
from trainer.glasses.network import GlassesNetwork
from trainer.glasses.samples import GlassesBatch, GlassesPictures, batches, shards_in
from trainer.interruption import held_back
from trainer.prepare import load_prepared
from trainer.run_files import CHECKPOINT
from trainer.run_log import RunLog
from trainer.training_state import save_state

BATCH_SIZE: Final = 32

RATE: Final = 3e-3
_WARM_UP = 0.05
"""The highest rate, and the share of the steps until it is reached; then it falls along a cosine."""

COVER_WEIGHT: Final = 3.0
"""Of the cross entropy beside the shares that overlap (Dice)."""

HELD_OUT_BATCHES: Final = 8

SEEN: Final = 8.0
"""Square crop pixels from which on a picture counts as one with glasses."""

LOG_EVERY, LOOK_EVERY, SAVE_SECONDS = 25, 200, 120.0


def train_glasses(
    work: Path,
    *,
    steps: int,
    accelerator: str = "auto",
    num_workers: int = 2,
    max_seconds: float = 0.0,
    seed: int = 0,
    progress: Progress | None = None,
) -> bytes:
    """Train on the training people of a run's `prepared` folder and shards; resumes from `WORK/glasses`.

    Args:
        work: folder of the run.
        steps: of `BATCH_SIZE` pictures.
        accelerator: auto, cpu, cuda, mps.
        num_workers: processes that draw.
        max_seconds: stop with a checkpoint after that time; 0: never.
        seed: of weights and pictures.
        progress: told of losses and held-out figures.

    Returns:
        The weights file (`fvae_studio.model.glasses_net`).

    Raises:
        DataError: `prepare` was not run, or a checkpoint is none.
        TrainingError: the loss is no number, or the last state cannot be saved.
        Cancelled: it was stopped; there is a checkpoint.
    """
    progress = progress or NoProgress()
    prepared, shards = load_prepared(work / "prepared"), shards_in(work / "shards")
    run_dir = work / "glasses"
    run_dir.mkdir(parents=True, exist_ok=True)
    fabric = Fabric(accelerator=accelerator, devices=1)
    torch.manual_seed(seed)
    network = GlassesNetwork()
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=1e-3)
    step = _resume(run_dir / CHECKPOINT, network, optimizer)
    module, optimizer = fabric.setup(network, optimizer)
    log = RunLog(run_dir, progress, stage="train-glasses", start=step, steps=steps, pairs_per_step=BATCH_SIZE)
    held_out = GlassesPictures(prepared, shards, held_out=True, batch_size=BATCH_SIZE, seed=seed + 1)
    looked_at = [held_out[number] for number in range(HELD_OUT_BATCHES)]
    seen = GlassesPictures(prepared, shards, held_out=False, batch_size=BATCH_SIZE, seed=seed)
    stream = batches(seen, range(step, steps), num_workers=num_workers)

    def save() -> None:
        state = {"network": network.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
        save_state(run_dir / CHECKPOINT, state)

    began = saved = time.monotonic()
    with held_back(log) as interruption:
        while step < steps:
            step_began = time.perf_counter()
            batch = next(stream)
            waiting = time.perf_counter() - step_began
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(step + 1, steps)
            loss = glasses_loss(module(batch.band.to(fabric.device)), batch.glasses.to(fabric.device))
            if not math.isfinite(loss.item()):
                log.status("failed", "the loss is no number")
                raise TrainingError(f"the loss is no number at step {step}; the last checkpoint is whole")
            optimizer.zero_grad()
            fabric.backward(loss)
            optimizer.step()
            step += 1
            log.count(time.perf_counter() - step_began, waiting)
            if step % LOG_EVERY == 0:
                log.losses({"loss": loss.item()}, f"glasses  loss {loss.item():.4f}")
            is_over = bool(max_seconds) and time.monotonic() - began > max_seconds
            is_over = is_over or interruption.is_asked_for or step == steps
            if is_over or step % LOOK_EVERY == 0:
                log.figures(held_out_figures(network, looked_at))
            if is_over or time.monotonic() - saved > SAVE_SECONDS:
                save()
                saved = time.monotonic()
            if is_over:
                break
        log.status("finished" if step == steps else "stopped")
        log.close()
    if step < steps:
        raise Cancelled(f"Stopped at step {step} with a checkpoint; the same command goes on from there.")
    return write_glasses(network.eval().folded())


def learning_rate(step: int, steps: int) -> float:
    """Up in a straight line, down along a cosine."""
    done = step / steps
    if done < _WARM_UP:
        return RATE * done / _WARM_UP
    return RATE * 0.5 * (1 + math.cos(math.pi * (done - _WARM_UP) / (1 - _WARM_UP)))


def glasses_loss(logits: Tensor, glasses: Tensor) -> Tensor:
    """Cross entropy per pixel, glasses twice as much as skin, and what does not overlap where there are any (Dice).

    Args:
        logits: (B, 1, H, W).
        glasses: the same shape, 0 or 1.
    """
    entropy = F.binary_cross_entropy_with_logits(logits, glasses, pos_weight=logits.new_tensor(2.0))
    found, axes = logits.sigmoid(), (1, 2, 3)
    both, area = (found * glasses).sum(axes), found.sum(axes) + glasses.sum(axes)
    worn = (glasses.sum(axes) > 0).float()
    apart = 1 - (2 * both + 1) / (area + 1)
    return COVER_WEIGHT * entropy + (apart * worn).sum() / worn.sum().clamp_min(1)


@torch.no_grad()
def held_out_figures(network: GlassesNetwork, looked_at: Sequence[GlassesBatch]) -> dict[str, float]:
    """On people who were kept out: overlap (intersection over union), and shares of pictures that are wrong.

    Returns:
        overlap: of all pictures together.
        invented: of the pictures without glasses, those where more than `SEEN` pixels are found.
        missed: of those with glasses, those where less than half of them is found.
    """
    network.eval()
    both = either = invented = missed = bare = worn = 0.0
    for batch in looked_at:
        device = next(network.parameters()).device
        found = (network(batch.band.to(device)) > 0).float().cpu()
        wears = batch.glasses.sum((1, 2, 3)) > 0
        both += (found * batch.glasses).sum().item()
        either += torch.maximum(found, batch.glasses).sum().item()
        invented += (found[~wears].sum((1, 2, 3)) > SEEN).sum().item()
        share = (found * batch.glasses)[wears].sum((1, 2, 3)) / batch.glasses[wears].sum((1, 2, 3))
        missed += (share < 0.5).sum().item()
        bare, worn = bare + (~wears).sum().item(), worn + wears.sum().item()
    network.train()
    return {"overlap": both / max(either, 1), "invented": invented / max(bare, 1), "missed": missed / max(worn, 1)}


def _resume(path: Path, network: GlassesNetwork, optimizer: torch.optim.Optimizer) -> int:
    """Go on from a checkpoint, if there is one; the step it was written at."""
    if not path.exists():
        return 0
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        return int(state["step"])
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError, ValueError, TypeError, KeyError) as error:
        raise DataError(f"{path} is no checkpoint of this training; remove it to begin anew") from error
