"""Glasses of many shapes and stuffs, drawn before the eyes of faces that wear none.

Shapes are made in eye distances, the middle between the eyes at 0: two lenses, a bridge, temples, bent a little around
the face, and turned a little. They are painted on crops of `CANVAS` pixels; what is returned beside is where they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE, EYE_CENTER, EYE_DISTANCE
from fvae_studio.core.types import FloatMap

Rgb8: TypeAlias = NDArray[np.uint8]
Points2: TypeAlias = NDArray[np.floating[Any]]
Build: TypeAlias = Literal["full", "half", "browline", "rimless"]

CANVAS: Final = 256
"""Side of the crops that are painted on."""

UNIT: Final = EYE_DISTANCE * CANVAS / CROP_SIZE
"""Pixels of an eye distance."""

MIDDLE: Final = tuple((value + 0.5) * CANVAS / CROP_SIZE - 0.5 for value in EYE_CENTER)
"""Between the eyes, in pixels."""

_FINE = 2
"""Lines are drawn on a canvas this many times as large."""

SHIFT: Final = 4
"""Bits of a pixel that OpenCV takes for the ends of lines."""

_CORNERS = 96
"""Points around a lens."""

_BUILDS: Final[dict[Build, float]] = {"full": 0.66, "half": 0.14, "browline": 0.1, "rimless": 0.1}
"""Which parts a frame has, and how often."""

_STUFFS: Final = {"dark": 0.4, "tortoise": 0.14, "metal": 0.16, "colour": 0.2, "clear": 0.1}
"""What frames that are no wire are made of, and how often."""

_SUNGLASSES = 0.13
"""Share with lenses that hide the eyes."""


@dataclass(frozen=True)
class Drawn:
    """What was painted.

    Attributes:
        pixels: (CANVAS, CANVAS, 3).
        mask: (CANVAS, CANVAS) in [0, 1]: frames, and lenses that nobody sees through.
    """

    pixels: Rgb8
    mask: FloatMap


@dataclass(frozen=True)
class _Pose:
    """Where glasses sit, and how they are turned: radians, shares, eye distances."""

    yaw: float
    pitch: float
    roll: float
    scale: float
    shift: tuple[float, float]

    def project(self, points: Points2, depth: float | Points2) -> Points2:
        """(N, 2) eye distances at a depth before the eyes -> pixels of the fine canvas."""
        x, y = points[:, 0], points[:, 1]
        across = x * np.cos(self.yaw) + depth * np.sin(self.yaw)
        down = y * np.cos(self.pitch) - depth * np.sin(self.pitch)
        # What is nearer to the camera is a little larger.
        size = self.scale * (1 + 0.08 * (depth * np.cos(self.yaw) - x * np.sin(self.yaw)))
        across, down = across * size, down * size
        cosine, sine = np.cos(self.roll), np.sin(self.roll)
        turned = np.stack([across * cosine - down * sine, across * sine + down * cosine], axis=-1)
        placed: Points2 = ((turned + self.shift) * UNIT + MIDDLE + 0.5) * _FINE - 0.5
        return placed


@dataclass(frozen=True)
class _Shape:
    """A pair of glasses, eye distances.

    Attributes:
        outline: (N, 2) of the lens at the picture's right, its middle at 0.
        half: half of its width and height.
        gap: half of the distance between both lenses.
        down: of the lenses' middles below the eyes.
        depth: of the frame before the eyes.
        wrap: how far its ends lie further back.
        build: which parts it has.
        thickness: of the frame.
    """

    outline: Points2
    half: tuple[float, float]
    gap: float
    down: float
    depth: float
    wrap: float
    build: Build
    thickness: float

    def lens(self, pose: _Pose, side: int) -> Points2:
        """(N, 2) of one lens on the fine canvas."""
        placed = (self.outline + np.array([self.gap + self.half[0], self.down])) * [side, 1]
        return self.front(pose, placed)

    def front(self, pose: _Pose, points: Points2) -> Points2:
        """Points of the frame's front on the fine canvas."""
        return pose.project(points, self.depth - self.wrap * points[:, 0] ** 2)


