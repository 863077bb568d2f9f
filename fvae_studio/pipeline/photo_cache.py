"""What an engine remembers of one photo, so that a moved slider asks for nothing twice."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from fvae_studio.core.eye_layers import EyeLayers
from fvae_studio.core.fine_copy import MAX_FINE_PIXELS, FineCopy
from fvae_studio.core.geometry import Rect
from fvae_studio.core.glasses import StillGlasses
from fvae_studio.core.parting import PartedLips
from fvae_studio.core.seen_teeth import SeenTeeth
from fvae_studio.core.still_teeth import StillTeeth
from fvae_studio.core.types import AlignedCrop, Face, FlowField, Photo, WarpedFace
from fvae_studio.core.warp import Kernel
from fvae_studio.pipeline.mouths import ClosedMouth
from fvae_studio.pipeline.plan import EditPlan, FlowKey

MAX_FLOWS: Final = 64
"""Flows remembered of the photo that is being edited; one takes 200 kB, with parted lips 600, with eyes 700."""

_FEW_FLOWS: Final = 8
"""Of the photos that were edited before it: what they show, and some steps back."""

WarpKey: TypeAlias = tuple[FlowKey, ...]
"""A group of neighbours."""


@dataclass(frozen=True, eq=False)
class Settled:
    """What moves a face's pixels: its flow, and in layers of their own lips that part, eyes, teeth and glasses."""

    field: FlowField
    lips: PartedLips | None = None
    eyes: EyeLayers | None = None
    teeth: StillTeeth | None = None
    glasses: StillGlasses | None = None


@dataclass(eq=False)
class PhotoCache:
    """Everything that was computed for one photo."""

    faces: tuple[Face, ...] | None = None
    plan: EditPlan | None = None
    """The latest."""
    crops: dict[int, AlignedCrop] = field(default_factory=dict)
    mouths: dict[int, ClosedMouth] = field(default_factory=dict)
    teeth: dict[int, SeenTeeth | None] = field(default_factory=dict)
    flows: OrderedDict[FlowKey, Settled] = field(default_factory=OrderedDict)
    warped: dict[tuple[Kernel, int], dict[WarpKey, tuple[WarpedFace, ...]]] = field(default_factory=dict)
    levels: dict[int, Photo] = field(default_factory=dict)
    _fine: OrderedDict[tuple[int, int], FineCopy] = field(default_factory=OrderedDict)

    def fine_copy(self, source: Photo, level: int, face: int, region: Rect, *, makes: bool) -> FineCopy | None:
        """A finer copy of a face's surroundings, from which it is warped in a third of the time.

        Args:
            source: the photo at that level.
            level: of `source`.
            face: its number.
            region: pixels of `source` that its crop covers.
            makes: whether a copy is made where there is none; else only one that is there already is given.

        Returns:
            None where there is none, or where it would take too much memory.
        """
        key = (level, face)
        if key not in self._fine and makes:
            region = region.intersect(source.bounds)
            if 0 < region.area <= MAX_FINE_PIXELS:
                self._fine[key] = FineCopy.around(source, region)
                self._trim_fine()
        if key in self._fine:
            self._fine.move_to_end(key)
        return self._fine.get(key)

    def forget_faces(self, numbers: Collection[int]) -> None:
        """Faces that are not there any more, or others than they were."""
        for number in numbers:
            self.crops.pop(number, None)
            self.mouths.pop(number, None)
            self.teeth.pop(number, None)
        for flow in [key for key in self.flows if key[0] in numbers]:
            del self.flows[flow]
        for copy in [key for key in self._fine if key[1] in numbers]:
            del self._fine[copy]
        self.warped.clear()

    def trim(self, num_flows: int) -> None:
        """Forget the flows that were not asked for longest."""
        while len(self.flows) > num_flows:
            self.flows.popitem(last=False)

    def rest(self) -> None:
        """Another photo is being edited: keep what this one shows."""
        self.trim(_FEW_FLOWS)
        self._fine.clear()

    def shrink(self) -> None:
        """Keep what takes long to find and little room; the rest is made again when the photo is edited again."""
        self.flows.clear()
        self.warped.clear()
        self.levels.clear()
        self._fine.clear()

    def _trim_fine(self) -> None:
        while (
            len(self._fine) > 1
            and sum(copy.rect.width * copy.rect.height for copy in self._fine.values()) > MAX_FINE_PIXELS
        ):
            self._fine.popitem(last=False)
