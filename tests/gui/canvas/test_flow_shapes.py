"""Overlays tell the truth about the flow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.types import FlowField
from fvae_studio.gui.canvas.flow_shapes import (
    _sample,
    arrows,
    bent_grid,
    confidence_picture,
    flow_picture,
    largest_motion,
    moved_landmarks,
    seen_at,
)
from fvae_studio.gui.qimage import to_alpha, to_pixels
from tests.gui.fakes import make_rendered, make_request


@pytest.fixture
def flow(photo):
    return make_rendered(make_request(photo)).flows[0]


def constant(flow, dx, dy, confidence=1.0):
    field = np.full((64, 64, 2), (dx, dy), np.float32)
    return replace(flow, field=FlowField(field, np.full((64, 64), confidence, np.float32)))


def test_content_is_seen_against_the_flow():
    flow = np.full((64, 64, 2), (3, -2), np.float32)

    np.testing.assert_allclose(seen_at(flow, np.array([[60.0, 60.0]])), [[57, 62]], atol=0.05)


def test_content_of_a_bending_flow_is_found(flow):
    points = np.stack(np.meshgrid(np.linspace(20, 108, 12), np.linspace(20, 108, 12)), axis=-1).reshape(-1, 2)
    seen = seen_at(flow.field.flow, points)

    np.testing.assert_allclose(seen + _sample(flow.field.flow, seen), points, atol=0.1)


def test_grid_of_no_motion_is_straight(flow):
    lines = bent_grid(constant(flow, 0, 0), 8.0)

    assert len(lines) > 100
    assert all(abs(line.dx()) < 1e-6 or abs(line.dy()) < 1e-6 for line in lines)
    bent = bent_grid(flow, 8.0)
    assert max(min(abs(line.dx()), abs(line.dy())) for line in bent) > 0.1


def test_arrows_go_from_where_pixels_came_to_where_they_are(flow):
    lines = arrows(constant(flow, 6, 0), 16.0, 2.0)
    shafts = lines[: len(lines) // 3]

    assert len(shafts) == (CROP_SIZE // 16) ** 2
    assert all(line.dx() == pytest.approx(-6) and line.dy() == pytest.approx(0) for line in shafts)
    # The heads end where the arrows end.
    assert {(line.x2(), line.y2()) for line in lines} == {(line.x2(), line.y2()) for line in shafts}
    assert arrows(constant(flow, 0.1, 0), 16.0, 2.0) == []


def test_landmarks_go_with_the_face(flow):
    zoom = flow.photo_to_crop.scale
    moved = moved_landmarks(constant(flow, 4, 0)) - flow.face.landmarks
    inside = np.all(np.abs(flow.photo_to_crop.apply(flow.face.landmarks) - 63.5) < 50, axis=1)

    np.testing.assert_allclose(np.hypot(*moved[inside].T), 4 / zoom, rtol=0.02)


def test_colours_fade_where_nothing_moves(flow):
    alpha = to_alpha(flow_picture(flow, largest_motion([flow])))

    assert alpha is not None
    assert alpha.max() == 255
    assert alpha[0, 0] == 0


def test_confidence_is_yellow_where_certain_and_dark_where_not(flow):
    certain = to_pixels(confidence_picture(constant(flow, 0, 0, 1.0)))[32, 32].astype(int)
    guessed = to_pixels(confidence_picture(constant(flow, 0, 0, 0.0)))[32, 32].astype(int)

    assert certain.sum() > guessed.sum() + 150
    assert certain[0] > certain[2]
