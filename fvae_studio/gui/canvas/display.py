"""What the canvas shows: a photo with its edit, faces, overlays and the comparison with the original."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSizeF, Signal
from PySide6.QtGui import QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from fvae_studio.core.project_file import PhotoView
from fvae_studio.core.types import Face, Photo
from fvae_studio.gui.canvas.compare import CompareMode, Pane, panes
from fvae_studio.gui.canvas.edit_layer import EditLayer, Picture
from fvae_studio.gui.canvas.empty_state import EmptyState
from fvae_studio.gui.canvas.faces import frame_of
from fvae_studio.gui.canvas.legend import OverlayLegend
from fvae_studio.gui.canvas.overlays import ClipSide, Overlay
from fvae_studio.gui.canvas.scene import Scene, paint_scene
from fvae_studio.gui.canvas.viewport import Viewport
from fvae_studio.pipeline.requests import RenderedEdit

PREVIEW_FACE_PX: Final = 640
"""Previews are made at a level where the largest face is no larger than this: more does not follow a hand."""

_LEGEND_MARGIN_PX: Final = 12


class CanvasDisplay(Viewport):
    """The part of the canvas that is told what to show; `CanvasView` adds mouse and keys."""

    open_requested = Signal()
    sample_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layer = EditLayer(self._background, self._on_layer_changed)
        self._faces: tuple[Face, ...] = ()
        self._chosen: int | None = None
        self._edited: frozenset[int] = frozenset()
        self._hovered: int | None = None
        self._mode = CompareMode.OFF
        self._split = 0.5
        self._overlay, self._opacity = Overlay.NONE, 0.7
        self._side: ClipSide = "after"
        self._shares: NDArray[np.float32] | None = None
        self._refused: Mapping[int, str] = {}
        self._is_original_held = False
        self._build_ui()
        self._connect()

    def _build_ui(self) -> None:
        self.setMinimumSize(240, 200)
        self.setAccessibleName(self.tr("Photo"))
        self._empty = EmptyState(self)
        self._legend = OverlayLegend(self)

    def _connect(self) -> None:
        self._empty.open_requested.connect(self.open_requested)
        self._empty.sample_requested.connect(self.sample_requested)

    def set_photo(
        self,
        photo: Photo | None,
        *,
        view: PhotoView | None = None,
        loading: str | None = None,
        problem: tuple[str, str] | None = None,
    ) -> None:
        """Show a photo, or the part of it that `view` says.

        None shows what to do, that `loading` is being read, or why it cannot be: title and sentence of a `problem`.
        """
        self._empty.tell(loading, problem)
        self._empty.setVisible(photo is None)
        if self._tiles is not None and photo is self._tiles.photo:
            return
        self._layer.set_edit(None)
        self._refused = {}
        self._shares = None
        self._faces, self._chosen, self._hovered, self._edited = (), None, None, frozenset()
        self._is_original_held = False
        self._show_photo(photo, view)
        self._refresh_legend()
        self.setAccessibleDescription("")

    def set_edit(self, edit: RenderedEdit | None) -> None:
        """Show an edit of the photo; one of another photo is not shown."""
        if edit is None or (self._tiles is not None and edit.request.photo is self._tiles.photo):
            self._shares = None
            self._refused = {}
            self._layer.set_edit(edit)

    def set_refused(self, reasons: Mapping[int, str]) -> None:
        """Of an edit that could not be made, by face number: why; until an edit of the photo is shown."""
        self._refused = dict(reasons)
        self.update()

    @property
    def edit(self) -> RenderedEdit | None:
        """The edit that is shown."""
        return self._layer.edit

    def set_clip_frame(
        self, frame: RenderedEdit, level: int, pictures: tuple[Picture, ...], shares: NDArray[np.float32]
    ) -> None:
        """Show one frame of a clip over the photo, as pictures that are there already.

        Args:
            frame: of the shown photo, without patches; its flows are for overlays.
            level: of the pictures.
            pictures: none shows the photo.
            shares: how much of each source is seen, see `RenderedMoment.shares`.
        """
        if self._tiles is not None and frame.request.photo is self._tiles.photo:
            self._shares = shares
            self._layer.set_frame(self._of_side(frame), level, pictures)

    def set_clip_edit(self, frame: RenderedEdit, shares: NDArray[np.float32]) -> None:
        """Show one frame of a clip over the photo, with its patches."""
        if self._tiles is not None and frame.request.photo is self._tiles.photo:
            self._shares = shares
            self._layer.set_edit(self._of_side(frame))

    def set_overlay_side(self, side: ClipSide) -> None:
        """Of which of a clip's two photos at the playhead the overlays tell; from the next frame on."""
        self._side = side

    def set_faces(self, faces: Sequence[Face], chosen: int | None, edited: Collection[int]) -> None:
        """The faces that can be clicked, the chosen one's number (None for all), and those with an edit."""
        shown = (tuple(faces), chosen, frozenset(edited))
        if shown == (self._faces, self._chosen, self._edited):
            return
        self._faces, self._chosen, self._edited = shown
        if self._hovered not in {face.index for face in faces}:
            self._hovered = None
        description = self.tr("Faces found: {number}").format(number=len(faces))
        if chosen is not None:
            description += self.tr("; face {number} is chosen").format(number=chosen)
        self.setAccessibleDescription(description)
        self.update()

    def set_compare_mode(self, mode: CompareMode) -> None:
        """How the original is shown beside the edit."""
        self._mode = mode
        self._refit()
        self.update()

    def set_screen_profile(self, icc: bytes | None) -> None:
        """Show colours for the screen of this profile; None for sRGB."""
        super().set_screen_profile(icc)
        self._layer.set_screen(icc)

    @property
    def compare_mode(self) -> CompareMode:
        """How the original is shown beside the edit."""
        return self._mode

    @property
    def split(self) -> float:
        """Where the split line is, in [0, 1] of the width."""
        return self._split

    def set_split(self, split: float) -> None:
        """Move the split line, in [0, 1] of the width."""
        self._split = min(max(split, 0.0), 1.0)
        self.update()

    def set_overlay(self, overlay: Overlay, *, opacity: float | None = None) -> None:
        """Which overlay is drawn, and how strongly (None: as before)."""
        self._overlay = overlay
        if opacity is not None:
            self._opacity = min(max(opacity, 0.0), 1.0)
        self._refresh_legend()
        self.update()

    @property
    def overlay(self) -> Overlay:
        """Which overlay is drawn."""
        return self._overlay

    def set_original_shown(self, shown: bool) -> None:
        """While a key or button is held: the photo without its edit."""
        self._is_original_held = shown
        self.update()

    @property
    def is_settled(self) -> bool:
        """Whether all that can be seen now is drawn as sharply as it can be."""
        return super().is_settled and self._layer.is_settled

    def zoom_face(self, number: int | None = None) -> None:
        """The face of that number (None: the chosen one, else all of them) fills the view."""
        number = self._chosen if number is None else number
        frames = [frame_of(face) for face in self._faces if number is None or face.index == number]
        if self._placement is None or not frames:
            return
        around = frames[0]
        for frame in frames[1:]:
            around = around.united(frame)
        self._place(self._placement.around(around))

    def level_for_view(self) -> int:
        """The level at which a preview is worth rendering: the view's, or a smaller one for very large faces."""
        return self.level_for(max((max(face.box.width, face.box.height) for face in self._faces), default=0))

    def level_for(self, largest_px: int) -> int:
        """The same for a face (or whatever changes) of that size, in pixels of the photo."""
        if self._placement is None:
            return 0
        level = self._placement.preview_level(self.devicePixelRatioF())
        while largest_px >> level > PREVIEW_FACE_PX:
            level += 1
        return level

    @property
    def photo(self) -> Photo | None:
        """What is shown."""
        return self._tiles.photo if self._tiles is not None else None

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Ground, photo, edit, overlay, faces, comparison."""
        self._want_visible()
        if self._placement is not None:
            self._layer.want(self._placement.level(self.devicePixelRatioF()))
        paint_scene(
            self,
            Scene(
                placement=self._placement,
                tiles=self._tiles,
                layer=self._layer,
                panes=self._panes(),
                mode=self._mode,
                split=self._split,
                faces=self._faces,
                chosen=self._chosen,
                hovered=self._hovered,
                edited=self._edited,
                left_out=frozenset(self._left_out),
                overlay=self._overlay,
                opacity=self._opacity,
                shares=self._shares,
                drawn_frame=self._drawn_frame(),
                pane_names=(self.tr("Original"), self.tr("Edited")),
            ),
            event.rect(),
        )

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """The empty state fills the canvas, the legend stays in its corner."""
        super().resizeEvent(event)
        self._empty.setGeometry(self.rect())
        self._move_legend()

    # --- inside ---

    def _of_side(self, frame: RenderedEdit) -> RenderedEdit:
        """With the flow of one source only: two motions over each other tell nothing."""
        if len(frame.flows) < 2:
            return frame
        return replace(frame, flows=(frame.flows[0 if self._side == "before" else -1],))

    def _drawn_frame(self) -> QRectF | None:
        """A frame that is being drawn, view positions."""
        return None

    @property
    def _left_out(self) -> Mapping[int, str]:
        return self._refused or (self._layer.edit.left_out if self._layer.edit is not None else {})

    def _panes(self) -> tuple[Pane, ...]:
        return panes(self._mode, QRectF(self.rect()), self._split, original_only=self._is_original_held)

    def _pane_size(self) -> QSizeF:
        return self._panes()[0].rect.size().expandedTo(QSizeF(1, 1))

    def _pane_at(self, point: QPointF) -> QRectF:
        return self._pane_under(point).rect

    def _pane_under(self, point: QPointF) -> Pane:
        shown = self._panes()
        return next((pane for pane in shown if pane.clip.contains(point)), shown[-1])

    def _on_layer_changed(self, area: QRectF) -> None:
        self._refresh_legend()
        if self._placement is None or self._overlay is not Overlay.NONE:
            self.update()
            return
        # A whole window takes many times as long to draw as the face that a slider moves.
        moved = self._placement.rect_to_view(area)
        for pane in self._panes():
            if pane.is_edited:
                shown = moved.translated(pane.rect.topLeft()).intersected(pane.clip)
                self.update(shown.toAlignedRect().adjusted(-2, -2, 2, 2))

    def _refresh_legend(self) -> None:
        self._legend.set_overlay(self._overlay if self._tiles is not None else Overlay.NONE, self._layer.edit)
        self._move_legend()

    def _move_legend(self) -> None:
        self._legend.move(
            self.width() - self._legend.width() - _LEGEND_MARGIN_PX,
            self.height() - self._legend.height() - _LEGEND_MARGIN_PX,
        )
