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
from fvae_studio.core.types import RgbImage
from fvae_studio.errors import DataError, PhotoError, TemplateMismatchError
from trainer.array_files import replace_arrays
from trainer.datasets import PhotoRecord
from trainer.photo_checks import Checks, blurred, duplicates, not_editable, unclear_face, wrong_labels
from trainer.prepare_report import CheckedPhoto, thumbnail, write_report
from trainer.splitting import SPLIT_FILE, save_split, split_people

if TYPE_CHECKING:
    from fvae_studio.pipeline.detector import FaceDetector

INDEX: Final = "index.json"

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

    def all_pairs(self) -> list[tuple[int, int]]:
        """Rows of two photos of one person with different labels, each two once, the first row before the second."""
        by_person: dict[str, list[int]] = {}
        for row, face in enumerate(self.faces):
            by_person.setdefault(face.person, []).append(row)
        pairs = [
            (first, second)
            for rows in by_person.values()
            for number, first in enumerate(rows)
            for second in rows[number + 1 :]
            if self.faces[first].label != self.faces[second].label
        ]
        return sorted(pairs)

    def pairs(self, source_label: str, target_label: str, *, split: str | None = None) -> list[tuple[int, int]]:
        """Rows (source, target) of the same person with these labels."""
        by_key = {(face.person, face.label): row for row, face in enumerate(self.faces)}
        return [
            (row, by_key[face.person, target_label])
            for row, face in enumerate(self.faces)
            if face.label == source_label and (face.person, target_label) in by_key and split in (None, face.split)
        ]


@dataclass(eq=False)
class _Candidate:
    """A photo on its way; `reason` says why it is left out."""

    record: PhotoRecord
    reason: str = ""
    crop: NDArray[np.uint8] | None = None
    landmarks: NDArray[np.float32] | None = None
    thumbnail: NDArray[np.uint8] | None = None


def prepare(
    records: Sequence[PhotoRecord],
    out: Path,
    *,
    held_out: Sequence[str] | float,
    detector: FaceDetector | None = None,
    checks: Checks | None = None,
    progress: Progress | None = None,
) -> PreparedFaces:
    """Detect, align, check and store every photo; those that cannot be used are left out, and `report.html` says why.

    Args:
        records: the photos.
        out: folder to write.
        held_out: persons that no training step may see; or the share of people to hold out, chosen by their names,
            saved in `split.json` and kept by later calls.
        detector: finds the faces; MediaPipe's by default.
        checks: what is asked of a photo beyond a face that can be found; None asks nothing.
        progress: told of every photo.

    Raises:
        DataError: no photo can be used, a held-out person is not in the data, or there is one person only.
    """
    progress = progress or NoProgress()
    persons = [record.person for record in records]
    if isinstance(held_out, float):
        chosen = split_people(persons, share=held_out, saved=out / SPLIT_FILE)
    else:
        chosen = tuple(held_out)
        unknown = sorted(set(chosen) - set(persons))
        if unknown:
            raise DataError(f"held-out persons that are not in the data: {', '.join(unknown)}")
    candidates = _examine(records, detector, checks, progress)
    if checks is not None:
        _compare(candidates, checks)
    kept = [candidate for candidate in candidates if not candidate.reason]
    out.mkdir(parents=True, exist_ok=True)
    faces = tuple(_row(candidate.record, chosen) for candidate in kept)
    splits = {face.photo: face.split for face in faces}
    write_report(
        out,
        [
            CheckedPhoto(
                item.record.photo,
                item.record.person,
                item.record.label,
                "" if item.reason else splits[item.record.photo],
                item.reason,
                item.thumbnail,
            )
            for item in candidates
        ],
    )
    if not kept:
        why = "; ".join(dict.fromkeys(candidate.reason for candidate in candidates))
        raise DataError(f"no photo had a face that can be used ({why}); see {out / 'report.html'}")
    if not isinstance(held_out, (list, tuple)) or held_out:
        _require_both_splits(faces, out)
    crops = [candidate.crop for candidate in kept if candidate.crop is not None]
    landmarks = [candidate.landmarks for candidate in kept if candidate.landmarks is not None]
    prepared = PreparedFaces(faces, np.stack(crops), np.stack(landmarks).astype(np.float32))
    replace_arrays(out, {"crops.npy": prepared.crops, "landmarks.npy": prepared.landmarks}, index=INDEX)
    save_split(out / SPLIT_FILE, persons, chosen)
    header = {"schema": 1, "template": TEMPLATE_ID, "faces": [vars(face) for face in faces]}
    (out / INDEX).write_text(json.dumps(header, indent=1))
    return prepared


