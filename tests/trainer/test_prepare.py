from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from fvae_studio.core.alignment import ANCHOR_INDICES, TEMPLATE
from fvae_studio.core.progress import CancelToken, NoProgress
from fvae_studio.errors import Cancelled, DataError, TemplateMismatchError
from tests.helpers.fake_faces import FakeDetector, make_face, make_photo
from tests.trainer.conftest import CROP_TO_PHOTO, HELD_OUT, ListDetector
from trainer.datasets import PhotoRecord
from trainer.prepare import PREPARED_SIZE, load_prepared, prepare


@pytest.fixture
def record(tmp_path) -> PhotoRecord:
    path = tmp_path / "photo.png"
    Image.fromarray(make_photo(320, 300).pixels).save(path)
    return PhotoRecord(path, "people", "people/a", "neutral")


def test_crops_are_the_photo_around_the_face(workplace):
    prepared = load_prepared(workplace.prepared)

    assert prepared.crops.shape == (6, PREPARED_SIZE, PREPARED_SIZE, 3)
    # The crops are cut at the photo's own scale: half a pixel off its grid, so between its pixels.
    photo = make_photo(336, 316, seed=0).pixels.astype(int)
    left, top = (CROP_TO_PHOTO.apply(np.zeros((1, 2), np.float32))[0] - 0.5).astype(int)
    window = photo[top : top + PREPARED_SIZE, left : left + PREPARED_SIZE]
    between = (window[:-1, :-1] + window[1:, :-1] + window[:-1, 1:] + window[1:, 1:]) / 4
    assert np.abs(prepared.crops[0][:-1, :-1] - between).mean() < 3


def test_landmarks_are_aligned_to_the_template(workplace):
    landmarks = load_prepared(workplace.prepared).landmarks

    np.testing.assert_allclose(
        landmarks[:, list(ANCHOR_INDICES)], np.broadcast_to(TEMPLATE, (6, len(TEMPLATE), 2)), atol=1e-2
    )


def test_index_tells_person_label_and_split(workplace):
    faces = load_prepared(workplace.prepared).faces

    assert [(face.person, face.label) for face in faces[:3]] == [
        ("people/a", "neutral"),
        ("people/a", "smile"),
        ("people/b", "neutral"),
    ]
    assert {face.person for face in faces if face.split == "held_out"} == {HELD_OUT}


def test_pairs_are_of_one_person_and_one_split(workplace):
    prepared = load_prepared(workplace.prepared)

    assert prepared.pairs("neutral", "smile") == [(0, 1), (2, 3), (4, 5)]
    assert prepared.pairs("neutral", "smile", split="train") == [(0, 1), (2, 3)]
    assert prepared.pairs("smile", "neutral", split="held_out") == [(5, 4)]
    assert prepared.pairs("neutral", "frown") == []


def test_photo_without_a_face_is_left_out(tmp_path, record):
    face = make_face((160, 150), crop_px=200)

    prepared = prepare([record, record], tmp_path / "out", held_out=[], detector=ListDetector([(), (face,)]))

    assert len(prepared.faces) == 1


def test_largest_of_several_faces_is_taken(tmp_path, record):
    small, large = make_face((60, 60), crop_px=80), make_face((200, 180), crop_px=180)
    both = prepare([record], tmp_path / "a", held_out=[], detector=ListDetector([(small, large)]))
    alone = prepare([record], tmp_path / "b", held_out=[], detector=ListDetector([(large,)]))

    np.testing.assert_array_equal(both.crops, alone.crops)


def test_no_face_at_all_is_an_error(tmp_path, record):
    with pytest.raises(DataError, match="no photo had a face"):
        prepare([record], tmp_path / "out", held_out=[], detector=FakeDetector([]))


def test_held_out_person_that_is_not_there_is_an_error(tmp_path, record):
    with pytest.raises(DataError, match="people/z"):
        prepare([record], tmp_path / "out", held_out=["people/z"], detector=FakeDetector([]))


def test_unreadable_photo_is_left_out_and_the_report_says_why(tmp_path, record):
    broken = PhotoRecord(tmp_path / "broken.jpg", "people", "people/b", "neutral")
    broken.path.write_bytes(b"no picture")
    face = make_face((160, 150), crop_px=200)

    prepared = prepare([broken, record], tmp_path / "out", held_out=[], detector=ListDetector([(face,)]))

    assert [item.person for item in prepared.faces] == ["people/a"]
    rows = json.loads((tmp_path / "out" / "report.json").read_text())
    assert [bool(row["reason"]) for row in rows] == [True, False]
    assert "broken.jpg" in rows[0]["reason"]
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.count("<figure") == 2
    assert page.count("data:image/jpeg;base64,") == 1
    assert "http" not in page


def test_nothing_but_broken_files_is_a_sentence(tmp_path, record):
    record.path.write_bytes(b"no picture")

    with pytest.raises(DataError, match=r"cannot be read.*report\.html"):
        prepare([record], tmp_path / "out", held_out=[], detector=FakeDetector([]))


def test_one_person_only_is_a_sentence(tmp_path, record):
    with pytest.raises(DataError, match="at least two people"):
        prepare([record, record], tmp_path / "out", held_out=0.2, detector=FakeDetector([]))


def test_share_of_people_is_held_out_and_saved(tmp_path, record):
    records = [replace(record, person=f"people/{name}", key=name) for name in "abcdef"]
    detector = FakeDetector([make_face((160, 150), crop_px=200)])
    first = prepare(records[:4], tmp_path / "out", held_out=0.4, detector=detector)
    held_out = {face.person for face in first.faces if face.split == "held_out"}
    assert 0 < len(held_out) < 4

    again = prepare(records, tmp_path / "out", held_out=0.4, detector=detector)

    assert {face.person for face in again.faces if face.split == "held_out"} & {
        item.person for item in records[:4]
    } == (held_out)


def test_every_two_labels_of_a_person_make_a_pair(workplace):
    prepared = load_prepared(workplace.prepared)

    assert prepared.all_pairs() == prepared.pairs("neutral", "smile")


def test_preparing_can_be_cancelled(tmp_path, record):
    token = CancelToken()
    token.cancel()

    with pytest.raises(Cancelled):
        prepare([record], tmp_path / "out", held_out=[], detector=FakeDetector([]), progress=NoProgress(token))


def test_folder_of_another_template_is_refused(tmp_path, record):
    out = tmp_path / "out"
    prepare([record], out, held_out=[], detector=FakeDetector([make_face((160, 150), crop_px=200)]))
    path = out / "index.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"template": "other-1"}))

    with pytest.raises(TemplateMismatchError, match="other-1"):
        load_prepared(out)


@pytest.mark.parametrize("missing", ["index.json", "crops.npy", "landmarks.npy"])
def test_unfinished_folder_says_what_to_run(tmp_path, record, missing):
    out = tmp_path / "out"
    prepare([record], out, held_out=[], detector=FakeDetector([make_face((160, 150), crop_px=200)]))
    (out / missing).unlink()

    with pytest.raises(DataError, match="fvae-train prepare"):
        load_prepared(out)
