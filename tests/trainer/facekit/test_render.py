from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fvae_studio.core._cv2 import cv2
from tests.helpers.synthetic_face import MOUTH, SCALE, dome, make_fits, pose
from trainer.facekit.expressions import NUM_POSE, RECIPES, sample_code
from trainer.facekit.mesh import FaceKit
from trainer.facekit.render import FaceScene, FittedFace, apply_flow, exact_flow, placed, push_pull


@pytest.fixture(scope="module")
def fits():
    identity = np.random.default_rng(2).normal(0, 0.3, (1, 5)).astype(np.float32)
    return make_fits([{}], identity)


@pytest.fixture(scope="module")
def face(facekit, fits) -> FittedFace:
    return FittedFace.of(facekit, fits, 0)


@pytest.fixture(scope="module")
def still(face):
    return face.pose()


def change(facekit: FaceKit, weights: dict[str, float], *, turn: tuple[float, float, float] = (0, 0, 0)):
    return np.concatenate([facekit.expression_vector(weights), np.array(turn, np.float32)])


def sample(field, points):
    """Bilinear values of (S, S, C) at (N, 2) positions."""
    x, y = points[:, 0].astype(np.float32)[None], points[:, 1].astype(np.float32)[None]
    return cv2.remap(field, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0]


def well_inside(mask, *, by: int = 2):
    return cv2.erode(mask.astype(np.uint8), np.ones((2 * by + 1, 2 * by + 1), np.uint8)).astype(bool)


def test_equal_poses_give_zero_flow_and_see_everything(facekit, still):
    exact = exact_flow(FaceScene(facekit, still), FaceScene(facekit, still))

    np.testing.assert_allclose(exact.flow, 0, atol=1e-3)
    assert exact.visible.min() == 1
    assert not exact.inside[..., 3].any()


def test_fitted_face_without_corrections_is_the_posed_mesh(facekit, fits, still):
    np.testing.assert_allclose(still, pose(facekit, fits, 0), atol=1e-3)


def test_corrections_bring_the_landmarks_onto_the_photo(facekit, fits, still):
    towards = np.random.default_rng(1).normal((0.8, -0.5), 0.1, (68, 2)).astype(np.float32)
    corrected = FittedFace.of(facekit, replace(fits, correction=towards[None]), 0).pose()

    inner = facekit.landmark_vertices[17:]
    off = corrected[inner, :2] - still[inner, :2] - towards[17:]
    # Smoothed on purpose: noise of a tenth of a pixel is not followed exactly.
    assert np.abs(off).mean() < 0.15


@pytest.mark.parametrize("shift", [(3.0, 0.0), (0.0, -2.0), (1.3, 2.6)])
def test_shifted_mesh_gives_exactly_that_displacement(facekit, still, shift):
    moved = still.copy()
    moved[:, :2] += shift

    exact = exact_flow(FaceScene(facekit, moved), FaceScene(facekit, still))

    inside = well_inside(exact.head)
    inside[:8] = inside[-8:] = False
    inside[:, :8] = inside[:, -8:] = False
    np.testing.assert_allclose(
        exact.flow[inside], np.broadcast_to(np.negative(shift), exact.flow[inside].shape), atol=2e-3
    )
    assert exact.visible[inside].min() == 1


def test_flow_fades_outside_the_head_and_is_zero_at_the_border(facekit, still):
    moved = still.copy()
    moved[:, 0] += 4

    exact = exact_flow(FaceScene(facekit, moved), FaceScene(facekit, still))

    far = cv2.distanceTransform((~exact.head).astype(np.uint8), cv2.DIST_L2, 5) > 10
    assert not exact.flow[far].any()
    assert not exact.flow[[0, -1]].any()
    assert not exact.flow[:, [0, -1]].any()
    lengths = np.linalg.norm(exact.flow, axis=-1)
    assert lengths.max() <= 4.01


def test_turned_mesh_agrees_with_projected_points(facekit, face, still):
    turned = face.pose(change(facekit, {}, turn=(0.8, -0.3, 0.2)))
    turned = placed(turned, face.alignment(turned, still))
    exact = exact_flow(FaceScene(facekit, turned), FaceScene(facekit, still))

    inside = well_inside(exact.head & (exact.visible > 0), by=4)
    front = np.flatnonzero((facekit.part == 0) & (still[:, 2] > np.quantile(still[:, 2], 0.3)))
    at = turned[front, :2]
    kept = inside[np.clip(np.round(at[:, 1]).astype(int), 0, 127), np.clip(np.round(at[:, 0]).astype(int), 0, 127)]
    assert kept.sum() > 100

    wanted = still[front, :2] - turned[front, :2]
    # A pixel's flow is read between pixels, on a mesh with facets: a tenth of a pixel.
    off = np.linalg.norm(sample(exact.flow, at) - wanted, axis=1)[kept]
    assert np.median(off) < 0.05
    assert np.quantile(off, 0.95) < 0.2


