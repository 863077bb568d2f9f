from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from fvae_studio.model.warp import warp
from tests.trainer.pairs import CODE_NAMES, make_batch
from trainer.config import LossConfig, load_config
from trainer.losses import kl_loss
from trainer.step import AXES_SCALE, EditableFlowVae, FlowVaeStep, eye_region, fold_loss, mask_labels
from trainer.validation import face_ellipse, fold_share, masked_psnr

CONFIG = load_config("tiny")


@pytest.fixture
def network() -> EditableFlowVae:
    torch.manual_seed(0)
    return EditableFlowVae(CONFIG.model, code_size=len(CODE_NAMES)).eval()


def losses_of(network, batch, *, edit=False, share=1.0, seen=None, config=CONFIG):
    step = FlowVaeStep(network, config.loss)
    use_edit = torch.full((len(batch.source),), edit)
    noise = torch.zeros(len(batch.source), *network.vae.config.latent_shape)
    return step(seen or batch, batch, use_edit, noise, share)


def test_offset_is_linear_and_zero_for_no_change(network):
    first, second = torch.randn(2, 1, len(CODE_NAMES)).unbind()

    assert not network.offset(torch.zeros(1, len(CODE_NAMES))).any()
    torch.testing.assert_close(
        network.offset(first + 2 * second), network.offset(first) + 2 * network.offset(second), atol=1e-4, rtol=1e-4
    )


def test_offset_of_one_shape_is_its_axis(network):
    code = torch.zeros(1, len(CODE_NAMES))
    code[0, 3] = 1

    torch.testing.assert_close(network.offset(code)[0], network.raw_axes[3] * AXES_SCALE)


def test_total_is_the_weighted_sum_of_its_terms():
    options = ["loss.gradient_weight=0.5", "loss.matching_weight=0.2", "model.detail_channels=[3]"]
    config = load_config("tiny", [*options, "model.matching_radius=[1]"])
    network = EditableFlowVae(config.model, code_size=len(CODE_NAMES))
    losses, weights = losses_of(network, make_batch(), share=0.5, config=config), config.loss

    total = (
        weights.reconstruction_weight * losses.reconstruction
        + weights.prior_weight * 0.5 * losses.prior
        + weights.coherence_weight * losses.coherence
        + weights.end_point_weight * losses.end_point
        + weights.gradient_weight * losses.gradient
        + weights.latent_weight * losses.latent
        + weights.fold_weight * losses.fold
        + weights.matching_weight * losses.matching
    )
    assert losses.matching > 0
    torch.testing.assert_close(losses.total, total)
    assert all(torch.isfinite(term) for term in losses)


TRACKING = ["loss.tracking_weight=0.3", "model.detail_channels=[3]", "model.tracking_channels=2"]


def test_tracking_is_taught_whatever_path_the_flow_takes():
    config = load_config("tiny", TRACKING)
    network = EditableFlowVae(config.model, code_size=len(CODE_NAMES))
    batch = make_batch()

    encoded, edited = (losses_of(network, batch, edit=edit, config=config) for edit in (False, True))

    assert encoded.tracking > 0
    torch.testing.assert_close(edited.tracking, encoded.tracking)
    off = losses_of(network, batch, config=load_config("tiny", ["loss.tracking_weight=0", *TRACKING[1:]]))
    on = losses_of(network, batch, config=config)
    torch.testing.assert_close(on.total, off.total + 0.3 * on.tracking)


def test_sliders_leave_descriptors_alone():
    config = load_config("tiny", TRACKING)
    network = EditableFlowVae(config.model, code_size=len(CODE_NAMES))

    offset = network.offset(torch.ones(1, len(CODE_NAMES)))

    assert offset.shape[1:] == config.model.latent_shape
    assert not offset[:, config.model.tracked].any()
    assert offset[:, : config.model.tracked.start].any()


def test_edit_path_alone_reaches_the_axes_through_the_flow(network):
    batch = make_batch()
    weights = load_config("tiny", ["loss.latent_weight=0"])

    losses_of(network, batch, edit=False, config=weights).total.backward()
    assert network.raw_axes.grad is None or not network.raw_axes.grad.any()
    losses_of(network, batch, edit=True, config=weights).total.backward()
    assert network.raw_axes.grad.abs().max() > 0


