"""Faults of the machine: killed at any moment, full disk, no permission, files that vanish, two Studios, clocks.

Each function returns a `Count`: how often it was tried and what was lost. Nothing may be.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import random
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from PySide6.QtCore import QCoreApplication, QObject, Signal

from fvae_studio.core.edits import EditState, FaceEdit
from fvae_studio.core.flow_io import write_flow
from fvae_studio.core.photo_edit import PhotoEdit
from fvae_studio.core.photo_io import WriteOptions, read_photo, write_and_report, write_photo
from fvae_studio.core.presets import Preset, write_preset
from fvae_studio.core.project_file import Project, ProjectPhoto, load_project, save_project
from fvae_studio.core.types import FlowField, Photo
from fvae_studio.errors import FvaeStudioError
from fvae_studio.gui.recovery import Recovery
from fvae_studio.settings import Settings, save_settings

_LONGEST_LIFE_S = 0.12
_NOBODY = 65534


@dataclass
class Count:
    """What came of one kind of fault.

    Attributes:
        name: of the fault.
        tried: times.
        losses: one line for each thing that was lost, left in part or told without a sentence.
        note: how it was done, for people.
    """

    name: str
    tried: int = 0
    losses: list[str] = field(default_factory=list)
    note: str = ""


def make_jpeg(path: Path, *, side: int = 400) -> Path:
    """A photo for these tests."""
    y, x = np.mgrid[:side, :side]
    waves = 128 + 60 * np.sin(x / 7) + 50 * np.cos(y / 9)
    grain = np.random.default_rng(0).normal(0, 9, (side, side, 3))
    Image.fromarray(np.clip(waves[..., None] + grain, 0, 255).astype(np.uint8)).save(path, quality=92)
    return path


# Killed.


def killed_while_exporting(folder: Path, *, times: int) -> Count:
    """A process writes one export after another over the same name, and is killed."""
    count = Count("kill -9 while a JPEG is exported, again and again over one name")
    source_path = make_jpeg(folder / "source.jpg")
    original, source = source_path.read_bytes(), read_photo(source_path)
    target = folder / "out.jpg"
    # Here, so that the libraries are there before the child begins.
    write_photo(source.with_pixels(source.pixels ^ np.uint8(1)), folder / "first.jpg", source=source)
    (folder / "first.jpg").unlink()

    def work(tell: Callable[[str], None]) -> None:
        for step in range(10_000):
            edited = source.pixels.copy()
            edited[:64, :64] = step % 256
            write_photo(source.with_pixels(edited), target, options=WriteOptions(overwrite=True), source=source)
            tell(hashlib.sha256(target.read_bytes()).hexdigest())

    last, done = "", 0
    for moment in _moments(times):
        said = _killed(work, moment)
        last, done = said[-1] if said else last, done + len(said)
        count.tried += 1
        if source_path.read_bytes() != original:
            count.losses.append("the original changed")
        if not target.exists():
            if last:
                count.losses.append("an export that was done is gone")
            continue
        # What was done last, or the one that came after it: in any case a whole one.
        if hashlib.sha256(target.read_bytes()).hexdigest() != last:
            _require(count, lambda: read_photo(target), "half an export lies at the target")
    _look_for_leftovers(count, folder, {"source.jpg", "out.jpg"}, done)
    return count


def killed_while_saving(folder: Path, *, times: int) -> Count:
    """A process saves a project over and over, and is killed."""
    count = Count("kill -9 while a project is saved")
    path = folder / "party.fvae"

    def work(tell: Callable[[str], None]) -> None:
        for step in range(100_000):
            save_project(_project(step), path)
            tell(str(step))

    done = 0
    for moment in _moments(times):
        path.unlink(missing_ok=True)
        said = _killed(work, moment)
        count.tried, done = count.tried + 1, done + len(said)
        if not said and not path.exists():
            continue
        found = _require(count, lambda: _step_of(load_project(path)), "a project is damaged")
        saved = int(said[-1]) if said else 0
        if found is not None and found not in (saved, saved + 1):
            count.losses.append(f"save {saved} was done, the file holds {found}")
    _look_for_leftovers(count, folder, {"party.fvae"}, done)
    return count


class _Document(QObject):
    """As much of a document as saving by itself needs."""

    edits_changed = Signal()
    timeline_changed = Signal()
    clean_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.step, self.is_clean, self.photos = 0, False, ()

    def to_project(self) -> Project:
        """With the number of the step in it."""
        return _project(self.step)


def killed_while_saving_by_itself(folder: Path, *, times: int) -> Count:
    """A Studio saves for recovery and is killed; the next one must find every one of them."""
    count = Count("kill -9 while it saves by itself")

    def work(tell: Callable[[str], None]) -> None:
        document = _Document()
        recovery = Recovery(folder, document, seconds=0)  # type: ignore[arg-type]
        for step in range(100_000):
            document.step = step
            assert recovery.save()
            tell(str(step))

    expected, done = [], 0
    for moment in _moments(times):
        said = _killed(work, moment)
        count.tried, done = count.tried + 1, done + len(said)
        if said:
            expected.append(int(said[-1]))
    count.note = f"{done} saves were done; {len(expected)} Studios had something to lose"
    finder = Recovery(folder, _Document(), seconds=0)  # type: ignore[arg-type]
    orphans = finder.orphans()
    found = [
        _require(count, lambda path=path: _step_of(load_project(path)), "a saved project is damaged")
        for path in orphans
    ]
    latest_first = expected[::-1]
    # A Studio that was killed during its first save may have left a whole one of which it could not tell.
    extra = len(found) - len(expected)
    if extra < 0:
        count.losses.append(f"{len(expected)} Studios had saved, {len(found)} projects are found")
    told = [step for step in found if step is not None]
    if extra == 0 and any(step not in (saved, saved + 1) for step, saved in zip(told, latest_first, strict=True)):
        count.losses.append(f"order or content: {told}, saved were {latest_first}")
    for path in orphans:
        finder.forget(path)
    if left := [each.name for each in folder.iterdir()]:
        count.losses.append(f"left behind: {left}")
    finder.close()
    return count


def _moments(times: int) -> Iterator[float]:
    choose = random.Random(7)
    return (choose.uniform(0.001, _LONGEST_LIFE_S) for _ in range(times))


def _killed(work: Callable[[Callable[[str], None]], None], after_s: float) -> list[str]:
    """Fork, let the child work, kill it some time after it said something or began; what it had said."""
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(readable)
        with contextlib.suppress(BaseException):
            work(lambda line: os.write(writable, f"{line}\n".encode()) and None)
        os._exit(1)
    os.close(writable)
    # The moment is measured, nothing is judged by it.
    time.sleep(after_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(readable) as pipe:
        return pipe.read().splitlines()


def _project(step: int) -> Project:
    edit = PhotoEdit(EditState(None, (FaceEdit.of({"smile": (step % 1000) / 1000}),)))
    photos = tuple(ProjectPhoto(Path(f"/nowhere/{number}-{step}.jpg"), "0" * 64, step, edit) for number in range(40))
    return Project(photos, view={"step": step})


def _step_of(project: Project) -> int:
    assert len(project.photos) == 40
    assert {photo.size_bytes for photo in project.photos} == {project.view["step"]}
    return int(project.view["step"])


# No room, no permission.


def disk_full(folder: Path) -> Count:
    """Every kind of file is written onto a disk that is too small for it; the old one must stay."""
    count = Count("the disk is full")
    disk = folder / "disk"
    disk.mkdir()
    source = read_photo(make_jpeg(folder / "source.jpg"))
    with _small_disk(disk, count) as limited:
        for name, write in _writers(source).items():
            path = disk / name
            path.write_bytes(b"old")
            _expect_refusal(count, limited(lambda write=write, path=path: write(path)), path, name)
    return count


def read_only_folder(folder: Path) -> Count:
    """The same where the system does not let the folder be written."""
    count = Count("the folder may not be written")
    closed = folder / "closed"
    closed.mkdir()
    for each in folder.parents if os.geteuid() == 0 else ():
        # Nobody, who writes in root's place, must be able to come here; folders of tests are their owner's alone.
        if not each.stat().st_mode & 0o001:
            each.chmod(0o755)
    source = read_photo(make_jpeg(folder / "source.jpg"))
    for name, write in _writers(source).items():
        path = closed / name
        path.write_bytes(b"old")
        path.chmod(0o644)
        closed.chmod(0o555)

        def as_nobody(write: Callable[[Path], object] = write, path: Path = path) -> None:
            if os.geteuid() == 0:
                os.setgid(_NOBODY)
                os.setuid(_NOBODY)
            write(path)

        _expect_refusal(count, _in_a_child(as_nobody), path, name)
    return count


def _writers(source: Photo) -> dict[str, Callable[[Path], object]]:
    """By file name: what writes a file that is larger than the small disk, over one that is there."""
    noise = Photo(np.random.default_rng(0).integers(0, 256, (700, 700, 3), dtype=np.uint8))
    over = WriteOptions(overwrite=True)
    flow = FlowField.identity((300, 300))
    long_settings = Settings(recent=tuple("x" * 9000 for _ in range(90)))
    many = {f"slider_{number}_{'x' * 70}": 0.5 for number in range(9000)}
    big = Project(tuple(ProjectPhoto(Path(f"/nowhere/{number}.jpg"), "0" * 64) for number in range(4000)))
    kept = source.pixels.copy()
    kept[:9] = 0
    return {
        **{f"a{suffix}": lambda path: write_photo(noise, path, options=over)
           for suffix in (".jpg", ".png", ".tif", ".webp", ".heic", ".avif")},
        "kept.jpg": lambda path: write_photo(source.with_pixels(kept), path, options=over, source=source),
        "copy.jpg": lambda path: write_photo(source, path, options=over, source=source),
        "a.flo": lambda path: write_flow(path, flow),
        "a.fvae": lambda path: save_project(big, path),
        "a.fvae-preset.json": lambda path: write_preset(Preset.of("x", many), path),
        "settings.json": lambda path: save_settings(long_settings, path),
    }  # fmt: skip


@contextlib.contextmanager
def _small_disk(disk: Path, count: Count) -> Iterator[Callable[[Callable[[], object]], str]]:
    """A disk of 64 kB, if the system lets one be made; else a limit on what one file may hold."""
    options = ["-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    mounted = subprocess.run(["mount", *options], capture_output=True, check=False).returncode == 0
    count.note = "a tmpfs of 64 kB" if mounted else "files limited to 64 kB (RLIMIT_FSIZE): no disk could be mounted"

    def limited(work: Callable[[], object]) -> str:
        def with_limit() -> None:
            if not mounted:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
            work()

        return _in_a_child(with_limit)

    try:
        yield limited
    finally:
        if mounted:
            subprocess.run(["umount", str(disk)], check=True)


def _in_a_child(work: Callable[[], object]) -> str:
    """What the work said when it failed, in a process of its own; "" if it did not fail."""
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(readable)
        said = ""
        try:
            work()
        except FvaeStudioError as error:
            said = str(error)
        except BaseException as error:
            said = f"BUG {type(error).__name__}: {error}"
        os.write(writable, said.encode())
        os._exit(0)
    os.close(writable)
    with os.fdopen(readable) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


def _expect_refusal(count: Count, said: str, path: Path, name: str) -> None:
    count.tried += 1
    if not said.endswith("What was there before is unchanged."):
        count.losses.append(f"{name}: {said or 'nothing failed'}")
    if path.read_bytes() != b"old":
        count.losses.append(f"{name}: the old file is gone or changed")
    if left := [each.name for each in path.parent.iterdir() if each.name.endswith(".part")]:
        count.losses.append(f"{name}: left {left}")
        for each in left:
            (path.parent / each).unlink()


# Files that change, Studios that meet, clocks.


def file_changed_or_deleted_while_open(folder: Path) -> Count:
    """The photo's file is replaced or removed between opening and exporting."""
    count = Count("the photo's file is changed, cut or deleted while it is open")
    other = make_jpeg(folder / "other.jpg", side=160).read_bytes()
    for what, act in {
        "deleted": lambda path: path.unlink(),
        "replaced": lambda path: path.write_bytes(other),
        "cut": lambda path: path.write_bytes(path.read_bytes()[:999]),
        "a folder now": lambda path: (path.unlink(), path.mkdir()),
    }.items():
        for edits in (False, True):
            home = folder / f"{what} {edits}"
            home.mkdir()
            photo = read_photo(make_jpeg(home / "source.jpg"))
            assert photo.path is not None
            act(photo.path)
            edited = photo.with_pixels(photo.pixels ^ np.uint8(1)) if edits else photo
            count.tried += 1
            written = _require(
                count, lambda e=edited, p=photo, h=home: write_and_report(e, h / "out.jpg", source=p), what
            )
            if written is not None:
                again = read_photo(written.path)
                if (
                    again.pixels.shape != photo.pixels.shape
                    or np.abs(again.pixels.astype(int) - photo.pixels).mean() > 4
                ):
                    count.losses.append(f"{what}: the export shows another picture")
    return count


