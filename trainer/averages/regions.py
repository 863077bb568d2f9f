"""Masks: the person before the background, and the parts of the average that are treated apart."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.geometry import Points
from trainer.averages.portrait import OPEN_GAP, FloatImage, as_float, lip_gap, smoothstep

INNER_LIPS: Final = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95)
"""MediaPipe's contour of the mouth's opening."""

JAW: Final = (132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361)
"""MediaPipe's lower outline of the face, from the photo's left to its right."""


def find_person(pixels: NDArray[np.uint8]) -> FloatImage:
    """Alpha of a person before a plain studio background that is lighter or darker but has no edges.

    The background is a cubic polynomial per channel, fitted robustly to the strips beside and above the head.

    Args:
        pixels: (H, W, 3) uint8, the head in the middle with some background above and beside it.

    Returns:
        (H, W) float32 in [0, 1].
    """
    height, width = pixels.shape[:2]
    small = cv2.resize(pixels, (max(8, width // 6), max(8, height // 6)), interpolation=cv2.INTER_AREA)
    y, x = (axis.astype(np.float32) for axis in np.mgrid[-1 : 1 : small.shape[0] * 1j, -1 : 1 : small.shape[1] * 1j])
    basis = np.stack([x**i * y**j for i in range(4) for j in range(4 - i)], axis=-1)
    is_known = ((np.abs(x) > 0.72) & (y < 0.45)) | (y < -0.85)
    design, colours = basis[is_known], small[is_known].astype(np.float32)
    trust = np.ones((len(design), 1), np.float32)
    for _ in range(6):
        coefficients = np.linalg.lstsq(design * trust, colours * trust, rcond=None)[0]
        trust = 1 / (1 + (np.abs(colours - design @ coefficients).max(axis=1, keepdims=True) / 4) ** 2)
    background = cv2.resize((basis @ coefficients).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    difference = pixels - background
    light = difference.mean(axis=2)
    chroma = np.abs(difference - light[..., None]).max(axis=2)
    evidence = cv2.GaussianBlur(np.abs(light) / 16 + chroma / 7, (0, 0), 1.0)
    alpha = np.clip((evidence - 0.7) / 0.9, 0, 1)
    solid = cv2.morphologyEx((alpha > 0.5).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    solid = largest_component(solid)
    # A highlight that looks like the background is no hole, unless it can be reached from the border beside the head.
    count, labels, stats, _ = cv2.connectedComponentsWithStats(1 - solid)
    outside = np.zeros_like(solid)
    for label in range(1, count):
        left, top, extent = stats[label, :3]
        touches_side = (left == 0 or left + extent == width) and top < 0.67 * height
        if stats[label, cv2.CC_STAT_AREA] > 0.002 * width * height and (top == 0 or touches_side):
            outside |= (labels == label).astype(np.uint8)
    solid = 1 - outside
    near = cv2.dilate(solid, np.ones((5, 5), np.uint8))
    core = cv2.erode(solid, np.ones((7, 7), np.uint8))
    return as_float(np.maximum(alpha * near, core))


def body_region(shape: Points, size: int) -> FloatImage:
    """(size, size) mask in [0, 1] of what lies below the jaw: neck, shoulders, clothes, long hair."""
    jaw = shape[list(JAW)]
    left, right = [-size, jaw[0, 1]], [2 * size, jaw[-1, 1]]
    polygon = np.concatenate([[left], jaw, [right, [2 * size, 2 * size], [-size, 2 * size]]])
    mask = np.zeros((size, size), np.uint8)
    cv2.fillPoly(mask, [np.rint(polygon).astype(np.int32)], 1)
    margin = size // 56
    mask = cv2.erode(mask, np.ones((2 * margin + 1, 2 * margin + 1), np.uint8), borderValue=1)
    return as_float(cv2.GaussianBlur(mask.astype(np.float32), (0, 0), margin / 2))


def widen(body: FloatImage) -> FloatImage:
    """The same mask from above the jaw on: hair behind the jaw must not be matched with the jaw."""
    side = 2 * (body.shape[0] // 23) + 1
    return as_float(cv2.GaussianBlur(cv2.dilate(body, np.ones((side, side), np.uint8)), (0, 0), side / 6))


def quorum(cover: FloatImage, body: FloatImage) -> FloatImage:
    """(size, size) in [0, 1]: where enough people are to be seen.

    What only a few have, at the rim of the hair or as a ponytail beside the neck, is not common to them.
    """
    return as_float(smoothstep(cover, 0.3, 0.65) * (1 - body) + smoothstep(cover, 0.5, 0.85) * body)


def face_region(shape: Points, size: int) -> FloatImage:
    """(size, size) mask in [0, 1] of the face without hair and neck."""
    face = np.zeros((size, size), np.uint8)
    cv2.fillConvexPoly(face, cv2.convexHull(np.rint(shape[:468]).astype(np.int32)), 1)
    return as_float(cv2.GaussianBlur(face.astype(np.float32), (0, 0), size / 100))


def mouth_region(shape: Points, size: int) -> FloatImage:
    """(size, size) mask in [0, 1] of the opening between the lips; nothing when they are closed."""
    mask = np.zeros((size, size), np.uint8)
    if lip_gap(shape) < OPEN_GAP[0]:
        return mask.astype(np.float32)
    cv2.fillPoly(mask, [np.rint(shape[list(INNER_LIPS)] * 16).astype(np.int32)], 1, shift=4)
    return as_float(cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 2))


def decide_outline(alpha: FloatImage, shape: Points, body: FloatImage) -> FloatImage:
    """A clear outline where the people's outlines differ: most of them decide."""
    smooth = cv2.GaussianBlur(alpha, (0, 0), 4)
    smooth += widen(body) * (cv2.GaussianBlur(alpha, (0, 0), 8) - smooth)
    smooth += body * (cv2.GaussianBlur(alpha, (0, 0), 14) - smooth)
    decided = smoothstep(smooth, 0.5, 0.7) * (1 - _beside_jaw(shape, alpha.shape[0]))
    solid = largest_component((decided > 0.5).astype(np.uint8))
    decided = decided * cv2.dilate(solid, np.ones((9, 9), np.uint8))
    # A sleeve's end is no outline of a person: below the neck, who is there is there down to the lower border.
    shoulders = int(shape[152, 1] + 0.2 * (shape[152, 1] - shape[168, 1]))
    decided[shoulders:] = np.maximum.accumulate(decided[shoulders:], axis=0)
    return as_float(cv2.GaussianBlur(decided, (0, 0), 0.8))


def _beside_jaw(shape: Points, size: int) -> FloatImage:
    """(size, size) mask in [0, 1] of the strips between ears and neck: air, unless hair hangs down behind the jaw."""
    top, bottom = shape[JAW[0], 1], max(shape[JAW[3], 1], shape[JAW[-4], 1])
    hull = np.ones((size, size), np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(np.rint(shape[:468]).astype(np.int32)), 0)
    outside = cv2.distanceTransform(hull, cv2.DIST_L2, 5)
    # Ever closer to the jaw below the ear lobe, ever wider again where the neck begins.
    unit = size / 140
    rows = np.arange(size, dtype=np.float32)
    margin = np.interp(rows, [top, top + 7 * unit, bottom - 5 * unit, bottom + unit], [9 * unit, unit, unit, 4 * unit])
    margin[(rows < top) | (rows > bottom + unit)] = np.inf
    return as_float(cv2.GaussianBlur((outside > margin[:, None]).astype(np.float32), (0, 0), 2))


def largest_component(solid: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Of a mask of 0 and 1, the connected part with the most pixels."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(solid)
    if len(stats) < 2:
        return solid
    return np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])), np.uint8)
