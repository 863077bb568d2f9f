from __future__ import annotations

from dataclasses import replace
from threading import Event

import numpy as np
import pytest

from fvae_studio.core.edits import EditState, FaceEdit
from fvae_studio.core.timeline import PhotoKey
from fvae_studio.core.timeline_keys import with_key
from fvae_studio.errors import DeviceError, EditError
from fvae_studio.gui.timeline import clip_frames
from fvae_studio.gui.timeline.frames import make_frame

pytestmark = pytest.mark.gui


def all_ready(table):
    return len(table.stage.ready_frames) == 25


def test_canvas_shows_the_clip_while_scrubbing_and_the_photo_afterwards(clip, qtbot):
    canvas, document = clip.studio.window.canvas, clip.document
    assert canvas.photo is document.photos[0].photo
    with qtbot.waitSignal(clip.stage.frame_shown, check_params_cb=lambda frame: frame == 12):
        clip.desk.scrub(0.5)
    assert canvas._layer.pictures(0)
    assert canvas._faces == ()
    clip.stage.leave()

    assert not clip.stage.is_shown
    assert canvas._layer.pictures(0) == ()
    assert canvas._faces == document.current.faces


def test_frame_on_the_canvas_is_what_the_engine_made(clip, engine, qtbot):
    layer, wanted = clip.studio.window.canvas._layer, clip.timeline.at(0.25)
    clip.desk.scrub(0.25)
    qtbot.waitUntil(lambda: any(one.moment == wanted for one in engine.moments))
    request = next(one for one in engine.moments if one.moment == wanted)
    made = engine._moment(request).patches[0].pixels[5, 5]

    def is_shown():
        # The preview, or where the machine is slow full resolution at once.
        pictures = layer.pictures(0)
        return bool(pictures) and pictures[0].image.pixelColor(5, 5).getRgb()[:3] == tuple(made)

    qtbot.waitUntil(is_shown)
    assert clip.stage.player.frame == 6


def test_full_resolution_comes_when_the_hand_rests(clip, engine, qtbot):
    layer = clip.studio.window.canvas._layer
    clip.desk.scrub(0.5)
    # The first frame, which the canvas shows until then, may be at full resolution already; it has no patches.
    qtbot.waitUntil(lambda: layer.edit.request.quality == "full_res" and bool(layer.edit.patches))

    assert any(one.quality == "full_res" and one.moment == clip.timeline.at(0.5) for one in engine.moments)


def test_frames_ahead_are_rendered_once_each_and_shown_as_ready(clip, engine, qtbot):
    qtbot.waitUntil(lambda: all_ready(clip))
    previews = [one.moment for one in engine.moments if one.quality == "preview"]

    assert len(previews) == len(set(previews)) == 25
    assert clip.panel.ruler._ready == clip.stage.ready_frames


def test_frame_whose_picture_is_made_more_slowly_than_the_next_is_not_rendered_twice(clip, engine, qtbot, monkeypatch):
    qtbot.waitUntil(lambda: all_ready(clip))
    others_made, held = Event(), []

    def slow_for_the_first(rendered, ground):
        if not held:
            held.append(rendered)
            assert others_made.wait(10)
        elif len({one.moment for one in engine.moments[before:]}) > 5:
            others_made.set()
        return make_frame(rendered, ground)

    monkeypatch.setattr(clip_frames, "make_frame", slow_for_the_first)
    clip.stage.frames.cache.clear()
    clip.stage.frames.ready.clear()
    before = len(engine.moments)
    clip.stage.seek(1)
    qtbot.waitUntil(lambda: all_ready(clip))
    previews = [one.moment for one in engine.moments[before:] if one.quality == "preview"]

    assert held[0].request.moment == clip.stage.frames.moment_of(1)
    assert len(previews) == len(set(previews)) == 25


def test_ready_frames_are_not_asked_for_again(clip, engine, qtbot):
    qtbot.waitUntil(lambda: all_ready(clip))
    before = len(engine.moments)
    for frame in (3, 9, 20):
        clip.stage.seek(frame)

    assert [one for one in engine.moments[before:] if one.quality == "preview"] == []


