"""Tracking finds where a latent's descriptors stand in the photo's own."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from fvae_studio.model.flow_vae import FlowVae
from fvae_studio.model.tracking import Tracking, slopes, without_light
from fvae_studio.model.warp import warp
from tests.helpers.tiny_model import TINY_CONFIG

SIDE = 16
CONFIG = replace(TINY_CONFIG, detail_channels=(3, 2), tracking_channels=4)


@pytest.fixture
def own() -> Tensor:
    """Waves of several lengths and directions, none shorter than 6 cells."""
    y, x = torch.meshgrid(torch.arange(SIDE).float(), torch.arange(SIDE).float(), indexing="ij")
    waves = [(1 / 6, 0.0), (0.0, 1 / 7), (1 / 9, 1 / 11), (1 / 12, -1 / 10)]
    return torch.stack([torch.sin(6.283 * (a * x + b * y)) for a, b in waves])[None]


@pytest.fixture
def tracking() -> Tracking:
    made = Tracking(cell_px=4.0)
    made.log_doubt.data.fill_(-7.0)
    return made


@pytest.mark.parametrize("cells", [(0.3, 0.0), (-0.8, 0.5), (1.2, -0.9)])
@torch.inference_mode()
def test_what_moved_is_found_where_it_came_from(tracking: Tracking, own: Tensor, cells: tuple[float, float]) -> None:
    moved = torch.tensor(cells)[None, :, None, None].expand(1, 2, SIDE, SIDE)

    half, found = tracking([warp(own, moved)], [own])

    assert half.shape == (1, 2, SIDE // 2, SIDE // 2)
    inner = found[..., 4:-4, 4:-4] / 4.0
    torch.testing.assert_close(inner, moved[..., 4:-4, 4:-4], atol=0.15, rtol=0)
    # The first step, on half of the grid, points the same way.
    assert ((half[..., 2:-2, 2:-2] / 4.0 - moved[..., :4, :4]).norm(dim=1) < moved[..., :4, :4].norm(dim=1)).all()


@torch.inference_mode()
def test_a_finer_grid_mends_what_the_coarser_one_missed(own: Tensor) -> None:
    tracking = Tracking(cell_px=4.0, num_grids=2)
    for log_doubt in tracking.parameters():
        log_doubt.data.fill_(-7.0)
    moved = torch.tensor((0.8, -0.6))[None, :, None, None]
    # What the coarser descriptors show is everywhere the same.
    flat = torch.zeros_like(own[..., ::2, ::2])

    half, found, finer = tracking([flat, warp(own, moved.expand(1, 2, SIDE, SIDE))], [flat, own])

    assert not half.any()
    assert not found.any()
    torch.testing.assert_close(
        finer[..., 4:-4, 4:-4] / 2.0, moved.expand(1, 2, SIDE, SIDE)[..., 4:-4, 4:-4], atol=0.15, rtol=0
    )


@pytest.fixture
def contrast() -> Tensor:
    """Waves of 5 to 11 cells, as freckles, lashes and folds make them."""
    generator = torch.Generator().manual_seed(4)
    y, x = torch.meshgrid(torch.arange(4 * SIDE).float(), torch.arange(4 * SIDE).float(), indexing="ij")
    lengths = torch.rand(24, generator=generator) * 6 + 5
    angles, phases = (torch.rand(24, generator=generator) * 6.283 for _ in range(2))
    shares = [
        torch.sin(6.283 / length * (angle.cos() * x + angle.sin() * y) + phase)
        for length, angle, phase in zip(lengths, angles, phases, strict=True)
    ]
    return torch.stack(shares).mean(0)[None, None] * 3


def found_by_contrast(target: Tensor, own: Tensor, *, light: float) -> Tensor:
    """The third grid's motion in cells, where the others show nothing."""
    tracking = Tracking(cell_px=4.0, num_grids=3, light=light).requires_grad_(requires_grad=False)
    flat = [torch.zeros(1, 2, SIDE, SIDE), torch.zeros(1, 1, 2 * SIDE, 2 * SIDE)]
    return tracking([*flat, target], [*flat, own])[-1]


def test_a_shadow_on_one_of_two_photos_is_hardly_taken_for_motion(contrast: Tensor) -> None:
    side = contrast.shape[-1]
    shadow = torch.sigmoid((torch.arange(side).float() - side / 2) / 2)[None, None, None].expand_as(contrast)

    plain, told = (found_by_contrast(contrast - shadow, contrast, light=light).norm(dim=1).mean() for light in (0, 0.2))

    assert plain > 0.5
    assert told < 0.4 * plain


