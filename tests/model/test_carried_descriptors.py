"""Of latents with carried descriptors, the flows are tracked that they were made with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from fvae_studio.model.carried_descriptors import with_carried_descriptors
from fvae_studio.model.flow_vae import FlowVae
from tests.helpers.tiny_model import TINY_CONFIG

CONFIG = replace(
    TINY_CONFIG, detail_channels=(3, 2, 2), tracking_channels=3, fine_tracking_channels=2, tracks_contrast=True
)


@pytest.fixture(scope="module")
def own() -> np.ndarray:
    """Of a photo of broad waves."""
    torch.manual_seed(2)
    y, x = torch.meshgrid(torch.arange(128.0), torch.arange(128.0), indexing="ij")
    photo = (0.3 * (torch.sin(x / 7) + torch.sin(y / 6 + x / 11))).expand(1, 3, -1, -1)
    with torch.inference_mode():
        return FlowVae(CONFIG).eval().encode(photo)[0][0].numpy()


def test_nothing_that_moves_is_nothing_that_changes(own) -> None:
    latents = np.random.default_rng(1).normal(size=(2, *own.shape)).astype(np.float32)

    made = with_carried_descriptors(latents, own, np.zeros((2, 128, 128, 2), np.float32), CONFIG)

    first = CONFIG.tracked.start
    assert np.array_equal(made[:, :first], latents[:, :first])
    np.testing.assert_allclose(made[:, first:], np.stack([own[first:]] * 2), atol=1e-6)


def test_each_grid_moves_by_the_flow_in_its_own_cells(own) -> None:
    # Four pixels to the right in the photo: whole cells on all three grids of 32, 64 and 128 cells.
    flow = np.zeros((1, 128, 128, 2), np.float32)
    flow[..., 0] = 4

    made = with_carried_descriptors(own[None], own, flow, CONFIG)[0]

    for level, part in enumerate(CONFIG.descriptors, len(CONFIG.detail_channels)):
        before, after = (F.pixel_shuffle(torch.from_numpy(one[part].copy()), 2**level) for one in (own, made))
        cells = 4 * before.shape[-1] // 128
        assert before.shape[-1] in (32, 64, 128)
        torch.testing.assert_close(after[:, :, :-cells], before[:, :, cells:], atol=1e-5, rtol=1e-5)
        assert not torch.equal(after, before)


def test_a_model_without_descriptors_has_its_latents_as_they_are() -> None:
    latents = np.ones((1, *TINY_CONFIG.latent_shape), np.float32)

    made = with_carried_descriptors(latents, latents[0], np.ones((1, 128, 128, 2), np.float32), TINY_CONFIG)

    assert np.array_equal(made, latents)


def test_what_was_carried_is_tracked_where_it_went(own) -> None:
    torch.manual_seed(2)
    vae = FlowVae(CONFIG).eval()
    for log_doubt in vae.decoder.tracking.parameters():
        log_doubt.data.fill_(-9.0)
    y, x = np.mgrid[:128, :128].astype(np.float32)
    flow = np.stack([1.2 * np.sin(y / 30), 0.8 * np.cos(x / 25)], axis=-1)[None]

    made = with_carried_descriptors(own[None], own, flow, CONFIG)
    with torch.inference_mode():
        found = vae.decoder.track(torch.from_numpy(made), torch.from_numpy(own)[None])[-1]

    inner = np.s_[24:-24, 24:-24]
    error = np.linalg.norm(found[0].permute(1, 2, 0).numpy() - flow[0], axis=-1)[inner]
    assert np.median(error) < 0.15
    assert np.linalg.norm(flow[0], axis=-1)[inner].mean() > 0.7
