"""Where the upper teeth that a photo shows end, and how light they are: told by their colour.

Between open lips teeth are what is light and not red. Below them lie, if anything, the dark of the mouth, the tongue,
or the lower teeth behind a dark line. Where a smile shows teeth down to the lower lip, they end there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE, extract_crop
from fvae_studio.core.contours import contour_height, curve_columns, smooth_curve
from fvae_studio.core.crop_places import mean_within
from fvae_studio.core.flow_spline import smoothstep
from fvae_studio.core.geometry import Points, SimilarityTransform
from fvae_studio.core.lips import LOWER_INNER, UPPER_INNER
from fvae_studio.core.mouth_light import LUMINANCE, mean_colour, to_linear
from fvae_studio.core.photo_texture import measure_softness
from fvae_studio.core.trust import FACE
from fvae_studio.core.types import FloatMap, Photo

SEEN_SIZE: Final = 3 * CROP_SIZE
"""Side of a crop in which the dark between two rows of teeth can be seen."""

_FINENESS: Final = 4
"""Rows and columns that are looked at for each crop pixel."""

_LIGHT_SHARE: Final = 0.4
"""Of the luminance of the lightest, what teeth have at least; less is the dark of the mouth."""

_REDDER: Final = 1.5
"""By so much more red over green than the lightest, it is tongue, gum or lip."""

_LIPS_REDDER: Final = 1.2
"""By so much at least lips are redder than what is taken for teeth."""

_GAP_PX: Final = 0.5
"""Crop pixels of something else below teeth end them; less is a shade between two of them."""

_VALLEY: Final = 0.85
"""A row that has so much of the light above and below it, or less, lies between two rows of teeth."""

_ALONG_PX: Final = 1.0
_ACROSS_PX: Final = 0.2
"""Crop pixels over which teeth are averaged along the mouth, and across."""

_AT_LIP_PX: Final = 0.8
"""Teeth that end so near to the lower lip end behind it, and up to twice as near they do so the more."""

_SMOOTH_PX: Final = 2.0
"""Crop pixels along the mouth, over which what lies between teeth and lower lip is averaged."""

_POINT_PX: Final = 0.5
"""By so many crop pixels to both sides the point of a tooth is kept out of what lies below."""

_BELOW_PX: Final = 0.5
_FEW_TEETH: Final = 0.15
"""So many crop pixels below the edge nothing counts as teeth of the other jaw, or no more than this share of it."""

_DARKEST: Final = 0.2
_MOST_BLACK: Final = 0.1
"""Percentile of a face's channels that is taken for its black: pupils, nostrils, lashes; and what it is at most of the
teeth's white, where a face shows nothing dark."""

_LEAST_SHARE: Final = 0.25
"""Of the mouth's width, where teeth have to be seen for anything to be told of them."""


@dataclass(frozen=True, eq=False)
class SeenTeeth:
    """Upper teeth between the lips of a photo.

    Attributes:
        edge: a curve of the photo's crop: where they end; nowhere below the lower lip's inner contour.
        below: another: where what lies below them begins. Lower than `edge` where a tooth is longer than others.
        white: (3,) linear colour of the lightest of them.
        is_soft_below: whether there are no teeth below that edge.
        black: (3,) linear colour of the darkest of the face: nothing in this photo is darker.
        softness: standard deviation of the photo's blur, crop pixels.
    """

    edge: FloatMap
    below: FloatMap
    white: NDArray[np.float32]
    is_soft_below: bool = True
    black: NDArray[np.float32] = field(default_factory=lambda: np.zeros(3, np.float32))
    softness: float = 0.0


def find_teeth(photo: Photo, photo_to_crop: SimilarityTransform, landmarks: Points) -> SeenTeeth | None:
    """Look for teeth between the lips of a face of a photo.

    Args:
        photo: with the face.
        photo_to_crop: photo pixels -> crop pixels.
        landmarks: (478, 2) of the face, crop pixels.

    Returns:
        None where no teeth are seen.
    """
    return see_teeth(extract_crop(photo, photo_to_crop, size=SEEN_SIZE).pixels, landmarks)


