"""Prepared pairs on disk: plain arrays that are memory-mapped, the only thing the training loop reads.

A set may be larger than memory: the system keeps the pages of the files that were read lately, and gives them back
where memory is short. Several machines need the files on each of them, or on a shared disk.

A shard folder holds
    images.npy   (M, S, S, 3) uint8
    flows.npy    (K, S, S, 2) float16   backward flow of each pair, crop pixels
    visible.npy  (K, S, S) uint8        255 where the source shows what the target needs
    pairs.npz    source, target (K,) rows of images; code (K, 56) change of expression and pose; kind (K,);
                 person (K,) number; held_out (K,) bool
    shard.json   schema, template, names of the code's entries, persons
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from fvae_studio.core.alignment import TEMPLATE_ID
from fvae_studio.errors import DataError, TemplateMismatchError
from trainer.array_files import replace_arrays

INDEX: Final = "shard.json"

RENDERED: Final = 0
"""Photo -> picture rendered from it: exact flow."""
RENDERED_REVERSE: Final = 1
"""Picture rendered from a photo -> the photo: exact flow."""
REAL: Final = 2
"""Two photos of a person: the flow is what was found in their pixels, visible where it can be believed."""
LENT: Final = 3
"""A photo and what `trainer.lent_expressions` made of it: exact flow, of no code."""
TURNED: Final = 4
"""Photo whose head was turned -> picture rendered from it: exact flow; neither was taken by a camera."""
TURNED_REVERSE: Final = 5
"""Picture rendered from a turned head -> the turned head: exact flow."""


@dataclass(frozen=True, eq=False)
class Shard:
    """One shard folder, memory-mapped.

    Attributes: the files of the module's docstring.
    """

    images: NDArray[np.uint8]
    flows: NDArray[np.float16]
    visible: NDArray[np.uint8]
    source: NDArray[np.int64]
    target: NDArray[np.int64]
    code: NDArray[np.float32]
    kind: NDArray[np.int8]
    person: NDArray[np.int64]
    held_out: NDArray[np.bool_]
    code_names: tuple[str, ...]
    persons: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.source)


def write_shard(folder: Path, shard: Shard) -> None:
    """Write all files; `shard.json` last, so that a folder without it is known to be unfinished.

    Raises:
        OSError: no space left, ...; a shard that was there is whole.
    """
    columns = ("source", "target", "code", "kind", "person", "held_out")
    replace_arrays(
        folder,
        {
            "images.npy": shard.images,
            "flows.npy": shard.flows,
            "visible.npy": shard.visible,
            "pairs.npz": {name: getattr(shard, name) for name in columns},
        },
        index=INDEX,
    )
    header = {"schema": 1, "template": TEMPLATE_ID, "code_names": shard.code_names, "persons": shard.persons}
    (folder / INDEX).write_text(json.dumps(header))


def read_shard(folder: Path) -> Shard:
    """Open one shard folder.

    Raises:
        DataError: unfinished or damaged.
        TemplateMismatchError: aligned to another template.
    """
    try:
        header = json.loads((folder / INDEX).read_text())
        # Opened here: numpy leaves a file that is no archive open.
        with (folder / "pairs.npz").open("rb") as file, np.load(file) as pairs:
            columns = {name: pairs[name] for name in ("source", "target", "code", "kind", "person", "held_out")}
        shard = Shard(
            images=open_memmap(folder / "images.npy", mode="r"),  # type: ignore[no-untyped-call]  # numpy has no types here
            flows=open_memmap(folder / "flows.npy", mode="r"),  # type: ignore[no-untyped-call]  # numpy has no types here
            visible=open_memmap(folder / "visible.npy", mode="r"),  # type: ignore[no-untyped-call]  # numpy has no types here
            code_names=tuple(header["code_names"]),
            persons=tuple(header["persons"]),
            **columns,
        )
        _check(shard)
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise DataError(f"{folder} is no finished shard ({error}); run `fvae-train render` again") from error
    if header.get("template") != TEMPLATE_ID:
        raise TemplateMismatchError(
            f"{folder} uses template {header.get('template')!r}, this build {TEMPLATE_ID!r}; prepare and render again"
        )
    return shard


def _check(shard: Shard) -> None:
    """Raise `ValueError` where files do not belong together; cheap: the big arrays are not read."""
    count = len(shard.source)
    columns = ("flows", "visible", "target", "code", "kind", "person", "held_out")
    short = [name for name in columns if len(getattr(shard, name)) != count]
    if short:
        raise ValueError(f"{', '.join(short)} do not have the {count} rows of its pairs")
    rows = np.concatenate([shard.source, shard.target])
    if count and (rows.min() < 0 or rows.max() >= len(shard.images)):
        raise ValueError(f"its pairs name pictures that are not there; it has {len(shard.images)}")


def find_shards(root: Path) -> list[Path]:
    """Finished shard folders below `root` (or `root` itself), by name."""
    if (root / INDEX).exists():
        return [root]
    return sorted(path.parent for path in root.glob(f"*/{INDEX}"))


def read_shards(root: Path) -> Sequence[Shard]:
    """Open all finished shards.

    Raises:
        DataError: there are none.
    """
    folders = find_shards(root)
    if not folders:
        raise DataError(f"no finished shard in {root}; run `fvae-train render` first")
    return [read_shard(folder) for folder in folders]
