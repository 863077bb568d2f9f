"""The average of several people's upper teeth: each tooth laid over the same tooth, so that it stays sharp.

Teeth are not where the lips are: two mouths that are registered by their lips have teeth that lie between each other,
and their average is a grey bar. So the front teeth are placed by hand, warped to their mean, and pulled the last tenths
of a pixel by dense optical flow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import estimate_alignment
from fvae_studio.core.geometry import Points
from trainer.averages.blending import bands, run_on
from trainer.averages.portrait import FloatImage, as_float, smoothstep
from trainer.averages.regions import INNER_LIPS
from trainer.dense_maps import pixel_grid, remap

MARKS_FILE: Final = Path(__file__).resolve().with_name("teeth.toml")
"""Where teeth lie in which photos, marked by hand."""

SIZE_PX: Final = (34.0, 14.0)
"""Width and height of the plate, pixels of the aligned crop."""

ORIGIN_PX: Final = (17.0, 9.0)
"""Where on it the middle between the central incisors' edges lies, pixels of the aligned crop from the upper left."""

_DEPTHS: Final = (-0.6, -2.5, -5.0)
"""Crop pixels from a tooth's edge at which its sides are marked."""

_INNER_PX: Final = 0.55
"""Crop pixels next to the lips that do not count: the contour is found no better, and lips throw shadows."""

_ROUNDS: Final = 3
_MOST_PX: Final = 0.6
"""The optical flow may pull by so many crop pixels at most."""

_ROUND_PX: Final = 0.75
"""How much higher the corners of a tooth's edge are than its middle, crop pixels."""

_EDGE_PX: Final = 0.3
"""Softness of that edge, crop pixels."""

_GAIN_LIMITS: Final = (1.6, 1.6, 1.3)
"""As in `blending`: most that the averaged detail is amplified, by octave."""


@dataclass(frozen=True, eq=False)
class TeethMarks:
    """Six upper front teeth, canine to canine, placed by hand.

    Attributes:
        sides: (12,) left and right side of each, from the photo's left to its right.
        edges: (6,) the lowest point of each. All in crop pixels, from a point of one's choice.
    """

    sides: NDArray[np.float64]
    edges: NDArray[np.float64]

    def centred(self) -> TeethMarks:
        """From the middle between the central incisors' edges."""
        middle, height = self.sides[[5, 6]].mean(), self.edges[[2, 3]].mean()
        return TeethMarks(self.sides - middle, self.edges - height)

    def points(self) -> Points:
        """(42, 2) marks along the sides of the teeth and on their edges."""
        found = []
        for left, right, edge in zip(self.sides[::2], self.sides[1::2], self.edges, strict=True):
            found += [(x, edge + depth) for depth in _DEPTHS for x in (left, right)]
            found.append(((left + right) / 2, edge))
        return np.asarray(found, np.float32)


@dataclass(frozen=True, eq=False)
class Mouth:
    """One smiling photo.

    Attributes:
        pixels: (H, W, 3) uint8.
        landmarks: (478, 2), photo pixels.
        marks: from the middle of the inner lips (landmarks 13 and 14).
    """

    pixels: NDArray[np.uint8]
    landmarks: Points
    marks: TeethMarks


@dataclass(frozen=True, eq=False)
class AverageTeeth:
    """Teeth of nobody.

    Attributes:
        pixels: (h, w, 3) float32 in [0, 1], sRGB; beyond the teeth their colours run on.
        alpha: (h, w) float32: 1 on teeth and gums, 0 below the teeth's edges.
        top: (w,) crop pixels from the edge of the central incisors: above it the teeth were covered by lips and are
            run on.
        marks: where the teeth lie, from the middle between the central incisors' edges.
        count: of how many people.
    """

    pixels: FloatImage
    alpha: FloatImage
    top: FloatImage
    marks: TeethMarks
    count: int


def mean_marks(mouths: Sequence[Mouth]) -> TeethMarks:
    """The mean of all, alike on both sides."""
    centred = [mouth.marks.centred() for mouth in mouths]
    sides, edges = (np.mean([getattr(marks, name) for marks in centred], axis=0) for name in ("sides", "edges"))
    return TeethMarks((sides - sides[::-1]) / 2, (edges + edges[::-1]) / 2)


