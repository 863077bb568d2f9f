"""The quantised DCT coefficients of a JPEG stream, read and written without decoding: the only user of `jpegio`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.photo_io.jpeg_blocks import read_header

_FULL_AC, _FULL_DC = 162, 12
"""Symbols of complete baseline Huffman tables, as nearly every camera writes."""

_COLOUR_SPACES = {1: "grey", 2: "RGB", 3: "YCbCr", 4: "CMYK", 5: "YCCK"}
"""libjpeg's numbers."""


class CoefficientError(ValueError):
    """The library cannot read or write this stream."""


@dataclass(frozen=True, eq=False)
class JpegCoefficients:
    """The coefficients of a JPEG, in memory that may be changed and written again.

    Attributes:
        blocks: by component (rows of blocks, columns of blocks, 8, 8) int32, quantised, in natural order: a view.
        tables: by component (8, 8), the quantisation table.
        factors: by component (x, y): how many photo pixels a sample stands for; never less than one.
        colour_space: "grey", "YCbCr", or another one.
        handle: the library's object.
    """

    blocks: tuple[NDArray[np.int32], ...]
    tables: tuple[NDArray[np.int_], ...]
    factors: tuple[tuple[int, int], ...]
    colour_space: str
    handle: Any

    @property
    def num_blocks(self) -> int:
        """Of all components."""
        return sum(component.shape[0] * component.shape[1] for component in self.blocks)


def read_coefficients(content: bytes) -> JpegCoefficients:
    """Entropy decoding only; takes about 9 bytes for each sample, and as much for a moment while it reads.

    Args:
        content: a whole JPEG file of 8 bits, Huffman coded, sequential or progressive.

    Raises:
        MalformedJpegError: the segments make no sense.
        CoefficientError: damaged, arithmetic coding, or sampling factors that do not divide each other.
    """
    import jpegio  # here: only exports from JPEG to JPEG need it

    with _scratch(content) as path:
        try:
            found = jpegio.read(str(path))
        except (RuntimeError, OSError, ValueError) as error:
            raise CoefficientError(str(error)) from error
    if found.data_precision != 8 or found.arith_code:
        raise CoefficientError("not 8 bits, or arithmetic coding")
    widest = max(one.h_samp_factor for one in found.comp_info)
    highest = max(one.v_samp_factor for one in found.comp_info)
    if any(widest % one.h_samp_factor or highest % one.v_samp_factor for one in found.comp_info):
        raise CoefficientError("sampling factors that do not divide each other")
    tables = read_header(content).tables
    if not tables:
        raise CoefficientError("a quantisation table is missing")
    return JpegCoefficients(
        tuple(_as_blocks(component) for component in found.coef_arrays),
        # Not the library's: it lists tables without their numbers.
        tuple(np.reshape(tables[min(index, max(tables))], (8, 8)) for index in range(len(found.comp_info))),
        tuple((widest // one.h_samp_factor, highest // one.v_samp_factor) for one in found.comp_info),
        _COLOUR_SPACES.get(found.jpeg_color_space, ""),
        found,
    )


def write_coefficients(coefficients: JpegCoefficients) -> bytes:
    """A JPEG stream with these coefficients, no metadata, and the source's way of coding them.

    Raises:
        CoefficientError: the library refuses.
    """
    handle = coefficients.handle
    handle.markers = []
    # libjpeg-turbo writes a symbol that its table lacks as nothing at all, and tells nobody: a table made for the
    # source's coefficients may lack what the edit needs.
    is_complete = all(int(table["counts"].sum()) >= _FULL_AC for table in handle.ac_huff_tables) and all(
        int(table["counts"].sum()) >= _FULL_DC for table in handle.dc_huff_tables
    )
    handle.optimize_coding = int(not is_complete)
    with _scratch(b"") as path:
        try:
            handle.write(str(path))
            return path.read_bytes()
        except (RuntimeError, OSError) as error:
            raise CoefficientError(str(error)) from error


def _as_blocks(component: NDArray[np.int32]) -> NDArray[np.int32]:
    rows, columns = component.shape[0] // 8, component.shape[1] // 8
    return component.reshape(rows, 8, columns, 8).swapaxes(1, 2)


@contextmanager
def _scratch(content: bytes) -> Iterator[Path]:
    """A file for the library, which knows paths only. On Linux it lies in memory: no copy of a photo is left behind."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("photo")
        try:
            with os.fdopen(descriptor, "wb", closefd=False) as file:
                file.write(content)
            yield Path(f"/proc/self/fd/{descriptor}")
        finally:
            os.close(descriptor)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photo.jpg"
        path.write_bytes(content)
        yield path
