"""The inside of a mouth that the photo shows closed: teeth of nobody, before a drawn cavity, in the photo's light.

Teeth are part of the skull: they lie at one place of the face however the lips move, are never stretched, and an
opening mouth uncovers them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.contours import curve_at
from fvae_studio.core.flow_spline import smoothstep
from fvae_studio.core.geometry import Points
from fvae_studio.core.parting import PartedLips
from fvae_studio.core.types import FloatMap

EDGE_BELOW_SEAM_PX: Final = 1.4
"""Behind closed lips the edges of the central incisors lie so many crop pixels (2.5 mm) below the line between them."""

MOST_LOWERED_PX: Final = 1.0
"""So many crop pixels more of the teeth are shown at most: the upper lip of an open mouth rises a little, and the flow
does not know."""

MOUTH_WIDTH_PX: Final = 27.8
"""Of a closed mouth, crop pixels: the mean of the London set."""


class MouthInside(Protocol):
    """Something that can be seen between parted lips."""

    def shade(self, x: FloatMap, y: FloatMap, lips: PartedLips, *, px_per_crop_px: float) -> FloatMap:
        """Its colours at positions of the edited crop.

        Args:
            x: crop pixels.
            y: crop pixels, of the same shape.
            lips: around it.
            px_per_crop_px: photo pixels per crop pixel, so that it can be as fine as the photo and no finer.

        Returns:
            (*x.shape, 3) linear light.
        """


@dataclass(frozen=True, eq=False)
class TeethPlate:
    """Upper teeth seen from the front.

    Attributes:
        pixels: (h, w, 3) float32, linear light, over the mean luminance of the central incisors.
        alpha: (h, w) float32: 1 on teeth, 0 below their edges.
        px_per_crop_px: pixels per pixel of the aligned crop.
        origin: (x, y) of the middle between the central incisors' edges, pixels of the plate.
    """

    pixels: FloatMap
    alpha: FloatMap
    px_per_crop_px: float
    origin: tuple[float, float]


@dataclass(frozen=True)
class TeethPlace:
    """Where somebody's upper teeth lie, in crop pixels.

    Attributes:
        middle: x between the central incisors.
        edge: y of their edges.
        left, right: sizes of the left and the right half of the arch, 1 for the mean; they differ in a turned head.
    """

    middle: float
    edge: float
    left: float
    right: float


def place_teeth(landmarks: Points, seam: FloatMap) -> TeethPlace:
    """Guess where the teeth lie behind closed lips.

    Args:
        landmarks: (478, 2) of the photo's face, crop pixels.
        seam: the line between the lips, a curve of the photo's crop (`parting.find_seam`).
    """
    middle = float(landmarks[[0, 13, 14, 17], 0].mean())
    halves = np.array([middle - landmarks[61, 0], landmarks[291, 0] - middle])
    size = float(np.clip((halves.sum() / MOUTH_WIDTH_PX) ** 0.5, 0.93, 1.07))
    turn = np.clip(halves / max(float(halves.mean()), 1e-3), 0.8, 1.2)
    edge = float(curve_at(seam, np.array(middle))) + EDGE_BELOW_SEAM_PX
    return TeethPlace(middle, edge, size * float(turn[0]), size * float(turn[1]))


@dataclass(frozen=True, eq=False)
class DonorMouth:
    """Donor teeth at a person's place and in a photo's light; a `MouthInside`.

    Attributes:
        plate: the teeth.
        place: where they lie.
        white: (3,) linear colour of white teeth in the photo's light (`mouth_light.estimate_white`).
    """

    plate: TeethPlate
    place: TeethPlace
    white: NDArray[np.float32]

    def shade(self, x: FloatMap, y: FloatMap, lips: PartedLips, *, px_per_crop_px: float) -> FloatMap:
        """See `MouthInside`."""
        edge = self._edge(lips)
        teeth, alpha = self._teeth(x, y - edge, px_per_crop_px)
        cavity = draw_cavity(x, y, (np.float32(edge), curve_at(lips.bottom, x)), lips.corners, lips.gap, self.white)
        light = light_between(x, y, lips)
        # Teeth hide what is behind them. Lower teeth stay behind the lower lip, which moves with the jaw as they do.
        inside = cavity + alpha[..., None] * (teeth * self.white * light[..., None] - cavity)
        shaded: FloatMap = inside.astype(np.float32)
        return shaded

    def _edge(self, lips: PartedLips) -> float:
        """Height of the central incisors' edges, crop pixels; where the lower lip leaves them, more is shown."""
        slack = max(float(curve_at(lips.bottom, np.array(self.place.middle))) - self.place.edge, 0)
        return self.place.edge + MOST_LOWERED_PX * (1 - float(np.exp(-0.6 * slack / MOST_LOWERED_PX)))

    def _teeth(self, x: FloatMap, y: FloatMap, px_per_crop_px: float) -> tuple[FloatMap, FloatMap]:
        """Colours and alpha; `y` from the edges of the central incisors."""
        place, plate = self.place, self.plate
        away = x - place.middle
        # One size passes smoothly into the other over the central incisors.
        share = smoothstep(away / 8 + 0.5)
        size = place.left + share * (place.right - place.left)
        height = (place.left + place.right) / 2
        column = away / size * plate.px_per_crop_px + plate.origin[0]
        row = y / height * plate.px_per_crop_px + plate.origin[1]
        layers = np.dstack([plate.pixels, plate.alpha])
        reduction = plate.px_per_crop_px / px_per_crop_px
        if reduction > 1:
            layers = cv2.GaussianBlur(layers, (0, 0), 0.5 * float(np.sqrt(reduction**2 - 1)) + 1e-3)
        read = cv2.remap(
            layers, column.astype(np.float32), row.astype(np.float32), cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        return np.maximum(read[..., :3], 0), np.clip(read[..., 3], 0, 1)


def draw_cavity(
    x: FloatMap,
    y: FloatMap,
    edges: tuple[FloatMap | np.float32, FloatMap],
    corners: tuple[float, float],
    gap: float,
    white: NDArray[np.float32],
) -> FloatMap:
    """The dark of the mouth, and the back of the tongue where it is wide open.

    Args:
        x: crop pixels.
        y: crop pixels, of the same shape.
        edges: y of the teeth's and of the lower lip's edges there.
        corners: x of the corners of the mouth.
        gap: how far it is open, crop pixels.
        white: (3,) linear colour of white teeth in this light.

    Returns:
        (*x.shape, 3) linear light.
    """
    edge, bottom = edges
    depth = np.maximum(bottom - edge, 0)
    wide = float(smoothstep(np.array((gap - 4.5) / 3)))
    center, width = (corners[0] + corners[1]) / 2, corners[1] - corners[0]
    across = np.clip(np.abs(x - center) / (0.36 * width), 0, 1)
    # A dome that rises from behind the lower lip.
    ridge = bottom - 0.5 * depth * np.sqrt(1 - across**2)
    tongue = smoothstep((y - ridge) / 3.0 + 0.3) * smoothstep((1 - across) * 3) * wide
    glow = (0.25 + 0.75 * smoothstep((y - ridge) / np.maximum(bottom - ridge, 0.8))) * (1 - 0.5 * across**2)
    dark = white.mean() * np.array([0.035, 0.014, 0.012], np.float32)
    flesh = white * np.array([0.30, 0.115, 0.11], np.float32)
    cavity: FloatMap = (dark + (tongue * glow)[..., None] * (flesh - dark)).astype(np.float32)
    return cavity


def light_between(x: FloatMap, y: FloatMap, lips: PartedLips) -> FloatMap:
    """How much light falls between the lips, in [0, 1]: least under the upper lip, in the corners, through a slit."""
    left, right = lips.corners
    top, bottom = curve_at(lips.top, x), curve_at(lips.bottom, x)
    gap = bottom - top
    under_lip = 1 - 0.5 * np.exp(-np.maximum(y - top, 0) / 0.8)
    over_lip = 1 - 0.25 * np.exp(-np.maximum(bottom - y, 0) / 0.5)
    corner = smoothstep(np.minimum(x - left, right - x) / 9 + 0.02)
    slit = smoothstep(gap / 3.0 + 0.05)
    light: FloatMap = (under_lip * over_lip * (0.06 + 0.94 * corner) * (0.12 + 0.88 * slit)).astype(np.float32)
    return light
