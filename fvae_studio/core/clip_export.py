"""Exports of clips: as what, how large, how long, under which name, and the writing itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, get_args

from fvae_studio.core.contact_sheet import contact_sheet
from fvae_studio.core.edit_note import ClipNote
from fvae_studio.core.photo_io import WriteOptions, write_photo
from fvae_studio.core.timeline import SliderTrack, Timeline
from fvae_studio.core.types import Photo
from fvae_studio.core.video_io import LONGER_SIDE, Codec, VideoOptions, sequence_paths, write_sequence, write_video
from fvae_studio.errors import EditError

ClipFormat: TypeAlias = Literal["mp4", "hevc", "av1", "webm", "gif", "webp", "png", "tif", "jpg", "sheet"]
CLIP_FORMATS: Final[tuple[ClipFormat, ...]] = get_args(ClipFormat)

SUFFIXES: Final[Mapping[ClipFormat, str]] = {
    "mp4": ".mp4", "hevc": ".mp4", "av1": ".mp4", "webm": ".webm", "gif": ".gif", "webp": ".webp",
    "png": "", "tif": "", "jpg": "", "sheet": ".jpg",
}  # fmt: skip
"""Of the file; "" is a folder of numbered pictures."""

SEQUENCES: Final = frozenset({"png", "tif", "jpg"})
WITH_LOOPS: Final = frozenset({"gif", "webp"})
WITH_CLIP_QUALITY: Final = frozenset({"mp4", "hevc", "av1", "webm", "webp"})
SHEET_SHAPE: Final = (4, 3)
"""Columns and rows of a contact sheet."""

_CODECS: Final[Mapping[ClipFormat, Codec]] = {"mp4": "h264", "hevc": "hevc", "av1": "av1"}
_SHEET_SIDE: Final = 480


@dataclass(frozen=True)
class ClipOptions:
    """How a clip is written.

    Attributes:
        format: "hevc" and "av1" are MP4 files of that codec; "png", "tif", "jpg" a folder of numbered pictures;
            "sheet" one picture of `SHEET_SHAPE` moments.
        quality: 1..100, of `WITH_CLIP_QUALITY`.
        longer_side: of the pictures in pixels; None: as far as the format is good for (`LONGER_SIDE`), else their own.
        fps: None: the timeline's.
        ping_pong: and back again; None: as the timeline repeats.
        loops: how often a GIF or WebP is shown; 0: for ever. Players decide about the others.
        whole: from the start to the last key, whatever in and out point are.
        note_edit: the files tell that the expressions in them were edited.
    """

    format: ClipFormat = "mp4"
    quality: int = 80
    longer_side: int | None = None
    fps: float | None = None
    ping_pong: bool | None = None
    loops: int = 0
    whole: bool = False
    note_edit: bool = True

    def __post_init__(self) -> None:
        if self.format not in CLIP_FORMATS:
            raise EditError(f"a clip is written as one of {', '.join(CLIP_FORMATS)}; not {self.format!r}")
        self.video_options()

    def video_options(self, fps: float = 24.0) -> VideoOptions:
        """For `write_video`, where the timeline has `fps` frames per second."""
        codec = _CODECS.get(self.format, "auto")
        return VideoOptions(self.fps or fps, codec, self.quality, self.longer_side, self.loops)

    def to_json(self) -> dict[str, Any]:
        """Plain values, to be remembered."""
        return asdict(self)

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> ClipOptions:
        """From remembered values; what is unknown or cannot be takes its default."""
        options = ClipOptions()
        kinds: dict[str, type | tuple[type, ...]] = {"fps": (int, float), "longer_side": int, "ping_pong": bool}
        for one in fields(ClipOptions):
            value, kind = values.get(one.name), kinds.get(one.name, type(getattr(options, one.name)))
            if value is None or not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
                continue
            changed: dict[str, Any] = {one.name: value}
            try:
                options = replace(options, **changed)
            except (EditError, ValueError):
                continue
        return options


def exported_timeline(timeline: Timeline, options: ClipOptions) -> Timeline:
    """The timeline whose pictures, each once, are the clip's: with the options' rate, range and way back.

    Raises:
        EditError: there is no photo.
    """
    if timeline.is_empty:
        raise EditError("The timeline has no photo yet: drop one on it.")
    goes_back = timeline.repeat == "ping-pong" if options.ping_pong is None else options.ping_pong
    shown = replace(timeline, fps=options.fps or timeline.fps, repeat="ping-pong" if goes_back else "once")
    if options.whole:
        shown = replace(shown, in_s=0.0, out_s=None)
    if options.format == "sheet":
        # So long that there is one frame for each place of the sheet: easings know only shares of a stretch.
        shown = replace(shown, repeat="once")
        length_s = shown.end_s - shown.in_s
        places = SHEET_SHAPE[0] * SHEET_SHAPE[1] if length_s > 0 else 1
        shown = _stretched(shown, (places - 1) / shown.fps / length_s) if length_s > 0 else shown
    return shown


def picture_side(options: ClipOptions) -> int | None:
    """The longer side at which pictures are rendered; None: their own."""
    if options.longer_side is not None:
        return options.longer_side
    return _SHEET_SIDE if options.format == "sheet" else LONGER_SIDE.get(SUFFIXES[options.format])


def plan_clip_path(wanted: Path, options: ClipOptions, taken: Iterable[Path] = ()) -> Path:
    """Where a clip is written: as wanted, with the format's suffix, and with a number where something is there.

    Nothing is ever replaced, so no photo can be.
    """
    suffix = SUFFIXES[options.format]
    stem = wanted.stem if wanted.suffix.lower() in {one for one in SUFFIXES.values() if one} else wanted.name
    promised = {str(path.absolute()).casefold() for path in taken}
    path, copy = wanted.with_name(stem + suffix), 1
    while path.exists() or str(path.absolute()).casefold() in promised:
        copy += 1
        path = wanted.with_name(f"{stem}-{copy}{suffix}")
    return path


def missing_pictures(path: Path, options: ClipOptions, timeline: Timeline) -> tuple[int, ...]:
    """Which pictures of `exported_timeline` a cut export has not written, from 0; of a sequence whole ones stay."""
    count = len(timeline.shown_times())
    if options.format not in SEQUENCES:
        return tuple(range(count))
    paths = sequence_paths(path, options.format, count)
    return tuple(number for number, file in enumerate(paths) if not file.exists())


def write_clip(
    frames: Iterable[Photo],
    path: Path,
    options: ClipOptions,
    timeline: Timeline,
    *,
    note: ClipNote | None = None,
    replaces: bool = False,
    resumes: bool = False,
) -> Path:
    """Write the pictures of `exported_timeline`.

    Args:
        frames: one for each of its `shown_times`; those of `missing_pictures` where a cut export is resumed.
        path: from `plan_clip_path`; a folder for numbered pictures.
        options: how.
        timeline: from `exported_timeline`.
        note: what is told in the files, where the options want that.
        replaces: whether pictures of a sequence that an earlier try left may be replaced.
        resumes: whether such pictures are kept, and the others added.

    Returns:
        What was written.

    Raises:
        PhotoWriteError: the disk or the format says no; nothing half is left but the whole pictures of a sequence.
        OverwriteError: something has come to that name meanwhile.
    """
    num_frames = len(timeline.shown_times())
    note = note if options.note_edit else None
    if options.format in SEQUENCES:
        write_sequence(
            frames,
            path,
            suffix=options.format,
            num_frames=num_frames,
            overwrite=replaces,
            resume=resumes,
            note=note,
        )
        return path
    if options.format == "sheet":
        sheet = contact_sheet(frames, num_frames, columns=min(num_frames, SHEET_SHAPE[0]))
        sheet = sheet if note is None else note.on(sheet)
        write_photo(sheet, path, options=WriteOptions(format="JPEG", quality=92))
        return path
    return write_video(frames, path, replace(options.video_options(timeline.fps), note=note))


def _stretched(timeline: Timeline, factor: float) -> Timeline:
    photos = (replace(key, time_s=key.time_s * factor) for key in timeline.photos)
    tracks = (
        SliderTrack(track.direction, tuple(replace(key, time_s=key.time_s * factor) for key in track.keys))
        for track in timeline.tracks
    )
    end_s = timeline.end_s * factor
    return replace(timeline, photos=tuple(photos), tracks=tuple(tracks), in_s=timeline.in_s * factor, out_s=end_s)
