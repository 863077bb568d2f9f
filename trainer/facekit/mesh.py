"""Loads ICT-FaceKit's light face model: one OBJ per shape, all with the same topology."""

from __future__ import annotations

import json
import lzma
import tarfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.errors import DataError

NUM_IDENTITIES: Final = 100

VERTEX_RANGES: Final = {
    # The model's own documentation of its topology.
    "face": (0, 9409),
    "head_and_neck": (9409, 11248),
    "mouth_socket": (11248, 13294),
    "eye_sockets": (13294, 14062),
    "gums_and_tongue": (14062, 17039),
    "teeth": (17039, 21451),
    "eyeballs": (21451, 24591),
}
"""Half-open ranges of vertex numbers. Lacrimal fluid, lashes and occluders follow; they are not opaque: left out."""


@dataclass(frozen=True, eq=False)
class FaceKit:
    """A linear face model: neutral + identity modes + expression shapes.

    Attributes:
        neutral: (V, 3) float32, centimetres, y up, z towards the viewer.
        identity: (100, V, 3) offsets.
        expression: (53, V, 3) offsets.
        expression_names: ARKit's names of the shapes.
        triangles: (F, 3) int32, opaque parts only.
        landmark_vertices: (68,) vertex of each iBUG landmark.
        part: (V,) index into `VERTEX_RANGES`, -1 for what is left out.
    """

    neutral: NDArray[np.float32]
    identity: NDArray[np.float32]
    expression: NDArray[np.float32]
    expression_names: tuple[str, ...]
    triangles: NDArray[np.int32]
    landmark_vertices: NDArray[np.int64]
    part: NDArray[np.int8]

    def shape(self, identity: NDArray[np.float32]) -> NDArray[np.float32]:
        """(V, 3) neutral of a person, centimetres, from identity weights (100,)."""
        return np.asarray(self.neutral + np.tensordot(identity, self.identity, axes=1), np.float32)

    def expression_vector(self, weights: dict[str, float]) -> NDArray[np.float32]:
        """(53,) from weights by name.

        Raises:
            DataError: a name that the model does not have.
        """
        vector = np.zeros(len(self.expression_names), np.float32)
        for name, weight in weights.items():
            if name not in self.expression_names:
                raise DataError(f"FaceKit has no expression {name!r}; it has {', '.join(self.expression_names)}")
            vector[self.expression_names.index(name)] = weight
        return vector


def load_facekit(archive: Path, cache: Path) -> FaceKit:
    """Read the model's archive once and keep it as one npz.

    Args:
        archive: `FaceXModel.tar.xz`, or the unpacked folder.
        cache: the npz to write and, next time, to read.

    Raises:
        DataError: not that archive.
    """
    if not cache.exists():
        arrays = _read_folder(archive) if archive.is_dir() else _read_archive(archive)
        cache.parent.mkdir(parents=True, exist_ok=True)
        temporary = cache.with_suffix(".tmp.npz")
        np.savez(temporary, **arrays)
        temporary.replace(cache)
    try:
        # Opened here: numpy leaves a file that is no archive open.
        with cache.open("rb") as file, np.load(file) as stored:
            return FaceKit(
                neutral=stored["neutral"],
                identity=stored["identity"],
                expression=stored["expression"],
                expression_names=tuple(str(name) for name in stored["expression_names"]),
                triangles=stored["triangles"],
                landmark_vertices=stored["landmark_vertices"],
                part=stored["part"],
            )
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise DataError(f"{cache} is damaged ({error}); delete it and run `fvae-train fit-faces` again") from error


def _read_archive(archive: Path) -> dict[str, NDArray[np.generic]]:
    if not archive.exists():
        raise DataError(f"there is no FaceKit archive at {archive}; it is ICT-FaceKit's FaceXModel.tar.xz")
    files: dict[str, str] = {}
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                stream = tar.extractfile(member) if member.isfile() else None
                if stream is not None:
                    files[Path(member.name).name] = stream.read().decode("utf-8", "replace")
    except (tarfile.TarError, OSError, EOFError, lzma.LZMAError) as error:
        raise DataError(f"{archive} is no whole archive ({error}); fetch FaceXModel.tar.xz again") from error
    return _assemble(files)


def _read_folder(folder: Path) -> dict[str, NDArray[np.generic]]:
    return _assemble({path.name: path.read_text() for path in folder.iterdir() if path.suffix in {".obj", ".json"}})


def _assemble(files: dict[str, str]) -> dict[str, NDArray[np.generic]]:
    try:
        indices = json.loads(files["vertex_indices.json"])
        neutral = parse_vertices(files["generic_neutral_mesh.obj"])
        names = tuple(indices["expressions"])
        identity = np.stack([_offsets(files, f"identity{i:03d}.obj", neutral) for i in range(NUM_IDENTITIES)])
        expression = np.stack([_offsets(files, f"{name}.obj", neutral) for name in names])
    except KeyError as error:
        raise DataError(f"this is not FaceKit's light model: {error} is missing") from error
    except ValueError as error:
        raise DataError(f"a file of FaceKit's light model is malformed: {error}") from error
    part = np.full(len(neutral), -1, np.int8)
    for number, (start, stop) in enumerate(VERTEX_RANGES.values()):
        part[start:stop] = number
    triangles = parse_triangles(files["generic_neutral_mesh.obj"])
    return {
        "neutral": neutral,
        "identity": identity,
        "expression": expression,
        "expression_names": np.array(names),
        "triangles": triangles[(part[triangles] >= 0).all(axis=1)],
        "landmark_vertices": np.array(indices["idx_to_landmark_verts"], np.int64),
        "part": part,
    }


def _offsets(files: dict[str, str], name: str, neutral: NDArray[np.float32]) -> NDArray[np.float32]:
    vertices = parse_vertices(files[name])
    if vertices.shape != neutral.shape:
        raise ValueError(f"{name} has {len(vertices)} vertices, the neutral mesh {len(neutral)}")
    return vertices - neutral


def parse_vertices(obj: str) -> NDArray[np.float32]:
    """(V, 3) from the `v` lines of an OBJ."""
    lines = [line[2:] for line in obj.splitlines() if line.startswith("v ")]
    return np.array(" ".join(lines).split(), np.float32).reshape(len(lines), -1)[:, :3]


def parse_triangles(obj: str) -> NDArray[np.int32]:
    """(F, 3) from the `f` lines of an OBJ, polygons split as fans."""
    return np.array(list(_fans(obj.splitlines())), np.int32)


def _fans(lines: Iterable[str]) -> Iterable[tuple[int, int, int]]:
    for line in lines:
        if line.startswith("f "):
            corners = [int(corner.split("/")[0]) - 1 for corner in line.split()[1:]]
            for second, third in pairwise(corners[1:]):
                yield corners[0], second, third
