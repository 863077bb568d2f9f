"""Make `resources/samples/`: portraits of nobody, averaged from the Face Research Lab London Set.

    python -m trainer.samples --data DIR --out resources/samples

Four groups of people, each in a neutral and a smiling version on one frame, and a group photo of three of them.
Everything is deterministic: the same photos and the same library versions give the same pictures.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.core.types import Photo
from fvae_studio.errors import DataError, FvaeStudioError, NoFaceError
from fvae_studio.pipeline.detector import FaceDetector, MediaPipeFaceDetector
from trainer.averages import (
    Average,
    FloatImage,
    Frame,
    Portrait,
    average_face,
    carry_points,
    find_person,
    mean_shape,
    openness,
)

Expression = Literal["neutral", "smile"]

CREDIT: Final = (
    "Made from the Face Research Lab London Set, Lisa DeBruine and Benedict Jones, 2017, "
    "doi 10.6084/m9.figshare.5047666.v5, CC BY 4.0."
)
JPEG_QUALITY: Final = 92

# Psychomorph's 189 points of the set: both ears and the hairline, which MediaPipe's mesh does not have.
_EARS_AND_HAIRLINE: Final = tuple(range(115, 125)) + tuple(range(134, 145))
_MIRRORED: Final = tuple(range(120, 125)) + tuple(range(115, 120)) + tuple(range(144, 133, -1))
_TEMPLATE_POINTS: Final = 189
_NUM_FACE_POINTS: Final = 478


@dataclass(frozen=True)
class Group:
    """People whose average bears one invented name.

    Attributes:
        name: of the files.
        people: numbers in the London set. At least eight, with alike hair, so that the hair's average looks like hair.
        mirrored: those of them whose photos are mirrored, so that ponytails do not all hang on one side.
        backdrop: colour of the studio background behind the head, sRGB 0..1.
    """

    name: str
    people: tuple[str, ...]
    backdrop: tuple[float, float, float]
    mirrored: frozenset[str] = frozenset()


GROUPS: Final = (
    Group("ada", ("009", "002", "010", "027", "102", "107", "139", "118", "122", "100"), (0.80, 0.81, 0.82)),
    Group(
        "bea",
        ("025", "126", "127", "094", "134", "030", "062", "032", "066"),
        (0.79, 0.80, 0.79),
        mirrored=frozenset({"094", "134", "030"}),
    ),
    Group("cal", ("042", "043", "096", "114", "137", "008", "044", "037"), (0.78, 0.80, 0.81)),
    Group("dan", ("063", "012", "018", "117", "132", "130", "105", "121", "103", "128"), (0.80, 0.80, 0.79)),
)


@dataclass(frozen=True)
class Place:
    """Where somebody stands in the group photo.

    Attributes:
        name: of the group whose average it is.
        eye_distance: in pixels of the group photo: the size of the face.
        eye_center: (x, y) of the middle between the eyes, in pixels of the group photo.
        tilt: of the head in degrees, clockwise on the screen.
    """

    name: str
    expression: Expression
    eye_distance: float
    eye_center: tuple[float, float]
    tilt: float


GROUP_PHOTO_SIZE: Final = (2400, 1600)
PLACES: Final = (  # from the back to the front
    Place("cal", "smile", 250.0, (1205.0, 650.0), 8.0),
    Place("bea", "neutral", 195.0, (545.0, 1000.0), -18.0),
    Place("dan", "neutral", 220.0, (1830.0, 920.0), 25.0),
)


def make_samples(
    data: Path,
    out: Path,
    progress: Progress | None = None,
    *,
    groups: Sequence[Group] = GROUPS,
    places: Sequence[Place] = PLACES,
    frame: Frame | None = None,
    detector: FaceDetector | None = None,
) -> tuple[Path, ...]:
    """Write the pairs of portraits and the group photo.

    Args:
        data: the London set: `neutral_front/ID_03.jpg` with `.tem`, `smiling_front/ID_08.jpg`.
        out: folder for the JPEG files; made if it is not there.
        progress: told after each portrait.
        groups: whom to average.
        places: who stands where in the group photo; nobody: no group photo.
        frame: of the portraits.
        detector: finds the landmarks; MediaPipe's by default.

    Returns:
        The files, portraits first.

    Raises:
        DataError: photos are missing or malformed.
        NoFaceError: a photo shows no face.
    """
    watch = progress or NoProgress()
    frame = frame or Frame()
    used = detector or MediaPipeFaceDetector()
    out.mkdir(parents=True, exist_ok=True)
    averages: dict[tuple[str, Expression], Average] = {}
    files = []
    try:
        for index, group in enumerate(groups):
            pairs = []
            for person in group.people:
                watch.raise_if_cancelled()
                pairs.append(_read_pair(data, person, used, mirror=person in group.mirrored))
            for expression, average in _average_pair(pairs, frame).items():
                averages[group.name, expression] = average
                about = f"{group.name.title()}, {expression}: the average of {average.count} faces; no real person."
                pixels = on_backdrop(average.pixels, average.alpha, group.backdrop)
                files.append(write_jpeg(out / f"{group.name}_{expression}.jpg", pixels, about))
            watch.report((index + 1) / (len(groups) + 1), f"averaged {group.name}")
    finally:
        if detector is None:
            used.close()
    if places:
        pixels = compose_group(averages, places, frame, GROUP_PHOTO_SIZE)
        counts = ", ".join(str(averages[place.name, place.expression].count) for place in places)
        about = f"Three averages of {counts} faces each; no real persons."
        files.append(write_jpeg(out / "group.jpg", pixels, about))
    watch.report(1.0, "done")
    return tuple(files)


def _average_pair(pairs: Sequence[tuple[Portrait, Portrait]], frame: Frame) -> dict[Expression, Average]:
    """Average both expressions; ears, hairline and complexion of the crowd stay where they are between the two."""
    neutral, smiling = zip(*pairs, strict=True)
    shape = mean_shape(neutral, frame)
    moves = np.array([b.points_in(frame) - a.points_in(frame) for a, b in pairs])
    moves[:, _NUM_FACE_POINTS:] = 0
    # A smile that shows no teeth says nothing about where the lips are in one that does.
    opened = np.array([openness(portrait.landmarks) for portrait in smiling])
    move = np.average(moves, axis=0, weights=opened if opened.sum() > 1 else None)
    return {
        "neutral": average_face(neutral, shape, frame),
        "smile": average_face(smiling, (shape + move).astype(np.float32), frame),
    }


def _read_pair(data: Path, person: str, detector: FaceDetector, *, mirror: bool) -> tuple[Portrait, Portrait]:
    """The neutral and the smiling photo of one person."""
    neutral_file = data / "neutral_front" / f"{person}_03.jpg"
    smiling_file = data / "smiling_front" / f"{person}_08.jpg"
    neutral_pixels, smiling_pixels = _read_pixels(neutral_file), _read_pixels(smiling_file)
    extra = read_template(neutral_file.with_suffix(".tem"))
    if mirror:
        neutral_pixels = np.ascontiguousarray(neutral_pixels[:, ::-1])
        smiling_pixels = np.ascontiguousarray(smiling_pixels[:, ::-1])
        extra = extra[list(_MIRRORED)] * np.array([-1, 1], np.float32)
        extra[:, 0] += neutral_pixels.shape[1] - 1
    else:
        extra = extra[list(_EARS_AND_HAIRLINE)]
    neutral = _find_portrait(neutral_pixels, neutral_file, detector, extra)
    # The smiling photos have no hand-placed points: the neutral ones are looked for in them.
    smiling = _find_portrait(smiling_pixels, smiling_file, detector, extra)
    return neutral, replace(smiling, extra=carry_points(extra, neutral, smiling))


def _read_pixels(path: Path) -> NDArray[np.uint8]:
    try:
        with Image.open(path) as image:
            return np.array(image.convert("RGB"))
    except OSError as error:
        raise DataError(
            f"{path} could not be read as a photo ({error}); --data wants the London set's folder."
        ) from error


def _find_portrait(
    pixels: NDArray[np.uint8], path: Path, detector: FaceDetector, extra: NDArray[np.float32]
) -> Portrait:
    faces = detector.detect(Photo(pixels, path=path))
    if not faces:
        raise NoFaceError(f"No face was found in {path}; the samples need one frontal face in each photo.")
    face = max(faces, key=lambda found: found.score)
    return Portrait(pixels, face.landmarks, find_person(pixels), extra.copy())


def read_template(path: Path) -> NDArray[np.float32]:
    """Points of a Psychomorph template file.

    Returns:
        (N, 2) float32, photo pixels.

    Raises:
        DataError: missing or malformed.
    """
    try:
        lines = path.read_text(encoding="ascii").splitlines()
        points = np.array(
            [[float(value) for value in line.split()] for line in lines[1 : 1 + int(lines[0])]], np.float32
        )
    except (OSError, ValueError, IndexError) as error:
        raise DataError(
            f"{path} is no Psychomorph template ({error}); --data wants the London set's folder."
        ) from error
    if points.shape != (_TEMPLATE_POINTS, 2):
        raise DataError(f"{path} holds points of shape {points.shape}; the London set's templates have (189, 2).")
    return points


def backdrop(width: int, height: int, colour: tuple[float, float, float]) -> FloatImage:
    """(height, width, 3) studio background: lighter behind the head, with grain against banding."""
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    light = 1.03 - 0.13 * np.clip((0.8 * x) ** 2 + (y + 0.25) ** 2, 0, 2)
    grain = np.random.default_rng(0).normal(0, 0.005, (height, width))
    return np.asarray(np.asarray(colour) * light[..., None] + grain[..., None], np.float32)


def on_backdrop(pixels: FloatImage, alpha: FloatImage, colour: tuple[float, float, float]) -> NDArray[np.uint8]:
    """Put a person before a studio background; 8 bits."""
    behind = backdrop(alpha.shape[1], alpha.shape[0], colour)
    return _to_bytes(behind + alpha[..., None] * (pixels - behind))


def compose_group(
    averages: dict[tuple[str, Expression], Average], places: Sequence[Place], frame: Frame, size: tuple[int, int]
) -> NDArray[np.uint8]:
    """Stand people beside one another, `places` from the back to the front.

    `size` is (width, height) of the picture.
    """
    width, height = size
    canvas = backdrop(width, height, (0.78, 0.79, 0.80))
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).astype(np.float32)
    behind = np.zeros((height, width), np.float32)
    for place in places:
        average = averages[place.name, place.expression]
        at = tilted_map(grid, place, frame)
        # Too fine for the smaller size: soften before sampling, else the hair glitters.
        shrink = frame.eye_distance / place.eye_distance
        source = cv2.GaussianBlur(average.pixels, (0, 0), 0.35 * shrink) if shrink > 1 else average.pixels
        pixels = cv2.remap(source, at[..., 0], at[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        alpha = cv2.remap(average.alpha, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        alpha = (alpha * _round_shoulders(at, frame)).astype(np.float32)
        # A faint shadow on those behind, as any lamp from the front would throw.
        shadow = 0.25 * cv2.GaussianBlur(alpha, (0, 0), 28) * behind
        canvas *= 1 - (shadow * (1 - alpha))[..., None]
        behind = np.maximum(behind, alpha)
        canvas += alpha[..., None] * (pixels - canvas)
    return _to_bytes(canvas)


def _round_shoulders(at: FloatImage, frame: Frame) -> FloatImage:
    """1 inside, 0 where the portrait's side border would cut an arm off straight; `at` in portrait pixels."""
    x, y = ((at[..., axis] - frame.eye_center[axis]) / frame.eye_distance for axis in (0, 1))
    outward = np.maximum(np.abs(x) - 2.2, 0) / 0.6
    return np.asarray(np.where(y < 2.2, 1, np.clip((y - 2.2 - 1.3 * outward**2) * 10 + 1, 0, 1)), np.float32)


