"""Algorithm 2 in the crop's frame: how every photo of a clip moves at a moment, and how much of each is seen."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import repeat
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import extract_crop
from fvae_studio.core.burnt_skin import fit_burnt_skin
from fvae_studio.core.cutout import Cutout, cut_face
from fvae_studio.core.edits import Strengths, add_strengths
from fvae_studio.core.even_light import in_light, photo_in_light
from fvae_studio.core.even_tone import in_tone
from fvae_studio.core.eye_layers import EyeLayers, layer_eyes
from fvae_studio.core.face_match import FaceMatch, match_faces
from fvae_studio.core.face_parts import gap_depth, mouth_depth
from fvae_studio.core.flow_spline import smoothstep
from fvae_studio.core.geometry import Points
from fvae_studio.core.glasses import StillGlasses, hold_glasses
from fvae_studio.core.lips import CLOSED_PX, moved_gap, opening
from fvae_studio.core.mouth_choice import CLOSED, MouthChoice
from fvae_studio.core.parting import PartedLips
from fvae_studio.core.photo_io.colour_profiles import convert_colours
from fvae_studio.core.registration import (
    add_light,
    apply_colour,
    burnt_out,
    fit_surrounding_light,
    usable_share,
)
from fvae_studio.core.residual import MATCH_SIZE
from fvae_studio.core.seen_teeth import SeenTeeth, find_teeth
from fvae_studio.core.still_teeth import StillTeeth, hold_teeth
from fvae_studio.core.timeline import Moment
from fvae_studio.core.types import AlignedCrop, FloatMap, FlowField, Photo
from fvae_studio.core.worn_glasses import WornGlasses
from fvae_studio.errors import EditError
from fvae_studio.pipeline.clip_mouths import ClipMouth, FindPhotoMouth, MovedMouth, MovedMouths
from fvae_studio.pipeline.evened_faces import PhotoLight, even_light
from fvae_studio.pipeline.latent_fit import FitCorrections
from fvae_studio.pipeline.latent_paths import LatentPaths, corrected
from fvae_studio.pipeline.path_residuals import MatchedSource, PathResiduals
from fvae_studio.pipeline.predictor import FlowPredictor

_Layers = TypeVar("_Layers")

TEETH_SHARE: Final = 0.35
"""Share of a photo with an open mouth at which the whole gap is seen, and other photos' lips are free to part."""

SHARPNESS: Final = 1.0
"""Of the softmax over the confidences; the paper's."""

SHARE_SIZE: Final = MATCH_SIZE
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
    crop: AlignedCrop
    """As it was photographed, but for its profile."""


