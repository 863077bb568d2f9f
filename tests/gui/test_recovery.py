from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from fvae_studio.core.project_file import load_project
from fvae_studio.errors import PhotoWriteError
from fvae_studio.gui.document import Document
from fvae_studio.gui.recovery import Recovery
from fvae_studio.inference.service import InferenceService
from tests.gui.fakes import FakeEngine

pytestmark = pytest.mark.gui


@pytest.fixture
def document(engine: FakeEngine, photo_file, qtbot) -> Iterator[Document]:
    """With one photo and an edit that is not saved."""
    service = InferenceService(lambda _model, _device: engine)
    document = Document(service)
    service.start()
    document.open_paths([photo_file])
    qtbot.waitUntil(lambda: bool(document.current and document.current.faces))
    document.set_strength("smile", 0.5)
    yield document
    service.close()


def test_unsaved_edit_is_written_some_time_after_the_change(document, tmp_path, qtbot):
    recovery = Recovery(tmp_path / "recovery", document, seconds=1)
    recovery._timer.setInterval(10)
    document.set_strength("smile", 0.7)
    qtbot.waitUntil(lambda: bool(list((tmp_path / "recovery").rglob("*.fvae"))))
    (path,) = (tmp_path / "recovery").rglob("*.fvae")

    assert load_project(path).photos[0].edit.strengths_of(None) == {"smile": 0.7}
    recovery.close()


def test_change_of_the_clip_is_written_as_well(document, tmp_path, qtbot):
    document.undo()
    recovery = Recovery(tmp_path / "recovery", document, seconds=1)
    recovery._timer.setInterval(10)
    document.put_photo(document.photos[0].entry_id)
    qtbot.waitUntil(lambda: bool(list((tmp_path / "recovery").rglob("*.fvae"))))
    (path,) = (tmp_path / "recovery").rglob("*.fvae")

    assert [key.photo for key in load_project(path).timeline.photos] == [0]
    recovery.close()


def test_folder_of_a_running_studio_is_no_orphan(document, tmp_path):
    running = Recovery(tmp_path, document, seconds=20)
    running.save()
    other = Recovery(tmp_path, document, seconds=20)

    assert other.orphans() == ()
    running._lock.unlock()
    assert len(other.orphans()) == 1
    running.close()


def test_studio_that_ends_well_leaves_nothing(document, tmp_path):
    recovery = Recovery(tmp_path, document, seconds=20)
    recovery.save()
    recovery.pasted_path().write_bytes(b"x")
    recovery.close()

    assert list(tmp_path.glob("*-*")) == []


def test_saved_edits_need_no_recovery(document, tmp_path):
    recovery = Recovery(tmp_path / "recovery", document, seconds=20)
    recovery.save()
    document.save_project(tmp_path / "party.fvae")
    recovery.save()

    assert not list((tmp_path / "recovery").rglob("*.fvae"))
    recovery.close()


def test_zero_seconds_switch_it_off(document, tmp_path):
    recovery = Recovery(tmp_path / "recovery", document, seconds=0)
    document.set_strength("smile", 0.9)

    assert not recovery._timer.isActive()
    recovery.close()


def test_damaged_orphan_is_not_brought_back(document, tmp_path):
    recovery = Recovery(tmp_path, document, seconds=20)
    folder = tmp_path / "999-0"
    folder.mkdir()
    (folder / "recovered.fvae").write_text("{")
    (orphan,) = recovery.orphans()

    assert recovery.recover(orphan) is None
    recovery.forget(orphan)
    assert not folder.exists()


def test_two_studios_are_not_offered_the_same_edits(document, tmp_path):
    crashed = Recovery(tmp_path, document, seconds=20)
    crashed.save()
    crashed._lock.unlock()
    first, second = Recovery(tmp_path, document, seconds=20), Recovery(tmp_path, document, seconds=20)

    assert len(first.orphans()) == 1
    assert second.orphans() == ()
    # Until the one that was offered them ends without an answer.
    first.close()
    assert len(second.orphans()) == 1
    second.close()


def test_latest_save_comes_first_though_the_clock_was_set_back(document, tmp_path):
    left = []
    for strength in (0.1, 0.2, 0.3):
        document.set_strength("smile", strength)
        crashed = Recovery(tmp_path, document, seconds=20)
        crashed.save()
        crashed._lock.unlock()
        left.append(crashed._own / "recovered.fvae")
        os.utime(left[-1], (2e9 - 1e6 * strength, 2e9 - 1e6 * strength))
    found = Recovery(tmp_path, document, seconds=20)

    assert found.orphans() == tuple(reversed(left))
    found.close()


def test_empty_folder_of_a_studio_that_is_just_starting_is_left_to_it(document, tmp_path):
    starting, looking = Recovery(tmp_path, document, seconds=20), Recovery(tmp_path, document, seconds=20)
    starting._make_own()

    assert looking.orphans() == ()
    assert starting.save()
    assert looking.orphans() == ()
    starting.close()


def test_folder_that_was_cleared_away_is_made_again(document, tmp_path):
    recovery = Recovery(tmp_path / "recovery", document, seconds=20)
    recovery.save()
    shutil.rmtree(tmp_path / "recovery")

    assert recovery.save()
    assert len(list((tmp_path / "recovery").rglob("recovered.fvae"))) == 1
    recovery.close()


def test_edits_that_cannot_be_saved_again_stay_where_they_were(document, tmp_path, monkeypatch):
    crashed = Recovery(tmp_path, document, seconds=20)
    crashed.save()
    crashed._lock.unlock()
    recovery = Recovery(tmp_path, document, seconds=20)
    (orphan,) = recovery.orphans()

    def fail(*_arguments):
        raise PhotoWriteError("the disk is full")

    monkeypatch.setattr("fvae_studio.gui.recovery.save_project", fail)
    assert not recovery.adopt(orphan)
    assert load_project(orphan).photos[0].edit.strengths_of(None) == {"smile": 0.5}
    recovery.close()