def draw_glasses(pixels: Rgb8, rng: np.random.Generator, *, yaw_degrees: float = 8.0) -> Drawn:
    """Put a pair of glasses on a face.

    Args:
        pixels: (CANVAS, CANVAS, 3) of an aligned face.
        rng: of everything that is chosen.
        yaw_degrees: standard deviation of the glasses' turn.
    """
    shape = _random_shape(rng)
    pose = _Pose(
        yaw=float(np.deg2rad(np.clip(rng.normal(0, yaw_degrees), -30, 30))),
        pitch=float(np.deg2rad(rng.normal(0, 6))),
        roll=float(np.deg2rad(rng.normal(0, 1.5))),
        scale=rng.uniform(0.94, 1.06),
        shift=(rng.normal(0, 0.025), rng.normal(0, 0.025)),
    )
    lenses = [shape.lens(pose, side) for side in (-1, 1)]
    frame = _reduced(_frame(shape, pose, lenses, rng))
    filled = np.zeros((CANVAS * _FINE, CANVAS * _FINE), np.uint8)
    for lens in lenses:
        cv2.fillPoly(filled, [fixed(lens)], 255, cv2.LINE_AA, SHIFT)
    glass = _reduced(filled)
    middles = [(lens.mean(axis=0) + 0.5) / _FINE - 0.5 for lens in lenses]
    painted = _behind(pixels.astype(np.float32), frame, glass, middles, shape, rng)
    hides = rng.random() < _SUNGLASSES
    painted = _tinted(painted, glass, rng, hides=hides)
    painted = _mirrored(painted, glass, middles, rng)
    mask = np.maximum(frame, glass) if hides else frame
    if shape.build in ("half", "rimless"):
        edge = _reduced(cv2.morphologyEx(filled, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)))
        if shape.build == "half":
            edge *= np.arange(CANVAS)[:, None] > MIDDLE[1] + shape.down * UNIT
        painted = over(painted, rng.uniform(0, 255), edge * np.float32(rng.uniform(0.05, 0.5)))
        mask = np.maximum(mask, np.float32(0.6) * edge)
    colour, opacity = _stuff(frame, shape, rng)
    painted = over(painted, colour, frame * np.float32(opacity))
    return Drawn(np.clip(painted, 0, 255).astype(np.uint8), mask)


def _random_shape(rng: np.random.Generator) -> _Shape:
    """Round, square, cat's eyes, aviators; thin wire and thick horn."""
    width = rng.uniform(0.27, 0.47)
    height = width * rng.uniform(0.5, 1.0)
    turn = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)
    power = 2 / rng.uniform(2, 5.5)
    x = width * np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** power
    y = height * np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** power
    x *= 1 - rng.uniform(-0.05, 0.25) * 0.5 * y / height
    y -= rng.uniform(-0.02, 0.3) * height * np.clip(x / width, 0, 1) * (y < 0)
    if rng.random() < 0.25:
        y += rng.uniform(0, 0.35) * height * np.clip(x / width, -1, 1) * (y > 0)
    return _Shape(
        outline=np.stack([x, y], axis=-1),
        half=(width, height),
        gap=rng.uniform(0.09, 0.18),
        down=rng.uniform(-0.03, 0.17),
        depth=rng.uniform(0.2, 0.4),
        wrap=rng.uniform(0, 0.25),
        build=rng.choice(list(_BUILDS), p=list(_BUILDS.values())),
        thickness=float(np.exp(rng.uniform(np.log(0.011), np.log(0.095)))),
    )


