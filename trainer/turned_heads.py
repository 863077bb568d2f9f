"""Photos of turned heads, made from photos taken from the front, and expressions on them with exact flow.

The sets at hand were photographed from the front, and so were the photos that a network was trained on. Heads in other
people's photos are turned a little more often than not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.geometry import Points, SimilarityTransform
from trainer.facekit.expressions import NUM_POSE, POSE_UNIT
from trainer.facekit.render import FaceScene, FittedFace, exact_flow, moved_picture, placed
from trainer.metrics import flow_at

MAX_YAW: Final = 25.0
MAX_PITCH: Final = 10.0
"""Degrees to either side: up to here what comes round the cheek is a narrow strip."""

EXPRESSIONS_PER_TURN: Final = 3


@dataclass(frozen=True, eq=False)
class TurnedHead:
    """A photo's face, turned by its fitted mesh and aligned as a detector would align it; make one with `of`.

    What is hidden in the photo is stretched from what is beside it.

    Attributes:
        face: as it was fitted.
        still: its mesh in the photo.
        pose_code: (3,) of the turn, in `POSE_UNIT`.
        back: from the turned mesh to the aligned one.
        scene: the aligned mesh.
        picture: of the crop's size.
    """

    face: FittedFace
    still: FaceScene
    pose_code: NDArray[np.float32]
    back: SimilarityTransform
    scene: FaceScene
    picture: NDArray[np.uint8]

    @staticmethod
    def of(face: FittedFace, crop: NDArray[np.uint8], *, yaw: float, pitch: float = 0.0) -> TurnedHead:
        """Turn a photo by degrees from the pose in it; by none, the picture is the photo.

        Args:
            face: of the photo.
            crop: (k S, k S, 3).
            yaw: to the side, degrees.
            pitch: up or down, degrees.
        """
        facekit, still = face.facekit, face.pose()
        pose_code = np.array([yaw, pitch, 0.0], np.float32) / np.float32(POSE_UNIT)
        unturned = FaceScene(facekit, still)
        if not pose_code.any():
            return TurnedHead(face, unturned, pose_code, SimilarityTransform.identity(), unturned, crop)
        no_change = np.zeros(len(face.code) + NUM_POSE, np.float32)
        turned = face.pose(with_pose(no_change, pose_code))
        back = face.alignment(turned, still)
        scene = FaceScene(facekit, placed(turned, back))
        return TurnedHead(face, unturned, pose_code, back, scene, moved_picture(crop, exact_flow(scene, unturned).flow))

    def scene_of(self, change: NDArray[np.float32]) -> FaceScene:
        """The turned head after a change of code (56,), of which the expression counts."""
        moved = self.face.pose(with_pose(change, self.pose_code))
        return FaceScene(self.face.facekit, placed(moved, self.back))

    def carried(self, landmarks: Points) -> NDArray[np.float32]:
        """Where the photo's landmarks (N, 2) lie on the turned head, crop pixels."""
        there = exact_flow(self.still, self.scene).flow
        return np.asarray(landmarks + flow_at(there, landmarks), np.float32)


def turned_heads(
    face: FittedFace, crop: NDArray[np.uint8], *, count: int, rng: np.random.Generator
) -> Iterator[TurnedHead]:
    """So many heads as `count` expressions need, turned at random."""
    for _ in range(-(-count // EXPRESSIONS_PER_TURN)):
        yaw, pitch = rng.uniform(-1, 1, 2) * (MAX_YAW, MAX_PITCH)
        yield TurnedHead.of(face, crop, yaw=float(yaw), pitch=float(pitch))


def with_pose(code: NDArray[np.float32], pose_code: NDArray[np.float32]) -> NDArray[np.float32]:
    """A change of code (56,) with another pose (3,)."""
    return np.concatenate([code[:-NUM_POSE], pose_code])
