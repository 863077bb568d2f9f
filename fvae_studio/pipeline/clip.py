"""Pictures of a clip, by its photo keys and slider tracks: one for a window, all of them for an export."""

from __future__ import annotations

import time
import weakref
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.edits import EditState, FaceEdit, Strengths, add_strengths
from fvae_studio.core.face_match import FaceMatch, match_faces
from fvae_studio.core.geometry import SimilarityTransform
from fvae_studio.core.levels import highest_level, level_to_photo, reduce_photo, shrink_photo
from fvae_studio.core.mouth_choice import CLOSED, MouthChoice
from fvae_studio.core.photo_io.colour_profiles import screen_pixels
from fvae_studio.core.progress import Progress
from fvae_studio.core.resample import Kernel
from fvae_studio.core.timeline import FrameMode, Moment
from fvae_studio.core.types import Face, Photo
from fvae_studio.errors import EditError, FaceError
from fvae_studio.pipeline.canvas import Canvas, DrawnMoment, with_patches
from fvae_studio.pipeline.detector import only_face, require_editable
from fvae_studio.pipeline.interpolator import SHARE_SIZE, InterpolationSource, Interpolator
from fvae_studio.pipeline.requests import (
    ClipSource,
    MomentRequest,
    Patch,
    PlacedFlow,
    RenderedMoment,
    RenderRequest,
)

if TYPE_CHECKING:
    from fvae_studio.pipeline.engine import Engine
    from fvae_studio.pipeline.predictor import FlowPredictor

_PAINTERS: Final = 2
"""Pictures of a clip that are painted at a time: half of the work on one is done by one core alone."""

_MAX_CANVASES: Final = 2
"""Remembered at a time: the preview's and that at rest."""


@dataclass(eq=False)
class _Cast:
    """The photos of a clip, each once, registered and encoded; what the renderer remembers from picture to picture.

    Attributes:
        key: photo and landmarks of each; who is remembered.
        edits: of each photo, and `around`.
        photos: weakly: a closed photo may go.
        faces: of each photo.
        interpolator: over them.
        mouths: of each photo's own edit.
        around: edit of the first photo's other faces.
        canvases: by mode and size, with what surrounds them.
    """

    key: tuple[object, ...]
    edits: tuple[object, ...]
    photos: tuple[weakref.ref[Photo], ...]
    faces: tuple[Face, ...]
    interpolator: Interpolator
    mouths: tuple[MouthChoice, ...]
    around: EditState
    canvases: OrderedDict[tuple[FrameMode, int], _Stage]


@dataclass(frozen=True, eq=False)
class _Stage:
    """A canvas, and the regions of the first photo's other faces at its level, as they are edited."""

    canvas: Canvas
    around: tuple[Patch, ...] = ()


@dataclass(frozen=True)
class _Part:
    """What the clip shows of a photo.

    Attributes:
        photo: by identity: the same photo is registered and encoded once.
        face: its number.
        edit: strengths and mouth of that face, in its photo's own edit.
    """

    photo: int
    face: int
    edit: FaceEdit

    @staticmethod
    def of(source: ClipSource, face: Face) -> _Part:
        """Of a photo key."""
        own = source.edit.for_face(face.index)
        strengths = tuple((name, value) for name, value in own.strengths if value)
        return _Part(id(source.photo), face.index, FaceEdit(face.index, strengths, own.mouth or CLOSED))

    @property
    def mouth(self) -> MouthChoice:
        """What is seen where its closed lips part."""
        return self.edit.mouth or CLOSED


