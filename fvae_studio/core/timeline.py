"""A clip as a person lays it out: photos and slider values at times; what is to be seen when. Pure values.

Photos are named by numbers that whoever holds them gives out (places in a project file, entries of the window).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final, Literal, TypeAlias, get_args

from fvae_studio.core.easing import Easing, eased
from fvae_studio.core.edits import MAX_STRENGTH, Strengths, check_strength
from fvae_studio.errors import EditError

KeyEasing: TypeAlias = Easing | Literal["spline", "hold"]
"""How a value goes on to the next key: as `Easing`; along a smooth curve through all keys; not before the next key."""

KEY_EASINGS: Final[tuple[KeyEasing, ...]] = (*get_args(Easing), "spline", "hold")

Repeat: TypeAlias = Literal["once", "loop", "ping-pong"]
REPEATS: Final[tuple[Repeat, ...]] = get_args(Repeat)

FrameMode: TypeAlias = Literal["photo", "face"]
"""The whole first photo with its face changing, or the aligned square around the face."""

FRAME_RATES: Final = (24.0, 25.0, 30.0, 60.0)
MAX_SECONDS: Final = 3600.0

SAME_TIME_S: Final = 1e-6
"""Keys closer than this are at one time."""


@dataclass(frozen=True)
class PhotoKey:
    """At this time the clip has reached a photo.

    Attributes:
        time_s: seconds from the clip's start.
        photo: number of the photo.
        face: which of its faces; None where there is only one.
        motion: how the face moves on to the next key's expression.
        blend: how the pixels pass over to the next key's photo; None: as the motion.
    """

    time_s: float
    photo: int
    face: int | None = None
    motion: KeyEasing = "ease"
    blend: KeyEasing | None = None

    def __post_init__(self) -> None:
        _check_time(self.time_s)
        _check_number(self.photo, "photo", least=0)
        if self.face is not None:
            _check_number(self.face, "face", least=1)
        _check_easing(self.motion)
        if self.blend is not None:
            _check_easing(self.blend)


@dataclass(frozen=True)
class SliderKey:
    """At this time a slider has a value.

    Attributes:
        time_s: seconds from the clip's start.
        value: strength, -`MAX_STRENGTH`..`MAX_STRENGTH`.
        easing: how it goes on to the next key.
    """

    time_s: float
    value: float
    easing: KeyEasing = "ease"

    def __post_init__(self) -> None:
        _check_time(self.time_s)
        _check_easing(self.easing)
        object.__setattr__(self, "value", check_strength("a key", self.value))


@dataclass(frozen=True)
class SliderTrack:
    """The keys of one direction, sorted by time, no two at one time; before the first and after the last it rests."""

    direction: str
    keys: tuple[SliderKey, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.direction, str) or not self.direction:
            raise EditError(f"a track moves a direction, which has a name; not {self.direction!r}")
        object.__setattr__(self, "keys", tuple(sorted(self.keys, key=lambda key: key.time_s)))
        _check_apart([key.time_s for key in self.keys], f"the track {self.direction!r}")

    def value_at(self, time_s: float) -> float:
        """The strength at a time; 0 without keys."""
        if not self.keys:
            return 0.0
        value = _curve([key.time_s for key in self.keys], [key.value for key in self.keys], self._easings, time_s)
        return max(-MAX_STRENGTH, min(MAX_STRENGTH, value))

    @property
    def _easings(self) -> list[KeyEasing]:
        return [key.easing for key in self.keys]

    def with_key(self, key: SliderKey) -> SliderTrack:
        """A copy with a key added, in the place of one at the same time."""
        return replace(self, keys=(*(one for one in self.keys if not _is_same_time(one.time_s, key.time_s)), key))

    def without_key(self, time_s: float) -> SliderTrack:
        """A copy without the key at a time."""
        return replace(self, keys=tuple(key for key in self.keys if not _is_same_time(key.time_s, time_s)))


@dataclass(frozen=True)
class Moment:
    """What is to be seen at one time.

    Attributes:
        motion: share of every photo key's expression; adds up to 1.
        blend: share of every photo key's pixels, before the confidences have their say; adds up to 1.
        strengths: of the slider tracks, added to the photos' own edits; without zeros.
    """

    motion: tuple[float, ...]
    blend: tuple[float, ...]
    strengths: Strengths = ()


@dataclass(frozen=True)
class Timeline:
    """A clip.

    Attributes:
        photos: sorted by time, no two at one time; the first one gives frame, size and background.
        tracks: slider keys, at most one track for each direction.
        fps: frames per second.
        in_s, out_s: what is played and exported; `out_s` None: up to the last key.
        repeat: how it plays.
        mode: what is seen.
    """

    photos: tuple[PhotoKey, ...] = ()
    tracks: tuple[SliderTrack, ...] = ()
    fps: float = 24.0
    in_s: float = 0.0
    out_s: float | None = None
    repeat: Repeat = "loop"
    mode: FrameMode = "photo"
    _times: tuple[float, ...] = field(init=False, repr=False, compare=False, default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "photos", tuple(sorted(self.photos, key=lambda key: key.time_s)))
        object.__setattr__(self, "_times", tuple(key.time_s for key in self.photos))
        _check_apart(self._times, "the photos")
        names = [track.direction for track in self.tracks]
        if len(set(names)) != len(names):
            raise EditError("a timeline has one track for each direction, not several")
        if isinstance(self.fps, bool) or not isinstance(self.fps, int | float) or not 1 <= self.fps <= 120:
            raise EditError(f"a clip has 1 to 120 frames per second, not {self.fps!r}")
        _check_time(self.in_s)
        if self.out_s is not None:
            _check_time(self.out_s)
            if self.out_s < self.in_s:
                raise EditError(f"the clip's out point ({self.out_s:g} s) lies before its in point ({self.in_s:g} s)")
        if self.repeat not in REPEATS:
            raise EditError(f"a clip repeats as one of {', '.join(REPEATS)}; not {self.repeat!r}")
        if self.mode not in get_args(FrameMode):
            raise EditError(f"a clip shows the photo or the face, not {self.mode!r}")

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not self.photos

    @property
    def length_s(self) -> float:
        """Time of the last key of anything."""
        times = [*self._times, *(key.time_s for track in self.tracks for key in track.keys)]
        return max(times, default=0.0)

    @property
    def end_s(self) -> float:
        """Where playing ends."""
        return self.length_s if self.out_s is None else self.out_s

    def frame_times(self) -> tuple[float, ...]:
        """Times of the frames from the in point to the end, both included; one way, also of a ping-pong."""
        num_steps = max(0, round((self.end_s - self.in_s) * self.fps))
        return tuple(self.in_s + index / self.fps for index in range(num_steps + 1))

    def shown_times(self) -> tuple[float, ...]:
        """Times of the frames as they are shown once: a ping-pong's way back, without its ends, so that it repeats."""
        there = self.frame_times()
        return (*there, *there[-2:0:-1]) if self.repeat == "ping-pong" else there

    def track_of(self, direction: str) -> SliderTrack:
        """The track of a direction; an empty one if there is none."""
        return next((track for track in self.tracks if track.direction == direction), SliderTrack(direction))

    def with_track(self, track: SliderTrack) -> Timeline:
        """A copy with a track in the place of the direction's present one; an empty track goes."""
        kept = [one for one in self.tracks if one.direction != track.direction]
        places = [one.direction for one in self.tracks]
        if track.keys:
            kept.insert(places.index(track.direction) if track.direction in places else len(kept), track)
        return replace(self, tracks=tuple(kept))

    def renumbered(self, numbers: Mapping[int, int]) -> Timeline:
        """A copy with other numbers for the photos; keys of photos without a number go."""
        kept = (replace(key, photo=numbers[key.photo]) for key in self.photos if key.photo in numbers)
        return replace(self, photos=tuple(kept))

    def at(self, time_s: float) -> Moment:
        """What is to be seen at a time.

        Raises:
            EditError: there is no photo.
        """
        if not self.photos:
            raise EditError("The timeline has no photo yet: drop one on it.")
        values = ((track.direction, track.value_at(time_s)) for track in self.tracks)
        return Moment(
            self._shares([key.motion for key in self.photos], time_s),
            self._shares([key.blend or key.motion for key in self.photos], time_s),
            tuple(sorted((name, value) for name, value in values if value)),
        )

    def _shares(self, easings: Sequence[KeyEasing], time_s: float) -> tuple[float, ...]:
        places = [float(number) for number in range(len(self.photos))]
        place = _curve(self._times, places, easings, time_s)
        first = min(int(place), len(places) - 1)
        shares = [0.0] * len(places)
        shares[first] = 1 - (place - first)
        if place > first:
            shares[first + 1] = place - first
        return tuple(shares)