def tilted_map(grid: FloatImage, place: Place, frame: Frame) -> FloatImage:
    """Group photo -> portrait: a quarter of the tilt is the whole body's lean, the rest is bent in the neck.

    `grid` (..., 2) holds positions in the group photo; the result, alike, those in the portrait. Inside the face the
    map is a similarity with exactly `place.tilt`.
    """
    tilt = np.deg2rad(place.tilt)
    lean, bend = tilt / 4, tilt * 3 / 4
    unit = place.eye_distance
    neck = np.array([0.0, 2.2])  # below the eyes, in eye distances
    # The head is where `place` says; the pivot of the neck follows from it.
    pivot = np.asarray(place.eye_center) / unit + neck @ _turn(tilt).T
    local = (grid / unit - pivot) @ _turn(-lean).T
    amount = np.clip((0.5 - local[..., 1]) / 0.75, 0, 1)  # 0 at the shoulders, 1 from the chin upwards
    angle = -bend * amount * amount * (3 - 2 * amount)
    cos, sin = np.cos(angle), np.sin(angle)
    upright = np.stack([cos * local[..., 0] - sin * local[..., 1], sin * local[..., 0] + cos * local[..., 1]], axis=-1)
    return np.asarray((upright + neck) * frame.eye_distance + np.asarray(frame.eye_center), np.float32)


