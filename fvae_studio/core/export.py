"""Exports: what an edited photo is written as, under which name, and the writing itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from fvae_studio import paths
from fvae_studio.core._cv2 import cv2
from fvae_studio.core.edit_note import what_was_done, with_edit_note
from fvae_studio.core.edits import EditState
from fvae_studio.core.mouth_choice import MouthChoice
from fvae_studio.core.photo_io import WriteOptions, WrittenPhoto, write_and_report
from fvae_studio.core.progress import Progress
from fvae_studio.core.types import Photo, RenderResult
from fvae_studio.errors import PhotoWriteError

ExportFormat: TypeAlias = Literal["same", "JPEG", "PNG", "TIFF", "WEBP", "HEIF", "AVIF"]
SizeRule: TypeAlias = Literal["full", "long_edge", "short_edge", "width", "height", "percent", "megapixels"]
Existing: TypeAlias = Literal["number", "replace"]

SUFFIXES: Final[Mapping[str, str]] = {
    "JPEG": ".jpg", "PNG": ".png", "TIFF": ".tif", "WEBP": ".webp", "HEIF": ".heic", "AVIF": ".avif",
}  # fmt: skip
WITH_QUALITY: Final = frozenset({"JPEG", "WEBP", "HEIF", "AVIF"})
WITH_16_BITS: Final = frozenset({"PNG", "TIFF"})
FIELDS: Final = ("name", "number", "date", "width", "height")
"""What a name pattern may hold in braces."""

DEFAULT_PATTERN: Final = "{name}-edited"
_UNFIT = re.compile(r'[\x00-\x1f<>:"/\\|?*]')
_BRACES = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class ExportOptions:
    """How and where edited photos are written.

    Attributes:
        format: "same" as the photo's file where that can be written, else PNG.
        quality: 1..100; None as the photo's own file.
        bit_depth: "keep", 8 or 16 (PNG and TIFF only).
        size_rule: which measure `size` sets; a photo is made smaller, never larger.
        size: pixels, per cent or megapixels.
        keep_blocks: a JPEG from a JPEG of the same size and quality keeps what the edit does not touch; see
            `WriteOptions`.
        keep_metadata: EXIF, XMP, IPTC and texts; the colour profile always goes along.
        credentials: sign what was done with this computer's certificate (`core.credentials`).
        note_edit: a note in XMP that the photo was edited, also where other metadata is stripped.
        pattern: of the name, without suffix; see `FIELDS`.
        folder: None beside the photo.
        existing: a file of that name is kept (the new one gets a number), or replaced.
        replace_source: with `existing` "replace": even the photo's own file. Ask first.
    """

    format: ExportFormat = "same"
    quality: int | None = None
    bit_depth: Literal["keep", 8, 16] = "keep"
    size_rule: SizeRule = "full"
    size: float = 2048
    keep_blocks: bool = True
    keep_metadata: bool = True
    note_edit: bool = True
    credentials: bool = False
    pattern: str = DEFAULT_PATTERN
    folder: Path | None = None
    existing: Existing = "number"
    replace_source: bool = False

    def __post_init__(self) -> None:
        check_pattern(self.pattern)
        if self.size <= 0:
            raise PhotoWriteError(f"The size {self.size:g} is out of range; give a number above 0.")
        if self.bit_depth == 16 and self.format not in ("same", *WITH_16_BITS):
            raise PhotoWriteError(f"{self.format} cannot hold 16 bits per channel. Choose PNG or TIFF.")
        self.write_options("JPEG")

    def write_options(self, format_name: str) -> WriteOptions:
        """For `write_photo`, where the photo is written as `format_name`."""
        bits = self.bit_depth if self.bit_depth != 16 or format_name in WITH_16_BITS else "keep"
        return WriteOptions(
            format=format_name,
            quality=self.quality if format_name in WITH_QUALITY else None,
            bit_depth=bits,
            keep_blocks=self.keep_blocks,
            overwrite=self.existing == "replace",
            overwrite_source=self.existing == "replace" and self.replace_source,
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values, to be remembered; whether the source may be replaced is asked each time."""
        values = asdict(self)
        values["folder"] = None if self.folder is None else str(self.folder)
        del values["replace_source"]
        return values

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> ExportOptions:
        """From remembered values; what is unknown or cannot be takes its default."""
        options = ExportOptions()
        choices: dict[str, tuple[Any, ...]] = {
            "format": get_args(ExportFormat),
            "size_rule": get_args(SizeRule),
            "existing": get_args(Existing),
            "bit_depth": ("keep", 8, 16),
        }
        for one in fields(ExportOptions):
            value = values.get(one.name)
            if value is None or one.name == "replace_source" or value not in choices.get(one.name, (value,)):
                continue
            default: Any = getattr(options, one.name)
            if one.name == "folder":
                value = Path(value) if isinstance(value, str) else None
            elif one.name == "quality":
                value = value if isinstance(value, int) and not isinstance(value, bool) else None
            elif one.name != "bit_depth" and (
                isinstance(default, bool) is not isinstance(value, bool)
                or not isinstance(value, int | float if isinstance(default, int | float) else type(default))
            ):
                continue
            changed: dict[str, Any] = {one.name: value}
            try:
                options = replace(options, **changed)
            except PhotoWriteError:
                continue
        return options


