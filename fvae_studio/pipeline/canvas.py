"""Where a clip's pictures are drawn: the first photo at some resolution, or the aligned square around its face."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.alignment import CROP_SIZE, crop_region
from fvae_studio.core.cutout import blend_pixels, cut_face, read_cutout, spread_over
from fvae_studio.core.geometry import Rect, SimilarityTransform
from fvae_studio.core.photo_io.colour_profiles import screen_pixels
from fvae_studio.core.progress import Progress
from fvae_studio.core.resample import Kernel
from fvae_studio.core.timeline import Moment
from fvae_studio.core.types import FloatMap, FlowField, GreyMask, Photo, RgbImage
from fvae_studio.pipeline.interpolator import Interpolator


@dataclass(frozen=True, eq=False)
class DrawnMoment:
    """What of a picture can change, at one moment.

    Attributes:
        roi: where it lies in the picture.
        pixels: (roi.height, roi.width, 3), depth and encoding of the first photo.
        alpha: of the first photo, moved alike, or None.
        fields: flow of each source, None for those that are not seen.
        shares: (num_sources, SHARE_SIZE, SHARE_SIZE): how much of each source is seen.
    """

    roi: Rect
    pixels: RgbImage
    alpha: GreyMask | None
    fields: tuple[FlowField | None, ...]
    shares: FloatMap


class Canvas:
    """Draws the moments of an interpolator, each photo read once from its own pixels.

    Args:
        interpolator: says what moves and what is seen.
        base: the first photo at the picture's resolution; None for the square around the face.
        photo_to_picture: pixels of the first photo -> pixels of the picture.
        size: (width, height) of the square.
        for_screen: draw in sRGB with 8 bits, whatever the first photo has; `base` has to be that already.
    """

    def __init__(
        self,
        interpolator: Interpolator,
        *,
        base: Photo | None,
        photo_to_picture: SimilarityTransform,
        size: tuple[int, int] | None = None,
        for_screen: bool = False,
    ) -> None:
        self._interpolator = interpolator
        self.base = base
        self._to_crop = photo_to_picture.inverse.then(interpolator.photo_to_crop)
        width, height = size if base is None and size is not None else (base.width, base.height) if base else (1, 1)
        self.roi = crop_region(self._to_crop).intersect(Rect(0, 0, width, height))
        first, *others = interpolator.cutouts
        scale = 1 / self._to_crop.scale
        # From the picture itself, so that the region's rim is the picture's own, bit by bit.
        first = first.reduced(scale) if base is None else cut_face(base, self._to_crop)
        cutouts = [first, *(cutout.reduced(scale) for cutout in others)]
        if for_screen:
            ready = 0 if base is None else 1
            cutouts[ready:] = [
                replace(cutout, pixels=screen_pixels(cutout.pixels, interpolator.icc), alpha=None)
                for cutout in cutouts[ready:]
            ]
        self._cutouts = tuple(cutouts)

    @staticmethod
    def square(interpolator: Interpolator, side: int, *, for_screen: bool = False) -> Canvas:
        """The aligned square around the first photo's face, `side` pixels wide."""
        to_square = interpolator.photo_to_crop.then(SimilarityTransform.resize(CROP_SIZE, side))
        return Canvas(interpolator, base=None, photo_to_picture=to_square, size=(side, side), for_screen=for_screen)

    def draw(self, moment: Moment, *, kernel: Kernel, progress: Progress) -> DrawnMoment:
        """One picture's region.

        Raises:
            EditError: not one share for each source, or an unknown direction.
            Cancelled: through `progress`.
        """
        progress.raise_if_cancelled()
        fields = self._interpolator.flows(moment)
        shares = self._interpolator.shares(moment, fields)
        pictures: list[RgbImage] = []
        seen: list[NDArray[np.float32]] = []
        alpha: GreyMask | None = None
        for number, (cutout, field, share) in enumerate(zip(self._cutouts, fields, shares, strict=True)):
            if field is None or not (share.any() or number == 0):
                continue
            progress.raise_if_cancelled()
            amount = spread_over(share, self._to_crop, self.roi)
            pixels, moved_alpha = read_cutout(cutout, field, self._to_crop, self.roi, kernel=kernel, share=amount)
            if number == 0:
                alpha = moved_alpha
            pictures.append(pixels)
            seen.append(amount)
        return DrawnMoment(self.roi, blend_pixels(pictures, seen), alpha, fields, shares)