def see_teeth(crop: NDArray[np.uint8], landmarks: Points) -> SeenTeeth | None:
    """Look for teeth between open lips.

    Args:
        crop: (S, S, 3) aligned crop; taken to be sRGB.
        landmarks: (478, 2), crop pixels.

    Returns:
        None where no teeth are seen.
    """
    upper, lower = (landmarks[list(lip)] for lip in (UPPER_INNER, LOWER_INNER))
    left, right = float(upper[:, 0].min()), float(upper[:, 0].max())
    first, last = float(upper[:, 1].min()), float(lower[:, 1].max())
    columns = np.arange(left, right, 1 / _FINENESS, dtype=np.float32)
    rows = np.arange(first, last, 1 / _FINENESS, dtype=np.float32)
    if len(columns) < 2 * _FINENESS or len(rows) < _FINENESS:
        return None
    top, bottom = contour_height(upper, columns), contour_height(lower, columns)
    picture = to_linear(_read(crop, columns, rows))
    inside = (rows[:, None] > top + 0.3) & (rows[:, None] < bottom - 0.3)
    luminance, redness = (
        picture @ LUMINANCE,
        np.log(np.maximum(picture[..., 0], 1e-4) / np.maximum(picture[..., 1], 1e-4)),
    )
    if not inside.any():
        return None
    is_lightest = inside & (luminance >= np.percentile(luminance[inside], 85))
    white = np.asarray(picture[is_lightest].mean(axis=0), np.float32)
    lips = _lips(crop, landmarks)
    of_white, of_lips = (float(np.log(colour[0] / max(float(colour[1]), 1e-4))) for colour in (white, lips))
    if of_lips - of_white < np.log(_LIPS_REDDER) or float(white @ LUMINANCE) < float(lips @ LUMINANCE):
        return None
    limit = max(np.log(_REDDER), 0.5 * (of_lips - of_white))
    is_tooth = (
        inside
        & (luminance > _LIGHT_SHARE * float(white @ LUMINANCE))
        & (redness < of_white + min(limit, of_lips - of_white))
    )
    # Dark lines between teeth are none of their ends; one between two rows of them is.
    ends = _ends(_along(is_tooth.astype(np.float32), inside) > 0.5, _along(luminance, inside), rows)
    is_known = np.isfinite(ends)
    if is_known.mean() < _LEAST_SHARE:
        return None
    ends = np.interp(columns, columns[is_known], ends[is_known])
    # Where lips meet, in the corners, nothing ends before them.
    ends = np.clip(ends, top, bottom)
    ends = ends + smoothstep((ends - bottom) / _AT_LIP_PX + 2) * (bottom - ends)
    smooth = partial(cv2.GaussianBlur, ksize=(0, 0), sigmaX=_SMOOTH_PX * _FINENESS, borderType=cv2.BORDER_REPLICATE)
    edge = np.clip(bottom - smooth((bottom - ends).astype(np.float32)[None])[0], np.minimum(top, bottom), bottom)
    is_below = inside & (rows[:, None] > edge + _BELOW_PX)
    is_soft = not is_below.any() or float(is_tooth[is_below].mean()) < _FEW_TEETH
    near = np.ones((1, 2 * round(_POINT_PX * _FINENESS) + 1), np.uint8)
    below = np.maximum(edge, cv2.dilate(ends.astype(np.float32)[None], near)[0])
    curve, below = (smooth_curve(np.interp(curve_columns(), columns, each)) for each in (edge, below))
    scale = crop.shape[0] / CROP_SIZE
    face = crop[slice(*(round(scale * end) for end in FACE[1::2])), slice(*(round(scale * end) for end in FACE[::2]))]
    black = np.minimum(to_linear(np.percentile(face, _DARKEST, axis=(0, 1)) / 255), _MOST_BLACK * white)
    return SeenTeeth(curve, np.maximum(below, curve), white, is_soft, black, measure_softness(face / 255) / scale)


def _read(crop: NDArray[np.uint8], columns: FloatMap, rows: FloatMap) -> FloatMap:
    """(rows, columns, 3) in [0, 1] at places in crop pixels."""
    scale = crop.shape[0] / CROP_SIZE
    x, y = np.meshgrid((columns + 0.5) * scale - 0.5, (rows + 0.5) * scale - 0.5)
    read: FloatMap = cv2.remap(
        crop, x.astype(np.float32), y.astype(np.float32), cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    ).astype(np.float32)
    return read / 255


def _lips(crop: NDArray[np.uint8], landmarks: Points) -> NDArray[np.float32]:
    """(3,) linear: the mean colour along the middle of the lower lip."""
    outer, inner = landmarks[[181, 84, 17, 314, 405]], landmarks[[178, 87, 14, 317, 402]]
    scale = crop.shape[0] / CROP_SIZE
    return mean_colour(crop, ((outer + inner) / 2 + 0.5) * scale - 0.5, max(1, round(1.5 * scale)))


def _along(values: FloatMap, inside: NDArray[np.bool_]) -> FloatMap:
    """Values (rows, columns), averaged along the mouth by a crop pixel; 0 outside."""
    mean = mean_within(values, inside.astype(np.float32), _ALONG_PX * _FINENESS, _ACROSS_PX * _FINENESS)
    return np.where(inside, mean, np.float32(0))


def _ends(is_tooth: NDArray[np.bool_], luminance: FloatMap, rows: FloatMap) -> FloatMap:
    """(columns,) y of the end of each column's first row of teeth; NaN where there are none."""
    width = is_tooth.shape[1]
    ends = np.full(width, np.nan, np.float32)
    patience = round(_GAP_PX * _FINENESS)
    for column in np.flatnonzero(is_tooth.any(axis=0)):
        seen = np.flatnonzero(is_tooth[:, column])
        breaks = np.flatnonzero(np.diff(seen) > patience)
        last = int(seen[breaks[0]] if len(breaks) else seen[-1])
        ends[column] = rows[_before_valley(luminance[:, column], int(seen[0]), last)] + 0.5 / _FINENESS
    return ends


def _before_valley(luminance: FloatMap, first: int, last: int) -> int:
    """The row of the deepest dark between two lights that lies between two rows; else the last one."""
    part = luminance[first : last + 1]
    above, below = np.maximum.accumulate(part), np.maximum.accumulate(part[::-1])[::-1]
    depth = part / np.maximum(np.minimum(above, below), 1e-6)
    deepest = int(depth.argmin())
    return first + deepest if depth[deepest] < _VALLEY else last
