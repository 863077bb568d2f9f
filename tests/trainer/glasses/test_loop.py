"""Training of the network that finds glasses: it learns, stops, and goes on where it was."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from fvae_studio.errors import Cancelled, DataError
from trainer.glasses import loop
from trainer.glasses.loop import glasses_loss, held_out_figures, learning_rate, train_glasses
from trainer.glasses.network import GlassesNetwork
from trainer.glasses.samples import GlassesBatch, GlassesPictures, shards_in
from trainer.prepare import load_prepared


@pytest.fixture
def work(workplace, tmp_path, monkeypatch):
    """A run's folder with photos and pictures; small batches."""
    shutil.copytree(workplace.prepared, tmp_path / "prepared")
    shutil.copytree(workplace.shards, tmp_path / "shards")
    monkeypatch.setattr(loop, "BATCH_SIZE", 2)
    monkeypatch.setattr(loop, "HELD_OUT_BATCHES", 1)
    return tmp_path


def pictures(work, **changes) -> GlassesPictures:
    prepared, shards = load_prepared(work / "prepared"), shards_in(work / "shards")
    return GlassesPictures(prepared, shards, **({"held_out": False, "batch_size": 16, "seed": 1} | changes))


def test_batches_show_faces_with_and_without_glasses(work):
    batch = pictures(work)[0]

    assert batch.band.shape == (16, 3, 64, 128)
    assert batch.glasses.shape == (16, 1, 64, 128)
    assert set(batch.glasses.unique().tolist()) == {0.0, 1.0}
    wearing = batch.glasses.sum((1, 2, 3)) > 0
    assert 3 < wearing.sum() < 16


def test_a_batch_is_the_same_whenever_it_is_asked_for(work):
    first, again = pictures(work), pictures(work)
    torch.testing.assert_close(first[7].band, again[7].band, rtol=0, atol=0)
    assert not torch.equal(first[7].band, first[8].band)


def test_held_out_people_are_seen_in_held_out_batches_only(work):
    prepared = load_prepared(work / "prepared")
    prepared = replace(prepared, crops=np.stack([np.full((256, 256, 3), 40 * row, np.uint8) for row in range(6)]))
    held_out = {row for row, face in enumerate(prepared.faces) if face.split == "held_out"}

    for is_held_out in (True, False):
        chosen = GlassesPictures(prepared, (), held_out=is_held_out, batch_size=1, seed=0)
        assert set(chosen._rows) == (held_out if is_held_out else set(range(6)) - held_out)


def test_training_stops_with_a_checkpoint_and_goes_on_as_if_it_had_not(work):
    with pytest.raises(Cancelled, match="goes on from there"):
        train_glasses(work, steps=3, num_workers=0, max_seconds=1e-9)
    resumed = train_glasses(work, steps=3, num_workers=0)
    shutil.rmtree(work / "glasses")

    assert resumed == train_glasses(work, steps=3, num_workers=0)


def test_a_few_steps_tell_frames_from_skin(work):
    torch.manual_seed(0)
    network, batch = GlassesNetwork((8, 12, 16)), pictures(work, batch_size=8)[0]
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    before = glasses_loss(network(batch.band), batch.glasses).item()
    for _ in range(40):
        loss = glasses_loss(network(batch.band), batch.glasses)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    assert loss.item() < 0.5 * before


def test_figures_tell_what_is_invented_and_what_is_missed():
    glasses = torch.zeros(3, 1, 64, 128)
    glasses[0, :, 10:20, 10:40] = glasses[1, :, 10:20, 10:40] = 1
    batch = GlassesBatch(torch.zeros(3, 3, 64, 128), glasses)

    class Answer(GlassesNetwork):
        """Finds the first pair, misses the second, and invents a third."""

        def forward(self, band: torch.Tensor) -> torch.Tensor:  # noqa: ARG002 (it does not look)
            found = torch.full((3, 1, 64, 128), -1.0)
            found[0, :, 10:20, 10:40] = found[2, :, 10:20, 10:40] = 1
            return found

    figures = held_out_figures(Answer((4, 4)), [batch])

    assert figures == {"overlap": pytest.approx(1 / 3), "invented": 1.0, "missed": 0.5}


def test_the_rate_rises_and_falls():
    rates = [learning_rate(step, 100) for step in range(1, 101)]

    assert max(rates) == pytest.approx(loop.RATE, rel=0.01)
    assert rates.index(max(rates)) < 10
    assert rates[-1] == pytest.approx(0, abs=1e-9)


def test_without_photos_or_with_another_file_it_says_what_to_do(work, tmp_path):
    with pytest.raises(DataError, match="prepare"):
        train_glasses(tmp_path / "nowhere", steps=1, num_workers=0)
    (work / "glasses").mkdir()
    (work / "glasses" / "checkpoint.pt").write_bytes(b"no checkpoint")
    with pytest.raises(DataError, match="remove it"):
        train_glasses(work, steps=1, num_workers=0)
