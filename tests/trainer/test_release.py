"""From a training run to weights that the program edits a photo with."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from fvae_studio import paths
from fvae_studio.core.edits import EditState, FaceEdit
from fvae_studio.core.photo_io import read_photo
from fvae_studio.core.types import Photo
from fvae_studio.errors import DataError
from fvae_studio.model.registry import list_models, load_model
from fvae_studio.pipeline.engine import Engine
from tests.helpers.fake_faces import FakeDetector, make_face
from tests.helpers.synthetic_face import EXPRESSION_NAMES
from trainer.config import load_config
from trainer.facekit.expressions import HEAD_RECIPES, RECIPES
from trainer.facekit.fit import FaceFits
from trainer.loop import train
from trainer.mask_loop import train_mask
from trainer.prepare import load_prepared
from trainer.release import (
    BROAD,
    BROAD_EYES,
    CHECKED_STRENGTHS,
    assemble,
    broader,
    direction_vector,
    mean_smile,
    range_around_zero,
    trusted_ranges,
    within_rendered,
    write_release,
)
from trainer.run_files import CHECKPOINT
from trainer.step import AXES_SCALE
from trainer.training_state import load_state, save_state

CONFIG = load_config("tiny", ["optim.learning_rate=0.002", "model.detail_channels=[2]", "model.tracking_channels=2"])


@pytest.fixture(scope="module")
def run_dir(workplace, tmp_path_factory):
    """Twenty steps of the tiny configuration on rendered pairs of nobody, then its confidence network."""
    folder = tmp_path_factory.mktemp("run")
    train(CONFIG, workplace.shards, folder, accelerator="cpu")
    train_mask(CONFIG, workplace.shards, folder, accelerator="cpu")
    return folder


@pytest.fixture(scope="module")
def model(workplace, run_dir):
    prepared, fits = load_prepared(workplace.prepared), FaceFits.load(workplace.fits)
    return assemble(CONFIG, run_dir, prepared, fits, name="tiny-test")


@pytest.fixture
def released(model, tmp_path, monkeypatch):
    """The resources folder with this model as its only one."""
    shutil.copytree(paths.glasses_file().parent, tmp_path / "finders")
    monkeypatch.setenv("FVAE_RESOURCES", str(tmp_path))
    write_release(model, paths.models_dir(), title="Tiny", description="A test.", metrics={"psnr_face": 20.5})
    return tmp_path


def test_every_recipe_becomes_a_direction(model):
    assert list(model.directions) == [recipe.name for recipe in (*RECIPES, *HEAD_RECIPES)]
    for name in model.directions:
        low, high = model.directions[name].trusted
        assert CHECKED_STRENGTHS[0] <= low <= 0 <= high <= CHECKED_STRENGTHS[-1]


def test_directions_are_the_trained_axes_of_their_recipes(model, run_dir):
    axes = load_state(run_dir / CHECKPOINT, CONFIG)["averaged"]["raw_axes"] * AXES_SCALE
    wanted = axes[EXPRESSION_NAMES.index("eyeBlink_L")].numpy()

    vector = model.directions["close_eye_left"].vector
    np.testing.assert_allclose(vector[: CONFIG.model.tracked.start], wanted, atol=1e-6)


def test_sliders_leave_descriptors_alone(model):
    for direction in model.directions.values():
        assert direction.vector.any(), direction.name
        assert not direction.vector[CONFIG.model.tracked].any(), direction.name


def test_range_ends_where_shapes_were_rendered():
    assert within_rendered((-1.0, 1.5), {"mouthSmile_L": 1.0, "mouthSmile_R": 1.0}) == (-0.6, 1.2)
    assert within_rendered((-1.0, 1.5), {"mouthSmile_L": 0.5, "jawOpen": 0.5}) == (-0.25, 1.1)
    assert within_rendered((-1.0, 1.5), {"eyeBlink_L": 1.0}) == (-0.25, 1.0)
    assert within_rendered((-1.0, 1.5), {"eyeWide_L": 1.0, "eyeBlink_L": -0.25}) == (-0.6, 1.0)
    assert within_rendered((-1.0, 1.5), {"yaw": 0.5}) == (-1.0, 1.4)
    # What folds earlier stays untrusted, and traces of a shape have no say.
    assert within_rendered((-0.25, 0.75), {"mouthSmile_L": 1.0, "jawOpen": 0.01}) == (-0.25, 0.75)


def test_what_a_gauge_takes_away_is_trusted_down_to_all_that_the_photo_shows():
    shapes = {"mouthSmile_L": 0.5, "jawOpen": 0.5}

    assert within_rendered((-2.0, 1.5), shapes, is_gauged=True) == (-1.0, 1.1)
    assert within_rendered((-0.5, 1.5), shapes, is_gauged=True) == (-0.5, 1.1)


def test_smile_has_a_gauge_and_nothing_else_has(model):
    assert [name for name, direction in model.directions.items() if direction.gauge is not None] == ["smile"]


def test_a_big_smile_goes_further_the_way_of_the_fitted_smile_and_narrows_the_eyes(model, run_dir):
    axes = load_state(run_dir / CHECKPOINT, CONFIG)["averaged"]["raw_axes"] * AXES_SCALE
    own = slice(CONFIG.model.tracked.start)
    eyes = sum(axes[EXPRESSION_NAMES.index(name)].numpy() * weight for name, weight in BROAD_EYES.items())

    smile, big = (model.directions[name].vector[own] for name in ("smile", "big_smile"))
    np.testing.assert_allclose(big, BROAD * smile + eyes, atol=1e-5)
    assert broader({"cheekSquint_L": 0.1})["cheekSquint_L"] == pytest.approx(0.1 * BROAD + BROAD_EYES["cheekSquint_L"])


def test_smile_is_the_training_peoples_mean_smile(workplace):
    prepared, fits = load_prepared(workplace.prepared), FaceFits.load(workplace.fits)
    # Whatever held-out people do must not count.
    expression = fits.expression.copy()
    expression[5] = 1.1

    smile = mean_smile(replace(fits, expression=expression), prepared, EXPRESSION_NAMES)

    # 0.8 on the left and 0.7 on the right, made even.
    assert smile == {
        **dict.fromkeys(("mouthSmile_L", "mouthSmile_R"), pytest.approx(0.75)),
        **dict.fromkeys(("cheekSquint_L", "cheekSquint_R"), pytest.approx(0.3)),
    }


def test_mean_smile_needs_people_who_smile(workplace):
    prepared = load_prepared(workplace.prepared)
    nobody = replace(prepared, faces=tuple(replace(face, label="neutral") for face in prepared.faces))

    with pytest.raises(DataError, match="neutral and a smiling"):
        mean_smile(FaceFits.load(workplace.fits), nobody, EXPRESSION_NAMES)


def test_direction_vector_is_the_weighted_sum_of_axes():
    axes = np.random.default_rng(0).normal(size=(3, 2, 4, 4)).astype(np.float32)

    vector = direction_vector(axes, ("a", "b", "yaw"), {"b": 2.0, "a": -1.0})

    np.testing.assert_allclose(vector, 2 * axes[1] - axes[0], rtol=1e-6)


def test_trusted_range_ends_where_folds_begin():
    fine = [True] * len(CHECKED_STRENGTHS)
    assert range_around_zero(np.array(fine)) == (-1.0, 1.5)

    # A fine strength beyond a bad one does not count.
    fine[CHECKED_STRENGTHS.index(0.75)] = fine[CHECKED_STRENGTHS.index(-0.25)] = False
    assert range_around_zero(np.array(fine)) == (0.0, 0.5)


def test_folding_direction_gets_a_narrower_range(model, workplace):
    prepared = load_prepared(workplace.prepared)
    smile = model.directions["smile"]
    torch.manual_seed(0)
    wild = replace(smile, vector=(torch.randn(smile.vector.shape) * 300).numpy())
    folding = replace(model, directions=type(model.directions)([wild], latent_shape=model.header.config.latent_shape))

    low, high = trusted_ranges(folding, prepared)["smile"]

    assert (low, high) == (0.0, 0.0) or high - low < 2.5


def test_ranges_need_a_held_out_photo(model, workplace):
    prepared = load_prepared(workplace.prepared)
    nobody = replace(prepared, faces=tuple(replace(face, split="train") for face in prepared.faces))

    with pytest.raises(DataError, match="held-out"):
        trusted_ranges(model, nobody)


def test_model_without_confidence_network_is_not_assembled(workplace, run_dir, tmp_path):
    state = load_state(run_dir / CHECKPOINT, CONFIG)
    del state["confidence"]
    save_state(tmp_path / CHECKPOINT, state)

    with pytest.raises(DataError, match="train-mask"):
        assemble(CONFIG, tmp_path, load_prepared(workplace.prepared), FaceFits.load(workplace.fits), name="x")


@pytest.mark.usefixtures("released")
def test_released_model_is_the_default_with_its_figures_and_origin(model):
    (info,) = list_models()
    loaded = load_model()

    assert info.is_default
    assert info.metrics == {"psnr_face": 20.5}
    assert loaded.header.name == "tiny-test"
    assert loaded.header.training == json.loads(json.dumps(CONFIG.to_dict()))
    assert {row["licence"] for row in loaded.header.provenance} == {"CC BY 4.0", "MIT"}
    for name in model.directions:
        np.testing.assert_allclose(loaded.directions[name].vector, model.directions[name].vector, rtol=2e-3, atol=1e-4)


def test_second_release_keeps_the_first_and_becomes_the_default(model, released):
    newer = replace(model, header=replace(model.header, name="tiny-2"))
    write_release(newer, released / "models", title="Tiny 2", description="Another.", metrics={})
    write_release(newer, released / "models", title="Tiny 2", description="The same again.", metrics={})

    assert [(info.name, info.is_default) for info in list_models()] == [("tiny-test", False), ("tiny-2", True)]


@pytest.mark.usefixtures("released")
def test_trained_weights_edit_a_photo_through_the_engine():
    # Every pixel another one: the small flows that twenty steps teach must show.
    photo = Photo(np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8))
    engine = Engine(device="cpu", detector=FakeDetector([make_face((300, 240), crop_px=260)]))

    result = engine.render(photo, EditState(None, (FaceEdit.of({"big_smile": 1.5, "open_mouth": 1.5}),)))
    unchanged = engine.render(photo, EditState(None, (FaceEdit.of({"big_smile": 0.0}),)))

    changed = (result.photo.pixels != photo.pixels).any(axis=-1)
    assert changed.any()
    for roi in result.rois:
        changed[roi.slices] = False
    assert not changed.any()
    assert unchanged.photo is photo


@pytest.mark.usefixtures("released")
def test_trained_weights_edit_a_sample_photo_found_by_the_real_detector(monkeypatch):
    engine = Engine(load_model(), device="cpu")
    monkeypatch.delenv("FVAE_RESOURCES")
    samples = sorted(paths.samples_dir().glob("*_neutral.jpg"))
    if not samples:
        pytest.skip("no sample photos in resources/samples")
    photo = read_photo(samples[0])
    try:
        result = engine.render(photo, EditState(None, (FaceEdit.of({"big_smile": 1.5, "open_mouth": 1.5}),)))
    finally:
        engine.close()

    assert result.photo.pixels.shape == photo.pixels.shape
    assert (result.photo.pixels != photo.pixels).any()
