from __future__ import annotations

import numpy as np
import pytest

from fvae_studio.core.trust import motion_trust
from fvae_studio.core.types import FlowField

MOUTH = (slice(76, 88), slice(50, 78))


def field(*, motion: dict | None = None, confidence: dict | None = None, size: int = 128) -> FlowField:
    flow, trusted = np.zeros((128, 128, 2), np.float32), np.ones((128, 128), np.float32)
    for place, length in (motion or {}).items():
        flow[(*place, 1)] = length
    for place, value in (confidence or {}).items():
        trusted[place] = value
    step = 128 // size
    return FlowField(flow[::step, ::step].copy(), trusted[::step, ::step].copy())


class Place(tuple):
    """Slices are no keys of a dict; this is."""

    def __hash__(self) -> int:
        return hash(str(self))


mouth, forehead, border = Place(MOUTH), Place((slice(8, 20), slice(40, 90))), Place((slice(60, 70), slice(0, 12)))
face = Place((slice(40, 110), slice(35, 93)))


def test_what_does_not_move_is_trusted():
    assert motion_trust(field(confidence={face: 0.0})) == 1.0


def test_small_part_that_cannot_be_shown_decides():
    moved = field(motion={face: 2.0}, confidence={mouth: 0.1})

    assert motion_trust(moved) == pytest.approx(0.1, abs=0.02)


def test_still_places_and_the_background_have_no_say():
    moved = field(motion={mouth: 2.0, border: 3.0}, confidence={forehead: 0.0, border: 0.0})

    assert motion_trust(moved) == pytest.approx(1.0, abs=0.01)


def test_single_cells_have_little_say():
    moved = field(motion={face: 2.0}, confidence={Place((slice(80, 81), slice(60, 61))): 0.0})

    assert motion_trust(moved) > 0.95


def test_grid_of_the_flow_does_not_matter():
    fine, coarse = (field(motion={face: 2.0}, confidence={mouth: 0.3}, size=size) for size in (128, 64))

    assert motion_trust(coarse) == pytest.approx(motion_trust(fine), abs=0.03)
