from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from fvae_studio.errors import DataError
from fvae_studio.model.warp import warp
from tests.trainer.pairs import make_shard
from trainer.dataset import PairTable


@pytest.fixture(scope="module")
def shard():
    return make_shard(per_person=4)


def rows_of(table: PairTable) -> list[tuple[int, int]]:
    return table.rendered + table.real


def persons(table: PairTable) -> set[str]:
    return {table.shards[number].persons[table.shards[number].person[row]] for number, row in rows_of(table)}


def test_no_held_out_person_is_trained_on(shard):
    training, held_out = PairTable([shard], held_out=False), PairTable([shard], held_out=True)

    assert persons(training) == {"p/a", "p/b"}
    assert persons(held_out) == {"p/c"}
    assert len(training) + len(held_out) == len(shard)


def test_batch_holds_what_the_shard_says(shard):
    table = PairTable([shard], held_out=False)

    batch = table.batch(table.rendered)

    assert batch.source.shape == (len(table.rendered), 3, 128, 128)
    assert batch.source.min() >= -1
    assert batch.source.max() <= 1
    assert batch.visible.unique().tolist() == [1.0]
    there = ~torch.tensor([shard.kind[row] == 1 for _, row in table.rendered])
    # uint8 images, float16 flows.
    torch.testing.assert_close(warp(batch.source, batch.flow)[there], batch.target[there], atol=0.03, rtol=0)


def test_real_pairs_of_several_shards_count_once(shard):
    one, two = PairTable([shard], held_out=False), PairTable([shard, shard], held_out=False)

    assert len(two.real) == len(one.real)
    assert len(two.rendered) == 2 * len(one.rendered)


def test_used_pairs_follow_the_share(shard):
    table = PairTable([shard], held_out=False)

    assert table.num_used(0.0) == len(table.real)
    assert table.num_used(1.0) == len(table.rendered)
    assert table.num_used(0.5) == len(table)


def test_shards_of_different_codes_do_not_mix(shard):
    with pytest.raises(DataError, match="different expression shapes"):
        PairTable([shard, replace(shard, code_names=shard.code_names[::-1])], held_out=False)


def test_missing_split_is_named():
    nobody = make_shard(held_out=(), per_person=2)

    with pytest.raises(DataError, match="held-out"):
        PairTable([nobody], held_out=True)
