"""The settings while the program runs: one frozen value that is replaced, written, and told about."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from fvae_studio.errors import FvaeStudioError
from fvae_studio.settings import Settings, load_settings, save_settings

log = logging.getLogger(__name__)


class SettingsStore(QObject):
    """Reads once, writes at each change.

    Args:
        path: of the file; None keeps nothing (tests).
    """

    changed = Signal(str)
    """The key that has another value now."""

    def __init__(self, path: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self._settings = load_settings(path) if path is not None else Settings()

    @property
    def settings(self) -> Settings:
        """The present value."""
        return self._settings

    def set_value(self, key: str, value: Any) -> None:
        """Change one setting; nothing happens where it is the same."""
        if self._settings.value(key) == value:
            return
        self._settings = self._settings.with_value(key, value)
        self._save()
        self.changed.emit(key)

    def add_recent(self, path: Path) -> None:
        """A file was opened."""
        self.set_value("recent", self._settings.with_recent(path).recent)

    def remember(self, **values: Any) -> None:
        """Change several things that the window remembers, without telling anybody."""
        self._settings = replace(self._settings, **values)
        self._save()

    def _save(self) -> None:
        if self._path is None:
            return
        try:
            save_settings(self._settings, self._path)
        except (FvaeStudioError, OSError):
            # A full disk must not stop an edit; the log tells.
            log.exception("the settings could not be saved")
