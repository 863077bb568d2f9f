from __future__ import annotations

import pytest

from tests.gui.test_document import document, entry_of, files, wait_for_faces

__all__ = ["document", "files"]

pytestmark = pytest.mark.gui


@pytest.fixture
def two(document, files, qtbot):
    """Two open photos; the first is shown, both are on the timeline."""
    document.open_paths(files[:2])
    wait_for_faces(document, qtbot)
    for photo in document.photos:
        document.put_photo(photo.entry_id)
    return document


def photos_of(document):
    return [(key.photo, key.time_s) for key in document.timeline.photos]


def test_photos_stand_one_second_apart(two):
    assert photos_of(two) == [(1, 0.0), (2, 1.0)]
    assert not two.is_clean


def test_undo_takes_back_what_was_changed_last_whatever_it_was(two, qtbot):
    two.set_strength("smile", 0.5)
    two.seal()
    two.put_photo(1)
    with qtbot.waitSignal(two.timeline_stepped) as told:
        two.undo()
    assert told.args == ["Timeline, undone: Put 0.png on the timeline"]
    assert photos_of(two) == [(1, 0.0), (2, 1.0)]
    assert entry_of(two).edit.strengths_of(None) == {"smile": 0.5}
    two.undo()
    assert not entry_of(two).is_edited
    two.undo()
    assert photos_of(two) == [(1, 0.0)]
    for _ in range(3):
        two.redo()

    assert photos_of(two) == [(1, 0.0), (2, 1.0), (1, 2.0)]
    assert entry_of(two).edit.strengths_of(None) == {"smile": 0.5}
    assert not two.can_redo


def test_steps_of_photo_and_timeline_are_listed_in_the_order_of_undo(two):
    two.set_strength("smile", 0.5)
    two.seal()
    two.put_photo(1)
    labels, now = two.steps
    assert labels[1:] == (
        "Put 0.png on the timeline", "Put 1.png on the timeline", "Smile +50", "Put 0.png on the timeline",
    )  # fmt: skip
    assert now == 4
    two.undo()

    assert two.steps == (labels, 3)


def test_any_step_of_photo_or_timeline_is_gone_to(two):
    two.set_strength("smile", 0.5)
    two.seal()
    two.put_photo(1)
    labels, _ = two.steps
    two.go_to_step(1)
    assert photos_of(two) == [(1, 0.0)]
    assert not entry_of(two).is_edited
    assert two.steps == (labels, 1)
    two.go_to_step(3)
    assert photos_of(two) == [(1, 0.0), (2, 1.0)]
    assert entry_of(two).edit.strengths_of(None) == {"smile": 0.5}


def test_undone_steps_of_the_timeline_stand_behind_a_new_one_of_the_photo(two):
    two.undo()
    two.set_strength("smile", 0.5)
    labels, now = two.steps

    assert labels[1:] == ("Put 0.png on the timeline", "Smile +50", "Put 1.png on the timeline")
    assert now == 2
    two.go_to_step(3)
    assert photos_of(two) == [(1, 0.0), (2, 1.0)]


def test_steps_of_one_drag_are_one_step(two):
    steps = len(two._clip.entries)
    for time_s in (1.2, 1.4, 1.6):
        key = two.timeline.photos[1]
        from fvae_studio.core.timeline_keys import KeyPlace, moved

        timeline, _ = moved(two.timeline, KeyPlace(None, key.time_s), time_s)
        two.set_timeline(timeline, "Move", merge_key="drag")

    assert len(two._clip.entries) == steps + 1
    two.undo()
    assert photos_of(two) == [(1, 0.0), (2, 1.0)]


def test_closed_photo_takes_its_keys_and_comes_back_with_them(two, qtbot):
    two.close_photo(2)
    assert photos_of(two) == [(1, 0.0)]
    assert [photo.entry_id for photo in two.photos] == [1]
    two.undo()
    assert photos_of(two) == [(1, 0.0), (2, 1.0)]
    assert [photo.entry_id for photo in two.photos] == [1, 2]
    two.use_clip(True)
    qtbot.waitUntil(lambda: bool(two.photos[1].faces))

    assert two.photos[1].photo is not None


def test_edit_is_animated_from_nothing(two):
    two.set_strength("smile", 0.5)
    two.animate_edit()
    start, end = (dict(two.timeline.at(time_s).strengths) for time_s in (0.0, 1.0))

    assert start == {"smile": -0.5}
    assert end == {}
    assert photos_of(two) == [(1, 0.0), (2, 1.0)]


def test_animated_edit_has_the_amount_in_it(two):
    two.set_strength("smile", 0.5)
    two.set_amount(0.5)
    two.animate_edit()

    assert dict(two.timeline.at(0.0).strengths) == {"smile": -0.25}


def test_emptied_timeline_and_exported_clip_lose_nothing(two):
    two.undo()
    two.undo()
    assert two.is_clean
    two.redo()
    assert not two.is_clean
    two.mark_clip_exported(two.timeline)

    assert two.is_clean


def test_files_are_opened_beside_the_shown_photo(two, files, qtbot):
    two.put_paths([files[2]])
    qtbot.waitUntil(lambda: two.photos[2].thumbnail is None or True)

    assert entry_of(two).path == files[0]
    assert photos_of(two)[-1] == (3, 2.0)


def test_clip_survives_its_project(two, tmp_path, qtbot):
    two.close_photo(1)
    two.undo()
    before = [(two.photo_of(photo).name, time_s) for photo, time_s in photos_of(two)]
    qtbot.waitUntil(lambda: all(photo.sha256 for photo in two.photos))
    two.save_project(tmp_path / "party.fvae")
    assert two.is_clean
    two.open_project(tmp_path / "party.fvae")
    wait_for_faces(two, qtbot)

    # Entries have other numbers and another order; the keys name the same photos.
    assert [(two.photo_of(photo).name, time_s) for photo, time_s in photos_of(two)] == before
    assert two.is_clean
    assert not two.can_undo
    two.put_photo(two.photos[0].entry_id)
    assert not two.is_clean


def test_recovered_clip_is_unsaved(two):
    project = two.to_project()
    two.show_project(project, is_saved=False)

    assert len(two.timeline.photos) == 2
    assert not two.is_clean


def test_project_without_a_clip_empties_the_timeline(two):
    project = two.to_project()
    two.show_project(type(project)(project.photos))

    assert two.timeline.is_empty
    assert two.to_project().timeline is None
