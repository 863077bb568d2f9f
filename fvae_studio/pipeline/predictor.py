"""From strengths to flows: photo features are computed once, every slider position costs one pass of two decoders."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias, TypeVar, overload

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fvae_studio.core.alignment import TEMPLATE_ID
from fvae_studio.core.types import AlignedCrop, FlowField
from fvae_studio.errors import EditError, GeometryError
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.model.device import compute_on_one_core, device_failures, resolve_device
from fvae_studio.model.directions import Latent
from fvae_studio.model.flow_vae import FlowVae
from fvae_studio.model.folded_decoder import FoldedDecoder
from fvae_studio.model.preprocess import to_flow_field, to_tensor

Strengths: TypeAlias = Mapping[str, float]
"""By direction."""

Network = TypeVar("Network", bound=nn.Module)

_Decode: TypeAlias = Callable[[tuple[Tensor, ...], Tensor], Tensor]
"""Terms of one photo and latents -> what a decoder says."""


@dataclass(frozen=True, eq=False)
class _EncodedFace:
    """All that does not change while sliders move."""

    mean: Tensor
    """(1, C, h, w): Z(S), the posterior's mean."""
    flow_terms: tuple[Tensor, ...]
    confidence_terms: tuple[Tensor, ...]
    base_flow: Tensor
    """(1, 2, h, w): F(S, Z(S)), what the network would move if nothing were asked for."""