def _turn(angle: float) -> NDArray[np.float64]:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def write_jpeg(path: Path, pixels: NDArray[np.uint8], description: str) -> Path:
    """Write with an sRGB profile and an EXIF block that tells what the picture is and whom to credit."""
    exif = Image.Exif()
    exif[0x010E] = description  # ImageDescription
    exif[0x013B] = "FVAE Studio (trainer.samples)"  # Artist
    exif[0x8298] = CREDIT  # Copyright
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # Pillow writes the time of making into the profile's header; the same samples shall have the same bytes.
    profile = profile[:24] + bytes([0x07, 0xE1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]) + profile[36:]
    Image.fromarray(pixels).save(
        path, "JPEG", quality=JPEG_QUALITY, optimize=True, subsampling="4:2:0", icc_profile=profile, exif=exif
    )
    return path


def _to_bytes(pixels: FloatImage) -> NDArray[np.uint8]:
    return np.asarray(np.clip(np.rint(pixels * 255), 0, 255), np.uint8)


class _PrintProgress(NoProgress):
    """Tells on the terminal."""

    def report(self, fraction: float, stage: str = "") -> None:
        print(f"{fraction:4.0%} {stage}", flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; 0 on success, 1 when the data are not as wanted."""
    parser = argparse.ArgumentParser(
        prog="fvae-train samples", description="Make the sample photos: averages of many faces."
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the Face Research Lab London Set")
    parser.add_argument("--out", type=Path, default=Path("resources/samples"), help="folder for the JPEG files")
    arguments = parser.parse_args(argv)
    try:
        for path in make_samples(arguments.data, arguments.out, _PrintProgress()):
            print(f"{path} ({path.stat().st_size / 1024:.0f} KB)")
    except FvaeStudioError as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
