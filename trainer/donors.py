"""Make `resources/donors/`: teeth of nobody, averaged from the smiling photos of the Face Research Lab London Set."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fvae_studio.core.alignment import estimate_alignment
from fvae_studio.core.donor_teeth import DONOR_SCHEMA, FACE_MEASURES, measure_face
from fvae_studio.core.geometry import Points
from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.core.types import Photo
from fvae_studio.errors import DataError, NoFaceError
from fvae_studio.pipeline.detector import FaceDetector, MediaPipeFaceDetector
from trainer.averages.teeth import MARKS_FILE, ORIGIN_PX, AverageTeeth, Mouth, TeethMarks, average_teeth
from trainer.samples import CREDIT

LEAST_PEOPLE: Final = 8
"""Of fewer people too much of each would remain."""

PX_PER_CROP_PX: Final = 10
"""Twice the resolution of the photos: neighbouring averages fill the pixels between."""

TITLES: Final[Mapping[str, str]] = {"oval": "Oval teeth", "square": "Square teeth"}


def make_donors(
    data: Path,
    out: Path,
    progress: Progress | None = None,
    *,
    marks_file: Path = MARKS_FILE,
    detector: FaceDetector | None = None,
) -> tuple[Path, ...]:
    """Write a PNG and a JSON file for each group of people.

    Args:
        data: the London set: `smiling_front/ID_08.jpg` and `neutral_front/ID_03.jpg`.
        out: folder for the files; made if it is not there.
        progress: told after each group.
        marks_file: teeth placed by hand, in groups.
        detector: finds the landmarks; MediaPipe's by default.

    Returns:
        The pictures.

    Raises:
        DataError: photos or marks are missing or malformed, or a group is too small.
        NoFaceError: a photo shows no face.
    """
    watch = progress or NoProgress()
    groups = read_marks(marks_file)
    used = detector or MediaPipeFaceDetector()
    out.mkdir(parents=True, exist_ok=True)
    files = []
    try:
        for index, (name, people) in enumerate(groups.items()):
            if len(people) < LEAST_PEOPLE:
                raise DataError(f"the group {name} has {len(people)} people; an average of nobody needs {LEAST_PEOPLE}")
            mouths, measures = [], []
            for person, marks in people.items():
                watch.raise_if_cancelled()
                pixels, landmarks = _read(data / "smiling_front" / f"{person}_08.jpg", used)
                mouths.append(Mouth(pixels, landmarks, marks))
                # Chosen for closed mouths, so the people are measured with closed mouths.
                _, closed = _read(data / "neutral_front" / f"{person}_03.jpg", used)
                measures.append(measure_face(estimate_alignment(closed).apply(closed)))
            teeth = average_teeth(mouths, px_per_crop_px=PX_PER_CROP_PX)
            face = {key: float(np.mean([measure[key] for measure in measures])) for key in FACE_MEASURES}
            files.append(write_donor(out, name, teeth, face))
            watch.report((index + 1) / len(groups), f"averaged {name}")
    finally:
        if detector is None:
            used.close()
    return tuple(files)


def read_marks(path: Path) -> dict[str, dict[str, TeethMarks]]:
    """Groups of people with their marks.

    Raises:
        DataError: missing or malformed.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        groups = {
            name: {
                person: TeethMarks(np.array(item["sides"], np.float64), np.array(item["edges"], np.float64))
                for person, item in people.items()
            }
            for name, people in content.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path} holds no marks of teeth ({error})") from error
    if not groups:
        raise DataError(f"{path} holds no marks of teeth")
    for people in groups.values():
        for person, marks in people.items():
            if marks.sides.shape != (12,) or marks.edges.shape != (6,):
                raise DataError(f"{path}: {person} needs 12 sides and 6 edges of teeth")
    return groups


def write_donor(out: Path, name: str, teeth: AverageTeeth, face: Mapping[str, float]) -> Path:
    """Write picture and description of one donor."""
    layers = np.dstack([teeth.pixels, teeth.alpha])
    path = out / f"{name}.png"
    Image.fromarray(np.clip(np.rint(layers * 255), 0, 255).astype(np.uint8), "RGBA").save(path, optimize=True)
    description: dict[str, Any] = {
        "schema": DONOR_SCHEMA,
        "name": name,
        "title": TITLES.get(name, name.title()),
        "about": f"Upper teeth: the average of {teeth.count} people, of no real person. The dark of the mouth and the "
        "tongue are drawn by the program; no photo shows them.",
        "credit": CREDIT,
        "people": teeth.count,
        "px_per_crop_px": PX_PER_CROP_PX,
        "origin": [round(length * PX_PER_CROP_PX - 0.5, 1) for length in ORIGIN_PX],
        "sides": [round(float(x), 2) for x in teeth.marks.sides],
        "edges": [round(float(y), 2) for y in teeth.marks.edges],
        "face": {key: round(value, 2) for key, value in face.items()},
    }
    path.with_suffix(".json").write_text(json.dumps(description, indent=1) + "\n", encoding="utf-8")
    return path


def _read(path: Path, detector: FaceDetector) -> tuple[NDArray[np.uint8], Points]:
    try:
        with Image.open(path) as image:
            pixels = np.array(image.convert("RGB"))
    except OSError as error:
        raise DataError(
            f"{path} could not be read as a photo ({error}); --data wants the London set beside it."
        ) from error
    faces = detector.detect(Photo(pixels, path=path))
    if not faces:
        raise NoFaceError(f"No face was found in {path}; a donor needs one frontal face in each photo.")
    return pixels, max(faces, key=lambda found: found.score).landmarks
