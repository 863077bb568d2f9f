"""A drawn mouth with teeth, in which it is known where they end."""

from __future__ import annotations

import numpy as np

from fvae_studio.core.contours import contour_height
from fvae_studio.core.lips import LOWER_INNER, LOWER_OUTER, UPPER_INNER, UPPER_OUTER
from fvae_studio.core.seen_teeth import SEEN_SIZE
from tests.helpers.mouths import mouth

GAP = 10.0
SKIN, LIP, TOOTH, TONGUE, DARK = (150, 100, 90), (165, 80, 80), (225, 220, 205), (150, 70, 70), (25, 12, 10)
LIPS = ((UPPER_OUTER, LOWER_OUTER), (UPPER_INNER, LOWER_INNER))


def drawn(
    *, ends: float = 99.0, below: tuple[int, int, int] = DARK, tooth=TOOTH, line: float = 0.0, size: int = SEEN_SIZE
) -> np.ndarray:
    """A crop with a mouth: teeth down to `ends` (y, crop pixels), from `line` px of dark on a second row of them."""
    scale = size / 128
    y, x = ((np.arange(size, dtype=np.float32) + 0.5) / scale - 0.5 for _ in range(2))
    y = y[:, None]
    points = mouth(GAP)
    outer, inner = ([contour_height(points[list(lip)], x) for lip in pair] for pair in LIPS)
    pixels = np.full((size, size, 3), SKIN, np.uint8)
    pixels[(y > outer[0]) & (y < outer[1])] = LIP
    inside = (y > inner[0]) & (y < inner[1])
    pixels[inside] = tooth
    # Gaps between single teeth are no ends.
    pixels[inside & (np.abs((x - 63.5 + 2) % 4 - 2) < 0.15)] = (90, 70, 65)
    if line:
        pixels[inside & (y > ends) & (y < ends + line)] = DARK
    else:
        pixels[inside & (y > ends)] = below
    return pixels
