from __future__ import annotations

import numpy as np
import pytest
import torch

from fvae_studio.core.progress import CancelToken, NoProgress
from fvae_studio.errors import Cancelled
from fvae_studio.model.preprocess import to_tensor
from fvae_studio.model.warp import warp
from tests.helpers.fake_faces import make_photo
from trainer.baselines.dis import dis_flow
from trainer.baselines.oracle import OracleSettings, oracle_flow

SIZE = 64
QUICK = OracleSettings(num_steps=(40, 40, 40))


def pictures(count: int = 1, *, seed: int = 0) -> torch.Tensor:
    """(B, 3, S, S) in [-1, 1] with texture everywhere."""
    crops = []
    for number in range(count):
        noise = np.random.default_rng(seed + number).integers(0, 60, (SIZE, SIZE, 3))
        crops.append(np.clip(make_photo(SIZE, SIZE, seed=seed + number).pixels + noise, 0, 255).astype(np.uint8))
    return to_tensor(crops)


def bulge(longest_px: float = 3.0) -> torch.Tensor:
    """(1, 2, S, S): a smooth flow that is zero at the border."""
    wave = torch.sin(torch.linspace(0, np.pi, SIZE))
    bump = wave[:, None] * wave[None, :]
    return torch.stack([longest_px * bump, -0.5 * longest_px * bump])[None]


def mean_square(difference: torch.Tensor) -> float:
    return float(difference.square().mean())


def test_dis_finds_a_backward_shift():
    photo = make_photo(160, 160, seed=3).pixels
    source, target = photo[10:138, 10:138], photo[12:140, 13:141]  # target(p) = source(p + (3, 2))

    flow = dis_flow(source, target)
    np.testing.assert_allclose(np.median(flow[16:-16, 16:-16], axis=(0, 1)), [3, 2], atol=0.15)


def test_dis_of_equal_pictures_moves_nothing():
    photo = make_photo(128, 128).pixels

    assert np.abs(dis_flow(photo, photo)).max() < 1e-3


def test_oracle_reproduces_a_warped_picture():
    source = pictures()
    target = warp(source, bulge())

    warped = warp(source, oracle_flow(source, target, settings=QUICK))
    assert mean_square(warped - target) < 0.05 * mean_square(source - target)


def test_oracle_finds_the_flow_that_made_the_target():
    source = pictures()
    found = oracle_flow(source, warp(source, bulge()), settings=QUICK)

    inner = (slice(None), slice(None), slice(8, -8), slice(8, -8))
    error = (found - bulge())[inner].norm(dim=1).mean()
    assert error < 0.2 * bulge()[inner].norm(dim=1).mean()


def test_oracle_of_equal_pictures_is_the_identity():
    source = pictures()

    assert not oracle_flow(source, source, settings=QUICK).any()


def test_oracle_of_a_pair_does_not_depend_on_its_neighbours():
    source = pictures(2)
    target = warp(source, bulge().repeat(2, 1, 1, 1))
    target[1] = target[1].flip(-1)
    settings = OracleSettings(num_steps=(8, 8, 8))

    together = oracle_flow(source, target, settings=settings)
    alone = oracle_flow(source[:1], target[:1], settings=settings)
    torch.testing.assert_close(together[:1], alone, atol=1e-3, rtol=0)


def test_more_coherence_gives_a_smoother_flow():
    source, target = pictures(seed=0), pictures(seed=5)
    rough, smooth = (
        oracle_flow(source, target, settings=OracleSettings(num_steps=(20, 20, 20), coherence_weight=weight))
        for weight in (0.0, 1.0)
    )

    assert smooth.diff(dim=-1).square().mean() < 0.2 * rough.diff(dim=-1).square().mean()


def test_oracle_can_be_cancelled():
    token = CancelToken()
    token.cancel()

    with pytest.raises(Cancelled):
        oracle_flow(pictures(), pictures(), progress=NoProgress(token))
