"""Where a clip's pictures are drawn: the first photo at some resolution, or the aligned square around its face."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.alignment import CROP_SIZE, crop_region
from fvae_studio.core.cutout import Cutout, blend_pixels, cut_face, read_cutout, read_layers, spread_over
from fvae_studio.core.detail_blend import blend_detailed, detail_reach_px
from fvae_studio.core.eye_composite import eyes_window, join_eyes
from fvae_studio.core.eye_layers import EyeLayers
from fvae_studio.core.geometry import Rect, SimilarityTransform
from fvae_studio.core.glasses import StillGlasses
from fvae_studio.core.glasses_composite import glasses_window, join_glasses
from fvae_studio.core.mouth_inside import MouthInside
from fvae_studio.core.parting import PartedLips
from fvae_studio.core.photo_io.colour_profiles import screen_pixels
from fvae_studio.core.progress import Progress
from fvae_studio.core.resample import Kernel
from fvae_studio.core.still_teeth import StillTeeth
from fvae_studio.core.teeth_composite import join_teeth, teeth_window
from fvae_studio.core.timeline import Moment
from fvae_studio.core.types import FloatMap, FlowField, GreyMask, Photo, RgbImage
from fvae_studio.pipeline.clip_mouths import ClipMouth, draw_mouth
from fvae_studio.pipeline.interpolator import Interpolator
from fvae_studio.pipeline.requests import Patch


@dataclass(frozen=True, eq=False)
class DrawnMoment:
    """What of a picture can change, at one moment.

    Attributes:
        roi: where it lies in the picture.
        pixels: (roi.height, roi.width, 3), depth and encoding of the first photo.
        alpha: of the first photo, moved alike, or None.
        fields: flow of each source, None for those that are not seen.
        shares: (num_sources, SHARE_SIZE, SHARE_SIZE): how much of each source is seen.
        lips: of each source, where they part that are closed in the photo.
        eyes: of each source, where they are in layers.
    """

    roi: Rect
    pixels: RgbImage
    alpha: GreyMask | None
    fields: tuple[FlowField | None, ...]
    shares: FloatMap
    lips: tuple[PartedLips | None, ...]
    eyes: tuple[EyeLayers | None, ...]


_Layered = TypeVar("_Layered", EyeLayers, StillTeeth, StillGlasses)


@dataclass(frozen=True, eq=False)
class AimedMoment:
    """All that is known of a moment before any pixel is read; other attributes as of `DrawnMoment`.

    Attributes:
        insides: what is seen between the lips of each source that parts them.
    """

    fields: tuple[FlowField | None, ...]
    shares: FloatMap
    lips: tuple[PartedLips | None, ...]
    eyes: tuple[EyeLayers | None, ...]
    insides: tuple[MouthInside | None, ...]
    teeth: tuple[StillTeeth | None, ...]
    glasses: tuple[StillGlasses | None, ...]


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
        self._is_converted = for_screen and interpolator.icc is not None
        self._mouths = self._mouths_of(interpolator)

    @staticmethod
    def square(interpolator: Interpolator, side: int, *, for_screen: bool = False) -> Canvas:
        """The aligned square around the first photo's face, `side` pixels wide."""
        to_square = interpolator.photo_to_crop.then(SimilarityTransform.resize(CROP_SIZE, side))
        return Canvas(interpolator, base=None, photo_to_picture=to_square, size=(side, side), for_screen=for_screen)

    def edited(self, interpolator: Interpolator) -> Canvas:
        """The same canvas for `Interpolator.edited` of its own."""
        other = copy.copy(self)
        other._interpolator, other._mouths = interpolator, self._mouths_of(interpolator)
        return other

    @cached_property
    def _quick_cutouts(self) -> tuple[Cutout, ...]:
        return tuple(cutout.for_quick_reading() for cutout in self._cutouts)

    def _mouths_of(self, interpolator: Interpolator) -> tuple[ClipMouth | None, ...]:
        if not self._is_converted:
            return interpolator.mouths
        # Teeth are chosen to go with the colours around them.
        pairs = zip(interpolator.mouths, self._cutouts, strict=True)
        return tuple(None if mouth is None else mouth.on(cutout) for mouth, cutout in pairs)

    def draw(self, moment: Moment, *, kernel: Kernel, progress: Progress, detailed: bool = True) -> DrawnMoment:
        """One picture's region.

        Args:
            moment: what is to be seen.
            kernel: how the photos are read.
            progress: asked whether to go on.
            detailed: keep fine texture where photos are blended (`blend_detailed`), which a quick look can do without.

        Raises:
            EditError: not one share for each source, or an unknown direction.
            Cancelled: through `progress`.
        """
        progress.raise_if_cancelled()
        return self.paint(self.aim(moment), kernel=kernel, progress=progress, detailed=detailed)

    def aim(self, moment: Moment) -> AimedMoment:
        """What moves and what is seen; it asks the networks, so one at a time.

        Raises:
            EditError: as `draw`.
        """
        asked = self._interpolator.flows(moment)
        glasses = self._interpolator.glasses(moment, asked)
        fields = tuple(
            FlowField(worn.behind, field.confidence) if field is not None and worn is not None else field
            for field, worn in zip(asked, glasses, strict=True)
        )
        lips = self._interpolator.lips(moment)
        # Here and not where it is painted: teeth of another photo have to be found, by one at a time.
        insides = tuple(
            None if mouth is None or parted is None else mouth.inside()
            for mouth, parted in zip(self._mouths, lips, strict=True)
        )
        eyes, teeth = self._interpolator.eyes(fields), self._interpolator.teeth(fields)
        return AimedMoment(fields, self._interpolator.shares(moment, fields), lips, eyes, insides, teeth, glasses)

    def paint(self, aimed: AimedMoment, *, kernel: Kernel, progress: Progress, detailed: bool = True) -> DrawnMoment:
        """The pixels of a moment that was aimed; several may be painted at a time. Arguments as for `draw`."""
        fields, shares = aimed.fields, aimed.shares
        pictures: list[RgbImage] = []
        seen: list[NDArray[np.float32]] = []
        alpha: GreyMask | None = None
        scale = 1 / self._to_crop.scale
        margin_px = detail_reach_px(scale) if detailed else 0
        for number, (cutout, field, share) in enumerate(zip(self._quick_cutouts, fields, shares, strict=True)):
            if field is None or not (share.any() or number == 0):
                continue
            progress.raise_if_cancelled()
            amount = spread_over(share, self._to_crop, self.roi)
            pixels, moved_alpha = read_cutout(
                cutout, field, self._to_crop, self.roi, kernel=kernel, share=amount, margin_px=margin_px
            )
            eyes, lips, mouth_inside = aimed.eyes[number], aimed.lips[number], aimed.insides[number]
            if eyes is not None:
                self._lay_over(pixels, cutout, eyes, eyes_window, join_eyes, kernel)
            if lips is not None and mouth_inside is not None:
                draw_mouth(pixels, cutout, lips, mouth_inside, self._to_crop, self.roi, kernel)
            elif (teeth := aimed.teeth[number]) is not None:
                self._lay_over(pixels, cutout, teeth, teeth_window, join_teeth, kernel)
            if (glasses := aimed.glasses[number]) is not None:
                self._lay_over(pixels, cutout, glasses, glasses_window, join_glasses, kernel)
            if number == 0:
                alpha = moved_alpha
            pictures.append(pixels)
            seen.append(amount)
        pixels = blend_detailed(pictures, seen, scale=scale) if detailed else blend_pixels(pictures, seen)
        return DrawnMoment(self.roi, pixels, alpha, fields, shares, aimed.lips, aimed.eyes)

    def _lay_over(
        self,
        pixels: RgbImage,
        cutout: Cutout,
        layered: _Layered,
        window_of: Callable[[_Layered, SimilarityTransform, Rect], Rect],
        join: Callable[[RgbImage, Mapping[str, RgbImage], _Layered, Rect, SimilarityTransform], RgbImage],
        kernel: Kernel,
    ) -> None:
        """Draw a part of a face that was read into the region along its flow, in layers, in place."""
        window = window_of(layered, self._to_crop, self.roi)
        if window.is_empty:
            return
        flows = layered.flows
        read = read_layers(cutout, flows.values(), self._to_crop, window, kernel=kernel)
        place = window.within(self.roi)
        pixels[place] = join(pixels[place], dict(zip(flows, read, strict=True)), layered, window, self._to_crop)


def with_patches(photo: Photo, patches: Sequence[Patch]) -> Photo:
    """The photo with edited regions in it; the very object where there are none.

    Args:
        photo: at the patches' level.
        patches: later ones over earlier ones.
    """
    if not patches:
        return photo
    pixels = photo.pixels.copy()
    for patch in patches:
        pixels[patch.roi.slices] = patch.pixels
    return photo.with_pixels(pixels)
