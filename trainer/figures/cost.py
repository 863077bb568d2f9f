"""What a model costs: time, parameters, bytes."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from fvae_studio.model.checkpoint import LoadedModel, save_checkpoint
from fvae_studio.pipeline.predictor import FlowPredictor
from trainer.crops import model_crop
from trainer.prepare import PreparedFaces


@dataclass(frozen=True)
class CostFigures:
    """Size and speed.

    Attributes:
        num_parameters: of encoder, source encoder and decoder.
        num_confidence_parameters: of the confidence network.
        file_bytes: of the weights file as released (half precision).
        encode_ms: median time of encoding a face once.
        predict_ms: median time of a slider's new position, with confidence.
        num_threads: torch's, during the measurement.
    """

    num_parameters: int
    num_confidence_parameters: int
    file_bytes: int
    encode_ms: float
    predict_ms: float
    num_threads: int


def cost_figures(model: LoadedModel, prepared: PreparedFaces, *, repeats: int = 9) -> CostFigures:
    """Measure on this machine's CPU; other work on it shows in the times."""
    predictor = FlowPredictor(model, device="cpu")
    crop = model_crop(prepared, 0)
    strengths = {next(iter(model.directions)): 1.0} if len(model.directions) else {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        save_checkpoint(path, model, half_precision=True)
        file_bytes = path.stat().st_size
    return CostFigures(
        num_parameters=sum(value.numel() for value in model.vae.parameters()),
        num_confidence_parameters=sum(value.numel() for value in model.confidence.parameters()),
        file_bytes=file_bytes,
        encode_ms=_median_ms(lambda: predictor.set_crop(crop), repeats),
        predict_ms=_median_ms(lambda: predictor.predict(strengths), repeats),
        num_threads=torch.get_num_threads(),
    )


def _median_ms(work: Callable[[], object], repeats: int) -> float:
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    return float(np.median(times))
