"""The average of registered portraits: who is counted where, and detail as strong as in a single photo."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.geometry import Points
from trainer.averages.portrait import Average, FloatImage, Portrait, as_float, openness, smoothstep
from trainer.averages.regions import decide_outline, face_region, mouth_region, quorum, widen
from trainer.dense_maps import remap

_CHEEKS: Final = (50, 280, 205, 425)

_GAIN_LIMITS: Final = (3.0, 3.0, 2.2, 1.5)
"""Most that the averaged detail is amplified, by octave from the finest.

Averaging n people takes sqrt(n) from what they do not share; coarser octaves are left softer, since there amplified
chance looks like blotches.
"""


def blend(portraits: Sequence[Portrait], maps: Sequence[FloatImage], shape: Points, body: FloatImage) -> Average:
    """Average the warped portraits and give the averaged detail the strength that detail has in each of them."""
    size = maps[0].shape[0]
    mouth = mouth_region(shape, size)
    shown, weights, covers, alphas, seen = [], [], [], [], []
    for portrait, backward in zip(portraits, maps, strict=True):
        shown.append(remap(portrait.pixels, backward, cv2.INTER_LANCZOS4))
        alphas.append(remap(portrait.alpha, backward))
        seen.append(remap(np.ones_like(portrait.alpha), backward, border=cv2.BORDER_CONSTANT))
        # Some pixels inward: the rim of a matte holds some of the background.
        covers.append(
            cv2.erode(alphas[-1], np.ones((9, 9), np.uint8)) * cv2.GaussianBlur(seen[-1], (0, 0), 8) * seen[-1]
        )
        weights.append((covers[-1] * (1 - mouth * (1 - openness(portrait.landmarks)))).astype(np.float32))
    skins = _skin_colours(shown, shape)
    # Outlines are decided a little inside those of the mattes, whose rims hold some of the background.
    alpha = np.sum([cv2.erode(a, np.ones((5, 5), np.uint8)) * s for a, s in zip(alphas, seen, strict=True)], axis=0)
    alpha = alpha / np.maximum(np.sum(seen, axis=0), 1e-3)
    cover = as_float(np.mean(covers, axis=0))
    shirts = [body * _is_shirt(pixels, skin) for pixels, skin in zip(shown, skins, strict=True)]
    shirt_cover = as_float(np.mean([c * s for c, s in zip(covers, shirts, strict=True)], axis=0))
    shirt_weights = [as_float(w * s) for w, s in zip(weights, shirts, strict=True)]
    cloth = run_on(_weighted_sum(shown, shirt_weights), np.sum(shirt_weights, axis=0), quorum(shirt_cover, 0 * body))
    cloth = cv2.GaussianBlur(0.5 * (cloth + cloth.mean(axis=2, keepdims=True)), (0, 0), 5)  # no lines of other collars
    collar = body * _decide_collar(cover, shirt_cover)
    shown = _match_body_colours(shown, skins, body)
    weights = [as_float(w * (1 - s)) for w, s in zip(weights, shirts, strict=True)]
    weights = _outvote(shown, weights, shape, body)
    mean = run_on(_weighted_sum(shown, weights), np.sum(weights, axis=0), quorum(cover - shirt_cover, widen(body)))
    softness = (1 - body) * (0.5 + 0.5 * face_region(shape, size)) + 0.3 * body
    detailed = _restore_detail(shown, weights, mean, softness * quorum(cover, widen(body)))
    pixels = detailed + collar[..., None] * (cloth - detailed)
    return Average(as_float(pixels), decide_outline(alpha, shape, body), len(portraits))


def _decide_collar(cover: FloatImage, shirt_cover: FloatImage) -> FloatImage:
    """(H, W) in [0, 1]: where most people wear a shirt, with one clear edge."""
    votes = run_on(shirt_cover[..., None], cover, smoothstep(cover, 0.3, 0.65))[..., 0]
    is_cloth = (cv2.GaussianBlur(votes, (0, 0), cover.shape[0] / 60) > 0.5).astype(np.float32)
    return as_float(cv2.GaussianBlur(is_cloth, (0, 0), 2))


def _skin_colours(shown: Sequence[NDArray[np.uint8]], shape: Points) -> FloatImage:
    """(people, 3) mean colour of each one's cheeks, 0..255."""
    side = shown[0].shape[0] // 35
    patches = [
        [cv2.getRectSubPix(pixels, (side, side), tuple(map(float, shape[cheek]))) for cheek in _CHEEKS]
        for pixels in shown
    ]
    return as_float(np.mean(patches, axis=(1, 2, 3)))


