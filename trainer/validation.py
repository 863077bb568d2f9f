"""Figures on held-out people that the training loop watches: cheap, from the shards alone."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from fvae_studio.model.warp import resize_flow, warp
from trainer.dataset import PairBatch, PairTable
from trainer.step import EditableFlowVae

MOVING_PX = 1.0
"""A pixel moves when its true flow is longer than this."""

FACE_ELLIPSE = (63.5, 66.0, 38.0, 50.0)
"""Centre and radii of an ellipse that stands for the face, crop pixels: the shards hold no landmarks."""


@torch.inference_mode()
def validate(
    network: EditableFlowVae,
    table: PairTable,
    *,
    by_pictures: bool = False,
    num_rendered: int = 192,
    batch_size: int = 32,
) -> dict[str, float]:
    """End-point errors of both paths on rendered pairs, PSNR of the encoder path on real pairs.

    Args:
        network: with the weights to judge.
        table: of held-out people.
        by_pictures: early stopping watches the pictures of real pairs alone: for what no true flow was shown to.
        num_rendered: pairs of all that are rendered.
        batch_size: pairs at a time.

    Returns:
        `end_point`, `end_point_edit`: mean error on moving, visible pixels over the mean displacement there.
        `psnr_face`, `unwarped_face`: dB inside `FACE_ELLIPSE`. `folds`: share of non-positive Jacobians, edit path.
        `loss`: what early stopping watches, lower is better.
    """
    was_training = network.training
    network.eval()
    device = network.axes.device
    rng = np.random.default_rng(0)
    figures: dict[str, list[float]] = {
        name: [] for name in ("end_point", "end_point_edit", "motion", "folds", "kl_dims")
    }
    rendered = [table.rendered[i] for i in rng.permutation(len(table.rendered))[:num_rendered]]
    for start in range(0, len(rendered), batch_size):
        batch = table.batch(rendered[start : start + batch_size]).to(device)
        mean_target, mean_source, features = _encode(network, batch)
        size = batch.flow.shape[-1]
        encoded = resize_flow(network.vae.decode(features, mean_target), size)
        edited = resize_flow(network.vae.decode(features, mean_source + network.offset(batch.code)), size)
        moving = (batch.flow.norm(dim=1) > MOVING_PX) & (batch.visible[:, 0] > 0.5)
        if bool(moving.any()):
            figures["motion"].append(batch.flow.norm(dim=1)[moving].mean().item())
            figures["end_point"].append((encoded - batch.flow).norm(dim=1)[moving].mean().item())
            figures["end_point_edit"].append((edited - batch.flow).norm(dim=1)[moving].mean().item())
        figures["folds"].append(fold_share(edited).item())
        figures["kl_dims"].append(mean_target.var(dim=0).mean().item() if len(mean_target) > 1 else 0.0)
    means = {name: float(np.mean(values)) for name, values in figures.items() if values}
    if table.real:
        means |= _real_pairs(network, table, batch_size)
    network.train(was_training)
    if by_pictures and "psnr_whole" in means:
        return means | {"loss": -means["psnr_whole"]}
    means["loss"] = means.get("end_point_edit", 0.0) + means.get("end_point", 0.0) - 0.1 * means.get("psnr_face", 0.0)
    return means


def _real_pairs(network: EditableFlowVae, table: PairTable, batch_size: int) -> dict[str, float]:
    psnr, unwarped, whole = [], [], []
    for start in range(0, len(table.real), batch_size):
        batch = table.batch(table.real[start : start + batch_size]).to(network.axes.device)
        mean_target, _, features = _encode(network, batch)
        warped = warp(batch.source, network.vae.decode(features, mean_target))
        region = face_ellipse(batch.source.shape[-1]).to(batch.source.device)
        psnr += masked_psnr(warped, batch.target, region).tolist()
        unwarped += masked_psnr(batch.source, batch.target, region).tolist()
        whole += masked_psnr(warped, batch.target, torch.ones_like(region)).tolist()
    return {
        "psnr_face": float(np.mean(psnr)),
        "unwarped_face": float(np.mean(unwarped)),
        "psnr_whole": float(np.mean(whole)),
    }


def _encode(network: EditableFlowVae, batch: PairBatch) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
    mean_target, _ = network.vae.encode(batch.target)
    mean_source, _ = network.vae.encode(batch.source)
    return mean_target, mean_source, network.vae.source_features(batch.source, mean_source)


def face_ellipse(size: int) -> Tensor:
    """(S, S) in {0, 1}."""
    x0, y0, rx, ry = FACE_ELLIPSE
    axis = torch.arange(size, dtype=torch.float32)
    inside = ((axis[None, :] - x0) / rx) ** 2 + ((axis[:, None] - y0) / ry) ** 2 <= 1
    return inside.float()


def masked_psnr(images: Tensor, targets: Tensor, region: Tensor) -> Tensor:
    """(B,) dB of images in [-1, 1], measured as [0, 1] images, inside a region (S, S)."""
    squared = ((images - targets) / 2).square().mean(dim=1) * region
    mean = squared.sum(dim=(1, 2)) / region.sum()
    return -10 * torch.log10(mean.clamp_min(1e-10))


def fold_share(flow: Tensor) -> Tensor:
    """Share of cells whose map p + flow(p) has a non-positive Jacobian; the flow in cells of its own grid."""
    dx = flow[..., :-1, 1:] - flow[..., :-1, :-1]
    dy = flow[..., 1:, :-1] - flow[..., :-1, :-1]
    determinant = (1 + dx[:, 0]) * (1 + dy[:, 1]) - dx[:, 1] * dy[:, 0]
    return (determinant <= 0).float().mean()
