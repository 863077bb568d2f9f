from __future__ import annotations

import threading

import av
import numpy as np
import pytest
from PySide6.QtGui import QGuiApplication
from shiboken6 import isValid

from fvae_studio.core.clip_export import ClipOptions
from fvae_studio.core.export import ExportOptions
from fvae_studio.core.photo_io import read_photo
from fvae_studio.errors import DeviceError, PhotoWriteError
from fvae_studio.gui.dialogs.best_moment import moments_between

pytestmark = pytest.mark.gui


def rows(clip):
    return list(clip.studio.commands.exports.queue._rows.values())


def ended(clip):
    return bool(rows(clip)) and all(row.state in ("done", "failed", "cancelled") for row in rows(clip))


@pytest.fixture
def exports(clip):
    return clip.studio.commands.clip.exports


def test_clip_is_written_through_the_queue_of_exports(clip, exports, tmp_path, qtbot):
    assert not clip.document.is_clean
    exports.start(ClipOptions("mp4", fps=12.0), tmp_path / "clip.mp4")
    qtbot.waitUntil(lambda: ended(clip))
    with av.open(str(tmp_path / "clip.mp4")) as container:
        frames = sum(1 for _ in container.decode(video=0))

    assert frames == 13
    assert rows(clip)[0].state == "done"
    assert clip.document.is_clean


def test_frames_of_a_sequence_are_the_engines(clip, exports, engine, tmp_path, qtbot):
    exports.start(ClipOptions("png"), tmp_path / "frames")
    qtbot.waitUntil(lambda: ended(clip), timeout=20_000)
    written = [read_photo(path) for path in sorted((tmp_path / "frames").iterdir())]
    made = list(engine.clip(clip.stage.scene.sources, clip.timeline))

    assert len(written) == len(made) == 25
    for one, other in zip(written, made, strict=True):
        np.testing.assert_array_equal(one.pixels, other.pixels)


def test_nothing_is_written_over(clip, exports, files, tmp_path, qtbot):
    before = files[0].read_bytes()
    (tmp_path / "clip.webp").write_bytes(b"mine")
    exports.start(ClipOptions("webp"), tmp_path / "clip.webp")
    exports.start(ClipOptions("webp"), tmp_path / "clip.webp")
    qtbot.waitUntil(lambda: ended(clip))

    assert (tmp_path / "clip.webp").read_bytes() == b"mine"
    assert (tmp_path / "clip-2.webp").is_file()
    assert (tmp_path / "clip-3.webp").is_file()
    assert files[0].read_bytes() == before


def test_cancelled_export_leaves_no_file_and_the_clip_unsaved(clip, exports, engine, tmp_path, qtbot):
    whole = engine.clip
    is_running, may_go_on = threading.Event(), threading.Event()

    def slow(*args, **kwargs):
        for picture in whole(*args, **kwargs):
            is_running.set()
            may_go_on.wait(10)
            yield picture

    engine.clip = slow
    job_id = exports.start(ClipOptions("mp4"), tmp_path / "clip.mp4")
    qtbot.waitUntil(is_running.is_set)
    clip.studio.commands.exports.queue.cancel_requested.emit(job_id)
    may_go_on.set()
    qtbot.waitUntil(lambda: ended(clip))

    assert rows(clip)[0].state == "cancelled"
    assert not list(tmp_path.glob("*.mp4*"))
    assert not clip.document.is_clean


@pytest.mark.parametrize("way", ["close_all", "open_project", "quit"])
def test_exports_are_stopped_before_everything_is_closed(way, clip, exports, engine, boxes, tmp_path, qtbot):
    studio = clip.studio
    clip.document.save_project(tmp_path / "earlier.fvae")
    whole = engine.clip
    is_running, may_go_on = threading.Event(), threading.Event()

    def slow(*args, **kwargs):
        for picture in whole(*args, **kwargs):
            is_running.set()
            may_go_on.wait(10)
            yield picture

    engine.clip = slow
    clip.document.set_strength("smile", 0.5)
    exports.start(ClipOptions("mp4"), tmp_path / "clip.mp4")
    studio.commands.exports.start("this", ExportOptions(folder=tmp_path / "out"))
    qtbot.waitUntil(is_running.is_set)
    boxes.answers = {"Stop the exports?": 0, "Save the edits?": 1}
    if way == "open_project":
        studio.commands.open_project(tmp_path / "earlier.fvae")
    else:
        studio.window.actions_table[way].trigger()
    may_go_on.set()
    qtbot.waitUntil(lambda: ended(clip))
    qtbot.waitUntil(lambda: studio.service.is_idle)

    assert boxes.asked == ["Stop the exports?", "Save the edits?"]
    assert {row.state for row in rows(clip)} == {"cancelled"}
    assert not (tmp_path / "out").exists()
    assert sorted(path.name for path in tmp_path.glob("clip*")) == []
    assert len(clip.document.photos) == {"close_all": 0, "open_project": 2, "quit": 2}[way]


