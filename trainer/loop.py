"""The training loop: step, log, evaluate, checkpoint, resume. Reads prepared shards only.

Lightning Fabric gives device, precision and several processes (`torchrun` / `fabric run`); nothing here knows which.
"""

from __future__ import annotations

import json
import pickle
import time
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.errors import ConfigError, DataError
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.model.flow_vae import ConfidenceNet
from trainer.augment import drift, jitter, mirror, relight
from trainer.baselines.rgb_training import RgbVaeStep, require_flow, validate_pictures
from trainer.config import TrainConfig
from trainer.dataset import PairBatch, PairTable
from trainer.initial import require_same_architecture, start_from
from trainer.shards import read_shards
from trainer.step import EditableFlowVae, FlowVaeStep, MaskStep
from trainer.validation import validate

BEST = "best.pt"
"""The averaged weights with the best held-out loss; written where early stopping is asked for."""

CHECKPOINT = "checkpoint.pt"
"""Training state: read with `weights_only=True`, so it runs no code. Released weights are safetensors."""


def train(
    config: TrainConfig,
    shards_dir: Path,
    run_dir: Path,
    *,
    accelerator: str = "auto",
    devices: int = 1,
    resume: bool = True,
    init: LoadedModel | None = None,
    max_seconds: float = 0.0,
    progress: Progress | None = None,
) -> EditableFlowVae:
    """Train f, g and W; resumes from `run_dir` if a checkpoint is there.

    Args:
        config: of everything.
        shards_dir: folder of shards, all of which are used.
        run_dir: where checkpoint, figures and TensorBoard's events go.
        accelerator: Lightning Fabric's name of the kind of device.
        devices: how many of them, a process for each.
        resume: go on from the checkpoint, if there is one.
        init: released weights to begin with; not looked at where a run is resumed.
        max_seconds: stop (with a checkpoint) after this time; 0 for no limit.
        progress: told every 25 steps and at evaluations; asked for cancelling after each checkpoint.

    Returns:
        The network with its averaged weights.
    """
    progress = progress or NoProgress()
    fabric = Fabric(accelerator=accelerator, devices=devices, precision=config.train.precision)
    fabric.launch()
    shards = read_shards(shards_dir)
    table, held_out = PairTable(shards, held_out=False), PairTable(shards, held_out=True)
    torch.manual_seed(config.train.seed)
    network = EditableFlowVae(config.model, code_size=len(table.code_names))
    start, best, waited = 0, float("inf"), 0
    checkpoint = run_dir / CHECKPOINT
    state: dict[str, Any] = {}
    is_resumed = resume and checkpoint.exists()
    if init is not None and not is_resumed:
        require_flow(config)
        start_from(init, network, table, seed=config.train.seed)
    averaged = EditableFlowVae(config.model, code_size=len(table.code_names)).to(fabric.device)
    averaged.load_state_dict(network.state_dict())
    if is_resumed:
        state = load_state(checkpoint, config)
        network.load_state_dict(state["network"])
        averaged.load_state_dict(state["averaged"])
        start, best, waited = state["step"], state["best"], state["waited"]
    paints = config.model.output == "rgb"
    validation = validate_pictures if paints else validate
    losses_of: RgbVaeStep | FlowVaeStep = (
        RgbVaeStep(network, config.loss) if paints else FlowVaeStep(network, config.loss, drifts=config.data.drift > 0)
    )
    module, optimizer = fabric.setup(losses_of, make_optimizer(config, network))
    if state:
        # After the network has moved to its device: the optimiser's tensors follow the parameters.
        optimizer.load_state_dict(state["optimizer"])
    run_dir.mkdir(parents=True, exist_ok=True)
    writer = SummaryWriter(str(run_dir)) if fabric.is_global_zero else None
    # Another seed after a resume: the order of pairs need not repeat, the run need only be repeatable as a whole.
    generator = torch.Generator().manual_seed(config.train.seed * 7919 + start + fabric.global_rank)
    batches = table.random_batches(
        config.train.batch_size,
        config.data.rendered_share,
        config.train.seed * 104729 + start * 31 + fabric.global_rank,
    )
    steps = total_steps(config, table.num_used(config.data.rendered_share))
    began, shown = time.monotonic(), time.monotonic()
    step = start
    for step in range(start + 1, steps + 1):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(config, step, steps)
        clean, seen, use_edit = prepared_batch(next(batches), config, table.code_names, generator)
        noise = torch.randn(len(use_edit), *config.model.latent_shape, generator=generator)
        losses = module(
            seen.to(fabric.device),
            clean.to(fabric.device),
            use_edit.to(fabric.device),
            noise.to(fabric.device),
            prior_share(config, step, steps),
        )
        optimizer.zero_grad()
        fabric.backward(losses.total)
        if config.optim.clip_value:
            fabric.clip_gradients(module, optimizer, clip_val=config.optim.clip_value)
        if config.optim.clip_norm:
            fabric.clip_gradients(module, optimizer, max_norm=config.optim.clip_norm, error_if_nonfinite=False)
        optimizer.step()
        # A short memory at first: the average shall not carry the untrained weights along.
        update_average(averaged, network, min(config.train.ema, step / (step + 30)))
        if writer and step % 25 == 0:
            for name, value in zip(losses._fields, losses, strict=True):
                writer.add_scalar(f"train/{name}", value.item(), step)
            rate = 25 * config.train.batch_size / max(time.monotonic() - shown, 1e-9)
            shown = time.monotonic()
            left = (steps - step) * config.train.batch_size / rate
            progress.report(
                step / steps,
                f"step {step}/{steps}  loss {losses.total.item():.4f}  end point {losses.end_point.item():.3f} px  "
                f"KL {losses.prior.item():.0f}  {rate:.0f} pairs/s  {left / 60:.0f} min left",
            )
        # One clock for all processes: one that stopped alone would leave the others waiting.
        out_of_time = bool(max_seconds) and bool(fabric.broadcast(time.monotonic() - began > max_seconds))
        if step % config.train.evaluate_every == 0 or step == steps or out_of_time:
            if fabric.is_global_zero:
                figures = validation(averaged, held_out)
                is_best = figures["loss"] < best
                best, waited = (figures["loss"], 0) if is_best else (best, waited + 1)
                log_figures(writer, run_dir, step, figures)
                progress.report(step / steps, " ".join(f"{name} {value:.3f}" for name, value in figures.items()))
                state = {
                    "network": network.state_dict(),
                    "averaged": averaged.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "step": step,
                    "best": best,
                    "waited": waited,
                    "config": json.dumps(config.to_dict()),
                    "code_names": list(table.code_names),
                }
                save_state(checkpoint, state)
                if is_best and config.train.early_stopping:
                    save_state(run_dir / BEST, {"averaged": averaged.state_dict(), "step": step})
            waited = int(fabric.broadcast(waited))
            progress.raise_if_cancelled()
            if out_of_time or (config.train.early_stopping and waited >= config.train.patience):
                break
    if writer:
        writer.close()
    if config.train.early_stopping and (run_dir / BEST).exists() and fabric.is_global_zero:
        keep_best(run_dir, averaged, is_over=step == steps or waited >= config.train.patience)
    return averaged.eval()


