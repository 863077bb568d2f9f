"""What the confidence is told of a flow."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from fvae_studio.model.config import LARGEST_STRETCH, LEAST_STRETCH, SEEN_FLOW_PX
from fvae_studio.model.flow_vae import ConfidenceNet
from fvae_studio.model.seen_flow import seen_flow
from tests.helpers.tiny_model import TINY_CONFIG

SEEING = replace(TINY_CONFIG, confidence_sees_flow=True)
INSIDE = (slice(None), slice(None), slice(1, -1), slice(1, -1))


def linear_flow(config, matrix) -> torch.Tensor:
    """(1, 2, H, W) in crop pixels: `matrix` times the place from the middle."""
    size = config.flow_size
    axis = (torch.arange(size) + 0.5) * (config.crop_size / size) - config.crop_size / 2
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    return torch.einsum("ij,jhw->ihw", torch.tensor(matrix), torch.stack([x, y]))[None]


def test_motion_alone_stretches_nothing():
    flow = torch.full((2, 2, SEEING.flow_size, SEEING.flow_size), 3.0)

    told = seen_flow(flow, SEEING)

    assert told.shape == (2, 3, SEEING.flow_size, SEEING.flow_size)
    torch.testing.assert_close(told[:, :2], flow / SEEN_FLOW_PX)
    assert not told[:, 2].any()


@pytest.mark.parametrize("config", [SEEING, replace(SEEING, head="same", stem_stride=2)], ids=["128 cells", "64 cells"])
@pytest.mark.parametrize(
    ("matrix", "area"),
    [
        ([[0.5, 0.0], [0.0, 0.2]], 1.5 * 1.2),
        ([[-0.5, 0.0], [0.0, 0.0]], 0.5),
        ([[0.0, 0.3], [0.0, 0.0]], 1.0),  # sheared: as large as before
        ([[0.0, 0.3], [0.4, 0.0]], 1 - 0.12),
        ([[-2.0, 0.0], [0.0, 0.0]], LEAST_STRETCH),  # folded
        ([[3.0, 0.0], [0.0, 3.0]], LARGEST_STRETCH),
    ],
)
def test_stretch_is_the_area_that_a_pixel_is_taken_from(config, matrix, area):
    told = seen_flow(linear_flow(config, matrix), config)

    torch.testing.assert_close(told[INSIDE][:, 2:], torch.full_like(told[INSIDE][:, 2:], area - 1), atol=1e-4, rtol=0)


def test_a_flow_on_another_grid_is_brought_to_this_one():
    flow = torch.full((1, 2, 17, 17), 2.0)

    assert seen_flow(flow, SEEING).shape[-2:] == (SEEING.flow_size, SEEING.flow_size)


@torch.inference_mode()
@pytest.mark.parametrize(("config", "sees"), [(SEEING, True), (TINY_CONFIG, False)], ids=["sees", "blind"])
def test_only_a_confidence_that_sees_the_flow_depends_on_it(config, sees):
    torch.manual_seed(6)
    confidence = ConfidenceNet(config).eval()
    image, latent = torch.rand(1, 3, 128, 128), torch.randn(1, *config.latent_shape)
    still = torch.zeros(1, 2, config.flow_size, config.flow_size)

    change = (confidence(image, latent, still + 2) - confidence(image, latent, still)).abs().max()

    assert (change > 1e-4) == sees