def test_window_closes_when_the_exports_have_ended_while_it_was_asked(clip, exports, engine, boxes, tmp_path, qtbot):
    whole, studio = engine.clip, clip.studio
    may_go_on = threading.Event()

    def slow(*args, **kwargs):
        may_go_on.wait(10)
        return whole(*args, **kwargs)

    engine.clip = slow
    texts: list[str] = []

    def ask(title: str, text: str, *_args: object, closes_at: object = None, **_kwargs: object) -> int | None:
        texts.append(text)
        if title == "Stop the exports?":
            with qtbot.waitSignal(closes_at):
                may_go_on.set()
            return None
        return 1

    boxes.ask = ask
    for number in range(5):
        exports.start(ClipOptions("mp4", fps=5.0), tmp_path / f"clip{number}.mp4")
    assert studio.window.close()

    assert texts[0] == "Still being written: clip0.mp4, clip1.mp4, clip2.mp4 and 2 more"
    assert {row.state for row in rows(clip)} == {"done"}


def test_failed_export_says_why(clip, exports, engine, tmp_path, qtbot):
    def fail(name):
        if name == "clip":
            raise PhotoWriteError("The disk is full.")

    engine.fail = fail
    exports.start(ClipOptions("gif"), tmp_path / "clip.gif")
    qtbot.waitUntil(lambda: ended(clip))

    assert rows(clip)[0].state == "failed"
    assert "disk is full" in rows(clip)[0]._note.text()
    assert clip.studio.commands.exports.queue._summary.text() == "Not all exports were written"


def test_people_can_scrub_while_a_clip_is_written(clip, exports, engine, tmp_path, qtbot):
    """The export stands still until a picture that was asked for after it is there."""
    whole, was_shown = engine.clip, threading.Event()

    def waiting(*args, **kwargs):
        for number, picture in enumerate(whole(*args, **kwargs)):
            yield picture
            # Urgent jobs are done between two pictures; without that this would wait for ever.
            if number > 3 and not was_shown.is_set():
                raise AssertionError("the export did not give way")

    engine.clip = waiting
    qtbot.waitUntil(lambda: len(clip.stage.ready_frames) == 25)
    clip.stage.frames.cache.clear()
    clip.stage.frames.ready.clear()
    clip.stage.frame_shown.connect(lambda _frame: was_shown.set())
    engine.fail = lambda name: was_shown.set() if name.startswith("moment preview") else None
    exports.start(ClipOptions("png"), tmp_path / "frames")
    clip.document._service.drop_frames()
    clip.stage.seek(17)
    qtbot.waitUntil(lambda: ended(clip))

    assert rows(clip)[0].state == "done"


@pytest.mark.usefixtures("clip")
def test_a_sequence_is_named_as_the_folder_that_it_is(exports):
    dialog = exports.ask()
    for format_name, name in (("png", "0-clip"), ("webm", "0-clip.webm"), ("sheet", "0-clip.jpg")):
        dialog._format.setCurrentIndex(dialog._format.findData(format_name))

        assert dialog._file.text() == str(dialog.path)
        assert dialog.path.name == name
    dialog._file.setText("no-whole-path")
    dialog._format.setCurrentIndex(dialog._format.findData("gif"))
    assert dialog._file.text() == "no-whole-path"
    dialog.reject()


