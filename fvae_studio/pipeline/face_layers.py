"""What a flow alone cannot show of a face, laid over it once it is warped: eyes in layers, mouths, teeth, glasses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fvae_studio.core.eye_composite import draw_eyes
from fvae_studio.core.eye_layers import EyeLayers
from fvae_studio.core.fine_copy import FineCopy
from fvae_studio.core.geometry import SimilarityTransform
from fvae_studio.core.glasses import StillGlasses
from fvae_studio.core.glasses_composite import draw_glasses
from fvae_studio.core.mouth_composite import open_mouth
from fvae_studio.core.still_teeth import StillTeeth
from fvae_studio.core.teeth_composite import draw_teeth
from fvae_studio.core.types import FlowField, Photo, WarpedFace
from fvae_studio.core.warp import FaceWarp, Kernel
from fvae_studio.pipeline.mouths import OpenedMouth


@dataclass(frozen=True, eq=False)
class FaceLayers:
    """Of one face; None for what is as its flow leaves it."""

    eyes: EyeLayers | None = None
    mouth: OpenedMouth | None = None
    teeth: StillTeeth | None = None
    glasses: StillGlasses | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to lay over the face."""
        return self.eyes is None and self.mouth is None and self.teeth is None and self.glasses is None


def draw_layers(
    photo: Photo,
    warped: Sequence[WarpedFace],
    faces: Sequence[tuple[FlowField, SimilarityTransform]],
    layers: Sequence[FaceLayers],
    *,
    kernel: Kernel,
    fine: Sequence[FineCopy] = (),
) -> tuple[WarpedFace, ...]:
    """Lay eyes, mouths, teeth and glasses over faces that were warped together.

    Where two regions overlap, both hold the same pixels.

    Args:
        photo: that was warped.
        warped: from `warp_faces`.
        faces: what it was given.
        layers: one for each face.
        kernel: how pixels are resampled.
        fine: as for `warp_faces`.
    """
    result = list(warped)
    for index, face in enumerate(layers):
        if face.is_empty or result[index].roi.is_empty:
            continue
        drawn, warp = result[index], FaceWarp(photo, faces, index, kernel, fine)
        if face.eyes is not None:
            drawn = draw_eyes(warp, drawn, face.eyes)
        if face.mouth is not None:
            drawn = open_mouth(warp, drawn, face.mouth.lips, face.mouth.inside)
        if face.teeth is not None:
            drawn = draw_teeth(warp, drawn, face.teeth)
        if face.glasses is not None:
            drawn = draw_glasses(warp, drawn, face.glasses)
        result[index] = drawn
        for other in range(len(result)):
            if other != index:
                result[other] = _with_shared(result[other], drawn)
    return tuple(result)


def _with_shared(face: WarpedFace, drawn: WarpedFace) -> WarpedFace:
    """A face with another one's pixels where both have some."""
    shared = face.roi.intersect(drawn.roi)
    if shared.is_empty:
        return face
    here, there = shared.within(face.roi), shared.within(drawn.roi)
    pixels, moved = face.pixels.copy(), face.moved.copy()
    pixels[here], moved[here] = drawn.pixels[there], drawn.moved[there]
    return replace(face, pixels=pixels, moved=moved)
