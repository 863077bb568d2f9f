from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fvae_studio.core.batch import BatchTask
from fvae_studio.core.edits import EditState, FaceEdit
from fvae_studio.core.export import ExportOptions
from fvae_studio.core.mouth_choice import BUILT_IN
from fvae_studio.core.photo_io import read_photo
from fvae_studio.core.progress import CancelToken, NoProgress, Progress
from fvae_studio.core.types import Face, Photo, RenderResult
from fvae_studio.errors import Cancelled
from fvae_studio.pipeline.batch import ReadAhead, TellsLeftOut, run_batch_photo
from tests.gui.fakes import FakeEngine
from tests.helpers.fake_faces import make_photo

SMILE = (("smile", 0.5),)


@pytest.fixture
def photo_path(tmp_path: Path) -> Path:
    path = tmp_path / "one.png"
    Image.fromarray(make_photo().pixels).save(path)
    return path


def task_for(tmp_path: Path) -> BatchTask:
    return BatchTask(SMILE, ExportOptions(folder=tmp_path / "edited"))


def test_a_photo_with_faces_is_written_into_a_new_folder(photo_path: Path, tmp_path: Path) -> None:
    row = run_batch_photo(FakeEngine(), photo_path, task_for(tmp_path), NoProgress())

    assert (row.outcome, row.num_faces, row.note) == ("done", 2, "")
    assert row.output == tmp_path / "edited" / "one-edited.png"
    assert (read_photo(row.output).pixels != make_photo().pixels).any()


def test_faces_that_are_left_out_are_told(photo_path: Path, tmp_path: Path) -> None:
    @dataclass
    class Small:
        reason: str = "Face 2 is too small."

    class LeavesOneOut(FakeEngine):
        def left_out(self, _photo: Photo, _state: EditState) -> tuple[Small, ...]:
            return (Small(),)

    row = run_batch_photo(LeavesOneOut(), photo_path, task_for(tmp_path), NoProgress())

    assert (row.outcome, row.note) == ("done", "Face 2 is too small.")


def test_the_real_engine_tells_which_faces_it_leaves_out() -> None:
    from fvae_studio.pipeline.engine import Engine

    assert issubclass(Engine, TellsLeftOut)


def test_without_a_face_it_is_skipped_and_nothing_written(photo_path: Path, tmp_path: Path) -> None:
    row = run_batch_photo(FakeEngine(faces=()), photo_path, task_for(tmp_path), NoProgress())

    assert (row.outcome, row.output) == ("skipped", None)
    assert not (tmp_path / "edited").exists()


def test_a_file_that_is_no_photo_fails_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "broken.jpg"
    path.write_bytes(b"no photo")
    row = run_batch_photo(FakeEngine(), path, task_for(tmp_path), NoProgress())

    assert row.outcome == "failed"
    assert row.note.endswith(".")


def test_names_of_one_batch_do_not_meet(photo_path: Path, tmp_path: Path) -> None:
    taken = tmp_path / "edited" / "one-edited.png"
    row = run_batch_photo(FakeEngine(), photo_path, task_for(tmp_path), NoProgress(), taken=[taken])

    assert row.output is not None
    assert row.output.name == "one-edited-2.png"


def test_cancelling_stops_the_batch(photo_path: Path, tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        run_batch_photo(FakeEngine(), photo_path, task_for(tmp_path), NoProgress(token))

    np.testing.assert_array_equal(read_photo(photo_path).pixels, make_photo().pixels)


def test_mouth_is_asked_for_with_the_strengths(photo_path: Path, tmp_path: Path) -> None:
    states = []

    class Asked(FakeEngine):
        def render(self, photo: Photo, state: EditState, progress: Progress | None = None) -> RenderResult:
            states.append(state)
            return super().render(photo, state, progress)

    run_batch_photo(Asked(), photo_path, replace(task_for(tmp_path), mouth=BUILT_IN), NoProgress())

    assert states == [EditState(None, (FaceEdit(None, SMILE, BUILT_IN),))]


class Aside(FakeEngine):
    """An engine that can read beside itself; notes which photos were read, and where."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[tuple[str, str]] = []
        self.may_read = threading.Event()
        self.may_read.set()

    def open_aside(self, path: Path) -> tuple[Photo, tuple[Face, ...]]:
        assert self.may_read.wait(10)
        self.read.append((path.name, threading.current_thread().name))
        photo = read_photo(path)
        return photo, self.detect(photo)


@pytest.fixture
def three(tmp_path: Path) -> list[Path]:
    found = []
    for number in range(3):
        found.append(tmp_path / f"{number}.png")
        Image.fromarray(make_photo(seed=number).pixels).save(found[-1])
    return found


def test_next_photo_is_read_while_one_is_edited(three: list[Path], tmp_path: Path) -> None:
    engine, ahead = Aside(), ReadAhead(three)
    plain = [run_batch_photo(FakeEngine(), path, task_for(tmp_path / "plain"), NoProgress()) for path in three]
    rows = [run_batch_photo(engine, path, task_for(tmp_path), NoProgress(), ahead=ahead) for path in three]
    ahead.close()

    assert [row.outcome for row in rows] == ["done"] * 3
    assert [name for name, _ in engine.read] == ["0.png", "1.png", "2.png"]
    assert [thread.startswith("read-ahead") for _, thread in engine.read] == [False, True, True]
    for row, alone in zip(rows, plain, strict=True):
        assert row.output is not None
        assert alone.output is not None
        np.testing.assert_array_equal(read_photo(row.output).pixels, read_photo(alone.output).pixels)


def test_damaged_photo_fails_in_its_own_turn(three: list[Path], tmp_path: Path) -> None:
    three[1].write_bytes(b"no picture")
    engine, ahead = Aside(), ReadAhead(three)
    rows = [run_batch_photo(engine, path, task_for(tmp_path), NoProgress(), ahead=ahead) for path in three]
    ahead.close()

    assert [row.outcome for row in rows] == ["done", "failed", "done"]


def test_what_another_engine_read_is_read_anew(three: list[Path], tmp_path: Path) -> None:
    first, second, ahead = Aside(), Aside(), ReadAhead(three)
    run_batch_photo(first, three[0], task_for(tmp_path), NoProgress(), ahead=ahead)
    row = run_batch_photo(second, three[1], task_for(tmp_path), NoProgress(), ahead=ahead)
    ahead.close()

    assert row.outcome == "done"
    assert second.read[0][0] == "1.png"
