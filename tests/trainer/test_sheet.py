from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fvae_studio.core.alignment import estimate_alignment, extract_crop
from fvae_studio.core.photo_io import read_photo
from fvae_studio.errors import DataError, NoFaceError
from tests.helpers.fake_faces import FakeDetector, make_face, make_photo
from tests.helpers.tiny_model import make_tiny_model, without_directions
from trainer.prepare import PreparedFace, PreparedFaces
from trainer.sheet import Cell, make_sheet, page, person_page

CELL = 64
LABEL = 18


def cell(value: int, *, confidence: float | None = None) -> Cell:
    trust = None if confidence is None else np.full((CELL, CELL), confidence, np.float32)
    return Cell(f"cell {value}", np.full((CELL, CELL, 3), value, np.uint8), trust)


def picture_at(sheet: np.ndarray, row: int, column: int) -> np.ndarray:
    top = row * (CELL + LABEL) + LABEL
    return sheet[top : top + CELL, column * CELL : (column + 1) * CELL]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data" / "canada"
    folder.mkdir(parents=True)
    for number in (1, 2):
        Image.fromarray(make_photo(480, 400, seed=number).pixels).save(folder / f"00{number}f.jpg", quality=95)
    return tmp_path / "data"


@pytest.fixture
def prepared() -> PreparedFaces:
    faces = tuple(
        PreparedFace(f"canada/{stem}", f"canada/{stem}", "neutral", "canada", split)
        for stem, split in (("001f", "held_out"), ("002f", "held_out"), ("009f", "train"))
    )
    return PreparedFaces(faces, np.zeros((3, 2, 2, 3), np.uint8), np.zeros((3, 478, 2), np.float32))


FACE = make_face((240, 200), crop_px=300)


def test_cells_lie_where_they_belong_and_short_rows_end_white():
    sheet = page([[cell(10), cell(20), cell(30)], [cell(40)]])

    assert sheet.shape == (2 * (CELL + LABEL), 3 * CELL, 3)
    for row, column, value in ((0, 0, 10), (0, 1, 20), (0, 2, 30), (1, 0, 40), (1, 1, 255), (1, 2, 255)):
        assert (picture_at(sheet, row, column) == value).all()


def test_labels_are_drawn_above_their_cells_only():
    labelled, empty = page([[cell(10)]]), page([[Cell("", cell(10).pixels)]])

    assert (empty[:LABEL] == 255).all()
    assert (labelled[:LABEL] < 255).any()
    np.testing.assert_array_equal(labelled[LABEL:], empty[LABEL:])


def test_every_row_of_a_persons_page_begins_with_the_original():
    groups = [[cell(10 * k), cell(10 * k + 1)] for k in range(5)]
    sheet = person_page(cell(200), groups, groups_per_row=2)

    assert sheet.shape[:2] == (3 * (CELL + LABEL), 5 * CELL)
    assert all((picture_at(sheet, row, 0) == 200).all() for row in range(3))
    assert (picture_at(sheet, 2, 1) == 40).all()


def test_heat_map_shows_low_confidence_and_spares_the_original():
    cells = [cell(128), cell(128, confidence=0.0), cell(128, confidence=1.0)]
    plain, heat = page([cells]), page([cells], show_confidence=True)

    np.testing.assert_array_equal(picture_at(heat, 0, 0), picture_at(plain, 0, 0))
    middle = (slice(8, 24), slice(8, -8))
    distrusted, trusted = picture_at(heat, 0, 1)[middle], picture_at(heat, 0, 2)[middle]
    assert trusted.mean() > distrusted.mean() + 20


def test_sheets_show_every_person_and_everybody(data, prepared, tmp_path):
    model = make_tiny_model()
    detector = FakeDetector([FACE])
    files = make_sheet(model, prepared, data, tmp_path / "out", cell_px=CELL, detector=detector)

    assert [path.name for path in files] == [
        "person_01_canada_001f.png",
        "person_02_canada_002f.png",
        "overview.png",
        "confidence.png",
    ]
    persons, overview = read_photo(files[0]).pixels, read_photo(files[2]).pixels
    assert persons.shape == (CELL + LABEL, (1 + 3 * 3) * CELL, 3)
    assert overview.shape == (2 * (CELL + LABEL), (1 + 3) * CELL, 3)
    photo = read_photo(data / "canada" / "001f.jpg")
    original = extract_crop(photo, estimate_alignment(FACE.landmarks), size=CELL).pixels
    np.testing.assert_array_equal(picture_at(persons, 0, 0), original)
    np.testing.assert_array_equal(picture_at(overview, 0, 0), original)
    # smile -1, 0.5, 1: three different pictures, the last of which is the overview's first edit.
    assert (picture_at(persons, 0, 1) != original).any()
    assert (picture_at(persons, 0, 2) != picture_at(persons, 0, 3)).any()
    np.testing.assert_array_equal(picture_at(persons, 0, 3), picture_at(overview, 0, 1))


