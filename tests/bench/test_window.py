from __future__ import annotations

import pytest

from fvae_studio.bench.window import answer_times


def test_newer_value_answers_the_events_before_it():
    sent = [(0.00, 1.0), (0.01, 2.0), (0.02, 3.0), (0.03, 4.0)]
    shown = [(0.04, 2.0), (0.06, 4.0)]

    waits, own = answer_times(sent, shown)

    assert waits == pytest.approx([40, 30, 40, 30])
    assert own == pytest.approx([30, 30])


def test_value_that_is_shown_again_answers_nothing_more():
    waits, own = answer_times([(0.0, 1.0)], [(0.02, 1.0), (0.05, 1.0)])

    assert waits == own == pytest.approx([20])


def test_unknown_and_unanswered_values_do_not_count():
    assert answer_times([(0.0, 1.0), (0.1, 2.0)], [(0.05, 0.001), (0.06, 1.0)]) == (
        [pytest.approx(60)],
        [pytest.approx(60)],
    )
