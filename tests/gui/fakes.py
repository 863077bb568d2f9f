"""Stand-ins for what is slow or not there: an engine without torch, values as it would give them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from fvae_studio.core.alignment import CROP_SIZE, estimate_alignment
from fvae_studio.core.edits import EditState, FaceEdit, Strengths
from fvae_studio.core.face_match import FaceMatch
from fvae_studio.core.face_parts import Region
from fvae_studio.core.geometry import Rect, SimilarityTransform
from fvae_studio.core.levels import level_to_photo, reduce_photo
from fvae_studio.core.photo_io import read_photo
from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.core.timeline import Timeline
from fvae_studio.core.trust import motion_trust
from fvae_studio.core.types import NUM_LANDMARKS, Face, FlowField, Photo, RenderResult
from fvae_studio.errors import EditError, NoFaceError
from fvae_studio.pipeline.detector import only_face
from fvae_studio.pipeline.requests import (
    ClipSource,
    DirectionInfo,
    ModelSummary,
    MomentRequest,
    Patch,
    PlacedFlow,
    Quality,
    RenderedEdit,
    RenderedMoment,
    RenderRequest,
)

DIRECTIONS = (
    DirectionInfo("smile", "Smile", "Emotions", "Raises the corners of the mouth.", (-0.5, 1.2)),
    DirectionInfo("anger", "Anger", "Emotions", "Draws the brows together.", (0.0, 1.0)),
    DirectionInfo("open_mouth", "Open mouth", "Mouth", "Drops the jaw.", (0.0, 0.8)),
    DirectionInfo("close_eye_left", "Close left eye", "Eyes", "Lowers the lid.", (0.0, 1.0), "close_eye_right"),
    DirectionInfo("close_eye_right", "Close right eye", "Eyes", "Lowers the lid.", (0.0, 1.0), "close_eye_left"),
    DirectionInfo("brows_up", "Raise brows", "Brows", "Lifts both brows.", (-0.6, 0.9)),
)
SUMMARY = ModelSummary(
    name="fake",
    title="Fake model",
    description="Brightens faces.",
    device="cpu",
    directions=DIRECTIONS,
    metrics={"psnr_db": 30.0},
    provenance=({"name": "random numbers", "licence": "none needed"},),
    sha256="0" * 64,
)


def make_face(index: int, center: tuple[float, float], *, crop_px: float = 200.0) -> Face:
    """A face whose aligned crop is `crop_px` photo pixels wide; its points fill an oval."""
    from tests.helpers.fake_faces import make_face as make_unnumbered

    face = make_unnumbered(center, crop_px=crop_px)
    assert face.landmarks.shape == (NUM_LANDMARKS, 2)
    return replace(face, index=index)


def two_faces() -> tuple[Face, Face]:
    """Side by side in a photo of 640 x 480."""
    return make_face(1, (170, 240)), make_face(2, (460, 240))


def make_request(
    photo: Photo, state: EditState | None = None, *, quality: Quality = "preview", level: int = 0, revision: int = 1
) -> RenderRequest:
    """A request for `state`, or for half a smile on all faces."""
    if state is None:
        state = EditState(None, (FaceEdit.of({"smile": 0.5}),))
    return RenderRequest(photo, state, quality, level, revision)


def make_flow(strength: float, *, grid: int = 64) -> FlowField:
    """A bump of `strength` times six crop pixels upwards around the mouth, less trusted at its middle."""
    rows, columns = np.mgrid[0:grid, 0:grid] / (grid - 1) - 0.5
    bump = np.exp(-((rows - 0.2) ** 2 + columns**2) / 0.02)
    bump *= np.clip(4 * (0.5 - np.maximum(abs(rows), abs(columns))), 0, 1)
    flow = np.stack([0.3 * bump, bump], axis=-1) * 6 * strength
    return FlowField(flow.astype(np.float32), (1 - 0.4 * bump).astype(np.float32))


def make_rendered(request: RenderRequest, faces: Sequence[Face] | None = None) -> RenderedEdit:
    """An answer in which the middle of every edited face is brighter the more is asked of it."""
    faces = two_faces() if faces is None else faces
    level = 0 if request.quality == "full_res" else request.level
    source = reduce_photo(request.photo, level)
    patches, flows, trust = [], [], {}
    for face in faces:
        active = tuple((name, value) for name, value in request.state.for_face(face.index).strengths if value)
        if not active:
            continue
        total = sum(value for _, value in active)
        roi = _at_level(face.box, level).intersect(source.bounds)
        brighter = source.pixels[roi.slices].astype(np.float32) + 100 * total * source.max_value / 255
        pixels: Any = np.clip(brighter, 0, source.max_value).astype(source.pixels.dtype)
        patches.append(Patch(level, roi, pixels))
        flows.append(PlacedFlow(face, active, make_flow(total), estimate_alignment(face.landmarks)))
        trust[face.index] = motion_trust(flows[-1].field)
    return RenderedEdit(request, tuple(patches), tuple(flows), trust, {}, {"predict": 3.0, "warp": 2.0})


def make_moment(request: MomentRequest, faces: Sequence[Face] | None = None) -> RenderedMoment:
    """An answer in which the first photo's face is a mix of the sources' mean colours, brighter the more is asked."""
    faces = two_faces() if faces is None else faces
    level = 0 if request.quality == "full_res" else request.level
    frame, moment = request.sources[0], request.moment
    own = frame.faces or faces
    face = next((one for one in own if one.index == frame.face), own[0])
    source = reduce_photo(frame.photo, level)
    roi = _at_level(face.box, level).intersect(source.bounds)
    asked = sum(value for _, value in moment.strengths) + sum(
        share * sum(value for _, value in _strengths_of(one))
        for share, one in zip(moment.motion, request.sources, strict=True)
    )
    mixed = moment.blend[0] * source.pixels[roi.slices].astype(np.float32) + 100 * asked * source.max_value / 255
    for share, other in zip(moment.blend[1:], request.sources[1:], strict=True):
        mixed += share * other.photo.pixels.mean(axis=(0, 1)) * source.max_value / other.photo.max_value
    pixels: Any = np.clip(mixed, 0, source.max_value).astype(source.pixels.dtype)
    is_still = moment.blend[0] == 1 and not asked
    flows = tuple(
        PlacedFlow(face, _strengths_of(one), make_flow(1 - share), estimate_alignment(face.landmarks))
        for share, one in zip(moment.motion, request.sources, strict=True)
        if share
    )
    shares = np.stack([np.full((CROP_SIZE, CROP_SIZE), share, np.float32) for share in moment.blend])
    timings = {"predict": 3.0, "warp": 2.0}
    if request.mode == "face":
        side = min(roi.width, roi.height)
        return RenderedMoment(request, (), np.ascontiguousarray(pixels[:side, :side]), flows, shares, timings)
    patches = () if is_still else (Patch(level, roi, pixels),)
    return RenderedMoment(request, patches, None, flows, shares, timings)


def _strengths_of(source: ClipSource) -> Strengths:
    return source.edit.for_face(source.face or 1).strengths


def _at_level(box: Rect, level: int) -> Rect:
    to_level: SimilarityTransform = level_to_photo(level).inverse
    corners = np.array([[box.x, box.y], [box.right - 1, box.bottom - 1]], np.float32)
    return Rect.around(to_level.apply(corners))


@dataclass
class FakeEngine:
    """A `StudioEngine` that answers at once, unless told to wait.

    Attributes:
        faces: what `detect` finds in every photo.
        calls: what was asked, in order, such as "open", "render preview 3".
        gate: cleared, every preview waits for it; so a test can see what happens while one is running.
        fail: called with the name of each method; may raise.
        rests: how often `rest` was called.
        borrowed: (parts, face, other photo's face) of every `borrow`.
        shape_distances: what `matches` says of a face of the other photo; else 1.
    """

    faces: tuple[Face, ...] = field(default_factory=two_faces)
    model: ModelSummary = SUMMARY
    calls: list[str] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    fail: Callable[[str], None] = lambda _name: None
    requests: list[RenderRequest] = field(default_factory=list)
    moments: list[MomentRequest] = field(default_factory=list)
    borrowed: list[tuple[tuple[str, ...], int | None, int | None]] = field(default_factory=list)
    shape_distances: dict[int, float] = field(default_factory=dict)
    rests: int = 0
    is_closed: bool = False
    threads: set[int] = field(default_factory=set)
    _own_faces: dict[int, tuple[Face, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.gate.set()

    def summary(self) -> ModelSummary:
        self._called("summary")
        return self.model

    def open(self, path: Path | str) -> Photo:
        self._called("open")
        return read_photo(path)

    def detect(self, photo: Photo) -> tuple[Face, ...]:
        self._called("detect")
        return self._own_faces.setdefault(id(photo), self.faces)

    def set_faces(self, photo: Photo, faces: tuple[Face, ...]) -> None:
        self._own_faces[id(photo)] = faces

    def find_face(self, photo: Photo, region: Rect) -> Face:
        self._called("find_face")
        if region.width < 20:
            raise NoFaceError("No face can be seen in this frame.")
        known = self._own_faces.get(id(photo), self.faces)
        number = max((face.index for face in known), default=0) + 1
        return make_face(number, region.center, crop_px=region.width)

    def render_patches(self, request: RenderRequest, progress: Progress) -> RenderedEdit:
        self._called(f"render {request.quality} {request.revision}")
        self.requests.append(request)
        self.gate.wait(10)
        progress.raise_if_cancelled()
        self._check(request.state)
        return make_rendered(request, self._own_faces.get(id(request.photo), self.faces))

    def render(self, photo: Photo, state: EditState, progress: Progress | None = None) -> RenderResult:
        self._called("render")
        (progress or NoProgress()).report(0.5, "warping")
        (progress or NoProgress()).raise_if_cancelled()
        if state.is_identity:
            return RenderResult(photo, (), {})
        self._check(state)
        request = RenderRequest(photo, state, "full_res", 0, 0)
        rendered = make_rendered(request, self._own_faces.get(id(photo), self.faces))
        pixels = photo.pixels.copy()
        for patch in rendered.patches:
            pixels[patch.roi.slices] = patch.pixels
        return RenderResult(photo.with_pixels(pixels), tuple(patch.roi for patch in rendered.patches), {})

    def render_moment(self, request: MomentRequest, progress: Progress) -> RenderedMoment:
        self._called(f"moment {request.quality} {request.revision}")
        self.moments.append(request)
        self.gate.wait(10)
        progress.raise_if_cancelled()
        return self._moment(request)

    def clip(
        self,
        sources: Sequence[ClipSource],
        timeline: Timeline,
        *,
        longer_side: int | None = None,
        only: Collection[int] | None = None,
        progress: Progress | None = None,
    ) -> Iterator[Photo]:
        self._called("clip")
        progress = progress or NoProgress()
        times = [time_s for number, time_s in enumerate(timeline.shown_times()) if only is None or number in only]
        frame = sources[0].photo
        level = 0
        while longer_side is not None and max(frame.width, frame.height) >> level > longer_side:
            level += 1
        for index, time_s in enumerate(times):
            progress.raise_if_cancelled()
            progress.report(index / len(times), "making in-betweens")
            moment = timeline.at(time_s)
            request = MomentRequest(tuple(sources), moment, timeline.mode, "preview", level, index)
            rendered = self._moment(request)
            if rendered.square is not None:
                yield Photo(rendered.square)
                continue
            whole = reduce_photo(frame, level)
            pixels = whole.pixels.copy()
            for patch in rendered.patches:
                pixels[patch.roi.slices] = patch.pixels
            yield whole.with_pixels(pixels)

    def matches(self, sources: Sequence[ClipSource]) -> tuple[FaceMatch, ...]:
        self._called("matches")
        for source in sources:
            only_face(self.detect(source.photo), source.face)
        distances = [self.shape_distances.get(source.face or 1, 1.0) for source in sources[1:]]
        return tuple(FaceMatch(SimilarityTransform.identity(), 0.5, distance, 3.0) for distance in distances)

    def borrow(
        self,
        photo: Photo,
        donors: Sequence[tuple[Photo, Sequence[Region], int | None]],
        *,
        face: int | None = None,
        progress: Progress | None = None,
    ) -> Photo:
        self._called("borrow")
        self.gate.wait(10)
        (progress or NoProgress()).raise_if_cancelled()
        self.borrowed.append((tuple(donors[0][1]), face, donors[0][2]))
        pixels = photo.pixels.copy()
        pixels[10:20, 10:20] = donors[0][0].pixels[10:20, 10:20]
        return photo.with_pixels(pixels)

    def photo_mouth(self, path: str) -> Any:
        self._called("photo_mouth")
        return read_photo(path)

    def rest(self) -> None:
        self.rests += 1

    def close(self) -> None:
        self.is_closed = True

    def _moment(self, request: MomentRequest) -> RenderedMoment:
        for source in request.sources:
            self._check(source.edit)
        self._check(EditState(None, (FaceEdit(None, request.moment.strengths),)))
        return make_moment(request, self._own_faces.get(id(request.sources[0].photo), self.faces))

    def _called(self, name: str) -> None:
        self.calls.append(name)
        self.threads.add(threading.get_ident())
        self.fail(name)

    def _check(self, state: EditState) -> None:
        known = {direction.name for direction in self.model.directions}
        for edit in state.edits:
            for name, _ in edit.strengths:
                if name not in known:
                    raise EditError(f"There is no expression called {name!r}.")


__all__ = [
    "CROP_SIZE",
    "DIRECTIONS",
    "SUMMARY",
    "FakeEngine",
    "make_face",
    "make_flow",
    "make_moment",
    "make_rendered",
    "make_request",
]
