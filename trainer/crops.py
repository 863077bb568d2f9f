"""Prepared crops as the model takes them, and the region of the face in them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE, TEMPLATE_ID
from fvae_studio.core.geometry import SimilarityTransform
from fvae_studio.core.lips import with_gap
from fvae_studio.core.types import AlignedCrop
from trainer.prepare import PreparedFaces


def small_crop(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(256, 256, 3) -> (128, 128, 3), averaged."""
    reduced: NDArray[np.uint8] = cv2.resize(
        np.ascontiguousarray(crop), (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_AREA
    )
    return reduced


def model_crop(prepared: PreparedFaces, row: int) -> AlignedCrop:
    """A prepared face as the model's input; the frame of its flow is the crop itself."""
    crop = AlignedCrop(small_crop(prepared.crops[row]), SimilarityTransform.identity(), TEMPLATE_ID)
    return with_gap(crop, prepared.landmarks[row])


def face_region(landmarks: NDArray[np.float32], *, size: int = CROP_SIZE, grow_px: int = 0) -> NDArray[np.bool_]:
    """(S, S) bool: inside the hull of the landmarks (the face region of all figures)."""
    hull = cv2.convexHull(np.round(landmarks * (size / CROP_SIZE)).astype(np.int32))
    mask = np.zeros((size, size), np.uint8)
    cv2.fillConvexPoly(mask, hull, 1)
    if grow_px:
        mask = cv2.dilate(mask, np.ones((2 * grow_px + 1, 2 * grow_px + 1), np.uint8))
    return mask.astype(np.bool_)
