from __future__ import annotations

from pathlib import Path

from fvae_studio.core.timeline import Moment
from fvae_studio.inference.jobs import DetectJob, ExportJob, JobQueue, Kind, LoadJob, MomentJob, OpenJob, RenderJob
from fvae_studio.pipeline.requests import ClipSource, MomentRequest
from tests.gui.fakes import make_request
from tests.helpers.fake_faces import make_photo

PHOTO = make_photo(32, 32)


def preview(revision: int) -> RenderJob:
    return RenderJob(request=make_request(PHOTO, revision=revision), faces=None)


def full_res(revision: int) -> RenderJob:
    return RenderJob(request=make_request(PHOTO, quality="full_res", revision=revision), faces=None)


def opening(entry_id: int) -> OpenJob:
    return OpenJob(entry_id=entry_id, path=Path("a.jpg"))


def export(job_id: int) -> ExportJob:
    return ExportJob(job_id=job_id, task=lambda _engine, _progress: None)


def frame(revision: int, *, is_playing: bool = False) -> MomentJob:
    moment = Moment((1.0,), (1.0,))
    request = MomentRequest((ClipSource(PHOTO),), moment, "photo", "preview", 0, revision)
    return MomentJob(request=request, is_ahead=True, is_playing=is_playing)


def taken(queue: JobQueue) -> list[Kind]:
    kinds = []
    while (job := queue.take()) is not None:
        kinds.append(job.kind)
        queue.finish()
    return kinds


def test_urgent_jobs_come_first():
    queue = JobQueue()
    thumbnail = OpenJob(entry_id=2, path=Path("b.jpg"), keeps_pixels=False)
    detect = DetectJob(entry_id=1, photo=PHOTO)
    for job in (export(1), thumbnail, LoadJob(model=None, device="cpu"), opening(1), detect, full_res(2), preview(1)):
        queue.put(job)

    assert taken(queue) == [
        Kind.PREVIEW,
        Kind.FULL_RES,
        Kind.DETECT,
        Kind.OPEN,
        Kind.LOAD,
        Kind.THUMBNAIL,
        Kind.EXPORT,
    ]


def test_of_previews_only_the_latest_waits():
    queue = JobQueue()
    for revision in range(5):
        queue.put(preview(revision))
    job = queue.take()

    assert isinstance(job, RenderJob)
    assert job.request.revision == 4
    assert queue.take() is None


def test_running_preview_is_not_touched_by_a_newer_one():
    queue = JobQueue()
    queue.put(preview(1))
    running = queue.take()
    queue.put(preview(2))

    assert running is not None
    assert not running.token.is_cancelled


def test_dropping_stops_the_running_and_returns_the_waiting():
    queue = JobQueue()
    jobs = [export(1), export(2), export(3)]
    for job in jobs:
        queue.put(job)
    running = queue.take()
    dropped = queue.drop(Kind.EXPORT, lambda job: job.job_id in (1, 3))

    assert running is jobs[0]
    assert running.token.is_cancelled
    assert dropped == (jobs[2],)
    queue.finish()
    assert queue.take() is jobs[1]


def test_exports_keep_their_order():
    queue = JobQueue()
    for number in (1, 2, 3):
        queue.put(export(number))

    assert [queue.take().job_id for _ in range(3)] == [1, 2, 3]  # type: ignore[union-attr]


def test_closed_queue_stops_the_running_job_and_takes_nothing():
    queue = JobQueue()
    queue.put(export(1))
    running = queue.take()
    queue.put(export(2))
    queue.close()
    queue.put(export(3))

    assert running is not None
    assert running.token.is_cancelled
    assert queue.take() is None


def test_idle_means_nothing_runs_and_nothing_waits():
    queue = JobQueue()
    assert queue.is_idle
    queue.put(export(1))
    assert not queue.is_idle
    queue.take()
    assert not queue.is_idle
    queue.finish()

    assert queue.is_idle


def test_frames_ahead_come_after_all_that_people_look_at_and_before_exports_unless_they_are_played():
    queue = JobQueue()
    thumbnail = OpenJob(entry_id=2, path=Path("b.jpg"), keeps_pixels=False)
    for job in (export(1), frame(1), frame(2), thumbnail, frame(3, is_playing=True), opening(1)):
        queue.put(job)

    wanted = [Kind.OPEN, Kind.PLAYED_FRAME, Kind.THUMBNAIL, Kind.FRAME, Kind.FRAME, Kind.EXPORT]
    assert taken(queue) == wanted


def test_job_that_gives_way_is_still_running():
    queue = JobQueue()
    giving = export(5)
    queue.put(giving)
    queue.take()
    queue.put(frame(1))
    assert queue.take(before=Kind.LOAD) is None
    queue.put(opening(1))
    assert queue.take(before=Kind.LOAD) is not None
    queue.finish()
    queue.drop(Kind.EXPORT, lambda job: job.job_id == 5)

    assert giving.token.is_cancelled
    assert not queue.is_idle