def test_eye_region_lies_on_the_eyes_of_an_aligned_crop():
    region = eye_region(128)

    assert region[45, 46] > 0.9
    assert region[45, 81] > 0.9
    assert region[45, 63] < 0.25
    assert region[75, 46] < 1e-4
    torch.testing.assert_close(region, region.flip(1))


def test_error_at_the_eyes_costs_more_with_an_eye_weight(network):
    batch = make_batch()
    # The network's own error is largest where the truth is far from it: at the eyes here, and nowhere else.
    batch = batch._replace(flow=4 * eye_region(128).expand(6, 2, 128, 128), visible=torch.ones(6, 1, 128, 128))
    plain, weighted = (
        losses_of(network, batch, config=load_config("tiny", [f"loss.eye_weight={weight}"])).end_point
        for weight in (0.0, 3.0)
    )

    assert weighted > plain * 1.05


def test_real_pairs_have_the_say_in_the_end_point_term_that_they_are_given(network):
    # Three pairs of each kind; the real ones' flow is far from what the network says, so the mean follows their weight.
    batch = make_batch()
    is_real = torch.arange(6) < 3
    flow = torch.where(is_real[:, None, None, None], 6.0, 0.0).expand(6, 2, 128, 128).contiguous()
    batch = batch._replace(flow=flow, is_real=is_real, visible=torch.ones(6, 1, 128, 128))
    full, little, none = (
        losses_of(network, batch, config=load_config("tiny", [f"loss.real_weight={weight}"])).end_point
        for weight in (1.0, 0.02, 0.0)
    )

    assert full > little > none


def test_gradient_term_leaves_real_pairs_out(network):
    config = load_config("tiny", ["loss.gradient_weight=0.5"])
    batch = make_batch()

    assert losses_of(network, batch, config=config).gradient > 0
    real = batch._replace(is_real=torch.ones(6, dtype=torch.bool))
    assert losses_of(network, real, config=config).gradient == 0


@pytest.mark.parametrize("edit", [False, True])
def test_either_path_learns_a_batch(network, edit):
    network.train()
    batch, optimizer = make_batch(4), torch.optim.Adam(network.parameters(), 0.003)
    totals = []
    for _ in range(45):
        losses = losses_of(network, batch, edit=edit)
        optimizer.zero_grad()
        losses.total.backward()
        optimizer.step()
        totals.append(losses.total.item())

    assert totals[-1] < 0.7 * totals[0]


def test_networks_see_other_light_than_the_losses_compare(network):
    batch = make_batch()
    dark = batch._replace(source=batch.source * 0.5 - 0.3)

    with torch.no_grad():
        plain, relit = losses_of(network, batch), losses_of(network, batch, seen=dark)

    # The flow hardly changes in an untrained network; were the dark source compared, the error would be large.
    torch.testing.assert_close(relit.reconstruction, plain.reconstruction, rtol=0.1, atol=0)


def test_hidden_pixels_of_rendered_pairs_are_not_judged(network):
    batch = make_batch()
    hidden = batch._replace(visible=torch.zeros_like(batch.visible))

    with torch.no_grad():
        assert losses_of(network, hidden).reconstruction == 0
        photographed = hidden._replace(is_real=torch.ones(6, dtype=torch.bool))
        assert losses_of(network, photographed).reconstruction > 0


def test_fold_loss_is_zero_without_folds_and_grows_with_them():
    axis = torch.arange(64.0)
    smooth = torch.zeros(1, 2, 64, 64)
    smooth[0, 0] = 2 * torch.sin(axis / 10)
    folded = torch.zeros(1, 2, 64, 64)
    folded[0, 0] = 12 * torch.sin(axis / 4)

    assert fold_loss(smooth, 0.15, 64) == 0
    assert fold_share(smooth) == 0
    assert fold_loss(folded, 0.15, 64) > fold_loss(folded * 0.6, 0.15, 64) > 0
    assert fold_share(folded) > 0.2


