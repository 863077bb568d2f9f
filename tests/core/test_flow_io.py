import os
import struct
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fvae_studio.core.exr import ExrImage, decode_exr, encode_exr
from fvae_studio.core.flow_io import read_flow, write_flow
from fvae_studio.core.geometry import SimilarityTransform
from fvae_studio.core.types import FlowField
from fvae_studio.errors import GeometryError

TRANSFORM = SimilarityTransform(0.1234567890123, -0.3, 17.25, 1 / 3)


def some_flow(height: int = 23, width: int = 37, seed: int = 0) -> FlowField:
    rng = np.random.default_rng(seed)
    return FlowField(
        rng.normal(size=(height, width, 2)).astype(np.float32), rng.random((height, width)).astype(np.float32)
    )


@pytest.mark.parametrize("suffix", [".flo", ".exr", ".npz"])
@pytest.mark.parametrize("shape", [(64, 64), (1, 1), (16, 3), (33, 17)])
def test_round_trip_is_exact(tmp_path, suffix, shape):
    flow = some_flow(*shape)

    read = read_flow(write_flow(tmp_path / f"flow{suffix}", flow, photo_to_crop=TRANSFORM))

    np.testing.assert_array_equal(read.flow.flow, flow.flow)
    if suffix == ".flo":
        assert read.photo_to_crop is None
        assert (read.flow.confidence == 1).all()
    else:
        assert read.photo_to_crop == TRANSFORM
        np.testing.assert_array_equal(read.flow.confidence, flow.confidence)


@pytest.mark.parametrize("suffix", [".exr", ".npz"])
def test_transform_is_optional(tmp_path, suffix):
    assert read_flow(write_flow(tmp_path / f"flow{suffix}", some_flow())).photo_to_crop is None


def test_flo_has_the_middlebury_layout(tmp_path):
    flow = some_flow(2, 3)

    data = write_flow(tmp_path / "flow.flo", flow).read_bytes()

    assert data[:4] == b"PIEH"
    assert struct.unpack("<ii", data[4:12]) == (3, 2)
    assert struct.unpack("<2f", data[12:20]) == tuple(flow.flow[0, 0])


def test_other_programs_read_the_exr(tmp_path):
    flow = some_flow(40, 50)
    path = write_flow(tmp_path / "flow.exr", flow)
    # OpenCV wants to be told before it is imported, so another process reads the file with OpenEXR's own library.
    code = "import sys, cv2, numpy; numpy.save(sys.argv[2], cv2.imread(sys.argv[1], cv2.IMREAD_UNCHANGED))"

    subprocess.run(
        [sys.executable, "-c", code, str(path), str(tmp_path / "read.npy")],
        env={**os.environ, "OPENCV_IO_ENABLE_OPENEXR": "1"},
        check=True,
    )

    read = np.load(tmp_path / "read.npy")
    # OpenCV's order: B, G, R, A; there is no B in the file.
    np.testing.assert_array_equal(read[..., 2], flow.flow[..., 0])
    np.testing.assert_array_equal(read[..., 1], flow.flow[..., 1])
    np.testing.assert_array_equal(read[..., 3], flow.confidence)


@pytest.mark.parametrize("compression", ["NO", "ZIPS", "ZIP"])
@pytest.mark.parametrize("kind", ["HALF", "FLOAT"])
def test_exr_of_other_programs_is_read(tmp_path, compression, kind):
    path = tmp_path / "other.exr"
    code = (
        "import sys, cv2, numpy; y, x = numpy.mgrid[:40, :50].astype('f'); "
        "cv2.imwrite(sys.argv[1], numpy.stack([x * 0, y / 4, x / 8], -1), [cv2.IMWRITE_EXR_TYPE, "
        f"cv2.IMWRITE_EXR_TYPE_{kind}, cv2.IMWRITE_EXR_COMPRESSION, cv2.IMWRITE_EXR_COMPRESSION_{compression}])"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(path)], env={**os.environ, "OPENCV_IO_ENABLE_OPENEXR": "1"}, check=True
    )

    flow = read_flow(path).flow.flow

    y, x = np.mgrid[:40, :50]
    np.testing.assert_array_equal(flow[..., 0], x / 8)
    np.testing.assert_array_equal(flow[..., 1], y / 4)


@pytest.mark.parametrize("suffix", [".flo", ".exr", ".npz"])
@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_files_are_read_or_geometry_errors(tmp_path, suffix, data):
    path = write_flow(tmp_path / f"flow{suffix}", some_flow(), photo_to_crop=TRANSFORM)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, min(len(content) - 1, 700)))] = data.draw(st.integers(0, 255))
    del content[data.draw(st.integers(0, len(content))) :]
    path.write_bytes(content)

    try:
        read = read_flow(path)
    except GeometryError:
        return
    assert np.isfinite(read.flow.flow).all()


@pytest.mark.parametrize("suffix", [".flo", ".exr", ".npz"])
@pytest.mark.parametrize("content", [b"", b"\0", b"not a flow at all, but some text"])
def test_other_files_are_geometry_errors(tmp_path, suffix, content):
    path = tmp_path / f"flow{suffix}"
    path.write_bytes(content)

    with pytest.raises(GeometryError, match="flow"):
        read_flow(path)


def test_missing_file_and_unknown_suffix_are_geometry_errors(tmp_path):
    with pytest.raises(GeometryError, match="could not be read"):
        read_flow(tmp_path / "none.flo")
    with pytest.raises(GeometryError, match=r"\.flo, \.exr, \.npz"):
        write_flow(tmp_path / "flow.txt", some_flow())


def test_nan_and_pickles_are_geometry_errors(tmp_path):
    path = tmp_path / "flow.npz"
    np.savez(path, flow=np.full((4, 4, 2), np.nan, np.float32))
    with pytest.raises(GeometryError, match="nan"):
        read_flow(path)

    np.savez(path, flow=np.array([{}], dtype=object))
    with pytest.raises(GeometryError):
        read_flow(path)


def test_transform_that_is_no_similarity_is_a_geometry_error(tmp_path):
    path = tmp_path / "flow.npz"
    np.savez(path, flow=np.zeros((4, 4, 2), np.float32), photo_to_crop=np.array([[1.0, 0.5, 0], [0, 1, 0]]))

    with pytest.raises(GeometryError, match="photo_to_crop"):
        read_flow(path)


def test_exr_that_claims_to_be_huge_is_refused():
    data = encode_exr(ExrImage({"R": np.zeros((2, 2), np.float32)}))
    box = struct.pack("<4i", 0, 0, 1, 1)

    with pytest.raises(GeometryError, match="claims a size"):
        decode_exr(data.replace(box, struct.pack("<4i", 0, 0, 2**30, 2**30)))
