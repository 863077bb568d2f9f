from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest

from fvae_studio.core.edits import EditState, FaceEdit
from fvae_studio.core.progress import CancelToken, NoProgress
from fvae_studio.core.timeline import Moment
from fvae_studio.core.types import Photo
from fvae_studio.errors import Cancelled, EditError, FaceTooSmallError, ModelNotFoundError, NoFaceError
from fvae_studio.pipeline.engine import Engine
from fvae_studio.pipeline.requests import ClipSource
from tests.helpers.fake_faces import FakeDetector, make_face, make_photo
from tests.helpers.tiny_model import make_tiny_model

SMILE = EditState(None, (FaceEdit.of({"smile": 0.8}),))


@pytest.fixture(scope="module")
def model() -> Any:
    return make_tiny_model()


@pytest.fixture
def photo() -> Photo:
    return make_photo()


def make_engine(model: Any, *faces: Any) -> Engine:
    return Engine(model, device="cpu", detector=FakeDetector(faces or [make_face((300, 240), crop_px=260)]))


def changed_pixels(before: Photo, after: Photo) -> np.ndarray[Any, Any]:
    return (before.pixels != after.pixels).any(axis=-1)


def test_edit_changes_pixels_only_inside_the_reported_regions(model, photo):
    result = make_engine(model).render(photo, SMILE)

    changed = changed_pixels(photo, result.photo)
    outside = np.ones_like(changed)
    for roi in result.rois:
        outside[roi.slices] = False
    assert changed.any()
    assert not changed[outside].any()


def test_zero_edit_returns_the_very_photo(model, photo):
    zero = EditState(None, (FaceEdit.of({"smile": 0.0}),))

    result = make_engine(model).render(photo, zero)

    assert result.photo is photo
    assert result.rois == ()


def test_zero_edit_needs_neither_face_nor_model(photo):
    engine = Engine("no such model", device="cpu", detector=FakeDetector([]))

    assert engine.render(photo, EditState()).photo is photo


def test_rendering_twice_gives_the_same_pixels(model, photo):
    engine = make_engine(model)
    first = engine.render(photo, SMILE)
    other = engine.render(photo, EditState(None, (FaceEdit.of({"smile": -0.4}),)))
    again = engine.render(photo, SMILE)

    fresh = make_engine(model).render(photo, SMILE)
    np.testing.assert_array_equal(first.photo.pixels, again.photo.pixels)
    np.testing.assert_array_equal(first.photo.pixels, fresh.photo.pixels)
    assert changed_pixels(first.photo, other.photo).any()


def test_faces_are_detected_once_per_photo(model, photo):
    engine = make_engine(model)
    engine.render(photo, SMILE)
    engine.render(photo, EditState(None, (FaceEdit.of({"smile": 0.3}),)))
    engine.detect(photo)

    assert engine._detector.get().calls == 1  # type: ignore[attr-defined]


def test_edit_of_one_face_leaves_the_other_alone(model, photo):
    left, right = make_face((150, 240), crop_px=200), make_face((480, 240), crop_px=200)
    result = make_engine(model, left, right).render(photo, EditState(None, (FaceEdit.of({"smile": 0.8}, face=2),)))

    changed = changed_pixels(photo, result.photo)
    assert not changed[:, :315].any()
    assert changed[:, 315:].any()


def test_edit_of_all_faces_equals_the_edits_of_each(model, photo):
    faces = make_face((150, 240), crop_px=200), make_face((480, 240), crop_px=200)
    together = make_engine(model, *faces).render(photo, SMILE).photo
    engine = make_engine(model, *faces)
    one_by_one = photo
    for number in (1, 2):
        one_by_one = engine.render(one_by_one, EditState(None, (FaceEdit.of({"smile": 0.8}, face=number),))).photo

    np.testing.assert_array_equal(together.pixels, one_by_one.pixels)


