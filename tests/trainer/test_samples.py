"""Averages of drawn heads (no real faces), and the pictures that are shipped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import ANCHOR_INDICES, TEMPLATE, eye_distance
from fvae_studio.core.geometry import Points, Rect
from fvae_studio.core.types import Face, Photo
from fvae_studio.errors import DataError, NoFaceError
from fvae_studio.paths import samples_dir
from trainer import samples
from trainer.averages import Frame, Portrait, average_face, carry_points, find_person, mean_shape, openness
from trainer.averages.regions import INNER_LIPS, JAW

SIZE = 300
FRAME = Frame(size=280, eye_distance=46.0, eye_center=(139.5, 120.0))
SKIN = (190, 140, 110)


def drawn_landmarks(*, gap: float = 0.0, shift: tuple[float, float] = (0.0, 0.0)) -> Points:
    """478 points of a head whose eyes are 44 px apart; `gap` opens the lips by that many pixels."""
    angles = np.linspace(0, 2 * np.pi, 478, endpoint=False)
    radius = np.sqrt(np.linspace(0.05, 1, 478))
    points = np.stack([150 + 52 * radius * np.cos(7 * angles), 150 + 68 * radius * np.sin(7 * angles)], axis=-1)
    points[list(ANCHOR_INDICES)] = (TEMPLATE - TEMPLATE.mean(axis=0)) * 44 / 35 + [150, 125]
    lips = np.linspace(np.pi, 3 * np.pi, len(INNER_LIPS), endpoint=False)
    points[list(INNER_LIPS)] = np.stack([150 + 16 * np.cos(lips), 185 + gap / 2 * np.sin(lips)], axis=-1)
    points[13], points[14] = (150, 185 - gap / 2), (150, 185 + gap / 2)
    jaw = np.linspace(np.pi * 0.95, np.pi * 0.05, len(JAW))
    points[list(JAW)] = np.stack([150 + 52 * np.cos(jaw), 150 + 68 * np.sin(jaw)], axis=-1)
    points[[50, 205]], points[[280, 425]] = (122, 165), (178, 165)
    return (points + shift).astype(np.float32)


def drawn_head(*, brow: bool = False, shift: tuple[int, int] = (0, 0)) -> NDArray[np.uint8]:
    """A head with eyes and a white shirt before a grey gradient; `brow` adds a dark line over its forehead."""
    light = np.linspace(205, 190, SIZE)[:, None, None] + np.zeros((SIZE, SIZE, 3))
    image = np.ascontiguousarray(light.astype(np.uint8))
    x, y = 150 + shift[0], 150 + shift[1]
    cv2.rectangle(image, (x - 80, y + 85), (x + 80, SIZE), (250, 250, 250), -1)
    cv2.rectangle(image, (x - 25, y), (x + 25, y + 95), SKIN, -1)
    cv2.ellipse(image, (x, y), (55, 72), 0, 0, 360, SKIN, -1, cv2.LINE_AA)
    for side in (-22, 22):
        cv2.circle(image, (x + side, y - 23), 5, (30, 30, 30), -1, cv2.LINE_AA)
    cv2.ellipse(image, (x, y + 35), (18, 5), 0, 0, 360, (150, 60, 60), -1, cv2.LINE_AA)
    if brow:
        cv2.line(image, (x - 12, y - 47), (x + 12, y - 47), (20, 20, 20), 4, cv2.LINE_AA)
    return image


def portrait(*, brow: bool = False, shift: tuple[int, int] = (0, 0), gap: float = 0.0) -> Portrait:
    pixels = drawn_head(brow=brow, shift=shift)
    ears = np.array([[95, 150], [205, 150]], np.float32) + np.float32(shift)
    return Portrait(pixels, drawn_landmarks(gap=gap, shift=shift), find_person(pixels), ears)


def test_alignment_puts_the_eyes_where_the_frame_wants_them() -> None:
    landmarks = drawn_landmarks(shift=(12.0, -7.0))

    moved = FRAME.align(landmarks).apply(landmarks)

    assert eye_distance(moved) == pytest.approx(FRAME.eye_distance, rel=0.01)
    eyes = (moved[[33, 133]].mean(axis=0) + moved[[362, 263]].mean(axis=0)) / 2
    np.testing.assert_allclose(eyes, FRAME.eye_center, atol=1.0)


def test_person_is_found_before_a_gradient() -> None:
    alpha = find_person(drawn_head())

    assert alpha[150, 150] == 1
    assert alpha[290, 100] == 1  # the white shirt
    assert alpha[20, 20] == alpha[150, 20] == alpha[150, 280] == 0


def test_a_highlight_of_the_background_s_colour_is_no_hole() -> None:
    head = drawn_head()
    head[150:160, 145:155] = head[150, 20]

    alpha = find_person(head)

    assert alpha[155, 150] == 1


def test_average_of_one_head_many_times_is_that_head() -> None:
    people = [portrait()] * 4

    average = average_face(people, mean_shape(people, FRAME), FRAME)

    expected = cv2.warpAffine(people[0].pixels, FRAME.align(people[0].landmarks).matrix, (FRAME.size, FRAME.size))
    face = (slice(85, 200), slice(105, 175))
    # One grey level of 255 for rounding, a few for the softness of resampling at the drawn edges.
    assert np.abs(average.pixels[face] * 255 - expected[face]).mean() < 1.5
    assert average.count == 4
    assert average.alpha[120, 139] > 0.99
    assert average.alpha[10, 10] == 0


def test_people_who_stand_elsewhere_are_brought_together() -> None:
    people = [portrait(shift=shift) for shift in ((-14, 5), (0, 0), (9, -8), (5, 3))]

    average = average_face(people, mean_shape(people, FRAME), FRAME)
    alone = average_face(people[1:2], mean_shape(people[1:2], FRAME), FRAME)

    face = (slice(85, 200), slice(105, 175))
    assert np.abs(average.pixels[face] - alone.pixels[face]).mean() * 255 < 3


def test_what_one_person_alone_has_is_outvoted() -> None:
    plain, marked = [portrait()] * 5, portrait(brow=True)
    shape = mean_shape(plain, FRAME)

    without = average_face(plain, shape, FRAME)
    with_one = average_face([*plain, marked], shape, FRAME)

    x, y = np.rint(FRAME.align(marked.landmarks).apply(np.array([[150.0, 103.0]]))[0]).astype(int)
    drawn = np.abs(SKIN[0] - 20) / 255
    # A plain mean would keep a sixth of the mark.
    assert np.abs(with_one.pixels[y, x] - without.pixels[y, x]).max() < drawn / 6 / 2


def test_average_does_not_depend_on_the_order_of_people() -> None:
    people = [portrait(shift=shift) for shift in ((-6, 2), (4, 0), (3, -5))]
    shape = mean_shape(people, FRAME)

    forth, back = average_face(people, shape, FRAME), average_face(people[::-1], shape, FRAME)

    np.testing.assert_allclose(forth.pixels, back.pixels, atol=2 / 255)


def test_only_open_lips_count_for_the_teeth() -> None:
    assert openness(drawn_landmarks(gap=0.5)) == 0
    assert openness(drawn_landmarks(gap=8)) == 1


def test_points_are_carried_to_another_photo_of_the_person() -> None:
    source, target = portrait(), portrait(shift=(13, -9))

    carried = carry_points(source.extra, source, target)

    np.testing.assert_allclose(carried, source.extra + np.float32([13, -9]), atol=1.5)


def test_eyes_and_tilt_in_the_group_photo_are_as_placed() -> None:
    place = samples.Place("ada", "smile", 60.0, (400.0, 300.0), -18.0)
    along = np.array([np.cos(np.deg2rad(-18)), np.sin(np.deg2rad(-18))]) * place.eye_distance / 2
    eyes = np.array([np.array(place.eye_center) - along, place.eye_center, np.array(place.eye_center) + along])

    mapped = samples.tilted_map(eyes.astype(np.float32), place, FRAME)

    middle, half = np.array(FRAME.eye_center), np.array([FRAME.eye_distance / 2, 0])
    np.testing.assert_allclose(mapped, [middle - half, middle, middle + half], atol=1e-3)


def test_shoulders_stay_level_but_for_the_lean() -> None:
    place = samples.Place("ada", "smile", 60.0, (400.0, 300.0), 24.0)
    grid = np.stack(np.meshgrid(np.arange(800), np.arange(600)), axis=-1).astype(np.float32)

    mapped = samples.tilted_map(grid, place, FRAME)

    below = mapped[590, 300] - mapped[590, 310]
    assert np.rad2deg(np.arctan2(below[1], below[0])) % 180 == pytest.approx(180 - 24 / 4, abs=0.01)


def test_template_of_psychomorph_is_read(tmp_path: Path) -> None:
    points = np.arange(378, dtype=np.float32).reshape(189, 2)
    lines = ["189", *(f"{x:.1f}\t{y:.1f}" for x, y in points), "44", "0"]
    (tmp_path / "a.tem").write_text("\n".join(lines))

    np.testing.assert_array_equal(samples.read_template(tmp_path / "a.tem"), points)


@pytest.mark.parametrize("text", ["", "3\n1 2\n", "two\n", "2\n1 2\n3 four\n", "2\n1 2\n3 4\n"])
def test_broken_template_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "broken.tem").write_text(text)

    with pytest.raises(DataError, match=r"broken\.tem"):
        samples.read_template(tmp_path / "broken.tem")


class DrawnFaceDetector:
    """Knows where the drawn head is."""

    def __init__(self, *, finds: bool = True) -> None:
        self.finds = finds

    def detect(self, photo: Photo) -> tuple[Face, ...]:
        gap = 8.0 if "smiling" in str(photo.path) else 0.0
        landmarks = drawn_landmarks(gap=gap)
        return (Face(1, Rect.around(landmarks), landmarks, 1.0),) if self.finds else ()

    def rest(self) -> None:
        """Nothing to free."""

    def close(self) -> None:
        """Nothing to free."""


@pytest.fixture
def drawn_set(tmp_path: Path) -> Path:
    """Three people in the layout of the London set."""
    data = tmp_path / "london"
    for folder in ("neutral_front", "smiling_front"):
        (data / folder).mkdir(parents=True)
    points = np.random.default_rng(3).uniform(100, 200, (189, 2))
    for person in ("001", "002", "003"):
        Image.fromarray(drawn_head()).save(data / "neutral_front" / f"{person}_03.jpg", quality=95)
        Image.fromarray(drawn_head()).save(data / "smiling_front" / f"{person}_08.jpg", quality=95)
        lines = ["189", *(f"{x:.2f} {y:.2f}" for x, y in points)]
        (data / "neutral_front" / f"{person}_03.tem").write_text("\n".join(lines))
    return data


def make_drawn(data: Path, out: Path, *, finds: bool = True) -> tuple[Path, ...]:
    group = samples.Group("eve", ("001", "002", "003"), (0.8, 0.8, 0.8), mirrored=frozenset({"002"}))
    return samples.make_samples(
        data, out, groups=[group], places=[], frame=FRAME, detector=DrawnFaceDetector(finds=finds)
    )


def test_samples_are_pairs_that_say_what_they_are(drawn_set: Path, tmp_path: Path) -> None:
    files = make_drawn(drawn_set, tmp_path / "out")

    assert [path.name for path in files] == ["eve_neutral.jpg", "eve_smile.jpg"]
    for path in files:
        with Image.open(path) as image:
            assert image.size == (FRAME.size, FRAME.size)
            assert "average of 3 faces; no real person" in image.getexif()[0x010E]
            assert "CC BY 4.0" in image.getexif()[0x8298]
            assert image.info["icc_profile"]


def test_samples_are_the_same_each_time(drawn_set: Path, tmp_path: Path) -> None:
    first, second = make_drawn(drawn_set, tmp_path / "a"), make_drawn(drawn_set, tmp_path / "b")

    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_photo_without_a_face_is_named(drawn_set: Path, tmp_path: Path) -> None:
    with pytest.raises(NoFaceError, match=r"001_03\.jpg"):
        make_drawn(drawn_set, tmp_path / "out", finds=False)


def test_missing_photo_is_named_and_the_program_says_so(
    drawn_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert samples.main(["--data", str(drawn_set), "--out", str(tmp_path / "out")]) == 1
    assert "009_03" in capsys.readouterr().out


def test_every_group_is_large_enough_to_be_nobody() -> None:
    for group in samples.GROUPS:
        assert len(set(group.people)) >= 8
        assert group.mirrored <= set(group.people)


def test_shipped_pairs_are_registered() -> None:
    from fvae_studio.pipeline.detector import MediaPipeFaceDetector

    detector = MediaPipeFaceDetector()
    try:
        for group in samples.GROUPS:
            pair = []
            for expression in ("neutral", "smile"):
                with Image.open(samples_dir() / f"{group.name}_{expression}.jpg") as image:
                    pixels = np.array(image.convert("RGB"))
                assert min(pixels.shape[:2]) >= 1350
                (face,) = detector.detect(Photo(pixels))
                pair.append(face.landmarks)
            neutral, smile = pair

            apart = np.abs(neutral[list(ANCHOR_INDICES)] - smile[list(ANCHOR_INDICES)]).max()
            assert apart < 0.03 * eye_distance(neutral)
            assert np.hypot(*(smile[61] - smile[291])) > 1.08 * np.hypot(*(neutral[61] - neutral[291]))
    finally:
        detector.close()


def test_shipped_group_photo_has_three_faces_as_placed() -> None:
    from fvae_studio.pipeline.detector import MediaPipeFaceDetector

    with Image.open(samples_dir() / "group.jpg") as image:
        photo = Photo(np.array(image.convert("RGB")))
    detector = MediaPipeFaceDetector()
    try:
        faces = detector.detect(photo)
    finally:
        detector.close()

    placed = sorted(samples.PLACES, key=lambda place: place.eye_center[0])
    assert len(faces) == len(placed) == 3
    for face, place in zip(faces, placed, strict=True):
        assert eye_distance(face.landmarks) == pytest.approx(place.eye_distance, rel=0.04)
        across = face.landmarks[[362, 263]].mean(axis=0) - face.landmarks[[33, 133]].mean(axis=0)
        assert np.rad2deg(np.arctan2(across[1], across[0])) == pytest.approx(place.tilt, abs=2.5)
