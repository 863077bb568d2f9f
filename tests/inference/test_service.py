from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from fvae_studio.core.edits import EditState, FaceEdit
from fvae_studio.core.geometry import Rect
from fvae_studio.core.progress import Progress
from fvae_studio.core.timeline import Moment
from fvae_studio.core.types import Photo
from fvae_studio.errors import Cancelled, DeviceError, EditError, ModelNotFoundError, PhotoNotFoundError
from fvae_studio.inference.jobs import JobProgress
from fvae_studio.inference.service import InferenceService
from fvae_studio.pipeline.requests import ClipSource, StudioEngine
from tests.gui.fakes import SUMMARY, FakeEngine

pytestmark = pytest.mark.gui


def smile(strength: float) -> EditState:
    return EditState(None, (FaceEdit.of({"smile": strength}),))


@pytest.fixture
def service(engine: FakeEngine, qapp: object) -> Iterator[InferenceService]:  # noqa: ARG001
    service = InferenceService(lambda _model, _device: engine)
    yield service
    service.close()


@pytest.fixture
def started(service, qtbot):
    with qtbot.waitSignal(service.ready):
        service.start()
    return service


def test_model_is_loaded_in_another_thread(service, engine, qtbot):
    with qtbot.waitSignal(service.ready) as ready:
        service.start()

    assert ready.args == [SUMMARY]
    assert threading.get_ident() not in engine.threads
    assert len(engine.threads) == 1


def test_photo_is_opened_with_thumbnail_and_hash(started, photo_file, photo, qtbot):
    with qtbot.waitSignal(started.opened) as opened:
        started.open(7, photo_file)
    entry_id, file = opened.args

    assert entry_id == 7
    np.testing.assert_array_equal(file.photo.pixels, photo.pixels)
    assert file.thumbnail.pixels.shape == (216, 288, 3)
    assert len(file.sha256) == 64


def test_thumbnail_alone_keeps_no_pixels(started, photo_file, qtbot):
    with qtbot.waitSignal(started.opened) as opened:
        started.read_thumbnail(7, photo_file)

    assert opened.args[1].photo is None
    assert (opened.args[1].width, opened.args[1].height) == (640, 480)


def test_missing_photo_is_told(started, tmp_path, qtbot):
    with qtbot.waitSignal(started.open_failed) as failed:
        started.open(3, tmp_path / "gone.jpg")

    assert failed.args[0] == 3
    assert isinstance(failed.args[1], PhotoNotFoundError)


def test_faces_are_found(started, engine, photo, qtbot):
    with qtbot.waitSignal(started.detected) as detected:
        started.detect(1, photo)

    assert detected.args[1] is photo
    assert detected.args[2] == engine.faces


def test_drawn_face_is_found_beside_the_known_ones(started, engine, photo, qtbot):
    with qtbot.waitSignal(started.face_found) as found:
        started.find_face(1, photo, engine.faces, Rect(300, 100, 90, 90))

    assert found.args[2].index == 3


def test_mouth_of_another_photo_is_looked_for(started, photo_file, qtbot):
    with qtbot.waitSignal(started.mouth_found) as found:
        started.find_mouth(1, photo_file)
    assert found.args == [1, str(photo_file)]

    with qtbot.waitSignal(started.find_mouth_failed) as failed:
        started.find_mouth(1, photo_file.with_name("nowhere.png"))
    assert failed.args[:2] == [1, str(photo_file.with_name("nowhere.png"))]
    assert isinstance(failed.args[2], PhotoNotFoundError)


def test_last_value_of_a_drag_is_shown_and_few_in_between_are_computed(started, engine, photo, qtbot):
    engine.gate.clear()
    shown = []
    started.rendered.connect(lambda rendered: shown.append(rendered.request))
    for step in range(1, 101):
        started.render(photo, smile(step / 100), None, level=0)
    engine.gate.set()
    qtbot.waitUntil(lambda: any(request.quality == "full_res" for request in shown))
    previews = [request for request in shown if request.quality == "preview"]

    assert previews[-1].state == smile(1.0)
    assert len(previews) <= 3
    assert [request.revision for request in shown] == sorted(request.revision for request in shown)


def test_started_preview_finishes(started, engine, photo, qtbot):
    engine.gate.clear()
    first = started.render(photo, smile(0.1), None, level=0)
    qtbot.waitUntil(lambda: f"render preview {first}" in engine.calls)
    started.render(photo, smile(0.2), None, level=0)
    with qtbot.waitSignal(started.rendered) as rendered:
        engine.gate.set()

    assert rendered.args[0].request.revision == first


def test_full_resolution_follows_once_the_hand_rests(started, engine, photo, qtbot):
    shown = []
    started.rendered.connect(lambda rendered: shown.append(rendered.request.quality))
    started.render(photo, smile(0.5), None, level=2)
    qtbot.waitUntil(lambda: "full_res" in shown)

    assert shown == ["preview", "full_res"]
    assert engine.requests[-1].level == 0
    qtbot.waitUntil(lambda: started.is_idle)


