"""In-betweens of two photos: exact ends, nothing changed outside the face, one scene from two cameras."""

from __future__ import annotations

import io
import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from fvae_studio.core.alignment import ANCHOR_INDICES, CROP_SIZE, TEMPLATE, crop_region, extract_crop
from fvae_studio.core.geometry import SimilarityTransform
from fvae_studio.core.levels import shrink_photo
from fvae_studio.core.progress import CancelToken, NoProgress
from fvae_studio.core.registration import fit_colour, fit_seen_colour, register_photo
from fvae_studio.core.regularise import prepare_flow
from fvae_studio.core.timeline import Moment
from fvae_studio.core.types import Photo, PhotoMetadata
from fvae_studio.errors import Cancelled, EditError, GeometryError
from fvae_studio.pipeline.canvas import Canvas
from fvae_studio.pipeline.interpolator import InterpolationSource, Interpolator
from fvae_studio.pipeline.latent_fit import FitCorrections
from fvae_studio.pipeline.latent_paths import PATH_NODES, LatentPaths
from fvae_studio.pipeline.path_residuals import PathResiduals
from fvae_studio.pipeline.predictor import FlowPredictor
from tests.helpers.mouths import SEAM, mouth
from tests.helpers.tiny_model import make_parting_model, make_tiny_model


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


def wide_profile() -> bytes:
    """An RGB profile with other primaries and another curve than sRGB's."""
    import imagecodecs

    primaries = [0.64, 0.33, 1.0, 0.21, 0.71, 1.0, 0.15, 0.06, 1.0]
    return imagecodecs.cms_profile("rgb", whitepoint=[0.3127, 0.329, 1.0], primaries=primaries, gamma=1.8)


@pytest.fixture(scope="module")
def predictor() -> FlowPredictor:
    return FlowPredictor(make_tiny_model(), device="cpu")


@pytest.fixture(scope="module")
def first() -> InterpolationSource:
    return take(FRONT, (300, 260))


@pytest.fixture(scope="module")
def second() -> InterpolationSource:
    return take(OTHER, (320, 310), phase=1.0)


class Stage:
    """An interpolator with the first photo as its canvas."""

    def __init__(self, predictor, sources, *, match_colour=False):
        self.interpolator = Interpolator(predictor, sources, match_colour=match_colour)
        self.canvas = Canvas(self.interpolator, base=sources[0].photo, photo_to_picture=SimilarityTransform.identity())

    def draw(self, *weights, strengths=(), motion=None):
        moment = Moment(weights if motion is None else motion, weights, strengths)
        return self.canvas.draw(moment, kernel="sinc", progress=NoProgress())


@pytest.fixture(scope="module")
def stage(predictor: FlowPredictor, first: InterpolationSource, second: InterpolationSource) -> Stage:
    return Stage(predictor, [first, second])


def registered(source: InterpolationSource, first: InterpolationSource):
    roi = crop_region(FRONT).intersect(first.photo.bounds)
    return register_photo(source.photo, source.crop, first.photo, first.crop, roi=roi)


def test_start_is_the_first_photo_itself(stage, first):
    drawn = stage.draw(1.0, 0.0)

    np.testing.assert_array_equal(drawn.pixels, first.photo.pixels[drawn.roi.slices])
    assert not drawn.fields[0].flow.any()


def test_end_is_the_second_face_registered(stage, first, second):
    drawn = stage.draw(0.0, 1.0)
    wanted = registered(second, first)
    inside = wanted.share == 1
    difference = np.abs(drawn.pixels.astype(int) - wanted.pixels)[inside]

    assert inside.mean() > 0.3
    # The same positions by another route: a rounding to 1/32 of a pixel may fall on the other side.
    assert (difference == 0).mean() > 0.99
    assert difference.max() <= 2


def test_middle_shows_both_photos_and_neither(stage):
    start, middle, end = (stage.draw(1 - t, t) for t in (0.0, 0.5, 1.0))
    y, x = 100 - middle.roi.y, 120 - middle.roi.x
    face = (slice(y, y + 60), slice(x, x + 60))

    for other in (start, end):
        assert np.abs(middle.pixels[face].astype(float) - other.pixels[face]).mean() > 2