def test_changing_one_face_keeps_the_warp_of_the_other(model, photo):
    faces = make_face((150, 240), crop_px=200), make_face((480, 240), crop_px=200)
    engine = make_engine(model, *faces)
    before = engine.render(photo, EditState(None, (FaceEdit.of({"smile": 0.8}, face=1),)))
    after = engine.render(
        photo, EditState(None, (FaceEdit.of({"smile": 0.8}, face=1), FaceEdit.of({"smile": 0.5}, face=2)))
    )

    np.testing.assert_array_equal(before.photo.pixels[:, :315], after.photo.pixels[:, :315])
    assert changed_pixels(before.photo, after.photo)[:, 315:].any()


def test_own_zero_takes_a_face_out_of_an_edit_of_all(model, photo):
    faces = make_face((150, 240), crop_px=200), make_face((480, 240), crop_px=200)
    state = EditState(None, (FaceEdit.of({"smile": 0.8}), FaceEdit.of({"smile": 0.0}, face=1)))

    changed = changed_pixels(photo, make_engine(model, *faces).render(photo, state).photo)
    assert not changed[:, :315].any()
    assert changed[:, 315:].any()


def test_too_small_face_is_left_out_of_all_and_refused_by_number(model, photo):
    tiny, normal = make_face((60, 60), crop_px=12), make_face((400, 240), crop_px=260)
    engine = make_engine(model, tiny, normal)

    assert engine.render(photo, SMILE).photo is not photo
    assert [face.face for face in engine.left_out(photo, SMILE)] == [1]
    with pytest.raises(FaceTooSmallError):
        engine.render(photo, EditState(None, (FaceEdit.of({"smile": 0.8}, face=1),)))


def test_only_uneditable_faces_raise_the_reason(model, photo):
    with pytest.raises(FaceTooSmallError):
        make_engine(model, make_face((60, 60), crop_px=12)).render(photo, SMILE)


def test_refused_edit_tells_of_every_face_why(model, photo):
    engine = make_engine(
        model, make_face((60, 60), crop_px=12), make_face((120, 60), crop_px=14), make_face((400, 240), crop_px=260)
    )
    state = EditState(None, (FaceEdit.of({"smile": 0.8}, face=1), FaceEdit.of({"smile": 0.8}, face=2)))
    with pytest.raises(FaceTooSmallError) as told:
        engine.render(photo, state)

    assert list(told.value.reasons) == [1, 2]
    assert told.value.reasons[1] == str(told.value)
    assert told.value.reasons[2].startswith("Face 2 is too small")


def test_missing_face_number_is_told(model, photo):
    with pytest.raises(NoFaceError):
        make_engine(model).render(photo, EditState(None, (FaceEdit.of({"smile": 0.8}, face=7),)))


def test_photo_without_faces_is_told(model, photo):
    engine = Engine(model, device="cpu", detector=FakeDetector([]))
    with pytest.raises(NoFaceError):
        engine.render(photo, SMILE)


def test_unknown_direction_is_told_before_faces_are_looked_for(model, photo):
    detector = FakeDetector([make_face((300, 240), crop_px=260)])
    engine = Engine(model, device="cpu", detector=detector)
    with pytest.raises(EditError, match="smile"):
        engine.flows(photo, EditState(None, (FaceEdit.of({"smiel": 0.8}),)))

    assert detector.calls == 0


def test_missing_model_is_told_when_it_is_needed(photo):
    engine = Engine("no such model", device="cpu", detector=FakeDetector([make_face((300, 240), crop_px=260)]))
    engine.preload()
    with pytest.raises(ModelNotFoundError):
        engine.render(photo, SMILE)


def test_sixteen_bit_photo_stays_sixteen_bit(model):
    photo = make_photo(bits=16)
    edited = make_engine(model).render(photo, SMILE).photo

    assert edited.pixels.dtype == np.uint16
    assert changed_pixels(photo, edited).any()
    assert (edited.pixels % 257 != 0).any()


def test_cancelled_render_raises(model, photo):
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        make_engine(model).render(photo, SMILE, NoProgress(token))


