"""Sliders that move the head: turned and nodded about the neck, so that what is not the head stays where it is.

W's axes of yaw and pitch turn FaceKit's head about its own middle. Hair, ears and neck then go one way while the nose
goes the other: at the crop's rim, where a flow has to end, outlines bend. Real heads turn about an axis further back.
Both differ by a shift of the whole head, and the latent holds shifts too, since the training pairs drift: their axis is
found as Algorithm 1 would, from photos and the same photos shifted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.errors import DataError
from fvae_studio.model.directions import Latent
from fvae_studio.model.flow_vae import FlowVae
from fvae_studio.model.preprocess import to_tensor
from fvae_studio.model.warp import resize_flow
from trainer.prepare import PreparedFaces
from trainer.render import face_region, small_crop

SHIFT_PX: Final = 2.0
"""By which photos are shifted to either side, in crop pixels: well within what training pairs drift by."""

NUM_PHOTOS: Final = 64
"""Of training people, at most: their mean has settled long before."""

SIDES: Final = ("x", "y")
"""Along which axis of the crop a shift goes: that of `turn_head` and of `nod`."""


def about_the_neck(vae: FlowVae, vector: Latent, prepared: PreparedFaces, *, side: str) -> Latent:
    """A head's rotation plus the shift that keeps still what is outside the face.

    Args:
        vae: frozen, in evaluation mode.
        vector: a rotation in the latent, (C, h, w).
        prepared: photos of training people.
        side: "x" for a rotation that moves the nose sideways, "y" for one that moves it up or down.

    Returns:
        (C, h, w): `vector` and as much of the shift's axis as leaves, in the mean over the photos, least motion along
        `side` outside the face.

    Raises:
        DataError: there is no photo of a training person.
    """
    rows = [row for row, face in enumerate(prepared.faces) if face.split == "train"]
    if not rows:
        raise DataError("no photo of a training person is there; the head's sliders are made from them")
    rows = rows[:: max(1, len(rows) // NUM_PHOTOS)][:NUM_PHOTOS]
    axis = shift_axis(vae, prepared, rows, side=side)
    component = SIDES.index(side)
    turned, shifted = (_mean_motion(vae, prepared, rows, each)[component] for each in (vector, axis))
    outside = 1 - np.mean([face_region(prepared.landmarks[row]) for row in rows], axis=0)
    squared = float((outside * shifted**2).sum())
    # A network that has not learnt to shift anything has nothing to set against the rotation.
    amount = -float((outside * turned * shifted).sum()) / squared if squared > 1e-6 else 0.0
    found: Latent = (vector + amount * axis).astype(np.float32)
    return found


@torch.inference_mode()
def shift_axis(vae: FlowVae, prepared: PreparedFaces, rows: Sequence[int], *, side: str) -> Latent:
    """The latent's mean change when a face moves by a crop pixel to the right ("x") or down ("y"): (C, h, w)."""
    steps = []
    for row in rows:
        there, back = (_shifted(prepared.crops[row], amount, side) for amount in (SHIFT_PX, -SHIFT_PX))
        ahead, behind = vae.encode(to_tensor([there, back]))[0]
        steps.append((ahead - behind).numpy() / (2 * SHIFT_PX))
    mean: Latent = np.mean(steps, axis=0).astype(np.float32)
    return mean


@torch.inference_mode()
def _mean_motion(vae: FlowVae, prepared: PreparedFaces, rows: Sequence[int], vector: Latent) -> NDArray[np.float32]:
    """(2, S, S): half of what a direction moves at 1, less what it moves at -1; mean over photos, in crop pixels."""
    offset = torch.from_numpy(vector)
    total = np.zeros((2, CROP_SIZE, CROP_SIZE))
    for row in rows:
        image = to_tensor([small_crop(prepared.crops[row])])
        latent = vae.encode(image)[0][0]
        ahead, behind = vae.decode(vae.source_features(image), torch.stack([latent + offset, latent - offset]))
        total += resize_flow((ahead - behind)[None] / 2, CROP_SIZE)[0].numpy()
    mean: NDArray[np.float32] = (total / len(rows)).astype(np.float32)
    return mean


def _shifted(crop: NDArray[np.uint8], amount: float, side: str) -> NDArray[np.uint8]:
    step = amount * len(crop) / CROP_SIZE
    x, y = (step, 0.0) if side == "x" else (0.0, step)
    matrix = np.array([[1, 0, x], [0, 1, y]])
    moved = cv2.warpAffine(crop, matrix, crop.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
    return small_crop(np.asarray(moved, np.uint8))
