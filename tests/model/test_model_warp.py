"""The differentiable warp: Eq. 5 to the letter, its gradient, and its agreement with OpenCV."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from fvae_studio.core._cv2 import cv2
from fvae_studio.model.warp import identity_grid, resize_flow, warp


def equation_5(source: NDArray[np.float64], flow: NDArray[np.float64]) -> NDArray[np.float64]:
    """g_j = sum over the four neighbours k of F(j) of S_k (1 - |F_x - x_k|)(1 - |F_y - y_k|); F clamped."""
    channels, height, width = source.shape
    out = np.zeros_like(source)
    for y in range(height):
        for x in range(width):
            fx = min(max(x + flow[0, y, x], 0.0), width - 1.0)
            fy = min(max(y + flow[1, y, x], 0.0), height - 1.0)
            for yk in (int(np.floor(fy)), int(np.floor(fy)) + 1):
                for xk in (int(np.floor(fx)), int(np.floor(fx)) + 1):
                    weight = (1 - abs(fx - xk)) * (1 - abs(fy - yk))
                    if weight > 0:
                        for channel in range(channels):
                            out[channel, y, x] += source[channel, yk, xk] * weight
    return out


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(11)


def test_the_flow_that_moves_nothing_returns_the_source(generator: torch.Generator) -> None:
    source = torch.randn(2, 3, 32, 24, generator=generator)

    # Normalised coordinates round in float32: up to some 1e-5 px.
    torch.testing.assert_close(warp(source, torch.zeros(2, 2, 32, 24)), source, rtol=0, atol=1e-4)


def test_a_whole_pixel_flow_is_backward_and_replicates_the_border(generator: torch.Generator) -> None:
    source = torch.randn(1, 1, 8, 8, generator=generator)
    flow = torch.zeros(1, 2, 8, 8)
    flow[:, 0], flow[:, 1] = 2, -1
    expected = source[:, :, [0, 0, 1, 2, 3, 4, 5, 6]][..., [2, 3, 4, 5, 6, 7, 7, 7]]

    torch.testing.assert_close(warp(source, flow), expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("size", [(9, 7), (16, 16)])
def test_warp_equals_equation_5(generator: torch.Generator, size: tuple[int, int]) -> None:
    source = torch.randn(1, 3, *size, generator=generator, dtype=torch.float64)
    # Up to three pixels, so that many positions lie beyond the border.
    flow = torch.randn(1, 2, *size, generator=generator, dtype=torch.float64) * 3
    expected = equation_5(source[0].numpy(), flow[0].numpy())

    np.testing.assert_allclose(warp(source, flow)[0].numpy(), expected, rtol=0, atol=1e-9)
    np.testing.assert_allclose(warp(source.float(), flow.float())[0].numpy(), expected, rtol=0, atol=1e-4)


def test_warp_gradient_is_the_derivative(generator: torch.Generator) -> None:
    source = torch.randn(1, 2, 6, 5, generator=generator, dtype=torch.float64, requires_grad=True)
    # Fractions stay in (0.2, 0.8): bilinear sampling has kinks at whole pixels.
    fraction = 0.2 + 0.6 * torch.rand(1, 2, 6, 5, generator=generator, dtype=torch.float64)
    flow = (fraction - 1).requires_grad_()

    assert torch.autograd.gradcheck(warp, (source, flow))


def test_warp_agrees_with_opencv_on_random_flows(generator: torch.Generator) -> None:
    noise = torch.randn(1, 3, 16, 16, generator=generator)
    source = torch.nn.functional.interpolate(noise, size=(128, 128), mode="bicubic")
    coarse = torch.randn(1, 2, 8, 8, generator=generator) * 5
    flow = torch.nn.functional.interpolate(coarse, size=(128, 128), mode="bicubic")
    grid_y, grid_x = np.mgrid[:128, :128].astype(np.float32)
    pixels = source[0].permute(1, 2, 0).contiguous().numpy()

    def remap(shift: float) -> NDArray[np.float32]:
        map_x, map_y = grid_x + flow[0, 0].numpy() + np.float32(shift), grid_y + flow[0, 1].numpy()
        return cv2.remap(pixels, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    warped = warp(source, flow)[0].permute(1, 2, 0).numpy()
    # remap rounds positions to 1/32 px: at most 1/64 px in x and in y, times the steepest slope of this picture.
    slope_x, slope_y = (float(np.abs(np.diff(pixels, axis=axis)).max()) for axis in (1, 0))
    tolerance = (slope_x + slope_y) / 64 + 1e-5

    np.testing.assert_allclose(warped, remap(0.0), rtol=0, atol=tolerance)
    # The tolerance is tight enough to catch another convention of pixel centres, half a pixel away.
    assert np.abs(warped - remap(0.5)).max() > 5 * tolerance


def test_a_coarse_flow_keeps_its_length_in_crop_pixels(generator: torch.Generator) -> None:
    source = torch.randn(1, 3, 32, 32, generator=generator)
    coarse, fine = torch.full((1, 2, 8, 8), 1.25), torch.full((1, 2, 32, 32), 1.25)

    assert torch.equal(resize_flow(coarse, 32), fine)
    torch.testing.assert_close(warp(source, coarse), warp(source, fine))


def test_identity_grid_holds_pixel_centres() -> None:
    grid: Tensor = identity_grid(2, 4)

    # Two rows have their centres at -0.5 and 0.5, four columns at -0.75, -0.25, 0.25, 0.75.
    torch.testing.assert_close(grid[0, :, 0, 1], torch.tensor([-0.5, 0.5]))
    torch.testing.assert_close(grid[0, 0, :, 0], torch.tensor([-0.75, -0.25, 0.25, 0.75]))
