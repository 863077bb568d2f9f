from __future__ import annotations

import multiprocessing
import os
import signal
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.trainer.pairs import CODE_NAMES, make_shard
from trainer.batches import PairOrder, PreparedBatch, TrainingBatches, batch_stream, choose_edit_path, num_workers
from trainer.config import TrainConfig, load_config
from trainer.dataset import PairTable
from trainer.shards import LENT, REAL


@pytest.fixture(scope="module")
def every_fork():
    """Signals that each process forked here sends to itself as the very first thing."""
    signals = []
    # Nothing takes such a function back; it does nothing once the list is empty.
    os.register_at_fork(after_in_child=lambda: [os.kill(os.getpid(), number) for number in signals])
    return signals


@pytest.fixture
def hit_when_forked(every_fork):
    yield every_fork
    every_fork.clear()


@pytest.fixture(scope="module")
def shard():
    return make_shard(per_person=4)


@pytest.fixture(scope="module")
def table(shard) -> PairTable:
    return PairTable([shard], held_out=False)


def order_of(table: PairTable, *, batch_size: int = 8, share: float = 0.5, seed: int = 1) -> PairOrder:
    return PairOrder(table, batch_size=batch_size, rendered_share=share, seed=seed)


def config(*overrides: str) -> TrainConfig:
    return load_config("tiny", ["train.batch_size=4", "data.drift=0.5", *overrides])


def equal(one: PreparedBatch, other: PreparedBatch) -> bool:
    values = [*one.clean, *one.seen, one.use_edit, one.noise]
    others = [*other.clean, *other.seen, other.use_edit, other.noise]
    return all(torch.equal(a, b) for a, b in zip(values, others, strict=True))


def test_no_training_batch_shows_a_held_out_person(shard):
    # Mark every image of the held-out person, then look for the mark.
    images = np.minimum(shard.images, 250).copy()
    hidden = shard.held_out
    images[np.concatenate([shard.source[hidden], shard.target[hidden]])] = 255
    table = PairTable([replace(shard, images=images)], held_out=False)
    order = order_of(table)

    for number in range(20):
        batch = table.batch(order.pairs(number))
        assert batch.source.max() < 1
        assert batch.target.max() < 1


@pytest.mark.parametrize(("share", "num_rendered"), [(0.0, 0), (0.5, 4), (0.72, 6), (1.0, 8)])
def test_batches_have_the_asked_share_of_rendered_pairs(table, share, num_rendered):
    order = order_of(table, share=share)

    for number in range(5):
        batch = table.batch(order.pairs(number))
        assert int((~batch.is_real).sum()) == num_rendered


@pytest.mark.parametrize(("lent_share", "num_lent"), [(0.0, 0), (0.6, 2), (1.0, 4)])
def test_lent_pairs_take_their_share_of_the_real_ones(shard, lent_share, num_lent):
    kind = shard.kind.copy()
    real = np.flatnonzero(kind == REAL)
    kind[real[::2]] = LENT
    table = PairTable([replace(shard, kind=kind)], held_out=False)
    order = PairOrder(table, batch_size=8, rendered_share=0.5, seed=1, lent_share=lent_share)

    for number in range(5):
        pairs = order.pairs(number)
        assert sum(pair in table.lent for pair in pairs) == num_lent
        assert int(table.batch(pairs).is_real.sum()) == 4


@pytest.mark.parametrize("only", [REAL, 0])
def test_batches_are_full_where_one_kind_is_missing(shard, only):
    chosen = (shard.kind == REAL) == (only == REAL)
    columns = {
        name: getattr(shard, name)[chosen] for name in ("source", "target", "code", "kind", "person", "held_out")
    }
    kept = replace(shard, flows=shard.flows[chosen], visible=shard.visible[chosen], **columns)
    table = PairTable([kept], held_out=False)

    batch = table.batch(order_of(table).pairs(0))

    assert len(batch.source) == 8
    assert bool((batch.is_real == (only == REAL)).all())


