"""What a window asks of the engine: previews, other faces, the model's summary."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fvae_studio.core.edits import EditState, FaceEdit
from fvae_studio.core.geometry import Rect
from fvae_studio.core.levels import reduce_photo
from fvae_studio.core.progress import CancelToken, NoProgress
from fvae_studio.core.types import Photo
from fvae_studio.errors import Cancelled, NoFaceError
from fvae_studio.pipeline.engine import Engine
from fvae_studio.pipeline.requests import Quality, RenderRequest
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


def request(photo: Photo, state: EditState = SMILE, *, quality: Quality = "preview", level: int = 0) -> RenderRequest:
    return RenderRequest(photo, state, quality, level, 7)


def test_full_res_patches_are_the_pixels_of_an_export(model, photo):
    engine = make_engine(model, make_face((150, 240), crop_px=200), make_face((480, 240), crop_px=200))
    rendered = engine.render_patches(request(photo, quality="full_res", level=3), NoProgress())
    pasted = photo.pixels.copy()
    for patch in rendered.patches:
        pasted[patch.roi.slices] = patch.pixels

    assert {patch.level for patch in rendered.patches} == {0}
    np.testing.assert_array_equal(pasted, engine.render(photo, SMILE).photo.pixels)


def test_preview_at_a_level_looks_like_the_reduced_export(model, photo):
    engine = make_engine(model)
    rendered = engine.render_patches(request(photo, level=1), NoProgress())
    reduced = reduce_photo(photo, 1)
    pasted = reduced.pixels.copy()
    for patch in rendered.patches:
        pasted[patch.roi.slices] = patch.pixels
    wanted = reduce_photo(engine.render(photo, SMILE).photo, 1).pixels

    assert rendered.patches[0].level == 1
    difference = np.abs(pasted.astype(int) - wanted)
    # The photo is smooth, so warping it before or after the reduction is nearly the same.
    assert difference.mean() < 0.2
    assert np.abs(reduced.pixels.astype(int) - wanted).mean() > 3 * difference.mean()


def test_preview_leaves_pixels_outside_the_motion_alone(model, photo):
    rendered = make_engine(model).render_patches(request(photo, level=1), NoProgress())
    reduced = reduce_photo(photo, 1)
    (patch,) = rendered.patches

    np.testing.assert_array_equal(patch.pixels[0, 0], reduced.pixels[patch.roi.slices][0, 0])


def test_edit_of_nothing_has_no_patch(model, photo):
    rendered = make_engine(model).render_patches(request(photo, EditState()), NoProgress())

    assert rendered.patches == ()
    assert rendered.flows == ()


def test_answer_tells_flows_trust_and_who_was_left_out(model, photo):
    tiny, normal = make_face((60, 60), crop_px=12), make_face((400, 240), crop_px=260)
    rendered = make_engine(model, tiny, normal).render_patches(request(photo), NoProgress())

    assert [flow.face.index for flow in rendered.flows] == [2]
    assert 0 < rendered.trust[2] < 1
    assert "too small" in rendered.left_out[1]
    assert rendered.timings_ms.keys() == {"predict", "warp"}
    assert rendered.request.revision == 7


def test_full_res_keeps_the_warp_of_an_unchanged_preview(model, photo):
    engine = make_engine(model)
    first = engine.render_patches(request(photo, level=1), NoProgress())
    engine.render_patches(request(photo, quality="full_res"), NoProgress())
    again = engine.render_patches(request(photo, level=1), NoProgress())

    assert again.patches[0].pixels is first.patches[0].pixels


def test_cancelled_full_res_raises(model, photo):
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        make_engine(model).render_patches(request(photo, quality="full_res"), NoProgress(token))


def test_removed_face_is_not_edited_any_more(model, photo):
    engine = make_engine(model, make_face((150, 240), crop_px=200), make_face((480, 240), crop_px=200))
    left, right = engine.detect(photo)
    both = engine.render_patches(request(photo), NoProgress())
    engine.set_faces(photo, (right,))
    one = engine.render_patches(request(photo), NoProgress())
    engine.set_faces(photo, (left, right))
    again = engine.render_patches(request(photo), NoProgress())

    assert [flow.face.index for flow in one.flows] == [2]
    assert len(both.patches) == len(again.patches) == 2
    np.testing.assert_array_equal(both.patches[0].pixels, again.patches[0].pixels)


def test_other_face_under_the_same_number_is_computed_anew(model, photo):
    engine = make_engine(model)
    before = engine.render_patches(request(photo), NoProgress()).patches[0].roi
    (moved,) = FakeDetector([make_face((420, 200), crop_px=260)]).faces
    engine.set_faces(photo, (moved,))
    after = engine.render_patches(request(photo), NoProgress()).patches[0].roi

    assert before != after


def test_drawn_face_gets_the_next_number_and_photo_coordinates(model, photo):
    class OnlyNear(FakeDetector):
        """Sees a face in the middle of small pictures only."""

        def detect(self, photo: Photo) -> tuple[Any, ...]:
            super().detect(photo)
            if photo.width > 300:
                return self.faces
            return FakeDetector([make_face((photo.width / 2, photo.height / 2), crop_px=60)]).faces

    engine = Engine(model, device="cpu", detector=OnlyNear([make_face((150, 240), crop_px=200)]))
    face = engine.find_face(photo, Rect(400, 100, 80, 80))

    assert face.index == 2
    assert face.box.center == pytest.approx((440, 140), abs=8)
    assert len(engine.detect(photo)) == 1


def test_frame_without_a_face_is_told(model, photo):
    engine = Engine(model, device="cpu", detector=FakeDetector([]))
    with pytest.raises(NoFaceError, match="frame"):
        engine.find_face(photo, Rect(10, 10, 100, 100))


def test_summary_tells_the_directions_and_the_device(model):
    summary = make_engine(model).summary()

    assert summary.name == "tiny"
    assert summary.device == "cpu"
    assert [direction.name for direction in summary.directions] == ["smile", "close_eye_left", "close_eye_right"]
    assert summary.directions[1].mirrored == "close_eye_right"
