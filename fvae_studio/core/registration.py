"""Bringing another photo of the same person into a photo's frame and light, so that the two can be blended."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.colour import transfer_colour
from fvae_studio.core.flow_spline import smoothstep
from fvae_studio.core.geometry import Points, Rect, SimilarityTransform
from fvae_studio.core.resample import resample
from fvae_studio.core.robust_fit import fit_reweighted
from fvae_studio.core.types import AlignedCrop, FloatMap, Photo, RgbImage
from fvae_studio.errors import GeometryError

_OVAL_CENTER = (CROP_SIZE - 1) / 2
_OVAL_RADIUS = CROP_SIZE / 2 - 1
_OVAL_SOLID = 0.72
"""Share of the oval's radius inside which another photo may replace the frame's pixels wholly."""

_EDGE_FADE_PX = 4.0
"""Crop pixels over which a photo's own border is faded."""

_ROWS_AT_ONCE = 256

_LIGHT_SIGMA_PX = 5.0
_LIGHT_FEATHER_PX = 8.0
"""Crop pixels over which the light around a face is averaged, and over which it passes into the face's own."""

_LARGEST_LIGHT = 0.12
"""Differences of values in [0, 1] that are light: larger ones are other things."""

_SEEN_APART = 0.04
"""Distance of two colours, values in [0, 1], at which a pixel counts a quarter of what one that fits does."""

_SEEN_SHARE = 0.5
"""Of the face's pixels, which have to fit so well."""

_BURNT, _DROWNED = 250, 3
"""Of 255: from there on, and up to there, a channel of a crop tells nothing more."""

_SEEN_RIDGE = 1e-5
"""Towards no change, for each pixel: a face of one flat colour would leave the map undetermined."""


@dataclass(frozen=True, eq=False)
class RegisteredPhoto:
    """A part of a photo in another photo's frame.

    Attributes:
        pixels: (roi.height, roi.width, 3), depth of the frame's photo.
        share: (roi.height, roi.width) float32 in [0, 1]: how far it may replace the frame's pixels; 0 towards the
            crop's border and where the photo ends.
        roi: where it lies in the frame, in pixels of the frame's photo.
    """

    pixels: RgbImage
    share: FloatMap
    roi: Rect


def register_photo(
    photo: Photo,
    crop: AlignedCrop,
    frame: Photo,
    frame_crop: AlignedCrop,
    *,
    roi: Rect,
    colour_map: NDArray[np.float32] | None = None,
) -> RegisteredPhoto:
    """Resample a photo so that its face lies where the frame's face lies, by the similarity of the two alignments.

    The photo is read once, sharply (`resample`); a photo of higher resolution is averaged first. ICC profiles are not
    compared: both photos are taken to be encoded alike.

    Args:
        photo: to be moved.
        crop: its face.
        frame: gives frame and depth.
        frame_crop: its face.
        roi: region of the frame to fill; inside the frame.
        colour_map: (3, 4), gives the photo the frame's colours (`fit_seen_colour`); None leaves it its own.

    Raises:
        GeometryError: `roi` is empty or beyond the frame.
    """
    if roi.is_empty or roi.intersect(frame.bounds) != roi:
        raise GeometryError(f"the region {roi} does not lie in the frame of {frame.width} x {frame.height} pixels")
    frame_to_photo = frame_crop.photo_to_crop.then(crop.photo_to_crop.inverse)
    grid = np.stack(np.meshgrid(np.arange(roi.x, roi.right), np.arange(roi.y, roi.bottom)), axis=-1)
    positions = frame_to_photo.apply(grid)
    pixels = _read(photo, positions, shrinkage=frame_to_photo.scale)
    if pixels.dtype != frame.pixels.dtype:
        scaled = pixels.astype(np.float32) * (frame.max_value / photo.max_value)
        pixels = np.round(scaled).astype(frame.pixels.dtype)
    if colour_map is not None:
        pixels = apply_colour(pixels, colour_map)
    distance = np.minimum(positions, (photo.width - 1, photo.height - 1) - positions).min(axis=-1)
    covered = distance * (crop.photo_to_crop.scale / _EDGE_FADE_PX)
    share = (_oval(frame_crop.photo_to_crop.apply(grid)) * smoothstep(covered)).astype(np.float32)
    return RegisteredPhoto(pixels, share, roi)


