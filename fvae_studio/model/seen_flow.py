"""What the confidence network is told of a flow: how far it goes, and how much it stretches what it moves."""

from __future__ import annotations

import torch
from torch import Tensor

from fvae_studio.model.config import LARGEST_STRETCH, LEAST_STRETCH, SEEN_FLOW_PX, FlowVaeConfig
from fvae_studio.model.tracking import slopes
from fvae_studio.model.warp import resize_flow


def seen_flow(flow: Tensor, config: FlowVaeConfig) -> Tensor:
    """(B, 2, h, w) in crop pixels -> (B, 3, H, W): x and y in units of `SEEN_FLOW_PX`, and the stretch less 1.

    The stretch is the determinant of the flow's Jacobian: the area in the photo from which a pixel takes its colour,
    within `LEAST_STRETCH` and `LARGEST_STRETCH`. Where it is small little of the photo has to fill much of the result.
    """
    size = config.flow_size
    flow = resize_flow(flow.float(), size)
    by_x, by_y = (slope * (size / config.crop_size) for slope in slopes(flow))
    stretch = (1 + by_x[:, :1]) * (1 + by_y[:, 1:]) - by_x[:, 1:] * by_y[:, :1]
    return torch.cat([flow / SEEN_FLOW_PX, stretch.clamp(LEAST_STRETCH, LARGEST_STRETCH) - 1], dim=1)