def _examine(
    records: Sequence[PhotoRecord], detector: FaceDetector | None, checks: Checks | None, progress: Progress
) -> list[_Candidate]:
    """Each photo by itself."""
    # Here, because the training loop reads what this module wrote and must not need mediapipe.
    from fvae_studio.pipeline.detector import MediaPipeFaceDetector

    used = detector or MediaPipeFaceDetector()
    candidates = []
    try:
        for number, record in enumerate(records):
            progress.raise_if_cancelled()
            progress.report(number / len(records), f"prepare {record.path.name}")
            candidate = _Candidate(record)
            _align(candidate, used, checks)
            candidates.append(candidate)
            if candidate.reason:
                progress.report(number / len(records), f"{record.photo}: left out: {candidate.reason}")
    finally:
        if detector is None:
            used.close()
    return candidates


def _align(candidate: _Candidate, detector: FaceDetector, checks: Checks | None) -> None:
    """Find the face and cut its crop, or say why not."""
    from fvae_studio.core.photo_io import read_photo

    try:
        photo = read_photo(candidate.record.path)
    except PhotoError as error:
        candidate.reason = f"cannot be read: {error}"
        return
    candidate.thumbnail = thumbnail(_as_8bit(photo.pixels))
    found = detector.detect(photo)
    if not found:
        candidate.reason = "no face was found"
        return
    largest = max(found, key=lambda face: face.box.width * face.box.height)
    photo_to_crop = estimate_alignment(largest.landmarks)
    candidate.crop = _as_8bit(extract_crop(photo, photo_to_crop, size=PREPARED_SIZE).pixels)
    candidate.landmarks = photo_to_crop.apply(largest.landmarks)
    candidate.thumbnail = thumbnail(candidate.crop)
    if checks is not None:
        candidate.reason = (
            unclear_face(found, checks) or not_editable(largest, photo) or blurred(candidate.crop, checks) or ""
        )


def _compare(candidates: Sequence[_Candidate], checks: Checks) -> None:
    """Photos with each other: copies, then labels."""
    left = [candidate for candidate in candidates if not candidate.reason]
    for row, first in duplicates(*_columns(left), checks).items():
        left[row].reason = f"the same photo as {left[first].record.photo}"
    left = [candidate for candidate in left if not candidate.reason]
    persons, labels = [item.record.person for item in left], [item.record.label for item in left]
    for row, reason in wrong_labels(persons, labels, _columns(left)[1], checks).items():
        left[row].reason = reason


def _columns(candidates: Sequence[_Candidate]) -> tuple[list[NDArray[np.uint8]], NDArray[np.float32]]:
    crops = [item.crop for item in candidates if item.crop is not None]
    landmarks = [item.landmarks for item in candidates if item.landmarks is not None]
    return crops, np.stack(landmarks) if landmarks else np.zeros((0, 478, 2), np.float32)


def _row(record: PhotoRecord, held_out: Sequence[str]) -> PreparedFace:
    split = "held_out" if record.person in held_out else "train"
    return PreparedFace(record.photo, record.person, record.label, record.dataset, split)


def _require_both_splits(faces: Sequence[PreparedFace], out: Path) -> None:
    for split, need in (("train", "learn from"), ("held_out", "measure on")):
        if all(face.split != split for face in faces):
            raise DataError(
                f"after the checks no photo is left to {need}; see {out / 'report.html'} for what was left out and why"
            )


def _as_8bit(pixels: RgbImage) -> NDArray[np.uint8]:
    # Crops of 16-bit photos are stored as what the networks can tell apart.
    if pixels.dtype == np.uint8:
        return pixels.astype(np.uint8, copy=False)
    reduced: NDArray[np.uint8] = np.round(pixels / 257.0).astype(np.uint8)
    return reduced


def load_prepared(folder: Path) -> PreparedFaces:
    """Read a prepared folder.

    Raises:
        DataError: there is none.
        TemplateMismatchError: it was aligned to another template.
    """
    try:
        header = json.loads((folder / INDEX).read_text())
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
