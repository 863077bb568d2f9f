"""Eyes or a mouth of another photo, taken in the Studio."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from shiboken6 import isValid

from fvae_studio.core.photo_io import read_photo
from fvae_studio.gui.dialogs.borrow import BorrowDialog
from tests.gui.fakes import make_face
from tests.helpers.fake_faces import make_photo

pytestmark = pytest.mark.gui


@pytest.fixture
def files(tmp_path):
    found = []
    for number, stem in enumerate(("blinking", "awake")):
        found.append(tmp_path / f"{stem}.png")
        Image.fromarray(make_photo(640, 480, seed=number + 3).pixels).save(found[-1])
    return found


@pytest.fixture
def opened(studio, engine, files, qtbot):
    """Two photos of one face each; the first is shown."""
    engine.faces = (make_face(1, (320, 240)),)
    studio.commands.open_paths(files)
    qtbot.waitUntil(lambda: bool(studio.document.current.faces))
    qtbot.waitUntil(lambda: all(photo.thumbnail is not None for photo in studio.document.photos))
    return studio


@pytest.fixture
def dialog(opened):
    opened.window.actions_table["borrow"].trigger()
    return opened.window.findChild(BorrowDialog)


def names(studio):
    return [photo.name for photo in studio.document.photos]


def test_new_photo_is_written_and_shown_and_both_others_stay(opened, dialog, engine, files, qtbot):
    before = [path.read_bytes() for path in files]
    dialog._take.click()
    qtbot.waitUntil(lambda: "blinking-eyes.png" in names(opened))
    qtbot.waitUntil(lambda: bool(opened.document.current.faces))

    assert opened.document.current.name == "blinking-eyes.png"
    assert engine.borrowed == [(("eyes",), 1, 1)]
    assert [path.read_bytes() for path in files] == before
    new, old, other = (read_photo(path) for path in (files[0].with_name("blinking-eyes.png"), *files))
    np.testing.assert_array_equal(new.pixels[10:20, 10:20], other.pixels[10:20, 10:20])
    np.testing.assert_array_equal(new.pixels[20:], old.pixels[20:])
    assert b"compositeWithTrainedAlgorithmicMedia" in new.metadata.xmp
    assert not isValid(dialog) or not dialog.isVisible()


def test_other_open_photos_are_offered_and_another_file_can_be_chosen(dialog, files, tmp_path, monkeypatch):
    third = tmp_path / "third.png"
    monkeypatch.setattr("fvae_studio.gui.dialogs.borrow.QFileDialog.getOpenFileName", lambda *_: (str(third), ""))
    assert dialog.choice.donor == files[1]
    dialog._donor.setCurrentIndex(dialog._donor.count() - 1)
    dialog._on_donor_activated(dialog._donor.count() - 1)

    assert dialog.choice.donor == third
    assert [dialog._donor.itemText(row) for row in range(3)] == ["awake.png", "third.png", "Another file…"]


def test_proposed_name_follows_what_is_taken_until_a_person_writes_one(dialog, files):
    proposed = []
    for row in range(dialog._parts.count()):
        dialog._parts.setCurrentIndex(row)
        proposed.append(dialog.choice.output.name)
    dialog._file.setText(str(files[0].with_name("mine.png")))
    dialog._parts.setCurrentIndex(0)

    assert proposed == [f"blinking-{word}.png" for word in ("eyes", "mouth", "eyes-mouth", "face")]
    assert dialog.choice.output.name == "mine.png"


def test_failure_is_told_in_the_dialog_and_leaves_no_file(opened, dialog, engine, files, qtbot):
    engine.faces = ()
    dialog._take.click()
    qtbot.waitUntil(lambda: dialog._note.text() != "" and dialog._take.isEnabled())

    assert dialog._note.text().startswith("awake.png: ")
    assert dialog.isVisible()
    assert names(opened) == ["blinking.png", "awake.png"]
    assert sorted(path.name for path in files[0].parent.glob("*.png")) == ["awake.png", "blinking.png"]


def test_a_file_that_is_there_is_not_replaced(dialog, files, qtbot):
    before = files[1].read_bytes()
    dialog._file.setText(str(files[1]))
    dialog._take.click()
    qtbot.waitUntil(lambda: dialog._take.isEnabled() and dialog._note.text() != "")

    assert files[1].read_bytes() == before
    assert "exists" in dialog._note.text()


def test_closing_stops_it(opened, dialog, engine, files, qtbot):
    # Nothing that is still under way may stop at the gate in its place.
    qtbot.waitUntil(lambda: opened.document._service.is_idle)
    engine.gate.clear()
    dialog._take.click()
    qtbot.waitUntil(lambda: "borrow" in engine.calls)
    dialog.reject()
    engine.gate.set()
    qtbot.waitUntil(lambda: opened.document._service.is_idle)

    assert not files[0].with_name("blinking-eyes.png").exists()
    assert names(opened) == ["blinking.png", "awake.png"]


def test_another_person_is_told(opened, dialog, engine, boxes, qtbot):
    engine.shape_distances[1] = 2.7
    dialog._take.click()
    qtbot.waitUntil(lambda: "blinking-eyes.png" in names(opened))

    assert any("awake.png may show another person" in str(told) for told in boxes.told)


def test_of_several_faces_there_the_likest_is_taken_and_one_can_be_named(opened, engine, qtbot):
    entry = opened.document.current
    engine.faces = (make_face(1, (160, 240)), make_face(2, (480, 240)))
    engine.shape_distances = {1: 1.9, 2: 0.8}
    # The photo itself keeps the one face that was found before.
    assert len(entry.faces) == 1
    first = opened.commands.borrowing.open()
    first._take.click()
    qtbot.waitUntil(lambda: len(engine.borrowed) == 1)
    opened.document.choose_photo(entry.entry_id)
    second = opened.commands.borrowing.open()
    second._donor_face.setValue(1)
    second._file.setText(str(entry.path.with_name("second.png")))
    second._take.click()
    qtbot.waitUntil(lambda: len(engine.borrowed) == 2)
    qtbot.waitUntil(lambda: opened.document._service.is_idle)

    assert [given for _, _, given in engine.borrowed] == [2, 1]


def test_without_a_face_nothing_is_offered(studio, engine, files, qtbot):
    engine.faces = ()
    studio.commands.open_paths(files[:1])
    qtbot.waitUntil(lambda: studio.document.current.detected == ())

    assert not studio.window.actions_table["borrow"].isEnabled()
    assert studio.commands.borrowing.open() is None