def two_studios(folder: Path) -> Count:
    """One Studio runs, one crashed, two start at the same time and look for edits."""
    count = Count("several Studios at once")
    for _ in range(5):
        count.tried += 1
        running, crashed = _StudioProcess(folder), _StudioProcess(folder)
        running.save(1), crashed.save(2)
        crashed.kill()
        looking = [_StudioProcess(folder), _StudioProcess(folder)]
        found = [each.orphans() for each in looking]
        if sorted(map(len, found)) != [0, 1] or [2] not in found:
            count.losses.append(
                f"offered were {found}; one of them should be offered the edits of the one that crashed"
            )
        running.save(3)
        running.kill()
        for each in looking:
            each.kill()
        last = _StudioProcess(folder)
        if (left := sorted(last.orphans())) != [2, 3]:
            count.losses.append(f"after all crashed, {left} are found and not [2, 3]")
        last.forget_all()
        last.kill()
    return count


class _StudioProcess:
    """A process with a `Recovery`, which does what it is told."""

    def __init__(self, folder: Path) -> None:
        self._tell_r, tell_w = os.pipe()
        ask_r, self._ask_w = os.pipe()
        self._child = os.fork()
        if self._child == 0:
            os.close(self._tell_r)
            os.close(self._ask_w)
            self._serve(folder, ask_r, tell_w)
            os._exit(0)
        os.close(tell_w)
        os.close(ask_r)
        self._answers = os.fdopen(self._tell_r)

    def save(self, step: int) -> None:
        """Save by itself."""
        self._ask(f"save {step}")

    def orphans(self) -> list[int]:
        """The steps of the projects that it is offered."""
        return [int(word) for word in self._ask("orphans").split()]

    def forget_all(self) -> None:
        """Throw away what it was offered."""
        self._ask("forget")

    def kill(self) -> None:
        """As a crash does."""
        os.kill(self._child, signal.SIGKILL)
        os.waitpid(self._child, 0)
        self._answers.close()
        os.close(self._ask_w)

    def _ask(self, line: str) -> str:
        os.write(self._ask_w, f"{line}\n".encode())
        return self._answers.readline().strip()

    @staticmethod
    def _serve(folder: Path, asked: int, answers: int) -> None:
        document = _Document()
        recovery = Recovery(folder, document, seconds=0)  # type: ignore[arg-type]
        with os.fdopen(asked) as lines:
            for line in lines:
                word, *rest = line.split()
                answer: Any = "done"
                if word == "save":
                    document.step = int(rest[0])
                    recovery.save()
                elif word == "orphans":
                    answer = " ".join(str(_step_of(load_project(path))) for path in recovery.orphans())
                else:
                    for path in recovery.orphans():
                        recovery.forget(path)
                os.write(answers, f"{answer}\n".encode())


