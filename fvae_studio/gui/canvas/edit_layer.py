"""The edited regions, drawn over the photo's tiles.

A preview comes at one level and is shown at once. A full-resolution patch is made smaller level by level in a thread,
so that a view from afar shows what a small copy of the edited photo would show, and not every eighth pixel of it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import numpy as np
from PySide6.QtCore import QObject, QRectF, QThreadPool, Signal, Slot
from PySide6.QtGui import QImage

from fvae_studio.core.geometry import Rect
from fvae_studio.core.levels import reduce_photo
from fvae_studio.core.types import Photo
from fvae_studio.gui.canvas.job import Job
from fvae_studio.gui.qimage import to_qimage
from fvae_studio.pipeline.requests import Patch, RenderedEdit

SYNCHRONOUS_PIXELS: Final = 1_000_000
"""Up to this many pixels a preview is converted where it arrives: it takes less than waiting for a thread's turn."""

MAX_LEVELS: Final = 5


@dataclass(frozen=True)
class Picture:
    """One patch ready to be drawn: what it covers (photo positions) and its picture."""

    rect: QRectF
    image: QImage


class EditLayer(QObject):
    """The patches of the edit that is shown.

    Args:
        pool: threads for conversions.
        parent: owner.
    """

    changed = Signal()
    _converted = Signal(int, object)

    def __init__(self, pool: QThreadPool, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = pool
        self._shown: RenderedEdit | None = None
        self._by_level: dict[int, tuple[Picture, ...]] = {}
        self._ticket = 0
        self._converted.connect(self._on_converted)

    @property
    def edit(self) -> RenderedEdit | None:
        """What is shown."""
        return self._shown

    def set_edit(self, edit: RenderedEdit | None) -> None:
        """Show another edit; None, or one without patches, shows the photo."""
        is_sharper = (
            edit is not None
            and self._shown is not None
            and edit.request.quality == "full_res"
            and self._shown.request.state == edit.request.state
            and self._shown.request.photo is edit.request.photo
        )
        self._shown = edit
        self._ticket += 1
        if edit is None or not edit.patches:
            self._by_level = {}
            self.changed.emit()
            return
        pixels = sum(patch.pixels.shape[0] * patch.pixels.shape[1] for patch in edit.patches)
        if edit.request.quality == "preview" and pixels <= SYNCHRONOUS_PIXELS:
            self._by_level = _pictures(edit, levels=1)
            self.changed.emit()
            return
        if not is_sharper:
            # Another edit than the one on the screen: what is there would be a lie.
            self._by_level = {}
        ticket, converted = self._ticket, self._converted

        def convert() -> None:
            pictures = _pictures(edit, levels=MAX_LEVELS)
            with suppress(RuntimeError):  # the window went away meanwhile
                converted.emit(ticket, pictures)

        self._pool.start(Job(convert), 3)

    def pictures(self, level: int) -> tuple[Picture, ...]:
        """The patches that fit a level best: its own, else the next finer, else the finest there is."""
        if not self._by_level:
            return ()
        finer = [known for known in self._by_level if known <= level]
        return self._by_level[max(finer) if finer else min(self._by_level)]

    @Slot(int, object)
    def _on_converted(self, ticket: int, pictures: dict[int, tuple[Picture, ...]]) -> None:
        if ticket == self._ticket:
            self._by_level = pictures
            self.changed.emit()


def _pictures(edit: RenderedEdit, *, levels: int) -> dict[int, tuple[Picture, ...]]:
    found: dict[int, list[Picture]] = {}
    icc = edit.request.photo.metadata.icc
    for patch in edit.patches:
        current: Patch | None = patch
        for _ in range(levels):
            if current is None:
                break
            found.setdefault(current.level, []).append(Picture(_covered(current), to_qimage(current.pixels, icc)))
            current = _halved(current)
    complete = [level for level, pictures in found.items() if len(pictures) == len(edit.patches)]
    return {level: tuple(found[level]) for level in complete}


def _covered(patch: Patch) -> QRectF:
    side = 2**patch.level
    roi = patch.roi
    return QRectF(roi.x * side, roi.y * side, roi.width * side, roi.height * side)


def _halved(patch: Patch) -> Patch | None:
    """The patch one level up; what does not fill a whole pixel there is left to the photo's own tile."""
    roi = patch.roi
    left, top = -(-roi.x // 2), -(-roi.y // 2)
    right, bottom = roi.right // 2, roi.bottom // 2
    if right <= left or bottom <= top:
        return None
    inner = patch.pixels[2 * top - roi.y : 2 * bottom - roi.y, 2 * left - roi.x : 2 * right - roi.x]
    smaller = reduce_photo(Photo(np.ascontiguousarray(inner)), 1)
    return Patch(patch.level + 1, Rect(left, top, right - left, bottom - top), smaller.pixels)