class Interpolator:
    """The flows and shares of several photos of one person at any moment.

    Flows are taken relative to each photo's own, F(S_k, Z) - F(S_k, Z_k), so at its own latent a photo is not moved.
    The softmax of the confidences is multiplied by the blend's shares (`docs/adr/0004`), so the ends are exact. The
    target is sum_k motion_k (Z_k + d_k), with d_k the photo's own edit and the tracks' strengths. Each photo's flow is
    corrected by what a fit to the others adds (`FitCorrections`).

    The first source gives frame, depth and colours. The others are brought into its frame, light and profile, and take
    part in an oval around the face; outside it, only the first photo is seen, moved by its flow.

    Args:
        predictor: its networks are shared, its faces are left alone.
        sources: photos of one person, each with its face.
        register: bring the other photos into the first one's frame by what no expression moves; without it, their crops
            are taken to lie in it already.
        match_colour: give the other photos the first one's light and colours (in place of section 5.2's transfer).
        find_photo_mouth: opens photos whose teeth are seen in others; None: closed mouths stay closed.
        find_person: tells where a crop shows the person; None: what is behind moves along with a head.
        find_glasses: tells what is known of a crop's glasses; None: they are bent like faces.

    Attributes:
        photo_to_crop: of the first photo.
        icc: profile of the first photo, in which all cutouts are.
        matches: how well each other source fits the first one; None where landmarks are missing or nothing is
            registered.
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
        register: bool = True,
        match_colour: bool = True,
        find_photo_mouth: FindPhotoMouth | None = None,
        find_person: Callable[[AlignedCrop], FloatMap | None] | None = None,
        find_glasses: Callable[[AlignedCrop], WornGlasses | None] | None = None,
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
            frame.crop,
        )
        registered = [_register(source, frame, register=register) for source in sources[1:]]
        self.matches = tuple(match for _, match in registered)
        prepared = [first, *(ready for ready, _ in registered)]
        crops = [source.crop for source in prepared]
        self._predictor = predictor.fork()
        lights = even_light(self._predictor, crops)
        if match_colour:
            others = zip(prepared[1:], lights[1:], strict=True)
            prepared = [first, *(_coloured(source, light, first) for source, light in others)]
        self._sources = tuple(prepared)
        self._open = tuple(_open_share(source.landmarks) for source in prepared)
        self.mouths = tuple(
            ClipMouth.of(ready.cutout, ready.landmarks, source.mouth, find_photo_mouth)
            for ready, source in zip(prepared, sources, strict=True)
        )
        self._mouths = MovedMouths(self.mouths, self._raw)
        self._find_photo_mouth = find_photo_mouth
        looks = _looks(prepared, lights, are_coloured=match_colour)
        matched = [
            MatchedSource(look, source.usable, source.mouth, openness)
            for look, source, openness in zip(looks, prepared, self._open, strict=True)
        ]
        self._latents = [self._predictor.latent(face) for face in range(len(sources))]
        landmarks = [source.landmarks for source in prepared]
        self._corrections = FitCorrections(self._predictor, matched, landmarks)
        self._see_teeth = [cache(partial(_seen_teeth, source)) for source in prepared]
        self._find_glasses = [None if find_glasses is None else partial(find_glasses, crop) for crop in crops]
        people = [None if find_person is None else partial(find_person, crop) for crop in crops]
        self._paths = LatentPaths(
            self._predictor, landmarks, self._latent_between, self._correction_between, self._met, people
        )
        self._residuals = PathResiduals(matched, self._fields_on_path)

    def edited(self, edits: Sequence[tuple[Strengths, MouthChoice]]) -> Interpolator:
        """The same photos with other edits of their own: nothing is registered or encoded again.

        Args:
            edits: strengths and what is seen where lips part, of each source.
        """
        other = copy.copy(self)
        pairs = list(zip(self._sources, edits, strict=True))
        same = [source.strengths == strengths for source, (strengths, _) in pairs]
        other._sources = tuple(replace(source, strengths=strengths) for source, (strengths, _) in pairs)
        other.mouths = tuple(
            mouth
            if mouth is not None and mouth.choice == choice
            else ClipMouth.of(source.cutout, source.landmarks, choice, self._find_photo_mouth)
            for mouth, (source, (_, choice)) in zip(self.mouths, pairs, strict=True)
        )
        other._mouths = MovedMouths(other.mouths, other._raw)
        other._paths = self._paths.kept(same, other._latent_between, other._met)
        other._residuals = PathResiduals(self._residuals.sources, other._fields_on_path)
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

        The decoded flow, and its share of what still separates the sources then (`PathResiduals`). Between two photos,
        equal steps of the motion's shares move the face by equal steps.

        Returns:
            None for sources that are not seen. The first is always needed: beyond the face's oval it alone is seen.

        Raises:
            EditError: not one share for each source, or an unknown direction.
        """
        self.check(moment)
        moment = self._evenly(moment)
        fields: list[FlowField | None] = []
        for face, (blend, moved) in enumerate(zip(moment.blend, self._mouths.at(moment), strict=True)):
            if face > 0 and blend == 0:
                fields.append(None)
                continue
            fields.append(self._field(face, moment) if moved is None else self._opened(face, moved, moment))
        return tuple(fields)

    def lips(self, moment: Moment) -> tuple[PartedLips | None, ...]:
        """The parted lips of every source; None where a mouth is as the source's flow leaves it."""
        return tuple(None if moved is None else moved.lips for moved in self._mouths.at(self._evenly(moment)))

    def eyes(self, fields: Sequence[FlowField | None]) -> tuple[EyeLayers | None, ...]:
        """The eyes of every source in layers; None where its flow leaves them alone, or landmarks are not known."""
        return self._taken_apart(fields, repeat(layer_eyes, len(fields)))

    def teeth(self, fields: Sequence[FlowField | None]) -> tuple[StillTeeth | None, ...]:
        """What lies between lips that are open in a source; None where its flow leaves it alone."""
        return self._taken_apart(fields, (partial(hold_teeth, see=see) for see in self._see_teeth))

    def glasses(self, moment: Moment, fields: Sequence[FlowField | None]) -> tuple[StillGlasses | None, ...]:
        """The glasses of every source in layers; None where it wears none, or where its motion is another photo's."""
        held: list[StillGlasses | None] = []
        for source, field, own, find in zip(self._sources, fields, moment.motion, self._find_glasses, strict=True):
            if field is None or find is None or source.landmarks is None:
                held.append(None)
            else:
                held.append(hold_glasses(field.flow, source.landmarks, find, own=own))
        return tuple(held)

    def _taken_apart(
        self,
        fields: Sequence[FlowField | None],
        takes: Iterable[Callable[[NDArray[np.float32], Points], _Layers | None]],
    ) -> tuple[_Layers | None, ...]:
        return tuple(
            None if field is None or source.landmarks is None else take(field.flow, source.landmarks)
            for source, field, take in zip(self._sources, fields, takes, strict=True)
        )

    def shares(self, moment: Moment, fields: Sequence[FlowField | None]) -> FloatMap:
        """How much of each source is seen: (num_sources, SHARE_SIZE, SHARE_SIZE) in [0, 1], adding up to 1.

        The softmax of the confidences times the blend's shares; the others take part where all of them can be used.
        Between the lips of a photo with an open mouth, photos with closed lips have nothing to show and no say.
        """
        moment = self._evenly(moment)
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
            assert source.landmarks is not None
            if (gap := moved_gap(field.flow, source.landmarks)) is None:
                continue
            depth = gap_depth(*gap.curves(field.flow.shape[1]), gap.corners, size=SHARE_SIZE)
            # It opens from the middle of the gap outwards; teeth that fade in would be ghosts again.
            closed = 1 - float(smoothstep(np.array([blend / TEETH_SHARE]))[0])
            least = closed * (max(float(depth.max()), 0.0) + _MOUTH_FEATHER_PX)
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

    def _evenly(self, moment: Moment) -> Moment:
        taking = [source for source, share in enumerate(moment.motion) if share > 0]
        if len(taking) != 2:
            return moment
        start, end = taking
        motion = [0.0] * len(moment.motion)
        motion[end] = self._paths.even_place((start, end), moment.motion[end])
        motion[start] = 1 - motion[end]
        return replace(moment, motion=tuple(motion))

    def _field(self, face: int, moment: Moment) -> FlowField:
        hold = self._hold(face, moment)
        taking = [source for source, share in enumerate(moment.motion) if share > 0]
        if moment.strengths or len(taking) > 2:
            still = self._paths.kept_still(face, self._decoded(face, moment), own=moment.motion[face])
            return self._residuals.meet(face, self._paths.settled(face, still, hold=hold), moment)
        start, end = taking[0], taking[-1]
        return self._paths.field(face, (start, end), 0.0 if start == end else moment.motion[end], hold=hold)

    def _opened(self, face: int, moved: MovedMouth, moment: Moment) -> FlowField:
        """The flow of a source whose lips may part: where they do, it is theirs and goes nowhere to meet others."""
        if moved.lips is None:
            return self._residuals.meet(face, self._paths.settled(face, moved.decoded, hold=1.0), moment)
        field = FlowField(moved.lips.flow, moved.decoded.confidence)
        return self._residuals.meet(face, field, moment, still=moved.near_lips(MATCH_SIZE))

    def _raw(self, face: int, moment: Moment) -> FlowField:
        """The flow as decoded, but for what is beyond the face: lips part after that."""
        taking = [source for source, share in enumerate(moment.motion) if share > 0]
        if moment.strengths or len(taking) > 2:
            decoded = self._decoded(face, moment)
        else:
            start, end = taking[0], taking[-1]
            decoded = self._paths.raw(face, (start, end), 0.0 if start == end else moment.motion[end])
        return self._paths.kept_still(face, decoded, own=moment.motion[face])

    def _met(self, face: int, field: FlowField, pair: tuple[int, int], place: float) -> FlowField:
        return self._residuals.meet(face, field, self._moment_on_path(pair, place))

    def _fields_on_path(self, pair: tuple[int, int], place: float) -> tuple[FlowField, FlowField]:
        """The flows of a pair before they meet, where the second has this share of motion and blend."""
        moment = self._moment_on_path(pair, place)
        first, second = (
            self._paths.field(face, pair, place, hold=self._hold(face, moment), met=False) for face in pair
        )
        return first, second

    def _moment_on_path(self, pair: tuple[int, int], place: float) -> Moment:
        shares = [0.0] * len(self._sources)
        shares[pair[1]] += place
        shares[pair[0]] += 1 - place
        return Moment(tuple(shares), tuple(shares))

    def _latent_between(self, pair: tuple[int, int], share: float) -> NDArray[np.float32]:
        return self._target(self._moment_on_path(pair, share))

    def _correction_between(self, face: int, pair: tuple[int, int], share: float) -> NDArray[np.float32] | None:
        return self._corrections.at(face, self._moment_on_path(pair, share).motion)

    def _decoded(self, face: int, moment: Moment) -> FlowField:
        decoded = self._paths.decoded(face, self._target(moment))
        return corrected(decoded, self._corrections.at(face, moment.motion))

    def _target(self, moment: Moment) -> NDArray[np.float32]:
        """(C, h, w): the latent of the moment; exactly the source's own where it alone has a share and no edit."""
        total: NDArray[np.float32] | None = None
        for source, share in enumerate(moment.motion):
            if share == 0:
                continue
            latent = self._latents[source]
            strengths = add_strengths(self._sources[source].strengths, moment.strengths)
            if strengths:
                latent = self._predictor.edited_latent(dict(strengths), latent, face=source)
            part = latent if share == 1 else np.float32(share) * latent
            total = part if total is None else total + part
        assert total is not None
        return total.astype(np.float32)


