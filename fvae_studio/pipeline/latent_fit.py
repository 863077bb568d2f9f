"""Z(T) as it serves one photo best: what the encoder says, then fitted until the warped photo looks like the target.

The encoder sees the target alone and cannot know how this photo's pixels would have to move; the decoder can be asked
(semi-amortised inference: Kim et al. 2018, "Semi-Amortized Variational Autoencoders"). See
`docs/adr/0017-fitted-latents.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.face_parts import part_mask
from fvae_studio.core.geometry import Points
from fvae_studio.core.types import FloatMap
from fvae_studio.model.directions import Latent
from fvae_studio.pipeline.path_residuals import MatchedSource, seen_in_target
from fvae_studio.pipeline.predictor import FlowPredictor

STEPS: Final = 30
RATE: Final = 0.5
"""Of Adam (Kingma and Ba 2015): how far a number of the latent goes in the first step, where latents are about 1."""

_MOMENTUM: Final = 0.8
_SQUARES: Final = 0.9
"""Of Adam: a fit this short must not remember where it began."""

_FLOOR: Final = 0.05
"""Of the mean slope: numbers that matter less than this move less. Adam would move all alike, and with them what is
seen of nothing that is compared."""

_SCALES: Final = 3
"""Sizes at which pictures are compared: the crop's, half of it, a quarter."""

_ABSOLUTE: Final = 0.5
_ROUNDING: Final = 0.01
"""Weight of the absolute difference beside the squared one, and where it is rounded off; pictures in [-1, 1]."""

_ASTRAY: Final = 1.6
"""A loss this many times that at the start: first steps may rise, but not so far."""

_MOUTH_MARGIN_PX: Final = 6.0
_MOUTH_FEATHER_PX: Final = 4.0
"""Crop pixels around the lips in which a clip's flows stay as decoded: with corrections there, 43 instead of 65 % of a
mouth's steps are within 20 % of even (Figure 6)."""

_PRIOR: Final = 1e-3
"""Pull towards what the encoder says."""

_FOLDS: Final = 3.0
_FOLD_MARGIN: Final = 0.3
"""Weight and beginning of the penalty on a Jacobian determinant near or below 0."""


def fit_latent(
    predictor: FlowPredictor,
    source: NDArray[np.uint8],
    target: NDArray[np.uint8],
    start: Latent,
    *,
    trust: FloatMap | None = None,
    face: int = 0,
    steps: int = STEPS,
) -> Latent:
    """The latent at which a photo, warped, looks most like another one of the same person.

    Args:
        predictor: holds the photo's face.
        source: (S, S, 3), the face's crop.
        target: (S, S, 3), what it should look like, in the same frame and light.
        start: (C, h, w), the target's latent as encoded.
        trust: (S, S) in [0, 1]: where both show the same thing; None for everywhere.
        face: its place in the predictor.
        steps: passes forwards and backwards; 0 returns the start.

    Returns:
        (C, h, w), the best of those on the way.
    """
    match = _Match(source, target, np.ones(source.shape[:2], np.float32) if trust is None else trust)

    def judge(latent: Latent) -> tuple[float, NDArray[np.float32]]:
        (field,) = predictor.predict_latents(latent[None], face=face, with_confidence=False)
        return match.judge(field.flow)

    latent = best = start.astype(np.float32)
    at_start, slope = judge(latent)
    least, best_slope, rate, since = at_start, slope, RATE, 0
    mean, squares = np.zeros_like(latent), np.zeros_like(latent)
    for step in range(steps):
        since += 1
        gradient = predictor.latent_gradient(latent, slope, face=face)
        gradient += np.float32(2 * _PRIOR / latent.size) * (latent - start)
        mean = _MOMENTUM * mean + (1 - _MOMENTUM) * gradient
        squares = _SQUARES * squares + (1 - _SQUARES) * gradient * gradient
        size = np.sqrt(squares / (1 - _SQUARES**since))
        size += np.float32(_FLOOR) * np.sqrt(np.square(size).mean()) + np.float32(1e-12)
        reach = np.float32(rate * (1 - step / steps) / (1 - _MOMENTUM**since))
        latent = (latent - reach * mean / size).astype(np.float32)
        loss, slope = judge(latent)
        if loss < least:
            best, least, best_slope = latent, loss, slope
        elif loss > _ASTRAY * at_start:
            # Once more from the best, with shorter steps.
            latent, slope, rate, since = best, best_slope, rate / 2, 0
            mean, squares = np.zeros_like(latent), np.zeros_like(latent)
    return best


