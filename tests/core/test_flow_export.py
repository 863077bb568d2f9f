"""Flows at a photo's size, as other programs read them."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.exr import decode_exr
from fvae_studio.core.flow_export import (
    from_st_map,
    picture_flow,
    require_flow_format,
    to_st_map,
    write_picture_flow,
)
from fvae_studio.core.geometry import SimilarityTransform
from fvae_studio.core.types import FlowField
from fvae_studio.core.warp import upsample_flow, warp_photo
from fvae_studio.errors import GeometryError
from tests.core.test_cutout import TO_CROP, bump
from tests.helpers.fake_faces import make_photo


@pytest.fixture(scope="module")
def photo():
    return make_photo()


@pytest.fixture(scope="module")
def flow(photo):
    return picture_flow([(bump(), TO_CROP)], photo.bounds)


def test_flow_of_the_photo_is_what_the_warp_uses(photo, flow):
    assert flow.shape == (photo.height, photo.width, 2)
    np.testing.assert_array_equal(flow, upsample_flow(bump().flow, TO_CROP, photo.bounds))


def test_another_size_is_the_same_motion_in_its_pixels(photo, flow):
    half = picture_flow([(bump(), TO_CROP)], photo.bounds, longer_side=photo.width // 2)
    double = picture_flow([(bump(), TO_CROP)], photo.bounds, longer_side=2 * photo.width)
    y, x = 240, 300

    assert half.shape == (photo.height // 2, photo.width // 2, 2)
    np.testing.assert_allclose(half[y // 2, x // 2] * 2, flow[y : y + 2, x : x + 2].mean(axis=(0, 1)), atol=0.05)
    np.testing.assert_allclose(double[2 * y : 2 * y + 2, 2 * x : 2 * x + 2].mean(axis=(0, 1)), 2 * flow[y, x], atol=0.1)


def test_flows_of_two_faces_are_one(photo):
    elsewhere = SimilarityTransform(0.45, 0.0, 0.0, -90.0)
    both = picture_flow([(bump(), TO_CROP), (bump(), elsewhere)], photo.bounds)
    one, other = (picture_flow([(bump(), place)], photo.bounds) for place in (TO_CROP, elsewhere))

    apart = ~(one.any(axis=2) & other.any(axis=2))
    np.testing.assert_allclose(both[apart], (one + other)[apart], atol=1e-3)


@pytest.mark.parametrize("suffix", [".flo", ".exr", ".npz"])
def test_displacements_come_back_bit_by_bit(tmp_path, flow, suffix):
    path = write_picture_flow(tmp_path / f"smile{suffix}", flow)
    if suffix == ".flo":
        data = path.read_bytes()
        magic, width, height = struct.unpack_from("<fii", data)
        assert magic == 202021.25
        read = np.frombuffer(data, "<f4", offset=12).reshape(height, width, 2)
    elif suffix == ".exr":
        channels = decode_exr(path.read_bytes()).channels
        read = np.stack([channels["R"], channels["G"]], axis=-1)
    else:
        read = np.load(path)["flow"]

    np.testing.assert_array_equal(read, flow)


def test_st_map_goes_there_and_back(tmp_path, flow):
    path = write_picture_flow(tmp_path / "smile.exr", flow, "st-map")
    channels = decode_exr(path.read_bytes()).channels
    st_map = np.stack([channels["R"], channels["G"]], axis=-1)

    np.testing.assert_array_equal(st_map, to_st_map(flow))
    # 32-bit floats in [0, 1] hold a position of 640 pixels to about 4e-5.
    np.testing.assert_allclose(from_st_map(st_map), flow, atol=1e-4)
    assert not channels["B"].any()


def test_still_st_map_counts_from_the_lower_left_corner():
    st_map = to_st_map(np.zeros((2, 4, 2), np.float32))

    np.testing.assert_allclose(st_map[0, :, 0], [0.125, 0.375, 0.625, 0.875])
    np.testing.assert_allclose(st_map[:, 0, 1], [0.75, 0.25])


def test_st_map_shows_what_the_program_shows(photo, flow):
    # As a compositing program reads it: the source at (u * width, v * height), counted from the lower left corner.
    st_map = to_st_map(flow)
    x = st_map[..., 0] * photo.width - 0.5
    y = (1 - st_map[..., 1]) * photo.height - 0.5
    shown = cv2.remap(photo.pixels, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    warped = warp_photo(photo, FlowField(bump().flow, bump().confidence), TO_CROP, kernel="bicubic")

    assert np.abs(shown[warped.roi.slices].astype(int) - warped.pixels).max() <= 2


@pytest.mark.parametrize(("name", "kind"), [("a.flo", "st-map"), ("a.png", "flow"), ("a", "flow")])
def test_names_that_cannot_hold_it_are_refused(name, kind, tmp_path):
    with pytest.raises(GeometryError, match="none of them"):
        require_flow_format(tmp_path / name, kind)


def test_too_large_a_picture_is_refused(photo):
    with pytest.raises(GeometryError, match="up to 16384"):
        picture_flow([(bump(), TO_CROP)], photo.bounds, longer_side=20000)
