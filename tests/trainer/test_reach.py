"""Is every expression there? With a model that makes exactly what is rendered, or another expression."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from fvae_studio.core.types import FlowField
from fvae_studio.model.directions import Direction, DirectionSet
from tests.helpers.tiny_model import make_tiny_model
from trainer.facekit.expressions import RECIPES, expression_code
from trainer.facekit.fit import FaceFits
from trainer.figures import reach
from trainer.figures.cost import cost_figures
from trainer.figures.reach import reach_figures
from trainer.held_out import held_out_neutral
from trainer.prepare import load_prepared
from trainer.render import render_expressions
from trainer.report import markdown

NAMES = ("smile", "sad", "surprised", "close_eyes", "brows_up")


@pytest.fixture(scope="module")
def model():
    tiny = make_tiny_model()
    shape = tiny.directions.latent_shape
    directions = [Direction(name, name, "any", np.zeros(shape, np.float32), (0.0, 1.0)) for name in NAMES]
    return replace(tiny, directions=DirectionSet(directions, latent_shape=shape))


@pytest.fixture
def figures_of(model, workplace, facekit, monkeypatch):
    """Measure a predictor that gives the exact flow of the named recipe, times a factor."""
    prepared, fits = load_prepared(workplace.prepared), FaceFits.load(workplace.fits)
    (row,) = held_out_neutral(prepared, 5)
    shapes = {recipe.name: recipe.shapes for recipe in RECIPES}

    def measure(gives, *, factor=1.0):
        class Predictor:
            def __init__(self, _model, **_options):
                pass

            def set_crop(self, _crop):
                pass

            def predict_many(self, strengths, **_options):
                names = [gives.get(name, name) for each in strengths for name in each]
                codes = [expression_code(facekit, shapes[name]) for name in names]
                flows = [pair.forward for pair in render_expressions(facekit, fits, prepared, row, codes)]
                return [FlowField(flow * np.float32(factor), np.ones(flow.shape[:2], np.float32)) for flow in flows]

        monkeypatch.setattr(reach, "FlowPredictor", Predictor)
        # What the product does to a flow is tested elsewhere; here the flow itself shall count.
        monkeypatch.setattr(reach, "settle", lambda flow, _landmarks: flow)
        return {row.name: row for row in reach_figures(model, facekit, fits, prepared)}

    return measure


def test_rendered_flow_reaches_itself(figures_of):
    rows = figures_of({})

    assert list(rows) == list(NAMES)
    for row in rows.values():
        assert row.reach == pytest.approx(1, abs=1e-5)
        assert row.miss == pytest.approx(0, abs=1e-5)
        assert row.recognised == 1 or math.isnan(row.recognised)
        assert row.taken_for == ""
    assert rows["sad"].recognised == rows["smile"].recognised == 1


def test_another_expression_is_told(figures_of):
    row = figures_of({"sad": "smile"})["sad"]

    assert (row.recognised, row.taken_for) == (0, "smile")
    assert row.miss > 0.5


def test_half_of_a_motion_is_half_reached_and_still_recognised(figures_of):
    row = figures_of({}, factor=0.5)["smile"]

    assert row.recognised == 1
    assert row.reach == pytest.approx(0.5, abs=0.08)
    assert row.miss == pytest.approx(0.5, abs=0.08)


def test_only_sliders_of_lids_tell_how_far_eyes_close(figures_of):
    rows = figures_of({})

    assert [name for name, row in rows.items() if not math.isnan(row.closed[0])] == ["close_eyes"]
    assert rows["close_eyes"].closed[0] == pytest.approx(rows["close_eyes"].closed[1])


def test_report_shows_them(figures_of, model, workplace):
    rows = tuple(figures_of({"sad": "smile"}).values())
    cost = cost_figures(model, load_prepared(workplace.prepared), repeats=1)
    text = markdown("x", reconstruction=(), edit=None, pictures=None, exact=None, cost=cost, reach=rows)

    assert "| sad | 0 % | smile |" in text
