"""Frames side by side: each in its place, on white."""

from __future__ import annotations

import numpy as np
import pytest

from fvae_studio.core.contact_sheet import contact_sheet
from fvae_studio.core.types import Photo, PhotoMetadata
from fvae_studio.errors import EditError


def frames(count, dtype=np.uint8):
    for number in range(count):
        yield Photo(np.full((6, 10, 3), number + 1, dtype), metadata=PhotoMetadata(icc=b"profile", exif=b"exif"))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_frames_lie_in_rows(dtype):
    sheet = contact_sheet(frames(5, dtype), 5, columns=3, gap=2)

    assert sheet.pixels.shape == (2 * 8 + 2, 3 * 12 + 2, 3)
    assert sheet.pixels.dtype == dtype
    for number in range(5):
        y, x = 2 + number // 3 * 8, 2 + number % 3 * 12
        assert (sheet.pixels[y : y + 6, x : x + 10] == number + 1).all()
    assert (sheet.pixels[10:, 26:] == np.iinfo(dtype).max).all()
    assert (sheet.metadata.icc, sheet.metadata.exif) == (b"profile", None)


def test_a_sheet_is_about_square_and_no_wider_than_its_frames():
    assert contact_sheet(frames(9), 9, gap=0).pixels.shape == (18, 30, 3)
    assert contact_sheet(frames(2), 2, columns=8, gap=0).pixels.shape == (6, 20, 3)


def test_what_makes_no_sheet_is_told():
    with pytest.raises(EditError, match="at least"):
        contact_sheet(frames(0), 0)
    with pytest.raises(EditError, match="fewer or smaller"):
        contact_sheet(frames(1), 10_000_000)