def test_rim_of_the_region_is_the_first_photos(stage, first):
    for t in (0.3, 0.7, 1.0):
        drawn = stage.draw(1 - t, t)
        own = first.photo.pixels[drawn.roi.slices]

        for rim in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
            np.testing.assert_array_equal(drawn.pixels[rim], own[rim])


def test_a_photo_and_itself_stay_still(predictor, first):
    stage = Stage(predictor, [first, first])
    for t in (0.25, 0.5, 0.8):
        drawn = stage.draw(1 - t, t)
        np.testing.assert_array_equal(drawn.pixels, first.photo.pixels[drawn.roi.slices])


def test_flows_move_each_photo_only_away_from_its_own_end(stage):
    for motion, still in (((1.0, 0.0), 0), ((0.0, 1.0), 1)):
        fields = stage.interpolator.flows(Moment(motion, (0.5, 0.5)))

        assert [field.flow.any() for field in fields] == [still != 0, still != 1]


@pytest.fixture(scope="module")
def lively(predictor, first, second) -> Stage:
    """The second photo with an edit, so that the tiny model's flows have a way to go."""
    return Stage(predictor, [first, replace(second, strengths=(("smile", 1.5),))])


def test_motion_and_blend_are_apart(lively, first):
    # The first photo's pixels in the second one's expression, and the other way round.
    stage = lively
    moved = stage.draw(1.0, 0.0, motion=(0.0, 1.0))
    seen = stage.draw(0.0, 1.0, motion=(1.0, 0.0))

    assert moved.fields[1] is None
    assert moved.fields[0].flow.any()
    assert (moved.shares[0] == 1).all()
    assert not np.array_equal(moved.pixels, first.photo.pixels[moved.roi.slices])
    assert not seen.fields[0].flow.any()
    assert seen.shares[1].max() == 1


@pytest.fixture
def unmatched(monkeypatch):
    """Decoded flows alone, without fits and residuals, at equal steps of the latent."""
    monkeypatch.setattr(LatentPaths, "even_place", lambda _self, _pair, share: share)
    monkeypatch.setattr(FitCorrections, "at", lambda _self, _face, _motion: None)
    monkeypatch.setattr(PathResiduals, "meet", lambda _self, _face, field, _moment: field)


@pytest.mark.usefixtures("unmatched")
def test_flows_are_decoded_at_nodes_and_read_off_between_them(predictor, first, second):
    lively = Stage(predictor, [first, replace(second, strengths=(("smile", 1.5),))])
    own = predictor.fork()
    own.set_crops([first.crop, second.crop])
    end = own.latent(1) + predictor.model.directions.combine({"smile": 1.5})

    def flows_at(t):
        return [field.flow for field in lively.interpolator.flows(Moment((1 - t, t), (0.5, 0.5)))]

    low, middle, high = (flows_at(node / PATH_NODES) for node in (5, 5.5, 6))
    latent = ((own.latent(0) + end) / 2).astype(np.float32)
    for face in range(2):
        (decoded,) = own.predict_latents(latent[None], face=face)

        assert np.abs(high[face]).max() > 0.5
        np.testing.assert_allclose(high[face], prepare_flow(decoded.flow), atol=1e-4)
        np.testing.assert_allclose(middle[face], (low[face] + high[face]) / 2, atol=1e-5)


def test_tracks_add_their_direction_to_the_latent(stage, predictor, first):
    strengths = (("smile", 0.6),)
    fields = stage.interpolator.flows(Moment((1.0, 0.0), (1.0, 0.0), strengths))
    own = predictor.fork()
    own.set_crop(first.crop)

    np.testing.assert_array_equal(fields[0].flow, prepare_flow(own.predict(dict(strengths)).flow))


