"""JPEG to JPEG without loss where nothing changed: only the coefficients of blocks that the edit touches are altered.

A JPEG's blocks are linear in its samples. So the edit is added where the photo lives: the difference between the edited
and the decoded photo is turned into luma and chroma, averaged as the source subsamples, transformed (T.81, A.3.3),
divided by the quantisation table and added to the source's coefficients. A block without a difference keeps its
coefficients bit by bit. Why not encode and paste: see `docs/adr/0012-untouched-blocks.md`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.photo_io import jpeg_blocks, pixels
from fvae_studio.core.photo_io.jpeg_coefficients import (
    CoefficientError,
    JpegCoefficients,
    read_coefficients,
    write_coefficients,
)
from fvae_studio.core.photo_io.pixels import Samples

MAX_PIXELS = 120_000_000
"""Beyond it the coefficients would take more than a gigabyte."""

_BAND_ROWS = 8
"""MCU rows that are looked at together."""

_CHANGED_ROWS = 64
_YCBCR = np.array(
    [[0.299, 0.587, 0.114], [-0.168735892, -0.331264108, 0.5], [0.5, -0.418687589, -0.081312411]], np.float32
)
"""JFIF, version 1.02: differences of R, G, B to those of luma and both chromas."""

_LARGEST_AC = 1023
_DC_RANGE = (-1024, 1023)
"""What baseline Huffman coding can hold, whatever the table."""

_ARITHMETIC = {0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_END_MARKER = b"\xff\xd9"
_KEPT_SEGMENTS = {0xDB, 0xC4, 0xDD, *range(0xC0, 0xC4)}
"""Tables, restart interval and frame header; everything else is the caller's to write."""


class BlocksNotKeptError(ValueError):
    """Why all of a JPEG has to be encoded anew: the part of a sentence that stands behind "because"."""


@dataclass(frozen=True, eq=False)
class PatchedJpeg:
    """A JPEG stream whose untouched blocks are the source's.

    Attributes:
        stream: from the first table to the end marker; what comes before, metadata included, is the caller's.
        num_blocks: of all components.
        num_kept: that have the very coefficients of the source.
    """

    stream: bytes
    num_blocks: int
    num_kept: int


def patch_jpeg(content: bytes, source: Samples, edited: Samples, orientation: int) -> PatchedJpeg:
    """The source's stream with the difference between two pictures added.

    Args:
        content: the JPEG file that `source` was decoded from.
        source: (H, W, 3) uint8, upright.
        edited: the same shape.
        orientation: EXIF orientation that the file has.

    Raises:
        BlocksNotKeptError: this cannot be done for this file.
    """
    if source.shape[0] * source.shape[1] > MAX_PIXELS:
        raise BlocksNotKeptError(f"it has more than {MAX_PIXELS // 1_000_000} megapixels")
    try:
        if _ARITHMETIC.intersection(marker for marker, _, _ in jpeg_blocks.leading_segments(content)):
            raise BlocksNotKeptError("it uses arithmetic coding")
        found = read_coefficients(content)
        _require_layout(found, source, edited, orientation)
        touched = _add_difference(found, source, edited, orientation)
        stream = _picture_only(write_coefficients(found))
    except (CoefficientError, jpeg_blocks.MalformedJpegError) as error:
        raise BlocksNotKeptError(f"its blocks cannot be read apart ({error})") from error
    return PatchedJpeg(stream, found.num_blocks, found.num_blocks - touched)


def _require_layout(found: JpegCoefficients, source: Samples, edited: Samples, orientation: int) -> None:
    if found.colour_space not in ("grey", "YCbCr"):
        raise BlocksNotKeptError("its colours are not stored as light and colour differences")
    height, width = pixels.stored(source, orientation).shape[:2]
    for blocks, (x, y) in zip(found.blocks, found.factors, strict=True):
        if blocks.shape[:2] != (math.ceil(height / (8 * y)), math.ceil(width / (8 * x))):
            raise BlocksNotKeptError("its blocks do not cover the picture in the usual way")
    if found.colour_space == "grey" and not pixels.is_grey(edited):
        raise BlocksNotKeptError("it is grey and the edit brought colours into it")


