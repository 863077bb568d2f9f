"""Writing arrays so that files which were there before stay whole until all new ones are complete."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Arrays = NDArray[np.generic] | Mapping[str, NDArray[np.generic]]
"""One array for a `.npy`, several by name for a `.npz`."""


def replace_arrays(folder: Path, files: Mapping[str, Arrays], *, index: str) -> None:
    """Write several files that belong together.

    All are written beside the old ones first. Only then the index is removed, which makes the folder an unfinished one,
    and the new files take their places; whoever calls writes the new index last.

    Args:
        folder: made if it is not there.
        files: contents by name.
        index: name of the file that says that the folder is finished.

    Raises:
        OSError: no space left, ...; what was there is as it was.
    """
    folder.mkdir(parents=True, exist_ok=True)
    parts = {name: folder / f"{name}.part" for name in files}
    try:
        for name, content in files.items():
            with parts[name].open("wb") as file:
                if isinstance(content, Mapping):
                    np.savez(file, **content)
                else:
                    np.save(file, content)
    except BaseException:
        for part in parts.values():
            part.unlink(missing_ok=True)
        raise
    (folder / index).unlink(missing_ok=True)
    for name, part in parts.items():
        part.replace(folder / name)