def _curve(times: Sequence[float], values: Sequence[float], easings: Sequence[KeyEasing], time_s: float) -> float:
    """The value at a time of keys that are sorted; exactly a key's value at its time."""
    after = bisect_right(times, time_s)
    if after == 0:
        return values[0]
    before = after - 1
    if after == len(times) or times[before] == time_s:
        return values[before]
    low, high, easing = values[before], values[after], easings[before]
    length = times[after] - times[before]
    t = (time_s - times[before]) / length
    if easing == "hold":
        return low
    if easing == "spline":
        start, end = (_slope(times, values, index) * length for index in (before, after))
        # Hermite's cubic; with these slopes it never leaves [low, high].
        return (
            (1 + 2 * t) * (1 - t) ** 2 * low
            + t * (1 - t) ** 2 * start
            + t * t * (3 - 2 * t) * high
            + t * t * (t - 1) * end
        )
    return low + (high - low) * eased(t, easing)


def _slope(times: Sequence[float], values: Sequence[float], index: int) -> float:
    """Slope of the monotone cubic at a key (Fritsch and Butland's weighted harmonic mean); 0 at ends and turns."""
    if index in (0, len(times) - 1):
        return 0.0
    before, after = times[index] - times[index - 1], times[index + 1] - times[index]
    rise, next_rise = (values[index] - values[index - 1]) / before, (values[index + 1] - values[index]) / after
    if rise * next_rise <= 0:
        return 0.0
    return 3 * (before + after) / ((2 * after + before) / rise + (after + 2 * before) / next_rise)


def _check_time(time_s: float) -> None:
    if isinstance(time_s, bool) or not isinstance(time_s, int | float) or not 0 <= time_s <= MAX_SECONDS:
        raise EditError(f"a time of the clip lies between 0 and {MAX_SECONDS:g} s; not {time_s!r}")


def _check_number(number: object, what: str, *, least: int) -> None:
    if isinstance(number, bool) or not isinstance(number, int) or number < least:
        raise EditError(f"a key names its {what} by a number from {least} on; not {number!r}")


def _check_easing(easing: object) -> None:
    if not isinstance(easing, str) or easing not in KEY_EASINGS:
        raise EditError(f"a key goes on as one of {', '.join(KEY_EASINGS)}; not {easing!r}")


def _is_same_time(one: float, other: float) -> bool:
    return abs(one - other) < SAME_TIME_S


def _check_apart(times: Sequence[float], what: str) -> None:
    if any(_is_same_time(one, other) for one, other in pairwise(times)):
        raise EditError(f"{what} may have one key at a time, not several")