class ClipRenderer:
    """Renders moments of clips; remembers the photos of the latest clip.

    Args:
        engine: whose faces, crops and edits are used.
        predictor: whose networks are used.
    """

    def __init__(self, engine: Engine, predictor: FlowPredictor) -> None:
        self._engine, self._predictor = engine, predictor
        self._cast: _Cast | None = None

    def render(self, request: MomentRequest, progress: Progress) -> RenderedMoment:
        """One picture of a clip; see `Engine.render_moment`."""
        timings: dict[str, float] = {}
        faces = self._faces(request.sources)
        parts = [_Part.of(*pair) for pair in zip(request.sources, faces, strict=True)]
        places = _places(parts)
        moment = _merged(request.moment, places)
        photo = request.sources[0].photo
        full_res = request.quality == "full_res"
        level = 0 if full_res else min(request.level, highest_level(photo))
        if request.mode == "photo" and moment.motion[0] == moment.blend[0] == 1:
            return self._render_alone(request, faces[0], level, progress)
        with _timed(timings, "register"):
            cast = self._cast_of(request.sources, faces, parts, places)
            stage = self._stage(cast, photo, request.mode, level, progress)
        with _timed(timings, "draw"):
            kernel: Kernel = "sinc" if full_res else "bicubic"
            drawn = stage.canvas.draw(moment, kernel=kernel, progress=progress, detailed=full_res)
        shares = _shared_out(drawn.shares, request.moment, places)
        flows = _placed(cast, drawn, moment.strengths)
        if request.mode == "face":
            return RenderedMoment(request, (), drawn.pixels, flows, shares, timings)
        # Neighbours are in the drawn region as well, which is laid over theirs.
        patches = (*stage.around, Patch(level, drawn.roi, drawn.pixels))
        return RenderedMoment(request, patches, None, flows, shares, timings)

    def pictures(
        self,
        sources: Sequence[ClipSource],
        moments: Sequence[Moment],
        mode: FrameMode,
        *,
        longer_side: int | None,
        progress: Progress,
    ) -> Iterator[Photo]:
        """Whole pictures of moments, one by one; see `Engine.pictures`."""
        if not moments:
            raise EditError("A clip of no pictures was asked for; it needs one at least.")
        faces = self._faces(sources)
        parts = [_Part.of(*pair) for pair in zip(sources, faces, strict=True)]
        places = _places(parts)
        merged = [_merged(moment, places) for moment in moments]
        cast = self._cast_of(sources, faces, parts, places)
        for moment in merged:
            cast.interpolator.check(moment)
        photo = sources[0].photo
        for_screen = longer_side is not None
        if mode == "face":
            side = _native_side(cast)
            side = side if longer_side is None else min(side, longer_side)
            canvas, whole = Canvas.square(cast.interpolator, side, for_screen=for_screen), None
        else:
            around = self._engine.render(photo, cast.around).photo
            whole, to_whole = (
                (around, SimilarityTransform.identity()) if longer_side is None else _screen_photo(around, longer_side)
            )
            canvas = Canvas(cast.interpolator, base=whole, photo_to_picture=to_whole, for_screen=for_screen)
        kernel: Kernel = "bicubic" if for_screen else "sinc"
        return self._pictures(canvas, whole, sources[0], faces[0], merged, kernel, progress)

    def matches(self, sources: Sequence[ClipSource]) -> tuple[FaceMatch, ...]:
        """How well every face fits the first one; see `Engine.matches`."""
        faces = self._faces(sources)
        first = sources[0].photo
        return tuple(
            match_faces(source.photo, face.landmarks, first, faces[0].landmarks)
            for source, face in zip(sources[1:], faces[1:], strict=True)
        )

    def _pictures(
        self,
        canvas: Canvas,
        whole: Photo | None,
        first: ClipSource,
        face: Face,
        moments: Sequence[Moment],
        kernel: Kernel,
        progress: Progress,
    ) -> Iterator[Photo]:
        plain = replace(first.photo.metadata, exif=None, xmp=None, file_stamp=None)
        if kernel == "bicubic":
            plain = replace(plain, icc=None)

        def begin(moment: Moment) -> Callable[[], Photo]:
            """Has a picture painted, and gives what waits for it."""
            if whole is not None and kernel == "sinc" and moment.motion[0] == moment.blend[0] == 1:
                state = _edit_at(first, face, moment)
                return lambda: self._engine.render(first.photo, state, progress.subrange(0, 0)).photo
            painted = pool.submit(canvas.paint, canvas.aim(moment), kernel=kernel, progress=progress)
            return lambda: finish(painted.result())

        def finish(drawn: DrawnMoment) -> Photo:
            return Photo(drawn.pixels, drawn.alpha, plain) if whole is None else _pasted(whole, drawn)

        with ThreadPoolExecutor(_PAINTERS, thread_name_prefix="painter") as pool:
            coming: deque[Callable[[], Photo]] = deque()
            for index, moment in enumerate(moments):
                progress.report(index / len(moments), "making in-betweens")
                progress.raise_if_cancelled()
                coming.append(begin(moment))
                if len(coming) >= _PAINTERS:
                    yield coming.popleft()()
            while coming:
                progress.raise_if_cancelled()
                yield coming.popleft()()
        progress.report(1.0, "done")

    def _render_alone(self, request: MomentRequest, face: Face, level: int, progress: Progress) -> RenderedMoment:
        """A moment at which only the first photo is seen, just as the engine edits it."""
        first = request.sources[0]
        state = _edit_at(first, face, request.moment)
        asked = RenderRequest(first.photo, state, request.quality, level, request.revision)
        edited = self._engine.render_patches(asked, progress)
        shares = np.zeros((len(request.sources), SHARE_SIZE, SHARE_SIZE), np.float32)
        shares += np.array(request.moment.blend, np.float32)[:, None, None]
        return RenderedMoment(request, edited.patches, None, edited.flows, shares, edited.timings_ms)

    def _faces(self, sources: Sequence[ClipSource]) -> list[Face]:
        if not sources:
            raise EditError("The timeline has no photo yet: drop one on it.")
        faces = []
        for source in sources:
            if source.faces is not None:
                self._engine.set_faces(source.photo, source.faces)
            face = only_face(self._engine.detect(source.photo), source.face)
            require_editable(face, source.photo)
            faces.append(face)
        return faces

    def _edits_around(self, first: ClipSource, face: Face) -> EditState:
        """What the first photo's edit asks of its other faces; those that cannot be edited are left as they are."""
        edits = []
        for other in self._engine.detect(first.photo):
            own = _Part.of(first, other).edit
            if other.index == face.index or not own.strengths:
                continue
            with suppress(FaceError):
                require_editable(other, first.photo)
                edits.append(own)
        return EditState(None, tuple(edits))

    def _cast_of(
        self, sources: Sequence[ClipSource], faces: Sequence[Face], parts: Sequence[_Part], places: Sequence[int]
    ) -> _Cast:
        chosen = [places.index(number) for number in range(max(places) + 1)]
        around = self._edits_around(sources[0], faces[0])
        key = tuple((parts[at].photo, parts[at].face, faces[at].landmarks.tobytes()) for at in chosen)
        edits = (around, *(parts[at].edit for at in chosen))
        cast = self._cast
        if cast is not None and (cast.key != key or any(photo() is None for photo in cast.photos)):
            cast = self._cast = None  # not two clips in memory at a time
        if cast is None:
            taking = [
                InterpolationSource(
                    sources[at].photo,
                    self._engine.crop(sources[at].photo, faces[at]),
                    faces[at].landmarks,
                    parts[at].edit.strengths,
                    parts[at].mouth,
                )
                for at in chosen
            ]
            photos = tuple(weakref.ref(source.photo) for source in taking)
            interpolator = Interpolator(
                self._predictor,
                taking,
                find_photo_mouth=self._engine.photo_mouth,
                find_person=self._engine.find_person,
                find_glasses=self._engine.find_glasses,
            )
            stages = OrderedDict[tuple[FrameMode, int], _Stage]()
        elif cast.edits == edits:
            return cast
        else:
            # Edits change neither how photos lie on each other nor their light.
            photos = cast.photos
            interpolator = cast.interpolator.edited([(parts[at].edit.strengths, parts[at].mouth) for at in chosen])
            stages = OrderedDict(
                (place, replace(stage, canvas=stage.canvas.edited(interpolator)))
                for place, stage in cast.canvases.items()
                if cast.around == around or place[0] == "face"
            )
        people, mouths = tuple(faces[at] for at in chosen), tuple(parts[at].mouth for at in chosen)
        self._cast = _Cast(key, edits, photos, people, interpolator, mouths, around, stages)
        return self._cast

    def _stage(self, cast: _Cast, photo: Photo, mode: FrameMode, level: int, progress: Progress) -> _Stage:
        key = (mode, level)
        if key not in cast.canvases:
            while len(cast.canvases) >= _MAX_CANVASES:
                cast.canvases.popitem(last=False)
            if mode == "face":
                square = Canvas.square(cast.interpolator, max(1, _native_side(cast) >> level))
                cast.canvases[key] = _Stage(square)
            else:
                # Once for all moments, so at its best where it is not made smaller.
                asked = RenderRequest(photo, cast.around, "preview" if level else "full_res", level, 0)
                around = self._engine.render_patches(asked, progress).patches
                base = with_patches(reduce_photo(photo, level), around)
                canvas = Canvas(cast.interpolator, base=base, photo_to_picture=level_to_photo(level).inverse)
                cast.canvases[key] = _Stage(canvas, around)
        cast.canvases.move_to_end(key)
        return cast.canvases[key]


