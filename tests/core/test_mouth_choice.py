"""Where an opened mouth's inside comes from: as a value, in an edit, in a recipe."""

from __future__ import annotations

import json

import pytest

from fvae_studio.core.edits import EditState, FaceEdit
from fvae_studio.core.mouth_choice import BUILT_IN, CLOSED, MouthChoice, tell_mouths
from fvae_studio.core.photo_edit import PhotoEdit
from fvae_studio.errors import EditError

PHOTO = MouthChoice("photo", "/photos/laughing.jpg")


@pytest.mark.parametrize("choice", [CLOSED, BUILT_IN, PHOTO])
def test_choice_comes_back_from_json(choice):
    assert MouthChoice.from_json(json.loads(json.dumps(choice.to_json()))) == choice


@pytest.mark.parametrize("value", ["open", "photo", None, {"photo": 3}, {"photo": "a", "b": 1}, {"photo": ""}, 1, []])
def test_what_is_no_choice_is_refused(value):
    with pytest.raises(EditError):
        MouthChoice.from_json(value)


def test_only_a_photo_has_a_path():
    with pytest.raises(EditError):
        MouthChoice("built_in", "/photos/laughing.jpg")
    with pytest.raises(EditError):
        MouthChoice("photo")


def test_mouths_stay_closed_where_nobody_says_otherwise():
    state = EditState(None, (FaceEdit.of({"smile": 1.0}),))

    assert state.mouth_of(None) == state.mouth_of(1) == CLOSED
    assert "mouth" not in state.to_json()


def test_recipe_keeps_mouths():
    state = EditState(None, (FaceEdit.of({"smile": 1.0}),)).with_mouth(BUILT_IN).with_mouth(PHOTO, face=2)
    back = EditState.from_json(state.to_json())

    assert back == state
    assert (back.mouth_of(1), back.mouth_of(2)) == (BUILT_IN, PHOTO)


def test_one_face_may_keep_its_lips_closed():
    state = EditState().with_mouth(BUILT_IN).with_mouth(CLOSED, face=2)

    assert (state.mouth_of(1), state.mouth_of(2)) == (BUILT_IN, CLOSED)
    assert EditState.from_json(state.to_json()) == state


def test_choice_for_all_replaces_that_of_one():
    assert EditState().with_mouth(BUILT_IN, face=2).with_mouth(CLOSED) == EditState()
    assert EditState().with_mouth(PHOTO, face=2).with_mouth(BUILT_IN) == EditState().with_mouth(BUILT_IN)


def test_choice_alone_changes_no_pixel():
    assert EditState().with_mouth(BUILT_IN).is_identity


def test_strengths_and_mouth_do_not_touch_each_other():
    state = EditState().with_mouth(BUILT_IN, face=1).with_strength("smile", 0.5, face=1)

    assert state.for_face(1) == FaceEdit(1, (("smile", 0.5),), BUILT_IN)
    assert state.with_strength("smile", 0.0, face=1).mouth_of(1) == BUILT_IN


def test_amount_and_presets_keep_the_mouth():
    edit = PhotoEdit(
        EditState(None, (FaceEdit.of({"smile": 1.0}),)).with_mouth(BUILT_IN).with_mouth(CLOSED, face=2), 0.5
    )

    assert edit.effective.mouth_of(1) == BUILT_IN
    assert edit.effective.for_face(1).by_name == {"smile": 0.5}
    preset = edit.with_whole({"sad": 1.0}, face=None)
    assert (preset.edits.mouth_of(1), preset.edits.mouth_of(2)) == (BUILT_IN, CLOSED)
    assert preset.strengths_of(None) == {"sad": 1.0}


def test_record_names_what_was_put_in():
    assert tell_mouths([]) == ""
    assert "not the person's own" in tell_mouths([BUILT_IN])
    assert "another photo" in tell_mouths([PHOTO, BUILT_IN])
