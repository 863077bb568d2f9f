"""A graphics processor that goes away or runs out of memory, played by a predictor that raises as torch does then."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from fvae_studio.core.edits import EditState, FaceEdit
from fvae_studio.errors import DeviceError
from fvae_studio.model.device import device_failures
from fvae_studio.pipeline.engine import Engine
from tests.helpers.fake_faces import FakeDetector, make_face, make_photo
from tests.helpers.tiny_model import make_tiny_model

SMILE = EditState(None, (FaceEdit.of({"smile": 0.8}),))
LOST = (
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nmore lines"),
    RuntimeError("CUDA error: unspecified launch failure\nCUDA kernel errors might be asynchronously reported"),
    torch.AcceleratorError("CUDA error: device-side assert triggered"),
)


class Failing:
    """In place of a predictor on a graphics processor: fails some times, then works.

    Args:
        real: does the work.
        errors: one for each failure.
        at: which of its methods fails.
    """

    def __init__(self, real: Any, errors: list[Exception], *, at: str, device: str = "cuda") -> None:
        self._real, self._errors, self._at = real, errors, at
        self.device = device
        self.model = real.model

    def set_crops(self, crops: Any) -> None:
        with device_failures(self.device):
            self._perhaps_fail("set_crops")
        self._real.set_crops(crops)

    def predict(self, strengths: Any) -> Any:
        with device_failures(self.device):
            self._perhaps_fail("predict")
        return self._real.predict(strengths)

    def _perhaps_fail(self, name: str) -> None:
        if name == self._at and self._errors:
            raise self._errors.pop(0)


def engine_that_fails(errors: list[Exception], *, at: str, device: str = "cuda") -> Engine:
    engine = Engine(make_tiny_model(), device="cpu", detector=FakeDetector([make_face((300, 240), crop_px=260)]))
    failing = Failing(engine._predictor.get(), errors, at=at, device=device)
    engine._predictor = SimpleNamespace(get=lambda: failing, is_made=True)
    return engine


@pytest.mark.parametrize("error", LOST, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("at", ["set_crops", "predict"])
def test_device_that_fails_is_told_in_one_sentence_and_can_be_tried_again(error: Exception, at: str) -> None:
    photo = make_photo()
    engine = engine_that_fails([error], at=at)
    with pytest.raises(DeviceError, match=r"The device cuda failed \(CUDA [^\n]*\); choose the CPU instead\."):
        engine.render(photo, SMILE)

    # Nothing of the failure stays in the caches.
    result = engine.render(photo, SMILE)
    assert (result.photo.pixels != photo.pixels).any()


def test_failure_on_the_processor_is_no_failure_of_a_device() -> None:
    engine = engine_that_fails([RuntimeError("a bug")], at="predict", device="cpu")
    with pytest.raises(RuntimeError, match="a bug") as caught:
        engine.render(make_photo(), SMILE)

    assert not isinstance(caught.value, DeviceError)
