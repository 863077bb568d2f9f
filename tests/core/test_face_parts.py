"""Masks of parts of a face."""

from __future__ import annotations

import numpy as np
import pytest

from fvae_studio.core.face_parts import PARTS, gap_depth, mouth_depth, part_mask
from fvae_studio.core.lips import moved_gap
from fvae_studio.core.regularise import prepare_flow
from tests.helpers.mouths import SEAM, mouth, parting_flow


def test_mouth_mask_covers_the_lips_and_ends_smoothly():
    mask = part_mask(mouth(), "mouth", grow_px=2, feather_px=3)

    assert mask[round(SEAM), 63] == 1
    assert mask[round(SEAM), 47] == 1
    assert 0 < mask[round(SEAM) + 11, 63] < 1
    assert not mask[:60].any()
    assert np.abs(np.diff(mask, axis=0)).max() < 0.35


def test_growing_only_adds():
    small, large = (part_mask(mouth(), "mouth", grow_px=grow, feather_px=3) for grow in (1, 6))

    assert (large >= small - 1e-6).all()
    assert large.sum() > small.sum()


@pytest.mark.parametrize("part", PARTS)
def test_mask_is_zero_along_the_border_whatever_the_landmarks_are(part):
    landmarks = np.random.default_rng(0).uniform(-30, 160, (478, 2)).astype(np.float32)
    mask = part_mask(landmarks, part, grow_px=8, feather_px=8)

    assert mask.min() >= 0
    assert mask.max() <= 1
    for edge in (mask[0], mask[-1], mask[:, 0], mask[:, -1]):
        assert not edge.any()


def test_depth_is_positive_only_between_the_lips():
    depth = mouth_depth(mouth(6.0), size=256)

    assert depth[round(2 * SEAM), 127] == pytest.approx(3, abs=0.4)
    assert depth[round(2 * (SEAM - 6)), 127] < -1
    assert depth[:120].max() < 0
    assert mouth_depth(mouth(0.0), size=256).max() < 0.5


def test_the_gap_of_a_mouth_that_does_not_move_is_the_photos_own():
    between = moved_gap(np.zeros((128, 128, 2), np.float32), mouth(8.0))
    assert between is not None
    moved, own = gap_depth(*between.curves(128), between.corners, size=256), mouth_depth(mouth(8.0), size=256)

    assert abs(float(moved.max() - own.max())) < 0.5
    assert ((moved > 0.3) <= (own > -0.3)).all()
    assert ((own > 0.5) <= (moved > -0.3)).all()


def test_a_gap_that_is_pressed_together_is_a_smooth_slit():
    flow = parting_flow(-8, -8)
    rng = np.random.default_rng(4)
    flow[..., 1] += np.kron(rng.normal(0, 0.6, (32, 32)), np.ones((4, 4)))
    between = moved_gap(prepare_flow(flow), mouth(8.0))
    assert between is not None
    depth = gap_depth(*between.curves(128), between.corners, size=512)[:, 4 * 56 : 4 * 71]

    # In the edited face: 4 px deep in the photo.
    assert 0.2 < depth.max() < 2
    assert np.abs(np.diff(depth.argmax(axis=0))).max() <= 1


def test_a_mouth_without_width_has_no_gap():
    points = mouth(8.0)
    points[:, 0] = 63.5

    assert moved_gap(np.zeros((128, 128, 2), np.float32), points) is None
