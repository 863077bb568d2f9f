"""One object that does what the command line, the Python API and the Studio ask for: detect, render, interpolate.

Every stage is cached by what it depends on, so that a slider redoes decode, warp and composite, never detection or
encoding. An engine belongs to one thread at a time; only what `preload` starts works behind its back.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.alignment import crop_region, estimate_alignment, extract_crop
from fvae_studio.core.composite import composite
from fvae_studio.core.edits import EditState
from fvae_studio.core.eye_layers import layer_eyes
from fvae_studio.core.face_match import FaceMatch, match_faces
from fvae_studio.core.face_parts import Region
from fvae_studio.core.geometry import Points, Rect
from fvae_studio.core.glasses import hold_glasses
from fvae_studio.core.levels import highest_level, level_to_photo, reduce_photo
from fvae_studio.core.lips import limit_lip_stretch, with_gap
from fvae_studio.core.photo_io import read_photo
from fvae_studio.core.photo_mouth import PhotoMouth
from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.core.regularise import prepare_flow
from fvae_studio.core.seen_teeth import SeenTeeth, find_teeth
from fvae_studio.core.still_teeth import hold_teeth
from fvae_studio.core.surroundings import keep_surroundings
from fvae_studio.core.timeline import FrameMode, Moment, Timeline
from fvae_studio.core.trust import motion_trust
from fvae_studio.core.types import AlignedCrop, Face, FloatMap, FlowField, Photo, RenderResult, WarpedFace
from fvae_studio.core.warp import Kernel, warp_faces
from fvae_studio.core.worn_glasses import WornGlasses
from fvae_studio.errors import EditError, FaceError, PhotoError
from fvae_studio.pipeline.detector import FaceDetector, only_face, require_editable
from fvae_studio.pipeline.drawn_face import find_drawn_face
from fvae_studio.pipeline.face_layers import FaceLayers, draw_layers
from fvae_studio.pipeline.finders import GlassesFinder, PersonFinder
from fvae_studio.pipeline.lazy import Lazy
from fvae_studio.pipeline.mouths import ClosedMouth, OpenedMouth
from fvae_studio.pipeline.photo_cache import MAX_FLOWS, PhotoCache, Settled, WarpKey
from fvae_studio.pipeline.plan import Asked, EditPlan, LeftOut, plan_edit
from fvae_studio.pipeline.requests import (
    ClipSource,
    ModelSummary,
    MomentRequest,
    Patch,
    PlacedFlow,
    RenderedEdit,
    RenderedMoment,
    RenderRequest,
)

if TYPE_CHECKING:
    # Imported where they are first needed, for short commands.
    from fvae_studio.model.checkpoint import LoadedModel
    from fvae_studio.model.directions import DirectionSet
    from fvae_studio.model.weights import ModelWeights
    from fvae_studio.pipeline.clip import ClipRenderer
    from fvae_studio.pipeline.predictor import FlowPredictor

_MAX_PHOTOS = 3
"""Photos of which flows, warps and smaller copies are remembered; of all others faces and crops."""


class Engine:
    """Detector, model and caches.

    Args:
        model: name of a shipped or user's model, path of a weights file, a model that is loaded already, or None for
            the default one.
        device: "auto", "cpu", "cuda" or "mps".
        detector: None for the built-in one.
    """

    def __init__(
        self,
        model: ModelWeights | LoadedModel | Path | str | None = None,
        *,
        device: str = "auto",
        detector: FaceDetector | None = None,
    ) -> None:
        self._predictor = Lazy(lambda: _make_predictor(model, device))
        self._detector: Lazy[FaceDetector] = Lazy(_make_detector if detector is None else lambda: detector)
        self._owns_detector = detector is None
        self._people, self._glasses = PersonFinder(), GlassesFinder()
        self._caches: weakref.WeakKeyDictionary[Photo, PhotoCache] = weakref.WeakKeyDictionary()
        self._donor: tuple[str, PhotoMouth] | None = None
        self._latest: list[weakref.ref[PhotoCache]] = []
        self._encoded: tuple[weakref.ref[Photo], tuple[int, ...]] | None = None
        self._clips = Lazy(lambda: _make_clip_renderer(self, self._predictor.get()))

    def preload(self, *, model: bool = True, detector: bool = True) -> None:
        """Start loading model and detector in the background; whoever needs one waits for it."""
        if model:
            self._predictor.start()
        if detector:
            self._detector.start()

    def rest(self) -> None:
        """Release memory that only makes the next search for faces faster; for a moment when nothing is asked for."""
        if self._detector.is_made:
            self._detector.get().rest()

    def close(self) -> None:
        """Release the detector, if it is the built-in one, and what else looks at photos."""
        if self._owns_detector and self._detector.is_made:
            self._detector.get().close()
        self._people.close()

    @property
    def model(self) -> ModelWeights:
        """The model, loaded if it was not.

        Raises:
            ModelError: it is not there or cannot be used.
        """
        return self._predictor.get().model

    @property
    def directions(self) -> DirectionSet:
        """What can be edited."""
        return self.model.directions

    def summary(self) -> ModelSummary:
        """The model as people see it, loaded if it was not.

        Raises:
            ModelError, DeviceError: it cannot be used.
        """
        from fvae_studio.pipeline.summary import summarise

        return summarise(self._predictor.get())

    def open(self, path: Path | str) -> Photo:
        """Read a photo.

        Raises:
            PhotoError: the file is missing or no usable photo.
        """
        return read_photo(path)

    def detect(self, photo: Photo) -> tuple[Face, ...]:
        """All faces from left to right; found once per photo object."""
        cache = self._cache(photo)
        if cache.faces is None:
            cache.faces = self._detector.get().detect(photo)
        return cache.faces

    def open_aside(self, path: Path | str) -> tuple[Photo, tuple[Face, ...]]:
        """Read a photo and find its faces without remembering anything: any thread may do it beside the engine's own.

        Raises:
            PhotoError: as `open`.
        """
        photo = read_photo(path)
        return photo, self._detector.get().detect(photo)

    def set_faces(self, photo: Photo, faces: tuple[Face, ...]) -> None:
        """From now on, the photo has exactly these faces; what was computed for others is forgotten."""
        cache = self._cache(photo)
        before = {face.index: face for face in cache.faces or ()}
        after = {face.index: face for face in faces}
        gone = {index for index in before if after.get(index) is not before[index]}
        if gone:
            cache.forget_faces(gone)
            self._encoded = None
        cache.faces = faces

    def find_face(self, photo: Photo, region: Rect) -> Face:
        """Look for one face in a region that a person has drawn; the photo's faces stay what they are.

        Returns:
            The face, with the number after the photo's last.

        Raises:
            NoFaceError: none can be seen there.
        """
        found = find_drawn_face(self._detector.get(), photo, region)
        last = max((face.index for face in self.detect(photo)), default=0)
        return replace(found, index=last + 1)

    def crop(self, photo: Photo, face: Face) -> AlignedCrop:
        """What the model sees of a face."""
        crops = self._cache(photo).crops
        if face.index not in crops:
            crops[face.index] = with_gap(extract_crop(photo, estimate_alignment(face.landmarks)), face.landmarks)
        return crops[face.index]

    def find_person(self, crop: AlignedCrop) -> FloatMap:
        """(h, w) in [0, 1]: where a crop shows the person, and not what is behind."""
        return self._people.find(crop)

    def find_glasses(self, crop: AlignedCrop) -> WornGlasses | None:
        """The glasses that a crop shows."""
        return self._glasses.find(crop)

    def check(self, state: EditState) -> None:
        """Raise `EditError` if the state asks for a direction that the model does not have."""
        for edit in state.edits:
            for name, _ in edit.strengths:
                self.directions.require(name)

    def left_out(self, photo: Photo, state: EditState) -> tuple[LeftOut, ...]:
        """Faces that an edit of all faces passes over because they cannot be edited."""
        return self._plan(photo, state).left_out

    def flows(self, photo: Photo, state: EditState, progress: Progress | None = None) -> tuple[PlacedFlow, ...]:
        """The flow of every edited face, free of folds.

        Raises:
            EditError: an unknown direction.
            NoFaceError: there is no face of that number, or none at all.
            FaceError: a face that was named, or every face, cannot be edited.
        """
        progress = progress or NoProgress()
        self.check(state)
        plan = self._plan(photo, state).asked
        cache = self._cache(photo)
        missing = [asked for asked in plan if asked.key not in cache.flows]
        if missing:
            progress.raise_if_cancelled()
            fields = self._predict(photo, [one.face for one in missing], [dict(one.strengths) for one in missing])
            for asked, predicted in zip(missing, fields, strict=True):
                progress.raise_if_cancelled()
                cache.flows[asked.key] = self._settle(photo, asked, predicted)
        placed = []
        for asked in plan:
            cache.flows.move_to_end(asked.key)
            settled, crop = cache.flows[asked.key], self.crop(photo, asked.face)
            placed.append(
                PlacedFlow(
                    asked.face,
                    asked.strengths,
                    settled.field,
                    crop.photo_to_crop,
                    asked.mouth,
                    settled.lips,
                    settled.eyes,
                    settled.teeth,
                    settled.glasses,
                )
            )
        cache.trim(max(MAX_FLOWS, len(plan)))
        return tuple(placed)

    def render(
        self, photo: Photo, state: EditState, progress: Progress | None = None, *, kernel: Kernel = "sinc"
    ) -> RenderResult:
        """The photo with the edit applied at its own resolution.

        Args:
            photo: as read, or as rendered before.
            state: the whole edit; its photo id is not compared, so that a recipe fits any photo.
            progress: told what is being done, and asked for cancelling between stages and tiles.
            kernel: "bicubic" for a preview.

        Returns:
            The edited photo; the very object that came in where the edit changes nothing, so that writing it copies the
            file.

        Raises:
            EditError: an unknown direction.
            FaceError: no face, no face of that number, or one that cannot be edited.
            Cancelled: the progress says so.
        """
        progress = progress or NoProgress()
        timings: dict[str, float] = {}
        if state.is_identity:
            return RenderResult(photo, (), timings)
        with _timed(timings, "detect"):
            progress.report(0.0, "finding faces")
            self.detect(photo)
        with _timed(timings, "predict"):
            progress.report(0.2, "predicting the flow")
            placed = self.flows(photo, state, progress)
        with _timed(timings, "warp"):
            warped = self._warp(photo, placed, kernel, progress.subrange(0.3, 0.6))
        with _timed(timings, "composite"):
            progress.raise_if_cancelled()
            progress.report(0.9, "putting together")
            moved = [face for face in warped if face.moved.any()]
            edited = composite(photo, moved)
        progress.report(1.0, "done")
        mouths = {flow.face.index: flow.mouth for flow in placed if flow.lips is not None}
        return RenderResult(edited, tuple(face.roi for face in moved), timings, mouths)

    def render_patches(self, request: RenderRequest, progress: Progress) -> RenderedEdit:
        """The edited regions of a photo, at a level for a preview, or just as `render` gives them.

        A preview warps the photo at its level along the same flows; only the kernel is quicker.

        Raises:
            EditError: an unknown direction.
            FaceError: no face, no face of that number, or one that cannot be edited.
            Cancelled: the progress says so.
        """
        photo, state, timings = request.photo, request.state, dict[str, float]()
        if state.is_identity:
            return RenderedEdit(request, (), (), {}, {}, timings)
        full_res = request.quality == "full_res"
        level = 0 if full_res else min(request.level, highest_level(photo))
        with _timed(timings, "predict"):
            placed = self.flows(photo, state, progress)
        with _timed(timings, "warp"):
            kernel: Kernel = "sinc" if full_res else "bicubic"
            warped = self._warp(photo, placed, kernel, progress, level=level, is_repeated=True)
        patches = tuple(Patch(level, face.roi, face.pixels) for face in warped if face.moved.any())
        trust = {flow.face.index: motion_trust(flow.field) for flow in placed}
        left_out = {one.face: one.reason for one in self.left_out(photo, state)}
        return RenderedEdit(request, patches, placed, trust, left_out, timings)

    def render_moment(self, request: MomentRequest, progress: Progress) -> RenderedMoment:
        """One picture of a clip.

        At a photo key it is exactly what `render` gives for the photo with its own edit and the tracks' strengths; of
        the first photo bit by bit, of the others their faces, registered to the first.

        Raises:
            EditError: an unknown direction, or not one share for each source.
            FaceError: no face, several and none named, or one that cannot be edited.
            Cancelled: the progress says so.
        """
        return self._clips.get().render(request, progress)

    def clip(
        self,
        sources: Sequence[ClipSource],
        timeline: Timeline,
        *,
        longer_side: int | None = None,
        only: Collection[int] | None = None,
        progress: Progress | None = None,
    ) -> Iterator[Photo]:
        """All pictures of a clip in the order in which they are shown, one by one; see `pictures`.

        Args:
            sources: one for each photo key of the timeline, in order.
            timeline: what is seen when; a ping-pong's way back is included.
            longer_side: as for `pictures`.
            only: numbers of the pictures that are wanted, from 0; None: all.
            progress: told of each picture.

        Raises:
            EditError: no photo, an unknown direction, or not one source for each photo key.
            FaceError: no face, several and none named, or one that cannot be edited.
        """
        times = enumerate(timeline.shown_times())
        moments = [timeline.at(time_s) for number, time_s in times if only is None or number in only]
        if not moments:
            return iter(())
        return self.pictures(sources, moments, mode=timeline.mode, longer_side=longer_side, progress=progress)

    def pictures(
        self,
        sources: Sequence[ClipSource],
        moments: Sequence[Moment],
        *,
        mode: FrameMode = "photo",
        longer_side: int | None = None,
        progress: Progress | None = None,
    ) -> Iterator[Photo]:
        """Pictures of several photos of one person at given moments, one by one (Algorithm 2).

        Args:
            sources: the first gives frame, size, depth and colours.
            moments: each with a share for each source.
            mode: the whole first photo, or the square around its face, eyes level.
            longer_side: for a video: pictures of at most that many pixels, 8 bits, sRGB and without alpha; all work is
                done at that size, with the quicker kernel. None: all that the first photo has, and where it alone is
                seen, bit by bit what `render` gives.
            progress: told of each picture.

        Raises:
            EditError: no source, no moment, an unknown direction, or not one share for each source.
            FaceError: no face, several and none named, or one that cannot be edited.
        """
        return self._clips.get().pictures(
            sources, moments, mode, longer_side=longer_side, progress=progress or NoProgress()
        )

    def matches(self, sources: Sequence[ClipSource]) -> tuple[FaceMatch, ...]:
        """How well every photo's face fits the first one's: one value less than there are sources.

        Raises:
            FaceError: no face, several and none named, or one that cannot be edited.
        """
        return self._clips.get().matches(sources)

    def borrow(
        self,
        photo: Photo,
        donors: Sequence[tuple[Photo, Sequence[Region], int | None]],
        *,
        face: int | None = None,
        progress: Progress | None = None,
    ) -> Photo:
        """A still with the mouth, the eyes, or all that is surer of other photos of the person, at its resolution.

        Args:
            photo: is changed.
            donors: a photo each, what is taken from it, and which face of it (None where there is only one).
            face: which face of `photo`; None where there is only one.
            progress: told of each donor.

        Raises:
            EditError: nothing is to be borrowed.
            FaceError: no face, several and none named, or one that cannot be edited.
        """
        from fvae_studio.pipeline.borrowing import Donor, borrow
        from fvae_studio.pipeline.interpolator import InterpolationSource

        def face_of(owner: Photo, number: int | None) -> Face:
            found = only_face(self.detect(owner), number)
            require_editable(found, owner)
            return found

        own = face_of(photo, face)
        receiver = InterpolationSource(photo, self.crop(photo, own), own.landmarks)
        taken = []
        for donor, parts, number in donors:
            theirs = face_of(donor, number)
            match = match_faces(donor, theirs.landmarks, photo, own.landmarks)
            source = InterpolationSource(donor, extract_crop(donor, match.photo_to_crop), theirs.landmarks)
            taken.append(Donor(source, theirs.landmarks, tuple(parts)))
        return borrow(self._predictor.get(), receiver, taken, progress=progress)

    def _warp(
        self,
        photo: Photo,
        placed: Sequence[PlacedFlow],
        kernel: Kernel,
        progress: Progress,
        *,
        level: int = 0,
        is_repeated: bool = False,
    ) -> tuple[WarpedFace, ...]:
        """Warp neighbours together and all others apart; who did not change since the last call is not warped again.

        Args:
            photo: whose faces are warped.
            placed: their flows.
            kernel: how pixels are read.
            progress: told of each group.
            level: at which.
            is_repeated: a slider moves: what makes the next call quicker is worth its time.
        """
        cache = self._cache(photo)
        before = cache.warped.get((kernel, level), {})
        after: dict[WarpKey, tuple[WarpedFace, ...]] = {}
        done = 0
        for group in _neighbours(placed):
            progress.report(done / len(placed), "warping")
            key = tuple((flow.face.index, flow.strengths, flow.mouth) for flow in group)
            part = progress.subrange(done / len(placed), len(group) / len(placed))
            after[key] = before.get(key) or self._warp_group(photo, level, group, kernel, part, is_repeated=is_repeated)
            done += len(group)
        if level:
            # A zoom leaves the levels behind that it passed.
            for other in [key for key in cache.warped if key[1] not in (0, level)]:
                del cache.warped[other]
        cache.warped[kernel, level] = after
        return tuple(face for group in after.values() for face in group)

    def _warp_group(
        self,
        photo: Photo,
        level: int,
        group: Sequence[PlacedFlow],
        kernel: Kernel,
        progress: Progress,
        *,
        is_repeated: bool,
    ) -> tuple[WarpedFace, ...]:
        """Warp neighbours in the photo at a level, and lay over them what flows cannot show."""
        source, to_photo = self._at_level(photo, level), level_to_photo(level)
        faces = [(flow.field, to_photo.then(flow.photo_to_crop)) for flow in group]
        cache = self._cache(photo)
        fine = [
            copy
            for flow, (_, to_crop) in zip(group, faces, strict=True)
            if (copy := cache.fine_copy(source, level, flow.face.index, crop_region(to_crop), makes=is_repeated))
        ]
        warped = warp_faces(source, faces, kernel=kernel, with_confidence=False, fine=fine, progress=progress)
        layers = [self._layers(photo, flow) for flow in group]
        return draw_layers(source, warped, faces, layers, kernel=kernel, fine=fine)

    def _layers(self, photo: Photo, flow: PlacedFlow) -> FaceLayers:
        if flow.lips is None:
            return FaceLayers(flow.eyes, teeth=flow.teeth, glasses=flow.glasses)
        inside = self._mouth(photo, flow.face).inside(flow.mouth, self.photo_mouth)
        return FaceLayers(flow.eyes, OpenedMouth(flow.lips, inside), glasses=flow.glasses)

    def _settle(self, photo: Photo, asked: Asked, predicted: FlowField) -> Settled:
        crop = self.crop(photo, asked.face)
        landmarks = crop.photo_to_crop.apply(asked.face.landmarks)
        kept = keep_surroundings(predicted.flow, landmarks, partial(self.find_person, crop))
        lips = None
        if asked.mouth.opens:
            lips = self._mouth(photo, asked.face).part(FlowField(kept, predicted.confidence))
        settled = FlowField(_usable(kept, landmarks) if lips is None else lips.flow, predicted.confidence)
        glasses = hold_glasses(settled.flow, landmarks, partial(self.find_glasses, crop))
        if glasses is not None:
            settled = FlowField(glasses.behind, predicted.confidence)
        see = partial(self._seen_teeth, photo, asked.face, landmarks)
        teeth = hold_teeth(settled.flow, landmarks, see) if lips is None else None
        return Settled(settled, lips, layer_eyes(settled.flow, landmarks), teeth, glasses)

    def _seen_teeth(self, photo: Photo, face: Face, landmarks: Points) -> SeenTeeth | None:
        teeth = self._cache(photo).teeth
        if face.index not in teeth:
            teeth[face.index] = find_teeth(photo, self.crop(photo, face).photo_to_crop, landmarks)
        return teeth[face.index]

    def _mouth(self, photo: Photo, face: Face) -> ClosedMouth:
        mouths = self._cache(photo).mouths
        if face.index not in mouths:
            mouths[face.index] = ClosedMouth.of(photo, face.landmarks, self.crop(photo, face).photo_to_crop)
        return mouths[face.index]

    def photo_mouth(self, path: str) -> PhotoMouth:
        """The mouth of another photo; the latest one is kept with what was found in it.

        Raises:
            PhotoError: it cannot be read.
            FaceError: it shows no face that can be used.
            EditError: it shows several faces, or its mouth is closed.
        """
        if self._donor is None or self._donor[0] != path:
            try:
                self._donor = (path, self._find_photo_mouth(path))
            except (PhotoError, FaceError, EditError) as error:
                # Else "no face in the photo" is taken for one about the photo that is edited.
                raise type(error)(f"The mouth cannot be taken from {Path(path).name}: {error}") from error
        return self._donor[1]

    def _find_photo_mouth(self, path: str) -> PhotoMouth:
        donor = self.open(path)
        faces = self.detect(donor)
        if len(faces) > 1:
            raise EditError(f"It shows {len(faces)} faces; choose a photo of the person alone.")
        face = only_face(faces, None)
        require_editable(face, donor)
        return PhotoMouth.of(donor, face.landmarks, self.crop(donor, face))

    def _at_level(self, photo: Photo, level: int) -> Photo:
        if level == 0:
            return photo
        levels = self._cache(photo).levels
        if level not in levels:
            levels[level] = reduce_photo(photo, level)
        return levels[level]

    def _predict(
        self, photo: Photo, faces: Sequence[Face], strengths: Sequence[Mapping[str, float]]
    ) -> Sequence[FlowField]:
        predictor = self._predictor.get()
        indices = tuple(face.index for face in faces)
        if self._encoded is None or self._encoded[0]() is not photo or self._encoded[1] != indices:
            self._encoded = None
            predictor.set_crops([self.crop(photo, face) for face in faces])
            self._encoded = (weakref.ref(photo), indices)
        return predictor.predict(strengths)

    def _plan(self, photo: Photo, state: EditState) -> EditPlan:
        faces, cache = self.detect(photo), self._cache(photo)
        if cache.plan is None or cache.plan.state != state or cache.plan.faces is not faces:
            cache.plan = plan_edit(photo, faces, state)
        return cache.plan

    def _cache(self, photo: Photo) -> PhotoCache:
        cache = self._caches.get(photo)
        if cache is None:
            cache = self._caches[photo] = PhotoCache()
        if not self._latest or self._latest[-1]() is not cache:
            # However many photos are open, only some of them are being edited.
            latest = [*(one for one in self._latest if one() not in (None, cache)), weakref.ref(cache)]
            for one in latest[:-1]:
                if (old := one()) is not None:
                    old.rest()
            for one in latest[:-_MAX_PHOTOS]:
                if (old := one()) is not None:
                    old.shrink()
            self._latest = latest[-_MAX_PHOTOS:]
        return cache


def settle(predicted: FlowField, landmarks: Points) -> FlowField:
    """What is done to a predicted flow before it moves pixels.

    Closed lips stay closed, what is beyond the face stays still, the border comes to zero, folds are smoothed away. The
    confidence is passed on.

    Args:
        predicted: as the network gave it.
        landmarks: (478, 2) of the face, crop pixels.
    """
    return FlowField(_usable(keep_surroundings(predicted.flow, landmarks), landmarks), predicted.confidence)


def _usable(kept: NDArray[np.float32], landmarks: Points) -> NDArray[np.float32]:
    """What `settle` does to a flow that leaves alone what is beyond the face."""
    return prepare_flow(limit_lip_stretch(kept, landmarks))


def _neighbours(placed: Sequence[PlacedFlow]) -> list[list[PlacedFlow]]:
    """Faces in groups whose crops meet, directly or through others."""
    groups: list[list[PlacedFlow]] = []
    for flow in placed:
        region = crop_region(flow.photo_to_crop)
        apart, together = [], [flow]
        for group in groups:
            meets = any(not region.intersect(crop_region(other.photo_to_crop)).is_empty for other in group)
            if meets:
                together = group + together
            else:
                apart.append(group)
        groups = [*apart, together]
    return groups


@contextmanager
def _timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    timings[stage] = (time.perf_counter() - start) * 1000


def _make_predictor(model: ModelWeights | LoadedModel | Path | str | None, device: str) -> FlowPredictor:
    from fvae_studio.model.own_directions import read_extended
    from fvae_studio.pipeline.predictor import FlowPredictor

    if model is None or isinstance(model, Path | str):
        model = read_extended(model)
    return FlowPredictor(model, device=device)


def _make_clip_renderer(engine: Engine, predictor: FlowPredictor) -> ClipRenderer:
    from fvae_studio.pipeline.clip import ClipRenderer

    return ClipRenderer(engine, predictor)


def _make_detector() -> FaceDetector:
    from fvae_studio.pipeline.detector import MediaPipeFaceDetector

    return MediaPipeFaceDetector()