class FitCorrections:
    """What fits add to the flows between every two photos of a clip, found when it is first asked for.

    A correction is F(S, Z) - F(S, Z(T)) of a fitted Z, and goes by the share of the motion that is the target's. The
    fitted latents themselves are no way to go: halfway to one, flows are not halfway.

    Args:
        predictor: holds the photos' faces, in this order.
        sources: in one frame and light.
        landmarks: of each photo, crop pixels, or None. Their mouths are left alone.
    """

    def __init__(
        self, predictor: FlowPredictor, sources: Sequence[MatchedSource], landmarks: Sequence[Points | None]
    ) -> None:
        self._predictor, self._sources, self._landmarks = predictor, tuple(sources), tuple(landmarks)
        self._found: dict[tuple[int, int], NDArray[np.float32]] = {}

    def at(self, face: int, motion: Sequence[float]) -> NDArray[np.float32] | None:
        """(h, w, 2), crop pixels: what is added to a photo's flow; None for nothing.

        Args:
            face: number of the photo.
            motion: shares of all photos.
        """
        total: NDArray[np.float32] | None = None
        for target, share in enumerate(motion):
            if target == face or share == 0:
                continue
            part = np.float32(share) * self._of(face, target)
            total = part if total is None else total + part
        return total

    def _of(self, face: int, target: int) -> NDArray[np.float32]:
        if (face, target) not in self._found:
            # Who goes from one photo to another needs both, and each fit keeps one core busy.
            ways = (face, target), (target, face)
            with ThreadPoolExecutor(len(ways), "fit") as fits:
                self._found |= zip(ways, fits.map(lambda way: self._fit(*way), ways), strict=True)
        return self._found[face, target]

    def _fit(self, face: int, target: int) -> NDArray[np.float32]:
        start, size = self._predictor.latent(target), (CROP_SIZE, CROP_SIZE)
        here, there = self._sources[face], self._sources[target]
        pictures = [cv2.resize(one.pixels, size, interpolation=cv2.INTER_AREA) for one in (here, there)]
        (encoded,) = self._predictor.predict_latents(start[None], face=face)
        trust = cv2.resize(np.minimum(here.usable, there.usable) * seen_in_target(here, there), size)
        trust *= cv2.resize(encoded.confidence, size)
        latent = fit_latent(self._predictor, pictures[0], pictures[1], start, trust=trust, face=face)
        (fitted,) = self._predictor.predict_latents(latent[None], face=face, with_confidence=False)
        added: NDArray[np.float32] = fitted.flow - encoded.flow
        for landmarks in (self._landmarks[face], self._landmarks[target]):
            if landmarks is not None:
                mouth = part_mask(landmarks, "mouth", grow_px=_MOUTH_MARGIN_PX, feather_px=_MOUTH_FEATHER_PX)
                added *= 1 - cv2.resize(mouth, added.shape[1::-1], interpolation=cv2.INTER_AREA)[..., None]
        return added


