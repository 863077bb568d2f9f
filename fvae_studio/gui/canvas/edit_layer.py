"""The edited regions, drawn over the photo's tiles.

A preview comes at one level and is shown at once. A full-resolution patch is made smaller level by level in a thread,
so that a view from afar shows what a small copy of the edited photo would show, and not every eighth pixel of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage

from fvae_studio.core.geometry import Rect
from fvae_studio.core.levels import reduce_photo
from fvae_studio.core.types import Photo
from fvae_studio.gui.canvas.background import Background
from fvae_studio.gui.qimage import to_qimage
from fvae_studio.pipeline.requests import Patch, RenderedEdit

AT_ONCE_PIXELS: Final = 600_000
"""Up to this many pixels a preview is converted where it arrives: it takes less than waiting for a thread's turn."""

MAX_LEVELS: Final = 5


@dataclass(frozen=True, eq=False)
class Picture:
    """One patch ready to be drawn: what it covers (photo positions) and its picture."""

    rect: QRectF
    image: QImage


class EditLayer:
    """The patches of the edit that is shown.

    Args:
        background: threads for conversions.
        changed: called when something else is to be drawn.
    """

    def __init__(self, background: Background, changed: Callable[[], None]) -> None:
        self._background, self._changed = background, changed
        self._edit: RenderedEdit | None = None
        self._by_level: dict[int, tuple[Picture, ...]] = {}
        self._is_converting = False
        self._waiting: RenderedEdit | None = None

    @property
    def edit(self) -> RenderedEdit | None:
        """The edit that was set last."""
        return self._edit

    @property
    def is_settled(self) -> bool:
        """Whether the pictures are those of the edit that was set last."""
        return not self._is_converting

    def set_edit(self, edit: RenderedEdit | None) -> None:
        """Show another edit; None, or one without patches, shows the photo.

        The pictures of the one before stay until those of the new one are ready: nothing flashes while a slider moves.
        """
        before, self._edit = self._edit, edit
        if edit is None or not edit.patches:
            self._show({})
            self._waiting = None
            return
        if before is not None and before.request.photo is not edit.request.photo:
            self._show({})
        photo = edit.request.photo
        pixels = sum(patch.pixels.shape[0] * patch.pixels.shape[1] for patch in edit.patches)
        cost = pixels * (3 if photo.metadata.icc else 1) * (2 if photo.pixels.dtype != np.uint8 else 1)
        if edit.request.quality == "preview" and cost <= AT_ONCE_PIXELS:
            self._waiting = None
            self._show(make_pictures(edit, levels=1))
            return
        self._waiting = edit
        self._convert()

    def pictures(self, level: int) -> tuple[Picture, ...]:
        """The patches that fit a level best: its own, else the next finer, else the finest there is."""
        if not self._by_level:
            return ()
        finer = [known for known in self._by_level if known <= level]
        return self._by_level[max(finer) if finer else min(self._by_level)]

    def pixel(self, x: int, y: int) -> tuple[int, int, int] | None:
        """The edited value at a photo pixel, in the photo's depth; None where the edit changes nothing."""
        for patch in self._edit.patches if self._edit is not None else ():
            column, row = (x >> patch.level) - patch.roi.x, (y >> patch.level) - patch.roi.y
            if 0 <= column < patch.roi.width and 0 <= row < patch.roi.height:
                red, green, blue = patch.pixels[row, column].tolist()
                return red, green, blue
        return None

    def _convert(self) -> None:
        # One after the other, each to its end: giving up at every newer edit would show none while a slider moves.
        if self._waiting is None or self._is_converting:
            return
        edit, self._waiting, self._is_converting = self._waiting, None, True
        levels = MAX_LEVELS if edit.request.quality == "full_res" else 1
        self._background.run(partial(make_pictures, edit, levels=levels), partial(self._take, edit), priority=3)

    def _take(self, edit: RenderedEdit, pictures: dict[int, tuple[Picture, ...]] | None) -> None:
        self._is_converting = False
        is_latest = edit is self._edit
        if pictures is not None and (is_latest or (self._waiting is not None and self._is_of_shown_photo(edit))):
            self._show(pictures)
        self._convert()

    def _is_of_shown_photo(self, edit: RenderedEdit) -> bool:
        return self._edit is not None and self._edit.request.photo is edit.request.photo

    def _show(self, pictures: dict[int, tuple[Picture, ...]]) -> None:
        self._by_level = pictures
        self._changed()


def make_pictures(edit: RenderedEdit, *, levels: int) -> dict[int, tuple[Picture, ...]]:
    """Pictures of all patches at their own level and up to `levels` - 1 smaller ones."""
    found: dict[int, list[Picture]] = {}
    photo = edit.request.photo
    for patch in edit.patches:
        current, alpha = patch, _alpha_under(photo, patch)
        for _ in range(levels):
            image = to_qimage(current.pixels, photo.metadata.icc, alpha)
            found.setdefault(current.level, []).append(Picture(_covered(current), image))
            if current.roi.width < 4 or current.roi.height < 4:
                break
            current, alpha = _halved(current, alpha)
    complete = [level for level, pictures in found.items() if len(pictures) == len(edit.patches)]
    return {level: tuple(found[level]) for level in complete}


def _alpha_under(photo: Photo, patch: Patch) -> NDArray[Any] | None:
    if photo.alpha is None:
        return None
    side, roi = 1 << patch.level, patch.roi
    rows, columns = slice(roi.y * side, roi.bottom * side), slice(roi.x * side, roi.right * side)
    below = Photo(np.ascontiguousarray(photo.pixels[rows, columns]), np.ascontiguousarray(photo.alpha[rows, columns]))
    return reduce_photo(below, patch.level).alpha


def _covered(patch: Patch) -> QRectF:
    side = 1 << patch.level
    roi = patch.roi
    return QRectF(roi.x * side, roi.y * side, roi.width * side, roi.height * side)


def _halved(patch: Patch, alpha: NDArray[Any] | None) -> tuple[Patch, NDArray[Any] | None]:
    """One level up; what does not fill a whole pixel there is left to the photo's own tile."""
    roi = patch.roi
    left, top = -(-roi.x // 2), -(-roi.y // 2)
    right, bottom = roi.right // 2, roi.bottom // 2
    inner = (slice(2 * top - roi.y, 2 * bottom - roi.y), slice(2 * left - roi.x, 2 * right - roi.x))
    whole = Photo(
        np.ascontiguousarray(patch.pixels[inner]), None if alpha is None else np.ascontiguousarray(alpha[inner])
    )
    smaller = reduce_photo(whole, 1)
    return Patch(patch.level + 1, Rect(left, top, right - left, bottom - top), smaller.pixels), smaller.alpha
