from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from fvae_studio.core.colour import transfer_colour
from fvae_studio.core.contours import CURVE_STEP
from fvae_studio.core.geometry import SimilarityTransform
from fvae_studio.core.lips import LOWER_INNER, LOWER_OUTER, UPPER_INNER, UPPER_OUTER
from fvae_studio.core.parting import part_lips
from fvae_studio.core.types import Face, Photo
from fvae_studio.errors import DataError
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.model.directions import DirectionSet
from fvae_studio.model.warp import resize_flow
from fvae_studio.pipeline.engine import settle
from fvae_studio.pipeline.predictor import FlowPredictor
from tests.helpers.fake_faces import FakeDetector, make_face, make_photo
from tests.helpers.mouths import SEAM, mouth, parting_flow
from tests.helpers.prepared_faces import SMILE_MOTION, crop_landmarks, make_prepared
from tests.helpers.tiny_model import make_tiny_model, without_directions
from trainer.baselines.oracle import OracleSettings
from trainer.config import TrainConfig
from trainer.crops import face_region, model_crop, small_crop
from trainer.dataset import PairTable
from trainer.evaluate import Report, evaluate
from trainer.facekit.landmarks import MOUTH_POINTS
from trainer.figures.edits import edit_figures, parted_landmarks
from trainer.figures.exact import exact_figures, mouth_region, read_axes
from trainer.figures.pictures import picture_figures
from trainer.figures.reconstruction import BACK, BOTH, FORTH, RealPairs, fvae_pictures, reconstruction_figures
from trainer.held_out import alternating, find_photos, held_out_neutral
from trainer.metrics import landmark_motion, psnr
from trainer.prepare import PreparedFace, PreparedFaces
from trainer.run_files import CHECKPOINT
from trainer.shards import RENDERED, RENDERED_REVERSE, Shard, read_shards, write_shard
from trainer.step import EditableFlowVae
from trainer.training_state import save_state

QUICK = OracleSettings(num_steps=(15, 10, 5))
NUM_CODES = 5


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return make_tiny_model()


@pytest.fixture(scope="module")
def prepared() -> PreparedFaces:
    return make_prepared()


@pytest.fixture(scope="module")
def report(model: LoadedModel, prepared: PreparedFaces, tmp_path_factory: pytest.TempPathFactory) -> Report:
    folder = tmp_path_factory.mktemp("work")
    write_shard(folder / "shards" / "a", make_shard(model, prepared))
    write_run(model, folder / "run")
    return evaluate(model, prepared, shards_dir=folder / "shards", run_dir=folder / "run", num_photos=2, oracle=QUICK)


def unmoving(model: LoadedModel) -> LoadedModel:
    """The same networks with directions that add nothing."""
    still = [replace(each, vector=np.zeros_like(each.vector)) for each in model.directions.values()]
    return replace(model, directions=DirectionSet(still, latent_shape=model.directions.latent_shape))


@torch.inference_mode()
def make_shard(model: LoadedModel, prepared: PreparedFaces, *, error_px: float = 0.0) -> Shard:
    """Pairs whose true flow is what the encoder path predicts, plus an error to the right.

    What the confidence network trusts more than its median is called visible.
    """
    count = len(prepared.faces)
    photos = np.stack([small_crop(crop) for crop in prepared.crops])
    images = np.concatenate([photos, photos[:, ::-1]])
    # As `render` makes them: photo -> picture beyond the photos, and the other way round.
    is_reverse = np.arange(count) % 2 == 1
    source, target = np.arange(count), count + np.arange(count)
    source, target = np.where(is_reverse, target, source), np.where(is_reverse, source, target)
    draft = Shard(
        images,
        np.zeros((count, 128, 128, 2), np.float16),
        np.full((count, 128, 128), 255, np.uint8),
        source,
        target,
        np.zeros((count, NUM_CODES), np.float32),
        np.where(is_reverse, RENDERED_REVERSE, RENDERED).astype(np.int8),
        np.arange(count) // 2,
        np.array([face.split == "held_out" for face in prepared.faces]),
        tuple(f"shape_{k}" for k in range(NUM_CODES)),
        ("a", "b", "c"),
    )
    tables = [PairTable([draft], held_out=held_out) for held_out in (False, True)]
    flows, visible = np.zeros((count, 128, 128, 2), np.float16), np.zeros((count, 128, 128), np.uint8)
    for table in tables:
        for pair in table.rendered:
            batch = table.batch([pair])
            mean, _ = model.vae.encode(batch.target)
            decoded = model.vae.decode(model.vae.source_features(batch.source), mean)
            trust = resize_flow(torch.sigmoid(model.confidence(batch.source, mean, decoded)), 128)[0, 0]
            flow = resize_flow(decoded, 128)[0].clone()
            flow[0] -= error_px
            flows[pair[1]] = flow.permute(1, 2, 0).numpy()
            visible[pair[1]] = np.where(trust > trust.median(), 255, 0)
    return replace(draft, flows=flows, visible=visible)


