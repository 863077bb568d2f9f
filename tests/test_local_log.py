"""What the log and the crash reports hold, and what they must not."""

from __future__ import annotations

import faulthandler
import getpass
import logging
import os
import platform
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from fvae_studio import local_log
from fvae_studio.core.photo_io import read_photo
from fvae_studio.core.presets import PresetFolder
from fvae_studio.errors import FvaeStudioError
from fvae_studio.local_log import NativeWatch, private_trace, start_log, without_names, write_crash_report
from fvae_studio.settings import load_settings


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The log's file; the process's own logging comes back afterwards."""
    monkeypatch.delenv("FVAE_DEBUG", raising=False)
    root, own = logging.getLogger(), logging.getLogger("fvae_studio")
    before, level, own_level = root.handlers[:], root.level, own.level
    root.handlers[:] = []
    start_log(tmp_path / "logs")
    yield tmp_path / "logs" / local_log.LOG_NAME
    logging.captureWarnings(False)
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = before
    root.setLevel(level)
    own.setLevel(own_level)


@pytest.fixture
def anna(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a person with a name, and a photo with a telling one that is damaged."""
    home = tmp_path / "home" / "anna.lindqvist"
    (home / "Photos of Ben").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setattr(getpass, "getuser", lambda: "anna.lindqvist")
    monkeypatch.setattr(platform, "node", lambda: "annas-laptop")
    local_log._personal_names.cache_clear()
    photo = home / "Photos of Ben" / "Ben at the clinic.jpg"
    photo.write_bytes(b"\xff\xd8\xff\xe1\x00\x10Exif\x00\x00Secret place")
    yield photo
    local_log._personal_names.cache_clear()


PRIVATE = ("anna", "lindqvist", "Ben", "clinic", "Secret", "laptop", "Photos", "my cat", "Sunday")


def test_log_of_failures_names_nobody_and_no_file(log: Path, anna: Path) -> None:
    logger = logging.getLogger("fvae_studio.inference.worker")
    for act in (
        lambda: read_photo(anna),
        lambda: anna.with_name("Sunday.jpg").stat(),
        lambda: int("my cat"),
        lambda: {}["Ben"],
    ):
        try:
            act()
        except Exception:
            logger.warning("%s failed", "OpenJob", exc_info=True)
    logger.info("opened %s as %s for %s", anna, "my cat", FvaeStudioError("Ben at the clinic"))
    logging.getLogger("PIL.Image").warning("cannot read %s of %d", anna.name, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(f"{anna} is strange", DeprecationWarning, stacklevel=1)
    text = log.read_text()

    assert [word for word in PRIVATE if word in text] == []
    # Still of use: what failed, with which kind of error, and where in the code.
    assert "OpenJob failed" in text
    assert "fvae_studio.errors.Photo" in text
    assert "fvae_studio/core/photo_io/reading.py:" in text
    assert "FileNotFoundError: errno 2" in text
    assert "opened <path>.jpg as <...> for FvaeStudioError" in text
    assert "DeprecationWarning" in text


def test_settings_and_presets_that_make_no_sense_are_logged_without_their_content(log: Path, anna: Path) -> None:
    folder = anna.parent
    (folder / "settings.json").write_text('{"schema": 1, "values": {"theme": "my cat", "recent": 5, "Ben": 1}}')
    (folder / "Ben.fvae-preset.json").write_text("{")
    load_settings(folder / "settings.json")
    PresetFolder(folder).load()
    text = log.read_text()

    assert [word for word in PRIVATE if word in text and word != "Ben"] == []
    assert "the setting theme is not understood" in text
    assert "left out the preset <path>.json: EditError" in text


def test_debugging_logs_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: Path, anna: Path) -> None:
    monkeypatch.setenv("FVAE_DEBUG", "1")
    for handler in logging.getLogger().handlers[:]:
        logging.getLogger().removeHandler(handler)
        handler.close()
    start_log(tmp_path / "logs")
    logging.getLogger("fvae_studio").debug("opened %s", anna)

    assert str(anna) in log.read_text()


def test_crash_report_tells_kinds_and_places_and_stays_in_its_folder(tmp_path: Path, anna: Path) -> None:
    try:
        try:
            read_photo(anna)
        except FvaeStudioError as error:
            raise RuntimeError(f"no luck with {anna}") from error
    except RuntimeError as error:
        path = write_crash_report(tmp_path / "logs", error)
    assert path is not None
    text = path.read_text()

    assert path.parent == tmp_path / "logs"
    assert [word for word in PRIVATE if word in text] == []
    assert "RuntimeError" in text
    assert "tests/test_local_log.py:" in text
    assert "fvae_studio.errors.Photo" in text
    assert "FVAE Studio" in text


def test_old_crash_reports_make_room(tmp_path: Path) -> None:
    paths = [write_crash_report(tmp_path, ValueError()) for _ in range(25)]

    assert sorted(tmp_path.iterdir()) == sorted(path for path in paths[-20:] if path)


@pytest.fixture
def native() -> Iterator[None]:
    """Pytest's own watch goes on afterwards."""
    yield
    faulthandler.enable()


@pytest.mark.usefixtures("native")
def test_report_that_cannot_be_written_is_no_second_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    assert write_crash_report(tmp_path / "file", ValueError()) is None
    NativeWatch(tmp_path / "file").close()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGSEGV to send")
@pytest.mark.usefixtures("native")
def test_crash_below_python_is_found_by_the_next_start(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom fvae_studio.local_log import NativeWatch\n"
        "watch = NativeWatch(Path(sys.argv[1]))\nos.kill(os.getpid(), signal.SIGSEGV)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    watch = NativeWatch(tmp_path)
    assert watch.earlier is not None
    text = watch.earlier.read_text()
    watch.close()

    assert "Segmentation fault" in text
    assert str(Path.home()) not in text
    assert [path for path in tmp_path.iterdir() if path != watch.earlier] == []
    again = NativeWatch(tmp_path)
    again.close()
    assert again.earlier is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("cannot open /home/anna/a/c.jpg", "cannot open <path>.jpg"),
        ("cannot open '/home/anna/a b/c.jpg': no", "cannot open <path>.jpg: no"),
        (r"cannot open C:\Users\anna\c.jpg now", "cannot open <path>.jpg now"),
        (r"\\server\share\x.tif", "<path>.tif"),
        ("~/x.png and file:///home/y.png", "<path>.png and <path>.png"),
        ("3/4 of 16/9, and/or", "3/4 of 16/9, and/or"),
    ],
)
def test_paths_are_left_out_of_texts(text: str, told: str) -> None:
    assert without_names(text) == told


def test_causes_that_go_round_in_circles_end() -> None:
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first

    assert private_trace(first) == "ValueError\nValueError"
