from __future__ import annotations

from itertools import pairwise

import pytest

from fvae_studio.gui.timeline.ruler import runs
from fvae_studio.gui.timeline.time_axis import TimeAxis, TimeScale, ticks, time_text


@pytest.mark.parametrize("time_s", [0.0, 0.4, 12.5])
def test_time_of_a_position_is_the_time_it_was_made_from(time_s):
    scale = TimeScale(90.0, 0.3)

    assert scale.x_of(time_s) == pytest.approx(TimeScale(90.0, 0.0).x_of(time_s) - 27)
    assert TimeScale(90.0).time_at(TimeScale(90.0).x_of(time_s)) == pytest.approx(time_s)


def test_zoom_keeps_what_is_under_the_mouse():
    scale = TimeScale(100.0, 2.0)

    assert scale.zoomed(1.7, 150.0).time_at(150.0) == pytest.approx(scale.time_at(150.0))


def test_zoom_never_shows_times_before_the_start():
    assert TimeScale(100.0, 0.1).zoomed(0.1, 400.0).start_s == 0.0


@pytest.mark.parametrize("px_per_s", [0.5, 3.0, 40.0, 120.0, 900.0, 6000.0])
def test_texts_of_the_ruler_have_room(px_per_s):
    scale = TimeScale(px_per_s)
    texts = [scale.x_of(tick.time_s) for tick in ticks(scale, 1200, 24.0) if tick.text]
    small = [scale.x_of(tick.time_s) for tick in ticks(scale, 1200, 24.0)]

    assert texts
    assert min((b - a for a, b in pairwise(texts)), default=64) >= 63.9
    assert min((b - a for a, b in pairwise(small)), default=7) >= 6.9


def test_time_is_told_in_minutes_seconds_and_frames():
    assert time_text(67.5, 24.0) == "1:07:12"
    assert time_text(59.999, 24.0) == "1:00:00"
    assert time_text(2.0, 25.0, with_frames=False) == "0:02"


def test_fitted_axis_shows_the_whole_clip(qapp):  # noqa: ARG001
    axis = TimeAxis()
    axis.width_px = 800
    axis.fit(20.0)

    assert axis.scale.x_of(20.0) < 800
    assert axis.scale.x_of(0.0) > 0


def test_hidden_playhead_is_scrolled_to(qapp):  # noqa: ARG001
    axis = TimeAxis()
    axis.width_px = 400
    axis.reveal(30.0)

    assert 0 < axis.scale.x_of(30.0) < 400


def test_ready_frames_are_drawn_in_runs():
    assert runs({5, 1, 2, 3, 9}) == [(1, 3), (5, 5), (9, 9)]
