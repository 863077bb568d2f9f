"""Averages of drawn teeth, and the files that are made of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import ANCHOR_INDICES, TEMPLATE
from fvae_studio.core.donor_teeth import FACE_MEASURES, read_donor
from fvae_studio.core.geometry import Rect
from fvae_studio.core.types import Face, Photo
from fvae_studio.errors import DataError, NoFaceError
from trainer.averages.regions import INNER_LIPS
from trainer.averages.teeth import MARKS_FILE, ORIGIN_PX, Mouth, TeethMarks, average_teeth, mean_marks
from trainer.donors import make_donors, read_marks, write_donor

SCALE = 6
"""Photo pixels per crop pixel."""
LIPS = (63.5, 82.0)
SIDES = np.array([-10.8, -8.1, -8.0, -5.0, -4.9, -0.1, 0.1, 4.9, 5.0, 8.0, 8.1, 10.8])
EDGES = np.array([0.4, 1.0, 2.0, 2.0, 1.0, 0.4])


def drawn_mouth(seed: int, *, brightness: int = 225) -> Mouth:
    """A laughing mouth with six teeth; every one's lie a little elsewhere, and its marks with them."""
    rng = np.random.default_rng(seed)
    shift, size = rng.uniform(-1, 1), rng.uniform(0.95, 1.05)
    sides, edges = SIDES * size + shift, EDGES + rng.uniform(-0.3, 0.3)
    pixels = np.full((128 * SCALE, 128 * SCALE, 3), (190, 120, 110), np.uint8)
    turn = np.linspace(0, 2 * np.pi, len(INNER_LIPS), endpoint=False)
    contour = np.stack([LIPS[0] - 14 * np.cos(turn), LIPS[1] - 4.5 * np.sin(turn)], axis=1)
    cv2.fillPoly(pixels, [to_photo(contour).round().astype(np.int32)], (40, 20, 20))
    inside = (pixels == (40, 20, 20)).all(axis=2)
    teeth = pixels.copy()
    for left, right, edge in zip(sides[::2], sides[1::2], edges, strict=True):
        low, high = (
            to_photo(np.array([LIPS[0] + x, LIPS[1] + y])).round().astype(int).tolist()
            for x, y in ((left + 0.15, -6.0), (right - 0.15, edge))
        )
        cv2.rectangle(teeth, low, high, (brightness, brightness - 8, brightness - 25), -1)
    pixels[inside] = teeth[inside]
    pixels = cv2.GaussianBlur(pixels, (0, 0), 1.0)
    landmarks = np.full((478, 2), 64, np.float32)
    landmarks[list(ANCHOR_INDICES)] = TEMPLATE
    landmarks[list(INNER_LIPS)] = contour
    landmarks[13], landmarks[14] = (LIPS[0], LIPS[1] - 4.5), (LIPS[0], LIPS[1] + 4.5)
    return Mouth(pixels, to_photo(landmarks).astype(np.float32), TeethMarks(sides, edges))


def to_photo(points: np.ndarray) -> np.ndarray:
    return (np.asarray(points) + 0.5) * SCALE - 0.5


@pytest.fixture(scope="module")
def mouths() -> list[Mouth]:
    return [drawn_mouth(seed) for seed in range(8)]


def at(picture: np.ndarray, x: float, y: float) -> np.ndarray:
    column, row = (round((value + origin) * 10 - 0.5) for value, origin in zip((x, y), ORIGIN_PX, strict=True))
    return picture[row, column]


def test_mean_marks_are_alike_on_both_sides(mouths):
    marks = mean_marks(mouths)

    np.testing.assert_allclose(marks.sides, -marks.sides[::-1], atol=1e-9)
    np.testing.assert_allclose(marks.edges, marks.edges[::-1], atol=1e-9)
    np.testing.assert_allclose(marks.sides, SIDES, atol=0.4)


def test_teeth_stay_sharp_though_everybodys_lie_elsewhere(mouths):
    teeth = average_teeth(mouths)
    single = average_teeth(mouths[:2])

    for picture in (teeth.pixels, single.pixels):
        tooth, between = at(picture, 2.5, -2.0).mean(), at(picture, 5.0, -2.0).mean()
        assert tooth > 0.8
        # The line between two teeth is a third of a pixel wide in a photo blurred by a sixth.
        assert between < tooth - 0.15


def test_matte_ends_at_the_edges(mouths):
    teeth = average_teeth(mouths)

    assert at(teeth.alpha, 2.5, -0.5) == 1
    assert at(teeth.alpha, 2.5, 0.6) == 0
    assert at(teeth.alpha, 9.5, -0.8) == 0
    assert at(teeth.alpha, 9.5, -2.2) == 1


