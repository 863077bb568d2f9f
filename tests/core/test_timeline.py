"""What is seen when: exact at keys, in their range between them, and the same however keys are given."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvae_studio.core.timeline import KEY_EASINGS, PhotoKey, SliderKey, SliderTrack, Timeline
from fvae_studio.errors import EditError

times = st.lists(st.integers(0, 20_000), unique=True, min_size=1, max_size=7).map(
    lambda ms: sorted(value / 1000 for value in ms)
)
easings = st.sampled_from(KEY_EASINGS)
moments = st.floats(0, 21)


@st.composite
def clips(draw):
    keys = [
        PhotoKey(time_s, number, motion=draw(easings), blend=draw(st.none() | easings))
        for number, time_s in enumerate(draw(times))
    ]
    return Timeline(tuple(keys))


@st.composite
def tracks(draw):
    return SliderTrack(
        "smile", tuple(SliderKey(time_s, draw(st.floats(-2, 2)), draw(easings)) for time_s in draw(times))
    )


@given(clips(), moments)
def test_shares_are_of_two_neighbours_and_add_up_to_one(clip, time_s):
    moment = clip.at(time_s)
    for shares in (moment.motion, moment.blend):
        having = [number for number, share in enumerate(shares) if share > 0]

        assert math.isclose(sum(shares), 1, abs_tol=1e-12)
        assert all(0 <= share <= 1 for share in shares)
        assert having[-1] - having[0] <= 1
        # Never beyond the keys between which the time lies.
        before = max((n for n, key in enumerate(clip.photos) if key.time_s <= time_s), default=0)
        assert before - 1e-9 <= having[0] <= min(before + 1, len(shares) - 1)


@given(clips())
def test_at_a_photos_key_it_alone_is_seen(clip):
    for number, key in enumerate(clip.photos):
        moment = clip.at(key.time_s)

        assert moment.motion[number] == moment.blend[number] == 1
        assert sum(moment.motion) == sum(moment.blend) == 1


@given(tracks(), moments)
def test_track_meets_its_keys_and_stays_between_them(track, time_s):
    for key in track.keys:
        assert track.value_at(key.time_s) == key.value
    after = [key for key in track.keys if key.time_s >= time_s][:1] or [track.keys[-1]]
    before = [key for key in track.keys if key.time_s <= time_s][-1:] or [track.keys[0]]
    low, high = sorted((before[0].value, after[0].value))

    assert low - 1e-9 <= track.value_at(time_s) <= high + 1e-9


@given(tracks())
def test_before_the_first_and_after_the_last_key_a_track_rests(track):
    assert track.value_at(0.0) == track.keys[0].value
    assert track.value_at(track.keys[-1].time_s + 5) == track.keys[-1].value


def test_spline_goes_through_a_key_without_a_kink():
    track = SliderTrack("smile", tuple(SliderKey(t, v, "spline") for t, v in ((0, 0.0), (1, 0.4), (2, 1.0), (3, 1.2))))
    step = 1e-4
    before = (track.value_at(1) - track.value_at(1 - step)) / step
    after = (track.value_at(1 + step) - track.value_at(1)) / step

    assert before == pytest.approx(after, rel=1e-2)
    assert before > 0.3


def test_spline_stands_still_at_a_turn():
    track = SliderTrack("smile", tuple(SliderKey(t, v, "spline") for t, v in ((0, 0.0), (1, 1.0), (2, 0.0))))

    assert track.value_at(1 - 1e-4) == pytest.approx(1, abs=1e-6)


def test_hold_keeps_a_value_up_to_the_next_key():
    track = SliderTrack("smile", (SliderKey(0, 0.2, "hold"), SliderKey(1, 0.8)))

    assert track.value_at(0.999) == 0.2
    assert track.value_at(1) == 0.8


def test_motion_and_blend_may_go_apart():
    clip = Timeline((PhotoKey(0, 0, motion="linear", blend="hold"), PhotoKey(1, 1)))
    moment = clip.at(0.25)

    assert moment.motion == (0.75, 0.25)
    assert moment.blend == (1, 0)


def test_tracks_are_told_sorted_and_without_zeros():
    held = [
        SliderTrack(name, (SliderKey(0, value),)) for name, value in (("smile", 0.5), ("anger", 0.0), ("brows", 1.0))
    ]

    assert Timeline((PhotoKey(0, 0),), tuple(held)).at(3).strengths == (("brows", 1.0), ("smile", 0.5))


def test_keys_may_be_given_in_any_order():
    keys = PhotoKey(2, 1), PhotoKey(0, 0)

    assert Timeline(keys) == Timeline(keys[::-1])
    assert Timeline(keys).photos[0].photo == 0


def test_frames_go_from_the_in_point_to_the_last_key():
    clip = Timeline((PhotoKey(0, 0), PhotoKey(1, 1)), fps=10, in_s=0.5)

    assert clip.frame_times() == pytest.approx((0.5, 0.6, 0.7, 0.8, 0.9, 1.0))
    assert len(replace(clip, out_s=0.7).frame_times()) == 3
    assert replace(clip, in_s=1.0).frame_times() == (1.0,)


def test_ping_pong_shows_its_ends_once():
    clip = Timeline((PhotoKey(0, 0), PhotoKey(0.3, 1)), fps=10, repeat="ping-pong")

    assert clip.shown_times() == pytest.approx((0, 0.1, 0.2, 0.3, 0.2, 0.1))
    assert replace(clip, repeat="loop").shown_times() == clip.frame_times()
    assert replace(clip, out_s=0.0).shown_times() == (0.0,)


def test_length_counts_slider_keys_too():
    clip = Timeline((PhotoKey(0, 0),), (SliderTrack("smile", (SliderKey(0, 0), SliderKey(2.5, 1))),))

    assert clip.length_s == clip.end_s == 2.5


def test_empty_timeline_shows_nothing():
    assert Timeline().is_empty
    assert Timeline().length_s == 0
    with pytest.raises(EditError, match="no photo yet"):
        Timeline().at(0)


def test_key_replaces_the_one_at_its_time():
    track = SliderTrack("smile", (SliderKey(0, 0.1), SliderKey(1, 0.9)))

    assert track.with_key(SliderKey(1, 0.5)).keys == (SliderKey(0, 0.1), SliderKey(1, 0.5))
    assert track.without_key(0).keys == (SliderKey(1, 0.9),)


def test_tracks_are_put_in_place_and_go_when_empty():
    clip = Timeline(tracks=(SliderTrack("smile", (SliderKey(0, 1),)), SliderTrack("anger", (SliderKey(0, 1),))))
    other = SliderTrack("smile", (SliderKey(0, 0.5),))

    assert clip.with_track(other).tracks[0] == other
    assert [track.direction for track in clip.with_track(SliderTrack("smile")).tracks] == ["anger"]
    assert clip.track_of("frown") == SliderTrack("frown")


def test_photos_are_renumbered_and_removed_ones_go():
    clip = Timeline((PhotoKey(0, 4), PhotoKey(1, 7), PhotoKey(2, 4)))

    assert [key.photo for key in clip.renumbered({4: 1}).photos] == [1, 1]


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: PhotoKey(-1, 0), "a time of the clip"),
        (lambda: PhotoKey(math.nan, 0), "a time of the clip"),
        (lambda: PhotoKey(0, -1), "number from 0"),
        (lambda: PhotoKey(0, 0, 0), "number from 1"),
        (lambda: PhotoKey(0, 0, motion="bounce"), "goes on as one of"),
        (lambda: SliderKey(0, 2.5), "must lie between"),
        (lambda: SliderTrack(""), "has a name"),
        (lambda: SliderTrack("smile", (SliderKey(1, 0), SliderKey(1, 1))), "one key at a time"),
        (lambda: Timeline((PhotoKey(1, 0), PhotoKey(1, 1))), "one key at a time"),
        (lambda: Timeline(tracks=(SliderTrack("smile"), SliderTrack("smile"))), "one track for each"),
        (lambda: Timeline(fps=0), "frames per second"),
        (lambda: Timeline(fps=math.nan), "frames per second"),
        (lambda: Timeline(in_s=2, out_s=1), "before its in point"),
        (lambda: Timeline(repeat="twice"), "repeats as one of"),
        (lambda: Timeline(mode="crop"), "photo or the face"),
    ],
)
def test_what_cannot_be_is_refused(make, word):
    with pytest.raises(EditError, match=word):
        make()
