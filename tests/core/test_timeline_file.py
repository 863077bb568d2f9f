"""Timelines to JSON and back, and values that no timeline has."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvae_studio.core.timeline import KEY_EASINGS, REPEATS, PhotoKey, SliderKey, SliderTrack, Timeline
from fvae_studio.core.timeline_file import timeline_from_json, timeline_to_json
from fvae_studio.errors import EditError

NUM_PHOTOS = 5

# Keys apart by more than what counts as one time.
times = st.lists(st.integers(0, 3_600_000), unique=True, max_size=6).map(lambda ms: [value / 1000 for value in ms])
easings = st.sampled_from(KEY_EASINGS)


@st.composite
def timelines(draw):
    photos = tuple(
        PhotoKey(
            time_s,
            draw(st.integers(0, NUM_PHOTOS - 1)),
            draw(st.none() | st.integers(1, 9)),
            draw(easings),
            draw(st.none() | easings),
        )
        for time_s in draw(times)
    )
    names = draw(st.lists(st.text(min_size=1, max_size=12), unique=True, max_size=3))
    tracks = tuple(
        SliderTrack(name, tuple(SliderKey(time_s, draw(st.floats(-2, 2)), draw(easings)) for time_s in draw(times)))
        for name in names
    )
    in_s = draw(st.floats(0, 100))
    return Timeline(
        photos,
        tracks,
        draw(st.floats(1, 120)),
        in_s,
        draw(st.none() | st.floats(in_s, 3600)),
        draw(st.sampled_from(REPEATS)),
        draw(st.sampled_from(["photo", "face"])),
    )


@given(timelines())
def test_timeline_comes_back_the_same(timeline):
    text = json.dumps(timeline_to_json(timeline), allow_nan=False)

    assert timeline_from_json(json.loads(text), num_photos=NUM_PHOTOS) == timeline


PLAIN = timeline_to_json(Timeline((PhotoKey(0, 0), PhotoKey(1, 1)), (SliderTrack("smile", (SliderKey(0, 0.5),)),)))


def changed(*path, to):
    copy = json.loads(json.dumps(PLAIN))
    place = copy
    for step in path[:-1]:
        place = place[step]
    if to is None and path[-1] in place:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return copy


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (None, "must be an object"),
        ([], "must be an object"),
        (changed("fps", to=None), "lacks 'fps'"),
        (changed("colour", to="red"), "unknown entry 'colour'"),
        (changed("fps", to="24"), "frames per second"),
        (changed("fps", to=True), "frames per second"),
        (changed("fps", to=0), "frames per second"),
        (changed("repeat", to="twice"), "repeats as one of"),
        (changed("mode", to="crop"), "photo or the face"),
        (changed("in", to=-1), "a time of the clip"),
        (changed("out", to="end"), "a time of the clip"),
        (changed("photos", to={}), "must be a list"),
        (changed("photos", 0, "photo", to=2), "there are 2"),
        (changed("photos", 0, "photo", to=-1), "there are 2"),
        (changed("photos", 0, "photo", to=False), "there are 2"),
        (changed("photos", 0, "face", to=0), "number from 1"),
        (changed("photos", 0, "time", to="0"), "a time of the clip"),
        (changed("photos", 0, "time", to=1), "one key at a time"),
        (changed("photos", 0, "motion", to="bounce"), "goes on as one of"),
        (changed("photos", 0, "blend", to=[]), "goes on as one of"),
        (changed("tracks", 0, "direction", to=7), "has a name"),
        (changed("tracks", 0, "keys", 0, "value", to=3), "must lie between"),
        (changed("tracks", 0, "keys", 0, "value", to="much"), "must be a number"),
        (changed("tracks", 0, "keys", 0, "easing", to=1), "goes on as one of"),
    ],
)
def test_what_no_timeline_has_is_refused(content, word):
    with pytest.raises(EditError, match=word):
        timeline_from_json(content, num_photos=2)
