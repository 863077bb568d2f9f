"""Flows on the straight line from one photo's latent to another's: decoded at nodes, read off between, evenly paced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.face_parts import part_mask
from fvae_studio.core.geometry import Points
from fvae_studio.core.lips import limit_lip_stretch
from fvae_studio.core.regularise import prepare_flow
from fvae_studio.core.surroundings import FindPerson, keep_surroundings
from fvae_studio.core.types import FloatMap, FlowField
from fvae_studio.pipeline.predictor import FlowPredictor

PATH_NODES: Final = 12
"""Steps between two photos at which flows are decoded; those between them are read off linearly.

Measured halfway between nodes, on two sample pairs and three London pairs, neutral and smiling, whose flows are up to
4.7 crop pixels long: at most 0.13 crop pixels from what is decoded there."""

LEAST_PACE: Final = 0.25
"""Of the mean motion: steps of the path that move less are taken as moving so much. Where nearly nothing moves, what
else changes along the path would rush by."""

_BESIDE_MOUTH: Final = 0.001
"""Weight of motion beside the mouth: it sets the pace where the mouth is still. People watch lips, which move on when
cheeks, many times their size, have come to rest."""

_MOUTH_MARGIN_PX: Final = 4.0
"""Crop pixels around the lips that count as the mouth."""

Pair: TypeAlias = tuple[int, int]
"""Numbers of two sources."""


LatentAt: TypeAlias = Callable[[Pair, float], NDArray[np.float32]]
"""(C, h, w): the latent at a place on a way, [0, 1]."""

CorrectionAt: TypeAlias = Callable[[int, Pair, float], NDArray[np.float32] | None]
"""(h, w, 2), crop pixels: what is added to a source's decoded flow at a place on a way; None for nothing."""

Meeting: TypeAlias = Callable[[int, FlowField, Pair, float], FlowField]
"""Takes a source's flow at a place on a way, [0, 1], on to where all sources meet."""


@dataclass(eq=False)
class _Node:
    """A flow on the way between two photos.

    Attributes:
        raw: as decoded.
        usable: as it may move pixels, once that is asked for: with the rule of closed lips or without, and taken on to
            where the sources meet or not.
    """

    raw: FlowField
    usable: dict[tuple[bool, bool], FlowField] = field(default_factory=dict)


