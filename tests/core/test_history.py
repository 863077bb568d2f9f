from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fvae_studio.core.history import EditHistory


def history_of(*states: int) -> EditHistory[int]:
    history = EditHistory(0, "opened")
    for state in states:
        history.push(state, f"to {state}")
    return history


def test_undo_and_redo_walk_through_all_states():
    history = history_of(1, 2, 3)

    assert [history.undo() for _ in range(4)] == [2, 1, 0, 0]
    assert [history.redo() for _ in range(4)] == [1, 2, 3, 3]
    assert not history.can_redo


def test_drag_is_one_step():
    history = history_of(1)
    for state in range(2, 50):
        history.push(state, "smile", merge_key=("smile", 1))

    assert history.labels == ("opened", "to 1", "smile")
    assert history.state == 49
    assert history.undo() == 1


def test_sealed_drag_takes_no_more_steps():
    history = history_of()
    history.push(1, "smile", merge_key="smile")
    history.seal()
    history.push(2, "smile", merge_key="smile")

    assert history.undo() == 1


def test_other_merge_key_is_another_step():
    history = history_of()
    history.push(1, "smile", merge_key=("smile", 1))
    history.push(2, "smile", merge_key=("smile", 2))

    assert len(history.entries) == 3


def test_drag_back_to_its_start_leaves_no_step_and_the_same_drag_goes_on():
    history = history_of(1)
    for state in (2, 3, 1):
        history.push(state, "smile", merge_key="smile")

    assert history.labels == ("opened", "to 1")

    history.push(4, "smile", merge_key="smile")
    history.push(5, "smile", merge_key="smile")
    assert history.labels == ("opened", "to 1", "smile")
    assert history.undo() == 1


def test_step_after_an_undo_forgets_what_was_undone():
    history = history_of(1, 2, 3)
    history.go_to(1)
    history.push(9, "other")

    assert [entry.state for entry in history.entries] == [0, 1, 9]
    assert not history.can_redo


def test_drag_does_not_merge_into_a_step_that_was_returned_to():
    history = history_of()
    history.push(1, "smile", merge_key="smile")
    history.push(2, "other")
    history.undo()
    history.push(3, "smile", merge_key="smile")

    assert history.undo() == 1


def test_equal_state_adds_no_step():
    history = history_of(1)

    assert not history.push(1, "again")
    assert len(history.entries) == 2


def test_clean_mark_follows_undo_and_redo():
    history = history_of(1, 2)
    assert not history.is_clean
    history.mark_clean()
    assert history.is_clean
    history.undo()
    assert not history.is_clean
    history.redo()

    assert history.is_clean


def test_saving_in_the_middle_of_a_drag_keeps_the_saved_state():
    history = history_of()
    history.push(1, "smile", merge_key="smile")
    history.mark_clean()
    history.push(2, "smile", merge_key="smile")

    assert not history.is_clean
    assert history.undo() == 1
    assert history.is_clean


def test_clean_state_that_was_cut_off_never_comes_back():
    history = history_of(1, 2)
    history.mark_clean()
    history.undo()
    history.push(2, "the same by another way")

    assert not history.is_clean


@given(st.lists(st.one_of(st.integers(0, 5), st.sampled_from(["undo", "redo", "seal"])), max_size=60))
def test_undoing_everything_always_reaches_the_first_state(steps: list[int | str]):
    history = EditHistory(0)
    for step in steps:
        if isinstance(step, int):
            history.push(step, str(step), merge_key=step % 2)
        else:
            getattr(history, step)()
    while history.can_undo:
        before = history.state
        assert history.undo() != before or history.index == 0

    assert history.state == 0
