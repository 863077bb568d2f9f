"""What every step sees: which pairs, and how they are changed at random, as a function of the seed and the step alone.

Nothing here has a state that a checkpoint would have to keep: a run that was killed and resumed sees the same batches
with the same random changes, and several processes take different numbers of one order, so that none sees another's
pairs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from trainer.augment import drift, jitter, mirror, relight
from trainer.config import TrainConfig
from trainer.dataset import PairBatch, PairTable, StoredPairs
from trainer.loading import loaded_ahead

_PROCESSOR: Final = torch.device("cpu")

MOST_WORKERS: Final = 8
"""Loading processes where the configuration leaves their number open: more have not been needed."""


class PreparedBatch(NamedTuple):
    """One batch as a step takes it.

    Attributes:
        clean: what the losses compare.
        seen: what the networks see (relit).
        use_edit: (B,) bool: which pairs take the edit path.
        noise: (B, C, h, w) eps of Eq. 2.
    """

    clean: PairBatch
    seen: PairBatch
    use_edit: Tensor
    noise: Tensor


class PairOrder:
    """Batches with a fixed share of rendered pairs; each kind is gone through in a new order every time.

    Args:
        table: all pairs.
        batch_size: pairs in a batch.
        rendered_share: of a batch; where one kind is missing, the other fills it.
        lent_share: of its real pairs, lent ones in their place.
        seed: of the orders.
        lid_repeats: how often a rendered pair comes in which lids close or open, while the others come once.
    """

    def __init__(
        self,
        table: PairTable,
        *,
        batch_size: int,
        rendered_share: float,
        seed: int,
        lent_share: float = 0.0,
        lid_repeats: int = 1,
    ) -> None:
        num_rendered = round(batch_size * rendered_share) if table.real else batch_size
        num_rendered = num_rendered if table.rendered else 0
        rendered = table.rendered + table.with_lids() * (lid_repeats - 1)
        num_real = batch_size - num_rendered
        num_lent = round(num_real * lent_share) if table.lent else 0
        self._kinds = ((rendered, num_rendered), (table.real, num_real - num_lent), (table.lent, num_lent))
        self._seed = seed

    def pairs(self, number: int) -> list[tuple[int, int]]:
        """The pairs of batch `number` (from 0): shard and row."""
        return [
            pair
            for kind, (pairs, count) in enumerate(self._kinds)
            for pair in self._taken(kind, pairs, number * count, count)
        ]

    def _taken(self, kind: int, pairs: Sequence[tuple[int, int]], first: int, count: int) -> Iterator[tuple[int, int]]:
        for place in range(first, first + count):
            turn, at = divmod(place, len(pairs))
            yield pairs[_order(self._seed, kind, turn, len(pairs))[at]]


@lru_cache(maxsize=8)
def _order(seed: int, kind: int, turn: int, count: int) -> NDArray[np.int64]:
    return np.random.default_rng([seed, kind, turn]).permutation(count)


class TrainingBatches(Dataset[PreparedBatch]):
    """Batches by number: loaded, augmented, ready for a step.

    Args:
        table: the training pairs.
        config: of data, losses and training.
        seed: of orders and of all random changes.
    """

    def __init__(self, table: PairTable, config: TrainConfig, *, seed: int) -> None:
        self._table, self._config, self._seed = table, config, seed
        self._order = PairOrder(
            table,
            batch_size=config.train.batch_size,
            rendered_share=config.data.rendered_share,
            lent_share=config.data.lent_share,
            seed=seed,
            lid_repeats=config.data.lid_repeats,
        )

    def __getitem__(self, number: int) -> PreparedBatch:
        return self.prepared(self.stored(number), number)

    def stored(self, number: int) -> StoredPairs:
        """The pairs of a batch, loaded and nothing else."""
        return self._table.stored(self._order.pairs(number))

    def prepared(self, pairs: StoredPairs, number: int) -> PreparedBatch:
        """What becomes of them, where they are: a GPU draws other random numbers than a processor."""
        device = pairs.code.device
        generator = torch.Generator(device).manual_seed(_seed_of(self._seed, number))
        clean, seen, use_edit = augmented(pairs.as_batch(), self._config, self._table.code_names, generator)
        shape = (len(use_edit), *self._config.model.latent_shape)
        return PreparedBatch(clean, seen, use_edit, torch.randn(shape, generator=generator, device=device))


class _StoredBatches(Dataset[StoredPairs]):
    """What loading processes do for a GPU, which changes pairs a hundred times as fast as they do."""

    def __init__(self, batches: TrainingBatches) -> None:
        self._batches = batches

    def __getitem__(self, number: int) -> StoredPairs:
        return self._batches.stored(number)


def batch_stream(
    batches: TrainingBatches, numbers: range, *, num_workers: int, device: torch.device = _PROCESSOR
) -> Iterator[PreparedBatch]:
    """The batches of these numbers in order, loaded ahead by `num_workers` processes (0: in this one, one by one).

    Args:
        batches: to take them from.
        numbers: of the batches.
        num_workers: see above; on a processor they change pairs at random as well, elsewhere `device` does.
        device: where the batches shall be.
    """
    is_processor = device.type == "cpu"
    loaded = loaded_ahead(
        batches if is_processor else _StoredBatches(batches),
        numbers,
        num_workers=num_workers,
        pin_memory=device.type == "cuda",
    )
    if is_processor:
        return loaded
    return (batches.prepared(pairs.to(device), number) for number, pairs in zip(numbers, loaded, strict=True))


def num_workers(config: TrainConfig, device: torch.device) -> int:
    """Loading processes: as configured, else none on a processor, which has no time left, and a few beside a GPU."""
    if config.train.workers >= 0:
        return config.train.workers
    return min(MOST_WORKERS, max(1, (os.cpu_count() or 2) - 1)) if device.type == "cuda" else 0


def augmented(
    batch: PairBatch, config: TrainConfig, code_names: tuple[str, ...], generator: torch.Generator
) -> tuple[PairBatch, PairBatch, Tensor]:
    """What the losses compare, what the networks see, and which pairs take the edit path."""
    use_edit = choose_edit_path(batch, config.loss.edit_weight, generator)
    if config.data.flip:
        batch = mirror(batch, _at_random(len(batch.source), 0.5, generator), code_names)
    if config.data.jitter:
        share, real_share = config.data.jitter_share, config.data.real_jitter_share
        batch = jitter(batch, generator=generator, share=share, real_share=real_share)
    if config.data.drift:
        batch = drift(batch, ~use_edit, config.data.drift, generator=generator)
    seen = batch
    if config.data.relight:
        shadows = config.data.shadow_share
        source, target = (
            relight(images, generator=generator, shadow_share=shadows) for images in (batch.source, batch.target)
        )
        seen = batch._replace(source=source, target=target)
    return batch, seen, use_edit


def choose_edit_path(batch: PairBatch, share: float, generator: torch.Generator) -> Tensor:
    """(B,) bool: which pairs take the edit path: no real ones.

    Their flow moves heads, hair and necks as well, which no code tells: sliders learnt to do so, too.
    """
    return _at_random(len(batch.source), share, generator) & ~batch.is_real


def _at_random(count: int, share: float, generator: torch.Generator) -> Tensor:
    """(B,) bool on the generator's device."""
    return torch.rand(count, generator=generator, device=generator.device) < share


def _seed_of(*keys: int) -> int:
    # Neighbouring numbers must not give related random numbers.
    return int(np.random.SeedSequence(keys).generate_state(1, np.uint64)[0] >> np.uint64(1))