class LatentPaths:
    """The flows of every source on the ways between every two, found when they are first needed.

    Args:
        predictor: with the sources' faces.
        landmarks: of each source, crop pixels, or None.
        latent_at: what is decoded.
        correction_at: what is added to it.
        meet: applied to nodes, so that it costs nothing at the pictures between them.
        find_person: of each source, as for `keep_surroundings`; None: of nobody.
    """

    def __init__(
        self,
        predictor: FlowPredictor,
        landmarks: Sequence[Points | None],
        latent_at: LatentAt,
        correction_at: CorrectionAt,
        meet: Meeting,
        find_person: Sequence[FindPerson | None] | None = None,
    ) -> None:
        self._predictor, self._landmarks, self._latent_at = predictor, tuple(landmarks), latent_at
        self._find_person = tuple(find_person or [None] * len(self._landmarks))
        self._correction_at = correction_at
        self._meet = meet
        self._nodes: dict[tuple[int, int, int, int], _Node] = {}
        self._paces: dict[Pair, NDArray[np.float64]] = {}

    def field(self, face: int, pair: Pair, place: float, *, hold: float, met: bool = True) -> FlowField:
        """A source's flow to a place on the way of a pair; free of folds at the nodes.

        Args:
            face: number of the source.
            pair: the way's start and end; twice the same for a source's own expression.
            place: on the way, [0, 1].
            hold: how far closed lips are held together, [0, 1].
            met: taken on to where all sources meet.
        """
        return _along(place, lambda node: self._node_field(face, pair, node, hold, met))

    def raw(self, face: int, pair: Pair, place: float) -> FlowField:
        """The same as decoded: it may fold, and draws lips over the gap between them."""
        return _along(place, lambda node: self._node(face, pair, node).raw)

    def decoded(self, face: int, latent: NDArray[np.float32]) -> FlowField:
        """A source's flow to any latent, (C, h, w), as decoded."""
        (field,) = self._predictor.predict_latents(latent[None], face=face)
        return field

    def kept(self, is_same: Sequence[bool], latent_at: LatentAt, meet: Meeting) -> LatentPaths:
        """The same sources where the latents of some are others: what was decoded between the rest is kept.

        Args:
            is_same: of each source: whether its latent is.
            latent_at: as for the constructor.
            meet: as for the constructor.
        """
        other = LatentPaths(self._predictor, self._landmarks, latent_at, self._correction_at, meet, self._find_person)
        other._nodes = {
            key: _Node(node.raw) for key, node in self._nodes.items() if is_same[key[1]] and is_same[key[2]]
        }
        other._paces = {pair: pace for pair, pace in self._paces.items() if is_same[pair[0]] and is_same[pair[1]]}
        return other

    def kept_still(self, face: int, decoded: FlowField, *, own: float) -> FlowField:
        """A decoded flow that leaves alone what is beyond the face, as far as the motion is the source's own, [0, 1].

        From photo to photo heads and hair move; a slider moves faces.
        """
        landmarks = self._landmarks[face]
        if own <= 0 or landmarks is None:
            return decoded
        kept = keep_surroundings(decoded.flow, landmarks, self._find_person[face])
        flow = kept if own == 1 else (decoded.flow + np.float32(own) * (kept - decoded.flow)).astype(np.float32)
        return FlowField(flow, decoded.confidence)

    def settled(self, face: int, decoded: FlowField, *, hold: float) -> FlowField:
        """What a decoded flow needs before it may move pixels; closed lips are held as far as `hold` says."""
        landmarks, flow = self._landmarks[face], decoded.flow
        if hold > 0 and landmarks is not None:
            held = limit_lip_stretch(flow, landmarks)
            flow = held if hold == 1 else (flow + np.float32(hold) * (held - flow)).astype(np.float32)
        return FlowField(prepare_flow(flow), decoded.confidence)

    def even_place(self, pair: Pair, share: float) -> float:
        """Where on the way of a pair a share of the motion is done: the ends are the ends.

        Equal steps in the latent are not equal motion: it starts slowly and ends more slowly still. Measured as what
        the pair's flows, weighted as they are seen, get on in the direction of the whole way, mostly in the mouth.
        """
        if share in (0, 1):
            return share
        if pair not in self._paces:
            self._paces[pair] = self._pace(pair)
        return float(np.interp(share, self._paces[pair], np.linspace(0, 1, PATH_NODES + 1)))

    def _pace(self, pair: Pair) -> NDArray[np.float64]:
        """(PATH_NODES + 1,), rising from 0 to 1: the share of the motion that is done at each node."""
        first, second = (
            np.stack([self._node(face, pair, node).raw.flow for node in range(PATH_NODES + 1)]) for face in pair
        )
        seen = ((np.arange(PATH_NODES, dtype=np.float32) + 0.5) / PATH_NODES)[:, None, None, None]
        steps = (1 - seen) * np.diff(first, axis=0) + seen * np.diff(second, axis=0)
        rows, columns = first.shape[1:3]
        way = steps.sum(axis=0) * self._attention(pair, shape=(rows, columns))[..., None]
        motion = np.array([float((step * way).sum()) for step in steps])
        if motion.sum() <= 0:
            return np.linspace(0, 1, PATH_NODES + 1)
        motion = np.maximum(motion, LEAST_PACE * motion.mean())
        return np.concatenate([[0.0], np.cumsum(motion) / motion.sum()])

    def _attention(self, pair: Pair, *, shape: tuple[int, int]) -> FloatMap:
        """How much motion counts for the pace: 1 in the mouths of a pair; everywhere where landmarks are missing."""
        mouths = [
            part_mask(landmarks, "mouth", grow_px=_MOUTH_MARGIN_PX, feather_px=1)
            for face in pair
            if (landmarks := self._landmarks[face]) is not None
        ]
        if not mouths:
            return np.ones(shape, np.float32)
        weight = np.maximum(np.max(mouths, axis=0), np.float32(_BESIDE_MOUTH))
        return np.asarray(cv2.resize(weight, shape[::-1], interpolation=cv2.INTER_AREA), np.float32)

    def _node(self, face: int, pair: Pair, node: int) -> _Node:
        start, end = pair
        if start != end and node in (0, PATH_NODES):
            start = end = pair[node // PATH_NODES]
            node = 0
        key = (face, start, end, node)
        if key not in self._nodes:
            # A whole way at once takes a fourth of the time of its nodes one by one.
            nodes = [node] if start == end else list(range(1, PATH_NODES))
            latents = np.stack([self._latent_at((start, end), each / PATH_NODES) for each in nodes])
            if start != end and self._predictor.is_tracking:
                latents = self._carried(face, (start, end), nodes, latents)
            for each, field in zip(nodes, self._predictor.predict_latents(latents, face=face), strict=True):
                added = self._correction_at(face, (start, end), each / PATH_NODES)
                self._nodes[face, start, end, each] = _Node(corrected(field, added))
        return self._nodes[key]

    def _carried(
        self, face: int, pair: Pair, nodes: Sequence[int], latents: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Latents on a way, with the source's own descriptors where an even motion from end to end has them."""
        start, end = (self._node(face, pair, node).raw.flow for node in (0, PATH_NODES))
        flows = np.stack([start + np.float32(node / PATH_NODES) * (end - start) for node in nodes])
        return self._predictor.carried(latents, flows, face=face)

    def _node_field(self, face: int, pair: Pair, number: int, hold: float, met: bool) -> FlowField:
        node = self._node(face, pair, number)
        for held, needed in ((True, hold > 0), (False, hold < 1)):
            if needed and (held, met) not in node.usable:
                place = number / PATH_NODES
                own = float(face == pair[0]) * (1 - place) + float(face == pair[1]) * place
                settled = self.settled(face, self.kept_still(face, node.raw, own=own), hold=float(held))
                node.usable[held, met] = self._meet(face, settled, pair, number / PATH_NODES) if met else settled
        if hold in (0, 1):
            return node.usable[hold == 1, met]
        return _between(node.usable[False, met], node.usable[True, met], hold)


def corrected(field: FlowField, added: NDArray[np.float32] | None) -> FlowField:
    """A flow and what is added to it; the same object where that is nothing."""
    return field if added is None else FlowField(field.flow + added, field.confidence)


def _along(place: float, field_at: Callable[[int], FlowField]) -> FlowField:
    """The flow at a place on the way, [0, 1], of those at its nodes."""
    # Along the line between two latents the flow changes so evenly that it need not be decoded at each picture.
    at = place * PATH_NODES
    before = min(int(at), PATH_NODES - 1)
    low = field_at(before)
    return low if at == before else _between(low, field_at(before + 1), at - before)


def _between(low: FlowField, high: FlowField, share: float) -> FlowField:
    if share == 0 or low is high:
        return low
    if share == 1:
        return high
    flow = cv2.addWeighted(low.flow, 1 - share, high.flow, share, 0)
    return FlowField(flow, cv2.addWeighted(low.confidence, 1 - share, high.confidence, share, 0))