def test_there_and_back_is_the_identity_where_both_see(facekit, face, still):
    moved = face.pose(change(facekit, {"mouthSmile_L": 0.9, "mouthSmile_R": 0.9, "browInnerUp_L": 0.8}))
    scenes = FaceScene(facekit, moved), FaceScene(facekit, still)
    forward, backward = exact_flow(scenes[0], scenes[1]), exact_flow(scenes[1], scenes[0])

    ys, xs = np.mgrid[0:128, 0:128].astype(np.float32)
    grid = np.stack([xs, ys], axis=-1)
    there = grid + forward.flow
    back = there + sample(backward.flow, there.reshape(-1, 2)).reshape(128, 128, 2)
    seen = well_inside((forward.visible > 0) & forward.head) & (
        sample(backward.visible[..., None], there.reshape(-1, 2)).reshape(128, 128) > 0.99
    )
    off = np.linalg.norm(back - grid, axis=-1)[seen]
    assert seen.sum() > 3000
    assert np.median(off) < 0.02
    assert np.quantile(off, 0.99) < 0.3
    assert np.linalg.norm(forward.flow, axis=-1).max() > 2


def plates(*, front_x: float) -> tuple[FaceKit, np.ndarray]:  # type: ignore[type-arg]
    """A small plate in front of a large one, both parallel to the picture."""

    def plate(x0: float, y0: float, x1: float, y1: float, z: float) -> list[list[float]]:
        return [[x0, y0, z], [x1, y0, z], [x1, y1, z], [x0, y1, z]]

    vertices = np.array(plate(10.3, 10.3, 117.7, 117.7, 0) + plate(front_x, 40.2, front_x + 25, 80.6, 10), np.float32)
    quads = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    facekit = FaceKit(
        neutral=vertices,
        identity=np.zeros((1, 8, 3), np.float32),
        expression=np.zeros((1, 8, 3), np.float32),
        expression_names=("jawOpen",),
        triangles=np.concatenate([quads, quads + 4]),
        landmark_vertices=np.zeros(68, np.int64),
        part=np.zeros(8, np.int8),
    )
    return facekit, vertices


def test_what_was_behind_something_is_not_visible():
    facekit, source = plates(front_x=50.2)
    _, target = plates(front_x=70.2)

    exact = exact_flow(FaceScene(facekit, target), FaceScene(facekit, source))

    # The plate went 20 px to the right: the 20 px to its left come to light.
    assert not exact.visible[42:79, 52:69].any()
    assert exact.visible[42:79, 72:94].min() == 1
    assert exact.visible[20:38, 20:100].min() == 1
    np.testing.assert_allclose(exact.flow[42:79, 72:94], np.broadcast_to([-20, 0], (37, 22, 2)), atol=1e-3)


def test_background_that_the_head_covered_is_not_visible(facekit, still):
    moved = still.copy()
    moved[:, 0] += 6

    exact = exact_flow(FaceScene(facekit, moved), FaceScene(facekit, still))

    uncovered = exact_flow(FaceScene(facekit, still), FaceScene(facekit, still)).head & ~exact.head
    assert uncovered.sum() > 200
    assert not exact.visible[uncovered].any()
    assert exact.visible[:, :10].min() == 1


def test_opened_mouth_shows_its_inside_as_not_visible(facekit, face, still):
    opened = exact_flow(FaceScene(facekit, face.pose(change(facekit, {"jawOpen": 0.8}))), FaceScene(facekit, still))

    hole = opened.inside[..., 3] > 0
    assert hole.sum() > 20
    assert not opened.visible[hole].any()
    # Below the line of the lips, in the middle of the face.
    rows, columns = np.nonzero(hole)
    lip_row = np.mean(still[facekit.landmark_vertices[60:68], 1])
    assert rows.mean() > lip_row
    assert abs(columns.mean() - still[facekit.landmark_vertices[62], 0]) < 2


def test_parted_lips_sample_the_line_along_which_they_touched(facekit, face, still):
    opened = exact_flow(FaceScene(facekit, face.pose(change(facekit, {"jawOpen": 0.8}))), FaceScene(facekit, still))

    rows, columns = np.nonzero(well_inside(opened.inside[..., 3] > 0, by=1))
    lips = still[facekit.landmark_vertices[60:68], :2]
    middle = np.abs(columns - lips[:, 0].mean()) < 5
    sampled = rows[middle] + opened.flow[rows[middle], columns[middle], 1]
    contact = lips[:, 1].mean()
    assert middle.sum() > 10
    # Not stretched lips: every row of the gap reads the same line.
    np.testing.assert_allclose(sampled, contact, atol=1.5)


