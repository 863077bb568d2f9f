"""Sliders of one's own: files that are kept, refused with a sentence, and listed behind the model's."""

from __future__ import annotations

import json
import logging
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors
import safetensors.numpy

from fvae_studio import paths
from fvae_studio.errors import DirectionFileError, ModelError
from fvae_studio.model.checkpoint import LoadedModel, load_checkpoint, save_checkpoint
from fvae_studio.model.directions import Direction
from fvae_studio.model.own_directions import (
    GROUP,
    OwnDirection,
    direction_name,
    load_direction,
    own_directions,
    save_direction,
    with_own_directions,
)
from fvae_studio.pipeline.engine import Engine
from tests.helpers.fake_faces import FakeDetector
from tests.helpers.tiny_model import make_tiny_model


@pytest.fixture
def model(tmp_path: Path) -> LoadedModel:
    """Saved, so that it has a checksum."""
    save_checkpoint(tmp_path / "tiny.safetensors", make_tiny_model())
    return load_checkpoint(tmp_path / "tiny.safetensors")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own sliders."""
    own = tmp_path / "directions"
    own.mkdir()
    monkeypatch.setattr(paths, "user_directions_dir", lambda: own)
    return own


def make_own(model: LoadedModel, label: str = "My smile") -> OwnDirection:
    # Not contiguous, as a network's outputs may be.
    channels, height, width = model.header.config.latent_shape
    vector = np.random.default_rng(1).normal(size=(height, width, channels)).astype(np.float32).transpose(2, 0, 1)
    direction = Direction(direction_name(label), label, GROUP, vector, (-0.5, 1.25), "Made from 4 photos.")
    return OwnDirection(direction, model.header.name, model.header.sha256, {"separability": 0.9})


def test_direction_survives_writing(model, tmp_path):
    own = make_own(model)
    save_direction(tmp_path / "a.safetensors", own)

    again = load_direction(tmp_path / "a.safetensors", header=model.header)

    np.testing.assert_array_equal(again.direction.vector, own.direction.vector)
    assert replace(again.direction, vector=own.direction.vector.copy()).trusted == (-0.5, 1.25)
    assert (again.direction.name, again.direction.label, again.direction.group) == ("my_smile", "My smile", "Own")
    assert (again.model, again.report) == ("tiny", {"separability": 0.9})


def test_direction_of_another_model_is_refused_by_name(model, tmp_path):
    save_checkpoint(tmp_path / "other.safetensors", make_tiny_model(seed=2))
    other = load_checkpoint(tmp_path / "other.safetensors")
    save_direction(tmp_path / "a.safetensors", make_own(model))

    assert load_direction(tmp_path / "a.safetensors").model == "tiny"
    with pytest.raises(DirectionFileError, match=r"made for the model 'tiny'.*fvae-train direction"):
        load_direction(tmp_path / "a.safetensors", header=other.header)


def changed(path: Path, **values: Any) -> None:
    """Header entries changed without care for the checksum."""
    with safetensors.safe_open(str(path), framework="np") as file:
        header, vector = json.loads(file.metadata()["fvae_studio_direction"]), file.get_tensor("vector")
    metadata = {"fvae_studio_direction": json.dumps(header | values)}
    path.write_bytes(safetensors.numpy.save({"vector": vector}, metadata=metadata))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"trusted": [0, 9]}, "checksum"),
        ({"format": "something"}, "holds no direction"),
        ({"schema": 2}, "newer FVAE Studio"),
        ({"schema": "1"}, "format version"),
        ({"label": None}, "damaged"),
    ],
)
def test_header_that_was_changed_is_a_sentence(model, tmp_path, values, sentence):
    path = tmp_path / "a.safetensors"
    save_direction(path, make_own(model))
    changed(path, **values)

    with pytest.raises(DirectionFileError, match=sentence):
        load_direction(path)


@pytest.mark.parametrize("keep", [0, 7, 100, -1])
def test_file_that_was_cut_short_is_a_sentence(model, tmp_path, keep):
    path = tmp_path / "a.safetensors"
    save_direction(path, make_own(model))
    path.write_bytes(path.read_bytes()[:keep])

    with pytest.raises(DirectionFileError, match=r"a\.safetensors"):
        load_direction(path)


@pytest.mark.usefixtures("model")
def test_files_of_other_kinds_are_sentences(tmp_path):
    (tmp_path / "p.safetensors").write_bytes(pickle.dumps({"vector": 1}))
    (tmp_path / "weights.safetensors").write_bytes((tmp_path / "tiny.safetensors").read_bytes())
    (tmp_path / "big.safetensors").write_bytes(bytes(17 * 2**20))

    for name, sentence in (("p", "no safetensors file"), ("weights", "another kind"), ("big", "far smaller")):
        with pytest.raises(DirectionFileError, match=sentence):
            load_direction(tmp_path / f"{name}.safetensors")
    with pytest.raises(DirectionFileError, match="There is no direction"):
        load_direction(tmp_path / "nowhere.safetensors")


def test_own_sliders_stand_behind_the_models(model, folder):
    save_direction(folder / "a.safetensors", make_own(model))

    extended = with_own_directions(model)

    assert list(extended.directions) == [*model.directions, "my_smile"]
    assert extended.directions["my_smile"].group == GROUP
    assert extended.header == model.header


def test_files_that_do_not_fit_are_left_out_and_logged(model, folder, caplog):
    save_direction(folder / "a.safetensors", make_own(model))
    save_direction(folder / "b.safetensors", make_own(model))
    save_direction(folder / "c.safetensors", make_own(model, "Smile"))
    save_direction(folder / "d.safetensors", replace(make_own(model, "Other"), model_sha256="0" * 64))
    (folder / "e.safetensors").write_bytes(b"nothing")

    with caplog.at_level(logging.WARNING):
        extended = with_own_directions(model)

    assert list(extended.directions) == [*model.directions, "my_smile"]
    assert len(caplog.records) == 4
    assert [own.direction.name for own in own_directions(model.header)] == ["my_smile", "my_smile", "smile"]


def test_without_own_sliders_the_model_is_the_same(model, folder):
    assert with_own_directions(model) is model
    folder.rmdir()
    assert with_own_directions(model) is model


def test_engine_offers_own_sliders(model, folder, tmp_path):
    save_direction(folder / "a.safetensors", make_own(model))

    engine = Engine(tmp_path / "tiny.safetensors", device="cpu", detector=FakeDetector([]))

    assert "my_smile" in engine.directions
    engine.close()


@pytest.mark.parametrize(("label", "name"), [("My smile", "my_smile"), ("Grin (wide)", "grin_wide"), ("a", "a")])
def test_names_come_from_labels(label, name):
    assert direction_name(label) == name


@pytest.mark.parametrize("label", ["", "123", "!!", "微笑"])
def test_label_that_makes_no_name_is_refused(label):
    with pytest.raises(ModelError, match="begin with a letter"):
        direction_name(label)