def test_dialog_tells_what_will_be_written_and_remembers_it(clip, exports, qtbot):
    dialog = exports.ask()
    assert dialog.path.name == "0-clip.mp4"
    assert "25 picture" in dialog._summary.text()
    dialog._format.setCurrentIndex(dialog._format.findData("gif"))
    assert dialog.path.name == "0-clip.gif"
    assert dialog._file.text().endswith("0-clip.gif")
    assert not dialog._quality.isEnabled()
    dialog._back.setCurrentIndex(dialog._back.findData("back"))
    assert "48 picture" in dialog._summary.text()
    dialog._sizes.setCurrentIndex(dialog._sizes.findData(480))
    assert dialog.options() == ClipOptions("gif", 80, 480, None, True)
    dialog._on_accepted()
    clip.studio.commands.exports.cancel_all()
    qtbot.waitUntil(lambda: ended(clip), timeout=20_000)
    again = exports.ask()

    assert again.options().format == "gif"
    assert again.path.name == "0-clip.gif"
    again.reject()


def test_place_that_is_not_there_is_told(exports):
    dialog = exports.ask()
    dialog._file.setText("/nowhere/at/all/clip.mp4")

    assert not dialog._export.isEnabled()
    assert "/nowhere/at/all" in dialog._summary.text()
    dialog.reject()


@pytest.mark.parametrize("typed", ["", "/", "~nobody-of-that-name/clip", "clip.mp4", "/" + "n" * 300 + ".mp4"])
def test_text_that_names_no_file_is_told_and_nothing_is_written(exports, clip, typed):
    dialog = exports.ask()
    dialog._file.setText(typed)
    dialog._on_accepted()

    assert not dialog._export.isEnabled()
    assert "whole path" in dialog._summary.text()
    assert not rows(clip)
    dialog.reject()


def test_cut_sequence_keeps_its_pictures_and_goes_on(clip, exports, engine, tmp_path, qtbot):
    whole, folder = engine.clip, tmp_path / "frames"
    made = list(whole(clip.stage.scene.sources, clip.timeline))
    asked, is_running, may_go_on = [], threading.Event(), threading.Event()

    def slow(*args, only=None, **kwargs):
        asked.append(only)
        for number, picture in enumerate(whole(*args, only=only, **kwargs)):
            if number == 3 and only is None:
                is_running.set()
                may_go_on.wait(10)
            yield picture

    engine.clip = slow
    job_id = exports.start(ClipOptions("png"), folder)
    qtbot.waitUntil(is_running.is_set)
    clip.studio.commands.exports.queue.cancel_requested.emit(job_id)
    may_go_on.set()
    qtbot.waitUntil(lambda: ended(clip))
    first = (folder / "frame-0001.png").stat().st_mtime_ns
    assert "stay" in rows(clip)[0]._note.text()
    # What is changed meanwhile belongs to another clip.
    clip.desk._set("another rate", fps=60.0)
    rows(clip)[0]._again.click()
    qtbot.waitUntil(lambda: ended(clip) and rows(clip)[0].state == "done", timeout=20_000)

    assert asked[0] is None
    assert 0 < len(asked[1]) < 25
    assert asked[1] == tuple(range(25 - len(asked[1]), 25))
    assert (folder / "frame-0001.png").stat().st_mtime_ns == first
    written = [read_photo(path).pixels for path in sorted(folder.iterdir())]
    np.testing.assert_array_equal(written, [picture.pixels for picture in made])
    assert len(rows(clip)) == 1


def test_without_a_scene_the_reason_is_told(table, boxes):
    assert table.studio.commands.clip.exports.ask() is None
    assert boxes.told == ["This edit cannot be used"]


# Best moment


def test_twelve_moments_from_start_to_end():
    times = moments_between(0.0, 1.1)

    assert len(times) == 12
    assert (times[0], times[-1]) == (0.0, 1.1)
    assert moments_between(0.5, 0.5) == [0.5]


@pytest.fixture
def dialog(clip, qtbot):
    dialog = clip.studio.commands.clip.best.open()
    qtbot.waitUntil(lambda: all(tile.picture is not None for tile in dialog._view.tile_model.tiles), timeout=20_000)
    yield dialog
    if isValid(dialog):
        dialog.reject()


def test_moments_of_the_clip_are_shown(dialog):
    assert len(dialog.times) == 12
    assert dialog.chosen_s is None
    assert not dialog._export.isEnabled()


