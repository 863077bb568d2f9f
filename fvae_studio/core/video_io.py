"""Moving pictures: frames to MP4, WebM, animated WebP or GIF, one frame at a time, whole or not at all.

FFmpeg does the encoding (PyAV, whose wheels carry it), Pillow the GIF. A file appears under its name only when it is
complete, so a cut or cancelled export leaves nothing half.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal, TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fvae_studio.core.edit_note import ClipNote
from fvae_studio.core.photo_io import WriteOptions, atomic_write, write_photo
from fvae_studio.core.photo_io.colour_profiles import screen_pixels
from fvae_studio.core.photo_io.webp_chunks import add_xmp
from fvae_studio.core.types import Photo
from fvae_studio.errors import EditError, OverwriteError, PhotoWriteError

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.video.stream import VideoStream

_Answer = TypeVar("_Answer")

Codec: TypeAlias = Literal["auto", "h264", "hevc", "av1", "vp9"]

VIDEO_SUFFIXES: Final = (".mp4", ".webm", ".webp", ".gif")
"""What `write_video` writes."""

LONGER_SIDE: Final = {".mp4": 1920, ".webm": 1920, ".webp": 960, ".gif": 640}
"""Unless asked for otherwise, the longer side in pixels is at most this: players stumble over a camera's pixels."""

FPS_RANGE: Final = (0.1, 120.0)

_ENCODERS: Final = {"h264": "libx264", "hevc": "libx265", "av1": "libsvtav1", "vp9": "libvpx-vp9"}
_CODECS: Final[dict[str, tuple[Codec, ...]]] = {".mp4": ("h264", "hevc", "av1"), ".webm": ("vp9", "av1")}
# From the worst to the best quality on FFmpeg's scale of "constant rate factor", by encoder.
_RATE_FACTORS: Final = {"libx264": (40, 12), "libx265": (42, 14), "libsvtav1": (55, 15), "libvpx-vp9": (55, 15)}
_SPEED: Final = {
    # Half the time of "medium" for 0.2 dB, measured on 60 frames of 1920 x 1280.
    "libx264": {"preset": "fast"},
    "libx265": {"preset": "medium", "x265-params": "log-level=none"},
    "libsvtav1": {"preset": "8"},
    "libvpx-vp9": {"b": "0", "row-mt": "1", "deadline": "good", "cpu-used": "4"},
}


@dataclass(frozen=True)
class VideoOptions:
    """How frames become a file.

    Attributes:
        fps: frames per second; GIF counts hundredths of a second.
        codec: "auto": H.264 in an MP4, VP9 in a WebM.
        quality: 1..100.
        longer_side: of the picture, in pixels; None: the frames' own, at most `LONGER_SIDE`.
        loops: how often a GIF or WebP is shown; 0: for ever. Players decide about the others.
        overwrite: replace a file that is there.
        note: what is told in the file; None for nothing.
    """

    fps: float = 24.0
    codec: Codec = "auto"
    quality: int = 80
    longer_side: int | None = None
    loops: int = 0
    overwrite: bool = False
    note: ClipNote | None = None

    def __post_init__(self) -> None:
        if not FPS_RANGE[0] <= self.fps <= FPS_RANGE[1]:
            raise EditError(f"{self.fps} frames per second were asked for; {FPS_RANGE[0]} to {FPS_RANGE[1]} can be had")
        if not 1 <= self.quality <= 100:
            raise EditError(f"the quality is {self.quality}; it must lie between 1 and 100")
        if self.longer_side is not None and not 16 <= self.longer_side <= 8192:
            raise EditError(f"the longer side is {self.longer_side} px; it must lie between 16 and 8192")
        if not 0 <= self.loops <= 1000:
            raise EditError(f"the clip is to be shown {self.loops} times; 1 to 1000 can be had, or 0 for without end")


def require_video_format(path: Path, codec: Codec = "auto") -> None:
    """Raise `PhotoWriteError` unless a video of this name and codec can be written here."""
    suffix = path.suffix.lower()
    if suffix not in VIDEO_SUFFIXES:
        raise PhotoWriteError(f"{path.name!r} does not say what to write; end the name in {', '.join(VIDEO_SUFFIXES)}.")
    possible = _CODECS.get(suffix, ())
    if codec != "auto" and codec not in possible:
        names = ", ".join(possible) or "no choice of codecs"
        raise PhotoWriteError(f"A {suffix} file cannot hold {codec}; there is {names}.")
    if possible:
        chosen = possible[0] if codec == "auto" else codec
        if chosen not in (there := available_codecs(suffix)):
            names = ", ".join(there) or "none; choose .webp or .gif"
            raise PhotoWriteError(f"The FFmpeg here cannot encode {chosen}; for a {suffix} file there is {names}.")


