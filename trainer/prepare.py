"""Photos -> aligned crops and landmarks, with the application's own detector and alignment.

The prepared folder holds `index.json`, `crops.npy` (N, 256, 256, 3) uint8 and `landmarks.npy` (N, 478, 2) float32 in
crop pixels. Everything after this step reads only that folder.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.alignment import CROP_SIZE, TEMPLATE_ID, estimate_alignment, extract_crop
from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.errors import DataError, TemplateMismatchError
from trainer.datasets import PhotoRecord

if TYPE_CHECKING:
    from fvae_studio.pipeline.detector import FaceDetector

PREPARED_SIZE: Final = 2 * CROP_SIZE
"""Side of the stored crops: rendering needs more than the model sees."""


@dataclass(frozen=True)
class PreparedFace:
    """One row of the index.

    Attributes:
        photo: data set and file stem.
        person, label, dataset: as in `PhotoRecord`.
        split: "train" or "held_out".
    """

    photo: str
    person: str
    label: str
    dataset: str
    split: str


@dataclass(frozen=True, eq=False)
class PreparedFaces:
    """The prepared folder, read.

    Attributes:
        faces: N rows.
        crops: (N, 256, 256, 3) uint8.
        landmarks: (N, 478, 2) float32, pixels of a `CROP_SIZE` crop.
    """

    faces: tuple[PreparedFace, ...]
    crops: NDArray[np.uint8]
    landmarks: NDArray[np.float32]

    def pairs(self, source_label: str, target_label: str, *, split: str | None = None) -> list[tuple[int, int]]:
        """Rows (source, target) of the same person with these labels."""
        by_key = {(face.person, face.label): row for row, face in enumerate(self.faces)}
        return [
            (row, by_key[face.person, target_label])
            for row, face in enumerate(self.faces)
            if face.label == source_label and (face.person, target_label) in by_key and split in (None, face.split)
        ]


def prepare(
    records: Sequence[PhotoRecord],
    out: Path,
    *,
    held_out: Sequence[str],
    detector: FaceDetector | None = None,
    progress: Progress | None = None,
) -> PreparedFaces:
    """Detect, align and store every photo; photos without a face are reported and left out.

    Args:
        records: the photos.
        out: folder to write.
        held_out: persons that no training step may see.
        detector: finds the faces; MediaPipe's by default.
        progress: told of every photo.

    Raises:
        DataError: no photo has a face, or a held-out person is not in the data.
        PhotoError: a photo cannot be read.
    """
    # Here, because the training loop reads what this module wrote and must not need mediapipe.
    from fvae_studio.core.photo_io import read_photo
    from fvae_studio.pipeline.detector import MediaPipeFaceDetector

    progress = progress or NoProgress()
    unknown = sorted(set(held_out) - {record.person for record in records})
    if unknown:
        raise DataError(f"held-out persons that are not in the data: {', '.join(unknown)}")
    faces, crops, landmarks = [], [], []
    used = detector or MediaPipeFaceDetector()
    try:
        for number, record in enumerate(records):
            progress.raise_if_cancelled()
            progress.report(number / len(records), f"prepare {record.path.name}")
            photo = read_photo(record.path)
            found = used.detect(photo)
            if not found:
                progress.report(number / len(records), f"no face in {record.path.name}: left out")
                continue
            largest = max(found, key=lambda face: face.box.width * face.box.height)
            photo_to_crop = estimate_alignment(largest.landmarks)
            crops.append(extract_crop(photo, photo_to_crop, size=PREPARED_SIZE).pixels)
            landmarks.append(photo_to_crop.apply(largest.landmarks))
            name = f"{record.dataset}/{record.path.stem}"
            split = "held_out" if record.person in held_out else "train"
            faces.append(PreparedFace(name, record.person, record.label, record.dataset, split))
    finally:
        if detector is None:
            used.close()
    if not faces:
        raise DataError("no photo had a face")
    prepared = PreparedFaces(tuple(faces), np.stack(crops), np.stack(landmarks).astype(np.float32))
    out.mkdir(parents=True, exist_ok=True)
    (out / "index.json").unlink(missing_ok=True)  # written last: a folder without it is unfinished
    np.save(out / "crops.npy", prepared.crops)
    np.save(out / "landmarks.npy", prepared.landmarks)
    header = {"schema": 1, "template": TEMPLATE_ID, "faces": [vars(face) for face in faces]}
    (out / "index.json").write_text(json.dumps(header, indent=1))
    return prepared


def load_prepared(folder: Path) -> PreparedFaces:
    """Read a prepared folder.

    Raises:
        DataError: there is none.
        TemplateMismatchError: it was aligned to another template.
    """
    try:
        header = json.loads((folder / "index.json").read_text())
        crops, landmarks = np.load(folder / "crops.npy", mmap_mode="r"), np.load(folder / "landmarks.npy")
        faces = tuple(PreparedFace(**row) for row in header["faces"])
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{folder} holds no prepared faces ({error}); run `fvae-train prepare` first") from error
    if header.get("template") != TEMPLATE_ID:
        raise TemplateMismatchError(
            f"{folder} was aligned to template {header.get('template')!r}, this build aligns to {TEMPLATE_ID!r}; "
            "run `fvae-train prepare` again"
        )
    return PreparedFaces(faces, crops, landmarks)
