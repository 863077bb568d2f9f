"""In-betweens of two photos: exact ends, nothing changed outside the face, one scene from two cameras."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from fvae_studio.core.alignment import CROP_SIZE, crop_region, extract_crop
from fvae_studio.core.geometry import SimilarityTransform
from fvae_studio.core.progress import CancelToken, NoProgress
from fvae_studio.core.registration import fit_colour, register_photo
from fvae_studio.core.types import Photo, PhotoMetadata
from fvae_studio.errors import Cancelled, EditError, GeometryError
from fvae_studio.pipeline.interpolator import InterpolationSource, Interpolator
from fvae_studio.pipeline.predictor import FlowPredictor
from tests.helpers.tiny_model import make_tiny_model


def camera(*, scale: float, degrees: float, face_at: tuple[float, float]) -> SimilarityTransform:
    """photo_to_crop of a photo with its crop's middle at `face_at`; `scale` is crop pixels per photo pixel."""
    angle = math.radians(degrees)
    a, b = scale * math.cos(angle), scale * math.sin(angle)
    x, y = face_at
    middle = (CROP_SIZE - 1) / 2
    return SimilarityTransform(a, b, middle - (a * x - b * y), middle - (b * x + a * y))


def scene(positions: NDArray[np.float32], *, phase: float = 0.0) -> NDArray[np.float64]:
    """A smooth picture (values in [0, 1]) in crop coordinates, waves of 12 crop pixels and longer."""
    x, y = positions[..., 0], positions[..., 1]
    waves = [np.sin(x / 3 + phase) * np.cos(y / 4), np.sin((x + y) / 5 + phase), np.cos(y / 2 - x / 6 + phase)]
    return np.stack([0.5 + 0.35 * wave for wave in waves], axis=-1)


