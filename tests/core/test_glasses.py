"""Glasses keep their shape, whatever a face does behind them."""

from __future__ import annotations

import numpy as np
import pytest

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.geometry import Rect, SimilarityTransform
from fvae_studio.core.glasses import head_motion, hold_glasses
from fvae_studio.core.glasses_composite import draw_glasses, glasses_window, join_glasses_displacements
from fvae_studio.core.regularise import jacobian
from fvae_studio.core.types import FlowField, Photo
from fvae_studio.core.warp import FaceWarp, warp_faces
from fvae_studio.core.worn_glasses import WornGlasses
from tests.core.test_surroundings import even
from tests.core.test_surroundings import face as round_face

SIZE = 128
EYES = ((46, 47), (81, 47))


def face() -> np.ndarray:
    """Landmarks that fill a disc, with the bridge of the nose and the hair line where they are in a crop."""
    landmarks = round_face()
    landmarks[[6, 10]] = [(63.5, 48), (63.5, 18)]
    return landmarks


def rims(*, radius: int = 12, thickness: int = 2) -> np.ndarray:
    """(128, 128): two round frames and a bridge."""
    drawn = np.zeros((SIZE, SIZE), np.float32)
    for eye in EYES:
        cv2.circle(drawn, eye, radius, 1.0, thickness)
    cv2.line(drawn, (EYES[0][0] + radius, 45), (EYES[1][0] - radius, 45), 1.0, thickness)
    return drawn


def worn(mask: np.ndarray) -> WornGlasses:
    found = WornGlasses.of(mask)
    assert found is not None
    return found


def raised_brows(amount: float) -> np.ndarray:
    """What is above the eyes comes from below it; nose and chin stay."""
    rows, columns = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    brow = sum(np.exp(-(((columns - x) / 12) ** 2 + ((rows - (y - 18)) / 8) ** 2)) for x, y in EYES)
    return np.stack([np.zeros_like(rows), amount * brow], axis=-1).astype(np.float32)


def wearing(*, scale: int = 4, frame: int = 0) -> Photo:
    """A grey face with black glasses, and brows that touch them."""
    pixels = np.full((SIZE, SIZE, 3), 200, np.uint8)
    for x, y in EYES:
        cv2.line(pixels, (x - 10, y - 16), (x + 10, y - 16), (150, 130, 110), 4)
    pixels[rims() > 0.5] = frame
    size = (SIZE * scale, SIZE * scale)
    return Photo(cv2.resize(pixels, size, interpolation=cv2.INTER_NEAREST))


def shown(photo: Photo, flow: np.ndarray, *, scale: int = 4, mask: np.ndarray | None = None) -> np.ndarray:
    """The photo's pixels with that flow, glasses before it."""
    to_crop = SimilarityTransform.resize(SIZE * scale, SIZE)
    glasses = hold_glasses(flow, face(), lambda: worn(rims() if mask is None else mask))
    assert glasses is not None
    faces = [(FlowField(glasses.behind, np.ones((SIZE, SIZE), np.float32)), to_crop)]
    (warped,) = warp_faces(photo, faces)
    drawn = draw_glasses(FaceWarp(photo, faces), warped, glasses)
    pixels = photo.pixels.copy()
    pixels[drawn.roi.slices] = drawn.pixels
    return pixels


@pytest.mark.parametrize("amount", [1.0, 3.0, 5.0, -3.0])
def test_frames_stay_where_they_are_while_brows_move(amount):
    photo, flow = wearing(), raised_brows(amount)

    pixels = shown(photo, flow)

    frame = cv2.resize(rims(), (SIZE * 4, SIZE * 4), interpolation=cv2.INTER_NEAREST) > 0.5
    assert np.abs(flow[rims() > 0.5]).max() > 0.5 * abs(amount)
    assert pixels[frame].max() < 60
    # And nowhere else is anything as dark as they are.
    near = cv2.dilate(frame.astype(np.uint8), np.ones((13, 13), np.uint8)) > 0
    assert pixels[~near].min() > 80


@pytest.mark.parametrize("amount", [2.0, 4.0])
def test_brows_above_a_frame_rise_as_far_as_without_one(amount):
    flow = raised_brows(amount)

    glasses = hold_glasses(flow, face(), lambda: worn(rims()))

    assert glasses is not None
    (x, y) = EYES[0]
    # All that was not behind the frame, or next to it.
    free = np.arange(SIZE) + flow[:, x, 1] < y - 12 - 4
    assert flow[free, x, 1].max() > 0.9 * amount
    np.testing.assert_allclose(glasses.around[free, x], flow[free, x], atol=0.02)


def test_frames_go_with_a_head_that_moves():
    flow = even(3.0, SIZE)

    assert hold_glasses(flow, face(), lambda: worn(rims())) is None


def test_brows_lift_no_frame_of_a_head_that_turns():
    turned = np.broadcast_to(np.array([-2.5, 0], np.float32), (SIZE, SIZE, 2))

    glasses = hold_glasses(turned + raised_brows(4.0), face(), lambda: worn(rims()))

    assert glasses is not None
    np.testing.assert_allclose(glasses.frame[20:80], np.broadcast_to([-2.5, 0], (60, SIZE, 2)), atol=0.1)
    np.testing.assert_allclose(head_motion(turned, face()), np.broadcast_to([-2.5, 0], (1, SIZE, 2)), atol=1e-5)


