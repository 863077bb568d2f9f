from __future__ import annotations

import numpy as np
import pytest

from fvae_studio.core.trust import motion_trust
from fvae_studio.core.types import FlowField


def field(lengths: list[float], confidences: list[float]) -> FlowField:
    flow = np.zeros((1, len(lengths), 2), np.float32)
    flow[0, :, 1] = lengths
    return FlowField(flow, np.array([confidences], np.float32))


def test_what_does_not_move_is_trusted():
    assert motion_trust(field([0, 0], [0, 0])) == 1.0


def test_still_places_have_no_say():
    assert motion_trust(field([0, 3.0], [0.0, 0.75])) == pytest.approx(0.75)


def test_long_motion_counts_for_more():
    assert motion_trust(field([1.0, 3.0], [1.0, 0.2])) == pytest.approx((1 + 0.6) / 4)
