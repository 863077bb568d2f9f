"""Figures 4 to 7 on pictures of nobody."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.geometry import SimilarityTransform
from fvae_studio.errors import DataError, EditError
from fvae_studio.model.directions import DirectionSet
from fvae_studio.model.flow_vae import FlowVae
from fvae_studio.pipeline.predictor import FlowPredictor
from tests.helpers.fake_faces import make_photo
from tests.helpers.prepared_faces import SMILE_MOTION, crop_landmarks
from tests.trainer.bench import held_out_changed
from trainer.baselines.morph import CrossFade, Ends
from trainer.baselines.rgb_vae import RgbVae
from trainer.config import load_config
from trainer.crops import model_crop
from trainer.experiments import editing, figure4, figure5, figure6, figure7, in_between_measures
from trainer.experiments.algorithm1 import label_mean, photographed_direction
from trainer.experiments.squares import FaceSquare, mouth_region, paired, read_square
from trainer.facekit.landmarks import MOUTH_POINTS


@pytest.fixture(scope="module")
def vae():
    return RgbVae(load_config("tiny", ["model.output=rgb"]).model).eval()


def public(result) -> set[str]:
    return {picture.name for picture in result.pictures if picture.is_public}


# Squares


def test_square_shows_the_photo_in_the_aligned_frame(bench, workplace):
    path = workplace.records[0].path
    square = read_square(path, "a", bench.detector, size=256)
    crop = SimilarityTransform.resize(256, 128)

    assert square.size == 256
    np.testing.assert_allclose(square.crop_landmarks, crop.apply(square.landmarks))
    np.testing.assert_allclose(square.crop_landmarks, crop_landmarks(), atol=0.5)


def test_photo_without_a_face_is_told(workplace, bench):
    blind = type(bench.detector)([])

    with pytest.raises(DataError, match="no face"):
        read_square(workplace.records[0].path, "a", blind)


def test_pair_has_one_light():
    photo, landmarks = make_photo(128, 128, seed=4).pixels, crop_landmarks()
    dark = FaceSquare("b", (photo * 0.6).astype(np.uint8), landmarks)
    ends = paired(FaceSquare("a", photo.copy(), landmarks), dark)

    assert np.abs(ends.second.astype(int) - photo).mean() < 0.3 * np.abs(dark.pixels.astype(int) - photo).mean()


def test_mouth_region_holds_the_lips():
    landmarks = crop_landmarks()
    inside = mouth_region(landmarks, 128)
    x, y = np.round(landmarks[MOUTH_POINTS]).astype(int).T

    assert inside[y, x].all()
    assert inside.mean() < 0.9


# Algorithm 1


def test_means_do_not_look_at_held_out_people(bench):
    network = bench.model.vae
    for learn in (
        lambda prepared: label_mean(network, prepared, "neutral"),
        lambda prepared: photographed_direction(network, prepared, "neutral", "smile"),
    ):
        np.testing.assert_array_equal(learn(bench.prepared), learn(held_out_changed(bench.prepared)))


def test_a_mean_of_people_describes_nobody(bench):
    config = replace(bench.model.header.config, detail_channels=(2,), tracking_channels=2)

    mean = label_mean(FlowVae(config).eval(), bench.prepared, "neutral")

    assert mean[: config.tracked.start].any()
    assert not mean[config.tracked].any()


def test_direction_there_is_the_way_back_turned_round(bench):
    there = photographed_direction(bench.model.vae, bench.prepared, "neutral", "smile")
    back = photographed_direction(bench.model.vae, bench.prepared, "smile", "neutral")

    np.testing.assert_allclose(there, -back, atol=1e-5)


def test_label_that_nobody_has_is_told(bench):
    with pytest.raises(DataError, match="labelled frown"):
        label_mean(bench.model.vae, bench.prepared, "frown")


# Figure 4


def test_figure_4_edits_by_every_method(bench, small, vae, tmp_path):
    small(figure4)
    result = figure4.figure4(
        bench.model, bench.prepared, tmp_path, detector=bench.detector, facekit=bench.facekit, fits=bench.fits, vae=vae
    )
    methods = {editing.SLIDER, editing.ALGORITHM_1, editing.AVERAGE, editing.VAE}

    assert {name: set(rows) for name, rows in result.figures["figures"].items()} == {
        edit.name: methods for edit in editing.EDITS
    }
    assert public(result) == {f"figure4_{edit.name.replace(' ', '_')}_samples" for edit in editing.EDITS}


def test_faint_smiles_count_little_in_what_was_removed():
    rest = {"sharpness": 1.0, "background": 0.0}
    values = [{"removed": 0.5, "nothing": 1.0} | rest, {"removed": -0.1, "nothing": 0.1} | rest]

    assert figure4._intervals(values, ["a", "b"])["removed"].value == pytest.approx(0.4 / 1.1)


def test_person_whose_face_was_not_found_does_not_count():
    rest = {"sharpness": 1.0, "background": 0.0}
    values = [{"removed": 0.5, "nothing": 1.0} | rest, {"removed": float("nan"), "nothing": float("nan")} | rest]

    assert figure4._intervals(values, ["a", "b"])["removed"].value == pytest.approx(0.5)


def test_figure_4_needs_its_sliders(bench, tmp_path):
    bare = DirectionSet([bench.model.directions["smile"]], latent_shape=bench.model.directions.latent_shape)

    with pytest.raises(DataError, match="no slider disgusted"):
        figure4.figure4(
            replace(bench.model, directions=bare),
            bench.prepared,
            tmp_path,
            detector=bench.detector,
            facekit=bench.facekit,
            fits=bench.fits,
        )


def test_photo_that_is_not_there_is_told(bench):
    with pytest.raises(DataError, match="not among the data"):
        editing.read_prepared(bench.prepared, 0, {}, bench.detector, size=64)


# Figure 5


def test_figure_5_shows_selfies_composites_and_samples(bench, small, tmp_path):
    small(figure5)
    for folder in ("selfies/phone", "composites"):
        (tmp_path / folder).mkdir(parents=True)
        photo = make_photo(160, 160)
        Image.fromarray(photo.pixels).save(tmp_path / folder / "one.jpg")
    result = figure5.figure5(bench.model, bench.prepared, tmp_path, detector=bench.detector)

    assert set(result.figures["figures"]) == {"selfies", "composites", "samples"}
    assert public(result) == {"figure5_samples"}
    for ways in result.figures["figures"].values():
        assert len(ways) == 2 * len(figure5.STRENGTHS)


def test_figure_5_needs_everyday_photos(bench, small, tmp_path):
    small(figure5)

    with pytest.raises(DataError, match="neither selfies nor composites"):
        figure5.figure5(bench.model, bench.prepared, tmp_path, detector=bench.detector)


def test_suppressing_all_the_way_arrives_at_the_neutral_mean(bench):
    predictor = FlowPredictor(bench.model, device="cpu")
    predictor.set_crop(model_crop(bench.prepared, 0))
    neutral = label_mean(bench.model.vae, bench.prepared, "neutral")
    flows = figure5._edits(predictor, neutral, "smile")[figure5.OWN]
    (wanted,) = predictor.predict_latents(neutral[None])

    np.testing.assert_allclose(flows[0].flow, wanted.flow, atol=1e-3)


# Figure 6


def test_figure_6_goes_between_the_photos_by_every_method(bench, small, vae, tmp_path):
    small(figure6)
    result = figure6.figure6(
        bench.model, bench.prepared, tmp_path, detector=bench.detector, vae=vae, num_people=1, num_frames=3
    )
    figures = result.figures["figures"]

    assert len(figures) == 6
    assert all(row["first_end"].value <= 1 for name, row in figures.items() if name != "VAE")
    assert figures["FVAE"]["first_end"].value == figures["FVAE"]["second_end"].value == 0
    assert public(result) == {"figure6_ada", "figure6_ada_mouth"}


def make_ends() -> Ends:
    rng = np.random.default_rng(0)
    first, second = (rng.integers(0, 255, (128, 128, 3)).astype(np.uint8) for _ in range(2))
    moved = crop_landmarks()
    moved[MOUTH_POINTS] += SMILE_MOTION
    return Ends(first, second, crop_landmarks(), moved)


def test_sources_are_as_sharp_as_themselves():
    ends = make_ends()

    assert in_between_measures.middle_sharpness(
        [ends.first], [0.5], replace(ends, second=ends.first.copy())
    ) == pytest.approx(1, abs=0.05)


def test_cross_fading_what_does_not_match_halves_the_sharpness():
    # The Laplacian of the mean of two independent pictures has half of their variance.
    ends = make_ends()
    middle = in_between_measures.middle_sharpness([CrossFade(ends).at(0.5)], [0.5], ends)

    assert middle == pytest.approx(0.5, abs=0.05)


def moving_mouth(positions) -> tuple[list[np.ndarray], Ends]:
    """A texture that moves by four crop pixels to the right, in frames of 256 pixels."""
    noise = np.random.default_rng(0).normal(size=(256, 256, 3)).astype(np.float32)
    texture = np.clip(128 + cv2.GaussianBlur(noise, (0, 0), 4) * 500, 0, 255).astype(np.uint8)
    frames = [
        cv2.warpAffine(texture, np.float32([[1, 0, 8 * t], [0, 1, 0]]), (256, 256), borderMode=cv2.BORDER_REFLECT)
        for t in positions
    ]
    first = 2 * crop_landmarks() + 0.5
    return frames, Ends(frames[0], frames[-1], first, first + np.array([8, 0], np.float32))


@pytest.mark.parametrize("places", [(0, 0.25, 0.5, 0.75, 1), (0, 0.1, 0.4, 0.9, 1)])
def test_steps_are_those_of_the_pixels(places):
    frames, ends = moving_mouth(places)
    steps = in_between_measures.motion_steps(frames, np.linspace(0, 1, len(places)), ends)

    np.testing.assert_allclose(steps, np.diff(places), atol=0.02)


def test_even_motion_of_landmarks_has_even_steps():
    first = crop_landmarks()
    last = first.copy()
    last[MOUTH_POINTS] += SMILE_MOTION * 4
    frames = [(1 - t) * first + t * last for t in (0, 0.25, 0.5, 1)]

    np.testing.assert_allclose(in_between_measures.landmark_steps(frames), [0.25, 0.25, 0.5], atol=1e-6)


def test_frame_without_a_face_has_no_steps():
    first = crop_landmarks()
    steps = in_between_measures.landmark_steps([first, None, first + 1])

    assert np.isnan(steps).all()
    assert np.isnan(in_between_measures.even_share(steps))


def test_share_of_even_steps_is_of_those_near_their_mean():
    assert in_between_measures.even_share(np.array([1.0, 1.1, 0.9, 3.0])) == pytest.approx(0)
    assert in_between_measures.even_share(np.array([1.0, 1.1, 0.9, 1.0])) == pytest.approx(1)
    assert in_between_measures.even_share(np.array([1.0, 1.0, 1.0, 1.4])) == pytest.approx(0.75)


def test_mouth_that_does_not_move_has_no_steps():
    ends = make_ends()
    still = replace(ends, second_landmarks=ends.first_landmarks.copy())

    assert np.isnan(in_between_measures.motion_steps([ends.first, ends.second], [0, 1], still)).all()


# Figure 7


def test_figure_7_finds_flow_upsampling_sharper(bench, small, tmp_path, monkeypatch):
    small(figure7)
    monkeypatch.setattr(figure7, "FACTORS", (2,))
    result = figure7.figure7(bench.model, bench.prepared, tmp_path, detector=bench.detector, num_people=1)
    figures = result.figures["figures"]

    assert figures["Flow upsampling, 2x"]["sharpness"].value > figures["Pixel upsampling, 2x"]["sharpness"].value
    assert public(result) == {"figure7_ada_neutral_2x"}


def test_figure_7_needs_its_direction(bench, tmp_path):
    with pytest.raises(EditError, match="frown"):
        figure7.figure7(bench.model, bench.prepared, tmp_path, detector=bench.detector, direction="frown")
