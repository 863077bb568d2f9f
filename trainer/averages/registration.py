"""Maps that show every portrait in one shape: by landmarks, by the hair's outline, by dense optical flow.

Maps are backward and absolute: the frame pixel p shows source[map(p)].
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.geometry import Points
from trainer.averages.portrait import FloatImage, Frame, Portrait
from trainer.dense_maps import pixel_grid, remap, smooth_field


def landmark_map(portrait: Portrait, shape: Points, frame: Frame) -> FloatImage:
    """(size, size, 2) thin-plate map that shows the portrait's points at `shape`."""
    to_photo = frame.align(portrait.landmarks).inverse
    own = portrait.points_in(frame)
    map_in_frame = pixel_grid(frame.size) + smooth_field(
        shape, own - shape, frame.size, unit=frame.eye_distance, smoothing=0.02
    )
    return to_photo.apply(map_in_frame)


def match_outlines(
    portraits: Sequence[Portrait], maps: Sequence[FloatImage], shape: Points, frame: Frame
) -> list[FloatImage]:
    """Bring the outlines of the hair above the ears to their median distance from the middle of the face.

    Below the ears it may be a ponytail or the neck; those have nothing in common, and `blending` deals with them.
    """
    center = np.array([frame.eye_center[0], frame.eye_center[1] + 0.2 * frame.eye_distance])
    angles = np.deg2rad(np.arange(-175, 0, 5))  # from the top of one ear over the crown to the other one
    rays = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    radii = np.arange(0.8 * frame.eye_distance, 3.0 * frame.eye_distance)
    samples = (center + rays[:, None] * radii[:, None]).astype(np.float32)
    distances = []
    for portrait, backward in zip(portraits, maps, strict=True):
        alpha = cv2.GaussianBlur(remap(portrait.alpha, backward), (0, 0), 6)
        is_inside = cv2.remap(alpha, samples[..., 0], samples[..., 1], cv2.INTER_LINEAR) > 0.5
        last = len(radii) - 1 - np.argmax(is_inside[:, ::-1], axis=1)
        distance = radii[np.where(is_inside.any(axis=1), last, 0)].astype(np.float32)
        distances.append(cv2.medianBlur(distance[None], 5)[0])
    middle = np.median(distances, axis=0)
    outline = (center + rays * middle[:, None]).astype(np.float32)
    matched = []
    for backward, distance in zip(maps, distances, strict=True):
        shift = np.clip(distance - middle, -0.35 * middle, 0.35 * middle)[:, None] * rays
        at, values = np.concatenate([outline, shape]), np.concatenate([shift, np.zeros_like(shape)]).astype(np.float32)
        matched.append(_compose(backward, smooth_field(at, values, frame.size, unit=frame.eye_distance, smoothing=0.1)))
    return matched


def refine(
    portraits: Sequence[Portrait], maps: Sequence[FloatImage], frame: Frame, amount: FloatImage
) -> list[FloatImage]:
    """Pull every portrait to the average of them all by dense optical flow, without moving the average.

    `amount` (size, size) in [0, 1] is how far to follow the flow: clothes of several people have no common shape.
    """
    half = (frame.size // 2, frame.size // 2)
    greys = []
    for portrait, backward in zip(portraits, maps, strict=True):
        shown, alpha = remap(portrait.pixels, backward), remap(portrait.alpha, backward)
        grey = cv2.cvtColor(shown, cv2.COLOR_RGB2GRAY).astype(np.float32)
        grey = cv2.resize(grey * alpha + 210 * (1 - alpha), half, interpolation=cv2.INTER_AREA)
        # People differ in how light they are; what shall match is where things lie.
        local = cv2.GaussianBlur(grey, (0, 0), frame.size / 40)
        spread = np.sqrt(cv2.GaussianBlur((grey - local) ** 2, (0, 0), frame.size / 40))
        greys.append((grey - local) / (spread + 8))
    mean = np.mean(greys, axis=0)
    matcher = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    matcher.setFinestScale(1)
    matcher.setVariationalRefinementIterations(5)
    flows = []
    for grey in greys:
        flow = matcher.calc(_as_bytes(mean), _as_bytes(grey), None)
        flow = cv2.GaussianBlur(flow, (0, 0), frame.size / 350)
        flow *= cv2.resize(amount, half, interpolation=cv2.INTER_AREA)[..., None]
        length = np.hypot(flow[..., 0], flow[..., 1])[..., None]
        flows.append(flow * np.minimum(1, 0.015 * half[0] / np.maximum(length, 1e-6)))
    drift = np.mean(flows, axis=0)
    return [
        _compose(backward, 2 * cv2.resize(flow - drift, (frame.size, frame.size), interpolation=cv2.INTER_LINEAR))
        for backward, flow in zip(maps, flows, strict=True)
    ]


def _compose(backward: FloatImage, flow: FloatImage) -> FloatImage:
    """The map that first follows `flow`, then `backward`."""
    position = pixel_grid(backward.shape[0]) + flow
    return remap(backward, position.astype(np.float32))


def _as_bytes(normalised: FloatImage) -> NDArray[np.uint8]:
    return np.clip(normalised * 48 + 128, 0, 255).astype(np.uint8)
