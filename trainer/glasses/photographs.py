"""What else lies across faces, and what cameras do to them: so that a finder of glasses is not taken in by either."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from trainer.glasses.frames import CANVAS, MIDDLE, SHIFT, UNIT, Drawn, Rgb8, fixed, over

HAIR_SHARE: Final = 0.3
MAKE_UP_SHARE: Final = 0.25
BROWS_SHARE: Final = 0.25
WRINKLES_SHARE: Final = 0.2
COVER_SHARE: Final = 0.15
"""How often strands of hair, dark lids, heavy brows, lines in the skin, locks or brims that hide a part are added."""

TURN_SHARE: Final = 0.25
LIGHTS_SHARE: Final = 0.25
GLARE_SHARE: Final = 0.15
SMEAR_SHARE: Final = 0.15
"""How often one half of a face is narrower, as of a head that is turned far; lights have two colours; a part is burnt
out; the camera shook."""


def add_clutter(pixels: Rgb8, rng: np.random.Generator) -> Rgb8:
    """Dark lines and patches that are no glasses.

    Args:
        pixels: (CANVAS, CANVAS, 3) of an aligned face.
        rng: of everything that is chosen.
    """
    painted = pixels.astype(np.float32)
    if rng.random() < HAIR_SHARE:
        painted = _hair(painted, rng)
    if rng.random() < MAKE_UP_SHARE:
        painted = _make_up(painted, rng)
    if rng.random() < BROWS_SHARE:
        painted = _brows(painted, rng)
    if rng.random() < WRINKLES_SHARE:
        painted = _wrinkles(painted, rng)
    if rng.random() < COVER_SHARE:
        painted = _cover(painted, rng)
    return np.clip(painted, 0, 255).astype(np.uint8)


def photograph(drawn: Drawn, rng: np.random.Generator) -> Drawn:
    """The same face in another place of the crop, another light, and by a worse camera."""
    to = cv2.getRotationMatrix2D(MIDDLE, rng.normal(0, 3), float(np.exp(rng.normal(0, 0.04))))
    to[:, 2] += rng.normal(0, 3, 2)
    size = (CANVAS, CANVAS)
    drawn = _turned(drawn, rng) if rng.random() < TURN_SHARE else drawn
    pixels = cv2.warpAffine(drawn.pixels, to, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    mask = cv2.warpAffine(drawn.mask, to, size, flags=cv2.INTER_LINEAR)
    if rng.random() < 0.5:
        pixels, mask = np.ascontiguousarray(pixels[:, ::-1]), np.ascontiguousarray(mask[:, ::-1])
    light = (pixels.astype(np.float32) / 255) ** np.exp(rng.normal(0, 0.35))
    light = light * np.exp(rng.normal(0, 0.2)) * np.exp(rng.normal(0, 0.09, 3))
    if rng.random() < 0.3:
        # A shadow, or a lamp at one side.
        y, x = np.mgrid[:CANVAS, :CANVAS] / CANVAS - 0.5
        across = x * rng.normal() + y * rng.normal() + rng.normal(0, 0.1)
        light = light * (1 - rng.uniform(0, 0.75) / (1 + np.exp(-across * rng.uniform(2, 30))))[..., None]
    if rng.random() < LIGHTS_SHARE:
        light = light * _two_lights(rng)
    if rng.random() < GLARE_SHARE:
        light = light + _glare(rng)
    if rng.random() < 0.15:
        light[:] = light.mean(axis=-1, keepdims=True)
    light = np.clip(light, 0, 1).astype(np.float32)
    if rng.random() < SMEAR_SHARE:
        light = cv2.GaussianBlur(light, (0, 0), sigmaX=rng.uniform(0.5, 5), sigmaY=rng.uniform(0.5, 3))
    if rng.random() < 0.6:
        light = _small(light, rng)
    return Drawn((np.clip(light, 0, 1) * 255).astype(np.uint8), mask)


def _small(light: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """A face of few pixels, with noise, and saved as a JPEG more often than not."""
    side = max(48, round(CANVAS * rng.uniform(0.22, 1)))
    small = cv2.resize(light, (side, side), interpolation=cv2.INTER_AREA)
    small = (np.clip(small + rng.normal(0, rng.uniform(0, 0.04), small.shape), 0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.6:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 95))]
        small = cv2.imdecode(cv2.imencode(".jpg", small, quality)[1], cv2.IMREAD_COLOR)
    shown: NDArray[np.float32] = cv2.resize(small, (CANVAS, CANVAS), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    return shown / np.float32(255)


def _turned(drawn: Drawn, rng: np.random.Generator) -> Drawn:
    """One half of the face narrower than the other."""
    x, y = np.meshgrid(np.arange(CANVAS, dtype=np.float32), np.arange(CANVAS, dtype=np.float32))
    across = (x - np.float32(MIDDLE[0])) / np.float32(UNIT)
    bent = across + np.float32(rng.uniform(-0.22, 0.22)) * across**2
    from_x = np.asarray(MIDDLE[0] + np.clip(bent, -1.8, 1.8) * UNIT, np.float32)
    return Drawn(
        cv2.remap(drawn.pixels, from_x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        cv2.remap(drawn.mask, from_x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
    )


def _two_lights(rng: np.random.Generator) -> NDArray[np.float32]:
    """(CANVAS, CANVAS, 3): coloured light from two sides."""
    y, x = np.mgrid[:CANVAS, :CANVAS] / CANVAS - 0.5
    across = x * rng.normal() + y * rng.normal() + rng.normal(0, 0.15)
    share = (1 / (1 + np.exp(-across * rng.uniform(3, 40))))[..., None]
    first, second = rng.uniform(0.35, 1.4, (2, 3))
    return np.asarray(first * share + second * (1 - share), np.float32)


def _glare(rng: np.random.Generator) -> NDArray[np.float32]:
    """(CANVAS, CANVAS, 1): light that falls on a part of the face alone."""
    spot = np.zeros((CANVAS, CANVAS), np.float32)
    corners = np.array(MIDDLE) + rng.normal(0, 45, 2) + rng.normal(0, 30, (5, 2))
    cv2.fillPoly(spot, [np.round(cv2.convexHull(corners.astype(np.float32))).astype(np.int32)], 1.0)
    return np.asarray(cv2.GaussianBlur(spot, (0, 0), rng.uniform(1, 14))[..., None] * rng.uniform(0.1, 0.8), np.float32)


def _cover(painted: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """A lock of hair at one side, or the brim of a hat."""
    cover = np.zeros((CANVAS, CANVAS), np.float32)
    along = np.linspace(0, CANVAS, 12)
    if rng.random() < 0.6:
        edge = rng.uniform(20, 100) + np.cumsum(rng.normal(0, 7, 12))
        edge = edge if rng.random() < 0.5 else CANVAS - edge
        side = 0 if edge.mean() < CANVAS / 2 else CANVAS
        corners = [*zip(edge, along, strict=True), (side, CANVAS), (side, 0)]
    else:
        edge = rng.uniform(35, 75) + np.cumsum(rng.normal(0, 3, 12))
        corners = [*zip(along, edge, strict=True), (CANVAS, 0), (0, 0)]
    cv2.fillPoly(cover, [np.round(np.array(corners)).astype(np.int32)], 1.0)
    soft = cv2.GaussianBlur(cover, (0, 0), rng.uniform(0.5, 4))
    return over(painted, rng.uniform(5, 160) * np.array([1, 0.9, 0.8]) * np.ones(3), soft * rng.uniform(0.6, 1))


def _hair(painted: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    strands = np.zeros((CANVAS, CANVAS), np.uint8)
    middle, along = rng.uniform(20, 236), np.linspace(0, 1, 12)
    for _ in range(rng.integers(2, 40)):
        x = middle + rng.normal(0, 25) + rng.normal(0, 25) * along + rng.normal(0, 20) * along**2
        _curve(strands, x, rng.uniform(-20, 40) + along * rng.uniform(20, 190), int(rng.integers(1, 4)))
    colour = rng.uniform(5, 120) * np.array([1, 0.85, 0.7])
    return over(painted, colour, strands.astype(np.float32) / 255 * rng.uniform(0.3, 1))


def _make_up(painted: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    dark = np.zeros((CANVAS, CANVAS), np.float32)
    for side in (-1, 1):
        middle = (round(MIDDLE[0] + side * UNIT / 2), round(MIDDLE[1] + rng.normal(-4, 4)))
        axes = (round(rng.uniform(14, 30)), round(rng.uniform(6, 20)))
        cv2.ellipse(dark, middle, axes, side * rng.uniform(-15, 15), 0, 360, 1.0, -1)
    soft = cv2.GaussianBlur(dark, (0, 0), rng.uniform(2, 6))
    return over(painted, rng.uniform(0, 110, 3), soft * rng.uniform(0.1, 0.7))


def _brows(painted: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Bushy ones, high or low, up to brows that frown over the nose."""
    dark = np.zeros((CANVAS, CANVAS), np.float32)
    along, width = np.linspace(-1, 1, 12), int(rng.integers(4, 14))
    height, bow, frown = rng.uniform(10, 26), rng.uniform(1, 7), rng.uniform(-3, 9)
    for side in (-1, 1):
        x = MIDDLE[0] + side * (UNIT / 2 + along * rng.uniform(20, 28))
        _curve(dark, x, MIDDLE[1] - height + bow * along**2 - frown * along, width)
    soft = cv2.GaussianBlur(dark, (0, 0), rng.uniform(1, 3))
    return over(painted, rng.uniform(5, 90) * np.ones(3), soft * rng.uniform(0.4, 0.95))


