"""Mouths that open in a clip: of a photo whose own edit, or the clip's motion, parts lips that are closed in it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from fvae_studio.core.contours import cell_centres
from fvae_studio.core.cutout import Cutout, read_layers
from fvae_studio.core.face_parts import gap_depth
from fvae_studio.core.flow_spline import passage, smoothstep
from fvae_studio.core.geometry import Points, Rect, SimilarityTransform
from fvae_studio.core.lips import CLOSED_PX, opening
from fvae_studio.core.mouth_choice import MouthChoice
from fvae_studio.core.mouth_composite import fill_gap, mouth_window, near_lips
from fvae_studio.core.mouth_inside import MouthInside
from fvae_studio.core.parting import PARTING_PX, PartedLips
from fvae_studio.core.photo_mouth import PhotoMouth
from fvae_studio.core.resample import Kernel
from fvae_studio.core.timeline import Moment
from fvae_studio.core.types import FloatMap, FlowField, Photo, RgbImage
from fvae_studio.pipeline.mouths import ClosedMouth

FindPhotoMouth: TypeAlias = Callable[[str], PhotoMouth]
"""The mouth of another photo, by its path."""

_FEATHER_PX: Final = 0.6
"""Crop pixels over which the map of the gap falls off."""

_MAX_MOMENTS: Final = 4
"""Remembered at a time: one is asked for several times, and a place on the path beside it."""


@dataclass(frozen=True, eq=False)
class ClipMouth:
    """A mouth that is closed in its photo and may open, in the first photo's crop frame and light.

    Attributes:
        choice: what is seen between the lips; a kind that opens.
        closed: the mouth as it is.
        landmarks: (478, 2) of the face, crop pixels.
        find_photo_mouth: for the kind "photo".
    """

    choice: MouthChoice
    closed: ClosedMouth
    landmarks: Points
    find_photo_mouth: FindPhotoMouth

    @staticmethod
    def of(
        cutout: Cutout, landmarks: Points | None, choice: MouthChoice, find_photo_mouth: FindPhotoMouth | None
    ) -> ClipMouth | None:
        """Of a face in its cutout; None where the mouth shall stay closed, or is open in the photo.

        Args:
            cutout: around the face.
            landmarks: (478, 2), crop pixels.
            choice: of the photo's own edit.
            find_photo_mouth: for the kind "photo"; None: the mouth stays closed.
        """
        if landmarks is None or not choice.opens or opening(landmarks) >= 2 * CLOSED_PX or find_photo_mouth is None:
            return None
        in_cutout = cutout.from_crop.apply(landmarks)
        closed = ClosedMouth.of(Photo(cutout.pixels), in_cutout, cutout.from_crop.inverse)
        return ClipMouth(choice, closed, landmarks, find_photo_mouth)

    def part(self, decoded: FlowField) -> PartedLips | None:
        """The parted lips, or None where the flow leaves the mouth closed."""
        return self.closed.part(decoded)

    def inside(self) -> MouthInside:
        """What is seen between the lips; see `ClosedMouth.inside`."""
        return self.closed.inside(self.choice, self.find_photo_mouth)

    def on(self, cutout: Cutout) -> ClipMouth:
        """The same mouth where its photo has other colours."""
        other = ClipMouth.of(cutout, self.landmarks, self.choice, self.find_photo_mouth)
        assert other is not None
        return other


@dataclass(frozen=True, eq=False)
class MovedMouth:
    """What becomes of a `ClipMouth` at one moment.

    Attributes:
        decoded: the flow as the network gave it.
        lips: None where they stay closed.
    """

    decoded: FlowField
    lips: PartedLips | None

    @property
    def openness(self) -> float:
        """0 for closed lips, 1 for a gap that is seen for certain."""
        if self.lips is None:
            return 0.0
        return passage(self.lips.gap, PARTING_PX)

    def near_lips(self, size: int) -> FloatMap:
        """1 on lips that part, 0 beyond them, (size, size) over the crop."""
        if self.lips is None:
            return np.zeros((size, size), np.float32)
        axis = cell_centres(size)
        x, y = np.meshgrid(axis, axis)
        return near_lips(x, y, self.lips).astype(np.float32)

    def gap(self, size: int, amount: float) -> FloatMap | None:
        """Where the inside of the mouth is seen, (size, size) over the crop, in [0, 1]; None for nowhere.

        Args:
            size: of the map.
            amount: in [0, 1]: how much of the gap; it opens from its middle line outwards.
        """
        if self.lips is None or amount <= 0:
            return None
        depth = gap_depth(self.lips.top, self.lips.bottom, self.lips.corners, size=size)
        least = (1 - amount) * (max(float(depth.max()), 0.0) + _FEATHER_PX)
        seen: FloatMap = (self.openness * smoothstep(0.5 + (depth - least) / (2 * _FEATHER_PX))).astype(np.float32)
        return seen


class MovedMouths:
    """All mouths of a clip at a moment; the latest few are remembered.

    Args:
        mouths: one for each source, None for those that stay as their flows leave them.
        decode: flow of a source at a moment, as the network gave it.
    """

    def __init__(self, mouths: Sequence[ClipMouth | None], decode: Callable[[int, Moment], FlowField]) -> None:
        self._mouths, self._decode = tuple(mouths), decode
        self._latest: OrderedDict[Moment, tuple[MovedMouth | None, ...]] = OrderedDict()

    def at(self, moment: Moment) -> tuple[MovedMouth | None, ...]:
        """One for each source; None also for those that are not seen."""
        if moment not in self._latest:
            moved: list[MovedMouth | None] = []
            for face, (mouth, blend) in enumerate(zip(self._mouths, moment.blend, strict=True)):
                if mouth is None or (face > 0 and blend == 0):
                    moved.append(None)
                    continue
                decoded = self._decode(face, moment)
                moved.append(MovedMouth(decoded, mouth.part(decoded)))
            self._latest[moment] = tuple(moved)
            if len(self._latest) > _MAX_MOMENTS:
                self._latest.popitem(last=False)
        return self._latest[moment]

    def gaps_beside(self, face: int, moment: Moment, *, size: int, share: float) -> list[FloatMap]:
        """Where others show what is between their parted lips, and a source whose own lips do not part cannot.

        Args:
            face: that source.
            moment: of the clip.
            size: of the maps.
            share: of another one's blend at which its whole gap is seen.
        """
        moved = self.at(moment)
        own = moved[face]
        if own is not None and own.lips is not None:
            return []
        amounts = smoothstep(np.array(moment.blend, np.float32) / share)
        gaps = (one.gap(size, float(amount)) for one, amount in zip(moved, amounts, strict=True) if one is not None)
        return [gap for gap in gaps if gap is not None]


def draw_mouth(
    pixels: RgbImage,
    cutout: Cutout,
    lips: PartedLips,
    inside: MouthInside,
    to_crop: SimilarityTransform,
    region: Rect,
    kernel: Kernel,
) -> None:
    """Part the lips of a face that was read into a region of a picture along `lips.flow`, in place.

    Args:
        pixels: (region.height, region.width, 3), from `read_cutout`.
        cutout: that was read.
        lips: in two layers.
        inside: seen between them.
        to_crop: picture pixels -> crop pixels.
        region: of the picture.
        kernel: how pixels are read.
    """
    window = mouth_window(lips, to_crop, region)
    if window.is_empty:
        return
    flows = (lips.upper, lips.lower, np.zeros_like(lips.flow))
    upper, lower, source = read_layers(cutout, flows, to_crop, window, kernel=kernel)
    place = window.within(region)
    pixels[place] = fill_gap(pixels[place], (upper, lower), source, lips, inside, window, to_crop)
