"""Pictures with a pixel between each two, for quick reading."""

from __future__ import annotations

import numpy as np
import pytest

from fvae_studio.core.alignment import crop_region
from fvae_studio.core.fine_copy import FineCopy
from fvae_studio.core.geometry import Rect, SimilarityTransform
from fvae_studio.core.resample import refined, resample
from fvae_studio.core.types import FlowField
from fvae_studio.core.warp import warp_faces
from tests.helpers.fake_faces import make_photo


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_refined_picture_has_the_source_at_every_second_pixel(dtype):
    source = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (23, 31, 3), dtype, endpoint=True)
    fine = refined(source)

    assert fine.shape == (45, 61, 3)
    np.testing.assert_array_equal(fine[::2, ::2], source)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("corner", [(0, 0), (13, 22), (40, 7)])
def test_part_of_a_refined_picture_is_the_refined_part(dtype, corner):
    source = np.random.default_rng(2).integers(0, np.iinfo(dtype).max, (97, 101, 3), dtype, endpoint=True)
    top, left = corner
    part = refined(np.ascontiguousarray(source[top : top + 49, left : left + 55]))
    whole = refined(source)[2 * top : 2 * top + 97, 2 * left : 2 * left + 109]
    inside = slice(16, -16)

    np.testing.assert_array_equal(part[inside, inside], whole[inside, inside])


def test_sinc_reads_between_pixels_more_exactly_than_bicubic_and_a_finer_copy_helps_bicubic():
    picture, wanted = photo_like_picture_and_itself_moved(0.37, 0.21)
    axis = np.arange(24, 104, dtype=np.float32)
    positions = np.stack(np.meshgrid(axis + 0.37, axis + 0.21), axis=-1)
    error = {}
    readings = (("sinc", "sinc", None), ("bicubic", "bicubic", None), ("quick", "bicubic", refined(picture)))
    for name, kernel, fine in readings:
        out = np.empty((80, 80, 3), np.uint8)
        resample(picture, positions, kernel, out=out, fine=fine)
        error[name] = np.sqrt(((out.astype(float) - wanted[24:104, 24:104]) ** 2).mean())

    # Rounding to 8 bits alone is an error of 0.29.
    assert error["sinc"] < 0.6
    assert error["sinc"] < 0.8 * error["bicubic"]
    assert error["quick"] < error["bicubic"]


def test_finer_copy_at_hand_changes_no_bit_of_a_sharp_warp():
    photo = make_photo(300, 260, seed=4)
    flow = np.zeros((64, 64, 2), np.float32)
    flow[20:44, 20:44] = (1.7, -2.3)
    to_crop = SimilarityTransform(128 / 200, 0.0, -20.0, -15.0)
    faces = [(FlowField(flow, np.ones((64, 64), np.float32)), to_crop)]
    plain = warp_faces(photo, faces)[0]
    copied = warp_faces(photo, faces, fine=[FineCopy.around(photo, crop_region(to_crop).intersect(photo.bounds))])[0]

    assert plain.moved.any()
    np.testing.assert_array_equal(plain.pixels, copied.pixels)


def test_copy_that_does_not_reach_far_enough_is_not_read():
    photo = make_photo(300, 260, seed=4)
    copy = FineCopy.around(photo, Rect(100, 100, 50, 50))

    assert copy.part(Rect(70, 100, 50, 50)) is None
    np.testing.assert_array_equal(copy.part(Rect(95, 90, 30, 20))[::2, ::2], photo.pixels[90:110, 95:125])


def photo_like_picture_and_itself_moved(dx, dy):
    """128 x 128, falling spectrum, and the same read at (x + dx, y + dy) by its Fourier series; 8 bits and float."""
    rng = np.random.default_rng(1)
    across, down = np.fft.fftfreq(128)[None, :], np.fft.fftfreq(128)[:, None]
    frequency = np.hypot(across, down)
    # What a lens and a sensor's filter leave: little above 0.35 cycles a pixel.
    shape = np.exp(-((frequency / 0.22) ** 2)) / np.maximum(frequency, 1 / 128)
    spectrum = np.fft.fft2(rng.normal(size=(3, 128, 128))) * shape
    spectrum[:, 0, 0] = 0
    scale = 40 / np.real(np.fft.ifft2(spectrum)).std()
    picture = 128 + scale * np.real(np.fft.ifft2(spectrum))
    rounded = np.clip(np.round(picture), 0, 255)
    moved = np.real(np.fft.ifft2(np.fft.fft2(rounded) * np.exp(2j * np.pi * (across * dx + down * dy))))
    return rounded.transpose(1, 2, 0).astype(np.uint8).copy(), moved.transpose(1, 2, 0)