def average_teeth(mouths: Sequence[Mouth], *, px_per_crop_px: int = 10) -> AverageTeeth:
    """Average the upper teeth of several people.

    Args:
        mouths: at least two; the more, the less of each remains.
        px_per_crop_px: resolution of the result.
    """
    marks = mean_marks(mouths)
    width, height = (round(length * px_per_crop_px) for length in SIZE_PX)
    grid = pixel_grid(max(width, height))[:height, :width]
    plate = (grid + 0.5) / px_per_crop_px - np.asarray(ORIGIN_PX, np.float32)
    maps = [_map(mouth, marks, plate) for mouth in mouths]
    shown, weights = _show(mouths, maps, px_per_crop_px)
    for _ in range(_ROUNDS):
        maps = _refine(maps, shown, weights, grid, px_per_crop_px)
        shown, weights = _show(mouths, maps, px_per_crop_px)
    shown = _in_one_tone(shown, weights, plate)
    total = as_float(np.sum(weights, axis=0))
    mean = as_float(np.sum([w[..., None] * s for s, w in zip(shown, weights, strict=True)], axis=0))
    plain = mean / np.maximum(total, 1e-3)[..., None]
    alpha = _outline(plate, marks)
    enough = smoothstep(total / len(mouths), 0.25, 0.6)
    rows = np.where((enough > 0.5) & (alpha > 0.5), plate[..., 1], np.inf).min(axis=0)
    detailed = _with_detail(plain, shown, weights)
    solid = cv2.erode((alpha > 0.98).astype(np.float32), np.ones((3, 3), np.uint8))
    filled = run_on(as_float(detailed * solid[..., None]), solid, as_float(enough * solid))
    return AverageTeeth(as_float(np.clip(filled, 0, 1)), alpha, as_float(np.minimum(rows, 0)), marks, len(mouths))


def _map(mouth: Mouth, marks: TeethMarks, plate: FloatImage) -> FloatImage:
    """(h, w, 2) plate -> the mouth's photo."""
    own, wanted = mouth.marks.points(), marks.points()
    far = np.array([[-25, -20], [25, -20], [-25, 20], [25, 20]], np.float32)
    shifts = np.concatenate([own - wanted, np.tile((own - wanted).mean(axis=0), (4, 1))])
    spline = RBFInterpolator(np.concatenate([wanted, far]), shifts, kernel="thin_plate_spline", smoothing=0.3)
    in_crop = plate + spline(plate.reshape(-1, 2)).reshape(plate.shape)
    to_crop = estimate_alignment(mouth.landmarks)
    middle = to_crop.apply(mouth.landmarks[[13, 14]]).mean(axis=0)
    return to_crop.inverse.apply(in_crop + middle)


def _show(
    mouths: Sequence[Mouth], maps: Sequence[FloatImage], px_per_crop_px: int
) -> tuple[list[FloatImage], list[FloatImage]]:
    """Every mouth on the plate, 0..1, and how far its pixels count: not where lips are."""
    shown, weights = [], []
    for mouth, backward in zip(mouths, maps, strict=True):
        shown.append(as_float(remap(mouth.pixels, backward, cv2.INTER_LANCZOS4)) / 255)
        inside = np.zeros(mouth.pixels.shape[:2], np.uint8)
        contour = np.rint(mouth.landmarks[list(INNER_LIPS)] * 16).astype(np.int32)
        cv2.fillPoly(inside, [contour], 255, lineType=cv2.LINE_AA, shift=4)
        seen = (remap(inside, backward) > 127).astype(np.uint8)
        distance = cv2.distanceTransform(np.pad(seen, 1), cv2.DIST_L2, 5)[1:-1, 1:-1] / px_per_crop_px
        weights.append(smoothstep(as_float(distance), _INNER_PX, _INNER_PX + 1.2))
    return shown, weights


def _refine(
    maps: Sequence[FloatImage],
    shown: Sequence[FloatImage],
    weights: Sequence[FloatImage],
    grid: FloatImage,
    px_per_crop_px: int,
) -> list[FloatImage]:
    """Pull every mouth to the average of them all by dense optical flow, without moving the average."""
    total = np.maximum(np.sum(weights, axis=0), 1e-3)
    mean = np.sum([w[..., None] * s for s, w in zip(shown, weights, strict=True)], axis=0) / total[..., None]
    matcher = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    matcher.setFinestScale(0)
    matcher.setVariationalRefinementIterations(5)
    wanted = _pattern(mean, px_per_crop_px)
    flows = []
    for pixels, weight in zip(shown, weights, strict=True):
        filled = mean + weight[..., None] * (pixels - mean)
        flow = cv2.GaussianBlur(
            matcher.calc(wanted, _pattern(filled, px_per_crop_px), None), (0, 0), 0.5 * px_per_crop_px
        )
        length = np.hypot(flow[..., 0], flow[..., 1])[..., None]
        flows.append(flow * np.minimum(1, _MOST_PX * px_per_crop_px / np.maximum(length, 1e-6)))
    drift = np.mean(flows, axis=0)
    return [remap(old, as_float(grid + flow - drift)) for old, flow in zip(maps, flows, strict=True)]


