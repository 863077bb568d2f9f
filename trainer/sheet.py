"""Contact sheets: held-out people in every direction, made through the product's own engine, to be looked at.

They show real people. Never publish or commit one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import extract_crop
from fvae_studio.core.edits import EditState, FaceEdit
from fvae_studio.core.flow_view import draw_confidence
from fvae_studio.core.geometry import SimilarityTransform
from fvae_studio.core.photo_io import WriteOptions, write_photo
from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.core.types import FloatMap, Photo, RgbImage
from fvae_studio.errors import DataError, NoFaceError
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.pipeline.detector import FaceDetector
from fvae_studio.pipeline.engine import Engine
from trainer.held_out import alternating, find_photos
from trainer.prepare import PreparedFaces

STRENGTHS: Final = (-1.0, 0.5, 1.0)
"""What a person's sheet shows of every direction."""

OVERVIEW_STRENGTH: Final = 1.0
"""What the sheets of all people show."""

BACK_STRENGTHS: Final = (-0.5, -1.0)
"""At which a direction is taken back in photos that show its expression."""

_LABEL_PX: Final = 18
_PNG = WriteOptions(format="PNG", overwrite=True)
"""Lossless: nobody shall wonder whether an edge was doubled by the edit or by the file."""


@dataclass(frozen=True, eq=False)
class Cell:
    """One picture of a sheet.

    Attributes:
        label: drawn above it.
        pixels: (S, S, 3) uint8.
        confidence: (S, S) in [0, 1], or None for a picture that was not edited.
    """

    label: str
    pixels: NDArray[np.uint8]
    confidence: FloatMap | None = None


def make_sheet(
    model: LoadedModel,
    prepared: PreparedFaces,
    data: Path,
    out: Path,
    *,
    against: LoadedModel | None = None,
    strengths: Sequence[float] = STRENGTHS,
    people: int = 10,
    cell_px: int = 224,
    detector: FaceDetector | None = None,
    progress: Progress | None = None,
) -> tuple[Path, ...]:
    """Render held-out people from their real photos, at full resolution, and lay aligned crops side by side.

    Args:
        model: with its directions.
        prepared: says who is held out; a fixed list, by turns from every data set.
        data: folder of data sets with the photos.
        out: folder to write.
        against: an earlier model, shown beside this one.
        strengths: of every direction on a person's sheet.
        people: how many.
        cell_px: side of one picture.
        detector: None for the built-in one.
        progress: told how far it is.

    Returns:
        One sheet for each person, then `overview.png` (everybody, every direction at strength 1) and `confidence.png`
        (the same under the confidence's heat-map). With `against`, each person's sheet is followed by one of both
        models: every direction that both have, at strength 1, this model's picture left of the earlier one's. Where
        there are photos whose label is a direction's name, `back.png`: that expression taken back, by this model and
        the earlier one.

    Raises:
        DataError: a photo is not there, or the model has no directions.
        NoFaceError, FaceError: a photo's face cannot be found or edited.
    """
    if not len(model.directions):
        raise DataError("the model has no directions; there is nothing to show on a sheet")
    progress = progress or NoProgress()
    photos = find_photos(data)
    rows = alternating(prepared, people)
    showing = _showing(prepared, rows, model.directions)
    wanted = [prepared.faces[row].photo for row in (*rows, *showing)]
    missing = [photo for photo in wanted if photo not in photos]
    if missing:
        raise DataError(f"{data} has no photo {', '.join(missing)}; name the folder that `fvae-train prepare` read")
    out.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    everybody: list[list[Cell]] = []
    with ExitStack() as stack:
        engine = stack.enter_context(closing(Engine(model, device="cpu", detector=detector)))
        earlier = None
        if against is not None:
            earlier = stack.enter_context(closing(Engine(against, device="cpu", detector=detector)))
        for number, row in enumerate(rows):
            progress.raise_if_cancelled()
            name = prepared.faces[row].person
            progress.report(number / len(rows), f"sheet of {name}")
            subject = _Subject.of(engine, photos[prepared.faces[row].photo], cell_px)
            groups = [[subject.render(direction, each) for each in strengths] for direction in model.directions]
            path = out / f"person_{number + 1:02d}_{name.replace('/', '_')}.png"
            files.append(_write(path, person_page(subject.original(name), groups)))
            at_one = [subject.render(direction, OVERVIEW_STRENGTH) for direction in model.directions]
            if earlier is not None:
                both = _beside(
                    subject, dict(zip(model.directions, at_one, strict=True)), replace(subject, engine=earlier)
                )
                path = out / f"against_{number + 1:02d}_{name.replace('/', '_')}.png"
                files.append(_write(path, person_page(subject.original(name), both)))
            everybody.append([subject.original(name), *at_one])
        back = []
        for row in showing:
            progress.raise_if_cancelled()
            face = prepared.faces[row]
            subject = _Subject.of(engine, photos[face.photo], cell_px)
            taken = [subject.render(face.label, strength) for strength in BACK_STRENGTHS]
            if earlier is not None and face.label in earlier.directions:
                older = replace(subject, engine=earlier)
                before = [older.render(face.label, strength) for strength in BACK_STRENGTHS]
                names = _model_names(engine, earlier)
                taken = [*_labelled(taken, names[0]), *_labelled(before, names[1])]
            back.append([subject.original(face.person), *taken])
    files.append(_write(out / "overview.png", page(everybody)))
    files.append(_write(out / "confidence.png", page(everybody, show_confidence=True)))
    if back:
        files.append(_write(out / "back.png", page(back)))
    progress.report(1.0, "sheets done")
    return tuple(files)


