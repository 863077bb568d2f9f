import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvae_studio.core.edits import EditState, FaceEdit, parse_assignment
from fvae_studio.errors import EditError

names = st.sampled_from(["smile", "blink", "jaw open", "überrascht"])
strengths = st.dictionaries(names, st.floats(-2, 2), max_size=4)
face_edits = st.builds(lambda face, values: FaceEdit.of(values, face=face), st.none() | st.integers(1, 5), strengths)


@given(st.lists(face_edits, max_size=6))
def test_recipe_round_trip_is_exact(edits):
    state = EditState(None, tuple(edits))

    assert EditState.from_json(state.to_json()) == state
    assert hash(EditState.from_json(state.to_json())) == hash(state)


@given(st.lists(face_edits, max_size=6), st.integers(1, 6))
def test_later_edits_replace_earlier_ones(edits, face):
    expected: dict[str, float] = {}
    for edit in edits:
        if edit.face in (None, face):
            expected.update(edit.strengths)

    told = EditState(None, tuple(edits)).for_face(face).by_name

    assert {name: value for name, value in told.items() if value} == {n: v for n, v in expected.items() if v}


def test_strengths_are_sorted_and_hashable():
    edit = FaceEdit(1, (("smile", 0.5), ("blink", 1)))

    assert edit.strengths == (("blink", 1.0), ("smile", 0.5))
    assert hash(edit) == hash(FaceEdit.of({"smile": 0.5, "blink": 1.0}, face=1))


def test_zero_of_one_face_excepts_it_from_all():
    state = EditState(None, (FaceEdit.of({"smile": 0.8}),)).with_strength("smile", 0, face=2)

    assert state.for_face(1).by_name == {"smile": 0.8}
    assert state.for_face(2).is_identity
    assert EditState.from_json(state.to_json()).for_face(2).is_identity


def test_zero_of_all_takes_everything_back():
    state = EditState("id", (FaceEdit.of({"smile": 0.8}), FaceEdit.of({"smile": 0.3}, face=1)))

    back = state.with_strength("smile", 0.0)

    assert back == EditState("id")
    assert back.is_identity
    assert not state.is_identity


def test_merged_keeps_photo_and_prefers_the_other():
    mine = EditState("mine", (FaceEdit.of({"smile": 0.2, "blink": 1}),))

    merged = mine.merged(EditState("other", (FaceEdit.of({"smile": 0.9}),)))

    assert merged.photo_id == "mine"
    assert merged.for_face(3).by_name == {"blink": 1.0, "smile": 0.9}


def test_recipe_has_the_documented_form():
    state = EditState("id", (FaceEdit.of({"smile": 0.8}, face=1),))

    assert json.loads(state.to_json()) == {
        "schema": 1,
        "program": "fvae-studio",
        "edits": [{"face": 1, "strengths": {"smile": 0.8}}],
    }


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "not JSON"),
        ("[1]", "must be an object, not a list"),
        ("[" * 100_000, "not JSON"),
        ('{"schema": 1}', "lacks 'edits'"),
        ('{"schema": 2, "edits": []}', "schema 2"),
        ('{"schema": true, "edits": []}', "schema True"),
        ('{"schema": 1, "edits": [], "colour": 1}', "unknown key 'colour'"),
        ('{"schema": 1, "edits": [], "program": "other"}', "'other'"),
        ('{"schema": 1, "edits": {}}', "must be a list"),
        ('{"schema": 1, "edits": [1]}', "edit 1 of the recipe must be an object, not a number"),
        ('{"schema": 1, "edits": [{"strengths": [], "face": 1}]}', "not a list"),
        ('{"schema": 1, "edits": [{"strengths": {}, "face": 0}]}', "number from 1"),
        ('{"schema": 1, "edits": [{"strengths": {}, "face": true}]}', "number from 1"),
        ('{"schema": 1, "edits": [{"strengths": {}, "face": 1.5}]}', "number from 1"),
        ('{"schema": 1, "edits": [{"strengths": {}, "faces": 1}]}', "unknown key 'faces'"),
        ('{"schema": 1, "edits": [{"strengths": {"smile": NaN}}]}', "between -2 and 2"),
        ('{"schema": 1, "edits": [{"strengths": {"smile": 1e999}}]}', "between -2 and 2"),
        ('{"schema": 1, "edits": [{"strengths": {"smile": "1"}}]}', "must be a number, not a text"),
        ('{"schema": 1, "edits": [{"strengths": {"smile": true}}]}', "not true or false"),
        ('{"schema": 1, "edits": [{"strengths": {"smile": 2.5}}]}', "2.5"),
        ('{"schema": 1, "edits": [{"strengths": {"": 1}}]}', "plain name"),
        ('{"schema": 1, "edits": [{"strengths": {"smile": 1, "smile": 2}}]}', "'smile' twice"),
    ],
)
def test_malformed_recipes_are_told_in_a_sentence(text, part):
    with pytest.raises(EditError) as caught:
        EditState.from_json(text)

    assert part in str(caught.value)


@given(st.text() | st.binary())
def test_any_text_is_a_recipe_or_an_edit_error(text):
    try:
        state = EditState.from_json(text)
    except EditError:
        return
    assert isinstance(state, EditState)


@pytest.mark.parametrize(
    ("text", "value"), [("smile=0.8", 0.8), (" smile = -.5 ", -0.5), ("smile=-30%", -0.3), ("smile=1e-1", 0.1)]
)
def test_assignment_takes_numbers_and_percents(text, value):
    assert parse_assignment(text) == ("smile", pytest.approx(value))


@pytest.mark.parametrize(
    "text",
    ["", "smile", "=1", "smile=", "smile=x", "smile=nan", "smile=inf", "smile=3", "smile=300%", "a=b=1", "s=1_0"],
)
def test_malformed_assignments_are_edit_errors(text):
    with pytest.raises(EditError):
        parse_assignment(text)
