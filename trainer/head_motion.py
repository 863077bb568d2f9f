"""Sliders that move the head: turned and nodded about the neck, so that what is not the head stays where it is.

W's axes of yaw and pitch turn FaceKit's head about its own middle. Hair, ears and neck then go one way while the nose
goes the other: at the crop's rim, where a flow has to end, outlines bend. Real heads turn about an axis further back.
Both differ by a shift of the whole head, and the latent holds shifts too, since the training pairs drift: their axis is
found as Algorithm 1 would, from photos and the same photos shifted. A shift moves the background too, so the sum of
both is where a search begins: for the direction that moves heads so and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.geometry import Points
from fvae_studio.errors import DataError
from fvae_studio.model.directions import Latent
from fvae_studio.model.flow_vae import FlowVae
from fvae_studio.model.preprocess import to_tensor
from fvae_studio.model.warp import resize_flow
from trainer.crops import face_region, small_crop
from trainer.fit_expression import free_direction
from trainer.prepare import PreparedFaces

SHIFT_PX: Final = 2.0
"""By which photos are shifted to either side, in crop pixels: well within what training pairs drift by."""

NUM_PHOTOS: Final = 64
"""Of training people, at most: their mean has settled long before."""

SIDES: Final = ("x", "y")
"""Along which axis of the crop a shift goes: that of `turn_head` and of `nod`."""


HEAD_MARGIN_PX: Final = 8
"""By which a head is larger than the hull of the face's landmarks, in crop pixels."""

NECK_ROWS: Final = 10
"""Lowest rows of a crop, where the neck is."""

SETTLE_STEPS: Final = 60
SETTLE_RATE: Final = 0.05
SETTLE_BATCH: Final = 8
"""Of the search for the direction that moves the head alone."""


def about_the_neck(vae: FlowVae, vector: Latent, prepared: PreparedFaces, *, side: str) -> Latent:
    """A head's rotation plus the shift that keeps still what is outside the face.

    Args:
        vae: frozen, in evaluation mode.
        vector: a rotation in the latent, (C, h, w).
        prepared: photos of training people.
        side: "x" for a rotation that moves the nose sideways, "y" for one that moves it up or down.

    Returns:
        (C, h, w): `vector` and as much of the shift's axis as leaves, in the mean over the photos, least motion along
        `side` outside the face; then moved in the latent to where heads turn and are shifted as far as the neck went
        the other way, while hair, neck and background keep still. `vector` itself where the network knows no shift.

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
    if not amount:
        return vector
    # How far the neck, which is most of what moves outside, goes the other way.
    neck = outside[-NECK_ROWS:] > 0.5
    wanted = -float(turned[-NECK_ROWS:][neck].mean()) if neck.any() else 0.0
    start: Latent = (vector + amount * axis).astype(np.float32)
    return _settled(vae, vector, start, prepared, rows, shift=(wanted, 0.0) if side == "x" else (0.0, wanted))


def _settled(
    vae: FlowVae,
    vector: Latent,
    start: Latent,
    prepared: PreparedFaces,
    rows: Sequence[int],
    *,
    shift: tuple[float, float],
) -> Latent:
    """Move `start` to where heads do what `vector` and the shift do, while all that is not the head keeps still."""
    faces = []
    with torch.no_grad():
        for row in rows:
            image = to_tensor([small_crop(prepared.crops[row])])
            latent, _ = vae.encode(image)
            features = vae.source_features(image, latent)
            turned = _motion(vae, features, latent, torch.from_numpy(vector))
            head = torch.from_numpy(_head_region(prepared.landmarks[row]))[None, None]
            target = head * (turned + torch.tensor(shift)[None, :, None, None])
            faces.append((features, latent, target))
    direction = free_direction(vae, torch.from_numpy(start))
    optimizer = torch.optim.Adam([direction], lr=SETTLE_RATE)
    order = np.random.default_rng(0)
    for step in range(SETTLE_STEPS):
        loss = torch.zeros(())
        for number in order.choice(len(faces), size=min(SETTLE_BATCH, len(faces)), replace=False):
            features, latent, target = faces[number]
            loss = loss + (_motion(vae, features, latent, direction) - target).square().mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch has no types here
        for group in optimizer.param_groups:
            group["lr"] = SETTLE_RATE * (1 - step / SETTLE_STEPS)
        optimizer.step()
    return direction.detach().numpy().copy()


def _head_region(landmarks: Points) -> NDArray[np.float32]:
    """(S, S) in [0, 1]: 1 in the face, falling to 0 over hair and ears."""
    face = face_region(landmarks).astype(np.float32)
    size = 2 * HEAD_MARGIN_PX + 1
    grown = cv2.dilate(face, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))
    soft: NDArray[np.float32] = cv2.GaussianBlur(grown, (0, 0), HEAD_MARGIN_PX / 2)
    return soft


@torch.inference_mode()
def shift_axis(vae: FlowVae, prepared: PreparedFaces, rows: Sequence[int], *, side: str) -> Latent:
    """The latent's mean change when a face moves by a crop pixel to the right ("x") or down ("y"): (C, h, w).

    0 where the latent describes a photo (`FlowVaeConfig.tracked`).
    """
    steps = []
    for row in rows:
        there, back = (_shifted(prepared.crops[row], amount, side) for amount in (SHIFT_PX, -SHIFT_PX))
        ahead, behind = vae.encode(to_tensor([there, back]))[0]
        steps.append((ahead - behind).numpy() / (2 * SHIFT_PX))
    mean: Latent = np.mean(steps, axis=0).astype(np.float32)
    mean[vae.config.tracked] = 0
    return mean


@torch.inference_mode()
def _mean_motion(vae: FlowVae, prepared: PreparedFaces, rows: Sequence[int], vector: Latent) -> NDArray[np.float32]:
    """(2, S, S): half of what a direction moves at 1, less what it moves at -1; mean over photos, in crop pixels."""
    offset = torch.from_numpy(vector)
    total = np.zeros((2, CROP_SIZE, CROP_SIZE))
    for row in rows:
        image = to_tensor([small_crop(prepared.crops[row])])
        latent, _ = vae.encode(image)
        total += _motion(vae, vae.source_features(image, latent), latent, offset)[0].numpy()
    mean: NDArray[np.float32] = (total / len(rows)).astype(np.float32)
    return mean


def _motion(vae: FlowVae, features: Sequence[Tensor], latent: Tensor, offset: Tensor) -> Tensor:
    """(1, 2, S, S): half of what an offset (C, h, w) of a latent (1, C, h, w) moves, less what its opposite moves."""
    ahead, behind = vae.decode(features, torch.cat([latent + offset, latent - offset]))
    return resize_flow((ahead - behind)[None] / 2, CROP_SIZE)


def _shifted(crop: NDArray[np.uint8], amount: float, side: str) -> NDArray[np.uint8]:
    step = amount * len(crop) / CROP_SIZE
    x, y = (step, 0.0) if side == "x" else (0.0, step)
    matrix = np.array([[1, 0, x], [0, 1, y]])
    moved = cv2.warpAffine(crop, matrix, crop.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
    return small_crop(np.asarray(moved, np.uint8))
