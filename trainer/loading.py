"""Batches made ahead by other processes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from typing import Any

from torch.utils.data import DataLoader, Dataset

from fvae_studio.core.signals import left_to_parent


def loaded_ahead(
    batches: Dataset[Any], numbers: Sequence[int], *, num_workers: int, pin_memory: bool = False
) -> Iterator[Any]:
    """The batches of these numbers in order.

    Args:
        batches: by number.
        numbers: of those that are wanted.
        num_workers: processes that make them; 0, or where no process can fork: this one makes each when asked for.
        pin_memory: in memory from which a GPU copies faster.
    """
    if "fork" not in multiprocessing.get_all_start_methods():
        # Elsewhere every worker would be sent a copy of the mapped files.
        num_workers = 0
    loader = DataLoader(
        batches,
        batch_size=None,
        sampler=numbers,
        num_workers=num_workers,
        pin_memory=pin_memory,
        multiprocessing_context="fork" if num_workers else None,
    )
    if not num_workers:
        return iter(loader)
    with left_to_parent():
        return iter(loader)