def test_finer_moments_lie_between_the_neighbours(dialog, engine, qtbot):
    before = dialog.times
    dialog.choose(4)
    dialog._finer.click()
    assert (dialog.times[0], dialog.times[-1]) == (before[3], before[5])
    qtbot.waitUntil(lambda: all(tile.picture is not None for tile in dialog._view.tile_model.tiles), timeout=20_000)
    assert engine.moments[-1].mode == "face"
    dialog._all.click()

    assert dialog.times == before


def test_moments_nearer_to_each_other_than_frames_have_different_names(dialog):
    dialog.choose(4)
    dialog._finer.click()
    texts = [tile.name for tile in dialog._view.tile_model.tiles]

    assert len(set(texts)) == 12


def test_chosen_moment_is_visited(clip, dialog):
    dialog.choose(11)
    dialog._visit.click()

    assert clip.stage.player.frame == 24


def test_chosen_moment_is_copied(clip, dialog, qtbot):
    QGuiApplication.clipboard().setText("before")
    dialog.choose(5)
    dialog._copy.click()
    qtbot.waitUntil(lambda: QGuiApplication.clipboard().mimeData().hasImage())

    assert QGuiApplication.clipboard().image().width() == 640
    assert "clipboard" in clip.studio.window.status.currentMessage()


def test_chosen_moment_is_written_as_a_photo(clip, dialog, engine, monkeypatch, tmp_path, qtbot):
    target = tmp_path / "best.png"
    monkeypatch.setattr(
        "fvae_studio.gui.timeline.best_moments.QFileDialog.getSaveFileName", lambda *_, **__: (str(target), "")
    )
    dialog.choose(6)
    time_s = dialog.chosen_s
    dialog._export.click()
    qtbot.waitUntil(lambda: ended(clip))
    made = list(engine.clip(clip.stage.scene.sources, clip.timeline))
    written = read_photo(target)

    assert written.pixels.shape == made[0].pixels.shape
    moment = clip.timeline.at(time_s)
    assert 0 < moment.blend[1] < 1
    assert not np.array_equal(written.pixels, made[0].pixels)
    assert b"DigitalSourceType" in written.metadata.xmp


def test_still_at_a_photo_key_is_that_photo(clip, tmp_path, qtbot):
    clip.studio.commands.clip.best.export(0.0, tmp_path / "still.png")
    qtbot.waitUntil(lambda: ended(clip))

    np.testing.assert_array_equal(read_photo(tmp_path / "still.png").pixels, clip.document.photos[0].photo.pixels)


def test_note_is_one_choice_for_stills_and_clips(clip, exports, tmp_path, qtbot):
    store = clip.studio.commands.exports._store
    assert exports.ask().options().note_edit
    exports.start(ClipOptions("png", note_edit=False), tmp_path / "frames")
    qtbot.waitUntil(lambda: ended(clip))

    assert not ExportOptions.from_json(store.settings.export).note_edit
    assert not exports.ask().options().note_edit
    assert all(read_photo(path).metadata.xmp is None for path in (tmp_path / "frames").iterdir())


def test_written_clip_says_that_it_was_edited(clip, exports, tmp_path, qtbot):
    exports.start(ClipOptions("mp4", fps=6.0), tmp_path / "clip.mp4")
    exports.start(ClipOptions("png", fps=6.0), tmp_path / "frames")
    qtbot.waitUntil(lambda: len(rows(clip)) == 2 and ended(clip))
    with av.open(str(tmp_path / "clip.mp4")) as container:
        assert "FVAE Studio" in container.metadata["comment"]
    written = [read_photo(path) for path in sorted((tmp_path / "frames").iterdir())]

    assert len(written) == 7
    assert all(b"DigitalSourceType" in one.metadata.xmp for one in written)


def test_sequence_is_written_whole_when_the_device_fails_in_the_middle(clip, exports, engine, tmp_path, qtbot):
    made = engine.clip
    tries = []

    def failing(*args, **options):
        tries.append(1)
        for number, picture in enumerate(made(*args, **options)):
            if len(tries) == 1 and number == 2:
                raise DeviceError("The device cuda failed (out of memory); choose the CPU instead.")
            yield picture

    engine.clip = failing
    clip.studio.service._worker._choice = (None, "cuda")
    exports.start(ClipOptions("png", fps=6.0), tmp_path / "frames")
    qtbot.waitUntil(lambda: ended(clip))

    assert rows(clip)[0].state == "done"
    assert len(tries) == 2
    assert len(list((tmp_path / "frames").iterdir())) == 7
