"""Algorithm 2 in the crop's frame: how every photo of a clip moves at a moment, and how much of each is seen."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE, extract_crop
from fvae_studio.core.cutout import Cutout, cut_face
from fvae_studio.core.edits import Strengths, add_strengths
from fvae_studio.core.face_match import FaceMatch, match_faces
from fvae_studio.core.face_parts import mouth_depth
from fvae_studio.core.flow_spline import smoothstep
from fvae_studio.core.geometry import Points
from fvae_studio.core.lips import CLOSED_PX, limit_lip_stretch, opening
from fvae_studio.core.mouth_choice import CLOSED, MouthChoice
from fvae_studio.core.parting import PartedLips
from fvae_studio.core.photo_io.colour_profiles import convert_colours
from fvae_studio.core.registration import apply_colour, fit_colour, usable_share
from fvae_studio.core.regularise import prepare_flow
from fvae_studio.core.timeline import Moment
from fvae_studio.core.types import AlignedCrop, FloatMap, FlowField, Photo
from fvae_studio.errors import EditError
from fvae_studio.pipeline.clip_mouths import ClipMouth, FindPhotoMouth, MovedMouths
from fvae_studio.pipeline.predictor import FlowPredictor

PATH_NODES: Final = 12
"""Steps between two photos at which flows are decoded; those between them are read off linearly.

Measured halfway between nodes, on two sample pairs and three London pairs, neutral and smiling, whose flows are up to
4.7 crop pixels long: at most 0.13 crop pixels from what is decoded there."""

TEETH_SHARE: Final = 0.35
"""Share of a photo with an open mouth at which the whole gap is seen, and other photos' lips are free to part."""

SHARPNESS: Final = 1.0
"""Of the softmax over the confidences; the paper's."""

SHARE_SIZE: Final = 2 * CROP_SIZE
"""Cells along the crop's side of the map of shares: the edge between lips and teeth is fine."""

_MOUTH_FEATHER_PX: Final = 0.6
"""Crop pixels."""

_LEAST_SHARE: Final = 1 / 512
"""Less of a photo than this changes no 8-bit value."""


@dataclass(frozen=True, eq=False)
class InterpolationSource:
    """One photo with the face that takes part.

    Attributes:
        photo: with the face.
        crop: of the face.
        landmarks: (478, 2) of the face, photo pixels; None: nothing is known of lips and registration is that of crops.
        strengths: the photo's own edit of the face.
        mouth: what is seen where closed lips part; without landmarks they stay closed.
    """

    photo: Photo
    crop: AlignedCrop
    landmarks: Points | None = None
    strengths: Strengths = ()
    mouth: MouthChoice = CLOSED


@dataclass(frozen=True, eq=False)
class _Source:
    """A source as it is used: in the first one's crop frame, depth and light."""

    cutout: Cutout
    landmarks: Points | None
    strengths: Strengths
    usable: FloatMap
    mouth: FloatMap | None
    """`mouth_depth` of an open mouth."""


@dataclass(eq=False)
class _Node:
    """A flow on the way between two photos, as decoded, and as it may move pixels, once that is asked for.

    Attributes:
        raw: as decoded.
        held: with the rule of closed lips.
        free: without it.
    """

    raw: FlowField
    held: FlowField | None = None
    free: FlowField | None = None