def available_codecs(suffix: str) -> tuple[Codec, ...]:
    """The codecs that a file of this suffix can hold and the FFmpeg here can encode, the most common first."""
    import av

    return tuple(codec for codec in _CODECS.get(suffix, ()) if _ENCODERS[codec] in av.codecs_available)


def write_video(frames: Iterable[Photo], path: Path, options: VideoOptions | None = None) -> Path:
    """Write frames to one file.

    Memory does not grow with the number of frames (but for a GIF's, whose frames are small).

    Args:
        frames: at least one, all of one size; taken one by one.
        path: ends in one of `VIDEO_SUFFIXES`.
        options: None for the defaults.

    Raises:
        PhotoWriteError: a name or codec that cannot be written, or the disk says no; what was there before is whole.
        OverwriteError: the file exists.
    """
    options = options or VideoOptions()
    require_video_format(path, options.codec)
    if path.exists() and not options.overwrite:
        raise OverwriteError(f"{path} exists; choose another name or allow it to be overwritten.")
    suffix = path.suffix.lower()
    limit = options.longer_side or LONGER_SIDE[suffix]
    pictures = (_screen_picture(frame, limit, enlarge=options.longer_side is not None) for frame in frames)
    with atomic_write(path, overwrite=options.overwrite) as file:
        if suffix == ".gif":
            _encode_gif(pictures, file, options)
        else:
            _encode(pictures, file, suffix, options)
    return path


def sequence_paths(folder: Path, suffix: str, num_frames: int) -> list[Path]:
    """Where `write_sequence` writes: frame-0001 and so on."""
    digits = max(4, len(str(num_frames)))
    return [folder / f"frame-{number:0{digits}d}.{suffix}" for number in range(1, num_frames + 1)]


def numbered_frames(folder: Path, suffix: str) -> set[Path]:
    """What lies in a folder, if there is one, under names like those that `write_sequence` gives."""
    return {path for path in folder.glob(f"frame-*.{suffix}") if re.fullmatch(r"frame-\d+", path.stem)}


def write_sequence(
    frames: Iterable[Photo],
    folder: Path,
    *,
    suffix: str,
    num_frames: int,
    overwrite: bool = False,
    resume: bool = False,
    note: ClipNote | None = None,
) -> list[Path]:
    """Number the frames from 1 and write each as it comes, at full size and depth.

    Args:
        frames: as many as `num_frames`; when a cut sequence is resumed, only those whose file is missing.
        folder: made if it is not there.
        suffix: "png", "jpg" or "tif".
        num_frames: decides how many digits the names have.
        overwrite: replace frames that are there.
        resume: keep frames that are there; `frames` are the missing ones, in order.
        note: what is told in each file; None for nothing.

    Returns:
        Where all frames are.

    Raises:
        OverwriteError: the folder holds frames already.
        PhotoWriteError: the folder or a file cannot be written; frames that were written stay, and none is half.
    """
    paths = sequence_paths(folder, suffix, num_frames)
    there = [path for path in paths if path.exists()]
    if there and not overwrite and not resume:
        raise OverwriteError(f"{there[0]} exists; choose another folder or add --overwrite.")
    is_new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PhotoWriteError(f"The folder {folder} cannot be made: {error.strerror}.") from error
    wanted = [path for path in paths if path not in there] if resume else paths
    try:
        for frame, path in zip(frames, wanted, strict=True):
            told = frame if note is None else note.on(frame)
            write_photo(told, path, options=WriteOptions(overwrite=overwrite))
    except BaseException:
        if is_new:
            # Goes only while it is empty.
            with suppress(OSError):
                folder.rmdir()
        raise
    return paths


def _screen_picture(frame: Photo, limit: int, *, enlarge: bool) -> Image.Image:
    """8 bits, in sRGB, at the size that is asked for: a video cannot say in which other colours it is meant."""
    picture = Image.fromarray(np.ascontiguousarray(screen_pixels(frame.pixels, frame.metadata.icc)))
    longer = max(picture.size)
    scale = limit / longer if enlarge or longer > limit else 1.0
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS)


