"""What of a photo's light is left in its contrast, and what is not."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from fvae_studio.model.contrast import local_contrast


@pytest.fixture
def photo() -> Tensor:
    """(1, 3, 128, 128) in [-0.6, 0.6]: waves of several lengths."""
    y, x = torch.meshgrid(torch.arange(128.0), torch.arange(128.0), indexing="ij")
    grey = torch.sin(x / 3) + torch.sin(y / 5 + x / 9) + torch.sin(x / 17 - y / 11)
    return (0.2 * grey).expand(1, 3, -1, -1)


@pytest.mark.parametrize("side", [128, 64])
def test_contrast_is_a_number_a_cell_of_either_sign(photo: Tensor, side: int) -> None:
    found = local_contrast(photo, side=side)

    assert found.shape == (1, 1, side, side)
    assert 0.5 < found.std() < 1.5
    assert found.mean().abs() < 0.1
    assert found.abs().max() < 4


def test_light_that_falls_off_across_the_face_hardly_changes_it(photo: Tensor) -> None:
    slope = torch.linspace(-0.3, 0.3, 128)
    lit = photo * 0.8 + slope

    before, after = (local_contrast(image, side=128) for image in (photo, lit))

    assert (photo - lit).std() > 0.15
    inner = (slice(None), slice(None), slice(20, -20), slice(20, -20))
    assert (before - after)[inner].abs().mean() < 0.1 * before[inner].abs().mean()


def test_noise_where_a_photo_shows_nothing_is_no_contrast() -> None:
    noise = 0.01 * torch.randn(1, 3, 128, 128, generator=torch.Generator().manual_seed(1))

    assert local_contrast(noise + 0.5, side=128).abs().max() < 0.3


def test_contrast_moves_with_the_photo(photo: Tensor) -> None:
    moved = photo.roll((3, -5), dims=(2, 3))

    found, wanted = local_contrast(moved, side=128), local_contrast(photo, side=128).roll((3, -5), dims=(2, 3))

    inner = (slice(None), slice(None), slice(30, -30), slice(30, -30))
    assert (found - wanted)[inner].abs().mean() < 0.1 * wanted[inner].abs().mean()
