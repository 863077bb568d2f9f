"""What one photo lacks, taken from another photo of the person: teeth behind closed lips, open eyes.

The receiver's face moves to the donor's expression, by its own flow and with its own pixels, but only around the
borrowed part; there the donor, registered to it and in its light, takes over. With "best" the whole face moves, and the
donor is seen wherever its confidence exceeds the receiver's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE, crop_region
from fvae_studio.core.even_light import photo_in_light
from fvae_studio.core.even_tone import in_tone
from fvae_studio.core.face_parts import Part, Region, mouth_depth, part_mask
from fvae_studio.core.flow_spline import smoothstep
from fvae_studio.core.geometry import Points
from fvae_studio.core.lips import CLOSED_PX, opening
from fvae_studio.core.photo_io.colour_profiles import convert_colours
from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.core.registration import register_photo, usable_share
from fvae_studio.core.regularise import prepare_flow
from fvae_studio.core.types import AlignedCrop, FloatMap, FlowField, Photo, RgbImage
from fvae_studio.core.warp import warp_photo
from fvae_studio.errors import EditError
from fvae_studio.pipeline.evened_faces import PhotoLight, even_light
from fvae_studio.pipeline.interpolator import InterpolationSource
from fvae_studio.pipeline.predictor import FlowPredictor


@dataclass(frozen=True)
class PartReach:
    """How far around a part things happen, crop pixels.

    Attributes:
        pixels_px, pixels_feather_px: the donor's pixels are shown.
        motion_px, motion_feather_px: the receiver moves to meet them.
    """

    pixels_px: float
    pixels_feather_px: float
    motion_px: float
    motion_feather_px: float


REACH: Final[dict[Part, PartReach]] = {"mouth": PartReach(2.5, 3.0, 12.0, 9.0), "eyes": PartReach(2.5, 2.5, 7.0, 5.0)}

SURER: Final = (0.05, 0.3)
"""By how much the donor's confidence has to exceed the receiver's to be seen a little, and wholly ("best")."""

_SURER_BLUR_PX: Final = 1.5
"""Crop pixels over which that is smoothed: single cells are noise."""

LIGHT_PX: Final = 5.0
"""The light of the two photos is matched over this many crop pixels."""


@dataclass(frozen=True, eq=False)
class Donor:
    """A photo that parts are taken from.

    Attributes:
        source: the photo with its face.
        landmarks: (478, 2) of that face, photo pixels.
        parts: what is taken.
    """

    source: InterpolationSource
    landmarks: Points
    parts: tuple[Region, ...]


def borrow(
    predictor: FlowPredictor,
    receiver: InterpolationSource,
    donors: Sequence[Donor],
    *,
    progress: Progress | None = None,
) -> Photo:
    """A still of the receiver with parts of donors, at the receiver's resolution.

    Args:
        predictor: its networks are used, its faces are left alone.
        receiver: the photo that is changed.
        donors: photos of the same person; a later one takes over parts that an earlier one gave, too.
        progress: told of each donor.

    Returns:
        A photo of the receiver's size; outside the moving region its pixels are the receiver's, bit by bit.

    Raises:
        EditError: nothing is to be borrowed.
        GeometryError: a crop of another template, or one that lies outside its photo.
        Cancelled: through `progress`.
    """
    progress = progress or NoProgress()
    if not any(donor.parts for donor in donors):
        raise EditError("Nothing is borrowed yet: name a region, mouth or eyes or best.")
    photo, frame = receiver.photo, receiver.crop
    roi = crop_region(frame.photo_to_crop).intersect(photo.bounds)
    predictor = predictor.fork()
    crops = [frame, *(donor.source.crop for donor in donors)]
    lights = even_light(predictor, crops)
    grid = predictor.model.header.config.flow_size
    flow: NDArray[np.float32] = np.zeros((grid, grid, 2), np.float32)
    surer: list[FloatMap] = []
    for number, donor in enumerate(donors, start=1):
        latent = predictor.latent(number)[None]
        (field,) = predictor.predict_latents(latent, face=0)
        (own,) = predictor.predict_latents(latent, face=number)
        surer.append(_surer(own.confidence, field.confidence, donor, receiver))
        for part in donor.parts:
            share = _face(donor, grid) if part == "best" else _mask(donor, part, grid, is_motion=True)
            flow = (flow + share[..., None] * (field.flow - flow)).astype(np.float32)
    still = np.ones(flow.shape[:2], np.float32)
    warped = warp_photo(photo, FlowField(prepare_flow(flow), still), frame.photo_to_crop, roi=roi, progress=progress)
    result: RgbImage = warped.pixels
    for number, donor in enumerate(donors, start=1):
        progress.raise_if_cancelled()
        progress.report(number / (len(donors) + 1), "borrowing")
        source = _in_profile(donor.source.photo, photo.metadata.icc)
        crop, light = donor.source.crop, lights[number]
        source = _in_light(source, crop, light)
        registered = register_photo(source, crop, photo, frame, roi=roi, colour_map=light.colour_map)
        for part in donor.parts:
            mask = surer[number - 1] if part == "best" else _mask(donor, part, grid, is_motion=False)
            # The warp enlarges a confidence as it enlarges a flow; here it carries the mask.
            carrier = FlowField(np.zeros_like(flow), mask)
            share = warp_photo(photo, carrier, frame.photo_to_crop, roi=roi).confidence * registered.share
            result = _mixed(result, registered.pixels, share, light_px=LIGHT_PX / frame.photo_to_crop.scale)
    pixels = photo.pixels.copy()
    pixels[roi.slices] = result
    progress.report(1.0, "done")
    return photo.with_pixels(pixels)


def _surer(
    donor_confidence: FloatMap, own_confidence: FloatMap, donor: Donor, receiver: InterpolationSource
) -> FloatMap:
    """Where the donor shows its own expression better than the receiver can be moved to it; on the flow's grid."""
    size = donor_confidence.shape[0]
    low, high = SURER
    share = smoothstep((donor_confidence - own_confidence - low) / (high - low))
    landmarks = donor.source.crop.photo_to_crop.apply(donor.landmarks)
    if receiver.landmarks is not None and opening(landmarks) > 2 * CLOSED_PX:
        own = receiver.crop.photo_to_crop.apply(receiver.landmarks)
        if opening(own) < CLOSED_PX:
            # Nobody can be sure of teeth behind closed lips, whatever the network says.
            share = np.maximum(share, smoothstep(1 + mouth_depth(landmarks, size=size)))
    smooth = cv2.GaussianBlur(share, (0, 0), _SURER_BLUR_PX * size / CROP_SIZE)
    return np.asarray(smooth * _face(donor, size), np.float32)


