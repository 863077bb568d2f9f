"""What holds for every way to make in-betweens, and what each of them promises."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.fake_faces import make_photo
from tests.helpers.prepared_faces import SMILE_MOTION, crop_landmarks
from trainer.baselines.field_morph import FieldMorph, feature_lines, field_positions
from trainer.baselines.flow_morph import FlowMorph, arriving
from trainer.baselines.mesh_morph import MeshMorph
from trainer.baselines.morph import CrossFade, Ends, mix, pixel_positions
from trainer.facekit.landmarks import MOUTH_POINTS

SIZE = 128
MORPHS = (CrossFade, MeshMorph, FieldMorph, FlowMorph)


def make_ends(*, motion: np.ndarray = SMILE_MOTION, other_picture: bool = True) -> Ends:
    first = make_photo(SIZE, SIZE, seed=1).pixels
    second = make_photo(SIZE, SIZE, seed=2).pixels if other_picture else first.copy()
    landmarks = crop_landmarks()
    moved = landmarks.copy()
    moved[MOUTH_POINTS] += motion
    return Ends(np.array(first), np.array(second), landmarks, moved)


@pytest.mark.parametrize("morph", MORPHS)
def test_ends_are_the_pictures_themselves(morph):
    ends = make_ends()
    made = morph(ends)

    # A grey level for the resampling of maps that are still to the last digit but one.
    assert np.abs(made.at(0.0).astype(int) - ends.first).max() <= 1
    assert np.abs(made.at(1.0).astype(int) - ends.second).max() <= 1


@pytest.mark.parametrize("morph", MORPHS)
def test_nothing_happens_between_equal_ends(morph):
    ends = make_ends(motion=np.float32([0, 0]), other_picture=False)

    assert np.abs(morph(ends).at(0.4).astype(int) - ends.first).max() <= 1


@pytest.mark.parametrize("morph", [MeshMorph, FieldMorph])
def test_landmarks_of_both_pictures_meet_half_way(morph):
    """A white dot on the lips of either picture is a white dot of the in-between, not two grey ones."""
    landmarks = crop_landmarks()
    moved = landmarks.copy()
    lip = MOUTH_POINTS[3]
    moved[MOUTH_POINTS] += np.float32([0, 6])
    pictures = []
    for points in (landmarks, moved):
        picture = np.zeros((SIZE, SIZE, 3), np.uint8)
        x, y = np.round(points[lip]).astype(int)
        picture[y - 2 : y + 3, x - 2 : x + 3] = 255
        pictures.append(picture)
    middle = morph(Ends(pictures[0], pictures[1], landmarks, moved)).at(0.5)
    x, y = np.round((landmarks[lip] + moved[lip]) / 2).astype(int)

    assert middle[y, x].min() > 200
    assert CrossFade(Ends(pictures[0], pictures[1], landmarks, moved)).at(0.5).max() < 200


@pytest.mark.parametrize("morph", [MeshMorph, FieldMorph])
def test_the_border_stays(morph):
    ends = make_ends(other_picture=False)
    middle = morph(ends).at(0.5)

    for side in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        np.testing.assert_allclose(middle[side].astype(int), ends.first[side].astype(int), atol=2)


def test_mesh_morph_survives_lips_that_close():
    landmarks = crop_landmarks()
    closed = landmarks.copy()
    closed[MOUTH_POINTS, 1] = closed[MOUTH_POINTS, 1].mean()  # all on one line: triangles without area
    picture = make_photo(SIZE, SIZE).pixels
    middle = MeshMorph(Ends(np.array(picture), np.array(picture), landmarks, closed)).at(1.0)

    assert np.abs(middle.astype(int) - picture).max() <= 1


def test_field_moves_a_line_onto_a_line():
    lines = feature_lines(crop_landmarks(), SIZE)
    wanted = lines + np.array([3.0, -2.0])
    positions = field_positions(lines, wanted, SIZE)

    np.testing.assert_allclose(positions - pixel_positions(SIZE), np.full((SIZE, SIZE, 2), [3, -2]), atol=1e-3)


def test_arriving_inverts_the_motion():
    flow = np.zeros((SIZE, SIZE, 2), np.float32)
    wave = np.sin(np.linspace(0, np.pi, SIZE, dtype=np.float32))
    flow[..., 0] = 4 * wave[:, None] * wave[None]
    at = arriving(flow, 0.5)
    # where a point x lands: x + flow(x) / 2, and that is the pixel it was looked up for
    x = np.clip(np.round(at[64]).astype(int), 0, SIZE - 1)
    landed = at[64, :, 0] + 0.5 * flow[x[:, 1], x[:, 0], 0]

    np.testing.assert_allclose(landed, np.arange(SIZE), atol=0.1)


def test_flow_morph_moves_instead_of_fading():
    photo = make_photo(192, 192, seed=3).pixels
    first, second = photo[20:148, 20:148], photo[20:148, 26:154]  # the camera moved by 6 px
    ends = Ends(np.array(first), np.array(second), crop_landmarks(), crop_landmarks())
    middle = FlowMorph(ends).at(0.5)[20:-20, 20:-20].astype(int)
    truth = photo[20:148, 23:151][20:-20, 20:-20].astype(int)
    faded = mix(ends.first, ends.second, 0.5)[20:-20, 20:-20].astype(int)

    assert np.abs(middle - truth).mean() < 0.3 * np.abs(faded - truth).mean()
