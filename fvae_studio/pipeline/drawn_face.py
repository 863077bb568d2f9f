"""Finding the face that a person has framed by hand, where the search over the whole photo missed it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np

from fvae_studio.core.geometry import Points, Rect
from fvae_studio.core.types import Face, Photo
from fvae_studio.errors import NoFaceError
from fvae_studio.pipeline.detector import FaceDetector

MARGINS: Final = (0.3, 1.0, 0.0)
"""By how many of its sides the framed region is widened, look by look: people frame a face tightly or with its hair."""

_LEAST_SIDE_PX: Final = 16


def find_drawn_face(detector: FaceDetector, photo: Photo, region: Rect) -> Face:
    """The face in a region that a person has drawn.

    The detector is shown the region alone, a little widened, so that the face is large in what it sees.

    Args:
        detector: any.
        photo: any depth.
        region: photo pixels; may reach beyond the photo.

    Returns:
        The face nearest to the region's middle; its number means nothing yet.

    Raises:
        NoFaceError: none is seen there.
    """
    inside = region.intersect(photo.bounds)
    if min(inside.width, inside.height) < _LEAST_SIDE_PX:
        raise NoFaceError(
            f"The frame is too small; draw it around the whole face, at least {_LEAST_SIDE_PX} pixels wide."
        )
    for margin in MARGINS:
        window = region.grow(round(margin * max(region.width, region.height))).intersect(photo.bounds)
        # A copy: the detector wants rows that follow each other in memory, and the part is small.
        part = Photo(np.ascontiguousarray(photo.pixels[window.slices]))
        faces = [_moved(face, window.x, window.y) for face in detector.detect(part)]
        near = [face for face in faces if _is_inside(face.box.center, region)]
        if near:
            return min(near, key=lambda face: math.dist(face.box.center, region.center))
    raise NoFaceError(
        "No face can be seen in this frame. Draw it around the whole face, from the brows to the chin; a face that is "
        "turned far away, hidden or very small cannot be edited."
    )


def _moved(face: Face, dx: int, dy: int) -> Face:
    landmarks: Points = face.landmarks + np.array([dx, dy], np.float32)
    return replace(face, box=replace(face.box, x=face.box.x + dx, y=face.box.y + dy), landmarks=landmarks)


def _is_inside(point: tuple[float, float], region: Rect) -> bool:
    return region.x <= point[0] < region.right and region.y <= point[1] < region.bottom
