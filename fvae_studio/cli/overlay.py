"""The picture that `inspect --overlay` writes: what is seen in a photo and what an edit would do to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fvae_studio.core.displacement import DisplacementField, combine_displacements
from fvae_studio.core.flow_view import draw_arrows, draw_confidence, draw_faces, draw_flow_colours
from fvae_studio.core.geometry import Rect, SimilarityTransform
from fvae_studio.core.types import Face, Photo, RgbImage
from fvae_studio.core.warp import warp_faces
from fvae_studio.pipeline.requests import PlacedFlow

LONGER_SIDE: Final = 1600
"""Of one panel, in pixels: enough to read the marks, whatever the photo's size."""


def draw_overlay(photo: Photo, faces: Sequence[Face], placed: Sequence[PlacedFlow]) -> Photo:
    """Faces with numbers and points; with an edit also its flow as colours and as arrows, and its confidence.

    Returns:
        One panel, or four in a square: faces, colours; arrows, confidence. Larger photos are reduced to `LONGER_SIDE`.
    """
    scale = min(1.0, LONGER_SIDE / max(photo.width, photo.height))
    to_view = SimilarityTransform(scale, 0.0, (scale - 1) / 2, (scale - 1) / 2)
    view = _reduce(photo, scale)
    shown = []
    for face in faces:
        landmarks = to_view.apply(face.landmarks)
        shown.append(replace(face, landmarks=landmarks, box=Rect.around(landmarks)))
    panels = [draw_faces(view.pixels, shown)]
    if placed:
        flows = [(flow.field, to_view.inverse.then(flow.photo_to_crop)) for flow in placed]
        warped = warp_faces(view, flows)
        edited = view.pixels.copy()
        confidence = np.ones(edited.shape[:2], np.float32)
        for face_warp in warped:
            edited[face_warp.roi.slices] = face_warp.pixels
            confidence[face_warp.roi.slices] = face_warp.confidence
        fields = [DisplacementField.from_flow(field.flow, transform) for field, transform in flows]
        displacement = combine_displacements(fields, view.bounds).dense(view.bounds)
        panels += [
            draw_flow_colours(view.pixels, displacement),
            draw_arrows(edited, displacement),
            draw_confidence(edited, confidence),
        ]
    return Photo(_square(panels))


def _reduce(photo: Photo, scale: float) -> Photo:
    pixels = photo.pixels if photo.max_value == 255 else (photo.pixels >> 8).astype(np.uint8)
    if scale < 1:
        size = round(photo.width * scale), round(photo.height * scale)
        pixels = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))
    return Photo(pixels)


def _square(panels: Sequence[RgbImage]) -> NDArray[np.uint8]:
    rows = [np.concatenate(panels[start : start + 2], axis=1) for start in range(0, len(panels), 2)]
    return np.ascontiguousarray(np.concatenate(rows, axis=0), np.uint8)
