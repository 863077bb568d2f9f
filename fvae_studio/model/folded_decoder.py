"""A trained decoder rearranged for one photo and many latents: the same map, a quarter of the work.

Nothing here is trained; `layers.ConvDecoder` is what checkpoints hold, and a test ties the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fvae_studio.model.layers import ConvDecoder


class FoldedDecoder(nn.Module):
    """`ConvDecoder` in three steps that change nothing but rounding.

    - A convolution of [x, source features] is the sum of two convolutions, and the second does not depend on the
      latent: `source_terms` computes it once for a photo.
    - Batch normalisation at inference is a scale and a shift: they go into the weights and into those terms.
    - A 3 x 3 convolution after nearest-neighbour doubling is a transposed 4 x 4 convolution of stride 2: four
      multiplications for each result instead of nine.

    Args:
        decoder: trained; it is left as it is.
        latent_channels: channels of the latent.
    """

    def __init__(self, decoder: ConvDecoder, *, latent_channels: int) -> None:
        super().__init__()
        self.upsampling = decoder.upsampling
        self.shuffle = decoder.shuffle
        self.x_weights, self.source_weights = nn.ParameterList(), nn.ParameterList()
        self.biases = nn.ParameterList()
        x_channels = latent_channels
        for block in decoder.blocks:
            layers = cast("nn.Sequential", block)
            weight, bias = _scaled(cast("nn.Conv2d", layers[0]), layers[1])
            self._add(weight, bias, x_channels, transposed=self.upsampling == "nearest")
            x_channels = weight.shape[0]
        self._add(*_scaled(decoder.head, None), x_channels, transposed=False)
        self.requires_grad_(requires_grad=False)

    def source_terms(self, source_features: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """What a photo adds in each layer, whatever the latent: features, finest first -> one term for each layer."""
        terms = []
        skips = list(reversed(source_features))
        for level, (skip, weight, bias) in enumerate(zip(skips, self.source_weights, self.biases, strict=True)):
            if level < len(skips) - 1:
                skip = F.interpolate(skip, scale_factor=2.0, mode=self.upsampling)
            terms.append(F.conv2d(skip, weight, bias, padding=weight.shape[-1] // 2))
        return tuple(terms)

    def forward(self, source_terms: Sequence[Tensor], latent: Tensor) -> Tensor:
        """Terms of one photo and latents (B, C, h, w) -> raw map (B, out_channels, H, W)."""
        x = latent
        *blocks, head = zip(self.x_weights, source_terms, strict=True)
        for weight, term in blocks:
            if self.upsampling == "nearest":
                x = F.conv_transpose2d(x, weight, stride=2, padding=1)
            else:
                x = F.interpolate(x, scale_factor=2.0, mode=self.upsampling)
                x = F.conv2d(x, weight, padding=weight.shape[-1] // 2)
            x = torch.relu_(x.add_(term))
        weight, term = head
        out: Tensor = self.shuffle(F.conv2d(x, weight, padding=weight.shape[-1] // 2) + term)
        return out

    def _add(self, weight: Tensor, bias: Tensor, x_channels: int, *, transposed: bool) -> None:
        of_x, of_source = weight[:, :x_channels], weight[:, x_channels:]
        self.x_weights.append(nn.Parameter(_doubling(of_x) if transposed else of_x.clone()))
        self.source_weights.append(nn.Parameter(of_source.clone()))
        self.biases.append(nn.Parameter(bias.clone()))


def _scaled(convolution: nn.Conv2d, normalisation: nn.Module | None) -> tuple[Tensor, Tensor]:
    """Weights and bias of a convolution with the batch normalisation behind it, if there is one."""
    weight = convolution.weight.detach()
    bias = convolution.bias.detach() if convolution.bias is not None else weight.new_zeros(len(weight))
    if not isinstance(normalisation, nn.BatchNorm2d):
        return weight, bias
    mean, variance = normalisation.running_mean, normalisation.running_var
    assert mean is not None
    assert variance is not None
    scale = normalisation.weight.detach() / torch.sqrt(variance + normalisation.eps)
    return weight * scale[:, None, None, None], (bias - mean) * scale + normalisation.bias.detach()


def _doubling(weight: Tensor) -> Tensor:
    """(out, in, 3, 3) -> (in, out, 4, 4): transposed convolution of stride 2 that doubles and convolves at once."""
    flipped = weight.flip(-1, -2).transpose(0, 1)
    # Doubling is a transposed convolution with ones (2 x 2); two such steps are one with the convolved kernels.
    return sum((F.pad(flipped, (left, 1 - left, top, 1 - top)) for left in (0, 1) for top in (0, 1)), torch.zeros(()))
