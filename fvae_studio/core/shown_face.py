"""One face as the program shows it: what its flow moves, and in layers of their own eyes and teeth."""

from __future__ import annotations

from functools import partial

from fvae_studio.core.eye_composite import draw_eyes
from fvae_studio.core.eye_layers import layer_eyes
from fvae_studio.core.geometry import Points, SimilarityTransform
from fvae_studio.core.seen_teeth import find_teeth
from fvae_studio.core.still_teeth import hold_teeth
from fvae_studio.core.teeth_composite import draw_teeth
from fvae_studio.core.types import FlowField, Photo, WarpedFace
from fvae_studio.core.warp import FaceWarp, Kernel, warp_faces


def warp_shown(
    photo: Photo, flow: FlowField, photo_to_crop: SimilarityTransform, landmarks: Points, *, kernel: Kernel = "sinc"
) -> WarpedFace:
    """Warp a face, and lay eyes and teeth over it; a mouth that is closed in the photo stays closed.

    Args:
        photo: with the face.
        flow: settled: without folds, lips held together.
        photo_to_crop: photo pixels -> crop pixels.
        landmarks: (478, 2) of the face, crop pixels.
        kernel: how pixels are resampled.
    """
    faces = [(flow, photo_to_crop)]
    (warped,) = warp_faces(photo, faces, kernel=kernel)
    warp = FaceWarp(photo, faces, kernel=kernel)
    if (eyes := layer_eyes(flow.flow, landmarks)) is not None:
        warped = draw_eyes(warp, warped, eyes)
    see = partial(find_teeth, photo, photo_to_crop, landmarks)
    if (teeth := hold_teeth(flow.flow, landmarks, see)) is not None:
        warped = draw_teeth(warp, warped, teeth)
    return warped
