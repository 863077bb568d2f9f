"""The donors that ship, and files of donors that cannot be used."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from fvae_studio.core.alignment import EYE_DISTANCE
from fvae_studio.core.donor_teeth import FACE_MEASURES, choose_donor, load_donors, measure_face, read_donor
from fvae_studio.core.mouth_light import LUMINANCE
from fvae_studio.errors import EditError
from fvae_studio.paths import donors_dir

MM: float = EYE_DISTANCE / 63
"""Crop pixels per millimetre, for eyes that are 63 mm apart."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(donors_dir(), tmp_path / "donors"))


def change(folder: Path, **values: object) -> Path:
    path = min(folder.glob("*.json"))
    content = json.loads(path.read_text(encoding="utf-8")) | values
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_donors_are_small_files_of_many_people_each():
    donors = load_donors()

    assert len(donors) >= 2
    assert all(donor.people >= 8 for donor in donors)
    assert sum(path.stat().st_size for path in donors_dir().iterdir()) < 3_000_000


@pytest.mark.parametrize("path", sorted(donors_dir().glob("*.json")), ids=lambda path: path.stem)
def test_central_incisors_are_as_wide_as_teeth_are(path):
    sides = json.loads(path.read_text(encoding="utf-8"))["sides"]
    widths = [(sides[k + 1] - sides[k]) / MM for k in (4, 6)]

    assert all(8.0 < width < 9.5 for width in widths)


@pytest.mark.parametrize("path", sorted(donors_dir().glob("*.json")), ids=lambda path: path.stem)
def test_files_credit_their_photos_and_say_what_is_drawn(path):
    content = json.loads(path.read_text(encoding="utf-8"))

    assert "CC BY 4.0" in content["credit"]
    assert "no real person" in content["about"]
    assert "drawn" in content["about"]


def test_teeth_are_light_and_end_at_their_edges():
    for donor in load_donors():
        plate = donor.plate
        x, y = (round(value) for value in plate.origin)
        tooth = plate.pixels[y - 25, x - 25]

        assert float(tooth @ LUMINANCE) == pytest.approx(1, abs=0.15)
        assert plate.alpha[y - 25, x - 25] == 1
        assert plate.alpha[y + 10].max() == 0


def test_donor_is_the_one_whose_people_are_most_alike():
    for donor in load_donors():
        landmarks = np.zeros((478, 2), np.float32)
        for name, (first, second, _) in FACE_MEASURES.items():
            landmarks[first], landmarks[second] = (0, 0), (donor.face[name], 0)

        assert measure_face(landmarks) == pytest.approx(donor.face)
        assert choose_donor(load_donors(), landmarks) is donor


def test_empty_folder_is_told(tmp_path):
    with pytest.raises(EditError, match="no built-in teeth"):
        load_donors(tmp_path)


@pytest.mark.parametrize("values", [{"schema": 2}, {"origin": 3}, {"face": {}}, {"people": "many"}])
def test_damaged_description_is_told(folder, values):
    with pytest.raises(EditError, match=r"install the program again|reads"):
        read_donor(change(folder, **values))


def test_missing_picture_is_told(folder):
    path = min(folder.glob("*.json"))
    path.with_suffix(".png").unlink()

    with pytest.raises(EditError, match="install the program again"):
        read_donor(path)
