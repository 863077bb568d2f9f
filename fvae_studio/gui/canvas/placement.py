"""Where the photo lies in the view: zoom and centre, without any widget.

Positions in the photo are measured from its upper left corner here: the pixel (x, y) covers [x, x + 1] x [y, y + 1].
The rest of the program puts pixel *centres* at integers; `PIXEL_CENTRE` is the difference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSizeF

PIXEL_CENTRE: Final = 0.5
LARGEST_ZOOM: Final = 32.0
SMALLEST_SIDE_PX: Final = 48.0
"""The photo is never shown smaller than this, unless it is smaller by itself."""

FIT_MARGIN: Final = 0.97
"""Share of the view that a fitted photo takes."""


@dataclass(frozen=True)
class Placement:
    """Zoom and centre.

    Attributes:
        photo: size of the photo, photo pixels.
        view: size of the view, logical screen pixels.
        zoom: logical screen pixels per photo pixel.
        x, y: what lies in the middle of the view, photo position.
    """

    photo: QSizeF
    view: QSizeF
    zoom: float
    x: float
    y: float

    @staticmethod
    def fitted(photo: QSizeF, view: QSizeF, *, device_ratio: float = 1.0) -> Placement:
        """The whole photo, not enlarged beyond one pixel of the screen for each of its own."""
        zoom = min(view.width() / photo.width(), view.height() / photo.height()) * FIT_MARGIN
        return Placement(photo, view, max(min(zoom, 1 / device_ratio), 1e-4), photo.width() / 2, photo.height() / 2)

    @staticmethod
    def at(photo: QSizeF, view: QSizeF, zoom: float, x: float, y: float) -> Placement:
        """A zoom and a middle that were noted before, perhaps in another window: brought into its limits."""
        placed = Placement(photo, view, zoom, x, y)
        return replace(placed, zoom=min(max(zoom, placed.smallest_zoom), LARGEST_ZOOM)).kept_in_view()

    @property
    def smallest_zoom(self) -> float:
        """Lower end of the zoom."""
        longer = max(self.photo.width(), self.photo.height())
        return min(1.0, SMALLEST_SIDE_PX / longer)

    def to_view(self, x: float, y: float) -> QPointF:
        """Photo position -> view position."""
        return QPointF(
            (x - self.x) * self.zoom + self.view.width() / 2, (y - self.y) * self.zoom + self.view.height() / 2
        )

    def to_photo(self, point: QPointF) -> QPointF:
        """View position -> photo position."""
        return QPointF(
            (point.x() - self.view.width() / 2) / self.zoom + self.x,
            (point.y() - self.view.height() / 2) / self.zoom + self.y,
        )

    def rect_to_view(self, rect: QRectF) -> QRectF:
        """Photo rectangle -> view rectangle."""
        return QRectF(self.to_view(rect.left(), rect.top()), self.to_view(rect.right(), rect.bottom()))

    @property
    def visible(self) -> QRectF:
        """The part of the photo that is seen."""
        whole = QRectF(self.to_photo(QPointF(0, 0)), self.to_photo(QPointF(self.view.width(), self.view.height())))
        return whole.intersected(QRectF(QPointF(0, 0), self.photo))

    def zoomed(self, zoom: float, anchor: QPointF) -> Placement:
        """Another zoom; what lies under `anchor` (view position) stays there."""
        zoom = min(max(zoom, self.smallest_zoom), LARGEST_ZOOM)
        under = self.to_photo(anchor)
        return replace(
            self,
            zoom=zoom,
            x=under.x() - (anchor.x() - self.view.width() / 2) / zoom,
            y=under.y() - (anchor.y() - self.view.height() / 2) / zoom,
        ).kept_in_view()

    def moved(self, dx: float, dy: float) -> Placement:
        """The photo pushed by (dx, dy) screen pixels."""
        return replace(self, x=self.x - dx / self.zoom, y=self.y - dy / self.zoom).kept_in_view()

    def snapped(self, device_ratio: float) -> Placement:
        """The same, with the photo's corner on a whole pixel of the screen: at 100 % nothing is resampled."""
        corner = self.to_view(0, 0) * device_ratio
        dx, dy = round(corner.x()) - corner.x(), round(corner.y()) - corner.y()
        return replace(self, x=self.x - dx / device_ratio / self.zoom, y=self.y - dy / device_ratio / self.zoom)

    def resized(self, view: QSizeF) -> Placement:
        """The same in a view of another size."""
        return replace(self, view=view).kept_in_view()

    def around(self, rect: QRectF, *, share: float = 0.7) -> Placement:
        """A part of the photo that takes a share of the view."""
        zoom = share * min(self.view.width() / rect.width(), self.view.height() / rect.height())
        zoom = min(max(zoom, self.smallest_zoom), LARGEST_ZOOM)
        return replace(self, zoom=zoom, x=rect.center().x(), y=rect.center().y()).kept_in_view()

    def kept_in_view(self) -> Placement:
        """The middle of the view stays on the photo, so that it cannot get lost."""
        return replace(self, x=min(max(self.x, 0.0), self.photo.width()), y=min(max(self.y, 0.0), self.photo.height()))

    def level(self, device_ratio: float) -> int:
        """The smallest copy of the photo that still has a pixel for every pixel of the screen."""
        return max(0, math.floor(math.log2(1 / (self.zoom * device_ratio)) + 1e-6))

    def preview_level(self, device_ratio: float) -> int:
        """The copy of the photo whose pixels come closest to the screen's in size: enlarged by 1.4 times at most."""
        return max(0, round(math.log2(1 / (self.zoom * device_ratio))))