def take(
    transform: SimilarityTransform,
    size: tuple[int, int],
    *,
    phase: float = 0.0,
    dtype: type[np.uint8] | type[np.uint16] = np.uint8,
    alpha: bool = False,
) -> InterpolationSource:
    """A photo of the scene, `size` = (width, height)."""
    grid = np.stack(np.meshgrid(np.arange(size[0]), np.arange(size[1])), axis=-1)
    limit = np.iinfo(dtype).max
    pixels = np.round(scene(transform.apply(grid), phase=phase) * limit).astype(dtype)
    plane = np.full(pixels.shape[:2], limit // 2, dtype) if alpha else None
    photo = Photo(pixels, plane, PhotoMetadata(format="PNG", icc=b"profile"))
    return InterpolationSource(photo, extract_crop(photo, transform))


FRONT = camera(scale=0.9, degrees=2, face_at=(150.3, 130.8))
OTHER = camera(scale=0.7, degrees=-6, face_at=(160.0, 150.5))


@pytest.fixture(scope="module")
def predictor() -> FlowPredictor:
    return FlowPredictor(make_tiny_model(), device="cpu")


@pytest.fixture(scope="module")
def first() -> InterpolationSource:
    return take(FRONT, (300, 260))


@pytest.fixture(scope="module")
def second() -> InterpolationSource:
    return take(OTHER, (320, 310), phase=1.0)


@pytest.fixture(scope="module")
def interpolator(predictor: FlowPredictor, first: InterpolationSource, second: InterpolationSource) -> Interpolator:
    return Interpolator(predictor, [first, second], match_colour=False)


def test_a_transition_starts_with_the_first_photo_itself(
    interpolator: Interpolator, first: InterpolationSource
) -> None:
    frames = list(interpolator.frames(3))

    assert len(frames) == 3
    assert frames[0] is first.photo
    assert all(frame.pixels.shape == first.photo.pixels.shape for frame in frames)


def test_a_transition_ends_with_the_second_face_registered(
    interpolator: Interpolator, first: InterpolationSource, second: InterpolationSource
) -> None:
    roi = crop_region(FRONT).intersect(first.photo.bounds)
    registered = register_photo(second.photo, second.crop, first.photo, first.crop, roi=roi, match_colour=False)
    *_, last = interpolator.frames(2)
    inside = registered.share == 1

    assert inside.mean() > 0.3
    np.testing.assert_array_equal(last.pixels[roi.slices][inside], registered.pixels[inside])


def test_the_middle_shows_both_photos_and_neither(interpolator: Interpolator) -> None:
    start, middle, end = (frame.pixels.astype(float) for frame in interpolator.frames(3))
    face = (slice(100, 160), slice(120, 180))

    assert np.abs(middle[face] - start[face]).mean() > 2
    assert np.abs(middle[face] - end[face]).mean() > 2


def test_pixels_outside_the_crop_are_the_first_photos(interpolator: Interpolator, first: InterpolationSource) -> None:
    roi = crop_region(FRONT).intersect(first.photo.bounds)
    outside = np.ones(first.photo.pixels.shape[:2], np.bool_)
    outside[roi.slices] = False

    assert outside.any()
    for frame in interpolator.frames(4):
        np.testing.assert_array_equal(frame.pixels[outside], first.photo.pixels[outside])


def test_a_photo_and_itself_stay_still(predictor: FlowPredictor, first: InterpolationSource) -> None:
    for frame in Interpolator(predictor, [first, first], match_colour=False).frames(4):
        np.testing.assert_array_equal(frame.pixels, first.photo.pixels)


def test_flows_move_each_photo_only_away_from_its_own_end(interpolator: Interpolator) -> None:
    for weights, still in (((1.0, 0.0), 0), ((0.0, 2.0), 1)):
        fields = interpolator.flows(weights)

        assert [field.flow.any() for field in fields] == [still != 0, still != 1]


def test_the_predictors_own_faces_are_left_alone(
    predictor: FlowPredictor, first: InterpolationSource, second: InterpolationSource
) -> None:
    predictor.set_crop(first.crop)
    before = predictor.latent()
    Interpolator(predictor, [second, first]).blend((1, 1))

    assert predictor.num_faces == 1
    np.testing.assert_array_equal(predictor.latent(), before)


def test_depth_size_alpha_and_metadata_are_the_first_photos(predictor: FlowPredictor) -> None:
    deep, shallow = take(FRONT, (300, 260), dtype=np.uint16, alpha=True), take(OTHER, (320, 310), phase=1.0)
    frame = Interpolator(predictor, [deep, shallow]).blend((1, 3))

    assert frame.pixels.dtype == np.uint16
    assert frame.alpha is not None
    assert (frame.alpha == 65535 // 2).all()
    assert frame.metadata == deep.photo.metadata
    assert len(np.unique(frame.pixels)) > 256


def test_three_photos_blend_and_each_can_have_all_the_weight(
    predictor: FlowPredictor, first: InterpolationSource, second: InterpolationSource
) -> None:
    third = take(camera(scale=1.1, degrees=0, face_at=(140, 140)), (290, 280), phase=2.0)
    interpolator = Interpolator(predictor, [first, second, third], match_colour=False)
    roi = crop_region(FRONT).intersect(first.photo.bounds)
    registered = register_photo(third.photo, third.crop, first.photo, first.crop, roi=roi, match_colour=False)
    inside = (slice(100, 160), slice(120, 180))
    expected = first.photo.pixels.copy()
    expected[roi.slices] = registered.pixels

    np.testing.assert_array_equal(interpolator.blend((0, 0, 5)).pixels[inside], expected[inside])
    assert interpolator.blend((1, 0, 0)) is first.photo
    with pytest.raises(EditError, match="not 3"):
        interpolator.frames(3)


@pytest.mark.parametrize("weights", [(), (1,), (1, 1, 1), (0, 0), (-1, 2), (math.nan, 1), (math.inf, 1)])
def test_wrong_weights_are_refused(interpolator: Interpolator, weights: tuple[float, ...]) -> None:
    with pytest.raises(EditError, match="weights"):
        interpolator.blend(weights)


def test_too_few_photos_or_frames_are_refused(
    predictor: FlowPredictor, interpolator: Interpolator, first: InterpolationSource
) -> None:
    with pytest.raises(EditError, match="at least 2 photos"):
        Interpolator(predictor, [first])
    with pytest.raises(EditError, match="at least 2 frames"):
        interpolator.frames(1)


def test_a_transition_can_be_cancelled_between_frames(interpolator: Interpolator) -> None:
    token = CancelToken()
    frames = interpolator.frames(5, progress=NoProgress(token))
    next(frames)
    token.cancel()

    with pytest.raises(Cancelled):
        next(frames)


@pytest.mark.parametrize("scale", [0.35, 0.7, 1.3])
def test_registration_finds_the_same_scene(first: InterpolationSource, scale: float) -> None:
    # One scene, taken from nearer and from farther away; 0.35 needs a reduction by 2.6.
    photo_to_crop = camera(scale=scale, degrees=-6, face_at=(90 / scale, 95 / scale))
    size = (round(180 / scale), round(190 / scale))
    other = take(photo_to_crop, size)
    roi = crop_region(FRONT).intersect(first.photo.bounds)
    registered = register_photo(other.photo, other.crop, first.photo, first.crop, roi=roi, match_colour=False)
    difference = registered.pixels.astype(float) - first.photo.pixels[roi.slices]

    # Rounding twice to 8 bits, and the sampling of waves of some pixels' length.
    assert np.abs(difference)[registered.share > 0].mean() < 1.5


def test_a_photo_that_ends_inside_the_crop_has_no_share_there(first: InterpolationSource) -> None:
    cut = take(camera(scale=0.9, degrees=0, face_at=(20.0, 100.0)), (200, 200))
    roi = crop_region(FRONT).intersect(first.photo.bounds)
    registered = register_photo(cut.photo, cut.crop, first.photo, first.crop, roi=roi, match_colour=False)
    width = roi.width

    assert (registered.share[:, : width // 5] == 0).all()
    assert registered.share.max() == 1


def test_colour_is_matched_by_the_map_that_was_lost() -> None:
    rng = np.random.default_rng(0)
    target = rng.integers(60, 180, (CROP_SIZE, CROP_SIZE, 3)).astype(np.uint8)
    darker = np.round(target * 0.7 + 5).astype(np.uint8)
    colour_map = fit_colour(darker, target)
    restored = (darker / 255) @ colour_map[:, :3].T + colour_map[:, 3]

    # The transfer works in Lab, where a gain in RGB is nearly, not exactly, a shift and a gain.
    assert np.abs(restored * 255 - target).mean() < 6
    assert np.abs(darker.astype(float) - target).mean() > 25


def test_colour_of_a_flat_crop_does_not_explode() -> None:
    flat = np.full((CROP_SIZE, CROP_SIZE, 3), 90, np.uint8)
    target = np.full((CROP_SIZE, CROP_SIZE, 3), 120, np.uint8)
    colour_map = fit_colour(flat, target)

    assert np.abs(colour_map).max() < 3
    np.testing.assert_allclose(colour_map[:, :3].sum(axis=1) * 90 + colour_map[:, 3] * 255, 120, atol=1)


def test_matched_colours_bring_the_second_photo_into_the_firsts_light(
    predictor: FlowPredictor, first: InterpolationSource
) -> None:
    dark = Photo((first.photo.pixels * 0.6).astype(np.uint8))
    second = InterpolationSource(dark, extract_crop(dark, FRONT))
    face = (slice(100, 160), slice(120, 180))
    means = [
        Interpolator(predictor, [first, second], match_colour=match).blend((0, 1)).pixels[face].mean()
        for match in (False, True)
    ]
    wanted = first.photo.pixels[face].mean()

    assert abs(means[1] - wanted) < 0.1 * abs(means[0] - wanted)


def test_a_region_beyond_the_frame_is_refused(first: InterpolationSource, second: InterpolationSource) -> None:
    with pytest.raises(GeometryError, match="does not lie in the frame"):
        register_photo(
            second.photo,
            second.crop,
            first.photo,
            first.crop,
            roi=first.photo.bounds.grow(1),
            match_colour=False,
        )
