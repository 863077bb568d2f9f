"""Flows as pictures and lines on the aligned crop: made once per flow, drawn as often as the view moves.

Positions are measured from the crop's corner, in crop pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF
from PySide6.QtGui import QImage

from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.flow_view import confidence_colours, flow_colours
from fvae_studio.core.geometry import Points
from fvae_studio.core.types import FloatMap
from fvae_studio.gui.canvas.placement import PIXEL_CENTRE
from fvae_studio.gui.qimage import to_qimage
from fvae_studio.pipeline.requests import PlacedFlow

_REMEMBERED: Final = 24
"""Shapes that are kept: those of some faces, for the two or three sizes at which they are looked at."""

_TIP_SHARE: Final = 0.45

BLEND_COLOURS: Final = ((46, 134, 222), (255, 159, 28), (46, 196, 120), (214, 72, 150))
"""Of a clip's first photo, of its second, and so on."""


def largest_motion(flows: Sequence[PlacedFlow]) -> float:
    """The longest displacement of all, crop pixels."""
    return max((_largest(flow) for flow in flows), default=0.0)


@lru_cache(maxsize=_REMEMBERED)
def _largest(flow: PlacedFlow) -> float:
    return float(np.hypot(flow.field.flow[..., 0], flow.field.flow[..., 1]).max())


@lru_cache(maxsize=_REMEMBERED)
def flow_picture(flow: PlacedFlow, largest: float) -> QImage:
    """The motion as colours; `largest` (crop pixels) has full saturation."""
    field = flow.field.flow
    length = np.hypot(field[..., 0], field[..., 1])
    # Short displacements are nearly white in this code: in full they would veil the face up to a sharp rim.
    alpha = np.clip(length / max(0.25 * largest, 1e-6), 0, 1)
    return to_qimage(flow_colours(field, largest=largest or 1.0), alpha=_as_bytes(alpha))


@lru_cache(maxsize=_REMEMBERED)
def confidence_picture(flow: PlacedFlow) -> QImage:
    """The confidence as a heat-map, faded out at the crop's border."""
    fade = _border_fade(*flow.field.confidence.shape)
    return to_qimage(confidence_colours(flow.field.confidence), alpha=_as_bytes(fade))


def blend_picture(shares: NDArray[np.float32]) -> QImage:
    """Where which source is seen: the colours of the sources, mixed by their shares; faded out at the crop's border.

    Args:
        shares: (num_sources, h, w) in [0, 1].
    """
    colours = np.array([BLEND_COLOURS[index % len(BLEND_COLOURS)] for index in range(len(shares))], np.float32)
    mixed = np.tensordot(shares, colours, axes=(0, 0))
    return to_qimage(np.round(mixed).clip(0, 255).astype(np.uint8), alpha=_as_bytes(_border_fade(*shares.shape[1:])))


@lru_cache(maxsize=_REMEMBERED)
def arrows(flow: PlacedFlow, spacing: float, tip: float) -> list[QLineF]:
    """Arrows from where the content of a place came from to the place, at true length.

    Args:
        flow: of one face.
        spacing: between arrows, crop pixels.
        tip: longest side of an arrow's head, crop pixels; arrows of less than a quarter of it are left out.
    """
    places = np.arange(spacing / 2, CROP_SIZE, spacing)
    at = np.stack(np.meshgrid(places, places), axis=-1).reshape(-1, 2)
    moved = _sample(flow.field.flow, at)
    length = np.hypot(moved[:, 0], moved[:, 1])
    is_drawn = length >= max(0.25 * tip, 1e-6)
    at, moved, length = at[is_drawn], moved[is_drawn], length[is_drawn]
    back = moved * (np.minimum(_TIP_SHARE * length, tip) / length)[:, None]
    aside = 0.6 * back[:, ::-1] * (-1, 1)
    return [*_lines(at + moved, at), *_lines(at + back + aside, at), *_lines(at + back - aside, at)]


@lru_cache(maxsize=_REMEMBERED)
def bent_grid(flow: PlacedFlow, spacing: float) -> list[QLineF]:
    """The lines of a straight grid on the photo, where the edit puts them."""
    # Single lines, not one path: crossings make a path of many lines as slow as their number squared.
    along = np.linspace(0, CROP_SIZE, round(CROP_SIZE / max(3.0, 0.7 * spacing)) + 1)
    places = np.arange(spacing, CROP_SIZE, spacing)
    across = np.stack(np.meshgrid(along, places), axis=-1)
    seen = seen_at(flow.field.flow, np.concatenate([across, across[..., ::-1]]).reshape(-1, 2))
    seen = seen.reshape(2 * len(places), len(along), 2)
    return _lines(seen[:, :-1].reshape(-1, 2), seen[:, 1:].reshape(-1, 2))


def moved_landmarks(flow: PlacedFlow) -> Points:
    """Where the face's landmarks are after the edit; photo pixels, pixel centres at integers."""
    on_crop = flow.photo_to_crop.apply(flow.face.landmarks) + PIXEL_CENTRE
    return flow.photo_to_crop.inverse.apply(seen_at(flow.field.flow, on_crop) - PIXEL_CENTRE)


def seen_at(flow: FloatMap, points: NDArray[Any]) -> NDArray[np.float64]:
    """Where the content of some crop positions is seen: the p with p + flow(p) = point."""
    found = np.asarray(points, np.float64)
    for _ in range(8):
        # Half steps: a flow that stretches strongly would make full ones jump to and fro.
        found = 0.5 * found + 0.5 * (points - _sample(flow, found))
    return found


def _border_fade(height: int, width: int) -> NDArray[np.float64]:
    """1 inside, 0 at the crop's border: a square with a hard edge would look like a seam in the photo."""
    y, x = (1 - np.abs(np.linspace(-1, 1, count)) for count in (height, width))
    fade: NDArray[np.float64] = np.clip(np.minimum(y[:, None], x[None, :]) / 0.12, 0, 1)
    return fade


def _sample(flow: FloatMap, points: NDArray[Any]) -> NDArray[np.float64]:
    """The flow at (N, 2) crop positions, linear between its grid points, zero beyond the crop."""
    height, width = flow.shape[:2]
    x = np.clip(points[:, 0] * width / CROP_SIZE - 0.5, 0, width - 1.000001)
    y = np.clip(points[:, 1] * height / CROP_SIZE - 0.5, 0, height - 1.000001)
    column, row = x.astype(int), y.astype(int)
    fx, fy = (x - column)[:, None], (y - row)[:, None]
    above = flow[row, column] * (1 - fx) + flow[row, column + 1] * fx
    below = flow[row + 1, column] * (1 - fx) + flow[row + 1, column + 1] * fx
    inside = np.all((points >= 0) & (points <= CROP_SIZE), axis=1)
    sampled: NDArray[np.float64] = (above * (1 - fy) + below * fy) * inside[:, None]
    return sampled


def _lines(starts: NDArray[np.float64], ends: NDArray[np.float64]) -> list[QLineF]:
    return [QLineF(*line) for line in np.concatenate([starts, ends], axis=1).tolist()]


def _as_bytes(share: NDArray[Any]) -> NDArray[np.uint8]:
    values: NDArray[np.uint8] = np.round(share * 255).astype(np.uint8)
    return values
