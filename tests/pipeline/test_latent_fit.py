"""A latent that is fitted brings a photo closer to the target, and never further away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.types import FlowField
from fvae_studio.pipeline import latent_fit
from fvae_studio.pipeline.latent_fit import FitCorrections, fit_latent
from fvae_studio.pipeline.path_residuals import MATCH_SIZE, MatchedSource

SHAPE = (6, 1, 1)


class Waves:
    """A decoder whose flow is a sum of smooth waves, one for every number of the latent; every photo's own is 0."""

    def __init__(self, *, size: int = CROP_SIZE, reach: float = 1.0) -> None:
        axis = (np.arange(size, dtype=np.float32) + 0.5) * (CROP_SIZE / size)
        x, y = np.meshgrid(axis, axis)
        ways = [np.sin(x / 20), np.cos(y / 25), np.sin((x + y) / 30)]
        zero = np.zeros_like(x)
        basis = [np.stack(pair, -1) for way in ways for pair in ((way, zero), (zero, way))]
        self.basis = np.stack(basis).astype(np.float32) * np.float32(reach)
        self.asked = 0

    def flow(self, latent: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.tensordot(latent.ravel(), self.basis, axes=1).astype(np.float32)

    def latent(self, face: int) -> NDArray[np.float32]:
        return np.full(SHAPE, 0.2 * face, np.float32)

    def predict_latents(self, latents, *, face=0, with_confidence=True):  # noqa: ARG002
        self.asked += 1
        return tuple(FlowField(flow := self.flow(one), np.ones(flow.shape[:2], np.float32)) for one in latents)

    def latent_gradient(self, latent, slope, *, face=0):  # noqa: ARG002
        return np.tensordot(self.basis, slope, axes=3).reshape(latent.shape).astype(np.float32)


def texture(seed: int = 0) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    rough = cv2.resize(
        rng.uniform(0, 255, (22, 22, 3)).astype(np.float32), (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_CUBIC
    )
    return np.clip(rough, 0, 255).astype(np.uint8)


def warped(picture: NDArray[np.uint8], flow: NDArray[np.float32]) -> NDArray[np.uint8]:
    axis = np.arange(CROP_SIZE, dtype=np.float32)
    places = np.stack(np.meshgrid(axis, axis), -1) + cv2.resize(flow, (CROP_SIZE, CROP_SIZE))
    return cv2.remap(picture, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


WANTED = np.array([1.5, -1.0, 0.5, 1.2, -0.8, 0.6], np.float32).reshape(SHAPE)
START = np.zeros(SHAPE, np.float32)


@pytest.mark.parametrize("size", [CROP_SIZE, CROP_SIZE // 2])
def test_the_latent_that_made_a_picture_is_found(size):
    decoder, photo = Waves(size=size), texture()

    found = fit_latent(decoder, photo, warped(photo, decoder.flow(WANTED)), START)

    assert np.abs(decoder.flow(found) - decoder.flow(WANTED)).mean() < 0.1 * np.abs(decoder.flow(WANTED)).mean()


def test_what_is_not_trusted_does_not_count():
    decoder, photo = Waves(), texture()
    half = np.s_[:, CROP_SIZE // 2 :]
    target, trust = warped(photo, decoder.flow(WANTED)), np.ones((CROP_SIZE, CROP_SIZE), np.float32)
    target[half] = warped(photo, decoder.flow(-WANTED))[half]
    trust[half] = 0

    misled, found = (fit_latent(decoder, photo, target, START, trust=one) for one in (None, trust))

    errors = [np.abs(decoder.flow(one) - decoder.flow(WANTED)).mean() for one in (misled, found)]
    assert errors[1] < 0.3 * errors[0]


def test_without_steps_or_anything_to_gain_the_start_stays():
    decoder, photo = Waves(), texture()

    np.testing.assert_array_equal(fit_latent(decoder, photo, texture(seed=1), WANTED, steps=0), WANTED)
    np.testing.assert_array_equal(fit_latent(decoder, photo, photo, START), START)


@pytest.mark.parametrize("reach", [0.05, 1.0, 40.0])
def test_a_fit_is_never_worse_than_its_start(reach):
    decoder, photo, target = Waves(reach=reach), texture(), texture(seed=1)
    match = latent_fit._Match(photo, target, np.ones((CROP_SIZE, CROP_SIZE), np.float32))

    found = fit_latent(decoder, photo, target, WANTED)

    assert match.judge(decoder.flow(found))[0] <= match.judge(decoder.flow(WANTED))[0]


def test_long_steps_are_taken_back():
    # At this reach, the first step is 20 px and more.
    decoder, photo = Waves(reach=40.0), texture()
    small = (WANTED / 60).astype(np.float32)

    found = fit_latent(decoder, photo, warped(photo, decoder.flow(small)), START, steps=60)

    assert np.abs(decoder.flow(found) - decoder.flow(small)).mean() < 0.5 * np.abs(decoder.flow(small)).mean()


def test_folds_are_dear():
    decoder, photo = Waves(), texture()
    match = latent_fit._Match(photo, photo, np.zeros((CROP_SIZE, CROP_SIZE), np.float32))
    folded = np.zeros((CROP_SIZE, CROP_SIZE, 2), np.float32)
    folded[:, 64:, 0] = -6.0

    assert match.judge(decoder.flow(WANTED))[0] == 0
    assert match.judge(folded)[0] > 0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([CROP_SIZE, CROP_SIZE // 2]))
def test_slopes_are_those_of_the_loss(seed, size):
    rng = np.random.default_rng(seed)
    photo, target = (cv2.GaussianBlur(texture(seed + one), (0, 0), 3) for one in (0, 1))
    match = latent_fit._Match(photo, target, rng.uniform(0, 1, (CROP_SIZE, CROP_SIZE)).astype(np.float32))
    flow = cv2.GaussianBlur(rng.normal(0, 20, (size, size, 2)).astype(np.float32), (0, 0), 4)
    way = cv2.GaussianBlur(rng.normal(0, 20, (size, size, 2)).astype(np.float32), (0, 0), 4)

    _, slope = match.judge(flow)
    step = 0.02
    risen = (match.judge(flow + step * way)[0] - match.judge(flow - step * way)[0]) / (2 * step)

    scale = float(np.abs(slope * way).sum())
    assert float((slope * way).sum()) == pytest.approx(risen, abs=0.05 * scale)


def matched(seed: int = 0, **changes) -> MatchedSource:
    pixels = cv2.resize(texture(seed), (MATCH_SIZE, MATCH_SIZE), interpolation=cv2.INTER_CUBIC)
    one = MatchedSource(pixels, np.ones((MATCH_SIZE, MATCH_SIZE), np.float32), None, 0.0)
    return replace(one, **changes)


def test_corrections_go_by_the_motions_shares_and_are_found_once():
    decoder = Waves()
    corrections = FitCorrections(decoder, [matched(0), matched(1), matched(2)], [None] * 3)

    for face in range(3):
        assert corrections.at(face, [float(other == face) for other in range(3)]) is None
    assert decoder.asked == 0
    whole = [corrections.at(0, shares) for shares in ([0.0, 1.0, 0.0], [0.0, 0.0, 1.0])]
    assert np.abs(whole[0]).max() > 0.1
    back = corrections.at(1, [1.0, 0.0, 0.0])
    asked = decoder.asked
    mixed = corrections.at(0, [0.25, 0.25, 0.5])
    np.testing.assert_allclose(mixed, 0.25 * whole[0] + 0.5 * whole[1], atol=1e-6)
    assert decoder.asked == asked
    assert not np.array_equal(back, -whole[0])


def test_teeth_that_closed_lips_hide_are_not_imitated():
    decoder = Waves()
    inside = np.s_[60:240, 30:230]
    gap = np.full((MATCH_SIZE, MATCH_SIZE), -10.0, np.float32)
    gap[inside] = 10.0
    plain = matched(0)
    smile = plain.pixels.copy()
    smile[inside] = cv2.resize(warped(texture(0), decoder.flow(WANTED)), (MATCH_SIZE, MATCH_SIZE))[inside]

    def moved(openness: float) -> float:
        corrections = FitCorrections(
            decoder, [plain, matched(0, pixels=smile, mouth=gap, openness=openness)], [None, None]
        )
        return float(np.abs(corrections.at(0, [0.0, 1.0]) + decoder.flow(decoder.latent(1))).mean())

    assert moved(1.0) < 0.3 * moved(0.0)


def test_what_is_hardly_compared_hardly_moves():
    decoder, photo = Waves(), texture()
    # The last number moves the right half, which is not compared, and the left one by a thousandth.
    decoder.basis[-1] *= np.where(np.arange(CROP_SIZE) < CROP_SIZE // 2, 1e-3, 1.0)[:, None].astype(np.float32)
    trust = np.ones((CROP_SIZE, CROP_SIZE), np.float32)
    trust[:, CROP_SIZE // 2 :] = 0

    found = fit_latent(decoder, photo, warped(photo, decoder.flow(WANTED)), START, trust=trust).ravel()

    assert np.abs(found[:-1] - WANTED.ravel()[:-1]).max() < 0.3
    assert abs(found[-1]) < 0.02
