from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fvae_studio.model.warp import warp
from tests.trainer.pairs import CODE_NAMES, make_batch
from trainer.augment import drift, jitter, mirror, mirror_order, relight

ALL = torch.ones(6, dtype=torch.bool)


def psnr(a: torch.Tensor, b: torch.Tensor) -> float:
    inside = (..., slice(12, -12), slice(12, -12))
    return float(-10 * torch.log10(((a - b) / 2)[inside].square().mean()))


def test_mirroring_twice_is_the_identity():
    batch = make_batch()

    again = mirror(mirror(batch, ALL, CODE_NAMES), ALL, CODE_NAMES)

    for name, before in batch._asdict().items():
        assert torch.equal(getattr(again, name), before), name


def test_mirrored_flow_makes_the_mirrored_target():
    batch = make_batch()

    mirrored = mirror(batch, ALL, CODE_NAMES)

    assert torch.equal(mirrored.target, batch.target.flip(-1))
    torch.testing.assert_close(warp(mirrored.source, mirrored.flow), mirrored.target, atol=2e-5, rtol=0)
    assert psnr(warp(mirrored.source, -mirrored.flow), mirrored.target) < 45


def test_only_the_chosen_pairs_are_mirrored():
    batch = make_batch()
    chosen = torch.tensor([True, False] * 3)

    mirrored = mirror(batch, chosen, CODE_NAMES)

    for name in ("source", "target", "flow", "visible", "code"):
        assert torch.equal(getattr(mirrored, name)[1::2], getattr(batch, name)[1::2]), name
        assert not torch.equal(getattr(mirrored, name)[::2], getattr(batch, name)[::2]), name


def test_mirrored_code_swaps_sides_and_turns_the_other_way():
    code = {name: torch.zeros(len(CODE_NAMES)) for name in ("before", "after")}
    code["before"][CODE_NAMES.index("mouthSmile_L")] = 0.7
    code["before"][CODE_NAMES.index("jawRight")] = 0.2
    code["before"][CODE_NAMES.index("jawOpen")] = 0.5
    code["after"][CODE_NAMES.index("mouthSmile_R")] = 0.7
    code["after"][CODE_NAMES.index("jawLeft")] = 0.2
    code["after"][CODE_NAMES.index("jawOpen")] = 0.5
    for name, sign in (("yaw", -1), ("roll", -1), ("pitch", 1)):
        code["before"][CODE_NAMES.index(name)] = 0.3
        code["after"][CODE_NAMES.index(name)] = 0.3 * sign
    batch = make_batch(1)._replace(code=code["before"][None])

    assert torch.equal(mirror(batch, ALL[:1], CODE_NAMES).code[0], code["after"])


def test_mirror_order_is_its_own_inverse():
    order, _ = mirror_order(CODE_NAMES)

    assert [order[order[i]] for i in range(len(order))] == list(range(len(CODE_NAMES)))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_jittered_flow_still_makes_the_jittered_target(seed):
    batch = make_batch(4, seed=seed % 50)

    moved = jitter(batch, generator=torch.Generator().manual_seed(seed))

    # Two resamplings in another order, so not exact; the unwarped source is far away.
    fitted, unwarped = psnr(warp(moved.source, moved.flow), moved.target), psnr(moved.source, moved.target)
    assert fitted > 45
    assert fitted > unwarped + 8


def test_jitter_moves_and_keeps_what_it_should():
    batch = make_batch()

    moved = jitter(batch, generator=torch.Generator().manual_seed(0))

    assert not torch.equal(moved.source, batch.source)
    assert torch.equal(moved.code, batch.code)
    assert torch.equal(moved.is_real, batch.is_real)
    assert moved.visible.min() >= 0
    assert moved.visible.max() <= 1
    # A few percent of the crop: faces stay where a detector could have put them.
    assert (moved.flow.abs().amax() - batch.flow.abs().amax()).abs() < 1


def test_jitter_leaves_alone_the_pairs_that_are_not_its_share():
    batch = make_batch(40)._replace(is_real=torch.zeros(40, dtype=torch.bool))

    moved = jitter(batch, generator=torch.Generator().manual_seed(0), share=0.3)
    untouched = jitter(batch, generator=torch.Generator().manual_seed(0), share=0.0)

    changed = (moved.source != batch.source).flatten(1).any(dim=1)
    assert 5 <= int(changed.sum()) <= 19
    for before, after in zip(batch, moved, strict=True):
        assert torch.equal(after[~changed], before[~changed])
    assert all(torch.equal(after, before) for before, after in zip(batch, untouched, strict=True))


