"""What a window asks of the engine, and what it gets back: frozen values, without torch.

Levels: level k of a photo is the photo made smaller by 2^k; its pixel q stands for the photo position
(q + 0.5) 2^k - 0.5. Level 0 is the photo itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.edit_note import ClipNote
from fvae_studio.core.edits import EditState, Strengths
from fvae_studio.core.eye_layers import EyeLayers
from fvae_studio.core.face_match import FaceMatch
from fvae_studio.core.face_parts import Region
from fvae_studio.core.geometry import Rect, SimilarityTransform
from fvae_studio.core.glasses import StillGlasses
from fvae_studio.core.mouth_choice import CLOSED, MouthChoice
from fvae_studio.core.parting import PartedLips
from fvae_studio.core.photo_mouth import PhotoMouth
from fvae_studio.core.progress import Progress
from fvae_studio.core.still_teeth import StillTeeth
from fvae_studio.core.timeline import FrameMode, Moment, Timeline
from fvae_studio.core.types import Face, FlowField, Photo, RenderResult, RgbImage

Quality: TypeAlias = Literal["preview", "full_res"]


@dataclass(frozen=True)
class DirectionInfo:
    """One slider: what `Direction` tells, without its vector."""

    name: str
    label: str
    group: str
    description: str
    trusted: tuple[float, float]
    mirrored: str | None = None


@dataclass(frozen=True)
class ModelSummary:
    """The loaded model, as people see it.

    Attributes:
        name, title, description: from its header and manifest.
        device: where it runs: "cpu", "cuda", "mps".
        directions: its sliders, in the order in which they are listed.
        metrics, provenance: from its header.
        sha256: of the weights.
    """

    name: str
    title: str
    description: str
    device: str
    directions: tuple[DirectionInfo, ...]
    metrics: Mapping[str, Any] = field(default_factory=dict)
    provenance: tuple[Mapping[str, Any], ...] = ()
    sha256: str = ""


@dataclass(frozen=True, eq=False)
class PlacedFlow:
    """The flow of one edited face and where it lies in the photo.

    Attributes:
        face: whose.
        strengths: what was asked of it, sorted by name, without zeros.
        field: backward flow in crop pixels with its confidence.
        photo_to_crop: photo pixels -> crop pixels.
        mouth: what is seen where closed lips part.
        lips: the parted lips; None where they stay closed, or are open in the photo.
        eyes: in layers; None where they are as the flow leaves them.
        teeth: what lies between lips that are open in the photo; None where it is as the flow leaves it.
        glasses: likewise, that are worn.
    """

    face: Face
    strengths: Strengths
    field: FlowField
    photo_to_crop: SimilarityTransform
    mouth: MouthChoice = CLOSED
    lips: PartedLips | None = None
    eyes: EyeLayers | None = None
    teeth: StillTeeth | None = None
    glasses: StillGlasses | None = None


@dataclass(frozen=True, eq=False)
class Patch:
    """Edited pixels of one region at one level; everything outside the patches is the photo's own.

    Attributes:
        level: see the module.
        roi: in pixels of that level.
        pixels: (roi.height, roi.width, 3), depth and encoding of the photo.
    """

    level: int
    roi: Rect
    pixels: RgbImage


@dataclass(frozen=True, eq=False)
class RenderRequest:
    """All that rendering needs.

    Attributes:
        photo: by reference.
        state: the whole edit of it.
        quality: "preview" renders at `level`, "full_res" at level 0.
        level: of a preview.
        revision: rises with every request; comes back with the result.
    """

    photo: Photo
    state: EditState
    quality: Quality
    level: int
    revision: int


@dataclass(frozen=True, eq=False)
class RenderedEdit:
    """Answer to a `RenderRequest`.

    Attributes:
        request: what was asked.
        patches: edited regions; none where the edit changes nothing.
        flows: of the edited faces, for overlays.
        trust: by face number: how far the confidence vouches for what moves, in [0, 1] (`core.trust`).
        left_out: by face number: why an edit of all faces passes it over.
        timings_ms: milliseconds by stage.
    """

    request: RenderRequest
    patches: tuple[Patch, ...]
    flows: tuple[PlacedFlow, ...]
    trust: Mapping[int, float]
    left_out: Mapping[int, str]
    timings_ms: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class ClipSource:
    """One photo key of a clip: a photo of the person, with its face and its own edit.

    Attributes:
        photo: by reference.
        faces: of the photo, as the person left them; None: as detected.
        face: number of the face that takes part; None where there is only one.
        edit: the photo's own: what the clip shows when it is at this photo. Of the first photo, which is seen as a
            whole, also that of its other faces.
    """

    photo: Photo
    faces: tuple[Face, ...] | None = None
    face: int | None = None
    edit: EditState = field(default_factory=EditState)


def clip_note(sources: Sequence[ClipSource]) -> ClipNote:
    """What has to be told with a clip of these photos, made now."""
    mouths: dict[MouthChoice, None] = {}
    for number, source in enumerate(sources):
        # Of the first photo all faces are seen.
        face = None if number == 0 else source.face
        edits = source.edit.edits if face is None else (source.edit.for_face(face),)
        mouths.update(dict.fromkeys(edit.mouth for edit in edits if edit.mouth is not None and edit.mouth.opens))
    return ClipNote(datetime.now().astimezone(), tuple(mouths), tuple(source.photo for source in sources))


@dataclass(frozen=True, eq=False)
class MomentRequest:
    """One picture of a clip (`core.timeline`).

    Attributes:
        sources: one for each photo key; the first gives frame, size and background. One alone is a slider animation.
        moment: shares of the sources and strengths of the tracks.
        mode: the whole first photo, or the aligned square around its face.
        quality: "preview" renders at `level`, "full_res" at level 0.
        level: of a preview.
        revision: rises with every request; comes back with the result.
    """

    sources: tuple[ClipSource, ...]
    moment: Moment
    mode: FrameMode
    quality: Quality
    level: int
    revision: int


@dataclass(frozen=True, eq=False)
class RenderedMoment:
    """Answer to a `MomentRequest`.

    Attributes:
        request: what was asked.
        patches: changed regions of the first photo at the level; none where it is seen as it is. Empty in mode "face".
        square: mode "face": the aligned square at the level's resolution; None in mode "photo".
        flows: of each source that takes part, placed in the first photo's frame; for overlays.
        shares: (num_sources, h, w) in [0, 1], on the crop's grid: how much of each source is seen, after the
            confidences had their say.
        timings_ms: milliseconds by stage.
    """

    request: MomentRequest
    patches: tuple[Patch, ...]
    square: RgbImage | None
    flows: tuple[PlacedFlow, ...]
    shares: NDArray[np.float32]
    timings_ms: Mapping[str, float]


class StudioEngine(Protocol):
    """What the Studio needs of an engine; `pipeline.engine.Engine` is one, tests have a fake one.

    All methods but `close` are called in one thread, which also made the engine.
    """

    def summary(self) -> ModelSummary:
        """The model, loaded if it was not (`ModelError`)."""

    def open(self, path: Path | str) -> Photo:
        """Read a photo (`PhotoError`)."""

    def detect(self, photo: Photo) -> tuple[Face, ...]:
        """All faces, numbered from the left; found once per photo object."""

    def set_faces(self, photo: Photo, faces: tuple[Face, ...]) -> None:
        """From now on, the photo has exactly these faces (one was removed, or an undo brings one back)."""

    def find_face(self, photo: Photo, region: Rect) -> Face:
        """Look for one face in a region that a person has drawn; it gets the next free number (`NoFaceError`)."""

    def photo_mouth(self, path: str) -> PhotoMouth:
        """The mouth of another photo, to be seen where lips part (`PhotoError`, `FaceError`, `EditError`)."""

    def rest(self) -> None:
        """Release memory that only makes the next search for faces faster."""

    def render_patches(self, request: RenderRequest, progress: Progress) -> RenderedEdit:
        """The edited regions (`EditError`, `FaceError`, `Cancelled`)."""

    def render(self, photo: Photo, state: EditState, progress: Progress | None = None) -> RenderResult:
        """The whole edited photo at its own resolution, as exports need it."""

    def render_moment(self, request: MomentRequest, progress: Progress) -> RenderedMoment:
        """One picture of a clip (`EditError`, `FaceError`, `Cancelled`)."""

    def clip(
        self,
        sources: Sequence[ClipSource],
        timeline: Timeline,
        *,
        longer_side: int | None = None,
        only: Collection[int] | None = None,
        progress: Progress | None = None,
    ) -> Iterator[Photo]:
        """All pictures of a clip in the order in which they are shown, one by one, as exports need them.

        Args:
            sources: one for each photo key of the timeline, in order.
            timeline: what is seen when; a ping-pong's way back is included.
            longer_side: of the pictures, in pixels, if that is less than they have; None: their own.
            only: numbers of the pictures that are wanted, from 0; None: all.
            progress: told of each picture.
        """

    def matches(self, sources: Sequence[ClipSource]) -> tuple[FaceMatch, ...]:
        """How well every photo's face fits the first one's (`FaceError`)."""

    def borrow(
        self,
        photo: Photo,
        donors: Sequence[tuple[Photo, Sequence[Region], int | None]],
        *,
        face: int | None = None,
        progress: Progress | None = None,
    ) -> Photo:
        """A still with parts of other photos of the person (`FaceError`, `EditError`, `Cancelled`).

        Args:
            photo: is changed.
            donors: a photo each, what is taken from it, and which face of it.
            face: which face of `photo`.
            progress: told of each donor.
        """

    def close(self) -> None:
        """Free what is held."""
