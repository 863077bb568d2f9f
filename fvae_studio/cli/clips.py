"""The commands that make moving pictures: interpolate, animate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from fvae_studio.cli.commands import require_file, start_engine
from fvae_studio.cli.output import WrongUsageError, print_json, progress_bar, refuse_existing, say
from fvae_studio.errors import FaceError, OverwriteError, PhotoNotFoundError, ProjectError

if TYPE_CHECKING:
    from fvae_studio.core.timeline import FrameMode, KeyEasing, Timeline
    from fvae_studio.core.types import Face, Photo
    from fvae_studio.core.video_io import Codec
    from fvae_studio.pipeline.engine import Engine
    from fvae_studio.pipeline.requests import ClipSource

FRAMES_PER_PHOTO: Final = 24
"""In-betweens from one photo to the next where nothing else is said."""

SHEET_SUFFIXES: Final = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
"""A single file of these is a contact sheet."""

_SAME: Final = {"png": 5e-4, "tif": 5e-4, "jpg": 6e-3}
"""Of the full range, up to which mean difference a frame counts as the one that was rendered: a JPEG's is 0.003 (a
sample portrait at 900 px), one of another easing differs by as much without a loss."""

SHEET_TILE_PX: Final = 320
"""Longer side of a picture on a contact sheet, unless asked for otherwise."""


@dataclass(frozen=True)
class ClipOutput:
    """Where a clip goes, and how.

    Attributes:
        path: a video, an animation, a contact sheet, or a folder for frames.
        codec, quality, size: of a video or animation; `size` also of a sheet's pictures.
        frame_format: of frames in a folder.
        columns: of a contact sheet.
        loops: how often a GIF or WebP is shown; 0: for ever.
        resume: keep frames that the folder holds.
        overwrite: replace what is there.
        note: the files tell that the expressions in them were edited.
    """

    path: Path
    codec: Codec = "auto"
    quality: int = 80
    size: int | None = None
    frame_format: Literal["png", "jpg", "tif"] = "png"
    columns: int | None = None
    loops: int = 0
    resume: bool = False
    overwrite: bool = False
    note: bool = True

    @property
    def kind(self) -> Literal["video", "sheet", "frames"]:
        """What is written; a name with an ending that means nothing is a video's, whose writer says what it can do."""
        from fvae_studio.core.video_io import VIDEO_SUFFIXES

        suffix = self.path.suffix.lower()
        if self.path.is_dir() or not suffix:
            return "frames"
        return "sheet" if suffix in SHEET_SUFFIXES and suffix not in VIDEO_SUFFIXES else "video"

    def check(self) -> None:
        """Fail before anything heavy is loaded.

        Raises:
            PhotoWriteError: it cannot be written, or is there already.
        """
        from fvae_studio.core.video_io import require_video_format

        if self.kind == "video":
            require_video_format(self.path, self.codec)
        if self.kind != "frames":
            refuse_existing(self.path, overwrite=self.overwrite)

    def leave(self, photos: Iterable[Path]) -> None:
        """Make sure that the clip takes no photo's place that it is made of, whatever may be replaced.

        Raises:
            OverwriteError: it would.
        """
        if self.kind != "frames":
            refuse_existing(self.path, overwrite=True, photos=photos)
            return
        from fvae_studio.core.video_io import numbered_frames

        frames = {path.resolve() for path in numbered_frames(self.path, self.frame_format)}
        for photo in photos:
            if photo.resolve() in frames:
                raise OverwriteError(
                    f"{photo} is one of the photos themselves and may lie where a frame goes; choose another folder."
                )


