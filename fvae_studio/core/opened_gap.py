"""The dark that comes to be seen where a mouth that shows teeth opens further than in its photo.

Upper teeth keep their height but for an eighth: their ends were behind the lip. What lies below them goes with the
lower lip, drawn out to twice its height if it is soft, as it is if it is teeth. What is still missing is dark.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.contours import curves_between
from fvae_studio.core.flow_spline import smoothstep
from fvae_studio.core.seen_teeth import SeenTeeth
from fvae_studio.core.types import FloatMap

_LIP_PX: Final = 0.6
"""Crop pixels beyond the edge of what is shown that the dark reaches where it ends at the lower lip."""

_SOFT_GROWS: Final = 1.0
"""By such a part of its height tongue, or the dark that the photo shows, is drawn out next."""

_FRINGE_PX: Final = 0.6
"""Crop pixels next to the ends of teeth that are not shown below the dark: they are still half teeth."""

_BELOW_PX: Final = 0.8
"""Less than half of it, crop pixels, below teeth is nothing; from one and a half times on it is all shown."""

_TAPER: Final = 0.3
"""Of the way to the corner of the mouth, how high the dark may be: it comes to a point there."""

_TEETH_GROW: Final = 0.12
_CUT_OFF_PX: Final = 0.8
"""By such a part of their height teeth are drawn out first, and by so many crop pixels more where the lower lip cuts
them off: their ends were behind it."""


@dataclass(frozen=True, eq=False)
class OpenedGap:
    """The dark between upper teeth and what lies below them, where a mouth opens further than the photo shows.

    Attributes:
        top: a curve: where the upper teeth end.
        bottom: where what lies below them begins; nowhere above `top`.
        seen: the teeth: their light, and how soft the photo is.
    """

    top: FloatMap
    bottom: FloatMap
    seen: SeenTeeth

    @property
    def height(self) -> float:
        """Of its highest place, crop pixels."""
        return float((self.bottom - self.top).max())


class LipEdges(NamedTuple):
    """Where something lies between open lips, column by column, crop pixels.

    Attributes:
        x: (w,) of the edited crop.
        top: (w,) y of the upper edge there.
        bottom: of the lower one.
        photo_bottom: y of the lower edge in the photo.
        ends: y where upper teeth end in the photo; not below `photo_bottom`.
        begins: y where what lies below them begins there; between both.
        corners: x of the corners of the mouth in the edited crop.
    """

    x: FloatMap
    top: FloatMap
    bottom: FloatMap
    photo_bottom: FloatMap
    ends: FloatMap
    begins: FloatMap
    corners: tuple[float, float]


def open_gap(
    as_one: FloatMap, rows: FloatMap, down: float, edges: LipEdges, seen: SeenTeeth
) -> tuple[FloatMap, OpenedGap]:
    """Take upper teeth from what lies below them, where there is more room than the photo shows.

    Args:
        as_one: (h, w) rows of the photo that are sampled if all that is seen moves as the upper teeth do.
        rows: (h, 1) of the edited crop.
        down: what upper teeth move by, from there to the photo.
        edges: of the lips.
        seen: the photo's teeth.

    Returns:
        Rows (h, w) that are sampled, and the dark between both.
    """
    x, edge_top, edge_bottom, photo_bottom, ends, begins, corners = edges
    missing = np.maximum(edge_bottom + down - photo_bottom, 0)
    height = np.maximum(ends - down - edge_top, 0)
    most = _TAPER * np.maximum(np.minimum(x - corners[0], corners[1] - x), 0)
    # First teeth are drawn out a little, then what is soft below them; in the corners, teeth take what is too high.
    cut_off = 1 - smoothstep((photo_bottom - ends) / _BELOW_PX - 0.5)
    grown = np.minimum(missing, _TEETH_GROW * height + _CUT_OFF_PX * cut_off)
    drawn = _SOFT_GROWS * np.maximum(photo_bottom - begins - _FRINGE_PX, 0) if seen.is_soft_below else 0
    soft = np.minimum(missing - grown, drawn)
    grown = grown + np.maximum(missing - grown - soft - most, 0)
    dark = np.maximum(missing - grown - soft, 0)
    below = np.maximum(photo_bottom - begins - np.minimum(dark, _FRINGE_PX), 0)
    top = edge_top + height + grown
    teeth = as_one - grown * np.clip((rows - edge_top) / np.maximum(height + grown, 1e-3), 0, 1)
    lower = photo_bottom - (edge_bottom - rows) * (below / np.maximum(below + soft, 1e-3))
    apart = np.where(rows < top, np.minimum(teeth, ends), np.maximum(lower, photo_bottom - below))
    # With next to nothing below teeth it is dark down to the lip.
    lip = edge_bottom + _LIP_PX
    bottom = lip + (1 - cut_off) * (edge_bottom - below - soft - lip)
    bottom = np.where(dark > 0, np.maximum(bottom, top), top)
    sampled: NDArray[np.float32] = np.where(missing > 0, apart, as_one).astype(np.float32)
    return sampled, OpenedGap(*curves_between(x, top, bottom), seen)
