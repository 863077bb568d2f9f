"""The program's icons in the kinds that systems want, drawn from `resources/icons`."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Final

from PIL import Image

PNG_SIZES: Final = (16, 32, 48, 64, 128, 256, 512)
"""Pixels; the sizes of the hicolor theme that desktops look for."""


def draw(svg: Path, size: int) -> Image.Image:
    """The drawing as a square of `size` pixels, transparent around it."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QBuffer, QIODevice, Qt
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    image = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(str(svg)).render(painter)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    drawn = Image.open(io.BytesIO(buffer.data().data()))
    drawn.load()
    return drawn


def make_png(svg: Path, file: Path, size: int) -> Path:
    """Write one size and return its file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draw(svg, size).save(file)
    return file


def make_icon_file(svg: Path, folder: Path, kind: str) -> Path:
    """Write the drawing as one file of all sizes: "ico" for Windows, "icns" for macOS."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{svg.stem}.{kind}"
    sizes = [size for size in PNG_SIZES if kind == "icns" or size <= 256]
    pictures = [draw(svg, size) for size in sizes]
    largest = pictures[-1]
    largest.save(file, append_images=pictures[:-1], sizes=[(size, size) for size in sizes])
    return file
