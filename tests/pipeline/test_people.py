"""Where a crop shows a person."""

from __future__ import annotations

import numpy as np
import pytest

from fvae_studio import paths
from fvae_studio.core.edits import EditState, FaceEdit
from fvae_studio.pipeline.engine import Engine
from fvae_studio.pipeline.people import PersonFinder


@pytest.fixture(scope="module")
def engine():
    engine = Engine(device="cpu")
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def photo(engine):
    return engine.open(paths.samples_dir() / "bea_neutral.jpg")


def test_a_face_and_its_hair_are_a_person_and_the_wall_is_none(engine, photo):
    (face,) = engine.detect(photo)
    crop = engine.crop(photo, face)
    finder = PersonFinder()

    mask = finder.find(crop)

    assert mask.shape == (256, 256)
    assert mask.dtype == np.float32
    inside = crop.photo_to_crop.apply(face.landmarks) * 2 + 0.5
    assert mask[inside[:, 1].astype(int), inside[:, 0].astype(int)].mean() > 0.97
    assert mask[100:140, :12].max() < 0.1
    assert mask[100:140, -12:].max() < 0.1
    # Looked at once; the next look gives the same pixels.
    assert finder.find(crop) is mask
    np.testing.assert_array_equal(PersonFinder().find(crop), mask)
    finder.close()


@pytest.mark.parametrize("strength", [-1.0, 1.0])
def test_the_wall_stays_where_it_is_while_a_head_turns(engine, photo, strength):
    (face,) = engine.detect(photo)
    mask = engine.find_person(engine.crop(photo, face))

    (placed,) = engine.flows(photo, EditState(None, (FaceEdit.of({"turn_head": strength}),)))

    moved = np.hypot(placed.field.flow[..., 0], placed.field.flow[..., 1])
    size = len(moved)
    cell = 256 // size
    # By rows, from the person's outline on: a strip beside it may move, the wall may not.
    for row in range(size // 4, size * 3 // 4):
        seen = np.flatnonzero(mask[row * cell : (row + 1) * cell].max(axis=0) > 0.5) / cell
        strip = 10 * size / 128
        assert moved[row, : max(0, int(seen.min() - strip))].max(initial=0) < 0.05
        assert moved[row, int(seen.max() + strip) + 1 :].max(initial=0) < 0.05
    assert moved.max() > 2
