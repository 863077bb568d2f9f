from __future__ import annotations

import numpy as np
import pytest
import torch

from fvae_studio.errors import DataError
from tests.helpers.synthetic_face import EXPRESSION_NAMES, make_fits, mediapipe_landmarks, pose
from trainer.facekit.fit import LARGEST_EXPRESSION, UNSEEN, FaceFits, FitOptions, fit_faces, rotation_matrices
from trainer.facekit.landmarks import LIPS, MEDIAPIPE_TO_IBUG

SMILE = {"mouthSmile_L": 0.8, "mouthSmile_R": 0.8}


@pytest.fixture(scope="module")
def known() -> FaceFits:
    identity = np.random.default_rng(0).normal(0, 0.4, (2, 5)).astype(np.float32)
    return make_fits([{}, SMILE, {}], identity[[0, 0, 1]], yaw=np.array([0.04, -0.03, 0.0]))


@pytest.fixture(scope="module")
def landmarks(facekit, known):
    return np.stack([mediapipe_landmarks(facekit, pose(facekit, known, row)) for row in range(3)])


@pytest.fixture(scope="module")
def fits(facekit, landmarks) -> FaceFits:
    return fit_faces(facekit, landmarks, ["a", "a", "b"], [True, False, True], options=FitOptions(num_steps=150))


def test_known_faces_are_fitted_to_a_few_percent_of_the_eye_distance(fits):
    # The anchors of the alignment are not this mesh's own eye corners, so a part of the residual cannot go.
    assert fits.residual.max() < 0.03


def test_neutral_photos_have_no_expression_at_all(fits):
    assert not fits.expression[[0, 2]].any()


def test_photos_of_a_person_share_the_identity(fits):
    np.testing.assert_array_equal(fits.identity[0], fits.identity[1])
    assert not np.array_equal(fits.identity[0], fits.identity[2])


def test_smile_is_found_where_it_is(facekit, fits, known):
    moved = np.tensordot(fits.expression[1], facekit.expression[:, LIPS], axes=1)[:, :2]
    wanted = np.tensordot(known.expression[1], facekit.expression[:, LIPS], axes=1)[:, :2]

    # Other shapes may share the work; the lips must move the way they did.
    cosine = (moved * wanted).sum() / np.linalg.norm(moved) / np.linalg.norm(wanted)
    assert cosine > 0.8
    assert fits.expression[1][EXPRESSION_NAMES.index("mouthSmile_L")] > 0.05


def test_expression_stays_within_its_range_and_unseen_shapes_at_zero(fits):
    assert fits.expression.min() >= 0
    assert fits.expression.max() <= LARGEST_EXPRESSION
    unseen = [index for index, name in enumerate(EXPRESSION_NAMES) if name.startswith(UNSEEN)]
    assert not fits.expression[:, unseen].any()


def test_correction_is_what_the_model_leaves(facekit, fits, landmarks):
    for row in range(3):
        placed = pose(facekit, fits, row)[facekit.landmark_vertices, :2]

        np.testing.assert_allclose(placed + fits.correction[row], landmarks[row][MEDIAPIPE_TO_IBUG], atol=1e-2)


def test_fits_survive_saving(fits, tmp_path):
    fits.save(tmp_path / "fits.npz")

    again = FaceFits.load(tmp_path / "fits.npz")

    for name, value in vars(fits).items():
        np.testing.assert_array_equal(getattr(again, name), value, err_msg=name)


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 broken", b"no archive"])
def test_missing_or_broken_fits_say_what_to_run(tmp_path, content):
    if content is not None:
        (tmp_path / "fits.npz").write_bytes(content)

    with pytest.raises(DataError, match="fit-faces"):
        FaceFits.load(tmp_path / "fits.npz")


def test_rotations_are_orthonormal_and_yaw_turns_about_the_vertical():
    turned = rotation_matrices(torch.tensor([[0.3, -0.2, 0.1], [np.pi / 2, 0.0, 0.0]]))

    torch.testing.assert_close(turned @ turned.transpose(1, 2), torch.eye(3).expand(2, 3, 3), atol=1e-6, rtol=0)
    torch.testing.assert_close(
        turned[1] @ torch.tensor([0.0, 0.0, 1.0]), torch.tensor([1.0, 0.0, 0.0]), atol=1e-6, rtol=0
    )
