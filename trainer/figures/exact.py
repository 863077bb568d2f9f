"""Flow and confidence against the truth, on held-out people's exact pairs from the shards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.errors import ConfigError
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.model.warp import resize_flow
from trainer.config import TrainConfig
from trainer.dataset import PairBatch, PairTable
from trainer.facekit.landmarks import MOUTH_POINTS
from trainer.metrics import area_under_curve, calibration_error
from trainer.prepare import PreparedFaces
from trainer.run_files import CHECKPOINT
from trainer.shards import RENDERED, Shard
from trainer.step import EditableFlowVae
from trainer.training_state import load_state
from trainer.validation import MOVING_PX

MOUTH_MARGIN_PX: Final = 4
"""By which the mouth's hull is grown where the confidence is judged."""


@dataclass(frozen=True)
class ExactFigures:
    """Figures on exact pairs; those of the edit path are NaN where its axes are not known.

    Attributes:
        num_pairs: that were measured.
        displacement_px: mean true displacement of moving, visible pixels (longer than 1 px), crop pixels.
        end_point_px: mean end-point error there, encoder path g(S, mean(T)).
        edit_end_point_px: the same, edit path g(S, mean(S) + W e).
        auc: of the confidence against exact visibility, where something moves, is hidden, or is the mouth: encoder
            path.
        calibration: expected calibration error there, 10 bins.
        hidden_share: of that region's pixels, how many the photo does not show.
        edit_auc: as `auc`, edit path: what a slider shows.
        edit_calibration: as `calibration`, edit path.
    """

    num_pairs: int
    displacement_px: float
    end_point_px: float
    edit_end_point_px: float
    auc: float
    calibration: float
    hidden_share: float
    edit_auc: float
    edit_calibration: float


@dataclass(eq=False)
class _Path:
    """What one way to a latent gave, over all batches."""

    error: float = 0.0
    confidences: list[NDArray[np.float32]] = field(default_factory=list)


def read_axes(model: LoadedModel, run_dir: Path) -> Tensor | None:
    """W of the run that the model was made from, (K, C, h, w); None where the run is another one.

    Args:
        model: released weights may be half precise; they still count as the run's.
        run_dir: with a training checkpoint.
    """
    path = run_dir / CHECKPOINT
    if not path.exists():
        return None
    try:
        state = load_state(path, TrainConfig(model=model.header.config))
    except ConfigError:
        return None
    network = EditableFlowVae(model.header.config, code_size=len(state["code_names"]))
    network.load_state_dict(state["averaged"])
    mine, theirs = model.vae.to_mean.weight, network.vae.to_mean.weight
    if not torch.allclose(mine, theirs, rtol=2e-3, atol=1e-4):
        return None
    return network.axes.detach()


@torch.inference_mode()
def exact_figures(
    model: LoadedModel,
    shards: Sequence[Shard],
    prepared: PreparedFaces,
    *,
    axes: Tensor | None = None,
    num_pairs: int = 768,
    batch_size: int = 16,
) -> ExactFigures | None:
    """Measure on a fixed random choice of held-out exact pairs.

    Args:
        model: networks.
        shards: as rendered from `prepared`.
        prepared: its landmarks say where the mouth is.
        axes: W; None leaves the edit path out.
        num_pairs: at most.
        batch_size: pairs at a time.

    Returns:
        None where the shards hold no held-out exact pair.
    """
    table = PairTable(shards, held_out=True)
    order = np.random.default_rng(0).permutation(len(table.of_photos))[:num_pairs]
    chosen = [table.of_photos[index] for index in order]
    if not chosen:
        return None
    paths = {name: _Path() for name in ("encoder", "edit") if name == "encoder" or axes is not None}
    seen: list[NDArray[np.float32]] = []
    length, num_moving = 0.0, 0
    for start in range(0, len(chosen), batch_size):
        part = chosen[start : start + batch_size]
        batch = table.batch(part)
        true_length = batch.flow.norm(dim=1)
        moving = (true_length > MOVING_PX) & (batch.visible[:, 0] > 0.5)
        mouths = torch.from_numpy(np.stack([mouth_region(_photo_landmarks(shards, prepared, pair)) for pair in part]))
        judged = (true_length > MOVING_PX) | (batch.visible[:, 0] < 0.5) | mouths
        length += float(true_length[moving].sum())
        num_moving += int(moving.sum())
        seen.append(batch.visible[:, 0][judged].numpy())
        features = model.vae.source_features(batch.source)
        for name, latent in _latents(model, batch, axes).items():
            decoded = model.vae.decode(features, latent)
            confidence = resize_flow(torch.sigmoid(model.confidence(batch.source, latent, decoded)), CROP_SIZE)
            flow = resize_flow(decoded, CROP_SIZE)
            paths[name].error += float((flow - batch.flow).norm(dim=1)[moving].sum())
            paths[name].confidences.append(confidence[:, 0][judged].numpy())
    visible = np.concatenate(seen)
    moving_pixels = max(num_moving, 1)
    errors, curves, calibrations = {}, {}, {}
    for name, path in paths.items():
        confidences = np.concatenate(path.confidences)
        errors[name] = path.error / moving_pixels
        curves[name] = area_under_curve(confidences, visible > 0.5)
        calibrations[name] = calibration_error(confidences, visible)
    nan = float("nan")
    return ExactFigures(
        num_pairs=len(chosen),
        displacement_px=length / moving_pixels,
        end_point_px=errors["encoder"],
        edit_end_point_px=errors.get("edit", nan),
        auc=curves["encoder"],
        calibration=calibrations["encoder"],
        hidden_share=float(np.mean(visible < 0.5)),
        edit_auc=curves.get("edit", nan),
        edit_calibration=calibrations.get("edit", nan),
    )


def mouth_region(landmarks: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(S, S) bool: the hull of the lips and some pixels around it, where an opened mouth shows."""
    hull = cv2.convexHull(np.round(landmarks[MOUTH_POINTS]).astype(np.int32))
    mask = np.zeros((CROP_SIZE, CROP_SIZE), np.uint8)
    cv2.fillConvexPoly(mask, hull, 1)
    side = 2 * MOUTH_MARGIN_PX + 1
    grown: NDArray[np.uint8] = cv2.dilate(mask, np.ones((side, side), np.uint8))
    return grown.astype(np.bool_)


def _latents(model: LoadedModel, batch: PairBatch, axes: Tensor | None) -> dict[str, Tensor]:
    latents = {"encoder": model.vae.encode(batch.target)[0]}
    if axes is not None:
        latents["edit"] = model.vae.encode(batch.source)[0] + torch.einsum("bk,kchw->bchw", batch.code, axes)
    return latents


def _photo_landmarks(shards: Sequence[Shard], prepared: PreparedFaces, pair: tuple[int, int]) -> NDArray[np.float32]:
    # Every shard begins with the photos themselves, in the order of the index; the other end of a pair is rendered.
    number, row = pair
    shard = shards[number]
    photo = shard.source[row] if shard.kind[row] == RENDERED else shard.target[row]
    landmarks: NDArray[np.float32] = prepared.landmarks[photo]
    return landmarks
