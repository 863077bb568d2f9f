"""How far sliders part lips that show teeth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from fvae_studio.core.types import AlignedCrop, FlowField
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.model.directions import OPEN_MOUTH, Direction, DirectionSet
from tests.helpers.mouths import mouth, parting_flow
from tests.helpers.prepared_faces import make_prepared
from tests.helpers.teeth import GAP, LIP, drawn
from tests.helpers.tiny_model import make_tiny_model
from trainer import fit_parting as module
from trainer.fit_parting import TAKEN_BACK, fit_parting
from trainer.prepare import PREPARED_SIZE, PreparedFaces

DOWN_PX = 9.0
OPENS = {"smile": 0.4, "afraid": 0.05, "surprised": 1.0, "laugh": 1.5, OPEN_MOUTH: 1.0}
"""By how much of `DOWN_PX` each slider lowers the lower lip."""


class LoweringPredictor:
    """Stands in for `FlowPredictor`: sliders lower the lower lip, each by its own."""

    def __init__(self, _model: LoadedModel, *, device: str) -> None:
        assert device == "cpu"

    def set_crop(self, crop: AlignedCrop) -> None:
        """What it shows does not matter."""

    def predict(self, strengths: Mapping[str, float], *, with_confidence: bool) -> FlowField:
        """Lowered by the sum."""
        assert not with_confidence
        down = DOWN_PX * sum(OPENS[name] * strength for name, strength in strengths.items())
        return FlowField(parting_flow(0, down), np.ones((128, 128), np.float32))


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> LoadedModel:
    monkeypatch.setattr(module, "FlowPredictor", LoweringPredictor)
    tiny = make_tiny_model()
    shape = tiny.directions.latent_shape
    vector = np.ones(shape, np.float32)
    directions = [Direction(name, name, "Mouth", vector, (0.0, 1.0)) for name in OPENS]
    return replace(tiny, directions=DirectionSet(directions, latent_shape=shape))


def smiling(gap: float = GAP, *, teeth: bool = True) -> PreparedFaces:
    prepared = make_prepared((("a", "train"), ("b", "train")))
    crop = drawn(size=PREPARED_SIZE) if teeth else drawn(tooth=LIP, size=PREPARED_SIZE)
    count = len(prepared.faces)
    return replace(prepared, crops=np.stack([crop] * count), landmarks=np.stack([mouth(gap)] * count))


def test_what_opens_a_mouth_is_taken_back_until_lips_meet_teeth(model: LoadedModel) -> None:
    parts = fit_parting(model, smiling(), [1, 3])

    # Teeth that the lip cuts off go on behind it for the last bit.
    assert 0.5 * OPENS["smile"] < parts["smile"] <= OPENS["smile"] + 0.08
    assert parts["laugh"] == TAKEN_BACK[-1]


def test_sliders_that_open_no_mouth_and_those_that_are_there_to_do_so_are_left_alone(model: LoadedModel) -> None:
    assert set(fit_parting(model, smiling(), [1, 3])) == {"smile", "laugh"}


@pytest.mark.parametrize("prepared", [smiling(teeth=False), smiling(0.0)], ids=["no teeth", "closed"])
def test_without_teeth_nothing_is_known(model: LoadedModel, prepared: PreparedFaces) -> None:
    assert fit_parting(model, prepared, [1, 3]) == {}


def test_without_what_closes_a_mouth_nothing_is_taken_back(model: LoadedModel) -> None:
    others = [each for name, each in model.directions.items() if name != OPEN_MOUTH]
    shape = model.directions.latent_shape

    assert fit_parting(replace(model, directions=DirectionSet(others, latent_shape=shape)), smiling(), [1]) == {}