def _edit_at(first: ClipSource, face: Face, moment: Moment) -> EditState:
    """The first photo's own edit with the tracks' strengths on top of that of the face that takes part."""
    own = first.edit.for_face(face.index)
    strengths = dict(add_strengths(own.strengths, moment.strengths))
    whole = {**dict.fromkeys(own.by_name, 0.0), **strengths}
    return first.edit.merged(EditState(None, (FaceEdit.of(whole, face=face.index),)))


def _places(parts: Iterable[_Part]) -> list[int]:
    """For each source the number of the photo it shows: a photo that comes again is registered and encoded once."""
    known: dict[_Part, int] = {}
    return [known.setdefault(part, len(known)) for part in parts]


def _merged(moment: Moment, places: Sequence[int]) -> Moment:
    if not len(moment.motion) == len(moment.blend) == len(places):
        raise EditError(
            f"A moment of {len(places)} photos needs a share for each; it has {len(moment.motion)} of motion and "
            f"{len(moment.blend)} of blend."
        )
    motion, blend = ([0.0] * (max(places) + 1) for _ in range(2))
    for place, moved, seen in zip(places, moment.motion, moment.blend, strict=True):
        motion[place] += moved
        blend[place] += seen
    return Moment(tuple(motion), tuple(blend), moment.strengths)