def test_every_pair_comes_once_before_any_comes_again(table):
    order = order_of(table, batch_size=4, share=1.0)
    count = len(table.rendered)

    turns = [
        [pair for number in range(first, first + count // 4) for pair in order.pairs(number)]
        for first in (0, count // 4)
    ]

    assert sorted(turns[0]) == sorted(turns[1]) == sorted(table.rendered)
    assert turns[0] != turns[1]


def test_pairs_whose_lids_move_come_as_often_as_asked(shard):
    code = shard.code.copy()
    code[:, CODE_NAMES.index("eyeBlink_L")] = np.where(np.arange(len(code)) % 3 == 0, -0.9, 0.5)
    table = PairTable([replace(shard, code=code)], held_out=False)
    lids = {(0, row) for row in range(len(code)) if row % 3 == 0} & set(table.rendered)
    order = PairOrder(table, batch_size=1, rendered_share=1.0, seed=1, lid_repeats=3)
    plain = PairOrder(table, batch_size=1, rendered_share=1.0, seed=1)

    turn = Counter(pair for number in range(len(table.rendered) + 2 * len(lids)) for pair in order.pairs(number))

    assert lids
    assert turn == {pair: 3 if pair in lids else 1 for pair in table.rendered}
    assert len({pair for number in range(len(table.rendered)) for pair in plain.pairs(number)}) == len(table.rendered)


def test_processes_share_no_pair_and_leave_none_out(table):
    order, count = order_of(table, batch_size=2, share=1.0), len(table.rendered)
    numbers = range(count // 2)

    first, second = ([pair for number in numbers[rank::2] for pair in order.pairs(number)] for rank in (0, 1))

    assert not set(first) & set(second)
    assert sorted(first + second) == sorted(table.rendered)


def test_a_batch_depends_on_seed_and_number_alone(table):
    batches = TrainingBatches(table, config(), seed=3)
    straight = [batches[number] for number in range(4)]
    jumped_to = TrainingBatches(table, config(), seed=3)[3]

    assert equal(straight[3], jumped_to)
    assert not equal(straight[2], straight[3])
    assert not equal(straight[3], TrainingBatches(table, config(), seed=4)[3])


def test_global_random_numbers_neither_change_batches_nor_are_used_by_them(table):
    torch.manual_seed(1)
    first = TrainingBatches(table, config(), seed=3)[0]
    state = torch.get_rng_state()
    torch.manual_seed(2)
    second = TrainingBatches(table, config(), seed=3)[0]

    assert equal(first, second)
    torch.manual_seed(1)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="loads in this process without fork")
def test_loading_processes_give_the_same_batches_in_the_same_order(table):
    batches = TrainingBatches(table, config(), seed=5)
    here = list(batch_stream(batches, range(1, 8, 2), num_workers=0))
    there = list(batch_stream(batches, range(1, 8, 2), num_workers=2))

    assert len(here) == len(there) == 4
    assert all(equal(one, other) for one, other in zip(here, there, strict=True))


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="loads in this process without fork")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_loading_processes_go_on_when_a_signal_is_sent_to_all(table, number):
    batches = TrainingBatches(table, config(), seed=5)
    stream = batch_stream(batches, range(6), num_workers=2)
    for process in multiprocessing.active_children():
        # At once: a process may not have come to its first line yet.
        os.kill(process.pid, number)
    first = next(stream)
    for process in multiprocessing.active_children():
        os.kill(process.pid, number)

    assert len([first, *stream]) == 6


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="loads in this process without fork")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_meets_a_loading_process_as_it_begins_is_left_to_the_parent(table, number, hit_when_forked):
    batches = TrainingBatches(table, config(), seed=5)
    hit_when_forked.append(number)

    assert len(list(batch_stream(batches, range(4), num_workers=2))) == 4


def test_pairs_that_are_carried_as_they_are_stored_become_the_same_batch(table):
    batches = TrainingBatches(table, config(), seed=5)
    stored = batches.stored(3)

    assert equal(batches.prepared(stored, 3), batches[3])
    small, large = (sum(values.nbytes for values in pairs) for pairs in (stored, stored.as_batch()))
    assert 3 * small < large


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_a_gpu_batches_are_changed_there(table):
    device = torch.device("cuda")
    batches = TrainingBatches(table, config(), seed=5)

    there = list(batch_stream(batches, range(3), num_workers=0, device=device))

    assert len(there) == 3
    assert all(values.device.type == "cuda" for values in (*there[0].clean, *there[0].seen, there[0].noise))
    assert torch.equal(there[2].clean.is_real.cpu(), batches[2].clean.is_real)
    assert not torch.equal(there[0].seen.source, there[0].clean.source)


def test_nobody_loads_beside_a_processor_unless_told_to():
    assert num_workers(config(), torch.device("cpu")) == 0
    assert num_workers(config(), torch.device("cuda")) >= 1
    assert num_workers(config("train.workers=3"), torch.device("cpu")) == 3


def test_real_pairs_never_take_the_edit_path(table):
    batch = table.batch([*table.real[:6], *table.rendered[:6]])

    taken = choose_edit_path(batch, 1.0, torch.Generator().manual_seed(1))

    assert torch.equal(taken, ~batch.is_real)
