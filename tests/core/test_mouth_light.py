"""The light of a photo, told by whites of eyes and skin of a drawn face."""

from __future__ import annotations

import numpy as np
import pytest

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.face_parts import LEFT_EYE, RIGHT_EYE
from fvae_studio.core.mouth_light import LUMINANCE, estimate_white, to_linear, to_srgb

SIZE = 512


def landmarks() -> np.ndarray:
    """Two eyes, 10 by 5 crop pixels, with irises in their middles; cheeks below them."""
    points = np.full((478, 2), 64, np.float32)
    for indices, middle in ((RIGHT_EYE, 46), (LEFT_EYE, 81)):
        turn = np.linspace(np.pi, 3 * np.pi, len(indices), endpoint=False)
        points[list(indices)] = np.stack([middle + 5 * np.cos(turn), 45 + 2.5 * np.sin(turn)], axis=1)
    points[33], points[133], points[468] = (41, 45), (51, 45), (46, 45)
    points[362], points[263], points[473] = (76, 45), (86, 45), (81, 45)
    for index, at in ((50, (44, 66)), (205, (48, 74)), (280, (83, 66)), (425, (79, 74))):
        points[index] = at
    return points


def face(light: np.ndarray, *, eyes_open: bool = True) -> np.ndarray:
    """Skin, whites and irises in a light, sRGB bytes."""
    linear = np.ones((SIZE, SIZE, 3)) * [0.45, 0.28, 0.22]
    points = (landmarks() + 0.5) * 4 - 0.5
    if eyes_open:
        mask = np.zeros((SIZE, SIZE), np.uint8)
        for eye in (RIGHT_EYE, LEFT_EYE):
            cv2.fillPoly(mask, [points[list(eye)].round().astype(np.int32)], 1)
        for iris in (468, 473):
            cv2.circle(mask, tuple(points[iris].round().astype(int).tolist()), 9, 2, -1)
        linear[mask == 1] = [0.40, 0.34, 0.33]
        linear[mask == 2] = 0.03
    return np.round(to_srgb(linear * light) * 255).astype(np.uint8)


def white(light: float | np.ndarray, **options: bool) -> np.ndarray:
    return estimate_white(face(np.asarray(light) * np.ones(3), **options), landmarks())


def test_encoding_and_back():
    values = np.linspace(0, 1, 101)

    np.testing.assert_allclose(to_srgb(to_linear(values)), values, atol=1e-5)


def test_teeth_are_as_light_as_in_a_studio_portrait():
    assert float(white(1.0) @ LUMINANCE) == pytest.approx(0.58, abs=0.08)


def test_darker_photo_has_darker_teeth():
    full, half, quarter = (float(white(light) @ LUMINANCE) for light in (1.0, 0.5, 0.25))

    assert 0.5 < half / full < 0.75
    assert 0.5 < quarter / half < 0.75


def test_warm_light_makes_warm_teeth():
    neutral, warm = white(1.0), white(np.array([1.2, 1.0, 0.6]))

    assert warm[0] / warm[2] > 1.2 * neutral[0] / neutral[2]


def test_shut_eyes_leave_the_skin_to_tell():
    shut = white(1.0, eyes_open=False)

    assert np.isfinite(shut).all()
    assert 0.2 < float(shut @ LUMINANCE) <= 0.7
