"""Each loss against a computation that shares no code with it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from fvae_studio.model.config import matching_moves
from trainer.losses import (
    confidence_labels,
    confidence_loss,
    end_point_loss,
    flow_coherence_loss,
    flow_gradient_loss,
    kl_loss,
    matching_loss,
    reconstruction_loss,
    tracking_loss,
)


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(7)


def naive_coherence(flow: Tensor, target: Tensor, *, alpha: float, radius: int) -> float:
    """Eq. 6, letter by letter, over the images of a batch."""
    total = 0.0
    batch, _, height, width = flow.shape
    for b in range(batch):
        for y in range(height):
            for x in range(width):
                for v in range(max(0, y - radius), min(height, y + radius + 1)):
                    for u in range(max(0, x - radius), min(width, x + radius + 1)):
                        flow_term = float(((flow[b, :, y, x] - flow[b, :, v, u]) ** 2).sum())
                        colour_term = float(((target[b, :, y, x] - target[b, :, v, u]) ** 2).sum())
                        total += flow_term * math.exp(-(alpha * colour_term + (y - v) ** 2 + (x - u) ** 2))
    return total / batch


def test_reconstruction_is_the_sum_of_squares_per_sample(generator: torch.Generator) -> None:
    warped, target = torch.randn(2, 3, 5, 4, generator=generator), torch.randn(2, 3, 5, 4, generator=generator)
    weight = torch.rand(2, 1, 5, 4, generator=generator)
    squares = (warped.double().numpy() - target.double().numpy()) ** 2

    assert reconstruction_loss(warped, target).item() == pytest.approx(squares.sum() / 2, rel=1e-5)
    assert reconstruction_loss(warped, target, weight).item() == pytest.approx(
        (squares * weight.double().numpy()).sum() / 2, rel=1e-5
    )


def test_kl_equals_torch_distributions(generator: torch.Generator) -> None:
    mean, log_var = torch.randn(3, 4, 2, 2, generator=generator), torch.randn(3, 4, 2, 2, generator=generator)
    expected = kl_divergence(Normal(mean, torch.exp(log_var).sqrt()), Normal(0.0, 1.0)).sum() / 3

    assert kl_loss(mean, log_var).item() == pytest.approx(expected.item(), rel=1e-5)
    assert kl_loss(mean, log_var, half=False).item() == pytest.approx(2 * expected.item(), rel=1e-5)


def test_kl_is_zero_at_the_prior_and_only_there() -> None:
    zero = torch.zeros(1, 2, 2, 2)

    assert kl_loss(zero, zero).item() == 0
    assert kl_loss(zero + 0.1, zero).item() > 0
    assert kl_loss(zero, zero + 0.1).item() > 0
    assert kl_loss(zero, zero - 0.1).item() > 0


@pytest.mark.parametrize(
    ("alpha", "radius", "size"), [(0.0, 3, (9, 8)), (2.5, 3, (9, 8)), (1.0, 1, (5, 5)), (1.0, 3, (3, 2))]
)
def test_coherence_equals_the_naive_double_sum(
    generator: torch.Generator, alpha: float, radius: int, size: tuple[int, int]
) -> None:
    flow = torch.randn(2, 2, *size, generator=generator)
    target = torch.rand(2, 3, *size, generator=generator) * 2 - 1
    expected = naive_coherence(flow.double(), target.double(), alpha=alpha, radius=radius)

    assert flow_coherence_loss(flow, target, alpha, radius).item() == pytest.approx(expected, rel=1e-5)


def test_coherence_of_a_uniform_flow_is_zero(generator: torch.Generator) -> None:
    flow = torch.full((1, 2, 12, 12), 3.7)

    assert flow_coherence_loss(flow, torch.rand(1, 3, 12, 12, generator=generator), 1.0).item() == 0


def test_coherence_couples_less_across_a_colour_edge() -> None:
    flow = torch.zeros(1, 2, 8, 8)
    flow[..., 4:] = 1
    flat, edge = torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 8)
    edge[..., 4:] = 1

    assert flow_coherence_loss(flow, edge, 5.0) < 1e-5 * flow_coherence_loss(flow, flat, 5.0)


def test_coherence_gradient_is_the_derivative(generator: torch.Generator) -> None:
    flow = torch.randn(2, 2, 5, 6, generator=generator, dtype=torch.float64, requires_grad=True)
    target = torch.rand(2, 3, 5, 6, generator=generator, dtype=torch.float64)

    assert torch.autograd.gradcheck(lambda field: flow_coherence_loss(field, target, 1.5), (flow,))


def test_coherence_is_the_same_whatever_the_batch_is_cut_into(generator: torch.Generator) -> None:
    flow, target = torch.randn(11, 2, 6, 6, generator=generator), torch.rand(11, 3, 6, 6, generator=generator)
    one_by_one = [flow_coherence_loss(flow[i : i + 1], target[i : i + 1], 1.0).item() for i in range(11)]

    assert flow_coherence_loss(flow, target, 1.0).item() == pytest.approx(sum(one_by_one) / 11, rel=1e-5)


def test_coherence_refuses_two_grids() -> None:
    with pytest.raises(ValueError, match="same grid"):
        flow_coherence_loss(torch.zeros(1, 2, 4, 4), torch.zeros(1, 3, 8, 8), 1.0)


def test_confidence_labels_follow_equation_7(generator: torch.Generator) -> None:
    target, warped = torch.randn(2, 3, 4, 5, generator=generator), torch.randn(2, 3, 4, 5, generator=generator)
    warped[0] = target[0]
    squared = ((target.double().numpy() - warped.double().numpy()) ** 2).sum(axis=1, keepdims=True)
    labels = confidence_labels(target.requires_grad_(), warped, 0.8)

    # float32 against float64.
    np.testing.assert_allclose(labels.numpy(), np.exp(-squared / 0.8), rtol=1e-5)
    assert (labels[0] == 1).all()
    assert not labels.requires_grad


def test_confidence_loss_follows_equation_8(generator: torch.Generator) -> None:
    logits, labels = torch.randn(2, 1, 4, 5, generator=generator), torch.rand(2, 1, 4, 5, generator=generator)
    weight = torch.rand(2, 1, 4, 5, generator=generator)
    mask, y = 1 / (1 + np.exp(-logits.double().numpy())), labels.double().numpy()
    terms = -(y * np.log(mask) + (1 - y) * np.log(1 - mask))

    assert confidence_loss(logits, labels).item() == pytest.approx(terms.sum() / 2, rel=1e-5)
    assert confidence_loss(logits, labels, weight).item() == pytest.approx(
        (terms * weight.double().numpy()).sum() / 2, rel=1e-5
    )


def test_confidence_loss_is_finite_for_extreme_logits() -> None:
    logits = torch.tensor([200.0, -200.0]).reshape(1, 1, 1, 2).requires_grad_()
    loss = confidence_loss(logits, torch.tensor([0.0, 1.0]).reshape(1, 1, 1, 2))
    loss.backward()

    assert loss.item() == pytest.approx(400)
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


def test_end_point_loss_is_the_mean_distance_in_pixels() -> None:
    flow, true_flow = torch.zeros(1, 2, 2, 2), torch.zeros(1, 2, 2, 2)
    true_flow[0, :, 0, 0] = torch.tensor([3.0, -4.0])
    weight = torch.tensor([[1.0, 0.0], [0.0, 1.0]]).reshape(1, 1, 2, 2)

    # The Charbonnier rounding of 0.01 px is the tolerance.
    assert end_point_loss(flow, true_flow).item() == pytest.approx(5 / 4, abs=0.01)
    assert end_point_loss(flow, true_flow, weight).item() == pytest.approx(5 / 2, abs=0.01)
    assert end_point_loss(true_flow, true_flow).item() == 0
    assert end_point_loss(flow, true_flow, weight * 0).item() == 0


def test_end_point_gradient_is_finite_where_the_flows_agree(generator: torch.Generator) -> None:
    true_flow = torch.randn(2, 2, 3, 3, generator=generator, dtype=torch.float64)
    flow = true_flow.clone().requires_grad_()
    end_point_loss(flow, true_flow).backward()
    other = torch.randn(2, 2, 3, 3, generator=generator, dtype=torch.float64, requires_grad=True)

    assert flow.grad is not None
    assert (flow.grad == 0).all()
    assert torch.autograd.gradcheck(lambda field: end_point_loss(field, true_flow), (other,))


def test_losses_compute_in_float32_under_bfloat16_autocast(generator: torch.Generator) -> None:
    flow = torch.randn(2, 2, 16, 16, generator=generator).bfloat16().requires_grad_()
    image, other = (torch.rand(2, 3, 16, 16, generator=generator).bfloat16() for _ in range(2))
    plane = torch.rand(2, 1, 16, 16, generator=generator).bfloat16()

    def all_losses(cast: torch.dtype) -> list[Tensor]:
        f, a, b, p = flow.to(cast), image.to(cast), other.to(cast), plane.to(cast)
        return [
            reconstruction_loss(a, b, p),
            kl_loss(a, b),
            flow_coherence_loss(f, a, 1.0),
            confidence_loss(p, confidence_labels(a, b, 0.1)),
            end_point_loss(f, f * 0, p),
        ]

    with torch.autocast("cpu", torch.bfloat16):
        losses = all_losses(torch.bfloat16)
        losses[2].backward()

    assert all(loss.dtype == torch.float32 for loss in losses)
    assert flow.grad is not None
    assert torch.isfinite(flow.grad).all()
    # The inputs hold bfloat16 values; computed with them in float32, nothing more may be lost.
    for low, high in zip(losses, all_losses(torch.float32), strict=True):
        assert low.item() == pytest.approx(high.item(), rel=1e-5)


def test_gradient_loss_is_the_weighted_mean_distance_of_neighbours_differences(generator: torch.Generator) -> None:
    flow, truth = torch.randn(2, 2, 5, 4, generator=generator), torch.randn(2, 2, 5, 4, generator=generator)
    weight = torch.rand(2, 1, 5, 4, generator=generator)
    error, factor = (flow - truth).double().numpy(), weight.double().numpy()
    expected = 0.0
    for dy, dx in ((1, 0), (0, 1)):
        total, weights = 0.0, 0.0
        for b in range(2):
            for y in range(5 - dy):
                for x in range(4 - dx):
                    step = error[b, :, y + dy, x + dx] - error[b, :, y, x]
                    pair = min(factor[b, 0, y + dy, x + dx], factor[b, 0, y, x])
                    total += pair * (math.sqrt((step**2).sum() + 1e-4) - 1e-2)
                    weights += pair
        expected += total / weights

    assert flow_gradient_loss(flow, truth, weight).item() == pytest.approx(expected, rel=1e-5)


def test_gradient_loss_sees_differences_only() -> None:
    def profile(values: list[float]) -> Tensor:
        return torch.tensor(values)[None, None, :, None].expand(1, 2, 8, 3)

    truth = profile([0, 0, 0, 0, -4, -4, -4, -4])
    slope = profile([0, 0, -0.8, -1.6, -2.4, -3.2, -4, -4])
    weight = torch.ones(1, 1, 8, 3)

    assert flow_gradient_loss(truth, truth, weight).item() == pytest.approx(0, abs=1e-6)
    assert flow_gradient_loss(slope, truth, weight) > 0.1
    assert flow_gradient_loss(slope + 3, truth, weight) == pytest.approx(
        flow_gradient_loss(slope, truth, weight).item(), rel=1e-4
    )


def test_gradient_loss_without_weight_is_zero() -> None:
    assert flow_gradient_loss(torch.ones(1, 2, 4, 4), torch.zeros(1, 2, 4, 4), torch.zeros(1, 1, 4, 4)).item() == 0


def shares_at(moves: list[tuple[int, int, float]], *, radius: int, side: int = 4) -> torch.Tensor:
    """Logarithms of shares that are the same in every cell; what is left over matches nothing."""
    shares = torch.full((1, (2 * radius + 1) ** 2 + 1, side, side), 1e-6)
    for x, y, share in moves:
        shares[:, matching_moves(radius).index((x, y))] = share
    shares[:, -1] = max(1 - sum(share for *_, share in moves), 1e-6)
    return shares.log()


def matching_loss_of(shares: torch.Tensor, flow: tuple[float, float], *, visible: float = 1.0, known: bool = True):
    field = torch.tensor(flow)[None, :, None, None].expand(1, 2, 32, 32)
    return matching_loss([shares], field, torch.full((1, 1, 32, 32), visible), torch.tensor([known])).item()


def test_matching_loss_is_least_where_the_flow_comes_from() -> None:
    # Cells of 8 pixels: 4 pixels to the right is half way between the cell and its right neighbour.
    there = shares_at([(0, 0, 0.5), (1, 0, 0.5)], radius=1)

    assert matching_loss_of(there, (4.0, 0.0)) == pytest.approx(math.log(2), abs=1e-3)
    assert matching_loss_of(there, (0.0, 0.0)) == pytest.approx(math.log(2), abs=1e-3)
    for other in ([(0, 0, 1.0)], [(-1, 0, 0.5), (0, 0, 0.5)], [(0, 1, 1.0)], []):
        assert matching_loss_of(shares_at(other, radius=1), (4.0, 0.0)) > 2


def test_matching_loss_wants_no_match_of_what_is_hidden_or_too_far() -> None:
    nothing, here = shares_at([], radius=1), shares_at([(0, 0, 1.0)], radius=1)

    for flow, visible in (((0.0, 0.0), 0.0), ((17.0, 0.0), 1.0)):
        assert matching_loss_of(nothing, flow, visible=visible) == pytest.approx(0, abs=1e-3)
        assert matching_loss_of(here, flow, visible=visible) > 5


def test_matching_loss_does_not_count_pairs_without_a_flow() -> None:
    assert matching_loss_of(shares_at([], radius=1), (0.0, 0.0), known=False) == 0


def tracking_loss_of(found: tuple[float, float], *, visible: float = 1.0) -> float:
    grids = [torch.tensor(found)[None, :, None, None].expand(1, 2, side, side) for side in (4, 8)]
    flow = torch.tensor([3.0, -1.0])[None, :, None, None].expand(1, 2, 32, 32)
    return tracking_loss(grids, flow, torch.full((1, 1, 32, 32), visible)).item()


def test_tracking_loss_is_the_distance_from_the_flow_in_pixels() -> None:
    assert tracking_loss_of((3.0, -1.0)) == pytest.approx(0, abs=1e-3)
    assert tracking_loss_of((3.0, 1.0)) == pytest.approx(2, abs=0.02)


def test_tracking_loss_does_not_count_what_is_hidden() -> None:
    assert tracking_loss_of((0.0, 0.0), visible=0.4) == 0