def test_closing_is_read_from_the_blinks_and_kept_in_range(facekit, face):
    assert face.closing(change(facekit, {"eyeBlink_L": 0.6, "eyeBlink_R": 1.3})) == {"L": pytest.approx(0.6), "R": 1.0}
    assert face.closing(change(facekit, {"eyeBlink_L": -0.5})) == {"L": 0.0, "R": 0.0}


def test_blink_does_not_move_the_mesh(facekit, face, still):
    np.testing.assert_array_equal(face.pose(change(facekit, {"eyeBlink_L": 1.0})), still)


def test_realigned_head_keeps_its_eyes_in_place(facekit, face, still):
    turned = face.pose(change(facekit, {}, turn=(0.0, 0.0, 1.0)))
    aligned = placed(turned, face.alignment(turned, still))

    eyes = facekit.landmark_vertices[[36, 39, 42, 45]]
    before = np.linalg.norm(turned[eyes, :2] - still[eyes, :2], axis=1).mean()
    after = np.linalg.norm(aligned[eyes, :2] - still[eyes, :2], axis=1).mean()
    assert before > 2
    assert after < 0.5


def test_push_pull_keeps_what_is_known():
    rng = np.random.default_rng(0)
    values, known = rng.normal(size=(32, 32, 2)).astype(np.float32), rng.random((32, 32)) < 0.3

    filled = push_pull(np.where(known[..., None], values, 99), known)

    np.testing.assert_allclose(filled[known], values[known], atol=1e-6)
    assert filled.min() >= values[known].min() - 1e-4
    assert filled.max() <= values[known].max() + 1e-4


@pytest.mark.parametrize("share", [0.002, 0.1, 0.9])
def test_push_pull_fills_a_constant_with_itself(share):
    known = np.random.default_rng(1).random((64, 64)) < share
    known[40, 17] = True

    filled = push_pull(np.full((64, 64, 2), [1.5, -2.0], np.float32), known)

    np.testing.assert_allclose(filled, np.broadcast_to([1.5, -2.0], filled.shape), atol=1e-4)


def test_push_pull_of_nothing_known_is_zero():
    assert not push_pull(np.ones((16, 16, 2), np.float32), np.zeros((16, 16), bool)).any()


def test_picture_is_the_photo_where_nothing_moves():
    crop = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)
    crop = cv2.GaussianBlur(crop, (9, 9), 3)

    shown = apply_flow(crop, np.zeros((128, 128, 2), np.float32), np.zeros((128, 128, 4), np.uint8))

    np.testing.assert_allclose(shown.astype(int), cv2.resize(crop, (128, 128), interpolation=cv2.INTER_AREA), atol=1)


def test_picture_follows_a_flow_of_whole_pixels_and_paints_the_inside():
    crop = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)
    crop = cv2.GaussianBlur(crop, (9, 9), 3)
    inside = np.zeros((128, 128, 4), np.uint8)
    inside[60:80, 60:80] = 10, 20, 30, 255

    shown = apply_flow(crop, np.full((128, 128, 2), [5.0, 3.0], np.float32), inside)

    small = cv2.resize(crop, (128, 128), interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(shown[10:50, 10:110].astype(int), small[13:53, 15:115], atol=1)
    assert shown[65:75, 65:75].max() <= 35


@pytest.mark.parametrize("kind", range(5))
def test_random_codes_keep_every_shape_in_its_range(facekit, kind):
    names = facekit.expression_names
    base = np.zeros(len(names), np.float32)
    base[names.index("mouthSmile_L")] = 0.7
    for seed in range(40):
        code = sample_code(facekit, np.random.default_rng(seed), kind=kind, base=base)
        reached = base + code[:-NUM_POSE]

        assert code.shape == (len(names) + NUM_POSE,)
        assert reached.max() <= 1.2 + 1e-6
        assert reached.min() >= -0.6 - 1e-6
        assert 0 <= reached[names.index("jawOpen")] <= 0.55 + 1e-6
        for side in "LR":
            assert 0 <= reached[names.index(f"eyeBlink_{side}")] <= 1 + 1e-6


def test_last_kind_of_code_leads_back_to_the_neutral_face(facekit):
    base = np.zeros(len(facekit.expression_names), np.float32)
    base[3] = 0.5

    code = sample_code(facekit, np.random.default_rng(0), kind=4, base=base)

    np.testing.assert_allclose(base + code[:-NUM_POSE], 0, atol=1e-7)


def test_every_recipe_names_shapes_of_the_model(facekit):
    for recipe in RECIPES:
        assert facekit.expression_vector(dict(recipe.shapes)).any(), recipe.name
        if recipe.mirrored:
            assert recipe.mirrored in {other.name for other in RECIPES}


def test_synthetic_dome_is_in_front_of_the_plate_behind_its_mouth(facekit):
    # The tests above lean on it.
    plate = facekit.neutral[facekit.part != 0, 2].max()
    assert dome(np.zeros(1), np.array([MOUTH[1]]))[0] - plate > 10 / SCALE / 2
