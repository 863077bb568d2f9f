"""Learning how far sliders part lips that show teeth already.

In training pairs a smile begins with closed lips, so that half of it is the mouth that opens. Where a photo shows a
smile, more of it is wider and higher; lips that part further uncover what the photo does not show, and look like a
laugh without teeth. How much of `open_mouth` has to be taken back from each slider is measured on people's smiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.geometry import Points
from fvae_studio.core.lips import moved_gap, opening
from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.core.seen_teeth import SeenTeeth, see_teeth
from fvae_studio.core.still_teeth import OPEN_PX, hold_teeth
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.model.directions import OPEN_MOUTH, DirectionSet
from fvae_studio.pipeline.engine import settle
from fvae_studio.pipeline.predictor import FlowPredictor
from trainer.crops import model_crop
from trainer.prepare import PreparedFaces

TO_OPEN: Final = (OPEN_MOUTH, "surprised")
"""Sliders that people drag so that mouths open."""

TAKEN_BACK: Final[tuple[float, ...]] = tuple(np.arange(0, 0.81, 0.08).round(2).tolist())
"""Units of `open_mouth` that are tried, for each unit of strength. With more, chins rise and nothing more is closed."""

STRENGTH: Final = 1.5
"""At which it is looked for: what closes the gap there closes it at less."""

SLIT_PX: Final = 0.1
"""A gap below teeth that is no higher, crop pixels, is none."""

OPENS_PX: Final = 1.0
"""What moves lips apart by less, crop pixels, does not open a mouth: closing it would not mend what is uncovered."""

QUANTILE: Final = 0.9
"""Of people, whose lips are to meet their teeth: taken back a little too much, lips cover what they covered before."""

NUM_PHOTOS: Final = 24


def fit_parting(
    model: LoadedModel, prepared: PreparedFaces, rows: Sequence[int], *, progress: Progress | None = None
) -> dict[str, float]:
    """How far each slider parts lips that are open, in units of `open_mouth` (`Direction.parts`).

    Args:
        model: with the directions; what they are known to part is not looked at.
        prepared: the photos.
        rows: training people's photos; those that show teeth count, the first `NUM_PHOTOS` of them.
        progress: told of every photo.

    Returns:
        By direction; without those that part nothing. Empty where no photo shows teeth, or no direction opens mouths.
    """
    progress = progress or NoProgress()
    if OPEN_MOUTH not in model.directions:
        return {}
    shown = [(row, teeth) for row in rows if (teeth := _teeth(prepared, row)) is not None][:NUM_PHOTOS]
    plain = DirectionSet(
        (replace(each, parts=0.0) for each in model.directions.values()), latent_shape=model.directions.latent_shape
    )
    predictor = FlowPredictor(replace(model, directions=plain), device="cpu")
    found: dict[str, list[float]] = {name: [] for name in model.directions if name not in TO_OPEN}
    for number, (row, teeth) in enumerate(shown):
        progress.raise_if_cancelled()
        progress.report(number / len(shown), "how far sliders part open lips")
        predictor.set_crop(model_crop(prepared, row))
        landmarks = prepared.landmarks[row]
        for name, needed in found.items():
            needed.append(_taken_back(predictor, name, landmarks, teeth))
    parts = {name: float(np.quantile(needed, QUANTILE)) for name, needed in found.items() if needed}
    return {name: round(part, 3) for name, part in parts.items() if part > 0}


def _teeth(prepared: PreparedFaces, row: int) -> SeenTeeth | None:
    landmarks = prepared.landmarks[row]
    return see_teeth(prepared.crops[row], landmarks) if opening(landmarks) >= OPEN_PX[1] else None


def _taken_back(predictor: FlowPredictor, name: str, landmarks: Points, teeth: SeenTeeth) -> float:
    """Units of `OPEN_MOUTH`, per unit of strength, without which a slider uncovers nothing below a photo's teeth."""
    for back in TAKEN_BACK:
        predicted = predictor.predict({name: STRENGTH, OPEN_MOUTH: -STRENGTH * back}, with_confidence=False)
        flow = settle(predicted, landmarks).flow
        if back == 0 and _opened(flow, landmarks) < OPENS_PX:
            return 0.0
        held = hold_teeth(flow, landmarks, lambda: teeth)
        if held is None or held.gap is None or held.gap.height <= SLIT_PX:
            return back
    return TAKEN_BACK[-1]


def _opened(flow: NDArray[np.float32], landmarks: Points) -> float:
    """By how much further lips are apart, crop pixels."""
    moved = moved_gap(flow, landmarks)
    return 0.0 if moved is None else float((moved.bottom - moved.top).max()) - opening(landmarks)
