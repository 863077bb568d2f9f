from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch

from fvae_studio.errors import DataError
from fvae_studio.model.warp import warp
from tests.trainer.pairs import make_shard
from trainer.dataset import PairTable
from trainer.shards import REAL


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


def test_no_training_batch_shows_a_held_out_person(shard):
    # Mark every image of the held-out person, then look for the mark.
    images = np.minimum(shard.images, 250).copy()
    hidden = shard.held_out
    images[np.concatenate([shard.source[hidden], shard.target[hidden]])] = 255
    table = PairTable([replace(shard, images=images)], held_out=False)

    for batch in islice(table.random_batches(8, 0.5, seed=0), 20):
        assert batch.source.max() < 1
        assert batch.target.max() < 1


@pytest.mark.parametrize(("share", "num_rendered"), [(0.0, 0), (0.5, 4), (0.72, 6), (1.0, 8)])
def test_batches_have_the_asked_share_of_rendered_pairs(shard, share, num_rendered):
    table = PairTable([shard], held_out=False)

    for batch in islice(table.random_batches(8, share, seed=1), 5):
        assert int((~batch.is_real).sum()) == num_rendered


@pytest.mark.parametrize("only", [REAL, 0])
def test_batches_are_full_where_one_kind_is_missing(shard, only):
    chosen = (shard.kind == REAL) == (only == REAL)
    columns = {
        name: getattr(shard, name)[chosen] for name in ("source", "target", "code", "kind", "person", "held_out")
    }
    kept = replace(shard, flows=shard.flows[chosen], visible=shard.visible[chosen], **columns)
    table = PairTable([kept], held_out=False)

    batch = next(table.random_batches(8, 0.5, seed=1))

    assert len(batch.source) == 8
    assert bool((batch.is_real == (only == REAL)).all())


def test_every_pair_comes_once_before_any_comes_again(shard):
    table = PairTable([shard], held_out=False)
    count = len(table.rendered)

    batches = list(islice(table.random_batches(4, 1.0, seed=2), count // 4))

    codes = torch.cat([batch.code for batch in batches])[:, :2]
    directions = torch.cat([batch.flow[:, :, 64, 64] for batch in batches])
    keys = {tuple(np.round(row, 5)) for row in torch.cat([codes, directions], dim=1).numpy()}
    assert len(keys) == count


def test_same_seed_same_batches(shard):
    table = PairTable([shard], held_out=False)

    first, second, other = (next(table.random_batches(8, 0.7, seed=seed)) for seed in (3, 3, 4))

    assert torch.equal(first.source, second.source)
    assert torch.equal(first.flow, second.flow)
    assert not torch.equal(first.flow, other.flow)


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