def _shared_out(shares: NDArray[np.float32], moment: Moment, places: Sequence[int]) -> NDArray[np.float32]:
    """Shares of photos -> of sources: what a photo has goes to its keys, as the moment's blend has it."""
    total = np.zeros(len(shares))
    np.add.at(total, list(places), moment.blend)
    result = np.zeros((len(places), *shares.shape[1:]), np.float32)
    for number, (place, blend) in enumerate(zip(places, moment.blend, strict=True)):
        # The first photo is seen beyond the others' ovals, also at moments in which it has no share itself.
        part = blend / total[place] if total[place] > 0 else float(places.index(place) == number)
        result[number] = shares[place] * part
    return result


def _placed(cast: _Cast, drawn: DrawnMoment, strengths: Strengths) -> tuple[PlacedFlow, ...]:
    to_crop = cast.interpolator.photo_to_crop
    return tuple(
        PlacedFlow(face, strengths, field, to_crop, mouth, lips, eyes)
        for face, field, mouth, lips, eyes in zip(
            cast.faces, drawn.fields, cast.mouths, drawn.lips, drawn.eyes, strict=True
        )
        if field is not None
    )


def _native_side(cast: _Cast) -> int:
    return max(1, round(CROP_SIZE / cast.interpolator.photo_to_crop.scale))


def _screen_photo(photo: Photo, longer_side: int) -> tuple[Photo, SimilarityTransform]:
    """The photo at most that large, in sRGB with 8 bits and without alpha, and photo pixels -> its pixels."""
    small, to_small = shrink_photo(photo, longer_side)
    pixels = screen_pixels(small.pixels, photo.metadata.icc)
    return Photo(pixels, metadata=replace(photo.metadata, icc=None)), to_small


def _pasted(whole: Photo, drawn: DrawnMoment) -> Photo:
    pixels = whole.pixels.copy()
    pixels[drawn.roi.slices] = drawn.pixels
    alpha = None
    if whole.alpha is not None and drawn.alpha is not None:
        alpha = whole.alpha.copy()
        alpha[drawn.roi.slices] = drawn.alpha
    return whole.with_pixels(pixels, alpha)


@contextmanager
def _timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    timings[stage] = (time.perf_counter() - start) * 1000
