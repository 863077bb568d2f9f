"""Fits FaceKit to the landmarks of many photos at once (weak perspective, Adam).

A person's photos share the identity; every photo has its own expression and pose.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fvae_studio.core.alignment import EYE_CENTER, EYE_DISTANCE
from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.errors import DataError
from trainer.facekit.landmarks import BROWS, EYES, JAW, LIPS, MEDIAPIPE_TO_IBUG
from trainer.facekit.mesh import FaceKit

MODEL_EYE_DISTANCE: Final = 6.3
"""Between FaceKit's eye centres, centimetres: only a starting point for the scale."""

LARGEST_EXPRESSION: Final = 1.2


@dataclass(frozen=True, eq=False)
class FaceFits:
    """The fitted faces of N photos.

    Attributes:
        identity: (N, 100), equal for photos of one person.
        expression: (N, 53) in [0, 1.2].
        rotation: (N, 3, 3) model -> camera.
        scale: (N,) crop pixels per centimetre.
        translation: (N, 2) crop pixels.
        residual: (N,) mean distance of the inner landmarks from the model, in units of the eye distance.
        correction: (N, 68, 2) what is left between landmarks and model, crop pixels.
    """

    identity: NDArray[np.float32]
    expression: NDArray[np.float32]
    rotation: NDArray[np.float32]
    scale: NDArray[np.float32]
    translation: NDArray[np.float32]
    residual: NDArray[np.float32]
    correction: NDArray[np.float32]

    def save(self, path: Path) -> None:
        """Write as npz."""
        np.savez(path, **vars(self))

    @staticmethod
    def load(path: Path) -> FaceFits:
        """Read what `save` wrote.

        Raises:
            DataError: there is none, or it is damaged.
        """
        try:
            # Opened here: numpy leaves a file that is no archive open.
            with path.open("rb") as file, np.load(file) as stored:
                return FaceFits(**{name: stored[name] for name in stored.files})
        except (OSError, EOFError, ValueError, TypeError, zipfile.BadZipFile) as error:
            raise DataError(f"{path} holds no fitted faces ({error}); run `fvae-train fit-faces` first") from error


@dataclass(frozen=True)
class FitOptions:
    """Weights of the fit's terms.

    Attributes:
        num_steps: of Adam.
        identity_weight: on the squared identity weights.
        expression_weight: on the sum of the expression weights of photos that are not labelled neutral.
        jaw_weight: of the jaw line's landmarks: a silhouette, not fixed points of the skin.
    """

    num_steps: int = 1500
    identity_weight: float = 0.4
    expression_weight: float = 1.0
    jaw_weight: float = 0.15


UNSEEN: Final = ("cheekPuff", "eyeLook", "jawForward", "PupilDilate", "mouthRoll", "mouthShrug", "eyeBlink")
"""Shapes that hardly move the 68 landmarks, or only along the view: a fit would use them to explain noise."""


def rotation_matrices(angles: Tensor) -> Tensor:
    """(N, 3) yaw, pitch, roll in radians -> (N, 3, 3)."""
    yaw, pitch, roll = angles.unbind(-1)
    zero, one = torch.zeros_like(yaw), torch.ones_like(yaw)
    cos, sin = torch.cos, torch.sin

    def matrix(*rows: Tensor) -> Tensor:
        return torch.stack(rows, dim=-1).reshape(-1, 3, 3)

    around_y = matrix(cos(yaw), zero, sin(yaw), zero, one, zero, -sin(yaw), zero, cos(yaw))
    around_x = matrix(one, zero, zero, zero, cos(pitch), -sin(pitch), zero, sin(pitch), cos(pitch))
    around_z = matrix(cos(roll), -sin(roll), zero, sin(roll), cos(roll), zero, zero, zero, one)
    return around_z @ around_x @ around_y