def test_clips_part_open_lips_no_further_than_stills(first):
    predictor = FlowPredictor(make_parting_model(), device="cpu")
    smile = (("smile", 0.6),)
    own, flows = predictor.fork(), []
    for gap in (0.0, 8.0):
        source = replace(first, crop=replace(first.crop, gap=gap))
        (field,) = Stage(predictor, [source]).interpolator.flows(Moment((1.0,), (1.0,), smile))
        own.set_crop(source.crop)
        np.testing.assert_array_equal(field.flow, prepare_flow(own.predict(dict(smile)).flow))
        flows.append(field.flow)

    assert np.abs(flows[1] - flows[0]).max() > 0.05


@pytest.mark.usefixtures("unmatched")
def test_a_photos_own_edit_is_part_of_its_expression(predictor, first, second):
    edited = InterpolationSource(first.photo, first.crop, strengths=(("smile", 0.6),))
    stage, plain = Stage(predictor, [edited, second]), Stage(predictor, [first, second])
    with_track = plain.interpolator.flows(Moment((1.0, 0.0), (0.5, 0.5), (("smile", 0.6),)))
    of_edit = stage.interpolator.flows(Moment((1.0, 0.0), (0.5, 0.5)))

    for one, other in zip(with_track, of_edit, strict=True):
        np.testing.assert_array_equal(one.flow, other.flow)
    at_second = stage.interpolator.flows(Moment((0.0, 1.0), (0.5, 0.5)))
    assert not at_second[1].flow.any()


def test_the_predictors_own_faces_are_left_alone(predictor, first, second):
    predictor.set_crop(first.crop)
    before = predictor.latent()
    Stage(predictor, [second, first]).draw(0.5, 0.5)

    assert predictor.num_faces == 1
    np.testing.assert_array_equal(predictor.latent(), before)


