from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fvae_studio.errors import DataError
from fvae_studio.model.directions import DirectionSet
from fvae_studio.pipeline.evened_faces import PhotoLight
from tests.helpers.fake_faces import make_photo
from tests.helpers.prepared_faces import crop_landmarks, make_prepared
from trainer.baselines.oracle import OracleSettings
from trainer.experiments.limits.glasses import _bend, rims, with_glasses
from trainer.experiments.limits.groups import find_groups, group_figures, held_out_rows, skin_lightness
from trainer.experiments.limits.light import LIGHTS, clip_flows, edits_in_other_light, reaching_in_other_light, relit
from trainer.experiments.limits.pose import edits_of_turned_heads
from trainer.experiments.limits.report import limits
from trainer.figures.reconstruction import BOTH, RealPairs, fitted_flows, reconstruction_figures
from trainer.prepare import PreparedFace, PreparedFaces

UNCHANGED = "as photographed"

# Light


def test_first_light_is_no_change():
    crop = make_photo(64, 64).pixels

    assert next(iter(LIGHTS)) == UNCHANGED
    np.testing.assert_array_equal(relit(crop, LIGHTS[UNCHANGED]), crop)


@pytest.mark.parametrize("name", [name for name in LIGHTS if name != UNCHANGED])
def test_every_other_light_shows(name):
    crop = make_photo(64, 64).pixels

    assert np.abs(relit(crop, LIGHTS[name]).astype(int) - crop).mean() > 5


def test_flow_of_the_photo_itself_is_not_off(bench):
    errors = edits_in_other_light(bench.model, bench.prepared, held_out_rows(bench.prepared), "smile")

    assert errors[UNCHANGED].value == 0
    assert errors["half as bright"].value > 0


def test_gain_without_relighting_is_the_same_for_both(bench):
    gains = reaching_in_other_light(bench.model, bench.prepared)

    assert gains[UNCHANGED]["source"].value == pytest.approx(gains[UNCHANGED]["both"].value, abs=1e-4)
    assert all(np.isfinite(gain["clip"].value) for gain in gains.values())


def test_photos_in_one_light_are_fitted_as_they_are(bench, monkeypatch):
    pairs = RealPairs.of(bench.prepared)
    source, target = pairs.source[pairs.is_forth], pairs.target[pairs.is_forth]
    monkeypatch.setattr(PhotoLight, "colour_map", np.eye(3, 4, dtype=np.float32))
    expected = fitted_flows(bench.model, source, target)

    np.testing.assert_array_equal(clip_flows(bench.model, source, target), expected)


# Pose


def test_turned_heads_are_measured_at_every_angle(bench):
    errors, cells = edits_of_turned_heads(
        bench.model, bench.facekit, bench.fits, bench.prepared, held_out_rows(bench.prepared), sliders=("sad",)
    )

    assert list(errors) == [0, 10, 15, 20, 30]
    assert all(error.value > 0 for error in errors.values())
    assert len(cells[0]) == 2 * len(errors)


def test_photo_that_is_not_turned_is_the_photo(bench):
    row = held_out_rows(bench.prepared)[0]
    _, cells = edits_of_turned_heads(bench.model, bench.facekit, bench.fits, bench.prepared, [row], sliders=("sad",))
    photo = bench.prepared.crops[row].reshape(128, 2, 128, 2, 3).mean(axis=(1, 3))

    # Only the mouth's inside may be painted, and that is not to be seen in a closed one.
    assert np.abs(cells[0][0].pixels - photo).mean() < 3


# Glasses


def test_stiff_motion_bends_no_rim():
    flow = np.full((128, 128, 2), [3.0, -1.0], np.float32)

    assert _bend(flow, crop_landmarks()) == pytest.approx(0, abs=1e-4)


def test_motion_of_one_half_bends_rims():
    landmarks = crop_landmarks()
    flow = np.zeros((128, 128, 2), np.float32)
    flow[int(rims(landmarks)[0, :, 1].mean()) :, :, 1] = 3

    assert _bend(flow, landmarks) > 0.3


def test_glasses_are_drawn_around_the_eyes_only():
    crop = np.full((256, 256, 3), 200, np.uint8)
    changed = (with_glasses(crop, crop_landmarks()) != crop).any(axis=2)

    assert changed.any()
    assert not changed[150:].any()
    assert (crop == 200).all()


# Groups


def londoners() -> PreparedFaces:
    """Two held-out people of the London set: the second is darker."""
    prepared = make_prepared((("a", "held_out"), ("b", "held_out")))
    people = ("frl_london/004", "frl_london/025")
    faces = tuple(
        PreparedFace(face.photo, people[row // 2], face.label, "frl_london", face.split)
        for row, face in enumerate(prepared.faces)
    )
    crops = np.stack([np.full_like(prepared.crops[row], (210, 90)[row // 2]) for row in range(4)])
    return replace(prepared, faces=faces, crops=crops)


def test_people_are_grouped_by_what_is_measured_seen_and_told(tmp_path):
    (tmp_path / "frl_london").mkdir()
    (tmp_path / "frl_london" / "london_info.csv").write_text(
        "face_id,face_age,face_gender,face_eth\n004,30,male,white\n025,41,female,west_asian\n002,24,female,white\n"
    )
    groups = find_groups(londoners(), tmp_path)

    assert groups["everybody"] == {"frl_london/004", "frl_london/025"}
    assert groups["skin darker than L* 55"] == groups["female"] == groups["west asian"] == {"frl_london/025"}
    assert groups["35 years and older"] == {"frl_london/025"}
    assert groups["beard"] == {"frl_london/004"}


def test_groups_without_what_people_told(tmp_path):
    assert "female" not in find_groups(londoners(), tmp_path)
    assert "female" not in find_groups(londoners(), None)


def test_lightness_is_that_of_the_skin():
    prepared = londoners()

    assert skin_lightness(prepared, 0) > 80
    assert skin_lightness(prepared, 2) < 40


def test_everybody_is_the_mean_of_the_evaluation(bench):
    (everybody, *_) = group_figures(bench.model, bench.prepared, None, {})
    rows = reconstruction_figures(bench.model, bench.prepared, oracle=OracleSettings(num_steps=(1, 1, 1)))
    by_method = {row.method: row.face_db for row in rows if row.direction == BOTH}

    assert everybody.gain_db.value == pytest.approx(by_method["FVAE"] - by_method["Unwarped source"], abs=1e-4)


# The report


def test_report_holds_all_limits(bench):
    result = limits(
        bench.model, bench.prepared, None, detector=bench.detector, facekit=bench.facekit, fits=bench.fits, num_turned=1
    )

    assert set(result.figures) == {"model", "light", "yaw", "glasses", "glasses_found", "groups"}
    for head in ("## Light", "## Turned heads", "## Glasses", "## Groups"):
        assert head in result.text
    assert [picture.name for picture in result.pictures if picture.is_public] == ["limits_yaw"]


def test_limits_need_the_smile_slider(bench):
    bare = DirectionSet([], latent_shape=bench.model.directions.latent_shape)

    with pytest.raises(DataError, match="no slider smile"):
        limits(
            replace(bench.model, directions=bare),
            bench.prepared,
            None,
            detector=bench.detector,
            facekit=bench.facekit,
            fits=bench.fits,
        )
