from __future__ import annotations

import pytest

from tests.trainer.bench import Bench, make_bench


@pytest.fixture(scope="session")
def bench(workplace, facekit) -> Bench:
    return make_bench(workplace, facekit)


@pytest.fixture
def small(monkeypatch, bench):
    """Figures at 128 px, of one sample portrait, with the photos of `bench` in place of a data folder."""

    def shrink(module) -> None:
        for name, value in (("SIZE", 128), ("CELL_PX", 32), ("SAMPLES", module.SAMPLES[:1])):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, value)
        monkeypatch.setattr(module, "find_photos", lambda _: bench.photos, raising=False)

    return shrink
