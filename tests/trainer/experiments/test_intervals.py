from __future__ import annotations

import math

import numpy as np
import pytest

from trainer.experiments.intervals import Interval, mean_over_people, over_people, ratio_of_sums


def test_interval_holds_its_value():
    values = np.random.default_rng(1).normal(5, 1, 30)
    interval = mean_over_people(values, [str(index) for index in range(30)])

    assert interval.value == pytest.approx(values.mean())
    assert interval.low < interval.value < interval.high
    # 1.96 standard errors to either side, for a mean of thirty
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * values.std() / math.sqrt(30), rel=0.1)


def test_more_rows_of_the_same_people_do_not_narrow_it():
    values = np.random.default_rng(2).normal(0, 1, 10)
    people = [str(index) for index in range(10)]
    once, often = mean_over_people(values, people), mean_over_people(np.tile(values, 20), people * 20)

    assert often.high - often.low == pytest.approx(once.high - once.low)


def test_one_person_has_a_value_but_no_interval():
    interval = mean_over_people(np.array([1.0, 3.0]), ["a", "a"])

    assert interval.value == 2
    assert math.isnan(interval.low)
    assert interval.text(1) == "2.0"


def test_unknown_rows_are_left_out():
    interval = mean_over_people(np.array([1.0, float("nan"), 3.0]), ["a", "b", "c"])

    assert interval.value == 2


def test_nothing_known_is_not_known():
    interval = mean_over_people(np.full(3, np.nan), ["a", "b", "c"])

    assert interval.text(2) == "not known"
    assert interval.to_dict() == {"value": None, "low": None, "high": None}


def test_same_seed_same_interval():
    values = np.arange(6.0)
    people = list("abcdef")

    assert mean_over_people(values, people) == mean_over_people(values, people)


def test_share_of_sums_weighs_by_the_whole():
    part, whole = np.array([1.0, 9.0]), np.array([10.0, 10.0])
    interval = over_people(lambda rows: ratio_of_sums(part, whole, rows), ["a", "b"])

    assert interval.value == 0.5
    assert (interval.low, interval.high) == (0.1, 0.9)
    assert math.isnan(ratio_of_sums(part, np.zeros(2), np.array([0, 1])))


def test_text_scales():
    assert Interval(0.25, 0.2, 0.3).text(0, scale=100) == "25 [20, 30]"