def test_earlier_model_is_shown_beside_this_one(data, prepared, tmp_path):
    new, old = make_tiny_model(seed=1), make_tiny_model(seed=2)
    options = {"cell_px": CELL, "people": 1, "detector": FakeDetector([FACE])}
    files = make_sheet(new, prepared, data, tmp_path / "new", against=old, **options)
    alone = make_sheet(old, prepared, data, tmp_path / "old", **options)

    assert [path.name for path in files[:2]] == ["person_01_canada_001f.png", "against_01_canada_001f.png"]
    person, both, older = (read_photo(path).pixels for path in (*files[:2], alone[0]))
    assert both.shape == (CELL + LABEL, (1 + 3 * 2) * CELL, 3)
    np.testing.assert_array_equal(picture_at(both, 0, 0), picture_at(person, 0, 0))
    # Every third picture of a person's sheet is a direction at strength 1.
    for direction in range(3):
        np.testing.assert_array_equal(picture_at(both, 0, 1 + 2 * direction), picture_at(person, 0, 3 + 3 * direction))
        np.testing.assert_array_equal(picture_at(both, 0, 2 + 2 * direction), picture_at(older, 0, 3 + 3 * direction))


def test_expressions_that_photos_show_are_taken_back(data, prepared, tmp_path):
    # Both photos are of the first person now, and the second one shows a smile.
    smiling = replace(prepared.faces[1], person=prepared.faces[0].person, label="smile")
    faces = PreparedFaces((prepared.faces[0], smiling, prepared.faces[2]), prepared.crops, prepared.landmarks)
    new, old = make_tiny_model(seed=1), make_tiny_model(seed=2)
    options = {"cell_px": CELL, "people": 1, "detector": FakeDetector([FACE])}

    files = make_sheet(new, faces, data, tmp_path / "both", against=old, **options)
    alone = make_sheet(new, faces, data, tmp_path / "new", **options)

    assert files[-1].name == alone[-1].name == "back.png"
    both, one = read_photo(files[-1]).pixels, read_photo(alone[-1]).pixels
    assert both.shape == (CELL + LABEL, 5 * CELL, 3)
    np.testing.assert_array_equal(one[LABEL:], both[LABEL:, : 3 * CELL])
    pictures = [picture_at(both, 0, column) for column in range(5)]
    assert all((a != b).any() for number, a in enumerate(pictures) for b in pictures[:number])


def test_strength_0_shows_the_original(data, prepared, tmp_path):
    files = make_sheet(
        make_tiny_model(), prepared, data, tmp_path, strengths=(0.0,), cell_px=CELL, detector=FakeDetector([FACE])
    )
    sheet = read_photo(files[0]).pixels

    for column in (1, 2, 3):
        np.testing.assert_array_equal(picture_at(sheet, 0, column), picture_at(sheet, 0, 0))


def test_sheets_are_replaced_when_made_again(data, prepared, tmp_path):
    first, second = (
        make_sheet(
            make_tiny_model(seed=seed), prepared, data, tmp_path / "out", cell_px=CELL, people=1,
            detector=FakeDetector([FACE]),
        )[0].read_bytes()
        for seed in (1, 2)
    )  # fmt: skip

    assert first != second


def test_photo_that_is_not_there_is_named(data, prepared, tmp_path):
    (data / "canada" / "002f.jpg").unlink()

    with pytest.raises(DataError, match="canada/002f"):
        make_sheet(make_tiny_model(), prepared, data, tmp_path, detector=FakeDetector([FACE]))


def test_photo_without_a_face_is_named(data, prepared, tmp_path):
    with pytest.raises(NoFaceError, match=r"001f\.jpg"):
        make_sheet(make_tiny_model(), prepared, data, tmp_path, detector=FakeDetector([]))


def test_model_without_directions_is_refused(data, prepared, tmp_path):
    with pytest.raises(DataError, match="no directions"):
        make_sheet(without_directions(make_tiny_model()), prepared, data, tmp_path, detector=FakeDetector([FACE]))
