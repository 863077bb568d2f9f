"""Everything that the canvas draws, from the ground up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPalette, QPen
from PySide6.QtWidgets import QWidget

from fvae_studio.core.types import Face
from fvae_studio.gui.canvas.compare import CompareMode, Pane, paint_label, paint_line
from fvae_studio.gui.canvas.edit_layer import EditLayer
from fvae_studio.gui.canvas.faces import paint_faces
from fvae_studio.gui.canvas.overlays import Overlay, paint_overlay
from fvae_studio.gui.canvas.photo_painter import paint_photo
from fvae_studio.gui.canvas.placement import Placement
from fvae_studio.gui.canvas.tiles import PhotoTiles
from fvae_studio.gui.theme import colours_of


@dataclass(frozen=True, eq=False)
class Scene:
    """What is on the canvas at one moment.

    Attributes:
        placement, tiles: of the photo; None without one.
        layer: the edit.
        panes, mode, split: of the comparison.
        faces, chosen, hovered, edited, left_out: see `paint_faces`.
        overlay, opacity, shares: see `paint_overlay`.
        drawn_frame: the frame that is being drawn around a face, view positions.
        pane_names: what the original and the edited side are called.
    """

    placement: Placement | None
    tiles: PhotoTiles | None
    layer: EditLayer
    panes: tuple[Pane, ...]
    mode: CompareMode
    split: float
    faces: tuple[Face, ...]
    chosen: int | None
    hovered: int | None
    edited: frozenset[int]
    left_out: frozenset[int]
    overlay: Overlay
    opacity: float
    shares: NDArray[np.float32] | None
    drawn_frame: QRectF | None
    pane_names: tuple[str, str]


def paint_scene(widget: QWidget, scene: Scene, dirty: QRect) -> None:
    """Draw it; inside of the widget's `paintEvent`.

    Args:
        widget: to draw on.
        scene: what is seen.
        dirty: the part of the widget that has to be drawn.
    """
    painter = QPainter(widget)
    painter.fillRect(widget.rect(), QColor(colours_of(widget.palette()).canvas))
    accent = widget.palette().color(QPalette.ColorRole.Highlight)
    if scene.tiles is not None and scene.placement is not None:
        ratio = widget.devicePixelRatioF()
        placement = scene.placement.snapped(ratio)
        for pane in scene.panes:
            _paint_pane(painter, scene, pane, placement, scene.tiles, ratio, accent, QRectF(dirty))
        _paint_comparison(painter, scene, QRectF(widget.rect()))
    if scene.drawn_frame is not None:
        for colour, style in ((QColor(0, 0, 0, 160), Qt.PenStyle.SolidLine), (accent, Qt.PenStyle.DashLine)):
            painter.setPen(QPen(colour, 2, style))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(scene.drawn_frame)
    if widget.hasFocus():
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(accent, 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(widget.rect()).adjusted(1, 1, -1, -1))
    painter.end()


def _paint_pane(
    painter: QPainter,
    scene: Scene,
    pane: Pane,
    placement: Placement,
    tiles: PhotoTiles,
    device_ratio: float,
    accent: QColor,
    dirty: QRectF,
) -> None:
    clip = pane.clip.intersected(dirty)
    if clip.isEmpty():
        return
    layer = scene.layer if pane.is_edited else None
    paint_photo(painter, placement, tiles, layer, pane=pane.rect, clip=clip, device_ratio=device_ratio)
    painter.save()
    painter.setClipRect(pane.clip)
    painter.translate(pane.rect.topLeft())
    if pane.is_edited and scene.overlay is not Overlay.NONE:
        paint_overlay(
            painter,
            placement,
            scene.overlay,
            edit=scene.layer.edit,
            faces=scene.faces,
            opacity=scene.opacity,
            shares=scene.shares,
        )
    paint_faces(
        painter,
        placement,
        scene.faces,
        chosen=scene.chosen,
        hovered=scene.hovered,
        edited=scene.edited if pane.is_edited else (),
        left_out=scene.left_out,
        show_all=scene.chosen is None and not scene.edited,
        accent=accent,
    )
    painter.restore()


def _paint_comparison(painter: QPainter, scene: Scene, view: QRectF) -> None:
    if scene.mode is not CompareMode.OFF and len(scene.panes) > 1:
        paint_line(painter, scene.mode, view, scene.split)
    original, edited = scene.pane_names
    if len(scene.panes) > 1 or not scene.panes[0].is_edited:
        for pane in scene.panes:
            paint_label(painter, pane.clip, edited if pane.is_edited else original, at_right=pane is not scene.panes[0])