@pytest.mark.parametrize("amount", [2.0, 5.0, -5.0])
def test_what_is_seen_through_a_lens_shows_no_frame(amount):
    """What is shown inside of a rim was inside of it in the photo."""
    flow, mask = raised_brows(amount), rims()
    glasses = hold_glasses(flow, face(), lambda: worn(mask))
    assert glasses is not None
    places = glasses.behind + np.stack(np.meshgrid(np.arange(SIZE), np.arange(SIZE)), axis=-1).astype(np.float32)

    seen = cv2.remap(mask, places, None, cv2.INTER_LINEAR)

    free = cv2.resize(glasses.shown, (SIZE, SIZE), interpolation=cv2.INTER_AREA) < 0.5
    assert seen[free].max() < 0.2
    assert jacobian(glasses.behind).min() > 0


def test_from_photo_to_photo_frames_move_as_they_do_there():
    flow = raised_brows(4.0)

    whole, half = (hold_glasses(flow, face(), lambda: worn(rims()), own=own) for own in (1.0, 0.5))

    assert whole is not None
    assert half is not None
    np.testing.assert_allclose(half.frame, (whole.frame + flow) / 2, atol=1e-5)
    assert hold_glasses(flow, face(), lambda: worn(rims()), own=0.0) is None


def test_a_face_without_glasses_is_left_alone():
    speck = np.zeros((SIZE, SIZE), np.float32)
    speck[40:44, 60:64] = 1
    half = rims()
    half[:, SIZE // 2 :] = 0

    brows = np.zeros((SIZE, SIZE), np.float32)
    for x, y in EYES:
        cv2.line(brows, (x - 14, y - 12), (x + 14, y - 12), 1.0, 4)
    for nothing in (np.zeros((SIZE, SIZE), np.float32), speck, half, brows):
        assert WornGlasses.of(nothing) is None
    assert hold_glasses(raised_brows(4.0), face(), lambda: None) is None


def test_what_is_hardly_likely_is_no_pair_of_glasses():
    assert WornGlasses.of(0.9 * rims()) is not None
    assert WornGlasses.of(0.65 * rims()) is None


def test_a_frame_without_a_lower_rim_is_a_frame():
    upper = rims()
    upper[EYES[0][1] + 2 :] = 0

    assert WornGlasses.of(upper) is not None


def test_nobody_looks_where_nothing_moves():
    def find():
        raise AssertionError("nothing moves")

    assert hold_glasses(np.zeros((SIZE, SIZE, 2), np.float32), face(), find) is None


def test_glasses_are_no_matter_of_a_mouth():
    flow = np.zeros((SIZE, SIZE, 2), np.float32)
    flow[90:110, 40:90, 1] = 3.0

    assert hold_glasses(flow, face(), lambda: worn(rims())) is None


def test_dark_lenses_stay_whole():
    mask = rims()
    for eye in EYES:
        cv2.circle(mask, eye, 12, 1.0, -1)
    photo = wearing()
    pixels = photo.pixels.copy()
    pixels[cv2.resize(mask, (SIZE * 4, SIZE * 4), interpolation=cv2.INTER_NEAREST) > 0.5] = 10

    edited = shown(Photo(pixels), raised_brows(4.0), mask=mask)

    lens = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8))
    lens = cv2.resize(lens, (SIZE * 4, SIZE * 4), interpolation=cv2.INTER_NEAREST) > 0
    np.testing.assert_allclose(edited[lens].astype(int), pixels[lens], atol=1)


def test_pixels_beyond_the_box_are_those_that_came_in():
    photo, flow = wearing(), raised_brows(3.0)
    to_crop = SimilarityTransform.resize(SIZE * 4, SIZE)
    glasses = hold_glasses(flow, face(), lambda: worn(rims()))
    assert glasses is not None
    faces = [(FlowField(glasses.behind, np.ones((SIZE, SIZE), np.float32)), to_crop)]
    (warped,) = warp_faces(photo, faces)

    drawn = draw_glasses(FaceWarp(photo, faces), warped, glasses)

    window = glasses_window(glasses, to_crop, warped.roi).within(warped.roi)
    outside = np.ones(warped.pixels.shape[:2], bool)
    outside[window] = False
    assert outside.any()
    np.testing.assert_array_equal(drawn.pixels[outside], warped.pixels[outside])


def test_displacements_are_those_of_the_layer_that_is_seen():
    flow, mask = raised_brows(4.0), rims()
    glasses = hold_glasses(flow, face(), lambda: worn(mask))
    assert glasses is not None
    window = Rect(0, 0, SIZE, SIZE)

    dense = join_glasses_displacements(glasses.behind, glasses.flows, glasses, window, SimilarityTransform.identity())

    assert np.abs(dense[mask > 0.5]).max() < 0.02
    (x, y) = EYES[0]
    np.testing.assert_allclose(dense[y - 22, x], flow[y - 22, x], atol=0.02)


@pytest.mark.parametrize("size", [64, 128])
def test_a_coarser_flow_is_taken_apart_as_well(size):
    flow = cv2.resize(raised_brows(4.0), (size, size), interpolation=cv2.INTER_AREA)

    glasses = hold_glasses(flow, face(), lambda: worn(rims()))

    assert glasses is not None
    assert glasses.behind.shape == glasses.around.shape == glasses.frame.shape == flow.shape
    assert np.abs(glasses.frame).max() < 0.05
