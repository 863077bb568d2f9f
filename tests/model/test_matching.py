"""Matching finds where a latent's cells stand in the photo's own."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from fvae_studio.model.config import matching_moves
from fvae_studio.model.flow_vae import FlowVae
from fvae_studio.model.matching import Matching, mean_squared_differences
from tests.helpers.tiny_model import TINY_CONFIG

SIDE = 12


@pytest.fixture
def own() -> Tensor:
    return torch.randn(1, 6, SIDE, SIDE, generator=torch.Generator().manual_seed(2))


def shifted(own: Tensor, x: int, y: int) -> Tensor:
    """What a photo shows whose every cell comes from (x, y) cells away in `own`."""
    return own.roll((-y, -x), dims=(2, 3))


def test_moves_are_all_cells_around_row_by_row() -> None:
    assert matching_moves(1) == [(-1, -1), (0, -1), (1, -1), (-1, 0), (0, 0), (1, 0), (-1, 1), (0, 1), (1, 1)]


def test_differences_are_those_of_the_cells(own: Tensor) -> None:
    target = torch.randn(2, 6, SIDE, SIDE)

    found = mean_squared_differences(target, own, 2)

    assert found.shape == (2, 25, SIDE, SIDE)
    for number, (x, y) in enumerate(matching_moves(2)):
        wanted = (target[:, :, 5, 6] - own[:, :, 5 + y, 6 + x]).square().mean(dim=1)
        torch.testing.assert_close(found[:, number, 5, 6], wanted, atol=1e-5, rtol=1e-4)
    corner = (target[:, :, 0, 0] - own[:, :, 0, 0]).square().mean(dim=1)
    torch.testing.assert_close(found[:, 0, 0, 0], corner, atol=1e-5, rtol=1e-4)  # beyond the border: the border


@pytest.mark.parametrize(("x", "y"), [(0, 0), (2, 0), (-1, 1), (0, -2)])
@torch.inference_mode()
def test_a_shifted_grid_is_found_where_it_came_from(own: Tensor, x: int, y: int) -> None:
    matching = Matching(channels=4, radius=2)
    matching.log_sharpness.fill_(4.0)
    matching.doubt.fill_(-9.0)

    found = matching.log_shares(shifted(own, x, y), own).exp()

    assert found.shape == (1, 25 + 1, SIDE, SIDE)
    assert found[:, matching_moves(2).index((x, y)), 3:-3, 3:-3].min() > 0.98


@torch.inference_mode()
def test_what_the_photo_does_not_have_matches_nothing(own: Tensor) -> None:
    matching = Matching(channels=4, radius=1)

    alike, other = (matching.log_shares(target, own).exp() for target in (own, own + 4.0))

    assert alike[:, :-1].sum(dim=1).min() > 0.8
    assert other[:, :-1].sum(dim=1).max() < 1e-3
    torch.testing.assert_close(alike.sum(dim=1), torch.ones(1, SIDE, SIDE), atol=1e-5, rtol=0)


def test_what_is_found_reaches_the_flow_after_a_step() -> None:
    config = replace(TINY_CONFIG, detail_channels=(3,), matching_radius=(1,))
    torch.manual_seed(5)
    vae = FlowVae(config)
    source, target = torch.rand(2, 2, 3, 128, 128) * 2 - 1
    vae(source, target).flow.square().sum().backward()

    (matching,) = vae.decoder.matchings
    assert isinstance(matching, Matching)
    assert matching.adding.weight.grad is not None
    assert matching.adding.weight.grad.abs().max() > 0