def interpolate(
    paths: Sequence[Path],
    *,
    faces: Sequence[int],
    output: ClipOutput,
    num_frames: int | None,
    easing: KeyEasing,
    blend: KeyEasing | None,
    ping_pong: bool,
    mode: FrameMode,
    fps: float,
    model: str | None,
    device: str,
    as_json: bool,
) -> None:
    """Write the in-betweens of photos of one person as a video, an animation, a sheet, or numbered files."""
    if len(paths) < 2:
        raise WrongUsageError("In-betweens need at least 2 photos of one person.")
    if len(faces) not in {0, 1, len(paths)}:
        raise WrongUsageError(
            f"--face was given {len(faces)} times for {len(paths)} photos; give it once, or for each."
        )
    for path in paths:
        require_file(path)
    count = num_frames if num_frames is not None else FRAMES_PER_PHOTO * (len(paths) - 1)
    if count < len(paths):
        raise WrongUsageError(f"A sequence over {len(paths)} photos needs at least {len(paths)} frames, not {count}.")
    from fvae_studio.core.timeline import PhotoKey, Timeline
    from fvae_studio.pipeline.requests import ClipSource

    output.check()
    output.leave(paths)
    chosen = [None] * len(paths) if not faces else list(faces) * (len(paths) if len(faces) == 1 else 1)
    stretch_s = (count - 1) / fps / (len(paths) - 1)
    timeline = Timeline(
        tuple(PhotoKey(number * stretch_s, number, motion=easing, blend=blend) for number in range(len(paths))),
        fps=fps,
        repeat="ping-pong" if ping_pong else "once",
        mode=mode,
    )
    engine = start_engine(model, device)
    sources = [ClipSource(engine.open(path), face=face) for path, face in zip(paths, chosen, strict=True)]
    warn_of_other_people(engine, sources, paths)
    _write(engine, sources, timeline, output, {"photos": [str(path) for path in paths]}, as_json=as_json)


def animate(
    path: Path,
    *,
    output: ClipOutput,
    fps: float | None,
    mode: FrameMode | None,
    model: str | None,
    device: str,
    as_json: bool,
) -> None:
    """Write the clip that a project's timeline describes."""
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise PhotoNotFoundError(f"{path} {what}; name a project.")
    output.check()
    from fvae_studio.core.project_file import file_hash, load_project
    from fvae_studio.pipeline.requests import ClipSource

    project = load_project(path)
    timeline = project.timeline
    if timeline is None or timeline.is_empty:
        raise ProjectError(f"The project {path.name} has no clip: put photos on its timeline in the Studio.")
    timeline = replace(timeline, fps=fps or timeline.fps, mode=mode or timeline.mode)
    taking = [project.photos[key.photo] for key in timeline.photos]
    for photo in taking:
        if photo.is_missing:
            raise PhotoNotFoundError(f"The photo {photo.path} of the clip is not where it was; put it back.")
    output.leave(photo.path for photo in taking)
    for photo in {photo.path: photo for photo in taking}.values():
        if photo.sha256 and file_hash(photo.path) != photo.sha256:
            say(
                f"{photo.path.name} is not the file that was edited when {path.name} was saved; faces may lie "
                "elsewhere in it."
            )
    engine = start_engine(model, device)
    opened = {photo.path: engine.open(photo.path) for photo in taking}
    sources = []
    for photo, key in zip(taking, timeline.photos, strict=True):
        sources.append(ClipSource(opened[photo.path], photo.edit.faces, key.face, photo.edit.effective))
    warn_of_other_people(engine, sources, [photo.path for photo in taking])
    _write(engine, sources, timeline, output, {"project": str(path)}, as_json=as_json)


def warn_of_other_people(engine: Engine, sources: Sequence[ClipSource], paths: Sequence[Path]) -> None:
    """Say on stderr which photos do not go with the first one: turned too far from it, or of somebody else.

    Raises:
        FaceError: a photo shows no face, or several and none is named, or one that cannot be edited; it says which
            photo.
    """
    from fvae_studio.core.face_match import turned_apart

    first, *others = _chosen_faces(engine, sources, paths)
    for face, match, path in zip(others, engine.matches(sources), paths[1:], strict=True):
        # A turn alone makes shapes differ.
        if apart := turned_apart(first, face):
            say(
                f"{path.name}: the head is turned by {apart:.0f} degrees from where it is in {paths[0].name}. Ears, "
                "hair and collars tear in between; choose photos of heads that are turned alike."
            )
        elif match.may_be_another_person:
            say(
                f"{path.name} may show another person than {paths[0].name}: the faces' shapes differ by "
                f"{match.shape_distance:.1f} times what one person's do. In-betweens of two people look like neither."
            )


