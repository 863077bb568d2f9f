"""A part of one photo in another: there, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fvae_studio.core.photo_io import read_photo
from fvae_studio.core.types import Photo
from fvae_studio.errors import EditError, NoFaceError
from fvae_studio.paths import samples_dir
from fvae_studio.pipeline.engine import Engine
from tests.helpers.tiny_model import make_tiny_model


@pytest.fixture(scope="module")
def engine():
    engine = Engine(make_tiny_model(), device="cpu")
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def pair() -> tuple[Photo, Photo]:
    folder = Path(samples_dir())
    return read_photo(folder / "ada_neutral.jpg"), read_photo(folder / "ada_smile.jpg")


def between_lips(engine, photo):
    """The middle of the open mouth."""
    landmarks = engine.detect(photo)[0].landmarks
    left, right = landmarks[[82, 312], 0].astype(int)
    top, bottom = landmarks[[13, 14], 1].astype(int)
    return slice(top, bottom), slice(left, right)


def test_borrowed_mouth_shows_the_donors_teeth(engine, pair):
    neutral, smile = pair
    result = engine.borrow(neutral, [(smile, ("mouth",), None)])

    inside = between_lips(engine, smile)
    own, borrowed, donor = (each.pixels[inside][..., 1].mean() for each in (neutral, result, smile))
    # Teeth are brighter than lips.
    assert donor > own + 30
    assert borrowed == pytest.approx(donor, abs=15)


def test_everything_beyond_the_part_is_the_photos_own(engine, pair):
    neutral, smile = pair
    result = engine.borrow(neutral, [(smile, ("mouth",), None)])
    changed = np.any(result.pixels != neutral.pixels, axis=2)
    landmarks = engine.detect(neutral)[0].landmarks

    assert changed.any()
    rows = np.flatnonzero(changed.any(axis=1))
    # Above the eyes' upper lids nothing moves for a mouth.
    assert rows[0] > landmarks[[159, 386], 1].min()
    assert changed.mean() < 0.2


def test_part_of_the_same_photo_changes_nothing_that_one_could_see(engine, pair):
    neutral, _ = pair
    twin = Photo(neutral.pixels.copy(), metadata=neutral.metadata)
    result = engine.borrow(neutral, [(twin, ("mouth", "eyes"), None)])

    difference = np.abs(result.pixels.astype(int) - neutral.pixels)
    assert difference.mean() < 0.1
    assert np.percentile(difference, 99.9) <= 4


def test_best_takes_teeth_and_leaves_the_rim(engine, pair):
    neutral, smile = pair
    result = engine.borrow(neutral, [(smile, ("best",), None)])
    inside = between_lips(engine, smile)
    own, borrowed, donor = (each.pixels[inside][..., 1].mean() for each in (neutral, result, smile))
    height, width = neutral.pixels.shape[:2]

    assert borrowed > own + 0.5 * (donor - own)
    for rim in (np.s_[0], np.s_[height - 1], np.s_[:, 0], np.s_[:, width - 1]):
        np.testing.assert_array_equal(result.pixels[rim], neutral.pixels[rim])


def test_each_donor_gives_its_own_region(engine, pair):
    neutral, smile = pair
    twin = Photo(neutral.pixels.copy(), metadata=neutral.metadata)
    both = engine.borrow(neutral, [(twin, ("eyes",), None), (smile, ("mouth",), None)])
    mouth = engine.borrow(neutral, [(smile, ("mouth",), None)])

    # Eyes of the photo itself change nothing that one could see.
    assert np.abs(both.pixels.astype(int) - mouth.pixels).mean() < 0.1


def test_sixteen_bits_stay_sixteen_bits(engine, pair):
    neutral, smile = pair
    deep = Photo(neutral.pixels.astype(np.uint16) * 257)
    result = engine.borrow(deep, [(smile, ("mouth",), None)])

    assert result.pixels.dtype == np.uint16
    shallow = engine.borrow(neutral, [(smile, ("mouth",), None)])
    assert np.abs(result.pixels / 257 - shallow.pixels).mean() < 0.6


def test_nothing_to_borrow_is_said(engine, pair):
    with pytest.raises(EditError, match="mouth or eyes"):
        engine.borrow(pair[0], [(pair[1], (), None)])


def test_face_that_is_not_there_is_said(engine, pair):
    with pytest.raises(NoFaceError):
        engine.borrow(pair[0], [(pair[1], ("mouth",), 3)])