class _Match:
    """How far a photo, warped by a flow, is from the target, and which way is down."""

    def __init__(self, source: NDArray[np.uint8], target: NDArray[np.uint8], trust: FloatMap) -> None:
        self._source = source.astype(np.float32) / 127.5 - 1
        self._across = cv2.Sobel(self._source, cv2.CV_32F, 1, 0, ksize=1, scale=0.5, borderType=cv2.BORDER_REPLICATE)
        self._down = cv2.Sobel(self._source, cv2.CV_32F, 0, 1, ksize=1, scale=0.5, borderType=cv2.BORDER_REPLICATE)
        target_levels = _pyramid(target.astype(np.float32) / 127.5 - 1)
        self._levels = list(zip(target_levels, _pyramid(trust.astype(np.float32)), strict=True))
        rows, columns = (np.arange(count, dtype=np.float32) for count in source.shape[:2])
        self._grid = np.stack(np.meshgrid(columns, rows), axis=-1)

    def judge(self, flow: NDArray[np.float32]) -> tuple[float, NDArray[np.float32]]:
        """The loss of a flow (h, w, 2) in crop pixels, and its slope by every number of the flow."""
        height, width = self._source.shape[:2]
        at = (
            cv2.resize(flow, (width, height), interpolation=cv2.INTER_LINEAR)
            if flow.shape[:2] != (height, width)
            else flow
        )
        places = self._grid + at * np.float32(width / CROP_SIZE)
        warped, across, down = (
            cv2.remap(picture, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for picture in (self._source, self._across, self._down)
        )
        loss, by_pixel = 0.0, np.zeros_like(warped)
        for scale, (seen, (target, trust)) in enumerate(zip(_pyramid(warped), self._levels, strict=True)):
            difference = seen - target
            length = np.sqrt(difference * difference + np.float32(_ROUNDING**2))
            weight = trust[..., None] / np.float32(trust.size)
            loss += float(((difference * difference + _ABSOLUTE * length) * weight).sum())
            slope = (2 * difference + _ABSOLUTE * difference / length) * weight
            size = 1 << scale
            by_pixel += np.repeat(np.repeat(slope, size, axis=0), size, axis=1) / np.float32(size * size)
        by_flow = np.stack([(by_pixel * across).sum(axis=-1), (by_pixel * down).sum(axis=-1)], axis=-1)
        by_flow *= np.float32(width / CROP_SIZE)
        if at is not flow:
            cells = (height * width) / (flow.shape[0] * flow.shape[1])
            by_flow = cv2.resize(by_flow, flow.shape[1::-1], interpolation=cv2.INTER_AREA) * np.float32(cells)
        folds, by_folds = _folds(flow)
        return loss + _FOLDS * folds, by_flow + np.float32(_FOLDS) * by_folds


def _folds(flow: NDArray[np.float32]) -> tuple[float, NDArray[np.float32]]:
    """Mean square of what the Jacobian determinant of p + flow(p) lacks of `_FOLD_MARGIN`, and its slope."""
    step = np.float32(CROP_SIZE / flow.shape[0])
    across = (flow[:-1, 1:] - flow[:-1, :-1]) / step
    down = (flow[1:, :-1] - flow[:-1, :-1]) / step
    stretch_x, stretch_y = 1 + across[..., 0], 1 + down[..., 1]
    missing = np.maximum(_FOLD_MARGIN - (stretch_x * stretch_y - across[..., 1] * down[..., 0]), 0)
    by_determinant = -2 * missing / (missing.size * step)
    by_across = np.stack([stretch_y, -down[..., 0]], axis=-1) * by_determinant[..., None]
    by_down = np.stack([-across[..., 1], stretch_x], axis=-1) * by_determinant[..., None]
    slope = np.zeros_like(flow)
    slope[:-1, 1:] += by_across
    slope[1:, :-1] += by_down
    slope[:-1, :-1] -= by_across + by_down
    return float(np.square(missing).mean()), slope


def _pyramid(picture: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """A picture at each of `_SCALES` sizes, by averaging; an odd last row or column is left out."""
    levels = [picture]
    for _ in range(1, _SCALES):
        height, width = levels[-1].shape[:2]
        even = levels[-1][: height // 2 * 2, : width // 2 * 2]
        levels.append(cv2.resize(even, (width // 2, height // 2), interpolation=cv2.INTER_AREA))
    return levels
