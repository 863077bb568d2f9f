from __future__ import annotations

import pytest

from fvae_studio.core.timeline import PhotoKey, SliderKey, SliderTrack, Timeline
from fvae_studio.core.timeline_keys import (
    KeyPlace,
    duplicated,
    free_time,
    growing,
    key_at,
    key_times,
    moved,
    next_photo_time,
    on_frame,
    snapped,
    with_key,
    with_replaced,
    without_key,
    without_photo,
)

TWO = Timeline(
    (PhotoKey(0.0, 1), PhotoKey(1.0, 2)), (SliderTrack("smile", (SliderKey(0.0, 0.0), SliderKey(1.0, 0.8))),)
)


def photos_of(timeline):
    return [(key.photo, key.time_s) for key in timeline.photos]


def test_key_is_found_by_its_place_only():
    assert key_at(TWO, KeyPlace(None, 1.0)) is TWO.photos[1]
    assert key_at(TWO, KeyPlace("smile", 1.0)) == SliderKey(1.0, 0.8)
    assert key_at(TWO, KeyPlace("smile", 0.5)) is None
    assert key_at(TWO, KeyPlace("anger", 1.0)) is None


def test_times_of_all_keys_come_once():
    assert key_times(TWO) == (0.0, 1.0)


@pytest.mark.parametrize("time_s", [0.0, 0.51, 1.0, 7.77])
def test_frame_of_a_frame_is_itself(time_s):
    assert on_frame(on_frame(time_s, 24.0), 24.0) == on_frame(time_s, 24.0)


def test_key_snaps_to_magnets_and_seconds_before_frames():
    assert snapped(0.98, 24.0, [], 0.03) == 1.0
    assert snapped(0.52, 24.0, [0.53], 0.03) == 0.53
    assert snapped(0.52, 24.0, [0.6], 0.03) == pytest.approx(12 / 24)
    assert snapped(-0.2, 24.0, [], 0.03) == 0.0


def test_photos_are_put_on_one_after_the_other():
    timeline = Timeline()
    for photo in (7, 8, 9):
        timeline, _ = with_key(timeline, None, PhotoKey(next_photo_time(timeline), photo))

    assert photos_of(timeline) == [(7, 0.0), (8, 1.0), (9, 2.0)]


def test_photo_on_a_taken_time_comes_on_the_next_free_frame():
    timeline, place = with_key(TWO, None, PhotoKey(1.0, 3))

    assert place.time_s == pytest.approx(1 + 1 / 24)
    assert key_at(timeline, place).photo == 3
    assert free_time(timeline, None, 1.0) == pytest.approx(1 + 2 / 24)


def test_slider_key_on_a_taken_time_takes_its_place():
    timeline, _ = with_key(TWO, "smile", SliderKey(1.0, -0.5))

    assert [key.value for key in timeline.track_of("smile").keys] == [0.0, -0.5]


def test_photo_that_passes_another_changes_the_order_and_comes_back():
    there, place = moved(TWO, KeyPlace(None, 0.0), 2.0)
    back, _ = moved(there, place, 0.0)

    assert photos_of(there) == [(2, 1.0), (1, 2.0)]
    assert back == TWO


def test_moved_slider_key_keeps_its_track_and_cuts_its_value():
    timeline, place = moved(TWO, KeyPlace("smile", 1.0), 0.5, value=9.0)

    assert place == KeyPlace("smile", 0.5)
    assert key_at(timeline, place).value == 2.0
    assert len(timeline.track_of("smile").keys) == 2


def test_key_that_moves_onto_another_rests_beside_it():
    timeline, place = moved(TWO, KeyPlace("smile", 0.0), 1.0)

    assert place.time_s == pytest.approx(1 + 1 / 24)
    assert len(timeline.track_of("smile").keys) == 2


def test_only_key_of_the_first_track_leaves_it_where_it_is():
    two = TWO.with_track(SliderTrack("anger", (SliderKey(0.0, 1.0),))).with_track(
        SliderTrack("smile", (SliderKey(0.2, 1.0),))
    )
    timeline, _ = moved(two, KeyPlace("smile", 0.2), 0.6)

    assert [track.direction for track in timeline.tracks] == ["smile", "anger"]


def test_copy_of_a_key_has_all_but_the_time():
    timeline, place = duplicated(TWO, KeyPlace("smile", 1.0), 0.5)

    assert key_at(timeline, place) == SliderKey(0.5, 0.8)
    assert len(timeline.track_of("smile").keys) == 3


def test_nothing_happens_to_a_key_that_is_not_there():
    nowhere = KeyPlace(None, 5.0)

    assert moved(TWO, nowhere, 1.0) == (TWO, nowhere)
    assert duplicated(TWO, nowhere, 1.0) == (TWO, nowhere)
    assert with_replaced(TWO, nowhere, PhotoKey(0.0, 1)) == (TWO, nowhere)
    assert without_key(TWO, nowhere) == TWO


def test_last_key_takes_its_track_along():
    timeline = without_key(without_key(TWO, KeyPlace("smile", 0.0)), KeyPlace("smile", 1.0))

    assert timeline.tracks == ()
    assert photos_of(timeline) == photos_of(TWO)


def test_all_keys_of_a_photo_go_together():
    timeline, _ = duplicated(TWO, KeyPlace(None, 0.0), 2.0)

    assert photos_of(without_photo(timeline, 1)) == [(2, 1.0)]


def test_edit_grows_from_nothing_to_what_it_is():
    timeline = growing(Timeline((PhotoKey(0.0, 1),)), (("anger", -0.3), ("smile", 0.8)), 0.0, 1.0)

    assert dict(timeline.at(0.0).strengths) == {"smile": -0.8, "anger": 0.3}
    assert timeline.at(1.0).strengths == ()
