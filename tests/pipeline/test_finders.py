"""Where a crop shows a person, and glasses."""

from __future__ import annotations

import numpy as np
import pytest

from fvae_studio import paths
from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE, extract_crop
from fvae_studio.core.edits import EditState, FaceEdit
from fvae_studio.core.timeline import Moment
from fvae_studio.core.worn_glasses import MAP_SIZE
from fvae_studio.model.registry import read_model
from fvae_studio.pipeline.engine import Engine
from fvae_studio.pipeline.finders import GlassesFinder, PersonFinder
from fvae_studio.pipeline.interpolator import InterpolationSource, Interpolator
from fvae_studio.pipeline.predictor import FlowPredictor
from tests.helpers.drawn_glasses import with_frames


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


@pytest.mark.parametrize("name", ["ada", "bea", "cal", "dan"])
def test_glasses_are_found_where_they_are_and_on_no_bare_face(engine, name):
    for expression in ("neutral", "smile"):
        photo = engine.open(paths.samples_dir() / f"{name}_{expression}.jpg")
        (face,) = engine.detect(photo)
        wearing, frames = with_frames(photo, face)
        finder = GlassesFinder()

        assert finder.find(engine.crop(photo, face)) is None
        crop = extract_crop(wearing, engine.crop(photo, face).photo_to_crop)
        worn = finder.find(crop)

        assert worn is not None
        rows, columns = np.nonzero(frames)
        places = (crop.photo_to_crop.apply(np.stack([columns, rows], axis=1)) + 0.5) * (MAP_SIZE / CROP_SIZE) - 0.5
        at = np.clip(np.round(places).astype(int), 0, MAP_SIZE - 1)
        # Nearly all of the frames, to within a pixel and a half of the crop.
        assert (worn.beside[at[:, 1], at[:, 0]] < 1.5).mean() > 0.9
        assert finder.find(crop) is worn


@pytest.mark.parametrize("edit", [{"brows_up": 1.0}, {"disgusted": 1.0}, {"smile": 1.0}, {"surprised": 1.0}])
def test_frames_stay_as_they_are_in_an_edited_photo(engine, photo, edit):
    (face,) = engine.detect(photo)
    wearing, frames = with_frames(photo, face)
    engine.set_faces(wearing, (face,))

    state = EditState(None, (FaceEdit.of(edit),))
    edited = engine.render(wearing, state).photo.pixels
    (placed,) = engine.flows(wearing, state)

    assert placed.glasses is not None
    inner = cv2.erode(frames.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    assert edited[inner].max() < 90
    # The face itself moves on.
    assert np.abs(edited.astype(int) - wearing.pixels)[~frames].max() > 60
    # And no rim is seen a second time.
    near = cv2.dilate(frames.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    marks = face.landmarks
    (left, top), (right, bottom) = marks[[127, 10]].min(axis=0), marks[[356, 195]].max(axis=0)
    band = np.zeros_like(near)
    band[int(top) : int(bottom), int(left) : int(right)] = True
    before, after = ((pixels[band & ~near].max(axis=1) < 45).sum() for pixels in (wearing.pixels, edited))
    assert after < before + 0.02 * near.sum()


def test_frames_of_a_clip_are_held_as_far_as_the_motion_is_the_photos_own(engine, photo):
    (face,) = engine.detect(photo)
    wearing, _ = with_frames(photo, face)
    crop = extract_crop(wearing, engine.crop(photo, face).photo_to_crop)
    source = InterpolationSource(wearing, crop, face.landmarks, (("brows_up", 1.0),))
    predictor = FlowPredictor(read_model(), device="cpu")
    sources = [source, InterpolationSource(wearing, crop, face.landmarks)]
    interpolator = Interpolator(predictor, sources, find_glasses=engine.find_glasses)

    held = []
    for own in (1.0, 0.5):
        moment = Moment((own, 1 - own), (1.0, 0.0))
        fields = interpolator.flows(moment)
        (glasses, _) = interpolator.glasses(moment, fields)
        assert fields[0] is not None
        assert glasses is not None
        moved = np.abs(fields[0].flow[20:60])
        held.append(np.abs(glasses.frame[20:60]).max() / moved.max())

    assert held[0] < 0.1
    assert 0.4 < held[1] < 0.6
