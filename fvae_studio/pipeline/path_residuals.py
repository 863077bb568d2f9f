"""Mutual registration: what still separates the photos of a clip after their flows, and each one's share of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.crop_places import shifted
from fvae_studio.core.flow_spline import smoothstep
from fvae_studio.core.regularise import prepare_flow
from fvae_studio.core.residual import MATCH_SIZE, moved_together, residual_flow
from fvae_studio.core.timeline import Moment
from fvae_studio.core.types import FloatMap, FlowField

RESIDUAL_STEPS: Final = 4
"""Steps between two photos at whose ends residuals are found; between them they are read linearly.

Measured halfway between, on four sample pairs and five London pairs: 0.03 to 0.2 crop pixels in the mean from what is
found there, where residuals are 0.4 to 0.8 long. More steps would follow the search's doubts, not the face."""

_GAP_MARGIN_PX: Final = 1.0
"""Crop pixels around the gap between open lips in which a photo with closed lips has nothing to be matched with."""

PathFields: TypeAlias = Callable[[tuple[int, int], float], tuple[FlowField, FlowField]]
"""Flows of two sources, by their numbers, where the second one has this share of motion and blend."""


@dataclass(frozen=True, eq=False)
class MatchedSource:
    """What of a source is matched with others.

    Attributes:
        pixels: (MATCH_SIZE, MATCH_SIZE, 3), its crop, in the light of the first.
        usable: (MATCH_SIZE, MATCH_SIZE) in [0, 1]: where it takes part; 0 along the border unless it is the first one.
        mouth: (MATCH_SIZE, MATCH_SIZE), `mouth_depth` of an open mouth, else None.
        openness: 0 for closed lips, 1 for an open mouth.
    """

    pixels: NDArray[np.uint8]
    usable: FloatMap
    mouth: FloatMap | None
    openness: float


class PathResiduals:
    """Residuals between every two photos on the way from one to the other; found when they are first needed.

    With r_kj what separates photo k from photo j at a moment (r_jk = -r_kj), photo k is moved on by
    -sum_j motion_j r_kj: nothing when all motion is its own, so at its own key a photo is not moved, and all of it when
    none is. At every moment all photos show one geometry, which goes from the first one's to the last one's.

    Args:
        sources: in the order of the clip.
        fields_at: flows on the way between two of them.
    """

    def __init__(self, sources: Sequence[MatchedSource], fields_at: PathFields) -> None:
        self.sources = tuple(sources)
        self._fields_at = fields_at
        self._nodes: dict[tuple[int, int, int], NDArray[np.float32]] = {}

    def meet(self, face: int, field: FlowField, moment: Moment, *, still: FloatMap | None = None) -> FlowField:
        """A source's flow that also goes its share of the way to the others; the same object where it has none to go.

        Args:
            face: number of the source.
            field: its flow at the moment.
            moment: its shares of motion count. Of the blend they are independent: a photo does not move because
                another one fades.
            still: (MATCH_SIZE, MATCH_SIZE) in [0, 1]: where it goes nothing of its way.
        """
        total: NDArray[np.float32] | None = None
        for other, share in enumerate(moment.motion):
            if other == face or share == 0:
                continue
            pair, sign = ((face, other), -1.0) if face < other else ((other, face), 1.0)
            place = moment.motion[pair[1]] / (moment.motion[pair[0]] + moment.motion[pair[1]])
            part = np.float32(sign * share) * self._between(pair, place)
            if moment.strengths or moment.motion[face] + share < 1:
                part = self._carried(part, field, self._fields_at(pair, place)[pair.index(face)])
            total = part if total is None else total + part
        if total is None or not total.any():
            return field
        if still is not None:
            total = total * (1 - still)[..., None]
        shape = field.flow.shape[:2]
        shift = cv2.resize(total, shape[::-1], interpolation=cv2.INTER_AREA)
        flow, confidence = moved_together(field.flow, field.confidence, shift)
        return FlowField(prepare_flow(flow), confidence)

    @staticmethod
    def _carried(shift: NDArray[np.float32], field: FlowField, on_path: FlowField) -> NDArray[np.float32]:
        """A shift that was found on the path, where sliders or a third photo have taken its pixels since."""
        apart = cv2.resize(field.flow - on_path.flow, (MATCH_SIZE, MATCH_SIZE), interpolation=cv2.INTER_LINEAR)
        return _read(shift, apart)

    def _between(self, pair: tuple[int, int], place: float) -> NDArray[np.float32]:
        """(MATCH_SIZE, MATCH_SIZE, 2), crop pixels: what separates a pair at a place on its way, in [0, 1]."""
        at = place * RESIDUAL_STEPS
        before = min(int(at), RESIDUAL_STEPS - 1)
        share = at - before
        if share == 0:
            return self._node(pair, before)
        if share == 1:
            return self._node(pair, before + 1)
        low, high = self._node(pair, before), self._node(pair, before + 1)
        return np.asarray(cv2.addWeighted(low, 1 - share, high, share, 0), np.float32)

    def _node(self, pair: tuple[int, int], node: int) -> NDArray[np.float32]:
        key = (*pair, node)
        if key not in self._nodes:
            place = node / RESIDUAL_STEPS
            sources = [self.sources[face] for face in pair]
            fields = self._fields_at(pair, place)
            flows = [
                cv2.resize(field.flow, (MATCH_SIZE, MATCH_SIZE), interpolation=cv2.INTER_LINEAR) for field in fields
            ]
            usable = np.minimum(sources[0].usable, sources[1].usable)
            trust = usable * _seen_in_both(sources, flows)
            for field in fields:
                trust *= cv2.resize(field.confidence, (MATCH_SIZE, MATCH_SIZE), interpolation=cv2.INTER_LINEAR)
            pictures = [
                _read(source.pixels, flow, cv2.INTER_CUBIC) for source, flow in zip(sources, flows, strict=True)
            ]
            residual = residual_flow(pictures[0], pictures[1], share=place, trust=trust)
            self._nodes[key] = residual * usable[..., None]
        return self._nodes[key]


def seen_in_target(source: MatchedSource, target: MatchedSource) -> FloatMap:
    """(MATCH_SIZE, MATCH_SIZE) in the target's frame: 0 where it shows teeth that closed lips of the source hide."""
    if target.mouth is None:
        return np.ones((MATCH_SIZE, MATCH_SIZE), np.float32)
    hidden = np.float32(max(target.openness - source.openness, 0.0))
    return 1 - hidden * smoothstep(1 + target.mouth / _GAP_MARGIN_PX)


def _seen_in_both(sources: Sequence[MatchedSource], flows: Sequence[NDArray[np.float32]]) -> FloatMap:
    """1 where both show the same thing, 0 where one shows teeth and the other lips."""
    seen: FloatMap = np.ones((MATCH_SIZE, MATCH_SIZE), np.float32)
    unlike = np.float32(abs(sources[0].openness - sources[1].openness))
    for source, flow in zip(sources, flows, strict=True):
        if source.mouth is not None and unlike > 0:
            depth = _read(source.mouth, flow)
            seen *= 1 - unlike * smoothstep(1 + depth / _GAP_MARGIN_PX)
    return seen


def _read(values: NDArray[Any], flow: NDArray[np.float32], interpolation: int = cv2.INTER_LINEAR) -> NDArray[Any]:
    """Values on the matched grid at p + flow(p), flow in crop pixels."""
    return shifted(values, flow * np.float32(MATCH_SIZE / CROP_SIZE), interpolation)
