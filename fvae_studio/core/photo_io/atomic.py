"""Writing a file so that its path holds, at every moment, either the old content or the new one, whole."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from fvae_studio.errors import FvaeStudioError, OverwriteError, PhotoWriteError

_ATTEMPTS = 16


@contextlib.contextmanager
def atomic_write(path: Path | str, *, overwrite: bool = True) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path`; move it into place, flushed to the disk, when the block ends well.

    When the block fails, or the disk is full, the temporary file is removed and `path` is what it was. A killed process
    may leave a hidden `.name.xxxx.part` behind, never a broken `path`. A link is followed: the file it points to is
    replaced. A replaced file keeps its permissions.

    Args:
        path: where the file shall be; its folder must exist.
        overwrite: whether a file that is there may be replaced. If not, none is, even if it appears meanwhile.

    Yields:
        A binary file that can be written, read back and searched in.

    Raises:
        OverwriteError: there is a file and `overwrite` is false.
        PhotoWriteError: the folder is missing or not writable, the disk is full, or `path` is no ordinary file.
    """
    shown = Path(path)
    with _explained(shown):
        target = Path(os.path.realpath(shown))
        old_mode = _check_target(target, shown, overwrite=overwrite)
        file, temporary = _create_beside(target)
    try:
        with _explained(shown):
            with file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            if old_mode is not None:
                temporary.chmod(old_mode)
            _publish(temporary, target, shown, overwrite=overwrite)
    finally:
        # After a success nothing is left under that name.
        with contextlib.suppress(OSError):
            temporary.unlink()
    _flush_folder(target.parent)


def make_folder(folder: Path) -> None:
    """Make a folder that files shall be written into, with those that it lies in, unless it is there.

    Raises:
        PhotoWriteError: the system refuses.
    """
    with _explained(folder):
        folder.mkdir(parents=True, exist_ok=True)


def _check_target(target: Path, shown: Path, *, overwrite: bool) -> int | None:
    """Permissions of the file that would be replaced, None if there is none."""
    try:
        found = target.stat()
    except FileNotFoundError:
        if not target.parent.is_dir():
            raise PhotoWriteError(
                f"Cannot write {shown}: the folder {target.parent} does not exist. Create it first."
            ) from None
        return None
    if stat.S_ISDIR(found.st_mode):
        raise PhotoWriteError(f"Cannot write {shown}: it is a folder. Give the name of a file.")
    if not stat.S_ISREG(found.st_mode):
        raise PhotoWriteError(f"Cannot write {shown}: it is a device or a pipe. Give the name of an ordinary file.")
    if not overwrite:
        raise _exists(shown)
    return stat.S_IMODE(found.st_mode)


def _exists(shown: Path) -> OverwriteError:
    return OverwriteError(f"{shown} exists already. Choose another name, or ask for it to be overwritten.")


def _create_beside(target: Path) -> tuple[BinaryIO, Path]:
    """A new file in the same folder (only there a rename is atomic), with the permissions of any new file.

    `tempfile` would make it readable by the owner only.
    """
    for _ in range(_ATTEMPTS):
        # A long name leaves no room for a suffix; 48 bytes of it are enough to recognise the file.
        stem = target.name.encode("utf-8", "surrogateescape")[:48].decode("utf-8", "ignore")
        temporary = target.parent / f".{stem}.{secrets.token_hex(4)}.part"
        try:
            return temporary.open("x+b"), temporary
        except FileExistsError:
            continue
    raise OSError(errno.EEXIST, "no free name for a temporary file")


def _publish(temporary: Path, target: Path, shown: Path, *, overwrite: bool) -> None:
    if overwrite:
        temporary.replace(target)
        return
    # Neither of these replaces a file that appeared since the check: a rename on Windows, a hard link elsewhere.
    try:
        if os.name == "nt":
            temporary.rename(target)
        else:
            os.link(temporary, target)
    except FileExistsError:
        raise _exists(shown) from None
    except OSError:
        # Some file systems (FAT, network shares) have no hard links; there the check is as near as we get.
        if target.exists():
            raise _exists(shown) from None
        temporary.replace(target)


def _flush_folder(folder: Path) -> None:
    """Make the rename itself last through a power cut, where the system lets folders be flushed."""
    if os.name == "nt":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def _explained(shown: Path) -> Iterator[None]:
    try:
        yield
    except FvaeStudioError:
        raise
    except OSError as error:
        raise PhotoWriteError(f"Cannot write {shown}: {_reason(error)} What was there before is unchanged.") from error
    except ValueError as error:
        if "null" in str(error):
            raise PhotoWriteError("Cannot write to a path with a null character in it.") from error
        raise


def _reason(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return "the disk is full. Free some space or choose another folder."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "the system does not allow it. Choose another folder or change the permissions."
    if error.errno == errno.ENAMETOOLONG:
        return "the name is too long. Choose a shorter one."
    return f"the system says '{error.strerror or error}'."
