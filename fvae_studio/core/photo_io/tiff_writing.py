"""Writing TIFF: tifffile packs the pixels, and the EXIF directories are put behind them."""

from __future__ import annotations

import struct
from typing import BinaryIO

import tifffile

from fvae_studio.core.photo_io.encoding import Blocks
from fvae_studio.core.photo_io.exif import (
    DESCRIPTIVE_TAGS,
    ExifTree,
    block_reader,
    pack_sub_directories,
    read_directory,
    read_tree,
)
from fvae_studio.core.photo_io.metadata_blocks import join_photoshop
from fvae_studio.core.photo_io.pixels import Samples
from fvae_studio.core.photo_io.tiff_reading import IPTC, PHOTOSHOP, XMP

_BYTE, _LONG, _UNDEFINED = 1, 4, 7
_BIG_TIFF_FROM = 3_900_000_000
_DEFLATE_LEVEL = 4
_ROWS_PER_STRIP_BYTES = 1 << 20

_STAND_IN = 1
"""tifffile writes no pointers to EXIF directories: their place is held by the unused numbers just before them."""

_TagTuple = tuple[int, int, int, bytes, bool]


def write_tiff(file: BinaryIO, samples: Samples, blocks: Blocks) -> None:
    """One page, packed without loss (deflate with differencing, which every reader knows).

    Args:
        file: empty, open for writing and reading.
        samples: grey, grey and alpha, RGB or RGBA; 8 or 16 bit; alpha is stored as not multiplied in.
        blocks: what goes beside the pixels. EXIF is left out of files beyond 4 GB (BigTIFF).
    """
    is_big = samples.nbytes > _BIG_TIFF_FROM
    tree = _tree_of(blocks.exif)
    num_channels = 1 if samples.ndim == 2 else samples.shape[2]
    row_bytes = samples.shape[1] * num_channels * samples.itemsize
    with tifffile.TiffWriter(file, bigtiff=is_big, byteorder=tree.order) as writer:
        writer.write(
            samples,
            photometric="rgb" if num_channels >= 3 else "minisblack",
            planarconfig="contig" if num_channels > 1 else None,
            extrasamples=["unassalpha"] if num_channels in (2, 4) else None,
            rowsperstrip=max(1, min(samples.shape[0], _ROWS_PER_STRIP_BYTES // row_bytes)),
            compression="adobe_deflate",
            compressionargs={"level": _DEFLATE_LEVEL},
            predictor=True,
            iccprofile=blocks.icc,
            resolution=blocks.resolution,
            resolutionunit="INCH" if blocks.resolution else None,
            software=False,
            metadata=None,
            extratags=_tags(blocks, tree, is_big=is_big),
            maxworkers=2,
        )
    if not is_big and (tree.exif or tree.gps):
        _append_directories(file, tree)


def _tree_of(exif: bytes | None) -> ExifTree:
    try:
        return read_tree(block_reader(exif or b""))
    except (ValueError, struct.error):
        return ExifTree("<")


def _tags(blocks: Blocks, tree: ExifTree, *, is_big: bool) -> list[_TagTuple]:
    tags: list[_TagTuple] = [
        (entry.tag, entry.kind, entry.count, entry.data, True) for entry in tree.root if entry.tag in DESCRIPTIVE_TAGS
    ]
    if not is_big:
        tags += [(tag - _STAND_IN, _LONG, 1, bytes(4), True) for tag in _pointers_needed(tree)]
    if blocks.xmp:
        tags.append((XMP, _BYTE, len(blocks.xmp), blocks.xmp, True))
    if blocks.iptc:
        tags.append((IPTC, _UNDEFINED, len(blocks.iptc), blocks.iptc, True))
    resources = join_photoshop(None, b"".join(payload for name, payload in blocks.carried if name == "photoshop"))
    if resources:
        tags.append((PHOTOSHOP, _BYTE, len(resources), resources, True))
    return tags


def _pointers_needed(tree: ExifTree) -> list[int]:
    return [entry.tag for entry in pack_sub_directories(tree, 0)[0]]


def _append_directories(file: BinaryIO, tree: ExifTree) -> None:
    end = file.seek(0, 2)
    file.write(bytes(end & 1))
    pointers, body = pack_sub_directories(tree, end + (end & 1))
    file.write(body)

    def read_at(offset: int, size: int) -> bytes:
        file.seek(offset)
        return file.read(size)

    (root_offset,) = struct.unpack(tree.order + "L", read_at(4, 4))
    places = {entry.tag: entry.position for entry in read_directory(read_at, root_offset, tree.order)[0]}
    for entry in pointers:
        # An entry is tag, kind, count and here the value itself.
        file.seek(places[entry.tag - _STAND_IN] - 8)
        file.write(struct.pack(tree.order + "HHL", entry.tag, entry.kind, entry.count) + entry.data)
    file.seek(0, 2)
