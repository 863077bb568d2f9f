"""Which part of a face is doubtful."""

from __future__ import annotations

import numpy as np
import pytest

from fvae_studio.core.doubt import most_doubtful_part
from fvae_studio.core.types import NUM_LANDMARKS, FlowField

PLACES = {"mouth": (63, 95), "eyes": (46, 45), "brows": (82, 33), "outline": (20, 110)}
_POINTS = {
    "mouth": ((61, 291, 0, 17, 37, 267, 84, 314), (50, 76, 88, 102)),
    "right eye": ((33, 133, 159, 145), (38, 54, 42, 48)),
    "left eye": ((263, 362, 386, 374), (73, 89, 42, 48)),
    "right brow": ((70, 63, 105, 66, 107), (35, 56, 31, 35)),
    "left brow": ((300, 293, 334, 296, 336), (71, 92, 31, 35)),
}


@pytest.fixture
def landmarks():
    found = np.full((NUM_LANDMARKS, 2), 64, np.float32)
    for indices, (left, right, top, bottom) in _POINTS.values():
        found[list(indices), 0] = np.linspace(left, right, len(indices))
        found[list(indices), 1] = np.linspace(top, bottom, len(indices))
    return found


@pytest.mark.parametrize("part", PLACES)
@pytest.mark.parametrize("grid", [64, 128])
def test_part_that_moves_without_support_is_named(landmarks, part, grid):
    x, y = (value * grid // 128 for value in PLACES[part])
    confidence = np.ones((grid, grid), np.float32)
    confidence[y - 2 : y + 3, x - 2 : x + 3] = 0.1
    flow = np.full((grid, grid, 2), 1.5, np.float32)

    assert most_doubtful_part(FlowField(flow, confidence), landmarks) == part


def test_what_does_not_move_is_not_doubtful(landmarks):
    flow = np.zeros((64, 64, 2), np.float32)
    flow[45:50, 28:36] = 2.0
    confidence = np.full((64, 64), 0.5, np.float32)

    assert most_doubtful_part(FlowField(flow, confidence), landmarks) == "mouth"