def _frame(shape: _Shape, pose: _Pose, lenses: list[Points2], rng: np.random.Generator) -> Rgb8:
    """The frame on the fine canvas, 0 to 255."""
    canvas = np.zeros((CANVAS * _FINE, CANVAS * _FINE), np.uint8)
    width, height = shape.half
    upper, lower = {
        "full": (1.0, rng.uniform(0.6, 1)),
        "half": (1.0, 0.0),
        "browline": (rng.uniform(1.5, 2.5), rng.uniform(0.2, 0.5)),
        "rimless": (0.0, 0.0),
    }[shape.build]
    for lens in lenses:
        for start, end, down in zip(lens, np.roll(lens, -1, axis=0), shape.outline[:, 1], strict=True):
            part = upper if down < 0.05 * height else lower
            if part:
                _line(canvas, np.stack([start, end]), shape.thickness * part)
    # The bridge, and the second one that aviators have.
    along = np.linspace(-1, 1, 15)
    rise = rng.uniform(-0.02, 0.07)
    top = shape.down - height * rng.uniform(0, 0.75)
    bridge = np.stack([along * (shape.gap + 0.02), top - rise * (1 - along**2)], axis=-1)
    thickness = max(shape.thickness * rng.uniform(0.6, 1.2), 0.012)
    _line(canvas, shape.front(pose, bridge), thickness)
    if rng.random() < 0.12:
        second = bridge * [rng.uniform(1, 1.5), 1] - [0, rng.uniform(0.06, 0.14)]
        _line(canvas, shape.front(pose, second), 0.8 * thickness)
    if rng.random() < 0.3:
        for side in (-1, 1):
            pad = np.array([[side * (shape.gap - 0.02), shape.down + height * rng.uniform(0.1, 0.4)]])
            (centre,) = fixed(shape.front(pose, pad))
            axes = (round(0.02 * UNIT * _FINE) << SHIFT, round(0.04 * UNIT * _FINE) << SHIFT)
            middle = (int(centre[0]), int(centre[1]))
            cv2.ellipse(canvas, middle, axes, -20 * side, 0, 360, 255, -1, cv2.LINE_AA, SHIFT)
    # Temples: of a turned head the one at the far side is hardly seen.
    hinge = (shape.gap + 2 * width * rng.uniform(0.94, 1.02), shape.down - height * rng.uniform(0.15, 0.85))
    back = np.linspace(0, rng.uniform(0.5, 1.0), 8)
    drop = rng.uniform(-0.08, 0.1)
    thickness = max(shape.thickness * rng.uniform(0.7, 1.3), 0.014)
    for side in (-1, 1):
        if side * np.sin(pose.yaw) > 0.12 and rng.random() < 0.9:
            continue
        across = side * (hinge[0] + (1.02 - hinge[0]) * np.minimum(1, 1.2 * back))
        points = np.stack([across, hinge[1] + drop * back], axis=-1)
        _line(canvas, pose.project(points, shape.depth - shape.wrap * hinge[0] ** 2 - 1.5 * back), thickness)
    return canvas