@dataclass(frozen=True)
class ExportSource:
    """What names and sizes need to know of a photo, also while its pixels are not in memory.

    Attributes:
        path: None for a pasted photo.
        format: see `PhotoMetadata.format`.
        width, height: in pixels.
    """

    path: Path | None
    format: str
    width: int
    height: int

    @staticmethod
    def of(photo: Photo) -> ExportSource:
        """Of a photo in memory."""
        return ExportSource(photo.path, photo.metadata.format, photo.width, photo.height)


@dataclass(frozen=True, eq=False)
class ExportTask:
    """One photo to be rendered and written.

    Attributes:
        photo: as read.
        state: its edit.
        path: from `plan_paths`.
        options: how.
    """

    photo: Photo
    state: EditState
    path: Path
    options: ExportOptions


class Renders(Protocol):
    """What an export needs of the engine."""

    def render(self, photo: Photo, state: EditState, progress: Progress | None = None) -> RenderResult:
        """The whole edited photo."""


def run_export(engine: Renders, task: ExportTask, progress: Progress) -> WrittenPhoto:
    """Render and write one photo; a cancelled or failed export leaves no file.

    Without options the file is the one that `fvae-studio edit` writes, but for the time in the note.

    Raises:
        EditError, FaceError: the edit does not fit the photo.
        PhotoWriteError: see `write_photo`.
        Cancelled: the progress says so.
    """
    progress.report(0.0, "rendering")
    rendered = engine.render(task.photo, task.state, progress.subrange(0.0, 0.7))
    progress.raise_if_cancelled()
    progress.report(0.7, "preparing")
    when, mouths = datetime.now().astimezone(), rendered.mouths.values()
    photo = prepare(rendered.photo, task.photo, task.options, when=when, mouths=mouths)
    progress.raise_if_cancelled()
    progress.report(0.8, "writing")
    format_name = format_of(ExportSource.of(task.photo), task.options)
    options = task.options.write_options(format_name)
    if task.options.credentials and rendered.photo is not task.photo:
        options = replace(options, sign=_signing(task.photo, mouths))
    written = write_and_report(photo, task.path, options=options, source=task.photo)
    progress.report(1.0, "done")
    return written


def _signing(source: Photo, mouths: Iterable[MouthChoice]) -> Callable[[bytes, str], bytes]:
    from fvae_studio.core.credentials import load_certificate, signing

    return signing(load_certificate(paths.credentials_dir()), source, what=what_was_done(mouths))


def prepare(
    edited: Photo, source: Photo, options: ExportOptions, *, when: datetime, mouths: Iterable[MouthChoice] = ()
) -> Photo:
    """The photo as it shall be written: smaller, with less metadata, with the note that it was edited.

    A photo that the edit did not change gets no note; and where no option asks for anything, it is the same object.
    `mouths`: see `with_edit_note`.
    """
    photo = edited
    size = size_of(photo.width, photo.height, options)
    if size != (photo.width, photo.height):
        photo = _resize(photo, *size)
    metadata = photo.metadata
    if not options.keep_metadata:
        colour_only = tuple(block for block in metadata.carried if block[0].startswith("png:"))
        metadata = replace(metadata, exif=None, xmp=None, iptc=None, text={}, carried=colour_only)
    if options.note_edit and edited is not source:
        metadata = replace(metadata, xmp=with_edit_note(metadata.xmp, when=when, mouths=mouths))
    return photo if metadata is photo.metadata else replace(photo, metadata=metadata)


def size_of(width: int, height: int, options: ExportOptions) -> tuple[int, int]:
    """(width, height) of the exported photo; never larger than the photo."""
    long, short, asked = max(width, height), min(width, height), options.size
    factor = {
        "full": 1.0,
        "long_edge": asked / long,
        "short_edge": asked / short,
        "width": asked / width,
        "height": asked / height,
        "percent": asked / 100,
        "megapixels": (asked * 1e6 / (width * height)) ** 0.5,
    }[options.size_rule]
    if factor >= 1:
        return width, height
    return max(1, round(width * factor)), max(1, round(height * factor))


def format_of(source: ExportSource, options: ExportOptions) -> str:
    """The format that the photo will have."""
    if options.format != "same":
        return options.format
    return source.format if source.format in SUFFIXES else "PNG"


