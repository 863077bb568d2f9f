"""A wider network begins as the one that it comes from."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from fvae_studio.model.flow_vae import ConfidenceNet, FlowVae
from fvae_studio.model.layers import split_details
from trainer.config import load_config
from trainer.widening import is_wider, widen_confidence, widen_flow

NARROW = replace(load_config("tiny").model, confidence_sees_flow=False)
WIDE = replace(
    NARROW,
    encoder_channels=(9, 20, 16, 30, 70),
    decoder_channels=(24, 31, 18, 9),
    confidence_encoder_channels=(4, 9, 8, 12, 20),
    confidence_decoder_channels=(8, 17, 8, 11),
)


@pytest.fixture
def pictures():
    return torch.rand(2, 2, 3, NARROW.crop_size, NARROW.crop_size, generator=torch.Generator().manual_seed(4)) * 2 - 1


@torch.no_grad()
def flow_between(network, pictures):
    """By the network's own latent of the second pictures."""
    return network.decode(network.source_features(pictures[0]), network.encode(pictures[1])[0])


@torch.no_grad()
def tracked_between(network, pictures):
    """On its finest grid."""
    own, latent = (network.encode(picture)[0] for picture in pictures[:2])
    return network.decoder.track(latent, own)[-1]


@pytest.fixture
def narrow():
    """Not at rest: batch normalisations that have seen something, a head that moves."""
    torch.manual_seed(1)
    network = FlowVae(NARROW)
    torch.nn.init.normal_(network.decoder.head.weight, std=0.2)
    for _ in range(3):
        network(torch.rand(4, 3, 128, 128), torch.rand(4, 3, 128, 128))
    return network.eval()


def test_wider_network_moves_and_encodes_alike(narrow, pictures):
    wide = FlowVae(WIDE).eval()

    widen_flow(narrow, wide)

    with torch.no_grad():
        for before, after in zip(narrow.encode(pictures[1]), wide.encode(pictures[1]), strict=True):
            torch.testing.assert_close(after, before, atol=1e-5, rtol=1e-4)
        latent = narrow.encode(pictures[1])[0]
        flows = [network.decode(network.source_features(pictures[0]), latent) for network in (narrow, wide)]
    assert flows[0].abs().max() > 0.5
    torch.testing.assert_close(flows[1], flows[0], atol=1e-4, rtol=1e-4)