def _showing(prepared: PreparedFaces, rows: Sequence[int], directions: Collection[str]) -> list[int]:
    """Rows of the same people's photos whose label is a direction's name."""
    people = {prepared.faces[row].person for row in rows}
    return [row for row, face in enumerate(prepared.faces) if face.person in people and face.label in directions]


def _beside(subject: _Subject, cells: Mapping[str, Cell], other: _Subject) -> list[list[Cell]]:
    """Both engines' pictures of every direction that both have, labelled with the models' names.

    Args:
        subject: as the newer model edits it.
        cells: its pictures, by direction.
        other: the same, as the earlier model edits it.
    """
    newer, older = _model_names(subject.engine, other.engine)
    return [
        [*_labelled([new], newer), *_labelled([other.render(direction, OVERVIEW_STRENGTH)], older)]
        for direction, new in cells.items()
        if direction in other.engine.directions
    ]


def _model_names(new: Engine, old: Engine) -> tuple[str, str]:
    names = new.model.header.name, old.model.header.name
    return names if names[0] != names[1] else ("new", "old")


def _labelled(cells: Sequence[Cell], name: str) -> list[Cell]:
    return [replace(cell, label=f"{cell.label} {name}") for cell in cells]


@dataclass(frozen=True, eq=False)
class _Subject:
    """A person's photo, and the frame in which its edits are shown."""

    engine: Engine
    photo: Photo
    photo_to_crop: SimilarityTransform
    cell_px: int

    @staticmethod
    def of(engine: Engine, path: Path, cell_px: int) -> _Subject:
        photo = engine.open(path)
        faces = engine.detect(photo)
        if not faces:
            raise NoFaceError(f"No face was found in {path.name}; it cannot be on a sheet.")
        face = max(faces, key=lambda found: found.box.width)
        return _Subject(engine, photo, engine.crop(photo, face).photo_to_crop, cell_px)

    def original(self, name: str) -> Cell:
        return Cell(name, self._cut(self.photo))

    def render(self, direction: str, strength: float) -> Cell:
        label = f"{direction} {strength:+g}"
        state = EditState(None, (FaceEdit.of({direction: strength}),))
        if state.is_identity:
            return Cell(label, self._cut(self.photo))
        edited = self.engine.render(self.photo, state).photo
        field = self.engine.flows(self.photo, state)[0].field
        size = (self.cell_px, self.cell_px)
        fine: FloatMap = np.clip(cv2.resize(field.confidence, size, interpolation=cv2.INTER_LINEAR), 0, 1)
        return Cell(label, self._cut(edited), fine)

    def _cut(self, photo: Photo) -> NDArray[np.uint8]:
        return extract_crop(photo, self.photo_to_crop, size=self.cell_px).pixels


def person_page(original: Cell, groups: Sequence[Sequence[Cell]], *, groups_per_row: int = 3) -> NDArray[np.uint8]:
    """(H, W, 3): rows of several directions, each row led by the original, so that every edit is near it."""
    rows = []
    for start in range(0, len(groups), groups_per_row):
        rows.append([original, *(cell for group in groups[start : start + groups_per_row] for cell in group)])
    return page(rows)


def page(rows: Sequence[Sequence[Cell]], *, show_confidence: bool = False) -> NDArray[np.uint8]:
    """(H, W, 3): rows of labelled cells; short rows end in white.

    Args:
        rows: cells of one size.
        show_confidence: edited pictures under the confidence's heat-map.
    """
    size = rows[0][0].pixels.shape[0]
    columns = max(len(row) for row in rows)
    step = size + _LABEL_PX
    sheet = np.full((step * len(rows), size * columns, 3), 255, np.uint8)
    places = [(j * step, i * size, cell) for j, row in enumerate(rows) for i, cell in enumerate(row)]
    for top, left, cell in places:
        pixels: RgbImage = cell.pixels
        if show_confidence and cell.confidence is not None:
            pixels = draw_confidence(pixels, cell.confidence, opacity=0.55)
        sheet[top + _LABEL_PX : top + step, left : left + size] = pixels
        # Text is drawn on the cell's own strip: a long label is cut off instead of running into its neighbour.
        strip = np.full((_LABEL_PX, size, 3), 255, np.uint8)
        cv2.putText(strip, cell.label, (3, _LABEL_PX - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (0, 0, 0), 1, cv2.LINE_AA)
        sheet[top : top + _LABEL_PX, left : left + size] = strip
    return sheet


def _write(path: Path, pixels: NDArray[np.uint8]) -> Path:
    return write_photo(Photo(pixels), path, options=_PNG)
