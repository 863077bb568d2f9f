"""Pictures to learn glasses from: faces of the training people, with drawn glasses on six of ten."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.model.glasses_net import BAND, band_of
from trainer.glasses.frames import CANVAS, Drawn, draw_glasses
from trainer.glasses.photographs import add_clutter, photograph
from trainer.loading import loaded_ahead
from trainer.prepare import PreparedFaces
from trainer.shards import LENT, REAL, Shard, read_shards

WEARING: Final = 0.6
"""Share of the pictures that show glasses."""

_PHOTO_SHARE = 0.45
"""Of photos; the rest are pictures rendered from them, with expressions, turned heads and half of the detail."""

_LEAST_COVERED = 0.25
"""Of the fullest quarter of a cell, from which on the cell is glasses: a wire is thinner than a cell."""

_TURNED_DEGREES = {True: 6.0, False: 11.0}
"""Of glasses on photos and on rendered pictures."""


class GlassesBatch(NamedTuple):
    """B pictures.

    Attributes:
        band: (B, 3, 64, 128) in [-1, 1].
        glasses: (B, 1, 64, 128), 1 where glasses hide what is behind.
    """

    band: Tensor
    glasses: Tensor


class GlassesPictures(Dataset[GlassesBatch]):
    """Batch number n of an endless number, always the same one for a seed."""

    def __init__(
        self, prepared: PreparedFaces, shards: tuple[Shard, ...], *, held_out: bool, batch_size: int, seed: int
    ) -> None:
        self._crops = prepared.crops
        self._rows = [row for row, face in enumerate(prepared.faces) if (face.split == "held_out") == held_out]
        self._shards = [(shard.images, _sources(shard, held_out=held_out)) for shard in shards]
        self._shards = [(images, rows) for images, rows in self._shards if len(rows)]
        self._batch_size, self._seed = batch_size, seed

    def __getitem__(self, number: int) -> GlassesBatch:
        rng = np.random.default_rng([self._seed, number])
        drawn = [self._picture(rng) for _ in range(self._batch_size)]
        band = torch.stack([torch.from_numpy(band_of(each.pixels)[0]) for each in drawn])
        mask = torch.stack([torch.from_numpy(each.mask) for each in drawn])[:, None]
        covered = F.max_pool2d(mask, CANVAS // CROP_SIZE)[:, :, BAND]
        return GlassesBatch(band, (covered > _LEAST_COVERED).float())

    def _picture(self, rng: np.random.Generator) -> Drawn:
        is_photo = not self._shards or rng.random() < _PHOTO_SHARE
        if is_photo:
            pixels = np.array(self._crops[rng.choice(self._rows)])
        else:
            images, rows = self._shards[rng.integers(len(self._shards))]
            pixels = np.array(images[rng.choice(rows)])
        if len(pixels) != CANVAS:
            pixels = cv2.resize(pixels, (CANVAS, CANVAS), interpolation=cv2.INTER_CUBIC)
        pixels = add_clutter(pixels, rng)
        drawn = Drawn(pixels, np.zeros((CANVAS, CANVAS), np.float32))
        if rng.random() < WEARING:
            drawn = draw_glasses(pixels, rng, yaw_degrees=_TURNED_DEGREES[is_photo])
        return photograph(drawn, rng)


def batches(pictures: GlassesPictures, numbers: range, *, num_workers: int) -> Iterator[GlassesBatch]:
    """These batches in order, made ahead by other processes."""
    return loaded_ahead(pictures, numbers, num_workers=num_workers)


def shards_in(folder: Path) -> tuple[Shard, ...]:
    """The shards of a run; none where nothing was rendered."""
    return tuple(read_shards(folder)) if folder.is_dir() else ()


def _sources(shard: Shard, *, held_out: bool) -> NDArray[np.int64]:
    """Rows of the pictures that pairs begin with; photos are in `PreparedFaces` already."""
    chosen = (shard.held_out == held_out) & ~np.isin(shard.kind, (REAL, LENT))
    rows: NDArray[np.int64] = np.unique(shard.source[chosen])
    return rows