class Interpolator:
    """The flows and shares of several photos of one person at any moment.

    Flows are taken relative to each photo's own, F(S_k, Z) - F(S_k, Z_k), so at its own latent a photo is not moved.
    The softmax of the confidences is multiplied by the blend's shares (`docs/adr/0004`), so the ends are exact. The
    target is sum_k motion_k (Z_k + d_k), with d_k the photo's own edit and the tracks' strengths.

    The first source gives frame, depth and colours. The others are brought into its frame, light and profile, and take
    part in an oval around the face; outside it, only the first photo is seen, moved by its flow.

    Args:
        predictor: its networks are shared, its faces are left alone.
        sources: photos of one person, each with its face.
        match_colour: give the other photos the first one's light (section 5.2's colour transfer).
        find_photo_mouth: opens photos whose teeth are seen in others; None: closed mouths stay closed.

    Attributes:
        photo_to_crop: of the first photo.
        icc: profile of the first photo, in which all cutouts are.
        matches: how well each other source fits the first one; None where landmarks are missing.
        mouths: of the sources whose closed lips may part; None for all others.

    Raises:
        EditError: no source.
        GeometryError: a crop of another template.
    """

    def __init__(
        self,
        predictor: FlowPredictor,
        sources: Sequence[InterpolationSource],
        *,
        match_colour: bool = True,
        find_photo_mouth: FindPhotoMouth | None = None,
    ) -> None:
        if not sources:
            raise EditError("A clip needs a photo at least.")
        frame = sources[0]
        self.photo_to_crop = frame.crop.photo_to_crop
        self.icc = frame.photo.metadata.icc
        first = _Source(
            cut_face(frame.photo, frame.crop.photo_to_crop),
            None if frame.landmarks is None else frame.crop.photo_to_crop.apply(frame.landmarks),
            frame.strengths,
            np.ones((SHARE_SIZE, SHARE_SIZE), np.float32),
            None if frame.landmarks is None else _mouth(frame.crop.photo_to_crop.apply(frame.landmarks)),
        )
        prepared, crops = [first], [frame.crop]
        matches: list[FaceMatch | None] = []
        for source in sources[1:]:
            ready, crop, match = _register(source, frame, match_colour=match_colour)
            prepared.append(ready)
            crops.append(crop)
            matches.append(match)
        self.matches = tuple(matches)
        self._sources = tuple(prepared)
        self._open = tuple(_open_share(source.landmarks) for source in prepared)
        self.mouths = tuple(
            ClipMouth.of(ready.cutout, ready.landmarks, source.mouth, find_photo_mouth)
            for ready, source in zip(prepared, sources, strict=True)
        )
        self._mouths = MovedMouths(self.mouths, self._raw)
        self._find_photo_mouth = find_photo_mouth
        self._predictor = predictor.fork()
        self._predictor.set_crops(crops)
        self._latents = [self._predictor.latent(face) for face in range(len(sources))]
        self._nodes: dict[tuple[int, int, int, int], _Node] = {}

    def edited(self, edits: Sequence[tuple[Strengths, MouthChoice]]) -> Interpolator:
        """The same photos with other edits of their own: nothing is registered or encoded again.

        Args:
            edits: strengths and what is seen where lips part, of each source.
        """
        other = copy.copy(self)
        pairs = list(zip(self._sources, edits, strict=True))
        same = [source.strengths == strengths for source, (strengths, _) in pairs]
        other._sources = tuple(replace(source, strengths=strengths) for source, (strengths, _) in pairs)
        # A node depends on the edits of the two photos between which it lies.
        other._nodes = {key: node for key, node in self._nodes.items() if same[key[1]] and same[key[2]]}
        other.mouths = tuple(
            mouth
            if mouth is not None and mouth.choice == choice
            else ClipMouth.of(source.cutout, source.landmarks, choice, self._find_photo_mouth)
            for mouth, (source, (_, choice)) in zip(self.mouths, pairs, strict=True)
        )
        other._mouths = MovedMouths(other.mouths, other._raw)
        return other

    @property
    def cutouts(self) -> tuple[Cutout, ...]:
        """The photos around their faces, at their own resolution, all in the first one's crop frame and light."""
        return tuple(source.cutout for source in self._sources)

    def check(self, moment: Moment) -> None:
        """Raise `EditError` unless the moment has a share of motion and of blend for each source."""
        for name, shares in (("motion", moment.motion), ("blend", moment.blend)):
            usable = all(math.isfinite(share) and share >= 0 for share in shares)
            if len(shares) != len(self._sources) or not usable or not math.isclose(sum(shares), 1, abs_tol=1e-6):
                raise EditError(
                    f"The {name} of {len(self._sources)} photos needs a share for each, not negative and 1 in all; not "
                    f"{list(shares)}."
                )

    def flows(self, moment: Moment) -> tuple[FlowField | None, ...]:
        """What moves every source to the moment's expression, in crop pixels, free of folds.

        Returns:
            None for sources that are not seen. The first is always needed: beyond the face's oval it alone is seen.

        Raises:
            EditError: not one share for each source, or an unknown direction.
        """
        self.check(moment)
        fields: list[FlowField | None] = []
        for face, (blend, moved) in enumerate(zip(moment.blend, self._mouths.at(moment), strict=True)):
            if face > 0 and blend == 0:
                fields.append(None)
            elif moved is None:
                fields.append(self._field(face, moment, self._hold(face, moment)))
            elif moved.lips is not None:
                fields.append(FlowField(moved.lips.flow, moved.decoded.confidence))
            else:
                fields.append(self._settled(face, moved.decoded, 1.0))
        return tuple(fields)

    def lips(self, moment: Moment) -> tuple[PartedLips | None, ...]:
        """The parted lips of every source; None where a mouth is as the source's flow leaves it."""
        return tuple(None if moved is None else moved.lips for moved in self._mouths.at(moment))

    def shares(self, moment: Moment, fields: Sequence[FlowField | None]) -> FloatMap:
        """How much of each source is seen: (num_sources, SHARE_SIZE, SHARE_SIZE) in [0, 1], adding up to 1.

        The softmax of the confidences times the blend's shares; the others take part where all of them can be used.
        Between the lips of a photo with an open mouth, photos with closed lips have nothing to show and no say.
        """
        size = (SHARE_SIZE, SHARE_SIZE)
        result: NDArray[np.float32] = np.zeros((len(fields), *size), np.float32)
        having = [face for face, blend in enumerate(moment.blend) if blend > 0]
        weights = []
        for face in having:
            field = fields[face]
            assert field is not None
            confidence = cv2.resize(np.clip(field.confidence, 0, 1), size, interpolation=cv2.INTER_LINEAR)
            weights.append(np.exp(SHARPNESS * confidence) * np.float32(moment.blend[face]))
        inside = self._teeth(moment, fields)
        if inside is not None:
            for face, weight in zip(having, weights, strict=True):
                weight *= 1 - inside * np.float32(1 - self._open[face])
        for face, weight in zip(having, weights, strict=True):
            # The gap of parted lips opens like that of a mouth which is open in its photo.
            for gap in self._mouths.gaps_beside(face, moment, size=SHARE_SIZE, share=TEETH_SHARE):
                weight *= 1 - gap * np.float32(1 - self._open[face])
        total = np.sum(weights, axis=0)
        usable = np.min([self._sources[face].usable for face in having], axis=0)
        for face, weight in zip(having, weights, strict=True):
            if face > 0:
                result[face] = usable * weight / total
        result[result < _LEAST_SHARE] = 0
        result[0] = 1 - result[1:].sum(axis=0)
        result[0][result[0] < _LEAST_SHARE] = 0
        result /= result.sum(axis=0)
        return result

    def _teeth(self, moment: Moment, fields: Sequence[FlowField | None]) -> FloatMap | None:
        """Where the inside of a mouth is seen, (SHARE_SIZE, SHARE_SIZE) in [0, 1]; None for nowhere.

        Without it, lips that are drawn over the gap are blended with the teeth in it, and the teeth look like ghosts.
        """
        seen: FloatMap | None = None
        for source, openness, blend, field in zip(self._sources, self._open, moment.blend, fields, strict=True):
            if source.mouth is None or field is None or openness == 0 or blend == 0:
                continue
            flow = cv2.resize(field.flow, (SHARE_SIZE, SHARE_SIZE), interpolation=cv2.INTER_LINEAR)
            flow *= SHARE_SIZE / CROP_SIZE
            flow += _grid()
            depth = cv2.remap(source.mouth, flow, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            # It opens from the middle of the gap outwards; teeth that fade in would be ghosts again.
            closed = 1 - float(smoothstep(np.array([blend / TEETH_SHARE]))[0])
            least = closed * (float(source.mouth.max()) + _MOUTH_FEATHER_PX)
            moved = openness * smoothstep(0.5 + (depth - least) / (2 * _MOUTH_FEATHER_PX))
            seen = moved if seen is None else np.maximum(seen, moved)
        return seen

    def _hold(self, face: int, moment: Moment) -> float:
        """How far the rule of closed lips holds for a source: not where another one shows what is between the lips."""
        opened = [
            openness if moved is None else max(openness, moved.openness)
            for openness, moved in zip(self._open, self._mouths.at(moment), strict=True)
        ]
        shown = sum(
            blend * openness
            for other, (blend, openness) in enumerate(zip(moment.blend, opened, strict=True))
            if other != face and openness > self._open[face]
        )
        return 1 - float(smoothstep(np.array([shown / TEETH_SHARE]))[0])

    def _field(self, face: int, moment: Moment, hold: float) -> FlowField:
        taking = [source for source, share in enumerate(moment.motion) if share > 0]
        if moment.strengths or len(taking) > 2:
            return self._settled(face, self._decoded(face, self._target(moment)), hold)
        if len(taking) == 1:
            return self._node(face, taking[0], taking[0], 0, hold)
        # Along the line between two latents the flow changes so evenly that it need not be decoded at each picture.
        start, end = taking
        place = moment.motion[end] * PATH_NODES
        before = min(int(place), PATH_NODES - 1)
        low, high = (self._node(face, start, end, node, hold) for node in (before, before + 1))
        return _between(low, high, place - before)

    def _raw(self, face: int, moment: Moment) -> FlowField:
        """The flow as decoded, between the nodes of a path linearly: lips part after that."""
        taking = [source for source, share in enumerate(moment.motion) if share > 0]
        if moment.strengths or len(taking) > 2:
            return self._decoded(face, self._target(moment))
        if len(taking) == 1:
            return self._decoded_node(face, taking[0], taking[0], 0).raw
        start, end = taking
        place = moment.motion[end] * PATH_NODES
        before = min(int(place), PATH_NODES - 1)
        low, high = (self._decoded_node(face, start, end, node).raw for node in (before, before + 1))
        return _between(low, high, place - before)

    def _decoded_node(self, face: int, start: int, end: int, node: int) -> _Node:
        if node == 0:
            end = start
        elif node == PATH_NODES:
            start, node = end, 0
        key = (face, start, end, node)
        if key not in self._nodes:
            share = node / PATH_NODES
            motion = [0.0] * len(self._sources)
            motion[end] += share
            motion[start] += 1 - share
            self._nodes[key] = _Node(self._decoded(face, self._target(Moment(tuple(motion), ()))))
        return self._nodes[key]

    def _node(self, face: int, start: int, end: int, node: int, hold: float) -> FlowField:
        decoded = self._decoded_node(face, start, end, node)
        if hold > 0 and decoded.held is None:
            decoded.held = self._settled(face, decoded.raw, 1.0)
        if hold < 1 and decoded.free is None:
            decoded.free = self._settled(face, decoded.raw, 0.0)
        if decoded.held is None or decoded.free is None:
            settled = decoded.held or decoded.free
            assert settled is not None
            return settled
        return _between(decoded.free, decoded.held, hold)

    def _target(self, moment: Moment) -> NDArray[np.float32]:
        """(C, h, w): the latent of the moment; exactly the source's own where it alone has a share and no edit."""
        directions = self._predictor.model.directions
        total: NDArray[np.float32] | None = None
        for source, share in enumerate(moment.motion):
            if share == 0:
                continue
            latent = self._latents[source]
            strengths = add_strengths(self._sources[source].strengths, moment.strengths)
            if strengths:
                latent = latent + directions.combine(dict(strengths))
            part = latent if share == 1 else np.float32(share) * latent
            total = part if total is None else total + part
        assert total is not None
        return total.astype(np.float32)

    def _decoded(self, face: int, latent: NDArray[np.float32]) -> FlowField:
        (field,) = self._predictor.predict_latents(latent[None], face=face)
        return field

    def _settled(self, face: int, decoded: FlowField, hold: float) -> FlowField:
        """What a decoded flow needs before it may move pixels; closed lips are held as far as `hold` says."""
        landmarks, flow = self._sources[face].landmarks, decoded.flow
        if hold > 0 and landmarks is not None:
            held = limit_lip_stretch(flow, landmarks)
            flow = held if hold == 1 else (flow + np.float32(hold) * (held - flow)).astype(np.float32)
        return FlowField(prepare_flow(flow), decoded.confidence)


def _register(
    source: InterpolationSource, frame: InterpolationSource, *, match_colour: bool
) -> tuple[_Source, AlignedCrop, FaceMatch | None]:
    """A source in the frame's crop frame, depth and light; its crop there; how well it fits."""
    photo, photo_to_crop, match = source.photo, source.crop.photo_to_crop, None
    if source.landmarks is not None and frame.landmarks is not None:
        match = match_faces(source.photo, source.landmarks, frame.photo, frame.landmarks)
        photo_to_crop = match.photo_to_crop
    cutout = cut_face(photo, photo_to_crop)
    pixels = convert_colours(cutout.pixels, photo.metadata.icc, frame.photo.metadata.icc)
    crop = extract_crop(Photo(pixels), cutout.from_crop.inverse)
    if pixels.dtype != frame.photo.pixels.dtype:
        scaled = pixels.astype(np.float32) * (frame.photo.max_value / photo.max_value)
        pixels = np.round(scaled).astype(frame.photo.pixels.dtype)
    if match_colour:
        pixels = apply_colour(pixels, fit_colour(crop.pixels, frame.crop.pixels))
    landmarks = None if source.landmarks is None else photo_to_crop.apply(source.landmarks)
    usable = usable_share(photo_to_crop, photo.bounds)
    ready = _Source(
        Cutout(pixels, None, cutout.from_crop),
        landmarks,
        source.strengths,
        cv2.resize(usable, (SHARE_SIZE, SHARE_SIZE), interpolation=cv2.INTER_LINEAR),
        None if landmarks is None else _mouth(landmarks),
    )
    return ready, AlignedCrop(crop.pixels, photo_to_crop, source.crop.template_id), match


def _open_share(landmarks: Points | None) -> float:
    """0 for closed lips, 1 for a mouth that shows its inside; in between as the rule of closed lips fades out."""
    return 0.0 if landmarks is None else float(np.clip(opening(landmarks) / CLOSED_PX - 1, 0, 1))


def _mouth(landmarks: Points) -> FloatMap | None:
    if _open_share(landmarks) == 0:
        return None
    return mouth_depth(landmarks, size=SHARE_SIZE)


@lru_cache(maxsize=1)
def _grid() -> NDArray[np.float32]:
    axis = np.arange(SHARE_SIZE, dtype=np.float32)
    grid: NDArray[np.float32] = np.stack(np.meshgrid(axis, axis), axis=-1)
    grid.flags.writeable = False
    return grid


def _between(low: FlowField, high: FlowField, share: float) -> FlowField:
    if share == 0 or low is high:
        return low
    if share == 1:
        return high
    flow = cv2.addWeighted(low.flow, 1 - share, high.flow, share, 0)
    return FlowField(flow, cv2.addWeighted(low.confidence, 1 - share, high.confidence, share, 0))