def test_jitter_has_a_share_of_its_own_for_real_pairs():
    batch = make_batch(40)
    batch = batch._replace(is_real=torch.arange(40) % 2 == 0)

    moved = jitter(batch, generator=torch.Generator().manual_seed(0), share=0.0, real_share=1.0)

    changed = (moved.source != batch.source).flatten(1).any(dim=1)
    assert torch.equal(changed, batch.is_real)


def test_jitter_keeps_a_flows_jumps():
    # A lid: above the line everything comes from 4.5 px higher, below it nothing moves.
    flow = torch.zeros(8, 2, 128, 128)
    flow[:, 1, :64] = -4.5
    batch = make_batch(8)._replace(flow=flow)

    moved = jitter(batch, generator=torch.Generator().manual_seed(2)).flow

    # Turned and resized a little, it is still one of the two, or within the jump that counts as a slope.
    length = moved[..., 8:-8, 8:-8].norm(dim=1)
    assert ((length < 0.4) | (length > 3.8)).all()
    steepest = (moved[:, 1, 1:] - moved[:, 1, :-1]).abs().amax(dim=1)
    assert (steepest[:, 8:-8] > 3.8).all()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_relit_images_stay_in_range(seed):
    images = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    images[0, 0, 0] = -1
    images[0, 0, 1] = 1

    lit = relight(images, generator=torch.Generator().manual_seed(seed))

    assert lit.shape == images.shape
    assert torch.isfinite(lit).all()
    assert lit.min() >= -1
    assert lit.max() <= 1


def test_relighting_is_smooth_and_keeps_the_order_of_brightness():
    ramp = torch.linspace(-0.9, 0.6, 64)[None, None, None, :].expand(1, 3, 64, 64)

    lit = relight(ramp, generator=torch.Generator().manual_seed(3))

    # Down a column only the shading changes, and slowly.
    assert lit.diff(dim=-2).abs().max() < 0.05
    assert (lit - ramp).abs().max() > 0.02


@pytest.mark.parametrize(("share", "fewest", "most"), [(0.0, 0.0, 0.0), (0.1, 0.03, 0.15), (0.5, 0.25, 0.6)])
def test_as_many_faces_lie_half_in_shadow_as_are_asked_for(share, fewest, most):
    flat = torch.zeros(300, 3, 32, 32)

    lit = relight(flat, generator=torch.Generator().manual_seed(1), shadow_share=share)

    # Without a shadow, neighbours differ by a soft shading's share at most.
    steps = torch.maximum(lit.diff(dim=-1).abs().amax((1, 2, 3)), lit.diff(dim=-2).abs().amax((1, 2, 3)))
    assert fewest <= (steps > 0.04).float().mean() <= most
    assert lit.min() > -1


@pytest.mark.parametrize("change", [jitter, lambda batch, generator: relight(batch.source, generator=generator)])
def test_same_seed_same_result(change):
    first, second, other = (change(make_batch(), generator=torch.Generator().manual_seed(seed)) for seed in (4, 4, 5))

    for a, b in zip(first, second, strict=True):
        assert torch.equal(a, b)
    assert not torch.equal(first[0], other[0])


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_flow_leads_to_the_source_that_drifted_away(seed):
    batch = make_batch(4, seed=seed % 50)

    moved = drift(batch, ALL[:4], 1.0, generator=torch.Generator().manual_seed(seed))

    fitted, unmoved = (
        psnr(warp(moved.source, moved.flow), batch.target),
        psnr(warp(moved.source, batch.flow), batch.target),
    )
    assert torch.equal(moved.target, batch.target)
    assert fitted > 33
    assert fitted > unmoved + 3


def test_only_the_chosen_pairs_drift():
    batch = make_batch()
    chosen = torch.tensor([True, False] * 3)

    moved = drift(batch, chosen, 1.0, generator=torch.Generator().manual_seed(0))

    for name in ("source", "flow"):
        assert torch.equal(getattr(moved, name)[1::2], getattr(batch, name)[1::2]), name
        assert not torch.equal(getattr(moved, name)[::2], getattr(batch, name)[::2]), name