def test_no_lip_is_left_in_the_picture(mouths):
    # Lips are far redder than they are green.
    ratio = average_teeth(mouths).pixels[..., 0] / average_teeth(mouths).pixels[..., 1]

    assert ratio[40:88, 60:280].max() < 1.35


def test_darker_teeth_leave_no_steps():
    mixed = [drawn_mouth(seed, brightness=225 if seed % 2 else 150) for seed in range(8)]
    picture = average_teeth(mixed).pixels
    column = [at(picture, 2.5, y).mean() for y in np.arange(-5, -0.5, 0.1)]

    assert np.abs(np.diff(column)).max() < 0.05


def test_donor_comes_back_from_its_files(mouths, tmp_path):
    teeth = average_teeth(mouths)
    write_donor(tmp_path, "drawn", teeth, dict.fromkeys(FACE_MEASURES, 20.0))
    donor = read_donor(tmp_path / "drawn.json")

    assert (donor.name, donor.people, donor.plate.origin) == ("drawn", 8, (169.5, 89.5))
    np.testing.assert_allclose(donor.plate.alpha, teeth.alpha, atol=1 / 255)


class FindsDrawn:
    """Knows the landmarks of the drawn mouths by their photos' names."""

    def __init__(self, mouths: dict[str, Mouth]) -> None:
        self._mouths = mouths

    def detect(self, photo: Photo) -> tuple[Face, ...]:
        assert photo.path is not None
        mouth = self._mouths.get(photo.path.name[:3])
        return () if mouth is None else (Face(1, Rect.around(mouth.landmarks), mouth.landmarks.copy(), 0.9),)

    def close(self) -> None:
        pass


def london_of(folder: Path, mouths: dict[str, Mouth]) -> Path:
    for part, ending in (("smiling_front", "08"), ("neutral_front", "03")):
        (folder / part).mkdir(parents=True, exist_ok=True)
        for person, mouth in mouths.items():
            Image.fromarray(mouth.pixels).save(folder / part / f"{person}_{ending}.jpg", quality=95)
    return folder


def marks_of(path: Path, mouths: dict[str, Mouth]) -> Path:
    lines = ["[drawn]"]
    for person, mouth in mouths.items():
        sides, edges = mouth.marks.sides.round(2).tolist(), mouth.marks.edges.round(2).tolist()
        lines.append(f'"{person}" = {{ sides = {sides}, edges = {edges} }}')
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_donors_are_made_from_photos(mouths, tmp_path):
    people = {f"{number:03d}": mouth for number, mouth in enumerate(mouths)}
    data, marks = london_of(tmp_path / "data", people), marks_of(tmp_path / "teeth.toml", people)
    made = make_donors(data, tmp_path / "out", marks_file=marks, detector=FindsDrawn(people))
    again = make_donors(data, tmp_path / "again", marks_file=marks, detector=FindsDrawn(people))

    assert [path.name for path in made] == ["drawn.png"]
    assert read_donor(tmp_path / "out" / "drawn.json").people == 8
    assert made[0].read_bytes() == again[0].read_bytes()


def test_too_few_people_are_refused(mouths, tmp_path):
    people = {f"{number:03d}": mouth for number, mouth in enumerate(mouths[:7])}
    marks = marks_of(tmp_path / "teeth.toml", people)
    with pytest.raises(DataError, match="needs 8"):
        make_donors(tmp_path, tmp_path / "out", marks_file=marks, detector=FindsDrawn({}))


def test_missing_photo_and_missing_face_are_told(mouths, tmp_path):
    people = {f"{number:03d}": mouth for number, mouth in enumerate(mouths)}
    marks = marks_of(tmp_path / "teeth.toml", people)
    with pytest.raises(DataError, match="could not be read"):
        make_donors(tmp_path / "nothing", tmp_path / "out", marks_file=marks, detector=FindsDrawn(people))
    with pytest.raises(NoFaceError):
        make_donors(london_of(tmp_path / "data", people), tmp_path / "out", marks_file=marks, detector=FindsDrawn({}))


@pytest.mark.parametrize("text", ["", "[a]\nx = 3", '[a]\n"1" = { sides = [1], edges = [2] }', "[a"])
def test_marks_that_are_none_are_told(tmp_path, text):
    path = tmp_path / "teeth.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError):
        read_marks(path)


def test_shipped_marks_are_of_enough_people():
    groups = read_marks(MARKS_FILE)

    assert all(len(people) >= 8 for people in groups.values())
    everyone = [person for people in groups.values() for person in people]
    assert len(everyone) == len(set(everyone))