def check_pattern(pattern: str) -> None:
    """Refuse a name pattern that gives no name.

    Raises:
        PhotoWriteError: empty, unknown braces, or characters that no file name may have.
    """
    unknown = [name for name in _BRACES.findall(pattern) if name not in FIELDS]
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in FIELDS)
        raise PhotoWriteError(f"The name pattern has {{{unknown[0]}}} in it; there are {known}.")
    rest = _BRACES.sub("", pattern)
    if "{" in rest or "}" in rest:
        raise PhotoWriteError("The name pattern has a brace without its partner.")
    if _UNFIT.search(rest):
        raise PhotoWriteError('The name pattern has one of the characters < > : " / \\ | ? * in it. Take it out.')
    if not pattern.strip(" ."):
        raise PhotoWriteError("The name pattern is empty. Write for instance {name}-edited.")


def file_name(source: ExportSource, options: ExportOptions, *, number: int, today: date) -> str:
    """The name that the pattern gives, with its suffix."""
    format_name = format_of(source, options)
    own_suffix = source.path.suffix if source.path is not None else ""
    keeps_suffix = options.format == "same" and format_name == source.format and own_suffix
    width, height = size_of(source.width, source.height, options)
    values = {
        "name": source.path.stem if source.path is not None else "photo",
        "number": f"{number:03d}",
        "date": today.isoformat(),
        "width": str(width),
        "height": str(height),
    }

    def stem_of(values: Mapping[str, str]) -> str:
        filled = _BRACES.sub(lambda found: values[found.group(1)], options.pattern)
        return _UNFIT.sub("_", filled).strip(" .")

    # A long name is shortened before what stands around it, which tells files apart.
    while values["name"] and not paths.fits_into_a_name(stem_of(values)):
        values["name"] = values["name"][:-1]
    stem = paths.with_ending(stem_of(values), "") or "photo"
    return stem + (own_suffix if keeps_suffix else SUFFIXES[format_name])


def plan_paths(
    sources: Sequence[ExportSource],
    options: ExportOptions,
    *,
    today: date,
    first_number: int = 1,
    taken: Iterable[Path] = (),
) -> tuple[Path, ...]:
    """Where the photos will be written: different from each other, and from files that must stay.

    Args:
        sources: in the order of their numbers; pasted ones need `options.folder`.
        options: see there.
        today: for {date}.
        first_number: for {number}.
        taken: promised to others, such as exports that wait.

    Raises:
        PhotoWriteError: a photo that was pasted has no folder of its own.
    """
    planned: list[Path] = []
    promised = {_key(path) for path in taken}
    for number, source in enumerate(sources, start=first_number):
        folder = options.folder if options.folder is not None else source.path and source.path.parent
        if folder is None:
            raise PhotoWriteError("This photo was pasted and has no folder of its own. Choose a folder to export to.")
        wanted = folder / file_name(source, options, number=number, today=today)
        path, copy = wanted, 1
        while _key(path) in promised or (path.exists() and not _may_replace(path, source, options)):
            copy += 1
            path = wanted.with_name(f"{wanted.stem}-{copy}{wanted.suffix}")
        promised.add(_key(path))
        planned.append(path)
    return tuple(planned)


def replaces_source(sources: Sequence[ExportSource], options: ExportOptions, *, today: date) -> tuple[Path, ...]:
    """The photos whose own files these options would replace if that was allowed: to be asked about before."""
    if options.existing != "replace":
        return ()
    allowed = replace(options, replace_source=True)
    planned = plan_paths(sources, allowed, today=today)
    return tuple(path for path, source in zip(planned, sources, strict=True) if _is_same(path, source.path))


def _may_replace(path: Path, source: ExportSource, options: ExportOptions) -> bool:
    if options.existing != "replace" or path.is_dir():
        return False
    return options.replace_source or not _is_same(path, source.path)


def _is_same(path: Path, other: Path | None) -> bool:
    if other is None:
        return False
    try:
        return path.samefile(other)
    except OSError:
        return _key(path) == _key(other)


def _key(path: Path) -> str:
    # Windows and macOS take two names that differ in case for one file.
    return str(path.absolute()).casefold()


def _resize(photo: Photo, width: int, height: int) -> Photo:
    """Smaller, by means over areas; colours are weighted with alpha, so that hidden ones do not bleed in."""
    if photo.alpha is None:
        return replace(photo, pixels=_shrink(photo.pixels, width, height))
    alpha = _shrink(photo.alpha, width, height)
    if photo.alpha.min() == photo.max_value:
        return replace(photo, pixels=_shrink(photo.pixels, width, height), alpha=alpha)
    weight = photo.alpha.astype(np.float32)[..., None]
    weighted = _shrink(photo.pixels * weight, width, height)
    total = _shrink(weight, width, height).reshape(height, width, 1)
    plain = _shrink(photo.pixels, width, height)
    mean = np.where(total > 0, weighted / np.maximum(total, 1e-6), plain)
    pixels = np.clip(np.round(mean), 0, photo.max_value).astype(photo.pixels.dtype)
    return replace(photo, pixels=pixels, alpha=alpha)


def _shrink(values: NDArray[Any], width: int, height: int) -> NDArray[Any]:
    shrunk: NDArray[Any] = cv2.resize(np.ascontiguousarray(values), (width, height), interpolation=cv2.INTER_AREA)
    return shrunk
