"""A path holds the old file or the new one, never a part of it."""

from __future__ import annotations

import errno
import io
import os
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import BinaryIO

import pytest

from fvae_studio.core.photo_io import WriteOptions, atomic_write, write_photo
from fvae_studio.core.types import Photo
from fvae_studio.errors import OverwriteError, PhotoWriteError
from tests.helpers import photo_files as files


def test_new_content_is_there_and_nothing_else(tmp_path: Path) -> None:
    path = files.put(tmp_path, "x", b"old")
    with atomic_write(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"

    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_failure_in_the_block_leaves_the_old_file(tmp_path: Path) -> None:
    path = files.put(tmp_path, "x", b"old")

    def write_half(file: BinaryIO) -> None:
        file.write(b"half of the new")
        raise KeyError("something")

    with pytest.raises(KeyError), atomic_write(path) as file:
        write_half(file)

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("failing", ["write", "fsync", "replace"])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp", ".heic", ".avif"])
def test_full_disk_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, failing: str
) -> None:
    path = files.put(tmp_path, f"x{suffix}", b"old")

    def fail(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    if failing == "write":
        # The disk of a real machine cannot be filled here; a file that takes 100 bytes stands for it.
        real_open = Path.open

        class Full(io.FileIO):
            def write(self, content: object) -> int:
                if self.tell() + len(memoryview(content)) > 100:  # type: ignore[arg-type]
                    fail()
                return super().write(content)  # type: ignore[arg-type]

        def open_full(self: Path, mode: str = "r", *arguments: object) -> object:
            return Full(str(self), "x+") if "x" in mode else real_open(self, mode, *arguments)  # type: ignore[call-overload]

        monkeypatch.setattr(Path, "open", open_full)
    else:
        monkeypatch.setattr(*((os, "fsync") if failing == "fsync" else (Path, "replace")), fail)
    with pytest.raises(PhotoWriteError, match="disk is full"):
        write_photo(Photo(files.colours()), path, options=WriteOptions(overwrite=True))

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_killed_process_leaves_the_old_file(tmp_path: Path) -> None:
    path = files.put(tmp_path, "x", b"old")
    program = (
        "import sys, time\n"
        "from fvae_studio.core.photo_io import atomic_write\n"
        "with atomic_write(sys.argv[1]) as file:\n"
        "    file.write(b'half of the new' * 100_000)\n"
        "    file.flush()\n"
        "    print('written', flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"written\n"
        process.kill()
        process.wait()

    assert path.read_bytes() == b"old"
    with atomic_write(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"


def test_file_that_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "x"
    with pytest.raises(OverwriteError), atomic_write(path, overwrite=False):
        path.write_bytes(b"someone else's")

    assert path.read_bytes() == b"someone else's"
    assert list(tmp_path.iterdir()) == [path]


def test_new_file_without_overwrite_works(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "x", overwrite=False) as file:
        file.write(b"new")

    assert (tmp_path / "x").read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_file_system_without_hard_links_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", fail)
    test_new_file_without_overwrite_works(tmp_path)
    with pytest.raises(OverwriteError), atomic_write(tmp_path / "x", overwrite=False):
        pass


@pytest.mark.skipif(os.name == "nt", reason="permissions of this kind are POSIX")
def test_permissions_are_kept_and_new_files_have_the_usual_ones(tmp_path: Path) -> None:
    path = files.put(tmp_path, "x", b"old")
    usual = stat.S_IMODE(path.stat().st_mode)
    path.chmod(0o640)
    for name in ("x", "new"):
        with atomic_write(tmp_path / name) as file:
            file.write(b"new")

    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == usual


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    path = files.put(tmp_path, "x", b"old")
    (tmp_path / "link").symlink_to(path)
    with atomic_write(tmp_path / "link") as file:
        file.write(b"new")

    assert (tmp_path / "link").is_symlink()
    assert path.read_bytes() == b"new"


def test_long_and_odd_names_work(tmp_path: Path) -> None:
    for name in ("ß" * 120, "a b ' \"", "写真.jpg"):
        with atomic_write(tmp_path / name) as file:
            file.write(b"new")

        assert (tmp_path / name).read_bytes() == b"new"


@pytest.mark.parametrize("name", ["folder", "no/such/folder/x", "x" * 300, "a\0b"])
def test_impossible_paths_are_refused_with_a_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(PhotoWriteError, match=r"\.$"), atomic_write(tmp_path / name):
        pytest.fail("the block must not be entered")


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="this system has no /dev/null")
def test_device_is_never_replaced() -> None:
    with pytest.raises(PhotoWriteError, match="device"), atomic_write("/dev/null"):
        pytest.fail("the block must not be entered")


def test_writers_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom fvae_studio.core.photo_io import atomic_write\n"
        "for _ in range(30):\n"
        "    with atomic_write(sys.argv[1]) as file:\n        file.write(sys.argv[2].encode() * 50_000)\n"
    )
    path = tmp_path / "x"
    writers = [subprocess.Popen([sys.executable, "-c", program, str(path), letter]) for letter in "ab"]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        if path.exists():
            seen.add(path.read_bytes())
        time.sleep(0.001)

    assert [writer.wait() for writer in writers] == [0, 0]
    assert seen | {path.read_bytes()} <= {b"a" * 50_000, b"b" * 50_000}
    assert list(tmp_path.iterdir()) == [path]
