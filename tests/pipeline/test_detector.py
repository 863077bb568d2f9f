"""Faces at known places are found where they are; what cannot be edited is said in words."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import psutil
import pytest

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE, TEMPLATE, estimate_alignment, extract_crop, eye_distance
from fvae_studio.core.geometry import Points, Rect, SimilarityTransform
from fvae_studio.core.types import Face, Photo
from fvae_studio.errors import FaceCutOffError, FaceError, FaceInProfileError, FaceTooSmallError, NoFaceError
from fvae_studio.inference.memory import give_back_memory
from fvae_studio.paths import data_dir
from fvae_studio.pipeline.detector import (
    EARS,
    MediaPipeFaceDetector,
    alignment_shift,
    choose_faces,
    ear_distance,
    refine_landmarks,
    require_editable,
)
from tests.helpers.fake_faces import make_face
from tests.helpers.portraits import Portrait, load_photo, make_clutter, paste, portrait_files


@pytest.fixture(scope="module")
def detector() -> Iterator[MediaPipeFaceDetector]:
    made = MediaPipeFaceDetector(num_threads=2)
    yield made
    made.close()


@pytest.fixture(scope="module")
def portraits(detector: MediaPipeFaceDetector) -> list[Portrait]:
    files = portrait_files()
    if not files:
        pytest.skip("neither sample portraits nor the data beside the source tree are here")
    loaded = []
    for path in files[:4]:
        photo = load_photo(path)
        (face,) = detector.detect(photo)
        loaded.append(Portrait(photo, face.landmarks))
    return loaded


def off_by(face: Face, truth: Points) -> float:
    """Mean distance of the points from where they should be, in distances between the ears."""
    return float(np.hypot(*(face.landmarks - truth).T).mean() / np.hypot(*(truth[EARS[1]] - truth[EARS[0]])))


def redetected(detector: MediaPipeFaceDetector, photo: Photo, face: Face, *, size: int = 256) -> float:
    """How far a detection on the aligned crop moves an eye, in eye distances."""
    photo_to_crop = estimate_alignment(face.landmarks)
    crop = Photo(extract_crop(photo, photo_to_crop, size=size).pixels.copy())
    (again,) = detector.detect(crop)
    photo_to_pixels = photo_to_crop.then(SimilarityTransform.resize(CROP_SIZE, size))
    return alignment_shift(face.landmarks, photo_to_pixels.inverse.apply(again.landmarks))


def test_photos_without_a_face_give_no_face(detector: MediaPipeFaceDetector) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (300, 500, 3)).astype(np.uint8)

    assert detector.detect(Photo(make_clutter(1200, 900))) == ()
    assert detector.detect(Photo(noise)) == ()
    assert detector.detect(Photo(np.full((40, 2000, 3), 128, np.uint8))) == ()
    assert detector.detect(Photo(np.zeros((1, 1, 3), np.uint8))) == ()


@pytest.mark.parametrize("ears", [48, 96, 300])
@pytest.mark.parametrize("tilt", [0, -20, 45, 90, -90, 180])
def test_a_face_is_found_at_any_size_and_turn(
    detector: MediaPipeFaceDetector, portraits: list[Portrait], ears: float, tilt: float
) -> None:
    canvas = make_clutter(1600, 1200)
    portrait = portraits[0]
    truth = paste(canvas, portrait, portrait.placement((720, 610), ears=ears, tilt=tilt))

    (face,) = detector.detect(Photo(canvas))

    assert off_by(face, truth) < 0.03
    assert face.index == 1
    assert face.box == Rect.around(face.landmarks)
    assert 0.5 < face.score <= 1.0
    assert ear_distance(face) == pytest.approx(ears, rel=0.05)
    require_editable(face, Photo(canvas))


@pytest.mark.slow
def test_faces_of_48_pixels_are_found_in_24_megapixels(
    detector: MediaPipeFaceDetector, portraits: list[Portrait]
) -> None:
    canvas = make_clutter(6000, 4000)
    rng = np.random.default_rng(2)
    truths = []
    for number in range(12):
        # Any place relative to the tiles, any tilt that people have.
        center = (
            500 + 1000 * (number % 6) + rng.uniform(-250, 250),
            1000 + 2000 * (number // 6) + rng.uniform(-800, 800),
        )
        portrait = portraits[number % len(portraits)]
        truths.append(paste(canvas, portrait, portrait.placement(center, ears=48, tilt=rng.uniform(-45, 45))))

    faces = detector.detect(Photo(canvas))

    found = [min(off_by(face, truth) for face in faces) < 0.05 for truth in truths]
    assert sum(found) >= 11
    assert len(faces) <= 13


def test_faces_are_numbered_from_left_to_right_whatever_their_size(
    detector: MediaPipeFaceDetector, portraits: list[Portrait]
) -> None:
    canvas = make_clutter(2000, 1000)
    places = [(1700, 700, 90, 30), (300, 600, 60, -20), (900, 450, 260, 10), (1350, 250, 70, 0)]
    truths = {
        x: paste(canvas, portrait, portrait.placement((x, y), ears=ears, tilt=tilt))
        for (x, y, ears, tilt), portrait in zip(places, portraits * 4, strict=False)
    }

    faces = detector.detect(Photo(canvas))

    assert [face.index for face in faces] == [1, 2, 3, 4]
    for face, x in zip(faces, sorted(truths), strict=True):
        assert off_by(face, truths[x]) < 0.03


def test_the_same_pixels_give_the_same_faces_on_any_number_of_threads(
    detector: MediaPipeFaceDetector, portraits: list[Portrait]
) -> None:
    canvas = make_clutter(1500, 900)
    for x, ears in ((300, 80), (1000, 200)):
        paste(canvas, portraits[0], portraits[0].placement((x, 450), ears=ears, tilt=15))
    alone = MediaPipeFaceDetector(num_threads=1)

    first, second, third = detector.detect(Photo(canvas)), detector.detect(Photo(canvas)), alone.detect(Photo(canvas))
    alone.close()

    assert len(first) == 2
    for other in (second, third):
        for a, b in zip(first, other, strict=True):
            assert (a.index, a.score, a.yaw) == (b.index, b.score, b.yaw)
            np.testing.assert_array_equal(a.landmarks, b.landmarks)


def test_a_rested_detector_finds_the_same_and_may_rest_again(portraits: list[Portrait]) -> None:
    canvas = make_clutter(1500, 900)
    for x, ears in ((300, 80), (1000, 200)):
        paste(canvas, portraits[0], portraits[0].placement((x, 450), ears=ears, tilt=15))
    detector = MediaPipeFaceDetector(num_threads=2)
    before = detector.detect(Photo(canvas))

    detector.rest()
    detector.rest()
    after = detector.detect(Photo(canvas))
    detector.rest()
    detector.close()

    assert len(before) == 2
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a.landmarks, b.landmarks)


def test_rest_gives_memory_back_and_waits_for_nobody(portraits: list[Portrait]) -> None:
    detector = MediaPipeFaceDetector(num_threads=3)
    process = psutil.Process()
    detector.detect(portraits[0].photo)
    give_back_memory()
    full = process.memory_info().rss

    detector.rest()

    if not give_back_memory():
        pytest.skip("this C library keeps freed memory")
    assert full - process.memory_info().rss > 40e6
    detector.close()


def test_a_16_bit_photo_gives_the_faces_of_its_8_bit_copy(
    detector: MediaPipeFaceDetector, portraits: list[Portrait]
) -> None:
    photo = portraits[0].photo
    deep = Photo(photo.pixels.astype(np.uint16) * 257)

    (face,), (other,) = detector.detect(photo), detector.detect(deep)

    assert alignment_shift(face.landmarks, other.landmarks) < 0.01


def test_a_face_that_fills_the_photo_is_found(detector: MediaPipeFaceDetector, portraits: list[Portrait]) -> None:
    portrait = portraits[0]
    tight = Rect.around(portrait.landmarks)
    photo = Photo(np.ascontiguousarray(portrait.photo.pixels[tight.slices]))

    (face,) = detector.detect(photo)

    assert off_by(face, portrait.landmarks - np.float32([tight.x, tight.y])) < 0.04
    require_editable(face, photo)
    # Its aligned crop reaches beyond the photo on all sides and is padded by the photo's edge.
    assert extract_crop(photo, estimate_alignment(face.landmarks)).pixels.shape == (CROP_SIZE, CROP_SIZE, 3)


def test_a_face_cut_by_the_edge_is_refused_with_the_edge_in_the_message(
    detector: MediaPipeFaceDetector, portraits: list[Portrait]
) -> None:
    portrait = portraits[0]
    chin, nose = portrait.landmarks[152], portrait.landmarks[1]
    cut = int((chin[1] + nose[1]) / 2)
    photo = Photo(np.ascontiguousarray(portrait.photo.pixels[:cut]))

    faces = detector.detect(photo)

    with pytest.raises(FaceCutOffError, match=r"Face 1 .* bottom edge"):
        require_editable(faces[0], photo)


@pytest.mark.parametrize("ears", [60, 200, 450])
@pytest.mark.parametrize("tilt", [0, 30, 90])
def test_detecting_again_on_the_aligned_crop_hardly_moves_the_eyes(
    detector: MediaPipeFaceDetector, portraits: list[Portrait], ears: float, tilt: float
) -> None:
    canvas = make_clutter(1600, 1400)
    portrait = portraits[1]
    paste(canvas, portrait, portrait.placement((800, 700), ears=ears, tilt=tilt))
    photo = Photo(canvas)
    (face,) = detector.detect(photo)

    assert redetected(detector, photo, face) < 0.01


def test_detecting_again_hardly_moves_the_eyes_of_real_people(detector: MediaPipeFaceDetector) -> None:
    data = data_dir()
    files = sorted((data / "frl_london").glob("*/*.jpg"))[::20] if data else []
    if not files:
        pytest.skip("the London photos are not here")
    shifts = []
    for path in files:
        photo = load_photo(path)
        (face,) = detector.detect(photo)
        shifts.append(redetected(detector, photo, face))

    assert max(shifts) < 0.01


def test_yaw_tells_the_side_that_the_nose_points_to(detector: MediaPipeFaceDetector, portraits: list[Portrait]) -> None:
    # A frontal face seen through a perspective that brings one cheek nearer passes for a slight turn.
    photo = portraits[0].photo
    mirrored = Photo(np.ascontiguousarray(photo.pixels[:, ::-1]))

    (face,), (other,) = detector.detect(photo), detector.detect(mirrored)

    assert abs(face.yaw) < 10
    assert face.yaw == pytest.approx(-other.yaw, abs=3)


def test_refining_ends_where_the_crop_defines_itself() -> None:
    # A mesh whose answer depends on its window, as the real one's does: it pulls every point towards the template.
    truth = make_face((200.0, 150.0), crop_px=90, angle=0.3).landmarks
    windows = []

    def cut(photo_to_window: SimilarityTransform, size: int) -> np.ndarray:
        windows.append(photo_to_window)
        return np.zeros((size, size, 3), np.uint8)

    def find(_window: np.ndarray) -> Points:
        return windows[-1].apply(truth) * np.float32(0.9) + np.float32(0.1 * 96)

    start = truth + np.float32([3.0, -2.0])
    refined = refine_landmarks(cut, find, start)
    again = refine_landmarks(cut, find, refined)

    assert alignment_shift(refined, again) < 0.01
    assert alignment_shift(start, refined) > 0.01


def test_refining_keeps_the_landmarks_when_the_crop_shows_no_face() -> None:
    start = make_face((100.0, 100.0), crop_px=80).landmarks

    refined = refine_landmarks(lambda _, size: np.zeros((size, size, 3), np.uint8), lambda _: None, start)

    np.testing.assert_array_equal(refined, start)


def test_alignment_shift_of_a_moved_face_is_the_move_in_eye_distances() -> None:
    before = make_face((100.0, 100.0), crop_px=128).landmarks
    distance = eye_distance(before)

    assert alignment_shift(before, before) == pytest.approx(0.0, abs=1e-5)
    assert alignment_shift(before, before + np.float32([0.1 * distance, 0.0])) == pytest.approx(0.1, abs=1e-3)


class TestRequireEditable:
    photo = Photo(np.zeros((400, 600, 3), np.uint8))

    def test_a_whole_frontal_face_passes(self) -> None:
        require_editable(make_face((300, 200), crop_px=200), self.photo)

    def test_a_small_face_is_refused_with_both_numbers(self) -> None:
        face = make_face((300, 200), crop_px=200)
        ears = ear_distance(face)
        small = make_face((300, 200), crop_px=200 * 30 / ears)

        with pytest.raises(FaceTooSmallError, match=r"about 30 pixels .* at least 48"):
            require_editable(small, self.photo)

    @pytest.mark.parametrize("yaw", [60.0, -60.0])
    def test_a_profile_is_refused_with_its_angle(self, yaw: float) -> None:
        face = make_face((300, 200), crop_px=200)
        turned = Face(face.index, face.box, face.landmarks, face.score, yaw)

        with pytest.raises(FaceInProfileError, match=r"Face 1 .* 60 degrees"):
            require_editable(turned, self.photo)

    @pytest.mark.parametrize(
        ("center", "edge"), [((-10, 200), "left"), ((610, 200), "right"), ((300, -10), "top"), ((300, 410), "bottom")]
    )
    def test_a_cut_face_is_refused_with_the_edge(self, center: tuple[float, float], edge: str) -> None:
        with pytest.raises(FaceCutOffError, match=f"{edge} edge"):
            require_editable(make_face(center, crop_px=200), self.photo)

    def test_a_hairline_beyond_the_edge_is_no_cut(self) -> None:
        face = make_face((300, 200), crop_px=200)
        moved = face.landmarks - np.float32([0, face.landmarks[:, 1].min() + 0.1 * eye_distance(face.landmarks)])

        require_editable(Face(1, Rect.around(moved), moved, 0.9), self.photo)


class TestChooseFaces:
    faces = tuple(Face(i, Rect(0, 0, 1, 1), np.zeros((478, 2), np.float32), 0.9) for i in (1, 2, 3))

    @pytest.mark.parametrize("selection", [None, "all"])
    def test_all(self, selection: None) -> None:
        assert choose_faces(self.faces, selection) == self.faces

    def test_one_by_its_number(self) -> None:
        assert choose_faces(self.faces, 2) == (self.faces[1],)

    @pytest.mark.parametrize("selection", [0, 4, -1])
    def test_a_number_that_is_not_there_is_refused_with_those_that_are(self, selection: int) -> None:
        with pytest.raises(NoFaceError, match=rf"no face {selection}: .* faces 1 to 3"):
            choose_faces(self.faces, selection)

    def test_a_single_face_is_named_in_words(self) -> None:
        with pytest.raises(NoFaceError, match="one face, number 1"):
            choose_faces(self.faces[:1], 2)

    @pytest.mark.parametrize("selection", [None, "all", 1])
    def test_no_face_at_all_is_refused(self, selection: None) -> None:
        with pytest.raises(NoFaceError, match="No face was found"):
            choose_faces((), selection)

    def test_its_errors_are_face_errors(self) -> None:
        with pytest.raises(FaceError):
            choose_faces((), None)


def test_the_detector_starts_silently_and_without_matplotlib() -> None:
    # A process of its own: here others may have imported both.
    script = (
        "import sys\n"
        "from fvae_studio.pipeline.detector import MediaPipeFaceDetector\n"
        "MediaPipeFaceDetector(num_threads=1).close()\n"
        # As `import torch` does: it must not wake what was kept from loading.
        "[hasattr(module, '__file__') for module in list(sys.modules.values())]\n"
        "assert 'matplotlib' not in sys.modules\n"
        "from mediapipe.python.solutions import drawing_utils\n"
        "print(drawing_utils.DrawingSpec().thickness)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    # Others who want MediaPipe's drawing in the same process still get it.
    assert done.stdout.strip() == "2"


def test_template_and_anchors_agree_with_a_cut_crop(detector: MediaPipeFaceDetector, portraits: list[Portrait]) -> None:
    photo = portraits[0].photo
    (face,) = detector.detect(photo)
    in_crop = estimate_alignment(face.landmarks).apply(face.landmarks)

    eyes = np.stack([in_crop[[33, 133]].mean(axis=0), in_crop[[362, 263]].mean(axis=0)])
    np.testing.assert_allclose(eyes, [TEMPLATE[:2].mean(axis=0), TEMPLATE[2:4].mean(axis=0)], atol=1.5)
    assert cv2.countNonZero(extract_crop(photo, estimate_alignment(face.landmarks)).pixels[..., 0]) > 0
