"""The networks on a processor, by ONNX Runtime: as fast as PyTorch there, and started in a tenth of the time.

See `docs/adr/0014-onnx-runtime.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fvae_studio.model.graphs import decoder_graph, encoder_graph, latent_gradient_graph, source_graph
from fvae_studio.model.networks import CPU, EncodedFace
from fvae_studio.model.preprocess import to_input
from fvae_studio.model.weights import Array, ModelWeights

Session: TypeAlias = Any
"""`onnxruntime.InferenceSession`, which has no types."""


class OnnxNetworks:
    """`Networks` on the processor.

    Each graph runs on one core. These networks are small: a second core would save a millisecond or two, and beside a
    busy window its threads wait for each other. Flow and confidence are two graphs, so two cores have work.
    """

    device = CPU

    def __init__(self, model: ModelWeights) -> None:
        self._has_details = bool(model.header.config.detail_channels)
        self._encoder = make_session(encoder_graph(model))
        self._flow_source = make_session(source_graph(model, "flow"))
        self._confidence_source = make_session(source_graph(model, "confidence"))
        self._flow = make_session(decoder_graph(model, "flow"))
        self._confidence = make_session(decoder_graph(model, "confidence"))
        self._model = model
        self._gradient: Session | None = None
        self._making = Lock()

    def encode(self, crop: NDArray[np.uint8]) -> EncodedFace:
        """Mean, terms and base flow of one crop (S, S, 3)."""
        image = {"image": to_input([crop])}
        mean: Array = self._encoder.run(None, image)[0]
        flow_terms = self._flow_source.run(None, image | {"mean": mean} if self._has_details else image)
        base = _decode(self._flow, flow_terms, mean)
        return EncodedFace(mean[0], base[0], flow_terms, self._confidence_source.run(None, image))

    def flows(self, face: EncodedFace, latents: Array) -> Array:
        """F(S, Z): (N, 2, H, W), crop pixels."""
        return _decode(self._flow, face.flow_terms, latents)

    def confidences(self, face: EncodedFace, latents: Array) -> Array:
        """M(S, Z): (N, 1, H, W)."""
        return _decode(self._confidence, face.confidence_terms, latents)

    def latent_gradient(self, face: EncodedFace, latent: Array, slope: Array) -> Array:
        """By every number of a latent, the slope of a loss whose slope by the flow is known: (C, h, w)."""
        with self._making:
            if self._gradient is None:
                # Only clips of several photos need it.
                self._gradient = make_session(latent_gradient_graph(self._model))
        inputs = {"latent": latent[None], "slope": slope[None], **_named(face.flow_terms)}
        found: Array = self._gradient.run(None, inputs)[0][0]
        return found


def _decode(session: Session, terms: Sequence[Array], latents: Array) -> Array:
    found: Array = session.run(None, {"latent": latents, **_named(terms)})[0]
    return found


def _named(terms: Sequence[Array]) -> dict[str, Array]:
    return {f"term{level}": term for level, term in enumerate(terms)}


def make_session(graph: bytes) -> Session:
    """A graph that is ready to run, on one core."""
    # Here: it takes a tenth of a second, and what only reads a model's header does without.
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # Arenas keep the most that a run ever took; these runs take little, and other things want the memory.
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3  # errors
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
