"""Pictures of a clip: exact at its photos, and the same for a window and an export."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fvae_studio.core.alignment import CROP_SIZE, crop_region
from fvae_studio.core.edits import EditState, FaceEdit
from fvae_studio.core.levels import reduce_photo
from fvae_studio.core.mouth_choice import BUILT_IN
from fvae_studio.core.progress import CancelToken, NoProgress
from fvae_studio.core.timeline import Moment, PhotoKey, SliderKey, SliderTrack, Timeline
from fvae_studio.core.types import Photo
from fvae_studio.errors import Cancelled, EditError
from fvae_studio.pipeline.engine import Engine
from fvae_studio.pipeline.interpolator import Interpolator
from fvae_studio.pipeline.requests import ClipSource, MomentRequest, RenderedMoment
from tests.helpers.fake_faces import FakeDetector, make_face, make_photo
from tests.helpers.tiny_model import make_tiny_model

PAIR = Timeline((PhotoKey(0, 0), PhotoKey(1, 1)))
SMILE = (("smile", 0.7),)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(make_tiny_model(), device="cpu", detector=FakeDetector([make_face((320, 240), crop_px=300)]))


@pytest.fixture(scope="module")
def photos() -> tuple[Photo, Photo]:
    return make_photo(seed=1), make_photo(seed=2)


def request(photos, moment, *, strengths=(), mode="photo", quality="full_res", level=0) -> MomentRequest:
    edit = EditState(None, (FaceEdit(None, strengths),))
    sources = tuple(ClipSource(photo, edit=edit if number == 0 else EditState()) for number, photo in enumerate(photos))
    return MomentRequest(sources, moment, mode, quality, level, 1)


def pasted(photo: Photo, rendered: RenderedMoment) -> np.ndarray:
    pixels = photo.pixels.copy()
    for patch in rendered.patches:
        pixels[patch.roi.slices] = patch.pixels
    return pixels


def test_first_photos_key_shows_its_own_edit_bit_by_bit(engine, photos):
    first, _ = photos
    rendered = engine.render_moment(request(photos, PAIR.at(0), strengths=SMILE), NoProgress())
    wanted = engine.render(first, EditState(None, (FaceEdit(1, SMILE),)))

    np.testing.assert_array_equal(pasted(first, rendered), wanted.photo.pixels)


def test_first_photo_without_an_edit_has_nothing_to_patch(engine, photos):
    assert engine.render_moment(request(photos, PAIR.at(0)), NoProgress()).patches == ()


def test_tracks_are_added_to_the_photos_own_edit(engine, photos):
    moment = replace(PAIR.at(0), strengths=(("close_eye_left", 0.4), ("smile", 0.5)))
    rendered = engine.render_moment(request(photos, moment, strengths=SMILE), NoProgress())
    state = EditState(None, (FaceEdit(1, (("close_eye_left", 0.4), ("smile", 1.2))),))

    np.testing.assert_array_equal(pasted(photos[0], rendered), engine.render(photos[0], state).photo.pixels)


def test_one_photo_alone_is_a_slider_animation(engine, photos):
    track = SliderTrack("smile", (SliderKey(0, 0.0), SliderKey(0.1, 1.0, "linear")))
    timeline = Timeline((PhotoKey(0, 0),), (track,), fps=20)
    frames = list(engine.clip([ClipSource(photos[0])], timeline))

    assert frames[0] is photos[0]
    for time_s, frame in zip(timeline.frame_times(), frames, strict=True):
        state = EditState(None, (FaceEdit.of({"smile": track.value_at(time_s)}),))
        np.testing.assert_array_equal(frame.pixels, engine.render(photos[0], state).photo.pixels)


def test_second_photos_key_shows_it_and_the_firsts_surroundings(engine, photos):
    rendered = engine.render_moment(request(photos, PAIR.at(1)), NoProgress())
    shown = pasted(photos[0], rendered)
    region = crop_region(engine.crop(photos[0], engine.detect(photos[0])[0]).photo_to_crop)
    outside = np.ones(shown.shape[:2], bool)
    outside[region.slices] = False
    middle = (slice(220, 260), slice(300, 340))

    np.testing.assert_array_equal(shown[outside], photos[0].pixels[outside])
    # In the first one's light: alike in shape, not in value.
    correlation = np.corrcoef(shown[middle][..., 1].ravel(), photos[1].pixels[middle][..., 1].ravel())[0, 1]
    assert abs(correlation) > 0.95
    assert rendered.shares.shape[0] == 2
    np.testing.assert_allclose(rendered.shares.sum(axis=0), 1, atol=1e-5)


def test_clip_shows_what_a_window_shows(engine, photos):
    timeline = replace(PAIR, fps=3.0)
    frames = list(engine.clip([ClipSource(photo) for photo in photos], timeline))

    assert len(frames) == 4
    for time_s, frame in zip(timeline.frame_times(), frames, strict=True):
        rendered = engine.render_moment(request(photos, timeline.at(time_s)), NoProgress())
        np.testing.assert_array_equal(frame.pixels, pasted(photos[0], rendered))


def test_clip_has_a_picture_for_every_shown_time(engine, photos):
    timeline = Timeline((PhotoKey(0, 0), PhotoKey(0.1, 1)), fps=30, repeat="ping-pong")
    frames = list(engine.clip([ClipSource(photo) for photo in photos], timeline))

    assert len(frames) == len(timeline.shown_times()) == 6
    assert frames[0] is photos[0]
    np.testing.assert_array_equal(frames[1].pixels, frames[5].pixels)


@pytest.mark.parametrize("mode", ["photo", "face"])
def test_pictures_for_a_video_are_small_and_plain(engine, mode):
    deep = make_photo(bits=16)
    frames = list(
        engine.clip(
            [ClipSource(deep), ClipSource(make_photo(seed=2))], replace(PAIR, fps=2.0, mode=mode), longer_side=160
        )
    )

    for frame in frames:
        assert max(frame.width, frame.height) == 160
        assert frame.pixels.dtype == np.uint8
        assert frame.metadata.icc is None


def test_preview_is_the_same_picture_at_its_level(engine, photos):
    moment = PAIR.at(0.5)
    small = engine.render_moment(request(photos, moment, quality="preview", level=1), NoProgress())
    large = pasted(photos[0], engine.render_moment(request(photos, moment), NoProgress()))
    shown = reduce_photo(photos[0], 1).pixels.copy()
    (patch,) = small.patches
    shown[patch.roi.slices] = patch.pixels

    assert patch.level == 1
    assert np.abs(shown.astype(float) - reduce_photo(Photo(large), 1).pixels).mean() < 0.5


def test_face_mode_gives_the_square(engine, photos):
    full = engine.render_moment(request(photos, PAIR.at(0.5), mode="face"), NoProgress())
    half = engine.render_moment(request(photos, PAIR.at(0.5), mode="face", quality="preview", level=1), NoProgress())

    assert full.patches == half.patches == ()
    assert full.square is not None
    assert full.square.shape == (300, 300, 3)
    assert half.square is not None
    assert half.square.shape == (150, 150, 3)
    assert len(full.flows) == 2


def test_photo_that_comes_again_is_encoded_once(engine, photos, monkeypatch):
    counts = []
    prepare = Interpolator.__init__

    def counting(self, predictor, sources, **options):
        counts.append(len(sources))
        prepare(self, predictor, sources, **options)

    monkeypatch.setattr(Interpolator, "__init__", counting)
    again = (photos[0], photos[1], photos[0])
    timeline = Timeline(tuple(PhotoKey(number, number) for number in range(3)))
    fresh = Engine(engine.model, device="cpu", detector=FakeDetector([make_face((320, 240), crop_px=300)]))
    for time_s in (0.5, 1.5, 1.75):
        rendered = fresh.render_moment(request(again, timeline.at(time_s)), NoProgress())

    assert counts == [2]
    assert rendered.shares.shape[0] == 3
    np.testing.assert_allclose(rendered.shares.sum(axis=0), 1, atol=1e-5)
    assert fresh.render_moment(request(again, timeline.at(2)), NoProgress()).patches == ()


def test_moments_of_one_clip_register_it_once(engine, photos, monkeypatch):
    counts = []
    monkeypatch.setattr(
        "fvae_studio.pipeline.clip.Interpolator", lambda *a, **k: counts.append(1) or Interpolator(*a, **k)
    )
    fresh = Engine(engine.model, device="cpu", detector=FakeDetector([make_face((320, 240), crop_px=300)]))
    for time_s in (0.2, 0.4):
        fresh.render_moment(request(photos, PAIR.at(time_s)), NoProgress())
    assert len(counts) == 1

    # Another edit of a photo changes neither where it lies nor its light; another order does.
    fresh.render_moment(request(photos, PAIR.at(0.4), strengths=SMILE), NoProgress())
    assert len(counts) == 1
    fresh.render_moment(request(photos[::-1], PAIR.at(0.4)), NoProgress())
    assert len(counts) == 2


def test_faces_as_the_person_left_them_are_taken(engine, photos):
    moved = replace(make_face((200, 200), crop_px=200), index=4)
    sources = (ClipSource(photos[0], (moved,), 4), ClipSource(photos[1]))
    fresh = Engine(engine.model, device="cpu", detector=FakeDetector([make_face((320, 240), crop_px=300)]))
    rendered = fresh.render_moment(MomentRequest(sources, PAIR.at(0.5), "face", "full_res", 0, 1), NoProgress())

    assert rendered.square is not None
    assert rendered.square.shape[0] == 200
    assert rendered.flows[0].face is moved


@pytest.mark.parametrize(
    ("moment", "word"),
    [
        (Moment((1.0,), (1.0,)), "needs a share for each"),
        (Moment((0.5, 0.4), (0.5, 0.5)), "1 in all"),
        (Moment((0.5, 0.5), (0.5, 0.5), (("wink", 1.0),)), "wink"),
    ],
)
def test_wrong_moments_are_told(engine, photos, moment, word):
    with pytest.raises(EditError, match=word):
        engine.render_moment(request(photos, moment), NoProgress())


def test_clip_without_a_photo_is_told(engine):
    with pytest.raises(EditError, match="no photo yet"):
        engine.clip([], Timeline())


def test_clip_can_be_cancelled_between_pictures(engine, photos):
    token = CancelToken()
    frames = engine.clip([ClipSource(photo) for photo in photos], PAIR, progress=NoProgress(token))
    next(frames)
    token.cancel()

    with pytest.raises(Cancelled):
        next(frames)


def test_matches_are_told_for_all_but_the_first(engine, photos):
    (match,) = engine.matches([ClipSource(photo) for photo in photos])

    assert match.shape_distance == pytest.approx(0, abs=1e-9)
    assert match.residual_px < 1.5
    assert CROP_SIZE / match.photo_to_crop.scale == pytest.approx(300, rel=0.03)


def test_edit_after_the_first_moment_shows_what_a_fresh_clip_shows(engine, photos):
    """Nothing of the edit before is left in what is kept: registration, flows between photos, canvases."""
    edits = [
        EditState(),
        EditState(None, (FaceEdit(None, SMILE),)),
        EditState(None, (FaceEdit(None, SMILE, BUILT_IN),)),
    ]
    fresh = [Engine(engine.model, device="cpu", detector=engine._detector.get()) for _ in edits]
    for edit, other in zip((*edits, edits[0]), (*fresh, fresh[0]), strict=True):
        for mode in ("photo", "face"):
            sources = (ClipSource(photos[0]), ClipSource(photos[1], edit=edit), ClipSource(photos[0]))
            asked = MomentRequest(sources, Moment((0.4, 0.6, 0.0), (0.4, 0.6, 0.0)), mode, "full_res", 0, 1)
            one, two = (used.render_moment(asked, NoProgress()) for used in (engine, other))
            shown, wanted = (pasted(photos[0], each) if mode == "photo" else each.square for each in (one, two))
            np.testing.assert_array_equal(shown, wanted)