def _face(donor: Donor, size: int) -> FloatMap:
    """1 in the donor's face, 0 at the crop's border; on a grid."""
    share = usable_share(donor.source.crop.photo_to_crop, donor.source.photo.bounds)
    resized: FloatMap = cv2.resize(share, (size, size), interpolation=cv2.INTER_AREA)
    return resized


def _in_light(photo: Photo, crop: AlignedCrop, light: PhotoLight) -> Photo:
    """A donor with the receiver's curve, without the shadows that only it has, and with those only the receiver has."""
    pixels = in_tone(photo.pixels, light.tone)
    pixels = photo_in_light(pixels, light.lacking - light.first, crop.photo_to_crop.inverse)
    return photo if pixels is photo.pixels else photo.with_pixels(pixels)


def _in_profile(photo: Photo, icc: bytes | None) -> Photo:
    """The photo in the encoding of another profile."""
    pixels = convert_colours(photo.pixels, photo.metadata.icc, icc)
    return photo if pixels is photo.pixels else photo.with_pixels(pixels)


def _mask(donor: Donor, part: Part, size: int, *, is_motion: bool) -> FloatMap:
    landmarks = donor.source.crop.photo_to_crop.apply(donor.landmarks)
    reach = REACH[part]
    if is_motion:
        mask = part_mask(landmarks, part, grow_px=reach.motion_px, feather_px=reach.motion_feather_px)
    else:
        mask = part_mask(landmarks, part, grow_px=reach.pixels_px, feather_px=reach.pixels_feather_px)
    if mask.shape[0] == size:
        return mask
    resized: FloatMap = cv2.resize(mask, (size, size), interpolation=cv2.INTER_AREA)
    return resized


def _mixed(below: RgbImage, above: RgbImage, share: FloatMap, *, light_px: float) -> RgbImage:
    """`above` where the share is 1, in the light that `below` has around it."""
    shown = share > 0
    if not shown.any():
        return below
    rows, columns = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
    window = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    base, over, part = below[window].astype(np.float32), above[window].astype(np.float32), share[window]
    # Where the two meet they show the same skin: their difference there is light, and is carried inwards. Inside they
    # show different things, lips and teeth, which must not be made alike.
    ring = (4 * part * (1 - part)).astype(np.float32)
    known = cv2.GaussianBlur(ring, (0, 0), light_px) + 1e-4
    light = cv2.GaussianBlur((base - over) * ring[..., None], (0, 0), light_px) / known[..., None]
    mixed = base + part[..., None] * (over + light - base)
    result = below.copy()
    limit = float(np.iinfo(below.dtype).max)
    result[window] = np.clip(np.round(mixed), 0, limit).astype(below.dtype)
    return result
