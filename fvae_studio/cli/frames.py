"""Frames to files: a folder of numbered pictures, or an animated GIF."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path

from PIL import Image

from fvae_studio.core.photo_io import WriteOptions, atomic_write, write_photo
from fvae_studio.core.photo_io.colour_profiles import to_srgb
from fvae_studio.core.types import Photo
from fvae_studio.errors import OverwriteError, PhotoWriteError

GIF_LONGER_SIDE = 640
"""Unless asked for otherwise: a GIF has no use for the pixels of a camera."""


def write_frames(
    frames: Iterable[Photo], folder: Path, *, suffix: str, num_frames: int, overwrite: bool = False
) -> list[Path]:
    """Number the frames from 1 and write each as it comes.

    Args:
        frames: as many as `num_frames`.
        folder: made if it is not there.
        suffix: "png" or "jpg".
        num_frames: decides how many digits the names have.
        overwrite: replace frames that are there.

    Raises:
        OverwriteError: the folder holds frames already.
        PhotoWriteError: the folder or a file cannot be written.
    """
    digits = max(4, len(str(num_frames)))
    paths = [folder / f"frame-{number:0{digits}d}.{suffix}" for number in range(1, num_frames + 1)]
    if not overwrite:
        for path in paths:
            if path.exists():
                raise OverwriteError(f"{path} exists; choose another folder or add --overwrite.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PhotoWriteError(f"The folder {folder} cannot be made: {error.strerror}.") from error
    options = WriteOptions(overwrite=overwrite)
    return [write_photo(frame, path, options=options) for frame, path in zip(frames, paths, strict=True)]


def write_gif(frames: Iterable[Photo], path: Path, *, fps: float, longer_side: int | None = None) -> None:
    """Write an animation that repeats for ever; frames are reduced and written one by one.

    Args:
        frames: at least one.
        path: replaced if it exists.
        fps: frames per second; GIF counts hundredths of a second.
        longer_side: in pixels; None for the frames' own, at most `GIF_LONGER_SIDE`.

    Raises:
        PhotoWriteError: the file cannot be written.
    """
    pictures: Iterator[Image.Image] = (_gif_picture(frame, longer_side) for frame in frames)
    first = next(pictures)
    data = BytesIO()
    first.save(
        data,
        format="GIF",
        save_all=True,
        append_images=pictures,
        duration=max(20, round(100 / fps) * 10),
        loop=0,
        optimize=False,
        disposal=1,
    )
    with atomic_write(path) as file:
        file.write(data.getvalue())


def _gif_picture(frame: Photo, longer_side: int | None) -> Image.Image:
    pixels = frame.pixels if frame.max_value == 255 else (frame.pixels >> 8).astype("uint8")
    picture = Image.fromarray(pixels)
    if frame.metadata.icc:
        # A GIF cannot say in which colours it is meant.
        picture = to_srgb(picture, frame.metadata.icc)
    limit = longer_side or min(GIF_LONGER_SIDE, max(picture.size))
    scale = limit / max(picture.size)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    if size != picture.size:
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    return picture.quantize(256, dither=Image.Dither.FLOYDSTEINBERG)