def write_run(model: LoadedModel, folder: Path, *, seed: int = 0) -> EditableFlowVae:
    folder.mkdir(parents=True)
    torch.manual_seed(seed)
    network = EditableFlowVae(model.header.config, code_size=NUM_CODES)
    network.vae.load_state_dict(model.vae.state_dict())
    state = {
        "averaged": network.state_dict(),
        "config": json.dumps(TrainConfig(model=model.header.config).to_dict()),
        "code_names": [f"shape_{k}" for k in range(NUM_CODES)],
    }
    save_state(folder / CHECKPOINT, state)
    return network


# The table of methods


def test_every_method_is_measured_both_ways_on_held_out_people(report):
    keys = {(row.method, row.direction) for row in report.reconstruction}

    assert len(keys) == len(report.reconstruction) == 6 * 3
    assert {row.num_pairs for row in report.reconstruction if row.direction in (FORTH, BACK)} == {2}
    assert {row.num_pairs for row in report.reconstruction if row.direction == BOTH} == {4}


def test_shares_run_from_the_unwarped_source_to_the_oracle(report):
    for row in report.reconstruction:
        if row.method == "Unwarped source":
            assert row.whole_share == row.face_share == 0
        if row.method.startswith("Oracle"):
            assert row.whole_share == row.face_share == pytest.approx(1)


def test_flows_that_see_the_target_gain_on_the_unwarped_source(report):
    decibels = {row.method: row.face_db for row in report.reconstruction if row.direction == BOTH}

    assert decibels["DIS flow (sees the target)"] > decibels["Unwarped source"] + 3
    assert decibels["Oracle flow (optimised on the pair)"] > decibels["Unwarped source"] + 3


def test_unwarped_figure_is_the_psnr_of_the_recoloured_photo(report, prepared):
    values = []
    for neutral, smile in prepared.pairs("neutral", "smile", split="held_out"):
        target, region = small_crop(prepared.crops[smile]), face_region(prepared.landmarks[smile])
        source = transfer_colour(small_crop(prepared.crops[neutral]), target, region=region)
        values.append(psnr(source / 255, target / 255, region))

    row = next(row for row in report.reconstruction if (row.method, row.direction) == ("Unwarped source", FORTH))
    assert row.face_db == pytest.approx(np.mean(values), abs=1e-3)


def test_training_people_do_not_enter_the_table(model, prepared, report):
    crops = prepared.crops.copy()
    crops[[row for row, face in enumerate(prepared.faces) if face.split == "train"]] = 0

    rows = reconstruction_figures(model, replace(prepared, crops=crops), oracle=QUICK)
    assert rows == report.reconstruction


