"""Batches of pairs from prepared shards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fvae_studio.errors import DataError
from fvae_studio.model.preprocess import normalise
from trainer.shards import LENT, REAL, TURNED, TURNED_REVERSE, Shard

LIDS_CLOSE: Final = 0.7
"""Change of a blink's weight, 1 being a closed eye."""


class PairBatch(NamedTuple):
    """Tensors of B pairs.

    Attributes:
        source, target: (B, 3, S, S) in [-1, 1].
        flow: (B, 2, S, S) backward flow, crop pixels.
        visible: (B, 1, S, S) in [0, 1].
        code: (B, 56) change of expression and pose.
        is_real: (B,) bool: two photos, whose flow was found in their pixels and is not exact, or a photo to which two
            photos of somebody else lent their difference: no code says what moves between them.
    """

    source: Tensor
    target: Tensor
    flow: Tensor
    visible: Tensor
    code: Tensor
    is_real: Tensor

    def to(self, device: torch.device) -> PairBatch:
        """All tensors on `device`."""
        return PairBatch(*(tensor.to(device, non_blocking=True) for tensor in self))


class StoredPairs(NamedTuple):
    """B pairs as shards hold them: a quarter of the size, to be carried to where they are made a `PairBatch`.

    Attributes:
        source, target: (B, S, S, 3) uint8.
        flow: (B, S, S, 2) float16.
        visible: (B, S, S) uint8.
        code: (B, 56).
        is_real: (B,) bool; see `PairBatch`.
    """

    source: Tensor
    target: Tensor
    flow: Tensor
    visible: Tensor
    code: Tensor
    is_real: Tensor

    def to(self, device: torch.device) -> StoredPairs:
        """All tensors on `device`."""
        return StoredPairs(*(tensor.to(device, non_blocking=True) for tensor in self))

    def as_batch(self) -> PairBatch:
        """As networks and losses take them, on the same device."""
        source, target = (normalise(images.permute(0, 3, 1, 2)) for images in (self.source, self.target))
        return PairBatch(
            source,
            target,
            self.flow.float().permute(0, 3, 1, 2).contiguous(),
            (self.visible.float() / 255)[:, None],
            self.code,
            self.is_real,
        )


class PairTable:
    """All pairs of several shards, chosen by split and kind.

    Attributes:
        shards: that hold them; pairs are numbers of a shard and of a row in it.
        of_photos: a photo and what was rendered from it, either way: exact flow and code.
        rendered: these, and those of turned heads.
        real: two photos of a person.
        lent: a photo and what was lent to it.
    """

    def __init__(self, shards: Sequence[Shard], *, held_out: bool) -> None:
        self.shards = shards
        of_photos: list[tuple[int, int]] = []
        turned: list[tuple[int, int]] = []
        real: list[tuple[int, int]] = []
        lent: list[tuple[int, int]] = []
        by_kind = {REAL: real, LENT: lent, TURNED: turned, TURNED_REVERSE: turned}
        names = {shard.code_names for shard in shards}
        if len(names) > 1:
            raise DataError("the shards were rendered with different expression shapes; render them again")
        for number, shard in enumerate(shards):
            for row in np.flatnonzero(shard.held_out == held_out):
                by_kind.get(int(shard.kind[row]), of_photos).append((number, int(row)))
        # Every shard repeats the same real pairs: once is enough.
        first = real[0][0] if real else 0
        self.of_photos = of_photos
        self.rendered = of_photos + turned
        self.lent = lent
        self.real = [pair for pair in real if pair[0] == first]
        if not self.rendered and not self.real:
            raise DataError(f"the shards hold no {'held-out' if held_out else 'training'} pairs")

    def __len__(self) -> int:
        return len(self.rendered) + len(self.real)

    @property
    def code_names(self) -> tuple[str, ...]:
        """Names of the code's entries."""
        return self.shards[0].code_names

    def num_used(self, rendered_share: float) -> int:
        """Pairs that a training draws from."""
        return (len(self.rendered) if rendered_share > 0 or not self.real else 0) + (
            len(self.real) if rendered_share < 1 or not self.rendered else 0
        )

    def with_lids(self) -> list[tuple[int, int]]:
        """Rendered pairs in which a lid closes or opens by more than `LIDS_CLOSE` of its way."""
        lids = [column for column, name in enumerate(self.code_names) if name.startswith("eyeBlink")]
        if not lids:
            return []
        moved = [np.abs(shard.code[:, lids]).max(axis=1) > LIDS_CLOSE for shard in self.shards]
        return [(number, row) for number, row in self.rendered if moved[number][row]]

    def batch(self, pairs: Sequence[tuple[int, int]]) -> PairBatch:
        """Load these pairs."""
        return self.stored(pairs).as_batch()

    def stored(self, pairs: Sequence[tuple[int, int]]) -> StoredPairs:
        """Load these pairs as they are."""

        def images(column: str) -> Tensor:
            chosen = [self.shards[number].images[getattr(self.shards[number], column)[row]] for number, row in pairs]
            return torch.from_numpy(np.stack(chosen))

        def stack(column: str) -> NDArray[np.generic]:
            return np.stack([getattr(self.shards[number], column)[row] for number, row in pairs])

        return StoredPairs(
            images("source"),
            images("target"),
            torch.from_numpy(stack("flows")),
            torch.from_numpy(stack("visible")),
            torch.from_numpy(stack("code").astype(np.float32)),
            torch.from_numpy(np.isin(stack("kind"), (REAL, LENT))),
        )
