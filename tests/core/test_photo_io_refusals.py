"""Files that cannot become a photo: a typed error with a sentence, quickly, and in little memory."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fvae_studio.core.photo_io import ReadLimits, read_photo
from fvae_studio.core.types import Photo
from fvae_studio.errors import (
    PhotoDamagedError,
    PhotoError,
    PhotoFormatError,
    PhotoNotFoundError,
    PhotoTooLargeError,
    PhotoUnreadableError,
)
from tests.helpers import photo_files as files

VALID = files.valid_files()


def _refused(path: Path, kind: type[PhotoError], limits: ReadLimits | None = None) -> str:
    with pytest.raises(kind) as caught:
        read_photo(path, limits=limits or ReadLimits())
    message = str(caught.value)
    # A sentence that names the file and ends, and nothing of a traceback.
    assert path.name in message
    assert re.fullmatch(r"[^\n]{20,400}\.", message)
    return message


def test_missing_file(tmp_path: Path) -> None:
    _refused(tmp_path / "none.jpg", PhotoNotFoundError)


def test_missing_folder_and_file_taken_for_a_folder(tmp_path: Path) -> None:
    _refused(tmp_path / "no" / "none.jpg", PhotoNotFoundError)
    files.put(tmp_path, "file", b"x")
    _refused(tmp_path / "file" / "none.jpg", PhotoNotFoundError)


def test_folder(tmp_path: Path) -> None:
    assert "folder" in _refused(tmp_path, PhotoNotFoundError)


def test_null_character_in_the_path() -> None:
    with pytest.raises(PhotoNotFoundError):
        read_photo("a\0b.jpg")


def test_name_that_is_too_long(tmp_path: Path) -> None:
    with pytest.raises(PhotoError):
        read_photo(tmp_path / ("x" * 5000))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    _refused(tmp_path / "pipe.jpg", PhotoUnreadableError)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no /dev/zero")
def test_device_is_refused() -> None:
    _refused(Path("/dev/zero"), PhotoUnreadableError)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file(tmp_path: Path) -> None:
    path = files.put(tmp_path, "x.png", VALID["png"])
    path.chmod(0)
    _refused(path, PhotoUnreadableError)


def test_system_refusing_to_open_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = files.put(tmp_path, "x.png", VALID["png"])

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("fvae_studio.core.photo_io.source_file._open_without_waiting", refuse)

    assert "permissions" in _refused(path, PhotoUnreadableError)


def test_empty_file(tmp_path: Path) -> None:
    assert "empty" in _refused(files.put(tmp_path, "x.jpg", b""), PhotoFormatError)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"just some text, no picture at all", "not an image"),
        (b"\0" * 1000, "not an image"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"8BPS\0\1", "Photoshop"),
        (b"\0\0\0\x1cftypisom\0\0\0\0isommp42", "film"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "raw"),
        (b"II*\0\x10\0\0\0CR\2\0", "raw"),
        (b"\xff\x0a", "JPEG XL"),
        (b"B", "not an image"),
    ],
)
def test_what_is_no_photo_is_told_by_its_kind(tmp_path: Path, content: bytes, told: str) -> None:
    assert told in _refused(files.put(tmp_path, "x.jpg", content), PhotoFormatError)


@pytest.mark.parametrize("name", sorted(VALID))
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_truncated_file_is_refused(tmp_path: Path, name: str, part: float) -> None:
    # Up to the end of what matters: some writers pad.
    content = VALID[name]
    _refused(files.put(tmp_path, "x", content[: int(len(content) * part)]), PhotoDamagedError)


@pytest.mark.parametrize("name", sorted(VALID))
def test_only_the_signature_is_left(tmp_path: Path, name: str) -> None:
    _refused(files.put(tmp_path, "x", VALID[name][:16]), PhotoError)


@pytest.mark.parametrize("name", ["png", "png-16", "tiff", "gif"])
def test_garbage_behind_the_header_is_refused(tmp_path: Path, name: str) -> None:
    # The formats that carry checksums; JPEG, WebP and HEIC decode many a nonsense without complaint.
    content = bytearray(VALID[name])
    noise = np.random.default_rng(0).integers(0, 256, len(content), dtype=np.uint8).tobytes()
    half = len(content) // 2
    content[half:] = noise[half:]
    _refused(files.put(tmp_path, "x", bytes(content)), PhotoDamagedError)


def _png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, payload: bytes) -> bytes:
        return struct.pack(">L", len(payload)) + kind + payload + struct.pack(">L", zlib.crc32(kind + payload))

    header = struct.pack(">LLBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1 << 20))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def _with_size(name: str, width: int, height: int) -> bytes:
    """A valid file whose header claims another size."""
    content = bytearray(VALID[name])
    if name == "jpeg":
        frame = content.index(b"\xff\xc0")
        struct.pack_into(">HH", content, frame + 5, height, width)
    elif name == "bmp":
        struct.pack_into("<ll", content, 18, width, height)
    elif name == "gif":
        struct.pack_into("<HH", content, 6, width, height)
        image = content.index(b"\x2c\0\0\0\0")
        struct.pack_into("<HH", content, image + 5, width, height)
    return bytes(content)


@pytest.mark.parametrize(
    "content",
    [
        _png_header(30_000, 30_000),
        _png_header(2_000_000_000, 2_000_000_000),
        _with_size("jpeg", 65_500, 65_500),
        _with_size("bmp", 1_000_000, 1_000_000),
        _with_size("gif", 65_535, 65_535),
    ],
    ids=["png", "huge png", "jpeg", "bmp", "gif"],
)
def test_bomb_is_refused_by_its_header(tmp_path: Path, content: bytes) -> None:
    assert "megapixels" in _refused(files.put(tmp_path, "x", content), PhotoTooLargeError)


@pytest.mark.parametrize("name", ["tiff", "webp", "heic", "avif", "png", "jpeg"])
def test_limit_on_pixels_holds_for_every_format(tmp_path: Path, name: str) -> None:
    _refused(files.put(tmp_path, "x", VALID[name]), PhotoTooLargeError, ReadLimits(max_pixels=100))


def test_limit_on_the_size_of_the_file(tmp_path: Path) -> None:
    _refused(files.put(tmp_path, "x", VALID["jpeg"]), PhotoTooLargeError, ReadLimits(max_loaded_bytes=100))


def test_jpeg_that_claims_far_more_than_it_holds_is_refused(tmp_path: Path) -> None:
    _refused(files.put(tmp_path, "x", _with_size("jpeg", 9_000, 9_000)), PhotoDamagedError)


@pytest.mark.parametrize("name", ["jpeg", "bmp", "gif"])
def test_zero_sized_picture_is_refused(tmp_path: Path, name: str) -> None:
    _refused(files.put(tmp_path, "x", _with_size(name, 0, 0)), PhotoError)


def test_zero_sized_png_is_refused(tmp_path: Path) -> None:
    _refused(files.put(tmp_path, "x", _png_header(0, 10)), PhotoDamagedError)


def test_floating_point_tiff_is_refused_with_advice(tmp_path: Path) -> None:
    content = files.tiff(np.zeros((8, 8, 3), np.float32), photometric="rgb")

    assert "floating-point" in _refused(files.put(tmp_path, "x.tif", content), PhotoFormatError)


def test_memory_that_does_not_suffice_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: bytes) -> np.ndarray:
        raise MemoryError

    monkeypatch.setattr("imagecodecs.png_decode", fail)

    assert "memory" in _refused(files.put(tmp_path, "x.png", VALID["png"]), PhotoTooLargeError)


@pytest.mark.skipif(sys.platform != "linux", reason="the limit on memory is Linux's")
@pytest.mark.parametrize("kind", ["png header", "text bomb", "jpeg"])
def test_bombs_stay_below_2_gb_of_memory(tmp_path: Path, kind: str) -> None:
    content = _with_size("jpeg", 14_000, 14_000) if kind == "jpeg" else _png_header(14_000, 14_000)
    if kind == "text bomb":
        packer = zlib.compressobj(9)
        packed = b"".join(packer.compress(bytes(1 << 24)) for _ in range(128)) + packer.flush()
        payload = b"Comment\0\0" + packed
        bomb = struct.pack(">L", len(payload)) + b"zTXt" + payload
        bomb += struct.pack(">L", zlib.crc32(b"zTXt" + payload))
        content = VALID["png"][:33] + bomb + VALID["png"][33:]
    path = files.put(tmp_path, "bomb", content)
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from fvae_studio.core.photo_io import read_photo\n"
        "from fvae_studio.errors import PhotoError\n"
        "try:\n    read_photo(sys.argv[1])\n"
        "except PhotoError:\n    pass\n"
        # Not ru_maxrss: a process begins with that of the one which started it.
        "status = Path('/proc/self/status').read_text().splitlines()\n"
        "print(next(line.split()[1] for line in status if line.startswith('VmHWM')))"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)

    # Kilobytes.
    assert int(done.stdout) < 2_000_000


@pytest.mark.parametrize("name", sorted(VALID))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6),
    part=st.one_of(st.just(1.0), st.floats(0, 1)),
    near_the_start=st.booleans(),
)
@example(flips=[], part=1.0, near_the_start=False)
def test_damaged_bytes_give_a_photo_or_an_error_of_ours(
    tmp_path: Path, name: str, flips: list[tuple[float, int]], part: float, near_the_start: bool
) -> None:
    content = bytearray(VALID[name])
    # Headers are where decoders go astray; most bytes are pixels.
    reach = min(len(content), 256) if near_the_start else len(content)
    for place, value in flips:
        content[int(place * reach)] = value
    path = files.put(tmp_path, "wild", bytes(content[: int(part * len(content))]))
    outcome: Photo | PhotoError
    try:
        outcome = read_photo(path, limits=ReadLimits(max_pixels=1_000_000))
    except PhotoError as error:
        outcome = error

    if not flips and part == 1.0:
        assert isinstance(outcome, Photo)
    assert isinstance(outcome, Photo) or str(outcome).endswith(".")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    head=st.sampled_from(
        [
            *(b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"GIF89a", b"BM", b"RIFF\0\0\0\0WEBP"),
            *(b"\0\0\0\x14ftypheic\0\0\0\0heic", b"\0\0\0\x14ftypavif\0\0\0\0avif", b"II+\0\x08\0\0\0"),
        ]
    ),
    tail=st.binary(max_size=200),
)
def test_wild_bytes_behind_a_signature_are_refused(tmp_path: Path, head: bytes, tail: bytes) -> None:
    path = files.put(tmp_path, "wild", head + tail)
    with pytest.raises(PhotoError):
        read_photo(path)
