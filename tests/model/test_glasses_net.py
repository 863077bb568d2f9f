"""The network that finds glasses: what ships is what was trained, and nothing else is taken for it."""

from __future__ import annotations

import numpy as np
import pytest
import safetensors.numpy
import torch

from fvae_studio import paths
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.errors import ModelError
from fvae_studio.model.glasses_net import BAND, GlassesNet, band_of, read_glasses, write_glasses
from trainer.glasses.network import GlassesNetwork


@pytest.fixture(scope="module")
def trained() -> GlassesNetwork:
    torch.manual_seed(3)
    network = GlassesNetwork((4, 6, 8))
    network(torch.randn(8, 3, 64, 128))  # normalisations see something
    return network.eval()


@pytest.fixture
def crop() -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (CROP_SIZE, CROP_SIZE, 3), dtype=np.uint8)


def test_the_graph_computes_what_was_trained(trained, crop, tmp_path):
    file = tmp_path / "glasses.safetensors"
    file.write_bytes(write_glasses(trained.folded()))

    found = GlassesNet(file).find(crop)

    with torch.no_grad():
        expected = torch.sigmoid(trained(torch.from_numpy(band_of(crop))))[0, 0].numpy()
    # Stored in half precision.
    np.testing.assert_allclose(found[BAND], expected, atol=2e-3)
    outside = np.ones(CROP_SIZE, bool)
    outside[BAND] = False
    assert not found[outside].any()


@pytest.mark.parametrize("size", [64, 128, 256, 300])
def test_a_crop_may_have_any_size(size):
    pixels = np.random.default_rng(1).integers(0, 256, (size, size, 3), dtype=np.uint8)

    assert band_of(pixels).shape == (1, 3, 64, 128)
    assert GlassesNet().find(pixels).shape == (CROP_SIZE, CROP_SIZE)


def test_what_ships_is_small():
    assert paths.glasses_file().stat().st_size < 1_000_000


def test_other_files_are_no_weights(trained, tmp_path):
    tensors = trained.folded()
    without = {name: value for name, value in tensors.items() if name != "03.bias"}
    files = {
        "missing": None,
        "text": b"no weights",
        "others": safetensors.numpy.save({"a": np.zeros(3, np.float32)}),
        "unfinished": write_glasses(without),
        "cut": write_glasses(tensors)[:-40],
    }
    for name, content in files.items():
        file = tmp_path / name
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(ModelError, match="Install the program again"):
            read_glasses(file)
