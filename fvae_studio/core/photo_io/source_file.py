"""Opening a file that may be anything: what it is by its content, and refusing early what is no photo."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from fvae_studio.errors import PhotoDamagedError, PhotoFormatError, PhotoNotFoundError, PhotoUnreadableError

HEAD_BYTES = 64
READABLE = "JPEG, PNG, TIFF, WebP, HEIC, AVIF, BMP or GIF"

FileStamp = tuple[int, int]
"""Size in bytes and time of the last change in ns: enough to see that a file was replaced since it was read."""


@dataclass(frozen=True)
class SourceFile:
    """An ordinary file, open for reading.

    Attributes:
        path: as the user gave it.
        handle: positioned anywhere; every reader seeks first.
        size: bytes.
        stamp: tells whether the file is still the one that was read.
        format: Pillow's name, found by content and never by suffix.
    """

    path: Path
    handle: BinaryIO
    size: int
    stamp: FileStamp
    format: str

    def read_all(self) -> bytes:
        """The whole content."""
        self.handle.seek(0)
        return self.handle.read()

    def read_at(self, offset: int, size: int) -> bytes:
        """`size` bytes from `offset`.

        Raises:
            PhotoDamagedError: the file ends before.
        """
        if min(offset, size) >= 0 and offset + size <= self.size:
            self.handle.seek(offset)
            content = self.handle.read(size)
            if len(content) == size:
                return content
        raise truncated(self.path)


def truncated(path: Path) -> PhotoDamagedError:
    """The error for a file that ends too early."""
    return PhotoDamagedError(f"{path.name} is incomplete: the file ends before the picture does. Get a fresh copy.")


def damaged(path: Path) -> PhotoDamagedError:
    """The error for a file whose content makes no sense."""
    return PhotoDamagedError(f"{path.name} is damaged: its content makes no sense as a picture. Get a fresh copy.")


def stamp_of(found: os.stat_result) -> FileStamp:
    """The stamp of a file from its status."""
    return found.st_size, found.st_mtime_ns


@contextlib.contextmanager
def open_source(path: Path) -> Iterator[SourceFile]:
    """Open an ordinary file and tell its format by content.

    Raises:
        PhotoNotFoundError: nothing there, or a folder.
        PhotoUnreadableError: the system refuses, or it is a pipe or a device.
        PhotoFormatError: empty, or no image that the program reads.
    """
    with contextlib.ExitStack() as stack:
        try:
            # Never open a pipe or a device: that may wait for ever, or rewind a tape.
            _require_ordinary(path, path.stat())
            handle = stack.enter_context(open(path, "rb", opener=_open_without_waiting))
            found = os.fstat(handle.fileno())
            _require_ordinary(path, found)
            head = handle.read(HEAD_BYTES)
        except (FileNotFoundError, NotADirectoryError) as error:
            if isinstance(error, PhotoNotFoundError):
                raise
            raise PhotoNotFoundError(f"There is no file {path}. Check the name and the folder.") from error
        except PermissionError as error:
            raise PhotoUnreadableError(
                f"The system does not let {path} be read. Change its permissions or copy it elsewhere."
            ) from error
        except PhotoUnreadableError:
            raise
        except OSError as error:
            raise PhotoUnreadableError(
                f"{path} cannot be read: the system says '{error.strerror or error}'."
            ) from error
        except ValueError as error:  # a null character in the path
            raise PhotoNotFoundError(f"{str(path)!r} is no possible name of a file.") from error
        if not head:
            raise PhotoFormatError(f"{path.name} is empty (0 bytes). Get a fresh copy of it.")
        yield SourceFile(path, handle, found.st_size, stamp_of(found), _format_of(head, path))


def _open_without_waiting(path: str, flags: int) -> int:
    # Even if a pipe takes the file's place between the look and the opening.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _require_ordinary(path: Path, found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise PhotoNotFoundError(f"{path} is a folder. Choose a photo in it.")
    if not stat.S_ISREG(found.st_mode):
        raise PhotoUnreadableError(f"{path} is a pipe or a device. Save the photo as an ordinary file first.")


_SIGNATURES = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
)
_TIFF_SIGNATURES = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
_AVIF_BRANDS = {b"avif", b"avis"}
_OTHER_KINDS = (
    (b"%PDF", "a PDF document"),
    (b"8BPS", "a Photoshop document"),
    (b"PK\x03\x04", "an archive or an office document"),
    (b"\xff\x0a", "a JPEG XL image"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL image"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 image"),
    (b"FUJIFILMCCD-RAW", "a camera raw file"),
    (b"IIRO", "a camera raw file"),
    (b"IIU\x00", "a camera raw file"),
    (b"v/1\x01", "an OpenEXR image"),
    (b"#?RADIANCE", "a Radiance HDR image"),
    (b"<svg", "an SVG drawing"),
    (b"<?xml", "an XML document"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
)


def _format_of(head: bytes, path: Path) -> str:
    for signature, name in _SIGNATURES:
        if head.startswith(signature):
            return name
    if head.startswith(_TIFF_SIGNATURES):
        if head[8:10] == b"CR":
            raise _unsupported(path, "a camera raw file")
        return "TIFF"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        return _format_of_brands(head, path)
    for signature, kind in _OTHER_KINDS:
        if head.startswith(signature):
            raise _unsupported(path, kind)
    raise PhotoFormatError(f"{path.name} is not an image that this program reads. Choose a {READABLE} file.")


def _format_of_brands(head: bytes, path: Path) -> str:
    """HEIF, AVIF and films share one container; the major brand decides, then the compatible ones."""
    box_end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12]] + [head[i : i + 4] for i in range(16, box_end - 3, 4)]
    if brands[0] in _AVIF_BRANDS or (brands[0] in {b"mif1", b"msf1"} and _AVIF_BRANDS & set(brands)):
        return "AVIF"
    if _HEIF_BRANDS & set(brands):
        return "HEIF"
    if _AVIF_BRANDS & set(brands):
        return "AVIF"
    raise _unsupported(path, "a camera raw file" if brands[0] == b"crx " else "a film or another media file")


def _unsupported(path: Path, kind: str) -> PhotoFormatError:
    return PhotoFormatError(f"{path.name} is {kind}, which this program does not read. Export it as {READABLE}.")
