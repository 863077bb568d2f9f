from __future__ import annotations

import numpy as np
import pytest

from fvae_studio.bench.figures import Row, percentile, row_of, with_growth
from fvae_studio.errors import DataError


def test_percentile_agrees_with_numpy():
    values = np.random.default_rng(0).exponential(10, 37).tolist()

    for percent in (0, 5, 50, 95, 100):
        assert percentile(values, percent) == pytest.approx(np.percentile(values, percent))


def test_percentile_of_one_value_is_that_value():
    assert percentile([3.0], 95) == 3.0


def test_median_and_percentile_do_not_depend_on_the_order():
    rows = [row_of("p", "n", "ms", order) for order in ([5, 1, 4, 2, 3], [1, 2, 3, 4, 5])]

    assert rows[0] == rows[1]
    assert rows[0].median == 3
    assert rows[0].p95 == pytest.approx(4.8)
    assert rows[0].runs == 5


def test_few_runs_have_no_percentile():
    assert row_of("p", "n", "ms", [1, 2, 3, 4]).p95 is None


def test_rate_is_told_from_times_and_its_percentile_is_the_slow_end():
    row = row_of("p", "n", "/s", [0.1, 0.1, 0.1, 0.1, 0.5])

    assert row.median == pytest.approx(10)
    assert row.p95 is not None
    assert row.p95 < row.median


def test_nothing_measured_is_told():
    with pytest.raises(DataError, match="predict"):
        row_of("engine", "predict", "ms", [])


def test_ratio_of_a_cost_and_of_a_rate_say_how_far_the_floor_is():
    assert Row("p", "n", "ms", 30, floor=20).ratio == pytest.approx(1.5)
    assert Row("p", "n", "/s", 20, floor=30).ratio == pytest.approx(1.5)
    assert Row("p", "n", "ms", 30).ratio is None
    assert Row("p", "n", "ms", 30, floor=0).ratio is None


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (Row("p", "n", "ms", 33, goal=33), "met"),
        (Row("p", "n", "ms", 33.1, goal=33), "missed"),
        (Row("p", "n", "", 0, goal=0), "met"),
        (Row("p", "n", "", 1, goal=0), "missed"),
        (Row("p", "n", "ms", 20, p95=61, goal=33, goal_p95=60), "missed"),
        (Row("p", "n", "/s", 12, goal=12), "met"),
        (Row("p", "n", "/s", 11.9, goal=12), "missed"),
        (Row("p", "n", "ms", 13, floor=10, goal_ratio=1.3), "met"),
        (Row("p", "n", "ms", 14, floor=10, goal_ratio=1.3), "missed"),
        (Row("p", "n", "ms", 14, goal=20, floor=10, goal_ratio=1.3), "missed"),
        (Row("p", "n", "ms", 14, floor=10), ""),
        (Row("p", "n", "ms", 14, goal_p95=10), ""),
    ],
)
def test_verdict_is_met_only_if_every_goal_is(row, verdict):
    assert row.verdict == verdict


def test_row_comes_back_from_json():
    row = row_of("p", "n", "ms", [1, 2, 3, 4, 9], goal=3, floor=2, goal_ratio=1.3, note="how")

    assert Row.from_json(row.to_json()) == row


def test_growth_is_told_against_the_first():
    rows = with_growth([Row("p", "6", "ms", 10), Row("p", "24", "ms", 42, note="how")])

    assert rows[0].note == ""
    assert rows[1].note == "4.20 x the first, how"


def test_growth_of_a_rate_is_that_of_its_cost():
    assert with_growth([Row("p", "1", "/s", 10), Row("p", "2", "/s", 5)])[1].note == "2.00 x the first"
