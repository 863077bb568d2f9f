from __future__ import annotations

import pytest

from fvae_studio.core.edits import EditState, FaceEdit
from fvae_studio.core.photo_edit import PhotoEdit
from fvae_studio.errors import EditError

GROUP = PhotoEdit(EditState(None, (FaceEdit.of({"smile": 0.8}), FaceEdit.of({"sad": 0.4}, face=2))))


def test_amount_scales_every_strength():
    half = PhotoEdit(GROUP.edits, 0.5).effective

    assert half.for_face(1).by_name == {"smile": 0.4}
    assert half.for_face(2).by_name == {"sad": 0.2, "smile": 0.4}


def test_whole_amount_leaves_the_very_edit():
    assert GROUP.effective is GROUP.edits


def test_amount_of_nothing_is_no_edit():
    assert PhotoEdit(GROUP.edits, 0.0).is_identity
    assert PhotoEdit(GROUP.edits, 0.0).effective.is_identity


def test_amount_beyond_its_range_is_refused():
    with pytest.raises(EditError):
        PhotoEdit(GROUP.edits, 1.6)


def test_whole_edit_of_one_face_replaces_what_it_had_from_all_faces():
    edit = GROUP.with_whole({"angry": 0.3}, face=2)

    assert edit.strengths_of(2) == {"angry": 0.3}
    assert edit.strengths_of(1) == {"smile": 0.8}


def test_whole_edit_of_all_faces_replaces_everything():
    edit = GROUP.with_whole({"angry": 0.3}, face=None)

    assert edit.strengths_of(2) == edit.strengths_of(1) == {"angry": 0.3}


def test_removed_face_takes_its_own_edit_along():
    assert GROUP.without_face(2).strengths_of(2) == {"smile": 0.8}