def test_while_the_engine_is_busy_only_the_last_scrubbed_moment_waits(clip, engine, qtbot):
    qtbot.waitUntil(lambda: all_ready(clip))
    clip.desk.add_track("smile")
    clip.desk._on_value_edited("smile", 0.5)
    qtbot.waitUntil(lambda: clip.document._service._queue.is_idle)
    clip.stage.frames.cache.clear()
    clip.stage.frames.ready.clear()
    engine.gate.clear()
    before = len(engine.moments)
    for frame in range(24):
        clip.stage.seek(frame)
    clip.document._service.drop_frames()
    engine.gate.set()
    wanted = clip.stage.frames.moment_of(23)
    qtbot.waitUntil(lambda: any(one.moment == wanted for one in engine.moments[before:]))
    asked = [one.moment for one in engine.moments[before:]]

    assert asked.index(wanted) <= 2


def test_change_at_the_end_keeps_the_frames_that_still_are_true(clip, engine, qtbot):
    qtbot.waitUntil(lambda: all_ready(clip))
    clip.desk.add_track("smile")
    before = len(engine.moments)
    clip.desk._on_key_added("smile", 0.5, 0.0)
    clip.desk._on_key_added("smile", 1.0, 0.8)
    qtbot.waitUntil(lambda: all_ready(clip))
    asked = [one for one in engine.moments[before:] if one.quality == "preview"]

    # Up to half a second the track is at zero, as if there was none.
    assert len(asked) == 12


def test_undo_needs_no_new_frame(clip, engine, qtbot):
    qtbot.waitUntil(lambda: all_ready(clip))
    clip.desk.add_track("smile")
    clip.desk._on_value_edited("smile", 0.8)
    qtbot.waitUntil(lambda: all_ready(clip))
    before = len(engine.moments)
    clip.document.undo()
    clip.document.undo()
    qtbot.waitUntil(lambda: all_ready(clip))

    assert [one for one in engine.moments[before:] if one.quality == "preview"] == []


def test_edit_of_a_photo_outdates_the_frames_and_gives_the_canvas_back(clip, engine, qtbot):
    qtbot.waitUntil(lambda: all_ready(clip))
    before = len(engine.moments)
    clip.document.set_strength("smile", 0.5)
    assert not clip.stage.is_shown
    clip.stage.show()
    qtbot.waitUntil(lambda: all_ready(clip))

    assert len([one for one in engine.moments[before:] if one.quality == "preview"]) == 25
    assert engine.moments[-1].sources[0].edit == EditState(None, (FaceEdit.of({"smile": 0.5}),))


def test_frames_of_another_level_are_others(clip, engine, qtbot):
    qtbot.waitUntil(lambda: all_ready(clip))
    before = len(engine.moments)
    clip.studio.window.canvas.zoom_to(0.2)
    qtbot.waitUntil(lambda: all_ready(clip))

    assert {one.level for one in engine.moments[before:] if one.quality == "preview"} == {2}


def test_memory_of_the_frames_is_limited(clip, engine, qtbot):
    qtbot.waitUntil(lambda: all_ready(clip))
    size = clip.stage.frames.cache.num_bytes // 25
    clip.document.set_strength("smile", 0.5)
    clip.stage.frames.cache.clear()
    clip.stage.frames.cache.limit_bytes = 10 * size
    before = len(engine.moments)
    clip.stage.show()
    qtbot.waitUntil(lambda: clip.document._service.is_idle and clip.stage.frames.is_idle)
    asked = [one for one in engine.moments[before:] if one.quality == "preview"]

    assert clip.stage.frames.cache.num_bytes <= clip.stage.frames.cache.limit_bytes
    assert len(clip.stage.ready_frames) in (9, 10)
    assert min(clip.stage.ready_frames) == 0
    assert len(asked) <= 12


