"""The one canonical face frame: where the eyes lie in a crop, and how a crop is cut from a photo.

The application, the trainer and the evaluation all use this module, so that weights and crops can never disagree.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.geometry import Points, Rect, SimilarityTransform
from fvae_studio.core.types import AlignedCrop, Photo

TEMPLATE_ID: Final = "fvae-eyes-1"
"""Changes whenever a constant below changes; weights carry it, and loading refuses a mismatch."""

CROP_SIZE: Final = 128
"""Side of the model's crop. Transforms and flows are in pixels of a crop of this size."""

EYE_DISTANCE: Final = 35.0
"""Between the eye centres, in crop pixels: from the brow's top to an opened jaw's chin everything lies inside."""

EYE_CENTER: Final = ((CROP_SIZE - 1) / 2, 45.0)
"""Middle between the eyes, in crop pixels."""

_ANCHORS: Final[dict[int, tuple[float, float]]] = {
    # MediaPipe's index: position in units of EYE_DISTANCE from EYE_CENTER. Means over 212 photos of 131 people, made
    # symmetric. Only points that hardly move with the expression.
    33: (-0.725, -0.014),
    133: (-0.275, 0.014),
    362: (0.275, 0.014),
    263: (0.725, -0.014),
    168: (0.0, -0.089),
}

ANCHOR_INDICES: Final = tuple(_ANCHORS)
TEMPLATE: Final = np.asarray(EYE_CENTER) + EYE_DISTANCE * np.asarray(list(_ANCHORS.values()))


def estimate_alignment(landmarks: Points) -> SimilarityTransform:
    """Photo pixels -> crop pixels, by least squares over eye corners and nose bridge.

    Args:
        landmarks: (478, 2), photo pixels.

    Raises:
        GeometryError: the anchors coincide.
    """
    return SimilarityTransform.fit(landmarks[list(ANCHOR_INDICES)], TEMPLATE)


def eye_distance(landmarks: Points) -> float:
    """Between the eye centres (means of the eye corners), in the unit of `landmarks`."""
    left, right = landmarks[[33, 133]].mean(axis=0), landmarks[[362, 263]].mean(axis=0)
    return float(np.hypot(*(right - left)))


def extract_crop(photo: Photo, photo_to_crop: SimilarityTransform, *, size: int = CROP_SIZE) -> AlignedCrop:
    """Cut the aligned square out of a photo, padded by the photo's edge where it reaches beyond.

    Args:
        photo: 16-bit photos give an 8-bit crop: it is only looked at by the model.
        photo_to_crop: photo pixels -> pixels of a `CROP_SIZE` crop.
        size: side of the crop to make.
    """
    to_size = photo_to_crop.then(SimilarityTransform.resize(CROP_SIZE, size))
    pixels = _cut(photo.pixels, to_size, size)
    if pixels.dtype == np.uint16:
        pixels = np.round(pixels.astype(np.float32) / 257).astype(np.uint8)
    return AlignedCrop(pixels.astype(np.uint8, copy=False), photo_to_crop, TEMPLATE_ID)


def crop_region(photo_to_crop: SimilarityTransform) -> Rect:
    """The smallest rectangle of photo pixels that contains the whole crop (it may reach beyond the photo)."""
    edge = CROP_SIZE - 0.5
    corners = np.array([[-0.5, -0.5], [edge, -0.5], [-0.5, edge], [edge, edge]])
    return Rect.around(photo_to_crop.inverse.apply(corners))


def _cut(pixels: NDArray[np.generic], to_crop: SimilarityTransform, size: int) -> NDArray[np.generic]:
    # A strong reduction is done by area averaging first: linear sampling alone would skip pixels, and the crop would
    # depend on where between two hairs it happens to fall.
    corners = np.array([[-1, -1], [size, -1], [-1, size], [size, size]], np.float64)
    height, width = pixels.shape[:2]
    region = Rect.around(to_crop.inverse.apply(corners)).grow(2).intersect(Rect(0, 0, width, height))
    if region.is_empty:
        # Nothing of the photo lies in the crop: the nearest edge pixel is all there is to pad with.
        return _warp(pixels, to_crop.inverse, size)
    source = pixels[region.slices]
    shift = SimilarityTransform(1.0, 0.0, -region.x, -region.y)
    factor = math.floor(1 / to_crop.scale)
    if factor >= 2:
        new_width, new_height = max(1, region.width // factor), max(1, region.height // factor)
        source = source[: new_height * factor, : new_width * factor]
        source = cv2.resize(source, (new_width, new_height), interpolation=cv2.INTER_AREA)
        shift = shift.then(SimilarityTransform(1 / factor, 0.0, (1 / factor - 1) / 2, (1 / factor - 1) / 2))
    return _warp(source, to_crop.inverse.then(shift), size)


def _warp(pixels: NDArray[np.generic], crop_to_source: SimilarityTransform, size: int) -> NDArray[np.generic]:
    warped: NDArray[np.generic] = cv2.warpAffine(
        np.ascontiguousarray(pixels),
        crop_to_source.matrix,
        (size, size),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return warped
