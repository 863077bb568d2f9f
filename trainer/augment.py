"""Random changes of a batch, on the device of an explicit generator."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from fvae_studio.model.warp import warp
from trainer.dataset import PairBatch

_DRIFT = ((1, 1.0), (2, 1.5), (4, 0.8), (7, 0.3))
"""Cells to a side, and the root mean square of their random shifts in crop pixels."""

_SHADOW_DEPTH = (0.2, 0.7)
_SHADOW_EDGE = (0.02, 0.25)
"""What a shadow takes of the light; over which part of the picture it begins."""

_JUMP_PX = 0.3
"""Between the nearest cell of a flow and the bilinear value: beyond it lies a jump, not a slope."""


def mirror_order(code_names: Sequence[str]) -> tuple[list[int], list[float]]:
    """Where each entry of a code comes from in the mirrored picture, and with which sign."""
    names = list(code_names)
    swapped = []
    for name in names:
        if name.endswith("_L"):
            swapped.append(name.removesuffix("_L") + "_R")
        elif name.endswith("_R"):
            swapped.append(name.removesuffix("_R") + "_L")
        else:
            swapped.append(
                {
                    "jawLeft": "jawRight",
                    "jawRight": "jawLeft",
                    "mouthLeft": "mouthRight",
                    "mouthRight": "mouthLeft",
                }.get(name, name)
            )
    signs = [-1.0 if name in {"yaw", "roll"} else 1.0 for name in names]
    return [names.index(name) for name in swapped], signs


def mirror(batch: PairBatch, chosen: Tensor, code_names: Sequence[str]) -> PairBatch:
    """Flip the chosen pairs left to right (section 5.2): images, flow, visibility and code.

    Args:
        batch: B pairs.
        chosen: (B,) bool.
        code_names: of the code's entries.
    """
    order, signs = mirror_order(code_names)
    mirrored = PairBatch(
        batch.source.flip(-1),
        batch.target.flip(-1),
        batch.flow.flip(-1) * torch.tensor([-1.0, 1.0], device=batch.flow.device)[None, :, None, None],
        batch.visible.flip(-1),
        batch.code[:, order] * torch.tensor(signs, device=batch.code.device),
        batch.is_real,
    )
    return _chosen_pairs(chosen, mirrored, batch)


def jitter(batch: PairBatch, *, generator: torch.Generator, share: float = 1.0, real_share: float = 1.0) -> PairBatch:
    """One random affine change of both images: small turns, shifts, and other proportions of the face.

    With D(p) = A p + t for both images, the flow becomes A^-1 f(D(p)). Resampled bicubically: a lid is as sharp in a
    moved crop as in one that was not. The flow keeps its jumps: what is bilinear between two of its cells is where
    neither side of a lid goes.

    Args:
        batch: B pairs.
        generator: of the random changes.
        share: of the rendered pairs that are moved; the others come back as they are.
        real_share: the same of the real ones.
    """
    count = len(batch.source)
    angle = _uniform(count, -0.06, 0.06, generator)
    scale = 1 + _uniform(count, -0.06, 0.06, generator)
    aspect = 1 + _uniform(count, -0.05, 0.05, generator)
    shift = torch.stack([_uniform(count, -0.035, 0.035, generator), _uniform(count, -0.035, 0.035, generator)], dim=1)
    cos, sin = torch.cos(angle), torch.sin(angle)
    linear = torch.stack([torch.stack([cos, -sin], 1), torch.stack([sin, cos], 1)], 1)
    linear = linear @ torch.diag_embed(torch.stack([scale * aspect, scale / aspect], dim=1))
    if min(share, real_share) >= 1:
        chosen = torch.ones(count, dtype=torch.bool, device=generator.device)
    else:
        chosen = _uniform(count, 0, 1, generator) < torch.where(batch.is_real, real_share, share)
    return _changed(batch, chosen, lambda pairs, rows: _moved(pairs, linear[rows], shift[rows]))


def _moved(batch: PairBatch, linear: Tensor, shift: Tensor) -> PairBatch:
    """Both images by D(p) = A p + t, A (B, 2, 2), t (B, 2) in halves of the crop; see `jitter`."""
    theta = torch.cat([linear, shift[:, :, None]], dim=2)
    size = list(batch.source.shape)
    grid = F.affine_grid(theta, [size[0], 1, size[2], size[3]], align_corners=False)

    def sampled(values: Tensor, mode: str) -> Tensor:
        return F.grid_sample(values, grid, mode=mode, padding_mode="border", align_corners=False)

    images = sampled(torch.cat([batch.source, batch.target], dim=1), "bicubic").clamp(-1, 1)
    between = sampled(torch.cat([batch.flow, batch.visible], dim=1), "bilinear")
    nearest = sampled(batch.flow, "nearest")
    flow, visible = between[:, :2], between[:, 2:]
    flow = torch.where((flow - nearest).norm(dim=1, keepdim=True) > _JUMP_PX, nearest, flow)
    # Not `inv`, which waits for a GPU to tell whether there is an inverse: a turn with a scale always has one.
    flow = torch.einsum("bij,bjhw->bihw", torch.linalg.inv_ex(linear).inverse, flow)
    return PairBatch(images[:, :3], images[:, 3:], flow, visible, batch.code, batch.is_real)


def drift(batch: PairBatch, chosen: Tensor, amount: float, *, generator: torch.Generator) -> PairBatch:
    """Move the source of the chosen pairs smoothly against its target, with the flow that belongs to it.

    Between two photos of a person the head moves too, and every face in its own way; rendered pairs of one photo lack
    that. With S'(q) = S(q + u(q)) for a smooth u, the flow to S' is v(p + f(p)) - p, where v is the inverse of
    q -> q + u(q).

    Args:
        batch: B pairs.
        chosen: (B,) bool.
        amount: 1 moves by about 2 crop pixels (root mean square), mostly as a whole.
        generator: of the random motion.
    """
    count = len(batch.source)
    waves = []
    for cells, strength in _DRIFT:
        coarse = torch.randn(count, 2, cells, cells, generator=generator, device=generator.device)
        waves.append(coarse * (strength * amount))
    return _changed(batch, chosen, lambda pairs, rows: _drifted(pairs, [wave[rows] for wave in waves]))


def _drifted(batch: PairBatch, waves: Sequence[Tensor]) -> PairBatch:
    """The source moved by the sum of (B, 2, n, n) coarse motions; see `drift`."""
    size = batch.source.shape[-1]
    motion = torch.zeros_like(batch.flow)
    for wave in waves:
        motion += F.interpolate(wave, size=(size, size), mode="bicubic", align_corners=True)
    places = batch.flow
    flow = places
    # The fixed point q = x - u(q); u changes by at most a tenth of a pixel from pixel to pixel, so three rounds do.
    for _ in range(3):
        flow = places - warp(motion, flow)
    return batch._replace(source=warp(batch.source, motion), flow=flow)


def _changed(batch: PairBatch, chosen: Tensor, change: Callable[[PairBatch, Tensor | slice], PairBatch]) -> PairBatch:
    """A change of the chosen pairs (B,), the others as they were.

    Args:
        batch: B pairs.
        chosen: (B,) bool.
        change: is given pairs, and which of the batch they are: the chosen ones on a processor; all elsewhere, since a
            GPU would have to tell first how many they are.
    """
    if chosen.device.type != "cpu":
        return _chosen_pairs(chosen, change(batch, slice(None)), batch)
    rows = chosen.nonzero()[:, 0]
    if not len(rows):
        return batch
    changed = change(PairBatch(*(values[rows] for values in batch)), rows)
    return PairBatch(*(old.index_copy(0, rows, new) for old, new in zip(batch, changed, strict=True)))


def _chosen_pairs(chosen: Tensor, changed: PairBatch, batch: PairBatch) -> PairBatch:
    """The chosen pairs (B,) as they were changed, the others as they were."""
    return PairBatch(
        *(
            torch.where(chosen.view(-1, *[1] * (new.dim() - 1)), new, old)
            for new, old in zip(changed, batch, strict=True)
        )
    )


def relight(images: Tensor, *, generator: torch.Generator, shadow_share: float = 0.1) -> Tensor:
    """Random gain, gamma, colour cast, a soft shading across the face and, at times, a shadow; images in [-1, 1].

    The paper's squared loss mistakes light for motion (its limitation 2): what the networks see is relit, what the loss
    compares is not.

    Args:
        images: (B, 3, S, S).
        generator: of all of it.
        shadow_share: of the pictures have a shadow, whose edge crosses the face.
    """
    count = len(images)
    gamma = torch.exp(_uniform(count, -0.25, 0.25, generator))[:, None, None, None]
    gain = torch.exp(_uniform(count * 3, -0.08, 0.08, generator).view(count, 3, 1, 1))
    gain = gain * torch.exp(_uniform(count, -0.2, 0.2, generator))[:, None, None, None]
    size = images.shape[-1]
    axis = torch.linspace(-1, 1, size, device=generator.device)
    slope_x, slope_y = (_uniform(count, -0.25, 0.25, generator)[:, None, None, None] for _ in range(2))
    shading = torch.exp(slope_x * axis[None, None, None, :] + slope_y * axis[None, None, :, None])
    linear = ((images + 1) / 2).clamp(1e-3, 1)
    light = gain * shading * _shadows(count, size, shadow_share, generator)
    return (linear.pow(gamma) * light).clamp(0, 1) * 2 - 1


def _shadows(count: int, size: int, share: float, generator: torch.Generator) -> Tensor:
    """(B, 1, S, S) in (0, 1]: light beside a straight edge that crosses the face somewhere; 1 everywhere for most."""
    angle = _uniform(count, -math.pi, math.pi, generator)[:, None, None]
    offset = _uniform(count, -0.5, 0.5, generator)[:, None, None]
    width = _uniform(count, *_SHADOW_EDGE, generator)[:, None, None]
    depth = _uniform(count, *_SHADOW_DEPTH, generator)[:, None, None]
    chosen = _uniform(count, 0, 1, generator)[:, None, None] < share
    axis = torch.linspace(-1, 1, size, device=generator.device)
    across = torch.cos(angle) * axis[None, None, :] + torch.sin(angle) * axis[None, :, None]
    shadow = depth * torch.sigmoid((across - offset) * (2 / width))
    return torch.where(chosen, 1 - shadow, 1.0)[:, None]


def _uniform(count: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    return torch.rand(count, generator=generator, device=generator.device) * (high - low) + low
