"""W of released models: a file of weights holds its sliders, which are a few mixtures of W, and not W itself.

A training that goes on from a release needs all of it. Found anew from a release's latents and sliders it moves known
expressions wrongly by half of their way (`trainer.initial`).
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.photo_io import atomic_write
from fvae_studio.errors import DataError
from fvae_studio.model.checkpoint import LoadedModel

AXES_DIR: Final = Path(__file__).resolve().parent / "axes"


def write_axes(
    name: str, sha256: str, axes: NDArray[np.floating[Any]], code_names: Sequence[str], folder: Path | None = None
) -> Path:
    """Keep W beside the trainer, in half precision.

    Args:
        name: of the released model.
        sha256: of its tensors, as its file's header tells.
        axes: W, (K, C, h, w); C without descriptors, which it leaves alone.
        code_names: K names.
        folder: of all such files; None for the trainer's own.
    """
    folder = folder or AXES_DIR
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.npz"
    with atomic_write(path) as file:
        np.savez_compressed(
            file, axes=axes.astype(np.float16), code_names=np.array(list(code_names)), sha256=np.array(sha256)
        )
    return path


def axes_of(model: LoadedModel, code_names: Sequence[str]) -> NDArray[np.float32] | None:
    """W (K, C, h, w) of a released model; None where it was not kept, or for other shapes of the face.

    Raises:
        DataError: the file is damaged.
    """
    path = AXES_DIR / f"{model.header.name}.npz"
    if not path.exists():
        return None
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            axes, names, sha256 = kept["axes"], kept["code_names"].tolist(), str(kept["sha256"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is damaged ({error}); take it from the repository again, or remove it") from error
    # A model of that name may be another one, such as a user's own.
    if sha256 != model.header.sha256 or names != list(code_names):
        return None
    found: NDArray[np.float32] = axes.astype(np.float32)
    return found
