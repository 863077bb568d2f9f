"""Taking a part of another photo's face into a still, from choosing the other face to the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fvae_studio.core.edit_note import mark_edited
from fvae_studio.core.face_match import FaceMatch
from fvae_studio.core.face_parts import Region
from fvae_studio.core.photo_io import WriteOptions, write_and_report
from fvae_studio.core.progress import Progress
from fvae_studio.core.types import Face, Photo
from fvae_studio.errors import FaceError
from fvae_studio.pipeline.requests import ClipSource, StudioEngine


@dataclass(frozen=True, eq=False)
class BorrowWish:
    """What is to be taken, and where the result goes.

    Attributes:
        photo: is changed.
        faces: of it; None: as detected.
        face: which of them.
        donor: path of the other photo.
        donor_face: which face of it; None: the one whose shape is most like the face's.
        parts: what is taken.
        output: a new file.
        note: tell in XMP that the photo was edited.
    """

    photo: Photo
    faces: tuple[Face, ...] | None
    face: int
    donor: Path
    donor_face: int | None
    parts: tuple[Region, ...]
    output: Path
    note: bool = True


@dataclass(frozen=True)
class BorrowedStill:
    """What came of a wish.

    Attributes:
        path: the file.
        match: of the two faces.
        donor_face: number of the face that was taken from.
        note: why the file was not written as its source is, or "".
    """

    path: Path
    match: FaceMatch
    donor_face: int
    note: str = ""


def borrow_still(engine: StudioEngine, wish: BorrowWish, progress: Progress) -> BorrowedStill:
    """Take parts of the other photo's face, and write the result.

    Raises:
        PhotoError: the other photo cannot be read.
        FaceError: no face in one of them that can be used.
        PhotoWriteError: the file is there already, or cannot be written.
        Cancelled: the progress says so.
    """
    photo = wish.photo
    progress.report(0.0, "opening")
    if wish.faces is not None:
        engine.set_faces(photo, wish.faces)
    donor = engine.open(wish.donor)
    progress.raise_if_cancelled()
    progress.report(0.15, "finding faces")
    try:
        number, match = _likest(engine, photo, wish.face, donor, wish.donor_face)
    except FaceError as error:
        raise type(error)(f"{wish.donor.name}: {error}") from error
    taken = [(donor, wish.parts, number)]
    result = engine.borrow(photo, taken, face=wish.face, progress=progress.subrange(0.3, 0.5))
    progress.raise_if_cancelled()
    progress.report(0.8, "writing")
    if result is not photo and wish.note:
        result = mark_edited(result, when=datetime.now().astimezone())
    written = write_and_report(result, wish.output, options=WriteOptions(), source=photo)
    progress.report(1.0, "done")
    return BorrowedStill(written.path, match, number, written.note)


def _likest(engine: StudioEngine, photo: Photo, face: int, donor: Photo, asked: int | None) -> tuple[int, FaceMatch]:
    """The other photo's face that was asked for, or the one that is most likely the same person's, and how it fits."""
    numbers: Sequence[int | None] = [each.index for each in engine.detect(donor)] if asked is None else [asked]
    matches: list[tuple[int, FaceMatch]] = []
    problem: FaceError | None = None
    for number in numbers or [None]:
        try:
            (match,) = engine.matches([ClipSource(photo, face=face), ClipSource(donor, face=number)])
        except FaceError as error:
            problem = problem or error
        else:
            assert number is not None
            matches.append((number, match))
    if not matches:
        assert problem is not None
        raise problem
    return min(matches, key=lambda found: found[1].shape_distance)
