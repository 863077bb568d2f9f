"""The edited regions, drawn over the photo's tiles.

A preview comes at one level and is shown at once. Patches of full resolution are made smaller and converted in a
thread, for the level that is looked at: a view from afar shows what a small copy of the edited photo would show, and
not every eighth pixel of it.
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

SMALLEST_PX: Final = 4
"""No patch is made smaller than this."""


@dataclass(frozen=True, eq=False)
class Picture:
    """One patch ready to be drawn: what it covers (photo positions) and its picture."""

    rect: QRectF
    image: QImage


class EditLayer:
    """The patches of the edit that is shown.

    Args:
        background: threads for conversions.
        changed: called when something else is to be drawn, with the part of the photo where.
    """

    def __init__(self, background: Background, changed: Callable[[QRectF], None]) -> None:
        self._background, self._changed = background, changed
        self._edit: RenderedEdit | None = None
        self._shown: RenderedEdit | None = None
        self._by_level: dict[int, tuple[Picture, ...]] = {}
        self._level = 0
        self._screen: bytes | None = None
        self._is_converting = False

    @property
    def edit(self) -> RenderedEdit | None:
        """The edit that was set last."""
        return self._edit

    @property
    def is_settled(self) -> bool:
        """Whether the pictures are those of the edit that was set last, at the level that is looked at."""
        return not self._is_converting and not self._is_wanting

    def set_edit(self, edit: RenderedEdit | None) -> None:
        """Show another edit; None, or one without patches, shows the photo.

        The pictures of the one before stay until those of the new one are ready: nothing flashes while a slider moves.
        """
        before, self._edit = self._edit, edit
        if edit is None or not edit.patches:
            self._show(edit, {})
            return
        if before is not None and before.request.photo is not edit.request.photo:
            self._show(None, {})
        photo = edit.request.photo
        pixels = sum(patch.pixels.shape[0] * patch.pixels.shape[1] for patch in edit.patches)
        cost = pixels * (3 if photo.metadata.icc or self._screen else 1) * (2 if photo.pixels.dtype != np.uint8 else 1)
        if edit.request.quality == "preview" and cost <= AT_ONCE_PIXELS:
            self._show(edit, dict([make_pictures(edit, edit.patches[0].level, self._screen)]))
        else:
            self._convert()

    def set_screen(self, screen: bytes | None) -> None:
        """The profile of the screen, None for sRGB; all pictures are made anew."""
        if screen != self._screen:
            self._screen = screen
            self._show(None, {})
            self._convert()

    def set_frame(self, frame: RenderedEdit, level: int, pictures: tuple[Picture, ...]) -> None:
        """Show one frame of a clip whose pictures are there already.

        Args:
            frame: without patches; its flows are for overlays.
            level: of the pictures.
            pictures: none shows the photo.
        """
        self._edit = frame
        self._show(frame, {level: pictures} if pictures else {})

    def want(self, level: int) -> None:
        """The level that is looked at now."""
        self._level = level
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

    @property
    def _is_wanting(self) -> bool:
        edit = self._edit
        if edit is None or not edit.patches:
            return False
        return edit is not self._shown or fitting_level(edit, self._level) not in self._by_level

    def _convert(self) -> None:
        # One after the other, each to its end: giving up at every newer edit would show none while a slider moves.
        edit = self._edit
        if edit is not None and self._is_wanting and not self._is_converting:
            self._is_converting = True
            work = partial(make_pictures, edit, self._level, self._screen)
            self._background.run(work, partial(self._take, edit, self._screen), priority=3)

    def _take(self, edit: RenderedEdit, screen: bytes | None, made: tuple[int, tuple[Picture, ...]] | None) -> None:
        self._is_converting = False
        if screen != self._screen:
            # Of a screen on which the window is no more.
            pass
        elif made is None:
            # It cannot be shown: asking again would not help, the next edit may.
            self._shown, self._by_level = edit, {self._level: ()}
        elif edit is self._shown:
            self._by_level[made[0]] = made[1]
            self._changed(_area(made[1]))
        elif self._edit is not self._shown and self._is_of_shown_photo(edit):
            # Also one that is not the newest any more, as long as the newest is not there.
            self._show(edit, dict([made]))
        self._convert()

    def _is_of_shown_photo(self, edit: RenderedEdit) -> bool:
        current = self._edit
        return current is not None and bool(current.patches) and current.request.photo is edit.request.photo

    def _show(self, edit: RenderedEdit | None, pictures: dict[int, tuple[Picture, ...]]) -> None:
        before = self._by_level
        self._shown, self._by_level = edit, pictures
        area = QRectF()
        for each in (*before.values(), *pictures.values()):
            area = area.united(_area(each))
        self._changed(area)


def _area(pictures: tuple[Picture, ...]) -> QRectF:
    area = QRectF()
    for picture in pictures:
        area = area.united(picture.rect)
    return area


def fitting_level(edit: RenderedEdit, level: int) -> int:
    """The level at which an edit is drawn best when `level` is looked at: not finer than it was rendered."""
    own = edit.patches[0].level
    shortest = min(min(patch.roi.width, patch.roi.height) for patch in edit.patches)
    while level > own and shortest >> (level - own) < SMALLEST_PX:
        level -= 1
    return max(level, own)


def make_pictures(edit: RenderedEdit, level: int, screen: bytes | None = None) -> tuple[int, tuple[Picture, ...]]:
    """Pictures of all patches for a level and a screen's profile, and the level at which they are."""
    level = fitting_level(edit, level)
    photo = edit.request.photo
    patches = [_reduced(patch, level) for patch in edit.patches]
    images = [
        to_qimage(patch.pixels, photo.metadata.icc, _alpha_under(photo, patch), screen=screen) for patch in patches
    ]
    return level, tuple(Picture(_covered(patch), image) for patch, image in zip(patches, images, strict=True))


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


def _reduced(patch: Patch, level: int) -> Patch:
    """The patch at another level; what does not fill a whole pixel there is left to the photo's own tile."""
    if level == patch.level:
        return patch
    side, roi = 1 << (level - patch.level), patch.roi
    left, top = -(-roi.x // side), -(-roi.y // side)
    right, bottom = roi.right // side, roi.bottom // side
    rows = slice(side * top - roi.y, side * bottom - roi.y)
    columns = slice(side * left - roi.x, side * right - roi.x)
    smaller = reduce_photo(Photo(np.ascontiguousarray(patch.pixels[rows, columns])), level - patch.level)
    return Patch(level, Rect(left, top, right - left, bottom - top), smaller.pixels)