def test_playing_paints_from_the_cache_what_is_due(clip, clock, engine, qtbot):
    qtbot.waitUntil(lambda: all_ready(clip))
    before, shown = len(engine.moments), []
    clip.desk.do("play")
    clip.stage.frame_shown.connect(shown.append)
    assert clip.stage.player.is_playing
    for _ in range(6):
        clock.now += 3 / 24
        clip.stage.player.tick()
    clip.desk.do("play")

    assert shown[:6] == [3, 6, 9, 12, 15, 18]
    assert [one for one in engine.moments[before:] if one.quality == "preview"] == []


def test_playing_without_ready_frames_drops_them_and_asks_for_those_that_can_come_in_time(clip, clock, engine, qtbot):
    # Nothing else is under way that could be the first moment.
    qtbot.waitUntil(lambda: all_ready(clip) and clip.studio.service.is_idle)
    clip.stage.frames.cache.clear()
    clip.stage.frames.ready.clear()
    clip.stage.frames.render_ms = 200.0
    before = len(engine.moments)
    engine.gate.clear()
    clip.desk.do("play")
    for _ in range(4):
        clock.now += 1 / 24
        clip.stage.player.tick()
    qtbot.waitUntil(lambda: len(engine.moments) > before)
    engine.gate.set()
    first = engine.moments[before]
    clip.stage.player.pause()

    # 200 ms are 5 frames: but for the one that is looked at first, nothing is rendered that would come too late,
    # wherever the playhead was when it was asked for.
    assert first.moment in [clip.timeline.at(frame / 24) for frame in (0, 5, 6, 7, 8, 9)]


def test_face_mode_shows_the_square(clip, qtbot):
    canvas = clip.studio.window.canvas
    clip.panel.transport.mode_chosen.emit("face")
    qtbot.waitUntil(lambda: clip.stage.player.frame in clip.stage.ready_frames)

    assert canvas.photo.width == canvas.photo.height
    assert canvas._layer.pictures(0)[0].rect.width() == canvas.photo.width
    clip.stage.leave()
    assert canvas.photo is clip.document.current.photo


def test_clicked_strip_and_hidden_dock_give_the_canvas_back(clip):
    clip.studio.window.strip.current_clicked.emit()
    assert not clip.stage.is_shown
    clip.stage.show()
    assert clip.stage.is_shown
    clip.studio.commands.clip.show_dock(False)

    assert not clip.stage.is_shown
    assert not clip.stage._is_used


def test_other_photo_takes_the_canvas(clip, qtbot):
    clip.document.step_photo(1)
    qtbot.waitUntil(lambda: clip.document.current.photo is not None)

    assert not clip.stage.is_shown
    assert clip.studio.window.canvas.photo is clip.document.photos[1].photo


def test_photos_of_the_clip_stay_in_memory_while_it_is_used(clip):
    clip.document.set_photo_memory(1)
    assert all(photo.photo is not None for photo in clip.document.photos)
    clip.studio.commands.clip.show_dock(False)

    assert [photo.photo is not None for photo in clip.document.photos] == [True, False]


def test_photo_without_a_face_is_told(clip, engine, files, qtbot):
    engine.faces = ()
    clip.document.put_paths([files[2]], 2.0)
    qtbot.waitUntil(lambda: "2.png" in clip.panel.warning)

    assert "No face was found in 2.png" in clip.panel.warning
    assert not clip.stage.is_shown
    clip.document.undo()
    assert "No face" not in clip.panel.warning


def test_photo_with_several_faces_asks_for_one(clip, engine, files, qtbot):
    from tests.gui.fakes import two_faces

    engine.faces = two_faces()
    clip.document.put_paths([files[2]], 2.0)
    qtbot.waitUntil(lambda: "shows 2 faces" in clip.panel.warning)
    place = clip.timeline.photos[2]
    timeline, _ = with_key(clip.document.timeline, None, PhotoKey(3.0, place.photo, 2))
    clip.document.set_timeline(timeline, "")
    assert clip.stage.scene is None
    clip.document.undo()
    clip.panel.choose(clip.panel.photos.place_at(clip.panel.photos.card_of(place).center()))
    clip.desk._on_key_edited(PhotoKey(2.0, place.photo, 2))

    assert clip.stage.scene is not None
    assert clip.stage.scene.sources[2].face == 2


