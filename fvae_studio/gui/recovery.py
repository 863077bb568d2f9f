"""Saving by itself, so that a crash loses seconds at most: one recovery project per running Studio."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Collection
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, QTimer, Slot

from fvae_studio.core.photo_io import atomic_write
from fvae_studio.core.project_file import SUFFIX, Project, load_project, save_project
from fvae_studio.errors import FvaeStudioError
from fvae_studio.gui.document import Document

log = logging.getLogger(__name__)

_PROJECT = f"recovered{SUFFIX}"
_LOCK = "running.lock"
_ORDER = "order"
"""A file with a number that rises with every save of any Studio: clocks are set back, this is not."""


class Recovery(QObject):
    """Writes the document into a folder of its own some seconds after changes, while edits are unsaved.

    A folder whose lock nobody holds belongs to a Studio that did not end well. Whoever looks at such a folder holds its
    lock from then on, so that two Studios never bring back, or throw away, the same edits.

    Args:
        folder: of all recovery folders.
        document: what is saved.
        seconds: between a change and its saving; 0 saves nothing.
    """

    def __init__(self, folder: Path, document: Document, *, seconds: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all, self._document = folder, document
        self._own: Path | None = None
        self._lock: QLockFile | None = None
        self._claims: dict[Path, QLockFile] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.save)
        self.set_seconds(seconds)
        document.edits_changed.connect(self._on_changed)
        document.timeline_changed.connect(self._on_changed)
        document.clean_changed.connect(self._on_changed)

    def set_seconds(self, seconds: int) -> None:
        """How long after a change it is saved; 0 for never."""
        self._is_on = seconds > 0
        self._timer.setInterval(seconds * 1000)
        if not self._is_on:
            self._timer.stop()

    def pasted_path(self, taken: Collection[Path] = ()) -> Path:
        """A name for a picture that was pasted, in this Studio's folder; not one that was promised already."""
        folder = self._make_own()
        number = 1
        while (path := folder / f"pasted-{number}.png").exists() or path in taken:
            number += 1
        return path

    def orphans(self) -> tuple[Path, ...]:
        """Recovery projects with edits that a Studio left behind which did not end well, the latest save first.

        They are this Studio's until it ends or `forget`s them: no other one is offered them.
        """
        found = []
        for folder in self._folders():
            project = folder / _PROJECT
            if folder == self._own or not self._claim(folder):
                continue
            if project.is_file():
                found.append(project)
            else:
                self.forget(project)
        return tuple(sorted(found, key=lambda path: (_order_of(path.parent), _changed(path)), reverse=True))

    def recover(self, path: Path) -> Project | None:
        """Read an orphan; None where it cannot be read."""
        try:
            return load_project(path)
        except FvaeStudioError:
            log.exception("the recovery project %s cannot be read", path)
            return None

    def adopt(self, path: Path) -> bool:
        """The document shows what an orphan held: pasted pictures in its folder become this Studio's.

        Returns:
            Whether all of it is saved in this Studio's folder now; if not, the orphan must stay.
        """
        for entry in self._document.photos:
            if entry.path.parent == path.parent:
                try:
                    target = self.pasted_path()
                    shutil.copyfile(entry.path, target)
                except OSError:
                    log.exception("a pasted picture could not be taken over")
                    return False
                self._document.take_pasted(entry.entry_id, target)
        return self.save()

    def forget(self, path: Path) -> None:
        """An orphan is not wanted, or was taken over."""
        # The lock goes last: as long as it is held, no other Studio looks at what is left of the folder.
        lock = self._claims.pop(path.parent, None)
        for each in path.parent.iterdir() if path.parent.is_dir() else ():
            if each.name != _LOCK:
                shutil.rmtree(each) if each.is_dir() else each.unlink(missing_ok=True)
        if lock is not None:
            lock.unlock()
        shutil.rmtree(path.parent, ignore_errors=True)

    @Slot(result=bool)
    def save(self) -> bool:
        """Write now what is unsaved; whether nothing is unsaved any more."""
        if self._document.is_clean:
            if self._own is not None:
                (self._own / _PROJECT).unlink(missing_ok=True)
            return True
        try:
            folder = self._make_own()
            save_project(self._document.to_project(), folder / _PROJECT)
            with atomic_write(folder / _ORDER) as file:
                file.write(str(1 + max(map(_order_of, self._folders()), default=0)).encode())
        except (FvaeStudioError, OSError):
            # Nothing that should stop an edit; the log tells.
            log.exception("saving for recovery failed")
            return False
        return True

    def close(self) -> None:
        """The Studio ends well: nothing to recover."""
        self._timer.stop()
        for lock in self._claims.values():
            lock.unlock()
        self._claims.clear()
        if self._lock is not None:
            self._lock.unlock()
            self._lock = None
        if self._own is not None:
            shutil.rmtree(self._own, ignore_errors=True)
            self._own = None

    def _folders(self) -> list[Path]:
        return [folder for folder in self._all.iterdir() if folder.is_dir()] if self._all.is_dir() else []

    def _make_own(self) -> Path:
        number = 0
        # Somebody may have cleared the folder away while the Studio ran.
        while self._own is None or not self._own.is_dir():
            folder = self._all / f"{os.getpid()}-{number}"
            number += 1
            try:
                folder.mkdir(parents=True)
            except FileExistsError:
                continue
            # Between the two, another Studio may take the empty folder for an orphan's: then it has the lock.
            lock = _lock_of(folder)
            if lock.tryLock(0):
                self._own, self._lock = folder, lock
        return self._own

    def _claim(self, folder: Path) -> bool:
        if folder not in self._claims:
            lock = _lock_of(folder)
            if not lock.tryLock(0):
                return False
            self._claims[folder] = lock
        return True

    @Slot()
    def _on_changed(self) -> None:
        if self._is_on and not self._timer.isActive():
            self._timer.start()


def _lock_of(folder: Path) -> QLockFile:
    lock = QLockFile(str(folder / _LOCK))
    # A lock is stale only when its process is gone, never by its age.
    lock.setStaleLockTime(0)
    return lock


def _order_of(folder: Path) -> int:
    try:
        return int((folder / _ORDER).read_text())
    except (OSError, ValueError):
        return 0


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
