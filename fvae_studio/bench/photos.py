"""Test photos: sample portraits with a face of fixed size, on canvases of any size, with a camera's grain.

Only what should grow with the photo can grow: 6, 24 and 96 megapixels hold the very same face, and photos of 1 to 8
faces have the same size.
"""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fvae_studio.errors import DataError
from fvae_studio.paths import samples_dir

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

FACE_PX: Final = 1500
"""Height of the face (its landmarks) in photos of one face."""

GROUP_FACE_PX: Final = 900
"""The same where the number of faces grows, so that eight of them fit."""

SIZES: Final = {6: (3000, 2000), 24: (6000, 4000), 96: (12000, 8000)}
"""Megapixels: (width, height)."""

_GROUP_COLUMNS: Final = 4
_QUALITY: Final = 92
_GRAIN_PX: Final = 512


def make_photo(path: Path, megapixels: int, *, label: str = "neutral", faces: int = 1, face_px: int = FACE_PX) -> Path:
    """Write one JPEG.

    Args:
        path: where.
        megapixels: of `SIZES`.
        label: which of the samples' photos: "neutral" or "smile".
        faces: one in the middle, or up to eight in two rows of four.
        face_px: height of each.

    Raises:
        DataError: there is no sample portrait, or no face in it.
    """
    import numpy as np
    from PIL import Image

    portraits = sorted(samples_dir().glob(f"*_{label}.jpg"))
    if not portraits:
        raise DataError(f"there is no sample portrait in {samples_dir()}; run `make samples`")
    width, height = SIZES[megapixels]
    rng = np.random.default_rng(1)
    # Hardly any shape in it: a detector sees faces in clouds.
    ground = rng.integers(90, 160, (2, 3, 3), np.uint8)
    canvas = Image.fromarray(ground).resize((width, height), Image.Resampling.BICUBIC)
    places = _places(width, height, faces)
    for portrait, (left, top, right, bottom) in zip(itertools.cycle(portraits), places, strict=False):
        canvas.paste(_cell(portrait, face_px, right - left, bottom - top), (left, top))
    # Decoding and encoding shall cost what they cost with a camera's grain.
    grain = rng.normal(0, 7, (_GRAIN_PX, _GRAIN_PX, 3)).astype(np.int16)
    grainy = np.array(canvas)
    for y, x in itertools.product(range(0, height, _GRAIN_PX), range(0, width, _GRAIN_PX)):
        tile = grainy[y : y + _GRAIN_PX, x : x + _GRAIN_PX]
        tile[...] = np.clip(tile + grain[: tile.shape[0], : tile.shape[1]], 0, 255)
    Image.fromarray(grainy).save(path, quality=_QUALITY)
    return path


def _places(width: int, height: int, faces: int) -> list[tuple[int, int, int, int]]:
    """(left, top, right, bottom) of what each portrait may fill."""
    if faces == 1:
        return [(0, 0, width, height)]
    columns = min(faces, _GROUP_COLUMNS)
    rows = math.ceil(faces / columns)
    wide, high = width // columns, height // rows
    cells = itertools.product(range(rows), range(columns))
    return [(x * wide, y * high, (x + 1) * wide, (y + 1) * high) for y, x in itertools.islice(cells, faces)]


def _cell(portrait: Path, face_px: int, width: int, height: int) -> Picture:
    """A portrait with a face of that height in the middle of a rectangle, cut to it."""
    from PIL import Image

    pixels, box = _portrait(portrait)
    scale = face_px / box.height
    picture = Image.fromarray(pixels).resize((round(pixels.shape[1] * scale), round(pixels.shape[0] * scale)))
    x, y = (round(scale * value) for value in box.center)
    around = (max(x - width // 2, 0), max(y - height // 2, 0), x + (width - width // 2), y + (height - height // 2))
    cut = picture.crop((*around[:2], min(around[2], picture.width), min(around[3], picture.height)))
    cell = Image.new("RGB", (width, height), (128, 124, 120))
    cell.paste(cut, (around[0] - (x - width // 2), around[1] - (y - height // 2)))
    return cell


def _portrait(path: Path) -> tuple[Any, Any]:
    """Its pixels, and the box around its face's landmarks."""
    from fvae_studio.core.photo_io import read_photo
    from fvae_studio.pipeline.detector import MediaPipeFaceDetector

    photo = read_photo(path)
    detector = MediaPipeFaceDetector()
    faces = detector.detect(photo)
    detector.close()
    if not faces:
        raise DataError(f"no face was found in the sample {path}")
    return photo.pixels, faces[0].box