def test_finer_grids_of_the_latent_and_refinements_begin_without_a_voice(narrow, pictures):
    finer = FlowVae(replace(WIDE, detail_channels=(3, 2), refinements=2)).eval()

    widen_flow(narrow, finer)

    with torch.no_grad():
        plain, latent = narrow.encode(pictures[1])[0], finer.encode(pictures[1])[0]
        flows = [
            network.decode(network.source_features(pictures[0]), mean)
            for network, mean in ((narrow, plain), (finer, latent))
        ]
    assert latent[:, NARROW.latent_channels :].std() > 1e-3
    torch.testing.assert_close(latent[:, : NARROW.latent_channels], plain, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(flows[1], flows[0], atol=1e-4, rtol=1e-4)


def test_finer_grids_and_refinements_that_are_there_are_kept(pictures):
    torch.manual_seed(3)
    narrow, wide = (
        FlowVae(replace(config, detail_channels=(3, 2), refinements=count, encoder_refinements=count)).eval()
        for config, count in ((NARROW, 1), (WIDE, 2))
    )
    torch.nn.init.normal_(narrow.decoder.head.weight, std=0.2)
    for part in (narrow.decoder, narrow.target_encoder, narrow.source_encoder):
        torch.nn.init.normal_(part.refinements[0].norm.weight)

    widen_flow(narrow, wide)

    with torch.no_grad():
        latents = [network.encode(pictures[1])[0] for network in (narrow, wide)]
        flows = [network.decode(network.source_features(pictures[0]), latents[0]) for network in (narrow, wide)]
    torch.testing.assert_close(latents[1], latents[0], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(flows[1], flows[0], atol=1e-4, rtol=1e-4)


def test_matching_that_is_there_is_kept_and_more_begins_without_a_voice(pictures):
    torch.manual_seed(6)
    narrow, wide = (
        FlowVae(replace(config, detail_channels=(3, 2), matching_radius=radius)).eval()
        for config, radius in ((NARROW, (2,)), (WIDE, (2, 1)))
    )
    torch.nn.init.normal_(narrow.decoder.head.weight, std=0.2)
    torch.nn.init.normal_(narrow.decoder.matchings[0].adding.weight, std=0.2)
    narrow.decoder.matchings[0].doubt.data.fill_(-3.0)

    widen_flow(narrow, wide)

    with torch.no_grad():
        latent = narrow.encode(pictures[1])[0]
        flows = [network.decode(network.source_features(pictures[0]), latent) for network in (narrow, wide)]
        narrow.decoder.matchings[0].doubt.fill_(50.0)
        unmatched = narrow.decode(narrow.source_features(pictures[0]), latent)
    torch.testing.assert_close(flows[1], flows[0], atol=1e-4, rtol=1e-4)
    assert (flows[0] - unmatched).abs().max() > 1e-2


@pytest.mark.parametrize(("before", "after"), [(0, 3), (3, 3)])
def test_tracking_that_is_there_is_kept_and_new_one_begins_without_a_voice(before, after, pictures):
    torch.manual_seed(7)
    narrow, wide = (
        FlowVae(replace(config, detail_channels=details, tracking_channels=count)).eval()
        for config, details, count in ((NARROW, (3, 2), before), (WIDE, (4, 2), after))
    )
    torch.nn.init.normal_(narrow.decoder.head.weight, std=0.2)
    if before:
        narrow.decoder.tracking.log_doubt.data.fill_(-1.0)

    widen_flow(narrow, wide)

    flows = [flow_between(network, pictures) for network in (narrow, wide)]
    torch.testing.assert_close(flows[1], flows[0], atol=1e-4, rtol=1e-4)
    if before:
        tracked = [tracked_between(network, pictures) for network in (narrow, wide)]
        torch.testing.assert_close(tracked[1], tracked[0], atol=1e-4, rtol=1e-4)
        assert tracked[0].abs().max() > 0.1


def test_finer_tracking_begins_where_the_coarser_one_arrived(pictures):
    torch.manual_seed(7)
    narrow, wide = (
        FlowVae(replace(NARROW, detail_channels=(3, 2), tracking_channels=3, fine_tracking_channels=count)).eval()
        for count in (0, 2)
    )

    widen_flow(narrow, wide)

    with torch.no_grad():
        own, latent = (wide.encode(picture)[0] for picture in pictures[:2])
        _, found, finer = wide.decoder.track(latent, own)
        doubled = torch.nn.functional.interpolate(found, scale_factor=2.0, mode="bilinear")
        assert found.norm(dim=1).max() > 0.1
        assert (finer - doubled).norm(dim=1).max() < 0.05 * found.norm(dim=1).max()
        # And it can learn.
    own, latent = (wide.encode(picture)[0] for picture in pictures[:2])
    wide.decoder.track(latent, own)[-1].square().sum().backward()
    assert wide.fine_descriptors.to_mean.weight.grad.abs().max() > 0


@pytest.mark.parametrize("tracks_contrast", [False, True])
def test_finer_descriptors_that_are_there_are_kept(tracks_contrast, pictures):
    torch.manual_seed(7)
    shared = {"tracking_channels": 3, "fine_tracking_channels": 2, "tracks_contrast": tracks_contrast}
    narrow, wide = (FlowVae(replace(config, detail_channels=(3, 2), **shared)).eval() for config in (NARROW, WIDE))
    torch.nn.init.normal_(narrow.decoder.head.weight, std=0.2)
    for log_doubt in narrow.decoder.tracking.parameters():
        log_doubt.data.fill_(-1.0)

    widen_flow(narrow, wide)

    flows = [flow_between(network, pictures) for network in (narrow, wide)]
    tracked = [tracked_between(network, pictures) for network in (narrow, wide)]
    torch.testing.assert_close(tracked[1], tracked[0], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(flows[1], flows[0], atol=1e-4, rtol=1e-4)
    assert tracked[0].abs().max() > 0.1


def test_where_contrast_is_tracked_the_motion_is_read_of_every_cell(pictures):
    torch.manual_seed(7)
    config = replace(
        NARROW, head="pixel_shuffle", detail_channels=(3, 2, 2), tracking_channels=3, fine_tracking_channels=2
    )
    narrow, wide = (FlowVae(replace(config, tracks_contrast=value)).eval() for value in (False, True))
    torch.nn.init.normal_(narrow.decoder.head.weight, std=0.2)
    assert wide.config.tells_cells_apart

    widen_flow(narrow, wide)

    with torch.no_grad():
        own, latent = (wide.encode(picture)[0] for picture in pictures[:2])
        fine = wide.decoder.track(latent, own)[-2]
        assert fine.norm(dim=1).max() > 0.1
        before, after = (
            network.decode(network.source_features(pictures[0]), network.encode(pictures[1])[0], motion=motion)
            for network, motion in ((narrow, fine), (wide, fine.repeat_interleave(2, 2).repeat_interleave(2, 3)))
        )
    torch.testing.assert_close(after, before, atol=1e-4, rtol=1e-4)


def test_descriptors_stay_where_they_are():
    there = replace(NARROW, detail_channels=(3, 2), tracking_channels=3)

    assert is_wider(replace(there, detail_channels=(3, 4)), there)
    assert not is_wider(replace(there, tracking_channels=4), there)
    assert not is_wider(replace(there, tracking_channels=0), there)
    finer = replace(there, fine_tracking_channels=2)
    assert is_wider(finer, there)
    assert not is_wider(there, finer)
    assert not is_wider(replace(there, fine_tracking_channels=3), finer)
    assert not is_wider(replace(there, detail_channels=(3, 2, 2)), there)
    finest = replace(finer, tracks_contrast=True)
    assert is_wider(finest, finer)
    assert is_wider(finest, there)
    assert not is_wider(finer, finest)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"matching_radius": (2, 1)}, True),
        ({"detail_channels": (3, 4)}, True),
        ({"detail_channels": (4, 2)}, False),
        ({"matching_radius": (1,)}, False),
        ({"matching_radius": ()}, False),
    ],
)
def test_what_is_compared_stays_as_it_is(change, expected):
    there = replace(NARROW, detail_channels=(3, 2), matching_radius=(2,))

    assert is_wider(replace(there, **change), there) is expected


