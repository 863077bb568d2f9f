"""The oracle flow: optimised directly on one pair, the best that any warp could do.

Eq. 5 (the warp) is fitted to the true target with Eq. 6 (coherence) as its only prior, from coarse to fine. No network
takes part, so its result bounds every method that only moves the photo's pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.model.warp import resize_flow, warp
from trainer.losses import flow_coherence_loss


@dataclass(frozen=True)
class OracleSettings:
    """How the oracle flow is found.

    Attributes:
        strides: crop pixels to a cell of the flow at each scale, from coarse to fine.
        num_steps: steps of Adam at each scale.
        learning_rate: of Adam at each scale, crop pixels.
        coherence_weight: of Eq. 6, against sums of squared differences in [-1, 1]; the paper's l2.
        coherence_alpha: of Eq. 6; see docs/adr/0004.
    """

    strides: tuple[int, ...] = (4, 2, 1)
    num_steps: tuple[int, ...] = (80, 80, 60)
    learning_rate: tuple[float, ...] = (0.4, 0.2, 0.1)
    coherence_weight: float = 0.001
    coherence_alpha: float = 10.0


def oracle_flow(
    source: Tensor,
    target: Tensor,
    *,
    settings: OracleSettings | None = None,
    progress: Progress | None = None,
) -> Tensor:
    """The flow of every pair, all optimised at once.

    Args:
        source: (B, 3, S, S) in [-1, 1].
        target: likewise.
        settings: see there.
        progress: told after each step, asked for cancelling.

    Returns:
        (B, 2, S, S) backward flow, pixels of these images.
    """
    settings, progress = settings or OracleSettings(), progress or NoProgress()
    size = source.shape[-1]
    flow = source.new_zeros(len(source), 2, size // settings.strides[0], size // settings.strides[0])
    done, total = 0, sum(settings.num_steps)
    for stride, num_steps, rate in zip(settings.strides, settings.num_steps, settings.learning_rate, strict=True):
        flow = resize_flow(flow, size // stride).detach().requires_grad_()
        optimizer = torch.optim.Adam([flow], lr=rate, betas=(0.9, 0.99))
        # Averaged images see farther: a flow of many pixels is found where one of them is a whole eye.
        coarse_source, coarse_target = (F.avg_pool2d(image, stride) for image in (source, target))
        for step in range(num_steps):
            progress.raise_if_cancelled()
            optimizer.param_groups[0]["lr"] = rate * (1 - 0.8 * step / num_steps)
            # `warp` takes pixels of the image that it is given.
            difference = warp(coarse_source, flow / stride) - coarse_target
            # Sums over pixels grow with their number; the coarse ones stand for stride^2 each.
            loss = difference.square().sum() * stride**2
            coherence = flow_coherence_loss(flow, coarse_target, settings.coherence_alpha)
            loss = loss + settings.coherence_weight * stride**2 * len(flow) * coherence
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch has no types here
            optimizer.step()
            done += 1
            progress.report(done / total, f"oracle flow, {size // stride} px")
    return resize_flow(flow.detach(), size)
