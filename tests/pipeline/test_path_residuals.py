"""Mutual registration: photos meet on the way, rest at their own keys, and are not matched where they differ."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.regularise import MIN_JACOBIAN, jacobian
from fvae_studio.core.residual import MATCH_SIZE
from fvae_studio.core.timeline import Moment
from fvae_studio.core.types import FlowField
from fvae_studio.pipeline import path_residuals
from fvae_studio.pipeline.path_residuals import RESIDUAL_STEPS, MatchedSource, PathResiduals

STILL = FlowField.identity((CROP_SIZE, CROP_SIZE))
APART_PX = 1.0


def picture(shift_px: float) -> NDArray[np.uint8]:
    """A texture, moved to the right by crop pixels."""
    noise = np.random.default_rng(0).normal(size=(MATCH_SIZE, MATCH_SIZE, 3)).astype(np.float32)
    texture = np.clip(128 + cv2.GaussianBlur(noise, (0, 0), 3) * 400, 0, 255).astype(np.uint8)
    moved = np.float32([[1, 0, shift_px * MATCH_SIZE / CROP_SIZE], [0, 1, 0]])
    return cv2.warpAffine(texture, moved, (MATCH_SIZE, MATCH_SIZE), borderMode=cv2.BORDER_REPLICATE)


def oval() -> NDArray[np.float32]:
    axis = np.linspace(-1, 1, MATCH_SIZE, dtype=np.float32)
    return np.clip((1 - np.hypot(axis[:, None], axis[None, :])) * 3, 0, 1)


def source(shift_px: float, *, mouth: NDArray[np.float32] | None = None) -> MatchedSource:
    return MatchedSource(picture(shift_px), oval(), mouth, 0.0 if mouth is None else 1.0)


def residuals(*sources: MatchedSource) -> PathResiduals:
    return PathResiduals(sources, lambda _pair, _place: (STILL, STILL))


def middle_shift(field: FlowField) -> float:
    """Where the middle of a field points, crop pixels to the right."""
    return float(field.flow[56:72, 56:72, 0].mean())


@pytest.fixture(scope="module")
def pair() -> PathResiduals:
    return residuals(source(0.0), source(APART_PX))


@pytest.mark.parametrize("t", [0.25, 0.4, 0.5, 1.0])
def test_each_photo_goes_its_share_of_the_motion(pair, t):
    moment = Moment((1 - t, t), (0.5, 0.5))
    first, second = (pair.meet(face, STILL, moment) for face in range(2))

    # What lies to the right is fetched from the left: the first picture is t of the way to the second.
    assert middle_shift(first) == pytest.approx(-t * APART_PX, abs=0.05)
    assert middle_shift(second) == pytest.approx((1 - t) * APART_PX, abs=0.05)


def test_at_its_own_key_a_photo_is_not_moved(pair):
    assert pair.meet(0, STILL, Moment((1.0, 0.0), (1.0, 0.0))) is STILL
    assert pair.meet(1, STILL, Moment((0.0, 1.0), (0.0, 1.0))) is STILL


def test_how_much_is_seen_moves_nothing(pair):
    fields = [pair.meet(0, STILL, Moment((0.5, 0.5), blend)).flow for blend in ((1.0, 0.0), (0.2, 0.8))]

    np.testing.assert_array_equal(*fields)


def test_met_flows_have_no_folds_and_end_at_the_border(pair):
    field = pair.meet(0, STILL, Moment((0.0, 1.0), (0.5, 0.5)))

    assert jacobian(field.flow).min() > MIN_JACOBIAN
    for rim in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        assert not field.flow[rim].any()


def test_three_photos_meet_in_one_place():
    met = residuals(source(0.0), source(APART_PX), source(-APART_PX / 2))
    moment = Moment((0.5, 0.25, 0.25), (0.5, 0.25, 0.25))
    places = [middle_shift(met.meet(face, STILL, moment)) for face in range(3)]
    wanted = 0.25 * APART_PX - 0.25 * APART_PX / 2

    for place, own in zip(places, (0.0, APART_PX, -APART_PX / 2), strict=True):
        assert own - place == pytest.approx(wanted, abs=0.08)


def test_matching_is_done_at_few_places_and_once(monkeypatch):
    found = []
    search = path_residuals.residual_flow
    monkeypatch.setattr(path_residuals, "residual_flow", lambda *a, **k: found.append(k["share"]) or search(*a, **k))
    fresh = residuals(source(0.0), source(APART_PX))
    for t in np.linspace(0, 1, 13):
        fresh.meet(0, STILL, Moment((1 - t, t), (1 - t, t)))

    # At t = 0 nothing is asked.
    assert sorted(found) == [step / RESIDUAL_STEPS for step in range(RESIDUAL_STEPS + 1)]


def test_teeth_are_not_matched_with_lips():
    depth = np.full((MATCH_SIZE, MATCH_SIZE), -50, np.float32)
    depth[80:176, 40:216] = 5
    shifts = []
    for mouths in ((None, depth), (depth, depth)):
        met = residuals(source(0.0, mouth=mouths[0]), source(APART_PX, mouth=mouths[1]))
        shifts.append(abs(middle_shift(met.meet(0, STILL, Moment((0.0, 1.0), (0.5, 0.5))))))

    assert shifts[0] < 0.1
    assert shifts[1] > 0.8 * APART_PX


def test_with_sliders_a_residual_follows_its_pixels(pair):
    # A slider has moved everything by a tenth of the crop; the residual was found on the path, where it was still.
    moved = np.zeros((CROP_SIZE, CROP_SIZE, 2), np.float32)
    moved[8:-8, 8:-8, 0] = 12.0
    field = FlowField(cv2.GaussianBlur(moved, (0, 0), 3), np.ones((CROP_SIZE, CROP_SIZE), np.float32))
    plain = pair.meet(0, STILL, Moment((0.0, 1.0), (0.5, 0.5))).flow
    met = pair.meet(0, field, Moment((0.0, 1.0), (0.5, 0.5), (("smile", 1.0),))).flow

    np.testing.assert_allclose((met - field.flow)[56:72, 40:60], plain[56:72, 52:72], atol=0.03)


def test_what_shall_stay_goes_nowhere_to_meet(pair):
    still = np.zeros((MATCH_SIZE, MATCH_SIZE), np.float32)
    still[:, : MATCH_SIZE // 2] = 1
    moment = Moment((0.5, 0.5), (0.5, 0.5))
    held, met = pair.meet(0, STILL, moment, still=still).flow, pair.meet(0, STILL, moment).flow

    assert not held[:, : CROP_SIZE // 2 - 8].any()
    np.testing.assert_allclose(held[56:72, CROP_SIZE // 2 + 8 :], met[56:72, CROP_SIZE // 2 + 8 :], atol=0.02)
