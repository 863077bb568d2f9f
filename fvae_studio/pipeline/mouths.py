"""Mouths that open in an edit: how the lips part, and what is seen between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from fvae_studio.core.alignment import extract_crop
from fvae_studio.core.donor_teeth import choose_donor, load_donors
from fvae_studio.core.geometry import Points, SimilarityTransform
from fvae_studio.core.mouth_choice import MouthChoice
from fvae_studio.core.mouth_inside import DonorMouth, MouthInside, place_teeth
from fvae_studio.core.mouth_light import estimate_white
from fvae_studio.core.parting import PartedLips, find_seam, part_lips
from fvae_studio.core.photo_mouth import PhotoMouth
from fvae_studio.core.types import AlignedCrop, FloatMap, FlowField, Photo

FINE_CROP_PX: Final = 512
"""Side of the crop in which lips and eyes are looked at."""


@dataclass(eq=False)
class ClosedMouth:
    """What is known of one face's mouth as it is in the photo; found once.

    Attributes:
        landmarks: (478, 2) of the face, crop pixels.
        crop: a finer crop than the model's.
        seam: the line between the lips.
    """

    landmarks: Points
    crop: AlignedCrop
    seam: FloatMap
    _insides: dict[MouthChoice, MouthInside]

    @staticmethod
    def of(photo: Photo, landmarks: Points, photo_to_crop: SimilarityTransform) -> ClosedMouth:
        """Look at a face; `landmarks` (478, 2) in photo pixels."""
        crop = extract_crop(photo, photo_to_crop, size=FINE_CROP_PX)
        in_crop = photo_to_crop.apply(landmarks)
        return ClosedMouth(in_crop, crop, find_seam(crop.pixels, in_crop), {})

    def part(self, predicted: FlowField) -> PartedLips | None:
        """The parted lips, or None where the flow leaves the mouth closed or the photo shows it open."""
        return part_lips(predicted.flow, self.landmarks, self.seam)

    def inside(self, choice: MouthChoice, find_photo_mouth: Callable[[str], PhotoMouth]) -> MouthInside:
        """What is seen between the lips.

        Args:
            choice: a kind that opens.
            find_photo_mouth: from another photo, by its path.

        Raises:
            EditError: the built-in donors are missing, or the other photo's mouth is closed.
            PhotoError: the other photo cannot be read.
            FaceError: it shows no face that can be used.
        """
        if choice not in self._insides:
            if choice.kind == "photo":
                found: MouthInside = find_photo_mouth(choice.photo).in_light_of(self.crop)
            else:
                donor = choose_donor(load_donors(), self.landmarks)
                white = estimate_white(self.crop.pixels, self.landmarks)
                found = DonorMouth(donor.plate, place_teeth(self.landmarks, self.seam), white)
            self._insides[choice] = found
        return self._insides[choice]


@dataclass(frozen=True, eq=False)
class OpenedMouth:
    """Parted lips, and what is seen between them."""

    lips: PartedLips
    inside: MouthInside
