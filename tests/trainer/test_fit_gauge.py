"""Reading from a photo how far its expression has to be taken back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fvae_studio.pipeline.engine import settle
from fvae_studio.pipeline.predictor import FlowPredictor
from tests.helpers.prepared_faces import make_prepared
from tests.helpers.tiny_model import TINY_CONFIG, make_tiny_model
from trainer.crops import model_crop
from trainer.fit_gauge import STRENGTHS, best_strengths, fit_gauge, ridge
from trainer.metrics import landmark_motion, mouth_error

PEOPLE = tuple((name, "train") for name in "abc")


def test_best_strength_is_where_a_persons_error_is_smallest():
    wanted = np.array([0.0, 0.6, 2.0])
    errors = np.abs(np.array(STRENGTHS)[None] - wanted[:, None])
    errors[0] *= 0.1

    best, importance = best_strengths(errors)

    np.testing.assert_allclose(best, wanted, atol=0.13)
    assert importance.mean() == pytest.approx(1)
    assert importance[0] < 0.2 * importance[1]


def test_ridge_finds_the_linear_function_behind_the_amounts():
    rng = np.random.default_rng(0)
    latents = rng.normal(size=(40, 12)) + 3
    truth = rng.normal(size=12)
    amounts = latents @ truth + 0.5

    weights, bias = ridge(latents, amounts, np.ones(40), price=1e-6)

    np.testing.assert_allclose(weights, truth, atol=1e-4)
    assert bias == pytest.approx(0.5, abs=1e-3)


def test_with_more_numbers_than_people_a_price_keeps_the_weights_small():
    rng = np.random.default_rng(1)
    latents, amounts = rng.normal(size=(8, 200)), rng.normal(size=8)

    cheap, dear = (ridge(latents, amounts, np.ones(8), price=price)[0] for price in (1e-3, 1e3))

    assert np.linalg.norm(dear) < 0.3 * np.linalg.norm(cheap)


def test_who_does_not_matter_is_not_listened_to():
    latents = np.array([[0.0], [1.0], [2.0], [5.0]])
    amounts = np.array([0.0, 1.0, 2.0, -50.0])

    weights, bias = ridge(latents, amounts, np.array([1, 1, 1, 1e-9]), price=1e-6)

    np.testing.assert_allclose(weights, [1], atol=1e-3)
    assert bias == pytest.approx(0, abs=1e-3)


def test_a_gauge_meets_the_mean_of_its_peoples_best_strengths():
    model, prepared = make_tiny_model(), make_prepared(PEOPLE)
    pairs = prepared.pairs("neutral", "smile")
    gauge = fit_gauge(model, "smile", prepared, pairs)
    predictor = FlowPredictor(model, device="cpu")
    vector = model.directions["smile"].vector

    readings, best = [], []
    for neutral, shown in pairs:
        predictor.set_crop(model_crop(prepared, shown))
        latent, landmarks = predictor.latent(), prepared.landmarks[shown]
        steps = np.stack([latent - np.float32(strength) * vector for strength in STRENGTHS])
        flows = predictor.predict_latents(steps, with_confidence=False)
        errors = [
            mouth_error(
                landmark_motion(landmarks, settle(flow, landmarks).flow), prepared.landmarks[neutral], landmarks
            )
            for flow in flows
        ]
        readings.append(gauge.bias + float(np.vdot(gauge.weights, latent)))
        best.append(STRENGTHS[int(np.argmin(errors))])

    assert gauge.weights.shape == model.directions.latent_shape
    # People in number, not in kind: the mean is met, whatever the weights cost.
    assert np.mean(readings) == pytest.approx(np.mean(best), abs=0.5)


def test_a_gauge_does_not_look_at_descriptors():
    config = replace(TINY_CONFIG, detail_channels=(3,), tracking_channels=2)
    model, prepared = make_tiny_model(config=config), make_prepared(PEOPLE)
    # Numbers at random are no photo: tracked without doubt, they would tear the crop apart.
    model.vae.decoder.tracking.log_doubt.fill_(5.0)
    pairs = prepared.pairs("neutral", "smile")
    rng = np.random.default_rng(3)
    crops = np.clip(prepared.crops + rng.normal(0, 20, prepared.crops.shape), 0, 255).astype(np.uint8)
    predictor = FlowPredictor(model, device="cpu")
    landmarks = prepared.landmarks.copy()
    for share, (neutral, shown) in zip((0.0, 0.5, 1.5), pairs, strict=True):
        # Neutral lips where the slider takes them at that strength: people differ in how far they have to go back.
        predictor.set_crop(model_crop(replace(prepared, crops=crops), shown))
        (back,) = predictor.predict_latents(predictor.latent()[None] - np.float32(share) * smile_of(model))
        landmarks[neutral] = landmark_motion(landmarks[shown], settle(back, landmarks[shown]).flow)

    gauge = fit_gauge(model, "smile", replace(prepared, crops=crops, landmarks=landmarks), pairs)

    assert gauge.weights[: config.tracked.start].any()
    assert not gauge.weights[config.tracked].any()


def smile_of(model):
    return model.directions["smile"].vector[None]
