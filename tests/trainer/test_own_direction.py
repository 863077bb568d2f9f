"""Sliders from folders of photos of nobody, whose latents are what the tests say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fvae_studio import paths
from fvae_studio.core.progress import NoProgress
from fvae_studio.core.types import Photo
from fvae_studio.errors import DataError, ModelError
from fvae_studio.model.checkpoint import LoadedModel, load_checkpoint, save_checkpoint
from fvae_studio.model.directions import expression_direction
from fvae_studio.model.own_directions import load_direction, save_direction
from tests.helpers.fake_faces import FakeDetector, make_face, make_photo
from tests.helpers.tiny_model import make_tiny_model
from trainer import own_direction
from trainer.experiments.algorithm1 import encode_crops
from trainer.own_direction import FROM, TO, cross_talk, describe, make_direction, read_folders


@pytest.fixture
def model(tmp_path: Path) -> LoadedModel:
    save_checkpoint(tmp_path / "tiny.safetensors", make_tiny_model())
    return load_checkpoint(tmp_path / "tiny.safetensors")


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Six people, plain and darkened: something that an encoder tells apart."""
    made = tmp_path / "plain", tmp_path / "dark"
    for folder, share in zip(made, (1.0, 0.4), strict=True):
        folder.mkdir()
        for number in range(6):
            pixels = make_photo(300, 280, seed=number).pixels * share
            Image.fromarray(pixels.astype(np.uint8)).save(folder / f"person{number}.png")
    return made


def detector() -> FakeDetector:
    return FakeDetector([make_face((150, 140), crop_px=200)])


def test_direction_is_algorithm_1_of_the_two_folders(model, folders):
    own = make_direction(model, "Dark", *folders, detector=detector())

    photos = read_folders(*folders, detector=detector(), progress=NoProgress())
    latents = encode_crops(model.vae, [crop.pixels for crop in photos.crops])
    wanted = expression_direction(latents, photos.labels, target=TO, source=FROM)
    np.testing.assert_array_equal(own.direction.vector, wanted)
    assert (own.direction.name, own.model, own.model_sha256) == ("dark", "tiny", model.header.sha256)
    assert own.report["photos"] == {FROM: 6, TO: 6}
    assert own.report["people_in_both"] == 6
    low, high = own.direction.trusted
    assert low <= 0 <= high


def test_photos_that_differ_are_told_apart_and_photos_that_do_not_are_not(model, folders, monkeypatch):
    def brightness(network, crops):  # type: ignore[no-untyped-def]  # noqa: ARG001
        """What a trained encoder would see."""
        means = np.array([crop.mean() / 100 for crop in crops], np.float32)
        return np.broadcast_to(means[:, None, None, None], (len(crops), *model.header.config.latent_shape)).copy()

    monkeypatch.setattr(own_direction, "encode_crops", brightness)
    apart = make_direction(model, "Dark", *folders, detector=detector())
    for path in folders[1].iterdir():
        path.write_bytes((folders[0] / path.name).read_bytes())
    same = make_direction(model, "Same", *folders, detector=detector())

    assert apart.report["separability"] > 0.9
    assert same.report["separability"] == pytest.approx(0.5)
    assert np.abs(same.direction.vector).max() == 0


def test_cross_talk_is_1_with_the_slider_itself_and_told_first(model):
    smile = model.directions["smile"]

    talk = cross_talk(-2 * smile.vector, model.directions)

    assert next(iter(talk)) == "smile"
    assert talk["smile"] == pytest.approx(-1)
    assert all(abs(value) < 0.5 for name, value in talk.items() if name != "smile")


def test_report_is_kept_with_the_slider(model, folders, tmp_path):
    own = make_direction(model, "Dark", *folders, detector=detector())
    save_direction(tmp_path / "dark.safetensors", own)

    again = load_direction(tmp_path / "dark.safetensors", header=model.header)

    assert again.report == own.report
    text = describe(again)
    assert "6 without, 6 with it" in text
    assert "separability" in text


def test_range_ends_where_flows_fold_or_are_not_trusted(model, folders, monkeypatch):
    monkeypatch.setattr(own_direction, "LEAST_TRUST", 1.1)
    nothing = make_direction(model, "Dark", *folders, detector=detector())
    monkeypatch.setattr(own_direction, "LEAST_TRUST", 0.0)
    monkeypatch.setattr(own_direction, "MOST_FOLDS", 1.0)
    everything = make_direction(model, "Dark", *folders, detector=detector())

    assert nothing.direction.trusted == (0.0, 0.0)
    assert "no strength can be trusted" in describe(nothing)
    assert everything.direction.trusted == (-1.0, 1.5)


def test_broken_photos_are_left_out_and_named(model, folders):
    (folders[0] / "broken.jpg").write_bytes(b"no picture")
    (folders[0] / "notes.txt").write_text("no photo")

    own = make_direction(model, "Dark", *folders, detector=detector())

    assert [Path(path).name for path in own.report["left_out"]] == ["broken.jpg"]
    assert own.report["photos"][FROM] == 6


def test_too_few_photos_is_a_sentence(model, folders):
    for path in sorted(folders[1].iterdir())[2:]:
        path.unlink()

    with pytest.raises(DataError, match=r"dark has 2 photos that can be used, at least 3"):
        make_direction(model, "Dark", *folders, detector=detector())


def test_missing_folder_is_a_sentence(model, tmp_path):
    with pytest.raises(DataError, match="there is no folder"):
        make_direction(model, "Dark", tmp_path / "a", tmp_path / "b", detector=detector())


def test_name_that_the_model_has_is_refused_before_photos_are_read(model, tmp_path):
    with pytest.raises(ModelError, match="has a slider called smile"):
        make_direction(model, "Smile", tmp_path / "a", tmp_path / "b", detector=detector())


def test_saved_slider_is_not_replaced_unasked(tmp_path, monkeypatch, capsys):
    from trainer import __main__ as command_line

    monkeypatch.setattr(paths, "user_directions_dir", lambda: tmp_path)
    (tmp_path / "my_smile.safetensors").write_bytes(b"precious")
    arguments = ["direction", "--from", str(tmp_path), "--to", str(tmp_path), "--name", "My smile"]
    monkeypatch.setattr("sys.argv", ["fvae-train", *arguments])

    with pytest.raises(SystemExit):
        command_line.main()

    assert "--overwrite" in capsys.readouterr().err
    assert (tmp_path / "my_smile.safetensors").read_bytes() == b"precious"


def test_faces_that_are_not_editable_are_left_out(model, folders):
    class Turned(FakeDetector):
        def detect(self, photo: Photo):  # type: ignore[no-untyped-def]
            from dataclasses import replace

            return tuple(replace(face, yaw=70.0) for face in super().detect(photo))

    with pytest.raises(DataError, match="turned away"):
        make_direction(model, "Dark", *folders, detector=Turned([make_face((150, 140), crop_px=200)]))
