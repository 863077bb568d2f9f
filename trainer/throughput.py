"""`fvae-train bench`: how fast training goes, how long it waits for data, what the convolutions alone would reach."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from fvae_studio.core.alignment import CROP_SIZE
from trainer.batches import TrainingBatches, batch_stream, num_workers
from trainer.config import TrainConfig
from trainer.dataset import PairTable
from trainer.shards import RENDERED, RENDERED_REVERSE, Shard, find_shards, read_shards, write_shard
from trainer.step import EditableFlowVae
from trainer.training import Training

WARM_UP_STEPS: Final = 3
"""Not measured: the first steps choose algorithms, fill caches and compile."""

WAITING_GOAL: Final = 0.05
"""Share of the time that may be spent waiting for data."""


@dataclass(frozen=True)
class Throughput:
    """What was measured.

    Attributes:
        device: name of the device.
        precision: Fabric's name.
        compiled: whether the step was compiled.
        batch_size: pairs in a batch.
        pairs_per_second: of whole training steps.
        waiting_for_data: share of that time.
        processor_ms_per_pair: processor time of this process; on a busy machine more telling than the rate.
        alone_pairs_per_second: of the convolutions alone, forwards and backwards, compiled where the step is.
        share_of_alone: the first rate over that one.
        memory_mb: largest memory, of the device where it has its own, else of this process.
    """

    device: str
    precision: str
    compiled: bool
    batch_size: int
    pairs_per_second: float
    waiting_for_data: float
    processor_ms_per_pair: float
    alone_pairs_per_second: float
    share_of_alone: float
    memory_mb: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)

    def describe(self) -> str:
        """A few lines for people."""
        verdict = "" if self.waiting_for_data < WAITING_GOAL else "; the goal is 5 %: raise train.workers"
        compiled = ", compiled" if self.compiled else ""
        return "\n".join(
            [
                f"{self.device}, {self.precision}{compiled}, batches of {self.batch_size}",
                f"training          {self.pairs_per_second:.1f} pairs a second",
                f"waiting for data  {self.waiting_for_data:.1%}{verdict}",
                f"processor time    {self.processor_ms_per_pair:.1f} ms a pair",
                f"convolutions      {self.alone_pairs_per_second:.1f} pairs a second alone: "
                f"training reaches {self.share_of_alone:.0%} of that",
                f"memory            {self.memory_mb:.0f} MB",
            ]
        )


def measure_throughput(
    config: TrainConfig, shards_dir: Path, *, accelerator: str = "auto", num_steps: int = 20
) -> Throughput:
    """Train for some steps and throw the result away.

    Args:
        config: of everything.
        shards_dir: of shards; see `noise_shard` where there are none.
        accelerator: Lightning Fabric's name of the kind of device.
        num_steps: that are measured.
    """
    fabric = Fabric(accelerator=accelerator, devices=1, precision=config.train.precision)
    is_cuda = fabric.device.type == "cuda"
    table = PairTable(read_shards(shards_dir), held_out=False)
    torch.manual_seed(config.train.seed)
    network = EditableFlowVae(config.model, code_size=len(table.code_names))
    steps = WARM_UP_STEPS + num_steps
    training = Training(network, config, table.code_names, fabric, steps=steps)
    count = config.train.accumulate
    if is_cuda:
        # Once something is there: before that, CUDA knows of no device.
        torch.cuda.reset_peak_memory_stats(fabric.device)
    stream = batch_stream(
        TrainingBatches(table, config, seed=config.train.seed),
        range(steps * count),
        num_workers=num_workers(config, fabric.device),
        device=fabric.device,
    )
    waited: list[float] = []

    def step() -> None:
        training.take_step(stream)
        waited.append(training.waiting_s)

    seconds, processor = _timed(step, num_steps, fabric.device)
    pairs = num_steps * count * config.train.batch_size
    memory = torch.cuda.max_memory_allocated(fabric.device) / 1e6 if is_cuda else _peak_memory_mb()
    alone = _convolutions_alone(network, config, fabric, num_steps)
    return Throughput(
        device=torch.cuda.get_device_name(fabric.device) if is_cuda else f"{fabric.device.type}, {_threads()}",
        precision=config.train.precision,
        compiled=config.train.compile,
        batch_size=config.train.batch_size,
        pairs_per_second=pairs / seconds,
        waiting_for_data=sum(waited[WARM_UP_STEPS:]) / seconds,
        processor_ms_per_pair=1000 * processor / pairs,
        alone_pairs_per_second=alone,
        share_of_alone=pairs / seconds / alone,
        memory_mb=memory,
    )


def noise_shard(folder: Path, *, num_pairs: int = 256) -> None:
    """A shard of noise, for measuring where no pairs were rendered: the same sizes, no meaning."""
    rng = np.random.default_rng(0)
    size, names = CROP_SIZE, (*(f"shape{number}" for number in range(53)), "yaw", "pitch", "roll")
    half = num_pairs // 2
    kind = np.repeat(np.array([RENDERED, RENDERED_REVERSE], np.int8), half)
    write_shard(
        folder,
        Shard(
            images=rng.integers(0, 256, (half + 1, size, size, 3), np.uint8),
            flows=rng.normal(0, 1, (2 * half, size, size, 2)).astype(np.float16),
            visible=np.full((2 * half, size, size), 255, np.uint8),
            source=np.concatenate([np.zeros(half, np.int64), np.arange(1, half + 1)]),
            target=np.concatenate([np.arange(1, half + 1), np.zeros(half, np.int64)]),
            code=rng.normal(0, 0.3, (2 * half, len(names))).astype(np.float32),
            kind=kind,
            person=np.zeros(2 * half, np.int64),
            held_out=np.zeros(2 * half, np.bool_),
            code_names=names,
            persons=("nobody",),
        ),
    )


def has_shards(folder: Path) -> bool:
    """Whether there are finished shards."""
    return bool(find_shards(folder))


class _Convolutions(nn.Module):
    """The networks of a step without losses, warps and data: what there is at most to be had."""

    def __init__(self, network: EditableFlowVae) -> None:
        super().__init__()
        self.vae = network.vae

    def forward(self, images: Tensor) -> Tensor:
        """A number that depends on every weight; `images` (2 B, 3, S, S): targets, then sources."""
        count = len(images) // 2
        mean, log_var = self.vae.encode(images)
        decoded = self.vae.decoder(self.vae.source_features(images[count:]), mean[:count])
        value: Tensor = decoded.float().square().mean() + log_var.float().square().mean()
        return value


def _convolutions_alone(network: EditableFlowVae, config: TrainConfig, fabric: Fabric, num_steps: int) -> float:
    """Pairs a second."""
    alone: nn.Module = _Convolutions(network)
    if config.train.compile:
        alone = torch.compile(alone)  # type: ignore[assignment]  # a module, says torch at run time
    module = fabric.setup_module(alone)
    images = torch.randn(2 * config.train.batch_size, 3, CROP_SIZE, CROP_SIZE, device=fabric.device)

    def step() -> None:
        network.zero_grad()
        fabric.backward(module(images))

    seconds, _ = _timed(step, num_steps, fabric.device)
    return num_steps * config.train.batch_size / seconds


def _timed(step: Callable[[], None], num_steps: int, device: torch.device) -> tuple[float, float]:
    """Seconds on the clock and of this process for the steps after the warm-up."""

    def wait() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    for _ in range(WARM_UP_STEPS):
        step()
    wait()
    began, processor = time.perf_counter(), time.process_time()
    for _ in range(num_steps):
        step()
    wait()
    return time.perf_counter() - began, time.process_time() - processor


def _threads() -> str:
    count = torch.get_num_threads()
    return "1 thread" if count == 1 else f"{count} threads"


def _peak_memory_mb() -> float:
    if sys.platform == "win32":
        return float("nan")
    import resource

    # Kilobytes on Linux, bytes on macOS.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
