"""Teeth that a photo shows stay where they are, as large as they are, under lips that move."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvae_studio.core.contours import curve_at, curve_through
from fvae_studio.core.flow_export import picture_flow
from fvae_studio.core.geometry import SimilarityTransform
from fvae_studio.core.lips import LOWER_INNER
from fvae_studio.core.regularise import prepare_flow
from fvae_studio.core.seen_teeth import SeenTeeth
from fvae_studio.core.shown_face import warp_shown
from fvae_studio.core.still_teeth import OPEN_PX, StillTeeth, hold_teeth
from fvae_studio.core.types import FlowField, Photo
from fvae_studio.core.warp import warp_faces
from tests.helpers.mouths import SEAM, mouth, parting_flow

GAP = 8.0
MIDDLE = 63
rows = np.arange(128, dtype=np.float32)
SCALE = 6
TO_CROP = SimilarityTransform.resize(128 * SCALE, 128)


def held(flow: np.ndarray, *, gap: float = GAP) -> StillTeeth:
    teeth = hold_teeth(flow, mouth(gap))
    assert teeth is not None
    return teeth


def between(teeth: StillTeeth, column: int = MIDDLE) -> np.ndarray:
    """Rows that show what lies between the lips."""
    top, bottom = (float(curve_at(curve, np.array(float(column)))) for curve in (teeth.top, teeth.bottom))
    return rows[(rows > top) & (rows < bottom)].astype(int)


def pursing_flow(share: float = 0.25) -> np.ndarray:
    """Draws the mouth together to its middle."""
    y, x = np.mgrid[:128, :128].astype(np.float32)
    near = np.exp(-0.5 * (((x - 63.5) / 22) ** 2 + ((y - SEAM) / 14) ** 2))
    return np.stack([share * (x - 63.5) * near, np.zeros_like(x)], axis=-1)


def raising_flow(upper: float = 3.0, lower: float = 4.5) -> np.ndarray:
    """Lifts the whole mouth, the lower lip more than the upper one."""
    y, x = np.mgrid[:128, :128].astype(np.float32)
    near = np.exp(-0.5 * (((x - 63.5) / 24) ** 4 + ((y - SEAM) / 14) ** 4))
    part = np.clip((y - SEAM) / GAP + 0.5, 0, 1)
    return np.stack([np.zeros_like(x), (upper + (lower - upper) * part) * near], axis=-1)


def test_lips_that_close_slide_over_teeth():
    teeth = held(prepare_flow(parting_flow(-2, -2)))

    shown = between(teeth)
    assert 3 <= len(shown) <= GAP - 2
    np.testing.assert_allclose(teeth.inside[shown, MIDDLE], 0, atol=0.05)
    assert teeth.share == 1


def test_pursed_lips_do_not_make_teeth_narrow():
    teeth = held(prepare_flow(pursing_flow()))

    assert teeth.corners[0] > 50
    assert teeth.corners[1] < 77
    for column in range(58, 70):
        np.testing.assert_allclose(teeth.inside[between(teeth, column), column, 0], 0, atol=0.05)


def test_a_mouth_that_becomes_wider_moves_teeth_to_neither_side():
    teeth = held(prepare_flow(pursing_flow(-0.2)))

    assert teeth.corners[1] - teeth.corners[0] > 33
    shown = between(teeth)
    for away in (0.5, 4.5, 8.5):
        left, right = (teeth.inside[shown[len(shown) // 2], round(63.5 + side * away), 0] for side in (-1, 1))
        np.testing.assert_allclose(left, -right, atol=0.15)
    np.testing.assert_allclose(teeth.inside[shown, 60:67, 0], 0, atol=0.15)


def test_teeth_follow_a_mouth_that_is_raised_whole():
    teeth = held(prepare_flow(raising_flow()))

    shown = between(teeth)
    lifts = teeth.inside[shown, MIDDLE, 1]
    # As one: rather moved than drawn out.
    assert lifts.min() > 2
    assert np.ptp(lifts) < 0.6


def test_a_mouth_that_opens_further_shows_no_lip_between_the_lips():
    teeth = held(prepare_flow(parting_flow(1, 4)))

    shown = between(teeth)
    assert len(shown) > GAP + 1
    sampled = shown + teeth.inside[shown, MIDDLE, 1]
    assert sampled.min() > SEAM - GAP / 2 - 0.3
    assert sampled.max() < SEAM + GAP / 2 + 0.3
    assert (np.diff(sampled) > 0).all()
    # Drawn out rather at the lower lip than at the upper one.
    assert np.diff(sampled)[0] >= np.diff(sampled)[-1] - 0.05
    assert np.diff(sampled)[0] > 0.6


def seen_teeth(ends: float, *, is_soft_below: bool = True) -> SeenTeeth:
    """Teeth that end at one height, but behind the lower lip where that is higher."""
    lip = curve_through(mouth(GAP)[list(LOWER_INNER)])
    edge = np.minimum(np.float32(ends), lip)
    return SeenTeeth(edge, edge, np.array([0.7, 0.68, 0.6], np.float32), is_soft_below)


@pytest.mark.parametrize(("ends", "is_soft"), [(81.5, False), (83.0, False), (83.0, True), (85.0, True), (99.0, True)])
def test_a_mouth_that_opens_further_shows_the_dark_below_upper_teeth(ends, is_soft):
    flow = prepare_flow(parting_flow(1, 5))
    teeth = hold_teeth(flow, mouth(GAP), lambda: seen_teeth(ends, is_soft_below=is_soft))
    assert teeth is not None
    assert teeth.gap is not None
    top, bottom = (float(curve_at(curve, np.array(float(MIDDLE)))) for curve in (teeth.gap.top, teeth.gap.bottom))
    shown = between(teeth)
    sampled = shown + teeth.inside[shown, MIDDLE, 1]
    upper, lower = np.diff(sampled[shown < top]), np.diff(sampled[shown > bottom + 0.5])

    assert bottom - top > 1.5
    # Teeth grow by an eighth at most, and by 0.8 px where the lower lip cuts them off; those of the other jaw not at
    # all, a tongue to twice its height.
    height = min(ends, SEAM + GAP / 2) - (SEAM - GAP / 2)
    assert upper.min() > 1 / (1.13 + (0.85 / height if ends > SEAM + GAP / 2 - 1.2 else 0))
    assert (lower > (0.45 if is_soft else 0.95)).all()
    assert sampled.max() < SEAM + GAP / 2 + 0.3
    assert (np.diff(sampled) > -1e-3).all()


def test_teeth_that_the_lower_lip_cuts_off_go_on_behind_it():
    flow = prepare_flow(parting_flow(0, 1.2))
    cut_off, ending = (hold_teeth(flow, mouth(GAP), lambda ends=ends: seen_teeth(ends)) for ends in (99.0, 83.0))

    assert cut_off is not None
    assert ending is not None
    assert cut_off.gap is not None
    assert cut_off.gap.height < 0.2
    # They show no lip for it.
    shown = between(cut_off)
    assert (shown + cut_off.inside[shown, MIDDLE, 1]).max() < SEAM + GAP / 2


def test_the_point_of_a_long_tooth_does_not_stay_with_the_jaw():
    flow, seen = prepare_flow(parting_flow(1, 5)), seen_teeth(82.0)
    point = replace(seen, below=np.maximum(seen.edge, np.float32(84.0)))
    teeth = hold_teeth(flow, mouth(GAP), lambda: point)
    assert teeth is not None
    assert teeth.gap is not None
    bottom = float(curve_at(teeth.gap.bottom, np.array(float(MIDDLE))))

    shown = between(teeth)
    sampled = (shown + teeth.inside[shown, MIDDLE, 1])[shown > bottom + 0.5]
    assert sampled.min() > 84


def test_a_mouth_that_closes_shows_no_dark():
    teeth = hold_teeth(prepare_flow(parting_flow(-2, -2)), mouth(GAP), lambda: seen_teeth(83.0))

    assert teeth is not None
    assert teeth.gap is None


def test_teeth_are_looked_for_only_where_a_mouth_opens_further():
    def forbidden() -> SeenTeeth:
        raise AssertionError("nobody has to look")

    assert hold_teeth(prepare_flow(parting_flow(-2, -2)), mouth(GAP), forbidden) is not None


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_what_opens_is_dark_and_teeth_keep_their_height(dtype):
    photo, flow = painted(dtype), FlowField(prepare_flow(parting_flow(1, 4)), np.ones((128, 128), np.float32))
    face = warp_shown(photo, flow, TO_CROP, mouth(GAP))
    (alone,) = warp_faces(photo, [(flow, TO_CROP)])
    column, top = round((61.5 + 0.5) * SCALE), np.iinfo(dtype).max / 255  # the middle of a tooth
    lines = [
        pixels[:, column - left].astype(np.float64).mean(axis=-1) / top
        for pixels, left in ((photo.pixels, 0), (face.pixels, face.roi.x), (alone.pixels, alone.roi.x))
    ]
    heights = [(line > 190).sum() / SCALE for line in lines]

    assert heights[0] > GAP - 1.5
    assert heights[1] < 1.13 * heights[0]
    assert heights[2] > 1.3 * heights[0]
    assert (lines[1] < 70).sum() / SCALE > 1


@pytest.mark.parametrize("gap", [0.0, 0.5 * OPEN_PX[0]])
def test_a_closed_mouth_has_none(gap):
    assert hold_teeth(prepare_flow(parting_flow(-2, -2)), mouth(gap)) is None


def test_a_mouth_that_does_not_move_is_left_alone():
    assert hold_teeth(np.zeros((128, 128, 2), np.float32), mouth(GAP)) is None


@pytest.mark.parametrize(("up", "down"), [(-2, -2), (1, 4)], ids=["closes", "opens"])
def test_what_is_held_grows_with_the_edit(up, down):
    shares, insides = [], []
    for strength in np.linspace(0, 1, 41):
        flow = prepare_flow(strength * parting_flow(up, down))
        teeth = hold_teeth(flow, mouth(GAP), lambda: seen_teeth(83.0))
        shares.append(0.0 if teeth is None else teeth.share)
        insides.append(flow if teeth is None else flow + teeth.share * (teeth.inside - flow))

    assert shares[0] == 0
    assert shares[-1] == 1
    assert (np.diff(shares) >= 0).all()
    steps = [np.abs(after - before)[80:85, 55:72].max() for before, after in pairwise(insides)]
    assert max(steps) < 0.5


def painted(dtype: type = np.uint8) -> Photo:
    """Skin, and between the lips teeth with gaps between them."""
    side = 128 * SCALE
    y, x = ((np.arange(side) + 0.5) / SCALE - 0.5 for _ in range(2))
    pixels = np.full((side, side, 3), (150, 100, 90), np.uint8)
    bow = np.sin(np.clip((x - 48) / 31, 0, 1) * np.pi)[None] * GAP / 2
    inside = np.abs(y - SEAM)[:, None] < bow
    pixels[inside] = 230
    pixels[inside & (np.abs((x - 63.5 + 2) % 4 - 2) < 0.3)[None]] = 40
    return Photo(pixels if dtype is np.uint8 else pixels.astype(np.uint16) * 257)


def gaps(line: np.ndarray) -> np.ndarray:
    """Where the dark gaps between teeth lie, crop pixels."""
    dark = line < 120
    starts, ends = (np.flatnonzero(np.diff(np.concatenate([[0], dark, [0]])) == change) for change in (1, -1))
    return (starts + ends - 1) / 2 / SCALE


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_gaps_between_teeth_stay_where_they_are(dtype):
    photo, flow = painted(dtype), FlowField(prepare_flow(pursing_flow()), np.ones((128, 128), np.float32))
    (alone,) = warp_faces(photo, [(flow, TO_CROP)])
    face = warp_shown(photo, flow, TO_CROP, mouth(GAP))
    row = round((SEAM + 0.5) * SCALE)
    middle = slice(round(56 * SCALE), round(71 * SCALE))
    top = np.iinfo(dtype).max / 255

    before = gaps(photo.pixels[row, middle, 0] / top)
    held_still, squeezed = (
        gaps(each.pixels[row - each.roi.y, middle.start - each.roi.x : middle.stop - each.roi.x, 0] / top)
        for each in (face, alone)
    )

    np.testing.assert_allclose(held_still, before, atol=0.1)
    assert np.diff(squeezed).mean() < 0.9 * np.diff(before).mean()


def test_pixels_away_from_the_mouth_are_those_of_the_flow_alone():
    photo, flow = painted(), FlowField(prepare_flow(parting_flow(-2, -2)), np.ones((128, 128), np.float32))
    (alone,) = warp_faces(photo, [(flow, TO_CROP)])
    face = warp_shown(photo, flow, TO_CROP, mouth(GAP))

    changed = (face.pixels != alone.pixels).any(axis=2)
    y, x = np.nonzero(changed)
    assert changed.any()
    top, bottom = SEAM - GAP / 2, SEAM + GAP / 2
    assert (y + face.roi.y).min() > top * SCALE
    assert (y + face.roi.y).max() < (bottom + 1) * SCALE
    assert (x + face.roi.x).min() > 47 * SCALE


def test_exported_flow_holds_teeth_as_well():
    photo, flow = painted(), FlowField(prepare_flow(pursing_flow()), np.ones((128, 128), np.float32))
    teeth = hold_teeth(flow.flow, mouth(GAP))
    dense, alone = (picture_flow([(flow, TO_CROP)], photo.bounds, teeth=given) for given in ([teeth], []))
    row, column = round((SEAM + 0.5) * SCALE), round(58.5 * SCALE)

    np.testing.assert_allclose(dense[row, column], 0, atol=0.3)
    assert np.abs(alone[row, column]).max() > 3
    assert np.array_equal(dense[: 60 * SCALE], alone[: 60 * SCALE])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), scale=st.floats(0.5, 8))
def test_any_flow_gives_a_layer_that_can_be_warped(seed, scale):
    rng = np.random.default_rng(seed)
    coarse = rng.normal(0, scale, (2, 8, 8)).astype(np.float32)
    flow = prepare_flow(np.stack([np.kron(each, np.ones((16, 16), np.float32)) for each in coarse], axis=-1))
    teeth = hold_teeth(flow, mouth(GAP) + rng.normal(0, 1, (478, 2)).astype(np.float32), lambda: seen_teeth(83.0))

    if teeth is not None:
        if teeth.gap is not None:
            assert (teeth.gap.bottom >= teeth.gap.top).all()
        assert np.isfinite(teeth.inside).all()
        assert np.abs(teeth.inside).max() < 96
        assert (teeth.bottom >= teeth.top).all()