def test_grids_with_more_channels_are_heard_only_where_they_were(pictures):
    torch.manual_seed(4)
    narrow, wide = (FlowVae(replace(NARROW, detail_channels=details)).eval() for details in ((3, 2), (4, 5, 1)))
    torch.nn.init.normal_(narrow.decoder.head.weight, std=0.2)

    widen_flow(narrow, wide)

    with torch.no_grad():
        latents = [network.encode(pictures[1])[0] for network in (narrow, wide)]
        flows = [
            network.decode(network.source_features(pictures[0]), latent)
            for network, latent in zip((narrow, wide), latents, strict=True)
        ]
    torch.testing.assert_close(flows[1], flows[0], atol=1e-5, rtol=1e-5)
    before, after = (
        split_details(latent, NARROW.latent_channels, network.config.detail_channels)
        for latent, network in zip(latents, (narrow, wide), strict=True)
    )
    for old, new in zip(before, after, strict=False):
        torch.testing.assert_close(new[:, : old.shape[1]], old)
        assert new[:, old.shape[1] :].std() > 1e-3


@pytest.mark.parametrize("seen", [(False, False), (False, True), (True, True)], ids=["blind", "begins to see", "sees"])
def test_wider_confidence_is_the_same(pictures, seen):
    torch.manual_seed(2)
    narrow, wide = (
        ConfidenceNet(replace(config, confidence_sees_flow=sees)).eval()
        for config, sees in zip((NARROW, WIDE), seen, strict=True)
    )
    latent = torch.randn(2, *NARROW.latent_shape)
    flow = 3 * torch.randn(2, 2, NARROW.flow_size, NARROW.flow_size)

    widen_confidence(narrow, wide)

    with torch.no_grad():
        torch.testing.assert_close(
            wide(pictures[0], latent, flow), narrow(pictures[0], latent, flow), atol=1e-5, rtol=1e-4
        )


def test_copies_part_from_the_first_step_on(narrow, pictures):
    wide = FlowVae(WIDE)
    widen_flow(narrow, wide)

    wide(pictures[0], pictures[1]).flow.square().sum().backward()

    weight, gradient = wide.source_encoder.blocks[1][0].weight, wide.source_encoder.blocks[1][0].weight.grad
    copied = NARROW.encoder_channels[1]
    for channel in range(copied, WIDE.encoder_channels[1]):
        origin = next(k for k in range(copied) if torch.allclose(weight[channel].sum(0), weight[k].sum(0), atol=1e-6))
        direction = torch.nn.functional.cosine_similarity(gradient[channel].flatten(), gradient[origin].flatten(), 0)
        assert direction < 0.999


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"encoder_channels": (8, 12, 16, 24, 33)}, True),
        ({"encoder_channels": (8, 12, 16, 24, 31)}, False),
        ({"decoder_channels": (24, 16, 12, 7)}, False),
        ({"latent_channels": 9}, False),
        ({"upsampling": "bilinear"}, False),
        ({"detail_channels": (4,)}, True),
        ({"refinements": 2}, True),
        ({"encoder_refinements": 2}, True),
        ({"confidence_sees_flow": True}, True),
    ],
)
def test_only_more_channels_count_as_wider(change, expected):
    assert is_wider(replace(NARROW, **change), NARROW) is expected


def test_a_confidence_that_sees_the_flow_does_not_become_blind():
    assert not is_wider(NARROW, replace(NARROW, confidence_sees_flow=True))


@pytest.mark.parametrize(
    ("details", "expected"), [((4, 2), True), ((3, 4, 1), True), ((3,), False), ((2, 2), False), ((), False)]
)
def test_finer_grids_may_only_grow(details, expected):
    there = replace(NARROW, detail_channels=(3, 2))

    assert is_wider(replace(NARROW, detail_channels=details), there) is expected
