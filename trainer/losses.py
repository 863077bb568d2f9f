"""The losses of the paper, one function per term, and the end-point loss of the pairs whose flow is known.

Every function takes tensors of any floating type and computes in float32 (float64 stays float64), so that it may be
called inside an autocast region. The paper's terms are sums over pixels or latent dimensions as written there, divided
by the batch size B only, so that its weights (l1 = 0.003, l2 = 0.001) keep their meaning. What the paper leaves open is
decided in `docs/adr/0004-the-papers-open-points.md`. Images are in [-1, 1], flows are displacements in crop pixels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from fvae_studio.model.matching import moves_like

_CHUNK = 8
"""Samples whose coherence a processor computes at a time: few enough that a shift's operands stay in its cache."""


def reconstruction_loss(warped: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Sum over pixels and channels of squared differences, per sample (Eq. 4).

    Args:
        warped: (B, C, H, W), g(S, Z(T)).
        target: (B, C, H, W), T.
        weight: (B, 1, H, W) factor of every pixel; None counts all alike, as the paper does.
    """
    warped, target = _as_float(warped), _as_float(target)
    difference = warped - target
    if weight is None:
        return difference.square().sum() / len(warped)
    return (difference.square() * _as_float(weight)).sum() / len(warped)


def kl_loss(mean: Tensor, log_var: Tensor, *, half: bool = True) -> Tensor:
    """KL divergence of the posterior from N(0, I), summed over the latent, per sample (Eq. 3).

    Args:
        mean: (B, C, h, w).
        log_var: (B, C, h, w), the log of sigma *squared*.
        half: True gives the divergence itself; False drops its factor 1/2, as the paper's text does.
    """
    mean, log_var = _as_float(mean), _as_float(log_var)
    # expm1 keeps the digits where sigma is close to 1, that is, wherever the prior has won.
    doubled = (mean.square() + torch.expm1(log_var) - log_var).sum() / len(mean)
    return 0.5 * doubled if half else doubled


def flow_coherence_loss(flow: Tensor, target: Tensor, alpha: float, radius: int = 3) -> Tensor:
    """Pairwise smoothness of the flow, weaker across edges of the target, per sample (Eq. 6).

    The sum over all ordered pairs (i, j) with j in the (2 radius + 1)^2 neighbourhood of i, inside the image, of
    |F_i - F_j|^2 exp(-(alpha |T_i - T_j|^2 + |i - j|^2)).

    Args:
        flow: (B, 2, H, W), crop pixels. A displacement: in absolute coordinates the flow that moves nothing would cost.
        target: (B, 3, H, W). A constant: it is data, and no gradient flows into it.
        alpha: how much a colour edge loosens the coupling.
        radius: 3 in the paper (7 x 7).
    """
    if flow.shape[-2:] != target.shape[-2:]:
        raise ValueError(f"flow {tuple(flow.shape)} and target {tuple(target.shape)} must lie on the same grid")
    loss: Tensor = _FlowCoherence.apply(_as_float(flow), _as_float(target.detach()), alpha, radius)  # type: ignore[no-untyped-call]  # torch has no types here
    return loss


def confidence_labels(target: Tensor, warped: Tensor, beta: float) -> Tensor:
    """How well each pixel was reproduced, exp(-|T - g|^2 / beta), in [0, 1] (Eq. 7).

    Args:
        target: (B, C, H, W).
        warped: (B, C, H, W).
        beta: the squared colour distance (summed over channels) at which the label falls to 1/e.

    Returns:
        (B, 1, H, W), a constant: f and g are trained before.
    """
    with torch.no_grad():
        squared = (_as_float(target) - _as_float(warped)).square().sum(dim=1, keepdim=True)
        return torch.exp(squared / -beta)


def confidence_loss(logits: Tensor, labels: Tensor, weight: Tensor | None = None) -> Tensor:
    """Cross entropy of the confidence, summed over pixels, per sample (Eq. 8).

    Args:
        logits: (B, 1, H, W) before the sigmoid.
        labels: (B, 1, H, W) in [0, 1].
        weight: (B, 1, H, W) factor of every pixel, or None.
    """
    factor = None if weight is None else _as_float(weight)
    entropy = F.binary_cross_entropy_with_logits(_as_float(logits), _as_float(labels), weight=factor, reduction="sum")
    return entropy / len(logits)


def end_point_loss(
    flow: Tensor, true_flow: Tensor, weight: Tensor | None = None, *, epsilon_px: float = 0.01
) -> Tensor:
    """Weighted mean distance between two flows, in pixels; not in the paper, which has no true flow.

    Charbonnier's sqrt(d^2 + epsilon^2) - epsilon: the distance itself beyond `epsilon_px`, smooth at 0.

    Args:
        flow: (B, 2, H, W), crop pixels.
        true_flow: (B, 2, H, W).
        weight: (B, 1, H, W), not negative; None counts all pixels alike. All 0 gives 0.
        epsilon_px: where the loss turns from quadratic to linear.
    """
    squared = (_as_float(flow) - _as_float(true_flow)).square().sum(dim=1, keepdim=True)
    distance = torch.sqrt(squared + epsilon_px**2) - epsilon_px
    if weight is None:
        return distance.mean()
    factor = _as_float(weight).expand_as(distance)
    return (distance * factor).sum() / factor.sum().clamp_min(1e-6)


def flow_gradient_loss(flow: Tensor, true_flow: Tensor, weight: Tensor) -> Tensor:
    """Weighted mean distance between two flows' differences of neighbours, in pixels per pixel; not in the paper.

    Where lids or lips part, the true flow jumps. An end-point loss charges little for a jump in the wrong place, and
    least for a blurred one: only the differences tell them apart.

    Args:
        flow: (B, 2, H, W), crop pixels.
        true_flow: (B, 2, H, W).
        weight: (B, 1, H, W), not negative; a difference has the smaller weight of its two pixels. All 0 gives 0.
    """
    error, factor = _as_float(flow) - _as_float(true_flow), _as_float(weight)
    total = error.new_zeros(())
    for axis in (2, 3):
        count = error.shape[axis] - 1
        step = error.narrow(axis, 1, count) - error.narrow(axis, 0, count)
        pair = torch.minimum(factor.narrow(axis, 1, count), factor.narrow(axis, 0, count))
        distance = torch.sqrt(step.square().sum(dim=1, keepdim=True) + 1e-4) - 1e-2
        total = total + (distance * pair).sum() / pair.sum().clamp_min(1e-6)
    return total


class _FlowCoherence(torch.autograd.Function):
    """Eq. 6 with its gradient written out, so that no intermediate of the 24 shifts is kept."""

    @staticmethod
    def forward(ctx: Any, flow: Tensor, target: Tensor, alpha: float, radius: int) -> Tensor:
        needs_gradient = ctx.needs_input_grad[0]
        gradient = torch.zeros_like(flow) if needs_gradient else flow
        total = flow.new_zeros(())
        # Half of the neighbourhood: the other half holds the same unordered pairs.
        shifts = [(dy, dx) for dy in range(radius + 1) for dx in range(-radius, radius + 1) if dy > 0 or dx > 0]
        chunk = _CHUNK if flow.device.type == "cpu" else max(len(flow), 1)
        for start in range(0, len(flow), chunk):
            part = slice(start, start + chunk)
            for dy, dx in shifts:
                if dy >= flow.shape[2] or abs(dx) >= flow.shape[3]:
                    continue
                first = (part, slice(None), slice(0, flow.shape[2] - dy), _columns(-dx, flow.shape[3]))
                second = (part, slice(None), slice(dy, None), _columns(dx, flow.shape[3]))
                colour = (target[first] - target[second]).square_().sum(dim=1, keepdim=True)
                coupling = colour.mul_(-alpha).sub_(dy * dy + dx * dx).exp_()
                difference = flow[first] - flow[second]
                coupled = difference * coupling
                total += torch.dot(difference.flatten(), coupled.flatten())
                if needs_gradient:
                    gradient[first] += coupled
                    gradient[second] -= coupled
        # Every unordered pair stands for two ordered ones; the square brings another 2 into the gradient.
        if needs_gradient:
            ctx.save_for_backward(gradient.mul_(4 / len(flow)))
        return total * (2 / len(flow))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None, None, None]:
        (gradient,) = ctx.saved_tensors
        return upstream * gradient, None, None, None


def matching_loss(log_shares: Sequence[Tensor], flow: Tensor, visible: Tensor, known: Tensor) -> Tensor:
    """Cross entropy of matches and where an exact flow comes from, mean over cells and grids.

    A cell comes from between four cells: each of them gets its share, so that the mean of the matches is the flow.
    One that the source does not show, or that comes from further off than is looked, matches nothing.

    Args:
        log_shares: of each grid (B, K + 1, h, w), as `model.matching.Matching.log_shares`.
        flow: (B, 2, H, W) backward, crop pixels.
        visible: (B, 1, H, W) in [0, 1].
        known: (B,) bool: pairs whose flow is exact; the others do not count.
    """
    total = flow.new_zeros(())
    for found in log_shares:
        found = _as_float(found)
        side, radius = found.shape[-1], (math.isqrt(found.shape[1] - 1) - 1) // 2
        cell = flow.shape[-1] // side
        seen = F.avg_pool2d(visible, cell)
        moved = F.avg_pool2d(flow * visible, cell) / seen.clamp_min(1e-3) / cell
        moves = moves_like(flow, radius)[None, :, :, None, None]
        near = (1 - (moved[:, None] - moves).abs()).clamp_min(0).prod(dim=2) * (seen > 0.5)
        wanted = torch.cat([near, 1 - near.sum(dim=1, keepdim=True)], dim=1)
        # What moves counts more, as in the end-point term.
        weight = (0.15 + moved.norm(dim=1).mul(cell).clamp(max=3.0)) * known[:, None, None]
        total = total - ((wanted * found).sum(dim=1) * weight).sum() / weight.sum().clamp_min(1e-6)
    return total / max(len(log_shares), 1)


def tracking_loss(tracked: Sequence[Tensor], flow: Tensor, visible: Tensor) -> Tensor:
    """Weighted mean distance of what was tracked and a known flow, in crop pixels, mean over grids.

    Args:
        tracked: (B, 2, h, w) each, as `model.tracking.Tracking`.
        flow: (B, 2, H, W) backward, crop pixels.
        visible: (B, 1, H, W) in [0, 1]; cells that the source does not show by half do not count.
    """
    total = flow.new_zeros(())
    for found in tracked:
        cell = flow.shape[-1] // found.shape[-1]
        seen = F.avg_pool2d(visible, cell)
        moved = F.avg_pool2d(flow * visible, cell) / seen.clamp_min(1e-3)
        # What moves counts more, as in the end-point term.
        weight = (0.15 + moved.norm(dim=1, keepdim=True).clamp(max=3.0)) * (seen > 0.5)
        total = total + end_point_loss(found, moved, weight)
    return total / len(tracked)


def _columns(dx: int, width: int) -> slice:
    """Columns that have a neighbour `dx` to the left (dx > 0) or right (dx < 0)."""
    return slice(dx, width) if dx > 0 else slice(0, width + dx)


def _as_float(values: Tensor) -> Tensor:
    return values if values.dtype == torch.float64 else values.float()
