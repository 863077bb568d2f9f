"""Changing a clip as people do: keys put, moved, doubled, removed, and where they snap to. All of it gives copies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from fvae_studio.core.edits import MAX_STRENGTH, Strengths
from fvae_studio.core.timeline import MAX_SECONDS, SAME_TIME_S, PhotoKey, SliderKey, SliderTrack, Timeline
from fvae_studio.errors import EditError

Key: TypeAlias = PhotoKey | SliderKey

PHOTO_STEP_S: Final = 1.0
"""Between photos that are put on a timeline without a word about when."""


@dataclass(frozen=True)
class KeyPlace:
    """Which key of a timeline.

    Attributes:
        direction: of the slider track it stands on; None: a photo key.
        time_s: when.
    """

    direction: str | None
    time_s: float


def key_at(timeline: Timeline, place: KeyPlace) -> Key | None:
    """The key at a place; None if there is none."""
    return next((key for key in _keys(timeline, place.direction) if _is_same(key.time_s, place.time_s)), None)


def key_times(timeline: Timeline) -> tuple[float, ...]:
    """When there is a key of anything, sorted, each time once."""
    times = {key.time_s for key in timeline.photos} | {key.time_s for track in timeline.tracks for key in track.keys}
    return tuple(sorted(times))


def on_frame(time_s: float, fps: float) -> float:
    """The time of the frame that is nearest."""
    return max(0, round(time_s * fps)) / fps


def snapped(time_s: float, fps: float, magnets: Iterable[float], reach_s: float) -> float:
    """Where a key that is moved to a time comes to rest.

    Args:
        time_s: where the hand is.
        fps: of the clip: keys lie on frames.
        magnets: times of other keys, the playhead and the like, which win over frames.
        reach_s: how near a magnet or a whole second must be.
    """
    near = [*magnets, float(round(time_s))]
    best = min(near, key=lambda magnet: abs(magnet - time_s))
    return max(0.0, best) if abs(best - time_s) <= reach_s else on_frame(time_s, fps)


def free_time(timeline: Timeline, direction: str | None, time_s: float) -> float:
    """The time itself where no key stands, else that of the next free frame."""
    taken = [key.time_s for key in _keys(timeline, direction)]
    time_s = min(max(time_s, 0.0), MAX_SECONDS)
    frame = 1 / timeline.fps
    while any(_is_same(time_s, one) for one in taken):
        if time_s + frame > MAX_SECONDS:
            raise EditError("There is no room for another key.")
        time_s += frame
    return time_s


def next_photo_time(timeline: Timeline) -> float:
    """When the next photo comes that is put on without a word about when: the first at 0, the others after the last."""
    return timeline.photos[-1].time_s + PHOTO_STEP_S if timeline.photos else 0.0


def with_key(timeline: Timeline, direction: str | None, key: Key) -> tuple[Timeline, KeyPlace]:
    """A copy with a key added; a photo whose time is taken comes a frame later, a slider key takes the old one's place.

    Returns:
        The copy, and where the key stands in it.
    """
    if isinstance(key, PhotoKey):
        key = replace(key, time_s=free_time(timeline, None, key.time_s))
        return replace(timeline, photos=(*timeline.photos, key)), KeyPlace(None, key.time_s)
    assert direction is not None
    changed = timeline.with_track(timeline.track_of(direction).with_key(key))
    return changed, KeyPlace(direction, key.time_s)


def without_key(timeline: Timeline, place: KeyPlace) -> Timeline:
    """A copy without a key; a track without keys goes."""
    if place.direction is None:
        kept = (key for key in timeline.photos if not _is_same(key.time_s, place.time_s))
        return replace(timeline, photos=tuple(kept))
    return timeline.with_track(timeline.track_of(place.direction).without_key(place.time_s))


def with_replaced(timeline: Timeline, place: KeyPlace, key: Key) -> tuple[Timeline, KeyPlace]:
    """A copy with another key in the place of one, perhaps at another time.

    A time that is taken by a third key is not given away: the key comes to rest on the next free frame.

    Returns:
        The copy, and where the key stands in it.
    """
    if key_at(timeline, place) is None:
        return timeline, place
    # The track must stay where it is among the others, also when this is its only key.
    if place.direction is not None and isinstance(key, SliderKey):
        track = timeline.track_of(place.direction).without_key(place.time_s)
        rest = replace(
            timeline, tracks=tuple(track if one.direction == place.direction else one for one in timeline.tracks)
        )
        key = replace(key, time_s=free_time(rest, place.direction, key.time_s))
        return rest.with_track(track.with_key(key)), KeyPlace(place.direction, key.time_s)
    return with_key(without_key(timeline, place), place.direction, key)


def moved(
    timeline: Timeline, place: KeyPlace, time_s: float, *, value: float | None = None
) -> tuple[Timeline, KeyPlace]:
    """A copy with a key at another time; photos that pass each other change their order.

    Args:
        timeline: as it was when the hand took hold.
        place: of the key.
        time_s: where it goes.
        value: of a slider key; None: its own.
    """
    key = key_at(timeline, place)
    if key is None:
        return timeline, place
    time_s = min(max(time_s, 0.0), MAX_SECONDS)
    if isinstance(key, SliderKey) and value is not None:
        key = replace(key, value=min(max(value, -MAX_STRENGTH), MAX_STRENGTH))
    return with_replaced(timeline, place, replace(key, time_s=time_s))


def duplicated(timeline: Timeline, place: KeyPlace, time_s: float) -> tuple[Timeline, KeyPlace]:
    """A copy with the same key once more, at a time or on the next free frame."""
    key = key_at(timeline, place)
    if key is None:
        return timeline, place
    time_s = free_time(timeline, place.direction, time_s)
    return with_key(timeline, place.direction, replace(key, time_s=time_s))


def without_photo(timeline: Timeline, photo: int) -> Timeline:
    """A copy without the keys of a photo."""
    return replace(timeline, photos=tuple(key for key in timeline.photos if key.photo != photo))


def growing(timeline: Timeline, strengths: Strengths, start_s: float, end_s: float) -> Timeline:
    """A copy in which an edit that a photo has grows from nothing.

    Tracks come on top of the photo's own edit, so theirs rise from minus it to 0.

    Args:
        timeline: to begin with.
        strengths: of the edit.
        start_s: until when nothing is seen of it.
        end_s: from when all of it is seen.
    """
    for direction, value in strengths:
        keys = (SliderKey(start_s, -value), SliderKey(end_s, 0.0))
        timeline = timeline.with_track(SliderTrack(direction, keys))
    return timeline


def _keys(timeline: Timeline, direction: str | None) -> tuple[Key, ...]:
    return timeline.photos if direction is None else timeline.track_of(direction).keys


def _is_same(one: float, other: float) -> bool:
    return abs(one - other) < SAME_TIME_S
