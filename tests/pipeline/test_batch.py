from __future__ import annotations

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
from fvae_studio.core.types import Photo, RenderResult
from fvae_studio.errors import Cancelled
from fvae_studio.pipeline.batch import TellsLeftOut, run_batch_photo
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
