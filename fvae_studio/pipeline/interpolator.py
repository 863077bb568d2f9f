"""In-betweens of two photos of one person, or blends of more (Algorithm 2), at full resolution in the first's frame."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fvae_studio.core.alignment import CROP_SIZE, crop_region
from fvae_studio.core.composite import blend_sources
from fvae_studio.core.easing import photo_weights
from fvae_studio.core.geometry import Rect, SimilarityTransform
from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.core.registration import RegisteredPhoto, register_photo
from fvae_studio.core.regularise import prepare_flow
from fvae_studio.core.resample import KERNEL_REACH, resample
from fvae_studio.core.types import AlignedCrop, FloatMap, FlowField, Photo, RgbImage
from fvae_studio.core.warp import warp_photo
from fvae_studio.errors import EditError
from fvae_studio.pipeline.predictor import FlowPredictor

_ROWS_AT_ONCE = 256


@dataclass(frozen=True, eq=False)
class InterpolationSource:
    """One photo with the face that takes part."""

    photo: Photo
    crop: AlignedCrop


class Interpolator:
    """Warps every source to the same in-between expression and blends them by their confidences.

    Two departures from Algorithm 2, which make the ends exact. Flows are taken relative to each photo's own,
    F(S_k, Z) - F(S_k, Z_k), so at its own latent a photo is not moved. The softmax of the confidences is multiplied by
    the weights, (1 - t, t) for two photos, where the paper blends by confidence alone even at the ends. So t = 0 is the
    first photo, bit by bit, and at t = 1 the middle of the face is the second one, registered.

    The first source gives frame, size, depth and metadata. The others are registered to it by their eye alignment and
    take part in an oval around the face; outside it, only the first photo is seen, moved by its flow.

    Args:
        predictor: its networks are shared, its faces are left alone.
        sources: two or more photos of one person, each with its face.
        match_colour: give the other photos the first one's light (section 5.2's colour transfer).

    Raises:
        EditError: fewer than two sources.
        GeometryError: a crop of another template, or one that lies outside its photo.
    """

    def __init__(
        self, predictor: FlowPredictor, sources: Sequence[InterpolationSource], *, match_colour: bool = True
    ) -> None:
        if len(sources) < 2:
            raise EditError(f"In-betweens need at least 2 photos, not {len(sources)}.")
        frame = sources[0]
        self._frame = frame
        self._roi = crop_region(frame.crop.photo_to_crop).intersect(frame.photo.bounds)
        self._predictor = predictor.fork()
        self._predictor.set_crops([source.crop for source in sources])
        self._latents = np.stack([self._predictor.latent(face) for face in range(len(sources))])
        self._others = tuple(
            register_photo(source.photo, source.crop, frame.photo, frame.crop, roi=self._roi, match_colour=match_colour)
            for source in sources[1:]
        )
        self._share: FloatMap = np.min([other.share for other in self._others], axis=0)

    def frames(self, num_frames: int, *, progress: Progress | None = None) -> Iterator[Photo]:
        """From the first photo to the second, both ends included, at equal steps of t.

        Raises:
            EditError: there are not exactly two sources, or fewer than two frames are asked for.
            Cancelled: through `progress`.
        """
        if len(self._latents) != 2:
            raise EditError(f"A transition goes between 2 photos, not {len(self._latents)}; blend more with `blend`.")
        if num_frames < 2:
            raise EditError(f"A transition needs at least 2 frames, its ends, not {num_frames}.")
        return self.at([index / (num_frames - 1) for index in range(num_frames)], progress=progress)

    def at(self, positions: Sequence[float], *, progress: Progress | None = None) -> Iterator[Photo]:
        """The pictures at positions along the photos: 0 is the first, 1 the second, and so on (`core.easing.moments`).

        Raises:
            EditError: a position beyond the photos.
            Cancelled: through `progress`.
        """
        progress = progress or NoProgress()
        weights = [photo_weights(position, len(self._latents)) for position in positions]
        return self._at(weights, progress)

    def _at(self, weights: Sequence[Sequence[float]], progress: Progress) -> Iterator[Photo]:
        for index, shares in enumerate(weights):
            progress.report(index / len(weights), "making in-betweens")
            yield self.blend(shares, progress=progress.subrange(index / len(weights), 1 / len(weights)))
        progress.report(1.0, "done")

    def blend(self, weights: Sequence[float], *, progress: Progress | None = None) -> Photo:
        """All sources warped to the weighted mean of their latents, blended by weight and confidence.

        Args:
            weights: one for each source, not negative; only their ratios count. (1 - t, t) for two photos.
            progress: asked for cancelling between stages.

        Returns:
            A photo of the first one's size; that very object when it alone has a weight.

        Raises:
            EditError: not one weight for each source, a negative one, or none above 0.
            Cancelled: through `progress`.
        """
        progress = progress or NoProgress()
        shares = self._normalised(weights)
        if shares[0] == 1:
            return self._frame.photo
        progress.raise_if_cancelled()
        fields = self.flows(shares)
        frame = self._frame
        first = warp_photo(frame.photo, fields[0], frame.crop.photo_to_crop, roi=self._roi, progress=progress)
        pictures, confidences = [first.pixels], [first.confidence]
        for other, field in zip(self._others, fields[1:], strict=True):
            progress.raise_if_cancelled()
            warped = self._warp_registered(other, field, progress)
            pictures.append(warped[0])
            confidences.append(warped[1])
        progress.raise_if_cancelled()
        blended = blend_sources(pictures, confidences, weights=shares)
        pixels = frame.photo.pixels.copy()
        pixels[self._roi.slices] = _mix(first.pixels, np.asarray(blended), self._share)
        alpha = None
        if frame.photo.alpha is not None and first.alpha is not None:
            alpha = frame.photo.alpha.copy()
            alpha[self._roi.slices] = first.alpha
        return frame.photo.with_pixels(pixels, alpha)

    def flows(self, weights: Sequence[float]) -> tuple[FlowField, ...]:
        """What moves each source to the weighted mean of the latents, in crop pixels, free of folds.

        Raises:
            EditError: as `blend`.
        """
        shares = np.asarray(self._normalised(weights), np.float32)
        latent = np.tensordot(shares, self._latents, axes=1).astype(np.float32)
        if shares.max() == 1:
            # An end is exact: 0 * a + 1 * b may differ from b by a rounding in a sum's order.
            latent = self._latents[int(shares.argmax())]
        fields = []
        for face in range(len(self._latents)):
            (field,) = self._predictor.predict_latents(latent[None], face=face)
            fields.append(FlowField(prepare_flow(field.flow), field.confidence))
        return tuple(fields)

    def _normalised(self, weights: Sequence[float]) -> list[float]:
        total = sum(weights)
        usable = all(math.isfinite(weight) and weight >= 0 for weight in weights)
        if len(weights) != len(self._latents) or not usable or not total > 0:
            raise EditError(
                f"A blend of {len(self._latents)} photos needs as many weights that are not negative and not all 0, "
                f"not {list(weights)}."
            )
        return [weight / total for weight in weights]

    def _warp_registered(
        self, other: RegisteredPhoto, field: FlowField, progress: Progress
    ) -> tuple[RgbImage, FloatMap]:
        region = Rect(0, 0, other.roi.width, other.roi.height)
        to_crop = SimilarityTransform(1.0, 0.0, other.roi.x, other.roi.y).then(self._frame.crop.photo_to_crop)
        warped = warp_photo(Photo(other.pixels), field, to_crop, roi=region, progress=progress)
        return warped.pixels, warped.confidence


def aligned_square(photo: Photo, photo_to_crop: SimilarityTransform) -> Photo:
    """The aligned crop of a face at the photo's own resolution and depth, read once; beyond the photo its edge goes on.

    Args:
        photo: a picture in the frame that `photo_to_crop` belongs to.
        photo_to_crop: photo pixels -> crop pixels.
    """
    size = max(1, round(CROP_SIZE / photo_to_crop.scale))
    square_to_photo = SimilarityTransform.resize(size, CROP_SIZE).then(photo_to_crop.inverse)
    pixels: RgbImage = np.empty_like(photo.pixels, shape=(size, size, 3))
    region = crop_region(photo_to_crop).grow(KERNEL_REACH).intersect(photo.bounds)
    source = np.ascontiguousarray(photo.pixels[region.slices])
    for row in range(0, size, _ROWS_AT_ONCE):
        rows = np.arange(row, min(row + _ROWS_AT_ONCE, size))
        grid = np.stack(np.meshgrid(np.arange(size), rows), axis=-1)
        positions = square_to_photo.apply(grid) - np.array([region.x, region.y], np.float32)
        resample(source, positions.astype(np.float32), "lanczos", out=pixels[rows[0] : rows[-1] + 1])
    return Photo(pixels, metadata=replace(photo.metadata, exif=None, xmp=None, file_stamp=None))


def _mix(below: RgbImage, above: RgbImage, share: FloatMap) -> RgbImage:
    """`above` where the share is 1, `below` where it is 0; both bit by bit."""
    mixed = np.empty_like(below)
    for row in range(0, len(below), _ROWS_AT_ONCE):
        rows = slice(row, row + _ROWS_AT_ONCE)
        base = below[rows].astype(np.float32)
        mixed[rows] = np.round(base + share[rows, :, None] * (above[rows].astype(np.float32) - base)).astype(
            mixed.dtype
        )
    return mixed