def test_depth_and_alpha_are_the_first_photos(predictor):
    deep, shallow = take(FRONT, (300, 260), dtype=np.uint16, alpha=True), take(OTHER, (320, 310), phase=1.0)
    drawn = Stage(predictor, [deep, shallow], match_colour=True).draw(0.25, 0.75)

    assert drawn.pixels.dtype == np.uint16
    assert drawn.alpha is not None
    assert (drawn.alpha == 65535 // 2).all()
    assert len(np.unique(drawn.pixels)) > 256


def test_three_photos_blend_and_each_can_have_all_the_weight(predictor, first, second):
    third = take(camera(scale=1.1, degrees=0, face_at=(140, 140)), (290, 280), phase=2.0)
    stage = Stage(predictor, [first, second, third])
    wanted = registered(third, first)
    inside = wanted.share == 1
    drawn = stage.draw(0.0, 0.0, 1.0)
    mixed = stage.draw(0.2, 0.3, 0.5)

    assert np.abs(drawn.pixels.astype(int) - wanted.pixels)[inside].max() <= 2
    np.testing.assert_allclose(mixed.shares.sum(axis=0), 1, atol=1e-5)
    assert all(share.max() > 0.1 for share in mixed.shares)
    np.testing.assert_array_equal(stage.draw(1.0, 0.0, 0.0).pixels, first.photo.pixels[drawn.roi.slices])


def with_mouth(source: InterpolationSource, gap: float) -> InterpolationSource:
    """The same photo with lips that are `gap` crop pixels apart."""
    landmarks = mouth(gap)
    landmarks[list(ANCHOR_INDICES)] = TEMPLATE
    return replace(source, landmarks=source.crop.photo_to_crop.inverse.apply(landmarks))


def test_between_open_lips_closed_ones_are_not_seen(predictor, first, second):
    stage = Stage(predictor, [with_mouth(first, 0.0), with_mouth(second, 8.0)])
    shares = [stage.draw(1 - t, t, motion=(0.0, 1.0)).shares for t in (0.02, 0.5)]
    row, column = round(2 * SEAM), 127

    # The second photo's mouth stays where it is: in the gap it alone is seen, on the lips both are.
    assert shares[1][1, row, column] > 0.99
    assert 0.2 < shares[1][1, row - 20, column] < 0.8
    # With hardly any share the gap is not there yet.
    assert shares[0][1, row, column] < 0.1


def test_two_closed_mouths_blend_everywhere(predictor, first, second):
    stage = Stage(predictor, [with_mouth(first, 0.0), with_mouth(second, 0.3)])
    share = stage.draw(0.5, 0.5).shares[1]

    assert 0.2 < share[round(2 * SEAM), 127] < 0.8


def test_closed_lips_are_free_to_part_where_another_photo_has_teeth(predictor, first, second):
    alone = Stage(predictor, [with_mouth(first, 0.0)]).interpolator
    pair = Stage(predictor, [with_mouth(first, 0.0), with_mouth(second, 8.0)]).interpolator

    assert alone._hold(0, Moment((1.0,), (1.0,))) == 1
    assert pair._hold(0, Moment((0.5, 0.5), (0.5, 0.5))) == 0
    assert pair._hold(1, Moment((0.5, 0.5), (0.5, 0.5))) == 1
    assert 0 < pair._hold(0, Moment((0.9, 0.1), (0.9, 0.1))) < 1


@pytest.mark.parametrize("weights", [(), (1,), (0.5, 0.4, 0.1), (0, 0), (-1, 2), (math.nan, 1), (1, 1)])
def test_wrong_shares_are_refused(stage, weights):
    with pytest.raises(EditError, match="share for each"):
        stage.interpolator.flows(Moment(weights, (1.0, 0.0)))


def test_no_photo_is_refused(predictor):
    with pytest.raises(EditError, match="needs a photo"):
        Interpolator(predictor, [])


def test_square_shows_the_face_upright_and_large(predictor, first, second):
    interpolator = Interpolator(predictor, [first, second], match_colour=False)
    drawn = Canvas.square(interpolator, 2 * CROP_SIZE).draw(
        Moment((1.0, 0.0), (1.0, 0.0)), kernel="sinc", progress=NoProgress()
    )
    grid = np.stack(np.meshgrid(np.arange(2 * CROP_SIZE), np.arange(2 * CROP_SIZE)), axis=-1)
    wanted = scene(SimilarityTransform.resize(2 * CROP_SIZE, CROP_SIZE).apply(grid)) * 255

    assert drawn.pixels.shape == (2 * CROP_SIZE, 2 * CROP_SIZE, 3)
    assert np.abs(drawn.pixels[30:-30, 30:-30] - wanted[30:-30, 30:-30]).mean() < 2


def test_smaller_canvas_shows_the_same_picture(stage, predictor, first, second):
    small, to_small = shrink_photo(first.photo, 150)
    interpolator = Interpolator(predictor, [first, second], match_colour=False)
    canvas = Canvas(interpolator, base=small, photo_to_picture=to_small)
    drawn = canvas.draw(Moment((0.4, 0.6), (0.4, 0.6)), kernel="bicubic", progress=NoProgress())
    whole = first.photo.pixels.copy()
    large = stage.draw(0.4, 0.6)
    whole[large.roi.slices] = large.pixels
    wanted, _ = shrink_photo(Photo(whole), 150)

    assert np.abs(drawn.pixels.astype(float) - wanted.pixels[drawn.roi.slices]).mean() < 1.5


def test_another_profile_is_converted_to_the_firsts(predictor, first):
    linear = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    other = wide_profile()
    converted = ImageCms.profileToProfile(
        Image.fromarray(first.photo.pixels), linear, ImageCms.ImageCmsProfile(io.BytesIO(other)), outputMode="RGB"
    )
    frame = replace(first, photo=replace(first.photo, metadata=PhotoMetadata(icc=linear.tobytes())))
    twin = InterpolationSource(Photo(np.array(converted), metadata=PhotoMetadata(icc=other)), first.crop)
    drawn = Stage(predictor, [frame, twin]).draw(0.0, 1.0, motion=(1.0, 0.0))
    inside = drawn.shares[1].max() == 1

    assert inside
    assert np.abs(np.asarray(converted).astype(int) - first.photo.pixels).mean() > 5
    assert np.abs(drawn.pixels.astype(int) - first.photo.pixels[drawn.roi.slices]).mean() < 1


def test_drawing_can_be_cancelled(stage):
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        stage.canvas.draw(Moment((0.5, 0.5), (0.5, 0.5)), kernel="sinc", progress=NoProgress(token))


@pytest.mark.parametrize("scale", [0.35, 0.7, 1.3])
def test_registration_finds_the_same_scene(first: InterpolationSource, scale: float) -> None:
    # One scene, taken from nearer and from farther away; 0.35 needs a reduction by 2.6.
    photo_to_crop = camera(scale=scale, degrees=-6, face_at=(90 / scale, 95 / scale))
    size = (round(180 / scale), round(190 / scale))
    other = take(photo_to_crop, size)
    roi = crop_region(FRONT).intersect(first.photo.bounds)
    registered = register_photo(other.photo, other.crop, first.photo, first.crop, roi=roi)
    difference = registered.pixels.astype(float) - first.photo.pixels[roi.slices]

    # Rounding twice to 8 bits, and the sampling of waves of some pixels' length.
    assert np.abs(difference)[registered.share > 0].mean() < 1.5


def test_a_photo_that_ends_inside_the_crop_has_no_share_there(first: InterpolationSource) -> None:
    cut = take(camera(scale=0.9, degrees=0, face_at=(20.0, 100.0)), (200, 200))
    roi = crop_region(FRONT).intersect(first.photo.bounds)
    registered = register_photo(cut.photo, cut.crop, first.photo, first.crop, roi=roi)
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


def test_what_only_one_photo_shows_has_no_say_in_its_colours() -> None:
    rng = np.random.default_rng(0)
    target = rng.integers(60, 180, (CROP_SIZE, CROP_SIZE, 3)).astype(np.uint8)
    darker = np.round(target * np.array([0.7, 0.6, 0.65]) + 5).astype(np.uint8)
    darker[80:95, 40:88] = 240  # teeth
    colour_map = fit_seen_colour(darker, target)
    restored = (darker / 255) @ colour_map[:, :3].T + colour_map[:, 3]

    assert np.abs(restored * 255 - target)[:80].mean() < 1
    np.testing.assert_allclose(fit_seen_colour(target, target), np.eye(3, 4), atol=1e-3)


@pytest.mark.parametrize("fit", [fit_colour, fit_seen_colour])
def test_colour_of_a_flat_crop_does_not_explode(fit) -> None:
    flat = np.full((CROP_SIZE, CROP_SIZE, 3), 90, np.uint8)
    target = np.full((CROP_SIZE, CROP_SIZE, 3), 120, np.uint8)
    colour_map = fit(flat, target)

    assert np.abs(colour_map).max() < 3
    np.testing.assert_allclose(colour_map[:, :3].sum(axis=1) * 90 + colour_map[:, 3] * 255, 120, atol=1)


def test_matched_colours_bring_the_second_photo_into_the_firsts_light(predictor, first):
    dark = Photo((first.photo.pixels * 0.6).astype(np.uint8))
    second = InterpolationSource(dark, extract_crop(dark, FRONT))
    face = (slice(60, 120), slice(60, 120))
    means = [
        Stage(predictor, [first, second], match_colour=match).draw(0.0, 1.0).pixels[face].mean()
        for match in (False, True)
    ]
    roi = crop_region(FRONT).intersect(first.photo.bounds)
    wanted = first.photo.pixels[roi.slices][face].mean()

    assert abs(means[1] - wanted) < 0.1 * abs(means[0] - wanted)


def test_a_region_beyond_the_frame_is_refused(first: InterpolationSource, second: InterpolationSource) -> None:
    with pytest.raises(GeometryError, match="does not lie in the frame"):
        register_photo(
            second.photo,
            second.crop,
            first.photo,
            first.crop,
            roi=first.photo.bounds.grow(1),
        )
