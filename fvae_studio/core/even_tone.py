"""One tone curve for two photos of a face: contrast, fog, crushed shadows and burnt-out lights of one of them alone.

A camera's or an editor's curve makes bright things brighter by another factor than dark ones. Seen as light
(`core.even_light`), it differs from cheek to brow; a fit that compares such photos moves the edges of everything
dark. Light and curve are told apart by what happens nearby: light takes a brow and the skin beside it by one factor,
a curve changes their contrast.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.even_light import light_between
from fvae_studio.core.flow_spline import passage
from fvae_studio.core.registration import face_pixels
from fvae_studio.core.robust_fit import fit_reweighted
from fvae_studio.core.types import FloatMap, RgbImage

DIFFERS: Final = (0.1, 0.16)
"""What a curve changes of contrasts nearby, beside them (root mean squares): up to the first number two photos have one
curve, from the second on they do not. The London set's 81 pairs have 0.092 at most (median 0.025), an exponent of 1.25
0.18 to 0.22, of 1.7 0.36 to 0.41, fog 0.4 to 0.7."""

EXPLAINS: Final = (0.1, 0.25)
"""Share of the mean difference of contrasts nearby that the curve takes away, beside nothing or beside light, likewise.
Exponents from 1.6 on, S-curves, fog and levels take away 0.1 to 0.85 (medians 0.29 to 0.78); with a shadow that falls
on half of a face, or light from one side, it leaves more than light does."""

_BLACK: Final = 0.01
"""Added to values in [0, 1] before their logarithm is taken."""

_KNOTS: Final = np.log(np.array([0.0, 0.02, 0.06, 0.12, 0.2, 0.32, 0.46, 0.62, 0.8, 0.92, 1.0]) + _BLACK)

_SLOPES: Final = (0.35, 3.0)
"""Of a curve in logarithms; what would be steeper is not in the pixels any more."""

_NEARBY_PX: Final = 10.0
_SMOOTH_PX: Final = 1.2
"""Crop pixels: contrasts are those to the mean over the first, of a picture smoothed by the second, since two photos
never lie on each other exactly."""

_APART: Final = 0.12
"""Difference of contrasts in natural logarithms at which a pixel counts a quarter of what one that fits does."""

_STRAIGHT: Final = 1e-3
_EVEN: Final = 1e-4
"""Towards no change where nobody of that brightness is seen, and against kinks."""


@dataclass(frozen=True, eq=False)
class Tone:
    """A curve for all three channels.

    Attributes:
        values: (K,) natural logarithms of what becomes of `_KNOTS`, likewise with `_BLACK` added.
    """

    values: NDArray[np.float64]

    def of(self, values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """What becomes of encoded values in [0, 1]; in [0, 1]."""
        logarithms = np.interp(np.log(values + _BLACK), _KNOTS, self.values)
        return np.asarray(np.clip(np.exp(logarithms) - _BLACK, 0, 1), np.float64)


def fit_tone(here: NDArray[np.uint8], there: NDArray[np.uint8]) -> Tone | None:
    """The curve that gives one crop the contrasts of another; least squares, reweighted.

    Args:
        here: (S, S, 3), an aligned crop.
        there: (S, S, 3), another one, moved to lie on it.

    Returns:
        None where both have one curve, or where a curve does not explain what differs (`DIFFERS`, `EXPLAINS`).
    """
    scale = here.shape[0] / CROP_SIZE
    face = face_pixels(here.shape[0])
    given, wanted = _logarithms(here, scale), _logarithms(there, scale)
    hats = np.stack(
        [_nearby(np.interp(given, _KNOTS, one).astype(np.float32), scale)[face].ravel() for one in np.eye(len(_KNOTS))],
        axis=-1,
    ).astype(np.float64)
    contrast, goal = (_nearby(values, scale)[face].ravel().astype(np.float64) for values in (given, wanted))
    values = _solve(hats, goal)
    values += np.median((wanted - np.interp(given, _KNOTS, values))[face])

    change = hats @ (values - _KNOTS)
    size = float(np.sqrt(np.square(change).mean() / max(float(np.square(contrast).mean()), 1e-12)))
    light = _nearby(light_between(here, there), scale)[face]
    others = (np.zeros_like(change), np.repeat(light, 3))
    left, *otherwise = (float(np.abs(goal - contrast - each).mean()) for each in (change, *others))
    share = passage(size, DIFFERS) * passage(1 - left / max(min(otherwise), 1e-12), EXPLAINS)
    return None if share == 0 else Tone(_KNOTS + share * (values - _KNOTS))


def in_tone(pixels: RgbImage, tone: Tone | None) -> RgbImage:
    """A picture with another curve, in its own depth; the same object for None."""
    if tone is None:
        return pixels
    limit = np.iinfo(pixels.dtype).max
    table = np.round(tone.of(np.arange(limit + 1) / limit) * limit).astype(pixels.dtype)
    result: RgbImage = table[pixels]
    return result


def _solve(hats: NDArray[np.float64], goal: NDArray[np.float64]) -> NDArray[np.float64]:
    """(K,) values at the knots whose contrasts are nearest to the goal; known up to a constant."""
    steps = np.diff(_KNOTS)
    slopes = np.diff(np.eye(len(_KNOTS)), axis=0) / steps[:, None]
    kinks = np.diff(slopes, axis=0)
    straight = slopes * steps[:, None]
    known = _STRAIGHT * straight.T @ slopes + _EVEN * kinks.T @ kinks + 1e-6 * np.eye(len(_KNOTS))
    pull = _STRAIGHT * straight.sum(axis=0) + 1e-6 * _KNOTS
    found, _ = fit_reweighted(hats, goal[:, None], prior=known, pull=pull[:, None], apart=_APART)
    within = np.clip(slopes @ found[:, 0], *_SLOPES)
    return np.asarray(np.concatenate([[0.0], np.cumsum(within * steps)]), np.float64)


def _logarithms(picture: NDArray[np.uint8], scale: float) -> FloatMap:
    smooth = cv2.GaussianBlur(picture.astype(np.float32) / 255, (0, 0), _SMOOTH_PX * scale)
    return np.asarray(np.log(smooth + np.float32(_BLACK)), np.float32)


def _nearby(values: FloatMap, scale: float) -> FloatMap:
    """What they differ by from their mean nearby."""
    apart: FloatMap = values - cv2.GaussianBlur(values, (0, 0), _NEARBY_PX * scale)
    return apart
