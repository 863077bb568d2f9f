"""What separates two pictures: found where it is, nothing where there is none, and shared out."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.residual import MATCH_SIZE, MAX_RESIDUAL_PX, moved_together, residual_flow

SCALE = MATCH_SIZE / CROP_SIZE
EVERYWHERE = np.ones((MATCH_SIZE, MATCH_SIZE), np.float32)
MIDDLE = (slice(48, -48), slice(48, -48))


def texture(seed: int = 0) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    noise = cv2.GaussianBlur(rng.normal(size=(MATCH_SIZE, MATCH_SIZE, 3)).astype(np.float32), (0, 0), 3)
    return np.clip(128 + noise * 400, 0, 255).astype(np.uint8)


def at(picture: NDArray[np.uint8], shift: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The picture at p + shift(p), crop pixels."""
    axis = np.arange(MATCH_SIZE, dtype=np.float32)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1)
    return cv2.remap(picture, grid + shift * np.float32(SCALE), None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def bump(x: float, y: float) -> NDArray[np.float32]:
    axis = (np.arange(MATCH_SIZE, dtype=np.float32) - MATCH_SIZE / 2) / 50
    height = np.exp(-(axis[:, None] ** 2) - axis[None, :] ** 2)
    return (height[..., None] * np.array([x, y])).astype(np.float32)


def test_equal_pictures_have_no_residual():
    picture = texture()

    assert not residual_flow(picture, picture.copy(), share=0.5, trust=EVERYWHERE).any()


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_pictures_meet_when_each_goes_its_share(share):
    # What both show in the frame where they meet.
    met, apart = texture(), bump(1.2, -0.8)
    first, second = at(met, np.float32(share) * apart), at(met, np.float32(share - 1) * apart)
    found = residual_flow(first, second, share=share, trust=EVERYWHERE)
    moved = at(first, np.float32(-share) * found), at(second, np.float32(1 - share) * found)
    before, after = (
        np.abs(one[MIDDLE].astype(float) - other[MIDDLE]).mean() for one, other in ((first, second), moved)
    )

    assert after < 0.3 * before
    assert np.abs(found - apart)[MIDDLE].mean() < 0.15


def test_light_does_not_look_like_motion():
    first = texture()
    second = np.round(first * np.linspace(0.6, 0.9, MATCH_SIZE)[:, None, None] + 20).astype(np.uint8)

    assert np.abs(residual_flow(first, second, share=0.5, trust=EVERYWHERE)[MIDDLE]).mean() < 0.05


def test_what_is_not_trusted_does_not_move():
    met = texture()
    first, second = at(met, bump(0.6, 0.6)), at(met, -bump(0.6, 0.6))
    found = residual_flow(first, second, share=0.5, trust=np.zeros_like(EVERYWHERE))

    assert not found.any()


def test_different_things_are_not_drawn_together_far():
    found = residual_flow(texture(1), texture(2), share=0.5, trust=EVERYWHERE)
    length = np.hypot(found[..., 0], found[..., 1])

    assert length.max() <= MAX_RESIDUAL_PX + 1e-5
    assert length.mean() < 1


def test_moving_on_adds_to_a_flow_that_is_the_same_everywhere():
    flow = np.full((64, 64, 2), 1.5, np.float32)
    confidence = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (64, 1))
    shift = np.full_like(flow, 2.0)
    moved, read = moved_together(flow, confidence, shift)

    np.testing.assert_allclose(moved, 3.5, atol=1e-6)
    # Two crop pixels are one cell of this grid.
    np.testing.assert_allclose(read[:, :-1], confidence[:, 1:], atol=1e-5)