class SureOrNot(torch.nn.Module):
    """A confidence network of one opinion."""

    def __init__(self, logit: float) -> None:
        super().__init__()
        self.logit = logit

    def forward(self, source: torch.Tensor, latent: torch.Tensor, flow: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        return torch.full((len(source), 1, 64, 64), self.logit, dtype=latent.dtype)


@pytest.mark.parametrize("logit", [-100.0, 0.0, 100.0])
def test_confidence_blends_from_the_photo_to_its_warp(model, prepared, logit):
    pairs = RealPairs.of(prepared)
    certain = replace(model, confidence=SureOrNot(logit))

    warped, blended = fvae_pictures(certain, pairs.source, pairs.target)
    share = 1 / (1 + np.exp(-logit))
    assert not torch.allclose(warped, pairs.source, atol=0.01)
    torch.testing.assert_close(blended, pairs.source * (1 - share) + warped * share, atol=1e-5, rtol=0)


def test_no_held_out_pair_is_an_error(model):
    with pytest.raises(DataError, match="held_out person"):
        reconstruction_figures(model, make_prepared([("a", "train")]), oracle=QUICK)


# The edit


def test_slider_that_does_nothing_removes_nothing(model, prepared):
    figures = edit_figures(unmoving(model), prepared)

    assert figures is not None
    np.testing.assert_allclose(figures.removed, 0, atol=1e-6)
    np.testing.assert_allclose(figures.removed_back, 0, atol=1e-6)
    np.testing.assert_allclose(figures.removed_with_teeth, 0, atol=1e-6)
    assert figures.removed_both[1] == pytest.approx(0, abs=1e-6)
    assert figures.motion_share == pytest.approx(0, abs=1e-6)
    assert figures.removed_own_strength == pytest.approx(0, abs=1e-6)


def test_people_who_smile_as_the_slider_says_are_reached_at_strength_1(model, prepared):
    landmarks = prepared.landmarks.copy()
    predictor = FlowPredictor(model, device="cpu")
    for neutral, smile in prepared.pairs("neutral", "smile"):
        predictor.set_crop(model_crop(prepared, neutral))
        shown = settle(predictor.predict({"smile": 1.0}), landmarks[neutral])
        # Another position and size of the head: registration has to undo it.
        moved = landmark_motion(landmarks[neutral], shown.flow)
        landmarks[smile] = SimilarityTransform(1.05, 0.03, 2.0, -4.0).apply(moved)

    figures = edit_figures(model, replace(prepared, landmarks=landmarks))
    assert figures is not None
    assert figures.best_strength == 1
    assert figures.best_removed == pytest.approx(1, abs=1e-3)
    assert figures.motion_share == pytest.approx(1, abs=1e-2)
    assert figures.removed[0] < 0.9


def test_each_lip_goes_with_its_own_layer():
    landmarks = mouth()
    seam = np.full(round(128 / CURVE_STEP), SEAM, np.float32)
    lips = part_lips(parting_flow(), landmarks, seam)

    assert lips is not None
    moved = parted_landmarks(landmarks, lips)[:, 1] - landmarks[:, 1]
    # The flow between the lips is not what they do: inner contours go with the outer ones.
    assert moved[UPPER_INNER[5]] == pytest.approx(moved[UPPER_OUTER[5]], abs=0.3)
    assert moved[LOWER_INNER[5]] == pytest.approx(moved[LOWER_OUTER[5]], abs=0.3)
    assert moved[LOWER_INNER[5]] - moved[UPPER_INNER[5]] == pytest.approx(lips.gap, abs=0.4)


def test_way_back_is_measured_from_the_smiling_photo(model, prepared):
    landmarks = prepared.landmarks.copy()
    predictor = FlowPredictor(model, device="cpu")
    for neutral, smile in prepared.pairs("neutral", "smile"):
        predictor.set_crop(model_crop(prepared, smile))
        shown = settle(predictor.predict({"smile": -1.0}), landmarks[smile])
        landmarks[neutral] = landmark_motion(landmarks[smile], shown.flow)

    figures = edit_figures(model, replace(prepared, landmarks=landmarks))
    assert figures is not None
    assert figures.removed_back[figures.strengths.index(1.0)] == pytest.approx(1, abs=1e-3)
    assert figures.removed_back_own_strength == pytest.approx(1, abs=1e-3)


def test_reference_limit_is_whole_when_everybody_smiles_alike(model, prepared):
    figures = edit_figures(model, prepared)

    assert figures is not None
    assert figures.nothing == pytest.approx(float(np.hypot(*SMILE_MOTION)) / 35, rel=0.05)
    assert figures.limit_removed == pytest.approx(1, abs=1e-3)
    assert figures.limit_best_removed == pytest.approx(1, abs=1e-3)


class ShiftedFaces:
    """A detector that finds the prepared landmarks, moved as in the smiling photos."""

    def __init__(self, motion: np.ndarray) -> None:
        points = crop_landmarks()
        points[MOUTH_POINTS] += motion
        face = make_face((127.5, 127.5), crop_px=256)
        in_photo = SimilarityTransform.resize(128, 256).apply(points)
        self.faces = (Face(1, face.box, in_photo, 1.0),)

    def detect(self, photo: Photo) -> tuple[Face, ...]:
        assert photo.width == 256
        return self.faces

    def close(self) -> None: ...


@pytest.mark.parametrize(("share", "removed"), [(0.0, 0.0), (0.5, 0.5), (1.0, 1.0)])
def test_landmarks_found_again_are_judged_like_moved_ones(model, prepared, share, removed):
    figures = edit_figures(model, prepared, strengths=(1.0,), detector=ShiftedFaces(SMILE_MOTION * share))

    assert figures is not None
    assert figures.redetected == pytest.approx((removed,), abs=1e-3)


def test_rendered_picture_without_a_face_counts_as_nothing_gained(model, prepared):
    figures = edit_figures(model, prepared, strengths=(1.0,), detector=FakeDetector([]))

    assert figures is not None
    assert figures.redetected == pytest.approx((0.0,), abs=1e-9)


# Sharpness, folds, stillness


def test_directions_that_do_nothing_leave_pictures_as_they_are(model, prepared):
    figures = picture_figures(unmoving(model), prepared)

    assert figures is not None
    assert figures.sharpness == figures.sharpness_full == 1
    assert figures.outside_difference == 0
    assert all(row.folds == row.folds_shown == row.largest_px == row.background_px == 0 for row in figures.directions)


def test_folds_are_seen_before_they_are_mended_and_none_is_left(model, prepared):
    wild = [replace(each, vector=each.vector * 20) for each in model.directions.values()]
    figures = picture_figures(
        replace(model, directions=DirectionSet(wild, latent_shape=model.directions.latent_shape)), prepared
    )

    assert figures is not None
    assert any(row.folds > 0 for row in figures.directions)
    assert all(row.folds_shown == 0 for row in figures.directions)
    assert all(row.largest_px > 0 for row in figures.directions)
    assert figures.outside_difference == 0


def test_sharpness_is_judged_on_the_photos_when_they_are_given(model, prepared, tmp_path):
    from PIL import Image

    photos = {}
    for face in prepared.faces:
        photos[face.photo] = tmp_path / f"{face.photo.replace('/', '_')}.png"
        Image.fromarray(make_photo(700, 640).pixels).save(photos[face.photo])
    detector = FakeDetector([make_face((350, 320), crop_px=540)])

    figures = picture_figures(model, prepared, photos=photos, detector=detector)
    assert figures is not None
    assert figures.full_size == 512
    assert detector.calls == figures.num_photos == 2
    assert figures.outside_difference == 0
    assert 0.5 < figures.sharpness_full < 2


def test_photo_that_is_not_there_is_named(model, prepared):
    with pytest.raises(DataError, match="london/a_neutral"):
        picture_figures(model, prepared, photos={}, detector=FakeDetector([]))


# Exact pairs


def read_back(shard: Shard, folder: Path) -> Any:
    write_shard(folder / "a", shard)
    return read_shards(folder)


def test_flow_that_is_right_has_no_end_point_error(model, prepared, tmp_path):
    figures = exact_figures(model, read_back(make_shard(model, prepared), tmp_path), prepared)

    assert figures is not None
    assert figures.num_pairs == 4
    assert figures.end_point_px < 0.01  # the shard's half precision
    assert figures.displacement_px > 1
    assert np.isnan(figures.edit_end_point_px)


def test_end_point_error_is_in_crop_pixels(model, prepared, tmp_path):
    figures = exact_figures(model, read_back(make_shard(model, prepared, error_px=3.0), tmp_path), prepared)

    assert figures is not None
    assert figures.end_point_px == pytest.approx(3, abs=0.02)


def test_confidence_that_orders_pixels_as_they_are_visible_has_a_large_area(model, prepared, tmp_path):
    shard = make_shard(model, prepared)
    right = exact_figures(model, read_back(shard, tmp_path / "right"), prepared)
    swapped = replace(shard, visible=255 - shard.visible)
    wrong = exact_figures(model, read_back(swapped, tmp_path / "wrong"), prepared)

    assert right is not None
    assert wrong is not None
    assert right.auc > 0.9
    assert wrong.auc < 0.1


def test_edit_path_is_measured_with_the_axes_of_the_run(model, prepared, tmp_path):
    network = write_run(model, tmp_path / "run")
    axes = read_axes(model, tmp_path / "run")
    assert axes is not None
    torch.testing.assert_close(axes, network.axes.detach())

    # A code whose axis leads from the source's latent to the target's makes both paths one.
    shard = make_shard(model, prepared)
    table = PairTable([shard], held_out=True)
    batch = table.batch(table.rendered)
    with torch.inference_mode():
        steps = model.vae.encode(batch.target)[0] - model.vae.encode(batch.source)[0]
    code = np.zeros((len(shard), len(steps)), np.float32)
    for index, (_, row) in enumerate(table.rendered):
        code[row, index] = 1
    figures = exact_figures(model, read_back(replace(shard, code=code), tmp_path / "a"), prepared, axes=steps)
    assert figures is not None
    assert figures.edit_end_point_px == pytest.approx(figures.end_point_px, abs=1e-3)
    assert figures.edit_auc == pytest.approx(figures.auc, abs=1e-3)


def test_axes_of_another_run_are_refused(model, tmp_path):
    write_run(make_tiny_model(seed=2), tmp_path / "other")

    assert read_axes(model, tmp_path / "other") is None
    assert read_axes(model, tmp_path / "missing") is None


def test_mouth_region_contains_the_mouth():
    landmarks = crop_landmarks()
    region = mouth_region(landmarks)

    at = np.round(landmarks[MOUTH_POINTS]).astype(int)
    assert region[at[:, 1], at[:, 0]].all()
    assert not region.all()


# The whole report


def test_report_is_written_as_json_and_markdown(report, tmp_path):
    report.write(tmp_path / "new" / "folder")

    values = json.loads((tmp_path / "new" / "folder" / "report.json").read_text())
    text = (tmp_path / "new" / "folder" / "report.md").read_text()
    assert values["summary"] == report.summary
    assert values["exact"]["num_pairs"] == 4
    for row in report.reconstruction:
        assert row.method in text
    for row in report.pictures.directions:
        assert f"| {row.name} |" in text


def test_summary_holds_what_the_release_tells(report):
    by_method = {row.method: row for row in report.reconstruction if row.direction == BOTH}
    gain = by_method["FVAE"].face_db - by_method["Unwarped source"].face_db

    assert report.summary["face_gain_db"] == pytest.approx(gain, abs=1e-4)
    assert report.summary["smile_removed"] == pytest.approx(report.edit.best_removed, abs=1e-4)
    assert report.summary["outside_difference"] == 0


def test_model_without_directions_gets_the_figures_that_it_can(model, prepared):
    report = evaluate(without_directions(model), prepared, oracle=QUICK)

    assert report.edit is None
    assert report.pictures is None
    assert report.exact is None
    assert "slider, target never seen" not in report.to_markdown()
    json.dumps(report.to_dict(), allow_nan=False)


def test_what_is_not_known_is_null_and_said_so(report):
    unknown = replace(report, exact=replace(report.exact, edit_end_point_px=float("nan")))

    assert unknown.to_dict()["exact"]["edit_end_point_px"] is None
    assert "edit_end_point_px" not in unknown.summary
    assert "not known" in unknown.to_markdown()


# Who is looked at


def faces_of(*names: str) -> PreparedFaces:
    faces = tuple(PreparedFace(name, name, "neutral", name.split("/")[0], "held_out") for name in names)
    return PreparedFaces(faces, np.zeros((len(names), 2, 2, 3), np.uint8), np.zeros((len(names), 478, 2), np.float32))


def test_people_are_taken_by_turns_from_every_data_set():
    prepared = faces_of("canada/1", "canada/2", "london/1", "london/2", "london/3", "london/4")

    names = [prepared.faces[row].photo for row in alternating(prepared, 5)]
    assert names == ["london/1", "canada/1", "london/2", "canada/2", "london/3"]


def test_held_out_photos_are_spread_over_all():
    prepared = faces_of(*(f"london/{k}" for k in range(9)))

    assert held_out_neutral(prepared, 3) == [0, 4, 8]
    assert held_out_neutral(prepared, 100) == list(range(9))


def test_smiling_and_training_photos_are_left_out(prepared):
    rows = alternating(prepared, 100)

    assert {(prepared.faces[row].label, prepared.faces[row].split) for row in rows} == {("neutral", "held_out")}


def test_photos_are_found_by_their_name_in_the_index(tmp_path):
    (tmp_path / "canada").mkdir()
    (tmp_path / "canada" / "003f.jpg").touch()

    assert find_photos(tmp_path) == {"canada/003f": tmp_path / "canada" / "003f.jpg"}