def _encode_gif(pictures: Iterator[Image.Image], file: BinaryIO, options: VideoOptions) -> None:
    colours = (picture.quantize(256, dither=Image.Dither.FLOYDSTEINBERG) for picture in pictures)
    data = BytesIO()
    next(colours).save(
        data,
        format="GIF",
        save_all=True,
        append_images=colours,
        duration=max(20, round(100 / options.fps) * 10),
        optimize=False,
        disposal=1,
        # A GIF counts what comes after the first time, and is shown once if it does not say anything.
        **({} if options.loops == 1 else {"loop": max(0, options.loops - 1)}),
        **({} if options.note is None else {"comment": options.note.text.encode()}),
    )
    file.write(data.getvalue())


def _encode(pictures: Iterator[Image.Image], file: BinaryIO, suffix: str, options: VideoOptions) -> None:
    # SVT-AV1 writes a page about itself to the terminal unless it is told to report errors only.
    os.environ.setdefault("SVT_LOG", "1")
    import av  # here: the command line's other commands need no FFmpeg

    container: OutputContainer
    watched = _WatchedFile(file)
    try:
        with av.open(watched, "w", format=suffix[1:], options=_muxer_options(suffix, options.loops)) as container:
            if options.note is not None:
                # Before the first picture, with which the file's head is written. Players show one or the other.
                container.metadata.update(comment=options.note.text, description=options.note.text)
            stream: VideoStream | None = None
            for picture in pictures:
                pixels = _even(np.asarray(picture)) if suffix != ".webp" else np.asarray(picture)
                if stream is None:
                    stream = _add_stream(container, suffix, options, pixels.shape[1], pixels.shape[0])
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                if suffix != ".webp":
                    frame = frame.reformat(
                        format="yuv420p", src_colorspace="ITU709", dst_colorspace="ITU709", dst_color_range="MPEG"
                    )
                container.mux(stream.encode(frame))
                if watched.error is not None:
                    break
            if stream is not None:
                container.mux(stream.encode(None))
    except av.FFmpegError as error:
        if watched.error is None:
            raise PhotoWriteError(f"The video could not be encoded: {error.strerror or error}.") from error
    if watched.error is not None:
        raise watched.error
    if suffix == ".webp" and options.note is not None:
        add_xmp(file, options.note.xmp)


class _WatchedFile:
    """A file that remembers why it could not be written, and takes the rest in silence.

    FFmpeg calls it from C, where nothing can be raised: PyAV would print a trace for every call, and go on.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        # MP4's table of contents is moved to the front at the end: FFmpeg opens the file once more by this name.
        self.name = file.name
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        return self._or_remember(lambda: self._file.write(data), len(data))

    def read(self, size: int = -1) -> bytes:
        return self._or_remember(lambda: self._file.read(size), b"")

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._or_remember(lambda: self._file.seek(offset, whence), offset)

    def tell(self) -> int:
        return self._or_remember(self._file.tell, 0)

    def _or_remember(self, ask: Callable[[], _Answer], otherwise: _Answer) -> _Answer:
        if self.error is None:
            try:
                return ask()
            except OSError as error:
                self.error = error
        return otherwise

    def seekable(self) -> bool:
        return True


def _add_stream(container: OutputContainer, suffix: str, options: VideoOptions, width: int, height: int) -> VideoStream:
    rate = Fraction(options.fps).limit_denominator(1001)
    if suffix == ".webp":
        settings = {"quality": str(options.quality), "lossless": "0"}
        stream = container.add_stream("libwebp_anim", rate=rate, options=settings)
        stream.pix_fmt = "bgra"
    else:
        codec = options.codec if options.codec != "auto" else _CODECS[suffix][0]
        encoder = _ENCODERS[codec]
        worst, best = _RATE_FACTORS[encoder]
        factor = round(worst + (best - worst) * (options.quality - 1) / 99)
        settings = {"crf": str(factor), **_SPEED[encoder]}
        stream = cast("VideoStream", container.add_stream(encoder, rate=rate, options=settings))
        stream.pix_fmt = "yuv420p"
        context: Any = stream.codec_context
        # BT.709 primaries and matrix, sRGB's curve, video range: what the pixels are, so that no player has to guess.
        context.color_primaries, context.color_trc, context.colorspace, context.color_range = 1, 13, 1, 1
        if codec == "hevc":
            context.codec_tag = "hvc1"  # Apple's players know it under this name only
    stream.width, stream.height = width, height
    return stream


def _muxer_options(suffix: str, loops: int) -> dict[str, str]:
    return {".mp4": {"movflags": "+faststart"}, ".webp": {"loop": str(loops)}}.get(suffix, {})


def _even(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    # Colour is stored at half the resolution: an odd side gets its last row or column twice.
    return np.pad(pixels, ((0, pixels.shape[0] % 2), (0, pixels.shape[1] % 2), (0, 0)), mode="edge")
