"""One object that does what the command line, the Python API and the Studio ask for: detect, render, interpolate.

Every stage is cached by what it depends on, so that a slider redoes decode, warp and composite, never detection or
encoding. An engine belongs to one thread at a time; only what `preload` starts works behind its back.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from fvae_studio.core.alignment import crop_region, estimate_alignment, extract_crop
from fvae_studio.core.composite import composite
from fvae_studio.core.edits import EditState, Strengths
from fvae_studio.core.geometry import Points
from fvae_studio.core.lips import keep_lips_closed
from fvae_studio.core.photo_io import read_photo
from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.core.regularise import prepare_flow
from fvae_studio.core.types import AlignedCrop, Face, FlowField, Photo, RenderResult, WarpedFace
from fvae_studio.core.warp import Kernel, warp_faces
from fvae_studio.errors import FaceError, NoFaceError
from fvae_studio.pipeline.detector import FaceDetector, choose_faces, require_editable
from fvae_studio.pipeline.requests import PlacedFlow

if TYPE_CHECKING:
    # torch is imported where it is first needed: half of a short command's time is its import.
    from fvae_studio.model.checkpoint import LoadedModel
    from fvae_studio.model.directions import DirectionSet
    from fvae_studio.pipeline.predictor import FlowPredictor

T = TypeVar("T")

_MAX_FLOWS = 64
"""Flows remembered per photo; one takes 200 kB."""


@dataclass(frozen=True)
class LeftOut:
    """A face that "all faces" does not reach, and why."""

    face: int
    reason: str


_WarpKey: TypeAlias = tuple[Kernel, tuple[tuple[int, Strengths], ...]]


@dataclass(eq=False)
class _PhotoCache:
    faces: tuple[Face, ...] | None = None
    crops: dict[int, AlignedCrop] = field(default_factory=dict)
    flows: OrderedDict[tuple[int, Strengths], FlowField] = field(default_factory=OrderedDict)
    warped: dict[_WarpKey, tuple[WarpedFace, ...]] = field(default_factory=dict)


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
        model: LoadedModel | Path | str | None = None,
        *,
        device: str = "auto",
        detector: FaceDetector | None = None,
    ) -> None:
        self._predictor = _Lazy(lambda: _make_predictor(model, device))
        self._detector: _Lazy[FaceDetector] = _Lazy(_make_detector if detector is None else lambda: detector)
        self._owns_detector = detector is None
        self._caches: weakref.WeakKeyDictionary[Photo, _PhotoCache] = weakref.WeakKeyDictionary()
        self._encoded: tuple[weakref.ref[Photo], tuple[int, ...]] | None = None

    def preload(self, *, detector: bool = True) -> None:
        """Start loading model and detector in the background; whoever needs one waits for it."""
        self._predictor.start()
        if detector:
            self._detector.start()

    def close(self) -> None:
        """Release the detector, if it is the built-in one."""
        if self._owns_detector and self._detector.is_made:
            self._detector.get().close()

    @property
    def model(self) -> LoadedModel:
        """The model, loaded if it was not.

        Raises:
            ModelError: it is not there or cannot be used.
        """
        return self._predictor.get().model

    @property
    def directions(self) -> DirectionSet:
        """What can be edited."""
        return self.model.directions

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

    def crop(self, photo: Photo, face: Face) -> AlignedCrop:
        """What the model sees of a face."""
        crops = self._cache(photo).crops
        if face.index not in crops:
            crops[face.index] = extract_crop(photo, estimate_alignment(face.landmarks))
        return crops[face.index]

    def check(self, state: EditState) -> None:
        """Raise `EditError` if the state asks for a direction that the model does not have."""
        for edit in state.edits:
            for name, _ in edit.strengths:
                self.directions.require(name)

    def left_out(self, photo: Photo, state: EditState) -> tuple[LeftOut, ...]:
        """Faces that an edit of all faces passes over because they cannot be edited."""
        return self._plan(photo, state)[1]

    def flows(self, photo: Photo, state: EditState, progress: Progress | None = None) -> tuple[PlacedFlow, ...]:
        """The flow of every edited face, free of folds.

        Raises:
            EditError: an unknown direction.
            NoFaceError: there is no face of that number, or none at all.
            FaceError: a face that was named, or every face, cannot be edited.
        """
        progress = progress or NoProgress()
        self.check(state)
        plan, _ = self._plan(photo, state)
        cache = self._cache(photo)
        missing = [(face, strengths) for face, strengths in plan if (face.index, strengths) not in cache.flows]
        if missing:
            progress.raise_if_cancelled()
            fields = self._predict(photo, [face for face, _ in missing], [dict(strengths) for _, strengths in missing])
            for (face, strengths), predicted in zip(missing, fields, strict=True):
                progress.raise_if_cancelled()
                landmarks = self.crop(photo, face).photo_to_crop.apply(face.landmarks)
                cache.flows[face.index, strengths] = settle(predicted, landmarks)
        placed = []
        for face, strengths in plan:
            cache.flows.move_to_end((face.index, strengths))
            crop = self.crop(photo, face)
            placed.append(PlacedFlow(face, strengths, cache.flows[face.index, strengths], crop.photo_to_crop))
        while len(cache.flows) > max(_MAX_FLOWS, len(plan)):
            cache.flows.popitem(last=False)
        return tuple(placed)

    def render(
        self, photo: Photo, state: EditState, progress: Progress | None = None, *, kernel: Kernel = "lanczos"
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
        return RenderResult(edited, tuple(face.roi for face in moved), timings)

    def interpolate(
        self,
        first: Photo,
        second: Photo,
        *,
        steps: int,
        face_in_first: int | None = None,
        face_in_second: int | None = None,
        progress: Progress | None = None,
    ) -> Iterator[Photo]:
        """The in-betweens of two photos of one person in the frame of the first, one by one (Algorithm 2).

        Args:
            first: also the first frame, bit by bit.
            second: its face is registered to the first's.
            steps: number of frames, both ends included, at least 2.
            face_in_first: which face; None where there is only one.
            face_in_second: likewise.
            progress: told of each frame.

        Raises:
            EditError: fewer than 2 steps.
            FaceError: no face, several and none named, or one that cannot be edited.
        """
        from fvae_studio.pipeline.interpolator import InterpolationSource, Interpolator

        sources = []
        for photo, number in ((first, face_in_first), (second, face_in_second)):
            face = only_face(self.detect(photo), number)
            require_editable(face, photo)
            sources.append(InterpolationSource(photo, self.crop(photo, face)))
        return Interpolator(self._predictor.get(), sources).frames(steps, progress=progress)

    def _warp(
        self, photo: Photo, placed: Sequence[PlacedFlow], kernel: Kernel, progress: Progress
    ) -> tuple[WarpedFace, ...]:
        """Warp neighbours together and all others apart; who did not change since the last call is not warped again."""
        before = self._cache(photo).warped
        after: dict[_WarpKey, tuple[WarpedFace, ...]] = {}
        done = 0
        for group in _neighbours(placed):
            progress.report(done / len(placed), "warping")
            key = kernel, tuple((flow.face.index, flow.strengths) for flow in group)
            part = progress.subrange(done / len(placed), len(group) / len(placed))
            after[key] = before.get(key) or warp_faces(
                photo, [(flow.field, flow.photo_to_crop) for flow in group], kernel=kernel, progress=part
            )
            done += len(group)
        self._cache(photo).warped = after
        return tuple(face for group in after.values() for face in group)

    def _predict(
        self, photo: Photo, faces: Sequence[Face], strengths: Sequence[Mapping[str, float]]
    ) -> Sequence[FlowField]:
        predictor = self._predictor.get()
        indices = tuple(face.index for face in faces)
        if self._encoded is None or self._encoded[0]() is not photo or self._encoded[1] != indices:
            predictor.set_crops([self.crop(photo, face) for face in faces])
            self._encoded = (weakref.ref(photo), indices)
        return predictor.predict(strengths)

    def _plan(self, photo: Photo, state: EditState) -> tuple[list[tuple[Face, Strengths]], tuple[LeftOut, ...]]:
        """Every face that is edited with its strengths, and the faces that "all" has to leave out."""
        faces = self.detect(photo)
        named = {edit.face for edit in state.edits if edit.face is not None and not edit.is_identity}
        for number in sorted(named):
            choose_faces(faces, number)
        if any(edit.face is None for edit in state.edits):
            choose_faces(faces, "all")
        plan: list[tuple[Face, Strengths]] = []
        left_out: list[LeftOut] = []
        first_error: FaceError | None = None
        for face in faces:
            active = tuple((name, value) for name, value in state.for_face(face.index).strengths if value)
            if not active:
                continue
            try:
                require_editable(face, photo)
            except FaceError as error:
                if face.index in named:
                    raise
                first_error = first_error or error
                left_out.append(LeftOut(face.index, str(error)))
            else:
                plan.append((face, active))
        if first_error is not None and not plan:
            raise first_error
        return plan, tuple(left_out)

    def _cache(self, photo: Photo) -> _PhotoCache:
        cache = self._caches.get(photo)
        if cache is None:
            cache = self._caches[photo] = _PhotoCache()
        return cache


def only_face(faces: Sequence[Face], number: int | None) -> Face:
    """The face of that number, or the only one.

    Raises:
        NoFaceError: no face, none of that number, or several and no number.
    """
    chosen = choose_faces(faces, number)
    if len(chosen) > 1:
        raise NoFaceError(f"There are {len(chosen)} faces in the photo, counted from the left; say which one is meant.")
    return chosen[0]


def settle(predicted: FlowField, landmarks: Points) -> FlowField:
    """What is done to a predicted flow before it moves pixels.

    Closed lips stay closed, the border comes to zero, folds are smoothed away. The confidence is passed on.

    Args:
        predicted: as the network gave it.
        landmarks: (478, 2) of the face, crop pixels.
    """
    return FlowField(prepare_flow(keep_lips_closed(predicted.flow, landmarks)), predicted.confidence)


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


class _Lazy(Generic[T]):
    """A value that is made on first use, or in a thread of its own from `start` on."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._future: Future[T] | None = None

    @property
    def is_made(self) -> bool:
        return self._future is not None and self._future.done() and self._future.exception() is None

    def start(self) -> None:
        if self._future is None:
            self._future = Future()
            # A daemon: a command that fails early must not wait for torch.
            threading.Thread(target=self._run, args=(self._future,), daemon=True).start()

    def get(self) -> T:
        if self._future is None:
            self._future = Future()
            self._run(self._future)
        return self._future.result()

    def _run(self, future: Future[T]) -> None:
        try:
            future.set_result(self._make())
        except BaseException as error:
            future.set_exception(error)


def _make_predictor(model: LoadedModel | Path | str | None, device: str) -> FlowPredictor:
    from fvae_studio.model.checkpoint import LoadedModel
    from fvae_studio.model.registry import load_model
    from fvae_studio.pipeline.predictor import FlowPredictor

    loaded = model if isinstance(model, LoadedModel) else load_model(model)
    return FlowPredictor(loaded, device=device)


def _make_detector() -> FaceDetector:
    from fvae_studio.pipeline.detector import MediaPipeFaceDetector

    return MediaPipeFaceDetector()
