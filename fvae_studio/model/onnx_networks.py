"""The networks on a processor, by ONNX Runtime: as fast as PyTorch there, and started in a tenth of the time.

See `docs/adr/0014-onnx-runtime.md`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from threading import Lock
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fvae_studio.model.graphs import decoder_graph, encoder_graph, latent_gradient_graph, source_graph
from fvae_studio.model.networks import CPU, EncodedFace
from fvae_studio.model.preprocess import to_input
from fvae_studio.model.tracking_graph import tracking_shapes
from fvae_studio.model.weights import Array, ModelWeights

Session: TypeAlias = Any
"""`onnxruntime.InferenceSession`, which has no types."""


class OnnxNetworks:
    """`Networks` on the processor.

    Each graph runs on one core. These networks are small: a second core would save a millisecond or two, and beside a
    busy window its threads wait for each other.

    Sliders leave descriptors alone: flows of edited latents are decoded by a graph that does not look for them.
    """

    device = CPU

    def __init__(self, model: ModelWeights) -> None:
        config = model.header.config
        self._has_details, self._tracked = bool(config.detail_channels), config.tracked
        self._num_edit_terms = -len(tracking_shapes(config)) or None
        self._encoder = make_session(encoder_graph(model))
        self._flow_source = make_session(source_graph(model, "flow"))
        self._confidence_source = make_session(source_graph(model, "confidence"))
        self._edits = make_session(decoder_graph(model, "flow", tracks=False))
        self._confidence = make_session(decoder_graph(model, "confidence"))
        self._model = model
        # Only what takes two photos needs these.
        self._tracking: Session | None = None
        self._gradient: Session | None = None
        self._making = Lock()

    def encode(self, crop: NDArray[np.uint8]) -> EncodedFace:
        """Mean, terms and base flow of one crop (S, S, 3)."""
        image = {"image": to_input([crop])}
        mean: Array = self._encoder.run(None, image)[0]
        flow_terms = self._flow_source.run(None, image | {"mean": mean} if self._has_details else image)
        base = _decode(self._edits, flow_terms[: self._num_edit_terms], mean)
        return EncodedFace(mean[0], base[0], flow_terms, self._confidence_source.run(None, image))

    def flows(self, face: EncodedFace, latents: Array) -> Array:
        """F(S, Z): (N, 2, H, W), crop pixels."""
        # As bytes: numpy would let go of Python's lock for it, and wait for a busy thread to give it back.
        own = face.mean[self._tracked].tobytes()
        if all(latent[self._tracked].tobytes() == own for latent in latents):
            return _decode(self._edits, face.flow_terms[: self._num_edit_terms], latents)
        with self._making:
            if self._tracking is None:
                self._tracking = make_session(decoder_graph(self._model, "flow"))
        return _decode(self._tracking, face.flow_terms, latents)

    def confidences(self, face: EncodedFace, latents: Array, flows: Array) -> Array:
        """M(S, Z): (N, 1, H, W)."""
        seen = {"flow": flows} if self._model.header.config.confidence_sees_flow else {}
        return _decode(self._confidence, face.confidence_terms, latents, seen)

    def latent_gradient(self, face: EncodedFace, latent: Array, slope: Array) -> Array:
        """By every number of a latent, the slope of a loss whose slope by the flow is known: (C, h, w)."""
        with self._making:
            if self._gradient is None:
                self._gradient = make_session(latent_gradient_graph(self._model))
        inputs = {"latent": latent[None], "slope": slope[None], **_named(face.flow_terms)}
        found: Array = self._gradient.run(None, inputs)[0][0]
        return found


def _decode(
    session: Session, terms: Sequence[Array], latents: Array, seen: Mapping[str, Array] = MappingProxyType({})
) -> Array:
    found: Array = session.run(None, {"latent": latents, **seen, **_named(terms)})[0]
    return found


def _named(terms: Sequence[Array]) -> dict[str, Array]:
    return {f"term{level}": term for level, term in enumerate(terms)}


def make_session(graph: bytes) -> Session:
    """A graph that is ready to run, on one core."""
    # Its wheels write an identity of this machine and report to their maker, from the moment of the import on; later
    # it can no longer be had out of them. The program promises that nothing leaves the machine.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    # Here: it takes a tenth of a second, and what only reads a model's header does without.
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # Arenas keep the most that a run ever took; these runs take little, and other things want the memory.
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3  # errors
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
