"""Pictures with a pixel between each two, for quick reading."""

from __future__ import annotations

import numpy as np
import pytest

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.resample import refined, resample


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_refined_picture_has_the_source_at_every_second_pixel(dtype):
    source = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (23, 31, 3), dtype, endpoint=True)
    fine = refined(source)

    assert fine.shape == (45, 61, 3)
    np.testing.assert_array_equal(fine[::2, ::2], source)


def test_refined_picture_is_read_as_lanczos_would_read_the_source():
    noise = np.random.default_rng(1).normal(size=(64, 64, 3)).astype(np.float32)
    source = np.clip(128 + cv2.GaussianBlur(noise, (0, 0), 1.0) * 200, 0, 255).astype(np.uint8)
    axis = np.arange(12, 52, dtype=np.float32)
    positions = np.stack(np.meshgrid(axis + 0.37, axis + 0.21), axis=-1)
    read = {}
    readings = (("lanczos", "lanczos", None), ("cubic", "bicubic", None), ("fine", "bicubic", refined(source)))
    for name, kernel, fine in readings:
        out = np.empty((40, 40, 3), np.uint8)
        resample(source, positions, kernel, out=out, fine=fine)
        read[name] = out.astype(float)
    error = {name: np.sqrt(((read[name] - read["lanczos"]) ** 2).mean()) for name in ("cubic", "fine")}

    assert error["fine"] < 1.2 * error["cubic"]
    assert error["fine"] < 2.5