def fit_faces(
    facekit: FaceKit,
    landmarks: NDArray[np.float32],
    persons: Sequence[str],
    is_neutral: Sequence[bool],
    *,
    options: FitOptions | None = None,
    progress: Progress | None = None,
) -> FaceFits:
    """Fit all photos together.

    Args:
        facekit: the model.
        landmarks: (N, 478, 2) crop pixels.
        persons: (N,) who is in each photo.
        is_neutral: (N,) whether the photo is labelled neutral.
        options: weights of the terms.
        progress: told every 50 steps.
    """
    options, progress = options or FitOptions(), progress or NoProgress()
    names = sorted(set(persons))
    person = torch.tensor([names.index(name) for name in persons])
    target = torch.from_numpy(landmarks[:, MEDIAPIPE_TO_IBUG].astype(np.float32))
    vertices = facekit.landmark_vertices
    neutral = torch.from_numpy(facekit.neutral[vertices])
    identity_basis = torch.from_numpy(facekit.identity[:, vertices])
    expression_basis = torch.from_numpy(facekit.expression[:, vertices])

    weights = torch.ones(68)
    weights[JAW] = options.jaw_weight
    weights[BROWS] = 0.7
    weights[EYES] = 2.0
    weights[LIPS] = 1.5

    count = len(target)
    identity = torch.zeros(len(names), identity_basis.shape[0], requires_grad=True)
    raw_expression = torch.full((count, expression_basis.shape[0]), -4.0, requires_grad=True)
    angles = torch.zeros(count, 3, requires_grad=True)
    log_scale = torch.full((count,), float(np.log(EYE_DISTANCE / MODEL_EYE_DISTANCE)), requires_grad=True)
    translation = torch.tensor([[EYE_CENTER[0], EYE_CENTER[1] + 18.0]]).repeat(count, 1).requires_grad_()
    # A landmark detector and a mesh never mean quite the same point by the same name: one offset per landmark, shared
    # by all photos, takes what would otherwise be explained by a frown on every neutral face.
    bias = torch.zeros(68, 2, requires_grad=True)
    # A photo labelled neutral has expression 0 by definition: what it shows is the person.
    seen = torch.tensor([not name.startswith(UNSEEN) for name in facekit.expression_names])
    allowed = (~torch.tensor(list(is_neutral)))[:, None] & seen

    optimizer = torch.optim.Adam(
        [
            {"params": [identity], "lr": 0.02},
            {"params": [raw_expression], "lr": 0.05},
            {"params": [angles], "lr": 0.003},
            {"params": [log_scale], "lr": 0.003},
            {"params": [translation], "lr": 0.1},
            {"params": [bias], "lr": 0.02},
        ]
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, options.num_steps)

    def current_expression() -> Tensor:
        return LARGEST_EXPRESSION * torch.sigmoid(raw_expression) * allowed

    def project(expression: Tensor) -> Tensor:
        shape = neutral + torch.einsum("nk,kvc->nvc", identity[person], identity_basis)
        shape = shape + torch.einsum("nk,kvc->nvc", expression, expression_basis)
        turned = torch.einsum("nij,nvj->nvi", rotation_matrices(angles), shape)
        flat = turned[..., :2] * torch.tensor([1.0, -1.0])
        return flat * log_scale.exp()[:, None, None] + translation[:, None]

    for step in range(options.num_steps):
        progress.raise_if_cancelled()
        expression = current_expression()
        difference = project(expression) + bias - target
        loss = (weights[:, None] * difference.square()).sum(dim=(1, 2)).mean()
        loss = loss + options.identity_weight * identity.square().sum(dim=1).mean()
        loss = loss + options.expression_weight * expression.sum(dim=1).mean()
        loss = loss + bias.square().sum()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch has no types here
        optimizer.step()
        schedule.step()
        if step % 50 == 0:
            progress.report(step / options.num_steps, f"fit: loss {loss.item():.2f}")
    with torch.no_grad():
        expression = current_expression()
        correction = target - project(expression)
        inner = (correction - bias)[:, 17:].norm(dim=-1).mean(dim=1) / EYE_DISTANCE
        return FaceFits(
            identity=identity[person].detach().numpy().copy(),
            expression=expression.numpy().copy(),
            rotation=rotation_matrices(angles).numpy().copy(),
            scale=log_scale.exp().detach().numpy().copy(),
            translation=translation.detach().numpy().copy(),
            residual=inner.numpy().copy(),
            correction=correction.numpy().copy(),
        )
