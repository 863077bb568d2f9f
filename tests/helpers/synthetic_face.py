"""A face model of nobody: a dome with 68 landmarks, a slit for a mouth and a dark plate behind it."""

from __future__ import annotations

import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from fvae_studio.core.alignment import ANCHOR_INDICES, EYE_CENTER, EYE_DISTANCE, TEMPLATE
from fvae_studio.core.eye_motion import EYES
from fvae_studio.core.types import NUM_LANDMARKS
from trainer.facekit.fit import MODEL_EYE_DISTANCE, FaceFits
from trainer.facekit.landmarks import MEDIAPIPE_TO_IBUG
from trainer.facekit.mesh import VERTEX_RANGES, FaceKit

EXPRESSION_NAMES: Final = tuple(
    sorted(
        [
            f"{stem}_{side}"
            for stem in (
                *("browDown", "browInnerUp", "browOuterUp", "cheekPuff", "cheekSquint", "eyeBlink", "eyeLookDown"),
                *("eyeLookIn", "eyeLookOut", "eyeLookUp", "eyeSquint", "eyeWide", "mouthDimple", "mouthFrown"),
                *("mouthLowerDown", "mouthPress", "mouthSmile", "mouthStretch", "mouthUpperUp", "noseSneer"),
            )
            for side in "LR"
        ]
        + ["jawForward", "jawLeft", "jawOpen", "jawRight", "mouthClose", "mouthFunnel", "mouthLeft", "mouthPucker"]
        + ["mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper"]
    )
)
"""ARKit's 53 names, in FaceKit's order."""

MOUTH: Final = (0.0, -4.0)
SCALE: Final = EYE_DISTANCE / MODEL_EYE_DISTANCE
"""Crop pixels per centimetre."""

_EYE_Y: Final = 2.5
_CENTRES: Final = {
    "brow": (3.0, 4.4),
    "cheek": (4.0, -1.0),
    "eye": (3.15, _EYE_Y),
    "mouth": (1.6, -4.0),
    "nose": (1.0, -0.5),
    "jaw": (0.0, -7.0),
}


def landmark_positions() -> NDArray[np.float64]:
    """(68, 2) iBUG landmarks, centimetres, x to the photo's right, y up."""
    turn = np.linspace(0, np.pi, 17)
    jaw = np.stack([-7 * np.cos(turn), 1 - 9 * np.sin(turn)], axis=1)
    along = np.linspace(-5, -1.2, 5)
    right_brow = np.stack([along, 4.4 - 0.06 * (along + 3) ** 2], axis=1)
    bridge = np.stack([np.zeros(4), np.linspace(2.6, -0.4, 4)], axis=1)
    wings = np.stack([np.linspace(-1.3, 1.3, 5), np.full(5, -1.3)], axis=1)
    eye = np.array([[-1.45, 0.0], [-0.5, 0.5], [0.5, 0.5], [1.45, 0.0], [0.5, -0.4], [-0.5, -0.4]])
    right_eye = eye + np.array([-MODEL_EYE_DISTANCE / 2, _EYE_Y])
    # Left eye: from the inner corner to the outer one, then back along the lower lid.
    left_eye = (eye * [-1, 1])[[3, 2, 1, 0, 5, 4]] + [MODEL_EYE_DISTANCE / 2, _EYE_Y]
    around = np.pi - np.arange(12) * np.pi / 6
    outer = np.stack([2.5 * np.cos(around), 0.9 * np.sin(around)], axis=1) + MOUTH
    inward = np.pi - np.arange(8) * np.pi / 4
    inner = np.stack([1.9 * np.cos(inward), 0.04 * np.sin(inward)], axis=1) + MOUTH
    return np.concatenate(
        [jaw, right_brow, right_brow[::-1] * [-1, 1], bridge, wings, right_eye, left_eye, outer, inner]
    )