def clock_set_back(folder: Path) -> Count:
    """Autosaves of several crashed Studios, with times of change that tell the wrong order."""
    count = Count("the clock is set back between saves", tried=5)
    for step in range(count.tried):
        studio = _StudioProcess(folder)
        studio.save(step)
        studio.kill()
        (path,) = [each for each in folder.rglob("*.fvae") if _step_of(load_project(each)) == step]
        os.utime(path, (2e9 - 1e5 * step, 2e9 - 1e5 * step))
    last = _StudioProcess(folder)
    if (order := last.orphans()) != [4, 3, 2, 1, 0]:
        count.losses.append(f"the order is {order}")
    last.kill()
    return count


def _require(count: Count, work: Callable[[], Any], what: str) -> Any:
    try:
        return work()
    except Exception as error:
        count.losses.append(f"{what}: {error!r}")
        return None


def _look_for_leftovers(count: Count, folder: Path, wanted: set[str], done: int) -> None:
    """Hidden parts of killed writers are allowed, and only these."""
    strange = {each.name for each in folder.iterdir()} - wanted
    parts = {name for name in strange if name.startswith(".") and name.endswith(".part")}
    count.note = f"{done} writes were done; {len(parts)} hidden .part files left by killed processes"
    if strange - parts:
        count.losses.append(f"left behind: {sorted(strange - parts)}")


def run_faults(folder: Path, *, kills: int) -> list[Count]:
    """All faults, one after the other."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QCoreApplication.instance() or QCoreApplication([])

    def place(name: str) -> Path:
        made = folder / name
        made.mkdir(parents=True)
        return made

    counts = [
        killed_while_exporting(place("export"), times=kills),
        killed_while_saving(place("save"), times=kills),
        killed_while_saving_by_itself(place("autosave"), times=kills),
        disk_full(place("full")),
        read_only_folder(place("closed")),
        file_changed_or_deleted_while_open(place("open")),
        two_studios(place("two")),
        clock_set_back(place("clock")),
    ]
    del app
    return counts


def table(counts: list[Count]) -> str:
    """Markdown."""
    text = io.StringIO()
    print("| fault | tried | lost | how |\n|---|---:|---:|---|", file=text)
    for count in counts:
        print(f"| {count.name} | {count.tried} | {len(count.losses)} | {count.note} |", file=text)
    for count in counts:
        for loss in count.losses:
            print(f"\n{count.name}: {loss}", file=text)
    return text.getvalue()