def usable_share(photo_to_crop: SimilarityTransform, bounds: Rect) -> FloatMap:
    """How far a photo may replace another one's pixels: 1 in the face, 0 at the crop's border and where it ends itself.

    Args:
        photo_to_crop: photo pixels -> crop pixels.
        bounds: the photo's.

    Returns:
        (CROP_SIZE, CROP_SIZE) in [0, 1].
    """
    grid = np.stack(np.meshgrid(np.arange(CROP_SIZE), np.arange(CROP_SIZE)), axis=-1)
    positions = photo_to_crop.inverse.apply(grid)
    distance = np.minimum(positions - (bounds.x, bounds.y), (bounds.right - 1, bounds.bottom - 1) - positions)
    covered = distance.min(axis=-1) * (photo_to_crop.scale / _EDGE_FADE_PX)
    return (_oval(grid) * smoothstep(covered)).astype(np.float32)


def fit_colour(source: NDArray[np.uint8], target: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The linear map of colours that gives one crop the light of another.

    The paper's transfer [25] works in another colour space and on 8 bits; the map that does the same to these pixels,
    by least squares, can be applied to a photo of any size and depth.

    Args:
        source: (S, S, 3) aligned crop.
        target: (S, S, 3) aligned crop.

    Returns:
        (3, 4): [r, g, b, 1] -> (r, g, b), values in [0, 1].
    """
    face = face_pixels(source.shape[0])
    wanted = transfer_colour(source, target, region=face)[face].astype(np.float64) / 255
    given = source[face].astype(np.float64) / 255
    # A trace of ridge towards the identity: a face of one flat colour would leave the map undetermined.
    ridge = 1e-3 * math.sqrt(len(given))
    equations = np.vstack([np.column_stack([given, np.ones(len(given))]), ridge * np.eye(4)])
    values = np.vstack([wanted, ridge * np.eye(4, 3)])
    solution: NDArray[np.float64] = np.linalg.lstsq(equations, values, rcond=None)[0]
    return solution.T.astype(np.float32)


def fit_seen_colour(source: NDArray[np.uint8], target: NDArray[np.uint8]) -> NDArray[np.float32]:
    """As `fit_colour`, of two crops that show the same things at the same places.

    Statistics of a whole face are others with teeth in it, or with half of it in shadow. Here pixels are compared one
    by one, and those that fit worse than others count less (least squares, reweighted). Where most do not fit, the two
    lie on each other too badly for that, and it is the statistics after all.

    Args:
        source: (S, S, 3).
        target: (S, S, 3), moved to lie on the source.

    Returns:
        (3, 4), as `fit_colour`.
    """
    # What is burnt out or drowned in one of them was of any colour.
    both = np.concatenate([source, target], axis=2)
    face = face_pixels(source.shape[0]) & ~burnt_out(both) & (both.min(axis=2) > _DROWNED)
    if not face.any():
        return fit_colour(source, target)
    given = np.column_stack([source[face].astype(np.float64) / 255, np.ones(np.count_nonzero(face))])
    wanted = target[face].astype(np.float64) / 255
    prior, unchanged = _SEEN_RIDGE * np.eye(4), _SEEN_RIDGE * np.eye(4, 3)
    solution, apart = fit_reweighted(given, wanted, prior=prior, pull=unchanged, apart=_SEEN_APART)
    if float((apart < _SEEN_APART).mean()) < _SEEN_SHARE:
        return fit_colour(source, target)
    return solution.T.astype(np.float32)


def apply_colour(pixels: RgbImage, colour_map: NDArray[np.float32]) -> RgbImage:
    """A picture in other colours, in its own depth; `colour_map` as from `fit_colour`."""
    limit = float(np.iinfo(pixels.dtype).max)
    scaled = colour_map * np.array([1, 1, 1, limit], np.float32)
    result = np.empty_like(pixels)
    for row in range(0, len(pixels), _ROWS_AT_ONCE):
        rows = slice(row, row + _ROWS_AT_ONCE)
        moved = cv2.transform(pixels[rows].astype(np.float32), scaled)
        result[rows] = np.clip(np.round(moved), 0, limit).astype(pixels.dtype)
    return result


def fit_surrounding_light(
    source: RgbImage, target: NDArray[np.uint8], landmarks: Points | None, *, burnt: NDArray[np.bool_] | None = None
) -> NDArray[np.float32]:
    """What one crop lacks around its face to have another one's light there.

    Two photos' backgrounds, hair and shoulders are lit differently from each other than their faces are. Where one
    photo passes into the other around the face, that would be seen as a ring.

    Args:
        source: (S, S, 3) aligned crop, in the other one's colours (`fit_colour`).
        target: (S, S, 3) aligned crop.
        landmarks: (478, 2) of the source's face in crop pixels, which keeps its light; None: the middle of the crop.
        burnt: (S, S): where the source was burnt out, and may have been anything lighter; None for nowhere.

    Returns:
        (S, S, 3) to be added, values in [-1, 1]: coarse, and 0 in the face.
    """
    size = source.shape[0]
    per_px = size / CROP_SIZE
    if landmarks is None:
        grid = np.stack(np.meshgrid(np.arange(size), np.arange(size)), axis=-1) / per_px
        face: FloatMap = _oval(grid)
    else:
        face = face_hull(landmarks, size)
    around = 1 - face
    difference = (target.astype(np.float32) - source) / 255
    # Where hair lies on the other one's background it is no matter of light.
    largest = _LARGEST_LIGHT if burnt is None else np.where(burnt & (difference.min(axis=2) > 0), 1.0, _LARGEST_LIGHT)
    alike = (around * np.exp(-((np.abs(difference).max(axis=2) / largest) ** 2))).astype(np.float32)
    distance = cv2.distanceTransform((around > 0.5).astype(np.uint8), cv2.DIST_L2, 3) / per_px
    amount = smoothstep(distance / _LIGHT_FEATHER_PX) * around
    return spread_colour(difference, alike, amount, sigma=_LIGHT_SIGMA_PX * per_px)


def spread_colour(
    difference: NDArray[np.float32], alike: FloatMap, amount: FloatMap, *, sigma: float
) -> NDArray[np.float32]:
    """A difference of colours, averaged nearby, where it shall be added.

    Args:
        difference: (S, S, 3).
        alike: (S, S) in [0, 1]: how far it is a matter of colour there.
        amount: (S, S) in [0, 1]: how far it is added.
        sigma: of the mean nearby, in pixels of the map.

    Returns:
        (S, S, 3); less where next to nothing nearby is alike.
    """
    summed = cv2.GaussianBlur(difference * alike[..., None], (0, 0), sigma)
    weight = cv2.GaussianBlur(alike, (0, 0), sigma)
    spread: NDArray[np.float32] = (summed * (amount / np.maximum(weight, 1e-2))[..., None]).astype(np.float32)
    return spread


def add_light(pixels: RgbImage, light: NDArray[np.float32], from_crop: SimilarityTransform) -> RgbImage:
    """A picture with a map of colours added (`fit_surrounding_light`), in its own depth; the same object for nothing.

    Args:
        pixels: (h, w, 3).
        light: (S, S, 3), for the aligned crop.
        from_crop: crop pixels -> pixels of the picture.
    """
    if not light.any():
        return pixels
    limit = float(np.iinfo(pixels.dtype).max)
    result = np.empty_like(pixels)
    for rows, added in light_rows(light, from_crop, (pixels.shape[0], pixels.shape[1])):
        result[rows] = np.clip(np.round(pixels[rows] + added * limit), 0, limit).astype(pixels.dtype)
    return result


def light_rows(
    light: NDArray[np.float32], from_crop: SimilarityTransform, shape: tuple[int, int]
) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """A map of the aligned crop read at the pixels of a picture, some rows at a time; 0 beyond the crop.

    Args:
        light: (S, S) or (S, S, 3).
        from_crop: crop pixels -> pixels of the picture.
        shape: height and width of the picture.
    """
    height, width = shape
    per_px = light.shape[0] / CROP_SIZE
    to_light = from_crop.inverse.then(SimilarityTransform(per_px, 0.0, (per_px - 1) / 2, (per_px - 1) / 2))
    for row in range(0, height, _ROWS_AT_ONCE):
        rows = slice(row, min(row + _ROWS_AT_ONCE, height))
        matrix = SimilarityTransform(1.0, 0.0, 0.0, float(row)).then(to_light).matrix[:2]
        read: NDArray[np.float32] = cv2.warpAffine(
            light, matrix, (width, rows.stop - row), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        )
        yield rows, read


def burnt_out(crop: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """(S, S): where a channel of a crop (S, S, 3) tells nothing more."""
    burnt: NDArray[np.bool_] = crop.max(axis=2) >= _BURNT
    return burnt


def face_hull(landmarks: Points, size: int) -> FloatMap:
    """(size, size): 1 within a face's hull, its landmarks in pixels of the crop, 0 elsewhere."""
    hull = cv2.convexHull(((landmarks + 0.5) * (size / CROP_SIZE) - 0.5).astype(np.float32))
    face: FloatMap = np.zeros((size, size), np.float32)
    cv2.fillConvexPoly(face, np.round(hull).astype(np.int32), 1)
    return face


def face_pixels(size: int) -> NDArray[np.bool_]:
    """(size, size): where a crop of that side shows a face."""
    grid = np.stack(np.meshgrid(np.arange(size), np.arange(size)), axis=-1) * (CROP_SIZE / size)
    return _oval(grid) > 0.5


def _oval(positions: NDArray[np.floating[Any]]) -> FloatMap:
    """1 inside the face, falling smoothly to 0 before the crop's border; positions (..., 2) in crop pixels."""
    radius = np.hypot(positions[..., 0] - _OVAL_CENTER, positions[..., 1] - _OVAL_CENTER) / _OVAL_RADIUS
    faded: FloatMap = smoothstep((1 - radius) / (1 - _OVAL_SOLID))
    return faded


def _read(photo: Photo, positions: NDArray[np.float32], *, shrinkage: float) -> RgbImage:
    # Only the part that is looked at: OpenCV's remap takes no source of more than 32767 pixels a side.
    margin = math.ceil(4 * max(1.0, shrinkage)) + 4
    region = Rect.around(positions.reshape(-1, 2)).grow(margin).intersect(photo.bounds)
    if region.is_empty:
        # The photo does not reach the face's crop at all; its share is 0 there, so any pixels will do.
        return cast(RgbImage, np.zeros_like(photo.pixels, shape=(*positions.shape[:2], 3)))
    source: RgbImage = photo.pixels[region.slices]
    to_source = SimilarityTransform(1.0, 0.0, -region.x, -region.y)
    factor = math.floor(shrinkage)
    if factor >= 2:
        width, height = max(1, region.width // factor), max(1, region.height // factor)
        source = cv2.resize(source[: height * factor, : width * factor], (width, height), interpolation=cv2.INTER_AREA)
        offset = (1 / factor - 1) / 2
        to_source = to_source.then(SimilarityTransform(1 / factor, 0.0, offset, offset))
    out: RgbImage = np.empty_like(photo.pixels, shape=(*positions.shape[:2], 3))
    resample(np.ascontiguousarray(source), to_source.apply(positions), "sinc", out=out)
    return out