def _behind(
    painted: NDArray[np.float32],
    frame: FloatMap,
    glass: FloatMap,
    middles: list[Points2],
    shape: _Shape,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """What glasses do to the face behind them: lenses make it smaller or larger, frames throw shadows."""
    if rng.random() < 0.35:
        size = rng.uniform(0.92, 1.06)
        x, y = np.meshgrid(np.arange(CANVAS, dtype=np.float32), np.arange(CANVAS, dtype=np.float32))
        at_x, at_y = x, y
        for middle in middles:
            near = np.abs(x - middle[0]) < 1.3 * shape.half[0] * UNIT
            at_x = np.where(near, np.float32(middle[0]) + (x - np.float32(middle[0])) / np.float32(size), at_x)
            at_y = np.where(near, np.float32(middle[1]) + (y - np.float32(middle[1])) / np.float32(size), at_y)
        bent = cv2.remap(painted, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        painted = painted + (bent - painted) * glass[..., None]
    if rng.random() < 0.65:
        thrown = np.roll(frame, (int(rng.integers(0, 8)), int(rng.integers(-4, 5))), axis=(0, 1))
        shadow = cv2.GaussianBlur(thrown, (0, 0), rng.uniform(0.8, 5)) * np.float32(rng.uniform(0.13, 0.7))
        painted = painted * (1 - np.minimum(1, shadow))[..., None]
    return painted


def _tinted(
    painted: NDArray[np.float32], glass: FloatMap, rng: np.random.Generator, *, hides: bool
) -> NDArray[np.float32]:
    """The colour of the lenses."""
    if not hides:
        hint = rng.uniform(0, 0.22) if rng.random() < 0.6 else 0.0
        return over(painted, rng.uniform(20, 255, 3), glass * np.float32(hint))
    colour = rng.uniform(0, 70, 3) if rng.random() < 0.75 else rng.uniform(40, 220, 3)
    opacity: NDArray[np.float64] = np.full((CANVAS, 1), rng.uniform(0.6, 0.98))
    if rng.random() < 0.4:
        # Paler towards the lower rim.
        opacity *= 1 - rng.uniform(0, 0.8) * np.linspace(-0.5, 1, CANVAS)[:, None]
    shade = colour * (0.8 + 0.5 * _noise(rng, 4))[..., None]
    return over(painted, shade, glass * np.clip(opacity, 0, 1).astype(np.float32))


def _mirrored(
    painted: NDArray[np.float32], glass: FloatMap, middles: list[Points2], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Windows and lamps in the lenses."""
    if rng.random() > 0.45:
        return painted
    for _ in range(rng.integers(1, 4)):
        light = np.zeros((CANVAS, CANVAS), np.float32)
        corners = middles[rng.integers(len(middles))] + rng.normal(0, 12, 2) + rng.normal(0, 14, (4, 2))
        cv2.fillPoly(light, [np.round(cv2.convexHull(corners.astype(np.float32))).astype(np.int32)], 1.0)
        light = cv2.GaussianBlur(light, (0, 0), rng.uniform(0.5, 5)) * glass * np.float32(rng.uniform(0.1, 0.9))
        painted = over(painted, rng.uniform(150, 255, 3), light)
    return painted


def _stuff(frame: FloatMap, shape: _Shape, rng: np.random.Generator) -> tuple[NDArray[np.float32], float]:
    """Colours (CANVAS, CANVAS, 3) and opacity of a frame: horn, tortoiseshell, metal, plastic, or nearly clear."""
    is_wire = shape.build == "rimless" or (shape.thickness < 0.03 and rng.random() < 0.7)
    kinds = {"metal": 0.7, "dark": 0.3} if is_wire else _STUFFS
    kind = rng.choice(list(kinds), p=list(kinds.values()))
    colour, opacity = np.zeros((CANVAS, CANVAS, 3)), 1.0
    if kind == "dark":
        colour += rng.uniform(5, 60) + rng.normal(0, 8, 3)
    elif kind == "tortoise":
        spots = _noise(rng, 40)[..., None]
        colour += np.array([40, 22, 10]) * (1 - spots) + np.array([170, 100, 45]) * spots
    elif kind == "metal":
        tint = np.ones(3) if rng.random() < 0.5 else np.array([1.1, 0.9, 0.6])
        colour += rng.uniform(60, 200) * tint * (0.35 + 1.3 * _noise(rng, 12))[..., None]
        opacity = rng.uniform(0.7, 1)
    elif kind == "colour":
        colour += rng.uniform(0, 255, 3)
    else:
        colour += rng.uniform(150, 255, 3)
        opacity = rng.uniform(0.25, 0.7)
    colour = np.clip(colour * (0.75 + 0.5 * _noise(rng, 6))[..., None], 0, 255)
    if rng.random() < 0.6:
        # Light from above lies along the upper edge.
        edge = np.clip(frame - np.roll(frame, int(rng.integers(1, 3)), axis=0), 0, 1)
        colour += (255 - colour) * (edge * rng.uniform(0.1, 0.6) * _noise(rng, 9))[..., None]
    return colour.astype(np.float32), opacity


def over(
    painted: NDArray[np.float32], colour: float | NDArray[np.floating[Any]], opacity: FloatMap
) -> NDArray[np.float32]:
    """A colour (3,), (H, W, 3) or grey laid over a picture (H, W, 3), as far as the opacity (H, W) says."""
    return (painted + (colour - painted) * opacity[..., None]).astype(np.float32)


def _noise(rng: np.random.Generator, cells: int) -> FloatMap:
    """(CANVAS, CANVAS), about 0 to 1, smooth over a canvas of so many cells to a side."""
    values = rng.random((cells, cells), np.float32)
    cloud: FloatMap = cv2.resize(values, (CANVAS, CANVAS), interpolation=cv2.INTER_CUBIC)
    return cloud


def _line(canvas: Rgb8, points: Points2, thickness: float) -> None:
    width = max(1, round(thickness * UNIT * _FINE))
    cv2.polylines(canvas, [fixed(points)], False, 255, width, cv2.LINE_AA, SHIFT)


def fixed(points: Points2) -> NDArray[np.int32]:
    """Points as OpenCV takes the ends of lines, with `SHIFT` bits of a pixel."""
    return np.asarray(np.round(points * (1 << SHIFT)), np.int32)


def _reduced(fine: Rgb8) -> FloatMap:
    small = cv2.resize(fine, (CANVAS, CANVAS), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32) / np.float32(255)