def _chosen_faces(engine: Engine, sources: Sequence[ClipSource], paths: Sequence[Path]) -> list[Face]:
    from fvae_studio.pipeline.detector import only_face, require_editable

    chosen = []
    for source, path in zip(sources, paths, strict=True):
        try:
            face = only_face(engine.detect(source.photo) if source.faces is None else source.faces, source.face)
            require_editable(face, source.photo)
        except FaceError as error:
            raise type(error)(f"{path.name}: {error}") from error
        chosen.append(face)
    return chosen


def _write(
    engine: Engine,
    sources: Sequence[ClipSource],
    timeline: Timeline,
    output: ClipOutput,
    told: dict[str, object],
    *,
    as_json: bool,
) -> None:
    from fvae_studio.core.contact_sheet import contact_sheet
    from fvae_studio.core.mouth_choice import tell_mouths
    from fvae_studio.core.photo_io import WriteOptions, write_photo
    from fvae_studio.core.video_io import (
        LONGER_SIDE,
        VideoOptions,
        numbered_frames,
        sequence_paths,
        write_sequence,
        write_video,
    )
    from fvae_studio.pipeline.requests import clip_note

    note = clip_note(sources) if output.note else None
    moments = [timeline.at(time_s) for time_s in timeline.shown_times()]
    suffix, limit = output.path.suffix.lower(), output.size
    wanted = moments
    compared: Path | None = None
    if output.kind == "frames" and output.resume:
        paths = sequence_paths(output.path, output.frame_format, len(moments))
        kept = [number for number, path in enumerate(paths) if path.exists()]
        wanted = [moment for moment, path in zip(moments, paths, strict=True) if not path.exists()]
        if kept:
            # Once more, to see whether the folder is this clip's: one in the middle, where clips differ most.
            middle = kept[len(kept) // 2]
            wanted, compared = [moments[middle], *wanted], paths[middle]
    elif output.kind == "sheet":
        limit = output.size or SHEET_TILE_PX
    elif output.kind == "video":
        limit = output.size or LONGER_SIDE[suffix]
    with progress_bar() as progress:
        frames = (
            engine.pictures(sources, wanted, mode=timeline.mode, longer_side=limit, progress=progress)
            if wanted
            else iter(())
        )
        if compared is not None:
            _require_same(next(frames), compared)
        if output.kind == "video":
            options = VideoOptions(
                fps=timeline.fps,
                codec=output.codec,
                quality=output.quality,
                longer_side=output.size,
                loops=output.loops,
                overwrite=output.overwrite,
                note=note,
            )
            written = [write_video(frames, output.path, options)]
        elif output.kind == "sheet":
            sheet = contact_sheet(frames, len(moments), columns=output.columns)
            sheet = sheet if note is None else note.on(sheet)
            written = [write_photo(sheet, output.path, options=WriteOptions(overwrite=output.overwrite))]
        else:
            written = write_sequence(
                frames,
                output.path,
                suffix=output.frame_format,
                num_frames=len(moments),
                overwrite=output.overwrite,
                resume=output.resume,
                note=note,
            )
            if further := numbered_frames(output.path, output.frame_format) - set(written):
                say(f"{output.path} also holds {len(further)} frames of a longer clip, which stay.")
    if note is not None and note.mouths:
        say(f"To be told with the clip: where lips part, {tell_mouths(note.mouths)}.")
    if as_json:
        print_json({**told, "frames": len(moments), "outputs": [str(path) for path in written]})
    else:
        print(output.path)


def _require_same(frame: Photo, path: Path) -> None:
    """Compare a frame with the file that should hold it.

    Raises:
        OverwriteError: what is there shows something else.
        PhotoError: it cannot be read.
    """
    import numpy as np

    from fvae_studio.core.photo_io import read_photo

    made, found = frame.pixels, read_photo(path).pixels
    if made.shape != found.shape or made.dtype != found.dtype:
        is_same = False
    else:
        difference = np.abs(made.astype(np.float32) - found.astype(np.float32)).mean()
        is_same = bool(difference <= _SAME[path.suffix[1:]] * np.iinfo(made.dtype).max)
    if not is_same:
        raise OverwriteError(
            f"{path} is not of this clip; to go on with --resume, ask for the same photos, size and frames. Else "
            "choose another folder, or --overwrite."
        )