def test_wild_cells_outweigh_others_only_linearly():
    wild = torch.zeros(1, 2, 16, 16)
    wild[0, 0, 8, 8], wild[0, 1, 8, 8] = 1e3, 1e3

    ten_times, once = fold_loss(wild * 10, 0.15, 16), fold_loss(wild, 0.15, 16)

    assert ten_times / once < 15


def test_fold_loss_counts_in_crop_pixels_at_any_grid():
    axis = torch.arange(128.0)
    fine = (14 * torch.sin(axis / 8))[None, None, None, :].expand(1, 2, 128, 128)
    coarse = fine[..., ::2, ::2]

    assert fold_loss(coarse, 0.15, 128) == pytest.approx(fold_loss(fine, 0.15, 128).item(), rel=0.25)


def test_labels_are_visibility_for_rendered_and_likeness_for_real_pairs():
    batch = make_batch()

    labels = mask_labels(batch, batch.flow, beta=0.1)
    assert torch.equal(labels, batch.visible)

    real = batch._replace(is_real=torch.ones(6, dtype=torch.bool))
    good, bad = mask_labels(real, batch.flow, beta=0.1), mask_labels(real, batch.flow + 20, beta=0.1)
    torch.testing.assert_close(good, torch.ones_like(good), atol=1e-3, rtol=0)
    assert bad.mean() < 0.8


def test_psnr_is_measured_inside_the_region_as_images_from_0_to_1():
    target = torch.zeros(2, 3, 128, 128)
    image = target.clone()
    image[1] += 0.2  # 0.1 of the range 0..1: 20 dB
    image[0, :, 0, 0] = 5.0

    psnr = masked_psnr(image, target, face_ellipse(128))

    assert psnr[0] == pytest.approx(100)
    assert psnr[1] == pytest.approx(20, abs=1e-3)


def test_true_flow_would_leave_no_reconstruction_error():
    # What the losses above are computed with is consistent.
    batch = make_batch()

    torch.testing.assert_close(warp(batch.source, batch.flow), batch.target)


def test_finer_grids_pay_their_share_of_the_prior_and_need_not_follow_the_axes():
    config = load_config("tiny", ["model.detail_channels=[3,2]", "loss.latent_weight=1.0"])
    network = EditableFlowVae(config.model, code_size=len(CODE_NAMES)).eval()
    batch, own = make_batch(), config.model.latent_channels
    mean, log_var = network.vae.encode(batch.target)

    def losses(share):
        step = FlowVaeStep(network, replace(config.loss, detail_prior=share))
        noise = torch.zeros(len(batch.source), *config.model.latent_shape)
        return step(batch, batch, torch.zeros(len(batch.source), dtype=torch.bool), noise, 1.0)

    before = losses(0.25)
    torch.testing.assert_close(losses(0.0).prior, kl_loss(mean[:, :own], log_var[:, :own]))
    torch.testing.assert_close(
        before.prior, kl_loss(mean[:, :own], log_var[:, :own]) + 0.25 * kl_loss(mean[:, own:], log_var[:, own:])
    )
    with torch.no_grad():
        network.raw_axes[:, own:] += 1.0
    torch.testing.assert_close(losses(0.25).latent, before.latent)
    with torch.no_grad():
        network.raw_axes[:, :own] += 1.0
    assert losses(0.25).latent > before.latent


def test_flow_that_is_no_number_makes_a_loss_that_is_none_and_no_crash():
    network = EditableFlowVae(load_config("tiny").model, code_size=len(CODE_NAMES))
    # Only what is seen of the flow in the picture could tell.
    step = FlowVaeStep(network, LossConfig(prior_weight=0.0))
    with torch.no_grad():
        network.raw_axes.fill_(torch.nan)
    batch = make_batch(2)

    losses = step(batch, batch, torch.ones(2, dtype=torch.bool), torch.zeros(2, *network.vae.config.latent_shape), 1.0)
    losses.total.backward()

    assert losses.total.isnan()
