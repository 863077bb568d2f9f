"""Saving by itself, so that a crash loses seconds at most: one recovery project per running Studio."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Collection
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, QTimer, Slot

from fvae_studio.core.project_file import SUFFIX, Project, load_project, save_project
from fvae_studio.errors import FvaeStudioError
from fvae_studio.gui.document import Document

log = logging.getLogger(__name__)

_PROJECT = f"recovered{SUFFIX}"
_LOCK = "running.lock"


class Recovery(QObject):
    """Writes the document into a folder of its own some seconds after changes, while edits are unsaved.

    A folder whose lock nobody holds belongs to a Studio that did not end well.

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
        """Recovery projects with edits that a Studio left behind which did not end well, the newest first."""
        found = []
        for folder in self._all.iterdir() if self._all.is_dir() else ():
            project = folder / _PROJECT
            if folder == self._own or not folder.is_dir() or self._is_running(folder):
                continue
            if project.is_file():
                found.append(project)
            else:
                shutil.rmtree(folder, ignore_errors=True)
        return tuple(sorted(found, key=lambda path: path.stat().st_mtime, reverse=True))

    def recover(self, path: Path) -> Project | None:
        """Read an orphan; None where it cannot be read."""
        try:
            return load_project(path)
        except FvaeStudioError:
            log.exception("the recovery project %s cannot be read", path)
            return None

    def adopt(self, path: Path) -> None:
        """The document shows what an orphan held: pasted pictures in its folder become this Studio's."""
        for entry in self._document.photos:
            if entry.path.parent == path.parent:
                target = self.pasted_path()
                shutil.copyfile(entry.path, target)
                self._document.take_pasted(entry.entry_id, target)
        self.save()

    def forget(self, path: Path) -> None:
        """An orphan is not wanted, or was taken over."""
        shutil.rmtree(path.parent, ignore_errors=True)

    @Slot()
    def save(self) -> None:
        """Write now what is unsaved."""
        if self._document.is_clean:
            if self._own is not None:
                (self._own / _PROJECT).unlink(missing_ok=True)
            return
        try:
            save_project(self._document.to_project(), self._make_own() / _PROJECT)
        except (FvaeStudioError, OSError):
            # Nothing that should stop an edit; the log tells.
            log.exception("saving for recovery failed")

    def close(self) -> None:
        """The Studio ends well: nothing to recover."""
        self._timer.stop()
        if self._lock is not None:
            self._lock.unlock()
            self._lock = None
        if self._own is not None:
            shutil.rmtree(self._own, ignore_errors=True)
            self._own = None

    def _make_own(self) -> Path:
        if self._own is None:
            number = 0
            while True:
                folder = self._all / f"{os.getpid()}-{number}"
                if not folder.exists():
                    break
                number += 1
            folder.mkdir(parents=True)
            self._lock = QLockFile(str(folder / _LOCK))
            self._lock.setStaleLockTime(0)
            self._lock.tryLock(0)
            self._own = folder
        return self._own

    @staticmethod
    def _is_running(folder: Path) -> bool:
        lock = QLockFile(str(folder / _LOCK))
        # A lock is stale only when its process is gone, never by its age.
        lock.setStaleLockTime(0)
        if lock.tryLock(0):
            lock.unlock()
            return False
        return True

    @Slot()
    def _on_changed(self) -> None:
        if self._is_on and not self._timer.isActive():
            self._timer.start()
