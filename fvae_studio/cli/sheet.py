"""A contact sheet: faces by expressions, to see at a glance what a model can do and where it fails."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from fvae_studio.cli.commands import require_file, start_engine
from fvae_studio.cli.output import WrongUsageError, progress_bar, refuse_existing
from fvae_studio.core.alignment import extract_crop
from fvae_studio.core.edits import EditState, FaceEdit
from fvae_studio.core.photo_io import WriteOptions, write_photo
from fvae_studio.core.types import Photo
from fvae_studio.pipeline.detector import choose_faces

TILE_PX: Final = 256
_CAPTION_PX: Final = 18


def sheet(
    paths: Sequence[Path],
    *,
    output: Path,
    names: Sequence[str],
    strength: float | None,
    overwrite: bool,
    model: str | None,
    device: str,
) -> None:
    """Write one picture: a row for the first face of each photo, a column for each expression.

    Args:
        paths: photos.
        output: a picture file.
        names: of the expressions; none for all.
        strength: of every expression; None for the largest at which it was checked.
        overwrite: replace `output`.
        model: name or path; None for the default.
        device: as `Engine`.
    """
    for path in paths:
        require_file(path)
    refuse_existing(output, overwrite=overwrite)
    engine = start_engine(model, device)
    for name in names:
        engine.directions.require(name)
    directions = [engine.directions[name] for name in names or engine.directions]
    if not directions:
        raise WrongUsageError("The model has no expressions to show.")
    rows = []
    with progress_bar() as progress:
        for number, path in enumerate(paths):
            photo = engine.open(path)
            face = choose_faces(engine.detect(photo), 1)[0]
            transform = engine.crop(photo, face).photo_to_crop
            row = [_tile(extract_crop(photo, transform, size=TILE_PX).pixels, path.stem)]
            for column, direction in enumerate(directions):
                progress.report((number + column / len(directions)) / len(paths), path.name)
                value = direction.trusted[1] if strength is None else strength
                edit = FaceEdit.of({direction.name: value}, face=face.index)
                edited = engine.render(photo, EditState(None, (edit,))).photo
                row.append(_tile(extract_crop(edited, transform, size=TILE_PX).pixels, f"{direction.name} {value:g}"))
            rows.append(np.concatenate(row, axis=1))
    written = write_photo(Photo(np.concatenate(rows)), output, options=WriteOptions(overwrite=overwrite))
    print(written)


def _tile(pixels: NDArray[np.uint8], caption: str) -> NDArray[np.uint8]:
    tile = Image.new("RGB", (TILE_PX, TILE_PX + _CAPTION_PX))
    tile.paste(Image.fromarray(pixels), (0, _CAPTION_PX))
    ImageDraw.Draw(tile).text((4, 3), caption, fill="white")
    return np.asarray(tile)
