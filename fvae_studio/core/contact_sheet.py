"""Contact sheets: the pictures of a clip side by side in one."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.types import Photo
from fvae_studio.errors import EditError

MAX_SHEET_PX: Final = 2**28
"""Pixels that a sheet may have: about what a photo may have."""


def contact_sheet(frames: Iterable[Photo], num_frames: int, *, columns: int | None = None, gap: int = 8) -> Photo:
    """All frames in rows, from left to right and from top to bottom, on white.

    Args:
        frames: `num_frames` of one size and depth; taken one by one.
        num_frames: at least 1.
        columns: frames in a row; None: about as many as rows.
        gap: pixels between frames and around them.

    Returns:
        A photo in the colours and depth of the frames.

    Raises:
        EditError: no frames, or a sheet that is too large.
    """
    if num_frames < 1 or (columns is not None and columns < 1):
        raise EditError("A contact sheet needs a frame and a column at least.")
    across = min(num_frames, columns or math.ceil(math.sqrt(num_frames)))
    down = math.ceil(num_frames / across)
    sheet: NDArray[Any] | None = None
    first: Photo | None = None
    for number, frame in enumerate(frames):
        height, width = frame.pixels.shape[:2]
        if sheet is None:
            first = frame
            size = (down * (height + gap) + gap, across * (width + gap) + gap)
            if size[0] * size[1] > MAX_SHEET_PX:
                raise EditError(
                    f"The contact sheet would have {size[1]} x {size[0]} pixels; ask for fewer or smaller pictures."
                )
            sheet = np.full((*size, 3), frame.max_value, frame.pixels.dtype)
        y, x = gap + number // across * (height + gap), gap + number % across * (width + gap)
        sheet[y : y + height, x : x + width] = frame.pixels
    if sheet is None or first is None:
        raise EditError("A contact sheet needs a frame and a column at least.")
    return Photo(sheet, metadata=replace(first.metadata, exif=None, xmp=None, file_stamp=None))
