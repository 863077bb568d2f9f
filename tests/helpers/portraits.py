"""Portraits of nobody, pasted into cluttered canvases at known places."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.geometry import Points, SimilarityTransform
from fvae_studio.core.types import Photo
from fvae_studio.paths import data_dir, samples_dir
from fvae_studio.pipeline.detector import EARS


def portrait_files() -> list[Path]:
    """The sample portraits, or the averaged faces beside the source tree; empty where both are absent."""
    samples = [*samples_dir().glob("*_neutral.jpg"), *samples_dir().glob("*_smile.jpg")]
    if not samples and (data := data_dir()) is not None:
        samples = [*(data / "composites").glob("*.jpg")]
    return sorted(samples)


def load_photo(path: Path) -> Photo:
    """Pixels only."""
    pixels = cv2.imread(str(path))
    assert pixels is not None, path
    return Photo(np.ascontiguousarray(pixels[..., ::-1]))


@dataclass(frozen=True, eq=False)
class Portrait:
    """A photo of one upright face and its points."""

    photo: Photo
    landmarks: Points

    @property
    def middle(self) -> NDArray[np.float64]:
        """Between forehead and chin."""
        return self.landmarks[[10, 152]].mean(axis=0).astype(np.float64)

    def placement(self, center: tuple[float, float], *, ears: float, tilt: float = 0.0) -> SimilarityTransform:
        """Portrait pixels -> canvas pixels, `ears` pixels between the ears, turned clockwise by `tilt` degrees."""
        left, right = self.landmarks[list(EARS)].astype(np.float64)
        scale = ears / np.hypot(*(right - left))
        a, b = scale * np.cos(np.radians(tilt)), scale * np.sin(np.radians(tilt))
        x, y = self.middle
        return SimilarityTransform(a, b, center[0] - (a * x - b * y), center[1] - (b * x + a * y))


def make_clutter(width: int, height: int, *, seed: int = 1) -> NDArray[np.uint8]:
    """Blots of many sizes: texture everywhere, faces nowhere."""
    rng = np.random.default_rng(seed)
    canvas = np.full((height, width, 3), 120.0, np.float32)
    for cell, strength in ((8, 6.0), (32, 9.0), (128, 14.0), (512, 25.0)):
        blots = rng.normal(0, strength, (height // cell + 2, width // cell + 2, 3)).astype(np.float32)
        canvas += cv2.resize(blots, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.clip(canvas, 0, 255).astype(np.uint8)


def paste(canvas: NDArray[np.uint8], portrait: Portrait, placement: SimilarityTransform) -> Points:
    """Put the head of a portrait into the canvas, with a soft edge.

    Returns:
        Where its landmarks lie then, in canvas pixels.
    """
    pixels, to_canvas = portrait.photo.pixels, placement
    while to_canvas.scale < 0.5:
        # Whole halves by averaging: linear sampling alone would skip pixels and give a small face sharp noise.
        height, width = pixels.shape[0] // 2, pixels.shape[1] // 2
        pixels = cv2.resize(pixels[: height * 2, : width * 2], (width, height), interpolation=cv2.INTER_AREA)
        to_canvas = SimilarityTransform(2.0, 0.0, 0.5, 0.5).then(to_canvas)
    ears = float(np.hypot(*(portrait.landmarks[EARS[1]] - portrait.landmarks[EARS[0]]))) * placement.scale
    center = placement.apply(portrait.middle)
    radius = int(1.8 * ears)
    x0, y0 = (int(v) - radius for v in center)
    square = to_canvas.then(SimilarityTransform(1.0, 0.0, -x0, -y0))
    side = 2 * radius
    head = cv2.warpAffine(pixels, square.matrix, (side, side), flags=cv2.INTER_LINEAR)
    mask = np.zeros((side, side), np.float32)
    axes = int(0.95 * ears), int(1.25 * ears)
    cv2.ellipse(mask, (radius, radius), axes, np.degrees(placement.angle), 0, 360, 1.0, -1)
    mask *= cv2.warpAffine(np.ones(pixels.shape[:2], np.float32), square.matrix, (side, side))
    mask = cv2.GaussianBlur(mask, (0, 0), max(1.0, 0.05 * ears))[..., None]
    height, width = canvas.shape[:2]
    inside = slice(max(0, y0), min(height, y0 + side)), slice(max(0, x0), min(width, x0 + side))
    part = slice(inside[0].start - y0, inside[0].stop - y0), slice(inside[1].start - x0, inside[1].stop - x0)
    blend = canvas[inside] * (1 - mask[part]) + head[part] * mask[part]
    canvas[inside] = np.round(blend).astype(np.uint8)
    return placement.apply(portrait.landmarks)