def _is_shirt(pixels: NDArray[np.uint8], skin: FloatImage) -> FloatImage:
    """(H, W) in [0, 1]: white cloth rather than skin; blue tells them apart best, whatever the complexion."""
    blue = cv2.GaussianBlur(pixels[..., 2], (0, 0), 2).astype(np.float32)
    middle = 0.5 * (float(skin[2]) + 235)
    return smoothstep(blue, middle - 10, middle + 10)


def _match_body_colours(
    shown: Sequence[NDArray[np.uint8]], skins: FloatImage, body: FloatImage
) -> list[NDArray[np.uint8]]:
    """Bring everybody's skin below the jaw to the common complexion, so that a vote leaves no seams."""
    matched = []
    for pixels, skin in zip(shown, skins, strict=True):
        # How much of the way from white to this skin; dark hair counts as skin and is voted out.
        share = np.clip((250 - pixels.astype(np.float32)) / (250 - skin), 0, 1) * body[..., None]
        matched.append(np.clip(np.rint(pixels + share * (skins.mean(axis=0) - skin)), 0, 255).astype(np.uint8))
    return matched


def _outvote(
    shown: Sequence[NDArray[np.uint8]], weights: Sequence[FloatImage], shape: Points, body: FloatImage
) -> list[FloatImage]:
    """Lower the weight of whoever differs most from the others at a place.

    In the face that takes out what one person alone has (a strand of hair, a mole, a scar), whatever the complexion; on
    the body it takes out long hair and straps.
    """
    size = body.shape[0]
    half = (size // 2, size // 2)
    small_body = cv2.resize(body, half, interpolation=cv2.INTER_AREA)
    features, hidden = [], []
    for pixels, weight in zip(shown, weights, strict=True):
        small = cv2.GaussianBlur(cv2.resize(pixels, half, interpolation=cv2.INTER_AREA).astype(np.float32), (0, 0), 1.5)
        tenth = cv2.resize(small, None, fx=0.1, fy=0.1, interpolation=cv2.INTER_AREA)
        local = cv2.resize(cv2.GaussianBlur(tenth, (0, 0), 3), half, interpolation=cv2.INTER_LINEAR)
        features.append(small - (1 - small_body[..., None]) * local)
        is_hidden = cv2.resize(weight, half, interpolation=cv2.INTER_AREA) < 0.5
        hidden.append(np.where(is_hidden[..., None], np.nan, features[-1]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # pixels where nobody is to be seen
        middle = np.nan_to_num(np.nanmedian(np.asarray(hidden, np.float32), axis=0))
    # Strands of hair differ everywhere, and choosing among them would leave patches.
    small_face = cv2.resize(face_region(shape, size), half, interpolation=cv2.INTER_AREA)
    tolerance = 70 - 40 * small_face
    tolerance += small_body * (22 - tolerance)
    voted = []
    for feature, weight in zip(features, weights, strict=True):
        distance = cv2.GaussianBlur(np.abs(feature - middle).max(axis=2), (0, 0), 2) / tolerance
        agreement = cv2.resize(np.exp(-(distance**2)), (size, size), interpolation=cv2.INTER_LINEAR)
        voted.append((weight * (agreement + 1e-3)).astype(np.float32))
    return voted


def _weighted_sum(shown: Sequence[NDArray[np.uint8]], weights: Sequence[FloatImage]) -> FloatImage:
    total = np.zeros(shown[0].shape, np.float32)
    for pixels, weight in zip(shown, weights, strict=True):
        total += weight[..., None] * (pixels.astype(np.float32) / 255)
    return total


def _restore_detail(
    shown: Sequence[NDArray[np.uint8]], weights: Sequence[FloatImage], mean: FloatImage, amount: FloatImage
) -> FloatImage:
    """Amplify the octaves of `mean` to the weighted mean energy of those of the people, within `_GAIN_LIMITS`.

    `amount` (H, W) in [0, 1] says how much of it: folds of several shirts are not one fold.
    """
    octaves = len(_GAIN_LIMITS)
    empty, _ = bands(np.zeros_like(mean), octaves)
    details = empty
    energies = [np.zeros(band.shape[:2], np.float32) for band in empty]
    totals = [np.full(band.shape[:2], 1e-3, np.float32) for band in empty]
    for pixels, weight in zip(shown, weights, strict=True):
        # Where a person is not seen the average stands in, so that no outline of a single person counts as detail.
        filled = mean + weight[..., None] * (pixels.astype(np.float32) / 255 - mean)
        for octave, band in enumerate(bands(filled, octaves)[0]):
            w = cv2.resize(weight, band.shape[1::-1], interpolation=cv2.INTER_AREA)
            energies[octave] += w * (band**2).sum(axis=2)
            details[octave] += w[..., None] * band
            totals[octave] += w
    _, residual = bands(mean, octaves)
    restored = residual
    for octave in reversed(range(octaves)):
        detail, energy = details[octave] / totals[octave][..., None], energies[octave] / totals[octave]
        radius = 6.0
        # Weights may fall below 0 by rounding.
        wanted = np.sqrt(np.maximum(cv2.GaussianBlur(energy, (0, 0), radius), 0))
        found = np.sqrt(cv2.GaussianBlur((detail**2).sum(axis=2), (0, 0), radius))
        gain = np.clip(wanted / np.maximum(found, 1e-5), 1, _GAIN_LIMITS[octave])
        gain = 1 + (gain - 1) * cv2.resize(amount, detail.shape[1::-1], interpolation=cv2.INTER_AREA)
        restored = cv2.pyrUp(restored, dstsize=detail.shape[1::-1]) + gain[..., None] * detail
    return as_float(np.clip(restored, 0, 1))


def bands(image: FloatImage, octaves: int) -> tuple[list[FloatImage], FloatImage]:
    """Laplacian pyramid: the octaves from the finest, and what is left."""
    bands = []
    for _ in range(octaves):
        smaller = cv2.pyrDown(image)
        bands.append(image - cv2.pyrUp(smaller, dstsize=image.shape[1::-1]))
        image = smaller
    return bands, image


def run_on(weighted: FloatImage, total: FloatImage, trust: FloatImage) -> FloatImage:
    """`weighted / total`, and where `trust` is low the values of the surroundings, ever softer.

    Args:
        weighted: (H, W, C) weighted sums.
        total: (H, W) sums of the weights.
        trust: (H, W) in [0, 1].
    """
    filled = weighted / np.maximum(total, 1e-3)[..., None]
    if min(weighted.shape[:2]) < 4:
        return as_float(filled)
    trusted, kept = filled * trust[..., None], _shrink(trust)
    coarser = run_on(_shrink(trusted), kept, np.clip(2 * kept, 0, 1))
    spread = _shrink_back(coarser, weighted.shape[1::-1])
    return as_float(trusted + (1 - trust)[..., None] * spread)


def _shrink(image: FloatImage) -> FloatImage:
    smaller = cv2.pyrDown(image)
    return as_float(smaller).reshape(*smaller.shape[:2], *image.shape[2:])  # OpenCV drops an axis of length 1


def _shrink_back(image: FloatImage, size: Sequence[int]) -> FloatImage:
    return as_float(cv2.pyrUp(image, dstsize=tuple(size))).reshape(size[1], size[0], *image.shape[2:])
