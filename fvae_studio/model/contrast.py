"""The local contrast of a photo: by how much a place is lighter than what is around it, over how much that varies.

What light and exposure change over a part of the face is not in it, so that two photos can be laid on each other by it
(the idea of normalised cross correlation, and of local response normalisation). Nothing of it is learnt. The program's
own is `graph_layers.contrast`; tests tie both.
"""

from __future__ import annotations

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from fvae_studio.model.config import CONTRAST_FLOOR, CONTRAST_REDUCTION, CONTRAST_WINDOW, GREY

LOG_VAR: Final = -8.0
"""Of the posterior there: what a photo shows is known."""


def local_contrast(image: Tensor, *, side: int) -> Tensor:
    """(B, 3, S, S) in [-1, 1] -> (B, 1, side, side), mostly within [-3, 3].

    Args:
        image: photos.
        side: cells to a side, S divided by a whole number.
    """
    grey = (image.float() * image.new_tensor(GREY, dtype=torch.float32)[:, None, None]).sum(dim=1, keepdim=True)
    if side < grey.shape[-1]:
        grey = F.avg_pool2d(grey, grey.shape[-1] // side)
    mean, squares = _around(grey), _around(grey.square())
    variance = (squares - mean.square()).clamp_min(0)
    return (grey - _enlarged(mean)) / torch.sqrt(_enlarged(variance) + CONTRAST_FLOOR)


def _around(values: Tensor) -> Tensor:
    """Means over windows, on a smaller grid (`CONTRAST_REDUCTION`); beyond the border stands what stands at it."""
    small, rim = F.avg_pool2d(values, CONTRAST_REDUCTION), CONTRAST_WINDOW // 2
    return F.avg_pool2d(F.pad(small, (rim, rim, rim, rim), mode="replicate"), CONTRAST_WINDOW, stride=1)


def _enlarged(values: Tensor) -> Tensor:
    return F.interpolate(values, scale_factor=float(CONTRAST_REDUCTION), mode="bilinear", align_corners=False)