def _register(
    source: InterpolationSource, frame: InterpolationSource, *, register: bool
) -> tuple[_Source, FaceMatch | None]:
    """A source in the frame's crop frame, profile and depth; how well it fits."""
    photo, photo_to_crop, match = source.photo, source.crop.photo_to_crop, None
    if register and source.landmarks is not None and frame.landmarks is not None:
        match = match_faces(source.photo, source.landmarks, frame.photo, frame.landmarks)
        photo_to_crop = match.photo_to_crop
    cutout = cut_face(photo, photo_to_crop)
    pixels = convert_colours(cutout.pixels, photo.metadata.icc, frame.photo.metadata.icc)
    crop = extract_crop(Photo(pixels), cutout.from_crop.inverse)
    if pixels.dtype != frame.photo.pixels.dtype:
        scaled = pixels.astype(np.float32) * (frame.photo.max_value / photo.max_value)
        pixels = np.round(scaled).astype(frame.photo.pixels.dtype)
    landmarks = None if source.landmarks is None else photo_to_crop.apply(source.landmarks)
    usable = usable_share(photo_to_crop, photo.bounds)
    ready = _Source(
        Cutout(pixels, None, cutout.from_crop),
        landmarks,
        source.strengths,
        cv2.resize(usable, (SHARE_SIZE, SHARE_SIZE), interpolation=cv2.INTER_LINEAR),
        None if landmarks is None else _mouth(landmarks),
        replace(source.crop, pixels=crop.pixels, photo_to_crop=photo_to_crop),
    )
    return ready, match