def test_progress_only_rises_and_ends_at_one(model, photo):
    reported: list[float] = []

    class Recorder:
        def __init__(self, offset: float = 0.0, length: float = 1.0) -> None:
            self.offset, self.length = offset, length

        def report(self, fraction: float, stage: str = "") -> None:  # noqa: ARG002
            reported.append(self.offset + fraction * self.length)

        def subrange(self, offset: float, length: float) -> Recorder:
            return Recorder(self.offset + offset * self.length, length * self.length)

        def raise_if_cancelled(self) -> None:
            pass

    faces = make_face((150, 240), crop_px=200), make_face((480, 240), crop_px=200)
    make_engine(model, *faces).render(photo, SMILE, Recorder())

    assert reported == sorted(reported)
    assert reported[-1] == pytest.approx(1.0)


def test_caches_let_go_of_a_photo(model):
    photo = make_photo()
    engine = make_engine(model)
    engine.render(photo, SMILE)
    gone = weakref.ref(photo)
    del photo
    gc.collect()

    assert gone() is None


def test_only_the_photos_that_are_edited_keep_flows_and_warps(model):
    photos = [make_photo(seed=seed) for seed in range(5)]
    engine = make_engine(model)
    rendered = [engine.render(photo, SMILE).photo.pixels for photo in photos]
    caches = [engine._caches[photo] for photo in photos]

    assert [bool(cache.flows) for cache in caches] == [False, False, True, True, True]
    assert not caches[0].warped
    assert all(cache.faces and cache.crops for cache in caches)
    np.testing.assert_array_equal(engine.render(photos[0], SMILE).photo.pixels, rendered[0])


def test_of_a_photo_that_was_edited_before_only_the_last_flows_are_kept(model):
    first, second = make_photo(seed=1), make_photo(seed=2)
    engine = make_engine(model)
    for step in range(20):
        engine.render(first, EditState(None, (FaceEdit.of({"smile": (step + 1) / 20}),)))
    assert len(engine._caches[first].flows) == 20
    engine.render(second, SMILE)

    assert [dict(strengths)["smile"] for _, strengths, _ in engine._caches[first].flows][-1] == 1.0
    assert len(engine._caches[first].flows) == 8


def test_flow_has_no_fold_and_ends_at_zero(model, photo):
    from fvae_studio.core.regularise import fold_share

    (placed,) = make_engine(model).flows(photo, EditState(None, (FaceEdit.of({"smile": 2.0}),)))

    assert fold_share(placed.field.flow) == 0
    border = np.concatenate([placed.field.flow[0], placed.field.flow[-1], placed.field.flow[:, 0]])
    np.testing.assert_array_equal(border, 0)
    assert placed.field.flow.any()


def test_close_leaves_a_lent_detector_open(model, photo):
    detector = FakeDetector([make_face((300, 240), crop_px=260)])
    with_lent = Engine(model, device="cpu", detector=detector)
    with_lent.render(photo, SMILE)
    with_lent.close()

    assert not detector.is_closed


HALFWAY = Moment((0.5, 0.5), (0.5, 0.5))


def test_pictures_start_with_the_first_photo_itself(model, photo):
    moments = [Moment((1.0, 0.0), (1.0, 0.0)), HALFWAY, Moment((0.0, 1.0), (0.0, 1.0))]
    frames = list(make_engine(model).pictures([ClipSource(photo), ClipSource(make_photo(seed=2))], moments))

    assert frames[0] is photo
    assert len(frames) == 3
    assert changed_pixels(frames[1], frames[2]).any()


def test_pictures_ask_which_of_several_faces(model, photo):
    faces = make_face((150, 240), crop_px=200), make_face((480, 240), crop_px=200)
    engine = make_engine(model, *faces)
    with pytest.raises(NoFaceError, match="2 faces"):
        engine.pictures([ClipSource(photo), ClipSource(photo)], [HALFWAY])

    named = engine.pictures([ClipSource(photo, face=1), ClipSource(photo, face=2)], [HALFWAY])
    assert len(list(named)) == 1
