"""Eyes that open wider keep a round iris.

A flow that draws the lids apart has nothing to show between them but the eye as it is in the photo, and draws it out:
pupils become slits. Here the eye stays as it is. What of it the upper lid had covered is shown as the mirror image of
what lies below the middle of the iris, which is round; where that is covered by the lower lid, the white beside it goes
on. The lid takes its shadow with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.contours import at_rows, cell_centres, contour_height, curve_columns, smooth_curve
from fvae_studio.core.eye_motion import EyeContours, EyeMotion, Side, carried
from fvae_studio.core.geometry import Points
from fvae_studio.core.types import FloatMap

IRIS_PX: Final = (1.5, 8.0)
"""Radius, crop pixels: what is smaller or larger is no iris that could be relied on."""

_BESIDE_LID_PX: Final = 0.7
"""What is not mirrored of the eye beside the lower lid, crop pixels: it is pink, and wet."""

_SOFT_PX: Final = 0.5
_REACH_PX: Final = 3.0


@dataclass(frozen=True, eq=False)
class WideEye:
    """Where the parts of an eye meet. Curves hold y in crop pixels of the edited crop, see `contours.CURVE_STEP`.

    Attributes:
        lid: rim of the upper lid.
        rim: of the lower one.
        top: where the photo's upper lid was: above it the eye is mirrored.
        bottom: where its lower lid was: below it the flow shows more than the photo does.
        corners: x of the eye's corners, left and right.
        share: in (0, 1], of all this in what is shown.
        side: the person's own.
    """

    lid: FloatMap
    rim: FloatMap
    top: FloatMap
    bottom: FloatMap
    corners: tuple[float, float]
    share: float
    side: Side


def widen_eye(
    flow: NDArray[np.float32],
    landmarks: Points,
    contours: EyeContours,
    motion: EyeMotion,
    share: float,
    layers: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> WideEye | None:
    """Write an eye's part of the crop into the layers.

    Args:
        flow: (h, w, 2) backward flow without folds, crop pixels.
        landmarks: (478, 2) of the photo's face, crop pixels.
        contours: of the eye.
        motion: of it in the flow.
        share: in (0, 1], of what is done here in what is shown.
        layers: copies of the flow, written to: the eye as it is, and mirrored.

    Returns:
        None where the photo does not show the middle of an iris; then nothing is written.
    """
    iris, around = landmarks[contours.iris], landmarks[contours.iris + 1 : contours.iris + 5]
    upper_line, lower_line = (landmarks[list(lid)] for lid in (contours.upper, contours.lower))
    radius = float(np.linalg.norm(around - iris, axis=1).mean())
    at_iris = np.array([iris[0]], np.float32)
    above, below = float(contour_height(upper_line, at_iris)[0]), float(contour_height(lower_line, at_iris)[0])
    is_seen = above < iris[1] - 0.2 * radius and iris[1] + 0.2 * radius < below
    is_between = upper_line[0, 0] < iris[0] < upper_line[-1, 0]
    if not (IRIS_PX[0] <= radius <= IRIS_PX[1] and is_seen and is_between):
        return None
    columns, rows = cell_centres(flow.shape[1])[motion.columns], cell_centres(flow.shape[0])[:, None]
    left, right = motion.corners[:, 0]
    near = (columns > left) & (columns < right)
    near = near & (rows > motion.upper - _REACH_PX) & (rows < motion.lower + _REACH_PX)
    down = carried(columns, landmarks, contours, motion)
    eye, mirrored = (layer[:, motion.columns] for layer in layers)
    np.copyto(eye[..., 1], down[None], where=near)
    # The mirror image, but no lower than the white of the eye.
    source_x = columns + at_rows(flow[:, motion.columns], (motion.upper + motion.lower) / 2)[:, 0]
    lowest = np.maximum(contour_height(lower_line, source_x) - _BESIDE_LID_PX, iris[1])
    image = 2 * iris[1] - (rows + down)
    beyond = np.maximum(image - (lowest - _SOFT_PX), 0)
    image = np.minimum(image, lowest - _SOFT_PX) + _SOFT_PX * (1 - np.exp(-beyond / _SOFT_PX))
    np.copyto(mirrored[..., 1], (image - rows).astype(np.float32), where=near)

    x = curve_columns()
    top, bottom = (contour_height(line, source_x) - down for line in (upper_line, lower_line))
    curves = [smooth_curve(np.interp(x, columns, values)) for values in (motion.upper, motion.lower, top, bottom)]
    return WideEye(
        lid=curves[0],
        rim=curves[1],
        top=curves[2],
        bottom=curves[3],
        corners=(float(left), float(right)),
        share=share,
        side=contours.side,
    )
