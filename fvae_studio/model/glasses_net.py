"""Where a face's crop shows glasses: a small network of its own, which the program looks at only where something moves.

It has seen drawn glasses alone (`trainer.glasses`): see `docs/adr/0026-glasses-keep-their-shape.md`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from fvae_studio import paths
from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE, TEMPLATE_ID
from fvae_studio.core.types import FloatMap
from fvae_studio.errors import ModelError
from fvae_studio.model.graph_layers import convolve, double
from fvae_studio.model.onnx_file import OnnxGraph
from fvae_studio.model.onnx_networks import make_session
from fvae_studio.model.preprocess import to_input
from fvae_studio.model.weights import Array

FORMAT: Final = f"fvae-studio-glasses-1 {TEMPLATE_ID}"
"""What a weights file says of itself: the frame of its crops is a part of that."""

BAND: Final = slice(16, 80)
"""Rows of a `CROP_SIZE` crop that the network looks at, from above the brows to the nostrils."""

_FORMAT_KEY = "format"


class GlassesNet:
    """The network, ready to look.

    Args:
        file: its weights; None for those that ship.

    Raises:
        ModelError: they are missing, or no weights of this network.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._session = make_session(glasses_graph(read_glasses(file or paths.glasses_file())))

    def find(self, pixels: NDArray[np.uint8]) -> FloatMap:
        """How likely glasses hide what is behind them, pixel by pixel.

        Args:
            pixels: (S, S, 3) of an aligned face, any S.

        Returns:
            (CROP_SIZE, CROP_SIZE) in [0, 1]; 0 outside of `BAND`.
        """
        found: Any = self._session.run(None, {"band": band_of(pixels)})[0]
        glasses: FloatMap = np.zeros((CROP_SIZE, CROP_SIZE), np.float32)
        glasses[BAND] = found[0, 0]
        return glasses


def band_of(pixels: NDArray[np.uint8]) -> Array:
    """(1, 3, 64, 128) in [-1, 1]: what the network sees of a crop (S, S, 3) of any size."""
    if len(pixels) != CROP_SIZE:
        finer = len(pixels) > CROP_SIZE
        pixels = cv2.resize(pixels, (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_AREA if finer else cv2.INTER_CUBIC)
    return to_input([pixels[BAND]])


def glasses_graph(tensors: dict[str, Array]) -> bytes:
    """Input "band" (1, 3, 64, 128); output "glasses" (1, 1, 64, 128), probabilities.

    Args:
        tensors: weights and biases of the convolutions in order: one, four times two on the way down, four on the way
            up, one. With the normalisations in them.
    """
    graph = OnnxGraph("glasses")
    count = len(tensors) // 2
    weights = iter([(tensors[f"{number:02}.weight"], tensors[f"{number:02}.bias"]) for number in range(count)])
    levels = (count - 2) // 3

    def block(x: str, *, stride: int = 1) -> str:
        weight, bias = next(weights)
        return graph.apply("Relu", convolve(graph, x, weight, bias, stride=stride))

    x = block(graph.input("band", (1, 3, BAND.stop - BAND.start, CROP_SIZE)))
    grids = []
    for _ in range(levels):
        grids.append(x)
        x = block(block(x, stride=2))
    for grid in reversed(grids):
        x = block(graph.apply("Concat", double(graph, x, "nearest"), grid, axis=1))
    weight, bias = next(weights)
    found = graph.apply("Sigmoid", convolve(graph, x, weight, bias))
    graph.output(found, "glasses", (1, 1, BAND.stop - BAND.start, CROP_SIZE))
    return graph.to_bytes()


def read_glasses(file: Path) -> dict[str, Array]:
    """The weights of a file, as `write_glasses` wrote them.

    Raises:
        ModelError: it is missing, or holds something else.
    """
    try:
        with safetensors.safe_open(file, framework="numpy") as opened:
            notes = opened.metadata() or {}
            tensors = {name: opened.get_tensor(name).astype(np.float32) for name in opened.keys()}  # noqa: SIM118
    except FileNotFoundError as error:
        raise ModelError(
            f"The network that finds glasses is missing ({file.name}). Install the program again."
        ) from error
    except (OSError, safetensors.SafetensorError) as error:
        raise ModelError(
            f"The network that finds glasses is damaged ({file.name}). Install the program again."
        ) from error
    if notes.get(_FORMAT_KEY) != FORMAT or not _is_whole(tensors):
        raise ModelError(f"{file.name} is no network that finds glasses. Install the program again.")
    return tensors


def write_glasses(tensors: dict[str, Array]) -> bytes:
    """A weights file, in half precision."""
    halves = {name: np.ascontiguousarray(value.astype(np.float16)) for name, value in tensors.items()}
    content: bytes = safetensors.numpy.save(halves, {_FORMAT_KEY: FORMAT})
    return content


def _is_whole(tensors: dict[str, Array]) -> bool:
    count = len(tensors) // 2
    names = {f"{number:02}.{part}" for number in range(count) for part in ("weight", "bias")}
    return count >= 5 and (count - 2) % 3 == 0 and set(tensors) == names