def keep_best(run_dir: Path, averaged: EditableFlowVae, *, is_over: bool) -> None:
    """Give `averaged` the best weights that were evaluated; once the training is over, the checkpoint too."""
    best = torch.load(run_dir / BEST, map_location="cpu", weights_only=True)
    averaged.load_state_dict(best["averaged"])
    if is_over:
        state = torch.load(run_dir / CHECKPOINT, map_location="cpu", weights_only=True)
        save_state(run_dir / CHECKPOINT, state | {"averaged": best["averaged"]})


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
    """Train M with f and g frozen (section 3.2); adds its weights to the run's checkpoint, and resumes from there.

    With `init`, a first call begins with that model's M.
    """
    progress = progress or NoProgress()
    require_flow(config)
    state = load_state(run_dir / CHECKPOINT, config)
    fabric = Fabric(accelerator=accelerator, devices=1, precision=config.train.precision)
    table = PairTable(read_shards(shards_dir), held_out=False)
    network = EditableFlowVae(config.model, code_size=len(table.code_names))
    network.load_state_dict(state["averaged"])
    network = network.to(fabric.device).eval().requires_grad_(requires_grad=False)
    torch.manual_seed(config.train.seed)
    confidence = ConfidenceNet(config.model)
    if "confidence" in state:
        confidence.load_state_dict(state["confidence"])
    elif init is not None:
        require_same_architecture(init, config.model)
        confidence.load_state_dict(init.confidence.state_dict())
    optimizer = torch.optim.AdamW(confidence.parameters(), lr=config.optim.learning_rate)
    module, optimizer = fabric.setup(MaskStep(confidence, config.loss), optimizer)
    start = state.get("mask_step", 0)
    generator = torch.Generator().manual_seed(config.train.seed + start)
    batches = table.random_batches(config.train.batch_size, config.data.rendered_share, config.train.seed + 1 + start)
    steps, began = config.train.mask_steps, time.monotonic()
    step = start
    for step in range(start + 1, steps + 1):
        rate = config.optim.learning_rate * 0.5 * (1 + torch.cos(torch.tensor(torch.pi * step / steps)).item())
        for group in optimizer.param_groups:
            group["lr"] = rate
        clean, seen, use_edit = prepared_batch(next(batches), config, table.code_names, generator)
        clean, seen, use_edit = clean.to(fabric.device), seen.to(fabric.device), use_edit.to(fabric.device)
        with torch.no_grad(), fabric.autocast():
            latent = path_latent(network, seen, use_edit)
            flow = network.vae.decode(network.vae.source_features(seen.source), latent)
        loss = module(seen, clean, latent, flow)
        optimizer.zero_grad()
        fabric.backward(loss)
        optimizer.step()
        if step % 25 == 0:
            progress.report(step / steps, f"mask step {step}/{steps}  cross entropy {loss.item():.4f}")
            progress.raise_if_cancelled()
        if max_seconds and time.monotonic() - began > max_seconds:
            break
    state |= {"confidence": confidence.state_dict(), "mask_step": step}
    save_state(run_dir / CHECKPOINT, state)
    return confidence.eval()


