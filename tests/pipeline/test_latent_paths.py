"""Ways between photos: even in time, exact at the ends, decoded once."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.geometry import Points
from fvae_studio.core.lips import LOWER_INNER, LOWER_OUTER, UPPER_INNER, UPPER_OUTER
from fvae_studio.core.types import FlowField
from fvae_studio.pipeline.latent_paths import LEAST_PACE, PATH_NODES, LatentPaths

SHAPE = (32, 32)
WAY_PX = 4.0


class Predictor:
    """A face whose flows are a bump of `motion(latent)` crop pixels, relative to its own latent."""

    is_tracking = False

    def __init__(self, motion):
        self.motion, self.batches = motion, []

    def predict_latents(self, latents: NDArray[np.float32], *, face: int) -> tuple[FlowField, ...]:
        self.batches.append((face, len(latents)))
        axis = np.linspace(-1, 1, SHAPE[0])
        bump = np.clip(1 - 1.3 * np.hypot(axis[:, None], axis[None, :]), 0, 1)
        lengths = [self.motion(float(latent.ravel()[0])) - self.motion(float(face)) for latent in latents]
        flows = [np.stack([length * bump, 0 * bump], axis=-1).astype(np.float32) for length in lengths]
        return tuple(FlowField(flow, np.ones(SHAPE, np.float32)) for flow in flows)


def uncorrected(_face, _pair, _place):
    return None


def paths(motion, meet=lambda _face, field, _pair, _place: field) -> LatentPaths:
    return paths_of(Predictor(motion), meet)


def paths_of(predictor, meet=lambda _face, field, _pair, _place: field) -> LatentPaths:
    def latent_at(pair, share):
        return np.full((1, 1, 1), (1 - share) * pair[0] + share * pair[1], np.float32)

    return LatentPaths(predictor, [None, None], latent_at, uncorrected, meet)


def length_at(ways: LatentPaths, share: float) -> float:
    field = ways.field(0, (0, 1), ways.even_place((0, 1), share), hold=0.0)
    return float(field.flow[..., 0].max())


@pytest.mark.parametrize("motion", [lambda z: WAY_PX * z, lambda z: WAY_PX * (3 * z**2 - 2 * z**3)])
def test_equal_shares_are_equal_motion(motion):
    ways = paths(motion)
    lengths = np.array([length_at(ways, share) for share in np.linspace(0, 1, 17)])

    np.testing.assert_allclose(np.diff(lengths) / lengths[-1], 1 / 16, rtol=0.2)


def test_latent_that_moves_evenly_is_left_as_it_is():
    ways = paths(lambda z: WAY_PX * z)
    places = [ways.even_place((0, 1), share) for share in (0.1, 0.5, 0.77)]

    np.testing.assert_allclose(places, (0.1, 0.5, 0.77), atol=1e-6)


def test_ends_are_the_ends_before_anything_is_decoded():
    ways = paths(lambda z: WAY_PX * z)

    assert (ways.even_place((0, 1), 0.0), ways.even_place((0, 1), 1.0)) == (0, 1)
    assert ways._predictor.batches == []


def test_stretches_without_motion_are_not_rushed_through():
    # Nothing moves in the second half of the latent.
    ways = paths(lambda z: WAY_PX * min(2 * z, 1.0))
    places = np.array([ways.even_place((0, 1), share) for share in np.linspace(0, 1, 101)])

    assert (np.diff(places) > 0).all()
    assert np.diff(places).max() * 100 < 1.2 / LEAST_PACE


def test_photos_that_do_not_move_go_on_evenly():
    assert paths(lambda _z: 0.0).even_place((0, 1), 0.3) == pytest.approx(0.3)


def test_a_way_is_decoded_once_and_at_once():
    ways = paths(lambda z: WAY_PX * z)
    for share in (0.2, 0.5, 0.9, 1.0):
        length_at(ways, share)
    batches = ways._predictor.batches

    assert sorted(batches) == [(0, 1), (0, 1), (0, PATH_NODES - 1), (1, 1), (1, 1), (1, PATH_NODES - 1)]


def test_flows_between_nodes_are_read_off_linearly():
    ways = paths(lambda z: WAY_PX * z**2)
    low, middle, high = (ways.field(0, (0, 1), at / PATH_NODES, hold=0.0).flow for at in (3, 3.5, 4))

    assert np.abs(high).max() < CROP_SIZE
    np.testing.assert_allclose(middle, (low + high) / 2, atol=1e-6)


def test_meeting_is_done_at_nodes_only():
    asked = []

    def meet(face, field, pair, place):
        asked.append((face, pair, place))
        return FlowField(field.flow + 1, field.confidence)

    ways = paths(lambda z: WAY_PX * z, meet)
    for at in (3.2, 3.7, 3.9):
        met, plain = (ways.field(0, (0, 1), at / PATH_NODES, hold=0.0, met=met).flow for met in (True, False))
        np.testing.assert_allclose(met, plain + 1, atol=1e-6)

    assert asked == [(0, (0, 1), 3 / PATH_NODES), (0, (0, 1), 4 / PATH_NODES)]


class TwoParts(Predictor):
    """A mouth that moves evenly, and a brow of the same size that moves twice as far, all in the first half."""

    def predict_latents(self, latents, *, face):
        self.batches.append((face, len(latents)))
        fields = []
        for latent in latents:
            z = float(latent.ravel()[0])
            flow = np.zeros((CROP_SIZE, CROP_SIZE, 2), np.float32)
            flow[MOUTH_ROWS, 48:80, 1] = 0.5 * (z - face)
            flow[BROW_ROWS, 48:80, 1] = min(2 * z, 1.0) - min(2.0 * face, 1.0)
            fields.append(FlowField(flow, np.ones((CROP_SIZE, CROP_SIZE), np.float32)))
        return tuple(fields)


MOUTH_ROWS, BROW_ROWS = slice(88, 104), slice(30, 46)


def mouth_landmarks(*, rows: slice) -> Points:
    landmarks = np.full((478, 2), (CROP_SIZE - 1) / 2, np.float32)
    for upper, lower in ((UPPER_OUTER, LOWER_OUTER), (UPPER_INNER, LOWER_INNER)):
        for indices, y in ((upper, rows.start), (lower, rows.stop)):
            landmarks[list(indices)] = np.stack([np.linspace(48, 79, len(indices)), np.full(len(indices), y)], axis=-1)
    return landmarks


def place_halfway(landmarks) -> float:
    def latent_at(pair, share):
        return np.full((1, 1, 1), (1 - share) * pair[0] + share * pair[1], np.float32)

    ways = LatentPaths(
        TwoParts(None), [landmarks, landmarks], latent_at, uncorrected, lambda _face, field, _pair, _place: field
    )
    return ways.even_place((0, 1), 0.5)


def test_the_mouth_sets_the_pace():
    assert place_halfway(mouth_landmarks(rows=MOUTH_ROWS)) == pytest.approx(0.5, abs=0.1)
    assert place_halfway(None) < 0.35


def test_what_moves_sets_the_pace_where_the_mouth_is_still():
    still = mouth_landmarks(rows=slice(110, 120))

    assert place_halfway(still) == pytest.approx(place_halfway(None), abs=0.05)


def test_raw_flows_are_those_at_nodes_and_linear_between():
    ways = paths(lambda z: WAY_PX * z**2)
    raw = [ways.raw(0, (0, 1), at / PATH_NODES).flow for at in (3, 3.5, 4)]

    assert raw[2].max() == pytest.approx(WAY_PX * (4 / PATH_NODES) ** 2, rel=0.1)
    np.testing.assert_allclose(raw[1], (raw[0] + raw[2]) / 2, atol=1e-6)


@pytest.mark.parametrize(("is_same", "decoded_again"), [((True, True), False), ((True, False), True)])
def test_other_edits_decode_only_what_they_change(is_same, decoded_again):
    ways = paths(lambda z: WAY_PX * z)
    before = length_at(ways, 0.3)
    num_batches = len(ways._predictor.batches)
    # The second photo's own edit, if it has another one, moves twice as far.
    reach = 1 if is_same[1] else 2

    def latent_at(pair, share):
        return np.full((1, 1, 1), reach * ((1 - share) * pair[0] + share * pair[1]), np.float32)

    other = ways.kept(is_same, latent_at, lambda _face, field, *_: field)

    assert length_at(other, 0.3) == pytest.approx(reach * before, rel=0.05)
    assert (len(ways._predictor.batches) > num_batches) == decoded_again


def test_corrections_are_added_at_nodes():
    ways = LatentPaths(
        Predictor(lambda latent: latent),
        [None, None],
        lambda pair, share: np.full((1, 1, 1), (1 - share) * pair[0] + share * pair[1], np.float32),
        lambda face, pair, place: None if pair[0] == pair[1] else np.full((*SHAPE, 2), place * (1 + face), np.float32),
        lambda _face, field, _pair, _place: field,
    )

    corner = [float(ways.raw(1, (0, 1), place).flow[0, 0, 0]) for place in (0.5, 1.0)]

    assert corner == pytest.approx([1.0, 0.0])


class Tracking(Predictor):
    """One that finds what stands in a latent: motion is what was carried there, twice as far as the latent says."""

    is_tracking = True

    def __init__(self):
        super().__init__(lambda z: z)
        self.carried_flows = []

    def carried(self, latents, flows, *, face):
        self.carried_flows.append((face, flows))
        return 2 * latents


def test_descriptors_are_carried_evenly_between_the_ends():
    predictor = Tracking()

    middle = paths_of(predictor).raw(0, (0, 1), 0.5)

    ((face, flows),) = predictor.carried_flows
    assert face == 0
    assert len(flows) == PATH_NODES - 1
    largest = np.abs(flows).max(axis=(1, 2, 3))
    np.testing.assert_allclose(largest / largest[-1], np.arange(1, PATH_NODES) / (PATH_NODES - 1), atol=1e-6)
    # What was carried is what is decoded.
    np.testing.assert_allclose(middle.flow, 2 * flows[PATH_NODES // 2 - 1], atol=1e-6)


def test_a_photos_own_expression_is_decoded_as_it_is():
    predictor = Tracking()

    paths_of(predictor).raw(0, (1, 1), 0.0)

    assert not predictor.carried_flows
