"""The open mouth of another photo of the same person, to be seen between lips that part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.contours import curve_at, curve_through
from fvae_studio.core.geometry import Points, SimilarityTransform
from fvae_studio.core.lips import CLOSED_PX, LOWER_INNER, UPPER_INNER, opening
from fvae_studio.core.mouth_inside import light_between
from fvae_studio.core.mouth_light import to_linear
from fvae_studio.core.parting import PartedLips
from fvae_studio.core.registration import fit_colour
from fvae_studio.core.types import AlignedCrop, FloatMap, Photo
from fvae_studio.errors import EditError

_LIP_PX: Final = 0.4
"""Crop pixels next to the other photo's lips that are not taken."""

_MOST_ENLARGED: Final = 1.2


@dataclass(frozen=True, eq=False)
class PhotoMouth:
    """The inside of a mouth in its own photo; a `MouthInside`.

    It is laid behind the new gap as a whole: no smaller than in its own photo, a little larger where the gap is larger,
    lower lip to lower lip, where the teeth's edges are. Only where the gap still reaches beyond what the other photo
    shows, that is stretched.

    Attributes:
        photo: the other photo.
        photo_to_crop: its face.
        top, bottom: curves along the inner lips in its crop.
        corners: x of the corners of its mouth, crop pixels.
        crop: its aligned crop, for the light.
        colour_map: (3, 4) of the light it is seen in, or None for its own.
    """

    photo: Photo
    photo_to_crop: SimilarityTransform
    top: FloatMap
    bottom: FloatMap
    corners: tuple[float, float]
    crop: AlignedCrop
    colour_map: NDArray[np.float32] | None = None

    @staticmethod
    def of(photo: Photo, landmarks: Points, crop: AlignedCrop) -> PhotoMouth:
        """Of a face whose mouth is open.

        Args:
            photo: the other photo.
            landmarks: (478, 2) of its face, photo pixels.
            crop: aligned to it.

        Raises:
            EditError: its mouth is closed.
        """
        points = crop.photo_to_crop.apply(landmarks)
        if opening(points) < 2 * CLOSED_PX:
            raise EditError("The mouth in the other photo is closed; choose a photo that shows teeth.")
        top, bottom = curve_through(points[list(UPPER_INNER)]), curve_through(points[list(LOWER_INNER)])
        corners = float(points[UPPER_INNER[0], 0]), float(points[UPPER_INNER[-1], 0])
        return PhotoMouth(photo, crop.photo_to_crop, top + _LIP_PX, bottom - _LIP_PX, corners, crop)

    def in_light_of(self, crop: AlignedCrop) -> PhotoMouth:
        """The same mouth in the light of another aligned crop of the person."""
        size = self.crop.pixels.shape[0]
        target = cv2.resize(crop.pixels, (size, size), interpolation=cv2.INTER_AREA)
        return PhotoMouth(
            self.photo, self.photo_to_crop, self.top, self.bottom, self.corners, self.crop,
            fit_colour(self.crop.pixels, target),
        )  # fmt: skip

    def shade(self, x: FloatMap, y: FloatMap, lips: PartedLips, *, px_per_crop_px: float) -> FloatMap:
        """See `MouthInside`."""
        own_middle, middle = sum(self.corners) / 2, sum(lips.corners) / 2
        own_gap = max(float((self.bottom - self.top).max()), 0.1)
        size = float(np.clip(lips.gap / own_gap, 1, _MOST_ENLARGED))
        own_base, base = (_lowest(*pair) for pair in ((self.bottom, self.corners), (lips.bottom, lips.corners)))

        def to_own(value: FloatMap | float, zero: float, own_zero: float) -> FloatMap:
            return np.asarray((value - zero) / size + own_zero, np.float32)

        left, right = (to_own(corner, middle, own_middle) for corner in lips.corners)
        from_x = _into(to_own(x, middle, own_middle), left, right, *self.corners)
        top, bottom = curve_at(self.top, from_x), curve_at(self.bottom, from_x)
        lip_top, lip_bottom = (to_own(curve_at(curve, x), base, own_base) for curve in (lips.top, lips.bottom))
        from_y = _into(to_own(y, base, own_base), lip_top, lip_bottom, top, np.maximum(bottom, top))
        at = self.photo_to_crop.inverse.apply(np.stack([from_x, from_y], axis=-1))
        pixels = self._read(at, px_per_crop_px * size)
        if self.colour_map is not None:
            pixels = cv2.transform(pixels, self.colour_map)
        # Its own lips threw their shadows there; those of the new ones are fainter for that.
        light = np.sqrt(light_between(x, y, lips))
        shaded: FloatMap = to_linear(np.clip(pixels, 0, 1)) * light[..., None]
        return shaded

    def _read(self, at: FloatMap, px_per_crop_px: float) -> FloatMap:
        margin = 4
        low = np.maximum(np.floor(at.reshape(-1, 2).min(axis=0)).astype(int) - margin, 0)
        high = np.ceil(at.reshape(-1, 2).max(axis=0)).astype(int) + margin + 1
        part = self.photo.pixels[low[1] : max(high[1], low[1] + 1), low[0] : max(high[0], low[0] + 1)]
        source = part.astype(np.float32) / self.photo.max_value
        reduction = 1 / (self.photo_to_crop.scale * px_per_crop_px)
        if reduction > 1:
            source = cv2.GaussianBlur(source, (0, 0), 0.5 * float(np.sqrt(reduction**2 - 1)) + 1e-3)
        position = at - low.astype(np.float32)
        read: FloatMap = cv2.remap(
            source, position[..., 0], position[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        return read


def _lowest(bottom: FloatMap, corners: tuple[float, float]) -> float:
    """Mean height of the lower lip's edge in the middle third of the mouth."""
    left, right = corners
    third = (right - left) / 3
    return float(curve_at(bottom, np.linspace(left + third, right - third, 16)).mean())


def _into(
    value: FloatMap,
    low: FloatMap | float,
    high: FloatMap | float,
    own_low: FloatMap | float,
    own_high: FloatMap | float,
) -> FloatMap:
    """Map low..high linearly onto what it shares with own_low..own_high, or onto all of that if they share nothing."""
    first, last = np.maximum(low, own_low), np.minimum(high, own_high)
    apart = last <= first
    first, last = np.where(apart, own_low, first), np.where(apart, own_high, last)
    share = np.clip((value - low) / np.maximum(np.asarray(high) - low, 1e-3), 0, 1)
    mapped: FloatMap = (first + share * (last - first)).astype(np.float32)
    return mapped