def path_latent(network: EditableFlowVae, seen: PairBatch, use_edit: Tensor) -> Tensor:
    """mean(T), or mean(S) + W e where `use_edit`."""
    mean_target, _ = network.vae.encode(seen.target)
    mean_source, _ = network.vae.encode(seen.source)
    edited = mean_source.float() + network.offset(seen.code)
    return torch.where(use_edit[:, None, None, None], edited, mean_target.float())


def prepared_batch(
    batch: PairBatch, config: TrainConfig, code_names: tuple[str, ...], generator: torch.Generator
) -> tuple[PairBatch, PairBatch, Tensor]:
    """Augmentation: what the losses compare, what the networks see, and which pairs take the edit path."""
    use_edit = choose_edit_path(batch, config.loss.edit_weight, generator)
    if config.data.flip:
        batch = mirror(batch, torch.rand(len(batch.source), generator=generator) < 0.5, code_names)
    if config.data.jitter:
        batch = jitter(batch, generator=generator)
    if config.data.drift:
        batch = drift(batch, ~use_edit, config.data.drift, generator=generator)
    seen = batch
    if config.data.relight:
        seen = batch._replace(
            source=relight(batch.source, generator=generator), target=relight(batch.target, generator=generator)
        )
    return batch, seen, use_edit


def choose_edit_path(batch: PairBatch, share: float, generator: torch.Generator) -> Tensor:
    """(B,) bool: which pairs take the edit path; real pairs half as often, their codes are only fitted."""
    chance = torch.where(batch.is_real.cpu(), share / 2, share)
    return torch.rand(len(batch.source), generator=generator) < chance


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


def total_steps(config: TrainConfig, num_pairs: int) -> int:
    """`max_steps`, or as many as `max_epochs` passes need."""
    if config.train.max_steps:
        return config.train.max_steps
    return max(1, config.train.max_epochs * num_pairs // config.train.batch_size)


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


def prior_share(config: TrainConfig, step: int, steps: int) -> float:
    """Growth of the prior's weight: a full weight from the start lets the posterior collapse."""
    return min(1.0, config.loss.prior_start + (1 - config.loss.prior_start) * 2 * step / steps)


@torch.no_grad()
def update_average(averaged: EditableFlowVae, network: EditableFlowVae, decay: float) -> None:
    """Exponential moving average of weights and of the batch normalisation's statistics, which belong together."""
    for values, news in ((averaged.parameters(), network.parameters()), (averaged.buffers(), network.buffers())):
        for mean, value in zip(values, news, strict=True):
            if mean.is_floating_point():
                mean.lerp_(value.detach(), 1 - decay)
            else:
                mean.copy_(value)


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
    if saved != json.loads(json.dumps(config.model.to_dict())):
        raise ConfigError(f"{path} was trained with another [model] table; choose another --run folder")
    return state


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write atomically: a killed run leaves the last checkpoint whole."""
    temporary = path.with_suffix(".tmp")
    torch.save(state, temporary)
    temporary.replace(path)


def log_figures(writer: SummaryWriter | None, run_dir: Path, step: int, figures: dict[str, float]) -> None:
    """To TensorBoard, and one JSON line for people and scripts."""
    if writer:
        for name, value in figures.items():
            writer.add_scalar(f"held_out/{name}", value, step)
    with (run_dir / "figures.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"step": step} | figures) + "\n")
