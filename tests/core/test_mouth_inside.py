"""Drawn teeth behind drawn lips: where they lie, how they are lit, how they are put into a photo."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fvae_studio.core.geometry import SimilarityTransform
from fvae_studio.core.mouth_composite import open_mouth
from fvae_studio.core.mouth_inside import EDGE_BELOW_SEAM_PX, DonorMouth, TeethPlace, TeethPlate, place_teeth
from fvae_studio.core.parting import PartedLips
from fvae_studio.core.types import FlowField, Photo
from fvae_studio.core.warp import FaceWarp, warp_photo
from tests.core.test_parting import parted, seam
from tests.helpers.fake_faces import make_photo
from tests.helpers.mouths import SEAM, mouth

WHITE = np.full(3, 0.6, np.float32)
STILL = np.ones((128, 128), np.float32)


def plate() -> TeethPlate:
    """A white bar above the edge, with a dark line in its middle; nothing below."""
    pixels = np.ones((140, 340, 3), np.float32)
    pixels[:, 162:178] = 0.2
    alpha = np.zeros((140, 340), np.float32)
    alpha[:90] = 1
    return TeethPlate(pixels, alpha, 10.0, (169.5, 89.5))


def inside(**place: float) -> DonorMouth:
    return DonorMouth(plate(), replace(TeethPlace(63.5, SEAM + 1.4, 1.0, 1.0), **place), WHITE)


def shaded(lips: PartedLips, donor: DonorMouth | None = None) -> np.ndarray:
    """(128, 128) brightness at every crop pixel."""
    x, y = np.meshgrid(np.arange(128, dtype=np.float32), np.arange(128, dtype=np.float32))
    return (donor or inside()).shade(x, y, lips, px_per_crop_px=6.0).mean(axis=2)


def test_teeth_lie_in_the_middle_below_the_seam():
    place = place_teeth(mouth(), seam())

    assert place.middle == pytest.approx(63.5, abs=0.6)
    assert place.edge == pytest.approx(SEAM + EDGE_BELOW_SEAM_PX, abs=0.05)
    assert place.left == pytest.approx(place.right, rel=0.1)


def test_turned_head_has_a_smaller_far_half():
    landmarks = mouth()
    landmarks[[0, 13, 14, 17], 0] += 4
    place = place_teeth(landmarks, seam())

    assert place.left > 1.1 * place.right


def test_teeth_do_not_move_with_the_lips():
    wide, low = parted(4, 4), parted(4, 1)
    # Two rows that both gaps show, far from lips and edges.
    rows = slice(80, 82)
    line = [int(shaded(lips)[rows, 58:70].mean(axis=0).argmin()) + 58 for lips in (wide, low)]

    assert line == pytest.approx([63.5, 63.5], abs=1)


def test_dark_below_the_teeth():
    bright = shaded(parted(3, 6))

    # Lowered by the slack, the edge lies at most a pixel and a half lower than at rest.
    assert bright[81, 58] > 0.25
    assert bright[86, 58] < 0.06


def test_teeth_are_darker_in_the_corners_and_under_the_lip():
    lips = parted(5, 3)
    bright = shaded(lips)
    left = round(lips.corners[0])

    assert bright[80, left + 2] < 0.4 * bright[80, 60]
    under = round(float(lips.top[lips.top.size // 2])) + 1
    assert bright[under, 58] < 0.8 * bright[under + 3, 58]


def test_slit_shows_less_light_than_an_open_mouth():
    narrow, wide = parted(0.9, 0.9), parted(4, 4)

    assert shaded(narrow)[82, 58] < 0.6 * shaded(wide)[82, 58]


def opened(photo: Photo, lips: PartedLips, to_crop: SimilarityTransform):
    flow = FlowField(lips.flow, STILL)
    face = warp_photo(photo, flow, to_crop)
    return face, open_mouth(FaceWarp(photo, [(flow, to_crop)]), face, lips, inside())


def to_crop(scale: float = 0.3) -> SimilarityTransform:
    return SimilarityTransform(scale, 0.02, -30.0, -8.0)


def test_only_the_mouth_changes():
    photo = make_photo()
    before, after = opened(photo, parted(), to_crop())
    changed = (before.pixels != after.pixels).any(axis=2)
    rows, columns = np.nonzero(changed)
    at = to_crop().apply(np.stack([columns + before.roi.x, rows + before.roi.y], axis=1).astype(np.float32))

    assert changed.any()
    assert at[:, 0].min() > 40
    assert at[:, 0].max() < 87
    assert at[:, 1].min() > 66
    assert at[:, 1].max() < 98


def test_gap_shows_teeth_and_lips_are_the_photos_own():
    photo = Photo(np.full((480, 640, 3), (150, 60, 60), np.uint8))
    _, after = opened(photo, parted(4, 4), to_crop())
    lips = parted(4, 4)
    points = np.array([[58.0, 80.0], [58.0, float(lips.top[928]) - 1.5], [58.0, float(lips.bottom[928]) + 1.5]])
    teeth, upper, lower = (
        after.pixels[round(y) - after.roi.y, round(x) - after.roi.x] for x, y in to_crop().inverse.apply(points)
    )

    assert teeth.min() > 120
    np.testing.assert_array_equal(upper, (150, 60, 60))
    np.testing.assert_array_equal(lower, (150, 60, 60))


def test_sixteen_bits_show_the_same_as_eight():
    shallow, deep = make_photo(), make_photo(bits=16)
    _, eight = opened(shallow, parted(), to_crop())
    _, sixteen = opened(deep, parted(), to_crop())

    assert sixteen.pixels.dtype == np.uint16
    assert np.abs(sixteen.pixels / 257 - eight.pixels).mean() < 0.6


def test_twice_is_the_same():
    photo = make_photo()

    first, second = (opened(photo, parted(), to_crop())[1] for _ in range(2))

    np.testing.assert_array_equal(first.pixels, second.pixels)


def test_smaller_level_looks_like_the_photo_made_smaller():
    photo = Photo(np.full((480, 640, 3), (150, 60, 60), np.uint8))
    half = Photo(np.full((240, 320, 3), (150, 60, 60), np.uint8))
    to_half = SimilarityTransform(2.0, 0.0, 0.5, 0.5)
    _, full = opened(photo, parted(4, 4), to_crop())
    _, small = opened(half, parted(4, 4), to_half.then(to_crop()))
    whole, reduced = photo.pixels.copy(), half.pixels.copy()
    whole[full.roi.slices], reduced[small.roi.slices] = full.pixels, small.pixels
    averaged = whole.reshape(240, 2, 320, 2, 3).mean(axis=(1, 3))

    difference = np.abs(averaged - reduced)
    assert difference.mean() < 0.2
    assert np.percentile(difference, 99.5) < 30
