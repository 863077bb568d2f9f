"""Eyes that open wider keep a round iris.

A flow that draws the lids apart has nothing to show between them but the eye as it is in the photo, and draws it out:
pupils become slits. Here the eye stays as it is. What of it the upper lid had covered is shown as the mirror image of
what lies below the middle of the iris. Where the lower lid covers that, too, it is turned about the middle of the iris,
to the left and to the right, until it is seen: rings stay rings, and white stays white. The lid takes its shadow with
it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.contours import at_rows, cell_centres, contour_height, curve_columns, smooth_curve
from fvae_studio.core.eye_motion import EyeContours, EyeMotion, Side, carried
from fvae_studio.core.flow_spline import smoothstep
from fvae_studio.core.geometry import Points
from fvae_studio.core.types import FloatMap

IRIS_PX: Final = (1.5, 8.0)
"""Radius, crop pixels: what is smaller or larger is no iris that could be relied on."""

_BESIDE_LID_PX: Final = 0.7
"""What is not mirrored of the eye beside the lower lid, crop pixels: it is pink, and wet."""

_SOFT_PX: Final = 0.5
_REACH_PX: Final = 3.0

_TURNED_PX: Final = 0.6
"""How far behind the lower lid a mirror image lies, crop pixels, from where on it is what the turn gives."""

_BETWEEN_SIDES: Final = 0.45
"""Of the iris' radius: so far to either side of its middle what is turned to the left passes into what is turned to the
right."""


@dataclass(frozen=True, eq=False)
class WideEye:
    """Where the parts of an eye meet. Curves hold y in crop pixels of the edited crop, see `contours.CURVE_STEP`.

    Attributes:
        lid: rim of the upper lid.
        rim: of the lower one.
        top: where the photo's upper lid was: above it the eye is mirrored.
        bottom: where its lower lid was: below it the flow shows more than the photo does.
        middle: x of the middle of the iris.
        passing: how far to either side of it one mirror image passes into the other, crop pixels.
        corners: x of the eye's corners, left and right.
        share: in (0, 1], of all this in what is shown.
        side: the person's own.
    """

    lid: FloatMap
    rim: FloatMap
    top: FloatMap
    bottom: FloatMap
    middle: float
    passing: float
    corners: tuple[float, float]
    share: float
    side: Side


def widen_eye(
    flow: NDArray[np.float32],
    landmarks: Points,
    contours: EyeContours,
    motion: EyeMotion,
    share: float,
    layers: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]],
) -> WideEye | None:
    """Write an eye's part of the crop into the layers.

    Args:
        flow: (h, w, 2) backward flow without folds, crop pixels.
        landmarks: (478, 2) of the photo's face, crop pixels.
        contours: of the eye.
        motion: of it in the flow.
        share: in (0, 1], of what is done here in what is shown.
        layers: copies of the flow, written to: the eye as it is, mirrored and turned to the left, and to the right.

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
    part = flow[:, motion.columns]
    eye, left_image, right_image = (layer[:, motion.columns] for layer in layers)
    np.copyto(eye[..., 1], down[None], where=near)
    for image, side in ((left_image, -1.0), (right_image, 1.0)):
        shown_x, shown_y = _mirrored(columns + part[..., 0], rows + down, iris, lower_line, side)
        np.copyto(image[..., 0], (shown_x - columns).astype(np.float32), where=near)
        np.copyto(image[..., 1], (shown_y - rows).astype(np.float32), where=near)

    source_x = columns + at_rows(part, (motion.upper + motion.lower) / 2)[:, 0]
    x = curve_columns()
    top, bottom = (contour_height(line, source_x) - down for line in (upper_line, lower_line))
    curves = [smooth_curve(np.interp(x, columns, values)) for values in (motion.upper, motion.lower, top, bottom)]
    return WideEye(
        lid=curves[0],
        rim=curves[1],
        top=curves[2],
        bottom=curves[3],
        middle=float(np.interp(iris[0], source_x, columns)),
        passing=_BETWEEN_SIDES * radius,
        corners=(float(left), float(right)),
        share=share,
        side=contours.side,
    )


def _mirrored(
    x: NDArray[np.float32], y: NDArray[np.float32], iris: NDArray[np.float32], lower_line: Points, side: float
) -> tuple[NDArray[np.floating[Any]], NDArray[np.floating[Any]]]:
    """Where below the middle of an iris is seen what lies above it.

    Args:
        x: places in the photo, crop pixels.
        y: likewise.
        iris: (2,) its middle.
        lower_line: the lower lid's contour.
        side: -1 or 1: to which side of the middle places are turned whose mirror image the lower lid covers.
    """
    across, image = x - iris[0], 2 * iris[1] - y
    depth, turned = image - iris[1], np.abs(across)
    # The further out a place is turned, the higher the lid is there.
    for seen_x in (x, None):
        lid = contour_height(lower_line, iris[0] + side * turned if seen_x is None else seen_x)
        deepest = np.maximum(lid - _BESIDE_LID_PX - iris[1], 0) - _SOFT_PX
        beyond = np.maximum(depth - deepest, 0)
        depth = np.minimum(depth, deepest) + _SOFT_PX * (1 - np.exp(-beyond / _SOFT_PX))
        turned = np.sqrt(np.maximum(across**2 + (image - iris[1]) ** 2 - depth**2, 0))
    share = smoothstep((image - iris[1] - depth) / _TURNED_PX)
    return iris[0] + across + share * (side * turned - across), iris[1] + depth