def test_running_full_resolution_is_given_up_when_the_hand_moves_again(started, engine, photo, qtbot):
    shown = []
    started.rendered.connect(lambda rendered: shown.append(rendered.request))
    started.render(photo, smile(0.5), None, level=0)
    qtbot.waitUntil(lambda: len(shown) == 1)
    engine.gate.clear()
    qtbot.waitUntil(lambda: any("full_res" in call for call in engine.calls))
    started.render(photo, smile(0.6), None, level=0)
    engine.gate.set()
    qtbot.waitUntil(lambda: shown[-1].quality == "full_res")

    assert [(request.quality, request.state) for request in shown] == [
        ("preview", smile(0.5)),
        ("preview", smile(0.6)),
        ("full_res", smile(0.6)),
    ]


def test_stopped_rendering_asks_for_no_full_resolution(started, engine, photo, qtbot):
    with qtbot.waitSignal(started.rendered):
        started.render(photo, smile(0.5), None, level=0)
    started.stop_rendering()

    qtbot.waitUntil(lambda: started.is_idle)
    assert not any("full_res" in call for call in engine.calls)


def test_failed_render_is_told_with_its_request(started, photo, qtbot):
    unknown = EditState(None, (FaceEdit.of({"fly": 1.0}),))
    with qtbot.waitSignal(started.render_failed) as failed:
        started.render(photo, unknown, None, level=0)

    assert failed.args[0].state == unknown
    assert isinstance(failed.args[1], EditError)


def test_render_uses_the_faces_that_it_was_given(started, engine, photo, qtbot):
    with qtbot.waitSignal(started.rendered) as rendered:
        started.render(photo, smile(0.5), engine.faces[:1], level=0)

    assert [flow.face.index for flow in rendered.args[0].flows] == [1]


