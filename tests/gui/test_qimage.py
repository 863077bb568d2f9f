"""Pixels to the screen and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageCms
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColorSpace, QImage

from fvae_studio.gui.qimage import to_alpha, to_pixels, to_qimage


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 37), st.integers(1, 37), st.integers(0, 1000))
def test_pixels_come_back_as_they_were(height, width, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)

    np.testing.assert_array_equal(to_pixels(to_qimage(pixels)), pixels)


def test_rows_of_a_larger_picture_are_read_where_they_lie():
    whole = np.random.default_rng(1).integers(0, 256, (40, 50, 3), np.uint8)

    np.testing.assert_array_equal(to_pixels(to_qimage(whole[5:20, 7:30])), whole[5:20, 7:30])


def test_picture_owns_its_memory():
    pixels = np.full((4, 4, 3), 9, np.uint8)
    image = to_qimage(pixels)
    pixels[:] = 200

    assert to_pixels(image).max() == 9


def test_sixteen_bits_keep_black_and_white():
    pixels = np.array([[[0, 65535, 32896]]], np.uint16)

    np.testing.assert_array_equal(to_pixels(to_qimage(pixels)), [[[0, 255, 128]]])


def test_alpha_comes_back():
    pixels = np.full((3, 5, 3), 255, np.uint8)
    alpha = np.arange(15, dtype=np.uint8).reshape(3, 5) * 17

    np.testing.assert_array_equal(to_alpha(to_qimage(pixels, alpha=alpha)), alpha)
    assert to_alpha(to_qimage(pixels)) is None


def test_pixels_of_a_wide_profile_become_srgb():
    icc = bytes(QColorSpace(QColorSpace.NamedColorSpace.DisplayP3).iccProfile())
    green = np.array([[[60, 200, 60]]], np.uint8)

    shown = to_pixels(to_qimage(green, icc))[0, 0].astype(int)

    # The same numbers mean a stronger green in P3; sRGB needs less red for it.
    assert shown[0] < 55
    assert abs(shown[1] - 202) < 8


def test_sixteen_bits_of_a_wide_profile_keep_their_steps():
    icc = bytes(QColorSpace(QColorSpace.NamedColorSpace.ProPhotoRgb).iccProfile())
    ramp = np.repeat(np.linspace(9000, 17000, 512).astype(np.uint16)[None, :, None], 3, axis=2)

    shown = to_pixels(to_qimage(ramp, icc))[0, :, 1].astype(int)

    # Reduced to 8 bit first, dark values would jump by two.
    assert np.diff(shown).max() == 1


def test_greys_of_a_grey_profile_become_srgb():
    flat = QColorSpace(QPointF(0.3127, 0.329), QColorSpace.TransferFunction.Linear)
    pixels = np.full((2, 2, 3), 55, np.uint8)

    # A fifth of the light is the middle of what sRGB has.
    assert abs(int(to_pixels(to_qimage(pixels, bytes(flat.iccProfile())))[0, 0, 0]) - 128) < 3


def test_strips_meet():
    pixels = np.random.default_rng(4).integers(0, 256, (700, 300, 3), np.uint8)
    icc = bytes(QColorSpace(QColorSpace.NamedColorSpace.DisplayP3).iccProfile())

    np.testing.assert_array_equal(to_pixels(to_qimage(pixels, icc))[400:], to_pixels(to_qimage(pixels[400:], icc)))


@pytest.mark.parametrize(
    "icc",
    [None, b"", b"no profile at all", ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()],
    ids=["none", "empty", "broken", "sRGB"],
)
def test_photo_without_a_usable_profile_is_taken_as_srgb(icc):
    pixels = np.random.default_rng(2).integers(0, 256, (6, 6, 3), np.uint8)

    np.testing.assert_allclose(to_pixels(to_qimage(pixels, icc)).astype(int), pixels, atol=1)


def test_format_is_one_that_is_drawn_fast():
    pixels = np.zeros((2, 2, 3), np.uint8)

    assert to_qimage(pixels).format() == QImage.Format.Format_RGB32
    with_alpha = to_qimage(pixels, alpha=np.zeros((2, 2), np.uint8))
    assert with_alpha.format() == QImage.Format.Format_ARGB32_Premultiplied


P3 = bytes(QColorSpace(QColorSpace.NamedColorSpace.DisplayP3).iccProfile())


def test_pixels_are_made_for_the_screen():
    red = np.array([[[255, 0, 0]]], np.uint8)
    # Pillow's own conversion of pure red from sRGB to Display P3: 234, 51, 35.
    on_wide_screen = to_pixels(to_qimage(red, screen=P3))[0, 0].astype(int)

    np.testing.assert_allclose(on_wide_screen, [234, 51, 35], atol=1)
    deep = to_pixels(to_qimage(red.astype(np.uint16) * 257, screen=P3))[0, 0].astype(int)
    np.testing.assert_allclose(deep, on_wide_screen, atol=1)


def test_photo_of_the_screens_own_profile_is_not_touched():
    pixels = np.random.default_rng(3).integers(0, 256, (20, 30, 3), np.uint8)

    np.testing.assert_array_equal(to_pixels(to_qimage(pixels, P3, screen=P3)), pixels)


@pytest.mark.parametrize("screen", [None, b"", b"no profile", b"x" * 4000])
def test_screen_without_a_usable_profile_is_srgb(screen):
    pixels = np.random.default_rng(3).integers(0, 256, (20, 30, 3), np.uint8)

    np.testing.assert_array_equal(to_pixels(to_qimage(pixels, screen=screen)), pixels)