def _wrinkles(painted: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Below the eyes, at the root of the nose, on the forehead."""
    dark = np.zeros((CANVAS, CANVAS), np.float32)
    along = np.linspace(-1, 1, 12)
    for side in (-1, 1):
        for number in range(rng.integers(0, 4)):
            x = MIDDLE[0] + side * (UNIT / 2 + along * rng.uniform(10, 24))
            depth = rng.uniform(8, 16) + 5 * number
            _curve(dark, x, MIDDLE[1] + depth - rng.uniform(2, 8) * along**2, int(rng.integers(1, 3)))
        if rng.random() < 0.5:
            x = MIDDLE[0] + side * rng.uniform(4, 14) + rng.normal(0, 2) * along
            _curve(dark, x, MIDDLE[1] - 18 + along * rng.uniform(6, 18), int(rng.integers(1, 3)))
    for number in range(rng.integers(0, 4)):
        x = MIDDLE[0] + along * rng.uniform(30, 60)
        _curve(dark, x, MIDDLE[1] - 38 - 8 * number + rng.normal(0, 4) * along**2, int(rng.integers(1, 3)))
    soft = cv2.GaussianBlur(dark, (0, 0), rng.uniform(0.8, 2.5))
    return np.asarray(painted * (1 - soft * rng.uniform(0.15, 0.6))[..., None], np.float32)


def _curve(canvas: NDArray[Any], x: NDArray[np.floating[Any]], y: NDArray[np.floating[Any]], width: int) -> None:
    full = 255 if canvas.dtype == np.uint8 else 1.0
    cv2.polylines(canvas, [fixed(np.stack([x, y], axis=-1))], False, full, width, cv2.LINE_AA, SHIFT)
