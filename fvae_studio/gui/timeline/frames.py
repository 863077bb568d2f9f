"""Pictures of a clip that are ready to be drawn, kept by what they show and up to a limit of memory."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF

from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.edits import EditState
from fvae_studio.core.geometry import Rect, SimilarityTransform
from fvae_studio.core.types import Photo
from fvae_studio.gui.canvas.edit_layer import Picture, make_pictures
from fvae_studio.pipeline.requests import Patch, PlacedFlow, RenderedEdit, RenderedMoment, RenderRequest

CACHE_BYTES: Final = 384 * 2**20


@dataclass(frozen=True, eq=False)
class ClipFrame:
    """One picture of a clip.

    Attributes:
        edit: what the canvas shows, without patches: its flows are for overlays.
        level: of the pictures.
        pictures: over the first photo.
        flows: of the sources that take part, in their order.
        shares: see `RenderedMoment.shares`.
    """

    edit: RenderedEdit
    level: int
    pictures: tuple[Picture, ...]
    flows: tuple[PlacedFlow, ...]
    shares: NDArray[np.float32]

    @property
    def num_bytes(self) -> int:
        """Of memory."""
        flows = sum(flow.field.flow.nbytes + flow.field.confidence.nbytes for flow in self.flows)
        return sum(picture.image.sizeInBytes() for picture in self.pictures) + self.shares.nbytes + flows


def as_edit(rendered: RenderedMoment, canvas_photo: Photo) -> RenderedEdit:
    """A moment as the canvas shows it: like an edit of the photo that it stands upon.

    Args:
        rendered: of either mode.
        canvas_photo: the first photo, or what stands in for the aligned square.
    """
    asked = rendered.request
    level = 0 if asked.quality == "full_res" else asked.level
    patches, flows = rendered.patches, rendered.flows
    if rendered.square is not None:
        height, width = rendered.square.shape[:2]
        patches = (Patch(level, Rect(0, 0, width, height), rendered.square),)
        to_crop = SimilarityTransform.resize(canvas_photo.width, CROP_SIZE)
        flows = tuple(replace(flow, photo_to_crop=to_crop) for flow in flows)
    request = RenderRequest(canvas_photo, EditState(), asked.quality, level, asked.revision)
    return RenderedEdit(request, patches, flows, {}, {}, rendered.timings_ms)


def make_frame(rendered: RenderedMoment, canvas_photo: Photo) -> ClipFrame:
    """The pictures of a moment; may be called in any thread."""
    edit = as_edit(rendered, canvas_photo)
    level, pictures = make_pictures(edit, edit.patches[0].level) if edit.patches else (edit.request.level, ())
    if rendered.square is not None:
        # The square of a level is the whole of it, also where its side is no multiple of the level's pixels.
        whole = QRectF(0, 0, canvas_photo.width, canvas_photo.height)
        pictures = tuple(Picture(whole, picture.image) for picture in pictures)
    return ClipFrame(replace(edit, patches=()), level, pictures, edit.flows, rendered.shares)


class FrameCache:
    """Frames by what they show: a time at which the same is seen again needs no other picture.

    Args:
        limit_bytes: of all frames.
    """

    def __init__(self, limit_bytes: int = CACHE_BYTES) -> None:
        self.limit_bytes = limit_bytes
        self._frames: dict[Hashable, ClipFrame] = {}
        self._bytes = 0

    def __contains__(self, key: Hashable) -> bool:
        return key in self._frames

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def num_bytes(self) -> int:
        """Of all frames."""
        return self._bytes

    @property
    def is_full(self) -> bool:
        """Whether one more frame, of the size of those that are there, would be too much."""
        return bool(self._frames) and self._bytes * (len(self._frames) + 1) > self.limit_bytes * len(self._frames)

    def get(self, key: Hashable) -> ClipFrame | None:
        """The frame, if it is there."""
        return self._frames.get(key)

    def farthest(self, distance: Callable[[Hashable], float]) -> float:
        """How far from being needed the frame is that would leave first; 0 without frames."""
        return max((distance(key) for key in self._frames), default=0.0)

    def put(self, key: Hashable, frame: ClipFrame, distance: Callable[[Hashable], float]) -> list[Hashable]:
        """Keep a frame; where memory is short, those leave that are needed last.

        Args:
            key: what it shows.
            frame: the picture.
            distance: of a frame from being needed; infinite for those that are not needed at all.

        Returns:
            The frames that left, perhaps this one.
        """
        self._remove(key)
        self._frames[key] = frame
        self._bytes += frame.num_bytes
        gone = []
        while self._bytes > self.limit_bytes and self._frames:
            last = max(self._frames, key=distance)
            self._remove(last)
            gone.append(last)
        return gone

    def clear(self) -> None:
        """Forget all."""
        self._frames.clear()
        self._bytes = 0

    def _remove(self, key: Hashable) -> None:
        frame = self._frames.pop(key, None)
        if frame is not None:
            self._bytes -= frame.num_bytes
