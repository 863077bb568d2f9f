"""Faces cut out at high resolution in the aligned frame: what figures are made of and measured on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio import paths
from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE, estimate_alignment, extract_crop
from fvae_studio.core.colour import transfer_colour
from fvae_studio.core.face_match import match_faces
from fvae_studio.core.geometry import Points, SimilarityTransform
from fvae_studio.core.lips import with_gap
from fvae_studio.core.photo_io import read_photo
from fvae_studio.core.types import AlignedCrop, Photo, read_only
from fvae_studio.errors import DataError
from fvae_studio.pipeline.detector import FaceDetector
from trainer.baselines.morph import Ends
from trainer.crops import face_region
from trainer.facekit.landmarks import MOUTH_POINTS

MOUTH_MARGIN_PX: Final = 4
"""By which the hull of the lips is grown where sharpness is judged, crop pixels."""


@dataclass(frozen=True, eq=False)
class FaceSquare:
    """One face in the aligned frame, S pixels wide.

    Attributes:
        name: as shown above its pictures.
        pixels: (S, S, 3) uint8.
        landmarks: (478, 2) as the detector saw them in the whole photo, pixels of the square.
        is_sample: one of the project's own averages of many people: its pictures may be published.
    """

    name: str
    pixels: NDArray[np.uint8]
    landmarks: Points
    is_sample: bool = False

    def __post_init__(self) -> None:
        read_only(self.pixels)
        read_only(self.landmarks)

    @property
    def size(self) -> int:
        """S."""
        return int(self.pixels.shape[0])

    @property
    def to_crop(self) -> SimilarityTransform:
        """Pixels of the square -> crop pixels."""
        return SimilarityTransform.resize(self.size, CROP_SIZE)

    @property
    def crop_landmarks(self) -> Points:
        """(478, 2), crop pixels."""
        return self.to_crop.apply(self.landmarks)

    def photo(self) -> Photo:
        """The square as a photo of its own."""
        return Photo(np.array(self.pixels))

    def crop(self) -> AlignedCrop:
        """What the model sees of it."""
        return with_gap(extract_crop(self.photo(), self.to_crop), self.landmarks)

    def region(self) -> NDArray[np.bool_]:
        """(S, S): the hull of the landmarks."""
        return face_region(self.crop_landmarks, size=self.size)


def read_square(
    path: Path, name: str, detector: FaceDetector, *, size: int = 512, is_sample: bool = False
) -> FaceSquare:
    """Cut the largest face out of a photo.

    Args:
        path: of the photo.
        name: of the square.
        detector: finds the face.
        size: side of the square.
        is_sample: see `FaceSquare`.

    Raises:
        DataError: no face was found.
        PhotoError: the file is missing or no photo.
    """
    photo, landmarks = _largest_face(path, detector)
    return _cut_out(photo, landmarks, estimate_alignment(landmarks), name, size=size, is_sample=is_sample)


def read_pair(first: Path, second: Path, name: str, detector: FaceDetector, *, size: int = 512) -> Ends:
    """Two photos of one person as the ends of a transition: the second one in the first one's frame and colours.

    Registered as the program registers photos of a clip, so that for every method the second end is the same; read
    once, so that none of its texture goes.

    Args:
        first: photo that gives frame and colours (section 5.2).
        second: photo.
        name: of the person.
        detector: finds the faces.
        size: side of the pictures.

    Raises:
        DataError: no face was found.
        PhotoError: a file is missing or no photo.
    """
    frame, frame_landmarks = _largest_face(first, detector)
    photo, landmarks = _largest_face(second, detector)
    match = match_faces(photo, landmarks, frame, frame_landmarks)
    start = _cut_out(frame, frame_landmarks, estimate_alignment(frame_landmarks), name, size=size)
    end = _cut_out(photo, landmarks, match.photo_to_crop, name, size=size)
    return paired(start, end)


def _largest_face(path: Path, detector: FaceDetector) -> tuple[Photo, Points]:
    photo = read_photo(path)
    faces = detector.detect(photo)
    if not faces:
        raise DataError(f"no face was found in {path.name}; give photos with one frontal face each")
    return photo, max(faces, key=lambda found: found.box.width).landmarks


def _cut_out(
    photo: Photo,
    landmarks: Points,
    photo_to_crop: SimilarityTransform,
    name: str,
    *,
    size: int,
    is_sample: bool = False,
) -> FaceSquare:
    to_square = photo_to_crop.then(SimilarityTransform.resize(CROP_SIZE, size))
    pixels = extract_crop(photo, photo_to_crop, size=size).pixels
    return FaceSquare(name, pixels.copy(), to_square.apply(landmarks), is_sample)


def sample_squares(detector: FaceDetector, names: Sequence[str], *, size: int = 512) -> list[FaceSquare]:
    """The project's own sample portraits, faces of nobody, by the stems of their files."""
    folder = paths.samples_dir()
    return [read_square(folder / f"{name}.jpg", name, detector, size=size, is_sample=True) for name in names]


def sample_pair(detector: FaceDetector, name: str, *, size: int = 512) -> Ends:
    """A sample person's neutral and smiling portrait; see `read_pair`."""
    first, second = (paths.samples_dir() / f"{name}_{label}.jpg" for label in ("neutral", "smile"))
    return read_pair(first, second, name, detector, size=size)


def paired(first: FaceSquare, second: FaceSquare) -> Ends:
    """Two squares in one frame as the ends of a transition: the second gets the first's colours (section 5.2)."""
    recoloured = transfer_colour(np.array(second.pixels), np.array(first.pixels), region=first.region())
    return Ends(np.array(first.pixels), recoloured, first.landmarks, second.landmarks)


def mouth_region(landmarks: Points, size: int) -> NDArray[np.bool_]:
    """(S, S): the hull of the lips, grown a little.

    Args:
        landmarks: (478, 2), pixels of the square.
        size: S.
    """
    mask = np.zeros((size, size), np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(np.round(landmarks[MOUTH_POINTS]).astype(np.int32)), 1)
    margin = round(MOUTH_MARGIN_PX * size / CROP_SIZE)
    return np.asarray(cv2.dilate(mask, np.ones((2 * margin + 1, 2 * margin + 1), np.uint8)) > 0)


def detect_in_crop(picture: NDArray[np.uint8], detector: FaceDetector) -> NDArray[np.float32] | None:
    """Landmarks of an aligned square picture, (478, 2) in pixels of a `CROP_SIZE` crop; None where no face is found."""
    faces = detector.detect(Photo(np.array(picture)))
    if not faces:
        return None
    largest = max(faces, key=lambda face: face.box.width)
    return SimilarityTransform.resize(picture.shape[0], CROP_SIZE).apply(largest.landmarks)