class FlowPredictor:
    """Predicts the flow and confidence of edits on aligned faces.

    What is shown is F(S, Z(S) + d) - F(S, Z(S)), so that d = 0 moves nothing (a departure from the paper, which shows
    the first term alone; `raw_flow` gives that one). Not safe for several threads at once.

    Args:
        model: as loaded.
        device: "auto", "cpu", "cuda" or "mps".
        side_by_side: on a processor of several cores, both networks run at a time, each on one.

    Raises:
        DeviceError: the device is not there, or fails; also raised by all that computes.
    """

    def __init__(self, model: LoadedModel, *, device: str = "auto", side_by_side: bool = True) -> None:
        self.model = model
        self.device = resolve_device(device)
        channels = model.header.config.latent_channels
        decoders = (
            FoldedDecoder(network.decoder, latent_channels=channels) for network in (model.vae, model.confidence)
        )
        with device_failures(self.device):
            self._vae, self._confidence = _prepare(model.vae, self.device), _prepare(model.confidence, self.device)
            self._flow_decoder, self._confidence_decoder = (_prepare(decoder, self.device) for decoder in decoders)
            self._decode_flow, self._decode_confidence = self._in_one_call()
        has_cores = self.device.type == "cpu" and (os.cpu_count() or 1) > 1
        self._beside = ThreadPoolExecutor(1, "confidence") if side_by_side and has_cores else None
        self._faces: tuple[_EncodedFace, ...] = ()

    def fork(self) -> FlowPredictor:
        """Another predictor on the same networks, with faces of its own."""
        other = copy.copy(self)
        other._faces = ()
        return other

    @property
    def num_faces(self) -> int:
        """How many faces are set."""
        return len(self._faces)

    @torch.inference_mode()
    def set_crops(self, crops: Sequence[AlignedCrop]) -> None:
        """Encode the faces of a photo; later calls name them by their place in this sequence.

        Raises:
            GeometryError: a crop of another template or size than the model's.
        """
        size = self.model.header.config.crop_size
        for crop in crops:
            if crop.template_id != TEMPLATE_ID or crop.pixels.shape != (size, size, 3):
                raise GeometryError(
                    f"a crop of template {crop.template_id!r} and shape {crop.pixels.shape} was given; the model takes "
                    f"{TEMPLATE_ID!r} and {(size, size, 3)}"
                )
        # One face at a time: a group photo must not need more memory than a portrait, and a face's flow must not
        # depend on who stands beside it.
        with device_failures(self.device):
            self._faces = tuple(self._encode(crop) for crop in crops)

    def set_crop(self, crop: AlignedCrop) -> None:
        """Encode one face; see `set_crops`."""
        self.set_crops([crop])

    def latent(self, face: int = 0) -> Latent:
        """Z(S), the mean of the posterior: (C, h, w), a copy."""
        with device_failures(self.device):
            return self._face(face).mean[0].float().cpu().numpy().copy()

    @overload
    def predict(self, strengths: Strengths, *, with_confidence: bool = ...) -> FlowField: ...

    @overload
    def predict(self, strengths: Sequence[Strengths], *, with_confidence: bool = ...) -> tuple[FlowField, ...]: ...

    def predict(
        self, strengths: Strengths | Sequence[Strengths], *, with_confidence: bool = True
    ) -> FlowField | tuple[FlowField, ...]:
        """The flow of an edit of every face.

        Args:
            strengths: by direction; one mapping for every face in the order of `set_crops`, or a single mapping when
                one face is set.
            with_confidence: False leaves the confidence at 1 everywhere and saves its network.

        Returns:
            Flow in crop pixels with its confidence; `FlowField.identity`, without touching the network, for a face of
            which nothing is asked. A single value for a single mapping, else one for each face.

        Raises:
            EditError: an unknown direction, a strength that is no number, or not one mapping per face.
        """
        single = isinstance(strengths, Mapping)
        per_face: Sequence[Strengths] = [strengths] if isinstance(strengths, Mapping) else strengths
        if len(per_face) != len(self._faces):
            raise EditError(f"strengths were given for {len(per_face)} faces, but {len(self._faces)} are set")
        fields = tuple(
            self.predict_many([of_face], face=face, with_confidence=with_confidence)[0]
            for face, of_face in enumerate(per_face)
        )
        return fields[0] if single else fields

    def predict_many(
        self, strengths: Sequence[Strengths], *, face: int = 0, with_confidence: bool = True
    ) -> tuple[FlowField, ...]:
        """The flows of several edits of one face, in one pass.

        Raises:
            EditError: as `predict`.
        """
        encoded = self._face(face)
        offsets = [self.model.directions.combine(each) for each in strengths]
        fields = [FlowField.identity(self._flow_shape)] * len(offsets)
        moving = [index for index, offset in enumerate(offsets) if offset.any()]
        if moving:
            stacked = torch.from_numpy(np.stack([offsets[index] for index in moving]))
            with device_failures(self.device):
                latents = encoded.mean + stacked.to(self.device)
                decoded = self._decode(encoded, latents, with_confidence=with_confidence)
            for index, field in zip(moving, decoded, strict=True):
                fields[index] = field
        return tuple(fields)

    def predict_latents(
        self, latents: NDArray[np.float32], *, face: int = 0, with_confidence: bool = True
    ) -> tuple[FlowField, ...]:
        """The flows that bring a face to other latents, F(S, Z) - F(S, Z(S)); the way of Algorithm 2.

        Args:
            latents: (N, C, h, w).
            face: its place in `set_crops`.
            with_confidence: as in `predict`.

        Raises:
            EditError: latents of another shape, or not finite.
        """
        encoded = self._face(face)
        # A latent equal to the photo's own goes through the same batch as the others, and another batch size may round
        # otherwise: what must be exact is made exact here.
        own = self.latent(face)
        with device_failures(self.device):
            fields = list(self._decode(encoded, self._checked(latents), with_confidence=with_confidence))
        for index, latent in enumerate(latents):
            if np.array_equal(latent, own):
                fields[index] = FlowField(np.zeros_like(fields[index].flow), fields[index].confidence)
        return tuple(fields)

    @torch.inference_mode()
    def raw_flow(self, latent: Latent, *, face: int = 0) -> NDArray[np.float32]:
        """F(S, Z) as the paper shows it, without the subtraction: (h, w, 2), crop pixels; for evaluations."""
        encoded = self._face(face)
        flow = self._flow(encoded.flow_terms, self._checked(latent[None]))
        return flow[0].permute(1, 2, 0).float().cpu().numpy().copy()

    @property
    def _flow_shape(self) -> tuple[int, int]:
        size = self.model.header.config.flow_size
        return size, size

    def _face(self, face: int) -> _EncodedFace:
        if not 0 <= face < len(self._faces):
            raise EditError(f"there is no face {face} here; {len(self._faces)} are set")
        return self._faces[face]

    def _checked(self, latents: NDArray[np.float32]) -> Tensor:
        shape = self.model.header.config.latent_shape
        if latents.shape[1:] != shape or not np.isfinite(latents).all():
            raise EditError(f"latents must be finite and (N, {shape}), not {latents.shape}")
        return torch.from_numpy(np.ascontiguousarray(latents, np.float32)).to(self.device)

    def _encode(self, crop: AlignedCrop) -> _EncodedFace:
        compute_on_one_core(self.device)
        return self._encode_image(to_tensor([crop.pixels], device=self.device))

    def _encode_image(self, image: Tensor) -> _EncodedFace:
        image = image.contiguous(memory_format=torch.channels_last)
        mean, _ = self._vae.encode(image)
        flow_terms = self._flow_decoder.source_terms(self._vae.source_features(image))
        return _EncodedFace(
            mean,
            flow_terms,
            self._confidence_decoder.source_terms(self._confidence.source_features(image)),
            self._flow(flow_terms, mean),
        )

    @torch.inference_mode()
    def _in_one_call(self) -> tuple[_Decode, _Decode]:
        """What decodes flow and confidence.

        On a processor they are traced: a call of a traced network holds Python's lock once, not at each of its
        hundred operations. While a busy window takes turns with it, that is 8 ms instead of 43 ms.
        """
        flow: nn.Module = _FlowDecoder(self._vae, self._flow_decoder)
        confidence: nn.Module = _ConfidenceDecoder(self._confidence_decoder)
        if self.device.type == "cpu":
            encoded = self._encode_image(torch.zeros(1, 3, *(self.model.header.config.crop_size,) * 2))
            # Deprecated; but torch is pinned, and what takes its place needs a compiler on the user's machine.
            flow, confidence = (
                torch.jit.trace(  # type: ignore[no-untyped-call]  # torch has no types here
                    module.eval(), (terms, encoded.mean), check_trace=False
                )
                for module, terms in ((flow, encoded.flow_terms), (confidence, encoded.confidence_terms))
            )
        return flow, confidence

    def _flow(self, terms: tuple[Tensor, ...], latents: Tensor) -> Tensor:
        return self._vae.displacement(self._flow_decoder(terms, latents))

    def _decode(self, encoded: _EncodedFace, latents: Tensor, *, with_confidence: bool) -> tuple[FlowField, ...]:
        latents = latents.contiguous(memory_format=torch.channels_last)
        doubt = partial(self._run, self._decode_confidence, encoded.confidence_terms, latents)
        beside = self._beside.submit(doubt) if with_confidence and self._beside is not None else None
        flows = self._run(self._decode_flow, encoded.flow_terms, latents) - encoded.base_flow
        if not with_confidence:
            confidences = torch.ones_like(flows[:, :1])
        else:
            confidences = doubt() if beside is None else beside.result()
        return tuple(to_flow_field(flow, confidence) for flow, confidence in zip(flows, confidences, strict=True))

    @torch.inference_mode()
    def _run(self, decode: _Decode, terms: tuple[Tensor, ...], latents: Tensor) -> Tensor:
        # Both settings are each thread's own.
        compute_on_one_core(self.device)
        return decode(terms, latents)


class _FlowDecoder(nn.Module):
    def __init__(self, vae: FlowVae, decoder: FoldedDecoder) -> None:
        super().__init__()
        self.vae, self.decoder = vae, decoder

    def forward(self, terms: tuple[Tensor, ...], latents: Tensor) -> Tensor:
        """Terms of one photo and latents (B, C, h, w) -> displacements (B, 2, h, w)."""
        return self.vae.displacement(self.decoder(terms, latents))


class _ConfidenceDecoder(nn.Module):
    def __init__(self, decoder: FoldedDecoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, terms: tuple[Tensor, ...], latents: Tensor) -> Tensor:
        """Terms of one photo and latents (B, C, h, w) -> confidences (B, 1, h, w)."""
        return torch.sigmoid(self.decoder(terms, latents).float())


def _prepare(network: Network, device: torch.device) -> Network:
    # A copy: the loaded model may be shared with a predictor on another device. Channels-last convolutions take 10 %
    # less time on a processor.
    prepared = copy.deepcopy(network).eval().to(device)
    return prepared.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