def _coloured(source: _Source, light: PhotoLight, first: _Source) -> _Source:
    """A source in the first one's light and colours.

    It takes on the first one's curve; a shadow that falls on one of both alone is filled, or cast. Colours are found in
    between, where both are lit, and lent to skin that is burnt out.

    Args:
        source: as it was photographed.
        light: of it.
        first: the first source.
    """
    from_crop = source.cutout.from_crop
    toned = in_tone(source.cutout.pixels, light.tone)
    coloured = light.coloured
    skin = fit_burnt_skin(source.crop.pixels, coloured, light.first_look, source.landmarks)
    around = fit_surrounding_light(
        in_light(coloured, -light.first), first.crop.pixels, source.landmarks, burnt=burnt_out(source.crop.pixels)
    )
    pixels = apply_colour(photo_in_light(toned, light.lacking, from_crop), light.colour_map)
    pixels = add_light(pixels, skin, from_crop)
    pixels = add_light(photo_in_light(pixels, -light.first, from_crop), around, from_crop)
    return replace(source, cutout=Cutout(pixels, None, from_crop))


def _seen_teeth(source: _Source) -> SeenTeeth | None:
    if source.landmarks is None:
        return None
    cutout = source.cutout
    return find_teeth(Photo(cutout.pixels), cutout.from_crop.inverse, source.landmarks)


def _looks(sources: Sequence[_Source], lights: Sequence[PhotoLight], *, are_coloured: bool) -> list[NDArray[np.uint8]]:
    """Each source's crop as it is compared with the others', (MATCH_SIZE, MATCH_SIZE, 3).

    Args:
        sources: in the order of the clip.
        lights: of them.
        are_coloured: the sources have the first one's light and colours already.
    """
    looks = []
    for source, light in zip(sources, lights, strict=True):
        cutout = source.cutout
        look = extract_crop(Photo(cutout.pixels), cutout.from_crop.inverse, size=MATCH_SIZE).pixels
        lacking = light.first
        if not are_coloured:
            look, lacking = in_tone(look, light.tone).astype(np.uint8, copy=False), light.lacking
        looks.append(in_light(look, lacking))
    if not are_coloured:
        return looks
    ceiling = np.min([light.ceiling for light in lights], axis=0)
    return [np.minimum(look, ceiling) for look in looks]


def _open_share(landmarks: Points | None) -> float:
    """0 for closed lips, 1 for a mouth that shows its inside; in between as the rule of closed lips fades out."""
    return 0.0 if landmarks is None else float(np.clip(opening(landmarks) / CLOSED_PX - 1, 0, 1))


def _mouth(landmarks: Points) -> FloatMap | None:
    if _open_share(landmarks) == 0:
        return None
    return mouth_depth(landmarks, size=SHARE_SIZE)
