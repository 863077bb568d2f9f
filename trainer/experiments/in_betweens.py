"""The methods of Figure 6 behind one door: pictures between two photos of one person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from fvae_studio.core.alignment import CROP_SIZE, extract_crop
from fvae_studio.core.geometry import SimilarityTransform
from fvae_studio.core.progress import NoProgress
from fvae_studio.core.timeline import Moment
from fvae_studio.core.types import Photo
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.model.preprocess import to_tensor
from fvae_studio.pipeline.canvas import Canvas
from fvae_studio.pipeline.interpolator import InterpolationSource, Interpolator
from fvae_studio.pipeline.predictor import FlowPredictor
from trainer.baselines.field_morph import FieldMorph
from trainer.baselines.flow_morph import FlowMorph
from trainer.baselines.mesh_morph import MeshMorph
from trainer.baselines.morph import CrossFade, Ends, Morph
from trainer.baselines.pixel_upsampling import enlarge
from trainer.baselines.rgb_vae import RgbVae
from trainer.figures.reconstruction import to_bytes

FVAE: Final = "FVAE"
VAE: Final = "VAE"
CROSS_FADE: Final = "Cross-fade"


class FvaeMorph:
    """Algorithm 2, as the program runs it at full resolution."""

    def __init__(self, ends: Ends, predictor: FlowPredictor) -> None:
        to_crop = SimilarityTransform.resize(ends.size, CROP_SIZE)
        photos = [Photo(np.array(picture)) for picture in (ends.first, ends.second)]
        sources = [
            InterpolationSource(photo, extract_crop(photo, to_crop), landmarks)
            for photo, landmarks in zip(photos, (ends.first_landmarks, ends.second_landmarks), strict=True)
        ]
        # Frame and colours are matched already, alike for all methods; matched again, the second end would be another.
        interpolator = Interpolator(predictor, sources, register=False, match_colour=False)
        self._first = photos[0]
        self._canvas = Canvas(interpolator, base=self._first, photo_to_picture=SimilarityTransform.identity())

    def at(self, t: float) -> NDArray[np.uint8]:
        """See `Morph.at`."""
        shares = (1 - t, t)
        drawn = self._canvas.draw(Moment(shares, shares), kernel="sinc", progress=NoProgress())
        picture = self._first.pixels.astype(np.uint8)
        picture[drawn.roi.slices] = drawn.pixels
        return picture


class VaeMorph:
    """The VAE that paints: latents in between, from each end's features, the two pictures blended by (1 - t, t).

    Its output is 128 px wide; it is enlarged in the pixel domain, as it must be.
    """

    def __init__(self, ends: Ends, network: RgbVae) -> None:
        to_crop = SimilarityTransform.resize(ends.size, CROP_SIZE)
        crops = [extract_crop(Photo(np.array(picture)), to_crop).pixels for picture in (ends.first, ends.second)]
        self._network, self._size = network, ends.size
        with torch.inference_mode():
            images = to_tensor(crops)
            self._latents, _ = network.encode(images)
            self._features = [network.source_features(image[None]) for image in images]

    @torch.inference_mode()
    def at(self, t: float) -> NDArray[np.uint8]:
        """See `Morph.at`; the ends are the VAE's own reconstructions."""
        latent = ((1 - t) * self._latents[0] + t * self._latents[1])[None]
        first, second = (self._network.paint(features, latent) for features in self._features)
        return enlarge(to_bytes((1 - t) * first + t * second)[0], self._size)


def methods(model: LoadedModel, vae: RgbVae | None) -> Mapping[str, Callable[[Ends], Morph]]:
    """By name, in the order of the paper's figure; the VAE only if there is one."""
    predictor = FlowPredictor(model, device="cpu")
    found: dict[str, Callable[[Ends], Morph]] = {FVAE: lambda ends: FvaeMorph(ends, predictor)}
    if vae is not None:
        found[VAE] = lambda ends: VaeMorph(ends, vae)
    return found | {
        "Mesh morph": MeshMorph,
        "Optical flow (DIS)": FlowMorph,
        "Feature-line morph": FieldMorph,
        CROSS_FADE: CrossFade,
    }
