"""Directions and Algorithm 1, by small cases worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvae_studio.errors import EditError, ModelError
from fvae_studio.model.directions import (
    GAUGE_RANGE,
    OPEN_MOUTH,
    Direction,
    DirectionSet,
    ExpressionGauge,
    Latent,
    algorithm_1,
    expression_direction,
    label_means,
)


def latent(*values: float) -> Latent:
    """(2, 1, 1) or longer."""
    return np.array(values, np.float32).reshape(-1, 1, 1)


def make_direction(name: str, *values: float, mirrored: str | None = None) -> Direction:
    return Direction(
        name=name, label=name.title(), group="Mouth", vector=latent(*values), trusted=(-1, 1), mirrored=mirrored
    )


@pytest.fixture
def directions() -> DirectionSet:
    return DirectionSet(
        [
            make_direction("smile", 1, 2),
            make_direction("close_eye_left", 0, 1, mirrored="close_eye_right"),
            make_direction("close_eye_right", 3, 0, mirrored="close_eye_left"),
        ],
        latent_shape=(2, 1, 1),
    )


def test_strengths_add_up(directions: DirectionSet) -> None:
    offset = directions.combine({"smile": 0.5, "close_eye_right": -1.0})

    np.testing.assert_array_equal(offset, latent(0.5 - 3, 1))
    assert offset.dtype == np.float32


@pytest.mark.parametrize("strengths", [{}, {"smile": 0.0}, {"smile": 0, "close_eye_left": -0.0}])
def test_no_strength_adds_nothing(directions: DirectionSet, strengths: dict[str, float]) -> None:
    np.testing.assert_array_equal(directions.combine(strengths), latent(0, 0))


@given(a=st.floats(-4, 4, width=32), b=st.floats(-4, 4, width=32))
def test_combining_is_linear(a: float, b: float) -> None:
    directions = DirectionSet([make_direction("smile", 1, 2), make_direction("pout", -3, 0.5)], latent_shape=(2, 1, 1))
    together = directions.combine({"smile": a, "pout": b})

    # One float32 rounding for each of a few operations.
    np.testing.assert_allclose(
        together, directions.combine({"smile": a}) + directions.combine({"pout": b}), rtol=1e-5, atol=1e-6
    )


def with_gauge(weights: Latent, bias: float) -> DirectionSet:
    smile = replace(make_direction("smile", 1, 2), gauge=ExpressionGauge(weights, bias))
    return DirectionSet([smile, make_direction("pout", -3, 0.5)], latent_shape=(2, 1, 1))


def test_a_strength_below_0_takes_away_what_the_photo_shows() -> None:
    directions = with_gauge(latent(0.5, -1), 0.25)
    photo = latent(2, 0.5)  # reads 0.25 + 1 - 0.5

    np.testing.assert_allclose(directions.combine({"smile": -2.0}, photo), -2 * 0.75 * latent(1, 2))
    np.testing.assert_array_equal(directions.combine({"smile": 2.0}, photo), 2 * latent(1, 2))
    np.testing.assert_array_equal(directions.combine({"pout": -2.0}, photo), -2 * latent(-3, 0.5))
    np.testing.assert_array_equal(directions.combine({"smile": -2.0}), -2 * latent(1, 2))


@given(first=st.floats(-50, 50, width=32), second=st.floats(-50, 50, width=32))
def test_gauges_keep_to_their_range(first: float, second: float) -> None:
    gauge = ExpressionGauge(latent(3, -2), 0.1)
    low, high = GAUGE_RANGE

    assert low <= gauge.read(latent(first, second)) <= high
    assert gauge.read(latent(-50, 50)) == low
    assert gauge.read(latent(50, -50)) == high


@pytest.mark.parametrize(
    ("weights", "bias"), [(latent(1, 2, 3), 0.0), (latent(math.nan, 0), 0.0), (latent(1, 2), math.inf)]
)
def test_a_gauge_must_fit_the_latent_and_be_finite(weights: Latent, bias: float) -> None:
    with pytest.raises(ModelError, match="gauge"):
        with_gauge(weights, bias)


def parting(parts: float, *others: str) -> DirectionSet:
    smile = replace(make_direction("smile", 1, 2), parts=parts)
    return DirectionSet([smile, *(make_direction(name, -3, 0.5) for name in others)], latent_shape=(2, 1, 1))


def test_what_parts_open_lips_is_taken_back_as_far_as_they_are_open() -> None:
    directions = parting(0.25, OPEN_MOUTH)
    plain = DirectionSet([replace(each, parts=0.0) for each in directions.values()], latent_shape=(2, 1, 1))
    asked = {"smile": 2.0, OPEN_MOUTH: 0.3}

    for mouth_open, open_mouth in ((0.0, 0.3), (0.5, 0.05), (1.0, -0.2)):
        np.testing.assert_allclose(
            directions.combine(asked, mouth_open=mouth_open),
            plain.combine({"smile": 2.0, OPEN_MOUTH: open_mouth}),
            rtol=1e-5,
        )


@given(strength=st.floats(-4, 0, width=32))
def test_a_slider_turned_back_parts_nothing(strength: float) -> None:
    directions = parting(0.25, OPEN_MOUTH)

    np.testing.assert_array_equal(
        directions.combine({"smile": strength}, mouth_open=1.0), directions.combine({"smile": strength})
    )


def test_what_parts_lips_needs_what_closes_them() -> None:
    with pytest.raises(ModelError, match="open_mouth is not there"):
        parting(0.25, "pout")


@pytest.mark.parametrize("parts", [-0.1, math.nan, math.inf])
def test_lips_part_by_a_number(parts: float) -> None:
    with pytest.raises(ModelError, match="smile parts open lips"):
        parting(parts, OPEN_MOUTH)


def test_an_unknown_name_is_answered_with_its_neighbours(directions: DirectionSet) -> None:
    with pytest.raises(EditError, match=r"no expression called 'Simle'. Did you mean smile\?"):
        directions.combine({"Simle": 1.0})


def test_a_name_like_nothing_is_answered_with_all(directions: DirectionSet) -> None:
    with pytest.raises(EditError, match="There are: smile, close_eye_left, close_eye_right"):
        directions.combine({"xyzzy": 1.0})


@pytest.mark.parametrize("strength", [math.nan, math.inf, -math.inf, "big", None])
def test_a_strength_must_be_a_finite_number(directions: DirectionSet, strength: float) -> None:
    with pytest.raises(EditError, match="strength of smile"):
        directions.combine({"smile": strength})


def test_an_unknown_name_is_refused_even_at_strength_zero(directions: DirectionSet) -> None:
    with pytest.raises(EditError):
        directions.combine({"simle": 0.0})


def test_directions_keep_their_order(directions: DirectionSet) -> None:
    assert list(directions) == ["smile", "close_eye_left", "close_eye_right"]
    assert directions["close_eye_left"].mirrored == "close_eye_right"
    assert len(directions) == 3


def test_vectors_are_read_only(directions: DirectionSet) -> None:
    with pytest.raises(ValueError, match="read-only"):
        directions["smile"].vector[0] = 5


def test_an_inconsistent_set_is_refused() -> None:
    smile = make_direction("smile", 1, 2)
    with pytest.raises(ModelError, match="two directions"):
        DirectionSet([smile, smile], latent_shape=(2, 1, 1))
    with pytest.raises(ModelError, match="the latent"):
        DirectionSet([smile], latent_shape=(3, 1, 1))
    with pytest.raises(ModelError, match="not there"):
        DirectionSet([make_direction("wink", 1, 2, mirrored="wnik")], latent_shape=(2, 1, 1))


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Smile!"},
        {"name": ""},
        {"vector": latent(math.nan, 1)},
        {"vector": np.zeros(4, np.float32)},
        {"vector": np.zeros((2, 1, 1), np.float64)},
        {"trusted": (1.0, -1.0)},
        {"trusted": (0.0, math.inf)},
    ],
)
def test_a_malformed_direction_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ModelError):
        replace(make_direction("smile", 1, 2), **change)  # type: ignore[arg-type]


def test_means_are_taken_within_each_label() -> None:
    latents = np.stack([latent(1, 0), latent(3, 2), latent(10, 10)])
    means = label_means(latents, ["smile", "smile", "neutral"])

    assert list(means) == ["smile", "neutral"]
    np.testing.assert_array_equal(means["smile"], latent(2, 1))
    np.testing.assert_array_equal(means["neutral"], latent(10, 10))


def test_direction_is_the_difference_of_means_however_often_labels_occur() -> None:
    latents = np.stack([latent(1, 0), latent(3, 2), latent(10, 10)])
    labels = ["smile", "smile", "neutral"]
    direction = expression_direction(latents, labels, target="smile", source="neutral")
    more = expression_direction(
        np.concatenate([latents] + [latents[:2]] * 3), labels + labels[:2] * 3, target="smile", source="neutral"
    )

    np.testing.assert_array_equal(direction, latent(-8, -9))
    np.testing.assert_array_equal(more, direction)


def test_labels_must_fit() -> None:
    latents = np.stack([latent(1, 0)])
    with pytest.raises(EditError, match="1 latents and 2 labels"):
        label_means(latents, ["a", "b"])
    with pytest.raises(EditError, match="no photo is labelled smile"):
        expression_direction(latents, ["neutral"], target="smile", source="neutral")


def test_algorithm_1_walks_along_the_direction() -> None:
    steps = list(algorithm_1(latent(1, 1), latent(5, 0), latent(1, 2), num_steps=4))

    # Z(S) + (i / 4) ((5, 0) - (1, 2)), i = 1..4.
    np.testing.assert_array_equal(np.stack(steps)[..., 0, 0], [[2, 0.5], [3, 0], [4, -0.5], [5, -1]])


def test_algorithm_1_starts_from_the_photo_when_its_label_is_unknown() -> None:
    steps = list(algorithm_1(latent(1, 1), latent(5, 0), None, num_steps=2))

    np.testing.assert_array_equal(np.stack(steps)[..., 0, 0], [[3, 0.5], [5, 0]])


def test_algorithm_1_magnifies_beyond_k_and_suppresses_below_zero() -> None:
    below, none, beyond = algorithm_1(latent(1, 1), latent(5, 0), latent(1, 2), num_steps=4, steps=(-2, 0, 6))

    np.testing.assert_array_equal(below, latent(-1, 2))
    np.testing.assert_array_equal(none, latent(1, 1))
    np.testing.assert_array_equal(beyond, latent(7, -2))


def test_algorithm_1_needs_a_step() -> None:
    with pytest.raises(EditError, match="at least 1"):
        list(algorithm_1(latent(1, 1), latent(5, 0), None, num_steps=0))
