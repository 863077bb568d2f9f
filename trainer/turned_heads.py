"""Photos of turned heads, made from photos taken from the front, and expressions on them with exact flow.

The sets at hand were photographed from the front, and so were the photos that a network was trained on. Heads in other
people's photos are turned a little more often than not.

A head can take another person's shape on the way: a hundred people's skin and hair on a hundred people's skulls are
more faces than a hundred, and what a network learns of an expression must not hang on who it was learnt from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.geometry import Points, SimilarityTransform
from trainer.facekit.expressions import NUM_POSE, POSE_UNIT
from trainer.facekit.render import FaceScene, FittedFace, exact_flow, moved_picture, placed
from trainer.metrics import flow_at

MAX_YAW: Final = 30.0
MAX_PITCH: Final = 10.0
"""Degrees to either side: up to here what comes round the cheek is a narrow strip."""

EXPRESSIONS_PER_TURN: Final = 3

SHAPE_SHARES: Final = (0.4, 1.2)
"""How far a head's shape goes to another person's: beyond 1 there are shapes that neither has."""


@dataclass(frozen=True, eq=False)
class TurnedHead:
    """A photo's face, turned by its fitted mesh and aligned as a detector would align it; make one with `of`.

    What is hidden in the photo is stretched from what is beside it.

    Attributes:
        face: as it was fitted, with the shape that it has here.
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
    def of(
        face: FittedFace,
        crop: NDArray[np.uint8],
        *,
        yaw: float,
        pitch: float = 0.0,
        shape: NDArray[np.float32] | None = None,
    ) -> TurnedHead:
        """Turn a photo by degrees from the pose in it; by none, and in its own shape, the picture is the photo.

        Args:
            face: of the photo.
            crop: (k S, k S, 3).
            yaw: to the side, degrees.
            pitch: up or down, degrees.
            shape: (V, 3) neutral of the head, centimetres; None for the person's own.
        """
        facekit, still = face.facekit, face.pose()
        pose_code = np.array([yaw, pitch, 0.0], np.float32) / np.float32(POSE_UNIT)
        unturned = FaceScene(facekit, still)
        if shape is not None:
            face = replace(face, shape=shape)
        elif not pose_code.any():
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
    face: FittedFace,
    crop: NDArray[np.uint8],
    *,
    count: int,
    rng: np.random.Generator,
    identities: NDArray[np.float32] | None = None,
    reshaped: float = 0.0,
) -> Iterator[TurnedHead]:
    """So many heads as `count` expressions need, turned at random.

    Args:
        face: of the photo.
        crop: (k S, k S, 3).
        count: of expressions.
        rng: of turns and shapes.
        identities: (N, 100) FaceKit's weights of those whose shapes heads may take.
        reshaped: of the heads, how many do.
    """
    for _ in range(-(-count // EXPRESSIONS_PER_TURN)):
        yaw, pitch = rng.uniform(-1, 1, 2) * (MAX_YAW, MAX_PITCH)
        shape = None
        # Asked only where shapes are lent: a seed turns heads as it did before there were any.
        if identities is not None and reshaped > 0 and rng.random() < reshaped:
            shape = lent_shape(face, identities[rng.integers(len(identities))], float(rng.uniform(*SHAPE_SHARES)))
        yield TurnedHead.of(face, crop, yaw=float(yaw), pitch=float(pitch), shape=shape)


def lent_shape(face: FittedFace, identity: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    """(V, 3) between a face's own shape (0) and another identity's (1), centimetres.

    Args:
        face: that takes it.
        identity: (100,) FaceKit's weights.
        share: how far.
    """
    return np.asarray(face.shape + np.float32(share) * (face.facekit.shape(identity) - face.shape), np.float32)


def with_pose(code: NDArray[np.float32], pose_code: NDArray[np.float32]) -> NDArray[np.float32]:
    """A change of code (56,) with another pose (3,)."""
    return np.concatenate([code[:-NUM_POSE], pose_code])