def test_photo_of_somebody_else_is_warned_of_and_shown_all_the_same(clip, engine, files, qtbot):
    (face,) = engine.faces
    wider = face.landmarks * np.array([1.0, 0.8], np.float32)
    # Other eyes and another nose: one side of the face is another one's.
    wider[::2] += np.array([9.0, 4.0], np.float32)
    engine.faces = (replace(face, landmarks=wider),)
    clip.document.put_paths([files[2]], 2.0)
    qtbot.waitUntil(lambda: "another person" in clip.panel.warning)

    assert "2.png may show another person than the first photo" in clip.panel.warning
    assert clip.stage.scene is not None


def test_photo_whose_head_is_turned_otherwise_is_warned_of(clip, engine, files, qtbot):
    (face,) = engine.faces
    engine.faces = (replace(face, yaw=face.yaw - 20.0),)
    clip.document.put_paths([files[2]], 2.0)
    qtbot.waitUntil(lambda: "turned otherwise" in clip.panel.warning)

    assert clip.panel.warning.startswith("In 2.png the head is turned otherwise than in the first photo")
    assert "another person" not in clip.panel.warning
    assert clip.stage.scene is not None


@pytest.mark.parametrize("error", [EditError("These two photos do not go together."), DeviceError("out of memory")])
def test_failed_moment_is_told_in_the_panel_and_stops_playing(clip, engine, error, qtbot):
    def fail(name):
        if name.startswith("moment"):
            raise error

    engine.fail = fail
    clip.stage.frames.cache.clear()
    clip.desk.scrub(0.7)
    qtbot.waitUntil(lambda: str(error).rstrip(".").lower() in clip.panel.warning.lower())

    assert not clip.stage.player.is_playing


def test_overlays_tell_of_the_photo_before_or_after_the_playhead(clip, qtbot):
    canvas = clip.studio.window.canvas
    qtbot.waitUntil(lambda: all_ready(clip))
    clip.stage.seek(12)
    found = clip.stage.frames.find(12)
    assert len(found.flows) == 2
    assert canvas._layer.edit.flows == (found.flows[1],)
    clip.studio.window.actions_table["side_before"].trigger()

    assert canvas._layer.edit.flows == (found.flows[0],)


def test_blend_is_drawn_in_the_colours_of_the_photos(clip, qtbot):
    from fvae_studio.gui.canvas.flow_shapes import BLEND_COLOURS, blend_picture

    canvas = clip.studio.window.canvas
    qtbot.waitUntil(lambda: all_ready(clip))
    clip.studio.window.actions_table["overlay_blend"].trigger()
    clip.stage.seek(18)
    shares = clip.stage.frames.find(18).shares
    np.testing.assert_array_equal(canvas._shares, shares)
    pixel = blend_picture(shares).pixelColor(64, 64)
    wanted = [(1 - shares[1, 64, 64]) * a + shares[1, 64, 64] * b for a, b in zip(*BLEND_COLOURS[:2], strict=True)]

    assert (pixel.red(), pixel.green(), pixel.blue()) == pytest.approx(wanted, abs=1.5)
    assert canvas._legend.isVisibleTo(canvas)
    clip.stage.leave()
    assert canvas._shares is None


def test_hidden_panels_come_back_without_those_that_were_closed(clip):
    docks = clip.studio.window.docks
    clip.studio.commands.clip.show_dock(False)
    clip.studio.window.actions_table["hide_panels"].trigger()
    assert all(dock.isHidden() for dock in docks.values())
    clip.studio.window.actions_table["hide_panels"].trigger()

    assert docks["timeline"].isHidden()
    assert not docks["strip"].isHidden()
