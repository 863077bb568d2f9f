"""Dense inverse search flow (Kroeger et al. 2016): what general optical flow finds when it may see the true target.

It stands where the paper has Epic Flow [23], which cannot be installed; the report says so.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2

UPSCALE: Final = 2
"""The search works on 8 x 8 patches: at twice the crop's size they are as small as an eye or a lip's corner."""


def dis_flow(source: NDArray[np.uint8], target: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Backward flow that makes `source` look like `target`.

    Args:
        source: (H, W, 3) sRGB, at least 16 px each way.
        target: likewise.

    Returns:
        (H, W, 2), pixels of these images: target(p) is about source(p + flow(p)).
    """
    height, width = target.shape[:2]
    size = (UPSCALE * width, UPSCALE * height)
    grey = [
        cv2.resize(cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_CUBIC)
        for image in (target, source)
    ]
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    search.setFinestScale(0)
    large = search.calc(grey[0], grey[1], None)
    flow: NDArray[np.float32] = cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA)
    return flow / np.float32(UPSCALE)
