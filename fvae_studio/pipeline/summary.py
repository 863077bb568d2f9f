"""A model as people see it: plain values, for windows and reports."""

from __future__ import annotations

from fvae_studio.model.registry import list_models
from fvae_studio.model.weights import ModelWeights
from fvae_studio.pipeline.predictor import FlowPredictor
from fvae_studio.pipeline.requests import DirectionInfo, ModelSummary


def summarise(predictor: FlowPredictor) -> ModelSummary:
    """What a predictor's model is called, where it runs and what it can do."""
    model = predictor.model
    header = model.header
    listed = next((info for info in list_models() if info.is_shipped and info.name == header.name), None)
    return ModelSummary(
        name=header.name,
        title=listed.title if listed else header.name,
        description=listed.description if listed else "",
        device=predictor.device.partition(":")[0],
        directions=directions_of(model),
        metrics=header.metrics,
        provenance=header.provenance,
        sha256=listed.sha256 if listed else "",
    )


def directions_of(model: ModelWeights) -> tuple[DirectionInfo, ...]:
    """The directions without their vectors, in the order in which they are listed."""
    return tuple(
        DirectionInfo(
            direction.name,
            direction.label,
            direction.group,
            direction.description,
            direction.trusted,
            direction.mirrored,
        )
        for direction in model.directions.values()
    )
