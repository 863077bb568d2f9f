"""The rearranged decoder gives the trained one's map."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from fvae_studio.model.folded_decoder import FoldedDecoder
from fvae_studio.model.layers import ConvDecoder
from tests.helpers.tiny_model import TINY_CONFIG, make_tiny_model

CONFIGS = {
    "nearest": TINY_CONFIG,
    "bilinear": replace(TINY_CONFIG, upsampling="bilinear"),
    "plain head": replace(TINY_CONFIG, head="same", stem_stride=1),
}


@pytest.fixture(params=CONFIGS.values(), ids=CONFIGS)
def decoder(request: pytest.FixtureRequest) -> ConvDecoder:
    return make_tiny_model(config=request.param).vae.decoder


@pytest.fixture
def features(decoder: ConvDecoder) -> tuple[Tensor, ...]:
    channels = [4, 4, 8, 8, 8]
    sizes = [4 << level for level in reversed(range(len(decoder.blocks) + 1))]
    generator = torch.Generator().manual_seed(5)
    return tuple(
        torch.randn(1, count, size, size, generator=generator) for count, size in zip(channels, sizes, strict=True)
    )


@torch.inference_mode()
def test_map_is_that_of_the_trained_decoder(decoder, features):
    latents = torch.randn(3, 4, 4, 4, generator=torch.Generator().manual_seed(6))
    folded = FoldedDecoder(decoder, latent_channels=4)

    wanted = decoder(features, latents)

    assert wanted.std() > 0.1
    torch.testing.assert_close(folded(folded.source_terms(features), latents), wanted, atol=2e-5, rtol=1e-5)


@torch.inference_mode()
def test_terms_are_left_as_they_are_by_a_map(decoder, features):
    folded = FoldedDecoder(decoder, latent_channels=4)
    terms = folded.source_terms(features)
    before = [term.clone() for term in terms]

    folded(terms, torch.ones(1, 4, 4, 4))

    assert all(torch.equal(term, old) for term, old in zip(terms, before, strict=True))


def test_trained_decoder_is_left_as_it_is(decoder, features):
    state = {name: value.clone() for name, value in decoder.state_dict().items()}

    folded = FoldedDecoder(decoder, latent_channels=4).double()
    folded.source_terms([feature.double() for feature in features])

    assert all(torch.equal(value, state[name]) for name, value in decoder.state_dict().items())
    assert not any(parameter.requires_grad for parameter in folded.parameters())
