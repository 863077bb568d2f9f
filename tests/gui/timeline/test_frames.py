from __future__ import annotations

import numpy as np
import pytest

from fvae_studio.core.timeline import Moment
from fvae_studio.core.types import Photo
from fvae_studio.gui.timeline.frames import FrameCache, as_edit, make_frame
from fvae_studio.pipeline.requests import ClipSource, MomentRequest
from tests.gui.fakes import make_moment, two_faces
from tests.helpers.fake_faces import make_photo

pytestmark = pytest.mark.gui


def rendered(mode="photo", strength=0.5, level=0, quality="preview"):
    source = ClipSource(make_photo(), two_faces(), 1)
    return make_moment(
        MomentRequest((source,), Moment((1.0,), (1.0,), (("smile", strength),)), mode, quality, level, 1)
    )


@pytest.fixture
def frame(qapp):  # noqa: ARG001
    moment = rendered()
    return make_frame(moment, moment.request.sources[0].photo)


def test_frame_has_the_pixels_of_the_moment(frame):
    patch = rendered().patches[0]
    (picture,) = frame.pictures

    assert picture.rect.width() == patch.roi.width
    colour = picture.image.pixelColor(3, 3)
    assert (colour.red(), colour.green(), colour.blue()) == tuple(patch.pixels[3, 3])
    assert frame.edit.patches == ()
    assert frame.num_bytes > patch.pixels.nbytes


def test_square_covers_all_that_stands_in_for_it(qapp):  # noqa: ARG001
    ground = Photo(np.zeros((201, 201, 3), np.uint8))
    frame = make_frame(rendered("face", level=1), ground)

    assert frame.pictures[0].rect.width() == 201
    last = frame.edit.flows[0].photo_to_crop.apply(np.array([[200.0, 200.0]], np.float32))
    np.testing.assert_allclose(last, [[127.5 - 0.5 * 128 / 201] * 2], atol=0.01)


def test_moment_of_full_resolution_is_an_edit_of_level_0(qapp):  # noqa: ARG001
    moment = rendered(level=2, quality="full_res")
    edit = as_edit(moment, moment.request.sources[0].photo)

    assert edit.request.level == 0
    assert edit.patches == moment.patches


def test_frames_that_are_needed_last_leave_first(frame):
    cache = FrameCache(3 * frame.num_bytes)
    distances = {"now": 0.0, "next": 1.0, "later": 2.0, "never": float("inf"), "soon": 1.5}
    for key in ("never", "now", "later"):
        assert cache.put(key, frame, distances.__getitem__) == []
    assert cache.is_full
    assert cache.put("next", frame, distances.__getitem__) == ["never"]
    assert cache.put("soon", frame, distances.__getitem__) == ["later"]

    assert {key for key in distances if key in cache} == {"now", "next", "soon"}
    assert cache.num_bytes == 3 * frame.num_bytes
    cache.clear()
    assert cache.num_bytes == 0


def test_frame_that_is_put_again_counts_once(frame):
    cache = FrameCache(3 * frame.num_bytes)
    for _ in range(4):
        cache.put("now", frame, lambda _key: 0.0)

    assert cache.num_bytes == frame.num_bytes
