"""Learning to read from a photo how far its expression has to be taken back.

One strength for everybody takes too little of a broad smile and too much of a faint one: the best strength goes with
the person's own motion (docs/experiments.md). On the way to an expression it cannot be known; on the way back the photo
shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.model.directions import DirectionSet, ExpressionGauge
from fvae_studio.pipeline.predictor import FlowPredictor
from trainer.figures.edits import slid
from trainer.metrics import mouth_error
from trainer.prepare import PreparedFaces

STRENGTHS: Final = tuple(np.arange(0, 2.51, 0.25).tolist())
"""At which each person's photo is taken back, as the product would."""

RIDGE: Final = 1000.0
"""Price of a gauge's squared weights. Chosen by leaving every training person out once: 300 to 1000 removed 47 % of the
error, 10,000 44 %, one strength for everybody 39 %."""


def fit_gauge(
    model: LoadedModel,
    name: str,
    prepared: PreparedFaces,
    pairs: Sequence[tuple[int, int]],
    *,
    progress: Progress | None = None,
) -> ExpressionGauge:
    """Fit a direction's gauge to the strengths that bring people's mouths closest to their neutral photos.

    Args:
        model: with the direction; a gauge that it has is not looked at.
        name: of the direction.
        prepared: the photos.
        pairs: rows (neutral, with the expression) of the same training person; at least one.
        progress: told of every person.
    """
    progress = progress or NoProgress()
    shape = model.directions.latent_shape
    ungauged = DirectionSet((replace(each, gauge=None) for each in model.directions.values()), latent_shape=shape)
    predictor = FlowPredictor(replace(model, directions=ungauged), device="cpu")
    latents, errors = [], []
    for number, (neutral, shown) in enumerate(pairs):
        progress.raise_if_cancelled()
        progress.report(number / len(pairs), f"how far {name} is taken back")
        landmarks, wanted = prepared.landmarks[shown], prepared.landmarks[neutral]
        back = slid(predictor, prepared, shown, [-strength for strength in STRENGTHS], name)
        errors.append([mouth_error(moved, wanted, landmarks) for _, moved in back])
        latents.append(predictor.latent())
    best, importance = best_strengths(np.array(errors))
    shown_latents = np.array(latents)
    # What describes single photos would drown what they show.
    shown_latents[:, model.header.config.tracked] = 0
    weights, bias = ridge(shown_latents.reshape(len(pairs), -1), best, importance)
    return ExpressionGauge(weights.reshape(shape).astype(np.float32), bias)


def best_strengths(errors: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where each person's error is smallest, and how much that matters.

    Args:
        errors: (N, len(STRENGTHS)).

    Returns:
        (N,) strengths, from lines between those that were tried, and (N,) weights with mean 1: who hardly changes
        whatever the strength tells little.
    """
    fine = np.linspace(STRENGTHS[0], STRENGTHS[-1], 101)
    best = np.array([fine[np.interp(fine, STRENGTHS, row).argmin()] for row in errors])
    importance = np.ptp(errors, axis=1) + 1e-9
    return best, importance / importance.mean()


def ridge(
    latents: NDArray[np.float32], amounts: NDArray[np.float64], importance: NDArray[np.float64], price: float = RIDGE
) -> tuple[NDArray[np.float64], float]:
    """Weights (D,) and bias of the linear function of `latents` (N, D) that comes closest to `amounts` (N,)."""
    centre = np.average(latents, axis=0, weights=importance).astype(np.float64)
    mean = float(np.average(amounts, weights=importance))
    apart = latents - centre
    # In the space of people, which is far smaller than that of latents.
    shares = np.linalg.solve(
        importance[:, None] * (apart @ apart.T) + price * np.eye(len(apart)), importance * (amounts - mean)
    )
    weights = apart.T @ shares
    return weights, mean - float(weights @ centre)
