"""How far a result can be trusted: the share of its motion that the confidence vouches for."""

from __future__ import annotations

from typing import Final

import numpy as np

from fvae_studio.core.types import FlowField

LEAST_MOTION: Final = 0.05
"""Crop pixels: shorter displacements have no say, or the still forehead would decide about a mouth."""


def motion_trust(field: FlowField) -> float:
    """The share of the motion that the confidence vouches for, in [0, 1].

    The mean confidence, each place weighed by how far it moves: a strong motion that nothing in the photo supports (a
    closed mouth that should show teeth) counts for more than skin that slides by half a pixel.

    Returns:
        1 where nothing moves.
    """
    length = np.hypot(field.flow[..., 0], field.flow[..., 1])
    weight = np.where(length > LEAST_MOTION, length, 0).astype(np.float64)
    total = float(weight.sum())
    if total <= 0:
        return 1.0
    return float((weight * np.clip(field.confidence, 0, 1)).sum() / total)
