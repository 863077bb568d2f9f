"""Masks of parts of a face."""

from __future__ import annotations

import numpy as np
import pytest

from fvae_studio.core.face_parts import PARTS, mouth_depth, part_mask
from tests.helpers.mouths import SEAM, mouth


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
