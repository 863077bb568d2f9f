"""Timelines as plain JSON values: the part of a project file that describes a clip."""

from __future__ import annotations

from typing import Any, Final

from fvae_studio.core.timeline import PhotoKey, SliderKey, SliderTrack, Timeline
from fvae_studio.errors import EditError

_KEYS: Final = {
    "the timeline": {"photos", "tracks", "fps", "in", "out", "repeat", "mode"},
    "a photo key": {"time", "photo", "face", "motion", "blend"},
    "a track": {"direction", "keys"},
    "a slider key": {"time", "value", "easing"},
}


def timeline_to_json(timeline: Timeline) -> dict[str, Any]:
    """Numbers, texts, lists and objects; `timeline_from_json` gives the same timeline back, bit by bit."""
    return {
        "photos": [
            {
                "time": key.time_s,
                "photo": key.photo,
                "face": key.face,
                "motion": key.motion,
                "blend": key.blend,
            }
            for key in timeline.photos
        ],
        "tracks": [
            {
                "direction": track.direction,
                "keys": [{"time": key.time_s, "value": key.value, "easing": key.easing} for key in track.keys],
            }
            for track in timeline.tracks
        ],
        "fps": timeline.fps,
        "in": timeline.in_s,
        "out": timeline.out_s,
        "repeat": timeline.repeat,
        "mode": timeline.mode,
    }


def timeline_from_json(value: Any, *, num_photos: int) -> Timeline:
    """Read what `timeline_to_json` made.

    Args:
        value: as parsed.
        num_photos: photos that its keys may name.

    Raises:
        EditError: a missing or unknown entry, a wrong type, or a value that no timeline may have.
    """
    content = _object(value, "the timeline")
    photos = []
    for item in _list(content["photos"], "the timeline's photos"):
        key = _object(item, "a photo key")
        if not isinstance(key["photo"], int) or isinstance(key["photo"], bool) or not 0 <= key["photo"] < num_photos:
            raise EditError(f"a photo key names photo {key['photo']!r}; there are {num_photos}, counted from 0")
        photos.append(PhotoKey(key["time"], key["photo"], key["face"], key["motion"], key["blend"]))
    tracks = []
    for item in _list(content["tracks"], "the timeline's tracks"):
        track = _object(item, "a track")
        keys = [_object(one, "a slider key") for one in _list(track["keys"], "a track's keys")]
        tracks.append(
            SliderTrack(track["direction"], tuple(SliderKey(one["time"], one["value"], one["easing"]) for one in keys))
        )
    return Timeline(
        tuple(photos), tuple(tracks), content["fps"], content["in"], content["out"], content["repeat"], content["mode"]
    )


def _object(value: Any, where: str) -> dict[str, Any]:
    wanted = _KEYS[where]
    if not isinstance(value, dict):
        raise EditError(f"{where} must be an object, not {type(value).__name__}")
    if missing := wanted - set(value):
        raise EditError(f"{where} lacks {min(missing)!r}")
    if unknown := set(value) - wanted:
        raise EditError(f"{where} has the unknown entry {min(unknown)!r}")
    return value


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise EditError(f"{where} must be a list, not {type(value).__name__}")
    return value
