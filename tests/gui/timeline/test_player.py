from __future__ import annotations

import pytest

from fvae_studio.gui.timeline.player import Player, due_frame

pytestmark = pytest.mark.gui


def due(repeat, begin=2, first=2, last=5):
    return [due_frame(elapsed, begin, first, last, repeat) for elapsed in range(9)]


def test_clip_that_plays_once_ends():
    assert due("once") == [2, 3, 4, 5, None, None, None, None, None]


def test_loop_begins_again_with_its_first_frame():
    assert due("loop") == [2, 3, 4, 5, 2, 3, 4, 5, 2]


def test_ping_pong_shows_its_ends_once():
    assert due("ping-pong") == [2, 3, 4, 5, 4, 3, 2, 3, 4]


@pytest.mark.parametrize("repeat", ["loop", "ping-pong"])
def test_single_frame_stays(repeat):
    assert set(due(repeat, 3, 3, 3)) == {3}


@pytest.fixture
def player(clock, qapp):  # noqa: ARG001
    player = Player(clock)
    player.set_range(0, 47, 24.0, "loop")
    yield player
    player.pause()


def test_frame_is_the_one_that_is_due_however_late_it_is_asked(player, clock):
    seen = []
    player.frame_changed.connect(seen.append)
    player.play()
    for late in (0.01, 0.5, 0.55, 1.0):
        clock.now = 100.0 + late
        player.tick()

    assert seen == [12, 13, 24]


def test_playing_once_stops_on_the_last_frame(player, clock):
    player.set_range(0, 47, 24.0, "once")
    player.play()
    clock.now += 10
    player.tick()

    assert player.frame == 47
    assert not player.is_playing
    player.play()
    assert player.frame == 0


def test_seek_while_playing_goes_on_from_there(player, clock):
    player.play()
    clock.now += 1
    player.tick()
    player.seek(30)
    clock.now += 0.25
    player.tick()

    assert player.frame == 36


def test_playing_begins_inside_of_the_range(player, clock):
    player.seek(5)
    player.set_range(10, 20, 24.0, "loop")
    player.play()
    clock.now += 0.125
    player.tick()

    assert player.frame == 13


def test_playhead_stays_at_its_time_when_the_rate_changes(player):
    player.seek(24)
    player.set_range(0, 119, 60.0, "loop")

    assert player.frame == 60