def _add_difference(found: JpegCoefficients, source: Samples, edited: Samples, orientation: int) -> int:
    """Change the coefficients; the number of blocks that have others now."""
    from fvae_studio.core._cv2 import cv2

    box = _changed_box(source, edited, orientation)
    if box is None:
        return 0
    mcu_width = 8 * max(x for x, _ in found.factors)
    mcu_height = 8 * max(y for _, y in found.factors)
    before, after = pixels.stored(source, orientation), pixels.stored(edited, orientation)
    transforms = [_to_quantised(table) for table in found.tables]
    num_touched = 0
    for rows, columns in _bands(box, mcu_width, mcu_height):
        new, old = np.ascontiguousarray(after[rows, columns]), np.ascontiguousarray(before[rows, columns])
        if np.array_equal(new, old):
            continue
        difference = cv2.subtract(new, old, dtype=cv2.CV_32F)
        height, width = difference.shape[:2]
        # At the right and the lower edge, the samples of a block that lie outside repeat the last one: no new edges.
        below, beside = -height % mcu_height, -width % mcu_width
        if below or beside:
            difference = cv2.copyMakeBorder(difference, 0, below, 0, beside, cv2.BORDER_REPLICATE)
        changed = _changed_blocks(difference)
        levels = cv2.transform(difference, _YCBCR) if found.colour_space == "YCbCr" else difference
        for index, (x, y) in enumerate(found.factors):
            target = found.blocks[index][rows.start // (8 * y) :, columns.start // (8 * x) :]
            samples = cv2.extractChannel(levels, index)
            num_touched += _add_to_blocks(target, samples, changed, transforms[index], x, y)
    return num_touched


def _changed_box(source: Samples, edited: Samples, orientation: int) -> tuple[slice, slice] | None:
    """Rows and columns, as the file stores them, outside of which nothing changed."""
    height, width = source.shape[:2]
    in_rows, in_columns = np.zeros(height, bool), np.zeros(width, bool)
    for start in range(0, height, _CHANGED_ROWS):
        strip = slice(start, min(start + _CHANGED_ROWS, height))
        if not np.array_equal(source[strip], edited[strip]):
            in_rows[strip] = True
            # Reductions over the short last axis are what takes numpy's time; this one runs along whole rows.
            differs = (source[strip] != edited[strip]).reshape(strip.stop - start, -1).any(axis=0)
            in_columns |= differs.reshape(width, 3).any(axis=1)
    if not in_rows.any():
        return None
    as_stored = pixels.stored(np.broadcast_to(in_rows[:, None], (height, width)), orientation)
    across = pixels.stored(np.broadcast_to(in_columns[None, :], (height, width)), orientation)
    both = (as_stored, across)
    # One of the two runs down the stored picture, the other one across it.
    down, right = both if orientation < 5 else both[::-1]
    return _extent(down[:, 0]), _extent(right[0, :])


def _extent(flags: NDArray[np.bool_]) -> slice:
    where = np.flatnonzero(flags)
    return slice(int(where[0]), int(where[-1]) + 1)


def _bands(box: tuple[slice, slice], mcu_width: int, mcu_height: int) -> Iterator[tuple[slice, slice]]:
    """Parts of the box, widened to whole MCUs; numpy cuts them at the picture's edge."""
    rows, columns = box
    left = columns.start // mcu_width * mcu_width
    right = -(-columns.stop // mcu_width) * mcu_width
    step = _BAND_ROWS * mcu_height
    for top in range(rows.start // mcu_height * mcu_height, rows.stop, step):
        yield slice(top, min(top + step, -(-rows.stop // mcu_height) * mcu_height)), slice(left, right)


def _changed_blocks(difference: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(H / 8, W / 8): where 8 x 8 pixels are not all the same; `difference` is (H, W, 3)."""
    high, wide = difference.shape[0] // 8, difference.shape[1] // 8
    # Whole rows first: reductions over short axes are what takes numpy's time.
    in_columns = (difference != 0).reshape(high, 8, -1).any(axis=1)
    changed: NDArray[np.bool_] = in_columns.reshape(high, wide, 24).any(axis=2)
    return changed


def _add_to_blocks(
    target: NDArray[np.int32],
    samples: NDArray[np.float32],
    changed: NDArray[np.bool_],
    to_quantised: NDArray[np.float32],
    x: int,
    y: int,
) -> int:
    """Add one component's difference to its coefficients.

    Args:
        target: (>= rows, >= columns, 8, 8), of which the upper left ones are meant.
        samples: (H, W), the difference at each photo pixel.
        changed: (H / 8, W / 8), where anything changed.
        to_quantised: see there.
        x: photo pixels that one sample stands for, across.
        y: likewise, down.

    Returns:
        How many blocks were given other coefficients.
    """
    from fvae_studio.core._cv2 import cv2

    high, wide = samples.shape[0] // (8 * y), samples.shape[1] // (8 * x)
    touched = changed.reshape(high, y, wide, x).any(axis=(1, 3))
    # Beyond the picture's edge an MCU may have blocks that the file does not count.
    touched = touched[: target.shape[0], : target.shape[1]]
    if not touched.any():
        return 0
    if x * y > 1:
        # By whole factors this is the mean.
        samples = cv2.resize(samples, (8 * wide, 8 * high), interpolation=cv2.INTER_AREA)
    blocks = samples.reshape(high, 8, wide, 8).swapaxes(1, 2)
    blocks = blocks[: touched.shape[0], : touched.shape[1]][touched]
    at = np.nonzero(touched)
    old = target[at].reshape(-1, 64)
    added = blocks.reshape(-1, 64) @ to_quantised
    added += old
    new = np.rint(added, out=added).astype(np.int32)
    light = new[:, 0].clip(*_DC_RANGE)
    np.clip(new, -_LARGEST_AC, _LARGEST_AC, out=new)
    new[:, 0] = light
    target[at] = new.reshape(-1, 8, 8)
    return int((new != old).any(axis=1).sum())


def _dct_matrix() -> NDArray[np.float64]:
    frequency, place = np.mgrid[:8, :8]
    matrix: NDArray[np.float64] = np.cos((2 * place + 1) * frequency * np.pi / 16) / 2
    matrix[0] /= np.sqrt(2)
    return matrix


_DCT = _dct_matrix()


def _to_quantised(table: NDArray[np.int_]) -> NDArray[np.float32]:
    """(64, 64): samples of a block, times this, are its coefficients in units of the table.

    One product with 64 terms costs less than two with 8 and the copies between them.
    """
    both = np.kron(_DCT, _DCT) / table.reshape(64, 1)
    matrix: NDArray[np.float32] = np.ascontiguousarray(both.T, np.float32)
    return matrix


def _picture_only(stream: bytes) -> bytes:
    """From a whole file, the tables, the frame and the scans.

    Raises:
        MalformedJpegError: it is not complete.
    """
    scan = jpeg_blocks.read_header(stream).scan_offset
    # Looking for it behind the last scan, as in a file of unknown origin, would go through all of the stream.
    if not stream.endswith(_END_MARKER):
        raise jpeg_blocks.MalformedJpegError("the coded blocks are not complete")
    parts = [
        jpeg_blocks.segment(marker, payload)
        for marker, _, payload in jpeg_blocks.leading_segments(stream)
        if marker in _KEPT_SEGMENTS
    ]
    return b"".join(parts) + stream[scan:]