def test_preset_is_pictured_on_the_face(started, engine, photo, qtbot):
    with qtbot.waitSignal(started.face_thumbnail_made) as made:
        started.make_face_thumbnail(photo, engine.faces, 1, {"smile": 0.5}, group=4, name="Smile")
    group, name, thumbnail = made.args
    with qtbot.waitSignal(started.face_thumbnail_made) as plain:
        started.make_face_thumbnail(photo, engine.faces, 1, {}, group=4, name="None")

    assert (group, name) == (4, "Smile")
    assert max(thumbnail.pixels.shape) <= 176
    middle = tuple(size // 2 for size in thumbnail.pixels.shape[:2])
    assert thumbnail.pixels[middle].sum() > plain.args[2].pixels[middle].sum()


def test_exports_are_done_one_after_another_with_progress(started, photo, qtbot):
    def task(engine: StudioEngine, progress: Progress) -> Photo:
        progress.report(0.2, "rendering")
        edited = engine.render(photo, smile(0.5), progress.subrange(0.2, 0.6)).photo
        progress.report(1.0, "writing")
        return edited

    progress, done = [], []
    started.export_progress.connect(lambda *told: progress.append(told))
    started.exported.connect(lambda *told: done.append(told))
    ids = [started.export(task) for _ in range(2)]
    qtbot.waitUntil(lambda: len(done) == 2)

    assert [job_id for job_id, _ in done] == ids
    assert (done[0][1].pixels != photo.pixels).any()
    fractions = [fraction for job_id, fraction, _ in progress if job_id == ids[0]]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_waiting_and_running_exports_can_be_cancelled(started, qtbot):
    entered, leave = threading.Event(), threading.Event()

    def task(_engine: StudioEngine, progress: Progress) -> None:
        entered.set()
        leave.wait(10)
        progress.raise_if_cancelled()

    failed = []
    started.export_failed.connect(lambda *told: failed.append(told))
    first, second = (started.export(task) for _ in range(2))
    qtbot.waitUntil(entered.is_set)
    started.cancel_export(second)
    started.cancel_export(first)
    leave.set()
    qtbot.waitUntil(lambda: len(failed) == 2)

    assert [job_id for job_id, _ in failed] == [second, first]
    assert all(isinstance(error, Cancelled) for _, error in failed)


def test_failed_device_is_replaced_by_the_cpu_and_the_work_is_done(photo, qtbot, qapp):  # noqa: ARG001
    devices = []

    def make(_model: object, device: str) -> FakeEngine:
        devices.append(device)

        def fail(call: str) -> None:
            if device != "cpu" and call.startswith("render"):
                raise DeviceError("The device cuda failed (out of memory); choose the CPU instead.")

        return FakeEngine(fail=fail)

    service = InferenceService(make, device="cuda")
    with qtbot.waitSignal(service.ready):
        service.start()
    with qtbot.waitSignals([service.fell_back, service.ready, service.rendered]):
        service.render(photo, smile(0.5), None, level=0)
    service.close()

    assert devices == ["cuda", "cpu"]


def test_model_that_cannot_be_loaded_leaves_the_old_one(qtbot, photo, qapp):  # noqa: ARG001
    def make(model: object, _device: str) -> FakeEngine:
        def fail(call: str) -> None:
            if model == "bad" and call == "summary":
                raise ModelNotFoundError("There is no model called 'bad'.")

        return FakeEngine(fail=fail)

    service = InferenceService(make)
    with qtbot.waitSignal(service.ready):
        service.start()
    with qtbot.waitSignal(service.load_failed):
        service.load("bad", "cpu")
    with qtbot.waitSignal(service.rendered):
        service.render(photo, smile(0.5), None, level=0)
    service.close()


def test_busy_tells_what_is_being_done_and_then_nothing(started, photo_file, qtbot):
    told = []
    started.busy_changed.connect(told.append)
    started.open(1, photo_file)
    qtbot.waitUntil(lambda: told[-1:] == [""])

    assert "open" in told


def test_closing_ends_the_thread_frees_the_engine_and_does_not_wait_for_the_queue(started, engine, photo, qtbot):
    engine.gate.clear()
    revision = started.render(photo, smile(0.5), None, level=0)
    qtbot.waitUntil(lambda: f"render preview {revision}" in engine.calls)
    for number in range(20):
        started.open(number, Path("never.jpg"))
    threading.Timer(0.05, engine.gate.set).start()
    started.close()

    assert engine.is_closed
    assert "open" not in engine.calls


def test_thread_that_does_not_end_in_time_is_left_alone(started, engine, photo, qtbot, monkeypatch):
    monkeypatch.setattr("fvae_studio.inference.service._CLOSE_MS", 20)
    engine.gate.clear()
    revision = started.render(photo, smile(0.5), None, level=0)
    qtbot.waitUntil(lambda: f"render preview {revision}" in engine.calls)
    thread = started._thread
    started.close()
    assert thread.isRunning()
    engine.gate.set()
    qtbot.waitUntil(thread.isFinished)

    assert engine.is_closed


def failing_on(device: str, calls: tuple[str, ...], devices: list[str]):
    """An engine factory whose engines fail in some calls unless they are on the CPU."""

    def make(_model: object, chosen: str) -> FakeEngine:
        devices.append(chosen)

        def fail(call: str) -> None:
            if chosen == device and call.startswith(calls):
                raise DeviceError("The device cuda failed (out of memory); choose the CPU instead.")

        return FakeEngine(fail=fail)

    return make


def test_cpu_takes_over_moments_of_a_clip(photo, qtbot, qapp):  # noqa: ARG001
    devices: list[str] = []
    service = InferenceService(failing_on("cuda", ("moment",), devices), device="cuda")
    with qtbot.waitSignal(service.ready):
        service.start()
    with qtbot.waitSignals([service.fell_back, service.ready, service.moment_rendered]):
        service.render_moment([ClipSource(photo)], Moment((1.0,), (1.0,)), "photo", level=0)
    service.close()

    assert devices == ["cuda", "cpu"]


def test_export_goes_on_after_a_preview_beside_it_lost_the_device(photo, qtbot, qapp):  # noqa: ARG001
    """The preview that the export gave way to brings the CPU's engine; the export's own fails a moment later."""
    devices: list[str] = []
    service = InferenceService(failing_on("cuda", ("render preview", "render"), devices), device="cuda")
    began, wanted = threading.Event(), threading.Event()
    tries = []

    def task(engine: StudioEngine, progress: JobProgress) -> int:
        tries.append(engine)
        began.set()
        assert wanted.wait(10)
        progress.give_way()
        engine.render(photo, smile(0.5))
        return len(tries)

    with qtbot.waitSignal(service.ready):
        service.start()
    told, done = [], []
    service.fell_back.connect(told.append)
    service.exported.connect(lambda *args: done.append(args))
    job_id = service.export(task)
    qtbot.waitUntil(began.is_set)
    with qtbot.waitSignals([service.rendered, service.exported]):
        service.render(photo, smile(0.5), None, level=0)
        wanted.set()
    service.close()

    assert done == [(job_id, 2)]
    assert devices == ["cuda", "cpu"]
    assert len(told) == 1


def test_engine_rests_when_faces_were_searched_and_nothing_waits(started, engine, photo, qtbot):
    with qtbot.waitSignal(started.detected):
        started.detect(1, photo)

    qtbot.waitUntil(lambda: engine.rests == 1)


def test_engine_does_not_rest_between_photos_that_are_opened_together(started, engine, photo, photo_file, qtbot):
    searches = []
    engine.fail = lambda name: searches.append(engine.rests) if name == "detect" else None
    engine.gate.clear()
    started.render(photo, smile(0.5), None, level=2)
    for number in (1, 2, 3):
        started.open(number, photo_file, detects=True)
    engine.gate.set()

    qtbot.waitUntil(lambda: engine.rests == 1)
    assert searches == [0, 0, 0]


def test_engine_that_searched_nothing_does_not_rest(started, engine, photo_file, qtbot):
    with qtbot.waitSignal(started.opened):
        started.open(7, photo_file, detects=False)
    with qtbot.waitSignal(started.opened):
        started.open(8, photo_file, detects=False)

    assert engine.rests == 0
