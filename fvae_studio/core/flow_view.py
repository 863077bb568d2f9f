"""Flows, confidences and faces made visible: pictures over the photo, each with a small legend.

Every function takes a photo's pixels and returns new ones of the same size and dtype; line widths and letters follow
the picture's size. Flows are displacements in the picture's own pixels: (H, W, 2) of the picture's size, such as
`warp.upsample_flow(flow, photo_to_crop, photo.bounds)` gives.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.types import Face, FloatMap, RgbImage
from fvae_studio.errors import GeometryError

_WHITE, _BLACK, _ACCENT = (255, 255, 255), (0, 0, 0), (255, 196, 0)
# Segments of the wheel, in hues between its six corners, as in Baker et al., "A Database and Evaluation Methodology for
# Optical Flow" (2007): red-yellow, yellow-green, green-cyan, cyan-blue, blue-magenta, magenta-red.
_WHEEL_SEGMENTS = (15, 6, 4, 11, 13, 6)
_WHEEL_CORNERS = ((255, 0, 0), (255, 255, 0), (0, 255, 0), (0, 255, 255), (0, 0, 255), (255, 0, 255), (255, 0, 0))


def flow_colours(flow: NDArray[np.floating[Any]], *, largest: float | None = None) -> NDArray[np.uint8]:
    """The colour code of Baker et al. (2007): hue tells the direction, saturation the length; white is no motion.

    Args:
        flow: (H, W, 2).
        largest: length at full saturation; None for the largest in the flow. Longer ones are darkened.

    Returns:
        (H, W, 3) uint8.
    """
    length = np.hypot(flow[..., 0], flow[..., 1])
    largest = largest or float(length.max()) or 1.0
    wheel = _colour_wheel()
    turn = np.arctan2(-flow[..., 1], -flow[..., 0]) / math.pi
    place = (turn + 1) / 2 * (len(wheel) - 1)
    first = np.floor(place).astype(int)
    share = (place - first)[..., None]
    hue = wheel[first] * (1 - share) + wheel[(first + 1) % len(wheel)] * share
    radius = (length / largest)[..., None]
    colours = np.where(radius <= 1, 1 - np.minimum(radius, 1) * (1 - hue), hue * 0.75)
    coded: NDArray[np.uint8] = np.round(colours * 255).astype(np.uint8)
    return coded


def draw_flow_colours(pixels: RgbImage, flow: NDArray[np.floating[Any]], *, opacity: float = 0.6) -> RgbImage:
    """The flow in colours over the picture, with the wheel and the length at its rim as legend.

    Args:
        pixels: (H, W, 3).
        flow: (H, W, 2), picture pixels.
        opacity: of the colours, in [0, 1]; short displacements are drawn fainter, and none where nothing moves.
    """
    _check(pixels, flow, opacity)
    length = np.hypot(flow[..., 0], flow[..., 1])
    largest = float(length.max())
    canvas = _as_8bit(pixels)
    # Short displacements are nearly white in this code: drawn in full they would veil the picture up to a sharp rim.
    share = opacity * np.clip(length / (0.25 * largest or 1.0), 0, 1)[..., None]
    canvas = np.round(canvas + share * (flow_colours(flow, largest=largest) - canvas.astype(np.float32))).astype(
        np.uint8
    )
    size = max(24, min(canvas.shape[:2]) // 6)
    y, x = np.mgrid[:size, :size] / (size - 1) * 2 - 1
    inside = np.hypot(x, y) <= 1
    wheel = flow_colours(np.stack([x, y], axis=-1), largest=1.0)
    top, left = _corner(canvas, size, size)
    patch = canvas[top : top + size, left : left + size]
    shown = inside[: patch.shape[0], : patch.shape[1]]
    patch[shown] = wheel[: patch.shape[0], : patch.shape[1]][shown]
    _write(canvas, f"{largest:.1f} px", (left, top - _unit(canvas) * 3))
    return _as_depth_of(canvas, pixels)


def draw_arrows(
    pixels: RgbImage, flow: NDArray[np.floating[Any]], *, spacing_px: int | None = None, opacity: float = 1.0
) -> RgbImage:
    """Arrows from where a pixel's content came to where it is now, at their true length.

    Args:
        pixels: (H, W, 3).
        flow: (H, W, 2) backward, picture pixels: the content of p came from p + flow(p).
        spacing_px: between arrows; None for a 36th of the picture's longer side.
        opacity: of the arrows, in [0, 1].
    """
    _check(pixels, flow, opacity)
    canvas, layer = _as_8bit(pixels), _as_8bit(pixels)
    spacing = spacing_px or max(6, max(canvas.shape[:2]) // 36)
    width = _unit(canvas)
    for y in range(spacing // 2, canvas.shape[0], spacing):
        for x in range(spacing // 2, canvas.shape[1], spacing):
            dx, dy = (float(v) for v in flow[y, x])
            length = math.hypot(dx, dy)
            if length < 0.25:
                continue
            start, end = _fixed(x + dx, y + dy), _fixed(x, y)
            tip = min(0.5, 4 * width / length)
            for colour, extra in ((_BLACK, width), (_ACCENT, 0)):
                cv2.arrowedLine(layer, start, end, colour, width + extra, cv2.LINE_AA, 4, tip)
    canvas = _mix(canvas, layer, opacity)
    _write(canvas, "arrows: where pixels came from, true length", (width * 3, width * 3))
    return _as_depth_of(canvas, pixels)


def draw_bent_grid(
    pixels: RgbImage, flow: NDArray[np.floating[Any]], *, spacing_px: int | None = None, opacity: float = 0.8
) -> RgbImage:
    """A straight grid on the source, bent as the flow bends the picture: crossing lines show a fold.

    Args:
        pixels: (H, W, 3), warped.
        flow: (H, W, 2) backward, picture pixels.
        spacing_px: between lines; None for a 48th of the picture's longer side.
        opacity: of the lines, in [0, 1].
    """
    _check(pixels, flow, opacity)
    canvas = _as_8bit(pixels)
    height, width = canvas.shape[:2]
    spacing = spacing_px or max(6, max(height, width) // 48)
    half = _unit(canvas) / 2
    # A pixel is on a line if the source position it shows is: no inverse of the flow is needed.
    cover = np.zeros((height, width), np.float32)
    for axis, coordinate in ((0, np.arange(width)[None, :]), (1, np.arange(height)[:, None])):
        source = coordinate + flow[..., axis]
        distance = np.abs((source + spacing / 2) % spacing - spacing / 2)
        cover = np.maximum(cover, np.clip(half + 0.5 - distance, 0, 1))
    cover[~flow.any(axis=2)] *= 0.35
    layer = np.empty_like(canvas)
    layer[...] = _ACCENT
    share = (cover * opacity)[..., None]
    canvas = np.round(canvas + share * (layer - canvas.astype(np.float32))).astype(np.uint8)
    _write(canvas, f"grid of {spacing} px on the source", (_unit(canvas) * 3, _unit(canvas) * 3))
    return _as_depth_of(canvas, pixels)


def draw_confidence(pixels: RgbImage, confidence: FloatMap, *, opacity: float = 0.6) -> RgbImage:
    """A heat-map from 0 (dark violet) to 1 (yellow), even to the eye, with its scale as legend.

    Args:
        pixels: (H, W, 3).
        confidence: (H, W) in [0, 1].
        opacity: of the colours, in [0, 1].
    """
    if confidence.shape != pixels.shape[:2]:
        raise GeometryError(f"the confidence is {confidence.shape}, the picture {pixels.shape[:2]}; make them one size")
    _check_opacity(opacity)
    canvas = _mix(_as_8bit(pixels), confidence_colours(confidence), opacity)
    height, width = canvas.shape[:2]
    bar_height, bar_width = max(6, min(height, width) // 40), max(30, min(height, width) // 3)
    top, left = _corner(canvas, bar_height, bar_width)
    bar = confidence_colours(np.repeat(np.linspace(0, 1, bar_width, dtype=np.float32)[None], bar_height, axis=0))
    patch = canvas[top : top + bar_height, left : left + bar_width]
    patch[...] = bar[: patch.shape[0], : patch.shape[1]]
    _write(canvas, "confidence 0 to 1", (left, top - _unit(canvas) * 3))
    return _as_depth_of(canvas, pixels)


def draw_faces(pixels: RgbImage, faces: Sequence[Face], *, opacity: float = 1.0) -> RgbImage:
    """Boxes with the faces' numbers, and their landmarks as dots.

    Args:
        pixels: (H, W, 3).
        faces: in the picture's pixels.
        opacity: of the marks, in [0, 1].
    """
    _check_opacity(opacity)
    canvas, layer = _as_8bit(pixels), _as_8bit(pixels)
    width = _unit(canvas)
    for face in faces:
        box = face.box
        # Dots as fine as the face is small, or a small face would be all dots.
        radius = max(0.6, min(width * 0.8, box.width / 240))
        for x, y in face.landmarks:
            cv2.circle(layer, _fixed(x, y), round(radius * 16), (0, 230, 160), cv2.FILLED, cv2.LINE_AA, 4)
        for colour, extra in ((_BLACK, width), (_ACCENT, 0)):
            cv2.rectangle(layer, (box.x, box.y), (box.right - 1, box.bottom - 1), colour, width + extra, cv2.LINE_AA)
        _write(layer, str(face.index), (max(box.x, 0) + 2 * width, max(box.y, 0) + 2 * width), scale=2.0)
    return _as_depth_of(_mix(canvas, layer, opacity), pixels)


@lru_cache(maxsize=1)
def _colour_wheel() -> NDArray[np.float64]:
    """(55, 3) in [0, 1]."""
    corners = np.array(_WHEEL_CORNERS) / 255
    parts = [
        corners[k] + (corners[k + 1] - corners[k]) * (np.arange(count) / count)[:, None]
        for k, count in enumerate(_WHEEL_SEGMENTS)
    ]
    return np.concatenate(parts)


def confidence_colours(values: FloatMap) -> NDArray[np.uint8]:
    """A heat-map from 0 (dark violet) to 1 (yellow), even to the eye: (H, W) in [0, 1] -> (H, W, 3)."""
    grey = np.round(np.clip(values, 0, 1) * 255).astype(np.uint8)
    heat: NDArray[np.uint8] = cv2.applyColorMap(grey, cv2.COLORMAP_VIRIDIS)[..., ::-1]
    return heat


def _check(pixels: RgbImage, flow: NDArray[np.floating[Any]], opacity: float) -> None:
    if flow.shape != (*pixels.shape[:2], 2):
        raise GeometryError(f"the flow is {flow.shape}, the picture {pixels.shape[:2]}; make them one size")
    _check_opacity(opacity)


def _check_opacity(opacity: float) -> None:
    if not 0 <= opacity <= 1:
        raise GeometryError(f"opacity must lie in 0 to 1; it is {opacity}")


def _as_8bit(pixels: RgbImage) -> NDArray[np.uint8]:
    """An 8-bit copy to draw on."""
    if pixels.dtype == np.uint8:
        return pixels.astype(np.uint8)
    reduced: NDArray[np.uint8] = np.round(pixels / 257).astype(np.uint8)
    return reduced


def _as_depth_of(canvas: NDArray[np.uint8], pixels: RgbImage) -> RgbImage:
    """Marks are made in 8 bit; pixels that no mark touched keep all of theirs."""
    if pixels.dtype == np.uint8:
        return canvas
    untouched = (canvas == _as_8bit(pixels)).all(axis=2, keepdims=True)
    return np.where(untouched, pixels, canvas.astype(np.uint16) * np.uint16(257)).astype(np.uint16)


def _mix(canvas: NDArray[np.uint8], layer: NDArray[np.uint8], opacity: float) -> NDArray[np.uint8]:
    mixed: NDArray[np.uint8] = cv2.addWeighted(layer, opacity, canvas, 1 - opacity, 0)
    return mixed


def _unit(canvas: NDArray[np.uint8]) -> int:
    """Width of a line: 1 px up to pictures of about 700 px."""
    return max(1, round(max(canvas.shape[:2]) / 700))


def _corner(canvas: NDArray[np.uint8], height: int, width: int) -> tuple[int, int]:
    """Top and left of a legend at the lower left."""
    margin = 3 * _unit(canvas)
    return max(0, canvas.shape[0] - height - margin), max(0, min(margin, canvas.shape[1] - width))


def _fixed(x: float, y: float) -> tuple[int, int]:
    """OpenCV draws at 1/16 px when told `shift=4`."""
    return round(float(x) * 16), round(float(y) * 16)


def _write(canvas: NDArray[np.uint8], text: str, corner: tuple[int, int], *, scale: float = 1.0) -> None:
    """White letters on a dark box, inside the picture; `corner` is the box's upper left."""
    unit = _unit(canvas)
    font, size, thickness = cv2.FONT_HERSHEY_SIMPLEX, 0.45 * unit * scale, max(1, round(unit * scale * 0.8))
    (width, height), base = cv2.getTextSize(text, font, size, thickness)
    pad = 2 * unit
    left = max(0, min(corner[0], canvas.shape[1] - width - 2 * pad))
    top = max(0, min(corner[1] - height // 2, canvas.shape[0] - height - base - 2 * pad))
    box = canvas[top : top + height + base + 2 * pad, left : left + width + 2 * pad]
    box[...] = box // 3
    cv2.putText(canvas, text, (left + pad, top + pad + height), font, size, _WHITE, thickness, cv2.LINE_AA)