def _pattern(pixels: FloatImage, px_per_crop_px: int) -> NDArray[np.uint8]:
    """Where the lines between the teeth are, whatever the light."""
    grey = as_float(pixels.mean(axis=2)) * 255
    local = cv2.GaussianBlur(grey, (0, 0), 1.2 * px_per_crop_px)
    spread = np.sqrt(cv2.GaussianBlur((grey - local) ** 2, (0, 0), 2.0 * px_per_crop_px))
    pattern: NDArray[np.uint8] = np.clip((grey - local) / (spread + 6) * 48 + 128, 0, 255).astype(np.uint8)
    return pattern


def _in_one_tone(shown: Sequence[FloatImage], weights: Sequence[FloatImage], plate: FloatImage) -> list[FloatImage]:
    """All in the mean colour of the central incisors, so that no seam shows where somebody stops to count."""
    centre = (np.abs(plate[..., 0]) < 4.4) & (plate[..., 1] > -3.5) & (plate[..., 1] < -0.8)
    shares = [as_float(weight * centre)[..., None] for weight in weights]
    tones = np.array(
        [(s * share).sum((0, 1)) / max(float(share.sum()), 1e-3) for s, share in zip(shown, shares, strict=True)]
    )
    return [as_float(pixels * (tones.mean(axis=0) / tone)) for pixels, tone in zip(shown, tones, strict=True)]


def _outline(plate: FloatImage, marks: TeethMarks) -> FloatImage:
    """(h, w) alpha: above the lower edges of the teeth, which are round at their corners, canines more than incisors.

    Behind the canines two premolars are added on either side, each a little higher than the one before.
    """
    x, y = plate[0, :, 0], plate[..., 1]
    last, tip = marks.sides[-1], marks.edges[-1]
    # Neighbours touch: the dark line between them is in the picture.
    between = [0.0, *(marks.sides[7:-1:2] + marks.sides[8::2]) / 2, last]
    teeth = list(zip(between, between[1:], marks.edges[3:], (4.0, 3.4, 2.2), strict=False))
    teeth += [(last + 2.3 * k, last + 2.3 * (k + 1), tip - 1.1 * (k + 1), 2.2) for k in range(2)]
    line = np.full(x.shape, tip - 4.0)
    for left, right, edge, roundness in teeth:
        for side in (-1, 1):
            along = np.abs(2 * (x * side - left) / (right - left) - 1)
            line = np.where(along <= 1, np.maximum(line, edge - _ROUND_PX * along**roundness), line)
    return as_float(np.clip((line - y) / _EDGE_PX + 0.5, 0, 1))


def _with_detail(mean: FloatImage, shown: Sequence[FloatImage], weights: Sequence[FloatImage]) -> FloatImage:
    """The averaged detail as strong as detail is in the single mouths, within limits."""
    octaves = len(_GAIN_LIMITS)
    details, restored = bands(mean, octaves)
    energies = [np.zeros(band.shape[:2], np.float32) for band in details]
    totals = [np.full(band.shape[:2], 1e-3, np.float32) for band in details]
    for pixels, weight in zip(shown, weights, strict=True):
        for octave, band in enumerate(bands(as_float(mean + weight[..., None] * (pixels - mean)), octaves)[0]):
            share = cv2.resize(weight, band.shape[1::-1], interpolation=cv2.INTER_AREA)
            energies[octave] += share * (band**2).sum(axis=2)
            totals[octave] += share
    for octave in reversed(range(octaves)):
        detail, limit = details[octave], _GAIN_LIMITS[octave]
        wanted = np.sqrt(np.maximum(cv2.GaussianBlur(energies[octave] / totals[octave], (0, 0), 6), 0))
        found = np.sqrt(cv2.GaussianBlur((detail**2).sum(axis=2), (0, 0), 6))
        gain = np.clip(wanted / np.maximum(found, 1e-5), 1, limit)
        restored = cv2.pyrUp(restored, dstsize=detail.shape[1::-1]) + gain[..., None] * detail
    return as_float(restored)
