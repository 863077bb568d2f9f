from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest

from fvae_studio.errors import DataError
from trainer.facekit import mesh
from trainer.facekit.mesh import load_facekit, parse_triangles, parse_vertices

QUAD = """\
# a quad and a triangle
v 0 0 0
v 1 0 0
v 1 1 0.5
v 0 1 0
vt 0.5 0.5
f 1/1/1 2/1/1 3/1/1 4/1/1
f 1//1 3//1 4//1
"""


def test_vertices_are_the_v_lines_only():
    vertices = parse_vertices(QUAD)

    np.testing.assert_array_equal(vertices, [[0, 0, 0], [1, 0, 0], [1, 1, 0.5], [0, 1, 0]])
    assert vertices.dtype == np.float32


def test_quads_become_two_triangles_of_the_same_turn():
    assert parse_triangles(QUAD).tolist() == [[0, 1, 2], [0, 2, 3], [0, 2, 3]]


def shifted(amount: float) -> str:
    return QUAD.replace("v 1 1 0.5", f"v 1 {1 + amount} 0.5")


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setattr(mesh, "NUM_IDENTITIES", 2)
    # The last vertex belongs to no opaque part: its triangles are left out.
    monkeypatch.setattr(mesh, "VERTEX_RANGES", {"face": (0, 3)})
    indices = {"expressions": ["jawOpen", "mouthClose"], "idx_to_landmark_verts": [2, 0]}
    return {
        "vertex_indices.json": json.dumps(indices),
        "generic_neutral_mesh.obj": QUAD,
        "identity000.obj": shifted(0.25),
        "identity001.obj": shifted(0.5),
        "jawOpen.obj": shifted(-1.0),
        "mouthClose.obj": QUAD,
    }


def write_archive(path: Path, files: dict[str, str]) -> Path:
    with tarfile.open(path, "w:xz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(f"FaceXModel/{name}")
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return path


def test_archive_gives_offsets_from_the_neutral_mesh(tmp_path, files):
    facekit = load_facekit(write_archive(tmp_path / "model.tar.xz", files), tmp_path / "cache.npz")

    assert facekit.identity[:, 2, 1].tolist() == [0.25, 0.5]
    assert facekit.expression[:, 2, 1].tolist() == [-1.0, 0.0]
    assert facekit.expression_names == ("jawOpen", "mouthClose")
    assert facekit.landmark_vertices.tolist() == [2, 0]
    assert facekit.triangles.tolist() == [[0, 1, 2]]
    assert facekit.part.tolist() == [0, 0, 0, -1]


def test_unpacked_folder_gives_the_same_as_the_archive(tmp_path, files):
    folder = tmp_path / "FaceXModel"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)

    unpacked = load_facekit(folder, tmp_path / "a.npz")
    packed = load_facekit(write_archive(tmp_path / "model.tar.xz", files), tmp_path / "b.npz")

    for name, value in vars(packed).items():
        np.testing.assert_array_equal(getattr(unpacked, name), value, err_msg=name)


def test_cache_is_enough_once_it_is_written(tmp_path, files):
    archive = write_archive(tmp_path / "model.tar.xz", files)
    first = load_facekit(archive, tmp_path / "cache.npz")
    archive.unlink()

    second = load_facekit(archive, tmp_path / "cache.npz")

    np.testing.assert_array_equal(second.expression, first.expression)


def test_weights_by_name_fill_the_vector(tmp_path, files):
    facekit = load_facekit(write_archive(tmp_path / "model.tar.xz", files), tmp_path / "cache.npz")

    assert facekit.expression_vector({"mouthClose": 0.5}).tolist() == [0.0, 0.5]
    with pytest.raises(DataError, match="no expression 'grin'"):
        facekit.expression_vector({"grin": 1.0})


def test_missing_archive_is_named(tmp_path):
    with pytest.raises(DataError, match=r"no FaceKit archive at .*FaceXModel"):
        load_facekit(tmp_path / "nothing.tar.xz", tmp_path / "cache.npz")


def test_archive_without_a_shape_says_which(tmp_path, files):
    del files["jawOpen.obj"]

    with pytest.raises(DataError, match=r"jawOpen\.obj"):
        load_facekit(write_archive(tmp_path / "model.tar.xz", files), tmp_path / "cache.npz")


def test_shape_of_another_topology_is_refused(tmp_path, files):
    files["jawOpen.obj"] = "v 0 0 0\n"

    with pytest.raises(DataError, match="malformed"):
        load_facekit(write_archive(tmp_path / "model.tar.xz", files), tmp_path / "cache.npz")


@pytest.mark.parametrize("keep", [0, 20, 200])
def test_broken_archive_is_no_crash(tmp_path, files, keep):
    archive = write_archive(tmp_path / "model.tar.xz", files)
    archive.write_bytes(archive.read_bytes()[:keep])

    with pytest.raises(DataError, match="archive"):
        load_facekit(archive, tmp_path / "cache.npz")

    assert not (tmp_path / "cache.npz").exists()


def test_broken_cache_says_that_it_may_be_deleted(tmp_path):
    (tmp_path / "cache.npz").write_bytes(b"PK\x03\x04 broken")

    with pytest.raises(DataError, match="delete it"):
        load_facekit(tmp_path / "model.tar.xz", tmp_path / "cache.npz")
