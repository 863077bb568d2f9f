"""From strengths to flows: photo features are computed once, every slider position costs one pass of two decoders."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.alignment import TEMPLATE_ID
from fvae_studio.core.flow_spline import passage
from fvae_studio.core.still_teeth import OPEN_PX
from fvae_studio.core.types import AlignedCrop, FlowField
from fvae_studio.errors import EditError, GeometryError
from fvae_studio.model.carried_descriptors import with_carried_descriptors
from fvae_studio.model.directions import Latent
from fvae_studio.model.networks import EncodedFace, make_networks
from fvae_studio.model.preprocess import to_flow_field
from fvae_studio.model.weights import Array, ModelWeights

if TYPE_CHECKING:
    from fvae_studio.model.checkpoint import LoadedModel

Strengths: TypeAlias = Mapping[str, float]
"""By direction."""


class FlowPredictor:
    """Predicts the flow and confidence of edits on aligned faces.

    What is shown is F(S, Z(S) + d) - F(S, Z(S)), so that d = 0 moves nothing (a departure from the paper, which shows
    the first term alone; `raw_flow` gives that one). Not safe for several threads at once.

    Args:
        model: as read from a file, or networks that are being trained.
        device: "auto", "cpu", "cuda" or "mps".

    Raises:
        DeviceError: the device is not there, or fails; also raised by all that computes.
    """

    def __init__(self, model: ModelWeights | LoadedModel, *, device: str = "auto") -> None:
        self.model = model if isinstance(model, ModelWeights) else model.weights()
        self._networks = make_networks(self.model, device)
        self._faces: tuple[EncodedFace, ...] = ()
        self._mouths_open: tuple[float, ...] = ()

    @property
    def device(self) -> str:
        """Where the networks run, as `resolve_device` names it."""
        return self._networks.device

    def fork(self) -> FlowPredictor:
        """Another predictor on the same networks, with faces of its own."""
        other = copy.copy(self)
        other._faces, other._mouths_open = (), ()
        return other

    @property
    def num_faces(self) -> int:
        """How many faces are set."""
        return len(self._faces)

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
        self._faces = tuple(self._networks.encode(crop.pixels) for crop in crops)
        self._mouths_open = tuple(passage(crop.gap, OPEN_PX) for crop in crops)

    def set_crop(self, crop: AlignedCrop) -> None:
        """Encode one face; see `set_crops`."""
        self.set_crops([crop])

    def latent(self, face: int = 0) -> Latent:
        """Z(S), the mean of the posterior: (C, h, w), a copy."""
        return self._face(face).mean.copy()

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
        offsets = [self._offset(each, encoded.mean, face) for each in strengths]
        fields = [FlowField.identity(self._flow_shape)] * len(offsets)
        moving = [index for index, offset in enumerate(offsets) if offset.any()]
        if moving:
            latents = encoded.mean + np.stack([offsets[index] for index in moving])
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
        fields = list(self._decode(encoded, self._checked(latents), with_confidence=with_confidence))
        for index, latent in enumerate(latents):
            if np.array_equal(latent, own):
                fields[index] = FlowField(np.zeros_like(fields[index].flow), fields[index].confidence)
        return tuple(fields)

    def edited_latent(self, strengths: Strengths, latent: Latent, *, face: int = 0) -> Latent:
        """(C, h, w): a latent of a face, edited; itself where nothing is asked.

        Raises:
            EditError: as `predict`.
        """
        self._face(face)
        return (latent + self._offset(strengths, latent, face)).astype(np.float32)

    def _offset(self, strengths: Strengths, latent: Latent, face: int) -> Latent:
        return self.model.directions.combine(strengths, latent, mouth_open=self._mouths_open[face])

    @property
    def is_tracking(self) -> bool:
        """Whether latents hold where things are in a photo, apart from its expression."""
        return bool(self.model.header.config.descriptors)

    def carried(self, latents: NDArray[np.float32], flows: NDArray[np.float32], *, face: int = 0) -> Array:
        """Latents (N, C, h, w) in which things are where flows (N, h, w, 2), in crop pixels, take those of a face."""
        return with_carried_descriptors(latents, self._face(face).mean, flows, self.model.header.config)

    def latent_gradient(self, latent: Latent, slope: NDArray[np.float32], *, face: int = 0) -> Latent:
        """How a loss changes with every number of a latent, where its slope by the flow there is known.

        Args:
            latent: (C, h, w).
            slope: (h, w, 2), by crop pixels of the flow.
            face: its place in `set_crops`.
        """
        by_flow = np.ascontiguousarray(slope.transpose(2, 0, 1), np.float32)
        return self._networks.latent_gradient(self._face(face), self._checked(latent[None])[0], by_flow)

    def raw_flow(self, latent: Latent, *, face: int = 0) -> NDArray[np.float32]:
        """F(S, Z) as the paper shows it, without the subtraction: (h, w, 2), crop pixels; for evaluations."""
        encoded = self._face(face)
        flow = self._networks.flows(encoded, self._checked(latent[None]))[0]
        return np.ascontiguousarray(flow.transpose(1, 2, 0))

    @property
    def _flow_shape(self) -> tuple[int, int]:
        size = self.model.header.config.flow_size
        return size, size

    def _face(self, face: int) -> EncodedFace:
        if not 0 <= face < len(self._faces):
            raise EditError(f"there is no face {face} here; {len(self._faces)} are set")
        return self._faces[face]

    def _checked(self, latents: NDArray[np.float32]) -> Array:
        shape = self.model.header.config.latent_shape
        if latents.shape[1:] != shape or not np.isfinite(latents).all():
            raise EditError(f"latents must be finite and (N, {shape}), not {latents.shape}")
        return np.ascontiguousarray(latents, np.float32)

    def _decode(self, encoded: EncodedFace, latents: Array, *, with_confidence: bool) -> tuple[FlowField, ...]:
        flows = self._networks.flows(encoded, latents)
        confidences: Array = np.ones_like(flows[:, :1])
        if with_confidence:
            confidences = self._networks.confidences(encoded, latents, flows)
        shown = flows - encoded.base_flow
        return tuple(to_flow_field(flow, confidence) for flow, confidence in zip(shown, confidences, strict=True))