def test_what_moved_is_found_though_light_is_told_from_it(contrast: Tensor) -> None:
    moved = torch.tensor((0.7, -0.5))[None, :, None, None].expand(1, 2, *contrast.shape[2:])

    found = found_by_contrast(warp(contrast, moved), contrast, light=0.2)

    error = (found - moved)[..., 4:-4, 4:-4].norm(dim=1)
    assert error.mean() < 0.35 * moved.norm(dim=1).mean()


def test_small_averages_count_as_motion_and_large_ones_as_light() -> None:
    even = torch.ones(1, 1, 9, 9)

    for amount, kept in ((0.01, 0.01), (0.2, 0.1), (20.0, 0.0)):
        left = without_light(even * amount, 0.2)
        # Beyond the border lies nothing, and counts.
        assert left[0, 0, 4, 4] == pytest.approx(kept, abs=0.003)


@torch.inference_mode()
def test_a_photo_is_found_in_itself_where_it_is(tracking: Tracking, own: Tensor) -> None:
    for found in tracking([own.expand(3, -1, -1, -1)], [own]):
        assert not found.any()


@torch.inference_mode()
def test_where_descriptors_are_flat_nothing_moves(tracking: Tracking, own: Tensor) -> None:
    flat = torch.zeros_like(own)

    assert not any(found.any() for found in tracking([own], [flat]))


@torch.inference_mode()
def test_slopes_are_those_between_neighbours() -> None:
    grid = torch.tensor([[[[0.0, 1.0, 4.0], [0.0, 1.0, 4.0], [6.0, 7.0, 10.0]]]])

    by_x, by_y = slopes(grid)

    assert by_x[0, 0, 0].tolist() == [0.5, 2.0, 1.5]
    assert by_y[0, 0, :, 1].tolist() == [0.0, 3.0, 3.0]


@torch.inference_mode()
def test_a_latent_that_differs_elsewhere_moves_nothing() -> None:
    torch.manual_seed(5)
    vae = FlowVae(CONFIG).eval()
    own, _ = vae.encode(torch.rand(1, 3, 128, 128) * 2 - 1)
    edited = own.clone()
    edited[:, : CONFIG.tracked.start] += torch.randn(1, CONFIG.tracked.start, 4, 4)

    assert not vae.decoder.track(edited, own)[-1].any()
    assert vae.decoder.track(own + torch.randn_like(own), own)[-1].abs().max() > 0.1


def test_descriptors_lie_behind_the_finer_grids() -> None:
    channels, _, _ = CONFIG.latent_shape

    assert CONFIG.tracked == slice(4 + 4 * 3 + 16 * 2, channels)
    assert channels - CONFIG.tracked.start == 16 * 4
    assert CONFIG.tracking_size == 16
    assert TINY_CONFIG.tracked == slice(4, 4)
    assert TINY_CONFIG.descriptors == ()

    finer = replace(CONFIG, fine_tracking_channels=2)
    assert finer.descriptors == (CONFIG.tracked, slice(channels, channels + 64 * 2))
    assert finer.tracked == slice(CONFIG.tracked.start, finer.latent_shape[0])

    finest = replace(finer, tracks_contrast=True)
    assert finest.descriptors == (*finer.descriptors, slice(finer.tracked.stop, finer.tracked.stop + 256))
    assert finest.tracked == slice(CONFIG.tracked.start, finest.latent_shape[0])


def test_cells_are_told_apart_where_descriptors_lie_on_the_flows_own_grid() -> None:
    grids = {"tracking_channels": 2, "fine_tracking_channels": 2, "tracks_contrast": True}
    apart = replace(TINY_CONFIG, detail_channels=(3, 2, 2), **grids)

    assert apart.flow_size == 4 * apart.tracking_size
    assert apart.tells_cells_apart
    for change in ({"tracks_contrast": False}, {"detail_channels": (3, 2)}, {"head": "same"}):
        assert not replace(apart, **change).tells_cells_apart
    # There the one cell that a layer's cell has is the flow's own.
    plain = replace(TINY_CONFIG, detail_channels=(3, 2), head="same", stem_stride=1, **grids)
    assert plain.flow_size == 4 * plain.tracking_size
    assert not plain.tells_cells_apart


def test_what_is_found_reaches_every_layer_of_the_decoder() -> None:
    torch.manual_seed(5)
    vae = FlowVae(CONFIG)
    source, target = torch.rand(2, 2, 3, 128, 128) * 2 - 1
    vae(source, target).flow.square().sum().backward()

    layers = [block[0] for block in vae.decoder.blocks] + [vae.decoder.head]
    for layer in layers:
        assert layer.weight.grad is not None
        # The last two columns are the motion's.
        assert layer.weight.grad[:, -2:].abs().max() > 0
    assert vae.descriptors.to_mean.weight.grad is not None
    assert vae.descriptors.to_mean.weight.grad.abs().max() > 0