def dome(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Depth of the face, centimetres towards the viewer."""
    return 6 - 0.05 * x**2 - 0.03 * y**2 + 1.5 * np.exp(-(x**2) / 1.5 - (y + 0.3) ** 2 / 3)


def make_facekit() -> FaceKit:
    """About 1,000 vertices, 5 identity modes, 53 expressions."""
    landmarks = landmark_positions()
    ys, xs = np.meshgrid(np.linspace(-10, 9, 30), np.linspace(-8, 8, 27), indexing="ij")
    grid = np.stack([xs.ravel(), ys.ravel()], axis=1)
    # Triangulated with open lips, then closed: no triangle crosses the slit. No grid vertex near a landmark or in it.
    turn = np.delete(np.arange(40), np.arange(0, 40, 5)) * 2 * np.pi / 40
    between = np.stack([1.9 * np.cos(turn), 0.04 * np.sin(turn)], axis=1) + MOUTH
    closed = np.concatenate([landmarks, between])
    is_inner_lip = np.arange(len(closed)) >= 60
    opened = np.where(is_inner_lip[:, None], (closed - MOUTH) * [1, 12] + MOUTH, closed)
    away = np.sqrt(((grid[:, None] - landmarks[None]) ** 2).sum(-1)).min(axis=1) > 0.25
    slit = (np.abs(grid[:, 0]) < 2.0) & (np.abs(grid[:, 1] - MOUTH[1]) < 0.6)
    flat = np.concatenate([opened, grid[away & ~slit]])
    triangles = Delaunay(flat).simplices.astype(np.int32)
    is_inner_lip = np.pad(is_inner_lip, (0, len(flat) - len(closed)))
    triangles = triangles[~is_inner_lip[triangles].all(axis=1)]
    flat[: len(closed)] = closed
    face = np.concatenate([flat, dome(flat[:, 0], flat[:, 1])[:, None]], axis=1)
    # The mouth's inside: a plate two centimetres behind the lips.
    plate = np.array([[-2.4, -7.0, 0.0], [2.4, -7.0, 0.0], [2.4, -2.8, 0.0], [-2.4, -2.8, 0.0]])
    plate[:, 2] = dome(np.zeros(1), np.array([MOUTH[1]]))[0] - 2
    start = len(face)
    neutral = np.concatenate([face, plate]).astype(np.float32)
    triangles = np.concatenate([triangles, np.array([[0, 1, 2], [0, 2, 3]], np.int32) + start])
    part = np.zeros(len(neutral), np.int8)
    part[start:] = list(VERTEX_RANGES).index("mouth_socket")
    expression = np.stack([_expression(name, neutral) for name in EXPRESSION_NAMES])
    identity = np.stack([_identity(number, neutral) for number in range(5)])
    identity[:, start:] = expression[:, start:] = 0
    return FaceKit(
        neutral=neutral,
        identity=identity,
        expression=expression,
        expression_names=EXPRESSION_NAMES,
        triangles=triangles,
        landmark_vertices=np.arange(68),
        part=part,
    )


def _expression(name: str, vertices: NDArray[np.float32]) -> NDArray[np.float32]:
    x, y = vertices[:, 0], vertices[:, 1]
    if name == "jawOpen":
        # Everything below the slit goes down; the corners of the mouth stay.
        share = np.clip(1 - (x / 1.9) ** 2, 0, 1) * np.exp(-(((y - MOUTH[1]) / 3) ** 2)) * (y < MOUTH[1] - 1e-3)
        return np.stack([np.zeros_like(x), -2.5 * share, np.zeros_like(x)], axis=1).astype(np.float32)
    centre = next(np.array(at) for stem, at in _CENTRES.items() if name.startswith(stem))
    # The person's own right side is on the photo's left.
    if name.endswith("_R") or name in {"jawRight", "mouthRight"}:
        centre = centre * [-1, 1]
    rng = np.random.default_rng(zlib.crc32(name.removesuffix("_L").removesuffix("_R").encode()))
    direction = rng.normal(size=3) * [1, 1, 0.3]
    direction *= [-1 if name.endswith("_R") else 1, 1, 1] / np.linalg.norm(direction)
    near = np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / (2 * 1.3**2))
    return (0.5 * near[:, None] * direction).astype(np.float32)


def _identity(number: int, vertices: NDArray[np.float32]) -> NDArray[np.float32]:
    x, y = vertices[:, 0] / 8, vertices[:, 1] / 10
    zero = np.zeros_like(x)
    modes = (
        (0.4 * x, zero, zero),
        (zero, 0.5 * y, zero),
        (0.3 * x * y, zero, 0.2 * y),
        (zero, 0.3 * (y**2 - 0.3), 0.3 * x**2),
        (0.2 * x * (x**2 - 0.5), 0.2 * x**2, zero),
    )
    return np.stack(modes[number], axis=1).astype(np.float32)


def pose(facekit: FaceKit, fits: FaceFits, row: int) -> NDArray[np.float32]:
    """(V, 3) of a fitted face, computed by itself: x right, y down, crop pixels."""
    shape = facekit.neutral + np.tensordot(fits.identity[row], facekit.identity, axes=1)
    shape = shape + np.tensordot(fits.expression[row], facekit.expression, axes=1)
    turned = shape @ fits.rotation[row].T * fits.scale[row]
    placed = turned * [1, -1, 1]
    placed[:, :2] += fits.translation[row]
    return placed.astype(np.float32)


def make_fits(
    expressions: list[dict[str, float]], identity: NDArray[np.float32], *, yaw: NDArray[np.float64] | None = None
) -> FaceFits:
    """Known parameters of N photos.

    Args:
        expressions: weights by name.
        identity: (N, 5).
        yaw: (N,) radians.
    """
    count = len(expressions)
    expression = np.zeros((count, len(EXPRESSION_NAMES)), np.float32)
    for row, weights in enumerate(expressions):
        for name, weight in weights.items():
            expression[row, EXPRESSION_NAMES.index(name)] = weight
    angles = np.zeros(count) if yaw is None else yaw
    zero, one = np.zeros(count), np.ones(count)
    rotation = np.stack(
        [np.cos(angles), zero, np.sin(angles), zero, one, zero, -np.sin(angles), zero, np.cos(angles)], axis=1
    ).reshape(-1, 3, 3)
    return FaceFits(
        identity=identity.astype(np.float32),
        expression=expression,
        rotation=rotation.astype(np.float32),
        scale=np.full(count, SCALE, np.float32),
        translation=np.tile(np.array([EYE_CENTER[0], EYE_CENTER[1] + SCALE * _EYE_Y], np.float32), (count, 1)),
        residual=np.zeros(count, np.float32),
        correction=np.zeros((count, 68, 2), np.float32),
    )


def mediapipe_landmarks(facekit: FaceKit, vertices: NDArray[np.float32]) -> NDArray[np.float32]:
    """(478, 2) landmarks of a posed mesh, crop pixels; what the mesh does not name lies somewhere in the face."""
    index = np.arange(NUM_LANDMARKS)
    radius, turn = np.sqrt((index + 0.5) / NUM_LANDMARKS), index * np.pi * (3 - np.sqrt(5))
    points = np.stack([63.5 + 38 * radius * np.cos(turn), 62 + 48 * radius * np.sin(turn)], axis=-1)
    for side, centre in (("R", -1), ("L", 1)):
        middle = np.array([EYE_CENTER[0] + centre * EYE_DISTANCE / 2, EYE_CENTER[1]])
        across = np.linspace(-1, 1, 9)
        arch = np.sqrt(np.clip(1 - across**2, 0, 1))
        points[list(EYES[side].upper)] = middle + np.stack([8 * across, -3.2 * arch], axis=1)
        points[list(EYES[side].lower)] = middle + np.stack([8 * across, 2.6 * arch], axis=1)
        points[list(EYES[side].brow)] = middle + np.stack([np.linspace(-8, 8, 5), np.full(5, -11.0)], axis=1)
    points[MEDIAPIPE_TO_IBUG] = vertices[facekit.landmark_vertices, :2]
    points[list(ANCHOR_INDICES)] = TEMPLATE
    return points.astype(np.float32)
